/*
 * engine/nodes/search.h - search.*: searches by SerpApi, as tables.
 *
 * Each engine's page of https://serpapi.com names its parameters and results;
 * asking is engine/http/serpapi.h.
 */

#ifndef NT_SEARCH_H
#define NT_SEARCH_H

#include "engine/nodes/args.h"

/* A parameter of the engine: a constant, or the value of a property, which is
 * left out when it is "", 0 or null. */
typedef struct {
    const char *name;
    const char *value;           /* or NULL */
    const char *property;        /* or NULL */
    const char *const (*map)[2]; /* of the property's value to the engine's,
                                   * "" for none; ended by NULL; or NULL */
    int64_t most;                /* of a number; 0: no bound */
} nt_search_param_t;

/*
 * A line about a result: LABEL value [MID more END].  Paths are dotted, with |
 * between alternatives; a line whose first value is not there is left out.
 * With `each` the path is that of a list, each item of which has these lines.
 */
typedef struct nt_search_line nt_search_line_t;
struct nt_search_line {
    const char             *label;
    const char             *path;
    const char             *mid;
    const char             *more;
    const char             *end;
    size_t                  cut; /* characters; 0: all */
    const nt_search_line_t *each;
};

enum {
    NT_SEARCH_HL = 1 << 0,    /* the engine takes a language: hl=en */
    NT_SEARCH_GL = 1 << 1,    /* and a country: gl=us */
    NT_SEARCH_ALL = 1 << 2,   /* all of the lists, not the first */
    NT_SEARCH_ITEMS = 1 << 3, /* results are sections with "items" */
    NT_SEARCH_TIGHT = 1 << 4  /* no empty line between results */
};

typedef struct nt_search nt_search_t;
struct nt_search {
    nt_node_type_t           node; /* first: nt_call_type finds the rest */
    const char              *engine;
    unsigned                 flags;
    const nt_search_param_t *params;   /* ended by a NULL name */
    const char *const       *required; /* properties; ended by NULL */
    const char *const       *results;  /* members of the reply; ended by NULL */
    nt_search_line_t         head;     /* behind a result's number */
    const nt_search_line_t  *lines;    /* of a result; ended by a NULL path */
    const nt_search_line_t  *top;      /* of the reply, above; or NULL */
    const nt_search_line_t  *bottom;   /* below; or NULL */
    const char              *image;    /* path of an image's URL, or NULL */
    /* Emits what the reply holds. */
    nt_node_rc_t (*emit)(nt_node_call_t *call, const nt_search_t *search,
                         json_t *reply);
};

/* What all of them have as node.run. */
nt_node_rc_t nt_search_run(nt_node_call_t *call);

/* The same with another engine and parameters. */
nt_node_rc_t nt_search_with(nt_node_call_t *call, const nt_search_t *search);

/* "results" and "text" (and "images" where there is a path of them). */
nt_node_rc_t nt_search_emit_list(nt_node_call_t    *call,
                                 const nt_search_t *search, json_t *reply);
/* "output": the first of the results that is there, else all of the reply. */
nt_node_rc_t nt_search_emit_one(nt_node_call_t *call, const nt_search_t *search,
                                json_t *reply);
/* "output": those of the results that are there. */
nt_node_rc_t nt_search_emit_some(nt_node_call_t    *call,
                                 const nt_search_t *search, json_t *reply);

/* The list of results, at most 'num_results' where the node has that.  New
 * reference; NULL when memory is out. */
json_t *nt_search_results(nt_node_call_t *call, const nt_search_t *search,
                          const json_t *reply);

/* Refs of type image to what `search->image` finds in the results. */
json_t *nt_search_images(const nt_search_t *search, const json_t *results);

/* --- search_text.c --- */

/* The value at a path; borrowed, NULL for none that says anything. */
json_t *nt_search_at(const json_t *value, const char *path);

/* The text about the results; NULL when memory is out. */
json_t *nt_search_text(const nt_search_t *search, const json_t *reply,
                       const json_t *results);

/* --- tables --- */

extern const nt_search_t nt_search_google[];
extern const nt_search_t nt_search_travel[];
extern const nt_search_t nt_search_shops[];
extern const nt_search_t nt_search_engines[];
extern const nt_search_t nt_search_media[];

extern const nt_output_t nt_search_out_list[]; /* results, text */

#define NT_SEARCH_QUERY(property, text) NT_PROP(property, "str", "\"\"", text)
#define NT_SEARCH_NUMBER(number)                                               \
    NT_PROP("num_results", "int", number, "Results at most")

#endif
