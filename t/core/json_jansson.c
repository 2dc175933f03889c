/*
 * Mutates JSON documents and compares nt_json_scan with jansson: what is
 * accepted, and which values stand at the paths that are asked for.
 */

#include <jansson.h>

#include "core/nt_json_scan.h"
#include "t/core/tap.h"

#define ROUNDS   60000
#define DOC_MAX  4096
#define N_FIELDS 5

static const char *const paths[N_FIELDS] = { "model", "stream", "messages",
                                             "o.i", "o.i.x" };

static const char *const seeds[] = {
    "{\"model\":\"gpt-4\",\"stream\":true,\"messages\":[{\"role\":\"user\","
    "\"content\":\"hi \\u00e9\\n\"}],\"o\":{\"i\":{\"x\":[1,2]}}}",
    "{ \"o\" : { \"i\" : { \"x\" : -1.5e+3 , \"y\" : null } } ,\n \"model\" : "
    "\"\\ud83d\\ude00\" , \"stream\" : false }",
    "[1, 2.5, -0, 1e9, true, false, null, \"é€😀\", {\"a\": {}}, [[], {}]]",
    "{\"messages\":[[],[[]],{\"o\":{\"i\":1}}],\"o\":{\"i\":\"v\"},\"o\":{"
    "\"j\":"
    "[0.1,10,-20e-2]},\"model\":\"\\\"\\\\\\/\\b\"}"
};

static const char *const pieces[] = { "{",
                                      "}",
                                      "[",
                                      "]",
                                      ",",
                                      ":",
                                      "\"",
                                      "\\",
                                      "\\u",
                                      "0",
                                      "1",
                                      "-",
                                      "+",
                                      ".",
                                      "e",
                                      "E5",
                                      " ",
                                      "\n",
                                      "true",
                                      "null",
                                      "false",
                                      "\"o\":",
                                      "\"i\":",
                                      "\"x\":",
                                      "é",
                                      "\x80",
                                      "\xed\xa0\x80",
                                      "\x1f",
                                      "\x7f",
                                      "\\ud800",
                                      "\\u0000",
                                      "{}",
                                      "[]",
                                      "\"\"",
                                      "\"model\":",
                                      ",1",
                                      "\"stream\":[",
                                      "\xef\xbb\xbf" };

#define count(array) (sizeof(array) / sizeof(array[0]))

static uint64_t state = 88172645463325252u;


/* xorshift; below `n` */
static size_t
pick(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;

    return (size_t) (state % n);
}


static size_t
mutate(char *doc, size_t len)
{
    size_t      at = pick(len + 1), n;
    const char *piece;

    switch (pick(5)) {
    case 0: /* another byte */
        if (at < len) {
            doc[at] = (char) pick(256);
        }
        return len;
    case 1: /* cut a part out */
        n = pick(8);
        n = n < len - at ? n : len - at;
        memmove(doc + at, doc + at + n, len - at - n);
        return len - n;
    case 2: /* say a part twice */
        n = pick(40);
        n = n < len - at ? n : len - at;
        if (len + n > DOC_MAX) {
            return len;
        }
        memmove(doc + at + n, doc + at, len - at);
        return len + n;
    default:
        piece = pieces[pick(count(pieces))];
        n = strlen(piece);
        if (len + n > DOC_MAX) {
            return len;
        }
        memmove(doc + at + n, doc + at, len - at);
        memcpy(doc + at, piece, n);
        return len + n;
    }
}


/* jansson refuses what RFC 8259 leaves to an implementation: halves of
 * surrogate pairs, NUL in names, numbers out of its range. */
static bool
excused(const json_error_t *error)
{
    return json_error_code(error) == json_error_numeric_overflow ||
           json_error_code(error) == json_error_null_byte_in_key ||
           strstr(error->text, "invalid Unicode '\\u") != NULL;
}


static json_t *
walk(json_t *doc, const char *path)
{
    char *copy = strdup(path), *rest = copy, *name;

    if (copy == NULL) {
        abort();
    }

    while (doc != NULL && (name = strsep(&rest, ".")) != NULL) {
        doc = json_object_get(doc, name);
    }

    free(copy);

    return doc;
}


static size_t
members(json_t *value)
{
    return json_is_array(value) ? json_array_size(value)
                                : json_object_size(value);
}


static bool
same_field(const nt_json_field_t *field, const char *doc, json_t *want)
{
    static const nt_json_type_t types[] = {
        [JSON_OBJECT] = NT_JSON_OBJECT, [JSON_ARRAY] = NT_JSON_ARRAY,
        [JSON_STRING] = NT_JSON_STRING, [JSON_INTEGER] = NT_JSON_NUMBER,
        [JSON_REAL] = NT_JSON_NUMBER,   [JSON_TRUE] = NT_JSON_TRUE,
        [JSON_FALSE] = NT_JSON_FALSE,   [JSON_NULL] = NT_JSON_NULL
    };

    bool    same;
    json_t *slice;

    if (want == NULL || field->type == NT_JSON_ABSENT) {
        return want == NULL && field->type == NT_JSON_ABSENT;
    }

    if (field->type != types[json_typeof(want)]) {
        return false;
    }

    /* of an object with a member that stands twice jansson counts one */
    if (json_is_array(want) ? field->count != members(want)
                            : field->count < members(want))
    {
        return false;
    }

    if (json_is_string(want) && !field->truncated &&
        (field->value_len != json_string_length(want) ||
         memcmp(field->value, json_string_value(want), field->value_len) != 0))
    {
        return false;
    }

    slice =
        json_loadb(doc + field->start, field->end - field->start,
                   JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL,
                   NULL);
    same = slice != NULL && json_equal(slice, want);
    json_decref(slice);

    return same;
}


static bool
compare(const char *doc, size_t len, bool *accepted, bool *excuse)
{
    bool            same;
    size_t          cut = pick(len + 1);
    json_t         *want;
    json_error_t    error;
    nt_json_scan_t  scan;
    nt_json_field_t fields[N_FIELDS];

    for (size_t i = 0; i < N_FIELDS; i++) {
        fields[i].path = paths[i];
    }

    nt_json_scan_init(&scan, fields, N_FIELDS);
    nt_json_scan_feed(&scan, doc, cut);
    nt_json_scan_feed(&scan, doc + cut, len - cut);
    *accepted = nt_json_scan_end(&scan) == NT_OK;

    want =
        json_loadb(doc, len,
                   JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL,
                   &error);
    *excuse = want == NULL && *accepted && excused(&error);
    same = *accepted == (want != NULL) || *excuse;

    for (size_t i = 0; same && want != NULL && i < N_FIELDS; i++) {
        same = same_field(&fields[i], doc, walk(want, paths[i]));
        if (!same) {
            diag("%s differs", paths[i]);
        }
    }

    if (!same) {
        diag("%s by us, jansson: %s: %.*s", *accepted ? "accepted" : "refused",
             want == NULL ? error.text : "accepted", (int) len, doc);
    }

    json_decref(want);

    return same;
}


int
main(void)
{
    char     doc[DOC_MAX];
    bool     accepted, excuse;
    unsigned wrong = 0, good = 0, bad = 0, excuses = 0;

    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        const char *seed = seeds[pick(count(seeds))];
        size_t      len = strlen(seed);

        memcpy(doc, seed, len);
        for (size_t n = pick(6); n > 0; n--) {
            len = mutate(doc, len);
        }

        wrong += !compare(doc, len, &accepted, &excuse);
        good += accepted;
        bad += !accepted;
        excuses += excuse;
    }

    ok(wrong == 0, "%u accepted, %u refused, as jansson does", good, bad);
    ok(good > ROUNDS / 20 && bad > ROUNDS / 20 && excuses < good / 10,
       "many of both kinds, few (%u) that jansson need not take", excuses);

    return done();
}
