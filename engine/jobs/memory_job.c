/*
 * The jobs of the memory store, and their events.
 */

#include "engine/jobs/store_memory_int.h"

#include <stdlib.h>

#include "core/nt_buf.h"
#include "core/nt_id.h"


int64_t
nt_mem_now(nt_mem_store_t *mem)
{
    int64_t msec = nt_time_now();

    if (msec > mem->clock) {
        mem->clock = msec;
    }

    return mem->clock;
}


void
nt_mem_batch_unref(nt_mem_batch_t *batch)
{
    if (--batch->refs == 0) {
        free(batch);
    }
}


void
nt_mem_job_free(nt_mem_job_t *job)
{
    for (size_t i = 0; i < job->n_batches; i++) {
        nt_mem_batch_unref(job->batches[job->head + i]);
    }

    free(job->batches);
    free(job->id);
    free(job->user);
    free(job->workflow_id);
    free(job->base_url);
    free(job->key);
    free(job->params);
    free(job->graph);
    free(job->result);
    free(job->error);
    free(job->node_id);
    free(job->node_type);
    free(job);
}


bool
nt_mem_copy(char **to, const char *from)
{
    if (from == NULL) {
        return true;
    }

    free(*to);
    *to = strdup(from);

    return *to != NULL;
}


/* Users and keys hold any bytes but NUL: the length keeps them apart. */
char *
nt_mem_key(const char *user, const char *key)
{
    nt_buf_t buf = { 0 };

    nt_buf_printf(&buf, "%zu:%s:%s", strlen(user), user, key);
    nt_buf_append_char(&buf, '\0');

    if (buf.failed) {
        nt_buf_free(&buf);
        return NULL;
    }

    return buf.data;
}


nt_mem_job_t *
nt_mem_find(nt_mem_store_t *mem, const char *id)
{
    nt_link_t *link = nt_table_find(&mem->by_id, id);

    return link ? nt_table_entry(link, nt_mem_job_t, by_id) : NULL;
}


void
nt_mem_record(nt_mem_store_t *mem, const nt_mem_job_t *job,
              nt_job_record_t *record)
{
    *record = (nt_job_record_t) {
        .id = job->id,
        .user = job->user,
        .workflow_id = job->workflow_id,
        .base_url = job->base_url,
        .status = job->status,
        .params = job->params,
        .graph = job->graph,
        .open_inputs = job->open_inputs,
        .result = job->result,
        .error = job->error,
        .node_id = job->node_id,
        .node_type = job->node_type,
        .created_at = job->created_at,
        .started_at = job->started_at,
        .finished_at = job->finished_at,
        .attempt = 1,
        .last_seq = job->last_seq,
    };

    if (strcmp(job->status, "queued") == 0) {
        record->queue_position = nt_mem_queue_place(mem, job);
    }
}


void
nt_mem_tell(nt_mem_store_t *mem, const nt_mem_job_t *job)
{
    nt_job_record_t record;

    if (mem->handler.update) {
        nt_mem_record(mem, job, &record);
        mem->handler.update(mem->handler.arg, &record);
    }
}


static size_t
nt_mem_text(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}


void
nt_mem_weigh(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    mem->bytes -= job->bytes;
    job->bytes = sizeof(*job) + nt_mem_text(job->id) + nt_mem_text(job->user) +
                 nt_mem_text(job->workflow_id) + nt_mem_text(job->base_url) +
                 nt_mem_text(job->key) + nt_mem_text(job->params) +
                 nt_mem_text(job->graph) + nt_mem_text(job->result) +
                 nt_mem_text(job->error) + nt_mem_text(job->node_id) +
                 nt_mem_text(job->node_type);
    mem->bytes += job->bytes;
}


void
nt_mem_forget(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    mem->bytes -= job->bytes + job->event_bytes;
    TAILQ_REMOVE(&mem->jobs, job, entry);
    nt_table_remove(&mem->by_id, &job->by_id);

    if (job->key) {
        nt_table_remove(&mem->by_key, &job->by_key);
    }
}


void
nt_mem_expire(nt_mem_store_t *mem)
{
    int64_t       past = nt_mem_now(mem) - (int64_t) mem->options.ttl_s * 1000;
    nt_mem_job_t *job;

    while ((job = TAILQ_FIRST(&mem->ended)) &&
           (mem->n_ended > mem->options.max_jobs || job->finished_at < past ||
            (mem->bytes > mem->options.max_bytes && mem->n_ended > 1)))
    {
        TAILQ_REMOVE(&mem->ended, job, state_entry);
        mem->n_ended--;
        nt_mem_forget(mem, job);
        nt_mem_job_free(job);
    }
}


nt_mem_job_t *
nt_mem_job(const nt_job_record_t *record, char *key)
{
    nt_mem_job_t *job = calloc(1, sizeof(*job));

    if (job == NULL) {
        free(key);
        return NULL;
    }

    job->key = key;

    if (!nt_mem_copy(&job->id, record->id) ||
        !nt_mem_copy(&job->user, record->user) ||
        !nt_mem_copy(&job->workflow_id, record->workflow_id) ||
        !nt_mem_copy(&job->base_url, record->base_url) ||
        !nt_mem_copy(&job->params, record->params) ||
        !nt_mem_copy(&job->graph, record->graph))
    {
        nt_mem_job_free(job);
        return NULL;
    }

    job->open_inputs = record->open_inputs;

    return job;
}


/* --- events --- */

static nt_mem_batch_t *
nt_mem_batch(const nt_event_t *events, size_t n)
{
    nt_mem_batch_t *batch;
    size_t          size = sizeof(*batch) + n * sizeof(*events);
    char           *text;

    for (size_t i = 0; i < n; i++) {
        size += events[i].len;
    }

    batch = malloc(size);
    if (batch == NULL) {
        return NULL;
    }

    batch->refs = 1;
    batch->size = size;
    batch->n = n;
    text = (char *) &batch->events[n];

    for (size_t i = 0; i < n; i++) {
        memcpy(text, events[i].line, events[i].len);
        batch->events[i] = events[i];
        batch->events[i].line = text;
        text += events[i].len;
    }

    return batch;
}


/* Makes room for one more at the end. */
static bool
nt_mem_batches_reserve(nt_mem_job_t *job)
{
    size_t           cap;
    nt_mem_batch_t **batches;

    if (job->head + job->n_batches < job->cap_batches) {
        return true;
    }

    if (job->head > job->n_batches) {
        memmove(job->batches, job->batches + job->head,
                job->n_batches * sizeof(*batches));
        job->head = 0;
        return true;
    }

    cap = job->cap_batches ? job->cap_batches * 2 : 4;
    batches = realloc(job->batches, cap * sizeof(*batches));
    if (batches == NULL) {
        return false;
    }

    job->batches = batches;
    job->cap_batches = cap;

    return true;
}


/* Lets the oldest events go, when there are too many or they are too large. */
static void
nt_mem_trim(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    while (job->n_batches > 1) {
        nt_mem_batch_t *oldest = job->batches[job->head];

        if (job->n_events - oldest->n < mem->options.max_events &&
            job->event_bytes <= mem->options.max_job_bytes)
        {
            break;
        }

        job->n_events -= oldest->n;
        job->event_bytes -= oldest->size;
        mem->bytes -= oldest->size;
        job->head++;
        job->n_batches--;
        nt_mem_batch_unref(oldest);
    }
}


bool
nt_mem_add_events(nt_mem_store_t *mem, nt_mem_job_t *job,
                  const nt_event_t *events, size_t n)
{
    nt_mem_batch_t *batch;

    if (n == 0) {
        return true;
    }

    batch = nt_mem_batch(events, n);
    if (batch == NULL || !nt_mem_batches_reserve(job)) {
        free(batch);
        return false;
    }

    job->batches[job->head + job->n_batches++] = batch;
    job->n_events += n;
    job->event_bytes += batch->size;
    mem->bytes += batch->size;
    job->last_seq = events[n - 1].seq;
    nt_mem_trim(mem, job);

    return true;
}


nt_mem_batch_t *
nt_mem_batch_after(const nt_mem_job_t *job, uint64_t after)
{
    size_t low = 0, high = job->n_batches;

    while (low < high) {
        size_t                middle = low + (high - low) / 2;
        const nt_mem_batch_t *batch = job->batches[job->head + middle];

        if (batch->events[batch->n - 1].seq <= after) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }

    return low < job->n_batches ? job->batches[job->head + low] : NULL;
}
