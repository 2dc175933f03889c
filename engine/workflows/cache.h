/*
 * engine/workflows/cache.h - the files of a folder, parsed, kept until they
 * change (inode, size, mtime).
 */

#ifndef NT_WORKFLOW_CACHE_H
#define NT_WORKFLOW_CACHE_H

#include <jansson.h>
#include <sys/stat.h>

#include "core/nt_buf.h"
#include "engine/graph/graph.h"

#define NT_WORKFLOW_MAX (64u * 1024 * 1024) /* bytes of a file */

typedef struct {
    char       *id;
    struct stat st;       /* of the file that was read */
    json_t     *document; /* as stored; NULL: the file is no workflow */
    json_t     *view;     /* as shown */
    nt_graph_t *graph;    /* compiled when first asked for */
    char       *fault;    /* why there is no graph */
    bool        seen;     /* by the scan under way */
} nt_workflow_t;

typedef struct {
    int                  dir; /* descriptor of the folder */
    const nt_registry_t *registry;
    nt_workflow_t      **items; /* sorted by id */
    size_t               n;
    size_t               cap;
} nt_cache_t;

/* 0: *item is the workflow, valid until the next call.  ENOENT: there is
 * none.  EBADMSG: there is a file, but no workflow in it (the log says why).
 * Or another errno value. */
int nt_cache_get(nt_cache_t *cache, const char *id, nt_workflow_t **item);

/* Looks at the whole folder; then items of [0, n) are up to date, and those
 * with a view are workflows.  0 or an errno value. */
int nt_cache_scan(nt_cache_t *cache);

/* The first item behind `id`; n when there is none. */
size_t nt_cache_after(const nt_cache_t *cache, const char *id);

/* The graph of an item; NULL with item->fault set, or NULL and no fault when
 * memory is out. */
nt_graph_t *nt_cache_graph(nt_cache_t *cache, nt_workflow_t *item);

/* What nt_graph_compile found, as one sentence; malloc'ed, NULL when memory is
 * out. */
char *nt_cache_faults(const json_t *errors);

void nt_cache_free(nt_cache_t *cache);

#endif
