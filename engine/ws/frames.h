/*
 * engine/ws/frames.h - messages in what a client sends, and frames of a
 * server (RFC 6455, section 5).
 *
 * frame_parser.h reads frames; here they become messages, by the rules that
 * wslay's frame functions leave to others: no reserved bits, a mask on each
 * frame, fragments, UTF-8, close codes, the size of a message.  (Its event
 * functions have these rules, but hold 8 KiB a connection, allocate what a
 * frame's head announces and look at text byte by byte.)
 *
 * Between messages nothing is allocated: a parser is borrowed when bytes come.
 */

#ifndef NT_WS_FRAMES_H
#define NT_WS_FRAMES_H

#include "core/nt_buf.h"

/* Opcodes of messages. */
typedef enum {
    NT_FRAME_TEXT = 1, /* is UTF-8 */
    NT_FRAME_BINARY = 2,
    NT_FRAME_CLOSE = 8,
    NT_FRAME_PING = 9,
    NT_FRAME_PONG = 10
} nt_frame_opcode_t;

typedef struct nt_frames_parser nt_frames_parser_t;

/* What connections share: a parser that waits for the next one with something
 * to parse, and how much they have of messages without an end. */
typedef struct {
    nt_frames_parser_t *spare;
    size_t              held; /* bytes */
    size_t              most; /* of them; 0: no limit */
} nt_frames_pool_t;

/* What one connection sends. */
typedef struct {
    nt_frames_pool_t   *pool;
    size_t              limit;  /* bytes of a message */
    nt_frames_parser_t *parser; /* while a frame or message is under way */
    size_t              held;   /* its part of the pool's */
} nt_frames_t;

typedef struct {
    nt_frame_opcode_t opcode;
    nt_str_t          data; /* borrowed until nt_frames_next; close: reason */
    int               code; /* close: 0 when there was none */
} nt_frame_message_t;

typedef enum {
    NT_FRAMES_MORE,    /* all of `in` was taken, and more is needed */
    NT_FRAMES_MESSAGE, /* `message` is set; call again */
    NT_FRAMES_FAILED   /* message->code: what to close with; data: why */
} nt_frames_status_t;

/* Takes bytes from `in`, up to the end of a message or somewhat beyond. */
nt_frames_status_t nt_frames_next(nt_frames_t *frames, nt_str_t *in,
                                  nt_frame_message_t *message);

void nt_frames_free(nt_frames_t *frames);
void nt_frames_pool_free(nt_frames_pool_t *pool);

/* --- frames of a server: no mask --- */

#define NT_FRAME_HEAD_MAX    10
#define NT_FRAME_CONTROL_MAX 125

/* Writes the head of a frame that is a whole message; returns its length. */
size_t nt_frame_head(char *to, nt_frame_opcode_t opcode, size_t len);

/* Appends a frame. */
void nt_frame_append(nt_buf_t *out, nt_frame_opcode_t opcode, nt_str_t data);

/* Appends a close frame; `code` 0: without one.  A reason that is too long
 * is cut. */
void nt_frame_append_close(nt_buf_t *out, int code, nt_str_t reason);

#endif
