/*
 * engine/nodes/csv.h - CSV (RFC 4180), read and written as Python's csv
 * module does with its defaults.
 */

#ifndef NT_CSV_H
#define NT_CSV_H

#include <jansson.h>

#include "core/nt_buf.h"

/*
 * Reads a text whose first record names the fields, as a list of dicts of
 * strings.  Records end in CRLF, LF or CR; empty ones are skipped; a missing
 * field is null, and surplus ones are a list under the name "null", as
 * Python's DictReader has them.  NULL with a sentence in `error`; memory was
 * out when that is empty.
 */
json_t *nt_csv_read(const char *text, size_t len, nt_buf_t *error);

/* The same text as a list of its records, each a list of strings; those that
 * are empty are left out. */
json_t *nt_csv_records(const char *text, size_t len, nt_buf_t *error);

/* The same with another delimiter than a comma. */
json_t *nt_csv_records_by(const char *text, size_t len, char delimiter,
                          nt_buf_t *error);

/* Appends a list of values as a record, without what ends it. */
void nt_csv_write_record(nt_buf_t *out, const json_t *record);

/* Writes a list of dicts, whose first one names the fields.  False with a
 * sentence in `error`. */
bool nt_csv_write(nt_buf_t *out, const json_t *rows, nt_buf_t *error);

#endif
