/*
 * engine/nodes/code.h - what the files of nodetool.code.* share.
 *
 * Code reaches its interpreter as the sandbox's file /run/input, which has
 * the values of the node's dynamic properties, too: an argument or a variable
 * of the environment holds 128 KiB at most.
 */

#ifndef NT_CODE_H
#define NT_CODE_H

#include "engine/nodes/args.h"

typedef struct {
    /* The interpreter and its arguments, ended by NULL. */
    const char *const *argv;

    /* Appends what goes into /run/input; `values` is an object.  False after
     * nt_call_fail; memory that is out shows in the buffer alone. */
    bool (*make)(nt_node_call_t *call, nt_buf_t *out, nt_str_t code,
                 const json_t *values);
} nt_language_t;

/* What a node type runs. */
typedef struct {
    const nt_property_t *properties;
    const nt_language_t *language;
    const char          *source; /* the property that has the code */
    bool                 drains; /* its "stdin" is a stream */
} nt_code_t;

/* code_run.c: run or end, and item, of the node types. */
nt_node_rc_t nt_code_run(nt_node_call_t *call, const nt_code_t *code);
nt_node_rc_t nt_code_item(nt_node_call_t *call, const char *handle,
                          json_t *value);

/* code_languages.c */
extern const nt_language_t nt_code_python, nt_code_javascript, nt_code_ruby,
    nt_code_bash, nt_code_command, nt_code_lua, nt_code_luajit;

#endif
