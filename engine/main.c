/*
 * engine/main.c - nodetool-engine: puts the parts together and takes them
 * apart again on SIGTERM and SIGINT.
 *
 * Shutdown, each step when the one before is through: no new connections
 * and no new jobs; running jobs end or go back to the queue; replies are
 * written; the wire, the store and the loop are closed.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "engine/beside.h"
#include "engine/chat/chat.h"
#include "engine/jobs/jobs.h"
#include "engine/json.h"
#include "engine/log.h"
#include "engine/nodes/packs.h"
#include "engine/nodes/registry.h"
#include "engine/options.h"
#include "engine/services.h"
#include "engine/socket.h"
#include "engine/threads/threads.h"
#include "engine/wire/wire.h"
#include "engine/workflows/workflows.h"

#define NT_MAX_EVENTS      10000      /* of a job, kept by the store */
#define NT_MAX_EVENT_BYTES (64 << 20) /* the same */
#define NT_MAX_JOBS        10000      /* ended ones, kept by the memory store */
#define NT_INPUT_IDLE_MS   600000u    /* open inputs that nobody feeds end */
#define NT_FLUSH_MS        2000       /* for last replies, at shutdown */
#define NT_MAX_RESULTS     (64u << 20) /* bytes of nodes' results, kept */
#define NT_RESULTS_MS      3600000u    /* for an hour, as NodeTool */

typedef struct {
    uv_loop_t         loop;
    uv_signal_t       signals[2];
    uv_timer_t        flush;
    nt_options_t      options;
    nt_registry_t    *registry;
    nt_workflows_t   *workflows;
    nt_settings_t    *settings;
    nt_catalog_t     *catalog;
    nt_http_client_t *http;
    nt_results_t     *results;
    nt_store_t       *store;
    nt_jobs_t        *jobs;
    nt_threads_t     *threads;
    nt_chat_t        *chat;
    nt_services_t     services;
    nt_wire_t        *wire;
    int               workspace;
    int               assets;
    int               listener;
    bool              stopping;
    bool              wire_drained;
    bool              jobs_drained;
    bool              chat_drained;
} nt_engine_t;


static void
log_library(const char *message)
{
    nt_log(NT_LOG_ERROR, "%s", message);
}


static bool
fail(const char *what, nt_buf_t *error)
{
    nt_log(NT_LOG_ERROR, "%s: %.*s", what, (int) error->len, error->data);
    nt_buf_free(error);
    return false;
}


/* --- start ----------------------------------------------------------------*/

/* Makes the folders of `path` that are missing, below HOME. A descriptor of
 * the last one, -1 on failure. */
static int
open_folder(const char *home, const char *path)
{
    int   fd;
    char *full, *p;

    if (asprintf(&full, "%s/%s", home, path) == -1) {
        nt_log(NT_LOG_ERROR, "out of memory");
        return -1;
    }

    for (p = strchr(full + 1, '/'); /* void */; p = strchr(p + 1, '/')) {
        if (p != NULL) {
            *p = '\0';
        }

        if (mkdir(full, 0777) == -1 && errno != EEXIST) {
            nt_log(NT_LOG_ERROR, "cannot make the folder %s: %s", full,
                   strerror(errno));
            free(full);
            return -1;
        }

        if (p == NULL) {
            break;
        }

        *p = '/';
    }

    fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) {
        nt_log(NT_LOG_ERROR, "cannot open the folder %s: %s", full,
               strerror(errno));
    }

    free(full);

    return fd;
}


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
        return fail("socket", &error);
    }

    engine->wire = nt_wire_new(&options);
    if (engine->wire == NULL) {
        nt_log(NT_LOG_ERROR, "wire: %s", strerror(errno));
        return false;
    }

    return true;
}


/* The examples of the option, else those installed beside the engine. */
static bool
open_examples(nt_engine_t *engine)
{
    static const char *const places[] = { "share/nodetool/examples",
                                          "../share/nodetool/examples", NULL };

    bool        ok = true;
    char       *beside = nt_folder_beside(places);
    nt_buf_t    error = { 0 };
    const char *folder = engine->options.examples;

    folder = folder != NULL ? folder : beside;
    if (folder != NULL) {
        ok = nt_workflows_open_examples(engine->workflows, folder, &error) ||
             fail("examples", &error);
    }

    free(beside);

    return ok;
}


static bool
open_catalog(nt_engine_t *engine)
{
    char *path;

    if (asprintf(&path, "%s/assets.db", engine->options.home) != -1) {
        engine->catalog = nt_catalog_new(path, engine->assets);
        free(path);
    }

    if (engine->catalog == NULL) {
        nt_log(NT_LOG_ERROR, "out of memory");
    }

    return engine->catalog != NULL;
}


static bool
open_settings(nt_engine_t *engine)
{
    char    *path;
    nt_buf_t error = { 0 };

    if (asprintf(&path, "%s/settings", engine->options.home) == -1) {
        nt_log(NT_LOG_ERROR, "out of memory");
        return false;
    }

    engine->settings = nt_settings_new(path, &error);
    free(path);

    return engine->settings != NULL || fail("settings", &error);
}


static bool
open_home(nt_engine_t *engine)
{
    int         fd;
    bool        ok;
    char       *path;
    nt_buf_t    error = { 0 };
    const char *home = engine->options.home;

    engine->workspace = open_folder(home, "workspace");
    engine->assets = open_folder(home, "storage/assets");
    fd = open_folder(home, "workflows");

    if (engine->workspace == -1 || engine->assets == -1 || fd == -1) {
        return false;
    }

    (void) close(fd);

    if (asprintf(&path, "%s/workflows", home) == -1) {
        nt_log(NT_LOG_ERROR, "out of memory");
        return false;
    }

    engine->workflows = nt_workflows_new(path, engine->registry, &error);
    ok = engine->workflows != NULL || fail("workflows", &error);

    free(path);
    nt_buf_free(&error);

    return ok && open_examples(engine) && open_settings(engine) &&
           open_catalog(engine);
}


static bool
open_registry(nt_engine_t *engine)
{
    int         n;
    bool        ok;
    char       *packs;
    const char *folder = engine->options.nodes;

    engine->registry = nt_registry_new();
    packs = nt_packs_folder();
    ok = engine->registry != NULL &&
         nt_registry_packs(engine->registry, packs, log_library);
    free(packs);
    if (!ok) {
        nt_log(NT_LOG_ERROR, "nodes: out of memory");
        return false;
    }

    if (folder == NULL) {
        return true;
    }

    n = nt_registry_load(engine->registry, folder, log_library);
    if (n < 0) {
        nt_log(NT_LOG_ERROR, "nodes: the folder %s cannot be read", folder);
        return false;
    }

    nt_log(NT_LOG_INFO, "nodes: %d libraries loaded from %s", n, folder);

    return true;
}


/* --- stop -----------------------------------------------------------------*/

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


static bool
open_signals(nt_engine_t *engine)
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

    if (!open_signals(engine) || !open_registry(engine) || !open_home(engine) ||
        !open_store(engine) || !open_threads(engine) || !open_http(engine) ||
        !open_jobs(engine) || !open_chat(engine) || !open_wire(engine))
    {
        return EXIT_FAILURE;
    }

    nt_log(NT_LOG_INFO, "nodetool-engine " NT_ENGINE_VERSION " listens on %s",
           engine->options.socket);

    (void) uv_run(&engine->loop, UV_RUN_DEFAULT);

    nt_workflows_free(engine->workflows);
    nt_settings_free(engine->settings);
    nt_catalog_free(engine->catalog);
    nt_registry_free(engine->registry);
    (void) close(engine->workspace);
    (void) close(engine->assets);
    (void) uv_loop_close(&engine->loop);

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
