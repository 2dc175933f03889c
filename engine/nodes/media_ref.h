/*
 * engine/nodes/media_ref.h - the bytes behind a media ref, wherever they are.
 */

#ifndef NT_MEDIA_REF_H
#define NT_MEDIA_REF_H

#include "engine/nodetool_node.h"

/* True for a ref that leads nowhere: no uri, asset_id or data. */
bool nt_media_is_empty(const json_t *ref);

/* Reads what nt_call_load does, and besides the bytes that a ref holds in its
 * "data", as base64.  *data is malloc'ed.  False after nt_call_fail; messages
 * name the property `name`, and say `what` it should be ("a document"). */
bool nt_media_load(nt_node_call_t *call, const char *name, const char *what,
                   const json_t *ref, char **data, size_t *len);

/* {"type": type, "uri": a data: URI of `mime`, "asset_id": null, "data":
 * null, "metadata": null}.  A new reference; NULL when memory is out. */
json_t *nt_media_inline(const char *type, const char *mime, const void *data,
                        size_t len);

#endif
