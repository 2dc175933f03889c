#include "engine/graph/fiber.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/*
 * The contexts are the C library's: they know of shadow stacks and signal
 * masks, and a switch costs well under a microsecond, which is nothing beside
 * the waiting that fibers are for.
 */

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#define NT_STACKS_KEPT 32

struct nt_fiber {
    ucontext_t  context;
    ucontext_t  caller;
    nt_fiber_t *outer; /* the fiber that resumed this one, or NULL */
    void (*entry)(void *arg);
    void *arg;
    char *stack; /* its lowest page is the guard */
    bool  ended;
#ifdef __SANITIZE_ADDRESS__
    void       *fake;        /* this fiber's, while it is left */
    void       *caller_fake; /* the caller's, while the fiber runs */
    const void *caller_stack;
    size_t      caller_size;
#endif
};

static __thread nt_fiber_t *running;

/* Stacks of fibers that have ended: the next ones find them warm. */
static __thread char    *stacks[NT_STACKS_KEPT];
static __thread unsigned n_stacks;

static char *
take_stack(void)
{
    size_t guard = (size_t) sysconf(_SC_PAGESIZE);
    char  *stack;

    if (n_stacks > 0) {
        return stacks[--n_stacks];
    }
    stack =
        mmap(NULL, guard + NT_FIBER_STACK, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) {
        return NULL;
    }
    if (mprotect(stack, guard, PROT_NONE) != 0) {
        (void) munmap(stack, guard + NT_FIBER_STACK);
        return NULL;
    }
    return stack;
}

static void
give_stack(char *stack)
{
    if (n_stacks < NT_STACKS_KEPT) {
        stacks[n_stacks++] = stack;
        return;
    }
    (void) munmap(stack, (size_t) sysconf(_SC_PAGESIZE) + NT_FIBER_STACK);
}

/* The sanitizer is told of each change of stacks, or it would take the other
 * one for garbage. */

static void
before_enter(nt_fiber_t *fiber)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&fiber->caller_fake,
                                   fiber->stack + sysconf(_SC_PAGESIZE),
                                   NT_FIBER_STACK);
#endif
}

static void
entered(nt_fiber_t *fiber)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fiber->fake, &fiber->caller_stack,
                                    &fiber->caller_size);
#endif
}

static void
before_leave(nt_fiber_t *fiber)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(fiber->ended ? NULL : &fiber->fake,
                                   fiber->caller_stack, fiber->caller_size);
#endif
}

static void
left(nt_fiber_t *fiber)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fiber->caller_fake, NULL, NULL);
#endif
}

/* makecontext passes ints only, so the pointer comes in two. */
static void
run_entry(unsigned high, unsigned low)
{
    nt_fiber_t *fiber;

    fiber = (nt_fiber_t *) (((uintptr_t) high << 32) | (uintptr_t) low);
    entered(fiber);
    fiber->entry(fiber->arg);
    fiber->ended = true;
    before_leave(fiber);
    (void) setcontext(&fiber->caller);
    abort(); /* setcontext returns only on a bad context */
}

/* Apart from its caller, whose variables the compiler would think lost when
 * getcontext returned twice. */
static bool
make_context(nt_fiber_t *fiber)
{
    uint64_t pointer = (uintptr_t) fiber;

    if (getcontext(&fiber->context) != 0) {
        return false;
    }
    fiber->context.uc_stack.ss_sp = fiber->stack + sysconf(_SC_PAGESIZE);
    fiber->context.uc_stack.ss_size = NT_FIBER_STACK;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, (void (*)(void)) run_entry, 2,
                (unsigned) (pointer >> 32), (unsigned) pointer);
    return true;
}

nt_fiber_t *
nt_fiber_new(void (*entry)(void *arg), void *arg)
{
    nt_fiber_t *fiber;

    fiber = calloc(1, sizeof(*fiber));
    if (fiber == NULL) {
        return NULL;
    }
    fiber->stack = take_stack();
    fiber->entry = entry;
    fiber->arg = arg;
    if (fiber->stack == NULL || !make_context(fiber)) {
        nt_fiber_free(fiber);
        return NULL;
    }
    return fiber;
}

bool
nt_fiber_resume(nt_fiber_t *fiber)
{
    fiber->outer = running;
    running = fiber;
    before_enter(fiber);
    if (swapcontext(&fiber->caller, &fiber->context) != 0) {
        abort(); /* the C library knows no such failure on Linux */
    }
    left(fiber);
    running = fiber->outer;
    return fiber->ended;
}

void
nt_fiber_suspend(void)
{
    nt_fiber_t *fiber = running;

    before_leave(fiber);
    if (swapcontext(&fiber->context, &fiber->caller) != 0) {
        abort();
    }
    entered(fiber);
}

void
nt_fiber_free(nt_fiber_t *fiber)
{
    if (fiber == NULL) {
        return;
    }
    if (fiber->stack != NULL) {
        give_stack(fiber->stack);
    }
    free(fiber);
}
