/*
 * MessagePack: what is read, msgpack-c reads as well; and once it has been
 * written, it comes back as it was.
 */

#include <msgpack.h>
#include <stdlib.h>

#include "engine/ws/msgpack.h"

#define MSGPACK_C_DEPTH 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static unsigned
depth_of(json_t *value)
{
    size_t      i;
    unsigned    n, most = 0;
    json_t     *member;
    const char *key;

    if (json_is_array(value)) {
        json_array_foreach(value, i, member)
        {
            n = depth_of(member);
            most = n > most ? n : most;
        }

    } else if (json_is_object(value)) {
        json_object_foreach(value, key, member)
        {
            n = depth_of(member);
            most = n > most ? n : most;
        }

    } else {
        return 0;
    }

    return most + 1;
}


static void
compare(const char *data, size_t size, json_t *value)
{
    size_t                off = 0;
    msgpack_unpacked      unpacked;
    msgpack_unpack_return result;

    msgpack_unpacked_init(&unpacked);
    result = msgpack_unpack_next(&unpacked, data, size, &off);
    if ((result != MSGPACK_UNPACK_SUCCESS || off != size) &&
        depth_of(value) + 1 < MSGPACK_C_DEPTH)
    {
        abort();
    }
    msgpack_unpacked_destroy(&unpacked);
}


static json_t *
again(const json_t *value)
{
    json_t  *copy;
    nt_buf_t out = { 0 };

    if (!nt_msgpack_append(&out, value)) {
        abort();
    }

    copy = nt_msgpack_parse(out.data, out.len, NULL);
    if (copy == NULL) {
        abort();
    }
    nt_buf_free(&out);

    return copy;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t  *value, *first, *second;
    nt_buf_t error = { 0 };

    value = nt_msgpack_parse((const char *) data, size, &error);

    if (value == NULL) {
        if (error.len == 0) {
            abort();
        }
        nt_buf_free(&error);
        return 0;
    }

    compare((const char *) data, size, value);

    /* a media type is known by the bytes, whatever the first URI said */
    first = again(value);
    second = again(first);
    if (!json_equal(first, second)) {
        abort();
    }

    json_decref(value);
    json_decref(first);
    json_decref(second);

    return 0;
}
