/*
 * engine/models/task.h - work that a provider does for minutes: it is started,
 * looked after, and then fetched.
 */

#ifndef NT_MODELS_TASK_H
#define NT_MODELS_TASK_H

#include "engine/models/node.h"

typedef enum {
    NT_TASK_RUNNING,
    NT_TASK_DONE,
    NT_TASK_FAILED /* nt_call_fail has said why */
} nt_task_state_t;

/* Looks at the state that the provider has told (borrowed). */
typedef nt_task_state_t (*nt_task_look_t)(nt_node_call_t   *call,
                                          const nt_model_t *model,
                                          const json_t     *status);

/* Asks `path` for the state until it is done, first soon, then every 10 s.
 * `timeout` in seconds.  The last state, a new reference; NULL after
 * nt_call_fail. */
json_t *nt_task_wait(nt_node_call_t *call, const nt_model_t *model,
                     const char *path, double timeout, nt_task_look_t look);

#endif
