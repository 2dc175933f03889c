#include "cli/banner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/providers.h"
#include "core/nt_version.h"


/* How a request to this server is authorized, on a curl line. */
static char *
curl_auth(const nt_server_t *server)
{
    const nt_home_t *home = &server->home;

    if (!server->options.token) {
        return nt_cli_strdup("");
    }

    if (home->token == NULL) {
        return nt_cli_strdup(
            " -H \"Authorization: Bearer $WORKER_AUTH_TOKEN\"");
    }

    if (home->new_token) {
        return nt_cli_printf(" -H \"Authorization: Bearer %s\"", home->token);
    }

    return nt_cli_printf(" -H \"Authorization: Bearer $(cat '%s/token')\"",
                         home->path);
}


static char *
base_url(const nt_cli_options_t *o)
{
    bool        v6 = strchr(o->host, ':') != NULL;
    const char *host = strcmp(o->host, "0.0.0.0") == 0 ? "127.0.0.1"
                       : strcmp(o->host, "::") == 0    ? "::1"
                                                       : o->host;

    return nt_cli_printf("http://%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
                         o->port);
}


static void
print_curl(const nt_server_t *server, const char *url)
{
    char       *auth = curl_auth(server);
    bool        editor = server->options.surface == NT_SURFACE_EDITOR;
    const char *model = server->options.default_model;
    const char *workflows = editor ? "api/workflows" : "workflows";

    (void) printf("Try:\n\n"
                  "  curl -s%s -H 'Content-Type: application/json' "
                  "%s/v1/chat/completions -d '{\"model\": \"%s\", "
                  "\"messages\": [{\"role\": \"user\", \"content\": "
                  "\"Hello!\"}]}'\n\n",
                  auth, url, model != NULL ? model : "echo");

    if (nt_server_has_engine(server) &&
        nt_home_has_workflow(&server->home, "greeting"))
    {
        (void) printf("  curl -s%s -H 'Content-Type: application/json' "
                      "%s/%s/greeting/run -d '{\"params\": {\"name\": "
                      "\"Ada\"}}'\n\n"
                      "  curl -sN%s -H 'Content-Type: application/json' "
                      "'%s/%s/greeting/run%s' -d '{\"params\": "
                      "{\"name\": \"Ada\"}}'\n\n",
                      auth, url, workflows, auth, url, workflows,
                      editor ? "?stream=true" : "/stream");
    } else {
        (void) printf("  curl -s%s %s/v1/models\n\n"
                      "  curl -s%s %s/%s\n\n",
                      auth, url, auth, url,
                      nt_server_has_engine(server) ? workflows : "health");
    }

    free(auth);
}


static void
print_auth(const nt_server_t *server)
{
    const nt_home_t        *home = &server->home;
    const nt_cli_options_t *o = &server->options;
    const char             *label = o->issuer ? "Admin" : "Auth";

    if (!o->token) {
        (void) printf("  Auth       %s: no token is needed%s\n", o->auth,
                      nt_cli_guarded(o) ? "" : ", by anybody who can reach it");
        return;
    }

    if (o->issuer) {
        (void) printf("  Auth       %s: tokens of %s\n", o->auth,
                      nt_cli_env(strcmp(o->auth, "oidc") == 0
                                     ? "OIDC_ISSUER"
                                     : "SUPABASE_URL"));
    }

    if (home->token == NULL) {
        (void) printf("  %-10s static: the token is that of "
                      "WORKER_AUTH_TOKEN\n",
                      label);
    } else if (home->new_token) {
        (void) printf("  %-10s static\n"
                      "  Token      %s\n"
                      "             shown this once; nodetool token show, or "
                      "%s/token\n",
                      label, home->token, home->path);
    } else {
        (void) printf("  %-10s static: the token is in %s/token\n", label,
                      home->path);
    }
}


static void
print_processes(const nt_server_t *server)
{
    (void) printf("  Processes  nodetool %d", (int) getpid());

    for (unsigned i = 0; i < server->supervisor.n_children; i++) {
        const nt_child_t *child = server->supervisor.children[i];

        (void) printf(", %s %d", child->name, (int) child->pid);
    }

    (void) putchar('\n');
}


/* As the engine decides it. */
static void
print_terminal(const nt_server_t *server)
{
    const char *enable = nt_cli_env("NODETOOL_ENABLE_TERMINAL_WS");
    const char *env = nt_cli_env("ENV");

    if (server->options.surface != NT_SURFACE_EDITOR || enable == NULL ||
        strcmp(enable, "1") != 0)
    {
        return;
    }

    if (env != NULL && strcasecmp(env, "production") == 0) {
        (void) printf("  Terminal   off: ENV is production\n");

    } else if (!nt_cli_guarded(&server->options)) {
        (void) printf("  Terminal   off: other machines need no token here\n");

    } else {
        (void) printf("  Terminal   administrators have a shell of this "
                      "machine at /terminal\n");
    }
}


static void
print_providers(void)
{
    nt_buf_t names = { 0 };

    nt_providers_names(&names);
    (void) printf("  Providers  %.*s\n", (int) names.len, names.data);
    nt_buf_free(&names);
}


void
nt_banner_print(const nt_server_t *server)
{
    char                   *url = base_url(&server->options);
    const nt_cli_options_t *o = &server->options;

    (void) printf("\nNodeTool %s %s is ready.\n\n"
                  "  Address    %s (listening on %s port %u)\n",
                  server->name, NT_VERSION, url, o->host, o->port);
    print_auth(server);
    print_providers();

    if (nt_server_has_engine(server)) {
        (void) printf("  Console    %s/console\n", url);
        print_terminal(server);

        (void) printf("  Jobs       %s\n",
                      o->memory          ? "in memory: they end with this "
                                           "process"
                      : o->redis != NULL ? "in the Redis that was given"
                                         : "in a private Redis");
    }

    print_processes(server);
    (void) printf("  Home       %s\n"
                  "  Logs       %s/logs\n\n",
                  server->home.path, server->home.path);
    if (geteuid() == 0) {
        (void) printf("All of it runs as root. For a server that lasts take "
                      "the systemd unit (make install),\n"
                      "or start it as a user of its own.\n\n");
    }
    print_curl(server, url);
    (void) printf("Ctrl-C stops it.\n");
    (void) fflush(stdout);

    free(url);
}
