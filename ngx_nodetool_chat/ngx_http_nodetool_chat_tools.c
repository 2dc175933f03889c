/*
 * ngx_http_nodetool_chat_tools.c - tools that are workflows: those that a
 * request names, and those that its location has.
 *
 * A request is looked through for them while it is scanned, and only within
 * its list of tools.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


/* The blanks in front of `p`, not beyond `start`, are left behind. */
static u_char *
ngx_nodetool_tools_back(u_char *p, u_char *start)
{
    while (p > start &&
           (p[-1] == ' ' || p[-1] == '\n' || p[-1] == '\r' || p[-1] == '\t'))
    {
        p--;
    }

    return p;
}


/* Is there "type": "workflow"? */
static ngx_uint_t
ngx_nodetool_tools_search(u_char *pos, u_char *last)
{
    u_char *p, *found;

    static const char name[] = "\"type\"";
    static const char value[] = "\"workflow\"";

    for (p = pos; p < last; p = found + 1) {
        found = memmem(p, last - p, value, sizeof(value) - 1);
        if (found == NULL) {
            return 0;
        }

        p = ngx_nodetool_tools_back(found, pos);

        if (p > pos && p[-1] == ':') {
            p = ngx_nodetool_tools_back(p - 1, pos);

            if ((size_t) (p - pos) >= sizeof(name) - 1 &&
                ngx_memcmp(p - (sizeof(name) - 1), name, sizeof(name) - 1) == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* Looks through the next bytes of the list; what was cut in two is found by
 * the end of those before. */
static void
ngx_nodetool_tools_take(ngx_nodetool_tools_t *tools, u_char *pos, u_char *last)
{
    size_t n, keep;
    u_char seam[2 * sizeof(tools->tail)];

    n = ngx_min((size_t) (last - pos), sizeof(tools->tail));

    ngx_memcpy(seam, tools->tail, tools->len);
    ngx_memcpy(seam + tools->len, pos, n);

    tools->workflow = ngx_nodetool_tools_search(seam, seam + tools->len + n) ||
                      ngx_nodetool_tools_search(pos, last);

    if (n == sizeof(tools->tail)) {
        ngx_memcpy(tools->tail, last - n, n);
        tools->len = n;
        return;
    }

    keep = ngx_min(tools->len + n, sizeof(tools->tail));
    ngx_memcpy(tools->tail, seam + tools->len + n - keep, keep);
    tools->len = keep;
}


void
ngx_nodetool_tools_feed(ngx_nodetool_chat_ctx_t *ctx, uint64_t at, u_char *pos,
                        u_char *last)
{
    nt_json_field_t      *f;
    ngx_nodetool_tools_t *tools;

    f = &ctx->fields[NGX_NODETOOL_REQ_TOOLS];
    tools = ctx->engine.tools;

    if (f->type != NT_JSON_ARRAY || (f->end != 0 && f->end <= at)) {
        return;
    }

    if (tools == NULL) {
        tools = ngx_pcalloc(ctx->request->pool, sizeof(ngx_nodetool_tools_t));
        if (tools == NULL) {
            return;
        }

        ctx->engine.tools = tools;
    }

    if (tools->workflow) {
        return;
    }

    if (f->start > at) {
        pos += f->start - at;
        at = f->start;
    }

    if (f->end != 0) {
        last = ngx_min(last, pos + (f->end - at));
    }

    ngx_nodetool_tools_take(tools, pos, last);
}


ngx_uint_t
ngx_nodetool_tools_wanted(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_chat_loc_conf_t *lcf;

    lcf = ngx_http_get_module_loc_conf(ctx->request,
                                       ngx_http_nodetool_chat_module);

    return lcf->tools != NULL ||
           (ctx->engine.tools != NULL && ctx->engine.tools->workflow);
}


void
ngx_nodetool_tools_head(ngx_array_t *tools, nt_buf_t *head)
{
    ngx_str_t *id;
    ngx_uint_t i;

    if (tools == NULL) {
        return;
    }

    id = tools->elts;
    nt_buf_append_str(head, NT_STR(",\"tools\":["));

    for (i = 0; i < tools->nelts; i++) {
        nt_buf_append(head, ",", i > 0);
        nt_buf_append_str(head,
                          NT_STR("{\"type\":\"workflow\",\"workflow_id\":"));
        nt_buf_append_json(head, ngx_nodetool_str(&id[i]));
        nt_buf_append_char(head, '}');
    }

    nt_buf_append_char(head, ']');
}


/* nodetool_chat_tools WORKFLOW ... | off; */
char *
ngx_nodetool_chat_tools(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_loc_conf_t *lcf = conf;

    ngx_str_t *value, *id;
    ngx_uint_t i;

    if (lcf->tools != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        lcf->tools = NULL;
        return NGX_CONF_OK;
    }

    lcf->tools =
        ngx_array_create(cf->pool, cf->args->nelts - 1, sizeof(ngx_str_t));
    if (lcf->tools == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        id = ngx_array_push(lcf->tools);
        if (id == NULL) {
            return NGX_CONF_ERROR;
        }

        *id = value[i];
    }

    return NGX_CONF_OK;
}


char *
ngx_nodetool_tools_merge(ngx_conf_t *cf, ngx_array_t *tools)
{
    ngx_uint_t                     i;
    ngx_nodetool_provider_t      **p;
    ngx_nodetool_chat_main_conf_t *mcf;

    if (tools == NULL) {
        return NGX_CONF_OK;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_chat_module);
    p = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        if (p[i]->dialect == NGX_NODETOOL_DIALECT_ENGINE) {
            return NGX_CONF_OK;
        }
    }

    return "\"nodetool_chat_tools\" needs a nodetool_provider with the "
           "\"dialect engine\"";
}
