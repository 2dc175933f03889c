/*
 * engine/ws/terminal.c - /terminal: a connection and its shell.
 *
 * What is typed and shown goes to nobody else and into no log.  A session
 * ends with whichever ends first, connection or shell; its memory goes when
 * both have.
 */

#include "engine/ws/terminal.h"

#include <stdlib.h>
#include <string.h>

#include "core/nt_buf.h"
#include "engine/log.h"
#include "engine/ws/pty.h"
#include "engine/ws/ws.h"

typedef struct {
    nt_ws_t        *ws;  /* NULL: the connection has ended */
    nt_pty_t       *pty; /* NULL: the shell has */
    nt_terminals_t *terminals;
    char           *user;
    char           *request_id;
    const char     *why; /* it was ended, for the log */
    uv_timer_t      timer;
    uint64_t        started; /* on the loop's clock, as the next one */
    uint64_t        active;  /* last input or output */
} nt_terminal_t;


/* --- the end --------------------------------------------------------------*/

static void
free_terminal(nt_terminal_t *t)
{
    free(t->user);
    free(t->request_id);
    free(t);
}


static void
on_timer_closed(uv_handle_t *handle)
{
    free_terminal(handle->data);
}


static void
release(nt_terminal_t *t)
{
    if (t->ws == NULL && t->pty == NULL) {
        uv_close((uv_handle_t *) &t->timer, on_timer_closed);
    }
}


static void
on_shell_exit(void *arg, int status)
{
    json_t        *message;
    nt_terminal_t *t = arg;
    uint64_t       now = uv_now(t->timer.loop);

    t->pty = NULL;
    t->terminals->live--;
    (void) uv_timer_stop(&t->timer);

    nt_log_request(NT_LOG_INFO, t->request_id,
                   "terminal: user %s: ended after %llu s with status %d%s%s",
                   t->user, (unsigned long long) (now - t->started) / 1000,
                   status, t->why != NULL ? ": " : "",
                   t->why != NULL ? t->why : "");

    if (t->ws != NULL) {
        message = json_pack("{s:s, s:i}", "type", "exit", "code", status);
        nt_ws_send(t->ws, message);
        json_decref(message);
        nt_ws_close(t->ws, NT_WS_CLOSE_NORMAL, "The shell has ended.");
    }

    release(t);
}


/* --- limits ---------------------------------------------------------------*/

static void
send_error(nt_terminal_t *t, const char *text)
{
    json_t *message = json_pack("{s:s, s:s}", "type", "error", "message", text);

    nt_ws_send(t->ws, message);
    json_decref(message);
}


static void
on_limit(uv_timer_t *timer)
{
    nt_terminal_t        *t = timer->data;
    const nt_terminals_t *limits = t->terminals;
    uint64_t              now = uv_now(timer->loop);
    uint64_t              idle = t->active + limits->idle_s * UINT64_C(1000);
    uint64_t              end = t->started + limits->time_s * UINT64_C(1000);
    uint64_t              next = idle < end ? idle : end;

    if (now < next) {
        (void) uv_timer_start(timer, on_limit, next - now, 0);
        return;
    }

    if (now < end) {
        t->why = "it was idle for too long";
        send_error(t, "The terminal was idle for too long.");
    } else {
        t->why = "it was open for too long";
        send_error(t, "The terminal was open for too long.");
    }

    nt_ws_close(t->ws, NT_WS_CLOSE_NORMAL, "A limit of time.");
    nt_pty_hang_up(t->pty);
}


/* --- output ---------------------------------------------------------------*/

static void
on_output(void *arg, const char *data, size_t len)
{
    nt_buf_t       text = { 0 };
    nt_terminal_t *t = arg;

    t->active = uv_now(t->timer.loop);

    nt_buf_append_str(&text, NT_STR("{\"type\":\"output\",\"data\":"));
    nt_buf_append_json(&text, (nt_str_t) { data, len });
    nt_buf_append_char(&text, '}');

    if (text.failed) {
        nt_ws_close(t->ws, NT_WS_CLOSE_ERROR, "The server is out of memory.");
    } else {
        nt_ws_send_json(t->ws, text.data, text.len);
    }

    nt_buf_free(&text);

    if (nt_ws_slow(t->ws)) {
        nt_pty_read(t->pty, false); /* the shell waits, as at a slow line */
    }
}


static void
terminal_ready(void *session)
{
    nt_terminal_t *t = session;

    if (t->pty != NULL) {
        nt_pty_read(t->pty, true);
    }
}


/* --- input ----------------------------------------------------------------*/

static void
take_input(nt_terminal_t *t, const json_t *message)
{
    const json_t *text = json_object_get(message, "data");

    if (!json_is_string(text)) {
        send_error(t, "input needs a text in data");
        return;
    }

    t->active = uv_now(t->timer.loop);

    if (!nt_pty_write(t->pty, json_string_value(text),
                      json_string_length(text))) {
        send_error(t, "The shell does not read its input, which is lost.");
    }
}


static void
resize(nt_terminal_t *t, const json_t *message)
{
    json_int_t columns = json_integer_value(json_object_get(message, "cols"));
    json_int_t rows = json_integer_value(json_object_get(message, "rows"));

    if (columns < 1 || columns > NT_PTY_SIZE_MAX || rows < 1 ||
        rows > NT_PTY_SIZE_MAX)
    {
        send_error(t, "resize needs cols and rows from 1 to 1000");

    } else if (!nt_pty_resize(t->pty, (unsigned) columns, (unsigned) rows)) {
        send_error(t, "The terminal cannot be resized.");
    }
}


static void
terminal_message(void *session, json_t *message)
{
    nt_terminal_t *t = session;
    const char    *type = json_string_value(json_object_get(message, "type"));

    if (t->pty == NULL) {
        return; /* it crossed the end */
    }

    if (type == NULL) {
        send_error(t, "A message needs a type: input, resize or ping.");
    } else if (strcmp(type, "input") == 0) {
        take_input(t, message);
    } else if (strcmp(type, "resize") == 0) {
        resize(t, message);
    } else if (strcmp(type, "ping") == 0) {
        nt_ws_send_pong(t->ws);
    } else {
        send_error(t, "Unknown message type: there are input, resize and "
                      "ping.");
    }
}


/* --- the start ------------------------------------------------------------*/

/* False: the connection was closed with the reason. */
static bool
allowed(nt_ws_t *ws, const nt_terminals_t *terminals, const nt_ws_peer_t *peer)
{
    if (terminals == NULL) {
        nt_ws_close(ws, NT_WS_CLOSE_POLICY, "Terminal access is disabled.");
        return false;
    }

    if (!peer->admin) {
        nt_ws_close(ws, NT_WS_CLOSE_POLICY,
                    "A terminal needs an administrator.");
        return false;
    }

    if (terminals->live >= terminals->max) {
        nt_ws_close(ws, NT_WS_CLOSE_LATER, "Too many terminals are open.");
        return false;
    }

    return true;
}


/* Starts the shell of a session.  False: the connection was closed. */
static bool
start_shell(nt_terminal_t *t, uv_loop_t *loop)
{
    int             error;
    const char     *what;
    nt_pty_events_t events = { .output = on_output,
                               .exit = on_shell_exit,
                               .arg = t };

    t->pty = nt_pty_start(loop, &events, &error, &what);
    if (t->pty == NULL) {
        nt_log_request(NT_LOG_ERROR, t->request_id,
                       "terminal: user %s: the shell cannot be started: %s: %s",
                       t->user, what, uv_strerror(error));
        nt_ws_close(t->ws, NT_WS_CLOSE_ERROR, "The shell failed to start.");
        return false;
    }

    t->terminals->live++;
    nt_log_request(NT_LOG_INFO, t->request_id,
                   "terminal: user %s: started (process %d), %u of %u", t->user,
                   (int) nt_pty_process(t->pty), t->terminals->live,
                   t->terminals->max);

    return true;
}


static void *
terminal_open(nt_ws_t *ws, const nt_services_t *services,
              const nt_ws_peer_t *peer)
{
    nt_terminal_t *t;

    if (!allowed(ws, services->terminals, peer)) {
        return NULL;
    }

    t = calloc(1, sizeof(*t));
    if (t == NULL) {
        return NULL;
    }

    t->ws = ws;
    t->terminals = services->terminals;
    t->user = strdup(peer->user);
    t->request_id = strdup(peer->request_id != NULL ? peer->request_id : "");

    if (t->user == NULL || t->request_id == NULL ||
        !start_shell(t, services->loop)) {
        free_terminal(t);
        return NULL;
    }

    t->started = t->active = uv_now(services->loop);
    (void) uv_timer_init(services->loop, &t->timer);
    t->timer.data = t;
    on_limit(&t->timer);

    return t;
}


static void
terminal_close(void *session)
{
    nt_terminal_t *t = session;

    t->ws = NULL;
    (void) uv_timer_stop(&t->timer);

    if (t->pty != NULL) {
        if (t->why == NULL) {
            t->why = "the connection was closed";
        }

        nt_pty_hang_up(t->pty);
    }

    release(t);
}


const nt_ws_handler_t nt_ws_terminal = { .name = "terminal",
                                         .open = terminal_open,
                                         .message = terminal_message,
                                         .ready = terminal_ready,
                                         .close = terminal_close };
