#include "engine/graph/results.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "engine/json.h"

#define BUCKETS  4096
#define OVERHEAD 256 /* bytes of an entry beside its text, about */

typedef struct entry entry_t;

struct entry {
    LIST_ENTRY(entry) in_bucket;
    TAILQ_ENTRY(entry) in_age;

    unsigned char key[NT_RESULTS_KEY];
    json_t       *outputs;
    size_t        size;
    uint64_t      until;
};

struct nt_results {
    LIST_HEAD(, entry) buckets[BUCKETS];
    TAILQ_HEAD(, entry) ages; /* the oldest first */

    size_t   max;
    size_t   size;
    uint64_t ttl;
};

nt_results_t *
nt_results_new(size_t max, uint64_t ttl)
{
    nt_results_t *results;
    size_t        i;

    results = calloc(1, sizeof(*results));
    if (results == NULL) {
        return NULL;
    }
    for (i = 0; i < BUCKETS; i++) {
        LIST_INIT(&results->buckets[i]);
    }
    TAILQ_INIT(&results->ages);
    results->max = max;
    results->ttl = ttl;
    return results;
}

static void
drop(nt_results_t *results, entry_t *entry)
{
    LIST_REMOVE(entry, in_bucket);
    TAILQ_REMOVE(&results->ages, entry, in_age);
    results->size -= entry->size;
    json_decref(entry->outputs);
    free(entry);
}

void
nt_results_free(nt_results_t *results)
{
    if (results == NULL) {
        return;
    }
    while (!TAILQ_EMPTY(&results->ages)) {
        drop(results, TAILQ_FIRST(&results->ages));
    }
    free(results);
}

/* All live as long, so the oldest are the first whose time is over. */
static void
expire(nt_results_t *results, uint64_t now)
{
    entry_t *entry;

    while ((entry = TAILQ_FIRST(&results->ages)) != NULL &&
           (entry->until <= now || results->size > results->max))
    {
        drop(results, entry);
    }
}

static size_t
bucket_of(const unsigned char *key)
{
    return ((size_t) key[0] << 8 | key[1]) % BUCKETS;
}

static entry_t *
find(nt_results_t *results, const unsigned char *key)
{
    entry_t *entry;

    LIST_FOREACH(entry, &results->buckets[bucket_of(key)], in_bucket)
    {
        if (memcmp(entry->key, key, NT_RESULTS_KEY) == 0) {
            return entry;
        }
    }
    return NULL;
}

json_t *
nt_results_get(nt_results_t *results, const unsigned char *key, uint64_t now)
{
    entry_t *entry;

    expire(results, now);
    entry = find(results, key);
    return entry != NULL ? json_incref(entry->outputs) : NULL;
}

void
nt_results_put(nt_results_t *results, const unsigned char *key, json_t *outputs,
               uint64_t now)
{
    nt_buf_t text = { 0 };
    entry_t *entry;
    size_t   size;
    bool     good;

    nt_json_append(&text, outputs);
    size = text.len + OVERHEAD;
    good = !text.failed && size <= results->max / 8;
    nt_buf_free(&text);
    if (!good) {
        return;
    }
    entry = find(results, key);
    if (entry != NULL) {
        drop(results, entry);
    }
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return;
    }
    memcpy(entry->key, key, NT_RESULTS_KEY);
    entry->outputs = json_incref(outputs);
    entry->size = size;
    entry->until = now + results->ttl;
    LIST_INSERT_HEAD(&results->buckets[bucket_of(key)], entry, in_bucket);
    TAILQ_INSERT_TAIL(&results->ages, entry, in_age);
    results->size += size;
    expire(results, now);
}

bool
nt_results_stable(const json_t *value)
{
    const char *name, *uri;
    json_t     *member;
    size_t      i;

    for (i = 0; i < json_array_size(value); i++) {
        if (!nt_results_stable(json_array_get(value, i))) {
            return false;
        }
    }
    uri = json_string_value(json_object_get(value, "uri"));
    if ((uri != NULL && *uri != '\0' && strncmp(uri, "data:", 5) != 0) ||
        json_string_length(json_object_get(value, "asset_id")) > 0)
    {
        return false;
    }
    json_object_foreach((json_t *) value, name, member)
    {
        if (!nt_results_stable(member)) {
            return false;
        }
    }
    return true;
}
