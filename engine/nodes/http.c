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

static const nt_output_t out_dict_str[] = { { "output", "dict[str,str]" },
                                            { NULL, NULL } };

const nt_property_t nt_http_url_properties[] = {
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


const char *
nt_http_type_header(nt_str_t text)
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
bool
nt_http_to_url(nt_node_call_t *call, nt_http_request_t *request, nt_web_t *web)
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

    return emit_text(call, &web, nt_http_to_url(call, &request, &web));
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

    headers[0] = nt_http_type_header(data);
    request.body = data.data;
    request.body_len = data.len;
    return emit_text(call, &web, nt_http_to_url(call, &request, &web));
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
                                         .properties = nt_http_url_properties,
                                         .outputs = nt_out_str,
                                         .flags = NT_NODE_ASYNC,
                                         .run = run_get };

static const nt_node_type_t http_delete = {
    .type = "lib.http.DeleteRequest",
    .title = "DELETE Request",
    .description = "Asks a server to delete what a URL names, and returns "
                   "its answer.",
    .properties = nt_http_url_properties,
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
    rc = emit_json(call, &web, nt_http_to_url(call, &request, &web));
    nt_buf_free(&body);
    return rc;
}


static nt_node_rc_t
run_json_get(nt_node_call_t *call)
{
    static const char *const headers[] = { "Accept: application/json", NULL };
    nt_web_t                 web;
    nt_http_request_t        request = { .headers = headers };

    return emit_json(call, &web, nt_http_to_url(call, &request, &web));
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
                                              .properties =
                                                  nt_http_url_properties,
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

    if (nt_http_to_url(call, &request, &web)) {
        rc = nt_emit(call, headers_of(web.reply));
    }

    nt_web_free(&web);
    return rc;
}


static const nt_node_type_t http_head = {
    .type = "lib.http.HeadRequest",
    .title = "HEAD Request",
    .description = "Asks for the headers of a URL alone.",
    .properties = nt_http_url_properties,
    .outputs = out_dict_str,
    .flags = NT_NODE_ASYNC,
    .run = run_head
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
                                               &nt_http_get_binary,
                                               &nt_http_post_binary,
                                               &nt_http_get_document,
                                               &nt_http_fetch_page,
                                               &nt_http_download_dataframe,
                                               &nt_http_download_files,
                                               &nt_http_filter_valid,
                                               &nt_http_image_downloader,
                                               NULL };

const nt_node_library_t nt_nodes_http = { NODETOOL_NODE_ABI, "http", types };
