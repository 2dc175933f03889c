#include "engine/graph/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 8192

struct nt_arena_block {
    nt_arena_block_t *next;
    alignas(max_align_t) char data[];
};

void *
nt_arena_alloc(nt_arena_t *arena, size_t size)
{
    nt_arena_block_t *block;
    size_t            room;
    const size_t      align = alignof(max_align_t);

    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size = (size + align - 1) / align * align;

    if (size > arena->free) {
        room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = calloc(1, sizeof(*block) + room);
        if (block == NULL) {
            return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
        arena->free = room;
    }

    /* A block is filled from its end: then `free` alone says where. */
    arena->free -= size;
    return arena->blocks->data + arena->free;
}

char *
nt_arena_copy(nt_arena_t *arena, const char *data, size_t len)
{
    char *copy;

    if (len == SIZE_MAX) {
        return NULL;
    }
    copy = nt_arena_alloc(arena, len + 1);
    if (copy != NULL && len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

void
nt_arena_free(nt_arena_t *arena)
{
    nt_arena_block_t *block, *next;

    for (block = arena->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    arena->blocks = NULL;
    arena->free = 0;
}
