/* WebSockets over the wire: handshakes, messages, pings, slow peers and ends,
 * with a client that writes and reads bytes in the same loop. */

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/log.h"
#include "engine/wire/wire.h"
#include "engine/ws/server.h"
#include "engine/ws/ws.h"
#include "t/core/tap.h"
#include "t/engine/ws_vectors.h"

static uv_loop_t     loop;
static nt_services_t services = { .loop = &loop };
static nt_wire_t    *wire;
static char          path[] = "/tmp/nodetool-ws-XXXXXX";
static char          name[sizeof(path) + 8];

/* --- the handler ----------------------------------------------------------*/

typedef struct {
    nt_ws_t   *ws;
    json_int_t flood; /* messages still to be sent, whenever the peer reads */
} session_t;

static unsigned sessions;
static unsigned messages;
static bool     was_slow; /* a message came while the peer was slow */
static char     said[64]; /* of the last peer */


static void *
echo_open(nt_ws_t *ws, const nt_services_t *s, const nt_ws_peer_t *peer)
{
    session_t *session;

    (void) snprintf(said, sizeof(said), "%s %s %s %s", peer->user,
                    peer->admin ? "admin" : "user", peer->base_url,
                    peer->request_id != NULL ? peer->request_id : "-");

    if (strcmp(peer->user, "nobody") == 0) {
        nt_ws_close(ws, NT_WS_CLOSE_POLICY, "Not here.");
        return NULL;
    }
    if (strcmp(peer->user, "nomem") == 0) {
        return NULL;
    }

    session = calloc(1, sizeof(*session));
    session->ws = ws;
    sessions++;
    return session;
}


static void
flood(session_t *session)
{
    while (session->flood > 0 && !nt_ws_slow(session->ws)) {
        json_t *message = json_pack("{s:I}", "left", --session->flood);

        nt_ws_send(session->ws, message);
        json_decref(message);
    }
}


static uv_timer_t later;


static void
on_later(uv_timer_t *timer)
{
    flood(timer->data);
}


static void
send_big(nt_ws_t *ws, json_int_t size)
{
    nt_buf_t text = { 0 };

    nt_buf_append_str(&text, NT_STR("{\"big\":\""));
    memset(nt_buf_reserve(&text, (size_t) size), 'x', (size_t) size);
    text.len += (size_t) size;
    nt_buf_append_str(&text, NT_STR("\"}"));
    nt_ws_send_json(ws, text.data, text.len);
    nt_buf_free(&text);
}


static void
echo_message(void *arg, json_t *message)
{
    session_t  *session = arg;
    nt_ws_t    *ws = session->ws;
    json_t     *value;
    const char *mode;

    messages++;
    was_slow |= nt_ws_slow(ws);

    if ((value = json_object_get(message, "close")) != NULL) {
        nt_ws_close(ws, (int) json_integer_value(value), "as you say");
        nt_ws_send(ws, message); /* which is too late */

    } else if ((value = json_object_get(message, "flood")) != NULL) {
        session->flood = json_integer_value(value);
        flood(session);

    } else if ((value = json_object_get(message, "later")) != NULL) {
        session->flood = json_integer_value(value);
        later.data = session;
        (void) uv_timer_start(&later, on_later, 5, 0);

    } else if ((value = json_object_get(message, "big")) != NULL) {
        send_big(ws, json_integer_value(value));

    } else if ((mode = json_string_value(json_object_get(message, "mode")))) {
        nt_ws_set_mode(ws,
                       strcmp(mode, "text") == 0 ? NT_WS_JSON : NT_WS_MSGPACK);
        nt_ws_send_json(ws, "{\"ok\":1}", 8);

    } else if (json_object_get(message, "error") != NULL) {
        nt_ws_send_error(ws, "as you say", json_pack("{s:i}", "code", 7));

    } else {
        nt_ws_send(ws, message);
    }
}


static void
echo_ready(void *arg)
{
    flood(arg);
}


static void
echo_close(void *arg)
{
    sessions--;
    free(arg);
}


static const nt_ws_handler_t echo = { "echo", echo_open, echo_message,
                                      echo_ready, echo_close };

/* Instead of the engine's own. */
const nt_ws_limits_t nt_ws_limits = { .ping_ms = 100,
                                      .dead_ms = 300,
                                      .close_ms = 200,
                                      .linger_ms = 10,
                                      .message = WS_LIMIT,
                                      .unsent = 1 << 20 };


const nt_ws_handler_t *
nt_ws_find(const char *which)
{
    return strcmp(which, "echo") == 0 ? &echo : NULL;
}


/* --- the client -----------------------------------------------------------*/

typedef struct {
    int      fd;
    nt_buf_t in;
    bool     ended;
} client_t;


/* One turn of the loop, and what has come. */
static void
turn(client_t *c, bool reads)
{
    ssize_t n;
    char    bytes[65536];

    (void) uv_run(&loop, UV_RUN_NOWAIT);

    while (reads && !c->ended) {
        n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n > 0) {
            nt_buf_append(&c->in, bytes, (size_t) n);
        } else if (n == 0 || errno != EAGAIN) {
            c->ended = true;
        } else {
            return;
        }
    }
}


static void
settle(client_t *c)
{
    size_t len;

    for (int idle = 0; idle < 3 && !c->ended; idle++) {
        len = c->in.len;
        turn(c, true);
        if (c->in.len > len) {
            idle = 0;
        }
    }
}


static bool
wait_ms(client_t *c, unsigned ms, size_t len)
{
    uint64_t until = uv_hrtime() + ms * 1000000ull;

    while (uv_hrtime() < until && !c->ended && c->in.len < len) {
        turn(c, true);
        (void) poll(NULL, 0, 2);
    }

    return c->in.len >= len;
}


static void
put(client_t *c, const char *data, size_t len)
{
    ssize_t n;

    for (int stuck = 0; len > 0 && stuck < 100 && !c->ended;) {
        n = send(c->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            len -= (size_t) n;
            stuck = 0;
        } else {
            turn(c, true);
            stuck++;
        }
    }
}


static void
put_frames(client_t *c, const char *line)
{
    nt_buf_t bytes = { 0 };

    ws_bytes(&bytes, line);
    put(c, bytes.data, bytes.len);
    nt_buf_free(&bytes);
}


static void
dial(client_t *c, const char *head)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    memset(c, 0, sizeof(*c));
    (void) strcpy(address.sun_path, name);
    c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (c->fd == -1 ||
        connect(c->fd, (struct sockaddr *) &address, sizeof(address)) != 0)
    {
        abort();
    }
    put(c, head, strlen(head));
}


static void
hello(client_t *c)
{
    static const char head[] = "{\"status\":101}\n";

    dial(c, "{\"op\":\"ws\",\"path\":\"echo\"}\n");
    for (int i = 0; i < 1000 && c->in.len < sizeof(head) - 1; i++) {
        turn(c, true);
    }
    if (!nt_str_eq((nt_str_t) { c->in.data, c->in.len }, nt_str(head))) {
        abort();
    }
    nt_buf_reset(&c->in);
}


static void
hang_up(client_t *c)
{
    (void) close(c->fd);
    nt_buf_free(&c->in);
    for (int i = 0; i < 5; i++) {
        (void) uv_run(&loop, UV_RUN_NOWAIT);
    }
}


/* The next frame that has come; false when there is none. */
static bool
frame(client_t *c, unsigned *opcode, nt_str_t *payload, size_t *at)
{
    size_t               len, head = 2;
    const unsigned char *p = (const unsigned char *) c->in.data + *at;
    size_t               left = c->in.len - *at;

    if (left < 2 || (p[0] & 0xf0) != 0x80 || (p[1] & 0x80) != 0) {
        return false;
    }
    len = p[1];
    if (len >= 126) {
        head = len == 126 ? 4 : 10;
        if (left < head) {
            return false;
        }
        len = 0;
        for (size_t i = 2; i < head; i++) {
            len = len << 8 | p[i];
        }
    }
    if (left - head < len) {
        return false;
    }
    *opcode = p[0] & 15;
    *payload = (nt_str_t) { (const char *) p + head, len };
    *at += head + len;
    return true;
}


/* What has come, in the words of ws_vectors.h, and "end" at the end. */
static nt_buf_t
told(client_t *c)
{
    char     word[16];
    size_t   at = 0;
    nt_buf_t out = { 0 };
    nt_str_t payload;
    unsigned opcode;

    while (frame(c, &opcode, &payload, &at)) {
        const char *names[16] = {
            [1] = "text:", [2] = "bin:", [9] = "ping", [10] = "pong"
        };

        if (opcode == 8) {
            (void) snprintf(word, sizeof(word), "close:%d",
                            payload.len < 2
                                ? 0
                                : (unsigned char) payload.data[0] << 8 |
                                      (unsigned char) payload.data[1]);
            payload.len = 0;
        } else {
            (void) snprintf(word, sizeof(word), "%s%s",
                            names[opcode] != NULL ? names[opcode] : "?",
                            opcode > 8 && payload.len > 0 ? ":" : "");
        }
        ws_say(&out, word, payload);
    }
    if (at < c->in.len) {
        ws_say(&out, "rest:", (nt_str_t) { c->in.data + at, c->in.len - at });
    }
    if (c->ended) {
        nt_buf_printf(&out, "%send", out.len > 0 ? " " : "");
    }
    nt_buf_reset(&c->in);
    return out;
}


static bool
is_told(client_t *c, const char *want, const char *what)
{
    bool     same;
    nt_buf_t got = told(c);

    same = is_str((nt_str_t) { got.data != NULL ? got.data : "", got.len },
                  want, what);
    nt_buf_free(&got);
    return same;
}


/* Sends, and looks at what comes. */
static void
try(client_t *c, const char *frames, const char *want, const char *what)
{
    put_frames(c, frames);
    settle(c);
    (void) is_told(c, want, what);
}


/* --- tests ----------------------------------------------------------------*/

static void
is_reply(const char *head, const char *want, const char *what)
{
    client_t c;

    dial(&c, head);
    settle(&c);
    nt_buf_append_char(&c.in, '\0');
    ok(strncmp(c.in.data, want, strlen(want)) == 0, "%s", what);
    hang_up(&c);
}


static void
handshakes(void)
{
    client_t c;

    is_reply("{\"op\":\"ws\"}\n", "{\"status\":400", "no path");
    is_reply("{\"op\":\"ws\",\"path\":\"none\"}\n", "{\"status\":404",
             "an unknown path");
    is_reply("{\"op\":\"ws\",\"path\":\"echo\",\"length\":2}\n{}",
             "{\"status\":400", "a body");
    is_reply("{\"op\":\"ws\",\"path\":\"echo\"}\n\x81\x80", "",
             "bytes behind the head");

    dial(&c, "{\"op\":\"ws\",\"path\":\"echo\"}\n\x81\x80");
    settle(&c);
    (void) is_told(&c, "end", "bytes behind the head are not taken");
    hang_up(&c);

    dial(&c, "{\"op\":\"ws\",\"path\":\"echo\",\"user\":\"u\",\"role\":"
             "\"admin\",\"base\":\"http://h\",\"request_id\":\"r\"}\n");
    settle(&c);
    is_str(nt_str(said), "u admin http://h r", "who it is");
    hang_up(&c);

    dial(&c, "{\"op\":\"ws\",\"path\":\"echo\"}\n");
    settle(&c);
    is_str(nt_str(said), "1 user  -", "who it is when nobody says it");
    hang_up(&c);

    dial(&c, "{\"op\":\"ws\",\"path\":\"echo\",\"user\":\"nobody\"}\n");
    settle(&c);
    ok(c.in.len > 17 && memcmp(c.in.data + c.in.len - 13,
                               "\x88\x0b\x03\xf0Not here.", 13) == 0,
       "a handler refuses: 1008 and why");
    hang_up(&c);

    dial(&c, "{\"op\":\"ws\",\"path\":\"echo\",\"user\":\"nomem\"}\n");
    settle(&c);
    ok(c.in.len > 17 && memcmp(c.in.data + 15, "\x88\x1e\x03\xf3", 4) == 0,
       "a handler has no memory: 1011");
    hang_up(&c);
    is_int(sessions, 0, "no session is left");
}


/* Of a vector's events: the pongs, and the end. */
static void
wanted(nt_buf_t *out, const char *events)
{
    int         code;
    size_t      len;
    const char *blank = "";

    for (; *events != '\0'; events += len + (events[len] == ' ')) {
        len = strcspn(events, " ");
        if (strncmp(events, "ping", 4) == 0) {
            nt_buf_printf(out, "%spong%.*s", blank, (int) len - 4, events + 4);
        } else if (sscanf(events, "close:%d", &code) == 1 ||
                   sscanf(events, "fail:%d", &code) == 1)
        {
            nt_buf_printf(out, "%sclose:%d end", blank, code);
        } else {
            continue;
        }
        blank = " ";
    }
    nt_buf_append_char(out, '\0');
}


/* The table: pings are answered, and a connection ends as it has to. */
static void
vectors(void)
{
    client_t c;
    nt_buf_t want, got;

    for (size_t i = 0; i < WS_VECTORS; i++) {
        size_t kept = 0;

        hello(&c);
        put_frames(&c, ws_vectors[i].frames);
        settle(&c);
        want = (nt_buf_t) { 0 };
        wanted(&want, ws_vectors[i].want);
        if (strstr(want.data, "end") != NULL) {
            (void) wait_ms(&c, 5000, SIZE_MAX);
        }
        got = told(&c);
        nt_buf_append_char(&got, '\0');

        /* without the answers to messages that are no objects */
        for (char *p = got.data; *p != '\0';) {
            size_t len = strcspn(p, " ") + (p[strcspn(p, " ")] == ' ');

            if (strncmp(p, "text", 4) != 0 && strncmp(p, "bin", 3) != 0) {
                memmove(got.data + kept, p, len);
                kept += len;
            }
            p += len;
        }
        if (kept > 0 && got.data[kept - 1] == ' ') {
            kept--;
        }
        got.data[kept] = '\0';
        is_str(nt_str(got.data), want.data, ws_vectors[i].name);

        nt_buf_free(&want);
        nt_buf_free(&got);
        hang_up(&c);
    }
    is_int(sessions, 0, "each session is closed");
}


static void
formats(void)
{
    client_t c;

    hello(&c);
    try(&c, "text:{\"a\":[1,2.5,null]}", "text:{\"a\":[1,2.5,null]}",
        "JSON is answered as JSON");
    try(&c, "bin:%81%a1a%01", "bin:%81%a1a%01", "MessagePack as MessagePack");
    try(&c, "text-:{\"a\": ping:p cont:1}", "pong:p text:{\"a\":1}",
        "a message in fragments");
    try(&c, "bin:%81%a3big%03", "bin:%81%a3big%a3xxx",
        "what is JSON already goes out as MessagePack, too");
    try(&c, "text:{\"error\":1}",
        "text:{\"error\":\"as%20you%20say\",\"code\""
        ":7}",
        "an error with more");
    try(&c, "text:{\"mode\":\"binary\"} text:{\"a\":1} bin:%81%a1a%01",
        "bin:%81%a2ok%01 bin:%81%a1a%01 bin:%81%a1a%01",
        "set_mode stays, whatever comes");
    try(&c, "bin:%81%a4mode%a4text bin:%81%a1a%01",
        "text:{\"ok\":1} text:{\"a\":1}", "and can be set again");
    try(&c, "text:[1]",
        "text:{\"error\":\"invalid_message\",\"details\":\"A%20message%20is%20"
        "an%20object.\"}",
        "an array is no message");
    try(&c, "bin:%90",
        "text:{\"error\":\"invalid_message\",\"details\":\"A%20message%20is%20"
        "an%20object.\"}",
        "in MessagePack neither");
    put_frames(&c, "text:{ bin:%c1 text text:{\"a\":\"\\u0000\"}");
    settle(&c);
    ok(strncmp(c.in.data + 2, "{\"error\":\"invalid_message\"", 26) == 0,
       "nor is what is malformed");
    nt_buf_reset(&c.in);
    try(&c, "text:{\"a\":1}", "text:{\"a\":1}", "the connection goes on");
    hang_up(&c);
}


/* Messages of all lengths arrive whole. */
static void
lengths(void)
{
    static const int sizes[] = { 0,     100,   116,   117,     118,
                                 65525, 65526, 65527, 1000000, 0 };
    size_t           at;
    char             line[64];
    client_t         c;
    nt_str_t         payload = NT_STR("");
    unsigned         opcode;

    hello(&c);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        at = 0;
        (void) snprintf(line, sizeof(line), "text:{\"big\":%d}", sizes[i]);
        put_frames(&c, line);
        settle(&c);
        ok(frame(&c, &opcode, &payload, &at) && at == c.in.len &&
               payload.len == (size_t) sizes[i] + 10 &&
               memcmp(payload.data, "{\"big\":\"", 8) == 0 &&
               memcmp(payload.data + payload.len - 2, "\"}", 2) == 0,
           "a message with %d bytes of text", sizes[i]);
        nt_buf_reset(&c.in);
    }
    hang_up(&c);
}


static void
ends(void)
{
    client_t c;
    unsigned before;

    hello(&c);
    before = messages;
    try(&c, "text:{\"close\":4001} text:{\"a\":1} ping", "close:4001",
        "a handler closes: nothing comes behind the close frame");
    is_int(messages - before, 1, "nor does a message reach it");
    is_int(sessions, 1, "the session stays until the peer has answered");
    try(&c, "close:4001", "end", "the peer has answered");
    is_int(sessions, 0, "the session is closed");
    hang_up(&c);

    hello(&c);
    try(&c, "text:{\"close\":1000}", "close:1000", "closed again");
    (void) wait_ms(&c, 5000, 1);
    (void) is_told(&c, "end", "a peer that does not answer is cut off");
    hang_up(&c);

    hello(&c);
    (void) shutdown(c.fd, SHUT_WR);
    settle(&c);
    (void) is_told(&c, "end", "a peer that leaves without a word");
    is_int(sessions, 0, "its session is closed");
    hang_up(&c);

    hello(&c);
    put(&c, "\x81\x85\1\2", 4);
    settle(&c);
    hang_up(&c);
    is_int(sessions, 0, "in the middle of a frame");
}


static void
pings(void)
{
    client_t c;

    hello(&c);
    ok(wait_ms(&c, 5000, 2), "an idle peer gets a ping");
    (void) is_told(&c, "ping", "of nothing");
    put_frames(&c, "pong");
    ok(wait_ms(&c, 5000, 2), "who answers gets another");
    (void) is_told(&c, "ping", "a single one");
    (void) wait_ms(&c, 5000, 1);
    (void) is_told(&c, "end", "who does not is cut off");
    is_int(sessions, 0, "with its session");
    hang_up(&c);
}


/* A peer that reads nothing for a while. */
static void
slow(void)
{
    size_t   at = 0, n = 0;
    client_t c;
    nt_str_t payload;
    unsigned opcode, sent = 0, pongs = 0;
    bool     order = true;

    hello(&c);
    was_slow = false;
    put_frames(&c, "text:{\"flood\":200000}");
    for (int i = 0; i < 50; i++) {
        turn(&c, false);
    }
    for (int i = 0; i < 2000; i++) { /* not read any more: they cost nothing */
        nt_buf_t ping = { 0 };

        ws_bytes(&ping, "ping:p");
        sent += send(c.fd, ping.data, ping.len, MSG_DONTWAIT) > 0;
        nt_buf_free(&ping);
    }
    for (int i = 0; i < 50; i++) {
        turn(&c, false);
    }
    is_int(sessions, 1, "a slow peer is waited for");

    ok(sent > 0, "pings wait for the slow peer");
    settle(&c);
    while (frame(&c, &opcode, &payload, &at)) {
        if (opcode == 10) {
            pongs++;
            continue;
        }
        n++;
        order = order && opcode == 1 &&
                strtoul(payload.data + 8, NULL, 10) == 200000 - n;
    }
    is_int((long long) n, 200000, "all messages come");
    ok(order && at == c.in.len, "in their order");
    is_int(pongs, sent, "and the pongs");
    ok(!was_slow, "no message came while the peer was slow");
    nt_buf_reset(&c.in);
    try(&c, "text:{\"a\":1}", "text:{\"a\":1}", "the connection goes on");
    hang_up(&c);

    /* with nothing from the peer that would make anything go on */
    hello(&c);
    put_frames(&c, "text:{\"later\":100000}");
    for (int i = 0; i < 50; i++) {
        turn(&c, false);
        (void) poll(NULL, 0, 1);
    }
    settle(&c);
    for (at = n = 0; frame(&c, &opcode, &payload, &at); n++) {
    }
    is_int((long long) n, 100000, "what is sent by itself goes on, too");
    hang_up(&c);

    hello(&c);
    put_frames(&c,
               "text:{\"big\":900000} text:{\"big\":900000} text:{\"a\":1}");
    for (int i = 0; i < 20; i++) {
        turn(&c, false);
    }
    settle(&c);
    ok(c.in.len > 1800000, "two big messages: no more are taken at once");
    nt_buf_reset(&c.in);
    hang_up(&c);

    hello(&c);
    put_frames(&c, "text:{\"big\":1100000}");
    settle(&c);
    ok(frame(&c, &opcode, &payload, (at = 0, &at)) && payload.len == 1100010 &&
           at + 2 < c.in.len && memcmp(c.in.data + at + 2, "\x03\xf5", 2) == 0,
       "more than may wait is the last: 1013");
    hang_up(&c);
    is_int(sessions, 0, "no session is left");
}


/* What a connection holds that waits, the kernel's part aside. */
static void
idle(void)
{
    size_t           before, after;
    client_t         peers[200], c;
    struct mallinfo2 info;

    hello(&c);
    try(&c, "text:{\"a\":1}", "text:{\"a\":1}", "a connection in use");

    info = mallinfo2();
    before = info.uordblks + info.hblkhd;
    for (size_t i = 0; i < 200; i++) {
        hello(&peers[i]);
        nt_buf_free(&peers[i].in);
        put_frames(&peers[i], i % 2 ? "bin:%81%a1x%01" : "bin:*20000");
        for (int turns = 0; turns < 5; turns++) {
            turn(&peers[i], true);
        }
        nt_buf_free(&peers[i].in);
    }
    info = mallinfo2();
    after = info.uordblks + info.hblkhd;

    ok(after <= before + 200 * 1536, "bytes of one that is idle: %zu",
       (after - before) / 200);

    for (size_t i = 0; i < 200; i++) {
        hang_up(&peers[i]);
    }
    hang_up(&c);
}


static bool drained;


static void
on_drained(void *arg)
{
    drained = true;
}


static void
drain(void)
{
    client_t a, b;

    hello(&a);
    hello(&b);
    nt_wire_drain(wire, on_drained, NULL);
    settle(&a);
    settle(&b);
    (void) is_told(&a, "close:1001", "the engine stops: 1001");
    (void) is_told(&b, "close:1001", "to all");
    ok(!drained, "it waits for their answers");
    try(&a, "close:1001", "end", "one answers");
    (void) wait_ms(&b, 5000, 1);
    (void) is_told(&b, "end", "the other has its time");
    ok(drained, "that was the last one");
    hang_up(&a);
    hang_up(&b);
}


int
main(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    nt_wire_options_t  options = { .max_body = 1000, .services = &services };

    nt_log_set_level(NT_LOG_ERROR);
    if (mkdtemp(path) == NULL || uv_loop_init(&loop) != 0) {
        return 1;
    }
    (void) snprintf(name, sizeof(name), "%s/s", path);
    (void) strcpy(address.sun_path, name);
    options.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(options.fd, (struct sockaddr *) &address, sizeof(address)) != 0 ||
        listen(options.fd, 64) != 0 || (wire = nt_wire_new(&options)) == NULL)
    {
        return 1;
    }

    (void) uv_timer_init(&loop, &later);

    handshakes();
    vectors();
    formats();
    lengths();
    ends();
    pings();
    slow();
    idle();
    drain();

    uv_close((uv_handle_t *) &later, NULL);
    nt_wire_close(wire);
    (void) uv_run(&loop, UV_RUN_DEFAULT);
    ok(uv_loop_close(&loop) == 0, "nothing is left in the loop");
    (void) unlink(name);
    (void) rmdir(path);

    return done();
}
