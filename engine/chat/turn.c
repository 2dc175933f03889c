/*
 * The life of a turn: its message goes into the thread, the history is read,
 * the run starts, and what fails it is told.
 */

#include "engine/chat/chat_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "engine/assets/workspace.h"
#include "engine/json.h"

#define BUDGET 64 /* activations in a turn of the loop */

#define NOMEM "The server is out of memory"

static void begin_run(nt_turn_t *turn);


/* --- its end --- */

static void
on_timer_closed(uv_handle_t *handle)
{
    nt_turn_t *turn = handle->data;
    nt_chat_t *chat = turn->chat;

    json_decref(turn->request);
    json_decref(turn->message);
    json_decref(turn->history);
    json_decref(turn->client_tools);
    json_decref(turn->answer);
    json_decref(turn->usage);
    json_decref(turn->names);
    json_decref(turn->result);
    nt_buf_free(&turn->said);
    free(turn->tools);
    free(turn->user);
    free(turn->base_url);
    free(turn->workspace);
    free(turn->error);
    free(turn);

    chat->n--;
    nt_chat_settle(chat);
}


static void
settle(nt_turn_t *turn)
{
    if (!turn->over || turn->run != NULL || turn->pending > 0 || turn->closing)
    {
        return;
    }

    turn->closing = true;
    TAILQ_REMOVE(&turn->chat->turns, turn, entry);

    if (turn->in_ready) {
        TAILQ_REMOVE(&turn->chat->ready, turn, ready_entry);
    }

    uv_close((uv_handle_t *) &turn->timer, on_timer_closed);
}


/* Nothing more comes. */
static void
end(nt_turn_t *turn)
{
    nt_turn_sink_t sink = turn->sink;

    turn->over = true;
    turn->sink = (nt_turn_sink_t) { 0 };

    if (sink.done != NULL) {
        sink.done(sink.arg);
    }

    settle(turn);
}


void
nt_turn_tell(nt_turn_t *turn, json_t *event)
{
    if (event != NULL && turn->sink.event != NULL &&
        json_object_set_new(event, "thread_id", json_string(turn->thread_id)) ==
            0)
    {
        turn->sink.event(turn->sink.arg, event);
    }

    json_decref(event);
}


/* Tells what went wrong, and that no more text comes. */
static void
fail(nt_turn_t *turn, const char *type, const char *message)
{
    json_t *workflow = json_object_get(turn->request, "workflow_id");

    nt_turn_tell(turn, json_pack("{s:s, s:s, s:s, s:O*}", "type", "error",
                                 "message", message, "error_type", type,
                                 "workflow_id", workflow));
    nt_turn_tell(turn,
                 json_pack("{s:s, s:s, s:s, s:b}", "type", "chunk",
                           "content_type", "text", "content", "", "done", 1));
    end(turn);
}


/* The same of what the store of threads says. */
static void
fail_status(nt_turn_t *turn, int status, const char *message)
{
    fail(turn,
         status == 403   ? "forbidden"
         : status == 404 ? "not_found"
         : status == 503 ? "service_unavailable"
                         : "invalid_message",
         message);
}


/* --- what was said so far --- */

static void
on_said(void *arg, int status, const char *message, json_t *value)
{
    nt_turn_t *turn = arg;

    turn->pending--;
    settle(turn);
}


/* Puts it into the thread: it is what the user has seen. */
static void
keep_said(nt_turn_t *turn)
{
    json_t *message;

    if (turn->said.len == 0 || turn->said.failed) {
        return;
    }

    message = nt_chat_message(turn, "assistant",
                              json_stringn(turn->said.data, turn->said.len));
    nt_buf_reset(&turn->said);

    if (message != NULL) {
        turn->pending++;
        nt_messages_append(turn->chat->options.threads, turn->user,
                           turn->thread_id, NULL, message, on_said, turn);
        json_decref(message);
    }
}


/* --- its run --- */

static void
on_event(void *arg, const char *line, size_t len)
{
    json_t     *event;
    nt_turn_t  *turn = arg;
    const char *type, *node;
    bool        ours;

    if (turn->sink.event == NULL) {
        return;
    }

    event = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
    type = json_string_value(json_object_get(event, "type"));
    node = json_string_value(json_object_get(event, "node_id"));

    if (type == NULL || strcmp(type, "edge_update") == 0) {
        json_decref(event);
        return;
    }

    ours = node == NULL || !nt_chat_is_tool(node);

    /* the conversation and what belongs to it are no nodes to see; pieces of
     * what a tool says are not the answer's */
    if (strcmp(type, ours ? "node_update" : "chunk") == 0) {
        json_decref(event);
        return;
    }

    if (ours) {
        (void) json_object_set_new(event, "node_id", json_null());
    }

    if (strcmp(type, "tool_result_update") == 0) {
        (void) json_object_set_new(event, "type", json_string("tool_result"));
    }

    nt_turn_tell(turn, event);
}


static void
on_run_done(void *arg, const nt_run_result_t *result)
{
    nt_turn_t *turn = arg;

    turn->ended = true;

    if (result->status == NT_RUN_FAILED) {
        turn->error = strdup(result->message);
    }
}


static void
on_wake(void *arg)
{
    nt_chat_activate(arg);
}


void
nt_turn_pump(nt_turn_t *turn)
{
    if (turn->run == NULL) {
        return;
    }

    if (nt_run_pump(turn->run, BUDGET)) {
        nt_chat_activate(turn);
    }

    if (!turn->ended) {
        return;
    }

    nt_run_free(turn->run);
    turn->run = NULL;
    turn->call = NULL;

    if (turn->error != NULL) {
        keep_said(turn);
        fail(turn, turn->error_type, turn->error);
    } else {
        end(turn);
    }
}


static bool
find_workflow(void *arg, const char *name, bool tool, nt_subworkflow_t *found,
              nt_buf_t *error)
{
    nt_turn_t *turn = arg;

    return nt_workflows_find(turn->chat->options.workflows, turn->user, name,
                             tool, found, error) == 200;
}


static bool
start_run(nt_turn_t *turn, nt_graph_t *graph)
{
    const nt_chat_options_t *o = &turn->chat->options;
    const nt_run_sink_t      sink = {
             .arg = turn, .event = on_event, .done = on_run_done, .wake = on_wake
    };
    const nt_run_options_t options = { .loop = o->loop,
                                       .workspace = o->workspace,
                                       .workspace_name = turn->workspace,
                                       .assets = o->assets,
                                       .base_url = turn->base_url,
                                       .http = o->http,
                                       .allow = o->allow,
                                       .workflow = find_workflow,
                                       .workflow_arg = turn,
                                       .results = o->results,
                                       .user = turn->user,
                                       .owner = turn };

    turn->run = nt_run_new(graph, &options, &sink);

    if (turn->run == NULL) {
        return false;
    }

    nt_chat_activate(turn);

    if (turn->left) {
        nt_turn_leave(turn); /* now it is known what it is */
    }

    return true;
}


/* The graph of the turn: the conversation and the nodes that are its tools. A
 * new reference; NULL with a sentence. */
static nt_graph_t *
make_graph(nt_turn_t *turn, nt_buf_t *error)
{
    json_t     *nodes, *edges, *source, *errors, *warnings;
    nt_graph_t *graph = NULL;

    nodes = json_pack("[{s:s, s:s}]", "id", "chat", "type", nt_chat_node.type);
    edges = json_array();
    errors = json_array();
    warnings = json_array();
    source = json_pack("{s:O, s:O}", "nodes", nodes, "edges", edges);

    if (source != NULL && nt_chat_find_tools(turn, nodes, edges, error)) {
        graph = nt_graph_compile_own(source, turn->chat->options.registry,
                                     &nt_chat_node, errors, warnings);
    }

    if (graph == NULL && error->len == 0) {
        nt_buf_printf(error, "%s",
                      json_array_size(errors) > 0
                          ? json_string_value(
                                json_object_get(json_array_get(errors, 0),
                                                "message"))
                          : NOMEM);
    }

    json_decref(source);
    json_decref(nodes);
    json_decref(edges);
    json_decref(errors);
    json_decref(warnings);
    return graph;
}


static void
begin_run(nt_turn_t *turn)
{
    nt_buf_t    error = { 0 };
    nt_graph_t *graph = make_graph(turn, &error);

    nt_buf_append_char(&error, '\0');

    if (graph == NULL) {
        fail(turn, "invalid_message", error.failed ? NOMEM : error.data);

    } else if (!start_run(turn, graph)) {
        fail(turn, "service_unavailable", NOMEM);
    }

    nt_graph_unref(graph);
    nt_buf_free(&error);
}


/* --- its beginning --- */

/* What the message says wins over what the earlier one said. */
static bool
merge_request(nt_turn_t *turn)
{
    size_t                   i;
    json_t                  *value, *copy;
    static const char *const members[] = { "model",      "provider",
                                           "tools",      "agent_mode",
                                           "help_mode",  "collections",
                                           "workflow_id" };

    copy = json_copy(turn->message);

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        value = json_object_get(turn->request, members[i]);

        if (value != NULL && json_object_set(copy, members[i], value) != 0) {
            json_decref(copy);
            return false;
        }
    }

    json_decref(turn->message);
    turn->message = copy;
    return copy != NULL;
}


static bool
flag(const json_t *message, const char *name)
{
    return json_is_true(json_object_get(message, name));
}


static void
set_mode(nt_turn_t *turn)
{
    const char *workflow =
        json_string_value(json_object_get(turn->message, "workflow_id"));

    turn->mode = workflow != NULL && *workflow != '\0' ? NT_CHAT_WORKFLOW
                 : flag(turn->message, "agent_mode")   ? NT_CHAT_AGENT
                 : flag(turn->message, "help_mode")    ? NT_CHAT_HELP
                                                       : NT_CHAT_PLAIN;
}


/*
 * Turns the newest messages, which came newest first, into the history: up to
 * the user's message, as another client may have written since, and from a
 * user's on.  The last message is then the user's.
 */
static bool
set_history(nt_turn_t *turn, const json_t *newest)
{
    size_t      i = 0, n = json_array_size(newest);
    json_t     *message;
    const char *id, *role;

    id = json_string_value(json_object_get(turn->message, "id"));
    turn->history = json_array();

    for (/* void */; i < n; i++) {
        message = json_array_get(newest, i);
        role = json_string_value(json_object_get(message, "role"));

        if (id != NULL
                ? strcmp(json_string_value(json_object_get(message, "id")),
                         id) == 0
                : role != NULL && strcmp(role, "user") == 0)
        {
            break;
        }
    }

    if (i == n) {
        return false;
    }

    json_decref(turn->message);
    turn->message = json_incref(json_array_get(newest, i));

    for (/* void */; i < n; i++) {
        if (json_array_insert(turn->history, 0, json_array_get(newest, i)) != 0)
        {
            return false;
        }
    }

    return true;
}


static void
on_history(void *arg, int status, const char *message, json_t *value)
{
    nt_turn_t *turn = arg;

    turn->pending--;

    if (turn->stopped) {
        end(turn);

    } else if (status != 200) {
        fail_status(turn, status, message);

    } else if (!set_history(turn, json_object_get(value, "messages")) ||
               !merge_request(turn))
    {
        fail(turn, "service_unavailable",
             "The message is not in its thread any more");

    } else {
        set_mode(turn);
        begin_run(turn);
    }
}


/* The message is in the thread, or the earlier answer is not. */
static void
on_begun(void *arg, int status, const char *message, json_t *value)
{
    nt_turn_t         *turn = arg;
    nt_messages_page_t page = { .thread_id = turn->thread_id,
                                .limit = NT_CHAT_HISTORY,
                                .max_bytes = NT_CHAT_HISTORY_BYTES,
                                .reverse = true };

    if (status != 200 || turn->stopped) {
        turn->pending--;

        if (turn->stopped) {
            end(turn);
        } else {
            fail_status(turn, status, message);
        }

        return;
    }

    turn->message = turn->regenerate ? NULL : json_incref(value);
    nt_messages_list(turn->chat->options.threads, turn->user, &page, on_history,
                     turn);
}


static void
begin(nt_turn_t *turn)
{
    json_t       *message;
    nt_buf_t      title = { 0 };
    nt_threads_t *threads = turn->chat->options.threads;

    turn->pending++;

    if (turn->regenerate) {
        nt_messages_drop(threads, turn->user, turn->thread_id, on_begun, turn);
        return;
    }

    message = nt_chat_user_message(turn);
    nt_chat_title(turn->request, &title);
    nt_buf_append_char(&title, '\0');

    if (message != NULL && !title.failed) {
        nt_messages_append(threads, turn->user, turn->thread_id,
                           *title.data != '\0' ? title.data : NULL, message,
                           on_begun, turn);
    } else {
        on_begun(turn, 503, NOMEM, NULL);
    }

    nt_buf_free(&title);
    json_decref(message);
}


/* Not before the caller knows the turn. */
static void
on_first_tick(uv_timer_t *timer)
{
    nt_turn_t *turn = timer->data;

    if (turn->stopped) {
        end(turn);
    } else {
        begin(turn);
    }
}


/* The thread of the message; a new one when it names none. */
static bool
set_thread(nt_turn_t *turn)
{
    const char *id =
        json_string_value(json_object_get(turn->request, "thread_id"));
    unsigned char random[16];

    if (id != NULL && *id != '\0') {
        (void) snprintf(turn->thread_id, sizeof(turn->thread_id), "%s", id);
        return true;
    }

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return false;
    }

    nt_id_hex(turn->thread_id, random);
    return true;
}


nt_turn_t *
nt_turn_start(nt_chat_t *chat, const nt_turn_request_t *request,
              const nt_turn_sink_t *sink)
{
    nt_buf_t   name = { 0 }, id = { 0 };
    nt_turn_t *turn;

    if (chat->draining || chat->n >= NT_CHAT_TURNS_MAX) {
        return NULL;
    }

    turn = calloc(1, sizeof(*turn));

    if (turn == NULL) {
        return NULL;
    }

    (void) uv_timer_init(chat->options.loop, &turn->timer);
    turn->timer.data = turn;
    turn->chat = chat;
    turn->sink = *sink;
    turn->regenerate = request->regenerate;
    turn->error_type = "internal_error";
    turn->user = strdup(request->user);
    turn->base_url = strdup(request->base_url != NULL ? request->base_url : "");
    turn->request = json_deep_copy(request->message);
    turn->client_tools = json_incref(request->client_tools);
    TAILQ_INSERT_TAIL(&chat->turns, turn, entry);
    chat->n++;

    if (turn->user != NULL && turn->request != NULL && set_thread(turn)) {
        nt_buf_printf(&id, "chat-%s", turn->thread_id);
        nt_workspace_name(&name, nt_str(turn->user),
                          (nt_str_t) { id.data, id.len });
        nt_buf_free(&id);
        turn->workspace = name.data;
    }

    if (turn->workspace == NULL || name.failed || turn->base_url == NULL) {
        turn->over = true;
        settle(turn);
        return NULL;
    }

    (void) uv_timer_start(&turn->timer, on_first_tick, 0, 0);
    return turn;
}


const char *
nt_turn_thread(const nt_turn_t *turn)
{
    return turn->thread_id;
}


/* --- from outside --- */

void
nt_turn_ready(nt_turn_t *turn)
{
    if (turn->watch != NULL) {
        nt_watch_resume(turn->watch);
    }

    if (turn->slow) {
        turn->slow = false;
        nt_call_resume(turn->call);
    }
}


/* Ends a wait for the client. */
static void
wake(nt_turn_t *turn)
{
    nt_turn_ready(turn);

    if (turn->waits[0] != '\0') {
        turn->waits[0] = '\0';
        nt_call_resume(turn->call);
    }
}


void
nt_turn_stop(nt_turn_t *turn)
{
    turn->sink = (nt_turn_sink_t) { 0 };

    if (turn->stopped || turn->over) {
        return;
    }

    turn->stopped = true;

    if (turn->run != NULL) {
        keep_said(turn);
        nt_run_cancel(turn->run);
        nt_chat_activate(turn);
    }
}


static void
on_left(uv_timer_t *timer)
{
    nt_turn_stop(timer->data);
}


void
nt_turn_leave(nt_turn_t *turn)
{
    if (turn->mode == NT_CHAT_AGENT) {
        nt_turn_stop(turn);
        return;
    }

    turn->sink = (nt_turn_sink_t) { 0 };
    turn->left = true;

    if (turn->call != NULL) {
        wake(turn);
    }

    if (turn->run != NULL && turn->mode != NT_CHAT_WORKFLOW) {
        (void) uv_timer_start(&turn->timer, on_left, NT_CHAT_LEFT_MS, 0);
    }
}


void
nt_turn_tool_result(nt_turn_t *turn, json_t *result)
{
    const char *id = json_string_value(json_object_get(result, "tool_call_id"));

    if (id != NULL && turn->waits[0] != '\0' && strcmp(turn->waits, id) == 0) {
        json_decref(turn->result);
        turn->result = json_incref(result);
        wake(turn);
    }
}


/* --- from the fiber --- */

typedef struct {
    nt_turn_t *turn;
    json_t    *message; /* as the thread has it; owned */
} keeping_t;


static void
on_kept(void *arg, int status, const char *message, json_t *value)
{
    keeping_t *keeping = arg;
    nt_turn_t *turn = keeping->turn;

    if (status == 200) {
        keeping->message = json_incref(value);
    } else {
        (void) nt_call_fail(turn->call, "%s", message);
    }

    nt_call_resume(turn->call);
}


bool
nt_turn_keep(nt_turn_t *turn, json_t *message)
{
    keeping_t keeping = { .turn = turn };

    if (message == NULL || nt_call_cancelled(turn->call)) {
        json_decref(message);
        (void) nt_call_fail(turn->call, NOMEM);
        return false;
    }

    nt_messages_append(turn->chat->options.threads, turn->user, turn->thread_id,
                       NULL, message, on_kept, &keeping);
    json_decref(message);
    nt_call_suspend(turn->call, NULL, NULL); /* the store always answers */

    if (keeping.message == NULL) {
        turn->error_type = "service_unavailable";
        return false;
    }

    nt_turn_tell(turn, keeping.message);
    return true;
}
