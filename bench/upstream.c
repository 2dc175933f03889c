/*
 * bench/upstream.c - providers of chat that cost next to nothing.
 *
 *   upstream PORT [TOKENS [MS]]
 *
 * One thread, epoll, HTTP/1.1 with keep-alive.  The path tells the dialect:
 * OpenAI (.../chat/completions), Anthropic (.../messages), Gemini
 * (...:generateContent, ...:streamGenerateContent) or Ollama (.../api/chat),
 * each in its documented wire format.  A stream has TOKENS (20) pieces, each
 * in a write of its own, MS (0) milliseconds apart; any other reply is one of
 * 300 bytes.
 *
 * What a request holds may make it fail: "fail-status" is answered with 500,
 * "fail-limit" with 429, "fail-cut" ends after the first piece, "fail-close"
 * closes without an answer.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 65536
#define REQUEST_MAX 65536
#define TEXT_MAX    2048

/* Bytes as they go out, framed. */
typedef struct {
    char   data[TEXT_MAX];
    size_t len;
} text_t;

/* A provider: the end of its path, and what it sends. */
typedef struct {
    const char *path;
    const char *type;
    const char *whole; /* JSON */
    const char *first; /* events, with their ends */
    const char *token;
    const char *last;
    text_t      reply, head, start, event, end;
} dialect_t;

typedef struct connection_s connection_t;

struct connection_s {
    connection_t *prev, *next; /* in the queue of streams */
    dialect_t    *dialect;
    long          due; /* of the next piece, ms */
    int           left;
    int           fd;
    size_t        len;
    char          in[REQUEST_MAX];
};

static connection_t *connections[CONNECTIONS];

/* All pauses are of one length, so the oldest is due first. */
static connection_t queue = { .prev = &queue, .next = &queue };

static int  tokens = 20;
static long pause_ms;

#define CHUNK(delta, reason)                                                   \
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\","       \
    "\"created\":1700000000,\"model\":\"bench\",\"choices\":[{\"index\":0,"    \
    "\"delta\":{" delta "},\"finish_reason\":" reason "}]}\n\n"

#define GEMINI(text, more)                                                     \
    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text              \
    "\"}],\"role\":\"model\"}," more "\"index\":0}],\"usageMetadata\":{"       \
    "\"promptTokenCount\":9,\"candidatesTokenCount\":3,"                       \
    "\"totalTokenCount\":12},\"modelVersion\":\"bench\"}"

#define OLLAMA(text, more)                                                     \
    "{\"model\":\"bench\",\"created_at\":\"2026-01-01T00:00:00.000000Z\","     \
    "\"message\":{\"role\":\"assistant\",\"content\":\"" text "\"}," more "}"

#define OLLAMA_END                                                             \
    "\"done\":true,\"done_reason\":\"stop\",\"total_duration\":5000000,"       \
    "\"load_duration\":1000,\"prompt_eval_count\":9,"                          \
    "\"prompt_eval_duration\":1000,\"eval_count\":3,\"eval_duration\":1000"

static dialect_t dialects[] = {
    { .path = "/chat/completions",
      .type = "text/event-stream",
      .whole = "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\","
               "\"created\":1700000000,\"model\":\"bench\",\"choices\":[{"
               "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
               "\"one two three\"},\"finish_reason\":\"stop\"}],\"usage\":{"
               "\"prompt_tokens\":9,\"completion_tokens\":3,"
               "\"total_tokens\":12}}",
      .token = CHUNK("\"content\":\" word\"", "null"),
      .last = "data: [DONE]\n\n" },

    { .path = "/messages",
      .type = "text/event-stream",
      .whole = "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":"
               "\"assistant\",\"model\":\"bench\",\"content\":[{\"type\":"
               "\"text\",\"text\":\"one two three\"}],\"stop_reason\":"
               "\"end_turn\",\"stop_sequence\":null,\"usage\":{"
               "\"input_tokens\":9,\"output_tokens\":3}}",
      .first = "event: message_start\ndata: {\"type\":\"message_start\","
               "\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":"
               "\"assistant\",\"model\":\"bench\",\"content\":[],"
               "\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
               "\"input_tokens\":9,\"output_tokens\":1}}}\n\n"
               "event: content_block_start\ndata: {\"type\":"
               "\"content_block_start\",\"index\":0,\"content_block\":{"
               "\"type\":\"text\",\"text\":\"\"}}\n\n",
      .token = "event: content_block_delta\ndata: {\"type\":"
               "\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
               "\"text_delta\",\"text\":\" word\"}}\n\n",
      .last = "event: content_block_stop\ndata: {\"type\":"
              "\"content_block_stop\",\"index\":0}\n\n"
              "event: message_delta\ndata: {\"type\":\"message_delta\","
              "\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":"
              "null},\"usage\":{\"output_tokens\":3}}\n\n"
              "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n" },

    { .path = "enerateContent",
      .type = "text/event-stream",
      .whole = GEMINI("one two three", "\"finishReason\":\"STOP\","),
      .token = "data: " GEMINI(" word", "") "\r\n\r\n",
      .last = "data: " GEMINI("", "\"finishReason\":\"STOP\",") "\r\n\r\n" },

    { .path = "/api/chat",
      .type = "application/x-ndjson",
      .whole = OLLAMA("one two three", OLLAMA_END),
      .token = OLLAMA(" word", "\"done\":false") "\n",
      .last = OLLAMA("", OLLAMA_END) "\n" },

    { .path = NULL }
};

static text_t failed = { .data = "HTTP/1.1 500 Internal Server Error\r\n"
                                 "Content-Type: application/json\r\n"
                                 "Content-Length: 33\r\n\r\n"
                                 "{\"error\":{\"message\":\"It failed\"}}" };
static text_t limited = { .data = "HTTP/1.1 429 Too Many Requests\r\n"
                                  "Content-Type: application/json\r\n"
                                  "Retry-After: 0\r\nContent-Length: 33\r\n"
                                  "\r\n"
                                  "{\"error\":{\"message\":\"Too often\"}}" };


static long
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}


static void
chunk(text_t *t, const char *data, const char *end)
{
    if (data == NULL) {
        return;
    }

    t->len = (size_t) snprintf(t->data, TEXT_MAX, "%zx\r\n%s\r\n%s",
                               strlen(data), data, end);
}


static void
prepare(void)
{
    dialect_t *d;

    for (d = dialects; d->path; d++) {
        d->reply.len =
            (size_t) snprintf(d->reply.data, TEXT_MAX,
                              "HTTP/1.1 200 OK\r\nContent-Type: "
                              "application/json\r\nContent-Length: %zu\r\n\r\n"
                              "%s",
                              strlen(d->whole), d->whole);
        d->head.len = (size_t) snprintf(
            d->head.data, TEXT_MAX,
            "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: "
            "chunked\r\n\r\n",
            d->type);
        chunk(&d->start, d->first, "");
        chunk(&d->event, d->token, "");
        chunk(&d->end, d->last, "0\r\n\r\n");
    }

    failed.len = strlen(failed.data);
    limited.len = strlen(limited.data);
}


static int
put(connection_t *c, text_t *t)
{
    return t->len == 0 ||
           send(c->fd, t->data, t->len, MSG_NOSIGNAL) == (ssize_t) t->len;
}


static void
dequeue(connection_t *c)
{
    if (c->next != NULL) {
        c->prev->next = c->next;
        c->next->prev = c->prev;
        c->next = NULL;
    }
}


static void
enqueue(connection_t *c)
{
    c->due = now() + pause_ms;
    c->next = &queue;
    c->prev = queue.prev;
    queue.prev->next = c;
    queue.prev = c;
}


/* The next piece of a stream, or all of them where there is no pause. */
static int
proceed(connection_t *c)
{
    do {
        if (c->left-- == 0) {
            return put(c, &c->dialect->end);
        }

        if (!put(c, &c->dialect->event)) {
            return 0;
        }
    } while (pause_ms == 0);

    enqueue(c);

    return 1;
}


static int
holds(const char *body, size_t len, const char *word)
{
    return memmem(body, len, word, strlen(word)) != NULL;
}


static int
answer(connection_t *c, const char *body, size_t len)
{
    char      *line;
    size_t     size = body + len - c->in; /* of the whole request */
    dialect_t *d;

    line = memchr(c->in, '\r', c->len);

    for (d = dialects; d->path; d++) {
        if (memmem(c->in, line - c->in, d->path, strlen(d->path)) != NULL) {
            break;
        }
    }

    if (d->path == NULL || holds(c->in, size, "fail-status")) {
        return put(c, &failed);
    }

    if (holds(c->in, size, "fail-limit")) {
        return put(c, &limited);
    }

    if (holds(c->in, size, "fail-close")) {
        return 0;
    }

    if (!holds(body, len, "\"stream\":true") &&
        !holds(c->in, line - c->in, ":stream"))
    {
        return put(c, &d->reply);
    }

    if (!put(c, &d->head) || !put(c, &d->start)) {
        return 0;
    }

    if (holds(c->in, size, "fail-cut")) {
        (void) put(c, &d->event);
        return 0;
    }

    c->dialect = d;
    c->left = tokens;

    return proceed(c);
}


/* Reads what there is and answers whole requests; 0 to close. */
static int
serve(connection_t *c)
{
    char   *end, *length;
    size_t  head_size, body;
    ssize_t n;

    n = recv(c->fd, c->in + c->len, REQUEST_MAX - 1 - c->len, MSG_DONTWAIT);
    if (n <= 0) {
        return n == -1 && errno == EAGAIN;
    }

    c->len += n;
    c->in[c->len] = '\0';

    while ((end = strstr(c->in, "\r\n\r\n")) != NULL) {
        head_size = end + 4 - c->in;
        length = strcasestr(c->in, "\ncontent-length:");
        body = length != NULL && length < end
                   ? strtoul(length + sizeof("\ncontent-length:") - 1, NULL, 10)
                   : 0;

        if (c->len < head_size + body) {
            break;
        }

        if (!answer(c, c->in + head_size, body)) {
            return 0;
        }

        c->len -= head_size + body;
        memmove(c->in, c->in + head_size + body, c->len + 1);
    }

    return c->len < REQUEST_MAX - 1;
}


static void
drop(connection_t *c)
{
    dequeue(c);
    close(c->fd);
    connections[c->fd] = NULL;
    free(c);
}


/* Sends the pieces that are due; how long the next one takes, -1: there is
 * none. */
static int
stream(void)
{
    long          t;
    connection_t *c;

    t = now();

    while ((c = queue.next) != &queue) {
        if (c->due > t) {
            return (int) (c->due - t);
        }

        dequeue(c);

        if (!proceed(c)) {
            drop(c);
        }
    }

    return -1;
}


static void
take(int epoll, int listener)
{
    int                fd, one = 1;
    connection_t      *c;
    struct epoll_event ev = { .events = EPOLLIN };

    fd = accept(listener, NULL, NULL);
    if (fd == -1) {
        return;
    }

    if (fd >= CONNECTIONS || (c = malloc(sizeof(connection_t))) == NULL) {
        close(fd);
        return;
    }

    c->fd = fd;
    c->next = NULL;
    c->len = 0;
    connections[fd] = c;
    ev.data.fd = fd;

    (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) == -1) {
        drop(c);
    }
}


int
main(int argc, char **argv)
{
    int                one = 1, i, n, fd, listener, epoll;
    struct epoll_event events[256], ev = { .events = EPOLLIN };
    struct sockaddr_in addr = { .sin_family = AF_INET };

    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: upstream PORT [TOKENS [MS]]\n");
        return 2;
    }

    tokens = argc > 2 ? atoi(argv[2]) : tokens;
    pause_ms = argc > 3 ? atol(argv[3]) : 0;

    prepare();

    addr.sin_port = htons((uint16_t) atoi(argv[1]));
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    listener = socket(AF_INET, SOCK_STREAM, 0);
    epoll = epoll_create1(0);
    ev.data.fd = listener;

    if (listener == -1 || epoll == -1 ||
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
        bind(listener, (struct sockaddr *) &addr, sizeof(addr)) ||
        listen(listener, 4096) ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev))
    {
        perror("upstream");
        return 1;
    }

    for (;;) {
        n = epoll_wait(epoll, events, 256, stream());

        for (i = 0; i < n; i++) {
            fd = events[i].data.fd;

            if (fd == listener) {
                take(epoll, listener);

            } else if (connections[fd] != NULL && !serve(connections[fd])) {
                drop(connections[fd]);
            }
        }
    }
}
