/*
 * What is read from models' answers: items of lists and rows of tables, fed
 * whole, byte by byte and in two pieces cut at each place; JSON objects,
 * categories, and arithmetic.
 */

#include <math.h>

#include "engine/agents/answer.h"
#include "engine/agents/calculator.h"
#include "engine/agents/list_items.h"
#include "engine/agents/table_rows.h"
#include "t/core/tap.h"


/* --- streams --- */

/* What came out, one piece a line. */
typedef struct {
    nt_buf_t text;
    size_t   limit; /* pieces that are taken before it says no; 0: all */
    size_t   n;
} seen_t;


static bool
see(seen_t *seen, nt_str_t text)
{
    nt_buf_append_str(&seen->text, text);
    nt_buf_append_char(&seen->text, '\n');
    seen->n++;
    return seen->limit == 0 || seen->n < seen->limit;
}


static bool
see_item(void *arg, nt_str_t item)
{
    return see(arg, item);
}


static bool
see_row(void *arg, json_t *row)
{
    bool  good;
    char *text;

    text = json_dumps(row, JSON_COMPACT | JSON_REAL_PRECISION(6));
    good = see(arg, nt_str(text));
    free(text);
    return good;
}


/* Which of the two parsers, and the state of one. */
typedef struct {
    bool            table;
    nt_list_items_t items;
    nt_table_rows_t rows;
} parser_t;


static nt_rc_t
feed(parser_t *parser, nt_str_t text, seen_t *seen)
{
    return parser->table
               ? nt_table_rows_feed(&parser->rows, text, see_row, seen)
               : nt_list_items_feed(&parser->items, text, see_item, seen);
}


static void
finish(parser_t *parser, seen_t *seen)
{
    if (parser->table) {
        (void) nt_table_rows_end(&parser->rows, see_row, seen);
        nt_table_rows_free(&parser->rows);

    } else {
        nt_list_items_free(&parser->items);
    }
}


/* Feeds `text` in pieces of `step` bytes, the first of `first`. */
static bool
runs(bool table, const json_t *columns, nt_str_t text, const char *want,
     size_t first, size_t step)
{
    bool     same;
    size_t   n;
    nt_rc_t  rc = NT_OK;
    seen_t   seen = { 0 };
    parser_t parser = { .table = table, .rows.columns = columns };

    n = first;

    while (text.len > 0 && rc == NT_OK) {
        if (n > text.len) {
            n = text.len;
        }

        rc = feed(&parser, (nt_str_t) { text.data, n }, &seen);
        text.data += n;
        text.len -= n;
        n = step;
    }

    finish(&parser, &seen);
    same =
        rc == NT_OK &&
        nt_str_eq((nt_str_t) { seen.text.data, seen.text.len }, nt_str(want));

    if (!same) {
        diag("first %zu, step %zu: %d, \"%.*s\"", first, step, rc,
             (int) seen.text.len, seen.text.data != NULL ? seen.text.data : "");
    }

    nt_buf_free(&seen.text);
    return same;
}


static void
vector(const char *name, bool table, const json_t *columns, nt_str_t text,
       const char *want)
{
    bool   good = true;
    size_t i;

    ok(runs(table, columns, text, want, text.len, text.len), "%s, whole", name);
    ok(runs(table, columns, text, want, 1, 1), "%s, byte by byte", name);

    for (i = 1; i < text.len && good; i++) {
        good = runs(table, columns, text, want, i, text.len);
    }

    ok(good, "%s, in two pieces", name);
}


static const struct {
    const char *name;
    nt_str_t    text;
    const char *want;
} lists[] = {
    { "items", NT_STR("<LIST_ITEM>one</LIST_ITEM>\n<LIST_ITEM>two</LIST_ITEM>"),
      "one\ntwo\n" },
    { "text around",
      NT_STR("Here: <LIST_ITEM>a</LIST_ITEM> and so on </LIST_"
             "ITEM> <b><LIST_ITEM>b</LIST_ITEM>."),
      "a\nb\n" },
    { "an item of lines",
      NT_STR("<LIST_ITEM>\n  Milk\n\n  **Eggs** \t* </LIST_ITEM>"),
      "Milk Eggs *\n" },
    { "tags in small letters", NT_STR("<list_item>x</List_Item>"), "x\n" },
    { "other tags", NT_STR("<LIST_ITEM><<b>x</b></LIST</LIST_ITEM>"),
      "<<b>x</b></LIST\n" },
    { "half a tag twice", NT_STR("<LIST_<LIST_ITEM>x</LIST_I</LIST_ITEM>"),
      "x</LIST_I\n" },
    { "an item that is cut off",
      NT_STR("<LIST_ITEM>a</LIST_ITEM><LIST_ITEM>b</LIST_IT"), "a\n" },
    { "items of nothing",
      NT_STR("<LIST_ITEM> </LIST_ITEM><LIST_ITEM>**"
             "</LIST_ITEM>"),
      "" },
    { "letters of several bytes",
      NT_STR("<LIST_ITEM>\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x8D\x89</LIST_ITEM>"),
      "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x8D\x89\n" },
    { "no items", NT_STR("I cannot do that."), "" },
};


static const struct {
    const char *name;
    nt_str_t    text;
    const char *want;
} tables[] = {
    { "a table",
      NT_STR("| name | price | fresh |\n|---|---|---|\n"
             "| kale | 2.5 | yes |\n| leek | 3 | false |"),
      "{\"name\":\"kale\",\"price\":2.5,\"fresh\":true}\n"
      "{\"name\":\"leek\",\"price\":3.0,\"fresh\":false}\n" },
    { "text around",
      NT_STR("Here | is it:\n\n```\n| name | price | fresh |\r\n"
             "|:--|--:|:-:|\r\n| kale | N/A | |\r\n```\n| a | b | c |\n"),
      "{\"name\":\"kale\",\"price\":null,\"fresh\":null}\n" },
    { "columns in another order and case",
      NT_STR("| PRICE | Name | x |\n|-|-|-|\n| 1 | a | b |\n"),
      "{\"name\":\"a\",\"price\":1.0,\"fresh\":\"b\"}\n" },
    { "other names",
      NT_STR("| Vegetable | Cost | New |\n|-|-|-|\n"
             "| kale | 2 | 1 |\n"),
      "{\"name\":\"kale\",\"price\":2.0,\"fresh\":true}\n" },
    { "bars in cells", NT_STR("|name|price|fresh|\n|-|-|-|\n|a\\|b|1|no|\n"),
      "{\"name\":\"a|b\",\"price\":1.0,\"fresh\":false}\n" },
    { "no bars at the ends",
      NT_STR("name | price | fresh\n---|---|---\n"
             "a | - | -\n---|---|---\nb | 2 | off"),
      "{\"name\":\"a\",\"price\":\"-\",\"fresh\":\"-\"}\n"
      "{\"name\":\"b\",\"price\":2.0,\"fresh\":false}\n" },
    { "rows that do not fit",
      NT_STR("|name|price|fresh|\n|-|-|-|\n|a|\n|b|2|yes|3|\n|c|3|on|\n"),
      "{\"name\":\"c\",\"price\":3.0,\"fresh\":true}\n" },
    { "a column that is missing", NT_STR("|price|name|\n|-|-|\n|1|a|\n"),
      "{\"name\":\"a\",\"price\":1.0,\"fresh\":null}\n" },
    { "a header alone", NT_STR("|name|price|fresh|\n|-|-|-|\n"), "" },
    { "no table", NT_STR("I cannot do that."), "" },
};


static void
streams(void)
{
    size_t  i;
    json_t *columns;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        vector(lists[i].name, false, NULL, lists[i].text, lists[i].want);
    }

    columns = json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "name", "name",
                        "data_type", "string", "name", "price", "data_type",
                        "float", "name", "fresh", "data_type", "bool");

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        vector(tables[i].name, true, columns, tables[i].text, tables[i].want);
    }

    json_decref(columns);
    vector("columns of the header", true, NULL,
           NT_STR("| a | b |\n|---|---|\n| 1 | none |\n"),
           "{\"a\":\"1\",\"b\":null}\n");
    columns = json_pack("[{s:s, s:s}]", "name", "n", "data_type", "int");
    vector("integers", true, columns,
           NT_STR("|n|\n|-|\n|7|\n|-7|\n|7.5|\n|99999999999999999999|\n"),
           "{\"n\":7}\n{\"n\":-7}\n{\"n\":\"7.5\"}\n"
           "{\"n\":\"99999999999999999999\"}\n");
    json_decref(columns);
}


static void
limits(void)
{
    char           *big;
    size_t          i;
    seen_t          seen = { .limit = 1 };
    nt_list_items_t items = { 0 };
    nt_table_rows_t rows = { 0 };

    is_int(nt_list_items_feed(&items,
                              NT_STR("<LIST_ITEM>a</LIST_ITEM><LIST_ITEM>b"
                                     "</LIST_ITEM>"),
                              see_item, &seen),
           NT_ERROR, "a receiver of items that wants no more");
    is_int((long long) seen.n, 1, "gets no more");
    nt_list_items_free(&items);

    seen.n = 0;
    is_int(nt_table_rows_feed(&rows, NT_STR("|a|\n|-|\n|1|\n|2|\n"), see_row,
                              &seen),
           NT_ERROR, "a receiver of rows that wants no more");
    is_int((long long) seen.n, 1, "gets no more");
    nt_table_rows_free(&rows);

    big = malloc(65536);
    memset(big, 'x', 65536);
    items = (nt_list_items_t) { 0 };
    rows = (nt_table_rows_t) { 0 };
    is_int(nt_list_items_feed(&items, NT_STR("<LIST_ITEM>"), see_item, &seen),
           NT_OK, "an item that is too long");

    for (i = 0; i < 16; i++) {
        (void) nt_list_items_feed(&items, (nt_str_t) { big, 65536 }, see_item,
                                  &seen);
        (void) nt_table_rows_feed(&rows, (nt_str_t) { big, 65536 }, see_row,
                                  &seen);
    }

    is_int(nt_list_items_feed(&items, NT_STR("x"), see_item, &seen), NT_LIMIT,
           "is refused");
    is_int(nt_table_rows_feed(&rows, NT_STR("x"), see_row, &seen), NT_LIMIT,
           "a line that is too long is refused");
    free(big);
    nt_list_items_free(&items);
    nt_table_rows_free(&rows);
    nt_buf_free(&seen.text);
}


static void
plain_lists(void)
{
    seen_t seen = { 0 };

    (void) nt_list_items_plain(NT_STR("Sure!\n\n1. **One**: a\n 2) two\n"
                                      "- three\n\t* four\n+ five\n"
                                      "\xE2\x80\xA2 six\r\n-7\n3.5 l\n12\n"
                                      "--- \nBye"),
                               see_item, &seen);
    is_str((nt_str_t) { seen.text.data, seen.text.len },
           "One: a\ntwo\nthree\nfour\nfive\nsix\n", "lists without tags");
    nt_buf_free(&seen.text);
}


/* --- answers --- */

/* The text as a name of a test: on one line. */
static const char *
label(const char *text)
{
    size_t      i;
    static char name[80];

    (void) snprintf(name, sizeof(name), "%s", text);

    for (i = 0; name[i] != '\0'; i++) {
        if (name[i] == '\n') {
            name[i] = ' ';
        }
    }

    return name;
}


static void
object(const char *text, const char *want)
{
    char   *got;
    json_t *value;

    value = nt_answer_object(nt_str(text));
    got = value != NULL ? json_dumps(value, JSON_COMPACT) : strdup("none");
    is_str(nt_str(got), want, label(text));
    free(got);
    json_decref(value);
}


static void
objects(void)
{
    object("{\"a\": 1}", "{\"a\":1}");
    object(" \n{\"a\": {\"b\": []}}\n", "{\"a\":{\"b\":[]}}");
    object("```json\n{\"a\": 1}\n```", "{\"a\":1}");
    object("Here:\n```\n{\"a\": 1}\n```\nDone {\"b\": 2}", "{\"a\":1}");
    object("```python\nprint({})\n```\n```JSON\n{\"a\": 1}\n```", "{\"a\":1}");
    object("The set {x} is {\"a\": \"}\"} and {\"b\": 2}", "{\"a\":\"}\"}");
    object("```json\n{\"a\": \"```\"}\n```", "{\"a\":\"```\"}");
    object("```json\n{\"a\": 1}", "{\"a\":1}");
    object("[{\"a\": 1}]", "{\"a\":1}");
    object("[1, 2]", "none");
    object("{\"a\": 1", "none");
    object("{\"a\": 1, \"a\": 2}", "none");
    object("", "none");
    object("```", "none");
    object("{{{{{{{{", "none");
}


static void
category(const char *text, const char *want)
{
    json_t *categories;

    categories = json_pack("[s, s, s, s, s]", "Spam", "Not Spam", "Invoices",
                           "a", "Other");
    is_str(nt_str(nt_answer_category(nt_str(text), categories)), want,
           label(text));
    json_decref(categories);
}


static void
categories(void)
{
    json_t *list;

    category("{\"category\": \"spam\"}", "Spam");
    category("```json\n{\"category\": \" NOT SPAM \"}\n```", "Not Spam");
    category("It is not spam, I think.", "Not Spam");
    category("Spam", "Spam");
    category("Category: spam (not invoices)", "Spam");
    category("{\"category\": \"nonsense\"}", "Other");
    category("invoice", "Invoices");
    category("", "Other");
    category("spammy \xC3\xA4", "Spam");

    list = json_pack("[s, s]", "up", "down");
    is_str(nt_str(nt_answer_category(nt_str("zzz"), list)), "up",
           "the first, where nothing fits");
    json_decref(list);
}


static void
schema(const char *type, const char *want, bool strict)
{
    bool    got_strict;
    char   *got;
    json_t *value, *result;

    value = json_loads(type, JSON_DECODE_ANY, NULL);
    result = nt_answer_type_schema(value, &got_strict);
    got = json_dumps(result, JSON_COMPACT);
    is_str(nt_str(got), want, type);
    ok(got_strict == strict, "%s: strict or not", type);
    free(got);
    json_decref(result);
    json_decref(value);
}


static void
schemas(void)
{
    schema("{\"type\":\"str\"}", "{\"type\":\"string\"}", true);
    schema("\"int\"", "{\"type\":\"integer\"}", true);
    schema("{\"type\":\"list\",\"type_args\":[{\"type\":\"float\"}]}",
           "{\"type\":\"array\",\"items\":{\"type\":\"number\"}}", true);
    schema("{\"type\":\"list\"}", "{\"type\":\"array\",\"items\":{}}", false);
    schema("{\"type\":\"dict\",\"type_args\":[{\"type\":\"str\"},"
           "{\"type\":\"bool\"}]}",
           "{\"type\":\"object\",\"additionalProperties\":"
           "{\"type\":\"boolean\"}}",
           false);
    schema("{\"type\":\"enum\",\"values\":[\"a\",\"b\"]}",
           "{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}", true);
    schema("{\"type\":\"union\",\"type_args\":[{\"type\":\"str\"},"
           "{\"type\":\"none\"}]}",
           "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", true);
    schema("{\"type\":\"str\",\"optional\":true}",
           "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", true);
    schema("{\"type\":\"image\"}",
           "{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\","
           "\"enum\":[\"image\"]},\"uri\":{\"type\":\"string\"}},"
           "\"required\":[\"type\",\"uri\"],\"additionalProperties\":false}",
           true);
    schema("{\"type\":\"any\"}", "{}", false);
    schema("17", "{}", false);
}


/* --- arithmetic --- */

static void
calculate(const char *text, double want)
{
    bool     same;
    double   got = 0;
    nt_rc_t  rc;
    nt_buf_t error = { 0 };

    rc = nt_calculate(nt_str(text), &got, &error);
    same = rc == NT_OK && fabs(got - want) <= 1e-12 * fabs(want);

    if (!same) {
        diag("%d, %.17g, %.*s", rc, got, (int) error.len, error.data);
    }

    ok(same, "%s", text);
    nt_buf_free(&error);
}


static void
refuse(const char *text, const char *want)
{
    double   got;
    nt_rc_t  rc;
    nt_buf_t error = { 0 };

    rc = nt_calculate(nt_str(text), &got, &error);
    ok(rc == NT_ERROR && error.len >= strlen(want) &&
           memmem(error.data, error.len, want, strlen(want)) != NULL,
       "%s: %.*s", text, (int) error.len, error.data);
    nt_buf_free(&error);
}


static void
arithmetic(void)
{
    char deep[512];

    calculate("2 + 3 * 4", 14);
    calculate(" (2+3)*4 ", 20);
    calculate("2 ** 3 ** 2", 512);
    calculate("-2 ** 2", -4);
    calculate("2 ^ -1", 0.5);
    calculate("--3 - -+2", 5);
    calculate("-7 // 2", -4);
    calculate("-7 % 3", 2);
    calculate("7 % -3", -2);
    calculate("10 / 4 / 5", 0.5);
    calculate("1_000 + 1.5e-3 + .5", 1000.5015);
    calculate("2*PI - tau + e", M_E);
    calculate("sqrt(16) + abs(-5) + max(1, 2.5, 2) + min(3, -1)", 10.5);
    calculate("round(2.5) + round(3.14159, 2)", 5.14);
    calculate("log(e) + log(8, 2) + log10(1000) + pow(2, 5)", 39);
    calculate("degrees(atan(1)) + radians(180)", 45 + M_PI);
    refuse("", "ends where a number");
    refuse("1 +", "ends where a number");
    refuse("1 2", "operator is expected");
    refuse("(1", "closing parenthesis");
    refuse("max(1", "closing parenthesis");
    refuse("1 / 0", "divides by zero");
    refuse("1 % 0", "divides by zero");
    refuse("1.2.3", "malformed");
    refuse("x + 1", "no constant \"x\"");
    refuse("system(1)", "no function system()");
    refuse("sqrt(1, 2)", "no function sqrt() of 2 arguments");
    refuse("sqrt(-1)", "no finite real number");
    refuse("9 ** 9 ** 9", "no finite real number");
    refuse("__import__('os')", "number is expected");
    refuse("abcdefghijklmnopqrstuvw", "none of arithmetic");

    memset(deep, '(', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    refuse(deep, "nested too deeply");
    memset(deep, '-', sizeof(deep) - 1);
    refuse(deep, "nested too deeply");
}


int
main(void)
{
    streams();
    limits();
    plain_lists();
    objects();
    categories();
    schemas();
    arithmetic();
    return done();
}
