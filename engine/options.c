#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/http/address.h"
#include "engine/options.h"

static const char usage[] =
    "Usage: nodetool-engine --socket PATH --home DIR [OPTION]...\n"
    "Runs NodeTool workflows for nginx, on a Unix socket.\n"
    "\n"
    "  --socket PATH      where to listen (mode 0660)\n"
    "  --home DIR         workflows, workspace and assets; made when missing\n"
    "  --store memory     keep jobs in this process (the default)\n"
    "  --store redis      keep jobs in Redis; needs --redis or\n"
    "                     $NODETOOL_REDIS_URL, which no other user can see\n"
    "  --redis URL        redis://[[USER]:PASSWORD@]HOST[:PORT][/DB],\n"
    "                     unix://PATH[?db=N] or\n"
    "                     sentinel://...@HOST[:PORT],.../MASTER[/DB]; with\n"
    "                     rediss:// and sentinels:// over TLS: ?ca=FILE,\n"
    "                     cert=FILE&key=FILE, verify=no; means --store redis\n"
    "  --examples DIR     example workflows for the editor (default\n"
    "                     share/nodetool/examples, where the engine is\n"
    "                     installed)\n"
    "  --nodes DIR        load node libraries (*.so) of this folder\n"
    "  --http-allow LIST  networks that HTTP nodes may reach beside the\n"
    "                     Internet: \"private\" and CIDR blocks, with commas\n"
    "                     (default $NODETOOL_HTTP_ALLOW)\n"
    "  --allow-code       run the code of nodetool.code nodes, in a sandbox\n"
    "  --allow-code-network  ... that has the network\n"
    "  --max-running N    jobs at a time (default 64)\n"
    "  --max-user N       jobs of one user at a time, over all engines of a\n"
    "                     Redis; 0, the default, for no limit\n"
    "  --max-workflow N   the same for the jobs of one workflow\n"
    "  --max-queued N     jobs that may wait (default 1000); beyond it a user\n"
    "                     with none waiting may still queue one\n"
    "  --job-ttl SECONDS  how long ended jobs are kept (default 86400)\n"
    "  --max-memory MIB   what the jobs of --store memory may take, about\n"
    "                     (default 256); the oldest that have ended go first\n"
    "  --lease-ms N       how long other engines wait before they take over\n"
    "                     the jobs of a lost one (default 15000)\n"
    "  --max-body MIB     largest request body (default 64)\n"
    "  --drain SECONDS    how long running jobs may take to end after\n"
    "                     SIGTERM (default 8)\n"
    "  --terminal         a shell for administrators at /terminal, where\n"
    "                     NODETOOL_ENABLE_TERMINAL_WS=1, and never with\n"
    "                     ENV=production\n"
    "  --terminal-max N   at a time (default 4)\n"
    "  --terminal-idle SECONDS  without input and output (default 1800)\n"
    "  --terminal-time SECONDS  from start to end (default 28800)\n"
    "  --log-level LEVEL  error, warn, info (the default) or debug\n"
    "  --help, --version\n";

enum {
    OPT_SOCKET = 256,
    OPT_HOME,
    OPT_STORE,
    OPT_REDIS,
    OPT_EXAMPLES,
    OPT_NODES,
    OPT_HTTP_ALLOW,
    OPT_ALLOW_CODE,
    OPT_ALLOW_CODE_NETWORK,
    OPT_MAX_RUNNING,
    OPT_MAX_QUEUED,
    OPT_MAX_USER,
    OPT_MAX_WORKFLOW,
    OPT_JOB_TTL,
    OPT_MAX_MEMORY,
    OPT_LEASE_MS,
    OPT_MAX_BODY,
    OPT_DRAIN,
    OPT_TERMINAL,
    OPT_TERMINAL_MAX,
    OPT_TERMINAL_IDLE,
    OPT_TERMINAL_TIME,
    OPT_LOG_LEVEL,
    OPT_HELP,
    OPT_VERSION
};

static const struct option long_options[] = {
    { "socket", required_argument, NULL, OPT_SOCKET },
    { "home", required_argument, NULL, OPT_HOME },
    { "store", required_argument, NULL, OPT_STORE },
    { "redis", required_argument, NULL, OPT_REDIS },
    { "examples", required_argument, NULL, OPT_EXAMPLES },
    { "nodes", required_argument, NULL, OPT_NODES },
    { "http-allow", required_argument, NULL, OPT_HTTP_ALLOW },
    { "allow-code", no_argument, NULL, OPT_ALLOW_CODE },
    { "allow-code-network", no_argument, NULL, OPT_ALLOW_CODE_NETWORK },
    { "max-running", required_argument, NULL, OPT_MAX_RUNNING },
    { "max-queued", required_argument, NULL, OPT_MAX_QUEUED },
    { "max-user", required_argument, NULL, OPT_MAX_USER },
    { "max-workflow", required_argument, NULL, OPT_MAX_WORKFLOW },
    { "max-memory", required_argument, NULL, OPT_MAX_MEMORY },
    { "job-ttl", required_argument, NULL, OPT_JOB_TTL },
    { "lease-ms", required_argument, NULL, OPT_LEASE_MS },
    { "max-body", required_argument, NULL, OPT_MAX_BODY },
    { "drain", required_argument, NULL, OPT_DRAIN },
    { "terminal", no_argument, NULL, OPT_TERMINAL },
    { "terminal-max", required_argument, NULL, OPT_TERMINAL_MAX },
    { "terminal-idle", required_argument, NULL, OPT_TERMINAL_IDLE },
    { "terminal-time", required_argument, NULL, OPT_TERMINAL_TIME },
    { "log-level", required_argument, NULL, OPT_LOG_LEVEL },
    { "help", no_argument, NULL, OPT_HELP },
    { "version", no_argument, NULL, OPT_VERSION },
    { NULL, 0, NULL, 0 }
};


static bool
number(const char *name, const char *text, unsigned least, unsigned most,
       unsigned *value)
{
    char         *end;
    unsigned long n;

    errno = 0;
    n = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
        n < least || n > most)
    {
        (void) fprintf(stderr,
                       "nodetool-engine: --%s must be a number from %u to %u, "
                       "not \"%s\"\n",
                       name, least, most, text);
        return false;
    }

    *value = (unsigned) n;

    return true;
}


static bool
set_number(nt_options_t *o, int opt, const char *name, const char *text)
{
    unsigned mib;

    switch (opt) {
    case OPT_MAX_RUNNING:
        return number(name, text, 1, 100000, &o->max_running);

    case OPT_MAX_QUEUED:
        return number(name, text, 0, 10000000, &o->max_queued);

    case OPT_MAX_USER:
        return number(name, text, 0, 100000, &o->max_user);

    case OPT_MAX_WORKFLOW:
        return number(name, text, 0, 100000, &o->max_workflow);

    case OPT_JOB_TTL:
        return number(name, text, 1, INT_MAX, &o->job_ttl);

    case OPT_LEASE_MS:
        return number(name, text, 100, 3600000, &o->lease_ms);

    case OPT_DRAIN:
        return number(name, text, 0, 86400, &o->drain);

    case OPT_TERMINAL_MAX:
        return number(name, text, 1, 1000, &o->terminals.max);

    case OPT_TERMINAL_IDLE:
        return number(name, text, 1, INT_MAX, &o->terminals.idle_s);

    case OPT_TERMINAL_TIME:
        return number(name, text, 1, INT_MAX, &o->terminals.time_s);

    case OPT_MAX_MEMORY:
        if (!number(name, text, 1, 1048576, &mib)) {
            return false;
        }

        o->max_memory = (size_t) mib << 20;
        return true;

    default: /* OPT_MAX_BODY */
        if (!number(name, text, 1, 1024, &mib)) {
            return false;
        }

        o->max_body = (size_t) mib << 20;
        return true;
    }
}


/* Sets one option; `store` is the value of --store so far. */
static bool
set_option(nt_options_t *o, int opt, const char *name, const char *value,
           const char **store)
{
    switch (opt) {
    case OPT_SOCKET:
        o->socket = value;
        return true;

    case OPT_HOME:
        o->home = value;
        return true;

    case OPT_REDIS:
        o->redis = value;
        return true;

    case OPT_EXAMPLES:
        o->examples = value;
        return true;

    case OPT_NODES:
        o->nodes = value;
        return true;

    case OPT_HTTP_ALLOW:
        o->http_allow = value;
        return true;

    case OPT_ALLOW_CODE:
        o->allow_code = true;
        return true;

    case OPT_ALLOW_CODE_NETWORK:
        o->allow_code = o->allow_code_network = true;
        return true;

    case OPT_TERMINAL:
        o->terminal = true;
        return true;

    case OPT_STORE:
        *store = value;
        if (strcmp(value, "memory") == 0 || strcmp(value, "redis") == 0) {
            return true;
        }
        break;

    case OPT_LOG_LEVEL:
        if (nt_log_level_parse(value, &o->log_level)) {
            return true;
        }
        break;

    default:
        return set_number(o, opt, name, value);
    }

    (void) fprintf(stderr, "nodetool-engine: --%s does not know \"%s\"\n", name,
                   value);
    return false;
}


static nt_options_result_t
wrong(const char *why)
{
    (void) fprintf(stderr, "nodetool-engine: %s (see --help)\n", why);
    return NT_OPTIONS_WRONG;
}


nt_options_result_t
nt_options_parse(nt_options_t *o, int argc, char **argv)
{
    int         opt, index = 0;
    char        error[128];
    const char *store = NULL;

    *o = (nt_options_t) {
        .max_running = 64,
        .max_queued = 1000,
        .job_ttl = 86400,
        .http_allow = getenv("NODETOOL_HTTP_ALLOW"),
        .max_body = (size_t) 64 << 20,
        .max_memory = (size_t) 256 << 20,
        .lease_ms = 15000,
        .drain = 8,
        .terminals = { .max = 4, .idle_s = 1800, .time_s = 28800 },
        .log_level = NT_LOG_INFO
    };

    while ((opt = getopt_long(argc, argv, "", long_options, &index)) != -1) {
        switch (opt) {
        case OPT_HELP:
            (void) fputs(usage, stdout);
            return NT_OPTIONS_EXIT;

        case OPT_VERSION:
            (void) puts("nodetool-engine " NT_ENGINE_VERSION);
            return NT_OPTIONS_EXIT;

        case '?':
            return wrong("wrong usage");

        default:
            if (!set_option(o, opt, long_options[index].name, optarg, &store)) {
                return NT_OPTIONS_WRONG;
            }
        }
    }

    if (optind < argc) {
        return wrong("arguments other than options are not taken");
    }

    if (o->socket == NULL || o->home == NULL) {
        return wrong("--socket and --home are required");
    }

    if (!nt_http_networks_valid(o->http_allow, error, sizeof(error))) {
        (void) fprintf(stderr, "nodetool-engine: --http-allow: %s\n", error);
        return NT_OPTIONS_WRONG;
    }

    if (store != NULL && strcmp(store, "redis") == 0 && o->redis == NULL) {
        o->redis = getenv("NODETOOL_REDIS_URL");
        if (o->redis == NULL || o->redis[0] == '\0') {
            return wrong("--store redis needs --redis URL or "
                         "NODETOOL_REDIS_URL");
        }
    }

    if (store != NULL && strcmp(store, "memory") == 0 && o->redis != NULL) {
        return wrong("--store memory and --redis exclude each other");
    }

    return NT_OPTIONS_RUN;
}
