/*
 * engine/start.c - starts the store, the jobs, the chat and the wire.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/engine.h"
#include "engine/json.h"
#include "engine/log.h"
#include "engine/socket.h"

#define NT_MAX_EVENTS      10000      /* of a job, kept by the store */
#define NT_MAX_EVENT_BYTES (64 << 20) /* the same */
#define NT_MAX_JOBS        10000      /* ended ones, kept by the memory store */
#define NT_INPUT_IDLE_MS   600000u    /* open inputs that nobody feeds end */
#define NT_MAX_RESULTS     (64u << 20) /* bytes of nodes' results, kept */
#define NT_RESULTS_MS      3600000u    /* for an hour, as NodeTool */


static nt_graph_t *
find_graph(void *arg, const char *workflow_id, const char *own, nt_buf_t *error)
{
    nt_engine_t *engine = arg;
    nt_graph_t  *graph = NULL;

    if (own != NULL) {
        json_t *json = nt_json_parse(own, strlen(own), error);

        if (json != NULL) {
            (void) nt_workflows_compile(engine->workflows, json, &graph, error);
            json_decref(json);
        }

        return graph;
    }

    /* the engine that took the job has asked whose the workflow is */
    (void) nt_workflows_graph(engine->workflows, NULL, workflow_id, &graph,
                              error);
    return graph;
}


static bool
find_workflow(void *arg, const char *user, const char *name, bool tool,
              nt_subworkflow_t *found, nt_buf_t *error)
{
    nt_engine_t *engine = arg;

    return nt_workflows_find(engine->workflows, user, name, tool, found,
                             error) == 200;
}


static bool
open_store(nt_engine_t *engine)
{
    char                error[256] = "out of memory";
    const nt_options_t *o = &engine->options;
    nt_store_options_t  options = { .max_jobs = NT_MAX_JOBS,
                                    .ttl_s = o->job_ttl,
                                    .max_events = NT_MAX_EVENTS,
                                    .max_bytes = o->max_memory,
                                    .max_job_bytes =
                                       o->max_memory / 4 < NT_MAX_EVENT_BYTES
                                            ? o->max_memory / 4
                                            : NT_MAX_EVENT_BYTES,
                                    .lease_ms = o->lease_ms,
                                    .max_queued = o->max_queued,
                                    .max_user = o->max_user,
                                    .max_workflow = o->max_workflow };

    if (o->redis != NULL) {
        engine->store = nt_store_redis_new(&engine->loop, o->redis, &options,
                                           error, sizeof(error));

    } else {
        engine->store = nt_store_memory_new(&engine->loop, &options);
        nt_log(NT_LOG_INFO, "jobs are kept in memory: they end with this "
                            "process");
    }

    if (engine->store == NULL) {
        nt_log(NT_LOG_ERROR, "store: %s", error);
    }

    return engine->store != NULL;
}


static bool
open_threads(nt_engine_t *engine)
{
    char                error[256] = "out of memory";
    const nt_options_t *o = &engine->options;

    engine->threads = o->redis != NULL
                          ? nt_threads_redis_new(&engine->loop, o->redis, error,
                                                 sizeof(error))
                          : nt_threads_memory_new(o->max_memory / 4);

    if (engine->threads == NULL) {
        nt_log(NT_LOG_ERROR, "threads: %s", error);
    }

    return engine->threads != NULL;
}


static bool
open_http(nt_engine_t *engine)
{
    char              error[256];
    nt_http_options_t options = { .allow = engine->options.http_allow,
                                  .ca_file = getenv("SSL_CERT_FILE") };

    engine->http =
        nt_http_client_new(&engine->loop, &options, error, sizeof(error));
    if (engine->http == NULL) {
        nt_log(NT_LOG_ERROR, "http: %s", error);
    }

    return engine->http != NULL;
}


static unsigned
allowed(const nt_options_t *o)
{
    return (o->allow_code ? NT_ALLOW_CODE : 0) |
           (o->allow_code_network ? NT_ALLOW_CODE_NETWORK : 0);
}


static bool
open_jobs(nt_engine_t *engine)
{
    nt_jobs_options_t options = { .loop = &engine->loop,
                                  .store = engine->store,
                                  .max_running = engine->options.max_running,
                                  .http = engine->http,
                                  .settings = engine->settings,
                                  .workspace = engine->workspace,
                                  .assets = engine->assets,
                                  .allow = allowed(&engine->options),
                                  .input_idle_ms = NT_INPUT_IDLE_MS,
                                  .graph = find_graph,
                                  .workflow = find_workflow,
                                  .arg = engine };

    options.results = engine->results =
        nt_results_new(NT_MAX_RESULTS, NT_RESULTS_MS);
    if (engine->results != NULL) {
        engine->jobs = nt_jobs_new(&options);
    }

    if (engine->jobs == NULL) {
        nt_log(NT_LOG_ERROR, "jobs: out of memory");
    }

    return engine->jobs != NULL;
}


/* It takes two to have a shell: who started the engine, and its environment;
 * and no word of production. */
static nt_terminals_t *
terminals(nt_engine_t *engine)
{
    const char *enable = getenv("NODETOOL_ENABLE_TERMINAL_WS");
    const char *env = getenv("ENV");

    if (!engine->options.terminal || enable == NULL || strcmp(enable, "1") != 0)
    {
        return NULL;
    }

    if (env != NULL && strcasecmp(env, "production") == 0) {
        nt_log(NT_LOG_WARN, "terminal: none, as ENV is production");
        return NULL;
    }

    nt_log(NT_LOG_WARN, "terminal: administrators have a shell of this machine "
                        "at /terminal");

    return &engine->options.terminals;
}


static bool
open_chat(nt_engine_t *engine)
{
    nt_chat_options_t options = { .loop = &engine->loop,
                                  .jobs = engine->jobs,
                                  .threads = engine->threads,
                                  .workflows = engine->workflows,
                                  .registry = engine->registry,
                                  .http = engine->http,
                                  .results = engine->results,
                                  .settings = engine->settings,
                                  .workspace = engine->workspace,
                                  .assets = engine->assets,
                                  .allow = allowed(&engine->options) };

    engine->chat = nt_chat_new(&options);
    if (engine->chat == NULL) {
        nt_log(NT_LOG_ERROR, "chat: out of memory");
    }

    return engine->chat != NULL;
}


static bool
open_wire(nt_engine_t *engine)
{
    nt_buf_t          error = { 0 };
    nt_wire_options_t options = { .max_body = engine->options.max_body,
                                  .services = &engine->services };

    engine->services = (nt_services_t) { .loop = &engine->loop,
                                         .jobs = engine->jobs,
                                         .workflows = engine->workflows,
                                         .registry = engine->registry,
                                         .http = engine->http,
                                         .threads = engine->threads,
                                         .chat = engine->chat,
                                         .terminals = terminals(engine),
                                         .settings = engine->settings,
                                         .catalog = engine->catalog };

    options.fd = nt_socket_listen(engine->options.socket, &error);
    if (options.fd == -1) {
        return nt_engine_fail("socket", &error);
    }

    engine->wire = nt_wire_new(&options);
    if (engine->wire == NULL) {
        nt_log(NT_LOG_ERROR, "wire: %s", strerror(errno));
        return false;
    }

    return true;
}


bool
nt_engine_start(nt_engine_t *engine)
{
    return open_store(engine) && open_threads(engine) && open_http(engine) &&
           open_jobs(engine) && open_chat(engine) && open_wire(engine);
}
