/*
 * ngx_http_nodetool_workflow_route.c - which operation a request asks for.
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"

#define BODY   NGX_HTTP_NODETOOL_WORKFLOW_BODY
#define UPLOAD NGX_HTTP_NODETOOL_WORKFLOW_UPLOAD
#define EVENTS NGX_HTTP_NODETOOL_WORKFLOW_EVENTS
#define LINES  NGX_HTTP_NODETOOL_WORKFLOW_LINES
#define RUN    NGX_HTTP_NODETOOL_WORKFLOW_RUN
#define BASE   NGX_HTTP_NODETOOL_WORKFLOW_BASE
#define READ   (NGX_HTTP_GET | NGX_HTTP_HEAD)

#define STRING(name)                                                           \
    {                                                                          \
        name, name, NGX_HTTP_NODETOOL_WORKFLOW_STRING                          \
    }
#define NUMBER(name)                                                           \
    {                                                                          \
        name, name, NGX_HTTP_NODETOOL_WORKFLOW_NUMBER                          \
    }
#define FLAG(name)                                                             \
    {                                                                          \
        name, name, NGX_HTTP_NODETOOL_WORKFLOW_FLAG                            \
    }
#define END                                                                    \
    {                                                                          \
        NULL, NULL, 0                                                          \
    }


/* --- query arguments; NodeTool's clients call some by other names --- */

static const ngx_http_nodetool_workflow_arg_t
    ngx_http_nodetool_workflow_page_args[] = { NUMBER("limit"),
                                               STRING("cursor"), END };

static const ngx_http_nodetool_workflow_arg_t
    ngx_http_nodetool_workflow_list_args[] = { NUMBER("limit"),
                                               STRING("cursor"),
                                               STRING("columns"),
                                               STRING("run_mode"), END };

static const ngx_http_nodetool_workflow_arg_t
    ngx_http_nodetool_workflow_search_args[] = {
        NUMBER("limit"),    STRING("cursor"), STRING("columns"),
        STRING("run_mode"), STRING("query"),  END
    };

static const ngx_http_nodetool_workflow_arg_t
    ngx_http_nodetool_workflow_create_args[] = { STRING("from_example_package"),
                                                 STRING("from_example_name"),
                                                 END };

static const ngx_http_nodetool_workflow_arg_t
    ngx_http_nodetool_workflow_job_args[] = { NUMBER("limit"),
                                              STRING("start_key"),
                                              STRING("workflow_id"), END };

static const ngx_http_nodetool_workflow_arg_t
    ngx_http_nodetool_workflow_asset_args[] = {
        NUMBER("limit"),
        { "page_size", "limit", NGX_HTTP_NODETOOL_WORKFLOW_NUMBER },
        STRING("cursor"),
        STRING("parent_id"),
        STRING("content_type"),
        STRING("workflow_id"),
        STRING("node_id"),
        STRING("job_id"),
        END
    };

static const ngx_http_nodetool_workflow_arg_t
    ngx_http_nodetool_workflow_find_args[] = {
        NUMBER("limit"),
        { "page_size", "limit", NGX_HTTP_NODETOOL_WORKFLOW_NUMBER },
        STRING("cursor"),
        STRING("query"),
        STRING("content_type"),
        END
    };

static const ngx_http_nodetool_workflow_arg_t
    ngx_http_nodetool_workflow_secret_args[] = {
        NUMBER("limit"),
        STRING("cursor"),
        { "start_key", "cursor", NGX_HTTP_NODETOOL_WORKFLOW_STRING },
        END
    };

static const ngx_http_nodetool_workflow_arg_t
    ngx_http_nodetool_workflow_message_args[] = { STRING("thread_id"),
                                                  NUMBER("limit"),
                                                  STRING("cursor"),
                                                  FLAG("reverse"), END };

#define PAGE    ngx_http_nodetool_workflow_page_args
#define LIST    ngx_http_nodetool_workflow_list_args
#define SEARCH  ngx_http_nodetool_workflow_search_args
#define CREATE  ngx_http_nodetool_workflow_create_args
#define JOB     ngx_http_nodetool_workflow_job_args
#define ASSET   ngx_http_nodetool_workflow_asset_args
#define FIND    ngx_http_nodetool_workflow_find_args
#define SECRET  ngx_http_nodetool_workflow_secret_args
#define MESSAGE ngx_http_nodetool_workflow_message_args


/* --- routes; those of one path stand together, words before stars --- */

const ngx_http_nodetool_workflow_route_t ngx_http_nodetool_workflow_worker[] = {

    { "workflows", READ, "workflow.list", 0, NULL, PAGE, NULL },
    { "workflows/*", READ, "workflow.get", 0, "workflow_id", NULL, NULL },
    { "workflows/*", NGX_HTTP_PUT, "workflow.put", BODY, "workflow_id", NULL,
      NULL },
    { "workflows/*", NGX_HTTP_DELETE, "workflow.delete", 0, "workflow_id", NULL,
      NULL },
    { "workflows/*/run", NGX_HTTP_POST, "job.run", BODY | RUN | BASE,
      "workflow_id", NULL, NULL },
    { "workflows/*/run/stream", NGX_HTTP_POST, "job.run",
      BODY | RUN | BASE | EVENTS, "workflow_id", NULL, NULL },

    { "jobs", READ, "job.list", 0, NULL, JOB, NULL },
    { "jobs/*", READ, "job.get", 0, "job_id", NULL, NULL },
    { "jobs/*/events", READ, "job.events", EVENTS, "job_id", NULL, NULL },
    { "jobs/*/cancel", NGX_HTTP_POST, "job.cancel", 0, "job_id", NULL, NULL },

    { NULL, 0, NULL, 0, NULL, NULL, NULL }
};


#define JOBS(prefix)                                                           \
    { prefix "jobs", READ, "job.list", 0, NULL, JOB, NULL },                   \
        { prefix "jobs/running/all", READ, "job.list", 0, NULL, JOB,           \
          "\"running\":true" },                                                \
        { prefix "jobs/*", READ, "job.get", 0, "job_id", NULL, NULL },         \
        { prefix "jobs/*/events",                                              \
          READ,                                                                \
          "job.events",                                                        \
          EVENTS,                                                              \
          "job_id",                                                            \
          NULL,                                                                \
          NULL },                                                              \
    {                                                                          \
        prefix "jobs/*/cancel", NGX_HTTP_POST, "job.cancel", 0, "job_id",      \
            NULL, NULL                                                         \
    }


const ngx_http_nodetool_workflow_route_t ngx_http_nodetool_workflow_editor[] = {

    { "api/workflows", READ, "workflow.list", BASE, NULL, LIST, NULL },
    { "api/workflows", NGX_HTTP_POST, "workflow.create", BODY | BASE, NULL,
      CREATE, NULL },
    { "api/workflows/public", READ, "workflow.list", BASE, NULL, LIST,
      "\"scope\":\"public\"" },
    { "api/workflows/public/*", READ, "workflow.get", BASE, "workflow_id", NULL,
      "\"scope\":\"public\"" },
    { "api/workflows/tools", READ, "workflow.list", BASE, NULL, LIST,
      "\"scope\":\"tools\"" },
    { "api/workflows/examples", READ, "workflow.list", BASE, NULL, LIST,
      "\"scope\":\"examples\"" },
    { "api/workflows/examples/search", READ, "workflow.list", BASE, NULL,
      SEARCH, "\"scope\":\"examples\"" },
    { "api/workflows/examples/**", READ, "workflow.get", BASE, "workflow_id",
      NULL, "\"scope\":\"examples\"" },
    { "api/workflows/*", READ, "workflow.get", BASE, "workflow_id", NULL,
      NULL },
    { "api/workflows/*", NGX_HTTP_PUT, "workflow.put", BODY | BASE,
      "workflow_id", NULL, NULL },
    { "api/workflows/*", NGX_HTTP_DELETE, "workflow.delete", 0, "workflow_id",
      NULL, NULL },
    { "api/workflows/*/run", NGX_HTTP_POST, "job.run",
      BODY | RUN | BASE | LINES, "workflow_id", NULL, NULL },
    { "api/workflows/*/run/stream", NGX_HTTP_POST, "job.run",
      BODY | RUN | BASE | EVENTS, "workflow_id", NULL, NULL },

    JOBS("api/"),
    JOBS(""),

    { "api/nodes/metadata", READ, "node.list", 0, NULL, NULL, NULL },

    { "api/assets", READ, "asset.list", BASE, NULL, ASSET, NULL },
    { "api/assets", NGX_HTTP_POST, "asset.create", UPLOAD | BASE, NULL, NULL,
      NULL },
    { "api/assets/search", READ, "asset.search", BASE, NULL, FIND, NULL },
    { "api/assets/by-filename/*", READ, "asset.get", BASE, "asset_id", NULL,
      NULL },
    { "api/assets/*/recursive", READ, "asset.tree", BASE, "asset_id", NULL,
      NULL },
    { "api/assets/*", READ, "asset.get", BASE, "asset_id", NULL, NULL },
    { "api/assets/*", NGX_HTTP_PUT, "asset.put", BODY | BASE, "asset_id", NULL,
      NULL },
    { "api/assets/*", NGX_HTTP_DELETE, "asset.delete", 0, "asset_id", NULL,
      NULL },

    { "api/settings", READ, "setting.list", 0, NULL, NULL, NULL },
    { "api/settings", NGX_HTTP_PUT, "setting.put", BODY, NULL, NULL, NULL },
    { "api/settings/secrets", READ, "secret.list", 0, NULL, SECRET, NULL },
    { "api/settings/secrets/*", READ, "secret.get", 0, "key", NULL, NULL },
    { "api/settings/secrets/*", NGX_HTTP_PUT, "secret.put", BODY, "key", NULL,
      NULL },
    { "api/settings/secrets/*", NGX_HTTP_DELETE, "secret.delete", 0, "key",
      NULL, NULL },

    { "api/threads", READ, "thread.list", 0, NULL, PAGE, NULL },
    { "api/threads", NGX_HTTP_POST, "thread.create", BODY, NULL, NULL, NULL },
    { "api/threads/*", READ, "thread.get", 0, "thread_id", NULL, NULL },
    { "api/threads/*", NGX_HTTP_PUT, "thread.put", BODY, "thread_id", NULL,
      NULL },
    { "api/threads/*", NGX_HTTP_DELETE, "thread.delete", 0, "thread_id", NULL,
      NULL },
    { "api/messages", READ, "message.list", BASE, NULL, MESSAGE, NULL },
    { "api/messages", NGX_HTTP_POST, "message.create", BODY, NULL, NULL, NULL },
    { "api/messages/*", READ, "message.get", 0, "message_id", NULL, NULL },

    { NULL, 0, NULL, 0, NULL, NULL, NULL }
};


const ngx_http_nodetool_workflow_route_t ngx_http_nodetool_workflow_health = {
    "", READ, "health", 0, NULL, NULL, NULL
};


static const struct {
    ngx_uint_t  method;
    const char *name;
} ngx_http_nodetool_workflow_methods[] = {
    { NGX_HTTP_GET, "GET" },       { NGX_HTTP_HEAD, "HEAD" },
    { NGX_HTTP_POST, "POST" },     { NGX_HTTP_PUT, "PUT" },
    { NGX_HTTP_DELETE, "DELETE" }, { 0, NULL }
};


/* Whether a path without its outer slashes is that of a route; *id becomes
 * what its star stands for, a segment that is not empty, or two stars at the
 * end, the rest of the path. */

static ngx_uint_t
ngx_http_nodetool_workflow_match(const char *route, ngx_str_t *path,
                                 ngx_str_t *id)
{
    u_char *p, *last;

    ngx_str_null(id);

    p = path->data;
    last = p + path->len;

    for (/* void */; *route; route++) {
        if (*route != '*') {
            if (p == last || *p++ != (u_char) *route) {
                return 0;
            }

            continue;
        }

        id->data = p;

        if (route[1] == '*') {
            route++;
            p = last;
        }

        while (p < last && *p != '/') {
            p++;
        }

        id->len = p - id->data;

        if (id->len == 0) {
            return 0;
        }
    }

    return p == last;
}


static const char *
ngx_http_nodetool_workflow_allow(ngx_http_request_t *r, ngx_uint_t methods)
{
    u_char           *allow, *p;
    ngx_uint_t        i;
    static const char longest[] = "GET, HEAD, POST, PUT, DELETE";

    allow = ngx_pnalloc(r->pool, sizeof(longest));
    if (allow == NULL) {
        return NULL;
    }

    p = allow;

    for (i = 0; ngx_http_nodetool_workflow_methods[i].name != NULL; i++) {
        if (methods & ngx_http_nodetool_workflow_methods[i].method) {
            p = ngx_sprintf(p, "%s%s", p == allow ? "" : ", ",
                            ngx_http_nodetool_workflow_methods[i].name);
        }
    }

    *p = '\0';

    return (char *) allow;
}


ngx_int_t
ngx_http_nodetool_workflow_find(
    ngx_http_request_t *r, const ngx_http_nodetool_workflow_route_t *table,
    const ngx_http_nodetool_workflow_route_t **route, ngx_str_t *id,
    const char **allow)
{
    ngx_str_t                                 path;
    ngx_uint_t                                methods;
    const ngx_http_nodetool_workflow_route_t *rt, *first;

    path = r->uri;

    if (path.len && path.data[0] == '/') {
        path.data++;
        path.len--;
    }

    if (path.len && path.data[path.len - 1] == '/') {
        path.len--;
    }

    methods = 0;
    first = NULL;

    for (rt = table; rt->path != NULL; rt++) {
        if (first != NULL && ngx_strcmp(rt->path, first->path) != 0) {
            break;
        }

        if (!ngx_http_nodetool_workflow_match(rt->path, &path, id)) {
            continue;
        }

        if (rt->methods & r->method) {
            *route = rt;
            return NGX_OK;
        }

        first = rt;
        methods |= rt->methods;
    }

    *allow = NULL;

    if (methods) {
        *allow = ngx_http_nodetool_workflow_allow(r, methods);
        if (*allow == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_DECLINED;
}
