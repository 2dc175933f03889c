#include "engine/http/http_int.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "core/nt_version.h"

/*
 * One transfer: what libcurl is told, and what it tells.
 */

#define NT_CONNECT_MS 30000 /* for one address after another */
#define NT_SILENCE_S  300   /* without a byte */

/* Formats that expand a thousandfold at most: while a reader lags, libcurl
 * keeps what one read of 16 KiB became. */
#define NT_ENCODINGS "gzip, deflate"


/* --- from libcurl ---------------------------------------------------------*/

static bool
trusted(const nt_http_reply_t *reply)
{
    return (reply->request.flags & NT_HTTP_TRUSTED) && !reply->foreign;
}


/* Each address before a connection to it. */
static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    nt_http_reply_t *reply = arg;

    if (!trusted(reply) &&
        !nt_http_address_allowed(reply->client->networks, &address->addr))
    {
        reply->refused = true;
        return CURL_SOCKET_BAD;
    }

    reply->tried = true;

    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}


/* Each request before it is sent, also on a connection that another request
 * opened, which may have been allowed more. */
static int
on_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
    nt_http_reply_t *reply = arg;

    /* libcurl asks again when a kept connection turns out closed */
    if (reply->asked && nt_http_sent_once(reply)) {
        return CURL_PREREQFUNC_ABORT;
    }

    reply->asked = true;

    if (trusted(reply) ||
        nt_http_address_text_allowed(reply->client->networks, peer))
    {
        return CURL_PREREQFUNC_OK;
    }

    reply->refused = true;
    reply->tried = false;

    return CURL_PREREQFUNC_ABORT;
}


/* "HTTP/1.1 200 OK" */
static void
take_status(nt_http_reply_t *reply, const char *line, size_t len)
{
    const char *p = memchr(line, ' ', len);

    reply->status = 0;
    nt_buf_reset(&reply->head);

    for (size_t i = 1; p != NULL && i <= 3 && p + i < line + len; i++) {
        if (p[i] >= '0' && p[i] <= '9') {
            reply->status = reply->status * 10 + (p[i] - '0');
        }
    }
}


static void
take_header(nt_http_reply_t *reply, const char *line, size_t len)
{
    const char *value, *colon = memchr(line, ':', len);

    if (colon == NULL || memchr(line, '\0', len) != NULL) {
        return;
    }

    nt_buf_append(&reply->head, line, (size_t) (colon - line));
    nt_buf_append_char(&reply->head, '\0');

    value = colon + 1;
    while (value < line + len && (*value == ' ' || *value == '\t')) {
        value++;
    }

    while (line + len > value && strchr("\r\n \t", line[len - 1]) != NULL) {
        len--;
    }

    nt_buf_append(&reply->head, value, (size_t) (line + len - value));
    nt_buf_append_char(&reply->head, '\0');
}


static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
    size_t           len = size * n;
    nt_http_reply_t *reply = arg;

    if (reply->head_done) {
        return len; /* a trailer */
    }

    if (len >= 5 && strncmp(line, "HTTP/", 5) == 0) {
        take_status(reply, line, len);

    } else if (len > 0 && (line[0] == '\r' || line[0] == '\n')) {
        if (reply->status >= 200) {
            nt_http_head_done(reply);
        }

    } else {
        take_header(reply, line, len);
    }

    return reply->head.failed || reply->head.len > NT_HTTP_HEAD ? 0 : len;
}


static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
    size_t           len = size * n;
    nt_http_reply_t *reply = arg;

    if (reply->fate != NT_HTTP_KEEP) {
        reply->received += len;
        return reply->received > NT_HTTP_DISCARD ? 0 : len;
    }

    if (reply->body_in.len >= NT_HTTP_WINDOW && !reply->keep_all) {
        reply->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }

    if (len > reply->limit - reply->received) {
        reply->over_limit = true;
        return 0;
    }

    reply->received += len;
    nt_buf_append(&reply->body_in, data, len);
    nt_http_changed(reply);

    return reply->body_in.failed ? 0 : len;
}


/* --- to libcurl -----------------------------------------------------------*/

static bool
add_header(nt_http_reply_t *reply, const char *line)
{
    char              *empty;
    const char        *colon = strchr(line, ':');
    struct curl_slist *list;

    if (colon[1 + strspn(colon + 1, " ")] == '\0') {
        /* libcurl's way to say that a header is sent without a value */
        empty = strndup(line, (size_t) (colon - line) + 1);
        if (empty == NULL) {
            return false;
        }

        empty[colon - line] = ';';
        list = curl_slist_append(reply->headers, empty);
        free(empty);

    } else {
        list = curl_slist_append(reply->headers, line);
    }

    if (list == NULL) {
        return false;
    }

    reply->headers = list;

    return true;
}


static bool
set_headers(nt_http_reply_t *reply)
{
    bool               ok = true, encoding = false, type = false;
    const char *const *line = reply->request.headers;
    bool               dropped = !reply->body && reply->request.body_len > 0;

    curl_slist_free_all(reply->headers);
    reply->headers = NULL;

    for (/* void */; ok && line != NULL && *line != NULL; line++) {
        if (reply->foreign && !nt_http_header_is_plain(*line)) {
            continue;
        }

        if (dropped && strncasecmp(*line, "Content-", 8) == 0) {
            continue;
        }

        encoding |= strncasecmp(*line, "Accept-Encoding:", 16) == 0;
        type |= strncasecmp(*line, "Content-Type:", 13) == 0;
        ok = add_header(reply, *line);
    }

    if (!encoding) {
        (void) curl_easy_setopt(reply->easy, CURLOPT_ACCEPT_ENCODING,
                                NT_ENCODINGS);
    }

    if (reply->body) {
        /* a body is not a form unless the caller says so, and waits for no
         * "100 Continue" */
        struct curl_slist *list = curl_slist_append(reply->headers, "Expect:");

        ok = ok && list != NULL;
        reply->headers = list != NULL ? list : reply->headers;

        if (ok && !type) {
            list = curl_slist_append(reply->headers, "Content-Type:");
            ok = list != NULL;
            reply->headers = list != NULL ? list : reply->headers;
        }
    }

    return ok && curl_easy_setopt(reply->easy, CURLOPT_HTTPHEADER,
                                  reply->headers) == CURLE_OK;
}


static bool
set_method(nt_http_reply_t *reply)
{
    CURL       *easy = reply->easy;
    const char *data = reply->request.body;

    if (strcmp(reply->method, "HEAD") == 0) {
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    }

    if (reply->body) {
        (void) curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                (curl_off_t) reply->request.body_len);
        (void) curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                                data != NULL ? data : "");
    }

    return strcmp(reply->method, reply->body ? "POST" : "GET") == 0 ||
           curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, reply->method) ==
               CURLE_OK;
}


static void
set_limits(nt_http_reply_t *reply)
{
    CURL    *easy = reply->easy;
    uint64_t now = uv_now(reply->client->loop);

    (void) curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            (long) NT_CONNECT_MS);
    (void) curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void) curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long) NT_SILENCE_S);
    (void) curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);

    if (reply->deadline > 0) {
        (void) curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                                (long) (reply->deadline > now
                                            ? reply->deadline - now
                                            : 1));
    }
}


static void
set_callbacks(nt_http_reply_t *reply)
{
    CURL *easy = reply->easy;

    (void) curl_easy_setopt(easy, CURLOPT_PRIVATE, reply);
    (void) curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    (void) curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, reply);
    (void) curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    (void) curl_easy_setopt(easy, CURLOPT_PREREQDATA, reply);
    (void) curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void) curl_easy_setopt(easy, CURLOPT_HEADERDATA, reply);
    (void) curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void) curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
}


bool
nt_http_easy_setup(nt_http_reply_t *reply)
{
    CURL *easy = reply->easy;

    curl_easy_reset(easy);
    set_callbacks(reply);
    set_limits(reply);

    (void) curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* a cancelled request does not wait for the thread that resolves */
    (void) curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);

    if (reply->client->ca_file != NULL &&
        curl_easy_setopt(easy, CURLOPT_CAINFO, reply->client->ca_file) !=
            CURLE_OK)
    {
        return false;
    }

    if (curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_URL, reply->url) != CURLE_OK)
    {
        return false;
    }

    if (reply->is_mail) {
        return nt_mail_setup(reply);
    }

    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "NodeTool/" NT_VERSION) ==
               CURLE_OK &&
           set_method(reply) && set_headers(reply);
}
