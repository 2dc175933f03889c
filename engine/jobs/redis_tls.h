/*
 * engine/jobs/redis_tls.h - TLS for connections to Redis, over OpenSSL.
 *
 * Knows nothing of sockets: what comes from the server goes in, what is for it
 * comes out.  hiredis has TLS from its version 1.0 on, as a library of its
 * own, and only for sockets that it has opened itself; this does for all of
 * its versions.
 */

#ifndef NT_REDIS_TLS_H
#define NT_REDIS_TLS_H

#include "core/nt_buf.h"
#include "core/nt_redis_url.h"

typedef struct nt_redis_tls nt_redis_tls_t; /* settings of a URL */
typedef struct nt_redis_ssl nt_redis_ssl_t; /* one connection */

/* TLS 1.2 at least; the server's certificate is verified, and its name, unless
 * the URL says otherwise.  NULL with a sentence in `error`. */
nt_redis_tls_t *nt_redis_tls_new(const nt_redis_url_t *url, char *error,
                                 size_t size);
void            nt_redis_tls_free(nt_redis_tls_t *tls); /* NULL is fine */

/* `host` is a name (which is sent along: SNI) or an address.  NULL when memory
 * is out. */
nt_redis_ssl_t *nt_redis_ssl_new(nt_redis_tls_t *tls, const char *host);
void            nt_redis_ssl_free(nt_redis_ssl_t *ssl); /* NULL is fine */

/* Takes what came from the server. False when memory is out. */
bool nt_redis_ssl_feed(nt_redis_ssl_t *ssl, const char *data, size_t len);

/* Goes on with the handshake: 1 when it is through, 0 when more has to come
 * from the server, -1 when it has failed. */
int nt_redis_ssl_shake(nt_redis_ssl_t *ssl);

/* Bytes for us: how many, 0 when more has to come, -1 at the end or after an
 * error. */
int nt_redis_ssl_read(nt_redis_ssl_t *ssl, char *data, size_t size);

bool nt_redis_ssl_write(nt_redis_ssl_t *ssl, const char *data, size_t len);

/* Moves what is for the server to the end of `wire`. */
void nt_redis_ssl_take(nt_redis_ssl_t *ssl, nt_buf_t *wire);

/* Why something failed, for the log. */
const char *nt_redis_ssl_error(nt_redis_ssl_t *ssl);

#endif
