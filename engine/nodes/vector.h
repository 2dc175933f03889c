/*
 * engine/nodes/vector.h - distances of vectors, and the nearest of many.
 *
 * Vectors are floats in the byte order of the machine; those that are
 * searched may stand at any address.
 */

#ifndef NT_VECTOR_H
#define NT_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    NT_METRIC_L2, /* the square of the Euclidean distance: less is nearer */
    NT_METRIC_IP  /* the inner product: more is nearer */
} nt_metric_t;

float nt_vector_distance(nt_metric_t metric, const float *query,
                         const void *vector, size_t dim);

typedef struct {
    float   distance;
    int64_t label;
} nt_near_t;

/* The k nearest of those that were added, a heap with the farthest on top. */
typedef struct {
    nt_metric_t metric;
    size_t      k;
    size_t      n;
    nt_near_t  *items; /* owned */
} nt_nearest_t;

/* k > 0.  False when memory is out. */
bool nt_nearest_init(nt_nearest_t *nearest, nt_metric_t metric, size_t k);
void nt_nearest_free(nt_nearest_t *nearest);

/* Of equal distances the smaller label is the nearer one; a nan is farther
 * than all. */
void nt_nearest_add(nt_nearest_t *nearest, float distance, int64_t label);

/* Sorts items[0] ... items[n - 1], the nearest first; nothing can be added
 * then. */
void nt_nearest_sort(nt_nearest_t *nearest);

#endif
