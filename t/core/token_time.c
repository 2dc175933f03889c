/*
 * Comparisons of tokens take the same time whatever they compare: they are
 * stepped through, and their instructions counted.
 */

#include "core/nt_token.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/core/tap.h"

#define TOKENS 8
#define LEN    32

typedef bool (*compare_fn)(const void *tokens, size_t n, nt_str_t token);

static char tokens[TOKENS * LEN];


/* What the others must not be: it leaves at the first difference. */
static bool
hasty(const void *list, size_t n, nt_str_t token)
{
    const volatile char *p = list;
    size_t               same;

    for (size_t i = 0; i < n; i++) {
        for (same = 0; same < token.len; same++) {
            if (p[i * token.len + same] != token.data[same]) {
                break;
            }
        }

        if (same == token.len) {
            return true;
        }
    }

    return false;
}


static void
child(compare_fn compare, nt_str_t token)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
        _exit(1);
    }

    raise(SIGSTOP);
    compare(tokens, TOKENS, token);
    raise(SIGSTOP);
    _exit(0);
}


/* The instructions between the two stops; -1 where there is no stepping. */
static long
count(compare_fn compare, nt_str_t token)
{
    int   status;
    long  n = 0;
    pid_t pid = fork();

    if (pid == 0) {
        child(compare, token);
    }

    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
        return -1;
    }

    do {
        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0 ||
            waitpid(pid, &status, 0) != pid)
        {
            n = -1;
            break;
        }

        n++;
    } while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);

    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);

    return n;
}


/* Of tokens that differ at each byte, and that are each of the list, how many
 * counts there are. */
static size_t
different(compare_fn compare)
{
    long   n, seen[TOKENS * 2 + LEN];
    char   token[LEN];
    size_t kinds = 0, k;

    for (size_t i = 0; i < TOKENS + LEN; i++) {
        memcpy(token, tokens + (i < TOKENS ? i * LEN : 0), LEN);

        if (i >= TOKENS) {
            token[i - TOKENS] ^= 0x40;
        }

        n = count(compare, (nt_str_t) { token, LEN });

        if (n < 0) {
            return 0;
        }

        for (k = 0; k < kinds && seen[k] != n; k++) {
        }

        if (k == kinds) {
            seen[kinds++] = n;
        }
    }

    return kinds;
}


int
main(void)
{
    size_t kinds;

    for (size_t i = 0; i < sizeof(tokens); i++) {
        tokens[i] = (char) (i * 7 + i / LEN);
    }

    kinds = different(hasty);

    if (kinds == 0) {
        printf("1..0 # SKIP no process can be stepped through here: %s\n",
               strerror(errno));
        return 0;
    }

    ok(kinds > LEN, "a hasty comparison is told by its %zu counts", kinds);
    is_int((long long) different(nt_token_among), 1,
           "what is compared does not change the count of instructions");
    ok(nt_token_among(tokens, TOKENS, (nt_str_t) { tokens + 5 * LEN, LEN }),
       "one of them is found");
    ok(!nt_token_among(tokens, TOKENS, (nt_str_t) { tokens + 1, LEN }),
       "another one is not");
    ok(!nt_token_among(tokens, 0, (nt_str_t) { tokens, LEN }), "no tokens");

    return done();
}
