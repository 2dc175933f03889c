/*
 * engine/workflows/put.c - writes workflows, without a loop that waits for
 * the disk.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/nt_id.h"
#include "engine/json.h"
#include "engine/workflows/access.h"
#include "engine/workflows/document.h"
#include "engine/workflows/file.h"
#include "engine/workflows/workflows_int.h"

struct nt_workflow_write {
    char    *id;
    int      dir;
    int      status; /* that end returns when all went well */
    int      err;    /* an errno value of run */
    nt_buf_t text;
};


static void
write_free(nt_workflow_write_t *write)
{
    free(write->id);
    nt_buf_free(&write->text);
    free(write);
}


/* The document, or NULL: it is not well-formed, and released. */
static json_t *
checked(json_t *document, int *status, nt_buf_t *error)
{
    if (!nt_document_check(document, error)) {
        json_decref(document);
        *status = 422;
        return NULL;
    }

    return document;
}


/* The document that was sent, checked.  NULL with *status set. */
static json_t *
parse_document(const char *body, size_t len, int *status, nt_buf_t *error)
{
    json_t *document;

    document = nt_json_parse(body, len, error);
    if (document == NULL) {
        *status = 400;
        return NULL;
    }

    return checked(document, status, error);
}


/* What is to be written of a document, which is taken over.  `old` is what it
 * replaces, or NULL; NULL when memory is out. */
static nt_workflow_write_t *
write_new(nt_workflows_t *w, const char *id, const char *user, json_t *document,
          const json_t *old, int status)
{
    nt_workflow_write_t *wr = calloc(1, sizeof(*wr));

    if (wr == NULL || (wr->id = strdup(id)) == NULL ||
        !nt_document_prepare(document, id, user, old))
    {
        goto nomem;
    }

    wr->dir = w->cache.dir;
    wr->status = status;

    nt_json_append_pretty(&wr->text, document);
    nt_buf_append_char(&wr->text, '\n');

    if (wr->text.failed) {
        goto nomem;
    }

    json_decref(document);

    return wr;

nomem:

    json_decref(document);

    if (wr != NULL) {
        write_free(wr);
    }

    return NULL;
}


int
nt_workflows_put_begin(nt_workflows_t *w, const char *owner, const char *user,
                       const char *id, const char *body, size_t len,
                       nt_workflow_write_t **write, nt_buf_t *error)
{
    int            status, err;
    json_t        *document;
    nt_workflow_t *item = NULL;

    if (!nt_workflow_id_valid(nt_str(id))) {
        nt_buf_printf(error, "A workflow id must be 1 to 128 characters of "
                             "A-Z a-z 0-9 . _ - and inner spaces, and must "
                             "not start with a dot.");
        return 422;
    }

    /* an id in the body gives way to the one in the path */
    document = parse_document(body, len, &status, error);
    if (document == NULL) {
        return status;
    }

    err = nt_cache_get(&w->cache, id, &item);

    if (err != 0 && err != ENOENT && err != EBADMSG) {
        json_decref(document);
        return nt_workflows_fail(err, id, error);
    }

    if (err != ENOENT &&
        !nt_access_change(err == 0 ? item->document : NULL, owner)) {
        json_decref(document);
        return nt_workflows_foreign(id, error);
    }

    status = err == ENOENT ? 201 : 200;
    *write = write_new(w, id, user, document, err == 0 ? item->document : NULL,
                       status);

    return *write != NULL ? status : nt_workflows_nomem(error);
}


/* --- a new workflow -------------------------------------------------------*/

/* The example with what the body says otherwise. */
static json_t *
copy_example(const json_t *example, const char *body, size_t len, int *status,
             nt_buf_t *error)
{
    json_t     *value, *changes = NULL, *document = json_deep_copy(example);
    const char *name;

    if (len > 0) {
        changes = nt_json_parse(body, len, error);
        if (changes == NULL) {
            json_decref(document);
            *status = 400;
            return NULL;
        }
    }

    (void) json_object_del(document, "access"); /* public is said, not copied */
    (void) json_object_del(document, "created_at");

    /* clients send the fields of an empty workflow, graph and all */
    json_object_foreach(changes, name, value)
    {
        if (strcmp(name, "graph") != 0 && !json_is_null(value) &&
            !(json_is_string(value) && json_string_length(value) == 0) &&
            !(json_is_array(value) && json_array_size(value) == 0) &&
            json_object_set(document, name, value) != 0)
        {
            json_decref(document);
            document = NULL;
            break;
        }
    }

    json_decref(changes);

    if (document == NULL) {
        *status = nt_workflows_nomem(error);
        return NULL;
    }

    return checked(document, status, error);
}


int
nt_workflows_create_begin(nt_workflows_t *w, const char *user,
                          const char *package, const char *name,
                          const char *body, size_t len,
                          nt_workflow_write_t **write, nt_buf_t *error)
{
    int            status = 201;
    char           id[NT_ID_HEX_LEN + 1];
    json_t        *document;
    nt_workflow_t *example;
    unsigned char  random[16];

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return nt_workflows_nomem(error);
    }

    nt_id_hex(id, random);
    id[NT_ID_HEX_LEN] = '\0';

    if (package != NULL && name != NULL) {
        status = nt_workflows_find_example(w, package, name, &example, error);
        if (status != 200) {
            return status;
        }

        status = 201;
        document = copy_example(example->document, body, len, &status, error);

    } else {
        document = parse_document(body, len, &status, error);
    }

    if (document == NULL) {
        return status;
    }

    *write = write_new(w, id, user, document, NULL, status);

    return *write != NULL ? status : nt_workflows_nomem(error);
}


/* --- for both -------------------------------------------------------------*/

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
        status = nt_workflows_fail(err, write->id, error);
    }

    write_free(write);

    return status;
}
