/*
 * engine/nodes/css_int.h - what the files of css.h share.
 *
 * A selector is kept as its parts, and matched from its last one on.
 */

#ifndef NT_CSS_INT_H
#define NT_CSS_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/nodes/css.h"

#define NT_CSS_PARTS_MAX 64  /* compounds, in all selectors of a list */
#define NT_CSS_TESTS_MAX 512 /* ... and what they ask for */

typedef enum {
    NT_CSS_TYPE,
    NT_CSS_ATTRIBUTE, /* value NULL: that there is one */
    NT_CSS_NTH,       /* a * n + b from the start */
    NT_CSS_NTH_LAST,  /* ... from the end */
    NT_CSS_EMPTY
} nt_css_kind_t;

typedef struct {
    nt_css_kind_t kind;
    bool          negated;
    bool          of_type; /* NT_CSS_NTH: among elements of its name */
    char          op;      /* NT_CSS_ATTRIBUTE: '=', '~', '|', '^', '$', '*' */
    char         *name;
    char         *value;
    long          a, b;
} nt_css_test_t;

/* What one element has to be. */
typedef struct {
    char   combinator; /* to the part before it: ' ', '>', '+', '~'; or 0 */
    size_t first, end; /* tests */
} nt_css_part_t;

struct nt_css {
    nt_css_part_t parts[NT_CSS_PARTS_MAX];
    size_t        n_parts;
    nt_css_test_t tests[NT_CSS_TESTS_MAX];
    size_t        n_tests;
};

#endif
