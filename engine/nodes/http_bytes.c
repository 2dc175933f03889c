/*
 * engine/nodes/http_bytes.c - lib.http.*: bytes, documents and pages.
 */

#include <stdlib.h>

#include "engine/nodes/http.h"
#include "engine/nodes/ustr.h"

#define WAIT_MIN 1 /* seconds of FetchPage's wait_time */
#define WAIT_MAX 600

static const nt_output_t out_bytes[] = { { "output", "bytes" },
                                         { NULL, NULL } };
static const nt_output_t out_document[] = { { "output", "document" },
                                            { NULL, NULL } };

static const nt_property_t binary_properties[] = {
    NT_PROP_URL("The URL to send it to, of http or https"),
    NT_PROP("data", "union[str,bytes]", "\"\"", "What is sent"), NT_PROP_END
};


/* --- bytes --- */

static nt_node_rc_t
run_get_binary(nt_node_call_t *call)
{
    nt_web_t          web;
    nt_http_request_t request = { 0 };

    return nt_web_emit_bytes(call, &web, nt_http_to_url(call, &request, &web));
}


/* The media type of a data: URI as a header. */
static char *
data_type_header(const char *uri)
{
    char  *header;
    size_t len;

    uri += strlen("data:");
    len = strcspn(uri, ",");

    if (len >= 7 && strncmp(uri + len - 7, ";base64", 7) == 0) {
        len -= 7;
    }

    if (asprintf(&header, "Content-Type: %.*s", (int) len, uri) == -1) {
        return NULL;
    }

    return header;
}


static nt_node_rc_t
run_post_binary(nt_node_call_t *call)
{
    char             *data = NULL, *type = NULL;
    bool              good;
    json_t           *value = nt_call_input(call, "data");
    nt_web_t          web = { 0 };
    const char       *headers[2] = { NULL }, *uri;
    nt_http_request_t request = { .method = "POST", .headers = headers };
    nt_node_rc_t      rc;

    if (json_is_string(value)) {
        request.body = json_string_value(value);
        request.body_len = json_string_length(value);
        headers[0] = nt_http_type_header(nt_ustr(value));
        good = true;

    } else {
        good = nt_call_load(call, value, &data, &request.body_len);
        request.body = data;
        uri = json_string_value(json_object_get(value, "uri"));

        if (good && uri != NULL && strncmp(uri, "data:", 5) == 0) {
            headers[0] = type = data_type_header(uri);
        } else {
            headers[0] = "Content-Type: application/octet-stream";
        }
    }

    good = good && nt_http_to_url(call, &request, &web);
    rc = nt_web_emit_bytes(call, &web, good);
    free(data);
    free(type);
    return rc;
}


static nt_node_rc_t
run_get_document(nt_node_call_t *call)
{
    char              type[128];
    json_t           *ref = NULL;
    nt_web_t          web;
    nt_http_request_t request = { 0 };

    if (nt_http_to_url(call, &request, &web)) {
        nt_web_media_type(web.reply, type, sizeof(type));
        ref = nt_web_store(call, "document", web.body, type,
                           nt_http_url(web.reply));
    }

    nt_web_free(&web);
    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


const nt_node_type_t nt_http_get_binary = {
    .type = "lib.http.GetRequestBinary",
    .title = "GET Binary",
    .description = "Gets what a URL holds as bytes.",
    .properties = nt_http_url_properties,
    .outputs = out_bytes,
    .flags = NT_NODE_ASYNC,
    .run = run_get_binary
};

const nt_node_type_t nt_http_post_binary = {
    .type = "lib.http.PostRequestBinary",
    .title = "POST Binary",
    .description = "Posts a text or bytes, and returns the answer's bytes.",
    .properties = binary_properties,
    .outputs = out_bytes,
    .flags = NT_NODE_ASYNC | NT_NODE_ONCE,
    .run = run_post_binary
};

const nt_node_type_t nt_http_get_document = {
    .type = "lib.http.GetRequestDocument",
    .title = "GET Document",
    .description = "Gets a document, and keeps it among the assets.",
    .properties = nt_http_url_properties,
    .outputs = out_document,
    .flags = NT_NODE_ASYNC,
    .run = run_get_document
};


/* --- FetchPage --- */

static nt_node_rc_t
emit_page(nt_node_call_t *call, nt_buf_t *html, const char *error)
{
    nt_node_rc_t rc;

    rc = nt_call_emit(call, "html", nt_ustr_take(html));

    if (rc == NT_NODE_DONE) {
        rc = nt_call_emit(call, "success", json_boolean(error == NULL));
    }

    if (rc == NT_NODE_DONE) {
        rc = nt_call_emit(call, "error_message",
                          json_string(error != NULL ? error : ""));
    }

    return rc;
}


/* As browsers show pages that the server calls an error, any status is a
 * success. */
static nt_node_rc_t
run_fetch(nt_node_call_t *call)
{
    char             *error = NULL;
    bool              good = false;
    int64_t           seconds;
    nt_buf_t          html = { 0 };
    nt_web_t          web = { 0 };
    nt_str_t          url;
    nt_http_request_t request = { 0 };
    nt_node_rc_t      rc;

    if (!nt_arg_name(call, "url", &url) ||
        !nt_arg_int(call, "wait_time", &seconds)) {
        return NT_NODE_FAIL;
    }

    if (seconds < WAIT_MIN || seconds > WAIT_MAX) {
        return nt_call_fail(call, "'wait_time' must be from 1 to 600 seconds");
    }

    request.url = url.data;
    request.timeout = (double) seconds;
    web.reply = nt_call_http(call, &request, &error);

    if (nt_call_cancelled(call)) {
        free(error);
        nt_web_free(&web);
        return nt_call_fail(call, "the job ends");
    }

    if (web.reply != NULL &&
        nt_http_read_all(web.reply, &web.body.data, &web.body.len, &error))
    {
        good = nt_web_text(call, &web, &html);
    }

    nt_web_free(&web);

    if (!good && error == NULL) {
        nt_buf_free(&html);
        return NT_NODE_FAIL;
    }

    rc = emit_page(call, &html, error);
    free(error);
    return rc;
}


static const nt_property_t fetch_properties[] = {
    NT_PROP_URL("The URL of the page"),
    NT_PROP("wait_time", "int", "10", "Seconds that the page may take"),
    NT_PROP_END
};

static const nt_output_t fetch_outputs[] = { { "html", "str" },
                                             { "success", "bool" },
                                             { "error_message", "str" },
                                             { NULL, NULL } };

const nt_node_type_t nt_http_fetch_page = {
    .type = "lib.http.FetchPage",
    .title = "Fetch Page",
    .description = "Gets the HTML of a page as its server sends it: scripts "
                   "do not run.",
    .properties = fetch_properties,
    .outputs = fetch_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_fetch
};
