/*
 * engine/graph/results.h - results of nodes that are dear, kept for an hour.
 *
 * The key is the user, the node's type and all that it is given; what is
 * bounded is the text of the results.  It belongs to the loop's thread.
 */

#ifndef NT_RESULTS_H
#define NT_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NT_RESULTS_KEY 32 /* bytes: SHA-256 */

typedef struct nt_results nt_results_t;

/* `max` bytes, `ttl` milliseconds. NULL when memory is out. */
nt_results_t *nt_results_new(size_t max, uint64_t ttl);
void          nt_results_free(nt_results_t *results); /* NULL is fine */

/* {output: value}, a new reference; or NULL.  `now` is the loop's time. */
json_t *nt_results_get(nt_results_t *results, const unsigned char *key,
                       uint64_t now);

/* Keeps a result, if it is not too large; the oldest ones make room. */
void nt_results_put(nt_results_t *results, const unsigned char *key,
                    json_t *outputs, uint64_t now);

/* False for a value whose meaning may change while it stays the same: one
 * that names a file, an asset or a URL. */
bool nt_results_stable(const json_t *value);

#endif
