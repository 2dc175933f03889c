#include "engine/ws/frames.h"

#include <stdlib.h>

#include "core/nt_utf8.h"
#include "engine/ws/frame_parser.h"
#include "engine/ws/ws.h"

#define NT_FRAMES_KEEP (256u << 10) /* bytes of a buffer that is kept */

#define NOT_ASCII 0x8080808080808080u

struct nt_frames_parser {
    nt_frame_parser_t frames;

    /* the control frame under way */
    size_t control_len;
    char   control[NT_FRAME_CONTROL_MAX];

    /* the message under way, which control frames may interrupt */
    unsigned opcode; /* 0: none */
    bool     told;   /* it has been given out */
    nt_buf_t kept;
    size_t   checked; /* bytes of `kept` that are whole characters */
};


/* --- parsers --------------------------------------------------------------*/

static nt_frames_parser_t *
borrow(nt_frames_pool_t *pool)
{
    nt_frames_parser_t *parser = pool->spare;

    if (parser != NULL) {
        pool->spare = NULL;
        return parser;
    }

    parser = calloc(1, sizeof(*parser));
    if (parser == NULL) {
        return NULL;
    }

    if (!nt_frame_parser_init(&parser->frames)) {
        free(parser);
        return NULL;
    }

    return parser;
}


static void
parser_free(nt_frames_parser_t *parser)
{
    if (parser != NULL) {
        nt_frame_parser_free(&parser->frames);
        nt_buf_free(&parser->kept);
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
}


/* Brings the pool's sum up to date. */
static void
count_held(nt_frames_t *frames)
{
    size_t held = frames->parser != NULL ? frames->parser->kept.cap : 0;

    frames->pool->held += held - frames->held;
    frames->held = held;
}


void
nt_frames_free(nt_frames_t *frames)
{
    parser_free(frames->parser);
    frames->parser = NULL;
    count_held(frames);
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
    int      n;
    size_t   i = 0;
    uint64_t words[4];

    while (i < len) {
        if (len - i >= sizeof(words)) {
            memcpy(words, p + i, sizeof(words));
            if (((words[0] | words[1] | words[2] | words[3]) & NOT_ASCII) == 0)
            {
                i += sizeof(words);
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


static nt_frames_status_t
no_utf8(nt_frame_message_t *message)
{
    return fail(message, NT_WS_CLOSE_DATA, "text that is not UTF-8");
}


static nt_frames_status_t
no_memory(nt_frame_message_t *message)
{
    return fail(message, NT_WS_CLOSE_ERROR, "out of memory");
}


/* Looks at the head of a frame that starts. */
static nt_frames_status_t
start(nt_frames_t *frames, const struct wslay_frame_iocb *head,
      nt_frame_message_t *message)
{
    nt_frames_parser_t *parser = frames->parser;

    if (head->rsv != 0) {
        return protocol(message, "a reserved bit is set");
    }

    if (!head->mask) {
        return protocol(message, "a frame is not masked");
    }

    switch (head->opcode) {
    case WSLAY_TEXT_FRAME:
    case WSLAY_BINARY_FRAME:
        if (parser->opcode != 0) {
            return protocol(message, "a message starts within another");
        }
        parser->opcode = head->opcode;
        break;

    case WSLAY_CONTINUATION_FRAME:
        if (parser->opcode == 0) {
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

    if (head->payload_length > frames->limit - parser->kept.len) {
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
control_end(const nt_frames_parser_t *parser, unsigned opcode,
            nt_frame_message_t *message)
{
    const unsigned char *code = (const unsigned char *) parser->control;

    message->opcode = (nt_frame_opcode_t) opcode;
    message->data = (nt_str_t) { parser->control, parser->control_len };
    message->code = 0;

    if (opcode != NT_FRAME_CLOSE || message->data.len == 0) {
        return NT_FRAMES_MESSAGE;
    }

    if (message->data.len == 1) {
        return protocol(message, "half a close code");
    }

    message->code = code[0] << 8 | code[1];
    message->data.data += 2;
    message->data.len -= 2;

    if (!close_code_valid(message->code)) {
        return protocol(message, "a close code that is none");
    }

    return utf8_valid(message->data) ? NT_FRAMES_MESSAGE : no_utf8(message);
}


/* A part of the message under way, which is kept. */
static nt_frames_status_t
keep(nt_frames_parser_t *parser, const nt_frame_part_t *part,
     nt_frame_message_t *message)
{
    size_t    whole;
    nt_buf_t *kept = &parser->kept;

    nt_frame_part_append(kept, part);

    if (kept->failed) {
        return no_memory(message);
    }

    if (parser->opcode == NT_FRAME_TEXT && kept->len > parser->checked) {
        whole = utf8_whole(kept->data + parser->checked,
                           kept->len - parser->checked);
        if (whole == SIZE_MAX) {
            return no_utf8(message);
        }
        parser->checked += whole;
    }

    return NT_FRAMES_MORE;
}


/* The last frame of a message ends with this part. */
static nt_frames_status_t
message_end(nt_frames_parser_t *parser, const nt_frame_part_t *part,
            nt_frame_message_t *message)
{
    bool               text = parser->opcode == NT_FRAME_TEXT;
    nt_frames_status_t status;

    message->opcode = (nt_frame_opcode_t) parser->opcode;
    message->code = 0;

    /* all of it is one part: it is given out from where it stands */
    if (part->first && parser->kept.len == 0) {
        parser->opcode = 0;
        message->data = part->data;
        return !text || utf8_valid(part->data) ? NT_FRAMES_MESSAGE
                                               : no_utf8(message);
    }

    status = keep(parser, part, message);
    if (status != NT_FRAMES_MORE) {
        return status;
    }

    if (text && parser->checked < parser->kept.len) {
        return no_utf8(message);
    }

    parser->opcode = 0;
    parser->told = true;
    message->data = (nt_str_t) { parser->kept.data, parser->kept.len };

    return NT_FRAMES_MESSAGE;
}


static nt_frames_status_t
take(nt_frames_t *frames, const nt_frame_part_t *part,
     nt_frame_message_t *message)
{
    nt_frames_status_t             status;
    nt_frames_parser_t            *parser = frames->parser;
    const struct wslay_frame_iocb *head = part->head;

    if (part->first) {
        status = start(frames, head, message);
        if (status != NT_FRAMES_MORE) {
            return status;
        }
    }

    if (wslay_is_ctrl_frame(head->opcode)) {
        memcpy(parser->control + parser->control_len, part->data.data,
               part->data.len);
        parser->control_len += part->data.len;

        return part->last ? control_end(parser, head->opcode, message)
                          : NT_FRAMES_MORE;
    }

    return part->last && head->fin ? message_end(parser, part, message)
                                   : keep(parser, part, message);
}


/* The message that was given out is not needed any more. */
static void
forget_told(nt_frames_parser_t *parser)
{
    if (!parser->told) {
        return;
    }

    if (parser->kept.cap > NT_FRAMES_KEEP) {
        nt_buf_free(&parser->kept);

    } else {
        nt_buf_reset(&parser->kept);
    }

    parser->checked = 0;
    parser->told = false;
}


static nt_frames_status_t
next(nt_frames_t *frames, nt_str_t *in, nt_frame_message_t *message)
{
    nt_rc_t            rc;
    nt_frame_part_t    part;
    nt_frames_status_t status;

    if (frames->parser == NULL) {
        if (in->len == 0) {
            return NT_FRAMES_MORE;
        }

        frames->parser = borrow(frames->pool);
        if (frames->parser == NULL) {
            return no_memory(message);
        }
    }

    forget_told(frames->parser);

    for (;;) {
        rc = nt_frame_parser_next(&frames->parser->frames, in, &part);

        switch (rc) {
        case NT_OK:
            status = take(frames, &part, message);
            if (status != NT_FRAMES_MORE) {
                return status;
            }
            break;

        case NT_AGAIN:
            if (frames->parser->opcode == 0 &&
                nt_frame_parser_idle(&frames->parser->frames))
            {
                give_back(frames);
            }
            return NT_FRAMES_MORE;

        case NT_NOMEM:
            return no_memory(message);

        default:
            return protocol(message, "a malformed frame");
        }
    }
}


nt_frames_status_t
nt_frames_next(nt_frames_t *frames, nt_str_t *in, nt_frame_message_t *message)
{
    nt_frames_pool_t  *pool = frames->pool;
    nt_frames_status_t status = next(frames, in, message);

    count_held(frames);

    /* short messages get through, whoever holds up the long ones */
    if (status == NT_FRAMES_MORE && pool->most != 0 &&
        pool->held > pool->most && frames->held > NT_FRAMES_KEEP)
    {
        return fail(message, NT_WS_CLOSE_LATER,
                    "too many long messages are under way");
    }

    return status;
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
