/*
 * engine/process/program.c - programs that run while nodes read from
 * them (engine/nodetool_node.h).
 *
 * A program that is running belongs to the loop: its node may be gone before
 * it has ended, so nt_program_free kills it, and the last of its handles that
 * is closed frees it and its folder.
 */

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/graph/run.h"
#include "engine/log.h"
#include "engine/process/command.h"
#include "engine/process/program.h"


#define CHUNK    (64 * 1024)   /* bytes to read at once */
#define WAITING  (1024 * 1024) /* unread bytes that stop the program */
#define GRACE_MS 1000 /* for what is still in the pipes after the exit */

#define BWRAP     "bwrap: " /* how its messages begin */
#define BWRAP_MAX 4096      /* bytes of all of them */


static void set_error(nt_program_t *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
set_error(nt_program_t *program, const char *format, ...)
{
    va_list args;

    if (program->error != NULL) {
        return;
    }

    va_start(args, format);
    if (vasprintf(&program->error, format, args) < 0) {
        program->error = NULL;
    }
    va_end(args);
}


static void
wake(nt_program_t *program)
{
    if (program->waiting) {
        program->waiting = false;
        nt_call_resume(program->call);
    }
}


/* The program and its children: it leads a session of its own. */
static void
kill_all(nt_program_t *program)
{
    if (!program->exited && program->process.pid > 0) {
        (void) kill(-program->process.pid, SIGKILL);
    }
}


static void
kill_because(nt_program_t *program, const char *why)
{
    set_error(program, "%s", why);
    kill_all(program);
    wake(program);
}


/* --- the end --- */

static void
on_closed(uv_handle_t *handle)
{
    int           i;
    nt_program_t *program = handle->data;

    if (--program->open > 0) {
        return;
    }

    for (i = 0; i < 2; i++) {
        nt_buf_free(&program->streams[i].ready);
        nt_buf_free(&program->streams[i].handed);
    }

    nt_process_folder_free(program->folder);
    free(program->error);
    free(program);
}


static void
close_handle(void *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_closed);
    }
}


static void
close_all(nt_program_t *program)
{
    close_handle(&program->in);
    close_handle(&program->streams[0].pipe);
    close_handle(&program->streams[1].pipe);
    close_handle(&program->timer);

    if (program->exited) {
        close_handle(&program->process);
    }
}


static void
on_exit_status(uv_process_t *process, int64_t status, int signal)
{
    nt_program_t *program = process->data;

    /* Who still holds the pipes is what it left behind; the number of the
     * group cannot be taken anew while it has members. */
    if (!program->streams[0].ended || !program->streams[1].ended) {
        (void) kill(-process->pid, SIGKILL);
    }

    program->exited = true;
    program->status = signal != 0 ? 128 + signal : (int) status;

    if (program->call == NULL) {
        close_handle(&program->process);
        return;
    }

    wake(program);
}


void
nt_program_free(nt_program_t *program)
{
    if (program == NULL) {
        return;
    }

    program->call = NULL;
    program->waiting = false;
    kill_all(program);
    close_all(program);
}


/* --- streams --- */

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    nt_program_stream_t *stream = (nt_program_stream_t *) handle;

    buf->base = nt_buf_reserve(&stream->ready, CHUNK);
    buf->len = buf->base != NULL ? CHUNK : 0;
}


static void
on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
    char                 text[96];
    nt_program_stream_t *stream = (nt_program_stream_t *) handle;
    nt_program_t        *program = handle->data;

    if (n < 0) {
        stream->ended = true;
        (void) uv_read_stop(handle);

        if (stream->ready.failed) {
            kill_because(program, "the server is out of memory");
            return;
        }

        wake(program);
        return;
    }

    stream->ready.len += (size_t) n;
    stream->total += (size_t) n;

    if (stream->total > program->limits.output_limit) {
        (void) snprintf(text, sizeof(text),
                        "the program was ended because it wrote more than "
                        "%zu bytes",
                        program->limits.output_limit);
        (void) uv_read_stop(handle);
        kill_because(program, text);
        return;
    }

    if (stream->ready.len >= WAITING) {
        stream->paused = true;
        (void) uv_read_stop(handle);
    }

    wake(program);
}


static bool
resume_stream(nt_program_stream_t *stream)
{
    stream->paused = false;
    return uv_read_start((uv_stream_t *) &stream->pipe, on_alloc, on_read) == 0;
}


/* --- the start --- */

static void
on_written(uv_write_t *write, int status)
{
    nt_program_t *program = write->data;

    /* a program need not read what it is given */
    close_handle(&program->in);
}


static void
send_input(nt_program_t *program)
{
    uv_buf_t buf;

    buf.base = (char *) program->limits.input;
    buf.len = program->limits.input_len;
    program->write.data = program;

    if (buf.len == 0 || uv_write(&program->write, (uv_stream_t *) &program->in,
                                 &buf, 1, on_written) != 0)
    {
        close_handle(&program->in);
    }
}


static nt_program_t *
program_new(nt_node_call_t *call, const nt_process_t *process)
{
    int           i;
    uv_loop_t    *loop = call->run->options.loop;
    nt_program_t *program;

    program = calloc(1, sizeof(*program));
    if (program == NULL) {
        return NULL;
    }

    program->call = call;
    program->limits = nt_process_limits(process);
    program->left = program->limits.timeout;

    if (process->folder == NULL && !(process->flags & NT_PROCESS_WORKSPACE)) {
        program->folder = nt_process_folder_new(loop);

        if (program->folder == NULL) {
            free(program);
            return NULL;
        }

        program->limits.folder = nt_process_folder_path(program->folder);
    }

    (void) uv_timer_init(loop, &program->timer);
    (void) uv_pipe_init(loop, &program->in, 0);
    program->timer.data = program;
    program->in.data = program;
    program->process.data = program;

    for (i = 0; i < 2; i++) {
        (void) uv_pipe_init(loop, &program->streams[i].pipe, 0);
        program->streams[i].pipe.data = program;
    }

    program->open = 4;
    return program;
}


/* NULL, or why the node may not run this. */
static const char *
check(nt_node_call_t *call, const nt_process_t *process)
{
    unsigned flags = process->flags;

    if (!nt_call_may_wait(call)) {
        return "a node that runs programs needs NT_NODE_ASYNC";
    }
    if (call->run->aborted) {
        return "the job ends";
    }
    if ((flags & NT_PROCESS_NETWORK) &&
        !(call->run->options.allow & NT_ALLOW_CODE_NETWORK))
    {
        return "this server gives programs no network (its option "
               "--allow-code-network does)";
    }
    if (((flags & (NT_PROCESS_NETWORK | NT_PROCESS_WORKSPACE)) ||
         process->file != NULL) &&
        !(flags & NT_PROCESS_SANDBOX))
    {
        return "this takes a sandbox";
    }

    return NULL;
}


nt_program_t *
nt_call_program(nt_node_call_t *call, const nt_process_t *process, char **error)
{
    nt_program_t *program;
    const char   *fault = check(call, process);

    *error = NULL;

    if (fault != NULL) {
        *error = strdup(fault);
        return NULL;
    }

    program = program_new(call, process);
    if (program == NULL) {
        *error = strdup("the server has no room for a program's files");
        return NULL;
    }

    if (!nt_program_launch(program, on_exit_status, error)) {
        /* uv_spawn has made the handle, if it came so far */
        program->exited = program->process.loop != NULL;
        program->open += program->exited;
        nt_program_free(program);
        return NULL;
    }

    program->open++;
    send_input(program);

    if (!resume_stream(&program->streams[0]) ||
        !resume_stream(&program->streams[1]))
    {
        *error = strdup("the program's output cannot be read");
        nt_program_free(program);
        return NULL;
    }

    return program;
}


/* --- reading --- */

static void
on_cancel(void *arg)
{
    kill_because(arg, "the job ends");
}


static void
on_timer(uv_timer_t *timer)
{
    char          text[96];
    nt_program_t *program = timer->data;

    if (program->exited) {
        program->streams[0].ended = true;
        program->streams[1].ended = true;
        wake(program);
        return;
    }

    (void) snprintf(text, sizeof(text),
                    "the program was ended because it took more than %g "
                    "seconds",
                    program->limits.timeout);
    kill_because(program, text);
}


/* Until something has happened. */
static void
wait_for(nt_program_t *program)
{
    uint64_t ms, begin;

    ms = program->left > 0 ? (uint64_t) (program->left * 1e3) + 1 : 1;
    if (program->exited && ms > GRACE_MS) {
        ms = GRACE_MS;
    }

    begin = uv_now(program->timer.loop);
    (void) uv_timer_start(&program->timer, on_timer, ms, 0);
    program->waiting = true;
    nt_call_suspend(program->call, on_cancel, program);
    (void) uv_timer_stop(&program->timer);
    program->left -= (double) (uv_now(program->timer.loop) - begin) / 1e3;
}


/* What bwrap itself says comes before all that its program writes, and is no
 * output. */
static bool
is_sandbox_message(const nt_program_t *program)
{
    const nt_program_stream_t *err = &program->streams[1];

    return (program->limits.flags & NT_PROCESS_SANDBOX) != 0 &&
           err->total == err->ready.len && err->total >= sizeof(BWRAP) - 1 &&
           err->total < BWRAP_MAX &&
           memcmp(err->ready.data, BWRAP, sizeof(BWRAP) - 1) == 0;
}


static bool
hand_out(nt_program_t *program, nt_program_stream_t *stream, const char **data,
         size_t *len)
{
    nt_buf_t empty = stream->handed;

    stream->handed = stream->ready;
    stream->ready = empty;
    nt_buf_reset(&stream->ready);
    *data = stream->handed.data;
    *len = stream->handed.len;

    if (!stream->paused || stream->ended || resume_stream(stream)) {
        return true;
    }

    set_error(program, "the program's output cannot be read");
    return false;
}


static void
check_status(nt_program_t *program)
{
    const nt_buf_t *err = &program->streams[1].ready;

    if (program->status == NT_STATUS_XCPU) {
        set_error(program,
                  "the program was ended because it used more than %g seconds "
                  "of processor time",
                  program->limits.cpu);

    } else if (program->status == NT_STATUS_XFSZ) {
        set_error(program,
                  "the program was ended because it wrote a file of more than "
                  "%zu bytes",
                  program->limits.file_size);

    } else if (program->status != 0 && is_sandbox_message(program)) {
        nt_log(NT_LOG_ERROR, "sandbox: %.*s", (int) err->len, err->data);
        set_error(program, "the sandbox cannot be set up: bubblewrap may not "
                           "make the namespaces that it needs on this server "
                           "(its log has the reason)");
    }
}


int
nt_program_read(nt_program_t *program, const char **data, size_t *len,
                char **error)
{
    int                  i;
    nt_program_stream_t *streams = program->streams;

    for (;;) {
        if (program->exited && streams[0].ended && streams[1].ended) {
            check_status(program);
        }

        if (program->error != NULL || program->call->run->aborted) {
            set_error(program, "the job ends");
            *error = program->error;
            program->error = NULL;
            return -1;
        }

        for (i = 0; i < 2; i++) {
            if (streams[i].ready.len > 0 &&
                (i == 0 || program->exited || !is_sandbox_message(program)))
            {
                if (hand_out(program, &streams[i], data, len)) {
                    return i + 1;
                }
                break;
            }
        }

        if (i < 2) {
            continue;
        }

        if (program->exited && streams[0].ended && streams[1].ended) {
            return 0;
        }

        wait_for(program);
    }
}


int
nt_program_status(const nt_program_t *program)
{
    return program->status;
}
