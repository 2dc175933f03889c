#include "engine/agents/table_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>


static nt_str_t
strip(nt_str_t s)
{
    while (s.len > 0 && strchr(" \t\r", s.data[0]) != NULL) {
        s.data++;
        s.len--;
    }

    while (s.len > 0 && strchr(" \t\r", s.data[s.len - 1]) != NULL) {
        s.len--;
    }

    return s;
}


static bool
is_word(const char *text, const char *const *words)
{
    for (/* void */; *words != NULL; words++) {
        if (strcasecmp(text, *words) == 0) {
            return true;
        }
    }

    return false;
}


/* Adds a cell, bars unescaped. */
static bool
add_cell(json_t *cells, nt_str_t raw)
{
    int      rc;
    size_t   i;
    nt_buf_t text = { 0 };

    raw = strip(raw);

    for (i = 0; i < raw.len; i++) {
        if (raw.data[i] == '\\' && i + 1 < raw.len && raw.data[i + 1] == '|') {
            i++;
        }

        nt_buf_append_char(&text, raw.data[i]);
    }

    if (text.failed) {
        nt_buf_free(&text);
        return false;
    }

    rc = json_array_append_new(cells,
                               json_stringn(text.data != NULL ? text.data : "",
                                            text.len));
    nt_buf_free(&text);
    return rc == 0;
}


/* The cells of a line that has a bar. New reference; NULL when memory is out
 * (or the line is no UTF-8). */
static json_t *
split(nt_str_t line)
{
    bool    good = true;
    size_t  i, start = 0;
    json_t *cells;

    cells = json_array();

    if (line.len > 0 && line.data[0] == '|') {
        start = 1;
    }

    for (i = start; i < line.len && good; i++) {
        if (line.data[i] == '\\') {
            i++;

        } else if (line.data[i] == '|') {
            good = add_cell(cells, (nt_str_t) { line.data + start, i - start });
            start = i + 1;
        }
    }

    if (good && start < line.len) {
        good =
            add_cell(cells, (nt_str_t) { line.data + start, line.len - start });
    }

    if (!good) {
        json_decref(cells);
        return NULL;
    }

    return cells;
}


static bool
is_separator(nt_str_t line)
{
    size_t i;
    bool   dash = false;

    for (i = 0; i < line.len; i++) {
        if (strchr("|-: \t", line.data[i]) == NULL) {
            return false;
        }

        dash = dash || line.data[i] == '-';
    }

    return dash;
}


/* The value of a cell; new reference, NULL when memory is out. */
static json_t *
convert(const json_t *cell, const char *type)
{
    char                    *end;
    double                   number;
    long long                integer;
    const char              *text = json_string_value(cell);
    static const char *const nothing[] = { "", "none", "null", "n/a", NULL };
    static const char *const yes[] = { "true", "yes", "1", "on", NULL };
    static const char *const no[] = { "false", "no", "0", "off", NULL };

    if (is_word(text, nothing)) {
        return json_null();
    }

    if (strncmp(type, "int", 3) == 0) {
        errno = 0;
        integer = strtoll(text, &end, 10);

        if (*end == '\0' && errno == 0) {
            return json_integer(integer);
        }

    } else if (strncmp(type, "float", 5) == 0 || strcmp(type, "number") == 0) {
        number = strtod(text, &end);

        if (*end == '\0' && isfinite(number)) {
            return json_real(number);
        }

    } else if (strncmp(type, "bool", 4) == 0) {
        if (is_word(text, yes)) {
            return json_true();
        }

        if (is_word(text, no)) {
            return json_false();
        }
    }

    return json_string(text);
}


static const char *
member(const json_t *column, const char *name)
{
    const char *text = json_string_value(json_object_get(column, name));

    return text != NULL ? text : "";
}


static bool
is_column(const nt_table_rows_t *table, const char *name)
{
    size_t  i;
    json_t *column;

    json_array_foreach(table->columns, i, column)
    {
        if (strcasecmp(member(column, "name"), name) == 0) {
            return true;
        }
    }

    return false;
}


/* The place in the header of column `i`: of its name in any case, else its
 * own, as the model was told the order, unless that is another column's; then
 * one that no row has. */
static size_t
place(const nt_table_rows_t *table, const char *name, size_t i)
{
    size_t      at, n;
    json_t     *cell;
    const char *there;

    json_array_foreach(table->header, at, cell)
    {
        if (strcasecmp(json_string_value(cell), name) == 0) {
            return at;
        }
    }

    n = json_array_size(table->header);
    there = json_string_value(json_array_get(table->header, i));
    return n == json_array_size(table->columns) && there != NULL &&
                   !is_column(table, there)
               ? i
               : n;
}


/* New reference; NULL when memory is out. */
static json_t *
make_row(const nt_table_rows_t *table, const json_t *cells)
{
    int         rc = 0;
    size_t      i, at, n;
    json_t     *row, *column, *cell;
    const char *name;

    row = json_object();
    n = json_array_size(table->columns);

    for (i = 0; i < n; i++) {
        column = json_array_get(table->columns, i);
        name = member(column, "name");
        at = place(table, name, i);
        cell = json_array_get(cells, at);
        rc |=
            json_object_set_new(row, name,
                                cell != NULL
                                    ? convert(cell, member(column, "data_type"))
                                    : json_null());
    }

    for (i = 0; n == 0 && i < json_array_size(table->header); i++) {
        name = json_string_value(json_array_get(table->header, i));
        rc |= json_object_set_new(row, name,
                                  convert(json_array_get(cells, i), ""));
    }

    if (rc != 0) {
        json_decref(row);
        return NULL;
    }

    return row;
}


/* A line of the table's body. */
static nt_rc_t
take_row(nt_table_rows_t *table, const json_t *cells, nt_table_row_pt row,
         void *arg)
{
    bool    good;
    json_t *value;

    if (json_array_size(cells) != json_array_size(table->header)) {
        table->skipped++;
        return NT_OK;
    }

    value = make_row(table, cells);

    if (value == NULL) {
        return NT_NOMEM;
    }

    good = row(arg, value);
    json_decref(value);
    return good ? NT_OK : NT_ERROR;
}


static nt_rc_t
take_line(nt_table_rows_t *table, nt_table_row_pt row, void *arg)
{
    nt_rc_t  rc = NT_OK;
    json_t  *cells;
    nt_str_t line;

    line = strip((nt_str_t) { table->line.data, table->line.len });

    if (line.len == 0 || memchr(line.data, '|', line.len) == NULL) {
        table->ended = table->header != NULL;
        json_decref(table->last);
        table->last = NULL;
        return NT_OK;
    }

    if (table->header == NULL && table->last != NULL && is_separator(line)) {
        table->header = table->last;
        table->last = NULL;
        return NT_OK;
    }

    cells = split(line);

    if (cells == NULL) {
        return NT_NOMEM;
    }

    if (table->header == NULL) {
        json_decref(table->last);
        table->last = cells;
        return NT_OK;
    }

    if (!is_separator(line) || memmem(line.data, line.len, "---", 3) == NULL) {
        rc = take_row(table, cells, row, arg);
    }

    json_decref(cells);
    return rc;
}


nt_rc_t
nt_table_rows_feed(nt_table_rows_t *table, nt_str_t text, nt_table_row_pt row,
                   void *arg)
{
    size_t      n;
    nt_rc_t     rc;
    const char *end;

    while (text.len > 0 && !table->ended) {
        end = memchr(text.data, '\n', text.len);
        n = end != NULL ? (size_t) (end - text.data) : text.len;

        if (table->line.len + n > NT_TABLE_LINE_MAX) {
            return NT_LIMIT;
        }

        nt_buf_append(&table->line, text.data, n);

        if (table->line.failed) {
            return NT_NOMEM;
        }

        if (end == NULL) {
            break;
        }

        rc = take_line(table, row, arg);
        nt_buf_reset(&table->line);

        if (rc != NT_OK) {
            return rc;
        }

        text.data += n + 1;
        text.len -= n + 1;
    }

    return NT_OK;
}


nt_rc_t
nt_table_rows_end(nt_table_rows_t *table, nt_table_row_pt row, void *arg)
{
    if (table->ended || table->line.len == 0) {
        return NT_OK;
    }

    return take_line(table, row, arg);
}


void
nt_table_rows_free(nt_table_rows_t *table)
{
    nt_buf_free(&table->line);
    json_decref(table->last);
    json_decref(table->header);
}
