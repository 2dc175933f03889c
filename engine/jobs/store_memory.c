/*
 * The store of an engine that keeps its jobs in memory: nothing outlives the
 * process, and every callback comes before the call returns.
 */

#include "engine/jobs/store.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include "core/nt_buf.h"
#include "engine/jobs/table.h"

/* Events that were stored together, in one piece of memory. */
typedef struct {
    unsigned   refs; /* the job and those who read it now */
    size_t     n;
    nt_event_t events[];
} nt_mem_batch_t;

typedef struct nt_mem_job nt_mem_job_t;

struct nt_mem_job {
    nt_link_t by_id;
    nt_link_t by_key;
    TAILQ_ENTRY(nt_mem_job) entry;
    TAILQ_ENTRY(nt_mem_job) state_entry; /* in queue or ended */

    char *id;
    char *user;
    char *workflow_id;
    char *base_url;
    char *key;    /* user, idempotency key; or NULL */
    char *params; /* until it runs */
    char *result;
    char *error;
    char *node_id;
    char *node_type;

    const char *status;
    int64_t     created_at;
    int64_t     started_at;
    int64_t     finished_at;
    uint64_t    last_seq;

    nt_mem_batch_t **batches; /* from `head`, `n_batches` of them, in order */
    size_t           head;
    size_t           n_batches;
    size_t           cap_batches;
    size_t           n_events;
};

TAILQ_HEAD(nt_mem_list, nt_mem_job);

typedef struct {
    nt_store_t         store;
    nt_store_options_t options;
    nt_store_events_t  handler;

    nt_table_t         by_id;
    nt_table_t         by_key;
    struct nt_mem_list jobs;  /* oldest first */
    struct nt_mem_list queue; /* the next one first */
    struct nt_mem_list ended; /* the first to have ended first */
    unsigned           n_queue;
    unsigned           n_ended;
    unsigned           want;
    int64_t            clock; /* never goes back */
} nt_mem_store_t;


static int64_t
nt_mem_now(nt_mem_store_t *mem)
{
    struct timespec now;
    int64_t         msec;

    clock_gettime(CLOCK_REALTIME, &now);
    msec = (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;

    if (msec > mem->clock) {
        mem->clock = msec;
    }

    return mem->clock;
}


/* --- jobs --- */

static void
nt_mem_batch_unref(nt_mem_batch_t *batch)
{
    if (--batch->refs == 0) {
        free(batch);
    }
}


static void
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
    free(job->result);
    free(job->error);
    free(job->node_id);
    free(job->node_type);
    free(job);
}


static bool
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
static char *
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


static nt_mem_job_t *
nt_mem_find(nt_mem_store_t *mem, const char *id)
{
    nt_link_t *link = nt_table_find(&mem->by_id, id);

    return link ? nt_table_entry(link, nt_mem_job_t, by_id) : NULL;
}


static void
nt_mem_record(nt_mem_store_t *mem, const nt_mem_job_t *job,
              nt_job_record_t *record)
{
    const nt_mem_job_t *other;

    *record = (nt_job_record_t) {
        .id = job->id,
        .user = job->user,
        .workflow_id = job->workflow_id,
        .base_url = job->base_url,
        .status = job->status,
        .params = job->params,
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
        TAILQ_FOREACH(other, &mem->queue, state_entry)
        {
            record->queue_position++;
            if (other == job) {
                break;
            }
        }
    }
}


static void
nt_mem_remove(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    TAILQ_REMOVE(&mem->ended, job, state_entry);
    mem->n_ended--;
    TAILQ_REMOVE(&mem->jobs, job, entry);
    nt_table_remove(&mem->by_id, &job->by_id);

    if (job->key) {
        nt_table_remove(&mem->by_key, &job->by_key);
    }

    nt_mem_job_free(job);
}


/* Forgets ended jobs that are too old or too many. */
static void
nt_mem_expire(nt_mem_store_t *mem)
{
    int64_t       past = nt_mem_now(mem) - (int64_t) mem->options.ttl_s * 1000;
    nt_mem_job_t *job;

    while ((job = TAILQ_FIRST(&mem->ended)) &&
           (mem->n_ended > mem->options.max_jobs || job->finished_at < past))
    {
        nt_mem_remove(mem, job);
    }
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


static bool
nt_mem_add_events(nt_mem_store_t *mem, nt_mem_job_t *job,
                  const nt_event_t *events, size_t n)
{
    nt_mem_batch_t *batch, *oldest;

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
    job->last_seq = events[n - 1].seq;

    while (job->n_batches > 1) {
        oldest = job->batches[job->head];
        if (job->n_events - oldest->n < mem->options.max_events) {
            break;
        }

        job->n_events -= oldest->n;
        job->head++;
        job->n_batches--;
        nt_mem_batch_unref(oldest);
    }

    return true;
}


/* The batch that holds the first event after number `after`, or NULL. */
static nt_mem_batch_t *
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


/* --- the store's calls --- */

static void
nt_mem_set_handler(nt_store_t *store, const nt_store_events_t *handler)
{
    ((nt_mem_store_t *) store)->handler = *handler;
}


/* Hands queued jobs out while they are wanted. */
static void
nt_mem_dispatch(nt_mem_store_t *mem)
{
    nt_mem_job_t   *job;
    nt_job_record_t record;

    while (mem->want > 0 && (job = TAILQ_FIRST(&mem->queue))) {
        TAILQ_REMOVE(&mem->queue, job, state_entry);
        mem->n_queue--;
        mem->want--;
        job->status = "running";
        job->started_at = nt_mem_now(mem);
        nt_mem_record(mem, job, &record);
        mem->handler.claimed(mem->handler.arg, &record);
        free(job->params);
        job->params = NULL;
    }
}


static void
nt_mem_want(nt_store_t *store, unsigned n)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;

    mem->want = n;
    nt_mem_dispatch(mem);
}


static nt_mem_job_t *
nt_mem_job(const nt_job_record_t *record, bool start, char *key)
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
        (!start && !nt_mem_copy(&job->params, record->params)))
    {
        nt_mem_job_free(job);
        return NULL;
    }

    return job;
}


/* The first event of a queued job. */
static bool
nt_mem_add_queued(nt_mem_store_t *mem, nt_mem_job_t *job, nt_str_t queued)
{
    nt_buf_t   line = { 0 };
    nt_event_t event = { .seq = 1 };
    bool       ok;

    nt_buf_append_str(&line, queued);
    nt_buf_printf(&line, "%u}", mem->n_queue + 1);
    event.line = line.data;
    event.len = line.len;
    ok = !line.failed && nt_mem_add_events(mem, job, &event, 1);
    nt_buf_free(&line);

    return ok;
}


/* Puts a new job where it belongs. False when memory is out. */
static bool
nt_mem_add(nt_mem_store_t *mem, nt_mem_job_t *job, bool start, nt_str_t queued)
{
    if (!start && !nt_mem_add_queued(mem, job, queued)) {
        return false;
    }

    if (!nt_table_add(&mem->by_id, &job->by_id, job->id)) {
        return false;
    }

    if (job->key && !nt_table_add(&mem->by_key, &job->by_key, job->key)) {
        nt_table_remove(&mem->by_id, &job->by_id);
        return false;
    }

    job->created_at = nt_mem_now(mem);
    TAILQ_INSERT_TAIL(&mem->jobs, job, entry);

    if (start) {
        job->status = "running";
        job->started_at = job->created_at;
    } else {
        job->status = "queued";
        TAILQ_INSERT_TAIL(&mem->queue, job, state_entry);
        mem->n_queue++;
    }

    return true;
}


static void
nt_mem_create(nt_store_t *store, const nt_job_record_t *record, bool start,
              nt_str_t queued, const char *idempotency_key, nt_store_job_cb cb,
              void *arg)
{
    nt_mem_store_t *mem = (nt_mem_store_t *) store;
    nt_mem_job_t   *job;
    nt_job_record_t stored;
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

    job = nt_mem_job(record, start, key);

    if (job == NULL || !nt_mem_add(mem, job, start, queued)) {
        if (job) {
            nt_mem_job_free(job);
        }
        cb(arg, NT_ERROR, "out of memory", NULL);
        return;
    }

    nt_mem_record(mem, job, &stored);
    cb(arg, NT_OK, NULL, &stored);
    nt_mem_dispatch(mem);
}


static void
nt_mem_append(nt_store_t *store, const char *job_id, const nt_event_t *events,
              size_t n, nt_store_cb cb, void *arg)
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
    TAILQ_INSERT_TAIL(&mem->ended, job, state_entry);
    mem->n_ended++;
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
        if (strcmp(job->user, user) != 0 ||
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
        nt_buf_printf(&next, "%lld-%s", (long long) records[n - 1].created_at,
                      records[n - 1].id);
        nt_buf_append_char(&next, '\0');
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

        TAILQ_REMOVE(&mem->queue, job, state_entry);
        mem->n_queue--;
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

    return json_pack("{s:s, s:b, s:i}", "store", "memory", "connected", 1,
                     "queued", (int) mem->n_queue);
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
        nt_mem_job_free(job);
    }

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
    TAILQ_INIT(&mem->queue);
    TAILQ_INIT(&mem->ended);

    return &mem->store;
}
