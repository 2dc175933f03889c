/*
 * What models answer, in any shape: a list or a table is the same however it
 * is cut (the input's first byte says where); objects, categories and sums
 * come to an end.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/agents/answer.h"
#include "engine/agents/calculator.h"
#include "engine/agents/list_items.h"
#include "engine/agents/table_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
must(bool condition)
{
    if (!condition) {
        abort();
    }
}


static bool
see_item(void *arg, nt_str_t item)
{
    must(item.len > 0);
    nt_buf_append_json(arg, item);
    return true;
}


static bool
see_row(void *arg, json_t *row)
{
    char *text = json_dumps(row, JSON_COMPACT);

    must(text != NULL);
    nt_buf_append_str(arg, nt_str(text));
    free(text);
    return true;
}


static nt_rc_t
parse(bool table, const json_t *columns, nt_str_t text, size_t cut,
      nt_buf_t *out)
{
    size_t          n;
    nt_rc_t         rc = NT_OK;
    nt_list_items_t items = { 0 };
    nt_table_rows_t rows = { .columns = columns };

    while (text.len > 0 && rc == NT_OK) {
        n = text.len < cut ? text.len : cut;
        rc = table ? nt_table_rows_feed(&rows, (nt_str_t) { text.data, n },
                                        see_row, out)
                   : nt_list_items_feed(&items, (nt_str_t) { text.data, n },
                                        see_item, out);
        text.data += n;
        text.len -= n;
    }

    if (rc == NT_OK && table) {
        rc = nt_table_rows_end(&rows, see_row, out);
    }

    nt_list_items_free(&items);
    nt_table_rows_free(&rows);
    return rc;
}


static void
compare(bool table, const json_t *columns, nt_str_t text, size_t cut)
{
    nt_rc_t  rc;
    nt_buf_t whole = { 0 }, pieces = { 0 };

    rc = parse(table, columns, text, text.len, &whole);
    must(parse(table, columns, text, cut, &pieces) == rc);
    must(nt_str_eq((nt_str_t) { whole.data, whole.len },
                   (nt_str_t) { pieces.data, pieces.len }));
    nt_buf_free(&whole);
    nt_buf_free(&pieces);
}


static void
read_answer(nt_str_t text, const json_t *categories)
{
    double   result;
    json_t  *object;
    nt_buf_t out = { 0 };

    object = nt_answer_object(text);
    must(object == NULL || json_is_object(object));
    json_decref(object);
    must(nt_answer_category(text, categories) != NULL);
    must(nt_list_items_plain(text, see_item, &out) == NT_OK);
    nt_buf_reset(&out);

    if (nt_calculate(text, &result, &out) == NT_OK) {
        must(isfinite(result) && out.len == 0);

    } else {
        must(out.len > 0);
    }

    nt_buf_free(&out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char    *text;
    json_t  *columns, *categories, *valid;
    nt_str_t answer;

    if (size < 2) {
        return 0;
    }

    /* what models answer has come through JSON: it is UTF-8 */
    text = malloc(size);
    memcpy(text, data + 1, size - 1);
    valid = json_stringn(text, size - 1);
    answer = (nt_str_t) { text, size - 1 };
    columns = json_pack("[{s:s, s:s}, {s:s, s:s}]", "name", "a", "data_type",
                        "int", "name", "b", "data_type", "bool");
    categories = json_pack("[s, s, s]", "up", "down", "\xC3\xA4pfel");

    if (valid != NULL) {
        compare(false, NULL, answer, (size_t) data[0] + 1);
        compare(true, NULL, answer, (size_t) data[0] + 1);
        compare(true, columns, answer, (size_t) data[0] + 1);
        read_answer(answer, categories);
    }

    json_decref(valid);
    json_decref(columns);
    json_decref(categories);
    free(text);
    return 0;
}
