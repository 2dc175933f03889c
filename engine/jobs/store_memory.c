/*
 * The store of an engine that keeps its jobs in memory: nothing outlives the
 * process, and every callback comes before the call returns.
 */

#include "engine/jobs/store_memory_int.h"

#include <stdlib.h>

#include "core/nt_buf.h"
#include "engine/jobs/job_events.h"


static void
nt_mem_set_handler(nt_store_t *store, const nt_store_events_t *handler)
{
    ((nt_mem_store_t *) store)->handler = *handler;
}


static void
nt_mem_forget_params(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    free(job->params);
    free(job->graph);
    job->params = job->graph = NULL;
    nt_mem_weigh(mem, job);
}


/* Hands queued jobs out while they are wanted. */
static void
nt_mem_dispatch(nt_mem_store_t *mem)
{
    nt_mem_job_t   *job;
    nt_job_record_t record;

    while (mem->want > 0 && (job = nt_mem_queue_next(mem))) {
        mem->want--;
        nt_mem_load(job);
        job->status = "running";
        job->started_at = nt_mem_now(mem);
        nt_mem_record(mem, job, &record);
        nt_mem_tell(mem, job);
        mem->handler.claimed(mem->handler.arg, &record);
        nt_mem_forget_params(mem, job);
    }
}


static void
nt_mem_want(nt_store_t *store, unsigned n)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;

    mem->want = n;
    nt_mem_dispatch(mem);
}


/* The first event of a queued job. */
static bool
nt_mem_add_queued(nt_mem_store_t *mem, nt_mem_job_t *job, nt_str_t queued)
{
    nt_buf_t   line = { 0 };
    nt_event_t event = { .seq = 1 };
    bool       ok;

    nt_buf_append_str(&line, queued);
    nt_buf_printf(&line, "%u}", nt_mem_queue_place(mem, job));
    event.line = line.data;
    event.len = line.len;
    ok = !line.failed && nt_mem_add_events(mem, job, &event, 1);
    nt_buf_free(&line);

    return ok;
}


static bool
nt_mem_index(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    if (!nt_table_add(&mem->by_id, &job->by_id, job->id)) {
        return false;
    }

    if (job->key && !nt_table_add(&mem->by_key, &job->by_key, job->key)) {
        nt_table_remove(&mem->by_id, &job->by_id);
        return false;
    }

    return true;
}


/* Puts a new job where it belongs: it runs when `start` and the limits say
 * so. NT_LIMIT: the queue is full; NT_NOMEM. */
static nt_rc_t
nt_mem_add(nt_mem_store_t *mem, nt_mem_job_t *job, bool start, nt_str_t queued)
{
    if (!nt_mem_enter(mem, job)) {
        return NT_NOMEM;
    }

    start = start && nt_mem_may_run(mem, job);

    if (!start && nt_mem_queue_full(mem, job)) {
        nt_mem_exit(mem, job);
        return NT_LIMIT;
    }

    if (!nt_mem_index(mem, job)) {
        nt_mem_exit(mem, job);
        return NT_NOMEM;
    }

    job->created_at = nt_mem_now(mem);
    TAILQ_INSERT_TAIL(&mem->jobs, job, entry);

    if (start) {
        job->status = "running";
        job->started_at = job->created_at;
        nt_mem_load(job);
        nt_mem_forget_params(mem, job);
        return NT_OK;
    }

    job->status = "queued";
    nt_mem_queue_add(mem, job);
    nt_mem_weigh(mem, job);

    if (!nt_mem_add_queued(mem, job, queued)) {
        nt_mem_queue_remove(mem, job);
        nt_mem_exit(mem, job);
        nt_mem_forget(mem, job);
        return NT_NOMEM;
    }

    return NT_OK;
}


static void
nt_mem_create(nt_store_t *store, const nt_job_record_t *record, bool start,
              nt_str_t queued, const char *idempotency_key, nt_store_job_cb cb,
              void *arg)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;
    nt_mem_job_t   *job;
    nt_job_record_t stored;
    nt_rc_t         rc;
    char           *key = NULL;

    nt_mem_expire(mem);

    if (idempotency_key) {
        nt_link_t *link;

        key = nt_mem_key(record->user, idempotency_key);
        link = key ? nt_table_find(&mem->by_key, key) : NULL;

        if (link) {
            free(key);
            job = nt_table_entry(link, nt_mem_job_t, by_key);
            nt_mem_record(mem, job, &stored);
            cb(arg, NT_OK, NULL, &stored);
            return;
        }
    }

    if (idempotency_key && key == NULL) {
        cb(arg, NT_ERROR, "out of memory", NULL);
        return;
    }

    job = nt_mem_job(record, key);
    rc = job ? nt_mem_add(mem, job, start, queued) : NT_NOMEM;

    if (rc != NT_OK) {
        if (job) {
            nt_mem_job_free(job);
        }
        cb(arg, rc == NT_LIMIT ? NT_OK : NT_ERROR, "out of memory", NULL);
        return;
    }

    nt_mem_tell(mem, job);
    nt_mem_record(mem, job, &stored);
    cb(arg, NT_OK, NULL, &stored);
    nt_mem_dispatch(mem);
}


static void
nt_mem_append(nt_store_t *store, const char *job_id, const nt_event_t *events,
              size_t n, nt_str_t kept, nt_store_cb cb, void *arg)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;
    nt_mem_job_t   *job = nt_mem_find(mem, job_id);

    if (job == NULL || !nt_mem_add_events(mem, job, events, n)) {
        cb(arg, NT_ERROR, job ? "out of memory" : "no such job");
        return;
    }

    cb(arg, NT_OK, NULL);
}


/* The job's status is one of the constants of those who call. */
static void
nt_mem_end(nt_mem_store_t *mem, nt_mem_job_t *job, const char *status,
           int64_t finished_at)
{
    job->status = status;
    job->finished_at = finished_at;
    nt_mem_exit(mem, job);
    nt_mem_weigh(mem, job);
    TAILQ_INSERT_TAIL(&mem->ended, job, state_entry);
    mem->n_ended++;
    nt_mem_tell(mem, job);
}


static const char *
nt_mem_ended_status(const char *status)
{
    return strcmp(status, "completed") == 0 ? "completed"
           : strcmp(status, "failed") == 0  ? "failed"
                                            : "cancelled";
}


static void
nt_mem_finish(nt_store_t *store, const nt_job_record_t *record,
              const nt_event_t *events, size_t n, nt_store_cb cb, void *arg)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;
    nt_mem_job_t   *job = nt_mem_find(mem, record->id);

    if (job == NULL) {
        cb(arg, NT_ERROR, "no such job");
        return;
    }

    if (!nt_mem_copy(&job->result, record->result) ||
        !nt_mem_copy(&job->error, record->error) ||
        !nt_mem_copy(&job->node_id, record->node_id) ||
        !nt_mem_copy(&job->node_type, record->node_type) ||
        !nt_mem_add_events(mem, job, events, n))
    {
        cb(arg, NT_ERROR, "out of memory");
        return;
    }

    nt_mem_end(mem, job, nt_mem_ended_status(record->status),
               record->finished_at);
    cb(arg, NT_OK, NULL);
    nt_mem_expire(mem);
}


static void
nt_mem_get(nt_store_t *store, const char *job_id, nt_store_job_cb cb, void *arg)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;
    nt_mem_job_t   *job;
    nt_job_record_t record;

    nt_mem_expire(mem);
    job = nt_mem_find(mem, job_id);

    if (job == NULL) {
        cb(arg, NT_OK, NULL, NULL);
        return;
    }

    nt_mem_record(mem, job, &record);
    cb(arg, NT_OK, NULL, &record);
}


/* The newest job, or the newest that comes behind a start key. */
static nt_mem_job_t *
nt_mem_list_first(nt_mem_store_t *mem, const char *start_key)
{
    nt_mem_job_t *job;
    const char   *id;
    int64_t       created_at;

    if (start_key == NULL) {
        return TAILQ_LAST(&mem->jobs, nt_mem_list);
    }

    id = strchr(start_key, '-') + 1;
    job = nt_mem_find(mem, id);
    if (job) {
        return TAILQ_PREV(job, nt_mem_list, entry);
    }

    created_at = strtoll(start_key, NULL, 10);
    job = TAILQ_LAST(&mem->jobs, nt_mem_list);
    while (job && job->created_at >= created_at) {
        job = TAILQ_PREV(job, nt_mem_list, entry);
    }

    return job;
}


static void
nt_mem_list(nt_store_t *store, const char *user, const char *workflow_id,
            const char *start_key, unsigned limit, nt_store_list_cb cb,
            void *arg)
{
    nt_mem_store_t  *mem = (nt_mem_store_t *) store;
    nt_job_record_t *records;
    nt_mem_job_t    *job;
    nt_buf_t         next = { 0 };
    size_t           n = 0;

    nt_mem_expire(mem);

    records = calloc(limit ? limit : 1, sizeof(*records));
    if (records == NULL) {
        cb(arg, NT_ERROR, "out of memory", NULL, 0, NULL);
        return;
    }

    for (job = nt_mem_list_first(mem, start_key); job;
         job = TAILQ_PREV(job, nt_mem_list, entry))
    {
        if ((user && strcmp(job->user, user) != 0) ||
            (workflow_id && strcmp(job->workflow_id, workflow_id) != 0))
        {
            continue;
        }

        if (n == limit) {
            break;
        }

        nt_mem_record(mem, job, &records[n++]);
    }

    if (job && n > 0) { /* there is one more */
        nt_job_start_key(&next, &records[n - 1]);
    }

    if (next.failed) {
        cb(arg, NT_ERROR, "out of memory", NULL, 0, NULL);
    } else {
        cb(arg, NT_OK, NULL, records, n, next.data);
    }

    nt_buf_free(&next);
    free(records);
}


static void
nt_mem_active(nt_store_t *store, const char *user, unsigned limit,
              nt_store_list_cb cb, void *arg)
{
    nt_mem_store_t  *mem = (nt_mem_store_t *) store;
    nt_job_record_t *records = calloc(limit ? limit : 1, sizeof(*records));
    nt_mem_job_t    *job;
    size_t           n = 0;

    if (records == NULL) {
        cb(arg, NT_ERROR, "out of memory", NULL, 0, NULL);
        return;
    }

    TAILQ_FOREACH_REVERSE(job, &mem->jobs, nt_mem_list, entry)
    {
        if (n == limit) {
            break;
        }

        if (!nt_job_status_ended(job->status) &&
            (user == NULL || strcmp(job->user, user) == 0))
        {
            nt_mem_record(mem, job, &records[n++]);
        }
    }

    cb(arg, NT_OK, NULL, records, n, NULL);
    free(records);
}


static void
nt_mem_events(nt_store_t *store, const char *job_id, uint64_t after,
              unsigned limit, nt_store_events_cb cb, void *arg)
{
    nt_mem_job_t   *job = nt_mem_find((nt_mem_store_t *) store, job_id);
    nt_mem_batch_t *batch = job ? nt_mem_batch_after(job, after) : NULL;
    size_t          first = 0, n;

    if (batch == NULL) {
        cb(arg, NT_OK, NULL, NULL, 0);
        return;
    }

    if (batch->events[0].seq <= after) {
        first = (size_t) (after - batch->events[0].seq) + 1;
    }

    n = batch->n - first;
    if (n > limit) {
        n = limit;
    }

    batch->refs++; /* the callback may do anything */
    cb(arg, NT_OK, NULL, &batch->events[first], n);
    nt_mem_batch_unref(batch);
}


static void
nt_mem_cancel(nt_store_t *store, const char *job_id, const char *line,
              size_t len, nt_store_job_cb cb, void *arg)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;
    nt_mem_job_t   *job = nt_mem_find(mem, job_id);
    nt_job_record_t record;

    if (job == NULL) {
        cb(arg, NT_OK, NULL, NULL);
        return;
    }

    if (strcmp(job->status, "queued") == 0) {
        nt_event_t event = { job->last_seq + 1, line, len };

        if (!nt_mem_add_events(mem, job, &event, 1)) {
            cb(arg, NT_ERROR, "out of memory", NULL);
            return;
        }

        nt_mem_queue_remove(mem, job);
        nt_mem_end(mem, job, "cancelled", nt_mem_now(mem));

    } else if (strcmp(job->status, "running") == 0) {
        mem->handler.cancel(mem->handler.arg, job_id);
    }

    nt_mem_record(mem, job, &record);
    cb(arg, NT_OK, NULL, &record);
    nt_mem_expire(mem);
}


static json_t *
nt_mem_stats(nt_store_t *store)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;

    return json_pack("{s:s, s:b, s:i, s:i, s:I}", "store", "memory",
                     "connected", 1, "queued", (int) mem->n_queue, "max_queued",
                     (int) mem->options.max_queued, "bytes",
                     (json_int_t) mem->bytes);
}


static unsigned
nt_mem_queued(nt_store_t *store)
{
    return ((nt_mem_store_t *) store)->n_queue;
}


static void
nt_mem_close(nt_store_t *store, void (*done)(void *arg), void *arg)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;
    nt_mem_job_t   *job;

    while ((job = TAILQ_FIRST(&mem->jobs))) {
        TAILQ_REMOVE(&mem->jobs, job, entry);
        nt_mem_exit(mem, job);
        nt_mem_job_free(job);
    }

    nt_table_free(&mem->users);
    nt_table_free(&mem->workflows);
    nt_table_free(&mem->by_id);
    nt_table_free(&mem->by_key);
    free(mem);
    done(arg);
}


nt_store_t *
nt_store_memory_new(uv_loop_t *loop, const nt_store_options_t *options)
{
    static const nt_store_t calls = {
        .name = "memory",
        .set_handler = nt_mem_set_handler,
        .create = nt_mem_create,
        .want = nt_mem_want,
        .append = nt_mem_append,
        .finish = nt_mem_finish,
        .get = nt_mem_get,
        .list = nt_mem_list,
        .active = nt_mem_active,
        .events = nt_mem_events,
        .cancel = nt_mem_cancel,
        .stats = nt_mem_stats,
        .queued = nt_mem_queued,
        .close = nt_mem_close,
    };
    nt_mem_store_t *mem = calloc(1, sizeof(*mem));

    if (mem == NULL) {
        return NULL;
    }

    mem->store = calls;
    mem->options = *options;
    TAILQ_INIT(&mem->jobs);
    TAILQ_INIT(&mem->turns);
    TAILQ_INIT(&mem->ended);

    return &mem->store;
}
