#include "cli/run_options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/nt_id.h"
#include "engine/http/address.h"
#include "engine/json.h"
#include "engine/workflows/file.h"

#define NT_WORKFLOW_MAX (64 * 1024 * 1024) /* bytes of a file, of stdin */

static const char usage[] =
    "Usage: nodetool run ID | FILE.json [OPTION]...\n"
    "       nodetool run --stdin [OPTION]...\n"
    "Runs a workflow in this process: no server, no Redis.\n"
    "\n"
    "  ID             a workflow of the home\n"
    "  --params JSON  values of its inputs, by name\n"
    "  --stdin        read {\"workflow_id\": ..., \"params\": ...}, or one "
    "with\n"
    "                 a \"graph\" instead of the id\n"
    "  --http-allow LIST\n"
    "                 networks that HTTP nodes may reach beside the Internet:\n"
    "                 \"private\" and CIDR blocks, with commas (default\n"
    "                 $NODETOOL_HTTP_ALLOW)\n"
    "  --allow-code   run the code of nodetool.code nodes, in a sandbox\n"
    "  --allow-code-network  ... that has the network\n"
    "  --jsonl        print the events, one a line, and nothing else\n"
    "  --home DIR     (default $NODETOOL_HOME, else "
    "~/.local/share/nodetool)\n"
    "  --help\n"
    "\n"
    "Prints the results as JSON. Exit status: 0 completed, 1 failed, 2 wrong\n"
    "usage.\n";

enum {
    OPT_PARAMS = 256,
    OPT_STDIN,
    OPT_JSONL,
    OPT_ALLOW_CODE,
    OPT_ALLOW_CODE_NETWORK,
    OPT_HOME,
    OPT_HTTP_ALLOW,
    OPT_HELP
};

static const struct option long_options[] = {
    { "params", required_argument, NULL, OPT_PARAMS },
    { "stdin", no_argument, NULL, OPT_STDIN },
    { "jsonl", no_argument, NULL, OPT_JSONL },
    { "allow-code", no_argument, NULL, OPT_ALLOW_CODE },
    { "allow-code-network", no_argument, NULL, OPT_ALLOW_CODE_NETWORK },
    { "home", required_argument, NULL, OPT_HOME },
    { "http-allow", required_argument, NULL, OPT_HTTP_ALLOW },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 }
};


/* The JSON of a text; NULL: said on stderr. */
static json_t *
parse_json(const char *what, const char *text, size_t len)
{
    json_t  *value;
    nt_buf_t error = { 0 };

    value = nt_json_parse(text, len, &error);
    if (value == NULL) {
        nt_cli_say("%s: %.*s", what, (int) error.len, error.data);
    }

    nt_buf_free(&error);

    return value;
}


static json_t *
read_json(const char *path)
{
    int         error;
    json_t     *value = NULL;
    nt_buf_t    text = { 0 };
    struct stat st;

    error = nt_file_read(AT_FDCWD, path, NT_WORKFLOW_MAX, &text, &st);
    if (error != 0) {
        nt_cli_say("%s: %s", path, strerror(error));
    } else {
        value = parse_json(path, text.data, text.len);
    }

    nt_buf_free(&text);

    return value;
}


static json_t *
read_stdin(void)
{
    json_t  *value = NULL;
    ssize_t  n;
    nt_buf_t text = { 0 };

    do {
        char *p = nt_buf_reserve(&text, 65536);

        if (p == NULL || text.len > NT_WORKFLOW_MAX) {
            nt_cli_say("stdin: more than %d bytes", NT_WORKFLOW_MAX);
            nt_buf_free(&text);
            return NULL;
        }

        n = read(STDIN_FILENO, p, 65536);
        if (n > 0) {
            text.len += (size_t) n;
        }
    } while (n > 0 || (n == -1 && errno == EINTR));

    if (n == -1) {
        nt_cli_say("stdin: %s", strerror(errno));
    } else {
        value = parse_json("stdin", text.data, text.len);
    }

    nt_buf_free(&text);

    return value;
}


/* Takes the graph out of a workflow; `document` is consumed. */
static bool
take_graph(nt_run_request_t *r, const char *what, json_t *document)
{
    if (document != NULL) {
        r->graph = json_incref(json_object_get(document, "graph"));

        if (!json_is_object(r->graph)) {
            nt_cli_say("%s is not a workflow: it has no graph", what);
        }
    }

    json_decref(document);

    return json_is_object(r->graph);
}


/* A workflow of the home, or else a file. */
static bool
find_workflow(nt_run_request_t *r, const char *name, bool or_file)
{
    bool   ok;
    char  *path;
    size_t len = strlen(name);

    if (nt_workflow_id_valid(nt_str(name))) {
        path = nt_cli_printf("%s/workflows/%s.json", r->home, name);

        if (access(path, F_OK) == 0) {
            r->workflow_id = nt_cli_strdup(name);
            ok = take_graph(r, path, read_json(path));
            free(path);
            return ok;
        }

        free(path);
    }

    if (!or_file || access(name, F_OK) != 0) {
        nt_cli_say(or_file ? "there is no workflow \"%s\" in %s/workflows, "
                             "and no file of this name"
                           : "there is no workflow \"%s\" in %s/workflows",
                   name, r->home);
        return false;
    }

    path = nt_cli_strdup(strrchr(name, '/') != NULL ? strrchr(name, '/') + 1
                                                    : name);
    len = strlen(path);
    if (len > 5 && strcmp(path + len - 5, ".json") == 0) {
        path[len - 5] = '\0';
    }

    r->workflow_id = path;

    return take_graph(r, name, read_json(name));
}


/* {"workflow_id" or "graph", "params"} */
static bool
take_stdin(nt_run_request_t *r)
{
    bool        ok;
    json_t     *input = read_stdin();
    json_t     *params = json_object_get(input, "params");
    const char *id = json_string_value(json_object_get(input, "workflow_id"));

    if (input == NULL) {
        return false;
    }

    if (params != NULL && r->params == NULL) {
        r->params = json_incref(params);
    }

    if (json_object_get(input, "graph") != NULL) {
        r->workflow_id = nt_cli_strdup(id != NULL ? id : "");
        return take_graph(r, "stdin", input);
    }

    if (id == NULL) {
        nt_cli_say("stdin: neither \"workflow_id\" nor \"graph\" is given");
    }

    ok = id != NULL && find_workflow(r, id, false);
    json_decref(input);

    return ok;
}


static bool
take_option(nt_run_request_t *r, int opt, bool *from_stdin)
{
    switch (opt) {
    case OPT_PARAMS:
        json_decref(r->params);
        r->params = parse_json("--params", optarg, strlen(optarg));
        return r->params != NULL;
    case OPT_STDIN:
        *from_stdin = true;
        return true;
    case OPT_JSONL:
        r->jsonl = true;
        return true;
    case OPT_ALLOW_CODE:
        r->allow_code = true;
        return true;
    case OPT_ALLOW_CODE_NETWORK:
        r->allow_code = r->allow_code_network = true;
        return true;
    case OPT_HOME:
        free(r->home);
        r->home = nt_cli_strdup(optarg);
        return true;
    case OPT_HTTP_ALLOW:
        free(r->http_allow);
        r->http_allow = nt_cli_strdup(optarg);
        return true;
    default:
        nt_cli_say("wrong usage; see nodetool run --help");
        return false;
    }
}


static void
default_home(nt_run_request_t *r)
{
    const char *env = nt_cli_env("NODETOOL_HOME");

    if (r->home == NULL) {
        r->home = env != NULL ? nt_cli_strdup(env)
                              : nt_cli_printf("%s/.local/share/nodetool",
                                              nt_cli_env("HOME") != NULL
                                                  ? nt_cli_env("HOME")
                                                  : "");
    }
}


int
nt_run_request_parse(nt_run_request_t *r, int argc, char **argv)
{
    int  opt;
    bool from_stdin = false;
    char error[128];

    *r = (nt_run_request_t) { 0 };

    while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (opt == OPT_HELP) {
            (void) fputs(usage, stdout);
            return -1;
        }

        if (!take_option(r, opt, &from_stdin)) {
            return NT_CLI_USAGE;
        }
    }

    if (argc - optind != (from_stdin ? 0 : 1)) {
        nt_cli_say("say one workflow, or --stdin; see nodetool run --help");
        return NT_CLI_USAGE;
    }

    default_home(r);

    if (r->http_allow == NULL && nt_cli_env("NODETOOL_HTTP_ALLOW") != NULL) {
        r->http_allow = nt_cli_strdup(nt_cli_env("NODETOOL_HTTP_ALLOW"));
    }

    if (!nt_http_networks_valid(r->http_allow, error, sizeof(error))) {
        nt_cli_say("--http-allow: %s", error);
        return NT_CLI_USAGE;
    }

    if (!(from_stdin ? take_stdin(r) : find_workflow(r, argv[optind], true))) {
        return NT_CLI_USAGE;
    }

    if (r->params == NULL) {
        r->params = json_object();
    }

    if (!json_is_object(r->params)) {
        nt_cli_say("the params must be a JSON object, such as "
                   "{\"name\": \"value\"}");
        return NT_CLI_USAGE;
    }

    return NT_CLI_OK;
}


void
nt_run_request_free(nt_run_request_t *r)
{
    free(r->home);
    free(r->http_allow);
    free(r->workflow_id);
    json_decref(r->graph);
    json_decref(r->params);
}
