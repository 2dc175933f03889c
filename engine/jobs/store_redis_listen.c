/*
 * What engines tell each other by channels: that there is something in the
 * queue, that a job is to be cancelled, that a job has new events.  All of it
 * only makes things faster: a message that gets lost is made up for by the
 * next look.
 */

#include "engine/jobs/store_redis_int.h"

#include <stdlib.h>


static nt_red_ear_t *
nt_red_ear(const nt_red_store_t *red, const char *id)
{
    nt_link_t *link = nt_table_find(&red->ears, id);

    return link ? nt_table_entry(link, nt_red_ear_t, link) : NULL;
}


void
nt_red_listen(nt_store_t *store, const char *job_id)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_red_ear_t   *ear = nt_red_ear(red, job_id);
    size_t          prefix = sizeof(NT_RED_WATCH) - 1;
    size_t          size = strlen(job_id) + 1;

    if (ear) {
        ear->refs++;
        return;
    }

    ear = calloc(1, sizeof(*ear) + prefix + size);
    if (ear == NULL) {
        return; /* those who watch it look for themselves */
    }

    ear->refs = 1;
    memcpy(ear->channel, NT_RED_WATCH, prefix);
    memcpy(ear->channel + prefix, job_id, size);

    if (!nt_table_add(&red->ears, &ear->link, ear->channel + prefix)) {
        free(ear);
        return;
    }

    nt_redis_subscribe(red->control, ear->channel);
}


void
nt_red_ignore(nt_store_t *store, const char *job_id)
{
    nt_red_store_t *red = (nt_red_store_t *) store;
    nt_red_ear_t   *ear = nt_red_ear(red, job_id);

    if (ear && --ear->refs == 0) {
        nt_redis_unsubscribe(red->control, ear->channel);
        nt_table_remove(&red->ears, &ear->link);
        free(ear);
    }
}


bool
nt_red_hears(nt_store_t *store, const char *job_id)
{
    nt_red_store_t     *red = (nt_red_store_t *) store;
    const nt_red_ear_t *ear = nt_red_ear(red, job_id);

    return ear && ear->subscribed && nt_redis_connected(red->control);
}


/* Each ear, and what it is on the way to. */
static void
nt_red_ears(nt_red_store_t *red,
            void (*visit)(nt_red_store_t *red, nt_red_ear_t *ear))
{
    nt_link_t *link, *next;

    for (size_t i = 0; i < red->ears.size; i++) {
        for (link = red->ears.slots[i]; link; link = next) {
            next = link->next;
            visit(red, nt_table_entry(link, nt_red_ear_t, link));
        }
    }
}


static void
nt_red_ear_subscribe(nt_red_store_t *red, nt_red_ear_t *ear)
{
    ear->subscribed = false;
    nt_redis_subscribe(red->control, ear->channel);
}


static void
nt_red_ear_free(nt_red_store_t *red, nt_red_ear_t *ear)
{
    free(ear);
}


void
nt_red_ears_free(nt_red_store_t *red)
{
    nt_red_ears(red, nt_red_ear_free);
    nt_table_free(&red->ears);
}


void
nt_red_on_listening(void *arg)
{
    nt_red_store_t *red = arg;

    nt_redis_subscribe(red->control, NT_RED_CONTROL);
    nt_red_ears(red, nt_red_ear_subscribe);
}


/* The id in a job's channel, or NULL. */
static const char *
nt_red_watched(const char *channel)
{
    size_t prefix = sizeof(NT_RED_WATCH) - 1;

    return strncmp(channel, NT_RED_WATCH, prefix) == 0 ? channel + prefix
                                                       : NULL;
}


/* What happened before that was not told. */
void
nt_red_on_subscribed(void *arg, const char *channel)
{
    nt_red_store_t *red = arg;
    const char     *id = nt_red_watched(channel);
    nt_red_ear_t   *ear = id ? nt_red_ear(red, id) : NULL;

    if (ear) {
        ear->subscribed = true;
        if (red->handler.news) {
            red->handler.news(red->handler.arg, id, true);
        }
    }
}


void
nt_red_on_message(void *arg, const char *channel, nt_str_t message)
{
    nt_red_store_t *red = arg;
    const char     *id = nt_red_watched(channel);

    if (id == NULL) {
        nt_red_on_control(red, message);

    } else if (nt_red_ear(red, id) && red->handler.news) {
        red->handler.news(red->handler.arg, id,
                          nt_str_eq(message, NT_STR("end")));
    }
}
