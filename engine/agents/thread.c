#include "engine/agents/thread.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "core/nt_id.h"
#include "engine/json.h"
#include "engine/nodes/files.h"

#define ID_MAX 128
#define FOLDER ".threads/"
#define SUFFIX ".jsonl"

typedef struct {
    char     path[sizeof(FOLDER) + ID_MAX + sizeof(SUFFIX)];
    nt_buf_t text;     /* what is written */
    json_t  *messages; /* what is read */
    bool     create;   /* only if there is none */
} thread_t;


bool
nt_thread_id_valid(nt_str_t id)
{
    size_t i;
    char   c;

    if (id.len == 0 || id.len > ID_MAX || strchr("-_.", id.data[0]) != NULL) {
        return false;
    }

    for (i = 0; i < id.len; i++) {
        c = id.data[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
            !(c >= 'a' && c <= 'z') && c != '-' && c != '_' && c != '.')
        {
            return false;
        }
    }

    return true;
}


static bool
set_path(nt_node_call_t *call, thread_t *thread, nt_str_t id)
{
    if (!nt_thread_id_valid(id)) {
        (void) nt_call_fail(call,
                            "'thread_id' must be 1 to %d letters, "
                            "digits, \"-\", \"_\" and \".\", and start "
                            "with a letter or digit",
                            ID_MAX);
        return false;
    }

    (void) snprintf(thread->path, sizeof(thread->path), FOLDER "%.*s" SUFFIX,
                    (int) id.len, id.data);
    return true;
}


/* Appends the first line. */
static void
append_head(nt_buf_t *text, nt_str_t id, nt_str_t title)
{
    char            now[NT_TIME_LEN];
    struct timespec time;

    (void) clock_gettime(CLOCK_REALTIME, &time);
    nt_time_iso8601(now, (int64_t) time.tv_sec * 1000 + time.tv_nsec / 1000000);
    nt_buf_append_str(text, NT_STR("{\"type\":\"thread\",\"id\":"));
    nt_buf_append_json(text, id);
    nt_buf_append_str(text, NT_STR(",\"title\":"));
    nt_buf_append_json(text, title);
    nt_buf_append_str(text, NT_STR(",\"created_at\":"));
    nt_buf_append_json(text, (nt_str_t) { now, NT_TIME_LEN });
    nt_buf_append_str(text, NT_STR("}\n"));
}


/* On the pool: appends, in one write, so that lines of two agents do not
 * mix. */
static void
write_work(nt_node_call_t *call, void *arg)
{
    int            fd;
    thread_t      *thread = arg;
    nt_file_info_t info;

    if (!nt_call_stat(call, thread->path, &info) ||
        (thread->create && info.kind != NT_FILE_NONE))
    {
        return;
    }

    fd = nt_call_open(call, thread->path,
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC);

    if (fd != -1) {
        (void) nt_files_write(call, fd, thread->path,
                              (nt_str_t) { thread->text.data,
                                           thread->text.len });
    }
}


/* Runs it on the pool, and frees the text.  False after nt_call_fail. */
static bool
write_text(nt_node_call_t *call, thread_t *thread)
{
    bool  good;
    char *error;

    if (thread->text.failed) {
        nt_buf_free(&thread->text);
        (void) nt_call_fail(call, "the server is out of memory");
        return false;
    }

    good = nt_call_thread(call, write_work, thread);
    nt_buf_free(&thread->text);
    error = nt_call_take_error(call);

    if (error != NULL) {
        (void) nt_call_fail(call, "the thread cannot be kept: %s", error);
        free(error);
        return false;
    }

    return good;
}


json_t *
nt_thread_create(nt_node_call_t *call, nt_str_t id, nt_str_t title)
{
    char          made[NT_ID_HEX_LEN];
    thread_t      thread = { .create = true };
    unsigned char random[16];

    if (id.len == 0) {
        if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
            (void) nt_call_fail(call, "the server has no random numbers");
            return NULL;
        }

        nt_id_hex(made, random);
        id = (nt_str_t) { made, sizeof(made) };
    }

    if (!set_path(call, &thread, id)) {
        return NULL;
    }

    append_head(&thread.text, id, title);
    return write_text(call, &thread) ? json_stringn(id.data, id.len) : NULL;
}


bool
nt_thread_save(nt_node_call_t *call, nt_str_t id, const json_t *messages,
               size_t from)
{
    size_t      i;
    thread_t    thread = { 0 };
    const char *role;

    if (!set_path(call, &thread, id)) {
        return false;
    }

    for (i = from; i < json_array_size(messages); i++) {
        role = json_string_value(
            json_object_get(json_array_get(messages, i), "role"));

        if (role != NULL && strcmp(role, "system") != 0) {
            nt_json_append(&thread.text, json_array_get(messages, i));
            nt_buf_append_char(&thread.text, '\n');
        }
    }

    return write_text(call, &thread);
}


/* --- reading --- */

/* Takes one line; what is no message is left out. */
static bool
take_line(json_t *messages, nt_str_t line)
{
    json_t *message;
    bool    good = true;

    message = json_loadb(line.data, line.len, 0, NULL);

    if (json_is_string(json_object_get(message, "role"))) {
        good = json_array_append(messages, message) == 0;
    }

    json_decref(message);
    return good;
}


/* Leaves the newest messages: from a user's on, so that no tool's result is
 * without its call. */
static void
shorten(json_t *messages)
{
    size_t  n = json_array_size(messages), from;
    json_t *role;

    if (n <= NT_THREAD_MESSAGES_MAX) {
        return;
    }

    for (from = n - NT_THREAD_MESSAGES_MAX; from < n; from++) {
        role = json_object_get(json_array_get(messages, from), "role");

        if (strcmp(json_string_value(role), "user") == 0) {
            break;
        }
    }

    while (from-- > 0) {
        (void) json_array_remove(messages, 0);
    }
}


static void
read_work(nt_node_call_t *call, void *arg)
{
    size_t         i, start = 0;
    nt_buf_t       text = { 0 };
    thread_t      *thread = arg;
    nt_file_info_t info;

    if (!nt_call_stat(call, thread->path, &info) || info.kind == NT_FILE_NONE ||
        !nt_files_read(call, thread->path, &text))
    {
        nt_buf_free(&text);
        return;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != '\n') {
            continue;
        }

        if (!take_line(thread->messages,
                       (nt_str_t) { text.data + start, i - start })) {
            (void) nt_call_fail(call, "the server is out of memory");
            break;
        }

        start = i + 1;
    }

    nt_buf_free(&text);
    shorten(thread->messages);
}


bool
nt_thread_load(nt_node_call_t *call, nt_str_t id, json_t *messages)
{
    int      rc;
    bool     good;
    char    *error;
    thread_t thread = { 0 };

    if (!set_path(call, &thread, id)) {
        return false;
    }

    thread.messages = json_array();
    good = nt_call_thread(call, read_work, &thread);
    error = nt_call_take_error(call);
    rc = json_array_extend(messages, thread.messages);
    json_decref(thread.messages);

    if (error != NULL || rc != 0) {
        (void) nt_call_fail(call, "the thread cannot be read: %s",
                            error != NULL ? error : "memory is out");
        free(error);
        return false;
    }

    return good;
}
