/*
 * bench/wire.c - asks engines for the same thing over and over, on their own
 * sockets (docs/wire.md), and says how long it took.
 *
 *   wire SECONDS CONNECTIONS HEAD BODY SOCKET...
 *
 * HEAD is the request's line without its length.  Prints one JSON object:
 * runs, seconds, p50 and p99 (ms), bytes of replies, events.  A reply that is
 * no success ends it with status 1.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BUFFER  (256 * 1024)
#define SAMPLES (4 * 1024 * 1024)

typedef struct {
    double begin;  /* when the request was sent */
    size_t len;    /* bytes of the head that are there */
    size_t body;   /* bytes to come; events: unused */
    int    events; /* the reply is a stream of events */
    char   last;   /* its last byte so far */
    int    inside; /* the head has been read */
    char   head[4096];
} reply_t;

static const char *request_head;
static const char *request_body;
static char        buffer[BUFFER];
static double      deadline;
static float      *samples;
static size_t      runs;
static size_t      bytes;
static size_t      events;


static double
now(void)
{
    struct timespec ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


static void
die(const char *what)
{
    (void) fprintf(stderr, "wire: %s\n", what);
    exit(1);
}


static int
dial(const char *path)
{
    int                fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(address.sun_path)) {
        die("the socket's path is too long");
    }
    strcpy(address.sun_path, path);
    if (fd == -1 ||
        connect(fd, (struct sockaddr *) &address, sizeof(address)) == -1)
    {
        die(strerror(errno));
    }
    return fd;
}


static void
ask(int fd, reply_t *r)
{
    char request[65536];
    int  n;

    n = snprintf(request, sizeof(request), "%.*s,\"length\":%zu}\n%s",
                 (int) strlen(request_head) - 1, request_head,
                 strlen(request_body), request_body);
    *r = (reply_t) { .begin = now() };
    if (n >= (int) sizeof(request) || write(fd, request, (size_t) n) != n) {
        die("cannot send the request");
    }
}


/* Takes the head off what was read; bytes used of it. */
static size_t
take_head(reply_t *r, const char *data, size_t len)
{
    const char *end = memchr(data, '\n', len), *length;
    size_t      used = end != NULL ? (size_t) (end - data) + 1 : len;

    if (r->len + used >= sizeof(r->head)) {
        die("the reply's head is too long");
    }
    memcpy(r->head + r->len, data, used);
    r->len += used;
    if (end == NULL) {
        return used;
    }
    r->head[r->len] = '\0';
    if (strncmp(r->head, "{\"status\":200", 13) != 0) {
        die(r->head);
    }
    r->inside = 1;
    r->events = strstr(r->head, "\"events\":true") != NULL;
    r->last = '\n';
    length = strstr(r->head, "\"length\":");
    r->body = length != NULL ? strtoul(length + 9, NULL, 10) : 0;
    return used;
}


/* True when the reply is whole. */
static int
take(reply_t *r, const char *data, size_t len)
{
    const char *line = data, *end;
    size_t      used;

    bytes += len;
    if (!r->inside) {
        used = take_head(r, data, len);
        line += used;
        len -= used;
    }
    if (!r->inside || !r->events) {
        r->body -= r->inside && len < r->body ? len : r->body;
        return r->inside && r->body == 0;
    }
    while (len > 0) {
        if (*line == '\n' && r->last == '\n') {
            return 1;
        }
        end = memchr(line, '\n', len);
        if (end == NULL) {
            r->last = line[len - 1];
            return 0;
        }
        events++;
        r->last = '\n';
        len -= (size_t) (end - line) + 1;
        line = end + 1;
    }
    return 0;
}


static int
by_value(const void *a, const void *b)
{
    float x = *(const float *) a, y = *(const float *) b;

    return x < y ? -1 : x > y;
}


/* Reads from one connection; false when it has nothing more to do. */
static int
serve(int fd, reply_t *r)
{
    ssize_t n = read(fd, buffer, sizeof(buffer));

    if (n <= 0) {
        die("the engine closed the connection");
    }
    if (!take(r, buffer, (size_t) n)) {
        return 1;
    }
    if (runs < SAMPLES) {
        samples[runs] = (float) (now() - r->begin);
    }
    runs++;
    if (now() >= deadline) {
        return 0;
    }
    ask(fd, r);
    return 1;
}


int
main(int argc, char **argv)
{
    struct pollfd *fds;
    reply_t       *replies;
    double         begin;
    size_t         sampled;
    int            i, n, open;

    if (argc < 6) {
        die("usage: wire SECONDS CONNECTIONS HEAD BODY SOCKET...");
    }
    n = atoi(argv[2]);
    fds = calloc((size_t) n, sizeof(*fds));
    replies = calloc((size_t) n, sizeof(*replies));
    samples = malloc(SAMPLES * sizeof(*samples));
    if (fds == NULL || replies == NULL || samples == NULL) {
        die("out of memory");
    }
    request_head = argv[3];
    request_body = argv[4];
    for (i = 0; i < n; i++) {
        fds[i] = (struct pollfd) { .fd = dial(argv[5 + i % (argc - 5)]),
                                   .events = POLLIN };
    }
    begin = now();
    deadline = begin + atof(argv[1]);
    for (i = 0; i < n; i++) {
        ask(fds[i].fd, &replies[i]);
    }
    for (open = n; open > 0;) {
        if (poll(fds, (nfds_t) n, -1) == -1) {
            die(strerror(errno));
        }
        for (i = 0; i < n; i++) {
            if (fds[i].revents != 0 && !serve(fds[i].fd, &replies[i])) {
                (void) close(fds[i].fd);
                fds[i].fd = -1;
                open--;
            }
        }
    }
    sampled = runs < SAMPLES ? runs : SAMPLES;
    qsort(samples, sampled, sizeof(*samples), by_value);
    (void) printf("{\"runs\":%zu,\"seconds\":%.6f,\"p50\":%.4f,\"p99\":%.4f,"
                  "\"bytes\":%zu,\"events\":%zu}\n",
                  runs, now() - begin, 1e3 * (double) samples[sampled / 2],
                  1e3 * (double) samples[sampled * 99 / 100], bytes, events);
    return 0;
}
