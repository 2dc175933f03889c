/*
 * engine/models/transcribe.c - texts from sound:
 * nodetool.text.AutomaticSpeechRecognition, openai.audio.Transcribe and
 * Translate, gemini.audio.Transcribe.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/models/speech.h"

#define TRANSCRIBE_PROMPT                                                      \
    "Transcribe the following audio accurately. Return only the "              \
    "transcription text without any additional commentary."


static void
free_bytes(nt_str_t data)
{
    free((char *) (uintptr_t) data.data);
}


json_t *
nt_transcribe(nt_node_call_t *call, const nt_model_t *model,
              const nt_transcribe_t *ask, const char *type, nt_str_t audio)
{
    char      number[32];
    nt_form_t form;

    if (!nt_form_start(call, &form)) {
        return NULL;
    }

    nt_form_text(&form, "model", nt_str(model->id));
    nt_form_text(&form, "response_format",
                 nt_str(ask->timestamps ? "verbose_json" : "json"));

    if (ask->timestamps) {
        nt_form_text(&form, "timestamp_granularities[]", nt_str("segment"));
        nt_form_text(&form, "timestamp_granularities[]", nt_str("word"));
    }

    if (ask->language != NULL) {
        nt_form_text(&form, "language", nt_str(ask->language));
    }

    if (ask->prompt != NULL && ask->prompt[0] != '\0') {
        nt_form_text(&form, "prompt", nt_str(ask->prompt));
    }

    if (ask->temperature != 0) {
        snprintf(number, sizeof(number), "%g", ask->temperature);
        nt_form_text(&form, "temperature", nt_str(number));
    }

    nt_form_file(&form, "file", type, audio);

    return nt_form_send(call, model, ask->path, &form, 0);
}


/* Emits the text of a reply (taken over). */
static nt_node_rc_t
emit_text(nt_node_call_t *call, const char *output, json_t *reply)
{
    json_t *text = json_object_get(reply, "text");

    if (reply == NULL) {
        return NT_NODE_FAIL;
    }

    if (!json_is_string(text)) {
        json_decref(reply);
        return nt_call_fail(call, "the provider sent no transcription");
    }

    json_incref(text);
    json_decref(reply);

    return nt_call_emit(call, output, text);
}


/* --- nodetool.text.AutomaticSpeechRecognition --- */

static nt_node_rc_t
by_chat(nt_node_call_t *call, const nt_model_t *model)
{
    json_t  *reply, *copy;
    nt_str_t text;
    nt_ask_t ask = { .provider = model->provider->name,
                     .id = model->id,
                     .prompt = NT_STR(TRANSCRIBE_PROMPT),
                     .audio = nt_call_input(call, "audio") };

    reply = nt_ask(call, &ask, json_object());
    if (reply == NULL) {
        return NT_NODE_FAIL;
    }

    text = nt_model_text(reply);
    copy = json_stringn(text.data, text.len);
    json_decref(reply);

    return nt_call_emit(call, "text", copy);
}


/* fal's models take a URL of the sound. */
static json_t *
by_fal(nt_node_call_t *call, const nt_model_t *model, const char *path,
       const char *type, nt_str_t audio)
{
    json_t  *body, *reply = NULL;
    nt_buf_t uri = { 0 };

    nt_data_uri_append(&uri, type, audio);
    body = uri.failed ? NULL
                      : json_pack("{s:o}", "audio_url",
                                  json_stringn_nocheck(uri.data, uri.len));
    nt_buf_free(&uri);

    if (body == NULL) {
        (void) nt_arg_nomem(call);
    } else {
        reply = nt_provider_json(call, model, path, body, 0);
    }

    json_decref(body);

    return reply;
}


static json_t *
recognize(nt_node_call_t *call, nt_model_t *model, const char *type,
          nt_str_t audio)
{
    char            path[320];
    nt_transcribe_t ask = { .path = "/audio/transcriptions" };

    switch (nt_media_api(call, model, path, sizeof(path))) {
    case NT_MEDIA_FAL:
        return by_fal(call, model, path, type, audio);

    case NT_MEDIA_HF:
        return nt_provider_send_json(call, model, path, audio, type, 0);

    case NT_MEDIA_OPENAI:
        return nt_transcribe(call, model, &ask, type, audio);

    default:
        (void) nt_call_fail(call,
                            "%s transcribes nothing here: choose a "
                            "model of OpenAI, Gemini, Groq, Mistral, "
                            "Hugging Face or fal.ai",
                            model->provider->title);
        return NULL;
    }
}


static nt_node_rc_t
run_recognition(nt_node_call_t *call)
{
    json_t     *reply;
    nt_str_t    audio;
    nt_model_t  model;
    const char *type;

    if (!nt_model_resolve(call, nt_call_input(call, "model"), NT_MODEL_ASR,
                          &model)) {
        return NT_NODE_FAIL;
    }

    if (!nt_arg_media(call, "audio", "audio", &audio, &type)) {
        return NT_NODE_FAIL;
    }

    if (model.provider->dialect == &nt_llm_gemini) {
        free_bytes(audio);
        return by_chat(call, &model);
    }

    reply = recognize(call, &model, type, audio);
    free_bytes(audio);

    return emit_text(call, "text", reply);
}


#define AUDIO NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, "The sound")

static const nt_property_t recognition_properties[] = {
    NT_PROP("model", "asr_model",
            "{\"type\":\"asr_model\",\"provider\":\"fal_ai\",\"id\":"
            "\"openai/whisper-large-v3\",\"name\":\"\",\"path\":null}",
            "The model, of OpenAI and those like it, Gemini, Hugging Face or "
            "fal.ai"),
    AUDIO, NT_PROP_END
};

static const nt_output_t text_outputs[] = { { "text", "str" }, { NULL, NULL } };

const nt_node_type_t nt_speech_recognition = {
    .type = "nodetool.text.AutomaticSpeechRecognition",
    .title = "Automatic Speech Recognition",
    .description = "What is said in a recording.",
    .properties = recognition_properties,
    .outputs = text_outputs,
    .flags = NT_MODEL_NODE,
    .run = run_recognition
};


/* --- openai.audio --- */

/* [{"type": "audio_chunk", "timestamp": [start, end], "text"}] of the list
 * `name`, whose texts are called `text`. New reference. */
static json_t *
chunks_of(const json_t *reply, const char *name, const char *text)
{
    size_t  i;
    json_t *item, *list = json_array();

    json_array_foreach(json_object_get(reply, name), i, item)
    {
        if (json_array_append_new(
                list,
                json_pack("{s:s,s:[f,f],s:O}", "type", "audio_chunk",
                          "timestamp",
                          json_number_value(json_object_get(item, "start")),
                          json_number_value(json_object_get(item, "end")),
                          "text", json_object_get(item, text))) != 0)
        {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


static nt_node_rc_t
emit_transcription(nt_node_call_t *call, json_t *reply)
{
    json_t *words = chunks_of(reply, "words", "word");
    json_t *segments = chunks_of(reply, "segments", "text");

    if (emit_text(call, "text", reply) != NT_NODE_DONE) {
        json_decref(words);
        json_decref(segments);
        return NT_NODE_FAIL;
    }

    if (nt_call_emit(call, "words", words) != NT_NODE_DONE) {
        json_decref(segments);
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "segments", segments);
}


static nt_node_rc_t
run_transcribe(nt_node_call_t *call)
{
    json_t         *reply;
    nt_str_t        audio;
    nt_model_t      model;
    const char     *type;
    const char     *language = nt_call_string(call, "language", NULL);
    nt_transcribe_t ask = { .path = "/audio/transcriptions",
                            .language = strcmp(language, "auto_detect") == 0
                                            ? NULL
                                            : language,
                            .prompt = nt_call_string(call, "prompt", NULL),
                            .temperature = nt_call_float(call, "temperature"),
                            .timestamps = nt_call_bool(call, "timestamps") };

    if (!nt_use_model(call, "openai", nt_call_string(call, "model", NULL),
                      &model)) {
        return NT_NODE_FAIL;
    }

    if (ask.timestamps && strcmp(model.id, "whisper-1") != 0) {
        return nt_call_fail(call, "'timestamps' needs the model whisper-1");
    }

    if (!nt_arg_media(call, "audio", "audio", &audio, &type)) {
        return NT_NODE_FAIL;
    }

    reply = nt_transcribe(call, &model, &ask, type, audio);
    free_bytes(audio);

    return reply != NULL ? emit_transcription(call, reply) : NT_NODE_FAIL;
}


static const char *const transcribe_models[] = {
    "whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", NULL
};

static const char *const languages[] = {
    "auto_detect", "af", "ar", "hy", "az", "be", "bn", "bs", "bg", "ca", "hr",
    "cs",          "da", "nl", "en", "et", "tl", "fi", "fr", "gl", "de", "el",
    "gu",          "he", "hi", "hu", "is", "id", "it", "ja", "kn", "kk", "ko",
    "lv",          "lt", "mk", "ms", "zh", "mi", "mr", "ne", "no", "fa", "pl",
    "pt",          "pa", "ro", "ru", "sr", "sk", "sl", "es", "sw", "sv", "ta",
    "te",          "th", "tr", "uk", "ur", "vi", "cy", NULL
};

static const nt_property_t transcribe_properties[] = {
    NT_PROP_ENUM("model", transcribe_models, "\"whisper-1\"", "The model"),
    AUDIO,
    NT_PROP_ENUM("language", languages, "\"auto_detect\"",
                 "The language that is spoken"),
    NT_PROP("timestamps", "bool", "false",
            "Also say when each word and each segment is spoken; only "
            "whisper-1 can"),
    NT_PROP("prompt", "str", "\"\"",
            "A text in whose style to write, or that the recording goes on "
            "with"),
    NT_PROP_FLOAT("temperature", "0", &nt_zero, &nt_one,
                  "How much chance there is in the text"),
    NT_PROP_END
};

static const nt_output_t transcribe_outputs[] = {
    { "text", "str" },
    { "words", "list[audio_chunk]" },
    { "segments", "list[audio_chunk]" },
    { NULL, NULL }
};

const nt_node_type_t nt_openai_transcribe = {
    .type = "openai.audio.Transcribe",
    .title = "Transcribe",
    .description = "What is said in a recording, by a model of OpenAI.",
    .properties = transcribe_properties,
    .outputs = transcribe_outputs,
    .flags = NT_MODEL_NODE,
    .run = run_transcribe
};


static nt_node_rc_t
run_translate(nt_node_call_t *call)
{
    json_t         *reply;
    nt_str_t        audio;
    nt_model_t      model;
    const char     *type;
    nt_transcribe_t ask = { .path = "/audio/translations",
                            .temperature = nt_call_float(call, "temperature") };

    if (!nt_use_model(call, "openai", "whisper-1", &model) ||
        !nt_arg_media(call, "audio", "audio", &audio, &type))
    {
        return NT_NODE_FAIL;
    }

    reply = nt_transcribe(call, &model, &ask, type, audio);
    free_bytes(audio);

    return emit_text(call, "output", reply);
}


static const nt_property_t translate_properties[] = {
    AUDIO,
    NT_PROP("temperature", "float", "0.0",
            "How much chance there is in the text"),
    NT_PROP_END
};

const nt_node_type_t nt_openai_translate = {
    .type = "openai.audio.Translate",
    .title = "Translate",
    .description = "What is said in a recording, in English, by OpenAI's "
                   "Whisper.",
    .properties = translate_properties,
    .outputs = nt_out_str,
    .flags = NT_MODEL_NODE,
    .run = run_translate
};


/* --- gemini.audio.Transcribe --- */

static nt_node_rc_t
run_gemini(nt_node_call_t *call)
{
    nt_ask_t ask = { .provider = "gemini",
                     .id = nt_call_string(call, "model", NULL),
                     .audio = nt_call_input(call, "audio") };

    if (!nt_arg_is_set(call, "audio")) {
        return nt_call_fail(call, "'audio' is not set: it needs an audio");
    }

    if (!nt_arg_str(call, "prompt", &ask.prompt)) {
        return NT_NODE_FAIL;
    }

    return nt_emit_reply(call, nt_ask(call, &ask, json_object()));
}


static const char *const gemini_models[] = { "gemini-2.5-flash",
                                             "gemini-2.0-flash", NULL };

static const nt_property_t gemini_properties[] = {
    AUDIO,
    NT_PROP_ENUM("model", gemini_models, "\"gemini-2.5-flash\"", "The model"),
    NT_PROP("prompt", "str", "\"" TRANSCRIBE_PROMPT "\"",
            "How to transcribe: format, speakers ..."),
    NT_PROP_END
};

const nt_node_type_t nt_gemini_transcribe = {
    .type = "gemini.audio.Transcribe",
    .title = "Transcribe",
    .description = "What is said in a recording, by a model of Google.",
    .properties = gemini_properties,
    .outputs = nt_out_str,
    .flags = NT_MODEL_NODE,
    .run = run_gemini
};
