/*
 * engine/nodes/bpe.h - byte pair encoding with the vocabularies of OpenAI's
 * tiktoken.
 *
 * A vocabulary is a text of lines "BASE64 RANK": the bytes of a token and
 * when they were merged.  It is immutable, so threads may share it.
 */

#ifndef NT_BPE_H
#define NT_BPE_H

#include "core/nt_buf.h"

typedef struct nt_bpe nt_bpe_t;

/* NULL when a line is malformed, with *line its number from 1, or when memory
 * is out (*line is 0). */
nt_bpe_t *nt_bpe_new(nt_str_t ranks, size_t *line);
void      nt_bpe_free(nt_bpe_t *bpe);

/* The number of tokens of one piece of text (a word, as the encoding's
 * pattern splits it).  NT_ERROR when the vocabulary lacks a byte of it. */
nt_rc_t nt_bpe_count(const nt_bpe_t *bpe, nt_str_t piece, size_t *count);

#endif
