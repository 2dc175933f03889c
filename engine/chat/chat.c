#include "engine/chat/completion_int.h"

#include <stdlib.h>

#define TICK_MS  50
#define GRACE_MS 1000 /* of a drain, after its timeout */


static void
on_idle(uv_idle_t *idle)
{
    size_t       n = 0;
    nt_chat_t   *chat = idle->data;
    nt_pumped_t *pumped;

    /* those that come back to the end of the line wait for the next turn */
    TAILQ_FOREACH(pumped, &chat->ready, entry)
    {
        n++;
    }

    while (n-- > 0 && (pumped = TAILQ_FIRST(&chat->ready)) != NULL) {
        nt_chat_deactivate(chat, pumped);
        pumped->pump(pumped);
    }

    if (TAILQ_EMPTY(&chat->ready)) {
        (void) uv_idle_stop(idle);
    }
}


void
nt_chat_activate(nt_chat_t *chat, nt_pumped_t *pumped)
{
    if (!pumped->queued) {
        pumped->queued = true;
        TAILQ_INSERT_TAIL(&chat->ready, pumped, entry);
        (void) uv_idle_start(&chat->idle, on_idle);
    }
}


void
nt_chat_deactivate(nt_chat_t *chat, nt_pumped_t *pumped)
{
    if (pumped->queued) {
        pumped->queued = false;
        TAILQ_REMOVE(&chat->ready, pumped, entry);
    }
}


nt_chat_t *
nt_chat_new(const nt_chat_options_t *options)
{
    nt_chat_t *chat = calloc(1, sizeof(*chat));

    if (chat == NULL) {
        return NULL;
    }

    chat->options = *options;
    TAILQ_INIT(&chat->turns);
    TAILQ_INIT(&chat->completions);
    TAILQ_INIT(&chat->ready);
    (void) uv_idle_init(options->loop, &chat->idle);
    (void) uv_timer_init(options->loop, &chat->timer);
    chat->idle.data = chat->timer.data = chat;
    chat->handles = 2;

    return chat;
}


static void
on_closed(uv_handle_t *handle)
{
    nt_chat_t *chat = handle->data;

    if (--chat->handles == 0) {
        free(chat);
    }
}


void
nt_chat_settle(nt_chat_t *chat)
{
    if (chat->freed && chat->n == 0) {
        uv_close((uv_handle_t *) &chat->idle, on_closed);
        uv_close((uv_handle_t *) &chat->timer, on_closed);
    }
}


static void
stop_all(nt_chat_t *chat)
{
    nt_turn_t     *turn, *next;
    nt_turn_sink_t sink;

    for (turn = TAILQ_FIRST(&chat->turns); turn != NULL; turn = next) {
        next = TAILQ_NEXT(turn, entry);
        sink = turn->sink;

        if (turn->over || turn->stopped) {
            continue;
        }

        nt_turn_stop(turn);

        if (sink.done != NULL) {
            sink.done(sink.arg);
        }
    }

    nt_completion_stop_all(chat);
}


static void
on_drain(uv_timer_t *timer)
{
    uint64_t   now;
    nt_chat_t *chat = timer->data;

    now = uv_now(chat->options.loop);

    if (chat->n > 0 && now < chat->drain_at) {
        return;
    }

    stop_all(chat);

    if (chat->n == 0 || now >= chat->drain_at + GRACE_MS) {
        (void) uv_timer_stop(timer);
        chat->drained(chat->drained_arg);
    }
}


void
nt_chat_drain(nt_chat_t *chat, unsigned timeout_ms, void (*done)(void *arg),
              void *arg)
{
    chat->draining = true;
    chat->drained = done;
    chat->drained_arg = arg;
    chat->drain_at = uv_now(chat->options.loop) + timeout_ms;
    (void) uv_timer_start(&chat->timer, on_drain, 0, TICK_MS);
}


void
nt_chat_free(nt_chat_t *chat)
{
    chat->draining = true;
    chat->freed = true;
    stop_all(chat);
    nt_chat_settle(chat);
}
