/*
 * engine/nodes/search_table.h - how the tables of search.* are written.
 */

#ifndef NT_SEARCH_TABLE_H
#define NT_SEARCH_TABLE_H

#include "engine/nodes/search.h"

#define NODE_AS(name, label, text, outs, run_it, emit_it, ...)                 \
    .node = { .type = "search." name,                                          \
              .title = label,                                                  \
              .description = text,                                             \
              .properties =                                                    \
                  (const nt_property_t[]) { __VA_ARGS__, NT_PROP_END },        \
              .outputs = outs,                                                 \
              .flags = NT_NODE_ASYNC,                                          \
              .run = run_it },                                                 \
    .emit = emit_it
#define NODE(name, label, text, ...)                                           \
    NODE_AS(name, label, text, nt_search_out_list, nt_search_run,              \
            nt_search_emit_list, __VA_ARGS__)

/* Of a node whose reply is one dict. */
#define NODE_DICT(name, label, text, emit_it, ...)                             \
    NODE_AS(name, label, text, nt_out_dict, nt_search_run, emit_it, __VA_ARGS__)

#define PARAMS(...)                                                            \
    .params = (const nt_search_param_t[])                                      \
    {                                                                          \
        __VA_ARGS__,                                                           \
        {                                                                      \
            .name = NULL                                                       \
        }                                                                      \
    }
#define FROM(parameter, from)                                                  \
    {                                                                          \
        .name = parameter, .property = from                                    \
    }
#define FROM_MAP(parameter, from, how)                                         \
    {                                                                          \
        .name = parameter, .property = from, .map = how                        \
    }
#define FROM_MOST(parameter, from, number)                                     \
    {                                                                          \
        .name = parameter, .property = from, .most = number                    \
    }
#define FIXED(parameter, constant)                                             \
    {                                                                          \
        .name = parameter, .value = constant                                   \
    }

#define REQUIRED(...)                                                          \
    .required = (const char *const[])                                          \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }
#define RESULTS(...)                                                           \
    .results = (const char *const[])                                           \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }

#define LINES(...)                                                             \
    (const nt_search_line_t[])                                                 \
    {                                                                          \
        __VA_ARGS__,                                                           \
        {                                                                      \
            .path = NULL                                                       \
        }                                                                      \
    }
#define LINE(text, at)                                                         \
    {                                                                          \
        .label = text, .path = at                                              \
    }
#define LINE_CUT(text, at, characters)                                         \
    {                                                                          \
        .label = text, .path = at, .cut = characters                           \
    }
#define LINE_END(text, at, behind)                                             \
    {                                                                          \
        .label = text, .path = at, .end = behind                               \
    }
#define LINE_MORE(text, at, between, other, behind)                            \
    {                                                                          \
        .label = text, .path = at, .mid = between, .more = other,              \
        .end = behind                                                          \
    }
#define LINE_RATING                                                            \
    LINE_MORE("Rating: ", "rating", " (", "reviews", " reviews)")
#define LINE_EACH(at, lines)                                                   \
    {                                                                          \
        .path = at, .each = lines                                              \
    }

#define TITLE .head = LINE("", "title")
#define END                                                                    \
    {                                                                          \
        .node = {.type = NULL }                                                \
    }

#define GOOGLE (NT_SEARCH_HL | NT_SEARCH_GL)

#endif
