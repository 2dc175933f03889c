/*
 * engine/nodes/code_run.c - nodetool.code.*: code runs in a sandbox, by the
 * interpreters of this server.
 *
 * The Execute nodes drain a stream of input, and send each line of output as
 * it comes; the Run nodes run once for each set of inputs and send all of it.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/graph/graph.h"
#include "engine/nodes/code.h"
#include "engine/nodes/ustr.h"
#include "engine/process/process.h"


#define INPUT_MAX ((size_t) 64 << 20) /* bytes of stdin */
#define LOG_LINES 1000                /* that are shown while code runs */
#define REASON    300                 /* bytes of stderr in an error */


/* Of a node that drains: what came along its edges. */
typedef struct {
    json_t  *latest; /* by handle */
    nt_buf_t input;
} drained_t;

/* Code that runs. */
typedef struct {
    nt_node_call_t *call;
    bool            lines; /* each line is sent as it comes */
    nt_buf_t        out[2];
    nt_buf_t        last; /* line of stderr */
    unsigned        logged;
} run_t;

static const char *const outputs_of[2] = { "stdout", "stderr" };


/* --- output --- */

static void
log_line(run_t *run, int stream, nt_str_t line)
{
    if (run->logged == LOG_LINES) {
        nt_call_log(run->call, "warning",
                    "further lines are not shown here; the outputs have them");
    }

    if (run->logged++ < LOG_LINES) {
        nt_call_log(run->call, stream == 0 ? "info" : "error", "%.*s",
                    (int) line.len, line.data);
    }
}


/* `line` has no newline at its end. */
static bool
take_line(run_t *run, int stream, nt_str_t line)
{
    bool     good = true;
    nt_buf_t text = { 0 };

    if (line.len > 0 || stream == 0) {
        log_line(run, stream, line);
    }

    if (stream == 1 && line.len > 0) {
        nt_buf_reset(&run->last);
        nt_buf_append(&run->last, line.data,
                      line.len < REASON ? line.len : REASON);
    }

    if (run->lines) {
        nt_buf_append_str(&text, line);
        nt_buf_append_char(&text, '\n');
        good = nt_call_emit(run->call, outputs_of[stream],
                            text.failed
                                ? NULL
                                : nt_ustr_bytes((nt_str_t) {
                                      text.data, text.len })) == NT_NODE_DONE;
        nt_buf_free(&text);
    }

    return good;
}


/* Takes the whole lines off what has come; at the end, what is left, too. */
static bool
take_lines(run_t *run, int stream, size_t *done, bool ended)
{
    bool        good = true;
    nt_buf_t   *out = &run->out[stream];
    const char *line, *end;

    while (good && *done < out->len) {
        line = out->data + *done;
        end = memchr(line, '\n', out->len - *done);

        if (end == NULL) {
            if (!ended) {
                break;
            }
            end = out->data + out->len;
        }

        good =
            take_line(run, stream, (nt_str_t) { line, (size_t) (end - line) });
        *done = (size_t) (end - out->data) + (end < out->data + out->len);
    }

    if (run->lines && *done > 0) { /* what was sent is not needed any more */
        out->len -= *done;
        memmove(out->data, out->data + *done, out->len);
        *done = 0;
    }

    return good;
}


static nt_node_rc_t
read_all(run_t *run, nt_program_t *program)
{
    int         rc, status;
    char       *error;
    size_t      len, done[2] = { 0, 0 };
    const char *data;

    while ((rc = nt_program_read(program, &data, &len, &error)) > 0) {
        nt_buf_append(&run->out[rc - 1], data, len);

        if (run->out[rc - 1].failed) {
            return nt_arg_nomem(run->call);
        }
        if (!take_lines(run, rc - 1, &done[rc - 1], false)) {
            return NT_NODE_FAIL;
        }
    }

    if (rc < 0) {
        (void) nt_call_fail(run->call, "%s",
                            error != NULL ? error : "the program was ended");
        free(error);
        return NT_NODE_FAIL;
    }

    if (!take_lines(run, 0, &done[0], true) ||
        !take_lines(run, 1, &done[1], true)) {
        return NT_NODE_FAIL;
    }

    status = nt_program_status(program);
    if (status != 0) {
        return nt_call_fail(run->call, "the code ended with status %d%s%.*s",
                            status, run->last.len > 0 ? ": " : "",
                            (int) run->last.len, run->last.data);
    }

    return NT_NODE_DONE;
}


/* --- input --- */

static void
free_drained(void *state)
{
    json_decref(((drained_t *) state)->latest);
    nt_buf_free(&((drained_t *) state)->input);
}


static drained_t *
drained_of(nt_node_call_t *call)
{
    drained_t *drained = nt_call_state(call, sizeof(*drained), free_drained);

    if (drained != NULL && drained->latest == NULL) {
        drained->latest = json_object();
    }

    if (drained == NULL || drained->latest == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    return drained;
}


/* A text as a line. */
static bool
add_input(nt_node_call_t *call, nt_buf_t *input, const json_t *value)
{
    size_t before = input->len;

    nt_buf_append_str(input, nt_ustr(value));

    if (input->len == before || input->data[input->len - 1] != '\n') {
        nt_buf_append_char(input, '\n');
    }

    if (input->failed) {
        (void) nt_arg_nomem(call);
        return false;
    }

    if (input->len > INPUT_MAX) {
        (void) nt_call_fail(call, "'stdin' has more than %zu bytes", INPUT_MAX);
        return false;
    }

    return true;
}


nt_node_rc_t
nt_code_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    drained_t *drained = drained_of(call);

    if (drained == NULL) {
        return NT_NODE_FAIL;
    }

    if (strcmp(handle, "stdin") == 0) {
        return add_input(call, &drained->input, value) ? NT_NODE_DONE
                                                       : NT_NODE_FAIL;
    }

    return json_object_set(drained->latest, handle, value) == 0
               ? NT_NODE_DONE
               : nt_arg_nomem(call);
}


/* --- a run --- */

typedef struct {
    nt_node_call_t      *call;
    const nt_code_t     *code;
    const nt_language_t *language;
    const drained_t     *drained; /* NULL for one that runs once a set */
    double               timeout;
} job_t;


static bool
has_property(const nt_code_t *code, const char *name)
{
    const nt_property_t *p;

    for (p = code->properties; p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0) {
            return true;
        }
    }

    return false;
}


/* The value of a property, which a node that drains has got by itself; NULL
 * for one that the type does not have. */
static const json_t *
property(const job_t *job, const char *name)
{
    const json_t *value = NULL;

    if (!has_property(job->code, name)) {
        return NULL;
    }

    if (job->drained != NULL) {
        value = json_object_get(job->drained->latest, name);
    }

    return value != NULL ? value : nt_call_input(job->call, name);
}


/* The dynamic properties. New reference. */
static json_t *
values_of(const job_t *job)
{
    json_t     *values, *value;
    const char *name;

    values = json_copy(nt_call_dynamic(job->call));

    if (job->drained != NULL) {
        json_object_foreach(job->drained->latest, name, value)
        {
            if (!has_property(job->code, name) &&
                json_object_set(values, name, value) != 0) {
                json_decref(values);
                return NULL;
            }
        }
    }

    return values;
}


static nt_node_rc_t
run_file(const job_t *job, const nt_buf_t *file, run_t *run)
{
    char         *error;
    nt_buf_t      input = { 0 };
    nt_node_rc_t  rc = NT_NODE_FAIL;
    nt_process_t  process = { .argv = job->language->argv,
                              .file = file->data,
                              .file_len = file->len,
                              .timeout = job->timeout,
                              .flags =
                                  NT_PROCESS_SANDBOX | NT_PROCESS_WORKSPACE };
    nt_program_t *program;

    if (nt_call_allowed(job->call) & NT_ALLOW_CODE_NETWORK) {
        process.flags |= NT_PROCESS_NETWORK;
    }

    if (job->drained != NULL) {
        if (nt_call_string(job->call, "stdin", NULL)[0] != '\0' &&
            !add_input(job->call, &input, nt_call_input(job->call, "stdin")))
        {
            nt_buf_free(&input);
            return NT_NODE_FAIL;
        }

        nt_buf_append(&input, job->drained->input.data,
                      job->drained->input.len);
        process.input = input.data;
        process.input_len = input.len;
    }

    program = nt_call_program(job->call, &process, &error);

    if (program != NULL) {
        rc = read_all(run, program);
        nt_program_free(program);

    } else {
        (void) nt_call_fail(job->call, "%s",
                            error != NULL ? error : "the code cannot be run");
        free(error);
    }

    nt_buf_free(&input);
    return rc;
}


static nt_node_rc_t
emit_all(run_t *run)
{
    int i;

    for (i = 0; i < 2; i++) {
        if (nt_call_emit(run->call, outputs_of[i],
                         nt_ustr_bytes((nt_str_t) { run->out[i].data,
                                                    run->out[i].len })) !=
            NT_NODE_DONE)
        {
            return NT_NODE_FAIL;
        }
    }

    return NT_NODE_DONE;
}


static nt_node_rc_t
run_job(const job_t *job)
{
    run_t         run = { .call = job->call, .lines = job->drained != NULL };
    json_t       *values;
    nt_str_t      code;
    nt_buf_t      file = { 0 };
    nt_node_rc_t  rc = NT_NODE_FAIL;
    const json_t *source = property(job, job->code->source);

    if (!(nt_call_allowed(job->call) & NT_ALLOW_CODE)) {
        return nt_call_fail(job->call,
                            "code of workflows is not run here; the option "
                            "--allow-code lets it run in a sandbox");
    }

    code = (nt_str_t) { json_string_value(source), json_string_length(source) };

    if (code.len == 0 || strspn(code.data, " \t\r\n\f\v") == strlen(code.data))
    {
        return nt_call_fail(job->call, "'%s' must not be empty",
                            job->code->source);
    }

    values = values_of(job);

    if (values == NULL) {
        return nt_arg_nomem(job->call);
    }

    if (job->language->make(job->call, &file, code, values)) {
        rc = file.failed ? nt_arg_nomem(job->call) : run_file(job, &file, &run);
    }

    if (rc == NT_NODE_DONE && !run.lines) {
        rc = emit_all(&run);
    }

    json_decref(values);
    nt_buf_free(&file);
    nt_buf_free(&run.out[0]);
    nt_buf_free(&run.out[1]);
    nt_buf_free(&run.last);
    return rc;
}


/* --- images --- */

/* An image that is chosen for its interpreter is as good as this server's; one
 * that has libraries is not. */
static bool
check_image(const job_t *job)
{
    const char *image, *mode;

    mode = json_string_value(property(job, "execution_mode"));
    image = json_string_value(property(job, "image"));

    if (image == NULL || (mode != NULL && strcmp(mode, "docker") != 0)) {
        return true;
    }

    if (strncmp(image, "jupyter/", 8) == 0) {
        (void) nt_call_fail(job->call,
                            "this server runs no Docker images, so the "
                            "libraries of %s are not there; choose another "
                            "image to run the code with what the server has",
                            image);
        return false;
    }

    nt_call_log(job->call, "info",
                "runs in a sandbox with this server's programs, not in %s",
                image);
    return true;
}


/* Lua's time limit; other nodes have none of their own. */
static double
timeout_of(const job_t *job)
{
    int64_t seconds = json_integer_value(property(job, "timeout_seconds"));

    return seconds > 0 ? (double) seconds : 0;
}


static const nt_language_t *
language_of(const job_t *job)
{
    const char *executable = json_string_value(property(job, "executable"));

    return executable != NULL && strcmp(executable, "luajit") == 0
               ? &nt_code_luajit
               : job->code->language;
}


/* Outputs that users add have no way to get a value, as in NodeTool. */
static void
warn_of_outputs(nt_node_call_t *call)
{
    json_t     *outputs = nt_call_dynamic_outputs(call), *type;
    const char *name;

    json_object_foreach(outputs, name, type)
    {
        nt_call_log(call, "warning",
                    "the output \"%s\" stays empty: code writes to stdout "
                    "and stderr",
                    name);
    }

    json_decref(outputs);
}


nt_node_rc_t
nt_code_run(nt_node_call_t *call, const nt_code_t *code)
{
    job_t job = { .call = call, .code = code };

    if (code->drains) {
        job.drained = drained_of(call);

        if (job.drained == NULL) {
            return NT_NODE_FAIL;
        }
    }

    if (!check_image(&job)) {
        return NT_NODE_FAIL;
    }

    warn_of_outputs(call);

    job.timeout = timeout_of(&job);
    job.language = language_of(&job);

    return run_job(&job);
}
