/*
 * core/llm/nt_llm_quick.h - the events that streams are made of, without a
 * tree.
 *
 * Nearly all of a stream's events hold a piece of text and nothing else that
 * matters.  A dialect says what they look like, and gets what is in them,
 * straight from the bytes; an event of any other shape becomes a tree of
 * jansson's.  Both ways emit the same pieces, which a test and a fuzzer look
 * after.
 */

#ifndef NT_LLM_QUICK_H
#define NT_LLM_QUICK_H

#include "core/llm/nt_json_pull.h"

#define NT_LLM_QUICK_MAX 10

/* What a member may be; if it is anything else, the event has another shape.
 * Members that are not named may be anything. */
typedef enum {
    NT_LLM_QUICK_TEXT,   /* a string, or null */
    NT_LLM_QUICK_INT,    /* an integer */
    NT_LLM_QUICK_BOOL,   /* true or false, as an integer */
    NT_LLM_QUICK_FALSE,  /* false */
    NT_LLM_QUICK_NULL,   /* null */
    NT_LLM_QUICK_EMPTY,  /* null or an array with nothing in it */
    NT_LLM_QUICK_OBJECT, /* an object with `members`; as the integer 1 */
    NT_LLM_QUICK_ONE     /* an array with one of these */
} nt_llm_quick_kind_t;

typedef struct nt_llm_shape nt_llm_shape_t;

struct nt_llm_shape {
    nt_str_t              name; /* a list of them ends with an empty one */
    nt_llm_quick_kind_t   kind;
    unsigned              slot;    /* where a text or an integer is put */
    const nt_llm_shape_t *members; /* of an object */
};

#define NT_LLM_NAME(text)                                                      \
    {                                                                          \
        (text), sizeof(text) - 1                                               \
    }

/* What was in an event. */
typedef struct {
    nt_str_t text[NT_LLM_QUICK_MAX]; /* data is NULL: none */
    int64_t  integer[NT_LLM_QUICK_MAX];
    unsigned integers; /* a bit for each that was there */
} nt_llm_quick_t;

NT_BEGIN_DECLS

/* Reads an event; false when it has another shape, or is no JSON.  Texts
 * stand in it or in the buffers of `p`. */
bool nt_llm_quick_read(nt_json_pull_t *p, nt_str_t event,
                       const nt_llm_shape_t *members, nt_llm_quick_t *q);

NT_END_DECLS

static inline int64_t
nt_llm_quick_int(const nt_llm_quick_t *q, unsigned slot, int64_t otherwise)
{
    return (q->integers & 1u << slot) != 0 ? q->integer[slot] : otherwise;
}

#endif
