/*
 * engine/nodes/jsonschema.c - JSON Schema: what applies, references, and
 * schemas within schemas.
 */

#include <stdlib.h>

#include "engine/nodes/jsonschema_int.h"
#include "engine/nodes/ustr.h"


int
nt_js_fault(nt_js_t *js, const char *format, ...)
{
    char    text[256];
    va_list args;

    if (js->error->len == 0) {
        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        nt_buf_append_str(js->error, nt_str(text));
    }

    return -1;
}


/* --- references --- */

/* The schema at a JSON pointer (RFC 6901) in a URI fragment. */
static json_t *
follow_pointer(json_t *from, const char *pointer)
{
    char     hex[3] = "";
    nt_buf_t name = { 0 };

    while (from != NULL && *pointer == '/') {
        nt_buf_reset(&name);

        for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
            if (pointer[0] == '~' && (pointer[1] == '0' || pointer[1] == '1')) {
                nt_buf_append_char(&name, *++pointer == '0' ? '~' : '/');

            } else if (pointer[0] == '%' && pointer[1] != '\0' &&
                       pointer[2] != '\0') {
                memcpy(hex, pointer + 1, 2);
                nt_buf_append_char(&name, (char) strtol(hex, NULL, 16));
                pointer += 2;

            } else {
                nt_buf_append_char(&name, *pointer);
            }
        }

        nt_buf_append_char(&name, '\0');

        if (name.failed) {
            from = NULL;
        } else if (json_is_array(from)) {
            from = json_array_get(from, strtoul(name.data, NULL, 10));
        } else {
            from = json_object_get(from, name.data);
        }
    }

    nt_buf_free(&name);
    return *pointer == '\0' ? from : NULL;
}


/* The subschema whose `keyword` is `name`, anywhere below `from`. */
static json_t *
find_named(json_t *from, const char *keyword, const char *name, unsigned depth)
{
    size_t      i;
    json_t     *child, *found;
    const char *text, *key;

    if (depth > NT_JSONSCHEMA_DEPTH_MAX) {
        return NULL;
    }

    text = json_string_value(json_object_get(from, keyword));

    if (text != NULL && strcmp(text, name) == 0) {
        return from;
    }

    json_object_foreach(from, key, child)
    {
        found = find_named(child, keyword, name, depth + 1);
        if (found != NULL) {
            return found;
        }
    }

    json_array_foreach(from, i, child)
    {
        found = find_named(child, keyword, name, depth + 1);
        if (found != NULL) {
            return found;
        }
    }

    return NULL;
}


static json_t *
resolve(nt_js_t *js, const char *reference)
{
    char       *id;
    json_t     *base = js->root;
    const char *fragment = strchr(reference, '#');

    if (fragment != reference) {
        id = fragment != NULL
                 ? strndup(reference, (size_t) (fragment - reference))
                 : strdup(reference);
        if (id == NULL) {
            return NULL;
        }

        base = find_named(js->root, "$id", id, 0);
        free(id);
    }

    if (base == NULL || fragment == NULL || fragment[1] == '\0') {
        return base;
    }

    return fragment[1] == '/' ? follow_pointer(base, fragment + 1)
                              : find_named(base, "$anchor", fragment + 1, 0);
}


static int
check_reference(nt_js_t *js, const json_t *reference, const json_t *value)
{
    json_t *schema;

    if (!json_is_string(reference)) {
        return nt_js_fault(js, "\"$ref\" must be a string");
    }

    schema = resolve(js, json_string_value(reference));

    return schema != NULL
               ? nt_js_check(js, schema, value)
               : nt_js_fault(js,
                             "\"$ref\" leads to no place in the schema: "
                             "\"%.100s\"",
                             json_string_value(reference));
}


/* --- schemas within schemas --- */

/* How many of a list of schemas the value meets, as far as it matters: at
 * most `enough`. -1 for a fault. */
static int
count_valid(nt_js_t *js, const json_t *schemas, const json_t *value,
            const char *keyword, int enough)
{
    int     rc, count = 0;
    size_t  i;
    json_t *schema;

    if (!json_is_array(schemas) || json_array_size(schemas) == 0) {
        return nt_js_fault(js, "\"%s\" must be a list of schemas", keyword);
    }

    json_array_foreach(schemas, i, schema)
    {
        rc = nt_js_check(js, schema, value);

        if (rc < 0) {
            return rc;
        }

        count += rc;

        if (count >= enough) {
            break;
        }
    }

    return count;
}


static int
check_all_of(nt_js_t *js, const json_t *schemas, const json_t *value)
{
    int     rc = 1;
    size_t  i;
    json_t *schema;

    if (!json_is_array(schemas) || json_array_size(schemas) == 0) {
        return nt_js_fault(js, "\"allOf\" must be a list of schemas");
    }

    json_array_foreach(schemas, i, schema)
    {
        rc = nt_js_check(js, schema, value);

        if (rc != 1) {
            break;
        }
    }

    return rc;
}


static int
check_combined(nt_js_t *js, const json_t *schema, const json_t *value)
{
    int           rc = 1;
    const json_t *keyword, *branch;

    if ((keyword = json_object_get(schema, "allOf")) != NULL) {
        rc = check_all_of(js, keyword, value);
    }

    if (rc == 1 && (keyword = json_object_get(schema, "anyOf")) != NULL) {
        rc = count_valid(js, keyword, value, "anyOf", 1);
    }

    if (rc == 1 && (keyword = json_object_get(schema, "oneOf")) != NULL) {
        rc = count_valid(js, keyword, value, "oneOf", 2);
        rc = rc < 0 ? rc : rc == 1;
    }

    if (rc == 1 && (keyword = json_object_get(schema, "not")) != NULL) {
        rc = nt_js_check(js, keyword, value);
        rc = rc < 0 ? rc : !rc;
    }

    if (rc == 1 && (keyword = json_object_get(schema, "if")) != NULL) {
        rc = nt_js_check(js, keyword, value);

        if (rc >= 0) {
            branch = json_object_get(schema, rc == 1 ? "then" : "else");
            rc = branch != NULL ? nt_js_check(js, branch, value) : 1;
        }
    }

    return rc;
}


/* --- one schema --- */

static int
check_supported(nt_js_t *js, const json_t *schema)
{
    size_t i;

    static const char *const unsupported[] = { "unevaluatedItems",
                                               "unevaluatedProperties",
                                               "$dynamicRef", "$recursiveRef" };

    for (i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
        if (json_object_get(schema, unsupported[i]) != NULL) {
            return nt_js_fault(js, "\"%s\" is not supported", unsupported[i]);
        }
    }

    return 1;
}


int
nt_js_check(nt_js_t *js, const json_t *schema, const json_t *value)
{
    int           rc;
    const json_t *reference;

    if (json_is_boolean(schema)) {
        return json_is_true(schema);
    }

    if (!json_is_object(schema)) {
        return nt_js_fault(js, "a schema must be an object or a boolean");
    }

    if (js->depth >= NT_JSONSCHEMA_DEPTH_MAX ||
        ++js->steps > NT_JSONSCHEMA_STEPS_MAX)
    {
        return nt_js_fault(js, "the schema is too complex: it refers to "
                               "itself, or has too many alternatives");
    }

    js->depth++;
    rc = check_supported(js, schema);
    reference = json_object_get(schema, "$ref");

    if (rc == 1 && reference != NULL) {
        rc = check_reference(js, reference, value);
    }

    if (rc == 1) {
        rc = nt_js_check_value(js, schema, value);
    }

    if (rc == 1 && json_is_array(value)) {
        rc = nt_js_check_list(js, schema, value);
    }

    if (rc == 1 && json_is_object(value)) {
        rc = nt_js_check_dict(js, schema, value);
    }

    if (rc == 1) {
        rc = check_combined(js, schema, value);
    }

    js->depth--;
    return rc;
}


int
nt_jsonschema_validate(const json_t *schema, const json_t *value,
                       nt_buf_t *error)
{
    nt_js_t js = { .root = (json_t *) schema, .error = error };

    return nt_js_check(&js, schema, value);
}
