/*
 * engine/nodes/http_download.c - lib.http.*: nodes that take lists of URLs.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "engine/nodes/files.h"
#include "engine/nodes/http.h"
#include "engine/nodes/ustr.h"

#define CHECK_SECONDS 60
#define FILE_LIMIT    ((size_t) 4 << 30) /* bytes of a file in the workspace */
#define IMAGE_LIMIT   ((size_t) 64 << 20)

/* One bool for each URL. */
static bool *
flags_for(nt_node_call_t *call, const json_t *urls)
{
    bool *good = calloc(json_array_size(urls) + 1, sizeof(*good));

    if (good == NULL) {
        (void) nt_arg_nomem(call);
    }

    return good;
}


static bool
succeeded(const nt_http_item_t *item)
{
    int status = nt_http_status(item->reply);

    return status >= 200 && status < 300;
}


static void
log_status(nt_node_call_t *call, const nt_http_item_t *item)
{
    nt_call_log(call, "warning", "%.*s answered with status %d",
                nt_web_url_length(item->url), item->url,
                nt_http_status(item->reply));
}


/* --- FilterValidURLs --- */

static nt_http_verdict_t
check_part(nt_node_call_t *call, nt_http_item_t *item, const char *data,
           size_t len, bool good, void *arg)
{
    int status = nt_http_status(item->reply);

    return good && status >= 200 && status < 400 ? NT_HTTP_GOOD : NT_HTTP_BAD;
}


static nt_node_rc_t
run_filter(nt_node_call_t *call)
{
    bool           *good;
    json_t         *output = NULL, *urls;
    nt_http_batch_t batch = { .method = "HEAD",
                              .timeout = CHECK_SECONDS,
                              .flags = NT_HTTP_NO_RETRY,
                              .part = check_part };

    urls = nt_http_urls(call, "urls");

    if (urls == NULL || !nt_arg_str(call, "url", &batch.base) ||
        !nt_http_at_once(call, "max_concurrent_requests", &batch.at_once) ||
        (good = flags_for(call, urls)) == NULL)
    {
        return NT_NODE_FAIL;
    }

    batch.urls = urls;

    if (nt_http_batch(call, &batch, good)) {
        output = nt_http_chosen(urls, good, true);
        output = output != NULL ? output : json_null();
    }

    free(good);
    return output != NULL ? nt_emit(call, output) : NT_NODE_FAIL;
}


static const nt_property_t filter_properties[] = {
    NT_PROP_URL("What relative URLs are relative to"),
    NT_PROP("urls", "list[str]", "[]", "The URLs to check"),
    NT_PROP("max_concurrent_requests", "int", "10", "Requests at a time"),
    NT_PROP_END
};

static const nt_output_t filter_outputs[] = { { "output", "list[str]" },
                                              { NULL, NULL } };

const nt_node_type_t nt_http_filter_valid = {
    .type = "lib.http.FilterValidURLs",
    .title = "Filter Valid URLs",
    .description = "Keeps the URLs whose servers answer a HEAD request with "
                   "success.",
    .properties = filter_properties,
    .outputs = filter_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_filter
};


/* --- ImageDownloader --- */

static nt_http_verdict_t
image_part(nt_node_call_t *call, nt_http_item_t *item, const char *data,
           size_t len, bool good, void *arg)
{
    char      type[128];
    json_t   *ref;
    nt_buf_t *bytes = item->state;

    nt_http_verdict_t verdict = NT_HTTP_BAD;

    if (len > 0) {
        nt_buf_append(bytes, data, len);
        return bytes->failed ? NT_HTTP_BAD : NT_HTTP_GOOD;
    }

    if (good && !succeeded(item)) {
        log_status(call, item);
        good = false;
    }

    if (good) {
        nt_web_media_type(item->reply, type, sizeof(type));
        good = bytes->len > 0 &&
               (nt_web_is_image((nt_str_t) { bytes->data, bytes->len }) ||
                strncmp(type, "image/", 6) == 0);

        if (!good) {
            nt_call_log(call, "warning", "%.*s is no image",
                        nt_web_url_length(item->url), item->url);
        }
    }

    if (good) {
        ref =
            nt_web_store(call, "image", (nt_str_t) { bytes->data, bytes->len },
                         type, item->url);
        verdict = ref != NULL && json_array_set_new(arg, item->index, ref) == 0
                      ? NT_HTTP_GOOD
                      : NT_HTTP_FATAL;
    }

    nt_buf_free(bytes);
    return verdict;
}


/* A list with a place for each URL. */
static json_t *
places(const json_t *urls)
{
    size_t  i;
    json_t *list = json_array();

    for (i = 0; i < json_array_size(urls); i++) {
        if (json_array_append_new(list, json_null()) != 0) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


/* Takes the places without a ref out. */
static void
close_up(json_t *list)
{
    size_t i = json_array_size(list);

    while (i-- > 0) {
        if (json_is_null(json_array_get(list, i))) {
            (void) json_array_remove(list, i);
        }
    }
}


static nt_node_rc_t
run_images(nt_node_call_t *call)
{
    bool           *good;
    json_t         *images, *urls;
    nt_http_batch_t batch = { .limit = IMAGE_LIMIT,
                              .state = sizeof(nt_buf_t),
                              .part = image_part };
    nt_node_rc_t    rc = NT_NODE_FAIL;

    urls = nt_http_urls(call, "images");

    if (urls == NULL || !nt_arg_str(call, "base_url", &batch.base) ||
        !nt_http_at_once(call, "max_concurrent_downloads", &batch.at_once) ||
        (good = flags_for(call, urls)) == NULL)
    {
        return NT_NODE_FAIL;
    }

    images = places(urls);
    batch.urls = urls;
    batch.arg = images;

    if (images == NULL) {
        (void) nt_arg_nomem(call);

    } else if (nt_http_batch(call, &batch, good)) {
        close_up(images);
        rc = nt_call_emit(call, "images", json_incref(images));

        if (rc == NT_NODE_DONE) {
            rc = nt_call_emit(call, "failed_urls",
                              nt_http_chosen(urls, good, false));
        }
    }

    json_decref(images);
    free(good);
    return rc;
}


static const nt_property_t images_properties[] = {
    NT_PROP("images", "list[str]", "[]", "The URLs of the images"),
    NT_PROP("base_url", "str", "\"\"", "What relative URLs are relative to"),
    NT_PROP("max_concurrent_downloads", "int", "10", "Downloads at a time"),
    NT_PROP_END
};

static const nt_output_t images_outputs[] = { { "images", "list[image]" },
                                              { "failed_urls", "list[str]" },
                                              { NULL, NULL } };

const nt_node_type_t nt_http_image_downloader = {
    .type = "lib.http.ImageDownloader",
    .title = "Image Downloader",
    .description = "Gets images, keeps them among the assets, and says which "
                   "could not be had.",
    .properties = images_properties,
    .outputs = images_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_images
};


/* --- DownloadFiles --- */

typedef struct {
    nt_str_t folder;
    json_t  *paths; /* by URL: where it went */
    json_t  *names; /* taken by this activation: {path: true} */
} download_t;

/* Of a file that is being written, beside its place. */
typedef struct {
    bool  open;
    int   fd;
    char *path;
    char *part; /* its name until it is whole */
} target_t;

typedef struct {
    target_t   *target;
    const char *data;
    size_t      len;
    bool        ok;
} write_t;


/* The name in Content-Disposition (RFC 6266, without its extended form), else
 * the last part of the URL's path; without folders. */
static void
append_name(nt_buf_t *out, const nt_http_item_t *item)
{
    size_t      i, len;
    const char *name, *end, *slash;

    name = nt_http_header(item->reply, "content-disposition");
    name = name != NULL ? strcasestr(name, "filename=") : NULL;

    if (name != NULL) {
        name += strlen("filename=");
        len = *name == '"' ? strcspn(++name, "\"") : strcspn(name, "; ");
    } else {
        name = strstr(item->url, "://");
        name = name != NULL ? name + 3 : item->url;
        len = strcspn(name, "?#");
        if (memchr(name, '/', len) == NULL) {
            len = 0;
        }
    }

    end = name + len;
    slash = memrchr(name, '/', len);
    name = slash != NULL ? slash + 1 : name;

    for (i = 0; name + i < end; i++) {
        nt_buf_append_char(out, (unsigned char) name[i] < ' ' || name[i] == '\\'
                                    ? '_'
                                    : name[i]);
    }

    if (i == 0 || (i == 1 && name[0] == '.') ||
        (i == 2 && name[0] == '.' && name[1] == '.'))
    {
        nt_buf_append_str(out, NT_STR("unnamed_file"));
    }
}


/* Chooses the names; false after nt_call_fail. */
static bool
choose_path(nt_node_call_t *call, download_t *download, nt_http_item_t *item)
{
    unsigned  n = 0;
    target_t *target = item->state;
    nt_buf_t  path = { 0 }, name = { 0 };

    append_name(&name, item);

    do {
        nt_buf_reset(&path);
        nt_buf_append_str(&path, download->folder);
        nt_buf_append(&path, "/",
                      download->folder.len > 0 && path.data[path.len - 1] != '/'
                          ? 1
                          : 0);
        if (n > 0) {
            nt_buf_printf(&path, "%u_", n);
        }
        nt_buf_append(&path, name.data, name.len);
        nt_buf_append_char(&path, '\0');
        n++;
    } while (!path.failed &&
             json_object_get(download->names, path.data) != NULL);

    if (!path.failed && !name.failed &&
        json_object_set_new(download->names, path.data, json_true()) == 0 &&
        asprintf(&target->part, "%s.part", path.data) != -1)
    {
        target->path = path.data;
        nt_buf_free(&name);
        return true;
    }

    target->part = NULL;
    nt_buf_free(&path);
    nt_buf_free(&name);
    return nt_arg_nomem(call) == NT_NODE_DONE;
}


/* On the pool. */
static void
write_part(nt_node_call_t *call, void *arg)
{
    ssize_t   n;
    write_t  *w = arg;
    target_t *target = w->target;

    if (!target->open) {
        target->fd = nt_call_open(call, target->part,
                                  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
        if (target->fd == -1) {
            return;
        }
        target->open = true;
    }

    while (w->len > 0) {
        n = write(target->fd, w->data, w->len);
        if (n <= 0) {
            (void) nt_call_fail(call, "file \"%s\" could not be written",
                                target->path);
            return;
        }
        w->data += n;
        w->len -= (size_t) n;
    }

    w->ok = true;
}


/* On the pool: the file gets its name, or goes. */
static void
end_file(nt_node_call_t *call, void *arg)
{
    write_t  *w = arg;
    target_t *target = w->target;

    if (close(target->fd) != 0 && w->ok) {
        (void) nt_call_fail(call, "file \"%s\" could not be written",
                            target->path);
        w->ok = false;
    }

    target->open = false;

    if (w->ok) {
        w->ok = nt_call_rename(call, target->part, target->path);
    } else {
        (void) nt_call_remove(call, target->part, false);
    }
}


static nt_http_verdict_t
write_file(nt_node_call_t *call, download_t *download, nt_http_item_t *item,
           const char *data, size_t len)
{
    target_t *target = item->state;
    write_t   w = { target, data, len, false };

    if (target->path == NULL && !choose_path(call, download, item)) {
        return NT_HTTP_FATAL;
    }

    return nt_call_thread(call, write_part, &w) && w.ok ? NT_HTTP_GOOD
                                                        : NT_HTTP_FATAL;
}


static nt_http_verdict_t
file_part(nt_node_call_t *call, nt_http_item_t *item, const char *data,
          size_t len, bool good, void *arg)
{
    write_t           w = { .target = item->state };
    target_t         *target = item->state;
    download_t       *download = arg;
    nt_http_verdict_t verdict = NT_HTTP_BAD;

    if (len > 0) {
        /* of another status it is only what the server says about it */
        return succeeded(item) ? write_file(call, download, item, data, len)
                               : NT_HTTP_GOOD;
    }

    if (good && !succeeded(item)) {
        log_status(call, item);

    } else if (good) {
        /* an empty file is one, too */
        verdict = target->open ? NT_HTTP_GOOD
                               : write_file(call, download, item, "", 0);
    }

    w.ok = verdict == NT_HTTP_GOOD;

    if (target->open) {
        if (!nt_call_thread(call, end_file, &w)) {
            end_file(call, &w); /* the job ends: nothing waits any more */
        }

        if (verdict == NT_HTTP_GOOD && !w.ok) {
            verdict = NT_HTTP_FATAL;
        }
    }

    if (verdict == NT_HTTP_GOOD &&
        json_array_set_new(download->paths, item->index,
                           json_string(target->path)) != 0)
    {
        verdict = NT_HTTP_FATAL;
    }

    free(target->path);
    free(target->part);
    return verdict;
}


static nt_node_rc_t
run_files(nt_node_call_t *call)
{
    bool           *good;
    json_t         *urls;
    download_t      download = { 0 };
    nt_http_batch_t batch = { .limit = FILE_LIMIT,
                              .state = sizeof(target_t),
                              .progress = true,
                              .part = file_part,
                              .arg = &download };
    nt_node_rc_t    rc = NT_NODE_FAIL;

    urls = nt_http_urls(call, "urls");

    if (urls == NULL || !nt_arg_name(call, "output_folder", &download.folder) ||
        !nt_http_at_once(call, "max_concurrent_downloads", &batch.at_once) ||
        (good = flags_for(call, urls)) == NULL)
    {
        return NT_NODE_FAIL;
    }

    download.paths = places(urls);
    download.names = json_object();
    batch.urls = urls;

    if (download.paths == NULL || download.names == NULL) {
        (void) nt_arg_nomem(call);

    } else if (nt_http_batch(call, &batch, good)) {
        close_up(download.paths);
        rc = nt_call_emit(call, "success", json_incref(download.paths));

        if (rc == NT_NODE_DONE) {
            rc =
                nt_call_emit(call, "failed", nt_http_chosen(urls, good, false));
        }
    }

    json_decref(download.paths);
    json_decref(download.names);
    free(good);
    return rc;
}


static const nt_property_t files_properties[] = {
    NT_PROP("urls", "list[str]", "[]", "The URLs of the files"),
    NT_PROP("output_folder", "str", "\"downloads\"",
            "The folder in the workspace"),
    NT_PROP("max_concurrent_downloads", "int", "5", "Downloads at a time"),
    NT_PROP_END
};

static const nt_output_t files_outputs[] = { { "success", "list[str]" },
                                             { "failed", "list[str]" },
                                             { NULL, NULL } };

const nt_node_type_t nt_http_download_files = {
    .type = "lib.http.DownloadFiles",
    .title = "Download Files",
    .description = "Gets files into a folder of the workspace, and says where "
                   "they are and which could not be had.",
    .properties = files_properties,
    .outputs = files_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_files
};
