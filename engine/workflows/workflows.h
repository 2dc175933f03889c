/*
 * engine/workflows/workflows.h - workflows as JSON files under the home.
 *
 * HOME/workflows/ID.json.  Written to a temporary file, synced, renamed;
 * fields that we do not know are kept.  Parsed and compiled workflows are
 * cached until their file changes (inode, size, mtime).
 */

#ifndef NT_WORKFLOWS_H
#define NT_WORKFLOWS_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/graph/graph.h"

typedef struct nt_workflows nt_workflows_t;

/* `folder` is made when it is not there. NULL with a sentence in `error`. */
nt_workflows_t *nt_workflows_new(const char          *folder,
                                 const nt_registry_t *registry,
                                 nt_buf_t            *error);
void            nt_workflows_free(nt_workflows_t *workflows);

/* The folder of examples, which are files of the same kind that are only
 * read.  False with a sentence in `error`. */
bool nt_workflows_open_examples(nt_workflows_t *workflows, const char *folder,
                                nt_buf_t *error);

/*
 * These return an HTTP status and, on other than 2xx, a sentence in `error`.
 * JSON that comes back is a new reference and must not be changed.
 *
 * A workflow belongs to the user who made it (field user_id, which replies do
 * not show); files without one, put there by hand, are user 1's to change and
 * everyone's to read and run, as are those with "access": "public".  A `user`
 * of NULL may do everything: an administrator, or who has asked before.
 */

typedef struct {
    const char *user;     /* whose; NULL: everybody's */
    const char *scope;    /* NULL: his and those without an owner; "public",
                           * "tools", "examples" */
    const char *run_mode; /* only those, if not NULL */
    const char *query;    /* only those with it in name, description or tags;
                           * of examples also in types and titles of nodes */
    const char *columns;  /* the fields of entries, with commas; or NULL */
    const char *cursor;   /* `next` of the list before; NULL: the start */
    unsigned    limit;
} nt_workflows_query_t;

/* Lists are sorted by id, and shorter than `limit` when their text would
 * grow beyond NT_WORKFLOWS_LIST_BYTES. */
#define NT_WORKFLOWS_LIST_BYTES (8u << 20)

int nt_workflows_list(nt_workflows_t             *workflows,
                      const nt_workflows_query_t *query, json_t **reply,
                      nt_buf_t *error);
int nt_workflows_get(nt_workflows_t *workflows, const char *user,
                     const char *id, json_t **workflow, nt_buf_t *error);

/* One with "access": "public", whoever asks; 404 for any other. */
int nt_workflows_get_public(nt_workflows_t *workflows, const char *id,
                            json_t **workflow, nt_buf_t *error);

int nt_workflows_example(nt_workflows_t *workflows, const char *package,
                         const char *name, json_t **workflow, nt_buf_t *error);

/*
 * Puts a workflow in three steps, so that a loop does not wait for the disk:
 * begin checks the body and says what to write (on other than 2xx there is
 * nothing to write), run writes and may be called on any thread, end says how
 * it went and frees `write`.
 */
typedef struct nt_workflow_write nt_workflow_write_t;

/* `owner` is as whom it is changed, or NULL; `user` owns what is new. */
int nt_workflows_put_begin(nt_workflows_t *workflows, const char *owner,
                           const char *user, const char *id, const char *body,
                           size_t len, nt_workflow_write_t **write,
                           nt_buf_t *error);

/* The same for a workflow under a new id: that of the body, or, if `package`
 * and `name` are not NULL, an example with what the body says otherwise. */
int nt_workflows_create_begin(nt_workflows_t *workflows, const char *user,
                              const char *package, const char *name,
                              const char *body, size_t len,
                              nt_workflow_write_t **write, nt_buf_t *error);

void nt_workflow_write_run(nt_workflow_write_t *write);
int  nt_workflows_put_end(nt_workflows_t *workflows, nt_workflow_write_t *write,
                          json_t **workflow, nt_buf_t *error);

int nt_workflows_delete(nt_workflows_t *workflows, const char *user,
                        const char *id, nt_buf_t *error);

/* For a run: 422 names nodes and edges that are wrong. The graph is a new
 * reference.  `user` NULL: whoever owns it, for a job that was accepted
 * before. */
int nt_workflows_graph(nt_workflows_t *workflows, const char *user,
                       const char *id, nt_graph_t **graph, nt_buf_t *error);

/* The same of a graph that is no workflow's. */
int nt_workflows_compile(nt_workflows_t *workflows, const json_t *json,
                         nt_graph_t **graph, nt_buf_t *error);

/* For a node that runs a workflow, by its id or, if `tool`, its tool_name
 * (the first in the user's list, his own before others): 200 and *found, or
 * another status. */
int nt_workflows_find(nt_workflows_t *workflows, const char *user,
                      const char *name, bool tool, nt_subworkflow_t *found,
                      nt_buf_t *error);

#endif
