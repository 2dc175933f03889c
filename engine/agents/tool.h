/*
 * engine/agents/tool.h - tools that agents call.
 *
 * A toolbox holds what one agent may call: built-in tools by their NodeTool
 * names, what the workflow lets the node call (nt_call_tools), and
 * finish_step, by which a model hands in a structured result.
 */

#ifndef NT_TOOL_H
#define NT_TOOL_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/nodetool_node.h"

/* --- built-in tools --- */

/* A parameter of a tool. */
typedef struct {
    const char *name;
    const char *type; /* "string", "integer" ..., or a JSON Schema as text */
    const char *description;
    bool        required;
} nt_tool_param_t;

typedef struct {
    const char            *name;
    const char            *description; /* for the model */
    const nt_tool_param_t *params;      /* ended by a NULL name */

    /* for those who watch: "Searching for {keyword}", with one argument's
     * value in place of its name */
    const char *message;

    /* Does it and waits: a new reference; or NULL, with a sentence for the
     * model in `error` (empty when memory is out).  `arg` is the tool's. */
    json_t *(*run)(nt_node_call_t *call, const void *arg, const json_t *args,
                   nt_buf_t *error);
    const void *arg;
} nt_tool_t;

/* Tables ended by a NULL name. */
extern const nt_tool_t nt_tools_files[];  /* of the workspace */
extern const nt_tool_t nt_tools_search[]; /* SerpApi's engines */
extern const nt_tool_t nt_tools_web[];    /* pages and downloads */
extern const nt_tool_t nt_tools_math[];

/* Those under the names and with the parameters that Claude Code gives them:
 * "Read", "Write", "Edit" ... */
extern const nt_tool_t nt_tools_claude[];

/* Arguments of a call; false with a sentence in `error` when one is missing
 * or of another type.  A default makes one optional, and stands for an empty
 * text, too. */
bool nt_tool_text(const json_t *args, const char *name, const char *standard,
                  nt_str_t *value, nt_buf_t *error);
bool nt_tool_int(const json_t *args, const char *name, int64_t standard,
                 int64_t min, int64_t max, int64_t *value, nt_buf_t *error);

/* Waits for `work` on the pool.  What it fails the node with becomes the
 * tool's error instead; false then, and when the job ends. */
bool nt_tool_thread(nt_node_call_t *call,
                    void (*work)(nt_node_call_t *call, void *arg), void *arg,
                    nt_buf_t *error);

/* --- toolboxes --- */

#define NT_FINISH_TOOL "finish_step"

typedef struct nt_toolbox nt_toolbox_t;

/* NULL when memory is out. */
nt_toolbox_t *nt_toolbox_new(nt_node_call_t *call);
void          nt_toolbox_free(nt_toolbox_t *box);

/* False after nt_call_fail.  A tool that is there already stays. */
bool nt_toolbox_add(nt_toolbox_t *box, const nt_tool_t *tool);

/* The tools of a list of names or of {"name"} objects: built-in ones, and
 * workflows of the user's as "workflow_" with their tool_name; one that is
 * not there fails the node. */
bool nt_toolbox_add_names(nt_toolbox_t *box, const json_t *names);

/* One whose parameters are a JSON Schema, which is taken over (NULL: memory is
 * out); `tool` has none, and outlives the box. */
bool nt_toolbox_add_schema(nt_toolbox_t *box, const nt_tool_t *tool,
                           json_t *parameters);

/* Is there a built-in tool of this name? */
bool nt_tool_exists(const char *name);

/* What the workflow lets the node call. */
bool nt_toolbox_add_workflow(nt_toolbox_t *box);

/* finish_step, for results of this schema. */
bool nt_toolbox_add_finish(nt_toolbox_t *box, const json_t *schema);

/* [{"name", "description", "parameters"}], borrowed; may be empty. */
const json_t *nt_toolbox_list(const nt_toolbox_t *box);

/* The tool that a model means: its name, borrowed, or one that differs in
 * case and punctuation only; NULL for none. */
const char *nt_toolbox_find(const nt_toolbox_t *box, const char *name);

/* Appends what a call does, for those who watch. */
void nt_toolbox_message(const nt_toolbox_t *box, const char *name,
                        const json_t *args, nt_buf_t *out);

/* Runs a tool of that name (of nt_toolbox_find) and waits.  A new reference;
 * NULL as nt_tool_t.run. */
json_t *nt_toolbox_run(nt_toolbox_t *box, const char *name, const json_t *args,
                       nt_buf_t *error);

#endif
