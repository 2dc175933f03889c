/*
 * engine/template/methods_pad.c - methods of strings that pad, cut and
 * format.
 */

#include "engine/template/format.h"


/* Pads to the width with `fill`, which defaults to a space. */
static json_t *
padded(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args, char align)
{
    size_t         len;
    int64_t        width;
    nt_buf_t       buf = { 0 };
    nt_tpl_field_t field = { .fill = NT_STR(" "), .precision = -1 };

    if (!nt_py_integer(args->p[0], &width) || width > NT_TPL_WIDTH_MAX) {
        return nt_tpl_fail(env,
                           "the width to pad to must be a whole number "
                           "of at most %d",
                           NT_TPL_WIDTH_MAX);
    }

    if (args->p[1] != NULL) {
        field.fill = nt_ustr(args->p[1]);

        if (nt_ustr_len(field.fill) != 1) {
            return nt_tpl_fail(env, "the character to pad with must be one "
                                    "character");
        }
    }

    field.align = align;
    field.width = width < 0 ? 0 : (size_t) width;
    len = nt_ustr_len(nt_ustr(value));

    /* unlike format(), center() gives the odd space to the left where the
     * width is odd */
    if (align == '^' && len < field.width && ((field.width - len) & 1) &&
        (field.width & 1))
    {
        nt_buf_append_str(&buf, field.fill);
        field.width--;
    }

    if (!nt_tpl_put_field(env, &buf, &field, value)) {
        nt_buf_free(&buf);
        return NULL;
    }

    return nt_tpl_take(env, &buf);
}


static json_t *
str_center(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return padded(env, value, args, '^');
}


static json_t *
str_ljust(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return padded(env, value, args, '<');
}


static json_t *
str_rjust(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return padded(env, value, args, '>');
}


static json_t *
str_zfill(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t   len, i;
    int64_t  width;
    nt_buf_t buf = { 0 };
    nt_str_t s;

    s = nt_ustr(value);
    len = nt_ustr_len(s);

    if (!nt_py_integer(args->p[0], &width) || width > NT_TPL_WIDTH_MAX) {
        return nt_tpl_fail(env,
                           "the width to pad to must be a whole number "
                           "of at most %d",
                           NT_TPL_WIDTH_MAX);
    }

    if (s.len > 0 && (s.data[0] == '-' || s.data[0] == '+')) {
        nt_buf_append_char(&buf, s.data[0]);
        s.data++;
        s.len--;
    }

    for (i = len; (int64_t) i < width; i++) {
        nt_buf_append_char(&buf, '0');
    }

    nt_buf_append_str(&buf, s);
    return nt_tpl_take(env, &buf);
}


static json_t *
without(json_t *value, json_t *end, bool at_start)
{
    nt_str_t s, cut;

    s = nt_ustr(value);
    cut = nt_ustr(end);

    if (at_start && nt_ustr_starts(s, cut)) {
        s.data += cut.len;
        s.len -= cut.len;

    } else if (!at_start && nt_ustr_ends(s, cut)) {
        s.len -= cut.len;
    }

    return nt_ustr_json(s);
}


static json_t *
str_removeprefix(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return without(value, args->p[0], true);
}


static json_t *
str_removesuffix(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return without(value, args->p[0], false);
}


static json_t *
parted(nt_tpl_env_t *env, json_t *value, json_t *separator, bool last)
{
    json_t   *parts;
    nt_str_t  s, sep, part[3];
    ptrdiff_t at;

    s = nt_ustr(value);
    sep = nt_ustr(separator);

    if (sep.len == 0) {
        return nt_tpl_fail(env, "partition() needs a separator that is not "
                                "empty");
    }

    at =
        last ? nt_ustr_rfind(s, sep, 0, s.len) : nt_ustr_find(s, sep, 0, s.len);
    part[0] = part[1] = part[2] = NT_STR("");

    if (at < 0) {
        part[last ? 2 : 0] = s;

    } else {
        part[0] = (nt_str_t) { s.data, (size_t) at };
        part[1] = sep;
        part[2].data = s.data + at + sep.len;
        part[2].len = s.len - (size_t) at - sep.len;
    }

    parts = json_pack("[o, o, o]", nt_ustr_json(part[0]), nt_ustr_json(part[1]),
                      nt_ustr_json(part[2]));

    return nt_tpl_tag(env, parts, NT_TAG_TUPLE);
}


static json_t *
str_partition(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return parted(env, value, args->p[0], false);
}


static json_t *
str_rpartition(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return parted(env, value, args->p[0], true);
}


const nt_tpl_callee_t nt_tpl_pad_methods[] = {
    { "center", "width! fillchar", str_center },
    { "format", NULL, nt_tpl_format },
    { "ljust", "width! fillchar", str_ljust },
    { "partition", "sep!", str_partition },
    { "removeprefix", "prefix!", str_removeprefix },
    { "removesuffix", "suffix!", str_removesuffix },
    { "rjust", "width! fillchar", str_rjust },
    { "rpartition", "sep!", str_rpartition },
    { "zfill", "width!", str_zfill },
    { NULL, NULL, NULL }
};
