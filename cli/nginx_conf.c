#include "cli/nginx_conf.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/auth.h"
#include "cli/cli.h"
#include "cli/providers.h"

#define NT_CONNECTIONS_MAX 8192 /* of a worker process */

static const char *const modules[] = { "base", "auth", "chat", "workflow",
                                       "storage" };

#define count(array) (sizeof(array) / sizeof((array)[0]))


/* Half of the descriptors that this process may have, for a connection to
 * the client and one to an upstream. */
static unsigned
connections(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
        limit.rlim_max > 2 * NT_CONNECTIONS_MAX)
    {
        return NT_CONNECTIONS_MAX;
    }

    return (unsigned) limit.rlim_max / 2;
}


static void
conf_main(nt_buf_t *conf, const nt_paths_t *paths, const nt_home_t *home,
          const char *name)
{
    unsigned n = connections();

    nt_buf_printf(conf,
                  "# Written by nodetool at each start: changes are lost.\n\n");

    for (size_t i = 0; i < count(modules); i++) {
        nt_buf_printf(conf,
                      "load_module \"%s/ngx_http_nodetool_%s_module.so\";\n",
                      paths->modules, modules[i]);
    }

    nt_buf_printf(conf,
                  "\n%s"
                  "worker_processes auto;\n"
                  "worker_rlimit_nofile %u;\n"
                  "worker_shutdown_timeout %ds;\n"
                  "daemon off;\n"
                  "pid \"%s/run/%s-nginx.pid\";\n"
                  "error_log \"%s/logs/%s-error.log\" warn;\n\n"
                  "events {\n"
                  "    worker_connections %u;\n"
                  "}\n\n",
                  /* a private home is not readable for nobody */
                  geteuid() == 0 ? "user root;\n" : "", 2 * n, NT_DRAIN_S,
                  home->path, name, home->path, name, n);
}


static void
conf_temp_paths(nt_buf_t *conf, const nt_home_t *home, const char *name)
{
    static const char *const kinds[] = { "client_body", "proxy", "fastcgi",
                                         "uwsgi", "scgi" };

    for (size_t i = 0; i < count(kinds); i++) {
        nt_buf_printf(conf, "    %s_temp_path \"%s/tmp/%s-%s\";\n", kinds[i],
                      home->path, name, kinds[i]);
    }
}


/* The name servers of the machine: nginx asks them for providers whose
 * names it could not resolve at its start. */
static void
conf_resolver(nt_buf_t *conf)
{
    FILE         *file;
    char          line[512], address[256];
    bool          any = false;
    unsigned char binary[sizeof(struct in6_addr)];

    file = fopen("/etc/resolv.conf", "re");
    if (file == NULL) {
        return;
    }

    while (fgets(line, sizeof(line), file) != NULL) {
        bool v6;

        if (sscanf(line, "nameserver %255s", address) != 1) {
            continue;
        }

        v6 = inet_pton(AF_INET6, address, binary) == 1;
        if (!v6 && inet_pton(AF_INET, address, binary) != 1) {
            continue;
        }

        nt_buf_printf(conf, "%s %s%s%s", any ? "" : "    resolver",
                      v6 ? "[" : "", address, v6 ? "]" : "");
        any = true;
    }

    (void) fclose(file);

    if (any) {
        nt_buf_append_str(conf, NT_STR(";\n"));
    }
}


/* Prices are the owner's to put there; without them no budget counts. */
static void
conf_prices(nt_buf_t *conf, const nt_home_t *home, const char *name)
{
    char *path = nt_cli_printf("%s/prices", home->path);

    nt_buf_printf(conf, "    nodetool_limit_zone 4m \"state=%s/%s-spent\";\n",
                  home->path, name);

    if (access(path, F_OK) == 0) {
        nt_buf_printf(conf, "    nodetool_prices \"%s\";\n", path);
    }

    free(path);
}


/* What virtual keys may use. */
static void
conf_limits(nt_buf_t *conf, const nt_cli_options_t *options)
{
    if (!options->token) {
        return;
    }

    nt_buf_append_str(
        conf, NT_STR("        nodetool_limit $nodetool_key "
                     "rpm=$nodetool_key_rpm tpm=$nodetool_key_tpm\n"
                     "                       day=$nodetool_key_budget_day "
                     "month=$nodetool_key_budget_month\n"
                     "                       models=$nodetool_key_models;\n"));
}


static void
conf_include(nt_buf_t *conf, const nt_paths_t *paths, const char *name)
{
    nt_buf_printf(conf, "        include \"%s/conf/nodetool-%s.conf\";\n",
                  paths->share, name);
}


static void
conf_server(nt_buf_t *conf, const nt_cli_options_t *options,
            const nt_paths_t *paths, const nt_home_t *home)
{
    bool v6 = strchr(options->host, ':') != NULL;

    nt_buf_printf(conf,
                  "    server {\n"
                  "        listen %s%s%s:%u;\n\n",
                  v6 ? "[" : "", options->host, v6 ? "]" : "", options->port);

    nt_auth_conf_server(conf, options, home);
    conf_limits(conf, options);
    nt_buf_append_char(conf, '\n');
    conf_include(conf, paths, "chat");
    conf_include(conf, paths, "metrics");

    if (options->surface == NT_SURFACE_CHAT) {
        nt_buf_printf(conf, "        location = /health { nodetool_auth off; "
                            "nodetool_health; }\n");
    } else {
        conf_include(conf, paths,
                     options->surface == NT_SURFACE_EDITOR ? "editor"
                                                           : "worker");
        nt_buf_printf(conf, "        root \"%s\";\n", paths->share);
        conf_include(conf, paths, "console");
    }

    /* not "return 404": that would come before the token is asked for */
    nt_buf_append_str(conf, NT_STR("        location / { root /dev/null; "
                                   "try_files $uri =404; }\n"
                                   "    }\n"));
}


bool
nt_nginx_conf(nt_buf_t *conf, const nt_cli_options_t *options,
              const nt_paths_t *paths, const nt_home_t *home, const char *name)
{
    conf_main(conf, paths, home, name);

    nt_buf_printf(conf,
                  "http {\n"
                  "    include /etc/nginx/mime.types;\n"
                  "    include \"%s/conf/nodetool-http.conf\";\n"
                  "    access_log \"%s/logs/%s-access.log\" nodetool;\n",
                  paths->share, home->path, name);
    conf_temp_paths(conf, home, name);
    conf_resolver(conf);
    nt_buf_append_char(conf, '\n');

    if (options->surface != NT_SURFACE_CHAT) {
        nt_buf_printf(conf,
                      "    upstream nodetool_engine {\n"
                      "        server \"unix:%s/engine.sock\";\n"
                      "        keepalive 64;\n"
                      "    }\n\n",
                      home->run);
    }

    nt_auth_conf_http(conf, options);
    conf_prices(conf, home, name);

    if (!nt_providers_conf(conf, options)) {
        return false;
    }

    if (options->surface != NT_SURFACE_CHAT) {
        nt_buf_append_str(conf, NT_STR("    nodetool_provider workflows {\n"
                                       "        dialect engine;\n"
                                       "        url nodetool_engine;\n"
                                       "    }\n"));
    }

    nt_buf_append_char(conf, '\n');
    conf_server(conf, options, paths, home);
    nt_buf_append_str(conf, NT_STR("}\n"));

    if (conf->failed) {
        nt_cli_no_memory();
    }

    return true;
}
