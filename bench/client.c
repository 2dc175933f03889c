/*
 * bench/client.c - many clients of one server, for what wrk cannot do: a rate
 * that is kept, thousands of streams at once, clients that leave.
 *
 *   client PORT PATH BODY NAME=VALUE ...
 *
 *     connections=N  at once (1)
 *     requests=N     in all (1000)
 *     rate=N         a second; 0: as fast as the replies come (0)
 *     leave=N        close after N bytes of a reply's body, 0 before its
 *                    header; -1: never (-1)
 *     ramp=N         connections opened a second (as many as there are)
 *
 * Posts the JSON of the file BODY again and again, one thread, HTTP/1.1 with
 * keep-alive, and prints a line of NAME=VALUE: requests, ok (2xx, and whole),
 * errors (another status, whole), left (as asked for), broken (the rest),
 * events (blank lines in bodies), bytes, seconds, and in microseconds first50,
 * first99 (until the first byte of the body) and all50, all99 (until the last
 * one).
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 4096
#define TAIL     7 /* "\r\n0\r\n\r\n" */

typedef struct {
    int    fd; /* -1: to be connected */
    int    busy;
    int    chunked;
    int    status; /* 0: the head is not whole */
    int    begun;
    long   left; /* of a body with a length */
    long   body; /* bytes so far */
    double start;
    double first;
    size_t len; /* of head, then of the body's last bytes */
    char   head[HEAD_MAX];
    char   newline; /* the last byte was one */
} client_t;

static struct {
    long ok, errors, left, broken, events, bytes;
} sum;

static long   connections = 1, requests = 1000, rate, leave = -1, ramp;
static long   started, ended, idle;
static double begun;

static float *firsts, *alls;
static long   n_times;

static char  *request;
static size_t request_len;

static int                port, epoll;
static client_t          *clients;
static struct sockaddr_in addr = { .sin_family = AF_INET };


static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}


static void
die(const char *what)
{
    perror(what);
    exit(1);
}


static void
make_request(const char *path, const char *file)
{
    long  size;
    FILE *fh;

    fh = fopen(file, "r");
    if (fh == NULL || fseek(fh, 0, SEEK_END) == -1 || (size = ftell(fh)) < 0) {
        die(file);
    }

    rewind(fh);

    request = malloc(strlen(path) + 256 + (size_t) size);
    if (request == NULL) {
        die("malloc");
    }

    request_len = (size_t) sprintf(request,
                                   "POST %s HTTP/1.1\r\nHost: localhost\r\n"
                                   "Content-Type: application/json\r\n"
                                   "Content-Length: %ld\r\n\r\n",
                                   path, size);

    if (fread(request + request_len, 1, (size_t) size, fh) != (size_t) size) {
        die(file);
    }

    request_len += (size_t) size;
    fclose(fh);
}


static void
hang_up(client_t *c)
{
    close(c->fd);
    c->fd = -1;
}


static int
reach(client_t *c)
{
    int                one = 1;
    struct epoll_event ev = { .events = EPOLLIN };

    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd == -1) {
        die("socket");
    }

    ev.data.u32 = (uint32_t) (c - clients);

    if (connect(c->fd, (struct sockaddr *) &addr, sizeof(addr)) == -1 ||
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == -1 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &ev) == -1)
    {
        hang_up(c);
        return 0;
    }

    return 1;
}


static void
end(client_t *c, long *what)
{
    (*what)++;
    ended++;
    idle++;
    c->busy = 0;

    if (what == &sum.ok) {
        firsts[n_times] = (float) (c->first - c->start);
        alls[n_times++] = (float) (now() - c->start);
    }
}


static void
start(client_t *c)
{
    started++;
    idle--;

    c->busy = 1;
    c->status = 0;
    c->begun = 0;
    c->body = 0;
    c->len = 0;
    c->newline = 0;
    c->start = now();

    if ((c->fd == -1 && !reach(c)) ||
        send(c->fd, request, request_len, MSG_NOSIGNAL) !=
            (ssize_t) request_len)
    {
        if (c->fd != -1) {
            hang_up(c);
        }

        end(c, &sum.broken);
        return;
    }

    if (leave == 0) {
        hang_up(c);
        end(c, &sum.left);
    }
}


/* True when the body has come to its end. */
static int
body(client_t *c, char *data, size_t len)
{
    size_t i, keep;

    if (len == 0) {
        return c->left == 0 && !c->chunked;
    }

    if (!c->begun) {
        c->begun = 1;
        c->first = now();
    }

    c->body += (long) len;
    sum.bytes += (long) len;

    for (i = 0; i < len; i++) {
        if (data[i] == '\n') {
            sum.events += c->newline;
            c->newline = !c->newline;

        } else if (data[i] != '\r') {
            c->newline = 0;
        }
    }

    if (!c->chunked) {
        c->left -= (long) len;
        return c->left <= 0;
    }

    /* the last bytes so far */

    if (len >= TAIL) {
        memcpy(c->head, data + len - TAIL, TAIL);
        c->len = TAIL;

    } else {
        keep = c->len + len > TAIL ? TAIL - len : c->len;
        memmove(c->head, c->head + c->len - keep, keep);
        memcpy(c->head + keep, data, len);
        c->len = keep + len;
    }

    return c->len == TAIL && memcmp(c->head, "\r\n0\r\n\r\n", TAIL) == 0;
}


/* Bytes of a reply's head; -1 when it is not one. */
static int
head(client_t *c, char *data, size_t len, size_t *taken)
{
    char  *last, *length;
    size_t have = c->len, n = len;

    if (n > HEAD_MAX - 1 - c->len) {
        n = HEAD_MAX - 1 - c->len;
    }

    memcpy(c->head + c->len, data, n);
    c->len += n;
    c->head[c->len] = '\0';

    last = strstr(c->head, "\r\n\r\n");
    if (last == NULL) {
        *taken = n;
        return c->len == HEAD_MAX - 1 ? -1 : 0;
    }

    last[2] = '\0';
    *taken = (size_t) (last + 4 - c->head) - have;

    c->chunked = strcasestr(c->head, "\r\ntransfer-encoding: chunked") != NULL;
    length = strcasestr(c->head, "\r\ncontent-length:");
    c->left = length ? atol(length + sizeof("\r\ncontent-length:") - 1) : 0;
    c->status = atoi(c->head + sizeof("HTTP/1.1 ") - 1);
    c->len = 0;

    return c->status >= 200 ? 0 : -1;
}


static void
receive(client_t *c)
{
    int     whole;
    size_t  taken = 0;
    ssize_t n;

    static char data[65536];

    n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);
    if (n == -1 && errno == EAGAIN) {
        return;
    }

    if (n > 0 && c->busy && c->status == 0 && head(c, data, n, &taken) == -1) {
        n = -1;
    }

    if (n <= 0 || !c->busy) {
        hang_up(c);

        if (c->busy) {
            end(c, &sum.broken);
        }

        return;
    }

    if (c->status == 0) {
        return;
    }

    whole = body(c, data + taken, (size_t) n - taken);

    if (leave > 0 && c->body >= leave) {
        hang_up(c);
        end(c, &sum.left);

    } else if (whole) {
        end(c, c->status < 300 ? &sum.ok : &sum.errors);
    }
}


/* Starts what is due; how many milliseconds until more is. */
static int
dispatch(void)
{
    long   i, due, open;
    double t;

    static long next;

    t = now() - begun;
    due = rate ? (long) (t * (double) rate) + 1 : requests;
    due = due < requests ? due : requests;
    open = ramp ? (long) (t * (double) ramp) + 1 : connections;
    open = open < connections ? open : connections;

    for (i = 0; i < open && started < due && idle > 0; i++) {
        next = (next + 1) % open;

        if (!clients[next].busy) {
            start(&clients[next]);
        }
    }

    return (rate || (ramp && open < connections) || leave == 0) ? 1 : 1000;
}


static int
compare(const void *a, const void *b)
{
    float x = *(const float *) a, y = *(const float *) b;

    return (x > y) - (x < y);
}


static double
percentile(float *times, long percent)
{
    return n_times ? times[(n_times - 1) * percent / 100] * 1e6 : 0;
}


static void
options(int argc, char **argv)
{
    int   i, k;
    char *value;

    static const struct {
        const char *name;
        long       *value;
    } names[] = { { "connections", &connections },
                  { "requests", &requests },
                  { "rate", &rate },
                  { "leave", &leave },
                  { "ramp", &ramp } };

    for (i = 4; i < argc; i++) {
        value = strchr(argv[i], '=');

        for (k = 0; k < 5 && value != NULL; k++) {
            if (strncmp(argv[i], names[k].name, value - argv[i]) == 0) {
                *names[k].value = atol(value + 1);
                break;
            }
        }

        if (value == NULL || k == 5) {
            fprintf(stderr, "client: what is \"%s\"?\n", argv[i]);
            exit(2);
        }
    }
}


int
main(int argc, char **argv)
{
    int                i, n;
    double             seconds;
    struct epoll_event events[256];

    if (argc < 4) {
        fprintf(stderr, "usage: client PORT PATH BODY NAME=VALUE ...\n");
        return 2;
    }

    port = atoi(argv[1]);
    options(argc, argv);
    make_request(argv[2], argv[3]);

    addr.sin_port = htons((uint16_t) port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    clients = calloc((size_t) connections, sizeof(client_t));
    firsts = calloc((size_t) requests, sizeof(float));
    alls = calloc((size_t) requests, sizeof(float));
    epoll = epoll_create1(0);

    if (clients == NULL || firsts == NULL || alls == NULL || epoll == -1) {
        die("client");
    }

    for (i = 0; i < connections; i++) {
        clients[i].fd = -1;
    }

    idle = connections;
    begun = now();

    while (ended < requests) {
        n = epoll_wait(epoll, events, 256, dispatch());

        for (i = 0; i < n; i++) {
            if (clients[events[i].data.u32].fd != -1) {
                receive(&clients[events[i].data.u32]);
            }
        }
    }

    seconds = now() - begun;
    qsort(firsts, (size_t) n_times, sizeof(float), compare);
    qsort(alls, (size_t) n_times, sizeof(float), compare);

    printf("requests=%ld ok=%ld errors=%ld left=%ld broken=%ld events=%ld "
           "bytes=%ld seconds=%.3f first50=%.0f first99=%.0f all50=%.0f "
           "all99=%.0f\n",
           ended, sum.ok, sum.errors, sum.left, sum.broken, sum.events,
           sum.bytes, seconds, percentile(firsts, 50), percentile(firsts, 99),
           percentile(alls, 50), percentile(alls, 99));

    return 0;
}
