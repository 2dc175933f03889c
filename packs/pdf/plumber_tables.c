/*
 * packs/pdf/plumber_tables.c - lib.pdfplumber.ExtractTables: tables as data
 * frames.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/nodes/defaults.h"
#include "packs/pdf/pdfplumber.h"

typedef struct {
    const json_t        *dict; /* the property table_settings */
    nt_node_call_t      *call;
    nt_table_settings_t *settings;
    size_t               known; /* members that were read */
} reader_t;


/* --- settings --- */

/* A member that is a number that is not negative; as it was, if there is
 * none. */
static bool
read_number(reader_t *reader, const char *name, double *value)
{
    const json_t *member;

    member = json_object_get(reader->dict, name);

    if (member == NULL) {
        return true;
    }

    reader->known++;

    if (json_is_null(member)) {
        return true;
    }

    if (!json_is_number(member) || json_number_value(member) < 0) {
        (void) nt_call_fail(reader->call,
                            "'table_settings': \"%s\" must be a number that "
                            "is not negative",
                            name);
        return false;
    }

    *value = json_number_value(member);
    return true;
}


/* NAME_tolerance for both directions, NAME_x_tolerance and NAME_y_tolerance
 * for one. */
static bool
read_tolerance(reader_t *reader, const char *name, double tolerance[2])
{
    char both[64], x[64], y[64];

    (void) snprintf(both, sizeof(both), "%s_tolerance", name);
    (void) snprintf(x, sizeof(x), "%s_x_tolerance", name);
    (void) snprintf(y, sizeof(y), "%s_y_tolerance", name);

    if (!read_number(reader, both, &tolerance[0])) {
        return false;
    }

    tolerance[1] = tolerance[0];
    return read_number(reader, x, &tolerance[0]) &&
           read_number(reader, y, &tolerance[1]);
}


static bool
read_strategy(reader_t *reader, const char *name, nt_table_strategy_t *strategy)
{
    static const char *const names[] = { "lines", "lines_strict", "text",
                                         "explicit" };

    size_t        i;
    const json_t *member;

    member = json_object_get(reader->dict, name);

    if (member == NULL) {
        return true;
    }

    reader->known++;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (json_is_string(member) &&
            strcmp(json_string_value(member), names[i]) == 0) {
            *strategy = (nt_table_strategy_t) i;
            return true;
        }
    }

    (void) nt_call_fail(reader->call,
                        "'table_settings': \"%s\" must be lines, "
                        "lines_strict, text or explicit",
                        name);
    return false;
}


static bool
read_lines(reader_t *reader, const char *name, const json_t **lines)
{
    size_t        i;
    json_t       *place;
    const json_t *member;

    member = json_object_get(reader->dict, name);
    reader->known += member != NULL;

    if (member == NULL || json_is_null(member)) {
        return true;
    }

    json_array_foreach(member, i, place)
    {
        if (!json_is_number(place)) {
            break;
        }
    }

    if (!json_is_array(member) || i < json_array_size(member)) {
        (void) nt_call_fail(reader->call,
                            "'table_settings': \"%s\" must be a list of "
                            "numbers",
                            name);
        return false;
    }

    *lines = member;
    return true;
}


static bool
read_counts(reader_t *reader)
{
    double               vertical, horizontal;
    const json_t        *blank;
    nt_table_settings_t *settings = reader->settings;

    vertical = (double) settings->min_words[0];
    horizontal = (double) settings->min_words[1];

    if (!read_number(reader, "min_words_vertical", &vertical) ||
        !read_number(reader, "min_words_horizontal", &horizontal))
    {
        return false;
    }

    settings->min_words[0] = vertical < 1e6 ? (int64_t) vertical : 1000000;
    settings->min_words[1] = horizontal < 1e6 ? (int64_t) horizontal : 1000000;

    blank = json_object_get(reader->dict, "text_keep_blank_chars");
    reader->known += blank != NULL;
    settings->keep_blank = json_is_true(blank);
    return true;
}


static bool
read_settings(nt_node_call_t *call, nt_table_settings_t *settings)
{
    bool     good;
    reader_t reader = { .call = call, .settings = settings };

    *settings = nt_table_defaults;
    reader.dict = nt_arg_dict(call, "table_settings");

    good =
        reader.dict != NULL &&
        read_strategy(&reader, "vertical_strategy", &settings->strategy[0]) &&
        read_strategy(&reader, "horizontal_strategy", &settings->strategy[1]) &&
        read_lines(&reader, "explicit_vertical_lines",
                   &settings->explicit_lines[0]) &&
        read_lines(&reader, "explicit_horizontal_lines",
                   &settings->explicit_lines[1]) &&
        read_tolerance(&reader, "snap", settings->snap) &&
        read_tolerance(&reader, "join", settings->join) &&
        read_tolerance(&reader, "intersection", settings->intersection) &&
        read_tolerance(&reader, "text", settings->text) &&
        read_number(&reader, "edge_min_length", &settings->edge_min_length) &&
        read_number(&reader, "edge_min_length_prefilter",
                    &settings->edge_min_length_prefilter) &&
        read_counts(&reader);

    if (good && reader.known != json_object_size(reader.dict)) {
        (void) nt_call_fail(call, "'table_settings' has a member that is no "
                                  "setting of pdfplumber that is known here");
        good = false;
    }

    return good;
}


/* --- data frames --- */

/* Is the cell of a table's row empty? */
static bool
is_empty(const json_t *row, size_t column)
{
    return json_string_length(json_array_get(row, column)) == 0;
}


/* Has a column below the first row something in it? */
static bool
has_column(const json_t *rows, size_t column)
{
    size_t i;

    for (i = 1; i < json_array_size(rows); i++) {
        if (!is_empty(json_array_get(rows, i), column)) {
            return true;
        }
    }

    return false;
}


/* A name that no column has yet: that in the first row, with a number behind
 * it if need be. */
static json_t *
column_json(const json_t *columns, const json_t *cell, size_t number)
{
    char       *name;
    json_t     *column, *other;
    size_t      i, n;
    const char *text;

    text = json_string_length(cell) > 0 ? json_string_value(cell) : NULL;
    name = text != NULL ? g_strdup(text) : g_strdup_printf("%zu", number);

    for (n = 2; n < 1000000; n++) {
        json_array_foreach(columns, i, other)
        {
            if (strcmp(json_string_value(json_object_get(other, "name")),
                       name) == 0) {
                break;
            }
        }

        if (i == json_array_size(columns)) {
            break;
        }

        g_free(name);
        name = g_strdup_printf("%s_%zu", text != NULL ? text : "", n);
    }

    column = json_pack("{s:s, s:s, s:s}", "name", name, "data_type", "object",
                       "description", "");
    g_free(name);
    return column;
}


/* A row without the columns that are left out; NULL when memory is out. */
static json_t *
row_json(const json_t *rows, const json_t *row)
{
    size_t  i;
    json_t *cells;

    cells = json_array();

    for (i = 0; cells != NULL && i < json_array_size(row); i++) {
        if (has_column(rows, i) &&
            json_array_append_new(cells,
                                  is_empty(row, i)
                                      ? json_null()
                                      : json_incref(json_array_get(row, i))) !=
                0)
        {
            json_decref(cells);
            return NULL;
        }
    }

    return cells;
}


/* The first row names the columns; empty rows and columns are left out. */
static json_t *
frame_json(const json_t *rows)
{
    bool    good;
    json_t *columns, *data, *row, *first;
    size_t  i, j;

    columns = json_array();
    data = json_array();
    first = json_array_get(rows, 0);
    good = columns != NULL && data != NULL;

    for (i = 0; good && i < json_array_size(first); i++) {
        good =
            !has_column(rows, i) ||
            json_array_append_new(columns,
                                  column_json(columns, json_array_get(first, i),
                                              i)) == 0;
    }

    json_array_foreach(rows, i, row)
    {
        for (j = 0; j < json_array_size(row) && is_empty(row, j); j++) {
            /* look for something */
        }

        if (good && i > 0 && j < json_array_size(row)) {
            good = json_array_append_new(data, row_json(rows, row)) == 0;
        }
    }

    if (!good) {
        json_decref(columns);
        json_decref(data);
        return NULL;
    }

    return json_pack("{s:s, s:s, s:n, s:o, s:n, s:o}", "type", "dataframe",
                     "uri", "", "asset_id", "data", data, "metadata", "columns",
                     columns);
}


static bool
add_tables(nt_pdf_t *pdf, int number, const nt_table_settings_t *settings,
           json_t *frames)
{
    bool      good;
    json_t   *tables, *table;
    size_t    i;
    nt_page_t page;

    tables = nt_page_read(pdf, number, &page)
                 ? nt_tables_find(pdf, number, &page, settings)
                 : NULL;
    nt_page_free(&page);
    good = tables != NULL;

    json_array_foreach(tables, i, table)
    {
        if (good &&
            json_array_append_new(frames,
                                  frame_json(json_object_get(table, "rows"))) !=
                0)
        {
            (void) nt_arg_nomem(pdf->call);
            good = false;
        }
    }

    json_decref(tables);
    return good;
}


static json_t *
work_tables(nt_node_call_t *call, nt_pdf_t *pdf)
{
    int                 number;
    json_t             *frames;
    nt_table_settings_t settings;

    if (!read_settings(call, &settings)) {
        return NULL;
    }

    frames = json_array();

    for (number = pdf->first; frames != NULL && number < pdf->end; number++) {
        if (!add_tables(pdf, number, &settings, frames)) {
            json_decref(frames);
            return NULL;
        }
    }

    return frames;
}


static nt_node_rc_t
run_tables(nt_node_call_t *call)
{
    return nt_pdf_run(call, nt_pdfplumber_range, work_tables);
}


static const nt_property_t properties[] = {
    NT_PDF_PROPERTY, NT_PDFPLUMBER_PAGES,
    NT_PROP("table_settings", "dict",
            "{\"vertical_strategy\":\"text\",\"horizontal_strategy\":\"text\","
            "\"snap_tolerance\":3,\"join_tolerance\":3,\"edge_min_length\":3,"
            "\"min_words_vertical\":3,\"min_words_horizontal\":1,"
            "\"text_keep_blank_chars\":false,\"text_tolerance\":3,"
            "\"text_x_tolerance\":3,\"text_y_tolerance\":3}",
            "How tables are found: pdfplumber's settings"),
    NT_PROP_END
};

static const nt_output_t frames_output[] = { { "output", "list[dataframe]" },
                                             { NULL, NULL } };

const nt_node_type_t nt_pdfplumber_tables = {
    .type = "lib.pdfplumber.ExtractTables",
    .title = "Extract Tables",
    .description = "The tables on some pages of a PDF document, as data "
                   "frames.",
    .properties = properties,
    .outputs = frames_output,
    .flags = NT_NODE_ASYNC,
    .run = run_tables
};
