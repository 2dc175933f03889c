/*
 * engine/process/call.c - what nodes that run programs call, beside
 * programs that they read from.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/graph/run.h"
#include "engine/process/process.h"


/* NUL-terminated; malloc'ed. NULL when memory is out. */
static char *
take_text(nt_buf_t *buf, size_t *len)
{
    *len = buf->len;
    nt_buf_append_char(buf, '\0');
    return buf->failed ? NULL : buf->data;
}


bool
nt_call_process(nt_node_call_t *call, const nt_process_t *process,
                nt_process_reply_t *reply, char **error)
{
    int           rc;
    size_t        len;
    nt_buf_t      out[2] = { { 0 } };
    const char   *data;
    nt_program_t *program;

    *reply = (nt_process_reply_t) { 0 };

    program = nt_call_program(call, process, error);
    if (program == NULL) {
        return false;
    }

    while ((rc = nt_program_read(program, &data, &len, error)) > 0) {
        nt_buf_append(&out[rc - 1], data, len);
    }

    reply->status = nt_program_status(program);
    nt_program_free(program);

    reply->out = take_text(&out[0], &reply->out_len);
    reply->err = take_text(&out[1], &reply->err_len);

    if (rc == 0 && (reply->out == NULL || reply->err == NULL)) {
        *error = strdup("the server is out of memory");
        rc = -1;
    }

    if (rc != 0) {
        nt_buf_free(&out[0]);
        nt_buf_free(&out[1]);
        *reply = (nt_process_reply_t) { 0 };
    }

    return rc == 0;
}


void
nt_process_reply_free(nt_process_reply_t *reply)
{
    free(reply->out);
    free(reply->err);
    *reply = (nt_process_reply_t) { 0 };
}


nt_process_folder_t *
nt_call_folder(nt_node_call_t *call)
{
    nt_process_folder_t *folder;

    folder = nt_process_folder_new(call->run->options.loop);
    if (folder == NULL) {
        (void) nt_call_fail(call, "the server has no room for temporary files");
    }

    return folder;
}


unsigned
nt_call_allowed(const nt_node_call_t *call)
{
    return call->run->options.allow;
}
