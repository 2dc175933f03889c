/* MessagePack and JSON: by the specification's table, and against what
 * msgpack-c makes of the same values. */

#include <msgpack.h>

#include "core/llm/nt_json_write.h"
#include "engine/json.h"
#include "engine/ws/msgpack.h"
#include "t/core/tap.h"


static nt_str_t
str(const nt_buf_t *buf)
{
    return (nt_str_t) { buf->data != NULL ? buf->data : "", buf->len };
}


static json_t *
parse(const char *bytes, size_t len, nt_buf_t *error)
{
    json_t *value;
    char   *copy = malloc(len > 0 ? len : 1); /* nothing is read beyond it */

    memcpy(copy, bytes, len);
    value = nt_msgpack_parse(copy, len, error);
    free(copy);

    return value;
}


/* What `bytes` are as JSON. */
static void
reads(const char *bytes, size_t len, const char *want)
{
    char    *text;
    bool     cut = true;
    json_t  *value;
    nt_buf_t error = { 0 };

    value = parse(bytes, len, &error);
    text = nt_json_text(value);
    if (!ok(value != NULL && strcmp(text, want) == 0, "%.60s", want)) {
        diag("got %s %.*s", text, (int) error.len, error.data);
    }
    free(text);
    json_decref(value);

    for (size_t i = 0; i < len; i++) {
        value = parse(bytes, i, NULL);
        cut = cut && value == NULL;
        json_decref(value);
    }
    ok(cut, " nothing when it is cut");
    nt_buf_free(&error);
}

#define READS(bytes, want) reads(bytes, sizeof(bytes) - 1, want)


static void
refuses(const char *bytes, size_t len, const char *want)
{
    json_t  *value;
    nt_buf_t error = { 0 };

    value = parse(bytes, len, &error);
    nt_buf_append_char(&error, '\0');
    if (!ok(value == NULL && strstr(error.data, want) != NULL, "refused: %s",
            want)) {
        diag("got %s", error.data);
    }
    json_decref(value);
    nt_buf_free(&error);
}

#define REFUSES(bytes, want) refuses(bytes, sizeof(bytes) - 1, want)


static void
reading(void)
{
    READS("\xc0", "null");
    READS("\xc2", "false");
    READS("\xc3", "true");
    READS("\x00", "0");
    READS("\x7f", "127");
    READS("\xff", "-1");
    READS("\xe0", "-32");
    READS("\xcc\xff", "255");
    READS("\xcd\xff\xff", "65535");
    READS("\xce\xff\xff\xff\xff", "4294967295");
    READS("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", "9223372036854775807");
    READS("\xcf\x80\x00\x00\x00\x00\x00\x00\x00", "9.223372036854776e+18");
    READS("\xd0\x80", "-128");
    READS("\xd0\x7f", "127");
    READS("\xd1\x80\x00", "-32768");
    READS("\xd2\x80\x00\x00\x00", "-2147483648");
    READS("\xd3\x80\x00\x00\x00\x00\x00\x00\x00", "-9223372036854775808");
    READS("\xca\x3f\xc0\x00\x00", "1.5");
    READS("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "0.1");
    READS("\xa0", "\"\"");
    READS("\xa3\xc3\xb6x", "\"\xc3\xb6x\"");
    READS("\xd9\x02hi", "\"hi\"");
    READS("\xda\x00\x02hi", "\"hi\"");
    READS("\xdb\x00\x00\x00\x02hi", "\"hi\"");
    READS("\x90", "[]");
    READS("\x92\x01\x91\xc0", "[1,[null]]");
    READS("\xdc\x00\x02\x01\x02", "[1,2]");
    READS("\xdd\x00\x00\x00\x02\x01\x02", "[1,2]");
    READS("\x80", "{}");
    READS("\x82\xa1z\x01\xa1"
          "a\x02",
          "{\"z\":1,\"a\":2}");
    READS("\x82\xa1z\x01\xa1z\x02", "{\"z\":2}");
    READS("\xde\x00\x01\xd9\x01z\x01", "{\"z\":1}");
    READS("\xdf\x00\x00\x00\x01\xa1z\x01", "{\"z\":1}");
    READS("\xd4\x00\x00", "null");

    READS("\xd6\xff\x00\x00\x00\x00", "\"1970-01-01T00:00:00Z\"");
    READS("\xd6\xff\xff\xff\xff\xff", "\"2106-02-07T06:28:15Z\"");
    READS("\xd7\xff\x77\x35\x94\x00\x00\x00\x00\x01",
          "\"1970-01-01T00:00:01.5Z\"");
    READS("\xc7\x0c\xff\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff",
          "\"1969-12-31T23:59:59.000000001Z\"");
    READS("\xc8\x00\x04\xff\x00\x00\x00\x00", "\"1970-01-01T00:00:00Z\"");
    READS("\xc9\x00\x00\x00\x04\xff\x00\x00\x00\x00",
          "\"1970-01-01T00:00:00Z\"");
}


static void
refusing(void)
{
    REFUSES("", "has no end");
    REFUSES("\xc1", "no MessagePack value");
    REFUSES("\x91\xc1", "no MessagePack value");
    REFUSES("\x01\x01", "behind");
    REFUSES("\xca\x7f\xc0\x00\x00", "NaN");
    REFUSES("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", "infinite");
    REFUSES("\xa1\xff", "not UTF-8");
    REFUSES("\xa3\xed\xa0\x80", "not UTF-8");
    REFUSES("\xa1\x00", "NUL");
    REFUSES("\x81\xa1\xff\x01", "not UTF-8");
    REFUSES("\x81\xa1\x00\x01", "NUL");
    REFUSES("\x81\x01\x01", "not a text");
    REFUSES("\x81\xc0\x01", "not a text");
    REFUSES("\x81\xc4\x01z\x01", "not a text");
    REFUSES("\xd4\x01\x00", "extension type");
    REFUSES("\xd4\x00\x01", "extension type");
    REFUSES("\xd8\x2a"
            "0123456789abcdef",
            "extension type");
    REFUSES("\xd4\xff\x00", "length");
    REFUSES("\xd7\xff\xff\xff\xff\xff\x00\x00\x00\x00", "timestamp");
    REFUSES("\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff",
            "timestamp");

    /* counts with nothing behind them */
    REFUSES("\xdd\xff\xff\xff\xff", "no end");
    REFUSES("\xdf\xff\xff\xff\xff\xa1z", "no end");
    REFUSES("\xdb\xff\xff\xff\xffx", "no end");
    REFUSES("\xc6\xff\xff\xff\xffx", "no end");
    REFUSES("\xc9\xff\xff\xff\xff\x01x", "no end");
    REFUSES("\x82\xa1z\x01", "no end");
}


static void
depth(void)
{
    json_t *value;
    char    bytes[NT_MSGPACK_DEPTH + 1];

    memset(bytes, '\x91', sizeof(bytes));
    bytes[NT_MSGPACK_DEPTH - 1] = '\x90';
    value = parse(bytes, NT_MSGPACK_DEPTH, NULL);
    ok(value != NULL, "%d levels", NT_MSGPACK_DEPTH);
    json_decref(value);

    bytes[NT_MSGPACK_DEPTH - 1] = '\x91';
    bytes[NT_MSGPACK_DEPTH] = '\x90';
    refuses(bytes, sizeof(bytes), "too deeply");
}


/* An empty map is a byte, and takes 240 of memory. */
static void
many_values(void)
{
    json_t *value;
    size_t  n = NT_JSON_VALUES / NT_JSON_CONTAINER;
    char   *bytes = malloc(5 + n);
    char    head[] = { (char) 0xdd, (char) (n >> 24), (char) (n >> 16),
                       (char) (n >> 8), (char) n };

    memcpy(bytes, head, 5);
    memset(bytes + 5, '\x80', n);
    refuses(bytes, 5 + n, "too many values");

    memset(bytes + 5, '\x01', n);
    value = parse(bytes, 5 + n, NULL);
    ok(json_array_size(value) == n, "as many numbers are good");
    json_decref(value);
    free(bytes);
}


/* --- media ----------------------------------------------------------------*/

#define PNG     "\x89PNG\r\n\x1a\n"
#define PNG_URI "data:image/png;base64,iVBORw0KGgo="

static void
writes(const char *json, const char *want, size_t len)
{
    json_t  *value = json_loads(json, JSON_DECODE_ANY, NULL);
    nt_buf_t out = { 0 };

    ok(nt_msgpack_append(&out, value) &&
           nt_str_eq(str(&out), (nt_str_t) { want, len }),
       "written: %.60s", json);
    nt_buf_free(&out);
    json_decref(value);
}

#define WRITES(json, want) writes(json, want, sizeof(want) - 1)


static void
media(void)
{
    READS("\xc4\x03"
          "abc",
          "\"data:application/octet-stream;base64,YWJj\"");
    READS("\xc5\x00\x03"
          "abc",
          "\"data:application/octet-stream;base64,YWJj\"");
    READS("\xc6\x00\x00\x00\x00", "\"data:application/octet-stream;base64,\"");
    READS("\x82\xa4type\xa5image\xa4"
          "data\xc4\x08" PNG,
          "{\"type\":\"image\",\"uri\":\"" PNG_URI "\",\"data\":null}");
    READS("\x83\xa4"
          "data\xc4\x08" PNG "\xa3uri\xa0\xa4type\xa5image",
          "{\"uri\":\"" PNG_URI "\",\"type\":\"image\",\"data\":null}");
    READS("\x83\xa4type\xa5image\xa3uri\xa3x:y\xa4"
          "data\xc4\x08" PNG,
          "{\"type\":\"image\",\"uri\":\"x:y\",\"data\":\"" PNG_URI "\"}");
    READS("\x81\xa4"
          "data\xc4\x08" PNG,
          "{\"data\":\"" PNG_URI "\"}");
    READS("\x81\xa4"
          "data\xa1x",
          "{\"data\":\"x\"}");
    REFUSES("\x81\xa4"
            "data\xc4\x08"
            "abc",
            "no end");
    REFUSES("\x81\xa4"
            "data\xc4\x08\x01",
            "no end");

    WRITES("{\"type\":\"image\",\"uri\":\"" PNG_URI "\"}",
           "\x83\xa4type\xa5image\xa3uri\xa0\xa4"
           "data\xc4\x08" PNG);
    WRITES("{\"type\":\"image\",\"data\":null,\"uri\":\"" PNG_URI
           "\",\"asset_id\":null}",
           "\x84\xa4type\xa5image\xa3uri\xa0\xa8"
           "asset_id\xc0\xa4"
           "data\xc4\x08" PNG);
    WRITES("[{\"type\":\"image\",\"uri\":\"data:,a%20b\"}]",
           "\x91\x83\xa4type\xa5image\xa3uri\xa0\xa4"
           "data\xc4\x03"
           "a b");
    WRITES("{\"type\":\"image\",\"uri\":\"/storage/a\"}",
           "\x82\xa4type\xa5image\xa3uri\xaa/storage/a");
    WRITES("{\"type\":\"image\",\"uri\":\"data:x;base64,*\"}",
           "\x82\xa4type\xa5image\xa3uri\xaf"
           "data:x;base64,*");
    WRITES("{\"uri\":\"data:,a\"}", "\x81\xa3uri\xa7"
                                    "data:,a");
    WRITES("{\"type\":1,\"uri\":\"data:,a\"}", "\x82\xa4type\x01\xa3uri\xa7"
                                               "data:,a");
}


/* --- against msgpack-c ----------------------------------------------------*/

static void
same_object(const char *json)
{
    char            *text;
    json_t          *value, *again;
    nt_buf_t         out = { 0 };
    size_t           off = 0;
    msgpack_unpacked unpacked;

    value = json_loads(json, JSON_DECODE_ANY, NULL);
    msgpack_unpacked_init(&unpacked);
    ok(nt_msgpack_append(&out, value) &&
           msgpack_unpack_next(&unpacked, out.data, out.len, &off) ==
               MSGPACK_UNPACK_SUCCESS &&
           off == out.len,
       "msgpack-c reads %.60s", json);

    again = parse(out.data, out.len, NULL);
    text = nt_json_text(again);
    ok(json_equal(value, again), " it comes back as it was");

    free(text);
    json_decref(value);
    json_decref(again);
    msgpack_unpacked_destroy(&unpacked);
    nt_buf_free(&out);
}


static void
round_trips(void)
{
    char     key[32];
    json_t  *big = json_object();
    char    *text;
    unsigned sizes[] = { 15, 16, 31, 32, 255, 256, 65535, 65536 };

    same_object("null");
    same_object("[true,false,0,-1,127,128,-32,-33,255,256,-128,-129,65535,"
                "65536,-32768,-32769,4294967295,4294967296,-2147483648,"
                "-2147483649,9223372036854775807,-9223372036854775808]");
    same_object("[0.0,-0.0,1.5,1e300,-1e-300,0.1]");
    same_object("{\"a\":{\"b\":[{}, [], \"\"]},\"\xc3\xb6\":\"\xe2\x82\xac\"}");

    for (unsigned i = 0; i < 70000; i++) {
        (void) snprintf(key, sizeof(key), "key %u", i);
        json_object_set_new(big, key, json_integer(i));
    }
    text = nt_json_text(big);
    same_object(text);
    free(text);
    json_decref(big);

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        text = calloc(1, sizes[i] + 3);
        memset(text, 'x', sizes[i] + 2);
        text[0] = text[sizes[i] + 1] = '"';
        same_object(text);
        free(text);
    }
}


int
main(void)
{
    nt_buf_t out = { 0 };

    reading();
    refusing();
    depth();
    many_values();
    media();
    round_trips();
    ok(!nt_msgpack_append(&out, NULL), "no value is not written");

    return done();
}
