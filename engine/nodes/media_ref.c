/*
 * engine/nodes/media_ref.c - the bytes behind a media ref, wherever they are.
 */

#include <limits.h>

#include <openssl/evp.h>

#include "engine/nodes/args.h"
#include "engine/nodes/media_ref.h"


bool
nt_media_is_empty(const json_t *ref)
{
    return json_string_length(json_object_get(ref, "uri")) == 0 &&
           json_string_length(json_object_get(ref, "asset_id")) == 0 &&
           json_string_length(json_object_get(ref, "data")) == 0;
}


/* What nt_call_load takes for these bytes in base64. */
static json_t *
data_uri(const json_t *base64)
{
    json_t  *uri;
    nt_buf_t buf = { 0 };

    nt_buf_append_str(&buf, NT_STR("data:application/octet-stream;base64,"));
    nt_buf_append(&buf, json_string_value(base64), json_string_length(base64));
    uri = buf.failed ? NULL : json_stringn(buf.data, buf.len);
    nt_buf_free(&buf);
    return uri;
}


bool
nt_media_load(nt_node_call_t *call, const char *name, const char *what,
              const json_t *ref, char **data, size_t *len)
{
    bool    good;
    json_t *uri;

    if (json_string_length(json_object_get(ref, "uri")) > 0 ||
        json_string_length(json_object_get(ref, "asset_id")) > 0)
    {
        return nt_call_load(call, ref, data, len);
    }

    if (nt_media_is_empty(ref)) {
        (void) nt_call_fail(call, "'%s' must be %s: connect one", name, what);
        return false;
    }

    uri = data_uri(json_object_get(ref, "data"));

    if (uri == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    good = nt_call_load(call, uri, data, len);
    json_decref(uri);
    return good;
}


json_t *
nt_media_inline(const char *type, const char *mime, const void *data,
                size_t len)
{
    char    *p;
    json_t  *ref;
    nt_buf_t uri = { 0 };

    if (len > INT_MAX / 2) {
        return NULL;
    }

    nt_buf_printf(&uri, "data:%s;base64,", mime);
    p = nt_buf_reserve(&uri, (len + 2) / 3 * 4 + 1);
    ref = NULL;

    if (p != NULL) {
        uri.len +=
            (size_t) EVP_EncodeBlock((unsigned char *) p, data, (int) len);
        ref = json_pack("{s:s, s:s%, s:n, s:n, s:n}", "type", type, "uri",
                        uri.data, uri.len, "asset_id", "data", "metadata");
    }

    nt_buf_free(&uri);
    return ref;
}
