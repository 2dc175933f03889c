#include "engine/graph/types.h"

#include <ctype.h>
#include <math.h>

#define TYPE_DEPTH_MAX 16

static const struct {
    const char    *name;
    nt_type_kind_t kind;
} kinds[] = { { "any", NT_TYPE_ANY },     { "none", NT_TYPE_NONE },
              { "str", NT_TYPE_STR },     { "int", NT_TYPE_INT },
              { "float", NT_TYPE_FLOAT }, { "bool", NT_TYPE_BOOL },
              { "enum", NT_TYPE_ENUM },   { "list", NT_TYPE_LIST },
              { "dict", NT_TYPE_DICT },   { "union", NT_TYPE_UNION },
              { "image", NT_TYPE_REF },   { "audio", NT_TYPE_REF },
              { "video", NT_TYPE_REF },   { "document", NT_TYPE_REF },
              { "folder", NT_TYPE_REF },  { "dataframe", NT_TYPE_REF },
              { "color", NT_TYPE_REF },   { "message", NT_TYPE_REF },
              { "font", NT_TYPE_REF },    { "image_size", NT_TYPE_REF },
              { "model_3d", NT_TYPE_REF } };

static nt_type_kind_t
kind_of(const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strlen(kinds[i].name) == len &&
            memcmp(kinds[i].name, name, len) == 0) {
            return kinds[i].kind;
        }
    }
    if (len > 6 && memcmp(name + len - 6, "_model", 6) == 0) {
        return NT_TYPE_REF;
    }
    return NT_TYPE_OTHER;
}

static nt_type_t *
new_type(nt_arena_t *arena, const char *name, size_t len)
{
    nt_type_t *type;

    type = nt_arena_alloc(arena, sizeof(*type));
    if (type == NULL) {
        return NULL;
    }
    type->kind = kind_of(name, len);
    type->name = nt_arena_copy(arena, name, len);
    return type->name != NULL ? type : NULL;
}

static bool
add_arg(nt_arena_t *arena, nt_type_t *type, const nt_type_t *arg)
{
    const nt_type_t **args;

    args = nt_arena_alloc(arena, (type->n_args + 1) * sizeof(*args));
    if (args == NULL) {
        return false;
    }
    if (type->n_args > 0) {
        memcpy(args, type->args, type->n_args * sizeof(*args));
    }
    args[type->n_args++] = arg;
    type->args = args;
    return true;
}

static const nt_type_t *
parse(nt_arena_t *arena, const char **text, const char *const *values,
      unsigned depth)
{
    const char      *p = *text;
    size_t           len;
    nt_type_t       *type;
    const nt_type_t *arg;

    len = strcspn(p, "[],? ");
    if (len == 0 || depth > TYPE_DEPTH_MAX) {
        return NULL;
    }
    type = new_type(arena, p, len);
    if (type == NULL) {
        return NULL;
    }
    p += len;

    if (*p == '[') {
        do {
            p++;
            p += strspn(p, " ");
            arg = parse(arena, &p, values, depth + 1);
            if (arg == NULL || !add_arg(arena, type, arg)) {
                return NULL;
            }
            p += strspn(p, " ");
        } while (*p == ',');

        if (*p++ != ']') {
            return NULL;
        }
    }
    if (*p == '?') {
        type->optional = true;
        p++;
    }

    type->values = type->kind == NT_TYPE_ENUM ? values : NULL;
    *text = p;
    return type;
}

const nt_type_t *
nt_type_parse(nt_arena_t *arena, const char *text, const char *const *values)
{
    const nt_type_t *type;

    type = parse(arena, &text, values, 0);
    return type != NULL && *text == '\0' ? type : NULL;
}

static const char *const *
enum_values(nt_arena_t *arena, const json_t *list)
{
    const char **values;
    size_t       i, n;

    n = json_array_size(list);
    values = nt_arena_alloc(arena, (n + 1) * sizeof(*values));
    if (values == NULL) {
        return NULL;
    }
    for (i = 0; i < n; i++) {
        const json_t *value = json_array_get(list, i);

        if (!json_is_string(value)) {
            return NULL; /* numbers: any value passes */
        }
        values[i] = nt_arena_copy(arena, json_string_value(value),
                                  json_string_length(value));
        if (values[i] == NULL) {
            return NULL;
        }
    }
    return values;
}

static const nt_type_t *
from_json(nt_arena_t *arena, const json_t *meta, unsigned depth)
{
    const char      *name;
    nt_type_t       *type;
    const nt_type_t *arg;
    const json_t    *args;
    size_t           i;

    name = json_is_string(meta)
               ? json_string_value(meta)
               : json_string_value(json_object_get(meta, "type"));
    if (name == NULL || *name == '\0' || depth > TYPE_DEPTH_MAX) {
        return NULL;
    }
    type = new_type(arena, name, strlen(name));
    if (type == NULL) {
        return NULL;
    }
    type->optional = json_is_true(json_object_get(meta, "optional"));

    args = json_object_get(meta, "type_args");
    for (i = 0; i < json_array_size(args); i++) {
        arg = from_json(arena, json_array_get(args, i), depth + 1);
        if (arg == NULL || !add_arg(arena, type, arg)) {
            return NULL;
        }
    }
    if (type->kind == NT_TYPE_ENUM) {
        type->values = enum_values(arena, json_object_get(meta, "values"));
    }
    return type;
}

const nt_type_t *
nt_type_from_json(nt_arena_t *arena, const json_t *meta)
{
    return from_json(arena, meta, 0);
}

void
nt_type_write(nt_buf_t *buf, const nt_type_t *type)
{
    size_t i;

    if (type->values != NULL) {
        for (i = 0; type->values[i] != NULL; i++) {
            nt_buf_append_str(buf, i == 0 ? NT_STR("one of ") : NT_STR(", "));
            nt_buf_append_json(buf, nt_str(type->values[i]));
        }
        return;
    }

    nt_buf_append_str(buf, nt_str(type->name));
    for (i = 0; i < type->n_args; i++) {
        nt_buf_append_char(buf, i == 0 ? '[' : ',');
        nt_type_write(buf, type->args[i]);
    }
    if (type->n_args > 0) {
        nt_buf_append_char(buf, ']');
    }
}

json_t *
nt_type_to_json(const nt_type_t *type)
{
    json_t *meta, *list;
    size_t  i;
    int     rc = 0;

    meta = json_pack("{s:s}", "type", type->name);
    if (meta == NULL) {
        return NULL;
    }
    if (type->optional) {
        rc |= json_object_set_new(meta, "optional", json_true());
    }
    if (type->n_args > 0) {
        list = json_array();
        for (i = 0; i < type->n_args; i++) {
            rc |= json_array_append_new(list, nt_type_to_json(type->args[i]));
        }
        rc |= json_object_set_new(meta, "type_args", list);
    }
    if (type->values != NULL) {
        list = json_array();
        for (i = 0; type->values[i] != NULL; i++) {
            rc |= json_array_append_new(list, json_string(type->values[i]));
        }
        rc |= json_object_set_new(meta, "values", list);
    }
    if (rc != 0) {
        json_decref(meta);
        return NULL;
    }
    return meta;
}

static bool
any_accepts(const nt_type_t *to, const nt_type_t *from)
{
    size_t i;

    for (i = 0; i < to->n_args; i++) {
        if (nt_type_accepts(to->args[i], from)) {
            return true;
        }
    }
    return false;
}

static bool
union_accepts(const nt_type_t *to, const nt_type_t *from)
{
    size_t i;

    if (from->kind != NT_TYPE_UNION) {
        return any_accepts(to, from);
    }
    for (i = 0; i < from->n_args; i++) {
        if (!any_accepts(to, from->args[i])) {
            return false;
        }
    }
    return true;
}

static bool
enum_accepts(const nt_type_t *to, const nt_type_t *from)
{
    size_t i, j;

    /* A string may turn out to be one of the values; the run checks it. */
    if (from->kind == NT_TYPE_STR) {
        return true;
    }
    if (from->kind != NT_TYPE_ENUM) {
        return false;
    }
    if (to->values == NULL || from->values == NULL) {
        return true;
    }
    for (i = 0; from->values[i] != NULL; i++) {
        for (j = 0; to->values[j] != NULL; j++) {
            if (strcmp(to->values[j], from->values[i]) == 0) {
                break;
            }
        }
        if (to->values[j] == NULL) {
            return false;
        }
    }
    return true;
}

bool
nt_type_accepts(const nt_type_t *to, const nt_type_t *from)
{
    size_t i;

    if (to->kind == NT_TYPE_ANY || from->kind == NT_TYPE_ANY) {
        return true;
    }
    if (to->kind == NT_TYPE_UNION) {
        return union_accepts(to, from);
    }
    if (from->kind == NT_TYPE_UNION) {
        for (i = 0; i < from->n_args; i++) {
            if (nt_type_accepts(to, from->args[i])) {
                return true;
            }
        }
        return false;
    }
    if (to->kind == NT_TYPE_ENUM) {
        return enum_accepts(to, from);
    }
    if ((to->kind == NT_TYPE_INT || to->kind == NT_TYPE_FLOAT) &&
        (from->kind == NT_TYPE_INT || from->kind == NT_TYPE_FLOAT))
    {
        return true;
    }
    if (to->kind == NT_TYPE_STR && from->kind == NT_TYPE_ENUM) {
        return true;
    }
    if (to->kind == NT_TYPE_LIST && from->kind != NT_TYPE_LIST) {
        return to->n_args > 0 && nt_type_accepts(to->args[0], from);
    }
    if (to->kind != from->kind || strcmp(to->name, from->name) != 0) {
        return false;
    }

    /* Where one side leaves the members open, they may be anything. */
    for (i = 0; i < to->n_args && i < from->n_args; i++) {
        if (!nt_type_accepts(to->args[i], from->args[i])) {
            return false;
        }
    }
    return true;
}
