/*
 * engine/nodes/rss.c - lib.rss.*: news feeds of the web.
 */

#include "engine/nodes/feed.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/web.h"
#include "engine/nodes/webdate.h"

#define FEED_LIMIT ((size_t) 16 << 20)

typedef struct {
    nt_web_t web;
    json_t  *feed;
    nt_rc_t  rc;
} fetch_t;


static void
read_feed(nt_node_call_t *call, void *arg)
{
    fetch_t *fetch = arg;

    fetch->feed = nt_feed_read(fetch->web.body, nt_http_url(fetch->web.reply),
                               &fetch->rc);
}


/* The feed of 'url'; a new reference, NULL after nt_call_fail. */
static json_t *
fetch_feed(nt_node_call_t *call)
{
    static const char *const headers[] = {
        "Accept: application/rss+xml, application/atom+xml, "
        "application/rdf+xml, application/xml;q=0.9, text/xml;q=0.8, "
        "*/*;q=0.1",
        NULL
    };
    nt_str_t          url;
    fetch_t           fetch = { .rc = NT_NOMEM };
    nt_http_request_t request = { .headers = headers, .limit = FEED_LIMIT };

    if (!nt_arg_name(call, "url", &url)) {
        return NULL;
    }

    request.url = url.data;

    if (nt_web_send(call, &request, &fetch.web) &&
        nt_call_thread(call, read_feed, &fetch) && fetch.feed == NULL)
    {
        (void) (fetch.rc == NT_ERROR
                    ? nt_call_fail(call, "%.*s is no feed of RSS or Atom",
                                   nt_web_url_length(url.data), url.data)
                    : nt_arg_nomem(call));
    }

    nt_web_free(&fetch.web);
    return fetch.feed;
}


/* --- FetchRSSFeed --- */

static nt_node_rc_t
emit_entry(nt_node_call_t *call, json_t *entry)
{
    static const char *const before[] = { "title", "link", NULL };
    static const char *const behind[] = { "summary", "author", NULL };
    size_t                   i;
    nt_node_rc_t             rc = NT_NODE_DONE;

    for (i = 0; rc == NT_NODE_DONE && before[i] != NULL; i++) {
        rc = nt_call_emit(call, before[i],
                          json_incref(json_object_get(entry, before[i])));
    }

    if (rc == NT_NODE_DONE) {
        rc = nt_call_emit(call, "published",
                          nt_webdate_json(json_object_get(entry, "published")));
    }

    for (i = 0; rc == NT_NODE_DONE && behind[i] != NULL; i++) {
        rc = nt_call_emit(call, behind[i],
                          json_incref(json_object_get(entry, behind[i])));
    }

    return rc;
}


static nt_node_rc_t
run_fetch(nt_node_call_t *call)
{
    size_t       i;
    json_t      *feed = fetch_feed(call), *entry;
    nt_node_rc_t rc = feed != NULL ? NT_NODE_DONE : NT_NODE_FAIL;

    json_array_foreach(json_object_get(feed, "entries"), i, entry)
    {
        if (rc == NT_NODE_DONE) {
            rc = emit_entry(call, entry);
        }
    }

    json_decref(feed);
    return rc;
}


static const nt_property_t url_properties[] = {
    NT_PROP("url", "str", "\"\"", "The URL of the feed"), NT_PROP_END
};

static const nt_output_t fetch_outputs[] = {
    { "title", "str" },   { "link", "str" },   { "published", "datetime" },
    { "summary", "str" }, { "author", "str" }, { NULL, NULL }
};

static const nt_node_type_t rss_fetch = {
    .type = "lib.rss.FetchRSSFeed",
    .title = "Fetch RSS Feed",
    .description = "Sends each entry of a feed of RSS or Atom.",
    .properties = url_properties,
    .outputs = fetch_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_ASYNC,
    .run = run_fetch
};


/* --- ExtractFeedMetadata --- */

static nt_node_rc_t
run_metadata(nt_node_call_t *call)
{
    json_t *feed = fetch_feed(call);
    size_t  n;

    if (feed == NULL) {
        return NT_NODE_FAIL;
    }

    n = json_array_size(json_object_get(feed, "entries"));

    if (json_object_del(feed, "entries") != 0 ||
        json_object_set_new(feed, "entry_count",
                            json_integer((json_int_t) n)) != 0)
    {
        json_decref(feed);
        return nt_arg_nomem(call);
    }

    return nt_emit(call, feed);
}


static const nt_node_type_t rss_metadata = {
    .type = "lib.rss.ExtractFeedMetadata",
    .title = "Extract Feed Metadata",
    .description = "Says what a feed of RSS or Atom tells about itself.",
    .properties = url_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_ASYNC,
    .run = run_metadata
};


static const nt_node_type_t *const types[] = { &rss_fetch, &rss_metadata,
                                               NULL };

const nt_node_library_t nt_nodes_rss = { NODETOOL_NODE_ABI, "rss", types };
