#include "engine/graph/types.h"

#include <stdio.h>
#include <math.h>

/* Doubles beyond this may not be whole numbers of int64_t. */
#define WHOLE_MAX 9007199254740992.0

const char *
nt_type_of(const json_t *value)
{
    const char *name;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        name = json_string_value(json_object_get(value, "type"));
        return name != NULL ? name : "dict";
    case JSON_ARRAY:
        return "list";
    case JSON_STRING:
        return "str";
    case JSON_INTEGER:
        return "int";
    case JSON_REAL:
        return "float";
    case JSON_TRUE:
    case JSON_FALSE:
        return "bool";
    default:
        return "none";
    }
}

static json_t *
convert_list(const nt_type_t *type, json_t *value)
{
    const nt_type_t *item;
    json_t          *copy, *old, *made;
    size_t           i, n;

    item = type->n_args > 0 ? type->args[0] : NULL;

    if (!json_is_array(value)) {
        if (item == NULL) {
            return NULL;
        }
        made = nt_type_convert(item, value);
        if (made == NULL) {
            return NULL;
        }
        copy = json_array();
        if (json_array_append_new(copy, made) != 0) {
            json_decref(copy);
            return NULL;
        }
        return copy;
    }
    if (item == NULL || item->kind == NT_TYPE_ANY) {
        return json_incref(value);
    }

    copy = NULL;
    n = json_array_size(value);
    for (i = 0; i < n; i++) {
        old = json_array_get(value, i);
        made = nt_type_convert(item, old);
        if (made == NULL) {
            json_decref(copy);
            return NULL;
        }
        if (made != old && copy == NULL) {
            copy = json_copy(value);
            if (copy == NULL) {
                json_decref(made);
                return NULL;
            }
        }
        if (made == old) {
            json_decref(made);
        } else if (json_array_set_new(copy, i, made) != 0) {
            json_decref(copy);
            return NULL;
        }
    }
    return copy != NULL ? copy : json_incref(value);
}

static json_t *
convert_dict(const nt_type_t *type, json_t *value)
{
    const nt_type_t *item;
    json_t          *copy, *old, *made;
    const char      *key;

    if (!json_is_object(value)) {
        return NULL;
    }
    if (type->n_args < 2 || type->args[1]->kind == NT_TYPE_ANY) {
        return json_incref(value);
    }

    item = type->args[1];
    copy = NULL;
    json_object_foreach(value, key, old)
    {
        made = nt_type_convert(item, old);
        if (made != NULL && made != old && copy == NULL) {
            copy = json_copy(value);
        }
        if (made == NULL || (made != old && copy == NULL)) {
            json_decref(made);
            json_decref(copy);
            return NULL;
        }
        if (made == old) {
            json_decref(made);
        } else if (json_object_set_new(copy, key, made) != 0) {
            json_decref(copy);
            return NULL;
        }
    }
    return copy != NULL ? copy : json_incref(value);
}

static json_t *
convert_union(const nt_type_t *type, json_t *value)
{
    json_t *made;
    size_t  i;

    /* A member that takes the value as it is goes before one that would
     * have to change it. */
    for (i = 0; i < type->n_args; i++) {
        made = nt_type_convert(type->args[i], value);
        if (made == value) {
            return made;
        }
        json_decref(made);
    }
    for (i = 0; i < type->n_args; i++) {
        made = nt_type_convert(type->args[i], value);
        if (made != NULL) {
            return made;
        }
    }
    return NULL;
}

/* Some enums are of integers, whose values are written as texts. */
static bool
enum_has(const nt_type_t *type, const json_t *value)
{
    char        number[24];
    const char *text;
    size_t      i;

    text = json_string_value(value);
    if (json_is_integer(value)) {
        (void) snprintf(number, sizeof(number), "%lld",
                        (long long) json_integer_value(value));
        text = number;
    }
    if (type->values == NULL) {
        return text != NULL;
    }
    for (i = 0; text != NULL && type->values[i] != NULL; i++) {
        if (strcmp(type->values[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_ref(const nt_type_t *type, const json_t *value)
{
    const json_t *name;

    if (!json_is_object(value)) {
        return false;
    }
    name = json_object_get(value, "type");
    return name == NULL || (json_is_string(name) &&
                            strcmp(json_string_value(name), type->name) == 0);
}

static json_t *
convert_number(const nt_type_t *type, json_t *value)
{
    double real;

    if (type->kind == NT_TYPE_FLOAT) {
        return json_is_integer(value)
                   ? json_real((double) json_integer_value(value))
                   : (json_is_real(value) ? json_incref(value) : NULL);
    }

    if (json_is_integer(value)) {
        return json_incref(value);
    }
    real = json_real_value(value);
    if (json_is_real(value) && fabs(real) <= WHOLE_MAX && real == rint(real)) {
        return json_integer((json_int_t) real);
    }
    return NULL;
}

json_t *
nt_type_convert(const nt_type_t *type, json_t *value)
{
    bool fits;

    if (type->optional && json_is_null(value)) {
        return json_incref(value);
    }

    switch (type->kind) {
    case NT_TYPE_INT:
    case NT_TYPE_FLOAT:
        return convert_number(type, value);
    case NT_TYPE_LIST:
        return convert_list(type, value);
    case NT_TYPE_DICT:
        return convert_dict(type, value);
    case NT_TYPE_UNION:
        return convert_union(type, value);
    case NT_TYPE_ENUM:
        fits = enum_has(type, value);
        break;
    case NT_TYPE_REF:
        fits = is_ref(type, value);
        break;
    case NT_TYPE_STR:
        fits = json_is_string(value);
        break;
    case NT_TYPE_BOOL:
        fits = json_is_boolean(value);
        break;
    case NT_TYPE_NONE:
        fits = json_is_null(value);
        break;
    case NT_TYPE_ANY:
    case NT_TYPE_OTHER:
    default:
        fits = true;
        break;
    }
    return fits ? json_incref(value) : NULL;
}
