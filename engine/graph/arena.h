/*
 * engine/graph/arena.h - many small allocations that are freed together.
 */

#ifndef NT_ARENA_H
#define NT_ARENA_H

#include <stddef.h>

typedef struct nt_arena_block nt_arena_block_t;

/* A zeroed arena is a valid empty one. */
typedef struct {
    nt_arena_block_t *blocks;
    size_t            free; /* bytes left in the first block */
} nt_arena_t;

/* Zeroed memory, aligned for any type; NULL when memory is out. */
void *nt_arena_alloc(nt_arena_t *arena, size_t size);

/* A NUL-terminated copy. */
char *nt_arena_copy(nt_arena_t *arena, const char *data, size_t len);

void nt_arena_free(nt_arena_t *arena);

#endif
