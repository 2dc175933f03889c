/*
 * engine/wire/ops_jobs_list.c - lists of jobs.
 */

#include "engine/wire/ops.h"


/* A list as NodeTool's clients have it of jobs that run. */
static json_t *
running_view(json_t *jobs)
{
    size_t  i;
    json_t *list = json_array(), *job, *entry;

    json_array_foreach(jobs, i, job)
    {
        entry =
            json_pack("{s:O, s:b, s:b}", "job_id", json_object_get(job, "id"),
                      "is_running", 1, "is_completed", 0);

        if (json_object_update(entry, job) != 0 ||
            json_array_append(list, entry) != 0) {
            json_decref(entry);
            json_decref(list);
            return NULL;
        }

        json_decref(entry);
    }

    return list;
}


static void
on_list(void *arg, int status, const char *message, json_t *jobs)
{
    json_t    *list;
    nt_conn_t *conn = arg;

    if (conn->closing) {
        /* nobody to tell */

    } else if (status != 200) {
        nt_conn_error(conn, status, NULL,
                      nt_str(message != NULL ? message : ""));

    } else if (json_is_true(json_object_get(conn->head, "running"))) {
        list = running_view(json_object_get(jobs, "jobs"));

        if (list != NULL) {
            nt_op_reply_json(conn, 200, NULL, list);

        } else {
            nt_conn_error(conn, 503, NULL, NT_STR(""));
        }

        json_decref(list);

    } else {
        nt_op_reply_json(conn, 200, NULL, jobs);
    }

    nt_conn_release(conn);
}


void
nt_op_job_list(nt_conn_t *conn, const char *body, size_t len)
{
    json_int_t limit;

    if (!nt_op_number(conn, "limit", 1, NT_OP_LIMIT_MAX, NT_OP_LIMIT, &limit)) {
        return;
    }

    if (json_is_true(json_object_get(conn->head, "running"))) {
        nt_jobs_active(conn->wire->services->jobs, nt_op_listed(conn),
                       (unsigned) limit, on_list, nt_conn_hold(conn));
        return;
    }

    nt_jobs_list(conn->wire->services->jobs, nt_op_listed(conn),
                 nt_conn_field(conn, "workflow_id"),
                 nt_conn_field(conn, "start_key"), (unsigned) limit, on_list,
                 nt_conn_hold(conn));
}
