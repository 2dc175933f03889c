/*
 * core/nt_redis_url.h - where a Redis is.
 */

#ifndef NT_REDIS_URL_H
#define NT_REDIS_URL_H

#include "core/nt_base.h"

#define NT_REDIS_HOSTS 8

typedef struct {
    char *host;
    int   port;
} nt_redis_host_t;

typedef struct {
    char           *path;                  /* of a Unix socket, or NULL: */
    nt_redis_host_t hosts[NT_REDIS_HOSTS]; /* one, or the Sentinels */
    unsigned        n_hosts;
    char           *master;   /* what Sentinels call it; NULL: there are none */
    char           *user;     /* or NULL */
    char           *password; /* or NULL */
    char           *sentinel_user;
    char           *sentinel_password;
    unsigned        db;
    bool            tls;
    bool            verify; /* the server's certificate */
    char           *ca;     /* file of certificates; NULL: the system's */
    char           *cert;   /* files of a certificate of ours, or NULL */
    char           *key;
} nt_redis_url_t;

NT_BEGIN_DECLS

/* The forms are those of nt_redis_new(), engine/jobs/redis.h.  False with a sentence in `error`, which never holds the
 * password; *url is then empty. */
bool nt_redis_url_parse(nt_redis_url_t *url, const char *text, char *error,
                        size_t size);
void nt_redis_url_free(nt_redis_url_t *url);

NT_END_DECLS

#endif
