/*
 * Frames of a WebSocket: any split of what a client sends gives the same
 * messages and the same end; texts are UTF-8, no message is above the limit.
 * The input's first byte says where to cut.
 */

#include <stdlib.h>

#include "engine/ws/frames.h"

#define LIMIT 512 /* small, so that it is met, too */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    nt_frames_t frames;
    nt_buf_t    told;
    bool        ended;
} peer_t;

static nt_frames_pool_t pool;


static void
check(const nt_frame_message_t *message)
{
    nt_buf_t text = { 0 };

    if (message->data.len > LIMIT) {
        abort();
    }

    if (message->opcode == NT_FRAME_TEXT || message->opcode == NT_FRAME_CLOSE) {
        nt_buf_append_json(&text, message->data);
        for (size_t i = 0; i + 2 < text.len; i++) {
            /* U+FFFD is put where there is no UTF-8 */
            if (memcmp(text.data + i, "\xef\xbf\xbd", 3) == 0 &&
                memmem(message->data.data, message->data.len, "\xef\xbf\xbd",
                       3) == NULL)
            {
                abort();
            }
        }
    }

    nt_buf_free(&text);
}


static void
feed(peer_t *peer, const uint8_t *data, size_t size)
{
    nt_str_t           in = { (const char *) data, size };
    nt_frames_status_t status;
    nt_frame_message_t message;

    while (!peer->ended) {
        status = nt_frames_next(&peer->frames, &in, &message);

        if (status == NT_FRAMES_MORE) {
            if (in.len != 0) {
                abort();
            }
            return;
        }

        if (status == NT_FRAMES_MESSAGE) {
            check(&message);
        }

        peer->ended =
            status == NT_FRAMES_FAILED || message.opcode == NT_FRAME_CLOSE;
        nt_buf_printf(&peer->told, "%d %d %d ", status, message.opcode,
                      message.code);
        nt_buf_append_json(&peer->told, message.data);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t cut;
    peer_t whole = { .frames = { .pool = &pool, .limit = LIMIT } };
    peer_t split = whole, bytes = whole;

    if (size == 0) {
        return 0;
    }

    cut = data[0] < size ? data[0] : size - 1;
    data++;
    size--;

    feed(&whole, data, size);
    feed(&split, data, cut);
    feed(&split, data + cut, size - cut);
    for (size_t i = 0; i < size; i++) {
        feed(&bytes, data + i, 1);
    }

    if (!nt_str_eq((nt_str_t) { whole.told.data, whole.told.len },
                   (nt_str_t) { split.told.data, split.told.len }) ||
        !nt_str_eq((nt_str_t) { whole.told.data, whole.told.len },
                   (nt_str_t) { bytes.told.data, bytes.told.len }))
    {
        abort();
    }

    nt_frames_free(&whole.frames);
    nt_frames_free(&split.frames);
    nt_frames_free(&bytes.frames);
    nt_buf_free(&whole.told);
    nt_buf_free(&split.told);
    nt_buf_free(&bytes.told);

    return 0;
}
