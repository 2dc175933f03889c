/*
 * engine/http/serpapi.h - searches by SerpApi (https://serpapi.com/search-api).
 *
 * The key is the setting SERPAPI_API_KEY.  SERPAPI_BASE_URL, if set, takes the
 * place of https://serpapi.com: a proxy of the operator's.
 */

#ifndef NT_SERPAPI_H
#define NT_SERPAPI_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/nodetool_node.h"

/*
 * Asks GET /search.json and waits.  `query` is an object of parameters,
 * {"engine": "google", "q": ...}: texts, integers, reals and booleans; null
 * and empty texts are left out.  The reply as a new reference, without its
 * images in base64; NULL with a sentence in `error` (empty when memory is out), also for an error that
 * SerpApi reports.  A search that finds nothing is no error: SerpApi says so
 * in the member "error" of a reply with a search_metadata.status "Success".
 */
json_t *nt_serpapi(nt_node_call_t *call, const json_t *query, nt_buf_t *error);

#endif
