/*
 * cli/progress.h - how a run is going, for people: a bar on a terminal,
 * plain lines otherwise; on stderr.
 */

#ifndef NT_CLI_PROGRESS_H
#define NT_CLI_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>

typedef struct {
    bool     terminal;
    unsigned total; /* nodes that tell of themselves */
    unsigned ended;
} nt_progress_t;

void nt_progress_init(nt_progress_t *progress, unsigned total);

/* Shows an event of the run. */
void nt_progress_event(nt_progress_t *progress, const json_t *event);

/* Clears the bar. */
void nt_progress_end(nt_progress_t *progress);

#endif
