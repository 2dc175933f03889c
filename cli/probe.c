#include "cli/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

typedef union {
    struct sockaddr     sa;
    struct sockaddr_un  un;
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
} nt_address_t;


static socklen_t
tcp_address(nt_address_t *address, const char *host, unsigned port)
{
    memset(address, 0, sizeof(nt_address_t));

    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons((in_port_t) port);
        return sizeof(struct sockaddr_in);
    }

    (void) inet_pton(AF_INET6, host, &address->v6.sin6_addr);
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons((in_port_t) port);

    return sizeof(struct sockaddr_in6);
}


/* Whether the answer to `question` starts with `answer`. */
static bool
ask(const nt_address_t *address, socklen_t size, const char *question,
    const char *answer)
{
    int            fd;
    char           reply[64] = "";
    size_t         len = 0, want = strlen(answer);
    ssize_t        n;
    struct timeval second = { .tv_sec = 1 };

    fd = socket(address->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return false;
    }

    (void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
    (void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));

    if (connect(fd, &address->sa, size) == 0 &&
        send(fd, question, strlen(question), MSG_NOSIGNAL) > 0)
    {
        while (len < want) {
            n = recv(fd, reply + len, want - len, 0);
            if (n <= 0) {
                break;
            }

            len += (size_t) n;
        }
    }

    (void) close(fd);

    return len == want && memcmp(reply, answer, want) == 0;
}


static bool
ask_unix(const char *path, const char *question, const char *answer)
{
    nt_address_t address = { .un.sun_family = AF_UNIX };

    (void) snprintf(address.un.sun_path, sizeof(address.un.sun_path), "%s",
                    path);

    return ask(&address, sizeof(struct sockaddr_un), question, answer);
}


bool
nt_probe_redis(const char *path)
{
    return ask_unix(path, "PING\r\n", "+PONG");
}


bool
nt_probe_engine(const char *path)
{
    return ask_unix(path, "{\"op\":\"health\",\"user\":\"1\"}\n",
                    "{\"status\":200");
}


bool
nt_probe_http(const char *host, unsigned port)
{
    nt_address_t address;
    socklen_t    size;

    if (strcmp(host, "0.0.0.0") == 0) {
        host = "127.0.0.1";
    } else if (strcmp(host, "::") == 0) {
        host = "::1";
    }

    size = tcp_address(&address, host, port);

    return ask(&address, size,
               "GET /health HTTP/1.1\r\nHost: localhost\r\n"
               "Connection: close\r\n\r\n",
               "HTTP/1.1 ");
}


int
nt_probe_port(const char *host, unsigned port)
{
    int          fd, error = 0, on = 1;
    socklen_t    size;
    nt_address_t address;

    size = tcp_address(&address, host, port);

    fd = socket(address.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return errno;
    }

    /* as nginx does, so that connections of a server before are no hindrance
     */
    (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

    if (bind(fd, &address.sa, size) == -1 || listen(fd, 1) == -1) {
        error = errno;
    }

    (void) close(fd);

    return error;
}
