#include "engine/http/serpapi.h"

#include <stdlib.h>

#include "engine/json.h"

#define BASE_URL "https://serpapi.com"
#define TIMEOUT  60.0 /* seconds */

#define DEPTH_MAX 64 /* of a reply that is looked through */


/* Appends "NAME=VALUE&", unless there is no value. */
static void
append_parameter(nt_buf_t *url, const char *name, const json_t *value)
{
    nt_buf_t text = { 0 };

    if (json_is_string(value)) {
        nt_buf_append(&text, json_string_value(value),
                      json_string_length(value));

    } else if (value != NULL && !json_is_null(value)) {
        nt_json_append(&text, value);
    }

    if (text.len > 0) {
        nt_buf_append_percent(url, nt_str(name), "");
        nt_buf_append_char(url, '=');
        nt_buf_append_percent(url, (nt_str_t) { text.data, text.len }, "");
        nt_buf_append_char(url, '&');
    }

    url->failed = url->failed || text.failed;
    nt_buf_free(&text);
}


/* Appends the request's URL with a NUL behind it. */
static void
append_url(nt_buf_t *url, const char *base, const json_t *query,
           const char *key)
{
    json_t     *value;
    nt_str_t    head = nt_str(base != NULL ? base : BASE_URL);
    const char *name;

    while (head.len > 0 && head.data[head.len - 1] == '/') {
        head.len--;
    }

    nt_buf_append_str(url, head);
    nt_buf_append_str(url, NT_STR("/search.json?"));

    json_object_foreach((json_t *) query, name, value)
    {
        append_parameter(url, name, value);
    }

    nt_buf_append_str(url, NT_STR("output=json&api_key="));
    nt_buf_append_percent(url, nt_str(key), "");
    nt_buf_append_char(url, '\0');
}


/* What a reply that is no success says. */
static void
explain(nt_buf_t *error, int status, const json_t *reply)
{
    const char *said = json_string_value(json_object_get(reply, "error"));

    nt_buf_printf(error, "the search failed with status %d%s%.500s", status,
                  said != NULL ? ": " : "", said != NULL ? said : "");

    if (status == 401) {
        nt_buf_append_str(error, NT_STR("; check SERPAPI_API_KEY"));
    }
}


/* Did the search end well?  What finds nothing has an "error", too. */
static bool
is_success(const json_t *reply)
{
    const char *status = json_string_value(
        json_object_get(json_object_get(reply, "search_metadata"), "status"));

    return status != NULL ? strcmp(status, "Error") != 0
                          : json_object_get(reply, "error") == NULL;
}


static bool
is_inline_image(const json_t *value)
{
    return json_is_string(value) &&
           strncmp(json_string_value(value), "data:", 5) == 0;
}


/* Takes "data:" texts out: thumbnails of megabytes that nobody reads. */
static void
strip_images(json_t *value, unsigned depth)
{
    size_t      i;
    void       *next;
    json_t     *item;
    const char *key;

    if (depth > DEPTH_MAX) {
        return;
    }

    json_array_foreach(value, i, item)
    {
        strip_images(item, depth + 1);
    }

    json_object_foreach_safe(value, next, key, item)
    {
        if (is_inline_image(item)) {
            (void) json_object_del(value, key);

        } else {
            strip_images(item, depth + 1);
        }
    }
}


static json_t *
read_reply(nt_http_reply_t *http, nt_buf_t *error)
{
    int         status = nt_http_status(http);
    char       *sentence = NULL;
    size_t      len;
    json_t     *reply;
    const char *data;

    if (!nt_http_read_all(http, &data, &len, &sentence)) {
        nt_buf_append_str(error, nt_str(sentence != NULL ? sentence : ""));
        free(sentence);
        return NULL;
    }

    reply = json_loadb(data, len, 0, NULL);

    if (status < 200 || status > 299 || !json_is_object(reply)) {
        explain(error, status, reply);

    } else if (!is_success(reply)) {
        explain(error, status, reply);

    } else {
        strip_images(reply, 0);
        return reply;
    }

    json_decref(reply);
    return NULL;
}


json_t *
nt_serpapi(nt_node_call_t *call, const json_t *query, nt_buf_t *error)
{
    char             *sentence = NULL;
    json_t           *reply = NULL;
    nt_buf_t          url = { 0 };
    const char       *key, *base;
    nt_http_reply_t  *http;
    nt_http_request_t request = { .timeout = TIMEOUT };

    key = nt_call_setting(call, "SERPAPI_API_KEY");
    base = nt_call_setting(call, "SERPAPI_BASE_URL");

    if (key == NULL) {
        nt_buf_append_str(error, NT_STR("searching needs SERPAPI_API_KEY, "
                                        "which this server has not"));
        return NULL;
    }

    append_url(&url, base, query, key);

    if (url.failed) {
        nt_buf_free(&url);
        return NULL;
    }

    request.url = url.data;
    request.flags = base != NULL ? NT_HTTP_TRUSTED : 0;
    http = nt_call_http(call, &request, &sentence);

    if (http != NULL) {
        reply = read_reply(http, error);
        nt_http_free(http);

    } else if (sentence != NULL) {
        nt_buf_append_str(error, nt_str(sentence));
    }

    free(sentence);
    nt_buf_free(&url);
    return reply;
}
