/*
 * engine/agents/table_rows.h - rows of a Markdown table in a model's answer,
 * as they stream in.
 *
 *   | name | price |
 *   |------|-------|
 *   | kale | 2.5   |
 *
 * The first line with a bar that is followed by a line of dashes is the
 * header; all else outside of the table is skipped, and the table ends with
 * the first line without a bar.  "\|" is a bar in a cell.  A cell that is
 * empty, None, null or N/A is null; others become what the type of their
 * column says where they can ("int", "float", "bool"), else they are texts.
 */

#ifndef NT_TABLE_ROWS_H
#define NT_TABLE_ROWS_H

#include <jansson.h>

#include "core/nt_buf.h"

#define NT_TABLE_LINE_MAX (1024 * 1024) /* bytes of a line */

typedef struct {
    /* of the rows, [{"name": "price", "data_type": "float"}, ...]; borrowed.
     * Empty or NULL: those of the header. */
    const json_t *columns;

    nt_buf_t line;    /* what has come of it */
    json_t  *last;    /* cells of the line that may be the header; owned */
    json_t  *header;  /* its cells; owned */
    size_t   skipped; /* rows whose cells do not fit the header */
    bool     ended;   /* the table is complete */
} nt_table_rows_t;

/* What is done with a row, {name: value}; borrowed. False ends the parsing. */
typedef bool (*nt_table_row_pt)(void *arg, json_t *row);

/*
 * Takes the next piece of the answer, cut anywhere; nt_table_rows_end takes
 * its last line.  NT_OK; NT_ERROR when `row` returned false; NT_LIMIT for a
 * line of more than NT_TABLE_LINE_MAX; NT_NOMEM.
 */
nt_rc_t nt_table_rows_feed(nt_table_rows_t *table, nt_str_t text,
                           nt_table_row_pt row, void *arg);
nt_rc_t nt_table_rows_end(nt_table_rows_t *table, nt_table_row_pt row,
                          void *arg);

void nt_table_rows_free(nt_table_rows_t *table);

#endif
