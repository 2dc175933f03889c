#include "engine/threads/threads_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/nt_buf.h"
#include "core/nt_id.h"
#include "engine/json.h"
#include "engine/log.h"

#define ID_MAX 128
#define ID_HEX                                                                 \
    (16 + NT_MESSAGE_TOKEN) /* of a message's id, before its thread */

#define NOMEM      "The server is out of memory"
#define NO_MESSAGE "Message not found"

typedef struct {
    nt_threads_t *threads;
    nt_threads_cb cb;
    void         *arg;
    json_t       *message; /* an appended one; owned */
    char          token[NT_MESSAGE_TOKEN + 1];
    char          thread_id[ID_MAX + 1];
} call_t;


bool
nt_threads_id_valid(const char *id)
{
    size_t len = strlen(id);

    return len >= 1 && len <= ID_MAX && strchr("-_.", id[0]) == NULL &&
           strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz"
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == len;
}


/* --- shapes --- */

static json_t *
thread_json(const nt_thread_record_t *thread)
{
    return json_pack("{s:s, s:s, s:s?, s:o, s:o}", "id", thread->id, "user_id",
                     thread->user, "title", thread->title, "created_at",
                     nt_json_time(thread->created_at), "updated_at",
                     nt_json_time(thread->updated_at));
}


/* The id of a message says where it stands: its number, its token, and behind
 * a hyphen its thread. */
static json_t *
message_id(const char *thread_id, uint64_t number, const char *token)
{
    return json_sprintf("%016" PRIx64 "%s-%s", number, token, thread_id);
}


/* False for what is no id of a message. */
static bool
message_number(const char *id, uint64_t *number)
{
    char half[17];

    if (strspn(id, "0123456789abcdef") != ID_HEX || id[ID_HEX] != '-' ||
        !nt_threads_id_valid(id + ID_HEX + 1))
    {
        return false;
    }

    memcpy(half, id, 16);
    half[16] = '\0';
    *number = strtoull(half, NULL, 16);
    return *number > 0 && *number <= INT64_MAX;
}


/* Adds the id, and null for what it does not have. */
static bool
complete_message(json_t *message, const char *thread_id, uint64_t number,
                 const char *token)
{
    int                      rc;
    size_t                   i;
    static const char *const members[] = {
        "user_id",      "workflow_id", "role",       "name",
        "content",      "tools",       "tool_calls", "tool_call_id",
        "collections",  "input_files", "created_at", "provider",
        "output_files", "model",       "cost",       "agent_mode",
        "help_mode",
    };

    rc = json_object_set_new(message, "type", json_string("message"));
    rc |= json_object_set_new(message, "id",
                              message_id(thread_id, number, token));
    rc |= json_object_set_new(message, "thread_id", json_string(thread_id));

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (json_object_get(message, members[i]) == NULL) {
            rc |= json_object_set_new(message, members[i], json_null());
        }
    }

    return rc == 0;
}


static json_t *
message_json(const call_t *call, const nt_message_record_t *record)
{
    json_t *message;

    message =
        json_loadb(record->text.data, record->text.len, JSON_ALLOW_NUL, NULL);

    if (!json_is_object(message) ||
        !complete_message(message, call->thread_id, record->number,
                          record->token))
    {
        json_decref(message);
        return NULL;
    }

    return message;
}


/* --- calls --- */

/* NULL after the callback was told why. */
static call_t *
new_call(nt_threads_t *threads, const char *thread_id, nt_threads_cb cb,
         void *arg)
{
    call_t *call;

    if (thread_id != NULL && !nt_threads_id_valid(thread_id)) {
        cb(arg, 422,
           "thread_id must be 1 to 128 letters, digits, \"-\", \"_\" and "
           "\".\", and start with a letter or digit",
           NULL);
        return NULL;
    }

    call = calloc(1, sizeof(*call));

    if (call == NULL) {
        cb(arg, 503, NOMEM, NULL);
        return NULL;
    }

    call->threads = threads;
    call->cb = cb;
    call->arg = arg;
    (void) snprintf(call->thread_id, sizeof(call->thread_id), "%s",
                    thread_id != NULL ? thread_id : "");
    return call;
}


static void
free_call(call_t *call)
{
    json_decref(call->message);
    free(call);
}


static void
refuse(call_t *call, int status, const char *message)
{
    call->cb(call->arg, status, message, NULL);
    free_call(call);
}


/* Ends the call with a value, which is taken over; NULL: memory is out. */
static void
answer(call_t *call, int status, json_t *value)
{
    if (value == NULL) {
        refuse(call, 503, NOMEM);
        return;
    }

    call->cb(call->arg, status, NULL, value);
    json_decref(value);
    free_call(call);
}


/* True for a result; else the call has ended. */
static bool
is_good(call_t *call, const nt_threads_result_t *result)
{
    switch (result->rc) {
    case NT_THREADS_OK:
        return true;
    case NT_THREADS_NONE:
        refuse(call, 404, "Thread not found");
        break;
    case NT_THREADS_FOREIGN:
        refuse(call, 403, "The thread belongs to another user");
        break;
    case NT_THREADS_FULL:
        refuse(call, 409, "There are too many threads: delete some first");
        break;
    case NT_THREADS_EMPTY:
        refuse(call, 409, "The thread has no message to answer");
        break;
    case NT_THREADS_AWAY:
        nt_log(NT_LOG_WARN, "threads: %s", result->error);
        refuse(call, 503, "The store of threads is away; try again");
        break;
    }

    return false;
}


static void
on_thread(void *arg, const nt_threads_result_t *result)
{
    call_t *call = arg;

    if (is_good(call, result)) {
        answer(call, 200, thread_json(&result->threads[0]));
    }
}


/* "" for none; false with 400 for one that no list of ours has given. */
static bool
read_order(const char *cursor, uint64_t *order)
{
    *order = 0;

    if (cursor == NULL || *cursor == '\0') {
        return true;
    }

    if (strspn(cursor, "0123456789") != strlen(cursor) || strlen(cursor) > 16) {
        return false;
    }

    *order = strtoull(cursor, NULL, 10);
    return *order > 0;
}


static void
on_list(void *arg, const nt_threads_result_t *result)
{
    int     rc = 0;
    char    next[24];
    call_t *call = arg;
    size_t  i;
    json_t *list;

    if (!is_good(call, result)) {
        return;
    }

    list = json_array();

    for (i = 0; i < result->n_threads; i++) {
        rc |= json_array_append_new(list, thread_json(&result->threads[i]));
    }

    (void) snprintf(next, sizeof(next), "%" PRIu64, result->number);

    if (rc != 0) {
        json_decref(list);
        list = NULL;
    }

    answer(call, 200,
           json_pack("{s:o, s:s?}", "threads", list, "next",
                     result->number > 0 ? next : NULL));
}


static void
on_messages(void *arg, const nt_threads_result_t *result)
{
    int     rc = 0;
    call_t *call = arg;
    size_t  i, n = result->n_messages;
    json_t *list;

    if (!is_good(call, result)) {
        return;
    }

    list = json_array();

    for (i = 0; i < n; i++) {
        rc |= json_array_append_new(list,
                                    message_json(call, &result->messages[i]));
    }

    if (rc != 0) {
        json_decref(list);
        list = NULL;
    }

    answer(call, 200,
           json_pack("{s:o, s:o}", "messages", list, "next",
                     result->number > 0 && n > 0
                         ? message_id(call->thread_id,
                                      result->messages[n - 1].number,
                                      result->messages[n - 1].token)
                         : json_null()));
}


static void
on_message(void *arg, const nt_threads_result_t *result)
{
    call_t *call = arg;

    if (!is_good(call, result)) {
        return;
    }

    if (result->n_messages == 0 ||
        strcmp(result->messages[0].token, call->token) != 0)
    {
        refuse(call, 404, NO_MESSAGE);
        return;
    }

    answer(call, 200, message_json(call, &result->messages[0]));
}


static void
on_appended(void *arg, const nt_threads_result_t *result)
{
    call_t *call = arg;

    if (!is_good(call, result)) {
        return;
    }

    if (!complete_message(call->message, call->thread_id, result->number,
                          call->token))
    {
        refuse(call, 503, NOMEM);
        return;
    }

    answer(call, 200, json_incref(call->message));
}


static void
on_dropped(void *arg, const nt_threads_result_t *result)
{
    call_t *call = arg;

    if (is_good(call, result)) {
        answer(call, 200,
               json_pack("{s:I}", "dropped", (json_int_t) result->number));
    }
}


/* --- threads --- */

/* Why a title cannot be kept, or NULL. */
static const char *
title_fault(const char *title)
{
    if (title != NULL && strlen(title) > NT_THREAD_TITLE_MAX) {
        return "The title has more than 1000 bytes";
    }

    return NULL;
}


void
nt_threads_create(nt_threads_t *threads, const char *user, const char *title,
                  nt_threads_cb cb, void *arg)
{
    char               id[NT_ID_HEX_LEN + 1];
    call_t            *call;
    unsigned char      random[16];
    nt_thread_record_t record = { .id = id, .user = user, .title = title };

    if (title_fault(title) != NULL) {
        cb(arg, 422, title_fault(title), NULL);
        return;
    }

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        cb(arg, 503, "The server has no random numbers", NULL);
        return;
    }

    nt_id_hex(id, random);
    id[NT_ID_HEX_LEN] = '\0';
    record.created_at = record.updated_at = nt_time_now();
    call = new_call(threads, id, cb, arg);

    if (call != NULL) {
        threads->create(threads, &record, on_thread, call);
    }
}


void
nt_threads_get(nt_threads_t *threads, const char *user, const char *id,
               nt_threads_cb cb, void *arg)
{
    call_t *call = new_call(threads, id, cb, arg);

    if (call != NULL) {
        threads->get(threads, user, id, on_thread, call);
    }
}


void
nt_threads_rename(nt_threads_t *threads, const char *user, const char *id,
                  const char *title, nt_threads_cb cb, void *arg)
{
    call_t *call;

    if (title_fault(title) != NULL) {
        cb(arg, 422, title_fault(title), NULL);
        return;
    }

    call = new_call(threads, id, cb, arg);

    if (call != NULL) {
        threads->rename(threads, user, id, title, nt_time_now(), on_thread,
                        call);
    }
}


void
nt_threads_delete(nt_threads_t *threads, const char *user, const char *id,
                  nt_threads_cb cb, void *arg)
{
    call_t *call = new_call(threads, id, cb, arg);

    if (call != NULL) {
        threads->remove(threads, user, id, on_thread, call);
    }
}


void
nt_threads_list(nt_threads_t *threads, const char *user, const char *cursor,
                unsigned limit, nt_threads_cb cb, void *arg)
{
    call_t  *call;
    uint64_t before;

    if (!read_order(cursor, &before)) {
        cb(arg, 400, "cursor must be the next of an earlier list", NULL);
        return;
    }

    call = new_call(threads, NULL, cb, arg);

    if (call != NULL) {
        threads->list(threads, user, before, limit, on_list, call);
    }
}


/* --- messages --- */

void
nt_messages_list(nt_threads_t *threads, const char *user,
                 const nt_messages_page_t *page, nt_threads_cb cb, void *arg)
{
    call_t  *call;
    uint64_t from = 0;

    if (page->cursor != NULL && *page->cursor != '\0' &&
        !message_number(page->cursor, &from))
    {
        cb(arg, 400, "cursor must be the next of an earlier list", NULL);
        return;
    }

    call = new_call(threads, page->thread_id, cb, arg);

    if (call != NULL) {
        threads->messages(threads, user, page, from, on_messages, call);
    }
}


void
nt_messages_get(nt_threads_t *threads, const char *user, const char *id,
                nt_threads_cb cb, void *arg)
{
    call_t            *call;
    uint64_t           number;
    nt_messages_page_t page = { .limit = 1, .max_bytes = NT_MESSAGE_BYTES_MAX };

    if (!message_number(id, &number)) {
        cb(arg, 404, NO_MESSAGE, NULL);
        return;
    }

    page.thread_id = id + ID_HEX + 1;
    call = new_call(threads, page.thread_id, cb, arg);

    if (call != NULL) {
        memcpy(call->token, id + 16, NT_MESSAGE_TOKEN);
        threads->messages(threads, user, &page, number - 1, on_message, call);
    }
}


/* Takes a copy of the message, dated, as what the call is about. */
static bool
copy_message(call_t *call, json_t *message, int64_t now)
{
    call->message = json_copy(message);
    (void) json_object_del(call->message, "id");

    return json_object_set_new(call->message, "created_at",
                               nt_json_time(now)) == 0;
}


static bool
make_token(char *token)
{
    char          hex[NT_ID_HEX_LEN];
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return false;
    }

    nt_id_hex(hex, random);
    memcpy(token, hex, NT_MESSAGE_TOKEN);
    token[NT_MESSAGE_TOKEN] = '\0';
    return true;
}


void
nt_messages_append(nt_threads_t *threads, const char *user,
                   const char *thread_id, const char *title, json_t *message,
                   nt_threads_cb cb, void *arg)
{
    call_t             *call = new_call(threads, thread_id, cb, arg);
    nt_buf_t            text = { 0 };
    const char         *role;
    nt_thread_record_t  thread = { .id = thread_id,
                                   .user = user,
                                   .title = title };
    nt_message_record_t record = { 0 };

    if (call == NULL) {
        return;
    }

    role = json_string_value(json_object_get(message, "role"));
    record.role = role != NULL ? role : "";
    thread.created_at = thread.updated_at = nt_time_now();

    if (copy_message(call, message, thread.updated_at)) {
        nt_json_append(&text, call->message);
    }

    if (text.len == 0 || text.failed || !make_token(call->token)) {
        refuse(call, 503, NOMEM);

    } else if (text.len > NT_MESSAGE_BYTES_MAX) {
        refuse(call, 422,
               "The message has more than 8 MiB: store its media and name "
               "them by their URI");

    } else {
        memcpy(record.token, call->token, sizeof(record.token));
        record.text = (nt_str_t) { text.data, text.len };
        threads->append(threads, &thread, &record, on_appended, call);
    }

    nt_buf_free(&text);
}


void
nt_messages_drop(nt_threads_t *threads, const char *user, const char *thread_id,
                 nt_threads_cb cb, void *arg)
{
    call_t *call = new_call(threads, thread_id, cb, arg);

    if (call != NULL) {
        threads->drop(threads, user, thread_id, on_dropped, call);
    }
}


void
nt_threads_close(nt_threads_t *threads)
{
    threads->close(threads);
}
