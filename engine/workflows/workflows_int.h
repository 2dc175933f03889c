/*
 * engine/workflows/workflows_int.h - what the files of workflows.h share.
 */

#ifndef NT_WORKFLOWS_INT_H
#define NT_WORKFLOWS_INT_H

#include "engine/workflows/cache.h"
#include "engine/workflows/workflows.h"

struct nt_workflows {
    nt_cache_t cache;
    nt_cache_t examples; /* `dir` is -1 where there are none */
};

/* These put a sentence into `error` and return its status. */
int nt_workflows_nomem(nt_buf_t *error);
int nt_workflows_foreign(const char *id, nt_buf_t *error);

/* What an errno value of the cache or a file means for the caller; the log
 * has the rest. */
int nt_workflows_fail(int err, const char *id, nt_buf_t *error);

/* --- examples.c --- */

/* 200 and the example of this package and name, valid until the next call, or
 * an error status. */
int nt_workflows_find_example(nt_workflows_t *w, const char *package,
                              const char *name, nt_workflow_t **item,
                              nt_buf_t *error);

/* An example as a client sees it: everybody's, and of a package.  New
 * reference; NULL when memory is out. */
json_t *nt_workflows_example_view(const nt_workflow_t *item);

#endif
