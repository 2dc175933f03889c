/*
 * engine/template/filters_list.c - filters of lists that keep their order.
 * Those that sort are in filters_sort.c.
 */

#include "engine/template/tpl.h"


static json_t *
filter_list(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    json_t *list, *copy;

    list = nt_tpl_list(env, value);

    if (list == NULL || nt_tpl_tag_of(env, list) == NT_TAG_NONE) {
        return list;
    }

    copy = json_copy(list);
    json_decref(list);
    return copy;
}


/* The first or last item, or character. */
static json_t *
end_of(nt_tpl_env_t *env, json_t *value, bool last)
{
    size_t   i;
    json_t  *list, *item;
    nt_str_t s;

    if (json_is_string(value) && json_string_length(value) > 0) {
        s = nt_ustr(value);
        i = last ? s.len - 1 : nt_ustr_offset(s, 1);

        while (last && i > 0 && ((unsigned char) s.data[i] & 0xc0) == 0x80) {
            i--;
        }

        return last ? nt_ustr_json((nt_str_t) { s.data + i, s.len - i })
                    : nt_ustr_json((nt_str_t) { s.data, i });
    }

    list = nt_tpl_list(env, value);

    if (list == NULL) {
        return NULL;
    }

    i = json_array_size(list);
    item = json_array_get(list, last && i > 0 ? i - 1 : 0);
    json_incref(item == NULL ? nt_tpl_undefined : item);
    json_decref(list);
    return item == NULL ? nt_tpl_undefined : item;
}


static json_t *
filter_first(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return end_of(env, value, false);
}


static json_t *
filter_last(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return end_of(env, value, true);
}


static bool
join_item(nt_tpl_env_t *env, nt_buf_t *out, json_t *item, json_t *path)
{
    bool    ok;
    json_t *part;

    part = path == NULL ? json_incref(item) : nt_tpl_path(env, item, path);
    ok = part != NULL && nt_tpl_str(env, out, part);
    json_decref(part);
    return ok;
}


static json_t *
filter_join(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool     ok;
    size_t   i;
    json_t  *list, *item;
    nt_buf_t buf = { 0 };

    list = nt_tpl_list(env, value);
    ok = list != NULL;

    json_array_foreach(list, i, item)
    {
        if (i > 0 && args->p[0] != NULL) {
            ok = ok && nt_tpl_str(env, &buf, args->p[0]);
        }

        ok = ok && join_item(env, &buf, item, args->p[1]);

        if (!ok) {
            break;
        }
    }

    json_decref(list);

    if (!ok) {
        nt_buf_free(&buf);
        return NULL;
    }

    return nt_tpl_take(env, &buf);
}


static json_t *
filter_reverse(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t   i;
    json_t  *list, *reversed;
    nt_buf_t buf = { 0 };

    if (json_is_string(value)) {
        if (!nt_tpl_charge(env, json_string_length(value) / 4)) {
            return NULL;
        }

        nt_ustr_slice(&buf, nt_ustr(value), NULL, NULL, -1);
        return nt_tpl_take(env, &buf);
    }

    list = nt_tpl_list(env, value);
    reversed = json_array();

    for (i = json_array_size(list); reversed != NULL && i-- > 0;) {
        if (!nt_tpl_append(env, reversed, json_array_get(list, i))) {
            json_decref(reversed);
            reversed = NULL;
        }
    }

    if (list == NULL) {
        json_decref(reversed);
        return NULL;
    }

    json_decref(list);
    return reversed;
}


static json_t *
filter_items(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    if (value == nt_tpl_undefined) {
        return json_array();
    }

    if (!json_is_object(value)) {
        return nt_tpl_fail(env, "items needs a dict, not a value of type %s",
                           nt_tpl_type(env, value));
    }

    return nt_tpl_find(nt_tpl_dict_methods, "items")->fn(env, value, args);
}


/* Appends list[from:to], filled up to `fill_to` items, as one item. */
static bool
append_part(nt_tpl_env_t *env, json_t *out, json_t *list, size_t from,
            size_t to, json_t *fill, size_t fill_to)
{
    bool    ok;
    json_t *part;

    part = json_array();

    if (part == NULL) {
        return nt_tpl_nomem(env) != NULL;
    }

    for (ok = true; ok && from < to; from++) {
        ok = nt_tpl_append(env, part, json_array_get(list, from));
    }

    while (ok && fill != NULL && json_array_size(part) < fill_to) {
        ok = nt_tpl_append(env, part, fill);
    }

    ok = ok && nt_tpl_nests(env, part) && nt_tpl_append(env, out, part);
    json_decref(part);
    return ok;
}


static bool
count_argument(nt_tpl_env_t *env, json_t *arg, const char *name, size_t *count)
{
    int64_t n;

    if (!nt_py_integer(arg, &n) || n < 1 || n > NT_TPL_ITEMS_MAX) {
        nt_tpl_fail(env, "%s needs a whole number above 0", name);
        return false;
    }

    *count = (size_t) n;
    return true;
}


static json_t *
filled(json_t *fill)
{
    return fill == NULL || json_is_null(fill) ? NULL : fill;
}


static json_t *
filter_batch(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool    ok;
    size_t  i, n, count;
    json_t *list, *out;

    if (!count_argument(env, args->p[0], "batch", &count)) {
        return NULL;
    }

    list = nt_tpl_list(env, value);
    out = json_array();
    n = json_array_size(list);
    ok = list != NULL && out != NULL;

    for (i = 0; ok && i < n; i += count) {
        ok = append_part(env, out, list, i, n - i < count ? n : i + count,
                         filled(args->p[1]), count);
    }

    json_decref(list);

    if (!ok) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static json_t *
filter_slice(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool    ok;
    size_t  i, n, count, start, end, extra;
    json_t *list, *out;

    if (!count_argument(env, args->p[0], "slice", &count)) {
        return NULL;
    }

    list = nt_tpl_list(env, value);
    out = json_array();
    n = json_array_size(list);
    extra = n % count;
    ok = list != NULL && out != NULL;

    for (i = 0, start = 0; ok && i < count; i++, start = end) {
        end = start + n / count + (i < extra);
        /* NodeTool's users know it from Jinja2: where all slices are equal,
         * each gets the filler */
        ok = append_part(env, out, list, start, end, filled(args->p[1]),
                         i < extra ? 0 : n / count + 1);
    }

    json_decref(list);

    if (!ok) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static json_t *
filter_sum(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t  i;
    json_t *list, *item, *sum, *next;

    list = nt_tpl_list(env, value);

    if (list == NULL) {
        return NULL;
    }

    sum = args->p[1] == NULL ? json_integer(0) : json_incref(args->p[1]);

    json_array_foreach(list, i, item)
    {
        item = args->p[0] == NULL || json_is_null(args->p[0])
                   ? json_incref(item)
                   : nt_tpl_path(env, item, args->p[0]);
        next = item == NULL || sum == NULL
                   ? NULL
                   : nt_tpl_binary(env, NT_OP_ADD, sum, item);
        json_decref(item);
        json_decref(sum);
        sum = next;

        if (sum == NULL) {
            break;
        }
    }

    json_decref(list);
    return sum;
}


/* The arguments behind the first `n`; all of them stay borrowed. */
static nt_tpl_args_t
rest_of(const nt_tpl_args_t *args, size_t n)
{
    size_t        i;
    nt_tpl_args_t rest = { 0 };

    for (i = n; i < args->n_pos; i++) {
        rest.pos[rest.n_pos++] = args->pos[i];
    }

    rest.keywords = args->keywords;
    return rest;
}


static json_t *
map_item(nt_tpl_env_t *env, json_t *item, nt_tpl_args_t *args, json_t *path)
{
    json_t       *result, *fallback;
    nt_tpl_args_t rest;

    if (path == NULL) {
        rest = rest_of(args, 1);
        return nt_tpl_apply_filter(env, json_string_value(args->pos[0]), item,
                                   &rest);
    }

    result = nt_tpl_path(env, item, path);
    fallback = json_object_get(args->keywords, "default");

    if (result == nt_tpl_undefined && fallback != NULL) {
        return json_incref(fallback);
    }

    return result;
}


/* map("upper"), map("replace", "a", "b"), map(attribute="name", default=0) */
static json_t *
filter_map(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool    ok;
    size_t  i;
    json_t *list, *out, *item, *path;

    path = NULL;

    if (args->n_pos == 0) {
        path = json_object_get(args->keywords, "attribute");

        if (path == NULL) {
            return nt_tpl_fail(env, "map needs the name of a filter or "
                                    "attribute=");
        }

    } else if (!json_is_string(args->pos[0])) {
        return nt_tpl_fail(env, "map needs the name of a filter");
    }

    list = nt_tpl_list(env, value);
    out = json_array();
    ok = list != NULL && out != NULL;

    json_array_foreach(list, i, item)
    {
        if (!ok) {
            break;
        }

        item = map_item(env, item, args, path);
        ok = item != NULL && nt_tpl_nests(env, item) &&
             nt_tpl_append(env, out, item);
        json_decref(item);
    }

    json_decref(list);

    if (!ok) {
        json_decref(out);
        return NULL;
    }

    return out;
}


/* select and its relatives; the arguments behind `skip` are a test's. */
static json_t *
choose(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args, bool wanted,
       size_t skip)
{
    bool          ok, result;
    size_t        i;
    json_t       *list, *out, *item, *subject;
    const char   *test;
    nt_tpl_args_t rest;

    if (args->n_pos < skip) {
        return nt_tpl_fail(env, "the name of an attribute is missing");
    }

    test = args->n_pos == skip ? NULL : json_string_value(args->pos[skip]);

    if (test == NULL && args->n_pos > skip) {
        return nt_tpl_fail(env, "the name of a test must be a string");
    }

    rest = rest_of(args, skip + 1);
    list = nt_tpl_list(env, value);
    out = json_array();
    ok = list != NULL && out != NULL;

    json_array_foreach(list, i, item)
    {
        if (!ok) {
            break;
        }

        subject = skip == 0 ? json_incref(item)
                            : nt_tpl_path(env, item, args->pos[0]);
        ok = subject != NULL;

        if (ok && test != NULL) {
            ok = nt_tpl_test(env, test, subject, &rest, &result);

        } else if (ok) {
            result = nt_py_truth(subject);
        }

        json_decref(subject);

        if (ok && result == wanted) {
            ok = nt_tpl_append(env, out, item);
        }
    }

    json_decref(list);

    if (!ok) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static json_t *
filter_select(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return choose(env, value, args, true, 0);
}


static json_t *
filter_reject(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return choose(env, value, args, false, 0);
}


static json_t *
filter_selectattr(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return choose(env, value, args, true, 1);
}


static json_t *
filter_rejectattr(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return choose(env, value, args, false, 1);
}


const nt_tpl_callee_t nt_tpl_filters_list[] = {
    { "batch", "linecount! fill_with", filter_batch },
    { "first", "", filter_first },
    { "items", "", filter_items },
    { "join", "d attribute", filter_join },
    { "last", "", filter_last },
    { "list", "", filter_list },
    { "map", NULL, filter_map },
    { "reject", NULL, filter_reject },
    { "rejectattr", NULL, filter_rejectattr },
    { "reverse", "", filter_reverse },
    { "select", NULL, filter_select },
    { "selectattr", NULL, filter_selectattr },
    { "slice", "slices! fill_with", filter_slice },
    { "sum", "attribute start", filter_sum },
    { NULL, NULL, NULL }
};
