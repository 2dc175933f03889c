#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memrchr */
#endif

#include "core/nt_redis_url.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/nt_hex.h"

#define NT_REDIS_PORT     6379
#define NT_REDIS_SENTINEL 26379


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
        if (part[i] == '%' && len - i > 2 && nt_hex_digit(part[i + 1]) >= 0 &&
            nt_hex_digit(part[i + 2]) >= 0)
        {
            *to = (char) (nt_hex_digit(part[i + 1]) << 4 |
                          nt_hex_digit(part[i + 2]));
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


/* A decimal number up to `max` and nothing else. */
static bool
nt_redis_url_number(const char *text, size_t len, unsigned max, unsigned *value)
{
    *value = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || *value > max) {
            return false;
        }

        *value = *value * 10 + (unsigned) (text[i] - '0');
    }

    return len > 0 && *value <= max;
}


/* --- the query: name=value pairs --- */

/* The place of a file's name or a word in the URL, by its name in the query;
 * NULL when this kind of URL has none such. */
static char **
nt_redis_url_field(nt_redis_url_t *url, const char *name, size_t len)
{
    const struct {
        nt_str_t name;
        char   **field;
        bool     known;
    } fields[] = {
        { NT_STR("ca"), &url->ca, url->tls },
        { NT_STR("cert"), &url->cert, url->tls },
        { NT_STR("key"), &url->key, url->tls },
        { NT_STR("sentinel_user"), &url->sentinel_user, url->master },
        { NT_STR("sentinel_password"), &url->sentinel_password, url->master },
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].known &&
            nt_str_eq((nt_str_t) { name, len }, fields[i].name)) {
            return fields[i].field;
        }
    }

    return NULL;
}


static bool
nt_redis_url_pair(nt_redis_url_t *url, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    nt_str_t    pair = { text, len };
    char      **field;

    if (url->tls && (nt_str_eq(pair, NT_STR("verify=no")) ||
                     nt_str_eq(pair, NT_STR("verify=yes"))))
    {
        url->verify = nt_str_eq(pair, NT_STR("verify=yes"));
        return true;
    }

    if (url->path && len > 3 && memcmp(text, "db=", 3) == 0) {
        return nt_redis_url_number(text + 3, len - 3, 1 << 20, &url->db);
    }

    field =
        equals ? nt_redis_url_field(url, text, (size_t) (equals - text)) : NULL;
    if (field == NULL || *field) {
        return false;
    }

    len -= (size_t) (equals + 1 - text);
    *field = len ? nt_redis_url_decode(equals + 1, len) : NULL;

    return *field != NULL;
}


/* What stands behind the question mark; `text` may be empty. */
static bool
nt_redis_url_query(nt_redis_url_t *url, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "&");

        if (!nt_redis_url_pair(url, text, len)) {
            return false;
        }

        text += len;
        text += *text == '&';
    }

    return (url->cert == NULL) == (url->key == NULL);
}


static bool
nt_redis_url_unix(nt_redis_url_t *url, const char *text)
{
    size_t len = strcspn(text, "?");

    url->path = len ? nt_redis_url_decode(text, len) : NULL;

    return url->path &&
           nt_redis_url_query(url, text[len] ? text + len + 1 : "");
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
    const char *end = text + len, *port;
    const char *close = len && *text == '[' ? memchr(text, ']', len) : NULL;
    unsigned    number = url->master ? NT_REDIS_SENTINEL : NT_REDIS_PORT;
    nt_redis_host_t *host = &url->hosts[url->n_hosts];

    if (url->n_hosts == NT_REDIS_HOSTS || memchr(text, '#', len) ||
        memchr(text, ',', len))
    {
        return false;
    }

    if (close) {
        port = close + 1;
        text++;
        len = (size_t) (close - text);
    } else {
        port = memchr(text, ':', len);
        port = port ? port : end;
        len = (size_t) (port - text);
    }

    if (port < end && (*port != ':' ||
                       !nt_redis_url_number(port + 1, (size_t) (end - port - 1),
                                            65535, &number) ||
                       number == 0))
    {
        return false;
    }

    host->port = (int) number;
    host->host = len ? nt_redis_url_decode(text, len) : strdup("127.0.0.1");
    if (host->host == NULL) {
        return false;
    }

    url->n_hosts++;

    return true;
}


/* [login@]host[,host...] */
static bool
nt_redis_url_authority(nt_redis_url_t *url, const char *text, size_t len)
{
    const char *at = memrchr(text, '@', len);

    if (at) {
        if (!nt_redis_url_login(url, text, (size_t) (at - text))) {
            return false;
        }

        len -= (size_t) (at + 1 - text);
        text = at + 1;
    }

    for (;;) {
        const char *comma = url->master ? memchr(text, ',', len) : NULL;
        size_t      one = comma ? (size_t) (comma - text) : len;

        if (!nt_redis_url_host(url, text, one)) {
            return false;
        }

        if (comma == NULL) {
            return true;
        }

        text += one + 1;
        len -= one + 1;
    }
}


/* authority[/db][?query], or authority/master[/db][?query] */
static bool
nt_redis_url_tcp(nt_redis_url_t *url, const char *text, bool sentinels)
{
    const char *authority = text;
    size_t      len = strcspn(text, "/?"), part;

    text += len;
    text += *text == '/';
    part = strcspn(text, "/?");

    if (sentinels) {
        url->master = part ? nt_redis_url_decode(text, part) : NULL;
        if (url->master == NULL) {
            return false;
        }

        text += part;
        text += *text == '/';
        part = strcspn(text, "?");
    }

    if (part > 0 && !nt_redis_url_number(text, part, 1 << 20, &url->db)) {
        return false;
    }

    text += part;

    if (*text != '\0' && *text != '?') {
        return false;
    }

    return nt_redis_url_authority(url, authority, len) &&
           nt_redis_url_query(url, *text ? text + 1 : text);
}


bool
nt_redis_url_parse(nt_redis_url_t *url, const char *text, char *error,
                   size_t size)
{
    static const struct {
        nt_str_t scheme;
        bool     tls;
        bool     sentinels;
    } schemes[] = {
        { NT_STR("redis://"), false, false },
        { NT_STR("rediss://"), true, false },
        { NT_STR("sentinel://"), false, true },
        { NT_STR("redis+sentinel://"), false, true },
        { NT_STR("sentinels://"), true, true },
        { NT_STR("rediss+sentinel://"), true, true },
    };
    bool good = false;

    *url = (nt_redis_url_t) { .verify = true };

    if (strncmp(text, "unix://", 7) == 0) {
        good = nt_redis_url_unix(url, text + 7);
    }

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        nt_str_t scheme = schemes[i].scheme;

        if (strncmp(text, scheme.data, scheme.len) == 0) {
            url->tls = schemes[i].tls;
            good =
                nt_redis_url_tcp(url, text + scheme.len, schemes[i].sentinels);
        }
    }

    if (!good) {
        nt_redis_url_free(url);
        snprintf(error, size,
                 "bad Redis URL: expected "
                 "redis[s]://[[user]:password@]host[:port][/db], "
                 "sentinel[s]://[[user]:password@]host[:port],.../master[/db] "
                 "or unix:///path[?db=n]");
    }

    return good;
}


void
nt_redis_url_free(nt_redis_url_t *url)
{
    for (unsigned i = 0; i < url->n_hosts; i++) {
        free(url->hosts[i].host);
    }

    free(url->path);
    free(url->master);
    free(url->user);
    free(url->password);
    free(url->sentinel_user);
    free(url->sentinel_password);
    free(url->ca);
    free(url->cert);
    free(url->key);
    *url = (nt_redis_url_t) { 0 };
}
