/*
 * engine/agents/history.h - NodeTool's messages in the canonical form.
 */

#ifndef NT_HISTORY_H
#define NT_HISTORY_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Appends messages of NodeTool, {"type": "message", "role", "content",
 * "tool_calls": [{"id", "name", "args"}], "tool_call_id", "name"}, to a list
 * in the form of core/llm/nt_llm.h.  Media parts keep their refs.  A tool's
 * result without its call, and a call without its result, are left out, as
 * no provider takes them.  False when memory is out.
 */
bool nt_history_append(json_t *messages, const json_t *history);

#endif
