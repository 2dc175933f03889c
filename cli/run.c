/*
 * cli/run.c - `nodetool run`: a workflow in this process.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <uv.h>

#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/progress.h"
#include "cli/run_options.h"
#include "core/nt_id.h"
#include "engine/assets/workspace.h"
#include "engine/graph/graph.h"
#include "engine/jobs/job_events.h"
#include "engine/json.h"
#include "engine/nodes/packs.h"
#include "engine/nodes/registry.h"
#include "engine/workflows/workflows.h"

#define NT_PUMP_BUDGET 256

typedef struct {
    nt_run_request_t  request;
    nt_registry_t    *registry;
    nt_graph_t       *graph;
    nt_run_t         *run;
    nt_progress_t     progress;
    nt_http_client_t *http;
    nt_workflows_t   *workflows;
    uv_loop_t         loop;
    uv_idle_t         pump;
    uv_signal_t       signals[2];
    int               workspace;
    int               assets;
    char              job_id[NT_ID_HEX_LEN + 1];
    bool              done;
    bool              completed;
} nt_runner_t;


static void
print_job_update(nt_runner_t *r, const nt_job_record_t *record)
{
    nt_buf_t        line = { 0 };
    nt_job_record_t job = *record;

    if (!r->request.jsonl) {
        return;
    }

    job.id = r->job_id;
    job.workflow_id = r->request.workflow_id;
    nt_job_update_line(&line, &job);
    nt_buf_append_char(&line, '\n');

    if (line.failed) {
        nt_cli_no_memory();
    }

    (void) fwrite(line.data, 1, line.len, stdout);
    nt_buf_free(&line);
}


static void
fail_job(nt_runner_t *r, const char *message)
{
    nt_job_record_t job = { .status = "failed", .error = message };

    print_job_update(r, &job);
    nt_cli_say("%s", message);
}


/* --- the run's sink --- */

static void
on_event(void *arg, const char *line, size_t len)
{
    json_t      *event;
    nt_runner_t *r = arg;

    if (r->request.jsonl) {
        (void) fwrite(line, 1, len, stdout);
        (void) putchar('\n');
        return;
    }

    event = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
    nt_progress_event(&r->progress, event);
    json_decref(event);
}


static void
print_result(nt_runner_t *r, const json_t *result)
{
    nt_buf_t text = { 0 };

    if (r->request.jsonl) {
        nt_json_append(&text, result);
        nt_buf_append_char(&text, '\0');
        if (text.failed) {
            nt_cli_no_memory();
        }

        print_job_update(r, &(nt_job_record_t) { .status = "completed",
                                                 .result = text.data });

    } else {
        nt_json_append_pretty(&text, result);
        if (text.failed) {
            nt_cli_no_memory();
        }

        (void) fwrite(text.data, 1, text.len, stdout);
        (void) putchar('\n');
    }

    nt_buf_free(&text);
}


static void
on_done(void *arg, const nt_run_result_t *result)
{
    nt_runner_t *r = arg;

    r->done = true;
    r->completed = result->status == NT_RUN_COMPLETED;

    if (!r->request.jsonl) {
        nt_progress_end(&r->progress);
    }

    switch (result->status) {
    case NT_RUN_COMPLETED:
        print_result(r, result->result);
        break;
    case NT_RUN_CANCELLED:
        print_job_update(r, &(nt_job_record_t) { .status = "cancelled" });
        nt_cli_say("cancelled");
        break;
    default:
        print_job_update(r,
                         &(nt_job_record_t) { .status = "failed",
                                              .error = result->message,
                                              .node_id = result->node_id,
                                              .node_type = result->node_type });
        nt_cli_say("node %s (%s): %s",
                   result->node_id != NULL ? result->node_id : "?",
                   result->node_type != NULL ? result->node_type : "?",
                   result->message != NULL ? result->message : "failed");
    }
}


static void
on_pump(uv_idle_t *idle)
{
    nt_runner_t *r = idle->data;

    if (!nt_run_pump(r->run, NT_PUMP_BUDGET)) {
        (void) uv_idle_stop(idle); /* until a wake */
    }

    if (r->done) {
        uv_stop(&r->loop);
    }
}


static void
on_wake(void *arg)
{
    nt_runner_t *r = arg;

    (void) uv_idle_start(&r->pump, on_pump);
}


static void
on_signal(uv_signal_t *handle, int signum)
{
    nt_runner_t *r = handle->data;

    nt_run_cancel(r->run);
    on_wake(r);
}


/* --- from start to end --- */

/* Nodes that tell when they are through. */
static unsigned
count_nodes(const nt_runner_t *r)
{
    size_t   i;
    json_t  *node;
    unsigned n = 0;

    json_array_foreach(json_object_get(r->request.graph, "nodes"), i, node)
    {
        const char *name = json_string_value(json_object_get(node, "type"));
        const nt_node_type_t *type;

        type = name != NULL ? nt_registry_find(r->registry, name) : NULL;
        if (type != NULL &&
            (type->flags & (NT_NODE_INPUT | NT_NODE_INERT)) == 0) {
            n++;
        }
    }

    return n;
}


static void
say_faults(nt_runner_t *r, const json_t *faults)
{
    size_t      i;
    json_t     *fault;
    const char *message;

    json_array_foreach(faults, i, fault)
    {
        message = json_string_value(json_object_get(fault, "message"));
        if (i == 0) {
            fail_job(r, message != NULL ? message : "the graph is not valid");
        } else if (message != NULL) {
            nt_cli_say("%s", message);
        }
    }
}


static int
compile(nt_runner_t *r)
{
    int      rc = NT_CLI_OK;
    json_t  *errors = json_array(), *warnings = json_array();
    nt_buf_t message = { 0 };

    r->graph =
        nt_graph_compile(r->request.graph, r->registry, errors, warnings);

    if (r->graph == NULL) {
        say_faults(r, errors);
        rc = NT_CLI_FAILED;

    } else if (nt_graph_check_params(r->graph, r->request.params, &message) !=
               NT_OK)
    {
        nt_buf_append_char(&message, '\0');
        fail_job(r, message.failed ? "out of memory" : message.data);
        rc = NT_CLI_USAGE;
    }

    nt_buf_free(&message);
    json_decref(errors);
    json_decref(warnings);

    return rc;
}


static unsigned
allowed(const nt_run_request_t *request)
{
    return (request->allow_code ? NT_ALLOW_CODE : 0) |
           (request->allow_code_network ? NT_ALLOW_CODE_NETWORK : 0);
}


/* Whoever may use this home may use all of its workflows. */
static bool
find_workflow(void *arg, const char *name, bool tool, nt_subworkflow_t *found,
              nt_buf_t *error)
{
    nt_runner_t *r = arg;

    return nt_workflows_find(r->workflows, NULL, name, tool, found, error) ==
           200;
}


static bool
open_workflows(nt_runner_t *r)
{
    char    *folder = nt_cli_printf("%s/workflows", r->request.home);
    nt_buf_t error = { 0 };

    r->workflows = nt_workflows_new(folder, r->registry, &error);
    if (r->workflows == NULL) {
        nt_cli_say("%.*s", (int) error.len, error.data);
    }

    nt_buf_free(&error);
    free(folder);

    return r->workflows != NULL;
}


static bool
start_run(nt_runner_t *r)
{
    nt_run_sink_t sink = {
        .arg = r, .event = on_event, .done = on_done, .wake = on_wake
    };
    nt_buf_t         name = { 0 };
    nt_run_options_t options = { .loop = &r->loop,
                                 .params = r->request.params,
                                 .http = r->http,
                                 .workspace = r->workspace,
                                 .assets = r->assets,
                                 .allow = allowed(&r->request),
                                 .workflow = find_workflow,
                                 .workflow_arg = r,
                                 .workflow_id = r->request.workflow_id,
                                 .base_url = "" };

    /* the same workspace as when the worker runs it for its local user */
    nt_workspace_name(&name, NT_STR("1"), nt_str(r->request.workflow_id));
    options.workspace_name = name.data;

    r->run = !name.failed ? nt_run_new(r->graph, &options, &sink) : NULL;
    nt_buf_free(&name);
    if (r->run == NULL) {
        nt_cli_no_memory();
    }

    print_job_update(r, &(nt_job_record_t) { .status = "running" });

    r->pump.data = r;
    if (uv_idle_init(&r->loop, &r->pump) != 0 ||
        uv_idle_start(&r->pump, on_pump) != 0)
    {
        return false;
    }

    for (int i = 0; i < 2; i++) {
        r->signals[i].data = r;
        if (uv_signal_init(&r->loop, &r->signals[i]) != 0 ||
            uv_signal_start(&r->signals[i], on_signal,
                            i == 0 ? SIGINT : SIGTERM) != 0)
        {
            return false;
        }
    }

    return true;
}


static void
close_handle(uv_handle_t *handle, void *arg)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}


static bool
open_http(nt_runner_t *r)
{
    char              error[256];
    nt_http_options_t options = { .allow = r->request.http_allow,
                                  .ca_file = nt_cli_env("SSL_CERT_FILE") };

    r->http = nt_http_client_new(&r->loop, &options, error, sizeof(error));
    if (r->http == NULL) {
        nt_cli_say("HTTP: %s", error);
    }

    return r->http != NULL;
}


static void
run_loop(nt_runner_t *r)
{
    if (uv_loop_init(&r->loop) != 0) {
        nt_cli_no_memory();
    }

    if (open_http(r) && open_workflows(r) && start_run(r)) {
        (void) uv_run(&r->loop, UV_RUN_DEFAULT);
    }

    nt_run_free(r->run);
    nt_workflows_free(r->workflows);
    nt_http_client_free(r->http);
    uv_walk(&r->loop, close_handle, NULL);
    (void) uv_run(&r->loop, UV_RUN_DEFAULT);
    (void) uv_loop_close(&r->loop);
}


static bool
open_folders(nt_runner_t *r)
{
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        nt_cli_say("random bytes: %s", strerror(errno));
        return false;
    }

    nt_id_hex(r->job_id, random);

    r->workspace = nt_folder_open(r->request.home, "workspace");
    r->assets = nt_folder_open(r->request.home, "storage/assets");

    return r->workspace != -1 && r->assets != -1;
}


static void
log_library(const char *message)
{
    nt_cli_say("%s", message);
}


static int
run_request(nt_runner_t *r)
{
    int   rc;
    char *packs = nt_packs_folder();

    r->registry = nt_registry_new();
    if (r->registry == NULL ||
        !nt_registry_packs(r->registry, packs, log_library)) {
        nt_cli_no_memory();
    }

    free(packs);

    rc = open_folders(r) ? compile(r) : NT_CLI_FAILED;

    if (rc == NT_CLI_OK) {
        nt_progress_init(&r->progress, count_nodes(r));
        run_loop(r);
        rc = r->completed ? NT_CLI_OK : NT_CLI_FAILED;
    }

    if (r->graph != NULL) {
        nt_graph_unref(r->graph);
    }

    nt_registry_free(r->registry);

    if (r->workspace != -1) {
        (void) close(r->workspace);
    }

    if (r->assets != -1) {
        (void) close(r->assets);
    }

    return rc;
}


int
nt_cli_run(int argc, char **argv)
{
    int         rc;
    nt_runner_t runner = { .workspace = -1, .assets = -1 };

    rc = nt_run_request_parse(&runner.request, argc, argv);

    if (rc == NT_CLI_OK) {
        (void) setvbuf(stdout, NULL, _IOLBF, 0);
        (void) signal(SIGPIPE, SIG_IGN);
        rc = run_request(&runner);

        if (fflush(stdout) != 0 || ferror(stdout)) {
            nt_cli_say("stdout: %s", strerror(errno));
            rc = NT_CLI_FAILED;
        }
    }

    nt_run_request_free(&runner.request);

    return rc == -1 ? NT_CLI_OK : rc;
}
