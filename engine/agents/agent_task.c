#include "engine/agents/agent.h"

#include "engine/nodes/ustr.h"

/*
 * What those who watch see of an agent's work: a task of one step.
 */


void
nt_agent_tell_task(nt_node_call_t *call, const nt_agent_task_t *task,
                   const char *event, bool step, bool completed)
{
    json_t    *what, *whole;
    json_int_t started = (json_int_t) task->started;

    what = json_pack("{s:s, s:s, s:o, s:b, s:I, s:I}", "type", "step", "id",
                     task->id, "instructions", nt_ustr_json(task->objective),
                     "completed", completed, "start_time", started, "end_time",
                     (json_int_t) (completed ? time(NULL) : 0));
    whole = json_pack("{s:s, s:s, s:s, s:o, s:[O]}", "type", "task", "id",
                      task->id, "title", task->title, "description",
                      nt_ustr_json(task->objective), "steps", what);
    nt_call_event(call, "task_update",
                  json_pack("{s:s, s:o, s:O*}", "event", event, "task", whole,
                            "step", step ? what : NULL));
    json_decref(what);
}
