/*
 * bench/upstream.c - a chat provider that costs next to nothing.
 *
 *   upstream PORT
 *
 * One thread, epoll, HTTP/1.1 with keep-alive.  A request whose body holds
 * "stream":true gets 20 chunks of a stream and [DONE], each in a write of its
 * own; any other a reply of 300 bytes.
 */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 4096
#define REQUEST_MAX 65536
#define CHUNKS      20

typedef struct {
    size_t len;
    char   in[REQUEST_MAX];
} connection_t;

static connection_t *connections[CONNECTIONS];

static char   reply[1024], head[256], event[512], last[128];
static size_t reply_len, head_len, event_len, last_len;


static void
prepare(void)
{
    char json[512], data[512];

    snprintf(json, sizeof(json),
             "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\","
             "\"created\":1700000000,\"model\":\"bench\",\"choices\":[{"
             "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
             "\"one two three\"},\"finish_reason\":\"stop\"}],\"usage\":{"
             "\"prompt_tokens\":9,\"completion_tokens\":3,"
             "\"total_tokens\":12}}");
    reply_len = snprintf(reply, sizeof(reply),
                         "HTTP/1.1 200 OK\r\nContent-Type: "
                         "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                         strlen(json), json);

    head_len = snprintf(head, sizeof(head),
                        "HTTP/1.1 200 OK\r\nContent-Type: "
                        "text/event-stream\r\nTransfer-Encoding: chunked"
                        "\r\n\r\n");

    snprintf(data, sizeof(data),
             "data: {\"id\":\"chatcmpl-1\",\"object\":"
             "\"chat.completion.chunk\",\"created\":1700000000,\"model\":"
             "\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
             "\" word\"},\"finish_reason\":null}]}\n\n");
    event_len =
        snprintf(event, sizeof(event), "%zx\r\n%s\r\n", strlen(data), data);

    last_len =
        snprintf(last, sizeof(last), "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
}


static int
answer(int fd, const char *body, size_t len)
{
    int i;

    if (memmem(body, len, "\"stream\":true", 13) == NULL) {
        return send(fd, reply, reply_len, MSG_NOSIGNAL) == (ssize_t) reply_len;
    }

    if (send(fd, head, head_len, MSG_NOSIGNAL) != (ssize_t) head_len) {
        return 0;
    }

    for (i = 0; i < CHUNKS; i++) {
        if (send(fd, event, event_len, MSG_NOSIGNAL) != (ssize_t) event_len) {
            return 0;
        }
    }

    return send(fd, last, last_len, MSG_NOSIGNAL) == (ssize_t) last_len;
}


/* Reads what there is and answers whole requests; 0 to close. */
static int
serve(int fd)
{
    char         *end, *length;
    size_t        head_size, body;
    ssize_t       n;
    connection_t *c = connections[fd];

    n = recv(fd, c->in + c->len, REQUEST_MAX - 1 - c->len, 0);
    if (n <= 0) {
        return 0;
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

        if (!answer(fd, c->in + head_size, body)) {
            return 0;
        }

        c->len -= head_size + body;
        memmove(c->in, c->in + head_size + body, c->len + 1);
    }

    return c->len < REQUEST_MAX - 1;
}


static void
drop(int fd)
{
    close(fd);
    free(connections[fd]);
    connections[fd] = NULL;
}


int
main(int argc, char **argv)
{
    int                one = 1, i, n, fd, listener, epoll;
    struct epoll_event events[256], ev = { .events = EPOLLIN };
    struct sockaddr_in addr = { .sin_family = AF_INET };

    if (argc != 2) {
        fprintf(stderr, "usage: upstream PORT\n");
        return 2;
    }

    prepare();

    addr.sin_port = htons((uint16_t) atoi(argv[1]));
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    listener = socket(AF_INET, SOCK_STREAM, 0);
    epoll = epoll_create1(0);
    ev.data.fd = listener;

    if (listener == -1 || epoll == -1 ||
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
        bind(listener, (struct sockaddr *) &addr, sizeof(addr)) ||
        listen(listener, 1024) ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev))
    {
        perror("upstream");
        return 1;
    }

    for (;;) {
        n = epoll_wait(epoll, events, 256, -1);

        for (i = 0; i < n; i++) {
            fd = events[i].data.fd;

            if (fd != listener) {
                if (!serve(fd)) {
                    drop(fd);
                }

                continue;
            }

            fd = accept(listener, NULL, NULL);
            if (fd == -1) {
                continue;
            }

            ev.data.fd = fd;

            if (fd >= CONNECTIONS ||
                (connections[fd] = calloc(1, sizeof(connection_t))) == NULL)
            {
                close(fd);
                continue;
            }

            (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));

            if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) == -1) {
                drop(fd);
            }
        }
    }
}
