/*
 * engine/nodes/http.h - what the files of lib.http share.
 */

#ifndef NT_NODES_HTTP_H
#define NT_NODES_HTTP_H

#include "engine/graph/call_http.h"
#include "engine/nodes/web.h"

#define NT_PROP_URL(text) NT_PROP("url", "str", "\"\"", text)

extern const nt_property_t nt_http_url_properties[]; /* "url" */

extern const nt_node_type_t nt_http_download_dataframe;
extern const nt_node_type_t nt_http_download_files;
extern const nt_node_type_t nt_http_filter_valid;
extern const nt_node_type_t nt_http_image_downloader;
extern const nt_node_type_t nt_http_get_binary;
extern const nt_node_type_t nt_http_post_binary;
extern const nt_node_type_t nt_http_get_document;
extern const nt_node_type_t nt_http_fetch_page;

/* Sends a request to 'url'; false after nt_call_fail.  *web is to be freed in
 * any case. */
bool nt_http_to_url(nt_node_call_t *call, nt_http_request_t *request,
                    nt_web_t *web);

/* The Content-Type of a text: a form, JSON, or plain. */
const char *nt_http_type_header(nt_str_t text);

/* --- http_batch.c: several requests at once --- */

typedef struct {
    size_t           index; /* among the URLs */
    nt_http_reply_t *reply;
    char            *url;   /* absolute; owned */
    void            *state; /* of `item` */
} nt_http_item_t;

typedef enum {
    NT_HTTP_BAD,
    NT_HTTP_GOOD,
    NT_HTTP_FATAL /* nt_call_fail has said why: the whole batch ends */
} nt_http_verdict_t;

typedef struct {
    const char   *method;
    const json_t *urls;     /* list of str */
    nt_str_t      base;     /* relative ones are resolved against it, or "" */
    size_t        at_once;  /* requests */
    size_t        limit;    /* bytes of a body; 0: 64 MiB */
    double        timeout;  /* seconds; 0: none */
    unsigned      flags;    /* NT_HTTP_... */
    size_t        state;    /* bytes of an item's zeroed state */
    bool          progress; /* tell nt_call_progress */
    void         *arg;
    /* A part of a body (len 0: its end, which is called once, with `good`
     * false when the request has failed); may wait.  Anything but
     * NT_HTTP_GOOD ends the request; at its end it says what the URL counts
     * as. */
    nt_http_verdict_t (*part)(nt_node_call_t *call, nt_http_item_t *item,
                              const char *data, size_t len, bool good,
                              void *arg);
} nt_http_batch_t;

/* Asks for all URLs; good[i] is what became of each. False after
 * nt_call_fail, when memory was out or the job is to end. */
bool nt_http_batch(nt_node_call_t *call, const nt_http_batch_t *batch,
                   bool *good);

/* The list of str of a property; NULL after nt_call_fail. */
json_t *nt_http_urls(nt_node_call_t *call, const char *name);

/* The number of a property that is to be from 1 to 100. */
bool nt_http_at_once(nt_node_call_t *call, const char *name, size_t *n);

/* The URLs for which good[i] is `value`, in order.  New reference. */
json_t *nt_http_chosen(const json_t *urls, const bool *good, bool value);

#endif
