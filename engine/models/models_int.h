/*
 * engine/models/models_int.h - between the files of engine/models.
 */

#ifndef NT_MODELS_INT_H
#define NT_MODELS_INT_H

#include "engine/models/models.h"
#include "engine/models/provider.h"

/* Media of one message part; more is refused. */
#define NT_MODEL_MEDIA_MAX (20 * 1024 * 1024)

/* The messages with media refs replaced by what the dialect sends: data URIs,
 * or the text of documents.  A new reference; NULL after nt_call_fail. */
json_t *nt_model_messages(nt_node_call_t *call, const nt_model_t *model,
                          const json_t *messages);

/* The bytes behind a ref; *data is malloc'ed, the caller frees it.  False
 * after nt_call_fail. */
bool nt_model_load(nt_node_call_t *call, const json_t *ref, nt_str_t *data);

/* "image/png" by the first bytes, NULL when they are not known. */
const char *nt_media_type(nt_str_t data);

/* The extension for a type, without a dot: "png"; "bin" for another. */
const char *nt_media_extension(const char *type);

/* Appends base64 (RFC 4648, section 4). */
void nt_base64_append(nt_buf_t *out, nt_str_t data);

/* Appends "data:TYPE;base64,...". */
void nt_data_uri_append(nt_buf_t *out, const char *type, nt_str_t data);

#endif
