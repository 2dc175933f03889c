/*
 * engine/template/methods_str.c - methods of strings.
 */

#include <unictype.h>

#include "engine/template/tpl.h"


static json_t *
mapped(nt_tpl_env_t *env, json_t *value,
       void (*mapping)(nt_buf_t *out, nt_str_t s))
{
    nt_buf_t buf = { 0 };

    mapping(&buf, nt_ustr(value));
    return nt_tpl_take(env, &buf);
}


static json_t *
str_upper(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return mapped(env, value, nt_ustr_upper);
}


static json_t *
str_lower(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return mapped(env, value, nt_ustr_lower);
}


static json_t *
str_title(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return mapped(env, value, nt_ustr_title);
}


static json_t *
str_capitalize(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return mapped(env, value, nt_ustr_capitalize);
}


static json_t *
str_swapcase(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return mapped(env, value, nt_ustr_swapcase);
}


/* A string argument; where it may be missing, or None, *given says so. */
static bool
string_arg(nt_tpl_env_t *env, json_t *arg, nt_str_t *text, bool *given)
{
    *text = nt_ustr(arg);
    *given = arg != NULL && !json_is_null(arg);

    if (*given && !json_is_string(arg)) {
        nt_tpl_fail(env,
                    "a method of a string got a value of type %s for a "
                    "string",
                    nt_tpl_type(env, arg));
        return false;
    }

    return true;
}


static bool
int_arg(nt_tpl_env_t *env, json_t *arg, int64_t fallback, int64_t *number)
{
    *number = fallback;

    if (arg == NULL || json_is_null(arg)) {
        return true;
    }

    if (!nt_py_integer(arg, number)) {
        nt_tpl_fail(env,
                    "a method of a string got a value of type %s for a "
                    "whole number",
                    nt_tpl_type(env, arg));
        return false;
    }

    return true;
}


static json_t *
stripped(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args, int sides)
{
    bool     given;
    nt_str_t chars;

    if (!string_arg(env, args->p[0], &chars, &given) ||
        !nt_tpl_charge(env,
                       json_string_length(value) / 16 * (chars.len / 256 + 1)))
    {
        return NULL;
    }

    return nt_ustr_json(
        nt_ustr_strip(nt_ustr(value), sides, given ? &chars : NULL));
}


static json_t *
str_strip(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return stripped(env, value, args, NT_USTR_BOTH);
}


static json_t *
str_lstrip(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return stripped(env, value, args, NT_USTR_LEFT);
}


static json_t *
str_rstrip(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return stripped(env, value, args, NT_USTR_RIGHT);
}


static json_t *
split_by(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args,
         json_t *(*split)(nt_str_t s, nt_str_t sep, int64_t count))
{
    bool     given;
    json_t  *list;
    int64_t  count;
    nt_str_t sep;

    if (!string_arg(env, args->p[0], &sep, &given) ||
        !int_arg(env, args->p[1], -1, &count))
    {
        return NULL;
    }

    if (given && sep.len == 0) {
        return nt_tpl_fail(env, "split() needs a separator that is not empty");
    }

    list = given ? split(nt_ustr(value), sep, count)
                 : nt_ustr_split_space(nt_ustr(value), count);

    if (list != NULL && !nt_tpl_charge(env, json_array_size(list))) {
        json_decref(list);
        return NULL;
    }

    return list;
}


static json_t *
str_split(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return split_by(env, value, args, nt_ustr_split);
}


static json_t *
str_rsplit(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return split_by(env, value, args, nt_ustr_rsplit);
}


static json_t *
str_splitlines(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return nt_ustr_lines(nt_ustr(value),
                         args->p[0] != NULL && nt_py_truth(args->p[0]));
}


static json_t *
str_join(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t   i;
    json_t  *list, *item;
    nt_buf_t buf = { 0 };

    list = nt_tpl_list(env, args->p[0]);

    if (list == NULL) {
        return NULL;
    }

    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item)) {
            nt_tpl_fail(env, "join() needs strings, item %zu is of type %s", i,
                        nt_tpl_type(env, item));
        }

        if (env->failed || !nt_tpl_room(env, buf.len / 64) ||
            (i > 0 && !nt_tpl_str(env, &buf, value)) ||
            !nt_tpl_str(env, &buf, item))
        {
            break;
        }
    }

    json_decref(list);
    return nt_tpl_take(env, &buf);
}


static json_t *
str_replace(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    int64_t  count;
    nt_buf_t buf = { 0 };

    if (!json_is_string(args->p[0]) || !json_is_string(args->p[1])) {
        return nt_tpl_fail(env, "replace() needs two strings");
    }

    if (!int_arg(env, args->p[2], -1, &count)) {
        return NULL;
    }

    nt_ustr_replace(&buf, nt_ustr(value), nt_ustr(args->p[0]),
                    nt_ustr(args->p[1]), count,
                    env->template->options.max_output);
    return nt_tpl_take(env, &buf);
}


/* A string or a tuple of strings. */
static json_t *
has_end(nt_tpl_env_t *env, json_t *value, json_t *arg,
        bool (*has)(nt_str_t s, nt_str_t end))
{
    bool    found;
    size_t  i;
    json_t *item;

    if (json_is_string(arg)) {
        return json_boolean(has(nt_ustr(value), nt_ustr(arg)));
    }

    if (!json_is_array(arg)) {
        return nt_tpl_fail(env, "startswith() and endswith() need a string");
    }

    found = false;

    json_array_foreach(arg, i, item)
    {
        found = found ||
                (json_is_string(item) && has(nt_ustr(value), nt_ustr(item)));
    }

    return json_boolean(found);
}


static json_t *
str_startswith(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return has_end(env, value, args->p[0], nt_ustr_starts);
}


static json_t *
str_endswith(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return has_end(env, value, args->p[0], nt_ustr_ends);
}


/* Position in code points, or -1. */
static bool
find(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args, bool last,
     int64_t *position)
{
    bool      given;
    size_t    len, count;
    int64_t   start, stop, from;
    nt_str_t  s, needle;
    ptrdiff_t at;

    s = nt_ustr(value);
    len = nt_ustr_len(s);

    if (!string_arg(env, args->p[0], &needle, &given) || !given ||
        !int_arg(env, args->p[1], 0, &start) ||
        !int_arg(env, args->p[2], (int64_t) len, &stop))
    {
        if (!env->failed) {
            nt_tpl_fail(env, "find() needs a string");
        }

        return false;
    }

    *position = -1;

    if (start > (int64_t) len) {
        return true;
    }

    nt_slice(len, &start, &stop, 1, &from, &count);
    at = last ? nt_ustr_rfind(s, needle, nt_ustr_offset(s, (size_t) from),
                              nt_ustr_offset(s, (size_t) from + count))
              : nt_ustr_find(s, needle, nt_ustr_offset(s, (size_t) from),
                             nt_ustr_offset(s, (size_t) from + count));

    if (at >= 0) {
        s.len = (size_t) at;
        *position = (int64_t) nt_ustr_len(s);
    }

    return true;
}


static json_t *
str_find(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    int64_t position;

    return find(env, value, args, false, &position) ? json_integer(position)
                                                    : NULL;
}


static json_t *
str_rfind(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    int64_t position;

    return find(env, value, args, true, &position) ? json_integer(position)
                                                   : NULL;
}


static json_t *
str_index(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    int64_t position;

    if (!find(env, value, args, false, &position)) {
        return NULL;
    }

    return position < 0 ? nt_tpl_fail(env, "index() did not find its argument "
                                           "in the string")
                        : json_integer(position);
}


static json_t *
str_count(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool      given;
    size_t    pos;
    int64_t   n;
    nt_str_t  s, needle;
    ptrdiff_t at;

    s = nt_ustr(value);

    if (!string_arg(env, args->p[0], &needle, &given)) {
        return NULL;
    }

    if (needle.len == 0) {
        return json_integer((json_int_t) nt_ustr_len(s) + 1);
    }

    for (n = 0, pos = 0; (at = nt_ustr_find(s, needle, pos, s.len)) >= 0; n++) {
        pos = (size_t) at + needle.len;
    }

    return json_integer(n);
}


/* --- what all characters are --- */

static bool
is_digit(uint32_t c)
{
    return uc_digit_value(c) >= 0;
}


static bool
is_decimal(uint32_t c)
{
    return uc_decimal_value(c) >= 0;
}


static bool
is_numeric(uint32_t c)
{
    return uc_numeric_value(c).denominator != 0;
}


static bool
is_alpha(uint32_t c)
{
    return uc_is_general_category(c, UC_CATEGORY_L);
}


static json_t *
all_are(json_t *value, bool (*is)(uint32_t c))
{
    size_t   pos;
    nt_str_t s;

    s = nt_ustr(value);

    for (pos = 0; pos < s.len;) {
        if (!is(nt_ustr_next(s, &pos))) {
            return json_false();
        }
    }

    return json_boolean(s.len > 0);
}


static json_t *
str_isdigit(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return all_are(value, is_digit);
}


static json_t *
str_isdecimal(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return all_are(value, is_decimal);
}


static json_t *
str_isnumeric(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return all_are(value, is_numeric);
}


static json_t *
str_isalpha(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return all_are(value, is_alpha);
}


static json_t *
str_isalnum(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return all_are(value, nt_ustr_is_alnum);
}


static json_t *
str_isspace(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return all_are(value, nt_ustr_is_space);
}


/* At least one letter with a case, and none with the other one. */
static json_t *
has_case(json_t *value, bool upper)
{
    bool     cased;
    size_t   pos;
    nt_str_t s;
    uint32_t c;

    s = nt_ustr(value);
    cased = false;

    for (pos = 0; pos < s.len;) {
        c = nt_ustr_next(s, &pos);

        if (upper ? uc_is_property_lowercase(c) : uc_is_property_uppercase(c)) {
            return json_false();
        }

        cased = cased || (upper ? uc_is_property_uppercase(c)
                                : uc_is_property_lowercase(c));
    }

    return json_boolean(cased);
}


static json_t *
str_isupper(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return has_case(value, true);
}


static json_t *
str_islower(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return has_case(value, false);
}


const nt_tpl_callee_t nt_tpl_str_methods[] = {
    { "capitalize", "", str_capitalize },
    { "casefold", "", str_lower },
    { "count", "sub!", str_count },
    { "endswith", "suffix!", str_endswith },
    { "find", "sub! start end", str_find },
    { "index", "sub! start end", str_index },
    { "isalnum", "", str_isalnum },
    { "isalpha", "", str_isalpha },
    { "isdecimal", "", str_isdecimal },
    { "isdigit", "", str_isdigit },
    { "islower", "", str_islower },
    { "isnumeric", "", str_isnumeric },
    { "isspace", "", str_isspace },
    { "isupper", "", str_isupper },
    { "join", "iterable!", str_join },
    { "lower", "", str_lower },
    { "lstrip", "chars", str_lstrip },
    { "replace", "old! new! count", str_replace },
    { "rfind", "sub! start end", str_rfind },
    { "rsplit", "sep maxsplit", str_rsplit },
    { "rstrip", "chars", str_rstrip },
    { "split", "sep maxsplit", str_split },
    { "splitlines", "keepends", str_splitlines },
    { "startswith", "prefix!", str_startswith },
    { "strip", "chars", str_strip },
    { "swapcase", "", str_swapcase },
    { "title", "", str_title },
    { "upper", "", str_upper },
    { NULL, NULL, NULL }
};
