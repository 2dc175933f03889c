/*
 * engine/models/node.h - what the nodes that are about models share.
 */

#ifndef NT_MODELS_NODE_H
#define NT_MODELS_NODE_H

#include "engine/models/models_int.h"
#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"

#define NT_MODEL_NODE (NT_NODE_ASYNC)

#define NT_PROP_INT(property, json, least, most, text)                         \
    {                                                                          \
        .name = property, .type = "int", .default_json = json, .min = least,   \
        .max = most, .description = text                                       \
    }
#define NT_PROP_FLOAT(property, json, least, most, text)                       \
    {                                                                          \
        .name = property, .type = "float", .default_json = json, .min = least, \
        .max = most, .description = text                                       \
    }

/* Outputs "output" of these types. */
extern const nt_output_t nt_out_audio[];
extern const nt_output_t nt_out_image[];
extern const nt_output_t nt_out_video[];
extern const nt_output_t nt_out_np_array[];

/* Bounds of properties. */
extern const double nt_zero, nt_one, nt_least_seed;

/* A text that is not empty.  False after nt_call_fail. */
bool nt_arg_filled(nt_node_call_t *call, const char *name, nt_str_t *text);

/* True when the property is a media ref that leads somewhere. */
bool nt_arg_is_set(nt_node_call_t *call, const char *name);

/* The bytes behind a media ref, and their type; *data is malloc'ed, the caller
 * frees it.  `kind` is "image", "audio" or "video".  False after
 * nt_call_fail. */
bool nt_arg_media(nt_node_call_t *call, const char *name, const char *kind,
                  nt_str_t *data, const char **type);

/* A provider with a model's id, which may be "".  False after nt_call_fail. */
bool nt_use_model(nt_node_call_t *call, const char *provider, const char *id,
                  nt_model_t *model);

/* What a provider takes requests about media by. */
typedef enum {
    NT_MEDIA_NONE,
    NT_MEDIA_OPENAI, /* /images/..., /audio/... */
    NT_MEDIA_GEMINI, /* generateContent, predict */
    NT_MEDIA_FAL,    /* fal.ai's, also behind Hugging Face's router */
    NT_MEDIA_HF      /* Hugging Face's own */
} nt_media_api_t;

/* Warns of a setting that the model has nothing like: nodes serve models of
 * many kinds, and workflows are made for one and run with another. */
void nt_model_tell_lost(nt_node_call_t *call, const nt_model_t *model,
                        const char *name);

/* How to ask the model; for FAL and HF also the path. The id loses what the
 * router's chats need. */
nt_media_api_t nt_media_api(nt_node_call_t *call, nt_model_t *model, char *path,
                            size_t size);

/* Asks a provider's model with a system prompt (or ""), a text and a ref (or
 * NULL); options are taken over, NULL of which is out of memory.  The text
 * goes out as chunk events while it comes.  The reply; NULL after
 * nt_call_fail. */
typedef struct {
    const char   *provider;
    const char   *id;
    nt_str_t      system;
    nt_str_t      prompt;
    const json_t *image;
    const json_t *audio;
} nt_ask_t;

json_t *nt_ask(nt_node_call_t *call, const nt_ask_t *ask, json_t *options);

/* Emits the text of a reply (taken over) and frees it. */
nt_node_rc_t nt_emit_reply(nt_node_call_t *call, json_t *reply);

/* Stores media among the assets (nt_generated_store) and returns the ref; NULL
 * after nt_call_fail.  `type` may be NULL: then the bytes say it. */
json_t *nt_store_media(nt_node_call_t *call, const char *kind, const char *type,
                       nt_str_t data);

/* Emits `output` with it; `data`, malloc'ed, is freed. */
nt_node_rc_t nt_emit_media(nt_node_call_t *call, const char *kind,
                           const char *type, nt_str_t data);

/* Decodes base64 of a JSON string.  *data is malloc'ed.  False after
 * nt_call_fail. */
bool nt_media_base64(nt_node_call_t *call, const json_t *text, nt_str_t *data);

/* Loads what a provider's URL leads to (http or data), by the provider's
 * trust and limits.  *data is malloc'ed.  False after nt_call_fail. */
bool nt_media_fetch(nt_node_call_t *call, const nt_model_t *model,
                    const char *url, nt_str_t *data);

/* --- multipart/form-data (RFC 7578) --- */

typedef struct {
    nt_buf_t body;
    char     boundary[48];
    char     type[96]; /* for the Content-Type */
} nt_form_t;

bool nt_form_start(nt_node_call_t *call, nt_form_t *form);
void nt_form_text(nt_form_t *form, const char *name, nt_str_t value);
void nt_form_file(nt_form_t *form, const char *name, const char *type,
                  nt_str_t data);

/* Sends it and reads JSON, as nt_provider_json; frees the form's memory. */
json_t *nt_form_send(nt_node_call_t *call, const nt_model_t *model,
                     const char *path, nt_form_t *form, double timeout);

/* --- node types, by file --- */

extern const nt_node_type_t nt_embedding, nt_openai_embedding,
    nt_gemini_embedding, nt_mistral_embedding;
extern const nt_node_type_t nt_openai_web_search, nt_openai_moderation,
    nt_gemini_grounded_search;
extern const nt_node_type_t nt_speech_recognition, nt_openai_transcribe,
    nt_openai_translate, nt_gemini_transcribe;
extern const nt_node_type_t nt_text_to_speech, nt_openai_text_to_speech,
    nt_gemini_text_to_speech;
extern const nt_node_type_t nt_text_to_image, nt_image_to_image,
    nt_openai_create_image, nt_openai_edit_image, nt_gemini_image_generation;
extern const nt_node_type_t nt_text_to_video, nt_image_to_video,
    nt_gemini_text_to_video, nt_gemini_image_to_video;
extern const nt_node_type_t nt_split_document;
extern const nt_node_type_t nt_mistral_chat, nt_mistral_code,
    nt_mistral_image_to_text, nt_mistral_ocr;

#endif
