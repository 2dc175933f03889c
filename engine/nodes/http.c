/*
 * engine/nodes/http.c - lib.http.*: single requests.
 */

#include "engine/nodes/http.h"

#include <ctype.h>
#include <stdlib.h>

#include "engine/assets/uri.h"
#include "engine/json.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"

#define URL_MIN 1 /* second of FetchPage's wait_time, and its most */
#define URL_MAX 600

static const nt_output_t out_bytes[] = { { "output", "bytes" },
                                         { NULL, NULL } };
static const nt_output_t out_document[] = { { "output", "document" },
                                            { NULL, NULL } };
static const nt_output_t out_dict_str[] = { { "output", "dict[str,str]" },
                                            { NULL, NULL } };

static const nt_property_t url_properties[] = {
    NT_PROP_URL("The URL to ask, of http or https"), NT_PROP_END
};
static const nt_property_t text_properties[] = {
    NT_PROP_URL("The URL to send it to, of http or https"),
    NT_PROP("data", "str", "\"\"",
            "What is sent: a form such as a=1&b=2, JSON, or other text"),
    NT_PROP_END
};
static const nt_property_t json_properties[] = {
    NT_PROP_URL("The URL to send it to, of http or https"),
    NT_PROP("data", "dict", "{}", "What is sent as JSON"), NT_PROP_END
};
static const nt_property_t binary_properties[] = {
    NT_PROP_URL("The URL to send it to, of http or https"),
    NT_PROP("data", "union[str,bytes]", "\"\"", "What is sent"), NT_PROP_END
};


/* --- text --- */

/* name=value pairs with & between them, as HTML's forms send them */
static bool
is_form(nt_str_t text)
{
    size_t i;
    bool   value = false, name = false;

    for (i = 0; i < text.len; i++) {
        if (isspace((unsigned char) text.data[i]) ||
            strchr("{}[]<>\"", text.data[i]) != NULL)
        {
            return false;
        }

        if (text.data[i] == '&') {
            if (!value) {
                return false;
            }
            value = name = false;

        } else if (text.data[i] == '=') {
            value = name;
        } else {
            name = true;
        }
    }

    return value;
}


static const char *
type_header(nt_str_t text)
{
    json_t *value;
    bool    json = false;

    if (is_form(text)) {
        return "Content-Type: application/x-www-form-urlencoded";
    }

    if (text.len > 0 && (text.data[0] == '{' || text.data[0] == '[')) {
        value = json_loadb(text.data, text.len, 0, NULL);
        json = value != NULL;
        json_decref(value);
    }

    return json ? "Content-Type: application/json"
                : "Content-Type: text/plain; charset=utf-8";
}


/* Sends a request to 'url'; *web is to be freed in any case. */
static bool
send_to_url(nt_node_call_t *call, nt_http_request_t *request, nt_web_t *web)
{
    nt_str_t url;

    *web = (nt_web_t) { 0 };

    if (!nt_arg_name(call, "url", &url)) {
        return false;
    }

    request->url = url.data;
    return nt_web_send(call, request, web);
}


static nt_node_rc_t
emit_text(nt_node_call_t *call, nt_web_t *web, bool good)
{
    nt_buf_t text = { 0 };

    good = good && nt_web_text(call, web, &text);
    nt_web_free(web);

    if (!good) {
        nt_buf_free(&text);
        return NT_NODE_FAIL;
    }

    return nt_emit_buf(call, &text);
}


static nt_node_rc_t
ask_text(nt_node_call_t *call, const char *method)
{
    nt_web_t          web;
    nt_http_request_t request = { .method = method };

    return emit_text(call, &web, send_to_url(call, &request, &web));
}


static nt_node_rc_t
send_text(nt_node_call_t *call, const char *method)
{
    nt_web_t          web;
    nt_str_t          data;
    const char       *headers[2] = { NULL };
    nt_http_request_t request = { .method = method, .headers = headers };

    if (!nt_arg_str(call, "data", &data)) {
        return NT_NODE_FAIL;
    }

    headers[0] = type_header(data);
    request.body = data.data;
    request.body_len = data.len;
    return emit_text(call, &web, send_to_url(call, &request, &web));
}


static nt_node_rc_t
run_get(nt_node_call_t *call)
{
    return ask_text(call, "GET");
}


static nt_node_rc_t
run_delete(nt_node_call_t *call)
{
    return ask_text(call, "DELETE");
}


static nt_node_rc_t
run_post(nt_node_call_t *call)
{
    return send_text(call, "POST");
}


static nt_node_rc_t
run_put(nt_node_call_t *call)
{
    return send_text(call, "PUT");
}


static const nt_node_type_t http_get = { .type = "lib.http.GetRequest",
                                         .title = "GET Request",
                                         .description = "Gets a URL as text.",
                                         .properties = url_properties,
                                         .outputs = nt_out_str,
                                         .flags = NT_NODE_ASYNC,
                                         .run = run_get };

static const nt_node_type_t http_delete = {
    .type = "lib.http.DeleteRequest",
    .title = "DELETE Request",
    .description = "Asks a server to delete what a URL names, and returns "
                   "its answer.",
    .properties = url_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_ASYNC | NT_NODE_ONCE,
    .run = run_delete
};

static const nt_node_type_t http_post = { .type = "lib.http.PostRequest",
                                          .title = "POST Request",
                                          .description =
                                              "Posts a text, and returns the "
                                              "answer.",
                                          .properties = text_properties,
                                          .outputs = nt_out_str,
                                          .flags = NT_NODE_ASYNC | NT_NODE_ONCE,
                                          .run = run_post };

static const nt_node_type_t http_put = { .type = "lib.http.PutRequest",
                                         .title = "PUT Request",
                                         .description =
                                             "Puts a text, and returns the "
                                             "answer.",
                                         .properties = text_properties,
                                         .outputs = nt_out_str,
                                         .flags = NT_NODE_ASYNC,
                                         .run = run_put };


/* --- JSON --- */

static nt_node_rc_t
emit_json(nt_node_call_t *call, nt_web_t *web, bool good)
{
    json_t *value = good ? nt_web_json(call, web) : NULL;

    nt_web_free(web);
    return value != NULL ? nt_emit(call, value) : NT_NODE_FAIL;
}


static nt_node_rc_t
send_json(nt_node_call_t *call, const char *method)
{
    static const char *const headers[] = { "Content-Type: application/json",
                                           "Accept: application/json", NULL };
    nt_web_t                 web;
    nt_buf_t                 body = { 0 };
    json_t                  *data = nt_arg_dict(call, "data");
    nt_http_request_t        request = { .method = method, .headers = headers };
    nt_node_rc_t             rc;

    if (data == NULL) {
        return NT_NODE_FAIL;
    }

    nt_json_append(&body, data);

    if (body.failed) {
        return nt_arg_nomem(call);
    }

    request.body = body.data;
    request.body_len = body.len;
    rc = emit_json(call, &web, send_to_url(call, &request, &web));
    nt_buf_free(&body);
    return rc;
}


static nt_node_rc_t
run_json_get(nt_node_call_t *call)
{
    static const char *const headers[] = { "Accept: application/json", NULL };
    nt_web_t                 web;
    nt_http_request_t        request = { .headers = headers };

    return emit_json(call, &web, send_to_url(call, &request, &web));
}


static nt_node_rc_t
run_json_post(nt_node_call_t *call)
{
    return send_json(call, "POST");
}


static nt_node_rc_t
run_json_put(nt_node_call_t *call)
{
    return send_json(call, "PUT");
}


static nt_node_rc_t
run_json_patch(nt_node_call_t *call)
{
    return send_json(call, "PATCH");
}


static const nt_node_type_t http_json_get = { .type = "lib.http.JSONGetRequest",
                                              .title = "GET JSON",
                                              .description =
                                                  "Gets a URL's JSON as a "
                                                  "value.",
                                              .properties = url_properties,
                                              .outputs = nt_out_dict,
                                              .flags = NT_NODE_ASYNC,
                                              .run = run_json_get };

static const nt_node_type_t http_json_post = {
    .type = "lib.http.JSONPostRequest",
    .title = "POST JSON",
    .description = "Posts a value as JSON, and returns the answer's.",
    .properties = json_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_ASYNC | NT_NODE_ONCE,
    .run = run_json_post
};

static const nt_node_type_t http_json_put = {
    .type = "lib.http.JSONPutRequest",
    .title = "PUT JSON",
    .description = "Puts a value as JSON, and returns the answer's.",
    .properties = json_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_ASYNC,
    .run = run_json_put
};

static const nt_node_type_t http_json_patch = {
    .type = "lib.http.JSONPatchRequest",
    .title = "PATCH JSON",
    .description = "Sends changes as JSON, and returns the answer's.",
    .properties = json_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_ASYNC | NT_NODE_ONCE,
    .run = run_json_patch
};


/* --- headers --- */

/* Names in lower case; what comes several times is joined as RFC 9110 has
 * it. */
static json_t *
headers_of(const nt_http_reply_t *reply)
{
    size_t      i, j;
    json_t     *headers = json_object(), *text;
    nt_buf_t    joined = { 0 };
    const char *name, *value, *old;
    char        key[256];

    for (i = 0; (name = nt_http_header_at(reply, i, &value)) != NULL; i++) {
        for (j = 0; name[j] != '\0' && j + 1 < sizeof(key); j++) {
            key[j] = (char) tolower((unsigned char) name[j]);
        }

        key[j] = '\0';
        nt_buf_reset(&joined);
        old = json_string_value(json_object_get(headers, key));

        if (old != NULL) {
            nt_buf_append_str(&joined, nt_str(old));
            nt_buf_append_str(&joined, NT_STR(", "));
        }

        /* HTTP's bytes beyond ASCII are those of Latin-1 */
        for (; *value != '\0'; value++) {
            nt_ustr_put(&joined, (unsigned char) *value);
        }

        text = json_stringn(joined.data != NULL ? joined.data : "", joined.len);

        if (joined.failed || json_object_set_new(headers, key, text) != 0) {
            json_decref(headers);
            headers = NULL;
        }
    }

    nt_buf_free(&joined);
    return headers;
}


static nt_node_rc_t
run_head(nt_node_call_t *call)
{
    nt_web_t          web;
    nt_http_request_t request = { .method = "HEAD" };
    nt_node_rc_t      rc = NT_NODE_FAIL;

    if (send_to_url(call, &request, &web)) {
        rc = nt_emit(call, headers_of(web.reply));
    }

    nt_web_free(&web);
    return rc;
}


static const nt_node_type_t http_head = {
    .type = "lib.http.HeadRequest",
    .title = "HEAD Request",
    .description = "Asks for the headers of a URL alone.",
    .properties = url_properties,
    .outputs = out_dict_str,
    .flags = NT_NODE_ASYNC,
    .run = run_head
};


/* --- bytes --- */

static nt_node_rc_t
run_get_binary(nt_node_call_t *call)
{
    nt_web_t          web;
    nt_http_request_t request = { 0 };

    return nt_web_emit_bytes(call, &web, send_to_url(call, &request, &web));
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
        headers[0] = type_header(nt_ustr(value));
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

    good = good && send_to_url(call, &request, &web);
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

    if (send_to_url(call, &request, &web)) {
        nt_web_media_type(web.reply, type, sizeof(type));
        ref = nt_web_store(call, "document", web.body, type,
                           nt_http_url(web.reply));
    }

    nt_web_free(&web);
    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


static const nt_node_type_t http_get_binary = {
    .type = "lib.http.GetRequestBinary",
    .title = "GET Binary",
    .description = "Gets what a URL holds as bytes.",
    .properties = url_properties,
    .outputs = out_bytes,
    .flags = NT_NODE_ASYNC,
    .run = run_get_binary
};

static const nt_node_type_t http_post_binary = {
    .type = "lib.http.PostRequestBinary",
    .title = "POST Binary",
    .description = "Posts a text or bytes, and returns the answer's bytes.",
    .properties = binary_properties,
    .outputs = out_bytes,
    .flags = NT_NODE_ASYNC | NT_NODE_ONCE,
    .run = run_post_binary
};

static const nt_node_type_t http_get_document = {
    .type = "lib.http.GetRequestDocument",
    .title = "GET Document",
    .description = "Gets a document, and keeps it among the assets.",
    .properties = url_properties,
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

    if (seconds < URL_MIN || seconds > URL_MAX) {
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

static const nt_node_type_t http_fetch = {
    .type = "lib.http.FetchPage",
    .title = "Fetch Page",
    .description = "Gets the HTML of a page as its server sends it: scripts "
                   "do not run.",
    .properties = fetch_properties,
    .outputs = fetch_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_fetch
};


static const nt_node_type_t *const types[] = { &http_get,
                                               &http_delete,
                                               &http_post,
                                               &http_put,
                                               &http_json_get,
                                               &http_json_post,
                                               &http_json_put,
                                               &http_json_patch,
                                               &http_head,
                                               &http_get_binary,
                                               &http_post_binary,
                                               &http_get_document,
                                               &http_fetch,
                                               &nt_http_download_dataframe,
                                               &nt_http_download_files,
                                               &nt_http_filter_valid,
                                               &nt_http_image_downloader,
                                               NULL };

const nt_node_library_t nt_nodes_http = { NODETOOL_NODE_ABI, "http", types };
