/*
 * What Redis replies, as jobs and events.
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
    };

    if (big) {
        *big = nt_red_text(reply, NT_RECORD_BIG);
    }

    return record->id && strlen(record->id) == NT_ID_HEX_LEN && record->user &&
           record->workflow_id && record->status;
}


void
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


void
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
