/*
 * engine/settings/values.h - what a user has set, as runs of his workflows
 * read it: names and values, which never change.
 *
 * Counted; references are taken and given back on the loop's thread, any
 * thread may read.  Values are overwritten when the last one goes.
 */

#ifndef NT_SETTINGS_VALUES_H
#define NT_SETTINGS_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/nt_base.h"

typedef struct nt_values nt_values_t;

nt_values_t *nt_values_new(void);
nt_values_t *nt_values_ref(nt_values_t *values);
void         nt_values_unref(nt_values_t *values); /* or NULL */

/* For who makes them.  A `value` without data stands for one that cannot be
 * read, which is not the same as none.  False when memory is out. */
bool nt_values_add(nt_values_t *values, const char *name, nt_str_t value);

/* Nothing of the user's can be read: nt_values_find finds every name. */
void nt_values_break(nt_values_t *values);

/* True when the user has set it: then *value is it, as long as there is a
 * reference, or NULL when it cannot be read. */
bool nt_values_find(const nt_values_t *values, const char *name,
                    const char **value);

#endif
