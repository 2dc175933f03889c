/*
 * JSONPath: a row for each habit of the language.
 */

#include <stdio.h>

#include "engine/json.h"
#include "engine/nodes/jsonpath.h"
#include "t/core/tap.h"

#define BOOKS                                                                  \
    "{\"store\":{\"book\":[{\"title\":\"A\",\"price\":8},{\"title\":\"B\","    \
    "\"price\":12,\"isbn\":\"x\"},{\"title\":\"C\",\"price\":9.5}],"           \
    "\"bike\":{\"price\":20}},\"odd name\":1,\"n\":null,\"t\":true,"           \
    "\"\xc3\xa9\":\"e\",\"max\":10}"

static const struct {
    const char *path;
    const char *found; /* NULL: the path is wrong */
} rows[] = {
    { "$", "[" BOOKS "]" },
    { "$.odd", "[]" },
    { "$['odd name']", "[1]" },
    { "$[\"odd name\"]", "[1]" },
    { "$['odd\\u0020name']", "[1]" },
    { "$.\xc3\xa9", "[\"e\"]" },
    { "$['\\u00e9']", "[\"e\"]" },
    { "$.n", "[null]" },
    { "$.n.x", "[]" },
    { "store.book[0].title", "[\"A\"]" },
    { "$.store.book[-1].title", "[\"C\"]" },
    { "$.store.book[3]", "[]" },
    { "$.store.book[-4]", "[]" },
    { "$.store.book[*].title", "[\"A\",\"B\",\"C\"]" },
    { "$.store.book.*.title", "[\"A\",\"B\",\"C\"]" },
    { "$.store.book.[1].title", "[\"B\"]" },
    { "$.store.book[0:2].title", "[\"A\",\"B\"]" },
    { "$.store.book[1:].title", "[\"B\",\"C\"]" },
    { "$.store.book[:-1].title", "[\"A\",\"B\"]" },
    { "$.store.book[::-1].title", "[\"C\",\"B\",\"A\"]" },
    { "$.store.book[::2].title", "[\"A\",\"C\"]" },
    { "$.store.book[::0].title", "[]" },
    { "$.store.book[0:9223372036854775807:9223372036854775807].title",
      "[\"A\"]" },
    { "$.store.book[0,2].title", "[\"A\",\"C\"]" },
    { "$.store.book[0]['title','price']", "[\"A\",8]" },
    { "$..price", "[8,12,9.5,20]" },
    { "$..book[1].title", "[\"B\"]" },
    { "$..[0].title", "[\"A\"]" },
    { "$.store..*.isbn", "[\"x\"]" },
    { "$.store.book[?@.isbn].title", "[\"B\"]" },
    { "$.store.book[?(@.isbn)].title", "[\"B\"]" },
    { "$.store.book[?!@.isbn].title", "[\"A\",\"C\"]" },
    { "$.store.book[?@.price < 10].title", "[\"A\",\"C\"]" },
    { "$.store.book[?@.price<$.max&&@.title!='A'].title", "[\"C\"]" },
    { "$.store.book[?@.price >= 12 || @.title == \"A\"].title",
      "[\"A\",\"B\"]" },
    { "$.store.book[?(@.price > 8 && (@.price < 10 || @.isbn))].title",
      "[\"B\",\"C\"]" },
    { "$.store.book[?@.title > 'A'].title", "[\"B\",\"C\"]" },
    { "$.store.book[?@.title > 1].title", "[]" },
    { "$.store.book[?@.price <= 9.5].title", "[\"A\",\"C\"]" },
    { "$.store.book[?@.none == @.other].title", "[\"A\",\"B\",\"C\"]" },
    { "$.store.book[?@.none == null].title", "[]" },
    { "$[?@ == true]", "[true]" },
    { "$[?@ == null]", "[null]" },
    { "$[?@ == 1]", "[1]" },
    { "$.store[?@.price == 20].price", "[20]" },
    { " $.max ", "[10]" },
    { "", NULL },
    { "$.", NULL },
    { "$x", "[]" },
    { "$..", NULL },
    { "$[", NULL },
    { "$[]", NULL },
    { "$[0", NULL },
    { "$['a", NULL },
    { "$['\\q']", NULL },
    { "$['\\ud800']", NULL },
    { "$[1,]", NULL },
    { "$.a b", NULL },
    { "$[?]", NULL },
    { "$[?@.a ==]", NULL },
    { "$[?1]", NULL },
    { "$[?(@.a]", NULL },
    { "$[?@.a == [1]]", NULL },
    { "$[99999999999999999999]", NULL },
};


static json_t *
parse(const char *text)
{
    json_error_t error;
    json_t      *value = json_loads(text, JSON_DECODE_ANY, &error);

    if (value == NULL) {
        fprintf(stderr, "%s: %s\n", text, error.text);
    }

    return value;
}


static void
check_row(json_t *document, const char *path_text, const char *want_text)
{
    char          *text = NULL;
    json_t        *found = NULL, *want;
    nt_buf_t       error = { 0 };
    nt_jsonpath_t *path = nt_jsonpath_parse(nt_str(path_text), &error);

    if (want_text == NULL) {
        ok(path == NULL && error.len > 0, "%s is refused", path_text);
    } else {
        want = parse(want_text);
        found = path != NULL ? nt_jsonpath_find(path, document) : NULL;
        text = nt_json_text(found);
        ok(json_equal(found, want), "%s finds %s", path_text, text);
        json_decref(want);
    }

    free(text);
    json_decref(found);
    nt_jsonpath_free(path);
    nt_buf_free(&error);
}


/* A prefix of a good path is good or refused, never a fault of ours. */
static void
check_prefixes(json_t *document, const char *path_text)
{
    size_t         i;
    nt_buf_t       error = { 0 };
    nt_jsonpath_t *path;

    for (i = 0; i <= strlen(path_text); i++) {
        nt_buf_reset(&error);
        path = nt_jsonpath_parse((nt_str_t) { path_text, i }, &error);

        if (path != NULL) {
            json_decref(nt_jsonpath_find(path, document));
            nt_jsonpath_free(path);
        }
    }

    nt_buf_free(&error);
}


int
main(void)
{
    size_t         i;
    char           deep[600];
    json_t        *document = parse(BOOKS);
    nt_buf_t       error = { 0 };
    nt_jsonpath_t *path;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_row(document, rows[i].path, rows[i].found);
        check_prefixes(document, rows[i].path);
    }

    for (i = 0; i + 3 < sizeof(deep); i += 3) {
        memcpy(deep + i, i % 2 != 0 ? "[?(" : "!((", 3);
    }

    deep[i] = '\0';
    memcpy(deep, "$[?", 3);
    path = nt_jsonpath_parse(nt_str(deep), &error);
    ok(path == NULL && error.len > 0, "deep nesting is refused");
    nt_buf_free(&error);
    json_decref(document);
    return done();
}
