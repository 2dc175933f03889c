#include "engine/agents/tool_run.h"

#include <stdlib.h>

#include "engine/graph/graph.h"
#include "engine/nodes/ustr.h"
#include "engine/process/process.h"

/*
 * Claude Code's Bash: a command in a sandbox, where the operator lets code of
 * workflows run (--allow-code).
 */

#define OUTPUT_MAX (256 * 1024) /* bytes of each stream */
#define TIME       120000       /* milliseconds */
#define TIME_MAX   600000


bool
nt_tool_bash_allowed(const nt_node_call_t *call)
{
    return (nt_call_allowed(call) & NT_ALLOW_CODE) != 0;
}


json_t *
nt_tool_bash(nt_node_call_t *call, const void *arg, const json_t *args,
             nt_buf_t *error)
{
    char              *sentence = NULL;
    json_t            *result;
    int64_t            time;
    nt_str_t           command;
    const char        *argv[] = { "bash", "-c", NULL, NULL };
    nt_process_t       process = { .argv = argv, .output_limit = OUTPUT_MAX };
    nt_process_reply_t reply;

    if (!nt_tool_text(args, "command", NULL, &command, error) ||
        !nt_tool_int(args, "timeout", TIME, 1, TIME_MAX, &time, error))
    {
        return NULL;
    }

    argv[2] = command.data;
    process.timeout = (double) time / 1e3;
    process.flags = NT_PROCESS_SANDBOX | NT_PROCESS_WORKSPACE;

    if (nt_call_allowed(call) & NT_ALLOW_CODE_NETWORK) {
        process.flags |= NT_PROCESS_NETWORK;
    }

    if (!nt_call_process(call, &process, &reply, &sentence)) {
        nt_buf_append_str(error, nt_str(sentence != NULL ? sentence : ""));
        free(sentence);
        return NULL;
    }

    result = json_pack("{s:i, s:o, s:o}", "exit_code", reply.status, "stdout",
                       nt_ustr_bytes((nt_str_t) { reply.out, reply.out_len }),
                       "stderr",
                       nt_ustr_bytes((nt_str_t) { reply.err, reply.err_len }));
    nt_process_reply_free(&reply);
    return result;
}
