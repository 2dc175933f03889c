/*
 * engine/main.c - nodetool-engine: puts the parts together.
 */

#include <stdlib.h>
#include <sys/resource.h>

#include "engine/engine.h"
#include "engine/log.h"


bool
nt_engine_fail(const char *what, nt_buf_t *error)
{
    nt_log(NT_LOG_ERROR, "%s: %.*s", what, (int) error->len, error->data);
    nt_buf_free(error);
    return false;
}


/* One descriptor a connection: take as many as the system allows. */
static void
raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
    }
}


static int
run(nt_engine_t *engine)
{
    if (uv_loop_init(&engine->loop) != 0) {
        nt_log(NT_LOG_ERROR, "cannot make an event loop");
        return EXIT_FAILURE;
    }

    if (!nt_engine_watch_signals(engine) || !nt_engine_open_registry(engine) ||
        !nt_engine_open_home(engine) || !nt_engine_start(engine))
    {
        return EXIT_FAILURE;
    }

    nt_log(NT_LOG_INFO, "nodetool-engine " NT_ENGINE_VERSION " listens on %s",
           engine->options.socket);

    (void) uv_run(&engine->loop, UV_RUN_DEFAULT);

    nt_engine_free(engine);

    return EXIT_SUCCESS;
}


int
main(int argc, char **argv)
{
    static nt_engine_t engine;

    switch (nt_options_parse(&engine.options, argc, argv)) {
    case NT_OPTIONS_EXIT:
        return EXIT_SUCCESS;
    case NT_OPTIONS_WRONG:
        return 2;
    default:
        break;
    }

    nt_log_set_level(engine.options.log_level);
    raise_limits();

    /* nodes that read files or compute share the pool */
    (void) setenv("UV_THREADPOOL_SIZE", "8", 0);

    return run(&engine);
}
