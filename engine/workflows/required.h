/*
 * engine/workflows/required.h - what a workflow asks of a server: providers
 * and models, as its nodes name them.
 */

#ifndef NT_WORKFLOW_REQUIRED_H
#define NT_WORKFLOW_REQUIRED_H

#include <jansson.h>
#include <stdbool.h>

/* Sets required_providers and required_models of a view: sorted lists of
 * strings, or null for none.  False when memory is out. */
bool nt_required_set(json_t *view, const json_t *graph);

#endif
