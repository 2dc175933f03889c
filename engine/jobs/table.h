/*
 * engine/jobs/table.h - a hash table of strings to structs that hold a link.
 */

#ifndef NT_TABLE_H
#define NT_TABLE_H

#include "core/nt_base.h"

typedef struct nt_link nt_link_t;

struct nt_link {
    nt_link_t  *next;
    const char *key; /* borrowed from the struct that holds the link */
    uint32_t    hash;
};

/* A zeroed table is valid and empty. */
typedef struct {
    nt_link_t **slots;
    size_t      size; /* of slots: 0 or a power of two */
    size_t      n;
} nt_table_t;

/* The struct that holds `link` as `member`. */
#define nt_table_entry(link, type, member)                                     \
    ((type *) ((char *) (link) -offsetof(type, member)))

#define NT_TABLE_HASH 2166136261u

/* FNV-1a of a string, begun with NT_TABLE_HASH or with the hash of what comes
 * before it. */
uint32_t nt_table_hash(const char *key, uint32_t hash);

/* The key must not be in the table yet. False when memory is out. */
bool       nt_table_add(nt_table_t *table, nt_link_t *link, const char *key);
nt_link_t *nt_table_find(const nt_table_t *table, const char *key);

/* The link must be in the table. */
void nt_table_remove(nt_table_t *table, nt_link_t *link);

/* Frees the table's own memory; the links are their owners'. */
void nt_table_free(nt_table_t *table);

#endif
