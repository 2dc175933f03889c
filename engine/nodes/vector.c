/*
 * engine/nodes/vector.c - distances of vectors, and the nearest of many.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/nodes/vector.h"

/* Sums in lanes, which the compiler may not make of a plain loop: the order
 * of additions would change. */
#define LANES 16

typedef float lanes_t __attribute__((vector_size(LANES * sizeof(float))));


static float
sum_lanes(const lanes_t *lanes)
{
    float  sum;
    size_t i;

    for (sum = 0, i = 0; i < LANES; i++) {
        sum += (*lanes)[i];
    }

    return sum;
}


float
nt_vector_distance(nt_metric_t metric, const float *query, const void *vector,
                   size_t dim)
{
    float       sum, x;
    size_t      i;
    lanes_t     a, b, lanes = { 0 };
    const char *p;

    p = vector;

    for (i = 0; i + LANES <= dim; i += LANES) {
        (void) memcpy(&a, query + i, sizeof(a));
        (void) memcpy(&b, p + i * sizeof(float), sizeof(b));

        if (metric == NT_METRIC_L2) {
            a -= b;
            b = a;
        }

        lanes += a * b;
    }

    sum = sum_lanes(&lanes);

    for (; i < dim; i++) {
        (void) memcpy(&x, p + i * sizeof(float), sizeof(x));
        sum += metric == NT_METRIC_L2 ? (query[i] - x) * (query[i] - x)
                                      : query[i] * x;
    }

    return sum;
}


bool
nt_nearest_init(nt_nearest_t *nearest, nt_metric_t metric, size_t k)
{
    *nearest = (nt_nearest_t) { .metric = metric, .k = k };
    nearest->items = calloc(k, sizeof(*nearest->items));
    return nearest->items != NULL;
}


void
nt_nearest_free(nt_nearest_t *nearest)
{
    free(nearest->items);
    *nearest = (nt_nearest_t) { 0 };
}


static bool
is_nearer(nt_metric_t metric, const nt_near_t *a, const nt_near_t *b)
{
    if (isnan(a->distance) || isnan(b->distance)) {
        if (isnan(a->distance) != isnan(b->distance)) {
            return isnan(b->distance);
        }
    } else if (a->distance != b->distance) {
        return metric == NT_METRIC_L2 ? a->distance < b->distance
                                      : a->distance > b->distance;
    }

    return a->label < b->label;
}


/* Puts `item` at place i or, past children that are farther, below. */
static void
sift_down(nt_nearest_t *nearest, size_t i, nt_near_t item)
{
    size_t     child;
    nt_near_t *items;

    items = nearest->items;

    while ((child = 2 * i + 1) < nearest->n) {
        if (child + 1 < nearest->n &&
            is_nearer(nearest->metric, &items[child], &items[child + 1]))
        {
            child++;
        }

        if (!is_nearer(nearest->metric, &item, &items[child])) {
            break;
        }

        items[i] = items[child];
        i = child;
    }

    items[i] = item;
}


static void
sift_up(nt_nearest_t *nearest, nt_near_t item)
{
    size_t     i, parent;
    nt_near_t *items;

    items = nearest->items;

    for (i = nearest->n++; i > 0; i = parent) {
        parent = (i - 1) / 2;

        if (!is_nearer(nearest->metric, &items[parent], &item)) {
            break;
        }

        items[i] = items[parent];
    }

    items[i] = item;
}


void
nt_nearest_add(nt_nearest_t *nearest, float distance, int64_t label)
{
    nt_near_t item;

    item = (nt_near_t) { distance, label };

    if (nearest->n < nearest->k) {
        sift_up(nearest, item);
    } else if (is_nearer(nearest->metric, &item, &nearest->items[0])) {
        sift_down(nearest, 0, item);
    }
}


void
nt_nearest_sort(nt_nearest_t *nearest)
{
    size_t    n;
    nt_near_t last;

    n = nearest->n;

    while (nearest->n > 1) {
        nearest->n--;
        last = nearest->items[nearest->n];
        nearest->items[nearest->n] = nearest->items[0];
        sift_down(nearest, 0, last);
    }

    nearest->n = n;
}
