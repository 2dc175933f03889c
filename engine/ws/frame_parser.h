/*
 * engine/ws/frame_parser.h - frames in a stream of bytes, part by part.
 *
 * wslay's frame functions do it, and look at lengths and control frames as
 * RFC 6455, section 5.2 and 5.5 have them; all else is up to the caller.  Long
 * frames go past wslay, which unmasks byte by byte.
 */

#ifndef NT_WS_FRAME_PARSER_H
#define NT_WS_FRAME_PARSER_H

#include <wslay/wslay.h>

#include "core/nt_buf.h"

typedef struct {
    wslay_frame_context_ptr wslay;
    nt_str_t               *in;
    size_t                  pending; /* bytes that wslay has of `in` */
    struct wslay_frame_iocb head;    /* of the frame under way */
    uint64_t                left;    /* of its payload */
    bool                    direct;  /* which goes past wslay */
    unsigned char           mask[4]; /* then: of the bytes to come */
} nt_frame_parser_t;

typedef struct {
    const struct wslay_frame_iocb *head;
    bool                           first; /* of the frame's parts */
    bool                           last;
    nt_str_t                       data;    /* until the next call */
    unsigned char                  mask[4]; /* to be taken off `data` */
} nt_frame_part_t;

/* False when memory is out. */
bool nt_frame_parser_init(nt_frame_parser_t *parser);
void nt_frame_parser_free(nt_frame_parser_t *parser);

/* NT_OK: a part is there.  NT_AGAIN: all of `in` was taken.  NT_ERROR: it is
 * no frame. */
nt_rc_t nt_frame_parser_next(nt_frame_parser_t *parser, nt_str_t *in,
                             nt_frame_part_t *part);

/* Between frames, with no bytes of the next one. */
bool nt_frame_parser_idle(const nt_frame_parser_t *parser);

/* Appends the data of a part without its mask. */
void nt_frame_part_append(nt_buf_t *to, const nt_frame_part_t *part);

#endif
