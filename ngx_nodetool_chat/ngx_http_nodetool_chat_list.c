/*
 * ngx_http_nodetool_chat_list.c - /v1/models: one list over all providers.
 *
 * First the names that rules give to models, then the providers' lists, in
 * the order of the configuration; of an id that comes twice the first one
 * stays, as it is also the one that is asked.  Anthropic's clients get it as
 * theirs (https://docs.anthropic.com/en/api/models-list), always whole.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_id.h"

typedef struct {
    ngx_http_request_t *request;
    ngx_str_t          *id;    /* the only one wanted, or NULL */
    ngx_str_t           found; /* its object */
    nt_buf_t            out;   /* objects with commas between them */
    ngx_str_t           first; /* quoted ids, for Anthropic's clients */
    ngx_str_t           last;
    ngx_uint_t          anthropic; /* unsigned  anthropic:1; */
    ngx_rbtree_t        ids;       /* of ngx_str_node_t */
    ngx_rbtree_node_t   sentinel;
} ngx_nodetool_list_t;

static void ngx_nodetool_list_refreshed(ngx_nodetool_chat_ctx_t *ctx);


/* The start of a line of this id, its quoted name included. */
static ngx_int_t
ngx_nodetool_list_prefix(nt_buf_t *prefix, nt_str_t id)
{
    ngx_memzero(prefix, sizeof(nt_buf_t));

    nt_buf_append_str(prefix, NT_STR("{\"id\":"));
    nt_buf_append_json(prefix, id);
    nt_buf_append_char(prefix, ',');

    return prefix->failed ? NGX_ERROR : NGX_OK;
}


/* Takes the next line off `lines`, without its LF. */
static ngx_uint_t
ngx_nodetool_list_next(ngx_str_t *lines, ngx_str_t *line)
{
    u_char *end;

    end = ngx_strlchr(lines->data, lines->data + lines->len, '\n');
    if (end == NULL) {
        return 0;
    }

    line->data = lines->data;
    line->len = end - lines->data;

    lines->len -= line->len + 1;
    lines->data = end + 1;

    return 1;
}


static ngx_int_t
ngx_nodetool_list_find(ngx_str_t *lines, ngx_str_t *id, ngx_str_t *found)
{
    nt_buf_t  prefix;
    ngx_str_t line;
    ngx_int_t rc;

    rc = NGX_DECLINED;

    if (ngx_nodetool_list_prefix(&prefix, ngx_nodetool_str(id)) != NGX_OK) {
        nt_buf_free(&prefix);
        return NGX_ERROR;
    }

    while (rc == NGX_DECLINED && ngx_nodetool_list_next(lines, &line)) {
        if (line.len > prefix.len &&
            ngx_memcmp(line.data, prefix.data, prefix.len) == 0)
        {
            *found = line;
            rc = NGX_OK;
        }
    }

    nt_buf_free(&prefix);

    return rc;
}


/* Appends the object of a line as Anthropic's clients read it. */
static void
ngx_nodetool_list_anthropic(ngx_str_t *line, ngx_str_t *id, nt_buf_t *out)
{
    char      time[NT_TIME_LEN];
    u_char   *p, *last;
    ngx_int_t created;

    static const char word[] = ",\"created\":";

    last = line->data + line->len;
    created = 0;
    p = ngx_strnstr(line->data, (char *) word, line->len);

    if (p != NULL) {
        p += sizeof(word) - 1;
        last = ngx_strlchr(p, last, ',');
        created = last ? ngx_atoi(p, last - p) : 0;
    }

    nt_time_iso8601(time, created > 0 ? (int64_t) created * 1000 : 0);

    nt_buf_append_str(out, NT_STR("{\"type\":\"model\",\"id\":"));
    nt_buf_append_str(out, ngx_nodetool_str(id));
    nt_buf_append_str(out, NT_STR(",\"display_name\":"));
    nt_buf_append_str(out, ngx_nodetool_str(id));
    nt_buf_printf(out, ",\"created_at\":\"%.*s\"}", NT_TIME_LEN, time);
}


/* The id of a line, with its quotes. */
static ngx_uint_t
ngx_nodetool_list_id(ngx_str_t *line, ngx_str_t *id)
{
    u_char *end;

    static const size_t start = sizeof("{\"id\":") - 1;

    end = ngx_strnstr(line->data, ",\"object\":", line->len);

    if (end == NULL) {
        return 0;
    }

    id->data = line->data + start;
    id->len = end - id->data;

    return 1;
}


/* Adds the models of `lines` that are not there yet. */
static ngx_int_t
ngx_nodetool_list_add(ngx_nodetool_list_t *list, ngx_str_t *lines)
{
    uint32_t        hash;
    ngx_str_t       line, id, name;
    ngx_str_node_t *node;

    while (ngx_nodetool_list_next(lines, &line)) {
        if (!ngx_nodetool_list_id(&line, &id)) {
            continue;
        }

        hash = ngx_crc32_long(id.data, id.len);

        if (ngx_str_rbtree_lookup(&list->ids, &id, hash) != NULL) {
            continue;
        }

        name.data = id.data + 1;
        name.len = id.len - 2;

        if (!ngx_nodetool_limit_allows(list->request, &name)) {
            continue;
        }

        node = ngx_palloc(list->request->pool, sizeof(ngx_str_node_t));
        if (node == NULL) {
            return NGX_ERROR;
        }

        node->str = id;
        node->node.key = hash;
        ngx_rbtree_insert(&list->ids, &node->node);

        if (list->out.len > 0) {
            nt_buf_append_char(&list->out, ',');
        }

        if (list->anthropic) {
            ngx_nodetool_list_anthropic(&line, &id, &list->out);

        } else {
            nt_buf_append_str(&list->out, ngx_nodetool_str(&line));
        }

        list->first = list->first.len > 0 ? list->first : id;
        list->last = id;
    }

    return NGX_OK;
}


/* Rules with a plain name make it a model. */
static ngx_int_t
ngx_nodetool_list_rules(ngx_http_request_t *r, ngx_str_t *lines)
{
    nt_buf_t                      buf;
    ngx_uint_t                    i;
    ngx_nodetool_rule_t          *rule;
    ngx_nodetool_target_t        *target;
    ngx_nodetool_chat_loc_conf_t *lcf;

    ngx_str_null(lines);

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    if (lcf->rules == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&buf, sizeof(nt_buf_t));
    rule = lcf->rules->elts;

    for (i = 0; i < lcf->rules->nelts; i++) {
        if (ngx_strlchr(rule[i].pattern.data,
                        rule[i].pattern.data + rule[i].pattern.len,
                        '*') == NULL &&
            ngx_nodetool_rule_applies(r, &rule[i]))
        {
            target = rule[i].targets->elts;
            ngx_nodetool_models_line(&buf, ngx_nodetool_str(&rule[i].pattern),
                                     0,
                                     ngx_nodetool_str(&target->provider_name));
        }
    }

    if (buf.len > 0 && !buf.failed) {
        lines->data = ngx_pnalloc(r->pool, buf.len);

        if (lines->data != NULL) {
            lines->len = buf.len;
            ngx_memcpy(lines->data, buf.data, buf.len);
        }
    }

    i = buf.len > 0 && lines->data == NULL;
    nt_buf_free(&buf);

    return i ? NGX_ERROR : NGX_OK;
}


static ngx_uint_t
ngx_nodetool_list_hidden(ngx_http_request_t *r, ngx_nodetool_provider_t *p)
{
    ngx_nodetool_chat_loc_conf_t *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    return p->dialect == NGX_NODETOOL_DIALECT_ECHO && !lcf->echo;
}


/* The first provider whose list has the model; *found is its object. */
static ngx_nodetool_provider_t *
ngx_nodetool_list_provider(ngx_http_request_t *r, ngx_str_t *id,
                           ngx_str_t *found)
{
    ngx_str_t                      lines;
    ngx_uint_t                     i;
    ngx_nodetool_provider_t      **p;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);
    p = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        if (!ngx_nodetool_list_hidden(r, p[i]) &&
            ngx_nodetool_models_lines(r, p[i], &lines) == NGX_OK &&
            ngx_nodetool_list_find(&lines, id, found) == NGX_OK)
        {
            return p[i];
        }
    }

    return NULL;
}


ngx_nodetool_provider_t *
ngx_nodetool_models_find(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_str_t found;

    return ngx_nodetool_list_provider(r, id, &found);
}


/* "provider/model": the object carries the id that was asked for. */
static ngx_int_t
ngx_nodetool_list_qualified(ngx_http_request_t *r, ngx_str_t *id,
                            ngx_str_t *found)
{
    u_char                        *slash, *rest;
    nt_buf_t                       prefix;
    ngx_int_t                      rc;
    ngx_str_t                      name, model, lines, line;
    ngx_nodetool_provider_t       *p;
    ngx_nodetool_chat_main_conf_t *mcf;

    slash = ngx_strlchr(id->data, id->data + id->len, '/');
    if (slash == NULL) {
        return NGX_DECLINED;
    }

    name.data = id->data;
    name.len = slash - id->data;
    model.data = slash + 1;
    model.len = id->len - name.len - 1;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);
    p = ngx_nodetool_provider_find(mcf, &name);

    if (p == NULL || ngx_nodetool_list_hidden(r, p)) {
        return NGX_DECLINED;
    }

    rc = ngx_nodetool_models_lines(r, p, &lines);
    if (rc == NGX_OK) {
        rc = ngx_nodetool_list_find(&lines, &model, &line);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_nodetool_list_prefix(&prefix, ngx_nodetool_str(id));
    rest = ngx_strnstr(line.data, ",\"object\":", line.len);

    if (rc == NGX_OK && rest != NULL) {
        found->data = ngx_pnalloc(r->pool, prefix.len + line.len);

        if (found->data != NULL) {
            found->len =
                ngx_sprintf(found->data, "%*s%*s", prefix.len - 1, prefix.data,
                            (size_t) (line.data + line.len - rest), rest) -
                found->data;
        } else {
            rc = NGX_ERROR;
        }
    }

    nt_buf_free(&prefix);

    return rc;
}


static ngx_int_t
ngx_nodetool_list_one_anthropic(ngx_http_request_t *r, ngx_str_t *found)
{
    nt_buf_t  out;
    ngx_str_t id, body;

    ngx_memzero(&out, sizeof(nt_buf_t));

    if (ngx_nodetool_list_id(found, &id)) {
        ngx_nodetool_list_anthropic(found, &id, &out);
    }

    if (ngx_nodetool_take(r->pool, &out, &body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_nodetool_json(r, NGX_HTTP_OK, &body);
}


static ngx_int_t
ngx_nodetool_list_one(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_int_t rc;
    ngx_str_t lines, found;

    if (ngx_nodetool_list_rules(r, &lines) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_nodetool_limit_allows(r, id)
             ? ngx_nodetool_list_find(&lines, id, &found)
             : NGX_ABORT;

    if (rc == NGX_DECLINED && ngx_nodetool_list_provider(r, id, &found) != NULL)
    {
        rc = NGX_OK;
    }

    if (rc == NGX_DECLINED) {
        rc = ngx_nodetool_list_qualified(r, id, &found);
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        return ngx_nodetool_errorf(r, NGX_HTTP_NOT_FOUND,
                                   "The model \"%V\" does not exist: GET "
                                   "/v1/models lists those that do",
                                   id);
    }

    return ngx_nodetool_api_is_anthropic(r)
               ? ngx_nodetool_list_one_anthropic(r, &found)
               : ngx_nodetool_json(r, NGX_HTTP_OK, &found);
}


static ngx_int_t
ngx_nodetool_list_collect(ngx_nodetool_list_t *list)
{
    ngx_str_t                      lines;
    ngx_uint_t                     i;
    ngx_http_request_t            *r;
    ngx_nodetool_provider_t      **p;
    ngx_nodetool_chat_main_conf_t *mcf;

    r = list->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);

    if (ngx_nodetool_list_rules(r, &lines) != NGX_OK ||
        ngx_nodetool_list_add(list, &lines) != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        if (ngx_nodetool_list_hidden(r, p[i])) {
            continue;
        }

        if (ngx_nodetool_models_lines(r, p[i], &lines) != NGX_OK ||
            ngx_nodetool_list_add(list, &lines) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return list->out.failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_nodetool_list_all(ngx_http_request_t *r)
{
    nt_buf_t            out;
    ngx_str_t           body;
    ngx_int_t           rc;
    ngx_nodetool_list_t list;

    ngx_memzero(&list, sizeof(ngx_nodetool_list_t));
    list.request = r;
    list.anthropic = ngx_nodetool_api_is_anthropic(r);
    ngx_str_set(&list.last, "null");
    ngx_rbtree_init(&list.ids, &list.sentinel, ngx_str_rbtree_insert_value);

    rc = ngx_nodetool_list_collect(&list);

    ngx_memzero(&out, sizeof(nt_buf_t));

    if (list.anthropic) {
        if (list.first.len == 0) {
            list.first = list.last;
        }

        nt_buf_printf(&out,
                      "{\"data\":[%.*s],\"has_more\":false,"
                      "\"first_id\":%.*s,\"last_id\":%.*s}",
                      (int) list.out.len, list.out.data ? list.out.data : "",
                      (int) list.first.len, list.first.data,
                      (int) list.last.len, list.last.data);

    } else {
        nt_buf_printf(&out, "{\"object\":\"list\",\"data\":[%.*s]}",
                      (int) list.out.len, list.out.data ? list.out.data : "");
    }

    nt_buf_free(&list.out);

    if (rc != NGX_OK) {
        nt_buf_free(&out);

    } else {
        rc = ngx_nodetool_take(r->pool, &out, &body);
    }

    return rc == NGX_OK ? ngx_nodetool_json(r, NGX_HTTP_OK, &body)
                        : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_nodetool_list_answer(ngx_nodetool_chat_ctx_t *ctx)
{
    if (ctx->model.len > 0) {
        return ngx_nodetool_list_one(ctx->request, &ctx->model);
    }

    return ngx_nodetool_list_all(ctx->request);
}


static void
ngx_nodetool_list_refreshed(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_finalize_request(ctx->request, ngx_nodetool_list_answer(ctx));
}


/* A whole list, or one model when `id` is not empty. */
ngx_int_t
ngx_nodetool_models_handler(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_int_t                rc;
    ngx_nodetool_chat_ctx_t *ctx;

    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
        return ngx_nodetool_not_allowed(r, "GET, HEAD");
    }

    ctx = ngx_nodetool_chat_ctx_create(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->model = *id;

    rc = ngx_nodetool_models_refresh(ctx, ngx_nodetool_list_refreshed);

    if (rc == NGX_OK) {
        return ngx_nodetool_list_answer(ctx);
    }

    if (rc == NGX_AGAIN) {
        r->main->count++;
        return NGX_DONE;
    }

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}
