/*
 * bench/trivial.c - the reference of bench/workflow.pl: an HTTP server on a
 * Unix socket that does nothing.  It answers every request with the same
 * JSON, of the size of a short run's result, on connections that are kept.
 *
 *   trivial PATH
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUFFER 65536

static const char reply[] =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 124\r\n"
    "\r\n"
    "{\"output\":\"Hello, Ada!\",\"results\":{\"output\":\"Hello, Ada!\"},"
    "\"job_id\":\"ece6afa13669c4acef4dfed568b44edb\",\"status\":"
    "\"completed\"}";

typedef struct {
    int    fd;
    size_t len;
    char   data[BUFFER + 1];
} conn_t;


/* The length of the first request in the buffer; 0: not whole yet. */
static size_t
request_length(conn_t *c)
{
    char  *end, *header;
    size_t head;

    c->data[c->len] = '\0';

    end = strstr(c->data, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }

    head = (size_t) (end - c->data) + 4;
    header = strcasestr(c->data, "\r\nContent-Length:");

    if (header != NULL && header < end) {
        head += strtoul(header + 17, NULL, 10);
    }

    return head <= c->len ? head : 0;
}


/* False when the connection is through. */
static int
serve(conn_t *c)
{
    size_t  n;
    ssize_t got = read(c->fd, c->data + c->len, BUFFER - c->len);

    if (got <= 0) {
        return 0;
    }

    c->len += (size_t) got;

    while ((n = request_length(c)) > 0) {
        if (send(c->fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL) !=
            (ssize_t) sizeof(reply) - 1)
        {
            return 0;
        }

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
        perror("epoll_ctl");
        exit(1);
    }
}


static void
accept_one(int epoll, int listener)
{
    conn_t *c;
    int     fd = accept(listener, NULL, NULL);

    if (fd == -1) {
        return;
    }

    c = malloc(sizeof(*c));
    if (c == NULL) {
        (void) close(fd);
        return;
    }

    c->fd = fd;
    c->len = 0;
    add(epoll, fd, c);
}


int
main(int argc, char **argv)
{
    int                epoll, listener, n;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct epoll_event events[64];

    if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path)) {
        (void) fprintf(stderr, "usage: trivial PATH\n");
        return 2;
    }

    strcpy(address.sun_path, argv[1]);

    epoll = epoll_create1(0);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);

    if (epoll == -1 || listener == -1 ||
        bind(listener, (struct sockaddr *) &address, sizeof(address)) == -1 ||
        listen(listener, 128) == -1)
    {
        perror("trivial");
        return 1;
    }

    add(epoll, listener, NULL);

    for (;;) {
        n = epoll_wait(epoll, events, 64, -1);

        for (int i = 0; i < n; i++) {
            conn_t *c = events[i].data.ptr;

            if (c == NULL) {
                accept_one(epoll, listener);

            } else if (!serve(c)) {
                (void) close(c->fd);
                free(c);
            }
        }
    }
}
