/*
 * What engines tell each other by channels: that there is something in the
 * queue, that a job is to be cancelled, that a job has new events.  All of it
 * only makes things faster: a message that gets lost is made up for by the
 * next look.
 */

#include "engine/jobs/store_redis_int.h"

#include <stdio.h>
#include <stdlib.h>


static nt_red_ear_t *
nt_red_ear(const nt_table_t *table, const char *name)
{
    nt_link_t *link = nt_table_find(table, name);

    return link ? nt_table_entry(link, nt_red_ear_t, link) : NULL;
}


/* Listens to the channel `prefix` and `name`. */
static void
nt_red_ear_open(nt_red_store_t *red, nt_table_t *table, nt_str_t prefix,
                const char *name)
{
    nt_red_ear_t *ear = nt_red_ear(table, name);
    size_t        size = strlen(name) + 1;

    if (ear) {
        ear->refs++;
        return;
    }

    ear = calloc(1, sizeof(*ear) + prefix.len + size);
    if (ear == NULL) {
        return; /* those who watch a job look for themselves */
    }

    ear->refs = 1;
    memcpy(ear->channel, prefix.data, prefix.len);
    memcpy(ear->channel + prefix.len, name, size);

    if (!nt_table_add(table, &ear->link, ear->channel + prefix.len)) {
        free(ear);
        return;
    }

    nt_redis_subscribe(red->control, ear->channel);
}


static void
nt_red_ear_close(nt_red_store_t *red, nt_table_t *table, const char *name)
{
    nt_red_ear_t *ear = nt_red_ear(table, name);

    if (ear && --ear->refs == 0) {
        nt_redis_unsubscribe(red->control, ear->channel);
        nt_table_remove(table, &ear->link);
        free(ear);
    }
}


void
nt_red_listen(nt_store_t *store, const char *job_id)
{
    nt_red_store_t *red = (nt_red_store_t *) store;

    nt_red_ear_open(red, &red->ears, NT_STR(NT_RED_WATCH), job_id);
}


void
nt_red_ignore(nt_store_t *store, const char *job_id)
{
    nt_red_store_t *red = (nt_red_store_t *) store;

    nt_red_ear_close(red, &red->ears, job_id);
}


bool
nt_red_hears(nt_store_t *store, const char *job_id)
{
    nt_red_store_t     *red = (nt_red_store_t *) store;
    const nt_red_ear_t *ear = nt_red_ear(&red->ears, job_id);

    return ear && ear->subscribed && nt_redis_connected(red->control);
}


void
nt_red_follow(nt_store_t *store, const char *user)
{
    nt_red_store_t *red = (nt_red_store_t *) store;

    nt_red_ear_open(red, &red->followed, NT_STR(NT_RED_JOBS), user);

    if (!red->tells) {
        nt_red_tick(red); /* engines do not tell what nobody wants to know */
    }
}


void
nt_red_unfollow(nt_store_t *store, const char *user)
{
    nt_red_store_t *red = (nt_red_store_t *) store;

    nt_red_ear_close(red, &red->followed, user);
}


/* Each ear, and what it is on the way to. */
static void
nt_red_ears(nt_red_store_t *red, const nt_table_t *table,
            void (*visit)(nt_red_store_t *red, nt_red_ear_t *ear))
{
    nt_link_t *link, *next;

    for (size_t i = 0; i < table->size; i++) {
        for (link = table->slots[i]; link; link = next) {
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
    nt_red_ears(red, &red->ears, nt_red_ear_free);
    nt_red_ears(red, &red->followed, nt_red_ear_free);
    nt_table_free(&red->ears);
    nt_table_free(&red->followed);
}


void
nt_red_on_listening(void *arg)
{
    nt_red_store_t *red = arg;

    char own[sizeof(NT_RED_OWN) + NT_RED_ENGINE];

    snprintf(own, sizeof(own), NT_RED_OWN "%s", red->engine);
    nt_redis_subscribe(red->control, NT_RED_CONTROL);
    nt_redis_subscribe(red->control, own);
    nt_red_ears(red, &red->ears, nt_red_ear_subscribe);
    nt_red_ears(red, &red->followed, nt_red_ear_subscribe);
}


/* What stands behind the prefix in a channel, or NULL. */
static const char *
nt_red_behind(const char *channel, nt_str_t prefix)
{
    return strncmp(channel, prefix.data, prefix.len) == 0 ? channel + prefix.len
                                                          : NULL;
}


/* What happened before that was not told. */
void
nt_red_on_subscribed(void *arg, const char *channel)
{
    nt_red_store_t *red = arg;
    const char     *id = nt_red_behind(channel, NT_STR(NT_RED_WATCH));
    nt_red_ear_t   *ear = id ? nt_red_ear(&red->ears, id) : NULL;

    if (ear) {
        ear->subscribed = true;
        if (red->handler.news) {
            red->handler.news(red->handler.arg, id, true);
        }
    }
}


/* Status, id, workflow and error, a line each. */
static void
nt_red_on_update(nt_red_store_t *red, const char *user, nt_str_t message)
{
    char           *text, *rest, *fields[4];
    nt_job_record_t record;

    if (nt_red_ear(&red->followed, user) == NULL || !red->handler.update) {
        return;
    }

    text = rest = strndup(message.data, message.len);

    for (size_t i = 0; i < 4; i++) {
        fields[i] = i < 3 ? strsep(&rest, "\n") : rest;
        if (fields[i] == NULL) {
            free(text);
            return; /* out of memory, or not of ours */
        }
    }

    record = (nt_job_record_t) {
        .id = fields[1],
        .user = user,
        .workflow_id = fields[2],
        .status = fields[0],
        .error = fields[3][0] != '\0' ? fields[3] : NULL,
    };
    red->handler.update(red->handler.arg, &record);
    free(text);
}


void
nt_red_on_message(void *arg, const char *channel, nt_str_t message)
{
    nt_red_store_t *red = arg;
    const char     *id = nt_red_behind(channel, NT_STR(NT_RED_WATCH));
    const char     *user = nt_red_behind(channel, NT_STR(NT_RED_JOBS));

    if (nt_red_behind(channel, NT_STR(NT_RED_OWN))) {
        nt_red_on_asked(red, message);

    } else if (user) {
        nt_red_on_update(red, user, message);

    } else if (id == NULL) {
        nt_red_on_control(red, message);

    } else if (nt_red_ear(&red->ears, id) && red->handler.news) {
        red->handler.news(red->handler.arg, id,
                          nt_str_eq(message, NT_STR("end")));
    }
}
