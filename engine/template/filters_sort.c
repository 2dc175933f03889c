/*
 * engine/template/filters_sort.c - filters of lists that compare their
 * items.  As in Jinja2 strings are compared without their case unless
 * case_sensitive is true.
 */

#include <stdlib.h>

#include "engine/template/tpl.h"


typedef struct {
    json_t *key;
    json_t *item; /* borrowed from the list */
} keyed_t;

typedef struct {
    json_t  *list;
    keyed_t *rows;
    size_t   n;
} table_t;


static void
table_free(table_t *table)
{
    size_t i;

    for (i = 0; i < table->n; i++) {
        json_decref(table->rows[i].key);
    }

    free(table->rows);
    json_decref(table->list);
}


static json_t *
fold_case(nt_tpl_env_t *env, json_t *key, bool case_sensitive)
{
    nt_buf_t buf = { 0 };

    if (key == NULL || case_sensitive || !json_is_string(key)) {
        return key;
    }

    nt_ustr_lower(&buf, nt_ustr(key));
    json_decref(key);
    return nt_tpl_take(env, &buf);
}


/* "a,b.c": one key of several attributes */
static json_t *
key_of_paths(nt_tpl_env_t *env, json_t *item, json_t *paths,
             bool case_sensitive)
{
    bool    ok;
    size_t  i;
    json_t *names, *name, *keys;

    names = nt_ustr_split(nt_ustr(paths), NT_STR(","), -1);
    keys = json_array();
    ok = names != NULL && keys != NULL;

    json_array_foreach(names, i, name)
    {
        ok =
            ok && nt_tpl_append_new(env, keys,
                                    fold_case(env, nt_tpl_path(env, item, name),
                                              case_sensitive));
    }

    json_decref(names);

    if (!ok) {
        json_decref(keys);
        return NULL;
    }

    return keys;
}


static json_t *
key_of(nt_tpl_env_t *env, json_t *item, json_t *path, json_t *fallback,
       bool case_sensitive)
{
    json_t  *key;
    nt_str_t s;

    s = nt_ustr(path);

    if (s.len > 0 && memchr(s.data, ',', s.len) != NULL) {
        return key_of_paths(env, item, path, case_sensitive);
    }

    key = path == NULL || json_is_null(path) ? json_incref(item)
                                             : nt_tpl_path(env, item, path);

    if (key == nt_tpl_undefined && fallback != NULL) {
        key = json_incref(fallback);
    }

    return fold_case(env, key, case_sensitive);
}


static bool
table_init(nt_tpl_env_t *env, table_t *table, json_t *value, json_t *path,
           json_t *fallback, json_t *case_sensitive)
{
    size_t  i;
    json_t *item;

    memset(table, 0, sizeof(*table));
    table->list = nt_tpl_list(env, value);

    if (table->list == NULL) {
        return false;
    }

    table->rows = calloc(json_array_size(table->list) + 1, sizeof(keyed_t));

    if (table->rows == NULL) {
        json_decref(table->list);
        return nt_tpl_nomem(env) != NULL;
    }

    json_array_foreach(table->list, i, item)
    {
        table->rows[i].item = item;
        table->rows[i].key =
            key_of(env, item, path, fallback,
                   case_sensitive != NULL && nt_py_truth(case_sensitive));
        table->n = i + 1;

        if (table->rows[i].key == NULL) {
            table_free(table);
            return env->failed ? false : nt_tpl_nomem(env) != NULL;
        }
    }

    return true;
}


static bool
merge(nt_tpl_env_t *env, keyed_t *out, const keyed_t *a, size_t n_a,
      const keyed_t *b, size_t n_b, bool reverse)
{
    int order;

    while (n_a > 0 && n_b > 0) {
        if (!nt_tpl_order(env, b->key, a->key, "<", &order)) {
            return false;
        }

        /* equal items keep their order, reversed or not */
        if (reverse ? order > 0 : order < 0) {
            *out++ = *b++;
            n_b--;

        } else {
            *out++ = *a++;
            n_a--;
        }
    }

    memcpy(out, a, n_a * sizeof(keyed_t));
    memcpy(out + n_a, b, n_b * sizeof(keyed_t));
    return true;
}


/* A stable merge sort, which a comparison that fails ends. */
static bool
table_sort(nt_tpl_env_t *env, table_t *table, bool reverse)
{
    size_t   width, i, mid, end;
    keyed_t *from, *to, *swap;

    from = table->rows;
    to = calloc(table->n + 1, sizeof(keyed_t));

    if (to == NULL) {
        return nt_tpl_nomem(env) != NULL;
    }

    for (width = 1; width < table->n; width *= 2) {
        for (i = 0; i < table->n; i = end) {
            mid = table->n - i < width ? table->n : i + width;
            end = table->n - mid < width ? table->n : mid + width;

            if (!merge(env, to + i, from + i, mid - i, from + mid, end - mid,
                       reverse)) {
                /* `table` still has each row once: it frees them */
                table->rows = from;
                free(to);
                return false;
            }
        }

        swap = from;
        from = to;
        to = swap;
    }

    table->rows = from;
    free(to);
    return true;
}


static json_t *
table_items(nt_tpl_env_t *env, const table_t *table)
{
    size_t  i;
    json_t *out;

    out = json_array();

    for (i = 0; out != NULL && i < table->n; i++) {
        if (!nt_tpl_append(env, out, table->rows[i].item)) {
            json_decref(out);
            return NULL;
        }
    }

    return out;
}


static json_t *
filter_sort(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    json_t *out;
    table_t table;

    if (!table_init(env, &table, value, args->p[2], NULL, args->p[1])) {
        return NULL;
    }

    out = NULL;

    if (table_sort(env, &table, args->p[0] != NULL && nt_py_truth(args->p[0])))
    {
        out = table_items(env, &table);
    }

    table_free(&table);
    return out;
}


static json_t *
filter_unique(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t  i, j;
    json_t *out;
    table_t table;

    if (!table_init(env, &table, value, args->p[1], NULL, args->p[0])) {
        return NULL;
    }

    out = json_array();

    for (i = 0; out != NULL && i < table.n; i++) {
        for (j = 0; j < i; j++) {
            if (nt_tpl_equal(env, table.rows[j].key, table.rows[i].key)) {
                break;
            }
        }

        if (env->failed ||
            (j == i && !nt_tpl_append(env, out, table.rows[i].item))) {
            json_decref(out);
            out = NULL;
        }
    }

    table_free(&table);
    return out;
}


static json_t *
extreme(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args, int wanted)
{
    int     order;
    size_t  i, best;
    json_t *item;
    table_t table;

    if (!table_init(env, &table, value, args->p[1], NULL, args->p[0])) {
        return NULL;
    }

    item = nt_tpl_undefined;

    for (i = 1, best = 0; i < table.n; i++) {
        if (!nt_tpl_order(env, table.rows[i].key, table.rows[best].key,
                          wanted < 0 ? "<" : ">", &order))
        {
            table_free(&table);
            return NULL;
        }

        if (order * wanted > 0) {
            best = i;
        }
    }

    if (table.n > 0) {
        item = table.rows[best].item;
    }

    json_incref(item);
    table_free(&table);
    return item;
}


static json_t *
filter_min(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return extreme(env, value, args, -1);
}


static json_t *
filter_max(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return extreme(env, value, args, 1);
}


/* One group: (key, [items]) of the rows from `from` on; *next is behind. */
static bool
append_group(nt_tpl_env_t *env, json_t *out, const table_t *table, size_t from,
             nt_tpl_args_t *args, size_t *next)
{
    bool    ok;
    size_t  i;
    json_t *items, *key;

    items = json_array();
    key = key_of(env, table->rows[from].item, args->p[0], args->p[1], true);
    ok = items != NULL && key != NULL;

    for (i = from; ok && i < table->n; i++) {
        if (!nt_tpl_equal(env, table->rows[i].key, table->rows[from].key)) {
            break;
        }

        ok = nt_tpl_append(env, items, table->rows[i].item);
    }

    ok =
        ok && !env->failed &&
        nt_tpl_append_new(env, out, nt_tpl_pair(env, key, items, NT_TAG_GROUP));
    json_decref(items);
    json_decref(key);
    *next = i;
    return ok;
}


static json_t *
filter_groupby(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool    ok;
    size_t  i;
    json_t *out;
    table_t table;

    if (!table_init(env, &table, value, args->p[0], args->p[1], args->p[2])) {
        return NULL;
    }

    out = json_array();
    ok = out != NULL && table_sort(env, &table, false);

    for (i = 0; ok && i < table.n;) {
        ok = append_group(env, out, &table, i, args, &i);
    }

    ok = ok && nt_tpl_nests(env, out);
    table_free(&table);

    if (!ok) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static json_t *
filter_dictsort(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    json_t  *items, *position, *out;
    table_t  table;
    nt_str_t by;

    by = args->p[1] == NULL ? NT_STR("key") : nt_ustr(args->p[1]);

    if (!json_is_object(value)) {
        return nt_tpl_fail(env,
                           "dictsort needs a dict, not a value of type "
                           "%s",
                           nt_tpl_type(env, value));
    }

    if (!nt_str_eq(by, NT_STR("key")) && !nt_str_eq(by, NT_STR("value"))) {
        return nt_tpl_fail(env, "dictsort sorts by 'key' or by 'value'");
    }

    items = nt_tpl_find(nt_tpl_dict_methods, "items")->fn(env, value, args);
    position = json_integer(nt_str_eq(by, NT_STR("value")));
    out = NULL;

    if (items != NULL && position != NULL &&
        table_init(env, &table, items, position, NULL, args->p[0]))
    {
        if (table_sort(env, &table,
                       args->p[2] != NULL && nt_py_truth(args->p[2]))) {
            out = table_items(env, &table);
        }

        table_free(&table);
    }

    json_decref(items);
    json_decref(position);
    return out;
}


const nt_tpl_callee_t nt_tpl_filters_sort[] = {
    { "dictsort", "case_sensitive by reverse", filter_dictsort },
    { "groupby", "attribute! default case_sensitive", filter_groupby },
    { "max", "case_sensitive attribute", filter_max },
    { "min", "case_sensitive attribute", filter_min },
    { "sort", "reverse case_sensitive attribute", filter_sort },
    { "unique", "case_sensitive attribute", filter_unique },
    { NULL, NULL, NULL }
};
