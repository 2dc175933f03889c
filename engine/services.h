/*
 * engine/services.h - the parts of an engine that requests and WebSockets
 * use.
 *
 * main.c puts them together; all of them outlive whoever gets this struct.
 */

#ifndef NT_SERVICES_H
#define NT_SERVICES_H

#include <uv.h>

#include "engine/chat/chat.h"
#include "engine/assets/catalog.h"
#include "engine/http/http.h"
#include "engine/jobs/jobs.h"
#include "engine/nodes/registry.h"
#include "engine/settings/settings.h"
#include "engine/threads/threads.h"
#include "engine/workflows/workflows.h"
#include "engine/ws/terminal.h"

typedef struct {
    uv_loop_t           *loop;
    nt_jobs_t           *jobs;
    nt_workflows_t      *workflows;
    const nt_registry_t *registry;
    nt_http_client_t    *http;
    nt_terminals_t      *terminals; /* NULL: there are none */
    nt_threads_t        *threads;
    nt_chat_t           *chat;
    nt_settings_t       *settings;
    nt_catalog_t        *catalog;
} nt_services_t;

#endif
