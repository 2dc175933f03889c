#include "engine/ws/frames.h"

#include <stdlib.h>
#include <wslay/wslay.h>

#include "core/nt_utf8.h"
#include "engine/ws/ws.h"

#define NT_FRAMES_KEEP 4096 /* bytes of an empty message that are kept */

struct nt_frames_parser {
    wslay_frame_context_ptr wslay;
    nt_str_t               *in;
    size_t                  pending; /* bytes that wslay has of `in` */
    uint64_t                left;    /* of the frame under way */
    bool                    within;  /* a frame is under way */
    struct wslay_frame_iocb frame;   /* its head */
    size_t                  control_len;
    char                    control[NT_FRAME_CONTROL_MAX];
};


/* --- the parser -----------------------------------------------------------*/

static ssize_t
give(uint8_t *buf, size_t len, int flags, void *arg)
{
    nt_frames_parser_t *parser = arg;
    size_t              n = len < parser->in->len ? len : parser->in->len;

    memcpy(buf, parser->in->data, n);
    parser->in->data += n;
    parser->in->len -= n;
    parser->pending += n;

    return (ssize_t) n;
}


static nt_frames_parser_t *
borrow(nt_frames_pool_t *pool)
{
    nt_frames_parser_t                       *parser = pool->spare;
    static const struct wslay_frame_callbacks callbacks = { NULL, give, NULL };

    if (parser != NULL) {
        pool->spare = NULL;
        return parser;
    }

    parser = calloc(1, sizeof(*parser));
    if (parser == NULL) {
        return NULL;
    }

    if (wslay_frame_context_init(&parser->wslay, &callbacks, parser) != 0) {
        free(parser);
        return NULL;
    }

    return parser;
}


static void
parser_free(nt_frames_parser_t *parser)
{
    if (parser != NULL) {
        wslay_frame_context_free(parser->wslay);
        free(parser);
    }
}


/* Between messages a parser has no state, and serves another connection. */
static void
give_back(nt_frames_t *frames)
{
    if (frames->pool->spare == NULL) {
        frames->pool->spare = frames->parser;

    } else {
        parser_free(frames->parser);
    }

    frames->parser = NULL;
    nt_buf_free(&frames->message);
}


void
nt_frames_free(nt_frames_t *frames)
{
    parser_free(frames->parser);
    frames->parser = NULL;
    nt_buf_free(&frames->message);
}


void
nt_frames_pool_free(nt_frames_pool_t *pool)
{
    parser_free(pool->spare);
    pool->spare = NULL;
}


/* --- UTF-8 ----------------------------------------------------------------*/

/* Bytes from the start that are whole characters; SIZE_MAX when what follows
 * them can become none. */
static size_t
utf8_whole(const char *p, size_t len)
{
    uint64_t word;
    size_t   i = 0;

    while (i < len) {
        int n;

        if (len - i >= sizeof(word)) {
            memcpy(&word, p + i, sizeof(word));
            if ((word & 0x8080808080808080u) == 0) {
                i += sizeof(word);
                continue;
            }
        }

        n = nt_utf8_step(p + i, len - i);

        if (n < 0) {
            unsigned char lead = (unsigned char) p[i];

            /* a beginning that the text ends in */
            return (size_t) -n == len - i && lead >= 0xc2 && lead <= 0xf4
                       ? i
                       : SIZE_MAX;
        }

        i += (size_t) n;
    }

    return i;
}


static bool
utf8_valid(nt_str_t text)
{
    return utf8_whole(text.data, text.len) == text.len;
}


/* --- frames become messages -----------------------------------------------*/

static nt_frames_status_t
fail(nt_frame_message_t *message, int code, const char *why)
{
    message->opcode = NT_FRAME_CLOSE;
    message->code = code;
    message->data = nt_str(why);

    return NT_FRAMES_FAILED;
}


static nt_frames_status_t
protocol(nt_frame_message_t *message, const char *why)
{
    return fail(message, NT_WS_CLOSE_PROTOCOL, why);
}


static size_t
head_len(uint64_t len)
{
    return 2 + (len > 0xffff ? 8 : len > 125 ? 2 : 0) + 4;
}


/* Looks at the head of a frame that starts. */
static nt_frames_status_t
start(nt_frames_t *frames, nt_frame_message_t *message)
{
    nt_frames_parser_t            *parser = frames->parser;
    const struct wslay_frame_iocb *frame = &parser->frame;

    if (frame->rsv != 0) {
        return protocol(message, "a reserved bit is set");
    }

    if (!frame->mask) {
        return protocol(message, "a frame is not masked");
    }

    parser->within = true;
    parser->left = frame->payload_length;
    parser->pending -= head_len(frame->payload_length);

    switch (frame->opcode) {
    case WSLAY_TEXT_FRAME:
    case WSLAY_BINARY_FRAME:
        if (frames->opcode != 0) {
            return protocol(message, "a message starts within another");
        }
        frames->opcode = frame->opcode;
        break;

    case WSLAY_CONTINUATION_FRAME:
        if (frames->opcode == 0) {
            return protocol(message, "a fragment of no message");
        }
        break;

    case WSLAY_CONNECTION_CLOSE:
    case WSLAY_PING:
    case WSLAY_PONG:
        parser->control_len = 0;
        return NT_FRAMES_MORE;

    default:
        return protocol(message, "an unknown opcode");
    }

    if (frame->payload_length > frames->limit - frames->message.len) {
        return fail(message, NT_WS_CLOSE_TOO_BIG, "the message is too big");
    }

    return NT_FRAMES_MORE;
}


static bool
close_code_valid(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}


static nt_frames_status_t
control_end(const nt_frames_parser_t *parser, nt_frame_message_t *message)
{
    message->opcode = (nt_frame_opcode_t) parser->frame.opcode;
    message->data = (nt_str_t) { parser->control, parser->control_len };
    message->code = 0;

    if (message->opcode != NT_FRAME_CLOSE || message->data.len == 0) {
        return NT_FRAMES_MESSAGE;
    }

    if (message->data.len == 1) {
        return protocol(message, "half a close code");
    }

    message->code = (unsigned char) message->data.data[0] << 8 |
                    (unsigned char) message->data.data[1];
    message->data.data += 2;
    message->data.len -= 2;

    if (!close_code_valid(message->code)) {
        return protocol(message, "a close code that is none");
    }

    if (!utf8_valid(message->data)) {
        return fail(message, NT_WS_CLOSE_DATA, "a reason that is not UTF-8");
    }

    return NT_FRAMES_MESSAGE;
}


/* A part of the message under way, which is kept. */
static nt_frames_status_t
keep(nt_frames_t *frames, nt_str_t part, nt_frame_message_t *message)
{
    size_t    whole;
    nt_buf_t *kept = &frames->message;

    if (part.len == 0) {
        return NT_FRAMES_MORE;
    }

    nt_buf_append_str(kept, part);
    if (kept->failed) {
        return fail(message, NT_WS_CLOSE_ERROR, "");
    }

    if (frames->opcode == NT_FRAME_TEXT) {
        whole = utf8_whole(kept->data + frames->checked,
                           kept->len - frames->checked);
        if (whole == SIZE_MAX) {
            return fail(message, NT_WS_CLOSE_DATA, "text that is not UTF-8");
        }
        frames->checked += whole;
    }

    return NT_FRAMES_MORE;
}


/* The last frame of a message has ended with `part`. */
static nt_frames_status_t
message_end(nt_frames_t *frames, nt_str_t part, nt_frame_message_t *message)
{
    nt_frames_status_t status;

    if (frames->message.len == 0) {
        message->data = part;
        if (frames->opcode == NT_FRAME_TEXT && !utf8_valid(part)) {
            return fail(message, NT_WS_CLOSE_DATA, "text that is not UTF-8");
        }

    } else {
        status = keep(frames, part, message);
        if (status == NT_FRAMES_FAILED) {
            return status;
        }

        message->data =
            (nt_str_t) { frames->message.data, frames->message.len };
        if (frames->opcode == NT_FRAME_TEXT &&
            frames->checked < frames->message.len) {
            return fail(message, NT_WS_CLOSE_DATA, "text that is not UTF-8");
        }
        frames->told = true;
    }

    message->opcode = (nt_frame_opcode_t) frames->opcode;
    message->code = 0;
    frames->opcode = 0;

    return NT_FRAMES_MESSAGE;
}


/* A part of a frame; the first one comes with its head. */
static nt_frames_status_t
take(nt_frames_t *frames, nt_str_t part, nt_frame_message_t *message)
{
    nt_frames_parser_t *parser = frames->parser;

    parser->pending -= part.len;
    parser->left -= part.len;
    parser->within = parser->left > 0;

    if (wslay_is_ctrl_frame(parser->frame.opcode)) {
        memcpy(parser->control + parser->control_len, part.data, part.len);
        parser->control_len += part.len;

        return parser->within ? NT_FRAMES_MORE : control_end(parser, message);
    }

    if (parser->within || !parser->frame.fin) {
        return keep(frames, part, message);
    }

    return message_end(frames, part, message);
}


static void
forget_told(nt_frames_t *frames)
{
    if (!frames->told) {
        return;
    }

    if (frames->message.cap > NT_FRAMES_KEEP) {
        nt_buf_free(&frames->message);

    } else {
        nt_buf_reset(&frames->message);
    }

    frames->checked = 0;
    frames->told = false;
}


/* All input was taken. */
static nt_frames_status_t
rest(nt_frames_t *frames)
{
    nt_frames_parser_t *parser = frames->parser;

    if (!parser->within && parser->pending == 0 && frames->opcode == 0) {
        give_back(frames);
    }

    return NT_FRAMES_MORE;
}


nt_frames_status_t
nt_frames_next(nt_frames_t *frames, nt_str_t *in, nt_frame_message_t *message)
{
    ssize_t                 n;
    nt_frames_status_t      status;
    nt_frames_parser_t     *parser = frames->parser;
    struct wslay_frame_iocb part;

    forget_told(frames);

    if (parser == NULL) {
        if (in->len == 0) {
            return NT_FRAMES_MORE;
        }

        parser = frames->parser = borrow(frames->pool);
        if (parser == NULL) {
            return fail(message, NT_WS_CLOSE_ERROR, "");
        }
    }

    parser->in = in;

    for (;;) {
        n = wslay_frame_recv(parser->wslay, &part);

        if (n == WSLAY_ERR_WANT_READ) {
            if (in->len == 0) {
                return rest(frames);
            }
            continue;
        }

        if (n < 0) {
            return protocol(message, "a malformed frame");
        }

        if (!parser->within) {
            parser->frame = part;
            status = start(frames, message);
            if (status == NT_FRAMES_FAILED) {
                return status;
            }
        }

        status =
            take(frames, (nt_str_t) { (const char *) part.data, (size_t) n },
                 message);
        if (status != NT_FRAMES_MORE) {
            return status;
        }
    }
}


/* --- writing --------------------------------------------------------------*/

size_t
nt_frame_head(char *to, nt_frame_opcode_t opcode, size_t len)
{
    size_t n = len > 0xffff ? 8 : len > 125 ? 2 : 0;

    to[0] = (char) (0x80 | opcode);
    to[1] = (char) (n == 8 ? 127 : n == 2 ? 126 : len);

    for (size_t i = 0; i < n; i++) {
        to[2 + i] = (char) (len >> 8 * (n - 1 - i) & 0xff);
    }

    return 2 + n;
}


void
nt_frame_append(nt_buf_t *out, nt_frame_opcode_t opcode, nt_str_t data)
{
    char *p = nt_buf_reserve(out, NT_FRAME_HEAD_MAX + data.len);

    if (p != NULL) {
        out->len += nt_frame_head(p, opcode, data.len);
        nt_buf_append_str(out, data);
    }
}


void
nt_frame_append_close(nt_buf_t *out, int code, nt_str_t reason)
{
    char   payload[NT_FRAME_CONTROL_MAX];
    size_t len = reason.len;

    if (code == 0) {
        nt_frame_append(out, NT_FRAME_CLOSE, NT_STR(""));
        return;
    }

    if (len > sizeof(payload) - 2) {
        len = sizeof(payload) - 2;
    }

    /* not within a character */
    while (len < reason.len && (reason.data[len] & 0xc0) == 0x80) {
        len--;
    }

    payload[0] = (char) (code >> 8);
    payload[1] = (char) (code & 0xff);
    memcpy(payload + 2, reason.data, len);

    nt_frame_append(out, NT_FRAME_CLOSE, (nt_str_t) { payload, len + 2 });
}
