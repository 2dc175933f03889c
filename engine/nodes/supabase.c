/*
 * engine/nodes/supabase.c - lib.supabase.*: tables of a Supabase project, by
 * PostgREST (https://docs.postgrest.org/en/stable/references/api.html).
 *
 * Settings: NODE_SUPABASE_URL, NODE_SUPABASE_KEY; NODE_SUPABASE_SCHEMA and
 * NODE_SUPABASE_TABLE_PREFIX if wanted.
 */

#include <stdlib.h>

#include "engine/nodes/data.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/supabase.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/web.h"

#define SECONDS     120
#define HEADERS_MAX 8

/* A request in the making. */
typedef struct {
    nt_buf_t    url;
    nt_buf_t    texts[HEADERS_MAX];
    const char *headers[HEADERS_MAX + 1];
    size_t      n_headers;
    bool        query; /* the URL has a parameter */
} ask_t;


static void
add_header(ask_t *ask, const char *name, const char *prefix, const char *value)
{
    nt_buf_t *text = &ask->texts[ask->n_headers];

    nt_buf_printf(text, "%s: %s%s%c", name, prefix, value, '\0');
    ask->url.failed |= text->failed;
    ask->headers[ask->n_headers++] = text->data;
}


static void
add_param(ask_t *ask, nt_str_t name, nt_str_t value)
{
    nt_buf_append_char(&ask->url, ask->query ? '&' : '?');
    ask->query = true;
    nt_buf_append_percent(&ask->url, name, "");
    nt_buf_append_char(&ask->url, '=');
    nt_buf_append_percent(&ask->url, value, "");
}


static void
free_ask(ask_t *ask)
{
    size_t i;

    nt_buf_free(&ask->url);

    for (i = 0; i < ask->n_headers; i++) {
        nt_buf_free(&ask->texts[i]);
    }
}


/* Begins with the address of a table or function; false after nt_call_fail. */
static bool
begin(nt_node_call_t *call, ask_t *ask, const char *folder, nt_str_t name)
{
    nt_str_t    root;
    const char *url = nt_call_setting(call, "NODE_SUPABASE_URL");
    const char *key = nt_call_setting(call, "NODE_SUPABASE_KEY");
    const char *schema = nt_call_setting(call, "NODE_SUPABASE_SCHEMA");

    *ask = (ask_t) { 0 };

    if (url == NULL || key == NULL) {
        (void) nt_call_fail(call, "Supabase needs a project: the server's "
                                  "op has to set NODE_SUPABASE_URL and "
                                  "NODE_SUPABASE_KEY");
        return false;
    }

    root = nt_str(url);

    while (root.len > 0 && root.data[root.len - 1] == '/') {
        root.len--;
    }

    nt_buf_append_str(&ask->url, root);
    nt_buf_append_str(&ask->url, nt_str(folder));
    nt_buf_append_percent(&ask->url, name, "");
    add_header(ask, "apikey", "", key);
    add_header(ask, "Authorization", "Bearer ", key);
    add_header(ask, "Content-Type", "", "application/json");
    add_header(ask, "Accept", "", "application/json");

    if (schema != NULL) {
        add_header(ask, "Accept-Profile", "", schema);
        add_header(ask, "Content-Profile", "", schema);
    }

    return true;
}


/* The same for 'table_name'. */
static bool
begin_table(nt_node_call_t *call, ask_t *ask)
{
    bool        good;
    nt_buf_t    whole = { 0 };
    nt_str_t    name;
    const char *prefix = nt_call_setting(call, "NODE_SUPABASE_TABLE_PREFIX");

    *ask = (ask_t) { 0 };

    if (!nt_arg_name(call, "table_name", &name)) {
        return false;
    }

    if (prefix != NULL && strncmp(name.data, prefix, strlen(prefix)) != 0) {
        nt_buf_append_str(&whole, nt_str(prefix));
    }

    nt_buf_append_str(&whole, name);
    good = whole.failed ? nt_arg_nomem(call) == NT_NODE_DONE
                        : begin(call, ask, "/rest/v1/",
                                (nt_str_t) { whole.data, whole.len });
    nt_buf_free(&whole);
    return good;
}


/* The answer, a new reference; NULL after nt_call_fail.  Frees what was
 * asked. */
static json_t *
finish(nt_node_call_t *call, ask_t *ask, const char *method, const json_t *body)
{
    int               status = 0;
    json_t           *answer = NULL;
    const char       *message;
    nt_http_request_t request = { .method = method,
                                  .headers = ask->headers,
                                  .timeout = SECONDS,
                                  .flags = NT_HTTP_TRUSTED };

    nt_buf_append_char(&ask->url, '\0');

    if (ask->url.failed) {
        (void) nt_arg_nomem(call);
    } else {
        request.url = ask->url.data;
        answer = nt_web_call(call, &request, body, &status);
    }

    if (answer != NULL && (status < 200 || status > 299)) {
        message = json_string_value(json_object_get(answer, "message"));
        (void) nt_call_fail(call, "Supabase answered with status %d: %.500s",
                            status, message != NULL ? message : "no reason");
        json_decref(answer);
        answer = NULL;
    }

    free_ask(ask);
    return answer;
}


/* --- filters --- */

/* Adds the filters; *n is how many. False after nt_call_fail. */
static bool
add_filters(nt_node_call_t *call, ask_t *ask, size_t *n)
{
    bool        list;
    size_t      i;
    json_t     *filters = nt_arg_list(call, "filters"), *filter, *value;
    nt_buf_t    condition = { 0 };
    nt_str_t    column;
    const char *op;

    *n = json_array_size(filters);

    json_array_foreach(filters, i, filter)
    {
        column = nt_ustr(json_array_get(filter, 0));
        op = nt_supabase_operator(json_array_get(filter, 1));
        value = json_array_get(filter, 2);

        if (column.len == 0 || op == NULL || value == NULL) {
            (void) nt_call_fail(call,
                                "'filters': number %zu must be a column, "
                                "one of eq, ne, gt, gte, lt, lte, in, "
                                "like, contains, and a value",
                                i + 1);
            return false;
        }

        list = op[0] == 'i';

        if (list != json_is_array(value) && op[0] != 'c') {
            (void) nt_call_fail(call, list ? "'filters': \"in\" needs a list"
                                           : "'filters': only \"in\" and "
                                             "\"contains\" take lists");
            return false;
        }

        nt_buf_reset(&condition);
        nt_supabase_condition(&condition, op, value);
        ask->url.failed |= condition.failed;
        add_param(ask, column,
                  (nt_str_t) { condition.data != NULL ? condition.data : "",
                               condition.len });
    }

    nt_buf_free(&condition);
    return filters != NULL;
}


/* --- results --- */

/* Rows as a list, or as a data frame if 'to_dataframe' says so; takes them
 * over. */
static nt_node_rc_t
emit_rows(nt_node_call_t *call, json_t *rows)
{
    bool           ok;
    nt_dataframe_t df = { 0 };

    if (!nt_call_bool(call, "to_dataframe") || !json_is_array(rows)) {
        return nt_emit(call, rows);
    }

    ok = nt_dataframe_init(&df)
             ? nt_dataframe_from_json(call, "the rows", rows, &df)
             : nt_arg_nomem(call) == NT_NODE_DONE;
    json_decref(rows);
    return nt_emit_dataframe(call, &df, ok);
}


/* What changed rows, or {NAME: value} if 'return_rows' is off; takes both
 * over. */
static nt_node_rc_t
emit_changed(nt_node_call_t *call, json_t *rows, const char *name,
             json_t *value)
{
    if (rows == NULL || nt_call_bool(call, "return_rows")) {
        json_decref(value);
        return rows != NULL ? nt_emit(call, rows) : NT_NODE_FAIL;
    }

    json_decref(rows);
    return nt_emit(call, json_pack("{s:o}", name, value));
}


/* --- Select --- */

static bool
add_columns(nt_node_call_t *call, ask_t *ask)
{
    size_t   i;
    json_t  *type = nt_arg_dict(call, "columns"), *column;
    nt_buf_t names = { 0 };

    if (type == NULL) {
        return false;
    }

    json_array_foreach(json_object_get(type, "columns"), i, column)
    {
        nt_buf_append(&names, ",", i > 0 ? 1 : 0);
        nt_buf_append_str(&names, nt_ustr(json_object_get(column, "name")));
    }

    ask->url.failed |= names.failed;
    add_param(ask, NT_STR("select"),
              names.len > 0 ? (nt_str_t) { names.data, names.len }
                            : NT_STR("*"));
    nt_buf_free(&names);
    return true;
}


static bool
add_order(nt_node_call_t *call, ask_t *ask)
{
    int64_t  limit;
    nt_buf_t text = { 0 };
    nt_str_t column;

    if (!nt_arg_str(call, "order_by", &column) ||
        !nt_arg_int(call, "limit", &limit))
    {
        return false;
    }

    if (column.len > 0) {
        nt_buf_append_str(&text, column);
        nt_buf_append_str(&text, nt_call_bool(call, "descending")
                                     ? NT_STR(".desc")
                                     : NT_STR(".asc"));
        ask->url.failed |= text.failed;
        add_param(ask, NT_STR("order"), (nt_str_t) { text.data, text.len });
    }

    if (limit > 0) {
        nt_buf_reset(&text);
        nt_buf_append_uint(&text, (uint64_t) limit);
        ask->url.failed |= text.failed;
        add_param(ask, NT_STR("limit"), (nt_str_t) { text.data, text.len });
    }

    nt_buf_free(&text);
    return true;
}


static nt_node_rc_t
run_select(nt_node_call_t *call)
{
    ask_t   ask;
    size_t  n;
    json_t *rows;

    if (!begin_table(call, &ask) || !add_columns(call, &ask) ||
        !add_filters(call, &ask, &n) || !add_order(call, &ask))
    {
        free_ask(&ask);
        return NT_NODE_FAIL;
    }

    rows = finish(call, &ask, "GET", NULL);
    return rows != NULL ? emit_rows(call, rows) : NT_NODE_FAIL;
}


/* --- Insert, Upsert --- */

static nt_node_rc_t
put_records(nt_node_call_t *call, const char *more, const char *name)
{
    ask_t   ask;
    size_t  n = 1;
    bool    rows = nt_call_bool(call, "return_rows");
    json_t *records = nt_call_input(call, "records");

    if (json_is_array(records)) {
        n = json_array_size(records);
    }

    if ((!json_is_array(records) && !json_is_object(records)) || n == 0) {
        return nt_call_fail(call, "'records' must be a dict, or a list of "
                                  "them, and not empty");
    }

    if (!begin_table(call, &ask)) {
        free_ask(&ask);
        return NT_NODE_FAIL;
    }

    add_header(&ask, "Prefer", more,
               rows ? "return=representation" : "return=minimal");

    return emit_changed(call, finish(call, &ask, "POST", records), name,
                        json_integer((json_int_t) n));
}


static nt_node_rc_t
run_insert(nt_node_call_t *call)
{
    return put_records(call, "", "inserted");
}


static nt_node_rc_t
run_upsert(nt_node_call_t *call)
{
    return put_records(call, "resolution=merge-duplicates,", "upserted");
}


/* --- Update, Delete --- */

static nt_node_rc_t
run_update(nt_node_call_t *call)
{
    ask_t   ask;
    size_t  n;
    bool    rows = nt_call_bool(call, "return_rows");
    json_t *values = nt_arg_dict(call, "values");

    if (values == NULL) {
        return NT_NODE_FAIL;
    }

    if (json_object_size(values) == 0) {
        return nt_call_fail(call, "'values' must not be empty");
    }

    if (!begin_table(call, &ask) || !add_filters(call, &ask, &n)) {
        free_ask(&ask);
        return NT_NODE_FAIL;
    }

    add_header(&ask, "Prefer", "",
               rows ? "return=representation" : "return=minimal");

    return emit_changed(call, finish(call, &ask, "PATCH", values), "updated",
                        json_true());
}


static nt_node_rc_t
run_delete(nt_node_call_t *call)
{
    ask_t   ask;
    size_t  n = 0;
    json_t *answer;

    if (!begin_table(call, &ask) || !add_filters(call, &ask, &n)) {
        free_ask(&ask);
        return NT_NODE_FAIL;
    }

    if (n == 0) {
        free_ask(&ask);
        return nt_call_fail(call, "'filters' must say which rows: without one "
                                  "all would go");
    }

    add_header(&ask, "Prefer", "", "return=minimal");
    answer = finish(call, &ask, "DELETE", NULL);

    if (answer == NULL) {
        return NT_NODE_FAIL;
    }

    json_decref(answer);
    return nt_emit(call, json_pack("{s:b}", "deleted", 1));
}


/* --- RPC --- */

static nt_node_rc_t
run_rpc(nt_node_call_t *call)
{
    ask_t    ask = { 0 };
    json_t  *params = nt_arg_dict(call, "params"), *answer;
    nt_str_t name;

    if (params == NULL || !nt_arg_name(call, "function", &name) ||
        !begin(call, &ask, "/rest/v1/rpc/", name))
    {
        free_ask(&ask);
        return NT_NODE_FAIL;
    }

    answer = finish(call, &ask, "POST", params);
    return answer != NULL ? emit_rows(call, answer) : NT_NODE_FAIL;
}


/* --- types --- */

static const char *const filter_names[] = { "eq",       "ne",  "gt", "gte",
                                            "lt",       "lte", "in", "like",
                                            "contains", NULL };

#define PROP_TABLE        NT_PROP("table_name", "str", "\"\"", "The table")
#define PROP_RETURN(text) NT_PROP("return_rows", "bool", "true", text)
#define PROP_FRAME                                                             \
    NT_PROP("to_dataframe", "bool", "false", "Give rows as a data frame")
#define PROP_RECORDS                                                           \
    NT_PROP("records", "union[list[dict[str,any]],dict[str,any]]", "[]",       \
            "A row, or a list of rows")
#define PROP_FILTERS(text)                                                     \
    {                                                                          \
        .name = "filters", .type = "list[tuple[str,enum,any]]",                \
        .default_json = "[]", .values = filter_names, .description = text      \
    }

static const nt_property_t select_properties[] = {
    PROP_TABLE,
    NT_PROP("columns", "record_type", NT_DEFAULT_RECORD_TYPE,
            "The columns; none for all"),
    PROP_FILTERS("Which rows: column, operator, value"),
    NT_PROP("order_by", "str", "\"\"", "A column to sort by"),
    NT_PROP("descending", "bool", "false", "The largest first"),
    NT_PROP("limit", "int", "0", "Rows at most; 0 for all"),
    PROP_FRAME,
    NT_PROP_END
};
static const nt_property_t put_properties[] = {
    PROP_TABLE, PROP_RECORDS, PROP_RETURN("Give the rows as they are now"),
    NT_PROP_END
};
static const nt_property_t update_properties[] = {
    PROP_TABLE, NT_PROP("values", "dict[str,any]", "{}", "The new values"),
    PROP_FILTERS("Which rows: column, operator, value; none for all"),
    PROP_RETURN("Give the rows as they are now"), NT_PROP_END
};
static const nt_property_t delete_properties[] = {
    PROP_TABLE, PROP_FILTERS("Which rows: column, operator, value"), NT_PROP_END
};
static const nt_property_t rpc_properties[] = {
    NT_PROP("function", "str", "\"\"", "The function"),
    NT_PROP("params", "dict[str,any]", "{}", "Its parameters, by name"),
    PROP_FRAME, NT_PROP_END
};

#define NODE(variable, name, label, text, props, outs, how, more)              \
    static const nt_node_type_t variable = { .type = "lib.supabase." name,     \
                                             .title = label,                   \
                                             .description = text,              \
                                             .properties = props,              \
                                             .outputs = outs,                  \
                                             .flags = NT_NODE_ASYNC | (more),  \
                                             .run = how }

NODE(supabase_select, "Select", "Select", "Reads rows of a table.",
     select_properties, nt_out_any, run_select, 0);
NODE(supabase_insert, "Insert", "Insert", "Adds rows to a table.",
     put_properties, nt_out_any, run_insert, NT_NODE_ONCE);
NODE(supabase_upsert, "Upsert", "Upsert",
     "Adds rows to a table, or replaces those of the same key.", put_properties,
     nt_out_any, run_upsert, 0);
NODE(supabase_update, "Update", "Update", "Changes rows of a table.",
     update_properties, nt_out_any, run_update, 0);
NODE(supabase_delete, "Delete", "Delete", "Removes rows of a table.",
     delete_properties, nt_out_dict_any, run_delete, 0);
NODE(supabase_rpc, "RPC", "RPC", "Calls a function of the database.",
     rpc_properties, nt_out_any, run_rpc, NT_NODE_ONCE);

static const nt_node_type_t *const types[] = { &supabase_select,
                                               &supabase_insert,
                                               &supabase_upsert,
                                               &supabase_update,
                                               &supabase_delete,
                                               &supabase_rpc,
                                               NULL };

const nt_node_library_t nt_nodes_supabase = { NODETOOL_NODE_ABI, "supabase",
                                              types };
