/*
 * A provider is named by the namespace of a node's type or by the value of a
 * model's property; a model by that value alone.
 */

#include "engine/workflows/required.h"

#include <stdlib.h>
#include <string.h>

#define NT_VALUE_DEPTH 32 /* of values that are looked into */

/* Namespaces that are a provider's. */
static const char *const providers[] = {
    "anthropic",       "aime",    "fal",    "gemini", "huggingface", "kie",
    "huggingface_hub", "mistral", "ollama", "openai", "replicate",   NULL
};

typedef struct {
    json_t *providers; /* names as the keys of objects */
    json_t *models;
    bool    failed;
} nt_required_t;


static void
add(nt_required_t *r, json_t *set, const json_t *name)
{
    if (json_string_length(name) > 0 &&
        json_object_set_new(set, json_string_value(name), json_true()) != 0)
    {
        r->failed = true;
    }
}


static bool
has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), n = strlen(suffix);

    return len >= n && strcmp(text + len - n, suffix) == 0;
}


/* {"type": "language_model", "provider": ..., "id": ...}, or of another kind
 * of model; {"type": "hf.…", "repo_id": ...}; {"type":
 * "inference_provider_…", "provider": ..., "model_id": ...} */
static void
add_model(nt_required_t *r, const json_t *value)
{
    const char *type = json_string_value(json_object_get(value, "type"));

    if (type == NULL) {
        return;
    }

    if (has_suffix(type, "_model")) {
        add(r, r->providers, json_object_get(value, "provider"));
        add(r, r->models, json_object_get(value, "id"));

    } else if (strncmp(type, "hf.", 3) == 0) {
        add(r, r->models, json_object_get(value, "repo_id"));

    } else if (strncmp(type, "inference_provider_", 19) == 0) {
        add(r, r->providers, json_object_get(value, "provider"));
        add(r, r->models, json_object_get(value, "model_id"));
    }
}


static void
add_values(nt_required_t *r, const json_t *value, unsigned depth)
{
    size_t      i;
    json_t     *item;
    const char *key;

    if (depth == NT_VALUE_DEPTH) {
        return;
    }

    if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            add_values(r, item, depth + 1);
        }
        return;
    }

    if (json_is_object(value)) {
        add_model(r, value);
        json_object_foreach((json_t *) value, key, item)
        {
            add_values(r, item, depth + 1);
        }
    }
}


static void
add_namespace(nt_required_t *r, const char *type)
{
    size_t len = type != NULL ? strcspn(type, ".") : 0;

    for (const char *const *p = providers; len > 0 && *p != NULL; p++) {
        if (strlen(*p) == len && memcmp(*p, type, len) == 0 &&
            json_object_set_new(r->providers, *p, json_true()) != 0)
        {
            r->failed = true;
        }
    }
}


static int
by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}


/* The keys of an object, sorted; null for none, NULL when memory is out. */
static json_t *
sorted_keys(json_t *set)
{
    size_t       i = 0, n = json_object_size(set);
    json_t      *list, *value;
    const char  *key;
    const char **keys;

    if (n == 0) {
        return json_null();
    }

    keys = calloc(n, sizeof(*keys));
    list = json_array();
    if (keys == NULL || list == NULL) {
        goto nomem;
    }

    json_object_foreach(set, key, value)
    {
        keys[i++] = key;
    }

    qsort(keys, n, sizeof(*keys), by_name);

    for (i = 0; i < n; i++) {
        if (json_array_append_new(list, json_string(keys[i])) != 0) {
            goto nomem;
        }
    }

    free(keys);

    return list;

nomem:

    free(keys);
    json_decref(list);

    return NULL;
}


bool
nt_required_set(json_t *view, const json_t *graph)
{
    size_t        i;
    json_t       *node;
    nt_required_t r = { .providers = json_object(), .models = json_object() };

    r.failed = r.providers == NULL || r.models == NULL;

    json_array_foreach(json_object_get(graph, "nodes"), i, node)
    {
        if (r.failed) {
            break;
        }

        add_namespace(&r, json_string_value(json_object_get(node, "type")));
        add_values(&r, json_object_get(node, "data"), 0);
    }

    r.failed = r.failed ||
               json_object_set_new(view, "required_providers",
                                   sorted_keys(r.providers)) != 0 ||
               json_object_set_new(view, "required_models",
                                   sorted_keys(r.models)) != 0;

    json_decref(r.providers);
    json_decref(r.models);

    return !r.failed;
}
