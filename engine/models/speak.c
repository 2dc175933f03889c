/*
 * engine/models/speak.c - sound from texts: nodetool.audio.TextToSpeech,
 * openai.audio.TextToSpeech, gemini.audio.TextToSpeech.
 */

#include <stdlib.h>

#include "engine/json.h"
#include "engine/models/speech.h"
#include "engine/nodes/sound.h"

#define OPENAI_RATE 24000 /* of its "pcm", and of Gemini's */


/* --- Gemini --- */

/* {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": base64} */
static json_t *
inline_data(const json_t *reply)
{
    size_t  i;
    json_t *part, *data, *parts;

    parts = json_object_get(
        json_object_get(json_array_get(json_object_get(reply, "candidates"), 0),
                        "content"),
        "parts");

    json_array_foreach(parts, i, part)
    {
        data = json_object_get(part, "inlineData");
        if (data != NULL) {
            return data;
        }
    }

    return NULL;
}


static bool
take_pcm(nt_node_call_t *call, const json_t *reply, unsigned *rate,
         nt_str_t *pcm)
{
    json_t     *data = inline_data(reply);
    const char *type = json_string_value(json_object_get(data, "mimeType"));
    const char *p;

    if (type == NULL) {
        (void) nt_call_fail(call, "Gemini sent no sound: change the text");
        return false;
    }

    p = strstr(type, "rate=");
    *rate = p != NULL ? (unsigned) strtoul(p + 5, NULL, 10) : OPENAI_RATE;

    return nt_media_base64(call, json_object_get(data, "data"), pcm);
}


bool
nt_gemini_speak(nt_node_call_t *call, const nt_model_t *model, nt_str_t text,
                const char *voice, unsigned *rate, nt_str_t *pcm)
{
    bool     good = false;
    json_t  *body, *reply = NULL;
    nt_buf_t path = { 0 };

    nt_buf_printf(&path, "/v1beta/models/%s:generateContent", model->id);
    nt_buf_append_char(&path, '\0');
    body = json_pack("{s:[{s:s,s:[{s:s%}]}],s:{s:[s],s:{s:{s:{s:s}}}}}",
                     "contents", "role", "user", "parts", "text", text.data,
                     text.len, "generationConfig", "responseModalities",
                     "AUDIO", "speechConfig", "voiceConfig",
                     "prebuiltVoiceConfig", "voiceName", voice);

    if (path.failed || body == NULL) {
        (void) nt_arg_nomem(call);
    } else {
        reply = nt_provider_json(call, model, path.data, body, 0);
    }

    nt_buf_free(&path);
    json_decref(body);

    if (reply != NULL) {
        good = take_pcm(call, reply, rate, pcm);
    }

    json_decref(reply);

    return good;
}


static json_t *
store_wav(nt_node_call_t *call, unsigned rate, nt_str_t pcm)
{
    json_t    *ref = NULL;
    nt_buf_t   wav = { 0 };
    nt_sound_t sound = { .samples = (int16_t *) (uintptr_t) pcm.data,
                         .frames = pcm.len / sizeof(int16_t),
                         .channels = 1,
                         .rate = rate };

    nt_sound_to_wav(&wav, &sound);
    if (wav.failed) {
        (void) nt_arg_nomem(call);
    } else {
        ref = nt_store_media(call, "audio", "audio/wav",
                             (nt_str_t) { wav.data, wav.len });
    }

    nt_buf_free(&wav);

    return ref;
}


static nt_node_rc_t
run_gemini(nt_node_call_t *call)
{
    bool       good;
    json_t    *ref;
    unsigned   rate;
    nt_str_t   text, style, pcm;
    nt_buf_t   prompt = { 0 };
    nt_model_t model;

    if (!nt_arg_filled(call, "text", &text) ||
        !nt_arg_str(call, "style_prompt", &style) ||
        !nt_use_model(call, "gemini", nt_call_string(call, "model", NULL),
                      &model))
    {
        return NT_NODE_FAIL;
    }

    if (style.len != 0) {
        nt_buf_append_str(&prompt, style);
        nt_buf_append(&prompt, ": ", 2);
    }

    nt_buf_append_str(&prompt, text);
    if (prompt.failed) {
        return nt_arg_nomem(call);
    }

    good =
        nt_gemini_speak(call, &model, (nt_str_t) { prompt.data, prompt.len },
                        nt_call_string(call, "voice_name", NULL), &rate, &pcm);
    nt_buf_free(&prompt);
    if (!good) {
        return NT_NODE_FAIL;
    }

    ref = store_wav(call, rate, pcm);
    free((char *) (uintptr_t) pcm.data);

    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


static const char *const gemini_models[] = { "gemini-2.5-pro-preview-tts",
                                             NULL };

static const char *const gemini_voices[] = {
    "achernar",    "achird",     "algenib",      "algieba",    "alnilam",
    "aoede",       "autonoe",    "callirrhoe",   "charon",     "despina",
    "enceladus",   "erinome",    "fenrir",       "gacrux",     "iapetus",
    "kore",        "laomedeia",  "leda",         "orus",       "puck",
    "pulcherrima", "rasalgethi", "sadachbia",    "sadaltager", "schedar",
    "sulafat",     "umbriel",    "vindemiatrix", "zephyr",     "zubenelgenubi",
    NULL
};

static const nt_property_t gemini_properties[] = {
    NT_PROP("text", "str", "\"\"", "What to say"),
    NT_PROP_ENUM("model", gemini_models, "\"gemini-2.5-pro-preview-tts\"",
                 "The model"),
    NT_PROP_ENUM("voice_name", gemini_voices, "\"kore\"", "Whose voice"),
    NT_PROP("style_prompt", "str", "\"\"", "How to say it: 'Say cheerfully'"),
    NT_PROP_END
};

const nt_node_type_t nt_gemini_text_to_speech = {
    .type = "gemini.audio.TextToSpeech",
    .title = "Text To Speech",
    .description = "A text, spoken by a model of Google.",
    .properties = gemini_properties,
    .outputs = nt_out_audio,
    .flags = NT_MODEL_NODE,
    .run = run_gemini
};


/* --- OpenAI --- */

static json_t *
speech_body(const nt_model_t *model, nt_str_t text, const char *voice,
            double speed, const char *format)
{
    json_t *body =
        json_pack("{s:s,s:s%,s:s,s:s}", "model", model->id, "input", text.data,
                  text.len, "voice", voice, "response_format", format);

    if (body != NULL && speed != 1.0 &&
        json_object_set_new(body, "speed", json_real(speed)) != 0)
    {
        json_decref(body);
        return NULL;
    }

    return body;
}


static nt_node_rc_t
run_openai(nt_node_call_t *call)
{
    bool       good;
    char      *body;
    json_t    *value;
    nt_str_t   input, audio;
    nt_model_t model;

    if (!nt_arg_filled(call, "input", &input) ||
        !nt_use_model(call, "openai", nt_call_string(call, "model", NULL),
                      &model))
    {
        return NT_NODE_FAIL;
    }

    value = speech_body(&model, input, nt_call_string(call, "voice", NULL),
                        nt_call_float(call, "speed"), "mp3");
    body = value != NULL ? nt_json_text(value) : NULL;
    json_decref(value);
    if (body == NULL) {
        return nt_arg_nomem(call);
    }

    good = nt_provider_bytes(call, &model, "/audio/speech", nt_str(body),
                             "application/json", 0, &audio, NULL);
    free(body);

    return good ? nt_emit_media(call, "audio", "audio/mpeg", audio)
                : NT_NODE_FAIL;
}


static const char *const openai_models[] = { "tts-1", "tts-1-hd",
                                             "gpt-4o-mini-tts", NULL };

static const char *const openai_voices[] = { "alloy",   "ash",   "ballad",
                                             "coral",   "echo",  "fable",
                                             "onyx",    "nova",  "sage",
                                             "shimmer", "verse", NULL };

static const double slowest = 0.25, fastest = 4;

static const nt_property_t openai_properties[] = {
    NT_PROP_ENUM("model", openai_models, "\"tts-1\"", "The model"),
    NT_PROP_ENUM("voice", openai_voices, "\"alloy\"", "Whose voice"),
    NT_PROP("input", "str", "\"\"", "What to say"),
    NT_PROP_FLOAT("speed", "1.0", &slowest, &fastest, "How fast"), NT_PROP_END
};

const nt_node_type_t nt_openai_text_to_speech = {
    .type = "openai.audio.TextToSpeech",
    .title = "Text To Speech",
    .description = "A text, spoken by a model of OpenAI.",
    .properties = openai_properties,
    .outputs = nt_out_audio,
    .flags = NT_MODEL_NODE,
    .run = run_openai
};


/* --- nodetool.audio.TextToSpeech --- */

/* Samples as {"type": "chunk", "content": base64, "content_type": "audio"}. */
static bool
emit_samples(nt_node_call_t *call, unsigned rate, nt_str_t pcm, bool done)
{
    json_t  *chunk;
    nt_buf_t text = { 0 };

    nt_base64_append(&text, pcm);
    chunk = text.failed
                ? NULL
                : json_pack("{s:s,s:s,s:n,s:n,s:s,s:s%,s:{s:i,s:i,s:s},s:b,"
                            "s:b}",
                            "type", "chunk", "node_id", nt_call_node_id(call),
                            "thread_id", "workflow_id", "content_type", "audio",
                            "content", text.data != NULL ? text.data : "",
                            text.len, "content_metadata", "sample_rate",
                            (int) rate, "channels", 1, "dtype", "int16", "done",
                            done, "thinking", 0);
    nt_buf_free(&text);

    return nt_call_emit(call, "chunk", chunk) == NT_NODE_DONE;
}


/* Emits what comes, whole samples at a time, and keeps it in `pcm`. */
static bool
read_samples(nt_node_call_t *call, nt_http_reply_t *reply, nt_buf_t *pcm)
{
    int         more;
    char       *sentence = NULL;
    size_t      len, sent = 0, whole;
    const char *data;

    while ((more = nt_http_read(reply, &data, &len, &sentence)) > 0) {
        nt_buf_append(pcm, data, len);
        if (pcm->failed) {
            (void) nt_arg_nomem(call);
            return false;
        }

        whole = pcm->len - pcm->len % 2;
        if (whole > sent &&
            !emit_samples(call, OPENAI_RATE,
                          (nt_str_t) { pcm->data + sent, whole - sent }, false))
        {
            return false;
        }

        sent = whole;
    }

    if (more < 0) {
        (void) nt_call_fail(call, "the sound broke off: %s",
                            sentence != NULL ? sentence : "try again");
        free(sentence);
    }

    return more == 0;
}


static bool
speak_openai(nt_node_call_t *call, const nt_model_t *model, nt_str_t text,
             const char *voice, double speed, nt_buf_t *pcm)
{
    bool                  good = false;
    char                 *body;
    json_t               *value;
    char                **headers;
    nt_http_reply_t      *reply;
    nt_provider_request_t request = { .method = "POST",
                                      .path = "/audio/speech",
                                      .flags = NT_HTTP_NO_REDIRECT };

    value = speech_body(model, text, voice[0] != '\0' ? voice : "alloy", speed,
                        "pcm");
    body = value != NULL ? nt_json_text(value) : NULL;
    json_decref(value);
    if (body == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    headers = nt_provider_headers(call, model, "application/json");
    if (headers != NULL) {
        request.headers = (const char *const *) headers;
        request.body = body;
        request.body_len = strlen(body);
        reply = nt_provider_send(call, model, &request);
        good = reply != NULL && read_samples(call, reply, pcm);
        nt_http_free(reply);
    }

    nt_buf_free(&request.url);
    nt_provider_free_headers(headers);
    free(body);

    return good;
}


static bool
speak_gemini(nt_node_call_t *call, const nt_model_t *model, nt_str_t text,
             const char *voice, unsigned *rate, nt_buf_t *pcm)
{
    nt_str_t samples;

    if (!nt_gemini_speak(call, model, text, voice[0] != '\0' ? voice : "kore",
                         rate, &samples))
    {
        return false;
    }

    nt_buf_append_str(pcm, samples);
    free((char *) (uintptr_t) samples.data);
    if (pcm->failed) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return emit_samples(call, *rate, (nt_str_t) { pcm->data, pcm->len }, false);
}


/* Whole files, of which there are no samples to be told before. */
static json_t *
speak_file(nt_node_call_t *call, const nt_model_t *model, nt_media_api_t api,
           const char *path, nt_str_t text, const char *voice)
{
    bool        good;
    char       *body;
    json_t     *value, *reply, *ref;
    nt_str_t    data;
    const char *url;

    value = api == NT_MEDIA_FAL
                ? json_pack("{s:s%,s:s%}", "prompt", text.data, text.len,
                            "text", text.data, text.len)
                : json_pack("{s:s%}", "inputs", text.data, text.len);
    if (value == NULL ||
        (api == NT_MEDIA_FAL && voice[0] != '\0' &&
         json_object_set_new(value, "voice", json_string(voice)) != 0))
    {
        json_decref(value);
        (void) nt_arg_nomem(call);
        return NULL;
    }

    if (api == NT_MEDIA_FAL) {
        reply = nt_provider_json(call, model, path, value, 0);
        url = json_string_value(
            json_object_get(json_object_get(reply, "audio"), "url"));
        good = url != NULL && nt_media_fetch(call, model, url, &data);
        if (reply != NULL && url == NULL) {
            (void) nt_call_fail(call, "%s sent no sound",
                                model->provider->title);
        }

        json_decref(reply);
    } else {
        body = nt_json_text(value);
        good = body != NULL &&
               nt_provider_bytes(call, model, path, nt_str(body),
                                 "application/json", 0, &data, NULL);
        if (body == NULL) {
            (void) nt_arg_nomem(call);
        }

        free(body);
    }

    json_decref(value);
    if (!good) {
        return NULL;
    }

    ref = nt_store_media(call, "audio", NULL, data);
    free((char *) (uintptr_t) data.data);

    return ref;
}


/* The ref of what was spoken; NULL after nt_call_fail. */
static json_t *
speak(nt_node_call_t *call, nt_model_t *model, nt_str_t text, const char *voice,
      double speed)
{
    char           path[320];
    bool           good = false;
    json_t        *ref;
    unsigned       rate = OPENAI_RATE;
    nt_buf_t       pcm = { 0 };
    nt_media_api_t api = nt_media_api(call, model, path, sizeof(path));

    if (api != NT_MEDIA_OPENAI && speed != 1.0) {
        (void) nt_call_fail(call, "%s speaks at one speed: set 'speed' to 1",
                            model->provider->title);
        return NULL;
    }

    switch (api) {
    case NT_MEDIA_OPENAI:
        good = speak_openai(call, model, text, voice, speed, &pcm);
        break;
    case NT_MEDIA_GEMINI:
        good = speak_gemini(call, model, text, voice, &rate, &pcm);
        break;
    case NT_MEDIA_FAL:
    case NT_MEDIA_HF:
        return speak_file(call, model, api, path, text, voice);
    case NT_MEDIA_NONE:
        (void) nt_call_fail(call,
                            "%s does not speak here: choose a model of "
                            "OpenAI, Gemini, Hugging Face or fal.ai",
                            model->provider->title);
        break;
    }

    if (good && pcm.len == 0) {
        (void) nt_call_fail(call, "%s sent no sound", model->provider->title);
        good = false;
    }

    ref = good ? store_wav(call, rate, (nt_str_t) { pcm.data, pcm.len }) : NULL;
    nt_buf_free(&pcm);

    return ref;
}


static nt_node_rc_t
run_text_to_speech(nt_node_call_t *call)
{
    json_t     *ref, *model_ref = nt_call_input(call, "model");
    nt_str_t    text;
    nt_model_t  model;
    const char *voice =
        json_string_value(json_object_get(model_ref, "selected_voice"));

    if (voice == NULL || voice[0] == '\0') {
        voice = json_string_value(
            json_array_get(json_object_get(model_ref, "voices"), 0));
    }

    if (!nt_arg_filled(call, "text", &text) ||
        !nt_model_resolve(call, nt_call_input(call, "model"), NT_MODEL_TTS,
                          &model))
    {
        return NT_NODE_FAIL;
    }

    ref = speak(call, &model, text, voice != NULL ? voice : "",
                nt_call_float(call, "speed"));
    if (ref == NULL) {
        return NT_NODE_FAIL;
    }

    if (!emit_samples(call, OPENAI_RATE, NT_STR(""), true)) {
        json_decref(ref);
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "audio", ref);
}


static const nt_property_t speech_properties[] = {
    NT_PROP("model", "tts_model",
            "{\"type\":\"tts_model\",\"provider\":\"openai\",\"id\":\"tts-1\","
            "\"name\":\"TTS 1\",\"path\":null,\"voices\":[\"alloy\",\"echo\","
            "\"fable\",\"onyx\",\"nova\",\"shimmer\"],\"selected_voice\":\"\"}",
            "The model and its voice, of OpenAI, Gemini, Hugging Face or "
            "fal.ai"),
    NT_PROP("text", "str", "\"Hello! This is a text-to-speech demonstration.\"",
            "What to say"),
    NT_PROP_FLOAT("speed", "1.0", &slowest, &fastest,
                  "How fast; only OpenAI's models can"),
    NT_PROP_END
};

static const nt_output_t speech_outputs[] = { { "audio", "audio" },
                                              { "chunk", "chunk" },
                                              { NULL, NULL } };

const nt_node_type_t nt_text_to_speech = {
    .type = "nodetool.audio.TextToSpeech",
    .title = "Text To Speech",
    .description = "A text, spoken: samples while they come, then all of it.",
    .properties = speech_properties,
    .outputs = speech_outputs,
    .flags = NT_MODEL_NODE | NT_NODE_STREAMING_OUTPUT,
    .run = run_text_to_speech
};
