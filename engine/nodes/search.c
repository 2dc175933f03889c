/*
 * engine/nodes/search.c - search.*: asking SerpApi.
 */

#include "engine/nodes/search.h"

#include <stdlib.h>

#include "engine/nodes/pytext.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/web.h"

#define BASE_URL "https://serpapi.com"
#define PATH     "/search.json"
#define SECONDS  120

const nt_output_t nt_search_out_list[] = { { "results", "list[dict]" },
                                           { "text", "str" },
                                           { NULL, NULL } };


/* --- the request --- */

static void
append_param(nt_buf_t *url, const char *name, nt_str_t value)
{
    nt_buf_append_char(url, memchr(url->data, '?', url->len) ? '&' : '?');
    nt_buf_append_str(url, nt_str(name));
    nt_buf_append_char(url, '=');
    nt_web_escape(url, value);
}


/* The value of a property as the engine takes it; empty for none. */
static void
append_value(nt_buf_t *out, nt_node_call_t *call,
             const nt_search_param_t *param)
{
    size_t        i;
    int64_t       number;
    const json_t *value = nt_call_input(call, param->property);
    const char   *text = json_string_value(value);

    for (i = 0; text != NULL && param->map != NULL && param->map[i][0] != NULL;
         i++) {
        if (strcmp(param->map[i][0], text) == 0) {
            nt_buf_append_str(out, nt_str(param->map[i][1]));
            return;
        }
    }

    if (json_is_integer(value)) {
        number = json_integer_value(value);

        if (number != 0) {
            nt_buf_printf(out, "%lld",
                          (long long) (param->most > 0 && number > param->most
                                           ? param->most
                                           : number));
        }

    } else if (json_is_string(value)) {
        nt_buf_append_str(out, nt_ustr(value));

    } else if (json_is_real(value)) {
        nt_py_float(out, json_real_value(value));
    }
}


static void
append_params(nt_buf_t *url, nt_node_call_t *call, const nt_search_t *search)
{
    bool                     gl = search->flags & NT_SEARCH_GL;
    bool                     hl = search->flags & NT_SEARCH_HL;
    nt_buf_t                 value = { 0 };
    const nt_search_param_t *param;

    append_param(url, "engine", nt_str(search->engine));

    for (param = search->params; param->name != NULL; param++) {
        nt_buf_reset(&value);

        if (param->value != NULL) {
            nt_buf_append_str(&value, nt_str(param->value));
        } else {
            append_value(&value, call, param);
        }

        url->failed |= value.failed;

        if (value.len > 0) {
            append_param(url, param->name,
                         (nt_str_t) { value.data, value.len });
            gl = gl && strcmp(param->name, "gl") != 0;
            hl = hl && strcmp(param->name, "hl") != 0;
        }
    }

    if (hl) {
        append_param(url, "hl", NT_STR("en"));
    }

    if (gl) {
        append_param(url, "gl", NT_STR("us"));
    }

    nt_buf_free(&value);
}


/* False after nt_call_fail. */
static bool
make_url(nt_node_call_t *call, const nt_search_t *search, nt_buf_t *url)
{
    const char *key, *base;
    nt_str_t    root;

    key = nt_call_setting(call, "SERPAPI_API_KEY");

    if (key == NULL) {
        (void) nt_call_fail(call, "searching needs a key of SerpApi: the "
                                  "server's operator has to set "
                                  "SERPAPI_API_KEY");
        return false;
    }

    base = nt_call_setting(call, "SERPAPI_BASE_URL");
    root = nt_str(base != NULL ? base : BASE_URL);

    while (root.len > 0 && root.data[root.len - 1] == '/') {
        root.len--;
    }

    nt_buf_append_str(url, root);
    nt_buf_append_str(url, NT_STR(PATH));
    append_params(url, call, search);
    append_param(url, "api_key", nt_str(key));
    nt_buf_append_char(url, '\0');

    return !url->failed || nt_arg_nomem(call) == NT_NODE_DONE;
}


static bool
check_required(nt_node_call_t *call, const nt_search_t *search)
{
    nt_str_t           value;
    const char *const *name;

    for (name = search->required; *name != NULL; name++) {
        if (!nt_arg_str(call, *name, &value)) {
            return false;
        }

        if (value.len == 0) {
            (void) nt_call_fail(call, "'%s' must not be empty", *name);
            return false;
        }
    }

    return true;
}


/* --- the reply --- */

/* Engines say this where they find nothing, as an error. */
static bool
is_empty_search(const char *error)
{
    return strcasestr(error, "hasn't returned any results") != NULL;
}


/* Takes "data:" texts out: thumbnails that nobody wants in a text for a
 * model. */
static bool
is_inline_image(const json_t *value)
{
    return json_is_string(value) &&
           strncmp(json_string_value(value), "data:", 5) == 0;
}


static void
strip_images(json_t *value)
{
    size_t      i;
    void       *next;
    json_t     *item;
    const char *key;

    json_array_foreach(value, i, item)
    {
        strip_images(item);
    }

    json_object_foreach_safe(value, next, key, item)
    {
        if (is_inline_image(item)) {
            (void) json_object_del(value, key);
        } else {
            strip_images(item);
        }
    }
}


/* A new reference; NULL after nt_call_fail. */
static json_t *
ask(nt_node_call_t *call, const char *url)
{
    int               status;
    json_t           *reply = NULL;
    nt_web_t          web;
    const char       *error;
    nt_http_request_t request = { .url = url,
                                  .timeout = SECONDS,
                                  .flags = NT_HTTP_TRUSTED };

    if (nt_web_ask(call, &request, &web)) {
        status = nt_http_status(web.reply);
        reply = status == 200 || (web.body.len > 0 && web.body.data[0] == '{')
                    ? nt_web_json(call, &web)
                    : NULL;
        error = json_string_value(json_object_get(reply, "error"));

        if (reply == NULL) {
            (void) nt_web_fail_status(call, &web);

        } else if (error != NULL && !is_empty_search(error)) {
            (void) nt_call_fail(call, "SerpApi: %.500s", error);
            json_decref(reply);
            reply = NULL;

        } else if (!json_is_object(reply) || status != 200) {
            (void) nt_web_fail_status(call, &web);
            json_decref(reply);
            reply = NULL;
        }
    }

    nt_web_free(&web);
    return reply;
}


nt_node_rc_t
nt_search_with(nt_node_call_t *call, const nt_search_t *search)
{
    json_t      *reply = NULL;
    nt_buf_t     url = { 0 };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (check_required(call, search) && make_url(call, search, &url)) {
        reply = ask(call, url.data);
    }

    if (reply != NULL) {
        strip_images(reply);
        rc = search->emit(call, search, reply);
    }

    json_decref(reply);
    nt_buf_free(&url);
    return rc;
}


nt_node_rc_t
nt_search_run(nt_node_call_t *call)
{
    return nt_search_with(call, (const nt_search_t *) nt_call_type(call));
}


/* --- results --- */

/* Appends the items of a list; false when memory is out. */
static bool
extend(json_t *results, const json_t *list, bool sections)
{
    size_t  i;
    bool    ok = true;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        ok = ok &&
             (sections ? extend(results, json_object_get(item, "items"), false)
                       : json_array_append(results, item) == 0);
    }

    return ok;
}


json_t *
nt_search_results(nt_node_call_t *call, const nt_search_t *search,
                  const json_t *reply)
{
    bool               ok = true;
    size_t             n;
    json_t            *results = json_array();
    const json_t      *limit;
    const char *const *name;

    for (name = search->results; ok && *name != NULL; name++) {
        ok = extend(results, json_object_get(reply, *name),
                    search->flags & NT_SEARCH_ITEMS);

        if (json_array_size(results) > 0 && !(search->flags & NT_SEARCH_ALL)) {
            break;
        }
    }

    limit = nt_call_input(call, "num_results");

    if (json_is_integer(limit) && json_integer_value(limit) > 0) {
        n = (size_t) json_integer_value(limit);

        while (json_array_size(results) > n) {
            (void) json_array_remove(results, json_array_size(results) - 1);
        }
    }

    if (!ok) {
        json_decref(results);
        results = NULL;
    }

    return results;
}


json_t *
nt_search_images(const nt_search_t *search, const json_t *results)
{
    size_t  i;
    json_t *images = json_array(), *item, *url;

    json_array_foreach(results, i, item)
    {
        url = nt_search_at(item, search->image);

        if (json_is_string(url) &&
            json_array_append_new(images,
                                  json_pack("{s:s, s:O, s:n, s:n, s:n}", "type",
                                            "image", "uri", url, "asset_id",
                                            "data", "metadata")) != 0)
        {
            json_decref(images);
            return NULL;
        }
    }

    return images;
}


nt_node_rc_t
nt_search_emit_list(nt_node_call_t *call, const nt_search_t *search,
                    json_t *reply)
{
    json_t            *results, *value;
    const nt_output_t *output;
    nt_node_rc_t       rc = NT_NODE_DONE;

    results = nt_search_results(call, search, reply);

    if (results == NULL) {
        return nt_arg_nomem(call);
    }

    for (output = search->node.outputs;
         rc == NT_NODE_DONE && output->name != NULL; output++)
    {
        if (strcmp(output->name, "text") == 0) {
            value = nt_search_text(search, reply, results);
        } else if (strcmp(output->name, "images") == 0) {
            value = nt_search_images(search, results);
        } else {
            value = json_incref(results);
        }

        rc = nt_call_emit(call, output->name, value);
    }

    json_decref(results);
    return rc;
}


nt_node_rc_t
nt_search_emit_one(nt_node_call_t *call, const nt_search_t *search,
                   json_t *reply)
{
    const json_t      *found;
    const char *const *name;

    for (name = search->results; *name != NULL; name++) {
        found = json_object_get(reply, *name);

        if (json_is_object(found)) {
            return nt_emit(call, json_incref((json_t *) found));
        }
    }

    return nt_emit(call, json_incref(reply));
}


nt_node_rc_t
nt_search_emit_some(nt_node_call_t *call, const nt_search_t *search,
                    json_t *reply)
{
    json_t            *some = json_object(), *found;
    const char *const *name;

    for (name = search->results; *name != NULL; name++) {
        found = json_object_get(reply, *name);

        if (found != NULL && json_object_set(some, *name, found) != 0) {
            json_decref(some);
            return nt_arg_nomem(call);
        }
    }

    return nt_emit(call, some);
}


/* --- the library --- */

#define NT_SEARCHES_MAX 64

static const nt_node_type_t *types[NT_SEARCHES_MAX + 1];

/* Before main, so that the library is a constant to all others. */
static void __attribute__((constructor)) collect(void)
{
    static const nt_search_t *const tables[] = {
        nt_search_google, nt_search_travel, nt_search_shops, nt_search_engines,
        nt_search_media
    };
    size_t             i, n = 0;
    const nt_search_t *search;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (search = tables[i];
             search->node.type != NULL && n < NT_SEARCHES_MAX; search++)
        {
            types[n++] = &search->node;
        }
    }
}

const nt_node_library_t nt_nodes_search = { NODETOOL_NODE_ABI, "search",
                                            types };
