/*
 * What is asked of the store about jobs, and what Redis replies, as jobs and
 * events.
 */

#include "engine/jobs/store_redis_int.h"

#include <stdlib.h>

#include "core/nt_buf.h"
#include "core/nt_id.h"
#include "engine/jobs/job_events.h"

/* Places in a record, as NT_LUA_RECORD makes it. */
enum {
    NT_RECORD_USER,
    NT_RECORD_WORKFLOW,
    NT_RECORD_BASE,
    NT_RECORD_STATUS,
    NT_RECORD_ERROR,
    NT_RECORD_NODE,
    NT_RECORD_NODE_TYPE,
    NT_RECORD_CREATED,
    NT_RECORD_STARTED,
    NT_RECORD_FINISHED,
    NT_RECORD_ATTEMPT,
    NT_RECORD_LOST,
    NT_RECORD_SEQ,
    NT_RECORD_CANCEL,
    NT_RECORD_BIG,
    NT_RECORD_POSITION,
    NT_RECORD_ID,
    NT_RECORD_KEPT,
    NT_RECORD_GRAPH,
    NT_RECORD_OPEN,
    NT_RECORD_FIELDS
};


static const char *
nt_red_text(const redisReply *reply, size_t i)
{
    const redisReply *field = reply->element[i];

    return field->type == REDIS_REPLY_STRING ? field->str : NULL;
}


static int64_t
nt_red_number(const redisReply *reply, size_t i)
{
    const redisReply *field = reply->element[i];

    if (field->type == REDIS_REPLY_INTEGER) {
        return field->integer;
    }

    return field->type == REDIS_REPLY_STRING ? strtoll(field->str, NULL, 10)
                                             : 0;
}


bool
nt_red_record(nt_job_record_t *record, const redisReply *reply,
              const char **big)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != NT_RECORD_FIELDS)
    {
        return false;
    }

    *record = (nt_job_record_t) {
        .id = nt_red_text(reply, NT_RECORD_ID),
        .user = nt_red_text(reply, NT_RECORD_USER),
        .workflow_id = nt_red_text(reply, NT_RECORD_WORKFLOW),
        .base_url = nt_red_text(reply, NT_RECORD_BASE),
        .status = nt_red_text(reply, NT_RECORD_STATUS),
        .error = nt_red_text(reply, NT_RECORD_ERROR),
        .node_id = nt_red_text(reply, NT_RECORD_NODE),
        .node_type = nt_red_text(reply, NT_RECORD_NODE_TYPE),
        .created_at = nt_red_number(reply, NT_RECORD_CREATED),
        .started_at = nt_red_number(reply, NT_RECORD_STARTED),
        .finished_at = nt_red_number(reply, NT_RECORD_FINISHED),
        .attempt = (unsigned) nt_red_number(reply, NT_RECORD_ATTEMPT),
        .lost = (unsigned) nt_red_number(reply, NT_RECORD_LOST),
        .last_seq = (uint64_t) nt_red_number(reply, NT_RECORD_SEQ),
        .cancel = nt_red_text(reply, NT_RECORD_CANCEL) != NULL,
        .queue_position = (unsigned) nt_red_number(reply, NT_RECORD_POSITION),
        .kept = nt_red_text(reply, NT_RECORD_KEPT),
        .graph = nt_red_text(reply, NT_RECORD_GRAPH),
        .open_inputs = nt_red_text(reply, NT_RECORD_OPEN) != NULL,
    };

    if (big) {
        *big = nt_red_text(reply, NT_RECORD_BIG);
    }

    return record->id && strlen(record->id) == NT_ID_HEX_LEN && record->user &&
           record->workflow_id && record->status;
}


static void
nt_red_on_list(void *arg, const redisReply *reply, const char *error)
{
    nt_red_call_t   *call = arg;
    nt_job_record_t *records = NULL;
    nt_buf_t         next = { 0 };
    size_t           n = 0;

    if (error == NULL && reply->type == REDIS_REPLY_ARRAY) {
        records = calloc(reply->elements + 1, sizeof(*records));
    }

    if (records == NULL) {
        call->cb.list(call->arg, NT_ERROR, error ? error : "out of memory",
                      NULL, 0, NULL);
        free(call);
        return;
    }

    for (size_t i = 0; i < reply->elements && n < call->limit; i++) {
        if (nt_red_record(&records[n], reply->element[i], NULL)) {
            n++;
        }
    }

    if (n > 0 && reply->elements > call->limit) {
        nt_job_start_key(&next, &records[n - 1]);
    }

    if (next.failed) {
        call->cb.list(call->arg, NT_ERROR, "out of memory", NULL, 0, NULL);
    } else {
        call->cb.list(call->arg, NT_OK, NULL, records, n, next.data);
    }

    nt_buf_free(&next);
    free(records);
    free(call);
}


/* --- events --- */

/* The lines of an entry [id, [e, lines]]; NULL when it is not one. */
static const redisReply *
nt_red_entry(const redisReply *entry, uint64_t *last)
{
    const redisReply *fields;

    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
        entry->element[0]->type != REDIS_REPLY_STRING ||
        entry->element[1]->type != REDIS_REPLY_ARRAY)
    {
        return NULL;
    }

    fields = entry->element[1];
    if (fields->elements != 2 || fields->element[1]->type != REDIS_REPLY_STRING)
    {
        return NULL;
    }

    *last = strtoull(entry->element[0]->str, NULL, 10);

    return fields->element[1];
}


static size_t
nt_red_lines(const redisReply *text)
{
    size_t n = 1;

    for (const char *p = text->str, *end = text->str + text->len;
         (p = memchr(p, '\n', (size_t) (end - p))); p++)
    {
        n++;
    }

    return n;
}


/* Splits an entry into its events, leaving out those up to `after`. */
static size_t
nt_red_split(const redisReply *text, uint64_t last, size_t lines,
             uint64_t after, nt_event_t *events)
{
    const char *line = text->str, *end = text->str + text->len;
    uint64_t    seq = last - lines + 1;
    size_t      n = 0;

    for (; seq <= last; seq++) {
        const char *stop = memchr(line, '\n', (size_t) (end - line));

        stop = stop ? stop : end;
        if (seq > after) {
            events[n++] = (nt_event_t) { seq, line, (size_t) (stop - line) };
        }
        line = stop + 1;
    }

    return n;
}


static void
nt_red_on_events(void *arg, const redisReply *reply, const char *error)
{
    nt_red_call_t    *call = arg;
    nt_event_t       *events;
    const redisReply *text;
    uint64_t          last;
    size_t            n = 0;

    if (error || reply->type != REDIS_REPLY_ARRAY) {
        call->cb.events(call->arg, NT_ERROR, error ? error : "bad reply", NULL,
                        0);
        free(call);
        return;
    }

    for (size_t i = 0; i < reply->elements; i++) {
        text = nt_red_entry(reply->element[i], &last);
        n += text ? nt_red_lines(text) : 0;
    }

    events = malloc((n + 1) * sizeof(*events));
    if (events == NULL) {
        call->cb.events(call->arg, NT_ERROR, "out of memory", NULL, 0);
        free(call);
        return;
    }

    n = 0;
    for (size_t i = 0; i < reply->elements; i++) {
        text = nt_red_entry(reply->element[i], &last);
        if (text) {
            n += nt_red_split(text, last, nt_red_lines(text), call->after,
                              events + n);
        }
    }

    call->cb.events(call->arg, NT_OK, NULL, events, n);
    free(events);
    free(call);
}


/* --- what everybody may ask for --- */

static void
nt_red_on_job(void *arg, const redisReply *reply, const char *error)
{
    nt_red_call_t  *call = arg;
    nt_job_record_t record;
    const char     *result;

    if (error) {
        call->cb.job(call->arg, NT_ERROR, error, NULL);

    } else if (!nt_red_record(&record, reply, &result)) {
        call->cb.job(call->arg, NT_OK, NULL, NULL);

    } else {
        record.result = result;
        call->cb.job(call->arg, NT_OK, NULL, &record);
    }

    free(call);
}


/* A call that has the job as its reply, with the id as first argument; NULL
 * after `cb` was told why. */
static nt_red_call_t *
nt_red_job_call(nt_red_store_t *red, const char *id, nt_redis_args_t *args,
                nt_store_job_cb cb, void *arg)
{
    nt_red_call_t *call = nt_red_call(red, NULL, arg);

    if (call == NULL) {
        cb(arg, NT_ERROR, "out of memory", NULL);
        return NULL;
    }

    call->cb.job = cb;
    nt_red_args(args);
    nt_redis_arg_text(args, id);

    return call;
}


void
nt_red_get(nt_store_t *store, const char *job_id, nt_store_job_cb cb, void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_redis_args_t args;
    nt_red_call_t  *call = nt_red_job_call(red, job_id, &args, cb, arg);

    if (call) {
        nt_redis_eval(red->redis, NT_RED_GET, &args, true, nt_red_on_job, call);
    }
}


void
nt_red_cancel(nt_store_t *store, const char *job_id, const char *line,
              size_t len, nt_store_job_cb cb, void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_redis_args_t args;
    nt_red_call_t  *call = nt_red_job_call(red, job_id, &args, cb, arg);

    if (call) {
        nt_redis_arg(&args, (nt_str_t) { line, len });
        nt_redis_arg_int(&args, red->options.ttl_s);
        nt_redis_eval(red->redis, NT_RED_CANCEL, &args, true, nt_red_on_job,
                      call);
    }
}


void
nt_red_list(nt_store_t *store, const char *user, const char *workflow_id,
            const char *start_key, unsigned limit, nt_store_list_cb cb,
            void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_red_call_t  *call = nt_red_call(red, NULL, arg);
    const char     *dash = start_key ? strchr(start_key, '-') : NULL;
    nt_redis_args_t args;

    if (call == NULL) {
        cb(arg, NT_ERROR, "out of memory", NULL, 0, NULL);
        return;
    }

    call->cb.list = cb;
    call->limit = limit;
    nt_red_args(&args);
    nt_redis_arg_text(&args, user);
    nt_redis_arg_text(&args, workflow_id);
    nt_redis_arg(&args,
                 dash ? (nt_str_t) { start_key, (size_t) (dash - start_key) }
                      : NT_STR(""));
    nt_redis_arg_text(&args, dash ? dash + 1 : "");
    nt_redis_arg_int(&args, limit);
    nt_redis_eval(red->redis, NT_RED_LIST, &args, true, nt_red_on_list, call);
}


void
nt_red_active(nt_store_t *store, const char *user, unsigned limit,
              nt_store_list_cb cb, void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_red_call_t  *call = nt_red_call(red, NULL, arg);
    nt_redis_args_t args;

    if (call == NULL) {
        cb(arg, NT_ERROR, "out of memory", NULL, 0, NULL);
        return;
    }

    call->cb.list = cb;
    call->limit = limit;
    nt_red_args(&args);
    nt_redis_arg_text(&args, user);
    nt_redis_arg_int(&args, limit);
    nt_redis_eval(red->redis, NT_RED_ACTIVE, &args, true, nt_red_on_list, call);
}


void
nt_red_events(nt_store_t *store, const char *job_id, uint64_t after,
              unsigned limit, nt_store_events_cb cb, void *arg)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_red_call_t  *call = nt_red_call(red, NULL, arg);
    nt_redis_args_t args;

    if (call == NULL) {
        cb(arg, NT_ERROR, "out of memory", NULL, 0);
        return;
    }

    call->cb.events = cb;
    call->after = after;
    nt_red_args(&args);
    nt_redis_arg_text(&args, job_id);
    nt_redis_arg_int(&args, (int64_t) after + 1);
    nt_redis_arg_int(&args, limit < NT_RED_ENTRIES ? limit : NT_RED_ENTRIES);
    nt_redis_eval(red->redis, NT_RED_EVENTS, &args, true, nt_red_on_events,
                  call);
}
