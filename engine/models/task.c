/*
 * engine/models/task.c - looking after a provider's work.
 */

#include <time.h>

#include "engine/models/task.h"

#define FIRST_PAUSE 0.5 /* seconds */
#define MOST_PAUSE  10.0


static double
seconds_now(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);

    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}


json_t *
nt_task_wait(nt_node_call_t *call, const nt_model_t *model, const char *path,
             double timeout, nt_task_look_t look)
{
    double          end = seconds_now() + timeout, pause = FIRST_PAUSE;
    json_t         *status;
    nt_task_state_t state;

    for (;;) {
        if (!nt_call_sleep(call, pause)) {
            (void) nt_call_fail(call, "the job ends");
            return NULL;
        }

        status = nt_provider_json(call, model, path, NULL, 60);
        if (status == NULL) {
            return NULL;
        }

        state = look(call, model, status);
        if (state == NT_TASK_DONE) {
            return status;
        }

        json_decref(status);
        if (state == NT_TASK_FAILED) {
            return NULL;
        }

        if (seconds_now() + pause > end) {
            (void) nt_call_fail(call,
                                "%s was not through after %.0f seconds: set "
                                "'timeout_seconds' higher, or try again",
                                model->provider->title, timeout);
            return NULL;
        }

        pause = pause * 1.5 < MOST_PAUSE ? pause * 1.5 : MOST_PAUSE;
    }
}
