#include "cli/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/auth.h"
#include "cli/cli.h"
#include "cli/home.h"
#include "cli/usage.h"
#include "engine/http/address.h"

typedef struct {
    const char *host; /* where to listen by default */
    unsigned    port;
    bool        engine; /* workflows, with an engine and its options */
} nt_surface_conf_t;

static const nt_surface_conf_t surfaces[] = {
    [NT_SURFACE_WORKER] = { "0.0.0.0", 7777, true },
    [NT_SURFACE_EDITOR] = { "127.0.0.1", 7777, true },
    [NT_SURFACE_CHAT] = { "0.0.0.0", 8080, false }
};

static const struct option long_options[] = {
    { "host", required_argument, NULL, 'h' },
    { "port", required_argument, NULL, 'p' },
    { "home", required_argument, NULL, 'd' },
    { "provider", required_argument, NULL, 'v' },
    { "default-model", required_argument, NULL, 'm' },
    { "help", no_argument, NULL, '?' + 256 },
    /* from here on not of the chat server */
    { "allow-code", no_argument, NULL, 'c' },
    { "allow-code-network", no_argument, NULL, 'n' },
    { "workflow", required_argument, NULL, 'w' },
    { "redis", required_argument, NULL, 'r' },
    { "store", required_argument, NULL, 's' },
    { "http-allow", required_argument, NULL, 'a' },
    { NULL, 0, NULL, 0 }
};


bool
nt_cli_loopback(const char *host)
{
    struct in_addr  v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, host, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == 127;
    }

    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}


bool
nt_cli_guarded(const nt_cli_options_t *o)
{
    return o->token || nt_cli_loopback(o->host);
}


static bool
parse_host(nt_cli_options_t *o, const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];

    o->host = strcmp(text, "localhost") == 0 ? "127.0.0.1" : text;

    if (inet_pton(AF_INET, o->host, address) != 1 &&
        inet_pton(AF_INET6, o->host, address) != 1)
    {
        nt_cli_say("--host must be an IP address such as 127.0.0.1, 0.0.0.0 "
                   "or ::1, not \"%s\"",
                   text);
        return false;
    }

    return true;
}


bool
nt_cli_number(const char *text, long most, long *value)
{
    char *end;

    errno = 0;
    *value = strtol(text, &end, 10);

    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 &&
           *value >= 1 && *value <= most;
}


static bool
parse_port(nt_cli_options_t *o, const char *name, const char *text)
{
    long n;

    if (!nt_cli_number(text, 65535, &n)) {
        nt_cli_say("%s must be a port from 1 to 65535, not \"%s\"", name, text);
        return false;
    }

    o->port = (unsigned) n;

    return true;
}


static bool
parse_store(nt_cli_options_t *o, const char *text)
{
    o->memory = strcmp(text, "memory") == 0;

    if (!o->memory && strcmp(text, "redis") != 0) {
        nt_cli_say("--store must be redis or memory, not \"%s\"", text);
        return false;
    }

    return true;
}


static bool
parse_http_allow(nt_cli_options_t *o, const char *text)
{
    char error[128];

    o->http_allow = text;

    if (!nt_http_networks_valid(text, error, sizeof(error))) {
        nt_cli_say("--http-allow: %s", error);
        return false;
    }

    return true;
}


static bool
parse_option(nt_cli_options_t *o, int opt, const char *value)
{
    switch (opt) {
    case 'h':
        return parse_host(o, value);
    case 'p':
        return parse_port(o, "--port", value);
    case 'd':
        free(o->home);
        o->home = nt_cli_strdup(value);
        return true;
    case 'v':
        o->provider = value;
        return true;
    case 'm':
        o->default_model = value;
        return true;
    case 'c':
        o->allow_code = true;
        return true;
    case 'n':
        o->allow_code = o->allow_code_network = true;
        return true;
    case 'w':
        o->workflows[o->n_workflows++] = value;
        return true;
    case 'r':
        o->redis = value;
        return true;
    case 'a':
        return parse_http_allow(o, value);
    default:
        return parse_store(o, value);
    }
}


/* From the environment, what the command line did not say. */
static bool
defaults(nt_cli_options_t *o)
{
    const char *env;

    if (o->host == NULL) {
        o->host = surfaces[o->surface].host;
    }

    env = nt_cli_env("PORT");
    if (o->port == 0 && env != NULL && !parse_port(o, "$PORT", env)) {
        return false;
    }

    if (o->port == 0) {
        o->port = surfaces[o->surface].port;
    }

    if (!nt_home_path(&o->home)) {
        return false;
    }

    if (o->redis == NULL && !o->memory) {
        o->redis = nt_cli_env("NODETOOL_REDIS_URL");
    }

    return true;
}


bool
nt_cli_plain(const char *what, const char *text)
{
    for (const char *p = text; text != NULL && *p != '\0'; p++) {
        if ((unsigned char) *p < 0x20 || *p == 0x7f ||
            strchr("\"\\$;{}", *p) != NULL) {
            nt_cli_say("%s \"%s\" has a character that it must not have: "
                       "one of \" \\ $ ; { } or a control character",
                       what, text);
            return false;
        }
    }

    return true;
}


/* What stands behind "--" is the engine's; the number of the others. */
static int
split_engine(nt_cli_options_t *o, int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            o->engine = argv + i + 1;
            o->n_engine = argc - i - 1;
            return i;
        }
    }

    return argc;
}


int
nt_cli_options_parse(nt_cli_options_t *o, nt_surface_t surface, int argc,
                     char **argv)
{
    int opt, index = 0;

    *o = (nt_cli_options_t) { .surface = surface };

    if (surfaces[surface].engine) {
        argc = split_engine(o, argc, argv);
    }

    o->workflows = calloc((size_t) argc, sizeof(char *));
    if (o->workflows == NULL) {
        nt_cli_no_memory();
    }

    while ((opt = getopt_long(argc, argv, "", long_options, &index)) != -1) {
        if (opt == '?' + 256) {
            (void) fputs(nt_usage(surface), stdout);
            return -1;
        }

        if (opt == '?' ||
            (!surfaces[surface].engine && strchr("wrsacn", opt) != NULL)) {
            nt_cli_say("wrong usage; see nodetool %s --help", argv[0]);
            return NT_CLI_USAGE;
        }

        if (!parse_option(o, opt, optarg)) {
            return NT_CLI_USAGE;
        }
    }

    if (optind < argc) {
        nt_cli_say("\"%s\" is not an option; see nodetool %s --help",
                   argv[optind], argv[0]);
        return NT_CLI_USAGE;
    }

    if (o->n_engine > NT_ENGINE_OPTIONS) {
        nt_cli_say("at most %d words may stand behind --", NT_ENGINE_OPTIONS);
        return NT_CLI_USAGE;
    }

    if (o->memory && o->redis != NULL) {
        nt_cli_say("--store memory and --redis exclude each other");
        return NT_CLI_USAGE;
    }

    if (!defaults(o) || !nt_auth_choose(o) ||
        !nt_cli_plain("--home", o->home) ||
        !nt_cli_plain("--default-model", o->default_model) ||
        !nt_cli_plain("--provider", o->provider))
    {
        return NT_CLI_USAGE;
    }

    return NT_CLI_OK;
}


void
nt_cli_options_free(nt_cli_options_t *o)
{
    free(o->home);
    free(o->workflows);
}
