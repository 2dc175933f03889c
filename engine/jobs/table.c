#include "engine/jobs/table.h"

#include <stdlib.h>

#define NT_TABLE_FIRST 64


uint32_t
nt_table_hash(const char *key, uint32_t hash)
{
    for (const unsigned char *p = (const unsigned char *) key; *p; p++) {
        hash = (hash ^ *p) * 16777619u;
    }

    return hash;
}


static bool
nt_table_resize(nt_table_t *table, size_t size)
{
    nt_link_t **slots = calloc(size, sizeof(*slots));

    if (slots == NULL) {
        return false;
    }

    for (size_t i = 0; i < table->size; i++) {
        nt_link_t *link, *next;

        for (link = table->slots[i]; link; link = next) {
            nt_link_t **slot = &slots[link->hash & (size - 1)];

            next = link->next;
            link->next = *slot;
            *slot = link;
        }
    }

    free(table->slots);
    table->slots = slots;
    table->size = size;

    return true;
}


bool
nt_table_add(nt_table_t *table, nt_link_t *link, const char *key)
{
    nt_link_t **slot;

    /* a full table that cannot grow still works, with longer chains */
    if (table->n >= table->size &&
        !nt_table_resize(table,
                         table->size ? table->size * 2 : NT_TABLE_FIRST) &&
        table->size == 0)
    {
        return false;
    }

    link->key = key;
    link->hash = nt_table_hash(key, NT_TABLE_HASH);

    slot = &table->slots[link->hash & (table->size - 1)];
    link->next = *slot;
    *slot = link;
    table->n++;

    return true;
}


nt_link_t *
nt_table_find(const nt_table_t *table, const char *key)
{
    uint32_t hash;

    if (table->n == 0) {
        return NULL;
    }

    hash = nt_table_hash(key, NT_TABLE_HASH);

    for (nt_link_t *link = table->slots[hash & (table->size - 1)]; link;
         link = link->next)
    {
        if (link->hash == hash && strcmp(link->key, key) == 0) {
            return link;
        }
    }

    return NULL;
}


void
nt_table_remove(nt_table_t *table, nt_link_t *link)
{
    nt_link_t **slot = &table->slots[link->hash & (table->size - 1)];

    while (*slot != link) {
        slot = &(*slot)->next;
    }

    *slot = link->next;
    table->n--;
}


void
nt_table_free(nt_table_t *table)
{
    free(table->slots);
    *table = (nt_table_t) { 0 };
}
