/*
 * engine/ws/msgpack_read.c - jansson's values from MessagePack.
 *
 * msgpack-c's parser allocates 24 bytes for each element that an array's head
 * announces, whether it comes or not, and gives up below 32 levels.  Here
 * values are read into jansson's at once, and no count is believed that has
 * less bytes behind it.
 */

#include <math.h>
#include <time.h>

#include "engine/assets/media.h"
#include "engine/json.h"
#include "engine/ws/msgpack.h"

typedef struct {
    const unsigned char *at;
    const unsigned char *end;
    unsigned             depth;
    unsigned             values; /* as NT_JSON_VALUES counts them */
    nt_buf_t            *error;
} nt_reader_t;

static json_t *read_value(nt_reader_t *r);


static json_t *
fail(nt_reader_t *r, const char *message)
{
    if (r->error != NULL && r->error->len == 0) {
        nt_buf_append_str(r->error, nt_str(message));
    }

    return NULL;
}


static json_t *
truncated(nt_reader_t *r)
{
    return fail(r, "The MessagePack value has no end.");
}


static size_t
left(const nt_reader_t *r)
{
    return (size_t) (r->end - r->at);
}


/* A big-endian number of `n` bytes; false at the end. */
static bool
read_uint(nt_reader_t *r, unsigned n, uint64_t *number)
{
    if (left(r) < n) {
        (void) truncated(r);
        return false;
    }

    *number = 0;

    while (n-- > 0) {
        *number = *number << 8 | *r->at++;
    }

    return true;
}


/* `len` bytes, not copied. */
static bool
read_bytes(nt_reader_t *r, uint64_t len, nt_str_t *bytes)
{
    if (left(r) < len) {
        (void) truncated(r);
        return false;
    }

    *bytes = (nt_str_t) { (const char *) r->at, (size_t) len };
    r->at += len;

    return true;
}


/* The bytes behind a head with a length of `n` bytes. */
static bool
read_run(nt_reader_t *r, unsigned n, nt_str_t *bytes)
{
    uint64_t len;

    return read_uint(r, n, &len) && read_bytes(r, len, bytes);
}


static json_t *
text_value(nt_reader_t *r, nt_str_t text)
{
    json_t *value;

    if (memchr(text.data, '\0', text.len) != NULL) {
        return fail(r, "A text has a NUL character; texts cannot have one.");
    }

    value = json_stringn(text.data, text.len);

    return value != NULL ? value : fail(r, "A text is not UTF-8.");
}


static json_t *
data_uri(nt_str_t bytes)
{
    json_t     *value = NULL;
    nt_buf_t    uri = { 0 };
    const char *type = nt_media_type(bytes);

    nt_data_uri_append(&uri, type != NULL ? type : "application/octet-stream",
                       bytes);

    if (!uri.failed) {
        value = json_stringn_nocheck(uri.data, uri.len);
    }

    nt_buf_free(&uri);

    return value;
}


static json_t *
real_value(nt_reader_t *r, double number)
{
    if (!isfinite(number)) {
        return fail(r, "A number is infinite or NaN; JSON has no such.");
    }

    return json_real(number);
}


static json_t *
read_real(nt_reader_t *r, unsigned n)
{
    float    single;
    double   number;
    uint32_t bits32;
    uint64_t bits;

    if (!read_uint(r, n, &bits)) {
        return NULL;
    }

    if (n == sizeof(double)) {
        memcpy(&number, &bits, sizeof(number));
        return real_value(r, number);
    }

    bits32 = (uint32_t) bits;
    memcpy(&single, &bits32, sizeof(single));

    return real_value(r, (double) single);
}


static json_t *
read_unsigned(nt_reader_t *r, unsigned n)
{
    uint64_t number;

    if (!read_uint(r, n, &number)) {
        return NULL;
    }

    return number <= INT64_MAX ? json_integer((json_int_t) number)
                               : json_real((double) number);
}


static json_t *
read_signed(nt_reader_t *r, unsigned n)
{
    unsigned shift = 64 - 8 * n;
    uint64_t number;

    if (!read_uint(r, n, &number)) {
        return NULL;
    }

    /* its sign is the topmost bit of n bytes */
    return json_integer((int64_t) (number << shift) >> shift);
}


/* ISO 8601: "2026-11-24T08:00:00.5Z". */
static json_t *
time_value(nt_reader_t *r, int64_t seconds, uint32_t nanoseconds)
{
    int       digits = 9;
    char      text[sizeof("9999-12-31T23:59:59.999999999Z")];
    time_t    when = (time_t) seconds;
    size_t    n;
    struct tm tm;

    if (nanoseconds > 999999999 || gmtime_r(&when, &tm) == NULL ||
        tm.tm_year < 1 - 1900 || tm.tm_year > 9999 - 1900)
    {
        return fail(r, "A timestamp is not between the years 1 and 9999.");
    }

    n = (size_t) snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u",
                          (unsigned) (tm.tm_year + 1900) % 10000,
                          (unsigned) (tm.tm_mon + 1) % 100,
                          (unsigned) tm.tm_mday % 100,
                          (unsigned) tm.tm_hour % 100,
                          (unsigned) tm.tm_min % 100,
                          (unsigned) tm.tm_sec % 100);

    if (nanoseconds > 0) {
        while (nanoseconds % 10 == 0) {
            nanoseconds /= 10;
            digits--;
        }
        n += (size_t) snprintf(text + n, sizeof(text) - n, ".%0*u", digits,
                               (unsigned) nanoseconds);
    }

    text[n] = 'Z';

    return json_stringn_nocheck(text, n + 1);
}


static json_t *
read_time(nt_reader_t *r, uint64_t len)
{
    uint64_t number, nanoseconds = 0;

    switch (len) {
    case 4:
        return read_uint(r, 4, &number) ? time_value(r, (int64_t) number, 0)
                                        : NULL;

    case 8:
        if (!read_uint(r, 8, &number)) {
            return NULL;
        }
        return time_value(r, (int64_t) (number & 0x3ffffffff),
                          (uint32_t) (number >> 34));

    case 12:
        if (!read_uint(r, 4, &nanoseconds) || !read_uint(r, 8, &number)) {
            return NULL;
        }
        return time_value(r, (int64_t) number, (uint32_t) nanoseconds);

    default:
        return fail(r, "A timestamp has a length that it cannot have.");
    }
}


/* A type and `len` bytes. */
static json_t *
read_extension(nt_reader_t *r, uint64_t len)
{
    uint64_t type;
    nt_str_t bytes;

    if (!read_uint(r, 1, &type)) {
        return NULL;
    }

    if (type == 0xff) {
        return read_time(r, len);
    }

    if (!read_bytes(r, len, &bytes)) {
        return NULL;
    }

    if (type == 0 && len == 1 && bytes.data[0] == 0) {
        return json_null(); /* msgpackr's undefined */
    }

    return fail(r, "A value has an extension type that is not known.");
}


static json_t *
read_long_extension(nt_reader_t *r, unsigned n)
{
    uint64_t len;

    return read_uint(r, n, &len) ? read_extension(r, len) : NULL;
}


static json_t *
read_array(nt_reader_t *r, uint64_t count)
{
    json_t *array;

    if (count > left(r)) {
        return truncated(r);
    }

    array = json_array();

    while (array != NULL && count-- > 0) {
        if (json_array_append_new(array, read_value(r)) != 0) {
            json_decref(array);
            return NULL;
        }
    }

    return array;
}


/* Whether bytes come, of which the first is then taken. */
static bool
take_bin(nt_reader_t *r, unsigned *length)
{
    if (left(r) == 0 || *r->at < 0xc4 || *r->at > 0xc6) {
        return false;
    }

    *length = 1u << (*r->at++ - 0xc4);

    return true;
}


static bool
read_key(nt_reader_t *r, nt_str_t *key)
{
    uint64_t head;

    if (!read_uint(r, 1, &head)) {
        return false;
    }

    if ((head & 0xe0) == 0xa0) {
        return read_bytes(r, head & 0x1f, key);
    }

    if (head >= 0xd9 && head <= 0xdb) {
        return read_run(r, 1u << (head - 0xd9), key);
    }

    (void) fail(r, "A key is not a text.");

    return false;
}


/* The bytes that came as `data`: where they belong. */
static bool
set_data(json_t *object, nt_str_t bytes)
{
    const json_t *uri = json_object_get(object, "uri");

    if (json_is_string(json_object_get(object, "type")) &&
        json_string_length(uri) == 0)
    {
        return json_object_set_new(object, "uri", data_uri(bytes)) == 0 &&
               json_object_set_new(object, "data", json_null()) == 0;
    }

    return json_object_set_new(object, "data", data_uri(bytes)) == 0;
}


static bool
read_member(nt_reader_t *r, json_t *object, nt_str_t *data)
{
    json_t  *name;
    nt_str_t key;
    unsigned length;

    if (!read_key(r, &key)) {
        return false;
    }

    if (nt_str_eq(key, NT_STR("data")) && take_bin(r, &length)) {
        return read_run(r, length, data);
    }

    name = text_value(r, key); /* looks at its characters */
    json_decref(name);

    return name != NULL &&
           json_object_setn_new_nocheck(object, key.data, key.len,
                                        read_value(r)) == 0;
}


static json_t *
read_map(nt_reader_t *r, uint64_t count)
{
    bool     ok;
    json_t  *object;
    nt_str_t data = { 0 };

    if (count > left(r) / 2) {
        return truncated(r);
    }

    object = json_object();
    ok = object != NULL;

    while (ok && count-- > 0) {
        ok = read_member(r, object, &data);
    }

    if (!ok || (data.data != NULL && !set_data(object, data))) {
        json_decref(object);
        return NULL;
    }

    return object;
}


static json_t *
read_container(nt_reader_t *r, bool map, unsigned n, uint64_t count)
{
    json_t *value;

    if (n > 0 && !read_uint(r, n, &count)) {
        return NULL;
    }

    if (r->depth == NT_MSGPACK_DEPTH) {
        return fail(r, "Values are nested too deeply.");
    }

    r->values += NT_JSON_CONTAINER - 1;
    r->depth++;
    value = map ? read_map(r, count) : read_array(r, count);
    r->depth--;

    return value;
}


static json_t *
read_text(nt_reader_t *r, unsigned n)
{
    nt_str_t text;

    return read_run(r, n, &text) ? text_value(r, text) : NULL;
}


static json_t *
read_binary(nt_reader_t *r, unsigned n)
{
    nt_str_t bytes;

    return read_run(r, n, &bytes) ? data_uri(bytes) : NULL;
}


/* A value whose first byte, above 0xbf, says its type and no more. */
static json_t *
read_typed(nt_reader_t *r, unsigned head)
{
    switch (head) {
    case 0xc0:
        return json_null();
    case 0xc2:
        return json_false();
    case 0xc3:
        return json_true();
    case 0xc4:
    case 0xc5:
    case 0xc6:
        return read_binary(r, 1u << (head - 0xc4));
    case 0xc7:
    case 0xc8:
    case 0xc9:
        return read_long_extension(r, 1u << (head - 0xc7));
    case 0xca:
        return read_real(r, 4);
    case 0xcb:
        return read_real(r, 8);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        return read_unsigned(r, 1u << (head - 0xcc));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return read_signed(r, 1u << (head - 0xd0));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        return read_extension(r, 1u << (head - 0xd4));
    case 0xd9:
    case 0xda:
    case 0xdb:
        return read_text(r, 1u << (head - 0xd9));
    case 0xdc:
    case 0xdd:
        return read_container(r, false, 2u << (head - 0xdc), 0);
    case 0xde:
    case 0xdf:
        return read_container(r, true, 2u << (head - 0xde), 0);
    default: /* 0xc1 */
        return fail(r, "A byte starts no MessagePack value.");
    }
}


static json_t *
read_value(nt_reader_t *r)
{
    uint64_t head;
    nt_str_t text;

    if (!read_uint(r, 1, &head)) {
        return NULL;
    }

    if (++r->values > NT_JSON_VALUES) {
        return fail(r, "There are too many values.");
    }

    if (head < 0x80) {
        return json_integer((json_int_t) head);
    }

    if (head >= 0xe0) {
        return json_integer((json_int_t) head - 256);
    }

    if (head < 0x90) {
        return read_container(r, true, 0, head & 0x0f);
    }

    if (head < 0xa0) {
        return read_container(r, false, 0, head & 0x0f);
    }

    if (head < 0xc0) {
        return read_bytes(r, head & 0x1f, &text) ? text_value(r, text) : NULL;
    }

    return read_typed(r, (unsigned) head);
}


json_t *
nt_msgpack_parse(const char *data, size_t len, nt_buf_t *error)
{
    json_t     *value;
    nt_reader_t r = { (const unsigned char *) data,
                      (const unsigned char *) data + len, 0, 0, error };

    value = read_value(&r);

    if (value != NULL && r.at < r.end) {
        json_decref(value);
        value = fail(&r, "Bytes come behind the MessagePack value.");
    }

    if (value == NULL) {
        (void) fail(&r, "The server is out of memory.");
    }

    return value;
}
