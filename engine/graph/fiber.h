/*
 * engine/graph/fiber.h - stacks that a function can leave and come back to.
 *
 * A fiber runs on the thread that resumes it, and always on the same one.
 * Fibers may resume fibers.
 */

#ifndef NT_FIBER_H
#define NT_FIBER_H

#include <stdbool.h>

/* Bytes of address space, with a guard page below them: enough to read and
 * write JSON that is nested as deep as jansson takes it (2048). */
#define NT_FIBER_STACK (1024 * 1024)

typedef struct nt_fiber nt_fiber_t;

/* NULL when memory is out.  `entry` starts with the first resume. */
nt_fiber_t *nt_fiber_new(void (*entry)(void *arg), void *arg);

/* Goes on with it until it suspends (false) or `entry` returns (true). */
bool nt_fiber_resume(nt_fiber_t *fiber);

/* Leaves the running fiber; returns when it is resumed. */
void nt_fiber_suspend(void);

/* One that has ended or never started. NULL is fine. */
void nt_fiber_free(nt_fiber_t *fiber);

#endif
