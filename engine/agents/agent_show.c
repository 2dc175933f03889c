#include "engine/agents/agent.h"

#include "engine/json.h"
#include "engine/nodes/ustr.h"

#define EVENT_MAX 65536 /* bytes of a result in an event */


static bool
show_text(nt_agent_t *agent, nt_str_t text)
{
    if (text.len == 0) {
        return true;
    }

    agent->shown = true;

    if (agent->shows & NT_SHOW_CHUNKS) {
        nt_call_chunk(agent->call, text.data, text.len, false);
    }

    if ((agent->shows & NT_SHOW_OUTPUT) &&
        nt_call_emit(agent->call, "chunk",
                     nt_model_chunk(agent->call, text, false, false)) !=
            NT_NODE_DONE)
    {
        return false;
    }

    return agent->piece == NULL || agent->piece(agent->ctx, text);
}


static bool
show_thought(nt_agent_t *agent, nt_str_t text)
{
    if (text.len == 0) {
        return true;
    }

    agent->shown = true;

    if (agent->shows & NT_SHOW_CHUNKS) {
        nt_call_event(agent->call, "chunk",
                      json_pack("{s:s, s:o, s:b, s:b}", "content_type", "text",
                                "content", nt_ustr_json(text), "done", 0,
                                "thinking", 1));
    }

    return !(agent->shows & NT_SHOW_THINKING) ||
           nt_call_emit(agent->call, "thinking",
                        nt_model_chunk(agent->call, text, true, false)) ==
               NT_NODE_DONE;
}


/* A piece of sound, as base64. */
static bool
show_sound(nt_agent_t *agent, const json_t *audio)
{
    json_t *data = json_object_get(audio, "data"), *chunk;

    if (!(agent->shows & NT_SHOW_AUDIO) || json_string_length(data) == 0) {
        return true;
    }

    agent->shown = true;
    chunk = nt_model_chunk(agent->call, nt_ustr(data), false, false);
    (void) json_object_set_new(chunk, "content_type", json_string("audio"));
    return nt_call_emit(agent->call, "chunk", chunk) == NT_NODE_DONE;
}


bool
nt_agent_show(void *ctx, const nt_llm_delta_t *delta)
{
    nt_agent_t *agent = ctx;

    switch (delta->kind) {
    case NT_LLM_CONTENT:
    case NT_LLM_REFUSAL:
        return show_text(agent, delta->text);
    case NT_LLM_REASONING:
        return show_thought(agent, delta->text);
    case NT_LLM_AUDIO:
        return show_sound(agent, delta->data);
    default:
        return true;
    }
}


bool
nt_agent_show_done(nt_agent_t *agent)
{
    if (agent->shows & NT_SHOW_CHUNKS) {
        nt_call_chunk(agent->call, "", 0, true);
    }

    return !(agent->shows & NT_SHOW_OUTPUT) ||
           nt_call_emit(agent->call, "chunk",
                        nt_model_chunk(agent->call, NT_STR(""), false, true)) ==
               NT_NODE_DONE;
}


void
nt_agent_show_call(nt_agent_t *agent, const json_t *tool_call, const char *name,
                   const json_t *args)
{
    nt_buf_t message = { 0 };

    nt_toolbox_message(agent->tools, name, args, &message);
    nt_call_event(agent->call, "tool_call_update",
                  json_pack("{s:O?, s:s, s:O, s:o}", "tool_call_id",
                            json_object_get(tool_call, "id"), "name", name,
                            "args", args, "message", nt_ustr_take(&message)));
}


/* A result of another type than an object stands under "result"; one that is
 * too large for an event does not stand there at all. */
void
nt_agent_show_result(nt_agent_t *agent, const json_t *tool_call,
                     const char *name, const json_t *result)
{
    json_t  *shown;
    nt_buf_t text = { 0 };

    nt_json_append(&text, result);

    if (text.failed || text.len > EVENT_MAX) {
        shown = json_pack("{s:b}", "truncated", 1);

    } else if (json_is_object(result)) {
        shown = json_incref((json_t *) result);

    } else {
        shown = json_pack("{s:O}", "result", result);
    }

    nt_buf_free(&text);
    nt_call_event(agent->call, "tool_result_update",
                  json_pack("{s:O?, s:s, s:o}", "tool_call_id",
                            json_object_get(tool_call, "id"), "name", name,
                            "result", shown));
}
