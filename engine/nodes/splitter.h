/*
 * engine/nodes/splitter.h - texts in chunks, as LangChain's
 * RecursiveCharacterTextSplitter makes them.
 */

#ifndef NT_SPLITTER_H
#define NT_SPLITTER_H

#include <jansson.h>

#include "core/nt_buf.h"

typedef struct {
    size_t        size;       /* characters of a chunk at most */
    size_t        overlap;    /* of the next with it, at most; < size */
    const json_t *separators; /* strings, the best first; "" splits anywhere */
} nt_splitter_t;

/* Takes a chunk that starts `offset` bytes into the text; false to stop.  It
 * has no white space around it unless it is too long. */
typedef bool (*nt_splitter_put_t)(void *data, nt_str_t chunk, size_t offset);

/* Splits valid UTF-8.  A part that no separator divides stays whole, however
 * long it is. False when memory is out or `put` has said so. */
bool nt_splitter_run(const nt_splitter_t *splitter, nt_str_t text,
                     nt_splitter_put_t put, void *data);

#endif
