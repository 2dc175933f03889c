#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/socket.h"

#define NT_SOCKET_BACKLOG 1024


/* Whether somebody accepts connections there. errno says why not. */
static bool
is_listening(const struct sockaddr_un *address)
{
    int  fd, saved;
    bool connected;

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1) {
        return false;
    }

    connected =
        connect(fd, (const struct sockaddr *) address, sizeof(*address)) == 0 ||
        errno == EAGAIN;

    saved = errno;
    (void) close(fd);
    errno = saved;

    return connected;
}


/* Removes the socket of an engine that is no more. */
static bool
remove_stale(const struct sockaddr_un *address, nt_buf_t *error)
{
    struct stat st;
    const char *path = address->sun_path;

    if (lstat(path, &st) == -1) {
        return errno == ENOENT;
    }

    if (!S_ISSOCK(st.st_mode)) {
        nt_buf_printf(error, "%s exists and is not a socket.", path);
        return false;
    }

    if (is_listening(address)) {
        nt_buf_printf(error, "Another engine listens on %s.", path);
        return false;
    }

    if (errno != ECONNREFUSED) {
        nt_buf_printf(error, "Cannot tell who listens on %s: %s.", path,
                      strerror(errno));
        return false;
    }

    if (unlink(path) == -1 && errno != ENOENT) {
        nt_buf_printf(error, "Cannot remove the stale socket %s: %s.", path,
                      strerror(errno));
        return false;
    }

    return true;
}


int
nt_socket_listen(const char *path, nt_buf_t *error)
{
    int                fd, rc;
    mode_t             mask;
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(address.sun_path)) {
        nt_buf_printf(error, "The socket path %s is longer than %zu bytes.",
                      path, sizeof(address.sun_path) - 1);
        return -1;
    }

    strcpy(address.sun_path, path);

    if (!remove_stale(&address, error)) {
        return -1;
    }

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1) {
        nt_buf_printf(error, "Cannot make a socket: %s.", strerror(errno));
        return -1;
    }

    /* there must be no moment in which others may connect */
    mask = umask(0117);
    rc = bind(fd, (struct sockaddr *) &address, sizeof(address));
    (void) umask(mask);

    if (rc == -1 || listen(fd, NT_SOCKET_BACKLOG) == -1) {
        nt_buf_printf(error, "Cannot listen on %s: %s.", path, strerror(errno));
        (void) close(fd);
        return -1;
    }

    return fd;
}
