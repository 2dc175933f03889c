/*
 * engine/models/text_to_speech.c - nodetool.audio.TextToSpeech: sound from
 * texts, by any provider.
 */

#include <stdlib.h>

#include "engine/json.h"
#include "engine/models/speech.h"


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
            !emit_samples(call, NT_SPEECH_RATE,
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

    value = nt_speech_body(model, text, voice[0] != '\0' ? voice : "alloy",
                           speed, "pcm");
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
static bool
speak_fal(nt_node_call_t *call, const nt_model_t *model, const char *path,
          nt_str_t text, const char *voice, nt_str_t *data)
{
    bool        good = false;
    json_t     *reply, *body;
    const char *url;

    /* its models name it so or so */
    body = json_pack("{s:s%,s:s%,s:s*}", "prompt", text.data, text.len, "text",
                     text.data, text.len, "voice",
                     voice[0] != '\0' ? voice : NULL);
    if (body == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    reply = nt_provider_json(call, model, path, body, 0);
    json_decref(body);
    url = json_string_value(
        json_object_get(json_object_get(reply, "audio"), "url"));

    if (url != NULL) {
        good = nt_media_fetch(call, model, url, data);
    } else if (reply != NULL) {
        (void) nt_call_fail(call, "%s sent no sound", model->provider->title);
    }

    json_decref(reply);

    return good;
}


static bool
speak_hf(nt_node_call_t *call, const nt_model_t *model, const char *path,
         nt_str_t text, nt_str_t *data)
{
    bool    good;
    char   *body;
    json_t *value = json_pack("{s:s%}", "inputs", text.data, text.len);

    body = value != NULL ? nt_json_text(value) : NULL;
    json_decref(value);
    if (body == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    good = nt_provider_bytes(call, model, path, nt_str(body),
                             "application/json", 0, data, NULL);
    free(body);

    return good;
}


static json_t *
speak_file(nt_node_call_t *call, const nt_model_t *model, nt_media_api_t api,
           const char *path, nt_str_t text, const char *voice)
{
    json_t  *ref;
    nt_str_t data;

    if (!(api == NT_MEDIA_FAL ? speak_fal(call, model, path, text, voice, &data)
                              : speak_hf(call, model, path, text, &data)))
    {
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
    unsigned       rate = NT_SPEECH_RATE;
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

    ref = good ? nt_store_wav(call, rate, (nt_str_t) { pcm.data, pcm.len })
               : NULL;
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

    if (!emit_samples(call, NT_SPEECH_RATE, NT_STR(""), true)) {
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
    NT_PROP_FLOAT("speed", "1.0", &nt_speech_slowest, &nt_speech_fastest,
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
