/*
 * engine/threads/memory.c - threads that end with the process.
 */

#include <stdlib.h>
#include <sys/queue.h>

#include "engine/jobs/table.h"
#include "engine/threads/threads_int.h"

#define THREAD_BYTES 512 /* what an empty one counts, about */

typedef struct message message_t;
typedef struct thread  thread_t;

struct message {
    TAILQ_ENTRY(message) entry;
    nt_message_record_t record; /* role and text are behind the struct */
};

struct thread {
    TAILQ_ENTRY(thread) entry;
    nt_link_t          link;
    nt_thread_record_t record; /* strings malloc'ed */
    uint64_t           number; /* of the last message */
    size_t             n;
    size_t             bytes; /* of messages */
    TAILQ_HEAD(messages, message) messages;
};

typedef struct {
    nt_threads_t threads;
    size_t       max_bytes;
    size_t       bytes;
    nt_table_t   by_id;
    TAILQ_HEAD(threads, thread) all; /* by the last write, oldest first */
} memory_t;


/* --- what is kept --- */

static void
free_message(memory_t *memory, thread_t *thread, message_t *message)
{
    thread->n--;
    thread->bytes -= message->record.text.len;
    memory->bytes -= message->record.text.len;
    TAILQ_REMOVE(&thread->messages, message, entry);
    free(message);
}


static void
free_thread(thread_t *thread)
{
    free((char *) (uintptr_t) thread->record.id);
    free((char *) (uintptr_t) thread->record.user);
    free((char *) (uintptr_t) thread->record.title);
    free(thread);
}


static void
remove_thread(memory_t *memory, thread_t *thread)
{
    message_t *message;

    while ((message = TAILQ_FIRST(&thread->messages)) != NULL) {
        free_message(memory, thread, message);
    }

    memory->bytes -= THREAD_BYTES;
    nt_table_remove(&memory->by_id, &thread->link);
    TAILQ_REMOVE(&memory->all, thread, entry);
    free_thread(thread);
}


/* It was written to. */
static void
touch(memory_t *memory, thread_t *thread, int64_t now)
{
    thread->record.updated_at = now;
    TAILQ_REMOVE(&memory->all, thread, entry);
    TAILQ_INSERT_TAIL(&memory->all, thread, entry);
}


/* Makes room, but not of the thread that was written to last. */
static void
shrink(memory_t *memory)
{
    thread_t *thread;

    while (memory->bytes > memory->max_bytes) {
        thread = TAILQ_FIRST(&memory->all);

        if (thread == NULL || TAILQ_NEXT(thread, entry) == NULL) {
            return;
        }

        remove_thread(memory, thread);
    }
}


static thread_t *
find(const memory_t *memory, const char *id)
{
    nt_link_t *link = nt_table_find(&memory->by_id, id);

    return link != NULL ? nt_table_entry(link, thread_t, link) : NULL;
}


/* The thread, if it is there and the user's; else the callback was told. */
static thread_t *
get_own(memory_t *memory, const char *user, const char *id,
        nt_threads_result_cb cb, void *arg)
{
    thread_t           *thread = find(memory, id);
    nt_threads_result_t result = { .rc = NT_THREADS_NONE };

    if (thread != NULL && user != NULL &&
        strcmp(thread->record.user, user) != 0) {
        thread = NULL;
        result.rc = NT_THREADS_FOREIGN;
    }

    if (thread == NULL) {
        cb(arg, &result);
    }

    return thread;
}


static void
fail(nt_threads_rc_t rc, nt_threads_result_cb cb, void *arg)
{
    nt_threads_result_t result = { .rc = rc, .error = "out of memory" };

    cb(arg, &result);
}


static void
give_thread(const thread_t *thread, nt_threads_result_cb cb, void *arg)
{
    nt_threads_result_t result = { .threads = &thread->record, .n_threads = 1 };

    cb(arg, &result);
}


/* --- threads --- */

/* How many the user has; *top is the highest order among them. */
static size_t
count(const memory_t *memory, const char *user, uint64_t *top)
{
    size_t          n = 0;
    const thread_t *thread;

    *top = 0;

    TAILQ_FOREACH(thread, &memory->all, entry)
    {
        if (strcmp(thread->record.user, user) == 0) {
            n++;

            if (thread->record.order > *top) {
                *top = thread->record.order;
            }
        }
    }

    return n;
}


/* NULL and *rc when there is no room for it. */
static thread_t *
add_thread(memory_t *memory, const nt_thread_record_t *record,
           nt_threads_rc_t *rc)
{
    uint64_t  top;
    thread_t *thread;

    if (count(memory, record->user, &top) >= NT_THREADS_MAX) {
        *rc = NT_THREADS_FULL;
        return NULL;
    }

    *rc = NT_THREADS_AWAY;
    thread = calloc(1, sizeof(*thread));

    if (thread == NULL) {
        return NULL;
    }

    TAILQ_INIT(&thread->messages);
    thread->record = *record;
    thread->record.id = strdup(record->id);
    thread->record.user = strdup(record->user);
    thread->record.title = record->title != NULL ? strdup(record->title) : NULL;
    thread->record.order = (uint64_t) record->created_at * 1000;

    if (thread->record.order <= top) {
        thread->record.order = top + 1;
    }

    if (thread->record.id == NULL || thread->record.user == NULL ||
        (record->title != NULL && thread->record.title == NULL) ||
        !nt_table_add(&memory->by_id, &thread->link, thread->record.id))
    {
        free_thread(thread);
        return NULL;
    }

    TAILQ_INSERT_TAIL(&memory->all, thread, entry);
    memory->bytes += THREAD_BYTES;
    return thread;
}


static void
memory_create(nt_threads_t *threads, const nt_thread_record_t *record,
              nt_threads_result_cb cb, void *arg)
{
    memory_t       *memory = (memory_t *) threads;
    thread_t       *thread;
    nt_threads_rc_t rc;

    thread = add_thread(memory, record, &rc);

    if (thread == NULL) {
        fail(rc, cb, arg);
        return;
    }

    shrink(memory);
    give_thread(thread, cb, arg);
}


static void
memory_get(nt_threads_t *threads, const char *user, const char *id,
           nt_threads_result_cb cb, void *arg)
{
    thread_t *thread = get_own((memory_t *) threads, user, id, cb, arg);

    if (thread != NULL) {
        give_thread(thread, cb, arg);
    }
}


static int
compare_order(const void *a, const void *b)
{
    uint64_t left = ((const nt_thread_record_t *) a)->order;
    uint64_t right = ((const nt_thread_record_t *) b)->order;

    return left < right ? 1 : left > right ? -1 : 0;
}


static void
memory_list(nt_threads_t *threads, const char *user, uint64_t before,
            unsigned limit, nt_threads_result_cb cb, void *arg)
{
    memory_t           *memory = (memory_t *) threads;
    size_t              n = 0;
    uint64_t            top;
    const thread_t     *thread;
    nt_thread_record_t *list;
    nt_threads_result_t result = { 0 };

    list = calloc(count(memory, user, &top) + 1, sizeof(*list));

    if (list == NULL) {
        fail(NT_THREADS_AWAY, cb, arg);
        return;
    }

    TAILQ_FOREACH(thread, &memory->all, entry)
    {
        if (strcmp(thread->record.user, user) == 0 &&
            (before == 0 || thread->record.order < before))
        {
            list[n++] = thread->record;
        }
    }

    qsort(list, n, sizeof(*list), compare_order);
    result.threads = list;
    result.n_threads = n < limit ? n : limit;

    if (n > limit && limit > 0) {
        result.number = list[limit - 1].order;
    }

    cb(arg, &result);
    free(list);
}


static void
memory_rename(nt_threads_t *threads, const char *user, const char *id,
              const char *title, int64_t now, nt_threads_result_cb cb,
              void *arg)
{
    char     *copy;
    memory_t *memory = (memory_t *) threads;
    thread_t *thread = get_own(memory, user, id, cb, arg);

    if (thread == NULL) {
        return;
    }

    copy = strdup(title);

    if (copy == NULL) {
        fail(NT_THREADS_AWAY, cb, arg);
        return;
    }

    free((char *) (uintptr_t) thread->record.title);
    thread->record.title = copy;
    touch(memory, thread, now);
    give_thread(thread, cb, arg);
}


static void
memory_remove(nt_threads_t *threads, const char *user, const char *id,
              nt_threads_result_cb cb, void *arg)
{
    memory_t *memory = (memory_t *) threads;
    thread_t *thread = get_own(memory, user, id, cb, arg);

    if (thread != NULL) {
        give_thread(thread, cb, arg);
        remove_thread(memory, thread);
    }
}


/* --- messages --- */

static bool
add_message(memory_t *memory, thread_t *thread,
            const nt_message_record_t *record)
{
    char      *text;
    size_t     role_len = strlen(record->role) + 1;
    message_t *message;

    message = malloc(sizeof(*message) + role_len + record->text.len);

    if (message == NULL) {
        return false;
    }

    text = (char *) (message + 1);
    memcpy(text, record->text.data, record->text.len);
    memcpy(text + record->text.len, record->role, role_len);
    message->record = *record;
    message->record.number = ++thread->number;
    message->record.text.data = text;
    message->record.role = text + record->text.len;
    TAILQ_INSERT_TAIL(&thread->messages, message, entry);
    thread->n++;
    thread->bytes += record->text.len;
    memory->bytes += record->text.len;
    return true;
}


static void
memory_append(nt_threads_t *threads, const nt_thread_record_t *record,
              const nt_message_record_t *message, nt_threads_result_cb cb,
              void *arg)
{
    memory_t           *memory = (memory_t *) threads;
    thread_t           *thread = find(memory, record->id);
    nt_threads_result_t result = { 0 };

    if (thread == NULL) {
        thread = add_thread(memory, record, &result.rc);

    } else if (strcmp(thread->record.user, record->user) != 0) {
        thread = NULL;
        result.rc = NT_THREADS_FOREIGN;
    }

    if (thread == NULL) {
        fail(result.rc, cb, arg);
        return;
    }

    if (!add_message(memory, thread, message)) {
        fail(NT_THREADS_AWAY, cb, arg);
        return;
    }

    while (thread->n > NT_THREAD_MESSAGES_MAX ||
           (thread->n > 1 && thread->bytes > NT_THREAD_BYTES_MAX))
    {
        free_message(memory, thread, TAILQ_FIRST(&thread->messages));
    }

    touch(memory, thread, record->updated_at);
    shrink(memory);
    result = (nt_threads_result_t) { .threads = &thread->record,
                                     .n_threads = 1,
                                     .number = thread->number };
    cb(arg, &result);
}


/* The message of a page behind this one (NULL: its first). */
static message_t *
next_message(thread_t *thread, const nt_messages_page_t *page, uint64_t from,
             message_t *message)
{
    do {
        if (message == NULL) {
            message = page->reverse ? TAILQ_LAST(&thread->messages, messages)
                                    : TAILQ_FIRST(&thread->messages);
        } else {
            message = page->reverse ? TAILQ_PREV(message, messages, entry)
                                    : TAILQ_NEXT(message, entry);
        }
    } while (message != NULL && from > 0 &&
             (page->reverse ? message->record.number >= from
                            : message->record.number <= from));

    return message;
}


static void
memory_messages(nt_threads_t *threads, const char *user,
                const nt_messages_page_t *page, uint64_t from,
                nt_threads_result_cb cb, void *arg)
{
    size_t               bytes = 0;
    thread_t            *thread;
    message_t           *message = NULL;
    nt_message_record_t *list;
    nt_threads_result_t  result = { 0 };

    thread = get_own((memory_t *) threads, user, page->thread_id, cb, arg);

    if (thread == NULL) {
        return;
    }

    list = calloc(thread->n + 1, sizeof(*list));

    if (list == NULL) {
        fail(NT_THREADS_AWAY, cb, arg);
        return;
    }

    while ((message = next_message(thread, page, from, message)) != NULL) {
        bytes += message->record.text.len;

        if (result.n_messages == page->limit ||
            (result.n_messages > 0 && bytes > page->max_bytes))
        {
            result.number = list[result.n_messages - 1].number;
            break;
        }

        list[result.n_messages++] = message->record;
    }

    result.messages = list;
    cb(arg, &result);
    free(list);
}


static void
memory_drop(nt_threads_t *threads, const char *user, const char *id,
            nt_threads_result_cb cb, void *arg)
{
    memory_t           *memory = (memory_t *) threads;
    thread_t           *thread = get_own(memory, user, id, cb, arg);
    message_t          *message, *next;
    nt_threads_result_t result = { 0 };

    if (thread == NULL) {
        return;
    }

    TAILQ_FOREACH_REVERSE(message, &thread->messages, messages, entry)
    {
        if (strcmp(message->record.role, "user") == 0) {
            break;
        }
    }

    if (message == NULL) {
        fail(NT_THREADS_EMPTY, cb, arg);
        return;
    }

    while ((next = TAILQ_NEXT(message, entry)) != NULL) {
        free_message(memory, thread, next);
        result.number++;
    }

    cb(arg, &result);
}


static void
memory_close(nt_threads_t *threads)
{
    thread_t *thread;
    memory_t *memory = (memory_t *) threads;

    while ((thread = TAILQ_FIRST(&memory->all)) != NULL) {
        remove_thread(memory, thread);
    }

    nt_table_free(&memory->by_id);
    free(memory);
}


nt_threads_t *
nt_threads_memory_new(size_t max_bytes)
{
    memory_t                 *memory;
    static const nt_threads_t calls = {
        .create = memory_create,
        .get = memory_get,
        .list = memory_list,
        .rename = memory_rename,
        .remove = memory_remove,
        .append = memory_append,
        .messages = memory_messages,
        .drop = memory_drop,
        .close = memory_close,
    };

    memory = calloc(1, sizeof(*memory));

    if (memory == NULL) {
        return NULL;
    }

    memory->threads = calls;
    memory->max_bytes = max_bytes;
    TAILQ_INIT(&memory->all);
    return &memory->threads;
}
