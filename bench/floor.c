/*
 * bench/floor.c - what a run costs at least: a server on the engine's socket
 * that reads each request's JSON and writes the reply that an engine gave
 * (recorded in a file), line by line, with a JSON library; and does nothing
 * else.
 *
 *   floor SOCKET FILE
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUFFER 65536

typedef struct {
    int    fd;
    size_t len;
    char   data[BUFFER];
} conn_t;

/* The reply: JSON values, each behind a prefix ("17 "). */
typedef struct {
    json_t *value; /* NULL: the empty line */
    char    prefix[24];
} line_t;

static line_t *lines;
static size_t  n_lines;
static char   *out;
static size_t  out_size;
static size_t  out_len;


static void
die(const char *what)
{
    (void) fprintf(stderr, "floor: %s\n", what);
    exit(1);
}


static void
load(const char *path)
{
    char  *line = NULL;
    size_t cap = 0, skip;
    FILE  *file = fopen(path, "r");

    if (file == NULL) {
        die(path);
    }
    while (getline(&line, &cap, file) > 0) {
        lines = realloc(lines, (n_lines + 1) * sizeof(*lines));
        if (lines == NULL) {
            die("out of memory");
        }
        skip = strspn(line, "0123456789 ");
        (void) snprintf(lines[n_lines].prefix, sizeof(lines->prefix), "%.*s",
                        (int) skip, line);
        lines[n_lines].value =
            line[skip] == '\n' ? NULL : json_loads(line + skip, 0, NULL);
        if (lines[n_lines].value == NULL && line[skip] != '\n') {
            die("a line is no JSON");
        }
        n_lines++;
    }
    free(line);
    (void) fclose(file);
}


static void
append(const char *data, size_t len)
{
    if (out_len + len > out_size) {
        out_size = 2 * (out_len + len);
        out = realloc(out, out_size);
        if (out == NULL) {
            die("out of memory");
        }
    }
    memcpy(out + out_len, data, len);
    out_len += len;
}


static void
flush(int fd)
{
    size_t  sent;
    ssize_t n;

    for (sent = 0; sent < out_len; sent += (size_t) n) {
        n = write(fd, out + sent, out_len - sent);
        if (n <= 0) {
            break; /* the client left; the next read says so */
        }
    }
    out_len = 0;
}


static void
reply(int fd)
{
    size_t i;
    char  *text;

    for (i = 0; i < n_lines; i++) {
        append(lines[i].prefix, strlen(lines[i].prefix));
        if (lines[i].value != NULL) {
            text = json_dumps(lines[i].value, JSON_COMPACT);
            if (text == NULL) {
                die("out of memory");
            }
            append(text, strlen(text));
            free(text);
        }
        append("\n", 1);
        if (out_len > BUFFER) {
            flush(fd);
        }
    }
    /* a body of `length` bytes has no newline behind it */
    if (lines[n_lines - 1].value != NULL) {
        out_len--;
    }
    flush(fd);
}


/* Bytes of the first request; 0 when it is not whole. */
static size_t
parse(conn_t *c)
{
    char   *end = memchr(c->data, '\n', c->len);
    json_t *head, *body;
    size_t  head_len, body_len;

    if (end == NULL) {
        return 0;
    }
    head_len = (size_t) (end - c->data) + 1;
    head = json_loadb(c->data, head_len, 0, NULL);
    body_len = (size_t) json_integer_value(json_object_get(head, "length"));
    json_decref(head);
    if (head_len + body_len > c->len) {
        return 0;
    }
    body = json_loadb(c->data + head_len, body_len, 0, NULL);
    if (body == NULL) {
        die("a body is no JSON");
    }
    json_decref(body);
    return head_len + body_len;
}


static int
serve(conn_t *c)
{
    size_t  n;
    ssize_t got = read(c->fd, c->data + c->len, BUFFER - c->len);

    if (got <= 0) {
        return 0;
    }
    c->len += (size_t) got;
    while ((n = parse(c)) > 0) {
        reply(c->fd);
        c->len -= n;
        memmove(c->data, c->data + n, c->len);
    }
    return c->len < BUFFER;
}


static void
add(int epoll, int fd, conn_t *c)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1) {
        die("epoll_ctl");
    }
}


static void
accept_one(int epoll, int listener)
{
    conn_t *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        die("out of memory");
    }
    c->fd = accept(listener, NULL, NULL);
    if (c->fd == -1) {
        free(c);
        return;
    }
    add(epoll, c->fd, c);
}


int
main(int argc, char **argv)
{
    int                epoll, listener, n, i;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct epoll_event events[64];

    if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path)) {
        die("usage: floor SOCKET FILE");
    }
    load(argv[2]);
    strcpy(address.sun_path, argv[1]);
    epoll = epoll_create1(0);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (epoll == -1 || listener == -1 ||
        bind(listener, (struct sockaddr *) &address, sizeof(address)) == -1 ||
        listen(listener, 128) == -1)
    {
        die("cannot listen");
    }
    add(epoll, listener, NULL);
    for (;;) {
        n = epoll_wait(epoll, events, 64, -1);
        for (i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL) {
                accept_one(epoll, listener);
            } else if (!serve(events[i].data.ptr)) {
                (void) close(((conn_t *) events[i].data.ptr)->fd);
                free(events[i].data.ptr);
            }
        }
    }
}
