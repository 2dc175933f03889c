/*
 * engine/process/program.h - a program that runs; private to this folder.
 */

#ifndef NT_PROGRAM_H
#define NT_PROGRAM_H

#include <uv.h>

#include "core/nt_buf.h"
#include "engine/nodetool_node.h"
#include "engine/process/folder.h"

typedef struct {
    uv_pipe_t pipe;
    nt_buf_t  ready;  /* not read yet */
    nt_buf_t  handed; /* what the last read has returned */
    size_t    total;
    bool      paused;
    bool      ended;
} nt_program_stream_t;

struct nt_program {
    nt_node_call_t      *call; /* NULL when the node is through with it */
    nt_process_t         limits;
    nt_process_folder_t *folder; /* its own, or NULL */
    char                *error;  /* why it was killed */

    uv_process_t        process;
    uv_pipe_t           in;
    uv_write_t          write;
    nt_program_stream_t streams[2]; /* stdout, stderr */
    uv_timer_t          timer;
    unsigned            open; /* handles */

    double left; /* seconds of waiting */
    int    status;
    bool   exited;
    bool   waiting;
};


/* --- launch.c --- */

/* Starts it; `on_exit` is called when it ends.  False: *error is a sentence
 * (malloc'ed), and if uv_spawn was called, its handle is to be closed:
 * program->process.loop is set. */
bool nt_program_launch(nt_program_t *program, uv_exit_cb on_exit, char **error);

#endif
