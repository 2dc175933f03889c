/*
 * engine/stop.c - stops the engine on SIGTERM and SIGINT.
 *
 * Each step when the one before is through: no new connections and no new
 * jobs; running jobs end or go back to the queue; replies are written; the
 * wire, the store and the loop are closed.
 */

#include <signal.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/log.h"

#define NT_FLUSH_MS 2000 /* for last replies, at shutdown */


static void
on_store_closed(void *arg)
{
    nt_log(NT_LOG_INFO, "stopped");
}


static void
close_handles(nt_engine_t *engine)
{
    uv_close((uv_handle_t *) &engine->flush, NULL);

    for (int i = 0; i < 2; i++) {
        uv_close((uv_handle_t *) &engine->signals[i], NULL);
    }
}


static void
stop(nt_engine_t *engine)
{
    nt_wire_close(engine->wire);
    close_handles(engine);
    nt_chat_free(engine->chat);
    nt_jobs_free(engine->jobs);
    nt_http_client_free(engine->http);
    nt_results_free(engine->results);
    nt_threads_close(engine->threads);
    engine->store->close(engine->store, on_store_closed, engine);
}


/* Peers that take no bytes do not hold the process. */
static void
on_flush_timeout(uv_timer_t *timer)
{
    stop(timer->data);
}


static void
on_wire_drained(void *arg)
{
    nt_engine_t *engine = arg;

    engine->wire_drained = true;

    if (engine->jobs_drained && engine->chat_drained) {
        stop(engine);
    }
}


static void
on_work_drained(nt_engine_t *engine)
{
    if (!engine->jobs_drained || !engine->chat_drained) {
        return;
    }

    if (engine->wire_drained) {
        stop(engine);
        return;
    }

    (void) uv_timer_start(&engine->flush, on_flush_timeout, NT_FLUSH_MS, 0);
}


static void
on_jobs_drained(void *arg)
{
    nt_engine_t *engine = arg;

    engine->jobs_drained = true;
    on_work_drained(engine);
}


static void
on_chat_drained(void *arg)
{
    nt_engine_t *engine = arg;

    engine->chat_drained = true;
    on_work_drained(engine);
}


static void
on_signal(uv_signal_t *signal, int number)
{
    nt_engine_t *engine = signal->data;

    if (engine->stopping) {
        return;
    }

    engine->stopping = true;
    nt_log(NT_LOG_INFO, "%s: stopping, %u seconds for running jobs",
           number == SIGINT ? "SIGINT" : "SIGTERM", engine->options.drain);

    /* a new engine may take the name at once */
    (void) unlink(engine->options.socket);

    nt_wire_drain(engine->wire, on_wire_drained, engine);
    nt_jobs_drain(engine->jobs, engine->options.drain * 1000, on_jobs_drained,
                  engine);
    nt_chat_drain(engine->chat, engine->options.drain * 1000, on_chat_drained,
                  engine);
}


bool
nt_engine_watch_signals(nt_engine_t *engine)
{
    static const int numbers[] = { SIGTERM, SIGINT };

    (void) signal(SIGPIPE, SIG_IGN);
    (void) uv_timer_init(&engine->loop, &engine->flush);
    engine->flush.data = engine;

    for (int i = 0; i < 2; i++) {
        if (uv_signal_init(&engine->loop, &engine->signals[i]) != 0 ||
            uv_signal_start(&engine->signals[i], on_signal, numbers[i]) != 0)
        {
            nt_log(NT_LOG_ERROR, "cannot watch for signals");
            return false;
        }

        engine->signals[i].data = engine;
    }

    return true;
}


void
nt_engine_free(nt_engine_t *engine)
{
    nt_workflows_free(engine->workflows);
    nt_settings_free(engine->settings);
    nt_catalog_free(engine->catalog);
    nt_registry_free(engine->registry);
    (void) close(engine->workspace);
    (void) close(engine->assets);
    (void) uv_loop_close(&engine->loop);

    /* threads of the pool end before OpenSSL does, which keeps state for each
     * until then */
    uv_library_shutdown();
}
