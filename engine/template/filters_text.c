/*
 * engine/template/filters_text.c - filters of text.  A value that is no
 * string is taken as its text.
 */

#include <stdio.h>

#include "engine/template/tpl.h"


/* str(value), replaced by `map`. */
static json_t *
map_text(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args,
         bool (*map)(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text,
                     nt_tpl_args_t *args))
{
    bool     ok;
    json_t  *text;
    nt_buf_t buf = { 0 };

    text = nt_tpl_string(env, value);

    if (text == NULL) {
        return NULL;
    }

    ok = nt_tpl_charge(env, json_string_length(text) / 16) &&
         map(env, &buf, nt_ustr(text), args);
    json_decref(text);

    if (!ok) {
        nt_buf_free(&buf);
        return env->failed ? NULL : nt_tpl_nomem(env);
    }

    return nt_tpl_take(env, &buf);
}


static bool
upper(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    nt_ustr_upper(out, text);
    return true;
}


static bool
lower(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    nt_ustr_lower(out, text);
    return true;
}


static bool
capitalize(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    nt_ustr_capitalize(out, text);
    return true;
}


/* Jinja2's words: they begin behind white space, - ( { [ <. */
static bool
title(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    bool     first, separator;
    size_t   pos, start;
    uint32_t c;
    nt_str_t one;

    first = true;

    for (pos = 0; pos < text.len;) {
        start = pos;
        c = nt_ustr_next(text, &pos);
        one.data = text.data + start;
        one.len = pos - start;
        separator = nt_ustr_is_space(c) ||
                    (c < 0x80 && c != 0 && strchr("-({[<", (int) c) != NULL);

        if (first && !separator) {
            nt_ustr_upper(out, one);

        } else {
            nt_ustr_lower(out, one);
        }

        first = separator;
    }

    return true;
}


static json_t *
filter_upper(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, upper);
}


static json_t *
filter_lower(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, lower);
}


static json_t *
filter_capitalize(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, capitalize);
}


static json_t *
filter_title(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, title);
}


static bool
trim(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    nt_str_t chars;

    chars = nt_ustr(args->p[0]);

    if (!nt_tpl_charge(env, text.len / 16 * (chars.len / 256 + 1))) {
        return false;
    }

    nt_buf_append_str(out, nt_ustr_strip(text, NT_USTR_BOTH,
                                         json_is_string(args->p[0]) ? &chars
                                                                    : NULL));
    return true;
}


static json_t *
filter_trim(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, trim);
}


static bool
replace(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    bool    ok;
    json_t *old, *with;
    int64_t count;

    count = -1;

    if (args->p[2] != NULL && !json_is_null(args->p[2]) &&
        !nt_py_integer(args->p[2], &count))
    {
        nt_tpl_fail(env, "the count of replace must be a whole number");
        return false;
    }

    old = nt_tpl_string(env, args->p[0]);
    with = old == NULL ? NULL : nt_tpl_string(env, args->p[1]);
    ok = with != NULL;

    if (ok) {
        nt_ustr_replace(out, text, nt_ustr(old), nt_ustr(with), count,
                        env->template->options.max_output);
    }

    json_decref(old);
    json_decref(with);
    return ok;
}


static json_t *
filter_replace(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, replace);
}


/* An argument that is a whole number of 0 to INT32_MAX. */
static bool
size_arg(nt_tpl_env_t *env, json_t *arg, size_t fallback, const char *filter,
         size_t *size)
{
    int64_t number;

    *size = fallback;

    if (arg == NULL || json_is_null(arg)) {
        return true;
    }

    if (!nt_py_integer(arg, &number) || number < 0 || number > INT32_MAX) {
        nt_tpl_fail(env, "%s needs a whole number from 0 on", filter);
        return false;
    }

    *size = (size_t) number;
    return true;
}


static bool
truncate(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    size_t    length, leeway;
    nt_str_t  end;
    ptrdiff_t space;

    end = json_is_string(args->p[2]) ? nt_ustr(args->p[2]) : NT_STR("...");

    if (!size_arg(env, args->p[0], 255, "truncate", &length) ||
        !size_arg(env, args->p[3], 5, "truncate", &leeway))
    {
        return false;
    }

    if (length < nt_ustr_len(end)) {
        nt_tpl_fail(env,
                    "the length of truncate must be at least %zu, that "
                    "of its end",
                    nt_ustr_len(end));
        return false;
    }

    if (nt_ustr_len(text) <= length + leeway) {
        nt_buf_append_str(out, text);
        return true;
    }

    text.len = nt_ustr_offset(text, length - nt_ustr_len(end));

    if (args->p[1] == NULL || !nt_py_truth(args->p[1])) {
        space = nt_ustr_rfind(text, NT_STR(" "), 0, text.len);
        text.len = space < 0 ? text.len : (size_t) space;
    }

    nt_buf_append_str(out, text);
    nt_buf_append_str(out, end);
    return true;
}


static json_t *
filter_truncate(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, truncate);
}


static bool
escape(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '&':
            nt_buf_append_str(out, NT_STR("&amp;"));
            break;

        case '<':
            nt_buf_append_str(out, NT_STR("&lt;"));
            break;

        case '>':
            nt_buf_append_str(out, NT_STR("&gt;"));
            break;

        case '\'':
            nt_buf_append_str(out, NT_STR("&#39;"));
            break;

        case '"':
            nt_buf_append_str(out, NT_STR("&#34;"));
            break;

        default:
            nt_buf_append_char(out, text.data[i]);
        }
    }

    return true;
}


static json_t *
filter_escape(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, escape);
}


static bool
append_spaces(nt_tpl_env_t *env, nt_buf_t *out, size_t n)
{
    if (!nt_tpl_room(env, n) || !nt_tpl_room(env, out->len / 64 + n)) {
        return false;
    }

    while (n-- > 0) {
        nt_buf_append_char(out, ' ');
    }

    return true;
}


static bool
indent(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    bool     first, blank, ok;
    size_t   i, width;
    json_t  *lines, *line;
    nt_buf_t indention = { 0 };

    first = args->p[1] != NULL && nt_py_truth(args->p[1]);
    blank = args->p[2] != NULL && nt_py_truth(args->p[2]);
    lines = NULL;

    if (json_is_string(args->p[0])) {
        nt_buf_append_str(&indention, nt_ustr(args->p[0]));
        ok = true;

    } else {
        ok = size_arg(env, args->p[0], 4, "indent", &width) &&
             append_spaces(env, &indention, width);
    }

    if (ok) {
        lines = nt_ustr_lines(text, false);
        ok = lines != NULL && !indention.failed;
    }

    /* a newline at the end starts another, empty line */
    if (ok && (text.len == 0 || nt_ustr_ends(text, NT_STR("\n")))) {
        ok = json_array_append_new(lines, json_string("")) == 0;
    }

    json_array_foreach(lines, i, line)
    {
        if (!ok) {
            break;
        }

        if (i > 0) {
            nt_buf_append_char(out, '\n');
        }

        if (i == 0 ? first : blank || json_string_length(line) > 0) {
            nt_buf_append(out, indention.data, indention.len);
        }

        nt_buf_append_str(out, nt_ustr(line));
        ok = nt_tpl_charge(env, 1) &&
             out->len <= env->template->options.max_output;
    }

    if (!ok && out->len > env->template->options.max_output) {
        (void) nt_tpl_room(env, out->len);
    }

    json_decref(lines);
    nt_buf_free(&indention);
    return ok;
}


static json_t *
filter_indent(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, indent);
}


static bool
center(nt_tpl_env_t *env, nt_buf_t *out, nt_str_t text, nt_tpl_args_t *args)
{
    size_t width, len, room, left;

    if (!size_arg(env, args->p[0], 80, "center", &width)) {
        return false;
    }

    len = nt_ustr_len(text);
    room = width > len ? width - len : 0;
    /* str.center gives the odd space to the left in an odd width */
    left = room / 2 + (room & width & 1);

    if (!append_spaces(env, out, left)) {
        return false;
    }

    nt_buf_append_str(out, text);
    return append_spaces(env, out, room - left);
}


static json_t *
filter_center(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return map_text(env, value, args, center);
}


const nt_tpl_callee_t nt_tpl_filters_text[] = {
    { "capitalize", "", filter_capitalize },
    { "center", "width", filter_center },
    { "e", "", filter_escape },
    { "escape", "", filter_escape },
    { "forceescape", "", filter_escape },
    { "indent", "width first blank", filter_indent },
    { "lower", "", filter_lower },
    { "replace", "old! new! count", filter_replace },
    { "title", "", filter_title },
    { "trim", "chars", filter_trim },
    { "truncate", "length killwords end leeway", filter_truncate },
    { "upper", "", filter_upper },
    { NULL, NULL, NULL }
};
