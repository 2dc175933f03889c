/*
 * engine/models/speak.c - sound from texts: openai.audio.TextToSpeech,
 * gemini.audio.TextToSpeech.
 */

#include <stdlib.h>

#include "engine/json.h"
#include "engine/models/speech.h"
#include "engine/nodes/sound.h"


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
    *rate = p != NULL ? (unsigned) strtoul(p + 5, NULL, 10) : NT_SPEECH_RATE;

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


json_t *
nt_store_wav(nt_node_call_t *call, unsigned rate, nt_str_t pcm)
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

    ref = nt_store_wav(call, rate, pcm);
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

json_t *
nt_speech_body(const nt_model_t *model, nt_str_t text, const char *voice,
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

    value = nt_speech_body(&model, input, nt_call_string(call, "voice", NULL),
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

const double nt_speech_slowest = 0.25, nt_speech_fastest = 4;

static const nt_property_t openai_properties[] = {
    NT_PROP_ENUM("model", openai_models, "\"tts-1\"", "The model"),
    NT_PROP_ENUM("voice", openai_voices, "\"alloy\"", "Whose voice"),
    NT_PROP("input", "str", "\"\"", "What to say"),
    NT_PROP_FLOAT("speed", "1.0", &nt_speech_slowest, &nt_speech_fastest,
                  "How fast"),
    NT_PROP_END
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
