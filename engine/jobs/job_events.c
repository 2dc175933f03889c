#include "engine/jobs/job_events.h"

#include <stdlib.h>

#include "core/nt_utf8.h"

/* How every job_update line starts; only jobs make such lines. */
#define NT_JOB_UPDATE "{\"type\":\"job_update\",\"status\":\""


bool
nt_batch_add(nt_batch_t *batch, uint64_t seq, const char *line, size_t len)
{
    char *place;

    if (batch->n == batch->cap) {
        size_t      cap = batch->cap ? batch->cap * 2 : 16;
        nt_event_t *events = realloc(batch->events, cap * sizeof(*events));

        if (events == NULL) {
            return false;
        }

        batch->events = events;
        batch->cap = cap;
    }

    place = nt_buf_reserve(&batch->text, len + 1);
    if (place == NULL) {
        batch->text.failed = false; /* what it holds is still good */
        return false;
    }

    memcpy(place, line, len);
    place[len] = '\n';
    batch->text.len += len + 1;
    batch->events[batch->n++] = (nt_event_t) { .seq = seq, .len = len };

    return true;
}


const nt_event_t *
nt_batch_events(nt_batch_t *batch)
{
    const char *line = batch->text.data;

    for (size_t i = 0; i < batch->n; i++) {
        batch->events[i].line = line;
        line += batch->events[i].len + 1;
    }

    return batch->events;
}


void
nt_batch_reset(nt_batch_t *batch)
{
    nt_buf_reset(&batch->text);
    batch->n = 0;
}


void
nt_batch_free(nt_batch_t *batch)
{
    nt_buf_free(&batch->text);
    free(batch->events);
    *batch = (nt_batch_t) { 0 };
}


char *
nt_job_text_clean(const char *text, size_t max)
{
    size_t   len = strlen(text), i = 0;
    nt_buf_t clean = { 0 };

    while (max-- > 0 && i < len) {
        int step = nt_utf8_step(text + i, len - i);

        if (step > 0) {
            nt_buf_append(&clean, text + i, (size_t) step);
            i += (size_t) step;
        } else {
            nt_buf_append_str(&clean, NT_STR("\xef\xbf\xbd"));
            i += (size_t) -step;
        }
    }

    nt_buf_append_char(&clean, '\0');

    if (clean.failed) {
        nt_buf_free(&clean);
    }

    return clean.data;
}


static void
nt_job_update_member(nt_buf_t *buf, const char *name, nt_str_t value)
{
    nt_buf_append_str(buf, NT_STR(",\""));
    nt_buf_append_str(buf, nt_str(name));
    nt_buf_append_str(buf, NT_STR("\":"));
    nt_buf_append_json(buf, value);
}


void
nt_job_update_line(nt_buf_t *buf, const nt_job_record_t *job)
{
    nt_buf_reset(buf);
    nt_buf_append_str(buf, NT_STR(NT_JOB_UPDATE));
    nt_buf_append_str(buf, nt_str(job->status));
    nt_buf_append_char(buf, '"');
    nt_job_update_member(buf, "job_id", nt_str(job->id));
    nt_job_update_member(buf, "workflow_id", nt_str(job->workflow_id));

    if (job->result) {
        nt_buf_append_str(buf, NT_STR(",\"result\":"));
        nt_buf_append_str(buf, nt_str(job->result));
    }

    if (job->error) {
        nt_job_update_member(buf, "error", nt_str(job->error));
    }

    if (job->node_id) {
        nt_job_update_member(buf, "node_id", nt_str(job->node_id));
    }

    if (job->node_type) {
        nt_job_update_member(buf, "node_type", nt_str(job->node_type));
    }

    if (strcmp(job->status, "queued") == 0) {
        nt_buf_append_str(buf, NT_STR(",\"queue_position\":"));
    } else {
        nt_buf_append_char(buf, '}');
    }
}


void
nt_job_start_key(nt_buf_t *buf, const nt_job_record_t *job)
{
    nt_buf_printf(buf, "%lld-%s", (long long) job->created_at, job->id);
    nt_buf_append_char(buf, '\0');
}


bool
nt_job_status_ended(const char *status)
{
    return strcmp(status, "completed") == 0 || strcmp(status, "failed") == 0 ||
           strcmp(status, "cancelled") == 0;
}


bool
nt_job_update_is(const char *line, size_t len)
{
    const nt_str_t start = NT_STR(NT_JOB_UPDATE);

    return len >= start.len && memcmp(line, start.data, start.len) == 0;
}


bool
nt_job_update_ends(const char *line, size_t len)
{
    static const nt_str_t ends[] = { NT_STR("completed\""), NT_STR("failed\""),
                                     NT_STR("cancelled\"") };
    const nt_str_t        start = NT_STR(NT_JOB_UPDATE);

    if (!nt_job_update_is(line, len)) {
        return false;
    }

    line += start.len;
    len -= start.len;

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (len >= ends[i].len && memcmp(line, ends[i].data, ends[i].len) == 0)
        {
            return true;
        }
    }

    return false;
}
