/*
 * engine/models/models_int.h - between the files of engine/models.
 */

#ifndef NT_MODELS_INT_H
#define NT_MODELS_INT_H

#include "engine/assets/media.h"
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

#endif
