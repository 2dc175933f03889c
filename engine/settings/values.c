#include "engine/settings/values.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

typedef struct nt_entry nt_entry_t;

struct nt_entry {
    nt_entry_t *next;
    char       *name; /* in the same allocation, as is the value */
    char       *value;
    size_t      size; /* of the allocation */
};

struct nt_values {
    unsigned    refs;
    bool        broken;
    nt_entry_t *entries;
};


nt_values_t *
nt_values_new(void)
{
    nt_values_t *values = calloc(1, sizeof(*values));

    if (values != NULL) {
        values->refs = 1;
    }

    return values;
}


nt_values_t *
nt_values_ref(nt_values_t *values)
{
    values->refs++;
    return values;
}


void
nt_values_unref(nt_values_t *values)
{
    nt_entry_t *entry;

    if (values == NULL || --values->refs > 0) {
        return;
    }

    while (values->entries != NULL) {
        entry = values->entries;
        values->entries = entry->next;
        OPENSSL_cleanse(entry, entry->size);
        free(entry);
    }

    free(values);
}


bool
nt_values_add(nt_values_t *values, const char *name, nt_str_t value)
{
    size_t      len = strlen(name), size;
    nt_entry_t *entry;

    size = sizeof(*entry) + len + 1 + value.len + 1;
    entry = calloc(1, size);
    if (entry == NULL) {
        return false;
    }

    entry->size = size;
    entry->name = (char *) (entry + 1);
    memcpy(entry->name, name, len);

    if (value.data != NULL) {
        entry->value = entry->name + len + 1;
        memcpy(entry->value, value.data, value.len);
    }

    entry->next = values->entries;
    values->entries = entry;

    return true;
}


void
nt_values_break(nt_values_t *values)
{
    values->broken = true;
}


bool
nt_values_find(const nt_values_t *values, const char *name, const char **value)
{
    *value = NULL;

    for (nt_entry_t *e = values->entries; e != NULL; e = e->next) {
        if (strcmp(e->name, name) == 0) {
            *value = e->value;
            return true;
        }
    }

    return values->broken;
}
