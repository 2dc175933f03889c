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
nt_workflows_t *nt_workflows_new(const char *folder,
                                 const nt_registry_t *registry,
                                 nt_buf_t *error);
void            nt_workflows_free(nt_workflows_t *workflows);

/*
 * These return an HTTP status and, on other than 2xx, a sentence in `error`.
 * JSON that comes back is a new reference.  A workflow belongs to the user
 * who made it (field user_id, which replies do not show to others); files
 * without one, put there by hand, are everyone's.
 */
int nt_workflows_list(nt_workflows_t *workflows, const char *user,
                      const char *cursor, unsigned limit, json_t **list,
                      nt_buf_t *error);
int nt_workflows_get(nt_workflows_t *workflows, const char *user,
                     const char *id, json_t **workflow, nt_buf_t *error);
int nt_workflows_put(nt_workflows_t *workflows, const char *user,
                     const char *id, const char *body, size_t len,
                     json_t **workflow, nt_buf_t *error);
int nt_workflows_delete(nt_workflows_t *workflows, const char *user,
                        const char *id, nt_buf_t *error);

/* For a run: 422 names nodes and edges that are wrong. The graph is a new
 * reference. */
int nt_workflows_graph(nt_workflows_t *workflows, const char *user,
                       const char *id, nt_graph_t **graph, nt_buf_t *error);

#endif
