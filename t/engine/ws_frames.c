/* The frame layer, by the table of ws_vectors.h: each vector whole, byte by
 * byte, and split at every position. */

#include <malloc.h>

#include "engine/ws/frames.h"
#include "t/core/tap.h"
#include "t/engine/ws_vectors.h"

typedef struct {
    nt_frames_t frames;
    nt_buf_t    told;
    bool        ended;
} peer_t;

static nt_frames_pool_t pool;


static void
tell(peer_t *peer, const nt_frame_message_t *message)
{
    char        name[32];
    const char *names[] = { [NT_FRAME_TEXT] = "text",
                            [NT_FRAME_BINARY] = "bin",
                            [NT_FRAME_PING] = "ping",
                            [NT_FRAME_PONG] = "pong" };

    if (message->opcode == NT_FRAME_CLOSE) {
        (void) snprintf(name, sizeof(name), "close:%d%s", message->code,
                        message->data.len > 0 ? "," : "");
    } else {
        (void) snprintf(name, sizeof(name), "%s%s", names[message->opcode],
                        message->data.len > 0 ? ":" : "");
    }

    ws_say(&peer->told, name, message->data);
}


/* Bytes in a block of their own, so that a read beyond them is found. */
static void
feed(peer_t *peer, const char *data, size_t len)
{
    char              *copy = malloc(len > 0 ? len : 1);
    nt_str_t           in = { copy, len };
    nt_frame_message_t message;

    memcpy(copy, data, len);

    while (!peer->ended) {
        switch (nt_frames_next(&peer->frames, &in, &message)) {
        case NT_FRAMES_MORE:
            if (in.len != 0) {
                ws_say(&peer->told, "left", in);
            }
            free(copy);
            return;
        case NT_FRAMES_MESSAGE:
            tell(peer, &message);
            peer->ended = message.opcode == NT_FRAME_CLOSE;
            break;
        default:
            nt_buf_printf(&peer->told, "%sfail:%d",
                          peer->told.len > 0 ? " " : "", message.code);
            peer->ended = true;
        }
    }

    free(copy);
}


/* Gives the bytes in pieces: up to `split`, then in steps of `step`. */
static bool
good(const ws_vector_t *v, const nt_buf_t *bytes, size_t split, size_t step)
{
    bool     same, idle;
    peer_t   peer = { .frames = { .pool = &pool, .limit = WS_LIMIT } };
    nt_str_t want;

    feed(&peer, bytes->data, split);
    for (size_t at = split; at < bytes->len; at += step) {
        feed(&peer, bytes->data + at,
             bytes->len - at < step ? bytes->len - at : step);
    }

    want = nt_str(v->want);
    while (want.len > 0 && want.data[want.len - 1] == ' ') {
        want.len--; /* TEN() ends in a blank */
    }
    same = nt_str_eq((nt_str_t) { peer.told.data, peer.told.len }, want);
    idle = peer.ended || peer.frames.parser == NULL;
    if (!same || !idle) {
        diag("%s: split at %zu, steps of %zu: %.*s%s", v->name, split, step,
             (int) peer.told.len, peer.told.data,
             idle ? "" : " (holds memory)");
    }

    nt_frames_free(&peer.frames);
    nt_buf_free(&peer.told);

    return same && idle;
}


static bool
near_an_end(size_t at, size_t len)
{
    return len < 3000 || at < 64 || len - at < 64 || at % 1021 == 0 ||
           (at % 4096 < 16) || (at % 4096 > 4080);
}


static void
vector(const ws_vector_t *v)
{
    bool     all = true;
    nt_buf_t bytes = { 0 };

    ws_bytes(&bytes, v->frames);
    ok(good(v, &bytes, bytes.len, 1), "%s", v->name);

    for (size_t i = 0; i < bytes.len && all; i++) {
        if (near_an_end(i, bytes.len)) {
            all = good(v, &bytes, i, bytes.len);
        }
    }

    all = all && good(v, &bytes, 0, 1) && good(v, &bytes, 0, 7) &&
          good(v, &bytes, 0, 4096);
    ok(all, " in pieces");
    nt_buf_free(&bytes);
}


/* A head that announces much takes no memory. */
static void
forged_length(void)
{
    size_t             before, after;
    nt_frames_t        frames = { .pool = &pool, .limit = 16u << 20 };
    nt_str_t           in = NT_STR("\x82\xff\0\0\0\0\0\xff\xff\xff\1\2\3\4ab");
    struct mallinfo2   info = mallinfo2();
    nt_frame_message_t message;

    before = info.uordblks + info.hblkhd;
    ok(nt_frames_next(&frames, &in, &message) == NT_FRAMES_MORE,
       "a long frame starts");
    info = mallinfo2();
    after = info.uordblks + info.hblkhd;
    ok(after < before + 16384, "memory is taken for what has come: %zu, %zu",
       before, after);
    nt_frames_free(&frames);
}


/* Messages without an end, of many connections. */
static void
unfinished(void)
{
    size_t             n = 0;
    char              *bytes = calloc(1, 10 + (1u << 20));
    nt_str_t           in;
    nt_frames_t        frames[17] = { { 0 } };
    nt_frames_pool_t   few = { .most = 4u << 20 };
    nt_frames_status_t status;
    nt_frame_message_t message = { 0 };
    static const char  begin[] = "\x02\xff\0\0\0\0\0\x10\0\0";

    memcpy(bytes, begin, 10); /* a MiB of zeroes, the mask among them */

    do {
        frames[n].pool = &few;
        frames[n].limit = 16u << 20;
        in = (nt_str_t) { bytes, 10 + (1u << 20) };
        status = nt_frames_next(&frames[n++], &in, &message);
    } while (status == NT_FRAMES_MORE && n < 16);

    ok(n > 2 && n <= 5 && status == NT_FRAMES_FAILED && message.code == 1013,
       "%zu of a MiB are too much", n);

    in = NT_STR("\x82\x81\0\0\0\0a");
    frames[n].pool = &few;
    frames[n].limit = 16u << 20;
    ok(nt_frames_next(&frames[n], &in, &message) == NT_FRAMES_MESSAGE,
       "a short message gets through");

    for (size_t i = 0; i <= n; i++) {
        nt_frames_free(&frames[i]);
    }
    ok(few.held == 0, "nothing is left of them");
    nt_frames_pool_free(&few);
    free(bytes);
}


static void
head(size_t len, const char *want, size_t want_len)
{
    char   to[NT_FRAME_HEAD_MAX];
    size_t n = nt_frame_head(to, NT_FRAME_BINARY, len);

    ok(n == want_len && memcmp(to, want, n) == 0, "the head of %zu bytes", len);
}


static void
closing(int code, const char *reason, const char *want, size_t want_len)
{
    nt_buf_t out = { 0 };

    nt_frame_append_close(&out, code, nt_str(reason));
    ok(out.len == want_len && memcmp(out.data, want, want_len) == 0,
       "close frame %d %.20s", code, reason);
    nt_buf_free(&out);
}


static void
writing(void)
{
    char     reason[128];
    nt_buf_t want = { 0 };

    head(0, "\x82\0", 2);
    head(125, "\x82\x7d", 2);
    head(126, "\x82\x7e\0\x7e", 4);
    head(65535, "\x82\x7e\xff\xff", 4);
    head(65536, "\x82\x7f\0\0\0\0\0\1\0\0", 10);
    head((size_t) 1 << 40, "\x82\x7f\0\0\1\0\0\0\0\0", 10);

    closing(0, "", "\x88\0", 2);
    closing(1000, "", "\x88\2\3\xe8", 4);
    closing(1011, "oh", "\x88\4\3\xf3oh", 6);

    /* 122 bytes and a character of two: it is left out */
    memset(reason, 'r', 122);
    (void) strcpy(reason + 122, "\xc3\xb6");
    nt_buf_append(&want, "\x88\x7c\3\xe8", 4);
    nt_buf_append(&want, reason, 122);
    closing(1000, reason, want.data, want.len);
    nt_buf_free(&want);
}


int
main(void)
{
    for (size_t i = 0; i < WS_VECTORS; i++) {
        vector(&ws_vectors[i]);
    }

    forged_length();
    unfinished();
    writing();
    nt_frames_pool_free(&pool);

    return done();
}
