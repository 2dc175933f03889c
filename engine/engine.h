/*
 * engine/engine.h - the parts of nodetool-engine: home.c and start.c make
 * them, stop.c takes them apart, main.c has them in their order.
 *
 * What cannot be made is logged, and ends the process.
 */

#ifndef NT_ENGINE_H
#define NT_ENGINE_H

#include <stdbool.h>
#include <uv.h>

#include "engine/assets/catalog.h"
#include "engine/chat/chat.h"
#include "engine/http/http.h"
#include "engine/jobs/jobs.h"
#include "engine/nodes/registry.h"
#include "engine/options.h"
#include "engine/services.h"
#include "engine/settings/settings.h"
#include "engine/threads/threads.h"
#include "engine/wire/wire.h"
#include "engine/workflows/workflows.h"

typedef struct {
    uv_loop_t         loop;
    uv_signal_t       signals[2];
    uv_timer_t        flush;
    nt_options_t      options;
    nt_registry_t    *registry;
    nt_workflows_t   *workflows;
    nt_settings_t    *settings;
    nt_catalog_t     *catalog;
    nt_http_client_t *http;
    nt_results_t     *results;
    nt_store_t       *store;
    nt_jobs_t        *jobs;
    nt_threads_t     *threads;
    nt_chat_t        *chat;
    nt_services_t     services;
    nt_wire_t        *wire;
    int               workspace;
    int               assets;
    int               listener;
    bool              stopping;
    bool              wire_drained;
    bool              jobs_drained;
    bool              chat_drained;
} nt_engine_t;

/* Logs what went wrong with `what`, frees `error`. Always false. */
bool nt_engine_fail(const char *what, nt_buf_t *error);

/* The nodes: those built in, the packs and those of the option. */
bool nt_engine_open_registry(nt_engine_t *engine);

/* The home's folders and what is kept in them. Needs the registry. */
bool nt_engine_open_home(nt_engine_t *engine);

/* All else, on the loop and in the home; the socket last. */
bool nt_engine_start(nt_engine_t *engine);

/* SIGTERM and SIGINT stop the engine, from here on. */
bool nt_engine_watch_signals(nt_engine_t *engine);

/* What is left when the loop has ended, and the loop. */
void nt_engine_free(nt_engine_t *engine);

#endif /* NT_ENGINE_H */
