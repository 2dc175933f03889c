/*
 * core/llm/nt_estimate.h - about how many tokens a request has, before
 * anybody has counted them: four bytes of its body each.  A string that is
 * encoded data (an image, a sound) counts as much as a small image does, not
 * by its length.
 */

#ifndef NT_ESTIMATE_H
#define NT_ESTIMATE_H

#include "core/nt_base.h"

typedef struct {
    uint64_t bytes;  /* of what is text */
    uint64_t string; /* bytes since the last quotation mark */
    bool     data;   /* these look like encoded data so far */
} nt_estimate_t;

NT_BEGIN_DECLS

/* A zeroed nt_estimate_t is one of nothing; takes the next bytes of a JSON
 * text. */
void    nt_estimate_feed(nt_estimate_t *estimate, const char *p, size_t len);
int64_t nt_estimate_tokens(const nt_estimate_t *estimate);

NT_END_DECLS

#endif
