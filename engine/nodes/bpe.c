/*
 * engine/nodes/bpe.c - byte pair encoding.
 *
 * The pair of lowest rank is merged first, the leftmost of equal ones.  The
 * pairs wait in a heap, so a piece of n bytes takes O(n log n) time: one
 * without an end to its word must not take O(n^2).
 */

#include <stdlib.h>

#include "engine/nodes/bpe.h"


#define NONE UINT32_MAX

typedef struct {
    uint32_t offset; /* of the token in bytes */
    uint32_t len;    /* 0 for a free slot */
    uint32_t rank;
} slot_t;

struct nt_bpe {
    nt_buf_t bytes;
    slot_t  *slots; /* open addressing */
    size_t   mask;
};


/* --- vocabularies --- */

static size_t
hash(const char *data, size_t len)
{
    size_t   i;
    uint64_t h;

    h = 0xcbf29ce484222325; /* FNV-1a */

    for (i = 0; i < len; i++) {
        h = (h ^ (unsigned char) data[i]) * 0x100000001b3;
    }

    return (size_t) (h ^ h >> 32);
}


static slot_t *
find(const nt_bpe_t *bpe, const char *data, size_t len)
{
    size_t  i;
    slot_t *slot;

    for (i = hash(data, len);; i++) {
        slot = &bpe->slots[i & bpe->mask];

        if (slot->len == 0 ||
            (slot->len == len &&
             memcmp(bpe->bytes.data + slot->offset, data, len) == 0))
        {
            return slot;
        }
    }
}


static uint32_t
rank_of(const nt_bpe_t *bpe, const char *data, size_t len)
{
    slot_t *slot;

    slot = find(bpe, data, len);

    return slot->len == 0 ? NONE : slot->rank;
}


static int
base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";

    const char *p;

    p = c == '\0' ? NULL : strchr(digits, c);

    return p == NULL ? -1 : (int) (p - digits);
}


/* Appends the decoded bytes (RFC 4648); false when they are none. */
static bool
decode(nt_buf_t *out, nt_str_t text)
{
    int      value, bits;
    size_t   i;
    uint32_t word;

    while (text.len > 0 && text.data[text.len - 1] == '=') {
        text.len--;
    }

    word = 0;
    bits = 0;

    for (i = 0; i < text.len; i++) {
        value = base64_value(text.data[i]);

        if (value < 0) {
            return false;
        }

        word = word << 6 | (uint32_t) value;
        bits += 6;

        if (bits >= 8) {
            bits -= 8;
            nt_buf_append_char(out, (char) (word >> bits & 0xff));
        }
    }

    return text.len > 1;
}


/* One line "BASE64 RANK". */
static bool
add_line(nt_bpe_t *bpe, nt_str_t line)
{
    char        digits[12], *end;
    size_t      offset, len;
    slot_t     *slot;
    nt_str_t    token;
    const char *space;

    space = memchr(line.data, ' ', line.len);

    if (space == NULL) {
        return false;
    }

    token.data = line.data;
    token.len = (size_t) (space - line.data);
    len = line.len - token.len - 1;
    offset = bpe->bytes.len;

    if (len == 0 || len >= sizeof(digits) || offset > UINT32_MAX / 2 ||
        !decode(&bpe->bytes, token) || bpe->bytes.failed)
    {
        return false;
    }

    memcpy(digits, space + 1, len);
    digits[len] = '\0';
    slot = find(bpe, bpe->bytes.data + offset, bpe->bytes.len - offset);
    slot->offset = (uint32_t) offset;
    slot->len = (uint32_t) (bpe->bytes.len - offset);
    slot->rank = (uint32_t) strtoul(digits, &end, 10);

    return *end == '\0' && slot->rank != NONE;
}


static nt_str_t
next_line(nt_str_t *text)
{
    nt_str_t    line;
    const char *end;

    end = memchr(text->data, '\n', text->len);
    line.data = text->data;
    line.len = end == NULL ? text->len : (size_t) (end - text->data);
    text->data += line.len + (end != NULL);
    text->len -= line.len + (end != NULL);
    line.len -= line.len > 0 && line.data[line.len - 1] == '\r';
    return line;
}


nt_bpe_t *
nt_bpe_new(nt_str_t ranks, size_t *line)
{
    size_t    i, lines, cap;
    nt_bpe_t *bpe;
    nt_str_t  text;

    for (i = 0, lines = 1; i < ranks.len; i++) {
        lines += ranks.data[i] == '\n';
    }

    for (cap = 1024; cap < lines * 2; cap *= 2) {
        /* void */
    }

    *line = 0;
    bpe = calloc(1, sizeof(nt_bpe_t));

    if (bpe == NULL) {
        return NULL;
    }

    bpe->mask = cap - 1;
    bpe->slots = calloc(cap, sizeof(slot_t));

    if (bpe->slots == NULL) {
        nt_bpe_free(bpe);
        return NULL;
    }

    for (i = 1; ranks.len > 0; i++) {
        text = next_line(&ranks);

        if (text.len > 0 && !add_line(bpe, text)) {
            *line = bpe->bytes.failed ? 0 : i;
            nt_bpe_free(bpe);
            return NULL;
        }
    }

    return bpe;
}


void
nt_bpe_free(nt_bpe_t *bpe)
{
    if (bpe == NULL) {
        return;
    }

    nt_buf_free(&bpe->bytes);
    free(bpe->slots);
    free(bpe);
}


/* --- merging --- */

/* A part of the piece; parts are chained by the index of their first byte. */
typedef struct {
    uint32_t len; /* 0 when it has been merged into the one before it */
    uint32_t prev;
    uint32_t rank; /* of the pair of this part and the next one */
} part_t;

typedef struct {
    uint32_t rank;
    uint32_t index;
} pair_t;

typedef struct {
    const nt_bpe_t *bpe;
    nt_str_t        piece;
    part_t         *parts; /* one for each byte */
    pair_t         *heap;  /* pairs that were changed since are left in it */
    size_t          n_heap;
} merge_t;


static bool
before(pair_t a, pair_t b)
{
    return a.rank < b.rank || (a.rank == b.rank && a.index < b.index);
}


static void
push(merge_t *m, pair_t pair)
{
    size_t i;

    for (i = m->n_heap++; i > 0 && before(pair, m->heap[(i - 1) / 2]);
         i = (i - 1) / 2)
    {
        m->heap[i] = m->heap[(i - 1) / 2];
    }

    m->heap[i] = pair;
}


static pair_t
pop(merge_t *m)
{
    pair_t top, last;
    size_t i, child;

    top = m->heap[0];
    last = m->heap[--m->n_heap];

    for (i = 0; (child = i * 2 + 1) < m->n_heap; i = child) {
        if (child + 1 < m->n_heap && before(m->heap[child + 1], m->heap[child]))
        {
            child++;
        }

        if (!before(m->heap[child], last)) {
            break;
        }

        m->heap[i] = m->heap[child];
    }

    m->heap[i] = last;
    return top;
}


/* Looks the pair up that starts at `index`. */
static void
rate(merge_t *m, uint32_t index)
{
    part_t *part;
    size_t  next;

    part = &m->parts[index];
    next = index + part->len;
    part->rank = NONE;

    if (next < m->piece.len) {
        part->rank = rank_of(m->bpe, m->piece.data + index,
                             part->len + m->parts[next].len);
    }

    if (part->rank != NONE) {
        push(m, (pair_t) { part->rank, index });
    }
}


static void
merge_all(merge_t *m)
{
    pair_t  pair;
    size_t  after;
    part_t *part, *next;

    while (m->n_heap > 0) {
        pair = pop(m);
        part = &m->parts[pair.index];

        if (part->len == 0 || part->rank != pair.rank) {
            continue; /* one of the two is another by now */
        }

        next = &m->parts[pair.index + part->len];
        part->len += next->len;
        next->len = 0;
        after = pair.index + part->len;

        if (after < m->piece.len) {
            m->parts[after].prev = pair.index;
        }

        rate(m, pair.index);

        if (part->prev != NONE) {
            rate(m, part->prev);
        }
    }
}


nt_rc_t
nt_bpe_count(const nt_bpe_t *bpe, nt_str_t piece, size_t *count)
{
    size_t  i;
    nt_rc_t rc;
    merge_t m = { .bpe = bpe, .piece = piece };

    *count = piece.len > 0;

    if (piece.len == 0 || rank_of(bpe, piece.data, piece.len) != NONE) {
        return NT_OK;
    }

    /* each merge pushes two pairs at most, and there are n - 1 of them */
    m.parts = piece.len < NONE ? calloc(piece.len, sizeof(part_t)) : NULL;
    m.heap = m.parts == NULL ? NULL : calloc(piece.len * 3, sizeof(pair_t));

    if (m.heap == NULL) {
        free(m.parts);
        return NT_NOMEM;
    }

    for (i = 0; i < piece.len; i++) {
        m.parts[i].len = 1;
        m.parts[i].prev = i == 0 ? NONE : (uint32_t) i - 1;
    }

    for (i = 0; i < piece.len; i++) {
        rate(&m, (uint32_t) i);
    }

    merge_all(&m);
    rc = NT_OK;
    *count = 0;

    for (i = 0; i < piece.len; i += m.parts[i].len) {
        ++*count;

        if (rank_of(bpe, piece.data + i, m.parts[i].len) == NONE) {
            rc = NT_ERROR;
        }
    }

    free(m.parts);
    free(m.heap);
    return rc;
}
