/*
 * bench/websocket.c - sends a WebSocket server the same frame over and over,
 * and counts the frames that come back.
 *
 *   websocket TARGET HELLO FILE CONNECTIONS DEPTH SECONDS
 *
 * TARGET is the path of a Unix socket, or a port of 127.0.0.1.  HELLO is sent
 * first (\n and \r\n as they are written in C); what follows the answer's
 * empty line, or its first line when HELLO is JSON, is frames.  FILE has the
 * payload of the frame, which is masked text; DEPTH of them are on their way
 * on each connection.  DEPTH 0: connections are opened and kept open, until
 * standard input ends.  Prints one JSON object: messages, seconds, bytes of
 * a frame's payload, p50 and p99 (ms) of a message.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BUFFER  (1 << 20)
#define SAMPLES (1 << 22)

typedef struct {
    int      fd;
    size_t   owed; /* bytes to be written: of frames, one after the other */
    size_t   at;   /* where in the frame that is */
    uint64_t left; /* payload of the frame that comes */
    size_t   head; /* bytes of its head that are there */
    double   sent; /* when the frames on their way were sent */
    unsigned char bytes[10];
} peer_t;

static char   buffer[BUFFER];
static char  *frames; /* the same frame, as often as fits a write */
static size_t frame_len, frames_len, payload_len;
static size_t depth;
static int    epoll;
static size_t messages;
static float *samples;
static size_t n_samples;


static void
die(const char *what)
{
    (void) fprintf(stderr, "websocket: %s: %s\n", what, strerror(errno));
    exit(1);
}


static double
now(void)
{
    struct timespec ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


/* The frame of a file's bytes, repeated. */
static void
make_frames(const char *path)
{
    static const unsigned char mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
    size_t                     i, n, head = 0;
    FILE                      *file = fopen(path, "r");
    char                      *payload = malloc(BUFFER);

    if (file == NULL || payload == NULL) {
        die(path);
    }
    payload_len = fread(payload, 1, BUFFER - 64, file);
    (void) fclose(file);

    frames = malloc(2 * BUFFER);
    if (frames == NULL) {
        die("memory");
    }
    n = payload_len > 0xffff ? 8 : payload_len > 125 ? 2 : 0;
    frames[head++] = (char) 0x81;
    frames[head++] = (char) (0x80 | (n == 8   ? 127
                                     : n == 2 ? 126
                                              : payload_len));
    while (n-- > 0) {
        frames[head++] = (char) (payload_len >> 8 * n);
    }
    memcpy(frames + head, mask, 4);
    head += 4;
    for (i = 0; i < payload_len; i++) {
        frames[head + i] = (char) (payload[i] ^ mask[i % 4]);
    }
    frame_len = head + payload_len;
    for (frames_len = frame_len; frames_len + frame_len <= BUFFER;
         frames_len += frame_len)
    {
        memcpy(frames + frames_len, frames, frame_len);
    }
    free(payload);
}


static int
dial(const char *target)
{
    int                fd, one = 1;
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct sockaddr_in in = { .sin_family = AF_INET };

    if (strspn(target, "0123456789") == strlen(target)) {
        in.sin_port = htons((uint16_t) atoi(target));
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd == -1 || connect(fd, (struct sockaddr *) &in, sizeof(in)) != 0 ||
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
        {
            die(target);
        }
        return fd;
    }

    (void) strncpy(un.sun_path, target, sizeof(un.sun_path) - 1);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    while (fd == -1 || connect(fd, (struct sockaddr *) &un, sizeof(un)) != 0) {
        if (errno != EAGAIN) {
            die(target);
        }
        (void) usleep(1000); /* its backlog is full */
    }
    return fd;
}


/* The opening handshake; the reply's end is `end`. */
static void
open_peer(peer_t *peer, const char *target, const char *hello)
{
    size_t      len = 0;
    const char *end = hello[0] == '{' ? "\n" : "\r\n\r\n";

    memset(peer, 0, sizeof(*peer));
    peer->fd = dial(target);
    if (write(peer->fd, hello, strlen(hello)) != (ssize_t) strlen(hello)) {
        die("write");
    }
    do {
        if (len == sizeof(buffer) - 1 || read(peer->fd, buffer + len, 1) != 1) {
            die("the handshake");
        }
        buffer[++len] = '\0';
    } while (strstr(buffer, end) == NULL);

    if (strstr(buffer, "101") == NULL) {
        (void) fprintf(stderr, "%s", buffer);
        die("the handshake was refused");
    }
}


static void
watch(peer_t *peer, uint32_t events, int op)
{
    struct epoll_event event = { .events = events, .data.ptr = peer };

    if (epoll_ctl(epoll, op, peer->fd, &event) != 0) {
        die("epoll_ctl");
    }
}


/* Writes what is owed, as far as the server takes it. */
static void
put(peer_t *peer)
{
    ssize_t n;
    size_t  len;

    while (peer->owed > 0) {
        len = frames_len - peer->at;
        len = peer->owed < len ? peer->owed : len;
        n = send(peer->fd, frames + peer->at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) {
                watch(peer, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
                return;
            }
            die("send");
        }
        peer->owed -= (size_t) n;
        peer->at = (peer->at + (size_t) n) % frame_len;
    }
}


/* Counts the frames that end in these bytes. */
static size_t
count(peer_t *peer, const unsigned char *p, size_t len)
{
    size_t n, need, got = 0;

    while (len > 0) {
        if (peer->left > 0) {
            n = peer->left < len ? (size_t) peer->left : len;
            peer->left -= n;
            p += n;
            len -= n;
            got += peer->left == 0;
            continue;
        }
        peer->bytes[peer->head++] = *p++;
        len--;
        if (peer->head == 1 && peer->bytes[0] != 0x81) {
            errno = 0;
            die("a frame that is no text");
        }
        if (peer->head < 2) {
            continue;
        }
        need = peer->bytes[1] == 127 ? 10 : peer->bytes[1] == 126 ? 4 : 2;
        if (peer->head == need) {
            peer->left = need == 2 ? peer->bytes[1] : 0;
            for (n = 2; n < need; n++) {
                peer->left = peer->left << 8 | peer->bytes[n];
            }
            peer->head = 0;
        }
    }
    return got;
}


static void
turn(peer_t *peer, uint32_t events)
{
    double  time;
    size_t  got;
    ssize_t n;

    if (events & EPOLLOUT) {
        watch(peer, EPOLLIN, EPOLL_CTL_MOD);
    }
    if (events & EPOLLIN) {
        n = read(peer->fd, buffer, sizeof(buffer));
        if (n <= 0) {
            die("read");
        }
        got = count(peer, (unsigned char *) buffer, (size_t) n);
        messages += got;
        peer->owed += got * frame_len;
        if (got > 0 && n_samples < SAMPLES) {
            time = now();
            samples[n_samples++] = (float) (time - peer->sent);
            peer->sent = time;
        }
    }
    put(peer);
}


static int
compare(const void *a, const void *b)
{
    float x = *(const float *) a, y = *(const float *) b;

    return (x > y) - (x < y);
}


static void
run(peer_t *peers, size_t n_peers, double seconds)
{
    int                i, n;
    double             begin, end;
    struct epoll_event ready[256];

    for (size_t p = 0; p < n_peers; p++) {
        watch(&peers[p], EPOLLIN, EPOLL_CTL_ADD);
        peers[p].owed = depth * frame_len;
        peers[p].sent = now();
        put(&peers[p]);
    }

    begin = now();
    do {
        n = epoll_wait(epoll, ready, 256, 1000);
        for (i = 0; i < n; i++) {
            turn(ready[i].data.ptr, ready[i].events);
        }
        end = now();
    } while (end - begin < seconds);

    qsort(samples, n_samples, sizeof(*samples), compare);
    (void) printf("{\"messages\":%zu,\"seconds\":%f,\"bytes\":%zu,"
                  "\"p50\":%f,\"p99\":%f}\n",
                  messages, end - begin, payload_len,
                  n_samples > 0 ? samples[n_samples / 2] * 1e3 : 0.0,
                  n_samples > 0 ? samples[n_samples * 99 / 100] * 1e3 : 0.0);
}


int
main(int argc, char **argv)
{
    char         *hello, *p;
    size_t        n_peers;
    peer_t       *peers;
    struct rlimit limit;

    if (argc != 7) {
        (void) fprintf(stderr, "usage: websocket TARGET HELLO FILE "
                               "CONNECTIONS DEPTH SECONDS\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
    }

    hello = strdup(argv[2]);
    n_peers = strtoul(argv[4], NULL, 10);
    depth = strtoul(argv[5], NULL, 10);
    peers = calloc(n_peers, sizeof(*peers));
    samples = malloc(SAMPLES * sizeof(*samples));
    epoll = epoll_create1(0);
    if (hello == NULL || peers == NULL || samples == NULL || epoll == -1) {
        die("memory");
    }
    for (p = hello; (p = strchr(p, '\\')) != NULL; p++) {
        *p = p[1] == 'r' ? '\r' : '\n';
        memmove(p + 1, p + 2, strlen(p + 2) + 1);
    }

    make_frames(argv[3]);
    for (size_t i = 0; i < n_peers; i++) {
        open_peer(&peers[i], argv[1], hello);
    }
    if (depth == 0) {
        (void) printf("{\"open\":%zu}\n", n_peers);
        (void) fflush(stdout);
        return pause();
    }
    run(peers, n_peers, strtod(argv[6], NULL));
    return 0;
}
