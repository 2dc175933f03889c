#include "engine/graph/tools.h"
#include "engine/json.h"

/*
 * Event lines.  What is the same in each run is rendered once, when the graph
 * is compiled; a run copies it and adds the values.
 */

/* The result in a node_update is there to be shown, and each node of a chain
 * sends its own; a larger one is left out.  Values of output nodes are always
 * sent whole, in output_update. */
#define RESULT_MAX 65536

/* As NodeTool: error texts are cut. */
#define ERROR_MAX 1000

static nt_str_t
keep(nt_graph_t *graph, nt_buf_t *buf)
{
    nt_str_t text = { NULL, buf->len };

    if (!buf->failed) {
        text.data = nt_arena_copy(&graph->arena, buf->data, buf->len);
    }
    nt_buf_reset(buf);
    return text;
}

static bool
render_node(nt_graph_t *graph, nt_node_plan_t *node, nt_buf_t *buf)
{
    nt_buf_append_json(buf, nt_str(node->id));
    node->id_json = keep(graph, buf);
    nt_buf_append_json(buf, nt_str(node->name != NULL ? node->name
                                                      : node->type->title));
    node->name_json = keep(graph, buf);
    if (node->id_json.data == NULL || node->name_json.data == NULL) {
        return false;
    }

    nt_buf_append_str(buf, NT_STR("{\"type\":\"node_update\",\"node_id\":"));
    nt_buf_append_str(buf, node->id_json);
    nt_buf_append_str(buf, NT_STR(",\"node_name\":"));
    nt_buf_append_json(buf, nt_str(node->type->title));
    nt_buf_append_str(buf, NT_STR(",\"node_type\":"));
    nt_buf_append_json(buf, nt_str(node->type_name));
    nt_buf_append_str(buf, NT_STR(",\"status\":\""));
    node->update = keep(graph, buf);
    if (node->update.data == NULL) {
        return false;
    }
    nt_buf_append_str(buf, node->update);
    nt_buf_append_str(buf, NT_STR("running\"}"));
    node->running = keep(graph, buf);
    return node->running.data != NULL;
}

static bool
render_edge(nt_graph_t *graph, nt_edge_plan_t *edge, nt_buf_t *buf)
{
    nt_buf_append_str(buf, NT_STR("{\"type\":\"edge_update\",\"edge_id\":"));
    nt_buf_append_json(buf, nt_str(edge->id));
    nt_buf_append_str(buf, NT_STR(",\"status\":\"message_sent\","
                                  "\"counter\":"));
    edge->sent = keep(graph, buf);

    nt_buf_append_str(buf, NT_STR("{\"type\":\"edge_update\",\"edge_id\":"));
    nt_buf_append_json(buf, nt_str(edge->id));
    nt_buf_append_str(buf, NT_STR(",\"status\":\"drained\"}"));
    edge->drained = keep(graph, buf);
    return edge->sent.data != NULL && edge->drained.data != NULL;
}

bool
nt_events_render(nt_graph_t *graph)
{
    nt_buf_t buf = { 0 };
    uint32_t i;
    bool     good = true;

    for (i = 0; i < graph->n_nodes && good; i++) {
        good = render_node(graph, &graph->nodes[i], &buf);
    }
    for (i = 0; i < graph->n_edges && good; i++) {
        good = render_edge(graph, &graph->edges[i], &buf);
    }
    nt_buf_free(&buf);
    return good;
}

void
nt_event_raw(nt_run_t *run, const char *line, size_t len)
{
    run->sink.event(run->sink.arg, line, len);
}

/* Sends what stands in run->line. */
static void
send_line(nt_run_t *run)
{
    if (run->line.failed) {
        run->nomem = true;
        return;
    }
    nt_event_raw(run, run->line.data, run->line.len);
}

void
nt_event_running(nt_node_call_t *call)
{
    call->running = true;
    nt_event_raw(call->run, call->plan->running.data, call->plan->running.len);
}

/* Takes the size of a value as text off *room, roughly: false when there is
 * not enough. */
static bool
fits(const json_t *value, size_t *room)
{
    const char *key;
    json_t     *member;
    size_t      i, need = 8;

    if (json_is_string(value)) {
        need += json_string_length(value);
    }
    if (need > *room) {
        return false;
    }
    *room -= need;

    for (i = 0; i < json_array_size(value); i++) {
        if (!fits(json_array_get(value, i), room)) {
            return false;
        }
    }
    json_object_foreach((json_t *) value, key, member)
    {
        need = strlen(key);
        if (need > *room) {
            return false;
        }
        *room -= need;
        if (!fits(member, room)) {
            return false;
        }
    }
    return true;
}

/* {"output": last value, ...} or, when that is too large, null. */
static bool
write_result(nt_buf_t *line, const nt_node_call_t *call)
{
    size_t   room = RESULT_MAX;
    uint32_t i;
    bool     first = true;

    for (i = 0; i < call->plan->n_outputs; i++) {
        if (call->last[i] != NULL && !fits(call->last[i], &room)) {
            nt_buf_append_str(line, NT_STR("null"));
            return false;
        }
    }

    nt_buf_append_char(line, '{');
    for (i = 0; i < call->plan->n_outputs; i++) {
        if (call->last[i] == NULL) {
            continue;
        }
        if (!first) {
            nt_buf_append_char(line, ',');
        }
        first = false;
        nt_buf_append_json(line, nt_str(call->plan->outputs[i].name));
        nt_buf_append_char(line, ':');
        nt_json_append(line, call->last[i]);
    }
    nt_buf_append_char(line, '}');
    return true;
}

void
nt_event_completed(nt_node_call_t *call)
{
    nt_buf_t *line = &call->run->line;

    call->running = false;
    nt_buf_reset(line);
    nt_buf_append_str(line, call->plan->update);
    nt_buf_append_str(line, NT_STR("completed\",\"result\":"));
    if (!write_result(line, call)) {
        nt_buf_append_str(line, NT_STR(",\"truncated\":true"));
    }
    nt_buf_append_char(line, '}');
    send_line(call->run);
}

void
nt_event_error(nt_node_call_t *call)
{
    nt_buf_t   *line = &call->run->line;
    const char *text;
    size_t      len;

    call->running = false;
    text = call->error != NULL ? call->error : "the server is out of memory";
    len = strlen(text);
    if (len > ERROR_MAX) {
        len = ERROR_MAX;
        while (len > 0 && ((unsigned char) text[len] & 0xc0) == 0x80) {
            len--; /* not in the middle of a character */
        }
    }
    nt_buf_reset(line);
    nt_buf_append_str(line, call->plan->update);
    nt_buf_append_str(line, NT_STR("error\",\"error\":"));
    nt_buf_append_json(line, (nt_str_t) { text, len });
    nt_buf_append_char(line, '}');
    send_line(call->run);
}

void
nt_event_sent(nt_run_t *run, uint32_t edge)
{
    nt_buf_t *line;
    char      digits[12];
    char     *p = digits + sizeof(digits);
    uint32_t  n;

    for (; run->chain != NULL; run = run->parent) {
        edge = run->chain->edges[edge];
        if (edge == NT_NONE) {
            return; /* told where it came to the chain */
        }
    }
    line = &run->line;
    n = ++run->counters[edge];

    *--p = '}';
    do {
        *--p = (char) ('0' + n % 10);
        n /= 10;
    } while (n > 0);

    nt_buf_reset(line);
    nt_buf_append_str(line, run->graph->edges[edge].sent);
    nt_buf_append(line, p, (size_t) (digits + sizeof(digits) - p));
    send_line(run);
}

void
nt_event_drained(nt_run_t *run, uint32_t edge)
{
    nt_str_t text = run->graph->edges[edge].drained;

    if (run->chain != NULL) {
        return; /* more may come with the next call */
    }
    nt_event_raw(run, text.data, text.len);
}

void
nt_event_begin(nt_buf_t *buf, const nt_node_call_t *call, const char *type)
{
    nt_buf_append_str(buf, NT_STR("{\"type\":\""));
    nt_buf_append_str(buf, nt_str(type));
    nt_buf_append_str(buf, NT_STR("\",\"node_id\":"));
    nt_buf_append_str(buf, call->plan->id_json);
}

void
nt_event_output(nt_node_call_t *call, const json_t *value)
{
    nt_buf_t *line = &call->run->line;

    nt_buf_reset(line);
    nt_event_begin(line, call, "output_update");
    nt_buf_append_str(line, NT_STR(",\"node_name\":"));
    nt_buf_append_str(line, call->plan->name_json);
    nt_buf_append_str(line, NT_STR(",\"output_name\":"));
    nt_buf_append_str(line, call->plan->name_json);
    nt_buf_append_str(line, NT_STR(",\"value\":"));
    nt_json_append(line, value);
    nt_buf_append_str(line, NT_STR(",\"output_type\":"));
    nt_buf_append_json(line, nt_str(nt_type_of(value)));
    nt_buf_append_char(line, '}');
    send_line(call->run);
}

void
nt_event_preview(nt_node_call_t *call, const json_t *value)
{
    nt_buf_t *line = &call->run->line;

    nt_buf_reset(line);
    nt_event_begin(line, call, "preview_update");
    nt_buf_append_str(line, NT_STR(",\"value\":"));
    nt_json_append(line, value);
    nt_buf_append_char(line, '}');
    send_line(call->run);
}

void
nt_event_warning(nt_run_t *run, const json_t *warning)
{
    nt_buf_t   *line = &run->line;
    const char *node;

    node = json_string_value(json_object_get(warning, "node_id"));
    nt_buf_reset(line);
    nt_buf_append_str(line, NT_STR("{\"type\":\"log_update\",\"node_id\":"));
    nt_buf_append_json(line, nt_str(node != NULL ? node : ""));
    nt_buf_append_str(line, NT_STR(",\"node_name\":\"\",\"content\":"));
    nt_json_append(line, json_object_get(warning, "message"));
    nt_buf_append_str(line, NT_STR(",\"severity\":\"warning\"}"));
    send_line(run);
}
