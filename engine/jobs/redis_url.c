#include "engine/jobs/redis_url.h"

#include <stdio.h>
#include <stdlib.h>

#define NT_REDIS_PORT 6379


static int
nt_redis_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* A percent-decoded copy of a part (RFC 3986); NULL when memory is out or
 * the part decodes to a NUL. */
static char *
nt_redis_url_decode(const char *part, size_t len)
{
    char *copy = malloc(len + 1), *to = copy;

    if (copy == NULL) {
        return NULL;
    }

    for (size_t i = 0; i < len; i++) {
        if (part[i] == '%' && len - i > 2 && nt_redis_hex(part[i + 1]) >= 0 &&
            nt_redis_hex(part[i + 2]) >= 0)
        {
            *to = (char) (nt_redis_hex(part[i + 1]) << 4 |
                          nt_redis_hex(part[i + 2]));
            i += 2;
        } else {
            *to = part[i];
        }

        if (*to++ == '\0') {
            free(copy);
            return NULL;
        }
    }

    *to = '\0';

    return copy;
}


/* A decimal number up to `max` and nothing behind it. */
static bool
nt_redis_url_number(const char *text, unsigned long max, unsigned long *value)
{
    char *end;

    if (*text < '0' || *text > '9') {
        return false;
    }

    *value = strtoul(text, &end, 10);

    return *end == '\0' && *value <= max;
}


static bool
nt_redis_url_unix(nt_redis_url_t *url, const char *text)
{
    const char   *query = strchr(text, '?');
    size_t        len = query ? (size_t) (query - text) : strlen(text);
    unsigned long db = 0;

    if (len == 0 || (query && (strncmp(query, "?db=", 4) != 0 ||
                               !nt_redis_url_number(query + 4, 1 << 20, &db))))
    {
        return false;
    }

    url->db = (unsigned) db;
    url->path = nt_redis_url_decode(text, len);

    return url->path != NULL;
}


/* [user][:password] */
static bool
nt_redis_url_login(nt_redis_url_t *url, const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);
    size_t      user = colon ? (size_t) (colon - text) : len;

    if (user > 0) {
        url->user = nt_redis_url_decode(text, user);
        if (url->user == NULL) {
            return false;
        }
    }

    if (colon == NULL) {
        return false; /* a user without a password cannot log in */
    }

    url->password = nt_redis_url_decode(colon + 1, len - user - 1);

    return url->password != NULL;
}


/* host, host:port, [v6] or [v6]:port */
static bool
nt_redis_url_host(nt_redis_url_t *url, const char *text, size_t len)
{
    const char   *end = text + len, *port;
    const char   *close = len && *text == '[' ? memchr(text, ']', len) : NULL;
    char          digits[8];
    unsigned long number = NT_REDIS_PORT;

    if (close) {
        port = close + 1;
        text++;
        len = (size_t) (close - text);
    } else {
        port = memchr(text, ':', len);
        port = port ? port : end;
        len = (size_t) (port - text);
    }

    if (port < end) {
        if (*port != ':' || (size_t) (end - port) > sizeof(digits)) {
            return false;
        }

        memcpy(digits, port + 1, (size_t) (end - port) - 1);
        digits[end - port - 1] = '\0';

        if (!nt_redis_url_number(digits, 65535, &number) || number == 0) {
            return false;
        }
    }

    url->port = (int) number;
    url->host = len ? nt_redis_url_decode(text, len) : strdup("127.0.0.1");

    return url->host != NULL;
}


static bool
nt_redis_url_tcp(nt_redis_url_t *url, const char *text)
{
    size_t        len = strcspn(text, "/?#");
    unsigned long db = 0;
    const char   *at = NULL;

    for (size_t i = 0; i < len; i++) {
        at = text[i] == '@' ? text + i : at;
    }

    if (text[len] == '/' && text[len + 1] != '\0' &&
        !nt_redis_url_number(text + len + 1, 1 << 20, &db))
    {
        return false;
    }

    if (text[len] == '?' || text[len] == '#') {
        return false;
    }

    url->db = (unsigned) db;

    if (at) {
        if (!nt_redis_url_login(url, text, (size_t) (at - text))) {
            return false;
        }

        len -= (size_t) (at + 1 - text);
        text = at + 1;
    }

    return nt_redis_url_host(url, text, len);
}


bool
nt_redis_url_parse(nt_redis_url_t *url, const char *text, char *error,
                   size_t size)
{
    bool good = false;

    *url = (nt_redis_url_t) { 0 };

    if (strncmp(text, "rediss://", 9) == 0) {
        snprintf(error, size,
                 "rediss:// (TLS) is not supported; use redis:// through a "
                 "local TLS proxy");
        return false;
    }

    if (strncmp(text, "redis://", 8) == 0) {
        good = nt_redis_url_tcp(url, text + 8);
    } else if (strncmp(text, "unix://", 7) == 0) {
        good = nt_redis_url_unix(url, text + 7);
    }

    if (!good) {
        nt_redis_url_free(url);
        snprintf(error, size,
                 "bad Redis URL: expected "
                 "redis://[[user]:password@]host[:port][/db] or "
                 "unix:///path[?db=n]");
    }

    return good;
}


void
nt_redis_url_free(nt_redis_url_t *url)
{
    free(url->path);
    free(url->host);
    free(url->user);
    free(url->password);
    *url = (nt_redis_url_t) { 0 };
}
