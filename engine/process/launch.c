/*
 * engine/process/launch.c - a program's descriptors, and its start.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "engine/graph/run.h"
#include "engine/log.h"
#include "engine/process/command.h"
#include "engine/process/program.h"


/* Opens the folder that a sandbox gets, and gives it to nobody if that is who
 * the program will be.  -1: *error is set. */
static int
open_folder(nt_program_t *program, char **error)
{
    int                 fd;
    const nt_process_t *p = &program->limits;

    if (p->flags & NT_PROCESS_WORKSPACE) {
        fd = nt_call_workspace(program->call);
        fd = fd != -1 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;

    } else {
        fd = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }

    if (fd == -1 || (geteuid() == 0 &&
                     fchown(fd, NT_PROCESS_NOBODY, NT_PROCESS_NOBODY) == -1))
    {
        *error = strdup("the program's folder cannot be used");

        if (fd != -1) {
            (void) close(fd);
        }

        return -1;
    }

    return fd;
}


/* A file in memory that a sandbox gets.  -1: *error is set. */
static int
make_file(const nt_process_t *p, char **error)
{
    int         fd;
    size_t      done;
    ssize_t     n = 0;
    const char *data = p->file;

    fd = memfd_create("input", MFD_CLOEXEC);

    for (done = 0; fd != -1 && done < p->file_len && n >= 0; done += (size_t) n)
    {
        n = write(fd, data + done, p->file_len - done);
    }

    if (fd != -1 && n >= 0 && lseek(fd, 0, SEEK_SET) == 0) {
        return fd;
    }

    *error = strdup("the server has no memory for the program's input");

    if (fd != -1) {
        (void) close(fd);
    }

    return -1;
}


/* `folder` and `file` are for a sandbox. */
static int
spawn(nt_program_t *program, const nt_argv_t *argv, const nt_argv_t *env,
      int folder, int file, uv_exit_cb on_exit)
{
    int                  i;
    uv_stdio_container_t stdio[5];
    uv_process_options_t options = { .exit_cb = on_exit,
                                     .file = argv->items[0],
                                     .args = argv->items,
                                     .env = env->items,
                                     .flags = UV_PROCESS_DETACHED,
                                     .stdio = stdio,
                                     .stdio_count = 3 };

    stdio[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
    stdio[0].data.stream = (uv_stream_t *) &program->in;

    for (i = 0; i < 2; i++) {
        stdio[1 + i].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        stdio[1 + i].data.stream = (uv_stream_t *) &program->streams[i].pipe;
    }

    if (program->limits.flags & NT_PROCESS_SANDBOX) {
        stdio[NT_SANDBOX_FD].flags = UV_INHERIT_FD;
        stdio[NT_SANDBOX_FD].data.fd = folder;
        options.stdio_count = 4;

        if (file != -1) {
            stdio[NT_SANDBOX_FILE].flags = UV_INHERIT_FD;
            stdio[NT_SANDBOX_FILE].data.fd = file;
            options.stdio_count = 5;
        }

    } else {
        options.cwd = program->limits.folder;
    }

    /* what the engine was started with is not the program's, either */
    (void) close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);

    return uv_spawn(program->call->run->options.loop, &program->process,
                    &options);
}


/* False: *error is set. */
static bool
launch_with(nt_program_t *program, int folder, int file, uv_exit_cb on_exit,
            char **error)
{
    int                 rc = UV_ENOMEM;
    nt_argv_t           argv = { 0 }, env = { 0 };
    const nt_process_t *p = &program->limits;

    nt_process_environment(&env, p, p->folder);

    if (nt_process_command(&argv, p, error)) {
        if (nt_argv_get(&env) != NULL) {
            rc = spawn(program, &argv, &env, folder, file, on_exit);
        }

        if (rc != 0) {
            nt_log(NT_LOG_ERROR, "a program cannot be started: %s",
                   uv_strerror(rc));
            *error = strdup("the program cannot be started");
        }
    }

    nt_argv_free(&argv);
    nt_argv_free(&env);

    return rc == 0;
}


bool
nt_program_launch(nt_program_t *program, uv_exit_cb on_exit, char **error)
{
    int                 folder, file = -1;
    bool                good = false;
    const nt_process_t *p = &program->limits;

    folder = open_folder(program, error);

    if (folder != -1 && p->file != NULL) {
        file = make_file(p, error);
    }

    if (folder != -1 && (p->file == NULL || file != -1)) {
        good = launch_with(program, folder, file, on_exit, error);
    }

    if (folder != -1) {
        (void) close(folder);
    }

    if (file != -1) {
        (void) close(file);
    }

    return good;
}
