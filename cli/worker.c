/*
 * cli/worker.c - `nodetool worker`, `serve` and `chat-server`: a home, an
 * nginx configuration, and the programs that serve it.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/banner.h"
#include "cli/capture.h"
#include "cli/cli.h"
#include "cli/nginx_conf.h"
#include "cli/probe.h"
#include "cli/secrets.h"
#include "core/nt_token.h"

#define NT_DRAIN_ENGINE_S "8"  /* for running jobs, when asked to stop */
#define NT_USER_JOBS      "16" /* of 64 that an engine runs at a time */


/* Keeps a text for as long as the server is there. */
static const char *
keep(nt_server_t *server, char *text)
{
    server->texts[server->n_texts++] = text;

    return text;
}


static bool
redis_ready(void *arg)
{
    return nt_probe_redis(((nt_server_t *) arg)->redis_socket);
}


static bool
engine_ready(void *arg)
{
    return nt_probe_engine(((nt_server_t *) arg)->engine_socket);
}


static bool
nginx_ready(void *arg)
{
    nt_server_t *server = arg;

    return nt_probe_http(server->options.host, server->options.port);
}


/* nginx itself would say it in its log, and go on as before. */
static bool
nginx_reloadable(void *arg)
{
    char               text[4096];
    const nt_server_t *server = arg;
    const char *const *run = server->nginx.argv;
    const char *const  argv[] = { run[0], "-t",   "-q",   run[1], run[2],
                                  run[3], run[4], run[5], run[6], NULL };

    if (nt_cli_capture(argv, text, sizeof(text)) == 0) {
        return true;
    }

    nt_cli_log("nginx is not reloaded, it would refuse its configuration:");
    (void) fputs(text, stderr);

    return false;
}


static bool
private_redis(const nt_server_t *server)
{
    return nt_server_has_engine(server) && !server->options.memory &&
           server->options.redis == NULL;
}


/* --- before anything is started --- */

static bool
check_port(const nt_server_t *server)
{
    const nt_cli_options_t *o = &server->options;
    int                     error = nt_probe_port(o->host, o->port);

    if (error == EADDRINUSE) {
        nt_cli_say("port %u on %s is in use; stop what uses it, or choose "
                   "another with --port",
                   o->port, o->host);
    } else if (error != 0) {
        nt_cli_say("port %u on %s cannot be listened on: %s", o->port, o->host,
                   strerror(error));
    }

    return error == 0;
}


static bool
prepare_token(nt_server_t *server)
{
    char       *header;
    bool        good;
    const char *env = nt_cli_env("WORKER_AUTH_TOKEN");

    if (!server->options.token) {
        return true;
    }

    if (!nt_home_keys(&server->home)) {
        return false;
    }

    if (env == NULL) {
        return nt_home_token(&server->home);
    }

    header = nt_cli_printf("Bearer %s", env);
    good = nt_token_bearer(nt_str(header)).len == strlen(env);
    free(header);

    if (!good) {
        nt_cli_say("WORKER_AUTH_TOKEN must be letters, digits and -._~+/, at "
                   "most %d of them",
                   NT_TOKEN_MAX);
    }

    return good;
}


static bool
prepare_workflows(nt_server_t *server)
{
    bool  ok = true;
    char *examples;

    if (server->home.fresh && nt_server_has_engine(server)) {
        examples = nt_cli_printf("%s/examples", server->paths.share);
        ok = nt_home_seed(&server->home, examples);
        free(examples);
    }

    for (size_t i = 0; ok && i < server->options.n_workflows; i++) {
        ok = nt_home_add_workflow(&server->home, server->options.workflows[i]);
    }

    return ok;
}


static bool
prepare_conf(nt_server_t *server)
{
    nt_buf_t    text = { 0 };
    const char *name = keep(server, nt_cli_printf("%s.conf", server->name));

    if (nt_nginx_conf(&text, &server->options, &server->paths, &server->home,
                      server->name))
    {
        server->conf = keep(server, nt_home_write_conf(&server->home, name,
                                                       text.data, text.len));
    }

    nt_buf_free(&text);

    return server->conf != NULL;
}


/* Who edits secrets needs a key for them; a worker reads those that are
 * there. */
static bool
prepare_secrets(nt_server_t *server)
{
    return !nt_server_has_engine(server) ||
           nt_home_secrets_key(&server->home,
                               server->options.surface == NT_SURFACE_EDITOR);
}


static bool
prepare(nt_server_t *server)
{
    const char *lock;

    (void) umask(077);

    if (!nt_paths_find(&server->paths, nt_server_has_engine(server),
                       private_redis(server)))
    {
        return false;
    }

    lock =
        nt_server_has_engine(server) ? NT_HOME_LOCK_ENGINE : NT_HOME_LOCK_CHAT;

    nt_home_settle(server->options.home, lock);

    return check_port(server) &&
           nt_home_open(&server->home, server->options.home, lock,
                        server->name) &&
           prepare_workflows(server) && prepare_token(server) &&
           prepare_secrets(server) && prepare_conf(server);
}


/* --- the programs --- */

static const char *
log_path(nt_server_t *server, const char *name)
{
    return keep(server,
                nt_cli_printf("%s/logs/%s.log", server->home.path, name));
}


static bool
start_redis(nt_server_t *server)
{
    const char *folder =
        keep(server, nt_cli_printf("%s/redis", server->home.path));

    server->redis = (nt_child_t) {
        .name = "redis-server",
        .argv = { server->paths.redis, "--port", "0", "--unixsocket",
                  server->redis_socket, "--unixsocketperm", "700", "--dir",
                  folder, "--appendonly", "yes", "--appendfsync", "everysec",
                  "--save", "", "--daemonize", "no", NULL },
        .log = log_path(server, "redis"),
        .ready = redis_ready,
        .arg = server,
        .ready_ms = 300000, /* it loads what it has kept */
        .stop_signal = SIGTERM,
        .stop_ms = 10000
    };

    return nt_supervisor_start(&server->supervisor, &server->redis);
}


static void
add_engine_options(nt_child_t *engine, const nt_cli_options_t *o)
{
    int n = 0;

    while (engine->argv[n] != NULL) {
        n++;
    }

    if (o->allow_code) {
        engine->argv[n++] =
            o->allow_code_network ? "--allow-code-network" : "--allow-code";
    }

    /* of several users none takes all places, unless the options say so */
    if (strcmp(o->auth, "supabase") == 0 || strcmp(o->auth, "oidc") == 0) {
        engine->argv[n++] = "--max-user";
        engine->argv[n++] = NT_USER_JOBS;
    }

    /* its environment decides, too */
    if (o->surface == NT_SURFACE_EDITOR && nt_cli_guarded(o)) {
        engine->argv[n++] = "--terminal";
    }

    for (int i = 0; i < o->n_engine && n < NT_CHILD_ARGS - 1; i++) {
        engine->argv[n++] = o->engine[i];
    }
}


/* In the environment: not for the list of processes. */
static void
add_engine_keys(nt_server_t *server)
{
    int              n = 0;
    const nt_home_t *home = &server->home;

    if (home->secrets_key != NULL) {
        server->engine.env[n++] =
            keep(server,
                 nt_cli_printf("SECRETS_MASTER_KEY=%s", home->secrets_key));
    }

    if (home->old_keys != NULL) {
        server->engine.env[n++] =
            keep(server,
                 nt_cli_printf("SECRETS_MASTER_KEY_OLD=%s", home->old_keys));
    }
}


static bool
start_engine(nt_server_t *server)
{
    const nt_cli_options_t *o = &server->options;
    const char             *url = o->redis;

    server->engine = (nt_child_t) {
        .name = "nodetool-engine",
        .argv = { server->paths.engine, "--socket", server->engine_socket,
                  "--home", server->home.path, "--drain", NT_DRAIN_ENGINE_S,
                  "--store", o->memory ? "memory" : "redis", NULL },
        .log = log_path(server, "engine"),
        .ready = engine_ready,
        .arg = server,
        .ready_ms = 30000,
        .stop_signal = SIGTERM,
        .stop_ms = 15000
    };

    add_engine_options(&server->engine, o);

    add_engine_keys(server);

    if (url == NULL) {
        url = keep(server, nt_cli_printf("unix://%s", server->redis_socket));
    }

    /* a URL may have a password: not for the list of processes */
    if (!o->memory && setenv("NODETOOL_REDIS_URL", url, 1) == -1) {
        nt_cli_no_memory();
    }

    if (o->http_allow != NULL &&
        setenv("NODETOOL_HTTP_ALLOW", o->http_allow, 1) == -1)
    {
        nt_cli_no_memory();
    }

    return nt_supervisor_start(&server->supervisor, &server->engine);
}


static bool
start_nginx(nt_server_t *server)
{
    const char *stem = server->name;
    const char *output =
        log_path(server, keep(server, nt_cli_printf("%s-nginx", stem)));
    const char *errors =
        log_path(server, keep(server, nt_cli_printf("%s-error", stem)));
    const char *prefix = keep(server, nt_cli_printf("%s/", server->home.path));

    server->nginx =
        (nt_child_t) { .name = "nginx",
                       .argv = { server->paths.nginx, "-c", server->conf, "-p",
                                 prefix, "-e", errors, NULL },
                       .log = output,
                       .ready = nginx_ready,
                       .arg = server,
                       .ready_ms = 60000, /* it may wait for DNS */
                       .reloadable = nginx_reloadable,
                       .stop_signal = SIGQUIT,
                       .stop_ms = (NT_DRAIN_S + 5) * 1000 };

    /* WebSockets end when the engine closes them */
    if (server->options.surface == NT_SURFACE_EDITOR) {
        server->nginx.stop_with = &server->engine;
    }

    return nt_supervisor_start(&server->supervisor, &server->nginx);
}


/* --- from start to end --- */

static bool
start(nt_server_t *server)
{
    if (private_redis(server) && !start_redis(server)) {
        return false;
    }

    if (nt_server_has_engine(server) && !start_engine(server)) {
        return false;
    }

    if (!start_nginx(server)) {
        return false;
    }

    nt_child_print_log(&server->nginx); /* its warnings */

    return true;
}


static int
serve(nt_server_t *server)
{
    bool started;

    server->redis_socket =
        keep(server, nt_cli_printf("%s/redis.sock", server->home.run));
    server->engine_socket =
        keep(server, nt_cli_printf("%s/engine.sock", server->home.run));

    if (!nt_supervisor_init(&server->supervisor)) {
        return NT_CLI_FAILED;
    }

    started = start(server);

    if (started) {
        nt_banner_print(server);
        nt_supervisor_run(&server->supervisor);
        nt_cli_log("stopping: open streams have %d s to end", NT_DRAIN_S);
    }

    started |= server->supervisor.stopping != 0;
    nt_supervisor_stop(&server->supervisor);

    if (started) {
        nt_cli_log("stopped");
    }

    return started ? NT_CLI_OK : NT_CLI_FAILED;
}


static int
run_server(nt_surface_t surface, int argc, char **argv)
{
    int         rc;
    nt_server_t server = { .name = argv[0], .home.lock = -1 };

    rc = nt_cli_options_parse(&server.options, surface, argc, argv);

    if (rc == NT_CLI_OK) {
        rc = prepare(&server) ? serve(&server) : NT_CLI_FAILED;
    }

    nt_home_free(&server.home);
    nt_paths_free(&server.paths);
    nt_cli_options_free(&server.options);

    for (unsigned i = 0; i < server.n_texts; i++) {
        free(server.texts[i]);
    }

    return rc == -1 ? NT_CLI_OK : rc;
}


int
nt_cli_worker(int argc, char **argv)
{
    return run_server(NT_SURFACE_WORKER, argc, argv);
}


int
nt_cli_serve(int argc, char **argv)
{
    return run_server(NT_SURFACE_EDITOR, argc, argv);
}


int
nt_cli_chat_server(int argc, char **argv)
{
    return run_server(NT_SURFACE_CHAT, argc, argv);
}
