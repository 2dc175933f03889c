#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/nt_id.h"
#include "engine/json.h"
#include "engine/log.h"
#include "engine/workflows/cache.h"
#include "engine/workflows/document.h"
#include "engine/workflows/file.h"
#include "engine/workflows/workflows.h"

struct nt_workflows {
    nt_cache_t cache;
};

struct nt_workflow_write {
    char    *id;
    int      dir;
    int      status; /* that end returns when all went well */
    int      err;    /* an errno value of run */
    nt_buf_t text;
};


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
    free(w);
}


static int
out_of_memory(nt_buf_t *error)
{
    nt_buf_printf(error, "The server is out of memory. Try again later.");
    return 503;
}


/* What a cache or file error means for the caller; the log has the rest. */
static int
fail(int err, const char *id, nt_buf_t *error)
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
        return out_of_memory(error);

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


static bool
may_use(const json_t *document, const char *user)
{
    const char *owner = nt_document_owner(document);

    return owner == NULL || user == NULL || strcmp(owner, user) == 0;
}


static int
foreign(const char *id, nt_buf_t *error)
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
        return fail(err, id, error);
    }

    if (!may_use((*item)->document, user)) {
        return foreign(id, error);
    }

    return 200;
}


int
nt_workflows_list(nt_workflows_t *w, const char *user, const char *cursor,
                  unsigned limit, json_t **list, nt_buf_t *error)
{
    int         err;
    size_t      i = 0;
    unsigned    n = 0;
    const char *last = NULL, *next = NULL;
    json_t     *workflows;

    err = nt_cache_scan(&w->cache);
    if (err != 0) {
        nt_log(NT_LOG_ERROR, "workflows: cannot read the folder: %s",
               strerror(err));
        nt_buf_printf(error, "The stored workflows cannot be read.");
        return 500;
    }

    workflows = json_array();
    if (workflows == NULL) {
        return out_of_memory(error);
    }

    if (cursor != NULL && cursor[0] != '\0') {
        i = nt_cache_after(&w->cache, cursor);
    }

    for (/* void */; i < w->cache.n; i++) {
        nt_workflow_t *item = w->cache.items[i];

        if (item->view == NULL || !may_use(item->document, user)) {
            continue;
        }

        if (n++ == limit) {
            next = last;
            break;
        }

        last = item->id;

        if (json_array_append(workflows, item->view) != 0) {
            json_decref(workflows);
            return out_of_memory(error);
        }
    }

    *list = json_pack("{s:o,s:s?}", "workflows", workflows, "next", next);

    return *list != NULL ? 200 : out_of_memory(error);
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


static void
write_free(nt_workflow_write_t *write)
{
    free(write->id);
    nt_buf_free(&write->text);
    free(write);
}


/* The document that was sent, checked. NULL with *status set. */
static json_t *
parse_document(const char *id, const char *body, size_t len, int *status,
               nt_buf_t *error)
{
    json_t *document;

    if (!nt_workflow_id_valid(nt_str(id))) {
        nt_buf_printf(error, "A workflow id must be 1 to 128 characters of "
                             "A-Z a-z 0-9 . _ - and inner spaces, and must "
                             "not start with a dot.");
        *status = 422;
        return NULL;
    }

    document = nt_json_parse(body, len, error);
    if (document == NULL) {
        *status = 400;
        return NULL;
    }

    *status = 422;

    if (!nt_document_check(document, error)) {
        json_decref(document);
        return NULL;
    }

    /* an id in the body gives way to the one in the path */
    return document;
}


int
nt_workflows_put_begin(nt_workflows_t *w, const char *user, const char *id,
                       const char *body, size_t len,
                       nt_workflow_write_t **write, nt_buf_t *error)
{
    int                  status, err;
    json_t              *document, *old;
    nt_workflow_t       *item = NULL;
    nt_workflow_write_t *wr;

    document = parse_document(id, body, len, &status, error);
    if (document == NULL) {
        return status;
    }

    err = nt_cache_get(&w->cache, id, &item);

    /* a file that is no workflow may be replaced by anybody */

    if (err != 0 && err != ENOENT && err != EBADMSG) {
        json_decref(document);
        return fail(err, id, error);
    }

    if (err == 0 && !may_use(item->document, user)) {
        json_decref(document);
        return foreign(id, error);
    }

    old = err == 0 ? item->document : NULL;

    wr = calloc(1, sizeof(*wr));

    if (wr == NULL || (wr->id = strdup(id)) == NULL ||
        !nt_document_prepare(document, id, user, old))
    {
        goto nomem;
    }

    wr->dir = w->cache.dir;
    wr->status = item != NULL ? 200 : 201;

    nt_json_append_pretty(&wr->text, document);
    nt_buf_append_char(&wr->text, '\n');

    if (wr->text.failed) {
        goto nomem;
    }

    json_decref(document);
    *write = wr;

    return wr->status;

nomem:

    json_decref(document);

    if (wr != NULL) {
        write_free(wr);
    }

    return out_of_memory(error);
}


void
nt_workflow_write_run(nt_workflow_write_t *write)
{
    char name[128 + sizeof(".json")];

    (void) snprintf(name, sizeof(name), "%s.json", write->id);

    write->err =
        nt_file_replace(write->dir, name, write->text.data, write->text.len);
}


int
nt_workflows_put_end(nt_workflows_t *w, nt_workflow_write_t *write,
                     json_t **workflow, nt_buf_t *error)
{
    int            err, status = write->status;
    nt_workflow_t *item;

    err = write->err != 0 ? write->err
                          : nt_cache_get(&w->cache, write->id, &item);

    if (err == 0) {
        *workflow = json_incref(item->view);

    } else {
        status = fail(err, write->id, error);
    }

    write_free(write);

    return status;
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
        return fail(err, id, error);
    }

    if (err == 0 && !may_use(item->document, user)) {
        return foreign(id, error);
    }

    (void) snprintf(name, sizeof(name), "%s.json", id);

    if (unlinkat(w->cache.dir, name, 0) == -1) {
        return fail(errno, id, error);
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
        return out_of_memory(error);
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


/* As find, by the name that agents call a workflow by. */
static int
find_tool(nt_workflows_t *w, const char *user, const char *name,
          nt_workflow_t **item, nt_buf_t *error)
{
    int         err;
    size_t      i;
    const char *text;

    err = nt_cache_scan(&w->cache);
    if (err != 0) {
        return fail(err, name, error);
    }

    for (i = 0; i < w->cache.n; i++) {
        *item = w->cache.items[i];
        text =
            json_string_value(json_object_get((*item)->document, "tool_name"));

        if ((*item)->view != NULL && text != NULL && strcmp(text, name) == 0 &&
            may_use((*item)->document, user))
        {
            return 200;
        }
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
