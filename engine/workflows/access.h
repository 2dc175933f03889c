/*
 * engine/workflows/access.h - who may do what with a workflow.
 *
 * A workflow belongs to the user in its `user_id`, who may do everything.
 * Others may read and run it when its `access` is "public".  One without an
 * owner, a file that was put there by hand, is read and run by all and
 * changed by user 1, whom a server without logins takes everybody for.
 *
 * A `user` of NULL is an administrator, who may do everything.
 */

#ifndef NT_WORKFLOW_ACCESS_H
#define NT_WORKFLOW_ACCESS_H

#include <jansson.h>
#include <stdbool.h>

/* Read and run. */
bool nt_access_read(const json_t *document, const char *user);

/* Replace and delete.  `document` NULL: a file that is no workflow and so has
 * no owner. */
bool nt_access_change(const json_t *document, const char *user);

/* Whether it stands in the user's list: his own and those without an owner,
 * not what others have made public. */
bool nt_access_listed(const json_t *document, const char *user);

bool nt_access_public(const json_t *document);

#endif
