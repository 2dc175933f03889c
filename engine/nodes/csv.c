/*
 * engine/nodes/csv.c - CSV (RFC 4180).
 */

#include "engine/nodes/csv.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"


/* --- reading --- */

typedef struct {
    const char *pos;
    const char *end;
    nt_buf_t    field;
    char        delimiter;
    size_t      record; /* number of the current one, from 1 */
} reader_t;


/* One field, up to its comma, its record's end or the text's.  What follows
 * a closing quote belongs to the field, as Python has it. */
static void
read_field(reader_t *reader)
{
    char c;
    bool quoted = false;

    nt_buf_reset(&reader->field);

    if (reader->pos < reader->end && *reader->pos == '"') {
        quoted = true;
        reader->pos++;
    }

    for (; reader->pos < reader->end; reader->pos++) {
        c = *reader->pos;

        if (quoted && c == '"') {
            if (reader->pos + 1 == reader->end || reader->pos[1] != '"') {
                quoted = false;
                continue;
            }
            reader->pos++;

        } else if (!quoted &&
                   (c == reader->delimiter || c == '\n' || c == '\r')) {
            return;
        }

        nt_buf_append_char(&reader->field, c);
    }
}


/* One record as a list of strings; an empty list for an empty line.  NULL
 * when memory is out or the text is not UTF-8. */
static json_t *
read_record(reader_t *reader)
{
    json_t *record = json_array();

    reader->record++;

    while (record != NULL) {
        if (json_array_size(record) == 0 &&
            (reader->pos == reader->end || *reader->pos == '\n' ||
             *reader->pos == '\r'))
        {
            break;
        }

        read_field(reader);

        if (reader->field.failed ||
            json_array_append_new(record, json_stringn(reader->field.data,
                                                       reader->field.len)) != 0)
        {
            json_decref(record);
            return NULL;
        }

        if (reader->pos == reader->end || *reader->pos != reader->delimiter) {
            break;
        }

        reader->pos++;
    }

    if (reader->pos < reader->end && *reader->pos == '\r') {
        reader->pos++;
    }

    if (reader->pos < reader->end && *reader->pos == '\n') {
        reader->pos++;
    }

    return record;
}


/* A record as a dict; NULL when memory is out. */
static json_t *
make_row(const json_t *header, const json_t *record)
{
    int     rc = 0;
    size_t  i, n;
    json_t *row = json_object(), *rest = NULL, *name;

    n = json_array_size(record);

    json_array_foreach(header, i, name)
    {
        rc |=
            json_object_setn_new(row, json_string_value(name),
                                 json_string_length(name),
                                 i < n ? json_incref(json_array_get(record, i))
                                       : json_null());
    }

    if (n > json_array_size(header)) {
        rest = json_array();

        for (i = json_array_size(header); i < n; i++) {
            rc |= json_array_append(rest, json_array_get(record, i));
        }

        rc |= json_object_set_new(row, "null", rest);
    }

    if (rc != 0) {
        json_decref(row);
        return NULL;
    }

    return row;
}


static bool
read_rows(reader_t *reader, json_t *rows)
{
    int     rc;
    json_t *header = NULL, *record;

    while (reader->pos < reader->end) {
        record = read_record(reader);

        if (record == NULL) {
            json_decref(header);
            return false;
        }

        if (json_array_size(record) == 0) {
            json_decref(record);
            continue;
        }

        if (header == NULL) {
            header = record;
            continue;
        }

        rc = json_array_append_new(rows, make_row(header, record));
        json_decref(record);

        if (rc != 0) {
            json_decref(header);
            return false;
        }
    }

    json_decref(header);
    return true;
}


static bool
read_records(reader_t *reader, json_t *records)
{
    json_t *record;

    while (reader->pos < reader->end) {
        record = read_record(reader);

        if (record == NULL) {
            return false;
        }

        if (json_array_size(record) == 0) {
            json_decref(record);

        } else if (json_array_append_new(records, record) != 0) {
            return false;
        }
    }

    return true;
}


static json_t *
read_text(const char *text, size_t len, char delimiter, nt_buf_t *error,
          bool (*read_all)(reader_t *reader, json_t *rows))
{
    bool     ok;
    json_t  *rows = json_array();
    reader_t reader = { .pos = text,
                        .end = text + len,
                        .delimiter = delimiter };

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        reader.pos += 3; /* a byte order mark */
    }

    ok = rows != NULL && read_all(&reader, rows);

    if (!ok) {
        if (!reader.field.failed && rows != NULL) {
            nt_buf_printf(error, "record %zu is not valid UTF-8",
                          reader.record);
        }
        json_decref(rows);
        rows = NULL;
    }

    nt_buf_free(&reader.field);
    return rows;
}


json_t *
nt_csv_read(const char *text, size_t len, nt_buf_t *error)
{
    return read_text(text, len, ',', error, read_rows);
}


json_t *
nt_csv_records(const char *text, size_t len, nt_buf_t *error)
{
    return read_text(text, len, ',', error, read_records);
}


json_t *
nt_csv_records_by(const char *text, size_t len, char delimiter, nt_buf_t *error)
{
    return read_text(text, len, delimiter, error, read_records);
}


/* --- writing --- */

static void
write_field(nt_buf_t *out, nt_str_t s, bool only)
{
    size_t i;

    /* a record of one empty field would be an empty line */
    if (!(s.len == 0 && only) && memchr(s.data, ',', s.len) == NULL &&
        memchr(s.data, '"', s.len) == NULL &&
        memchr(s.data, '\n', s.len) == NULL &&
        memchr(s.data, '\r', s.len) == NULL)
    {
        nt_buf_append_str(out, s);
        return;
    }

    nt_buf_append_char(out, '"');

    for (i = 0; i < s.len; i++) {
        nt_buf_append(out, "\"\"", s.data[i] == '"' ? 1 : 0);
        nt_buf_append_char(out, s.data[i]);
    }

    nt_buf_append_char(out, '"');
}


/* str(value), but nothing for None. */
static void
write_value(nt_buf_t *out, const json_t *value, bool only)
{
    nt_buf_t text = { 0 };

    if (value != NULL && !json_is_null(value)) {
        nt_py_str(&text, value);
    }

    if (text.failed) {
        out->failed = true;
    } else {
        write_field(out,
                    (nt_str_t) { text.data != NULL ? text.data : "", text.len },
                    only);
    }

    nt_buf_free(&text);
}


void
nt_csv_write_record(nt_buf_t *out, const json_t *record)
{
    size_t  i;
    json_t *value;

    json_array_foreach(record, i, value)
    {
        nt_buf_append(out, ",", i == 0 ? 0 : 1);
        write_value(out, value, json_array_size(record) == 1);
    }
}


bool
nt_csv_write(nt_buf_t *out, const json_t *rows, nt_buf_t *error)
{
    bool        first;
    size_t      i, len;
    json_t     *row, *names, *value;
    const char *name;

    names = json_array_get(rows, 0);

    json_array_foreach(rows, i, row)
    {
        if (!json_is_object(row)) {
            nt_buf_printf(error, "item %zu is of type %s, not a dict", i,
                          nt_py_type(row));
            return false;
        }

        json_object_keylen_foreach(row, name, len, value)
        {
            if (json_object_getn(names, name, len) == NULL) {
                nt_buf_printf(error,
                              "item %zu has the field \"%.*s\", which "
                              "the first one has not",
                              i, len < 100 ? (int) len : 100, name);
                return false;
            }
        }
    }

    first = true;

    json_object_keylen_foreach(names, name, len, value)
    {
        nt_buf_append(out, ",", first ? 0 : 1);
        first = false;
        write_field(out, (nt_str_t) { name, len },
                    json_object_size(names) == 1);
    }

    nt_buf_append_str(out, NT_STR("\r\n"));

    json_array_foreach(rows, i, row)
    {
        first = true;

        json_object_keylen_foreach(names, name, len, value)
        {
            nt_buf_append(out, ",", first ? 0 : 1);
            first = false;
            write_value(out, json_object_getn(row, name, len),
                        json_object_size(names) == 1);
        }

        nt_buf_append_str(out, NT_STR("\r\n"));
    }

    return true;
}
