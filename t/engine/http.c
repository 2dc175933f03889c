/*
 * The HTTP client of the engine (engine/http/http.h) against a server of its
 * own: replies, redirects, tries, limits, cancelling, and the addresses that
 * it refuses.
 */

#include <zlib.h>

#include "engine/http/address.h"
#include "engine/http/http.h"
#include "engine/http/http_int.h"
#include "t/core/tap.h"
#include "t/engine/http_server.h"

#define TICK_MS 10000 /* nothing here takes longer */

static uv_loop_t  loop;
static uv_timer_t guard;

/* --- what the server does ---------------------------------------------------*/

static bool
respond_again(int fd)
{
    static atomic_int n;

    switch (atomic_fetch_add(&n, 1)) {
    case 0:
        return answer(fd, "503 Busy\r\nRetry-After: 0", "busy", 4);
    case 1:
        return answer(fd, "429 Slow\r\nretry-after-ms: 20", "slow", 4);
    default:
        return answer(fd, "200 OK", "at last", 7);
    }
}

/* 4 MiB of zeroes, deflated */
static bool
respond_bomb(int fd)
{
    static char zeroes[4 << 20];
    z_stream    z = { 0 };
    char        out[16384];
    bool        sent;

    (void) deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
    z.next_in = (Bytef *) zeroes;
    z.avail_in = sizeof(zeroes);
    z.next_out = (Bytef *) out;
    z.avail_out = sizeof(out);
    (void) deflate(&z, Z_FINISH);
    sent = answer(fd, "200 OK\r\nContent-Encoding: gzip", out, z.total_out);
    (void) deflateEnd(&z);
    return sent;
}

static bool
respond(int fd, const char *path)
{
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
                               "half";
    char              head[256];

    if (strcmp(path, "/hello") == 0) {
        return answer(fd, "200 OK\r\nX-One: 1\r\nx-two:  2 ", "hello", 5);
    }
    if (strncmp(path, "/big/", 5) == 0) {
        return answer_big(fd, strtoul(path + 5, NULL, 10));
    }
    if (strcmp(path, "/again") == 0) {
        return respond_again(fd);
    }
    if (strcmp(path, "/busy") == 0) {
        return answer(fd, "503 Busy\r\nRetry-After: 120", "later", 5);
    }
    if (strcmp(path, "/bomb") == 0) {
        return respond_bomb(fd);
    }
    if (strcmp(path, "/drop") == 0) {
        return false; /* closes without a word */
    }
    if (strcmp(path, "/hang") == 0) {
        wait_close(fd);
        return false;
    }
    if (strcmp(path, "/half") == 0) {
        (void) put(fd, half, sizeof(half) - 1);
        wait_close(fd);
        return false;
    }
    if (strcmp(path, "/short") == 0) {
        (void) put(fd, half, sizeof(half) - 1);
        return false;
    }
    if (strcmp(path, "/loop") == 0) {
        return answer(fd, "302 Found\r\nLocation: /loop", "", 0);
    }
    if (strcmp(path, "/file") == 0) {
        return answer(fd, "302 Found\r\nLocation: file:///etc/passwd", "", 0);
    }
    if (strcmp(path, "/see") == 0) {
        return answer(fd, "303 See\r\nLocation: hello", "moved", 5);
    }
    if (strcmp(path, "/temporary") == 0) {
        return answer(fd, "307 Temporary\r\nLocation: /hello", "moved", 5);
    }
    if (strcmp(path, "/other") == 0) { /* the same server by another name */
        (void) snprintf(head, sizeof(head),
                        "302 Found\r\nLocation: http://localhost:%u/hello",
                        server.port);
        return answer(fd, head, "", 0);
    }
    return answer(fd, "404 Not Found", "", 0);
}

/* --- requests -------------------------------------------------------------*/

typedef struct {
    nt_http_reply_t *reply;
    nt_buf_t         body;
    bool             lag; /* does not take the body */
    unsigned         told;
} asked_t;

static void
on_notify(nt_http_reply_t *reply, void *arg)
{
    asked_t    *asked = arg;
    const char *data;
    size_t      len;

    asked->told++;
    while (!asked->lag && nt_http_take(reply, &data, &len)) {
        nt_buf_append(&asked->body, data, len);
    }
    if (nt_http_state(reply) >= NT_HTTP_ENDED) {
        uv_stop(&loop);
    }
}

static void
on_guard(uv_timer_t *timer)
{
    *(bool *) timer->data = true;
    uv_stop(&loop);
}

/* Runs the loop until a reply ends, or so long; true when it ended. */
static bool
run_for(uint64_t ms)
{
    bool late = false;

    guard.data = &late;
    (void) uv_timer_start(&guard, on_guard, ms, 0);
    (void) uv_run(&loop, UV_RUN_DEFAULT);
    (void) uv_timer_stop(&guard);
    return !late;
}

static const char *
url_of(const char *path)
{
    static char url[512];

    (void) snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", server.port,
                    path);
    return url;
}

static void
start(nt_http_client_t *client, asked_t *asked, nt_http_request_t request,
      const char *path)
{
    char *error = NULL;

    *asked = (asked_t) { .lag = asked->lag };
    request.url = url_of(path);
    asked->reply = nt_http_start(client, &request, on_notify, asked, &error);
    if (asked->reply == NULL) {
        diag("%s", error);
        free(error);
        exit(1);
    }
}

static void
ask(nt_http_client_t *client, asked_t *asked, nt_http_request_t request,
    const char *path)
{
    start(client, asked, request, path);
    if (!run_for(TICK_MS)) {
        ok(false, "%s ends in time", path);
    }
}

static void
finish(asked_t *asked)
{
    nt_http_free(asked->reply);
    nt_buf_free(&asked->body);
}

static void
is_body(const asked_t *asked, const char *want, const char *name)
{
    is_str((nt_str_t) { asked->body.data, asked->body.len }, want, name);
}

static void
is_failure(const asked_t *asked, const char *want, const char *name)
{
    const char *error = nt_http_error(asked->reply);
    bool        same = error != NULL && strstr(error, want) != NULL;

    if (!same) {
        diag("%s: got \"%s\"", name, error != NULL ? error : "no error");
    }
    ok(same, "%s", name);
}

static bool
was_sent(const char *text)
{
    bool found;

    pthread_mutex_lock(&server.lock);
    found = strcasestr(server.last, text) != NULL;
    pthread_mutex_unlock(&server.lock);
    return found;
}

/* --- tests ------------------------------------------------------------------*/

static void
test_replies(nt_http_client_t *client)
{
    const char *const headers[] = { "X-Key: secret", "Accept: text/plain",
                                    "X-Empty:", NULL };
    asked_t           asked = { 0 };
    const char       *value;
    int               before;

    ask(client, &asked, (nt_http_request_t) { .headers = headers }, "/hello");
    is_int(nt_http_status(asked.reply), 200, "status");
    is_body(&asked, "hello", "body");
    is_str(nt_str(nt_http_header(asked.reply, "x-ONE")), "1", "header");
    is_str(nt_str(nt_http_header(asked.reply, "X-Two")), "2", "trimmed header");
    ok(nt_http_header(asked.reply, "nope") == NULL, "no header");
    is_str(nt_str(nt_http_header_at(asked.reply, 0, &value)), "X-One",
           "first header");
    ok(was_sent("\r\nX-Key: secret\r\n"), "headers are sent");
    ok(was_sent("\r\nX-Empty:"), "empty ones, too");
    ok(was_sent("\r\nAccept-Encoding: gzip, deflate"), "compression is asked");
    finish(&asked);

    before = server.connections;
    ask(client, &asked, (nt_http_request_t) { .body = "a=b", .body_len = 3 },
        "/hello");
    ok(was_sent("POST /hello"), "a body makes a POST");
    ok(!was_sent("Content-Type"), "which is no form by itself");
    is_str(nt_str(server.body), "a=b", "its body arrives");
    is_int(server.connections, before, "the connection is used again");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { .method = "DELETE" }, "/none");
    is_int(nt_http_status(asked.reply), 404, "404 is a success");
    ok(was_sent("DELETE /none"), "other methods");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { .method = "HEAD" }, "/hello");
    is_str(nt_str(nt_http_header(asked.reply, "content-length")), "5", "HEAD");
    is_body(&asked, "", "has no body");
    finish(&asked);
}

static void
test_redirects(nt_http_client_t *client)
{
    const char *const headers[] = { "X-Key: secret", "Accept: text/plain",
                                    NULL };
    nt_http_request_t post = { .body = "a=b", .body_len = 3 };
    asked_t           asked = { 0 };

    ask(client, &asked, post, "/see");
    is_body(&asked, "hello", "303 is followed");
    ok(was_sent("GET /hello"), "as GET");
    is_str(nt_str(nt_http_url(asked.reply)), url_of("/hello"), "final URL");
    finish(&asked);

    ask(client, &asked, post, "/temporary");
    ok(was_sent("POST /hello"), "307 stays POST");
    is_str(nt_str(server.body), "a=b", "with its body");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { .headers = headers }, "/other");
    ok(was_sent("Host: localhost") && !was_sent("X-Key") &&
           was_sent("Accept: text/plain"),
       "secrets do not go to another origin");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { .flags = NT_HTTP_NO_REDIRECT },
        "/see");
    is_int(nt_http_status(asked.reply), 303, "or not followed");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { 0 }, "/loop");
    is_failure(&asked, "redirects too often", "loops end");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { 0 }, "/file");
    is_failure(&asked, "no http or https URL", "no other scheme");
    finish(&asked);
}

static void
test_tries(nt_http_client_t *client)
{
    asked_t           asked = { 0 };
    nt_http_request_t post = { .body = "a", .body_len = 1 };
    int               before;

    ask(client, &asked, (nt_http_request_t) { 0 }, "/again");
    is_body(&asked, "at last", "503 and 429 are tried again");
    finish(&asked);

    before = server.requests;
    ask(client, &asked, (nt_http_request_t) { 0 }, "/busy");
    is_int(nt_http_status(asked.reply), 503, "not after two minutes");
    is_body(&asked, "later", "then the reply is the caller's");
    is_int(server.requests - before, 1, "one request");
    finish(&asked);

    before = server.requests;
    ask(client, &asked, post, "/drop");
    is_failure(&asked, "broke off", "a connection that breaks");
    is_int(server.requests - before, 1, "POST is not sent twice");
    finish(&asked);

    before = server.requests;
    ask(client, &asked, (nt_http_request_t) { 0 }, "/drop");
    is_int(server.requests - before, NT_HTTP_TRIES, "GET is tried again");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { .timeout = 0.2 }, "/drop");
    is_failure(&asked, "broke off", "not beyond the timeout");
    finish(&asked);

    ok(nt_http_retry_ms(1, NULL, "61") == -1, "Retry-After of a minute");
    ok(nt_http_retry_ms(1, NULL, "Tue, 01 Jan 2097 00:00:00 GMT") == -1,
       "as a date");
    ok(nt_http_retry_ms(1, NULL, "Tue, 01 Jan 1999 00:00:00 GMT") <= 500,
       "that has passed");
    ok(nt_http_retry_ms(1, "1500", "7") >= 1500 &&
           nt_http_retry_ms(1, "1500", "7") <= 1700,
       "milliseconds come first");
    ok(nt_http_retry_ms(3, NULL, "soon") >= 1000 &&
           nt_http_retry_ms(3, NULL, "soon") <= 2000,
       "pauses grow");
}

static void
test_limits(nt_http_client_t *client)
{
    asked_t           asked = { 0 };
    nt_http_request_t bounded = { .limit = 1000, .flags = NT_HTTP_NO_RETRY };
    const char       *data;
    size_t            len, total = 0;

    ask(client, &asked, bounded, "/big/1000");
    is_int((long long) asked.body.len, 1000, "as long as the limit");
    finish(&asked);

    ask(client, &asked, bounded, "/big/1001");
    is_failure(&asked, "more than 1000 bytes", "longer");
    finish(&asked);

    bounded.limit = 1 << 20;
    ask(client, &asked, bounded, "/bomb");
    is_failure(&asked, "more than 1048576 bytes", "decompressed bytes count");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { .timeout = 0.2 }, "/half");
    is_failure(&asked, "within 0.2 s", "timeout");
    is_body(&asked, "half", "what came is there");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { 0 }, "/short");
    is_failure(&asked, "broke off", "a body that ends early");
    finish(&asked);

    asked.lag = true;
    start(client, &asked, (nt_http_request_t) { 0 }, "/big/4000000");
    ok(!run_for(200), "a slow reader stops the server");
    ok(asked.reply->body_in.len < NT_HTTP_WINDOW + 32768, "at the window");
    while (nt_http_take(asked.reply, &data, &len) ||
           nt_http_state(asked.reply) == NT_HTTP_OPEN)
    {
        total += len;
        len = 0;
        (void) run_for(1);
    }
    is_int((long long) total, 4000000, "all arrives in the end");
    finish(&asked);

    asked.lag = true;
    start(client, &asked, (nt_http_request_t) { 0 }, "/big/4000000");
    nt_http_keep_all(asked.reply);
    ok(run_for(TICK_MS), "or all is kept");
    is_int((long long) asked.reply->body_in.len, 4000000, "in one piece");
    finish(&asked);
    asked.lag = false;
}

/* Runs the loop until a counter of the server's has come so far. */
static bool
wait_count(atomic_int *counter, int want)
{
    for (int i = 0; i < 500 && atomic_load(counter) < want; i++) {
        (void) run_for(10);
    }
    return atomic_load(counter) >= want;
}

static void
test_cancel(nt_http_client_t *client)
{
    asked_t asked = { 0 };
    int     closed = server.closed, requests = server.requests;

    start(client, &asked, (nt_http_request_t) { 0 }, "/hang");
    (void) wait_count(&server.requests, requests + 1);
    nt_http_abort(asked.reply, "cancelled");
    is_failure(&asked, "cancelled", "aborted");
    ok(wait_count(&server.closed, closed + 1), "its connection is closed");
    finish(&asked);

    start(client, &asked, (nt_http_request_t) { 0 }, "/half");
    (void) wait_count(&server.requests, requests + 2);
    finish(&asked);
    ok(wait_count(&server.closed, closed + 2), "free does that, too");

    /* while it waits for the next try */
    start(client, &asked, (nt_http_request_t) { 0 }, "/drop");
    (void) wait_count(&server.requests, requests + 3);
    (void) run_for(20);
    finish(&asked);
    ok(true, "free between two tries");
}

static void
test_requests(nt_http_client_t *client)
{
    static const char *const urls[] = { "",
                                        "example.com",
                                        "ftp://example.com/",
                                        "file:///etc/passwd",
                                        "gopher://127.0.0.1/",
                                        "http://",
                                        "http://a\nb/",
                                        NULL };
    const char *const        split[] = { "X: a\r\nY: b", NULL };
    const char *const        length[] = { "content-length: 1", NULL };
    nt_http_request_t        request = { 0 };
    char                    *error;

    for (size_t i = 0; urls[i] != NULL; i++) {
        error = NULL;
        request.url = urls[i];
        ok(nt_http_start(client, &request, NULL, NULL, &error) == NULL &&
               error != NULL,
           "URL \"%s\" is refused", i == 6 ? "with a newline" : urls[i]);
        free(error);
    }
    request.url = url_of("/hello");
    request.headers = split;
    ok(nt_http_start(client, &request, NULL, NULL, &error) == NULL,
       "a header with a newline");
    free(error);
    request.headers = length;
    ok(nt_http_start(client, &request, NULL, NULL, &error) == NULL,
       "a length of one's own");
    free(error);
    request.headers = NULL;
    request.method = "GET /x";
    ok(nt_http_start(client, &request, NULL, NULL, &error) == NULL,
       "a method with a space");
    free(error);
}

/* A client that reaches the Internet only. */
static void
test_guard(void)
{
    char              error[128], url[64];
    asked_t           asked = { 0 };
    nt_http_options_t options = { 0 };
    nt_http_client_t *client;
    nt_http_request_t request = { 0 };
    char             *fault;
    const char       *hosts[] = { "127.0.0.1",          "localhost",  "[::1]",
                                  "2130706433",         "0x7f000001", "127.1",
                                  "[::ffff:127.0.0.1]", NULL };
    int               before;

    client = nt_http_client_new(&loop, &options, error, sizeof(error));
    before = server.connections;

    for (size_t i = 0; hosts[i] != NULL; i++) {
        (void) snprintf(url, sizeof(url), "http://%s:%u/hello", hosts[i],
                        server.port);
        request.url = url;
        asked = (asked_t) { 0 };
        asked.reply =
            nt_http_start(client, &request, on_notify, &asked, &fault);
        (void) run_for(TICK_MS);
        is_failure(&asked, "private network", hosts[i]);
        finish(&asked);
    }
    is_int(server.connections, before, "nothing was connected");

    ask(client, &asked, (nt_http_request_t) { .flags = NT_HTTP_TRUSTED },
        "/hello");
    is_body(&asked, "hello", "the operator's choice");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { 0 }, "/hello");
    is_failure(&asked, "private network", "not on its connection");
    finish(&asked);

    ask(client, &asked, (nt_http_request_t) { .flags = NT_HTTP_TRUSTED },
        "/other");
    is_failure(&asked, "private network", "nor by its redirect");
    finish(&asked);

    nt_http_client_free(client);
}

static void
test_addresses(void)
{
    static const struct {
        const char *allow;
        const char *address;
        bool        allowed;
    } cases[] = { { NULL, "93.184.216.34", true },
                  { NULL, "2606:2800:220:1::1", true },
                  { NULL, "10.1.2.3", false },
                  { NULL, "172.16.0.1", false },
                  { NULL, "172.31.255.255", false },
                  { NULL, "172.32.0.1", true },
                  { NULL, "192.168.1.1", false },
                  { NULL, "127.0.0.1", false },
                  { NULL, "0.0.0.0", false },
                  { NULL, "169.254.169.254", false },
                  { NULL, "100.64.0.1", false },
                  { NULL, "100.100.100.200", false },
                  { NULL, "168.63.129.16", false },
                  { NULL, "192.0.0.192", false },
                  { NULL, "198.18.0.1", false },
                  { NULL, "224.0.0.1", false },
                  { NULL, "255.255.255.255", false },
                  { NULL, "::", false },
                  { NULL, "::1", false },
                  { NULL, "::ffff:10.0.0.1", false },
                  { NULL, "::ffff:8.8.8.8", true },
                  { NULL, "::10.0.0.1", false },
                  { NULL, "64:ff9b::a00:1", false },
                  { NULL, "64:ff9b::808:808", true },
                  { NULL, "64:ff9b:1::808:808", false },
                  { NULL, "2002:a00:1::", false },
                  { NULL, "2001:0:a00:1::", false },
                  { NULL, "2001:db8::1", false },
                  { NULL, "fe80::1", false },
                  { NULL, "fc00::1", false },
                  { NULL, "fd00:ec2::254", false },
                  { NULL, "ff02::1", false },
                  { "private", "10.1.2.3", true },
                  { "private", "::1", true },
                  { "private", "fd12::1", true },
                  { "private", "64:ff9b::a00:1", true },
                  { "private", "169.254.169.254", false },
                  { "private", "fd00:ec2::254", false },
                  { "private", "100.100.100.200", false },
                  { "private", "fe80::1", false },
                  { "169.254.0.0/16", "169.254.169.254", true },
                  { "10.0.0.0/9,  fe80::/10", "10.127.0.1", true },
                  { "10.0.0.0/9, fe80::/10", "10.128.0.1", false },
                  { "10.0.0.0/9, fe80::/10", "febf::1", true },
                  { "192.168.7.9", "192.168.7.9", true },
                  { "192.168.7.9", "192.168.7.8", false },
                  { "192.168.7.9", "::ffff:192.168.7.9", true },
                  { "0.0.0.0/0", "::1", false },
                  { NULL, "fe80::1%eth0", false },
                  { NULL, "8.8.8.8/8", false } };
    static const char *const wrong[] = { "10.0.0.0/33", "fd00::/129",
                                         "x",           "10.0.0.0/",
                                         "10.0.0.0/-1", "10.0.0/8",
                                         "public" };
    char                     error[128];
    nt_http_networks_t      *networks;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        networks = nt_http_networks_new(cases[i].allow, error, sizeof(error));
        ok(nt_http_address_text_allowed(networks, cases[i].address) ==
               cases[i].allowed,
           "%s with \"%s\" is %s", cases[i].address,
           cases[i].allow != NULL ? cases[i].allow : "",
           cases[i].allowed ? "allowed" : "refused");
        nt_http_networks_free(networks);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ok(nt_http_networks_new(wrong[i], error, sizeof(error)) == NULL,
           "list \"%s\" is refused", wrong[i]);
    }
}

/* A server that thinks about the first request gets the second one, too. */
static void
test_parallel(void)
{
    char              error[128];
    asked_t           slow = { 0 }, quick = { 0 };
    nt_http_options_t options = { .allow = "private" };
    nt_http_client_t *client;

    client = nt_http_client_new(&loop, &options, error, sizeof(error));
    start(client, &slow, (nt_http_request_t) { 0 }, "/hang");
    ask(client, &quick, (nt_http_request_t) { .timeout = 2 }, "/hello");
    is_body(&quick, "hello", "requests do not wait for one another");
    finish(&slow);
    finish(&quick);
    nt_http_client_free(client);
}

/* Frees the client while requests are under way. */
static void
test_close(void)
{
    char              error[128];
    asked_t           one = { 0 }, two = { 0 };
    nt_http_options_t options = { .allow = "private" };
    nt_http_client_t *client;

    client = nt_http_client_new(&loop, &options, error, sizeof(error));
    start(client, &one, (nt_http_request_t) { 0 }, "/hang");
    start(client, &two, (nt_http_request_t) { 0 }, "/half");
    (void) run_for(50);
    nt_http_client_free(client);
    is_failure(&one, "shutting down", "a client that goes");
    ok(two.told > 0, "says so");
    finish(&one);
    finish(&two);
}

int
main(void)
{
    char              error[128];
    nt_http_options_t options = { .allow = "127.0.0.0/8" };
    nt_http_client_t *client;

    start_server(respond);
    (void) uv_loop_init(&loop);
    (void) uv_timer_init(&loop, &guard);

    test_addresses();
    client = nt_http_client_new(&loop, &options, error, sizeof(error));
    test_replies(client);
    test_redirects(client);
    test_tries(client);
    test_limits(client);
    test_cancel(client);
    test_requests(client);
    nt_http_client_free(client);
    test_guard();
    test_parallel();
    test_close();

    uv_close((uv_handle_t *) &guard, NULL);
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
    }
    is_int(uv_loop_close(&loop), 0, "nothing is left on the loop");
    return done();
}
