#include "engine/ws/frame_parser.h"

#define NT_FRAME_DIRECT 512 /* bytes of a frame that are worth a detour */
#define NT_FRAME_START  18  /* bytes of the longest head, and four */


/* Bytes that wslay gets, of what there is: of a long frame that starts there
 * its head, and as many as show the mask. */
static size_t
portion(const nt_frame_parser_t *parser, size_t most)
{
    size_t               len;
    nt_str_t             in = *parser->in;
    const unsigned char *p = (const unsigned char *) in.data;

    if (nt_frame_parser_idle(parser) && in.len >= NT_FRAME_START) {
        len = (p[1] & 0x7f) == 127   ? SIZE_MAX
              : (p[1] & 0x7f) == 126 ? (size_t) p[2] << 8 | p[3]
                                     : 0;
        if (len > NT_FRAME_DIRECT) {
            return NT_FRAME_START;
        }
    }

    return in.len < most ? in.len : most;
}


static ssize_t
give(uint8_t *buf, size_t len, int flags, void *arg)
{
    nt_frame_parser_t *parser = arg;
    size_t             n = portion(parser, len);

    if (n == 0) {
        return 0; /* which wslay takes for "later" */
    }

    memcpy(buf, parser->in->data, n);
    parser->in->data += n;
    parser->in->len -= n;
    parser->pending += n;

    return (ssize_t) n;
}


bool
nt_frame_parser_init(nt_frame_parser_t *parser)
{
    static const struct wslay_frame_callbacks callbacks = { NULL, give, NULL };

    memset(parser, 0, sizeof(*parser));

    return wslay_frame_context_init(&parser->wslay, &callbacks, parser) == 0;
}


void
nt_frame_parser_free(nt_frame_parser_t *parser)
{
    wslay_frame_context_free(parser->wslay);
    parser->wslay = NULL;
}


bool
nt_frame_parser_idle(const nt_frame_parser_t *parser)
{
    return parser->left == 0 && parser->pending == 0;
}


/* --- past wslay -----------------------------------------------------------*/

/*
 * What wslay has not been given of a long frame, when it has told of a part,
 * goes past it; it keeps nothing then that it has not told of.  The mask is
 * the difference between the last bytes that it was given (which are in the
 * same input, from `given` on) and those of the part.
 */
static void
go_direct(nt_frame_parser_t *parser, const nt_frame_part_t *part,
          const char *given)
{
    const char  *before, *after;
    const size_t n = sizeof(parser->mask);

    if (parser->head.payload_length <= NT_FRAME_DIRECT || parser->left == 0 ||
        part->data.len < n || (size_t) (parser->in->data - given) < n)
    {
        return;
    }

    before = parser->in->data - n;
    after = part->data.data + part->data.len - n;

    for (size_t i = 0; i < n; i++) {
        parser->mask[i] = (unsigned char) (before[i] ^ after[i]);
    }

    parser->direct = true;
}


/* The mask as it stands `n` bytes further. */
static void
turn_mask(unsigned char mask[4], size_t n)
{
    unsigned char turned[4];

    for (size_t i = 0; i < 4; i++) {
        turned[i] = mask[(i + n) % 4];
    }

    memcpy(mask, turned, 4);
}


static nt_rc_t
next_direct(nt_frame_parser_t *parser, nt_str_t *in, nt_frame_part_t *part)
{
    size_t n = in->len < parser->left ? in->len : (size_t) parser->left;

    if (n == 0) {
        return NT_AGAIN;
    }

    part->head = &parser->head;
    part->first = false;
    part->data = (nt_str_t) { in->data, n };
    memcpy(part->mask, parser->mask, sizeof(part->mask));

    turn_mask(parser->mask, n);
    in->data += n;
    in->len -= n;
    parser->left -= n;
    part->last = parser->left == 0;

    if (part->last) {
        /* it does not know that the frame has ended: a new one */
        struct wslay_frame_iocb head = parser->head;

        nt_frame_parser_free(parser);
        if (!nt_frame_parser_init(parser)) {
            return NT_NOMEM;
        }
        parser->head = head;
    }

    return NT_OK;
}


/* Eight bytes at a time. */
void
nt_frame_part_append(nt_buf_t *to, const nt_frame_part_t *part)
{
    char    *at;
    size_t   i = 0;
    nt_str_t data = part->data;
    uint64_t word, key;

    if (data.len == 0 || (at = nt_buf_reserve(to, data.len)) == NULL) {
        return;
    }

    memcpy(&key, part->mask, 4);
    memcpy((char *) &key + 4, part->mask, 4);

    for (; data.len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, data.data + i, sizeof(word));
        word ^= key;
        memcpy(at + i, &word, sizeof(word));
    }

    for (; i < data.len; i++) {
        at[i] = (char) ((unsigned char) data.data[i] ^ part->mask[i % 4]);
    }

    to->len += data.len;
}


/* --- by wslay -------------------------------------------------------------*/

/* Bytes of a client's frame before its payload. */
static size_t
head_len(const struct wslay_frame_iocb *head)
{
    uint64_t len = head->payload_length;

    return 2 + (len > 0xffff ? 8 : len > 125 ? 2 : 0) + (head->mask ? 4 : 0);
}


static nt_rc_t
next_wslay(nt_frame_parser_t *parser, nt_str_t *in, nt_frame_part_t *part)
{
    ssize_t                 n;
    const char             *given = in->data;
    struct wslay_frame_iocb frame;

    do {
        n = wslay_frame_recv(parser->wslay, &frame);
    } while (n == WSLAY_ERR_WANT_READ && in->len > 0);

    if (n < 0) {
        return n == WSLAY_ERR_WANT_READ ? NT_AGAIN : NT_ERROR;
    }

    part->first = parser->left == 0;

    if (part->first) {
        parser->head = frame;
        parser->left = frame.payload_length;
        parser->pending -= head_len(&frame);
    }

    parser->left -= (uint64_t) n;
    parser->pending -= (size_t) n;

    part->head = &parser->head;
    part->last = parser->left == 0;
    part->data = (nt_str_t) { (const char *) frame.data, (size_t) n };
    memset(part->mask, 0, sizeof(part->mask));

    go_direct(parser, part, given);

    return NT_OK;
}


nt_rc_t
nt_frame_parser_next(nt_frame_parser_t *parser, nt_str_t *in,
                     nt_frame_part_t *part)
{
    parser->in = in;

    return parser->direct ? next_direct(parser, in, part)
                          : next_wslay(parser, in, part);
}
