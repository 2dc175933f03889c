/*
 * engine/jobs/redis_url.h - where a Redis is.
 */

#ifndef NT_REDIS_URL_H
#define NT_REDIS_URL_H

#include "core/nt_base.h"

typedef struct {
    char    *path; /* of a Unix socket, or NULL */
    char    *host;
    int      port;
    char    *user;     /* or NULL */
    char    *password; /* or NULL */
    unsigned db;
} nt_redis_url_t;

/* See nt_redis_new. False with a sentence in `error`, which never holds the
 * password; *url is then empty. */
bool nt_redis_url_parse(nt_redis_url_t *url, const char *text, char *error,
                        size_t size);
void nt_redis_url_free(nt_redis_url_t *url);

#endif
