/*
 * ngx_http_nodetool_workflow_route.c - which operation a request asks for.
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"

#define BODY   NGX_HTTP_NODETOOL_WORKFLOW_BODY
#define EVENTS NGX_HTTP_NODETOOL_WORKFLOW_EVENTS
#define RUN    NGX_HTTP_NODETOOL_WORKFLOW_RUN
#define LIST   NGX_HTTP_NODETOOL_WORKFLOW_LIST
#define READ   (NGX_HTTP_GET | NGX_HTTP_HEAD)


static const ngx_http_nodetool_workflow_route_t
    ngx_http_nodetool_workflow_routes[] = {

        { "workflows", NULL, "", READ, "workflow.list", LIST },
        { "workflows", "workflow_id", "", READ, "workflow.get", 0 },
        { "workflows", "workflow_id", "", NGX_HTTP_PUT, "workflow.put", BODY },
        { "workflows", "workflow_id", "", NGX_HTTP_DELETE, "workflow.delete",
          0 },
        { "workflows", "workflow_id", "run", NGX_HTTP_POST, "job.run",
          BODY | RUN },
        { "workflows", "workflow_id", "run/stream", NGX_HTTP_POST, "job.run",
          BODY | RUN | EVENTS },

        { "jobs", NULL, "", READ, "job.list", LIST },
        { "jobs", "job_id", "", READ, "job.get", 0 },
        { "jobs", "job_id", "events", READ, "job.events", EVENTS },
        { "jobs", "job_id", "cancel", NGX_HTTP_POST, "job.cancel", 0 },

        { "api/nodes/metadata", NULL, "", READ, "node.list", 0 },

        { NULL, NULL, NULL, 0, NULL, 0 }
    };


const ngx_http_nodetool_workflow_route_t ngx_http_nodetool_workflow_health = {
    NULL, NULL, NULL, READ, "health", 0
};


static const struct {
    ngx_uint_t  method;
    const char *name;
} ngx_http_nodetool_workflow_methods[] = {
    { NGX_HTTP_GET, "GET" },       { NGX_HTTP_HEAD, "HEAD" },
    { NGX_HTTP_POST, "POST" },     { NGX_HTTP_PUT, "PUT" },
    { NGX_HTTP_DELETE, "DELETE" }, { 0, NULL }
};


static ngx_uint_t
ngx_http_nodetool_workflow_equal(ngx_str_t *s, const char *text)
{
    return s->len == ngx_strlen(text) &&
           ngx_strncmp(s->data, text, s->len) == 0;
}


/* Takes the first segment off a path that has no slash in front. */

static ngx_str_t
ngx_http_nodetool_workflow_segment(ngx_str_t *path)
{
    u_char   *slash;
    ngx_str_t segment;

    segment.data = path->data;

    slash = ngx_strlchr(path->data, path->data + path->len, '/');

    if (slash == NULL) {
        segment.len = path->len;
        path->data += path->len;
        path->len = 0;
        return segment;
    }

    segment.len = slash - path->data;
    path->len -= segment.len + 1;
    path->data = slash + 1;

    return segment;
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
    ngx_http_request_t *r, const ngx_http_nodetool_workflow_route_t **route,
    ngx_str_t *id, const char **allow)
{
    ngx_str_t                                 whole, path, collection;
    ngx_uint_t                                methods;
    const ngx_http_nodetool_workflow_route_t *rt;

    path = r->uri;

    if (path.len && path.data[0] == '/') {
        path.data++;
        path.len--;
    }

    if (path.len && path.data[path.len - 1] == '/') {
        path.len--;
    }

    whole = path;
    collection = ngx_http_nodetool_workflow_segment(&path);
    *id = ngx_http_nodetool_workflow_segment(&path);

    methods = 0;

    for (rt = ngx_http_nodetool_workflow_routes; rt->collection; rt++) {
        if (rt->id == NULL) {
            if (!ngx_http_nodetool_workflow_equal(&whole, rt->collection)) {
                continue;
            }

        } else if (id->len == 0 ||
                   !ngx_http_nodetool_workflow_equal(&collection,
                                                     rt->collection) ||
                   !ngx_http_nodetool_workflow_equal(&path, rt->action))
        {
            continue;
        }

        if (rt->methods & r->method) {
            *route = rt;
            return NGX_OK;
        }

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
