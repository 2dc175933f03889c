/*
 * engine/nodes/jsonschema_items.c - JSON Schema: keywords for lists and
 * dicts.
 */

#include "engine/nodes/jsonschema_int.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"


/* Whether a size lies between two keywords. */
static int
check_size(nt_js_t *js, const json_t *schema, const char *min, const char *max,
           size_t size)
{
    int    rc = 1;
    double limit;

    if (nt_js_count(js, schema, max, &limit, &rc) && (double) size > limit) {
        rc = 0;
    }

    if (rc == 1 && nt_js_count(js, schema, min, &limit, &rc) &&
        (double) size < limit)
    {
        rc = 0;
    }

    return rc;
}


/* --- lists --- */

/* The items from `first` on. */
static int
check_rest(nt_js_t *js, const json_t *schema, const json_t *list, size_t first)
{
    int    rc = 1;
    size_t i;

    for (i = first; i < json_array_size(list) && rc == 1; i++) {
        rc = nt_js_check(js, schema, json_array_get(list, i));
    }

    return rc;
}


/* A schema for each of the first items, then one for the others; before
 * 2020-12 they were called items and additionalItems. */
static int
check_items(nt_js_t *js, const json_t *schema, const json_t *list)
{
    int           rc = 1;
    size_t        i, n;
    const json_t *prefix, *rest;

    prefix = json_object_get(schema, "prefixItems");
    rest = json_object_get(schema, "items");

    if (prefix == NULL && json_is_array(rest)) {
        prefix = rest;
        rest = json_object_get(schema, "additionalItems");
    }

    if (prefix != NULL && !json_is_array(prefix)) {
        return nt_js_fault(js, "\"prefixItems\" must be a list of schemas");
    }

    n = json_array_size(prefix);

    for (i = 0; i < n && i < json_array_size(list) && rc == 1; i++) {
        rc =
            nt_js_check(js, json_array_get(prefix, i), json_array_get(list, i));
    }

    return rc == 1 && rest != NULL ? check_rest(js, rest, list, n) : rc;
}


static int
check_contains(nt_js_t *js, const json_t *schema, const json_t *list)
{
    int           rc = 1, one;
    double        min = 1, max = -1, count = 0;
    size_t        i;
    json_t       *item;
    const json_t *contains = json_object_get(schema, "contains");

    if (contains == NULL) {
        return 1;
    }

    (void) nt_js_count(js, schema, "minContains", &min, &rc);
    (void) nt_js_count(js, schema, "maxContains", &max, &rc);

    if (rc != 1) {
        return rc;
    }

    json_array_foreach(list, i, item)
    {
        one = nt_js_check(js, contains, item);

        if (one < 0) {
            return one;
        }

        count += one;
    }

    return count >= min && (max < 0 || count <= max);
}


/* Booleans and numbers are told apart: true is not 1. */
static int
check_unique(nt_js_t *js, const json_t *list)
{
    int      rc = 1;
    size_t   i;
    json_t  *seen = json_object(), *item;
    nt_buf_t key = { 0 };

    json_array_foreach(list, i, item)
    {
        nt_buf_reset(&key);
        nt_buf_append(&key, "b", json_is_boolean(item) ? 1 : 0);
        nt_py_key(&key, item);

        if (key.failed || seen == NULL) {
            rc = nt_js_fault(js, "the server is out of memory");

        } else if (json_object_getn(seen, key.data, key.len) != NULL) {
            rc = 0;

        } else if (json_object_setn_new_nocheck(seen, key.data, key.len,
                                                json_true()) != 0)
        {
            rc = nt_js_fault(js, "the server is out of memory");
        }

        if (rc != 1) {
            break;
        }
    }

    nt_buf_free(&key);
    json_decref(seen);
    return rc;
}


int
nt_js_check_list(nt_js_t *js, const json_t *schema, const json_t *list)
{
    int rc;

    rc = check_size(js, schema, "minItems", "maxItems", json_array_size(list));

    if (rc == 1) {
        rc = check_items(js, schema, list);
    }

    if (rc == 1) {
        rc = check_contains(js, schema, list);
    }

    if (rc == 1 && json_is_true(json_object_get(schema, "uniqueItems"))) {
        rc = check_unique(js, list);
    }

    return rc;
}


/* --- dicts --- */

static bool
has(const json_t *dict, const json_t *name)
{
    return json_object_getn(dict, json_string_value(name),
                            json_string_length(name)) != NULL;
}


/* All of a list of names are there. */
static int
check_names(nt_js_t *js, const json_t *names, const json_t *dict,
            const char *keyword)
{
    size_t  i;
    json_t *name;

    if (!json_is_array(names)) {
        return nt_js_fault(js, "\"%s\" must be a list of names", keyword);
    }

    json_array_foreach(names, i, name)
    {
        if (!json_is_string(name)) {
            return nt_js_fault(js, "\"%s\" must be a list of names", keyword);
        }

        if (!has(dict, name)) {
            return 0;
        }
    }

    return 1;
}


/* One member, by properties, patternProperties, or else by
 * additionalProperties. */
static int
check_member(nt_js_t *js, const json_t *schema, nt_str_t name, json_t *value)
{
    int         rc = 1, match;
    bool        known = false;
    size_t      len;
    json_t     *one;
    const char *pattern;

    one = json_object_getn(json_object_get(schema, "properties"), name.data,
                           name.len);

    if (one != NULL) {
        known = true;
        rc = nt_js_check(js, one, value);
    }

    json_object_keylen_foreach(json_object_get(schema, "patternProperties"),
                               pattern, len, one)
    {
        match =
            rc == 1 ? nt_js_match(js, (nt_str_t) { pattern, len }, name) : 0;

        if (match < 0) {
            return match;
        }

        if (match == 1) {
            known = true;
            rc = nt_js_check(js, one, value);
        }
    }

    one = json_object_get(schema, "additionalProperties");

    return rc == 1 && !known && one != NULL ? nt_js_check(js, one, value) : rc;
}


static int
check_members(nt_js_t *js, const json_t *schema, const json_t *dict)
{
    int           rc = 1;
    size_t        len;
    json_t       *value, *text;
    const char   *name;
    const json_t *names = json_object_get(schema, "propertyNames");

    json_object_keylen_foreach((json_t *) dict, name, len, value)
    {
        rc = check_member(js, schema, (nt_str_t) { name, len }, value);

        if (rc == 1 && names != NULL) {
            text = json_stringn(name, len);
            rc = text != NULL ? nt_js_check(js, names, text)
                              : nt_js_fault(js, "the server is out of memory");
            json_decref(text);
        }

        if (rc != 1) {
            break;
        }
    }

    return rc;
}


/* What a member brings with it: names, or a schema for the whole dict. */
static int
check_dependent(nt_js_t *js, const json_t *schema, const char *keyword,
                const json_t *dict)
{
    int         rc = 1;
    size_t      len;
    json_t     *demand;
    const char *name;

    json_object_keylen_foreach(json_object_get(schema, keyword), name, len,
                               demand)
    {
        if (rc == 1 && json_object_getn(dict, name, len) != NULL) {
            rc = json_is_array(demand) ? check_names(js, demand, dict, keyword)
                                       : nt_js_check(js, demand, dict);
        }
    }

    return rc;
}


int
nt_js_check_dict(nt_js_t *js, const json_t *schema, const json_t *dict)
{
    int           rc;
    const json_t *required = json_object_get(schema, "required");

    rc = check_size(js, schema, "minProperties", "maxProperties",
                    json_object_size(dict));

    /* in draft 3 a boolean, which means nothing here */
    if (rc == 1 && required != NULL && !json_is_boolean(required)) {
        rc = check_names(js, required, dict, "required");
    }

    if (rc == 1) {
        rc = check_members(js, schema, dict);
    }

    if (rc == 1) {
        rc = check_dependent(js, schema, "dependentRequired", dict);
    }

    if (rc == 1) {
        rc = check_dependent(js, schema, "dependentSchemas", dict);
    }

    return rc == 1 ? check_dependent(js, schema, "dependencies", dict) : rc;
}
