/*
 * Those who follow the jobs of a user.
 */

#include "engine/jobs/jobs_int.h"

#include <stdlib.h>

TAILQ_HEAD(nt_follow_list, nt_follow);

/* A user who is followed. */
typedef struct {
    nt_link_t             link; /* in jobs->followed */
    struct nt_follow_list list;
    bool                  telling;
    char                  user[];
} nt_followed_t;

struct nt_follow {
    TAILQ_ENTRY(nt_follow) entry;

    nt_jobs_t     *jobs;
    nt_followed_t *followed;
    nt_follow_cb   update; /* NULL: closed while updates are told */
    void          *arg;
};


static nt_followed_t *
nt_followed(const nt_jobs_t *jobs, const char *user)
{
    nt_link_t *link = nt_table_find(&jobs->followed, user);

    return link ? nt_table_entry(link, nt_followed_t, link) : NULL;
}


static nt_followed_t *
nt_followed_new(nt_jobs_t *jobs, const char *user)
{
    size_t         size = strlen(user) + 1;
    nt_followed_t *followed = calloc(1, sizeof(*followed) + size);

    if (followed == NULL) {
        return NULL;
    }

    TAILQ_INIT(&followed->list);
    memcpy(followed->user, user, size);

    if (!nt_table_add(&jobs->followed, &followed->link, followed->user)) {
        free(followed);
        return NULL;
    }

    if (jobs->store->follow) {
        jobs->store->follow(jobs->store, user);
    }

    return followed;
}


/* Frees those who have closed, and a user whom nobody follows any more. */
static void
nt_followed_settle(nt_jobs_t *jobs, nt_followed_t *followed)
{
    nt_follow_t *follow, *next;

    for (follow = TAILQ_FIRST(&followed->list); follow; follow = next) {
        next = TAILQ_NEXT(follow, entry);
        if (follow->update == NULL) {
            TAILQ_REMOVE(&followed->list, follow, entry);
            free(follow);
        }
    }

    if (TAILQ_EMPTY(&followed->list)) {
        if (jobs->store->unfollow) {
            jobs->store->unfollow(jobs->store, followed->user);
        }
        nt_table_remove(&jobs->followed, &followed->link);
        free(followed);
    }
}


void
nt_jobs_on_update(void *arg, const nt_job_record_t *job)
{
    nt_jobs_t     *jobs = arg;
    nt_followed_t *followed;
    nt_follow_t   *follow;

    if (jobs->followed.n == 0) {
        return;
    }

    followed = nt_followed(jobs, job->user);
    if (followed == NULL) {
        return;
    }

    followed->telling = true;
    TAILQ_FOREACH(follow, &followed->list, entry)
    {
        if (follow->update) {
            follow->update(follow->arg, job);
        }
    }
    followed->telling = false;

    nt_followed_settle(jobs, followed);
}


nt_follow_t *
nt_jobs_follow(nt_jobs_t *jobs, const char *user, nt_follow_cb update,
               void *arg)
{
    nt_follow_t *follow = calloc(1, sizeof(*follow));

    if (follow == NULL) {
        return NULL;
    }

    follow->jobs = jobs;
    follow->update = update;
    follow->arg = arg;
    follow->followed = nt_followed(jobs, user);

    if (follow->followed == NULL) {
        follow->followed = nt_followed_new(jobs, user);
    }

    if (follow->followed == NULL) {
        free(follow);
        return NULL;
    }

    TAILQ_INSERT_TAIL(&follow->followed->list, follow, entry);

    return follow;
}


void
nt_follow_close(nt_follow_t *follow)
{
    follow->update = NULL;

    if (!follow->followed->telling) {
        nt_followed_settle(follow->jobs, follow->followed);
    }
}
