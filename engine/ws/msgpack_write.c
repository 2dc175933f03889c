/*
 * engine/ws/msgpack_write.c - MessagePack from jansson's values, by msgpack-c.
 */

#include <msgpack.h>

#include "engine/assets/uri.h"
#include "engine/ws/msgpack.h"

static void pack(msgpack_packer *packer, const json_t *value);


static int
write_bytes(void *arg, const char *data, size_t len)
{
    nt_buf_append(arg, data, len);

    return 0;
}


static void
pack_text(msgpack_packer *packer, const char *text, size_t len)
{
    (void) msgpack_pack_str(packer, len);
    (void) msgpack_pack_str_body(packer, text, len);
}


/* The bytes of a media ref that has them in its URI. */
static bool
ref_bytes(const json_t *value, nt_buf_t *bytes)
{
    nt_str_t      uri;
    const json_t *member = json_object_get(value, "uri");

    if (!json_is_string(json_object_get(value, "type")) ||
        !json_is_string(member)) {
        return false;
    }

    uri = (nt_str_t) { json_string_value(member), json_string_length(member) };

    return uri.len > 5 && memcmp(uri.data, "data:", 5) == 0 &&
           nt_uri_data(bytes, uri) == NT_OK;
}


static void
pack_object(msgpack_packer *packer, const json_t *value)
{
    void       *iter;
    bool        ref;
    json_t     *object = (json_t *) value; /* jansson's iterators take it so */
    nt_buf_t    bytes = { 0 };
    const char *key;

    ref = ref_bytes(value, &bytes);
    (void) msgpack_pack_map(packer,
                            json_object_size(value) +
                                (ref && !json_object_get(value, "data")));

    for (iter = json_object_iter(object); iter != NULL;
         iter = json_object_iter_next(object, iter))
    {
        key = json_object_iter_key(iter);

        if (ref && strcmp(key, "data") == 0) {
            continue;
        }

        pack_text(packer, key, json_object_iter_key_len(iter));

        if (ref && strcmp(key, "uri") == 0) {
            pack_text(packer, "", 0);

        } else {
            pack(packer, json_object_iter_value(iter));
        }
    }

    if (ref) {
        pack_text(packer, "data", 4);
        (void) msgpack_pack_bin(packer, bytes.len);
        (void) msgpack_pack_bin_body(packer, bytes.data, bytes.len);
    }

    nt_buf_free(&bytes);
}


static void
pack(msgpack_packer *packer, const json_t *value)
{
    size_t        i;
    const json_t *element;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        pack_object(packer, value);
        return;

    case JSON_ARRAY:
        (void) msgpack_pack_array(packer, json_array_size(value));
        json_array_foreach(value, i, element)
        {
            pack(packer, element);
        }
        return;

    case JSON_STRING:
        pack_text(packer, json_string_value(value), json_string_length(value));
        return;

    case JSON_INTEGER:
        (void) msgpack_pack_int64(packer, json_integer_value(value));
        return;

    case JSON_REAL:
        (void) msgpack_pack_double(packer, json_real_value(value));
        return;

    case JSON_TRUE:
        (void) msgpack_pack_true(packer);
        return;

    case JSON_FALSE:
        (void) msgpack_pack_false(packer);
        return;

    default:
        (void) msgpack_pack_nil(packer);
        return;
    }
}


bool
nt_msgpack_append(nt_buf_t *out, const json_t *value)
{
    msgpack_packer packer;

    if (value == NULL) {
        return false;
    }

    msgpack_packer_init(&packer, out, write_bytes);
    pack(&packer, value);

    return !out->failed;
}
