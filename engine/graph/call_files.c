#include "engine/graph/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/assets/assets.h"
#include "engine/assets/uri.h"
#include "engine/graph/call_http.h"

/*
 * The assets that nodes may use (engine/nodetool_node.h): on the pool.  A
 * node on a fiber waits for it.
 */

const char *
nt_call_errno(int error)
{
    switch (error) {
    case ENOENT:
        return "does not exist";
    case EEXIST:
        return "exists already";
    case EISDIR:
        return "is a folder";
    case ENOTDIR:
        return "goes through something that is no folder";
    case EXDEV:
    case ELOOP:
        return "leads out of the folder that workflows may use";
    case EACCES:
    case EPERM:
    case EROFS:
        return "may not be used";
    case ENOSPC:
    case EDQUOT:
        return "has no room on the disk";
    case EFBIG:
        return "is too large";
    case EBUSY:
        return "must end with the name of a file or folder";
    case EMLINK:
        return "has too many folders one in another";
    case ENAMETOOLONG:
        return "is too long a name";
    case ENOMEM:
        return "does not fit into memory";
    default:
        return "could not be read or written";
    }
}

/* False after nt_call_fail: the key is bad or there are no assets. */
static bool
check_key(nt_node_call_t *call, const char *what, nt_str_t key)
{
    const char *fault = nt_asset_key_check(key);

    if (fault != NULL) {
        (void) nt_call_fail(call, "%s \"%.*s\": %s", what, (int) key.len,
                            key.data, fault);
        return false;
    }
    if (call->run->options.assets == -1) {
        (void) nt_call_fail(call, "this server gives workflows no assets");
        return false;
    }
    return true;
}

static bool
load_key(nt_node_call_t *call, const char *key, char **data, size_t *len)
{
    if (!check_key(call, "asset", nt_str(key))) {
        return false;
    }
    if (!nt_asset_read(call->run->options.assets, key, data, len)) {
        (void) nt_call_fail(call, "asset \"%s\" %s", key, nt_call_errno(errno));
        return false;
    }
    return true;
}

/* A file of the workspace. */
static bool
load_file(nt_node_call_t *call, const char *path, char **data, size_t *len)
{
    bool good;
    int  fd = nt_call_open(call, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd == -1) {
        return false;
    }
    good = nt_read_all(fd, data, len);
    if (!good) {
        (void) nt_call_fail(call, "file \"%s\" %s", path, nt_call_errno(errno));
    }
    (void) close(fd);
    return good;
}

static bool
load_uri(nt_node_call_t *call, nt_str_t uri, char **data, size_t *len)
{
    nt_buf_t buf = { 0 };
    nt_rc_t  rc;
    bool     file, good = false;

    if (uri.len >= 5 && strncmp(uri.data, "data:", 5) == 0) {
        rc = nt_uri_data(&buf, uri);
        nt_buf_append_char(&buf, '\0');
        if (rc == NT_OK && !buf.failed) {
            *data = buf.data;
            *len = buf.len - 1;
            return true;
        }
        (void) nt_call_fail(call, rc == NT_ERROR
                                      ? "the data: URI is malformed"
                                      : "the server is out of memory");
        nt_buf_free(&buf);
        return false;
    }

    file = uri.len >= 5 && strncmp(uri.data, "file:", 5) == 0;
    rc = file ? nt_uri_file_path(&buf, uri)
              : nt_uri_key(&buf, uri, nt_str(call->run->options.base_url));
    nt_buf_append_char(&buf, '\0');
    if (rc == NT_OK && !buf.failed && strlen(buf.data) == buf.len - 1) {
        good = file ? load_file(call, buf.data, data, len)
                    : load_key(call, buf.data, data, len);
    } else {
        (void) nt_call_fail(call,
                            "\"%.200s\" cannot be opened here; upload it to "
                            "/storage/assets/ or use a data: URI",
                            uri.data);
    }
    nt_buf_free(&buf);
    return good;
}

static bool
load_ref(nt_node_call_t *call, const json_t *ref, char **data, size_t *len)
{
    const json_t *uri, *id;

    uri = json_is_string(ref) ? ref : json_object_get(ref, "uri");
    id = json_object_get(ref, "asset_id");

    if (json_string_length(uri) > 0) {
        return load_uri(call,
                        (nt_str_t) { json_string_value(uri),
                                     json_string_length(uri) },
                        data, len);
    }
    if (json_string_length(id) > 0) {
        return load_key(call, json_string_value(id), data, len);
    }
    (void) nt_call_fail(call, "a media value has neither \"uri\" nor "
                              "\"asset_id\"");
    return false;
}

typedef struct {
    const json_t *ref;
    char        **data;
    size_t       *len;
    bool          good;
} nt_load_t;

static void
load_on_pool(nt_node_call_t *call, void *arg)
{
    nt_load_t *load = arg;

    load->good = load_ref(call, load->ref, load->data, load->len);
}

/* An http or https URL that is not one of an asset here; else NULL. */
static const char *
web_url(const nt_node_call_t *call, const json_t *ref)
{
    const json_t *uri = json_is_string(ref) ? ref : json_object_get(ref, "uri");
    const char   *url = json_string_value(uri);
    nt_buf_t      key = { 0 };
    bool          asset;

    if (url == NULL || (strncasecmp(url, "http://", 7) != 0 &&
                        strncasecmp(url, "https://", 8) != 0))
    {
        return NULL;
    }
    asset = nt_uri_key(&key, nt_str(url),
                       nt_str(call->run->options.base_url)) == NT_OK;
    nt_buf_free(&key);
    return asset ? NULL : url;
}

bool
nt_call_load(nt_node_call_t *call, const json_t *ref, char **data, size_t *len)
{
    nt_load_t   load = { ref, data, len, false };
    const char *url;

    if (!nt_call_may_wait(call)) {
        return load_ref(call, ref, data, len);
    }
    url = web_url(call, ref);
    if (url != NULL) {
        return nt_call_http_load(call, url, data, len);
    }
    return nt_call_thread(call, load_on_pool, &load) && load.good;
}

static json_t *
store(nt_node_call_t *call, const char *type, const char *key, const void *data,
      size_t len)
{
    nt_buf_t uri = { 0 };
    json_t  *ref;

    if (!check_key(call, "asset", nt_str(key))) {
        return NULL;
    }
    if (nt_asset_key_is_upload(nt_str(key))) {
        (void) nt_call_fail(call,
                            "asset \"%s\": names of this form are those "
                            "of uploads",
                            key);
        return NULL;
    }
    if (!nt_asset_write(call->run->options.assets, key, data, len)) {
        (void) nt_call_fail(call, "asset \"%s\" %s", key, nt_call_errno(errno));
        return NULL;
    }

    nt_uri_asset(&uri, nt_str(call->run->options.base_url), nt_str(key));
    ref = uri.failed ? NULL
                     : json_pack("{s:s, s:s%, s:s}", "type", type, "uri",
                                 uri.data, uri.len, "asset_id", key);
    nt_buf_free(&uri);
    if (ref == NULL) {
        (void) nt_call_fail(call, "the server is out of memory");
    }
    return ref;
}

typedef struct {
    const char *type;
    const char *key;
    const void *data;
    size_t      len;
    json_t     *ref;
} nt_store_t;

static void
store_on_pool(nt_node_call_t *call, void *arg)
{
    nt_store_t *s = arg;

    s->ref = store(call, s->type, s->key, s->data, s->len);
}

json_t *
nt_call_store(nt_node_call_t *call, const char *type, const char *key,
              const void *data, size_t len)
{
    nt_store_t s = { type, key, data, len, NULL };

    if (!nt_call_may_wait(call)) {
        return store(call, type, key, data, len);
    }
    return nt_call_thread(call, store_on_pool, &s) ? s.ref : NULL;
}

json_t *
nt_call_list_assets(nt_node_call_t *call, const char *folder)
{
    size_t  len = strlen(folder);
    json_t *keys;

    while (len > 0 && folder[len - 1] == '/') {
        len--;
    }
    /* All assets have no key; any good one asks whether there are any. */
    if (!check_key(call, "folder",
                   len > 0 ? (nt_str_t) { folder, len } : NT_STR("all")))
    {
        return NULL;
    }
    keys = nt_asset_list(call->run->options.assets, folder);
    if (keys == NULL) {
        (void) nt_call_fail(call, "folder \"%s\" %s", folder,
                            nt_call_errno(errno));
    }
    return keys;
}
