/*
 * engine/nodes/web.c - requests of nodes, and what comes back.
 */

#include "engine/nodes/web.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include <openssl/evp.h>

#include "engine/json.h"
#include "engine/nodes/encoding.h"

#define URL_SHOWN 200
#define POOL_MIN  (64 * 1024) /* bytes of JSON that are not parsed on the loop */
#define HASH_LEN  32          /* hexadecimal digits in an asset's key */


/* --- requests --- */

bool
nt_web_read(nt_node_call_t *call, nt_web_t *web, char *error)
{
    if (web->reply != NULL &&
        nt_http_read_all(web->reply, &web->body.data, &web->body.len, &error))
    {
        return true;
    }

    (void) nt_call_fail(call, "%s",
                        error != NULL ? error : "the server is out of memory");
    free(error);
    return false;
}


/* nt_web_send for any status. */
static bool
nt_web_ask(nt_node_call_t *call, const nt_http_request_t *request,
           nt_web_t *web)
{
    char *error = NULL;

    *web = (nt_web_t) { 0 };
    web->reply = nt_call_http(call, request, &error);
    return nt_web_read(call, web, error);
}


int
nt_web_url_length(const char *url)
{
    size_t len = strcspn(url, "?#");

    return len < URL_SHOWN ? (int) len : URL_SHOWN;
}


static nt_node_rc_t
nt_web_fail_status(nt_node_call_t *call, const nt_web_t *web)
{
    const char *url = nt_http_url(web->reply);

    return nt_call_fail(call, "%.*s answered with status %d",
                        nt_web_url_length(url), url,
                        nt_http_status(web->reply));
}


bool
nt_web_send(nt_node_call_t *call, const nt_http_request_t *request,
            nt_web_t *web)
{
    int status;

    if (!nt_web_ask(call, request, web)) {
        return false;
    }

    status = nt_http_status(web->reply);

    return (status >= 200 && status < 300) ||
           nt_web_fail_status(call, web) == NT_NODE_DONE;
}


void
nt_web_free(nt_web_t *web)
{
    nt_http_free(web->reply);
    *web = (nt_web_t) { 0 };
}


/* --- bodies --- */

/* The charset parameter of a Content-Type (RFC 9110, 8.3.1); "utf-8" when
 * there is none. */
static nt_str_t
charset(const char *type)
{
    size_t      len;
    const char *p = type != NULL ? strcasestr(type, "charset=") : NULL;

    if (p == NULL) {
        return NT_STR("utf-8");
    }

    p += strlen("charset=");
    p += *p == '"' || *p == '\'';
    len = strcspn(p, "\"'; \t");

    return len > 0 ? (nt_str_t) { p, len } : NT_STR("utf-8");
}


bool
nt_web_text(nt_node_call_t *call, const nt_web_t *web, nt_buf_t *out)
{
    nt_buf_t    error = { 0 };
    const char *url = nt_http_url(web->reply);
    nt_str_t    name = charset(nt_http_header(web->reply, "content-type"));

    if (nt_encoding_read(out, name, web->body, &error)) {
        return true;
    }

    (void) (error.len > 0
                ? nt_call_fail(call, "what %.*s sent is no text: %.*s",
                               nt_web_url_length(url), url, (int) error.len,
                               error.data)
                : nt_arg_nomem(call));
    nt_buf_free(&error);
    return false;
}


typedef struct {
    const nt_web_t *web;
    json_t         *value;
} parse_t;


static void
parse(nt_node_call_t *call, void *arg)
{
    parse_t        *p = arg;
    nt_buf_t        error = { 0 };
    const nt_web_t *web = p->web;
    const char     *url = nt_http_url(web->reply);

    p->value = nt_json_parse(web->body.data, web->body.len, &error);

    if (p->value == NULL) {
        (void) nt_call_fail(call, "what %.*s sent is not JSON: %.*s",
                            nt_web_url_length(url), url, (int) error.len,
                            error.data != NULL ? error.data : "");
    }

    nt_buf_free(&error);
}


json_t *
nt_web_json(nt_node_call_t *call, const nt_web_t *web)
{
    parse_t p = { web, NULL };

    if (web->body.len < POOL_MIN) {
        parse(call, &p);
    } else if (!nt_call_thread(call, parse, &p)) {
        return NULL;
    }

    return p.value;
}


json_t *
nt_web_call(nt_node_call_t *call, const nt_http_request_t *request,
            const json_t *body, int *status)
{
    json_t           *answer = NULL;
    nt_buf_t          text = { 0 };
    nt_web_t          web = { 0 };
    nt_http_request_t whole = *request;

    if (body != NULL) {
        nt_json_append(&text, body);
        whole.body = text.data;
        whole.body_len = text.len;
    }

    if (text.failed) {
        (void) nt_arg_nomem(call);

    } else if (nt_web_ask(call, &whole, &web)) {
        *status = nt_http_status(web.reply);
        answer = json_loadb(web.body.data, web.body.len, JSON_DECODE_ANY, NULL);
        answer = answer != NULL ? answer : json_null();
    }

    nt_web_free(&web);
    nt_buf_free(&text);
    return answer;
}


/* --- kinds of content --- */

void
nt_web_media_type(const nt_http_reply_t *reply, char *type, size_t size)
{
    size_t      i, len;
    const char *header = nt_http_header(reply, "content-type");

    len = header != NULL ? strcspn(header, "; \t") : 0;

    if (len >= size) {
        len = 0;
    }

    for (i = 0; i < len; i++) {
        type[i] = (char) tolower((unsigned char) header[i]);
    }

    type[len] = '\0';
}


static const struct {
    const char *start;
    size_t      len;
    size_t      at;
    const char *extension;
    bool        image;
} kinds[] = { { "\x89PNG\r\n", 6, 0, ".png", true },
              { "\xff\xd8\xff", 3, 0, ".jpg", true },
              { "GIF8", 4, 0, ".gif", true },
              { "WEBP", 4, 8, ".webp", true },
              { "BM", 2, 0, ".bmp", true },
              { "II*\0", 4, 0, ".tiff", true },
              { "MM\0*", 4, 0, ".tiff", true },
              { "ftypavif", 8, 4, ".avif", true },
              { "ftypheic", 8, 4, ".heic", true },
              { "<svg", 4, 0, ".svg", true },
              { "%PDF-", 5, 0, ".pdf", false } };

static const struct {
    const char *type;
    const char *extension;
} types[] = {
    { "application/epub+zip", ".epub" },
    { "application/json", ".json" },
    { "application/msword", ".doc" },
    { "application/pdf", ".pdf" },
    { "application/vnd.ms-excel", ".xls" },
    { "application/vnd.openxmlformats-officedocument.presentationml."
      "presentation",
      ".pptx" },
    { "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      ".xlsx" },
    { "application/vnd.openxmlformats-officedocument.wordprocessingml."
      "document",
      ".docx" },
    { "application/xml", ".xml" },
    { "application/zip", ".zip" },
    { "audio/mpeg", ".mp3" },
    { "audio/wav", ".wav" },
    { "image/svg+xml", ".svg" },
    { "text/csv", ".csv" },
    { "text/html", ".html" },
    { "text/markdown", ".md" },
    { "text/xml", ".xml" },
    { "video/mp4", ".mp4" }
};


/* An index of `kinds`; their number for none. */
static size_t
kind_of(nt_str_t content)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (content.len >= kinds[i].at + kinds[i].len &&
            memcmp(content.data + kinds[i].at, kinds[i].start, kinds[i].len) ==
                0)
        {
            break;
        }
    }

    return i;
}


bool
nt_web_is_image(nt_str_t content)
{
    size_t i = kind_of(content);

    return i < sizeof(kinds) / sizeof(kinds[0]) && kinds[i].image;
}


/* The extension of the last part of a URL's path, "" for none. */
static nt_str_t
url_extension(const char *url)
{
    size_t      i, len;
    const char *dot = NULL, *path = strstr(url, "://");

    path = path != NULL ? strchr(path + 3, '/') : NULL;

    if (path == NULL) {
        return NT_STR("");
    }

    for (i = 0; path[i] != '\0' && path[i] != '?' && path[i] != '#'; i++) {
        dot = path[i] == '/' ? NULL : path[i] == '.' ? path + i : dot;
    }

    if (dot == NULL) {
        return NT_STR("");
    }

    len = 1 + strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    return len > 1 && len <= 6 && dot + len == path + i
               ? (nt_str_t) { dot, len }
               : NT_STR("");
}


/* Appends the extension of a file with this content, such as ".pdf", after its
 * first bytes, its media type, and the URL's path; ".bin" when nothing
 * tells. */
static void
nt_web_extension(nt_buf_t *out, nt_str_t content, const char *type,
                 const char *url)
{
    size_t   i = kind_of(content);
    nt_str_t extension;

    if (i < sizeof(kinds) / sizeof(kinds[0])) {
        nt_buf_append_str(out, nt_str(kinds[i].extension));
        return;
    }

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(type, types[i].type) == 0) {
            nt_buf_append_str(out, nt_str(types[i].extension));
            return;
        }
    }

    extension = url_extension(url);

    if (extension.len > 0) {
        nt_buf_append_str(out, extension);
    } else {
        nt_buf_append_str(out, strncmp(type, "text/", 5) == 0 ? NT_STR(".txt")
                                                              : NT_STR(".bin"));
    }
}


typedef struct {
    const char *ref_type;
    nt_str_t    content;
    const char *type;
    const char *url;
    json_t     *ref;
} store_t;


/* On the pool. */
static void
store(nt_node_call_t *call, void *arg)
{
    store_t      *s = arg;
    nt_buf_t      key = { 0 };
    unsigned      i, len = 0;
    unsigned char sum[EVP_MAX_MD_SIZE];

    if (EVP_Digest(s->content.data, s->content.len, sum, &len, EVP_sha256(),
                   NULL) != 1)
    {
        (void) nt_arg_nomem(call);
        return;
    }

    nt_buf_append_str(&key, NT_STR("generated/"));

    for (i = 0; i < HASH_LEN / 2; i++) {
        nt_buf_printf(&key, "%02x", sum[i]);
    }

    nt_web_extension(&key, s->content, s->type, s->url);
    nt_buf_append_char(&key, '\0');

    if (key.failed) {
        (void) nt_arg_nomem(call);
    } else {
        s->ref = nt_call_store(call, s->ref_type, key.data, s->content.data,
                               s->content.len);
    }

    nt_buf_free(&key);
}


json_t *
nt_web_store(nt_node_call_t *call, const char *ref_type, nt_str_t content,
             const char *type, const char *url)
{
    store_t s = { ref_type, content, type, url, NULL };

    return nt_call_thread(call, store, &s) ? s.ref : NULL;
}


/* --- encodings --- */

void
nt_web_base64(nt_buf_t *out, nt_str_t bytes)
{
    char *room;

    if (bytes.len > INT_MAX / 2) {
        out->failed = true;
        return;
    }

    room = nt_buf_reserve(out, (bytes.len + 2) / 3 * 4 + 1);

    if (room != NULL) {
        out->len += (size_t) EVP_EncodeBlock((unsigned char *) room,
                                             (const unsigned char *) bytes.data,
                                             (int) bytes.len);
    }
}


nt_node_rc_t
nt_web_emit_bytes(nt_node_call_t *call, nt_web_t *web, bool good)
{
    char     type[128];
    json_t  *value = NULL;
    nt_buf_t uri = { 0 };

    if (!good) {
        nt_web_free(web);
        return NT_NODE_FAIL;
    }

    nt_web_media_type(web->reply, type, sizeof(type));
    nt_buf_printf(&uri, "data:%s;base64,",
                  type[0] != '\0' ? type : "application/octet-stream");
    nt_web_base64(&uri, web->body);

    if (!uri.failed) {
        value =
            json_pack("{s:s, s:s%}", "type", "bytes", "uri", uri.data, uri.len);
    }

    nt_buf_free(&uri);
    nt_web_free(web);
    return nt_emit(call, value);
}
