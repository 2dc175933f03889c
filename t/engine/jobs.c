/* Jobs over each store, with a graph that does as its params say. */

#include <signal.h>
#include <unistd.h>

#include "engine/jobs/jobs.h"
#include "engine/log.h"
#include "t/core/tap.h"
#include "t/engine/jobs_fake.h"
#include "t/engine/redis_server.h"

static uv_loop_t  *loop;
static nt_store_t *store;
static nt_jobs_t  *jobs;
static nt_graph_t  graph = { 1 };
static const char *store_name;


/* --- what comes back --- */

static json_t *answers; /* of a test, so that they are freed at its end */

typedef struct {
    int     n;
    int     status;
    char    message[256];
    json_t *job;
} answer_t;

typedef struct {
    nt_watch_t *watch;
    uint64_t    first;
    uint64_t    last;
    int         n;
    bool        gap;
    bool        ended;
    int         status;
    int         ends;        /* terminal events */
    int         pause_at;    /* pauses after so many events */
    char        line[2048];  /* the last one */
    char        start[2048]; /* the first one */
} seen_t;

static void
on_job(void *arg, int status, const char *message, json_t *job)
{
    answer_t *answer = arg;

    answer->n++;
    answer->status = status;
    snprintf(answer->message, sizeof(answer->message), "%s",
             message ? message : "");
    answer->job = NULL;
    if (job) {
        answer->job = json_deep_copy(job);
        json_array_append_new(answers, answer->job);
    }
}

static void
on_end(void *arg, int status, const char *message, const nt_job_record_t *job)
{
    json_t *json = NULL;

    if (job) {
        json = json_pack("{s:s, s:s*, s:s*, s:s*}", "status", job->status,
                         "result", job->result, "error", job->error, "node_id",
                         job->node_id);
    }

    on_job(arg, status, message, json);
    json_decref(json);
}

static void
on_submitted(void *arg, int status, const char *message,
             const nt_job_record_t *job)
{
    json_t *json = NULL;

    if (job) {
        json =
            json_pack("{s:s, s:s, s:i}", "id", job->id, "status", job->status,
                      "queue_position", (int) job->queue_position);
    }

    on_job(arg, status, message, json);
    json_decref(json);
}

static void
seen_event(void *arg, uint64_t seq, const char *line, size_t len)
{
    seen_t *seen = arg;

    if (seen->n++ == 0) {
        seen->first = seq;
        snprintf(seen->start, sizeof(seen->start), "%.*s", (int) len, line);
    } else if (seq != seen->last + 1) {
        seen->gap = true;
    }

    seen->last = seq;
    snprintf(seen->line, sizeof(seen->line), "%.*s", (int) len, line);
    if (strstr(seen->line, "job_update") &&
        !strstr(seen->line, "\"running\"") && !strstr(seen->line, "\"queued\""))
    {
        seen->ends++;
    }

    if (seen->pause_at && seen->n % seen->pause_at == 0) {
        nt_watch_pause(seen->watch);
    }
}

static void
seen_end(void *arg, int status, const char *message)
{
    seen_t *seen = arg;

    seen->ended = true;
    seen->status = status;
}


/* --- the loop --- */

static uv_timer_t tick; /* so that the loop never sleeps for long */

static void
on_tick(uv_timer_t *timer)
{
}

/* Runs the loop until the expression is true, 5 s at most. */
#define RUN_UNTIL(expr)                                                        \
    do {                                                                       \
        uint64_t until_ = uv_hrtime() + UINT64_C(5000000000);                  \
        while (!(expr) && uv_hrtime() < until_) {                              \
            uv_run(loop, UV_RUN_ONCE);                                         \
        }                                                                      \
    } while (0)

static char own_graph[64]; /* the last one that came with a job */

static nt_graph_t *
get_graph(void *arg, const char *workflow_id, const char *own, nt_buf_t *error)
{
    if (own) {
        snprintf(own_graph, sizeof(own_graph), "%s", own);
    }

    if (strcmp(workflow_id, "deleted") == 0) {
        nt_buf_append_str(error, NT_STR("Workflow not found: deleted"));
        return NULL;
    }

    return nt_graph_ref(&graph);
}

static void
set_true(void *arg)
{
    *(bool *) arg = true;
}

typedef struct {
    void (*test)(void);
    unsigned max_running;
    unsigned max_queued;
    unsigned max_events;
    unsigned lease_ms;
    size_t   max_job_bytes;
} test_t;

static void
start(const test_t *test, int db)
{
    char url[300], error[256];

    const nt_store_options_t options = {
        .max_jobs = 1000,
        .ttl_s = 600,
        .max_events = test->max_events,
        .max_queued = test->max_queued,
        .max_bytes = 256 << 20,
        .max_job_bytes = test->max_job_bytes ? test->max_job_bytes : 64 << 20,
        .lease_ms = test->lease_ms ? test->lease_ms : 3000
    };
    nt_jobs_options_t jobs_options = { .loop = loop,
                                       .max_running = test->max_running,
                                       .workspace = -1,
                                       .assets = -1,
                                       .input_idle_ms = 100,
                                       .graph = get_graph };

    if (redis_dir[0]) {
        snprintf(url, sizeof(url), "unix://%s/redis.sock?db=%d", redis_dir, db);
        store = nt_store_redis_new(loop, url, &options, error, sizeof(error));
    } else {
        store = nt_store_memory_new(loop, &options);
    }

    jobs_options.store = store;
    jobs = nt_jobs_new(&jobs_options);
}

static void
stop(void)
{
    bool closed = false;

    nt_jobs_free(jobs);
    store->close(store, set_true, &closed);
    RUN_UNTIL(closed);
    uv_run(loop, UV_RUN_NOWAIT);
    uv_run(loop, UV_RUN_NOWAIT);
}

static void
submit_as(answer_t *answer, const char *user, const char *workflow_id,
          const char *key, const char *params)
{
    json_t          *json = json_loads(params, 0, NULL);
    nt_job_request_t request = { .user = user,
                                 .workflow_id = workflow_id,
                                 .idempotency_key = key,
                                 .base_url = "http://x",
                                 .graph = &graph,
                                 .params = json };

    *answer = (answer_t) { 0 };
    nt_jobs_submit(jobs, &request, on_submitted, answer);
    json_decref(json);
    RUN_UNTIL(answer->n);
}

static const char *
field(const answer_t *answer, const char *name)
{
    const char *text = json_string_value(json_object_get(answer->job, name));

    return text ? text : "";
}

static const char *
submit(answer_t *answer, const char *params)
{
    submit_as(answer, "u", "w", NULL, params);
    return field(answer, "id");
}

static void
watch(seen_t *seen, const char *user, const char *id, uint64_t after)
{
    nt_watch_sink_t sink = { seen, seen_event, seen_end };

    seen->watch = nt_jobs_watch(jobs, user, id, after, &sink);
}

static void
get(answer_t *answer, const char *user, const char *id)
{
    *answer = (answer_t) { 0 };
    nt_jobs_get(jobs, user, id, on_job, answer);
    RUN_UNTIL(answer->n);
}

static void
cancel(answer_t *answer, const char *user, const char *id)
{
    *answer = (answer_t) { 0 };
    nt_jobs_cancel(jobs, user, id, on_job, answer);
    RUN_UNTIL(answer->n);
}

#define NAME(text) name(text)

static const char *name(const char *text) __attribute__((format_arg(1)));

static const char *
name(const char *text)
{
    static char full[256];

    snprintf(full, sizeof(full), "%s: %s", store_name, text);
    return full;
}

static void
same(const char *got, const char *want, const char *what)
{
    is_str(nt_str(got), want, NAME(what));
}


/* --- the tests --- */

static void
test_stream(void)
{
    answer_t answer, job;
    seen_t   seen = { 0 }, late = { 0 }, past = { 0 }, foreign = { 0 },
           unknown = { 0 };
    char id[64];

    snprintf(id, sizeof(id), "%s", submit(&answer, "{\"events\": 3}"));
    is_int(answer.status, 200, NAME("accepted"));
    same(field(&answer, "status"), "running", "starts at once");

    watch(&seen, "u", id, 0);
    ok(seen.n == 0, NAME("no event before watch returns"));
    RUN_UNTIL(seen.ended);
    is_int(seen.status, 200, NAME("the stream ends well"));
    is_int(seen.n, 5, NAME("update, three chunks, update"));
    ok(seen.first == 1 && !seen.gap, NAME("numbered from 1 without a gap"));
    ok(strstr(seen.start, "{\"type\":\"job_update\",\"status\":\"running\""),
       NAME("running comes first"));
    ok(strstr(seen.line, "\"status\":\"completed\"") &&
           strstr(seen.line, "\"result\":{\"output\":7,\"results\":{\"x\":7}}"),
       NAME("the last one has the result"));
    nt_watch_close(seen.watch);

    get(&job, "u", id);
    same(field(&job, "status"), "completed", "the job is completed");
    is_int(json_integer_value(
               json_object_get(json_object_get(job.job, "result"), "output")),
           7, NAME("the job has its result"));
    ok(json_is_string(json_object_get(job.job, "finished_at")),
       NAME("the job has its end's time"));

    watch(&late, "u", id, 2);
    RUN_UNTIL(late.ended);
    ok(late.first == 3 && late.n == 3 && late.status == 200,
       NAME("resumes after a number"));
    nt_watch_close(late.watch);

    watch(&past, "u", id, 5);
    RUN_UNTIL(past.ended);
    ok(past.n == 0 && past.status == 200, NAME("nothing after the end"));
    nt_watch_close(past.watch);

    watch(&foreign, "other", id, 0);
    RUN_UNTIL(foreign.ended);
    ok(foreign.n == 0 && foreign.status == 403, NAME("another user: 403"));
    nt_watch_close(foreign.watch);

    watch(&unknown, "u", "nope", 0);
    RUN_UNTIL(unknown.ended);
    is_int(unknown.status, 404, NAME("unknown job: 404"));
    nt_watch_close(unknown.watch);
}

static void
test_await(void)
{
    answer_t answer, end = { 0 }, again = { 0 };
    char     id[64];

    snprintf(id, sizeof(id), "%s", submit(&answer, "{\"events\": 1}"));
    nt_jobs_await(jobs, "u", id, on_end, &end);
    ok(end.n == 0, NAME("no callback before await returns"));
    RUN_UNTIL(end.n);
    same(field(&end, "status"), "completed", "await: completed");
    same(field(&end, "result"), "{\"output\":7,\"results\":{\"x\":7}}",
         "await: the result as text");

    nt_jobs_await(jobs, "u", id, on_end, &again);
    RUN_UNTIL(again.n);
    same(field(&again, "status"), "completed", "await of an ended job");

    again = (answer_t) { 0 };
    nt_jobs_await(jobs, "v", id, on_end, &again);
    RUN_UNTIL(again.n);
    is_int(again.status, 403, NAME("await of another user's job"));

    snprintf(id, sizeof(id), "%s", submit(&answer, "{\"end\": \"wait\"}"));
    again = (answer_t) { 0 };
    nt_await_close(nt_jobs_await(jobs, "u", id, on_end, &again));
    cancel(&answer, "u", id);
    is_int(again.n, 0, NAME("no callback after await was closed"));
}

static void
test_failure(void)
{
    answer_t answer, job;
    seen_t   seen = { 0 };
    char     id[64];
    char     message[4001];
    size_t   n = 0;

    for (int i = 0; i < 1000; i++) { /* 999 characters of 3 bytes, and more */
        memcpy(message + n, "\xe2\x82\xac", 3);
        n += 3;
    }
    strcpy(message + n, "beyond");
    fake_message = message;

    snprintf(id, sizeof(id), "%s",
             submit(&answer, "{\"events\": 1, \"end\": \"failed\"}"));
    watch(&seen, "u", id, 0);
    RUN_UNTIL(seen.ended);
    is_int(seen.ends, 1, NAME("one terminal event"));
    nt_watch_close(seen.watch);
    fake_message = NULL;

    get(&job, "u", id);
    same(field(&job, "status"), "failed", "the job failed");
    same(field(&job, "node_id"), "n1", "the job names the node");
    is_int((long long) strlen(field(&job, "error")), 3000,
           NAME("the error is cut at 1,000 characters"));

    seen = (seen_t) { 0 };
    submit(&answer, "{\"end\": \"failed\"}");
    watch(&seen, "u", field(&answer, "id"), 0);
    RUN_UNTIL(seen.ended);
    ok(strstr(seen.line, "\"error\":\"it failed\",\"node_id\":\"n1\","
                         "\"node_type\":\"test.Fail\"}"),
       NAME("the last event says what failed"));
    nt_watch_close(seen.watch);
}

static void
test_queue(void)
{
    answer_t first, second, third, fourth, job;
    seen_t   seen = { 0 }, cancelled = { 0 };
    char     one[64], two[64], three[64];

    snprintf(one, sizeof(one), "%s", submit(&first, "{\"end\": \"wait\"}"));
    snprintf(two, sizeof(two), "%s", submit(&second, "{\"events\": 2}"));
    snprintf(three, sizeof(three), "%s", submit(&third, "{}"));
    same(field(&second, "status"), "queued", "no room: queued");
    is_int(json_integer_value(json_object_get(third.job, "queue_position")), 2,
           NAME("place in the queue"));

    submit(&fourth, "{}");
    is_int(fourth.status, 503, NAME("the queue is full"));

    watch(&seen, "u", two, 0);
    watch(&cancelled, "u", three, 0);
    RUN_UNTIL(seen.n && cancelled.n);
    ok(strstr(seen.start, "\"status\":\"queued\"") &&
           strstr(seen.start, "\"queue_position\":1}"),
       NAME("queued is the first event"));

    cancel(&job, "u", three);
    is_int(job.status, 200, NAME("a queued job is cancelled"));
    same(field(&job, "status"), "cancelled", "it is cancelled at once");
    RUN_UNTIL(cancelled.ended);
    ok(cancelled.n == 2 && cancelled.ends == 1,
       NAME("its watcher sees the end"));
    get(&job, "u", two);
    is_int(json_integer_value(json_object_get(job.job, "queue_position")), 1,
           NAME("place in the queue later"));

    cancel(&job, "u", one);
    same(field(&job, "status"), "cancelled", "the running job is cancelled");
    RUN_UNTIL(seen.ended);
    ok(seen.n == 5 && !seen.gap && seen.ends == 1,
       NAME("the queued job runs next, watched from its queue on"));
    nt_watch_close(seen.watch);
    nt_watch_close(cancelled.watch);

    submit(&first, "{\"end\": \"wait\"}");
    submit_as(&second, "u", "deleted", NULL, "{}");
    cancel(&job, "u", field(&first, "id"));
    seen = (seen_t) { 0 };
    watch(&seen, "u", field(&second, "id"), 0);
    RUN_UNTIL(seen.ended);
    nt_watch_close(seen.watch);
    get(&job, "u", field(&second, "id"));
    same(field(&job, "error"), "Workflow not found: deleted",
         "a workflow that was deleted meanwhile");
}

static void
test_cancel(void)
{
    answer_t answer, job, other;
    seen_t   seen = { 0 };
    char     id[64];

    snprintf(id, sizeof(id), "%s",
             submit(&answer, "{\"events\": 2, \"end\": \"wait\"}"));
    watch(&seen, "u", id, 0);
    RUN_UNTIL(seen.n == 3);
    is_int(seen.n, 3, NAME("events of a running job are seen"));

    cancel(&other, "other", id);
    is_int(other.status, 403, NAME("another user cannot cancel"));
    cancel(&other, "u", "nope");
    is_int(other.status, 404, NAME("an unknown job cannot be cancelled"));

    cancel(&job, "u", id);
    is_int(job.status, 200, NAME("a running job is cancelled"));
    same(field(&job, "status"), "cancelled", "and is cancelled then");
    RUN_UNTIL(seen.ended);
    ok(seen.ends == 1 && strstr(seen.line, "\"status\":\"cancelled\""),
       NAME("the watcher sees that"));
    nt_watch_close(seen.watch);

    cancel(&job, "u", id);
    is_int(job.status, 409, NAME("cancelled twice: 409"));
    submit(&answer, "{}");
    seen = (seen_t) { 0 };
    watch(&seen, "u", field(&answer, "id"), 0);
    RUN_UNTIL(seen.ended);
    nt_watch_close(seen.watch);
    cancel(&job, "u", field(&answer, "id"));
    is_int(job.status, 409, NAME("a completed job: 409"));

    submit(&answer, "{\"end\": \"deaf\"}");
    cancel(&job, "u", field(&answer, "id"));
    same(field(&job, "status"), "cancelled",
         "a node that does not listen keeps the run, not the job");
    is_int(fake_runs, 1, NAME("the run is still there"));
}

static void
test_idempotency(void)
{
    answer_t one, two, three, four, five;

    submit_as(&one, "u", "w", "key", "{}");
    submit_as(&two, "u", "w", "key", "{}");
    submit_as(&three, "v", "w", "key", "{}");
    submit_as(&four, "u", "w", "key2", "{}");
    submit_as(&five, "u", "w2", "key", "{}");
    same(field(&two, "id"), field(&one, "id"), "the same key, the same job");
    ok(strcmp(field(&three, "id"), field(&one, "id")) != 0,
       NAME("another user's key is another key"));
    ok(strcmp(field(&four, "id"), field(&one, "id")) != 0,
       NAME("another key, another job"));
    is_int(two.status, 200, NAME("the earlier job is no error"));
    is_int(five.status, 422, NAME("but not for another workflow's run"));
}

static void
test_slow(void)
{
    answer_t answer;
    seen_t   seen = { .pause_at = 1000 };

    submit(&answer, "{\"events\": 20000}");
    watch(&seen, "u", field(&answer, "id"), 0);

    for (int i = 0; i < 30 && !seen.ended; i++) {
        int n = seen.n;

        RUN_UNTIL(seen.ended || seen.n >= n + 1000);
        n = seen.n;
        for (int j = 0; j < 20; j++) {
            uv_run(loop, UV_RUN_ONCE);
        }
        if (seen.n != n) {
            ok(false, NAME("no event while paused"));
        }
        if (!seen.ended) {
            nt_watch_resume(seen.watch);
        }
    }

    ok(seen.ended && seen.status == 200,
       NAME("a slow watcher gets to the end"));
    is_int(seen.n, 20002, NAME("with all events"));
    ok(!seen.gap && seen.first == 1 && seen.ends == 1,
       NAME("each once and in order"));
    nt_watch_close(seen.watch);
}

/* Runs a job, and then reads its events. */
static void
see_late(seen_t *seen, answer_t *answer, const char *params)
{
    answer_t end = { 0 };

    submit(answer, params);
    nt_jobs_await(jobs, "u", field(answer, "id"), on_end, &end);
    RUN_UNTIL(end.n);
    watch(seen, "u", field(answer, "id"), 0);
    RUN_UNTIL(seen->ended);
}

static void
test_trim(void)
{
    answer_t answer;
    seen_t   seen = { 0 };

    see_late(&seen, &answer, "{\"events\": 20000}");
    ok(seen.first > 1 && seen.last == 20002 && !seen.gap,
       NAME("the oldest events of many go, the rest is whole"));
    is_int(seen.ends, 1, NAME("the last one stays"));
    ok(strstr(seen.start, "\"missing_from\":1,"),
       NAME("and what is missing is said first"));
    nt_watch_close(seen.watch);

    seen = (seen_t) { 0 };
    watch(&seen, "u", field(&answer, "id"), 5);
    RUN_UNTIL(seen.ended);
    ok(strstr(seen.start, "\"missing_from\":6,") && !seen.gap,
       NAME("also to who reads on"));
    nt_watch_close(seen.watch);

    seen = (seen_t) { 0 };
    watch(&seen, "u", field(&answer, "id"), 20000);
    RUN_UNTIL(seen.ended);
    ok(seen.n == 2 && !strstr(seen.start, "missing"),
       NAME("but not to who misses nothing"));
    nt_watch_close(seen.watch);
}

static void
test_trim_bytes(void)
{
    answer_t answer;
    seen_t   seen = { 0 };

    see_late(&seen, &answer, "{\"events\": 400000}");
    ok(strstr(seen.start, "missing_from") && seen.last == 400002 && !seen.gap &&
           seen.n < 200000,
       NAME("events are bounded by bytes, too"));
    is_int(seen.ends, 1, NAME("with the last one"));
    nt_watch_close(seen.watch);
}

static void
list(answer_t *answer, const char *user, const char *workflow_id,
     const char *start_key, unsigned limit)
{
    *answer = (answer_t) { 0 };
    nt_jobs_list(jobs, user, workflow_id, start_key, limit, on_job, answer);
    RUN_UNTIL(answer->n);
}

static void
active(answer_t *answer, const char *user)
{
    *answer = (answer_t) { 0 };
    nt_jobs_active(jobs, user, 10, on_job, answer);
    RUN_UNTIL(answer->n);
}

/* Waits until so many jobs of a user are left. */
static void
settle(const char *user, size_t n)
{
    answer_t page;

    for (int i = 0; i < 5000; i++) {
        active(&page, user);
        if (json_array_size(json_object_get(page.job, "jobs")) == n) {
            return;
        }
        uv_run(loop, UV_RUN_ONCE);
    }
}

static const char *
listed(const answer_t *page, size_t i)
{
    json_t *list_ = json_object_get(page->job, "jobs");

    return json_string_value(json_object_get(json_array_get(list_, i), "id"));
}

static void
test_list(void)
{
    answer_t job[5], page;
    char     key[128];

    for (int i = 0; i < 5; i++) {
        submit_as(&job[i], "lister", i % 2 ? "odd" : "even", NULL, "{}");
    }
    submit_as(&page, "u", "odd", NULL, "{}");

    list(&page, "lister", NULL, NULL, 2);
    is_int((long long) json_array_size(json_object_get(page.job, "jobs")), 2,
           NAME("a page has its limit"));
    same(listed(&page, 0), field(&job[4], "id"), "the newest is first");
    same(listed(&page, 1), field(&job[3], "id"), "then the next");
    snprintf(key, sizeof(key), "%s", field(&page, "next_start_key"));

    list(&page, "lister", NULL, key, 10);
    is_int((long long) json_array_size(json_object_get(page.job, "jobs")), 3,
           NAME("the second page has the rest"));
    same(listed(&page, 0), field(&job[2], "id"), "where the first ended");
    ok(json_is_null(json_object_get(page.job, "next_start_key")),
       NAME("no third page"));

    list(&page, "lister", "odd", NULL, 10);
    is_int((long long) json_array_size(json_object_get(page.job, "jobs")), 2,
           NAME("those of a workflow"));
    list(&page, "lister", NULL, "nonsense", 10);
    is_int(page.status, 400, NAME("a start key that is none"));
}

/* An administrator asks with NULL. */
static void
test_admin(void)
{
    answer_t job[4], page;
    char     key[128], id[64];

    for (int i = 0; i < 4; i++) {
        submit_as(&job[i], i % 2 ? "a" : "b", "w", NULL, "{}");
    }
    submit_as(&page, "c", "other", NULL, "{\"end\": \"wait\"}");
    snprintf(id, sizeof(id), "%s", field(&page, "id"));

    list(&page, NULL, NULL, NULL, 2);
    same(listed(&page, 0), id, "jobs of all, the newest first");
    same(listed(&page, 1), field(&job[3], "id"), "of another user");
    snprintf(key, sizeof(key), "%s", field(&page, "next_start_key"));
    list(&page, NULL, NULL, key, 10);
    same(listed(&page, 0), field(&job[2], "id"), "the next page");
    is_int((long long) json_array_size(json_object_get(page.job, "jobs")), 3,
           NAME("has the rest"));
    list(&page, NULL, "w", NULL, 3);
    same(listed(&page, 0), field(&job[3], "id"), "of a workflow");
    is_int((long long) json_array_size(json_object_get(page.job, "jobs")), 3,
           NAME("as many as asked for"));

    settle(NULL, 1);
    active(&page, NULL);
    is_int((long long) json_array_size(json_object_get(page.job, "jobs")), 1,
           NAME("one job runs"));
    same(listed(&page, 0), id, "it is listed");
    active(&page, "a");
    is_int((long long) json_array_size(json_object_get(page.job, "jobs")), 0,
           NAME("none of another user"));

    get(&page, NULL, id);
    same(field(&page, "status"), "running", "may see it");
    cancel(&page, NULL, id);
    same(field(&page, "status"), "cancelled", "may cancel it");
}

static int  followed;
static char updates[32768];

static void
on_update(void *arg, const nt_job_record_t *job)
{
    size_t len = strlen(updates);

    followed++;
    snprintf(updates + len, sizeof(updates) - len, "%s %s%s%s;",
             job->workflow_id, job->status, job->error ? " " : "",
             job->error ? job->error : "");
    if (arg && followed == 2) {
        nt_follow_close(*(nt_follow_t **) arg);
    }
}

static void
test_follow(void)
{
    nt_follow_t *follow, *brief;
    answer_t     first, second, third;

    followed = 0;
    updates[0] = '\0';
    follow = nt_jobs_follow(jobs, "f", on_update, NULL);

    /* with Redis it takes a moment until it is heard */
    for (int i = 0; i < 500 && followed == 0; i++) {
        submit_as(&first, "f", "probe", NULL, "{}");
        settle("f", 0);
    }
    submit_as(&first, "f", "last", NULL, "{}");
    RUN_UNTIL(strstr(updates, "last completed;"));

    followed = 0;
    updates[0] = '\0';
    submit_as(&first, "f", "w", NULL, "{\"end\": \"wait\"}");
    submit_as(&second, "f", "v", NULL, "{}");
    submit_as(&third, "g", "v", NULL, "{}");
    cancel(&first, "f", field(&first, "id"));
    RUN_UNTIL(followed == 5);
    settle("g", 0);
    same(updates, "w running;v queued;w cancelled;v running;v completed;",
         "the life of two jobs is told, but not another user's");

    followed = 0;
    updates[0] = '\0';
    submit_as(&first, "f", "w", NULL, "{\"end\": \"failed\"}");
    RUN_UNTIL(followed == 2);
    same(updates, "w running;w failed it failed;", "why it failed");

    followed = 0;
    brief = nt_jobs_follow(jobs, "f", on_update, &brief);
    submit_as(&first, "f", "w", NULL, "{}");
    RUN_UNTIL(followed == 3);
    submit_as(&first, "f", "w", NULL, "{}");
    RUN_UNTIL(followed == 5);
    is_int(followed, 5, NAME("one of two has closed in its callback"));
    nt_follow_close(follow);
}

static void
submit_own(answer_t *answer, json_t *own)
{
    json_t          *params = json_object();
    nt_job_request_t request = { .user = "u",
                                 .workflow_id = "",
                                 .base_url = "",
                                 .graph = &graph,
                                 .params = params,
                                 .own = own };

    *answer = (answer_t) { 0 };
    nt_jobs_submit(jobs, &request, on_submitted, answer);
    json_decref(params);
    RUN_UNTIL(answer->n);
}

/* A graph that is no workflow's waits in the queue with its job. */
static void
test_own_graph(void)
{
    answer_t first, second, page;
    json_t  *own = json_pack("{s:s}", "made", "up"), *large;
    char    *text;

    submit(&first, "{\"end\": \"wait\"}");
    submit_own(&second, own);
    same(field(&second, "status"), "queued", "it waits");
    own_graph[0] = '\0';
    cancel(&first, "u", field(&first, "id"));
    RUN_UNTIL(own_graph[0]);
    same(own_graph, "{\"made\":\"up\"}", "the graph comes with the job");
    json_decref(own);

    text = malloc(NT_JOB_GRAPH_MAX);
    memset(text, 'x', NT_JOB_GRAPH_MAX);
    large = json_pack("{s:s#}", "x", text, (int) NT_JOB_GRAPH_MAX);
    free(text);
    submit_own(&second, large);
    is_int(second.status, 413, NAME("a graph that is too large"));
    json_decref(large);
    list(&page, "u", NULL, NULL, 10);
    is_int((long long) json_array_size(json_object_get(page.job, "jobs")), 2,
           NAME("is no job"));
}

/* The inputs of a job that nobody feeds or watches end. */
static void
test_idle_inputs(void)
{
    json_t *params = json_loads("{\"end\":\"wait\",\"inputs\":1}", 0, NULL);
    nt_job_request_t request = { .user = "u",
                                 .workflow_id = "w",
                                 .base_url = "",
                                 .graph = &graph,
                                 .params = params,
                                 .open_inputs = true };
    answer_t         answer = { 0 }, job;
    seen_t           seen = { 0 };
    uint64_t         until;

    nt_jobs_submit(jobs, &request, on_submitted, &answer);
    RUN_UNTIL(answer.n);
    watch(&seen, "u", field(&answer, "id"), 0);
    until = uv_hrtime() + 300000000;
    while (uv_hrtime() < until) {
        uv_run(loop, UV_RUN_ONCE);
    }
    get(&job, "u", field(&answer, "id"));
    same(field(&job, "status"), "running", "inputs stay open for a watcher");

    nt_watch_close(seen.watch);
    settle("u", 0);
    get(&job, "u", field(&answer, "id"));
    same(field(&job, "status"), "completed", "and end without one");

    seen = (seen_t) { 0 };
    watch(&seen, "u", field(&answer, "id"), 0);
    RUN_UNTIL(seen.ended);
    is_int(seen.n, 3, NAME("which an event tells"));
    nt_watch_close(seen.watch);
    json_decref(params);
}

static void
test_drain(void)
{
    answer_t running, queued, late, job;
    bool     drained = false;

    submit(&running, "{\"end\": \"wait\"}");
    submit(&queued, "{}");
    same(field(&queued, "status"), "queued", "one runs, one waits");

    nt_jobs_drain(jobs, 50, set_true, &drained);
    submit(&late, "{}");
    is_int(late.status, 503, NAME("a drain takes no more jobs"));
    RUN_UNTIL(drained);
    ok(drained, NAME("the drain ends"));

    get(&job, "u", field(&running, "id"));
    same(field(&job, "status"), store->release ? "queued" : "failed",
         "the running one is handed back or fails");
    get(&job, "u", field(&queued, "id"));
    same(field(&job, "status"), store->release ? "queued" : "failed",
         "so does the waiting one");
}

static int speed_busy, speed_completed;

static void
on_speed_end(void *arg, int status, const char *message,
             const nt_job_record_t *job)
{
    speed_busy--;
    speed_completed += job && strcmp(job->status, "completed") == 0;
}

static void
on_speed_job(void *arg, int status, const char *message,
             const nt_job_record_t *job)
{
    if (job == NULL || !nt_jobs_await(jobs, "u", job->id, on_speed_end, NULL)) {
        speed_busy--;
    }
}

static void
test_speed(void)
{
    enum { N = 20000, BUSY = 64 };
    uint64_t         begin = uv_hrtime();
    json_t          *params = json_object();
    nt_job_request_t request = { .user = "u",
                                 .workflow_id = "w",
                                 .base_url = "",
                                 .graph = &graph,
                                 .params = params };

    speed_completed = 0;

    for (int i = 0; i < N; i++) {
        speed_busy++;
        nt_jobs_submit(jobs, &request, on_speed_job, NULL);
        RUN_UNTIL(speed_busy < BUSY);
    }

    RUN_UNTIL(speed_busy == 0);
    is_int(speed_completed, N, NAME("many jobs complete"));
    printf("# %s: %.0f jobs/s\n", store_name,
           N / ((double) (uv_hrtime() - begin) / 1e9));
    json_decref(params);
}

/* The engine goes without a word, and comes back as another one. */
static void
crash(void)
{
    static const test_t again = { NULL, 8, 8, 1000, 300, 0 };

    stop();
    start(&again, 11);
}

static void
test_takeover(void)
{
    answer_t answer, job;
    seen_t   seen = { 0 };
    char     id[64];

    if (store->release == NULL) {
        return; /* nothing outlives the memory store */
    }

    snprintf(id, sizeof(id), "%s",
             submit(&answer, "{\"events\": 2, \"end\": \"wait\"}"));
    watch(&seen, "u", id, 0);
    RUN_UNTIL(seen.n == 3);
    nt_watch_close(seen.watch);
    crash();

    seen = (seen_t) { 0 };
    watch(&seen, "u", id, 0);
    RUN_UNTIL(seen.n == 7);
    ok(seen.n == 7 && !seen.gap, NAME("taken over, its events go on"));
    get(&job, "u", id);
    is_int(json_integer_value(json_object_get(job.job, "attempt")), 2,
           NAME("the job counts its attempts"));
    cancel(&job, "u", id);
    same(field(&job, "status"), "cancelled", "and can be cancelled");
    RUN_UNTIL(seen.ended);
    is_int(seen.ends, 1, NAME("one end"));
    nt_watch_close(seen.watch);
}

static const test_t tests[] = {
    { test_stream, 8, 8, 1000, 3000, 0 },
    { test_await, 8, 8, 1000, 3000, 0 },
    { test_failure, 8, 8, 1000, 3000, 0 },
    { test_queue, 1, 2, 1000, 3000, 0 },
    { test_cancel, 8, 8, 1000, 3000, 0 },
    { test_idempotency, 8, 8, 1000, 3000, 0 },
    { test_slow, 8, 8, 1000000, 3000, 0 },
    { test_trim, 8, 8, 1000, 3000, 0 },
    { test_list, 8, 8, 1000, 3000, 0 },
    { test_drain, 1, 8, 1000, 3000, 0 },
    { test_speed, 100, 100, 1000, 3000, 0 },
    { test_takeover, 8, 8, 1000, 300, 0 },
    { test_trim_bytes, 8, 8, 1000000, 3000, 1000000 },
    { test_admin, 8, 8, 1000, 3000, 0 },
    { test_follow, 1, 8, 1000, 3000, 0 },
    { test_own_graph, 1, 8, 1000, 3000, 0 },
    { test_idle_inputs, 8, 8, 1000, 3000, 0 },
};

static void
run_all(const char *store_of)
{
    store_name = store_of;

    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        start(&tests[i], (int) i);
        tests[i].test();
        json_array_clear(answers);
        fake_hear();
        stop();
        is_int(graph.refs, 1, NAME("no graph is left over"));
        is_int(fake_runs, 0, NAME("no run is left over"));
    }
}

int
main(void)
{
    signal(SIGPIPE, SIG_IGN);
    nt_log_set_level(NT_LOG_ERROR);

    answers = json_array();
    loop = uv_default_loop();
    uv_timer_init(loop, &tick);
    uv_timer_start(&tick, on_tick, 2, 2);

    run_all("memory");

    if (ok(redis_start(), "redis-server starts")) {
        run_all("redis");
        redis_stop();
    }

    json_decref(answers);

    return done();
}
