#include "engine/jobs/redis_link.h"

#include <stdlib.h>

#include "core/nt_buf.h"

#define NT_REDIS_INPUT 65536

#define NT_REDIS_KEEPALIVE 15 /* seconds */

/*
 * Commands are written at the end of the turn of the loop that made them.  The
 * idle handle keeps the loop from sleeping before that, as a command may be
 * made after this turn's writes.
 */
struct nt_redis_link {
    union {
        uv_tcp_t    tcp;
        uv_pipe_t   pipe;
        uv_stream_t stream;
        uv_handle_t handle;
    } socket;
    uv_connect_t connect;
    uv_write_t   write;
    uv_prepare_t flush;
    uv_idle_t    awake;
    unsigned     handles; /* not closed yet */

    nt_redis_link_events_t events;
    nt_redis_ssl_t        *ssl; /* or NULL */
    redisReader           *reader;

    nt_buf_t out;     /* plain, for the end of the turn */
    nt_buf_t wire;    /* for the socket, behind `sending` */
    nt_buf_t sending; /* with the socket */

    bool writing;
    bool open;
    bool closed;

    char input[NT_REDIS_INPUT];
};


static void
nt_redis_link_lose(nt_redis_link_t *link, const char *why)
{
    nt_redis_link_events_t events = link->events;

    if (!link->closed) {
        events.lost(events.arg, why);
        nt_redis_link_close(link);
    }
}


/* --- out --- */

static void nt_redis_link_send(nt_redis_link_t *link);


static void
nt_redis_link_on_written(uv_write_t *write, int status)
{
    nt_redis_link_t *link = write->data;

    link->writing = false;

    if (status != 0) {
        nt_redis_link_lose(link, uv_strerror(status));
    } else if (!link->closed) {
        nt_redis_link_send(link);
    }
}


/* Gives the socket what is for it. */
static void
nt_redis_link_send(nt_redis_link_t *link)
{
    uv_buf_t buf;
    nt_buf_t sent = link->sending;
    int      n;

    if (link->wire.failed) {
        nt_redis_link_lose(link, "out of memory");
        return;
    }

    if (link->writing || link->wire.len == 0) {
        return;
    }

    buf = uv_buf_init(link->wire.data, (unsigned) link->wire.len);
    n = uv_try_write(&link->socket.stream, &buf, 1);

    if (n == (int) link->wire.len) {
        nt_buf_reset(&link->wire);
        return;
    }

    if (n < 0 && n != UV_EAGAIN) {
        nt_redis_link_lose(link, uv_strerror(n));
        return;
    }

    link->sending = link->wire;
    link->wire = sent;
    nt_buf_reset(&link->wire);

    n = n > 0 ? n : 0;
    buf = uv_buf_init(link->sending.data + n,
                      (unsigned) link->sending.len - (unsigned) n);
    link->write.data = link;
    n = uv_write(&link->write, &link->socket.stream, &buf, 1,
                 nt_redis_link_on_written);

    if (n != 0) {
        nt_redis_link_lose(link, uv_strerror(n));
        return;
    }

    link->writing = true;
}


static void
nt_redis_link_on_awake(uv_idle_t *idle)
{
}


static void
nt_redis_link_on_flush(uv_prepare_t *flush)
{
    nt_redis_link_t *link = flush->data;

    uv_prepare_stop(&link->flush);
    uv_idle_stop(&link->awake);

    if (link->out.failed) {
        nt_redis_link_lose(link, "out of memory");
        return;
    }

    if (link->ssl) {
        if (!nt_redis_ssl_write(link->ssl, link->out.data, link->out.len)) {
            nt_redis_link_lose(link, nt_redis_ssl_error(link->ssl));
            return;
        }
        nt_redis_ssl_take(link->ssl, &link->wire);

    } else if (link->wire.len == 0) {
        nt_buf_t out = link->out;

        link->out = link->wire;
        link->wire = out;

    } else {
        nt_buf_append(&link->wire, link->out.data, link->out.len);
    }

    nt_buf_reset(&link->out);
    nt_redis_link_send(link);
}


void
nt_redis_link_write(nt_redis_link_t *link, const char *data, size_t len)
{
    nt_buf_append(&link->out, data, len);

    if (!uv_is_active((uv_handle_t *) &link->flush)) {
        uv_prepare_start(&link->flush, nt_redis_link_on_flush);
        uv_idle_start(&link->awake, nt_redis_link_on_awake);
    }
}


/* --- in --- */

static void
nt_redis_link_parse(nt_redis_link_t *link, const char *data, size_t len)
{
    void *reply = NULL;

    if (redisReaderFeed(link->reader, data, len) != REDIS_OK) {
        nt_redis_link_lose(link, link->reader->errstr);
        return;
    }

    while (!link->closed) {
        if (redisReaderGetReply(link->reader, &reply) != REDIS_OK) {
            nt_redis_link_lose(link, link->reader->errstr);
            return;
        }

        if (reply == NULL) {
            return;
        }

        link->events.reply(link->events.arg, reply);
        freeReplyObject(reply);
    }
}


/* The socket is connected, and safe where it has to be. */
static void
nt_redis_link_opened(nt_redis_link_t *link)
{
    link->open = true;
    link->events.open(link->events.arg);
}


/* Lets TLS do what it can with what has come. */
static void
nt_redis_link_decrypt(nt_redis_link_t *link)
{
    int n = 1;

    if (!link->open) {
        n = nt_redis_ssl_shake(link->ssl);
        if (n == 1) {
            nt_redis_link_opened(link);
        }
    }

    while (n > 0 && !link->closed) {
        n = nt_redis_ssl_read(link->ssl, link->input, sizeof(link->input));
        if (n > 0) {
            nt_redis_link_parse(link, link->input, (size_t) n);
        }
    }

    if (link->closed) {
        return;
    }

    /* also an alert that says what is wrong */
    nt_redis_ssl_take(link->ssl, &link->wire);
    nt_redis_link_send(link);

    if (n < 0 && !link->closed) {
        nt_redis_link_lose(link, nt_redis_ssl_error(link->ssl));
    }
}


static void
nt_redis_link_on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    nt_redis_link_t *link = handle->data;

    *buf = uv_buf_init(link->input, sizeof(link->input));
}


static void
nt_redis_link_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    nt_redis_link_t *link = stream->data;

    if (n < 0) {
        nt_redis_link_lose(link, n == UV_EOF ? "closed" : uv_strerror((int) n));

    } else if (n == 0) {
        /* nothing yet */

    } else if (link->ssl == NULL) {
        nt_redis_link_parse(link, buf->base, (size_t) n);

    } else if (!nt_redis_ssl_feed(link->ssl, buf->base, (size_t) n)) {
        nt_redis_link_lose(link, "out of memory");

    } else {
        nt_redis_link_decrypt(link);
    }
}


/* --- opening and closing --- */

static void
nt_redis_link_on_connect(uv_connect_t *connect, int status)
{
    nt_redis_link_t *link = connect->data;

    if (link->closed) {
        return;
    }

    if (status == 0) {
        status = uv_read_start(&link->socket.stream, nt_redis_link_on_alloc,
                               nt_redis_link_on_read);
    }

    if (status != 0) {
        nt_redis_link_lose(link, uv_strerror(status));
    } else if (link->ssl) {
        nt_redis_link_decrypt(link);
    } else {
        nt_redis_link_opened(link);
    }
}


static void
nt_redis_link_on_closed(uv_handle_t *handle)
{
    nt_redis_link_t *link = handle->data;

    if (--link->handles > 0) {
        return;
    }

    redisReaderFree(link->reader);
    nt_redis_ssl_free(link->ssl);
    nt_buf_free(&link->out);
    nt_buf_free(&link->wire);
    nt_buf_free(&link->sending);
    free(link);
}


void
nt_redis_link_close(nt_redis_link_t *link)
{
    if (!link->closed) {
        link->closed = true;
        uv_close(&link->socket.handle, nt_redis_link_on_closed);
        uv_close((uv_handle_t *) &link->flush, nt_redis_link_on_closed);
        uv_close((uv_handle_t *) &link->awake, nt_redis_link_on_closed);
    }
}


static int
nt_redis_link_connect(nt_redis_link_t *link, const nt_redis_place_t *place)
{
    link->connect.data = link;

    if (place->path) {
        uv_pipe_connect(&link->connect, &link->socket.pipe, place->path,
                        nt_redis_link_on_connect);
        return 0;
    }

    (void) uv_tcp_nodelay(&link->socket.tcp, 1);
    (void) uv_tcp_keepalive(&link->socket.tcp, 1, NT_REDIS_KEEPALIVE);

    return uv_tcp_connect(&link->connect, &link->socket.tcp, place->address,
                          nt_redis_link_on_connect);
}


nt_redis_link_t *
nt_redis_link_open(uv_loop_t *loop, const nt_redis_place_t *place,
                   const nt_redis_link_events_t *events, const char **why)
{
    nt_redis_link_t *link = calloc(1, sizeof(*link));
    int              rc;

    *why = "out of memory";

    if (link == NULL) {
        return NULL;
    }

    link->events = *events;
    link->reader = redisReaderCreate();
    link->ssl = place->tls ? nt_redis_ssl_new(place->tls, place->host) : NULL;

    if (link->reader == NULL || (place->tls && link->ssl == NULL)) {
        if (link->reader) {
            redisReaderFree(link->reader);
        }
        nt_redis_ssl_free(link->ssl);
        free(link);
        return NULL;
    }

    /* these cannot fail without flags */
    if (place->path) {
        (void) uv_pipe_init(loop, &link->socket.pipe, 0);
    } else {
        (void) uv_tcp_init(loop, &link->socket.tcp);
    }

    (void) uv_prepare_init(loop, &link->flush);
    (void) uv_idle_init(loop, &link->awake);
    link->handles = 3;
    link->socket.handle.data = link->flush.data = link->awake.data = link;

    rc = nt_redis_link_connect(link, place);
    if (rc != 0) {
        *why = uv_strerror(rc);
        nt_redis_link_close(link);
        return NULL;
    }

    return link;
}
