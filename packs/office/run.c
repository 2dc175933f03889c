/*
 * packs/office/run.c - how nodes get, give and save documents.
 */

#include <fcntl.h>
#include <stdlib.h>

#include "engine/nodes/files.h"
#include "engine/nodes/media_ref.h"
#include "engine/nodes/timename.h"
#include "engine/nodes/ustr.h"
#include "packs/office/office.h"

typedef struct {
    const char *type; /* of the ref */
    const char *what; /* for messages */
    const char *mime;
    const char *root; /* of the main part's XML */
} kind_t;

static const kind_t kinds[] = {
    [NT_WORD] = { "document", "a Word document",
                  "application/vnd.openxmlformats-officedocument."
                  "wordprocessingml.document",
                  "document" },
    [NT_EXCEL] = { "excel", "an Excel workbook",
                   "application/vnd.openxmlformats-officedocument."
                   "spreadsheetml.sheet",
                   "workbook" }
};

typedef struct {
    const char      *name;
    nt_office_kind_t kind;
    nt_office_work_t work;
    void            *arg;
    char            *data;
    size_t           len;
    json_t          *result;
} job_t;


bool
nt_office_check(nt_package_t *package, nt_office_kind_t kind)
{
    bool     good;
    char    *part;
    xmlNode *root;

    part = nt_relation_target(package, "", "officeDocument", NULL);
    root = part != NULL ? nt_package_xml(package, part) : NULL;
    good = root != NULL && nt_xml_is(root, kinds[kind].root);

    if (!good && (part == NULL || root != NULL)) {
        (void) nt_call_fail(package->call, "'%s' is not %s", package->name,
                            kinds[kind].what);
    }

    free(part);
    return good;
}


json_t *
nt_office_ref(const nt_package_t *package, nt_office_kind_t kind)
{
    json_t  *ref;
    nt_buf_t bytes = { 0 };

    if (!nt_package_write(package, &bytes)) {
        nt_buf_free(&bytes);
        return NULL;
    }

    if (bytes.len > NT_PACKAGE_MAX) {
        nt_buf_free(&bytes);
        (void) nt_call_fail(package->call,
                            "the document would have more than "
                            "%d MiB",
                            NT_PACKAGE_MAX / 1024 / 1024);
        return NULL;
    }

    ref = nt_media_inline(kinds[kind].type, kinds[kind].mime, bytes.data,
                          bytes.len);
    nt_buf_free(&bytes);

    if (ref == NULL) {
        (void) nt_arg_nomem(package->call);
    }

    return ref;
}


/* On the pool. */
static void
run_job(nt_node_call_t *call, void *arg)
{
    bool         ok;
    job_t       *job = arg;
    nt_package_t package = { .call = call, .name = job->name };

    if (nt_package_read(&package, job->data, job->len) &&
        nt_office_check(&package, job->kind))
    {
        ok = true;
        job->result = job->work(&package, job->arg, &ok);

        if (ok && job->result == NULL) {
            job->result = nt_office_ref(&package, job->kind);
        }
    }

    nt_package_free(&package);
}


nt_node_rc_t
nt_office_run(nt_node_call_t *call, const char *name, nt_office_kind_t kind,
              nt_office_work_t work, void *arg)
{
    bool  good;
    job_t job = { .name = name, .kind = kind, .work = work, .arg = arg };

    if (!nt_media_load(call, name, kinds[kind].what, nt_call_input(call, name),
                       &job.data, &job.len))
    {
        return NT_NODE_FAIL;
    }

    good = nt_call_thread(call, run_job, &job);
    free(job.data);

    if (!good || job.result == NULL) {
        json_decref(job.result);
        return NT_NODE_FAIL;
    }

    return nt_emit(call, job.result);
}


/* --- saving --- */

typedef struct {
    const char *path;
    nt_str_t    bytes;
    bool        good;
} save_t;


/* On the pool. */
static void
save(nt_node_call_t *call, void *arg)
{
    int     fd;
    save_t *job = arg;

    fd =
        nt_call_open(call, job->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    job->good = fd != -1 && nt_files_write(call, fd, job->path, job->bytes);
}


nt_node_rc_t
nt_office_save(nt_node_call_t *call, const char *name, nt_office_kind_t kind,
               const char *folder)
{
    bool     good;
    char    *data;
    size_t   len;
    save_t   job = { 0 };
    nt_buf_t path = { 0 };
    nt_str_t place, file;

    place = nt_ustr(json_object_get(nt_call_input(call, folder), "path"));

    if (place.len == 0) {
        return nt_call_fail(call,
                            "'%s' must be a folder of the workspace: "
                            "\"/\" is the workspace itself",
                            folder);
    }

    if (!nt_arg_name(call, "filename", &file) ||
        !nt_media_load(call, name, kinds[kind].what, nt_call_input(call, name),
                       &data, &len))
    {
        return NT_NODE_FAIL;
    }

    nt_timename_path(&path, place, file);

    if (path.failed) {
        nt_buf_free(&path);
        free(data);
        return nt_arg_nomem(call);
    }

    job.path = path.data;
    job.bytes = (nt_str_t) { data, len };
    good = nt_call_thread(call, save, &job) && job.good;
    nt_buf_free(&path);
    free(data);
    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}
