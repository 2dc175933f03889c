#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/nt_id.h"
#include "engine/json.h"
#include "engine/log.h"
#include "engine/workflows/access.h"
#include "engine/workflows/document.h"
#include "engine/workflows/file.h"
#include "engine/workflows/workflows_int.h"


nt_workflows_t *
nt_workflows_new(const char *folder, const nt_registry_t *registry,
                 nt_buf_t *error)
{
    nt_workflows_t *w;

    w = calloc(1, sizeof(*w));
    if (w == NULL) {
        nt_buf_printf(error, "Out of memory.");
        return NULL;
    }

    if (mkdir(folder, 0777) == -1 && errno != EEXIST) {
        nt_buf_printf(error, "Cannot make the folder %s: %s.", folder,
                      strerror(errno));
        free(w);
        return NULL;
    }

    w->examples.dir = -1;
    w->cache.registry = registry;
    w->cache.dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (w->cache.dir == -1) {
        nt_buf_printf(error, "Cannot open the folder %s: %s.", folder,
                      strerror(errno));
        free(w);
        return NULL;
    }

    nt_file_sweep(w->cache.dir);

    return w;
}


void
nt_workflows_free(nt_workflows_t *w)
{
    if (w == NULL) {
        return;
    }

    nt_cache_free(&w->cache);
    (void) close(w->cache.dir);
    if (w->examples.dir != -1) {
        nt_cache_free(&w->examples);
        (void) close(w->examples.dir);
    }
    free(w);
}


bool
nt_workflows_open_examples(nt_workflows_t *w, const char *folder,
                           nt_buf_t *error)
{
    w->examples.registry = w->cache.registry;
    w->examples.dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (w->examples.dir == -1) {
        nt_buf_printf(error, "Cannot open the folder %s: %s.", folder,
                      strerror(errno));
    }

    return w->examples.dir != -1;
}


int
nt_workflows_nomem(nt_buf_t *error)
{
    nt_buf_printf(error, "The server is out of memory. Try again later.");
    return 503;
}


/* What a cache or file error means for the caller; the log has the rest. */
int
nt_workflows_fail(int err, const char *id, nt_buf_t *error)
{
    switch (err) {
    case ENOENT:
        nt_buf_printf(error, "Workflow not found: %.200s", id);
        return 404;

    case EBADMSG:
        nt_buf_printf(error,
                      "The stored file of workflow %s is not a workflow. "
                      "Replace it with PUT or delete it.",
                      id);
        return 500;

    case ENOMEM:
        return nt_workflows_nomem(error);

    case ENOSPC:
    case EDQUOT:
        nt_log(NT_LOG_ERROR, "workflow %s: %s", id, strerror(err));
        nt_buf_printf(error, "The server has no space left to store it.");
        return 503;

    default:
        nt_log(NT_LOG_ERROR, "workflow %s: %s", id, strerror(err));
        nt_buf_printf(error, "The stored workflow cannot be accessed.");
        return 500;
    }
}


int
nt_workflows_foreign(const char *id, nt_buf_t *error)
{
    nt_buf_printf(error, "Workflow %s belongs to another user.", id);
    return 403;
}


/* 200 and the workflow, or an error status. */
static int
find(nt_workflows_t *w, const char *user, const char *id, nt_workflow_t **item,
     nt_buf_t *error)
{
    int err = nt_cache_get(&w->cache, id, item);

    if (err != 0) {
        return nt_workflows_fail(err, id, error);
    }

    if (!nt_access_read((*item)->document, user)) {
        return nt_workflows_foreign(id, error);
    }

    return 200;
}


int
nt_workflows_get(nt_workflows_t *w, const char *user, const char *id,
                 json_t **workflow, nt_buf_t *error)
{
    int            status;
    nt_workflow_t *item;

    status = find(w, user, id, &item, error);
    if (status == 200) {
        *workflow = json_incref(item->view);
    }

    return status;
}


int
nt_workflows_get_public(nt_workflows_t *w, const char *id, json_t **workflow,
                        nt_buf_t *error)
{
    int            err;
    nt_workflow_t *item;

    err = nt_cache_get(&w->cache, id, &item);

    if (err != 0 || !nt_access_public(item->document)) {
        return nt_workflows_fail(err != 0 ? err : ENOENT, id, error);
    }

    *workflow = json_incref(item->view);

    return 200;
}


int
nt_workflows_delete(nt_workflows_t *w, const char *user, const char *id,
                    nt_buf_t *error)
{
    int            err;
    char           name[128 + sizeof(".json")];
    nt_workflow_t *item;

    err = nt_cache_get(&w->cache, id, &item);

    /* what is no workflow can still be deleted */

    if (err != 0 && err != EBADMSG) {
        return nt_workflows_fail(err, id, error);
    }

    if (!nt_access_change(err == 0 ? item->document : NULL, user)) {
        return nt_workflows_foreign(id, error);
    }

    (void) snprintf(name, sizeof(name), "%s.json", id);

    if (unlinkat(w->cache.dir, name, 0) == -1) {
        return nt_workflows_fail(errno, id, error);
    }

    return 204;
}


/* The graph of an item, or an error status. */
static int
item_graph(nt_workflows_t *w, nt_workflow_t *item, nt_graph_t **graph,
           nt_buf_t *error)
{
    nt_graph_t *compiled = nt_cache_graph(&w->cache, item);

    if (compiled != NULL) {
        *graph = nt_graph_ref(compiled);
        return 200;
    }

    if (item->fault == NULL) {
        return nt_workflows_nomem(error);
    }

    nt_buf_printf(error, "%s", item->fault);

    return 422;
}


int
nt_workflows_graph(nt_workflows_t *w, const char *user, const char *id,
                   nt_graph_t **graph, nt_buf_t *error)
{
    int            status;
    nt_workflow_t *item;

    status = find(w, user, id, &item, error);

    return status == 200 ? item_graph(w, item, graph, error) : status;
}


int
nt_workflows_compile(nt_workflows_t *w, const json_t *json, nt_graph_t **graph,
                     nt_buf_t *error)
{
    char   *fault;
    json_t *errors = json_array(), *warnings = json_array();

    *graph = NULL;
    if (errors != NULL && warnings != NULL) {
        *graph = nt_graph_compile(json, w->cache.registry, errors, warnings);
    }

    fault = *graph == NULL && json_array_size(errors) > 0
                ? nt_cache_faults(errors)
                : NULL;
    json_decref(errors);
    json_decref(warnings);

    if (*graph != NULL) {
        return 200;
    }

    if (fault == NULL) {
        return nt_workflows_nomem(error);
    }

    nt_buf_printf(error, "%s", fault);
    free(fault);

    return 422;
}


static bool
has_tool_name(const nt_workflow_t *item, const char *name)
{
    const char *text;

    text = json_string_value(json_object_get(item->document, "tool_name"));

    return item->view != NULL && text != NULL && strcmp(text, name) == 0;
}


/* As find, by the name that agents call a workflow by: the user's own, else
 * one without an owner.  What others have made public is none: it would get
 * into a user's agents by taking a name that they use. */
static int
find_tool(nt_workflows_t *w, const char *user, const char *name,
          nt_workflow_t **item, nt_buf_t *error)
{
    int            err;
    nt_workflow_t *unowned = NULL;

    err = nt_cache_scan(&w->cache);
    if (err != 0) {
        return nt_workflows_fail(err, name, error);
    }

    for (size_t i = 0; i < w->cache.n; i++) {
        *item = w->cache.items[i];

        if (!has_tool_name(*item, name) ||
            !nt_access_listed((*item)->document, user)) {
            continue;
        }

        if (user == NULL || nt_document_owner((*item)->document) != NULL) {
            return 200;
        }

        unowned = unowned != NULL ? unowned : *item;
    }

    *item = unowned;
    if (unowned != NULL) {
        return 200;
    }

    nt_buf_printf(error, "There is no workflow with the tool name \"%.200s\".",
                  name);
    return 404;
}


int
nt_workflows_find(nt_workflows_t *w, const char *user, const char *name,
                  bool tool, nt_subworkflow_t *found, nt_buf_t *error)
{
    int            status;
    nt_workflow_t *item;

    status = tool ? find_tool(w, user, name, &item, error)
                  : find(w, user, name, &item, error);

    if (status == 200) {
        status = item_graph(w, item, &found->graph, error);
    }

    if (status == 200) {
        found->view = json_incref(item->view);
    }

    return status;
}
