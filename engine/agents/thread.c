#include "engine/agents/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/nt_id.h"
#include "engine/assets/beneath.h"
#include "engine/json.h"
#include "engine/nodes/files.h"

#define FOLDER   "threads"
#define ID_MAX   128
#define READ_MAX ((size_t) 64 * 1024 * 1024) /* bytes of a thread */

typedef struct {
    char     name[ID_MAX + sizeof(".jsonl")];
    nt_buf_t text;     /* what is written */
    json_t  *messages; /* what is read */
    bool     create;   /* only if there is none */
} thread_t;


/* Is it 1 to 128 letters, digits, "-", "_" and ".", none of these in front? */
static bool
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
set_name(nt_node_call_t *call, thread_t *thread, nt_str_t id)
{
    if (!nt_thread_id_valid(id)) {
        (void) nt_call_fail(call,
                            "'thread_id' must be 1 to %d letters, "
                            "digits, \"-\", \"_\" and \".\", and start "
                            "with a letter or digit",
                            ID_MAX);
        return false;
    }

    (void) snprintf(thread->name, sizeof(thread->name), "%.*s.jsonl",
                    (int) id.len, id.data);
    return true;
}


/* Appends the first line. */
static void
append_head(nt_buf_t *text, nt_str_t id, nt_str_t title)
{
    char now[NT_TIME_LEN];

    nt_time_iso8601(now, nt_time_now());
    nt_buf_append_str(text, NT_STR("{\"type\":\"thread\",\"id\":"));
    nt_buf_append_json(text, id);
    nt_buf_append_str(text, NT_STR(",\"title\":"));
    nt_buf_append_json(text, title);
    nt_buf_append_str(text, NT_STR(",\"created_at\":"));
    nt_buf_append_json(text, (nt_str_t) { now, NT_TIME_LEN });
    nt_buf_append_str(text, NT_STR("}\n"));
}


/* Opens the thread's file in the user's folder.  A descriptor; or -1, with
 * errno where the folder is there. */
static int
open_file(nt_node_call_t *call, const thread_t *thread, int flags)
{
    int folder, fd, error;

    folder = nt_call_user_folder(call, FOLDER);

    if (folder == -1) {
        errno = 0;
        return -1;
    }

    fd = nt_beneath_open(folder, thread->name, flags, 0600);
    error = errno;
    (void) close(folder);
    errno = error;
    return fd;
}


static void
fail_errno(nt_node_call_t *call)
{
    if (errno != 0) {
        (void) nt_call_fail(call, "%s", strerror(errno));
    }
}


/* On the pool: appends, in one write, so that lines of two agents do not
 * mix. */
static void
write_work(nt_node_call_t *call, void *arg)
{
    int       fd;
    thread_t *thread = arg;

    fd = open_file(call, thread,
                   O_WRONLY | O_CREAT | O_APPEND |
                       (thread->create ? O_EXCL : 0));

    if (fd != -1) {
        (void) nt_files_write(call, fd, thread->name,
                              (nt_str_t) { thread->text.data,
                                           thread->text.len });

    } else if (errno != EEXIST || !thread->create) {
        fail_errno(call);
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

    if (!set_name(call, &thread, id)) {
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

    if (!set_name(call, &thread, id)) {
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


/* Appends all of a file, and closes it. */
static void
read_file(nt_node_call_t *call, int fd, nt_buf_t *text)
{
    char   *room;
    ssize_t n = 1;

    while (n > 0 && text->len < READ_MAX) {
        room = nt_buf_reserve(text, 65536);

        if (room == NULL) {
            (void) nt_call_fail(call, "the server is out of memory");
            break;
        }

        n = read(fd, room, 65536);

        if (n > 0) {
            text->len += (size_t) n;

        } else if (n == -1) {
            fail_errno(call);
        }
    }

    if (text->len >= READ_MAX) {
        (void) nt_call_fail(call, "it is too long; begin another");
    }

    (void) close(fd);
}


static void
read_work(nt_node_call_t *call, void *arg)
{
    int       fd;
    size_t    i, start = 0;
    nt_buf_t  text = { 0 };
    thread_t *thread = arg;

    fd = open_file(call, thread, O_RDONLY);

    if (fd == -1) {
        if (errno != ENOENT) {
            fail_errno(call);
        }

        return;
    }

    read_file(call, fd, &text);

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

    if (!set_name(call, &thread, id)) {
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
