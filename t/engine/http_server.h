/*
 * t/engine/http_server.h - a small HTTP/1.1 server on loopback, in threads of
 * the test program.  Its paths say what it does; it counts connections and
 * requests, and keeps the last request.
 */

#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/nt_buf.h"

/* Answers the request in server.last; false closes the connection. */
typedef bool (*respond_t)(int fd, const char *path);

static struct {
    respond_t       respond;
    int             listener;
    unsigned        port;
    atomic_int      connections;
    atomic_int      requests;
    atomic_int      closed; /* connections that the client closed */
    pthread_mutex_t lock;
    char            last[8192]; /* head of the last request */
    char            body[8192];
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

typedef struct {
    int      fd;
    nt_buf_t in;
} peer_t;

static bool
put(int fd, const char *data, size_t len)
{
    ssize_t n;

    for (/* void */; len > 0; data += n, len -= (size_t) n) {
        n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
    }
    return true;
}

static bool
answer(int fd, const char *head, const char *body, size_t len)
{
    char line[512];
    int  n = snprintf(line, sizeof(line),
                      "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, len);

    return put(fd, line, (size_t) n) &&
           (strncmp(server.last, "HEAD ", 5) == 0 || put(fd, body, len));
}

/* Until the client closes. */
static void
wait_close(int fd)
{
    char c;

    while (recv(fd, &c, 1, 0) > 0) {
    }
    atomic_fetch_add(&server.closed, 1);
}

/* Same bytes over and over: "/big/N" sends N of them. */
static bool
answer_big(int fd, size_t len)
{
    char   head[128], block[4096];
    size_t n;

    memset(block, 'x', sizeof(block));
    (void) snprintf(head, sizeof(head),
                    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
    if (!put(fd, head, strlen(head))) {
        return false;
    }
    for (/* void */; len > 0; len -= n) {
        n = len < sizeof(block) ? len : sizeof(block);
        if (!put(fd, block, n)) {
            return false;
        }
    }
    return true;
}

static bool
read_request(peer_t *peer, char *path)
{
    char   *end, *p, *room;
    size_t  body = 0, head;
    ssize_t n;

    while ((end = peer->in.len > 0
                      ? memmem(peer->in.data, peer->in.len, "\r\n\r\n", 4)
                      : NULL) == NULL)
    {
        room = nt_buf_reserve(&peer->in, 4096);
        n = recv(peer->fd, room, 4096, 0);
        if (n <= 0) {
            return false;
        }
        peer->in.len += (size_t) n;
    }
    head = (size_t) (end - peer->in.data) + 4;
    *end = '\0';
    p = strcasestr(peer->in.data, "\r\nContent-Length:");
    if (p != NULL) {
        body = strtoul(p + 17, NULL, 10);
    }
    while (peer->in.len < head + body) {
        room = nt_buf_reserve(&peer->in, 4096);
        n = recv(peer->fd, room, 4096, 0);
        if (n <= 0) {
            return false;
        }
        peer->in.len += (size_t) n;
    }

    pthread_mutex_lock(&server.lock);
    (void) snprintf(server.last, sizeof(server.last), "%s", peer->in.data);
    (void) snprintf(server.body, sizeof(server.body), "%.*s", (int) body,
                    peer->in.data + head);
    pthread_mutex_unlock(&server.lock);

    atomic_fetch_add(&server.requests, 1);
    (void) sscanf(peer->in.data, "%*s %255s", path);
    memmove(peer->in.data, peer->in.data + head + body,
            peer->in.len - head - body);
    peer->in.len -= head + body;
    return true;
}

static void *
serve_peer(void *arg)
{
    char   path[256];
    peer_t peer = { .fd = (int) (intptr_t) arg };

    while (read_request(&peer, path) && server.respond(peer.fd, path)) {
    }
    nt_buf_free(&peer.in);
    (void) close(peer.fd);
    return NULL;
}

static void *
serve(void *arg)
{
    int       fd;
    pthread_t thread;

    while ((fd = accept(server.listener, NULL, NULL)) != -1) {
        atomic_fetch_add(&server.connections, 1);
        if (pthread_create(&thread, NULL, serve_peer, (void *) (intptr_t) fd) ==
            0) {
            (void) pthread_detach(thread);
        }
    }
    return NULL;
}

static void
start_server(respond_t respond)
{
    pthread_t          thread;
    socklen_t          len = sizeof(struct sockaddr_in);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    server.respond = respond;
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server.listener, (struct sockaddr *) &address, len) == -1 ||
        listen(server.listener, 128) == -1 ||
        getsockname(server.listener, (struct sockaddr *) &address, &len) ==
            -1 ||
        pthread_create(&thread, NULL, serve, NULL) != 0)
    {
        perror("server");
        exit(1);
    }
    (void) pthread_detach(thread);
    server.port = ntohs(address.sin_port);
}

#endif
