/*
 * engine/socket.h - the Unix socket that an engine listens on.
 */

#ifndef NT_SOCKET_H
#define NT_SOCKET_H

#include "core/nt_buf.h"

/*
 * Makes a listening socket with mode 0660 at `path`.  A socket that nobody
 * listens on any more (a crash) is replaced; one with a listener, or
 * anything that is no socket, is left alone and is an error.  A file
 * descriptor, non-blocking; -1 with a sentence in `error`.
 */
int nt_socket_listen(const char *path, nt_buf_t *error);

#endif
