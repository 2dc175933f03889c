/*
 * engine/nodes/http_dataframe.c - lib.http.DownloadDataframe, and
 * nodetool.data.LoadCSVURL.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/json.h"
#include "engine/nodes/csv.h"
#include "engine/nodes/data.h"
#include "engine/nodes/datetime.h"
#include "engine/nodes/encoding.h"
#include "engine/nodes/http.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/ustr.h"

#define EPOCH_DAY 719162 /* 1970-01-01, from 0001-01-01 */

/* What is made of a reply, on the pool. */
typedef struct {
    nt_web_t       web;
    nt_str_t       format; /* "csv", "tsv", "json" */
    nt_str_t       encoding;
    nt_str_t       delimiter;
    json_t        *wanted; /* columns; an empty list: all as they are */
    nt_dataframe_t df;
    bool           ok;
} table_t;


/* --- cells --- */

/* float(value); NAN for what is none. */
static double
number_of(const json_t *value)
{
    char    *end;
    double   number;
    nt_str_t text;

    if (json_is_number(value)) {
        return json_number_value(value);
    }

    if (json_is_boolean(value)) {
        return json_is_true(value);
    }

    text = nt_ustr_strip(nt_ustr(value), NT_USTR_BOTH, NULL);

    if (text.len == 0 || strcspn(text.data, "xX") < text.len) {
        return NAN; /* strtod reads hexadecimal, Python does not */
    }

    number = strtod(text.data, &end);

    return end == text.data + text.len && isfinite(number) ? number : NAN;
}


/* Seconds since 1970 as a text in UTC. */
static json_t *
time_of(const json_t *value)
{
    double        seconds = json_number_value(value);
    nt_buf_t      text = { 0 };
    nt_datetime_t dt = { .zone = NT_STR("UTC") };

    if (fabs(seconds) > 1e12 || !nt_datetime_set_day(&dt, EPOCH_DAY) ||
        !nt_datetime_add(&dt, (int64_t) (seconds * (double) NT_SECOND)))
    {
        return json_incref((json_t *) value);
    }

    nt_datetime_format(&text, &dt, "%Y-%m-%dT%H:%M:%S%z");
    return nt_ustr_take(&text);
}


/* A value of the file as one of the column's type; null where it is none.  A
 * new reference; NULL when memory is out. */
static json_t *
cast(json_t *value, const char *type)
{
    double   number;
    nt_buf_t text = { 0 };

    if (value == NULL || json_is_null(value)) {
        return json_null();
    }

    if (strcmp(type, "string") == 0) {
        if (json_is_string(value)) {
            return json_incref(value);
        }
        nt_py_str(&text, value);
        return nt_ustr_take(&text);
    }

    if (strcmp(type, "object") != 0 && json_is_string(value) &&
        json_string_length(value) == 0)
    {
        return json_null();
    }

    if (strcmp(type, "int") == 0 || strcmp(type, "float") == 0) {
        number = number_of(value);

        if (isnan(number)) {
            return json_null();
        }
        if (type[0] == 'f') {
            return json_real(number);
        }
        if (json_is_integer(value)) {
            return json_incref(value);
        }
        return fabs(number) < 9.2e18 ? json_integer((json_int_t) number)
                                     : json_null();
    }

    if (strcmp(type, "datetime") == 0 && json_is_number(value)) {
        return time_of(value);
    }

    return json_incref(value);
}


/* --- columns --- */

/* The place of a column in the file's header; -1: there is none. */
static ssize_t
place_of(const json_t *header, const char *name)
{
    size_t      i;
    json_t     *known;
    const char *text;

    json_array_foreach(header, i, known)
    {
        text = json_string_value(known);

        if (text != NULL && strcmp(text, name) == 0) {
            return (ssize_t) i;
        }
    }

    return -1;
}


static json_t *
map_row(const json_t *record, const json_t *wanted, const ssize_t *places)
{
    size_t      i;
    json_t     *row = json_array(), *column, *value;
    const char *type;

    json_array_foreach(wanted, i, column)
    {
        type = json_string_value(json_object_get(column, "data_type"));
        value =
            places[i] >= 0 ? json_array_get(record, (size_t) places[i]) : NULL;

        if (json_array_append_new(row, cast(value, type)) != 0) {
            json_decref(row);
            return NULL;
        }
    }

    return row;
}


/* The wanted columns of the records, whose first one is the header. */
static bool
map_records(nt_node_call_t *call, const json_t *records, table_t *table)
{
    bool     ok = true;
    size_t   i, width = json_array_size(table->wanted);
    json_t  *column;
    ssize_t *places;

    if (nt_dataframe_is_too_large(width, json_array_size(records))) {
        (void) nt_call_fail(call, "the file has more than %d cells",
                            NT_DATAFRAME_CELLS_MAX);
        return false;
    }

    places = calloc(width, sizeof(*places));

    json_array_foreach(table->wanted, i, column)
    {
        ok = ok && places != NULL &&
             json_array_append_new(table->df.columns, json_deep_copy(column)) ==
                 0;

        if (ok) {
            places[i] =
                place_of(json_array_get(records, 0),
                         json_string_value(json_object_get(column, "name")));
        }
    }

    for (i = 1; ok && i < json_array_size(records); i++) {
        ok = json_array_append_new(table->df.rows,
                                   map_row(json_array_get(records, i),
                                           table->wanted, places)) == 0;
    }

    free(places);
    return ok || nt_arg_nomem(call) == NT_NODE_DONE;
}


/* Are the columns of the property fit to be used? */
static bool
check_wanted(nt_node_call_t *call, table_t *table)
{
    size_t  i;
    json_t *columns = nt_arg_dict(call, "columns"), *column;

    if (columns == NULL) {
        return false;
    }

    table->wanted = json_object_get(columns, "columns");

    json_array_foreach(table->wanted, i, column)
    {
        if (json_string_length(json_object_get(column, "name")) == 0 ||
            !json_is_string(json_object_get(column, "data_type")))
        {
            (void) nt_call_fail(call,
                                "'columns': number %zu needs a name and a "
                                "data_type",
                                i + 1);
            return false;
        }
    }

    return true;
}


/* --- formats --- */

/* A list of dicts as records: the names of the first, then their values. */
static json_t *
dict_records(const json_t *list)
{
    size_t  i;
    json_t *records = json_array(), *header = json_array(), *row, *item,
           *unused, *value;
    const char *name;

    json_object_foreach(json_array_get(list, 0), name, unused)
    {
        if (json_array_append_new(header, json_string(name)) != 0) {
            json_decref(header);
            header = NULL;
        }
    }

    if (json_array_append_new(records, header) != 0) {
        json_decref(records);
        return NULL;
    }

    json_array_foreach(list, i, item)
    {
        row = json_array();

        json_object_foreach(json_array_get(list, 0), name, unused)
        {
            value = json_object_get(item, name);
            if (json_array_append_new(row, value != NULL ? json_incref(value)
                                                         : json_null()) != 0)
            {
                json_decref(row);
                row = NULL;
            }
        }

        if (json_array_append_new(records, row) != 0) {
            json_decref(records);
            return NULL;
        }
    }

    return records;
}


static bool
read_json(nt_node_call_t *call, nt_str_t text, table_t *table)
{
    bool    ok;
    json_t *value, *first, *records;

    value = nt_call_parse(call, "the file", text);

    if (value == NULL) {
        return false;
    }

    first = json_array_get(value, 0);

    if (!json_is_object(first) && !json_is_array(first)) {
        json_decref(value);
        (void) nt_call_fail(call, "the file must hold a JSON list of objects, "
                                  "or of lists whose first one names the "
                                  "columns");
        return false;
    }

    records = json_is_object(first) ? dict_records(value) : json_incref(value);

    if (records == NULL) {
        ok = nt_arg_nomem(call) == NT_NODE_DONE;

    } else if (json_array_size(table->wanted) > 0) {
        ok = map_records(call, records, table);

    } else {
        ok = json_is_object(first)
                 ? nt_dataframe_from_json(call, "the file", value, &table->df)
                 : nt_dataframe_from_records(call, "the file", records,
                                             &table->df);
    }

    json_decref(records);
    json_decref(value);
    return ok;
}


static bool
read_csv(nt_node_call_t *call, nt_str_t text, table_t *table)
{
    bool     ok;
    char     delimiter;
    json_t  *records;
    nt_buf_t error = { 0 };

    delimiter = nt_str_eq(table->format, NT_STR("tsv"))
                    ? '\t'
                    : table->delimiter.data[0];
    records = nt_csv_records_by(text.data, text.len, delimiter, &error);

    if (records == NULL) {
        ok = error.len > 0
                 ? nt_call_fail(call, "the file: %.*s", (int) error.len,
                                error.data) == NT_NODE_DONE
                 : nt_arg_nomem(call) == NT_NODE_DONE;

    } else if (json_array_size(records) == 0) {
        (void) nt_call_fail(call, "the file is empty");
        ok = false;

    } else {
        ok = json_array_size(table->wanted) > 0
                 ? map_records(call, records, table)
                 : nt_dataframe_from_records(call, "the file", records,
                                             &table->df);
    }

    json_decref(records);
    nt_buf_free(&error);
    return ok;
}


static void
read_table(nt_node_call_t *call, void *arg)
{
    nt_str_t text;
    nt_buf_t utf8 = { 0 }, error = { 0 };
    table_t *table = arg;

    if (!nt_dataframe_init(&table->df)) {
        (void) nt_arg_nomem(call);
        return;
    }

    if (!nt_encoding_read(&utf8, table->encoding, table->web.body, &error)) {
        (void) (error.len > 0 ? nt_call_fail(call, "the file: %.*s",
                                             (int) error.len, error.data)
                              : nt_arg_nomem(call));
    } else {
        text = (nt_str_t) { utf8.data != NULL ? utf8.data : "", utf8.len };
        table->ok = nt_str_eq(table->format, NT_STR("json"))
                        ? read_json(call, text, table)
                        : read_csv(call, text, table);
    }

    nt_buf_free(&utf8);
    nt_buf_free(&error);
}


/* Fetches 'url' and makes a frame of it. */
static nt_node_rc_t
load_table(nt_node_call_t *call, table_t *table)
{
    nt_str_t          url;
    nt_http_request_t request = { 0 };

    if (!nt_arg_name(call, "url", &url)) {
        return NT_NODE_FAIL;
    }

    request.url = url.data;
    table->ok = nt_web_send(call, &request, &table->web);

    if (table->ok) {
        table->ok = false;
        table->ok = nt_call_thread(call, read_table, table) && table->ok;
    }

    nt_web_free(&table->web);
    return nt_emit_dataframe(call, &table->df, table->ok);
}


/* --- the nodes --- */

static nt_node_rc_t
run_download(nt_node_call_t *call)
{
    table_t table = { 0 };

    if (!nt_arg_str(call, "file_format", &table.format) ||
        !nt_arg_name(call, "encoding", &table.encoding) ||
        !nt_arg_name(call, "delimiter", &table.delimiter) ||
        !check_wanted(call, &table))
    {
        return NT_NODE_FAIL;
    }

    if (table.delimiter.len != 1 ||
        strchr("\"\r\n", table.delimiter.data[0]) != NULL)
    {
        return nt_call_fail(call, "'delimiter' must be one character of ASCII, "
                                  "and no quote");
    }

    return load_table(call, &table);
}


static const char *const formats[] = { "csv", "json", "tsv", NULL };

static const nt_property_t download_properties[] = {
    NT_PROP_URL("The URL of the file"),
    NT_PROP_ENUM("file_format", formats, "\"csv\"", "What the file holds"),
    NT_PROP("columns", "record_type", NT_DEFAULT_RECORD_TYPE,
            "The columns to take, and their types; none for all as they are"),
    NT_PROP("encoding", "str", "\"utf-8\"", "The encoding of the file"),
    NT_PROP("delimiter", "str", "\",\"", "What separates the fields of CSV"),
    NT_PROP_END
};

const nt_node_type_t nt_http_download_dataframe = {
    .type = "lib.http.DownloadDataframe",
    .title = "Download Dataframe",
    .description = "Makes a data frame of a file of CSV, TSV or JSON.",
    .properties = download_properties,
    .outputs = nt_out_dataframe,
    .flags = NT_NODE_ASYNC,
    .run = run_download
};


static nt_node_rc_t
run_load_url(nt_node_call_t *call)
{
    table_t table = { .format = NT_STR("csv"),
                      .encoding = NT_STR("utf-8"),
                      .delimiter = NT_STR(",") };

    return load_table(call, &table);
}


static const nt_property_t load_properties[] = {
    NT_PROP_URL("The URL of the CSV file"), NT_PROP_END
};

const nt_node_type_t nt_data_load_url = { .type = "nodetool.data.LoadCSVURL",
                                          .title = "Load CSVURL",
                                          .description =
                                              "Makes a data frame of a CSV "
                                              "file of the web.",
                                          .properties = load_properties,
                                          .outputs = nt_out_dataframe,
                                          .flags = NT_NODE_ASYNC,
                                          .run = run_load_url };
