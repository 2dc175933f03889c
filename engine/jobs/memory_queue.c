/*
 * The queue of the memory store: users come in turns, the jobs of a user in
 * their order, and none that a limit forbids.
 */

#include "engine/jobs/store_memory_int.h"

#include <stdlib.h>

/* So many jobs of a user are looked at for one that may run, when the first
 * ones are of workflows that run as often as they may. */
#define NT_MEM_LOOK 64


static nt_mem_party_t *
nt_mem_party(nt_table_t *table, const char *name)
{
    nt_link_t      *link = nt_table_find(table, name);
    nt_mem_party_t *party;
    size_t          size = strlen(name) + 1;

    if (link) {
        party = nt_table_entry(link, nt_mem_party_t, link);
        party->refs++;
        return party;
    }

    party = calloc(1, sizeof(*party) + size);
    if (party == NULL) {
        return NULL;
    }

    party->refs = 1;
    TAILQ_INIT(&party->queue);
    memcpy(party->name, name, size);

    if (!nt_table_add(table, &party->link, party->name)) {
        free(party);
        return NULL;
    }

    return party;
}


static void
nt_mem_party_unref(nt_table_t *table, nt_mem_party_t *party)
{
    if (party && --party->refs == 0) {
        nt_table_remove(table, &party->link);
        free(party);
    }
}


bool
nt_mem_enter(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    job->party = nt_mem_party(&mem->users, job->user);
    job->flow = nt_mem_party(&mem->workflows, job->workflow_id);

    if (job->party == NULL || job->flow == NULL) {
        nt_mem_exit(mem, job);
        return false;
    }

    return true;
}


void
nt_mem_exit(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    if (job->loaded) {
        job->loaded = false;
        job->party->running--;
        job->flow->running--;
    }

    nt_mem_party_unref(&mem->users, job->party);
    nt_mem_party_unref(&mem->workflows, job->flow);
    job->party = job->flow = NULL;
}


/* Graphs that are no workflow's have the name "", and no limit in common. */
static bool
nt_mem_below(const nt_mem_party_t *party, unsigned max)
{
    return max == 0 || party->name[0] == '\0' || party->running < max;
}


bool
nt_mem_may_run(const nt_mem_store_t *mem, const nt_mem_job_t *job)
{
    return nt_mem_below(job->party, mem->options.max_user) &&
           nt_mem_below(job->flow, mem->options.max_workflow);
}


void
nt_mem_load(nt_mem_job_t *job)
{
    job->loaded = true;
    job->party->running++;
    job->flow->running++;
}


bool
nt_mem_queue_full(const nt_mem_store_t *mem, const nt_mem_job_t *job)
{
    unsigned max = mem->options.max_queued;

    return mem->n_queue / 2 >= max ||
           (mem->n_queue >= max && job->party->waiting > 0);
}


void
nt_mem_queue_add(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    nt_mem_party_t *user = job->party;

    TAILQ_INSERT_TAIL(&user->queue, job, state_entry);
    mem->n_queue++;

    if (user->waiting++ == 0) {
        TAILQ_INSERT_TAIL(&mem->turns, user, turn_entry);
    }
}


void
nt_mem_queue_remove(nt_mem_store_t *mem, nt_mem_job_t *job)
{
    nt_mem_party_t *user = job->party;

    TAILQ_REMOVE(&user->queue, job, state_entry);
    mem->n_queue--;

    if (--user->waiting == 0) {
        TAILQ_REMOVE(&mem->turns, user, turn_entry);
    }
}


/* A job of this user that may run, or NULL. */
static nt_mem_job_t *
nt_mem_turn(const nt_mem_store_t *mem, const nt_mem_party_t *user)
{
    nt_mem_job_t *job;
    unsigned      n = 0;

    if (!nt_mem_below(user, mem->options.max_user)) {
        return NULL;
    }

    TAILQ_FOREACH(job, &user->queue, state_entry)
    {
        if (n++ == NT_MEM_LOOK) {
            break;
        }

        if (nt_mem_below(job->flow, mem->options.max_workflow)) {
            return job;
        }
    }

    return NULL;
}


nt_mem_job_t *
nt_mem_queue_next(nt_mem_store_t *mem)
{
    nt_mem_party_t *user;
    nt_mem_job_t   *job;

    TAILQ_FOREACH(user, &mem->turns, turn_entry)
    {
        job = nt_mem_turn(mem, user);
        if (job == NULL) {
            continue;
        }

        TAILQ_REMOVE(&mem->turns, user, turn_entry);
        TAILQ_INSERT_TAIL(&mem->turns, user, turn_entry);
        nt_mem_queue_remove(mem, job);

        return job;
    }

    return NULL;
}


unsigned
nt_mem_queue_place(const nt_mem_store_t *mem, const nt_mem_job_t *job)
{
    const nt_mem_party_t *user;
    const nt_mem_job_t   *other;
    unsigned              own = 0, place = 0;

    TAILQ_FOREACH(other, &job->party->queue, state_entry)
    {
        own++;
        if (other == job) {
            break;
        }
    }

    TAILQ_FOREACH(user, &mem->turns, turn_entry)
    {
        place += user->waiting < own ? user->waiting : own;
    }

    return place;
}
