/*
 * engine/nodes/search.c - search.*: asking SerpApi.
 */

#include "engine/nodes/search.h"

#include "engine/http/serpapi.h"
#include "engine/nodes/registry.h"

const nt_output_t nt_search_out_list[] = { { "results", "list[dict]" },
                                           { "text", "str" },
                                           { NULL, NULL } };


/* --- the request --- */

/* The value of a property as the engine takes it, a new reference; NULL for
 * none. */
static json_t *
value_of(nt_node_call_t *call, const nt_search_param_t *param)
{
    size_t      i;
    json_t     *value = nt_call_input(call, param->property);
    const char *text = json_string_value(value);

    for (i = 0; text != NULL && param->map != NULL && param->map[i][0] != NULL;
         i++) {
        if (strcmp(param->map[i][0], text) == 0) {
            return json_string(param->map[i][1]);
        }
    }

    if (json_is_integer(value)) {
        if (json_integer_value(value) == 0) {
            return NULL;
        }

        if (param->most > 0 && json_integer_value(value) > param->most) {
            return json_integer(param->most);
        }
    }

    return json_incref(value);
}


/* All parameters; a new reference, NULL when memory is out. */
static json_t *
make_query(nt_node_call_t *call, const nt_search_t *search)
{
    int                      rc;
    json_t                  *query = json_object(), *value;
    const nt_search_param_t *param;

    rc = json_object_set_new(query, "engine", json_string(search->engine));

    for (param = search->params; param->name != NULL; param++) {
        value = param->value != NULL ? json_string(param->value)
                                     : value_of(call, param);

        if (value != NULL) {
            rc |= json_object_set_new(query, param->name, value);
        }
    }

    if ((search->flags & NT_SEARCH_HL) &&
        json_string_length(json_object_get(query, "hl")) == 0)
    {
        rc |= json_object_set_new(query, "hl", json_string("en"));
    }

    if ((search->flags & NT_SEARCH_GL) &&
        json_string_length(json_object_get(query, "gl")) == 0)
    {
        rc |= json_object_set_new(query, "gl", json_string("us"));
    }

    if (rc != 0) {
        json_decref(query);
        query = NULL;
    }

    return query;
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


nt_node_rc_t
nt_search_with(nt_node_call_t *call, const nt_search_t *search)
{
    json_t      *query, *reply;
    nt_buf_t     error = { 0 };
    nt_node_rc_t rc;

    if (!check_required(call, search)) {
        return NT_NODE_FAIL;
    }

    query = make_query(call, search);
    reply = query != NULL ? nt_serpapi(call, query, &error) : NULL;
    json_decref(query);

    if (reply != NULL) {
        rc = search->emit(call, search, reply);
    } else {
        rc = error.len > 0
                 ? nt_call_fail(call, "%.*s", (int) error.len, error.data)
                 : nt_arg_nomem(call);
    }

    json_decref(reply);
    nt_buf_free(&error);
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
    const char        *error;
    const char *const *name;

    /* that there is nothing of it */
    error = json_string_value(json_object_get(reply, "error"));

    if (error != NULL) {
        return nt_call_fail(call, "%.500s", error);
    }

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
