/*
 * What is kept of a job for another attempt at it: which nodes have completed
 * and what they sent, and which of those that must not run twice have begun.
 *
 * It goes to the store with the events that say so.  Values are not made text
 * before that: those of a short job, whose events all go with its end, never
 * are.
 */

#include "engine/jobs/jobs_int.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/json.h"

/* A node with more is run again, as are all of a job that has kept so much. */
#define NT_KEEP_NODE_MAX (1024 * 1024)
#define NT_KEEP_JOB_MAX  (4 * 1024 * 1024)


/* `outputs` NULL: the node begins. Takes the reference over. */
static bool
nt_job_mark(nt_job_t *job, const char *node_id, uint32_t node, json_t *outputs)
{
    nt_marks_t *marks = &job->marks;

    if (marks->n == marks->cap) {
        size_t     cap = marks->cap ? marks->cap * 2 : 8;
        nt_mark_t *list = realloc(marks->list, cap * sizeof(*list));

        if (list == NULL) {
            json_decref(outputs);
            return false;
        }

        marks->list = list;
        marks->cap = cap;
    }

    marks->list[marks->n++] = (nt_mark_t) { node_id, outputs, node };

    return true;
}


void
nt_job_on_completed(void *arg, const char *node_id, json_t *outputs)
{
    nt_job_t *job = arg;

    if (nt_job_deaf(job) || job->nomem || !job->keeping) {
        json_decref(outputs);
        return;
    }

    (void) nt_job_mark(job, node_id, 0, outputs); /* or it runs again */
}


bool
nt_job_on_begin(void *arg, const char *node_id, uint32_t node)
{
    nt_job_t *job = arg;

    if (nt_job_deaf(job) || job->nomem) {
        return false; /* the run is about to be stopped */
    }

    if (!nt_job_mark(job, node_id, node, NULL)) {
        job->nomem = true;
        nt_job_cancel(job);
        return false;
    }

    job->begins = true;
    nt_job_dirty(job);

    return false;
}


/* Appends a mark as a line, unless it is too much. */
static void
nt_job_keep_line(nt_buf_t *text, const nt_mark_t *mark, size_t room)
{
    size_t start = text->len;

    nt_buf_append_str(text, NT_STR("\n{\"node\":"));
    nt_buf_append_json(text, nt_str(mark->node_id));

    if (mark->outputs == NULL) {
        nt_buf_append_str(text, NT_STR(",\"begun\":true}"));
        return;
    }

    nt_buf_append_str(text, NT_STR(",\"outputs\":"));
    nt_json_append(text, mark->outputs);
    nt_buf_append_char(text, '}');

    if (text->len - start > NT_KEEP_NODE_MAX || text->len - start > room) {
        text->len = start;
    }
}


void
nt_job_keep(nt_job_t *job)
{
    nt_buf_t  *text = &job->out_kept;
    nt_marks_t marks = job->out_marks;

    if (job->marks.n == 0) {
        return;
    }

    job->out_marks = job->marks;
    job->marks = marks; /* empty */
    job->begins = false;
    nt_buf_reset(text);

    if (job->kept == 0) {
        nt_buf_printf(text, "\n{\"graph\":\"%016" PRIx64 "\"}",
                      nt_graph_hash(job->graph));
    }

    for (size_t i = 0; i < job->out_marks.n; i++) {
        size_t used = job->kept + text->len;

        nt_job_keep_line(text, &job->out_marks.list[i],
                         used < NT_KEEP_JOB_MAX ? NT_KEEP_JOB_MAX - used : 0);
    }

    job->kept += text->len;
}


nt_str_t
nt_job_kept(const nt_job_t *job)
{
    const nt_buf_t *text = &job->out_kept;

    /* each line has its newline before it */
    return text->len ? (nt_str_t) { text->data + 1, text->len - 1 }
                     : NT_STR("");
}


static void
nt_marks_reset(nt_marks_t *marks)
{
    for (size_t i = 0; i < marks->n; i++) {
        json_decref(marks->list[i].outputs);
    }

    marks->n = 0;
}


void
nt_job_keep_stored(nt_job_t *job)
{
    for (size_t i = 0; job->run && i < job->out_marks.n; i++) {
        if (job->out_marks.list[i].outputs == NULL) {
            nt_run_begin(job->run, job->out_marks.list[i].node);
        }
    }

    nt_marks_reset(&job->out_marks);
    nt_buf_reset(&job->out_kept);
}


void
nt_job_keep_free(nt_job_t *job)
{
    nt_marks_reset(&job->marks);
    nt_marks_reset(&job->out_marks);
    free(job->marks.list);
    free(job->out_marks.list);
    nt_buf_free(&job->out_kept);
}


json_t *
nt_job_keep_read(nt_job_t *job, const char *lines)
{
    json_t *list = json_array();

    while (list && *lines) {
        size_t  len = strcspn(lines, "\n");
        json_t *entry = json_loadb(lines, len, 0, NULL);

        if (json_array_append_new(list, entry) != 0) {
            json_decref(list);
            return NULL;
        }

        job->kept += len + 1;
        lines += len;
        lines += *lines == '\n';
    }

    return list;
}
