/*
 * t/engine/redis_server.h - a Redis of the test's own, on a Unix socket.
 */

#ifndef REDIS_SERVER_H
#define REDIS_SERVER_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char  redis_dir[64]; /* empty: it is not started */
static pid_t redis_pid;

static inline bool
redis_start(void)
{
    char socket[128];

    snprintf(redis_dir, sizeof(redis_dir), "/tmp/engine-test-XXXXXX");
    if (mkdtemp(redis_dir) == NULL) {
        return false;
    }

    snprintf(socket, sizeof(socket), "%s/redis.sock", redis_dir);
    redis_pid = fork();
    if (redis_pid == 0) {
        int null = open("/dev/null", O_RDWR);

        prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test crash */
        dup2(null, 1);
        dup2(null, 2);
        execlp("redis-server", "redis-server", "--databases", "32", "--port",
               "0", "--unixsocket", socket, "--save", "", "--dir", redis_dir,
               (char *) NULL);
        _exit(127);
    }

    for (int i = 0; i < 500 && access(socket, F_OK) != 0; i++) {
        usleep(10000);
    }

    return access(socket, F_OK) == 0;
}

static inline void
redis_stop(void)
{
    char socket[128];

    kill(redis_pid, SIGTERM);
    waitpid(redis_pid, NULL, 0);
    snprintf(socket, sizeof(socket), "%s/redis.sock", redis_dir);
    unlink(socket);
    rmdir(redis_dir);
}

#endif
