/*
 * ngx_http_nodetool_chat_provider.c - the nodetool_provider block.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


static char *ngx_nodetool_provider_line(ngx_conf_t *cf, ngx_command_t *dummy,
                                        void *conf);
static char *ngx_nodetool_provider_models(ngx_conf_t *cf, ngx_command_t *cmd,
                                          void *conf);
static char *ngx_nodetool_provider_header(ngx_conf_t *cf, ngx_command_t *cmd,
                                          void *conf);

#define NGX_NODETOOL_OFFSET(field) offsetof(ngx_nodetool_provider_t, field)
#define NGX_NODETOOL_UPSTREAM(field)                                           \
    NGX_NODETOOL_OFFSET(upstream) + offsetof(ngx_http_upstream_conf_t, field)

static ngx_conf_num_bounds_t ngx_nodetool_keepalive_bounds = {
    ngx_conf_check_num_bounds, 0, 65535
};

static ngx_conf_bitmask_t ngx_nodetool_next_upstream_masks[] = {
    { ngx_string("error"), NGX_HTTP_UPSTREAM_FT_ERROR },
    { ngx_string("timeout"), NGX_HTTP_UPSTREAM_FT_TIMEOUT },
    { ngx_string("invalid_header"), NGX_HTTP_UPSTREAM_FT_INVALID_HEADER },
    { ngx_string("non_idempotent"), NGX_HTTP_UPSTREAM_FT_NON_IDEMPOTENT },
    { ngx_string("http_500"), NGX_HTTP_UPSTREAM_FT_HTTP_500 },
    { ngx_string("http_502"), NGX_HTTP_UPSTREAM_FT_HTTP_502 },
    { ngx_string("http_503"), NGX_HTTP_UPSTREAM_FT_HTTP_503 },
    { ngx_string("http_504"), NGX_HTTP_UPSTREAM_FT_HTTP_504 },
    { ngx_string("http_429"), NGX_HTTP_UPSTREAM_FT_HTTP_429 },
    { ngx_string("off"), NGX_HTTP_UPSTREAM_FT_OFF },
    { ngx_null_string, 0 }
};

#if (NGX_HTTP_SSL)
static ngx_conf_bitmask_t ngx_nodetool_ssl_protocols[] = {
    { ngx_string("TLSv1.2"), NGX_SSL_TLSv1_2 },
    { ngx_string("TLSv1.3"), NGX_SSL_TLSv1_3 },
    { ngx_null_string, 0 }
};
#endif

/* What stands inside the block. */
static ngx_command_t ngx_nodetool_provider_commands[] = {

    { ngx_string("url"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      NGX_NODETOOL_OFFSET(url), NULL },

    { ngx_string("dialect"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      NGX_NODETOOL_OFFSET(dialect_name), NULL },

    { ngx_string("key"), NGX_CONF_TAKE1, ngx_nodetool_provider_key, 0, 0,
      NULL },

    { ngx_string("key_rotation"), NGX_CONF_FLAG, ngx_conf_set_flag_slot, 0,
      NGX_NODETOOL_OFFSET(key_rotation), NULL },

    { ngx_string("key_timeout"), NGX_CONF_TAKE1, ngx_conf_set_msec_slot, 0,
      NGX_NODETOOL_OFFSET(key_timeout), NULL },

    { ngx_string("max_fails"), NGX_CONF_TAKE1, ngx_conf_set_num_slot, 0,
      NGX_NODETOOL_OFFSET(max_fails), NULL },

    { ngx_string("fail_timeout"), NGX_CONF_TAKE1, ngx_conf_set_msec_slot, 0,
      NGX_NODETOOL_OFFSET(fail_timeout), NULL },

    { ngx_string("models"), NGX_CONF_1MORE, ngx_nodetool_provider_models, 0, 0,
      NULL },

    { ngx_string("apis"), NGX_CONF_1MORE, ngx_nodetool_provider_apis, 0, 0,
      NULL },

    { ngx_string("header"), NGX_CONF_TAKE2, ngx_nodetool_provider_header, 0, 0,
      NULL },

    { ngx_string("keepalive"), NGX_CONF_TAKE1, ngx_conf_set_num_slot, 0,
      NGX_NODETOOL_OFFSET(keepalive), &ngx_nodetool_keepalive_bounds },

    { ngx_string("models_timeout"), NGX_CONF_TAKE1, ngx_conf_set_msec_slot, 0,
      NGX_NODETOOL_OFFSET(models_timeout), NULL },

    { ngx_string("connect_timeout"), NGX_CONF_TAKE1, ngx_conf_set_msec_slot, 0,
      NGX_NODETOOL_UPSTREAM(connect_timeout), NULL },

    { ngx_string("send_timeout"), NGX_CONF_TAKE1, ngx_conf_set_msec_slot, 0,
      NGX_NODETOOL_UPSTREAM(send_timeout), NULL },

    { ngx_string("first_token_timeout"), NGX_CONF_TAKE1, ngx_conf_set_msec_slot,
      0, NGX_NODETOOL_OFFSET(first_token_timeout), NULL },

    { ngx_string("read_timeout"), NGX_CONF_TAKE1, ngx_conf_set_msec_slot, 0,
      NGX_NODETOOL_UPSTREAM(read_timeout), NULL },

    { ngx_string("buffer_size"), NGX_CONF_TAKE1, ngx_conf_set_size_slot, 0,
      NGX_NODETOOL_UPSTREAM(buffer_size), NULL },

    { ngx_string("next_upstream"), NGX_CONF_1MORE, ngx_conf_set_bitmask_slot, 0,
      NGX_NODETOOL_OFFSET(next_upstream), &ngx_nodetool_next_upstream_masks },

    { ngx_string("next_upstream_tries"), NGX_CONF_TAKE1, ngx_conf_set_num_slot,
      0, NGX_NODETOOL_OFFSET(next_upstream_tries), NULL },

    { ngx_string("next_upstream_timeout"), NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, 0, NGX_NODETOOL_OFFSET(next_upstream_timeout),
      NULL },

#if (NGX_HTTP_SSL)

    { ngx_string("ssl_verify"), NGX_CONF_FLAG, ngx_conf_set_flag_slot, 0,
      NGX_NODETOOL_UPSTREAM(ssl_verify), NULL },

    { ngx_string("ssl_verify_depth"), NGX_CONF_TAKE1, ngx_conf_set_num_slot, 0,
      NGX_NODETOOL_OFFSET(ssl_verify_depth), NULL },

    { ngx_string("ssl_trusted_certificate"), NGX_CONF_TAKE1,
      ngx_conf_set_str_slot, 0, NGX_NODETOOL_OFFSET(ssl_trusted_certificate),
      NULL },

    { ngx_string("ssl_crl"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      NGX_NODETOOL_OFFSET(ssl_crl), NULL },

    { ngx_string("ssl_name"), NGX_CONF_TAKE1, ngx_http_set_complex_value_slot,
      0, NGX_NODETOOL_UPSTREAM(ssl_name), NULL },

    { ngx_string("ssl_server_name"), NGX_CONF_FLAG, ngx_conf_set_flag_slot, 0,
      NGX_NODETOOL_UPSTREAM(ssl_server_name), NULL },

    { ngx_string("ssl_protocols"), NGX_CONF_1MORE, ngx_conf_set_bitmask_slot, 0,
      NGX_NODETOOL_OFFSET(ssl_protocols), &ngx_nodetool_ssl_protocols },

    { ngx_string("ssl_ciphers"), NGX_CONF_TAKE1, ngx_conf_set_str_slot, 0,
      NGX_NODETOOL_OFFSET(ssl_ciphers), NULL },

#endif

    ngx_null_command
};


/* What providers speak, and where they are when no url says it. */
typedef struct {
    ngx_str_t               name;
    ngx_uint_t              dialect;
    const nt_llm_dialect_t *llm;
    ngx_str_t               url;
} ngx_nodetool_dialect_t;

static ngx_nodetool_dialect_t ngx_nodetool_dialects[] = {

    { ngx_string("openai"), NGX_NODETOOL_DIALECT_OPENAI, &nt_llm_openai,
      ngx_null_string },

    { ngx_string("echo"), NGX_NODETOOL_DIALECT_ECHO, NULL, ngx_null_string },

    { ngx_string("anthropic"), NGX_NODETOOL_DIALECT_ANTHROPIC,
      &nt_llm_anthropic, ngx_string("https://api.anthropic.com") },

    { ngx_string("gemini"), NGX_NODETOOL_DIALECT_GEMINI, &nt_llm_gemini,
      ngx_string("https://generativelanguage.googleapis.com") },

    { ngx_string("ollama"), NGX_NODETOOL_DIALECT_OLLAMA, &nt_llm_ollama,
      ngx_string("http://127.0.0.1:11434") },

    /* what it answers has OpenAI's form */
    { ngx_string("engine"), NGX_NODETOOL_DIALECT_ENGINE, &nt_llm_openai,
      ngx_null_string },

    { ngx_string("mistral"), NGX_NODETOOL_DIALECT_MISTRAL, &nt_llm_mistral,
      ngx_string("https://api.mistral.ai/v1") },

    { ngx_null_string, 0, NULL, ngx_null_string }
};


ngx_nodetool_provider_t *
ngx_nodetool_provider_find(ngx_nodetool_chat_main_conf_t *mcf, ngx_str_t *name)
{
    ngx_uint_t                i;
    ngx_nodetool_provider_t **p;

    p = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        if (p[i]->name.len == name->len &&
            ngx_strncmp(p[i]->name.data, name->data, name->len) == 0)
        {
            return p[i];
        }
    }

    return NULL;
}


static ngx_nodetool_provider_t *
ngx_nodetool_provider_create(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_nodetool_provider_t  *p;
    ngx_http_upstream_conf_t *u;

    p = ngx_pcalloc(cf->pool, sizeof(ngx_nodetool_provider_t));
    if (p == NULL) {
        return NULL;
    }

    p->name = *name;
    p->keepalive = NGX_CONF_UNSET;
    p->models_timeout = NGX_CONF_UNSET_MSEC;
    p->key_rotation = NGX_CONF_UNSET;
    p->key_timeout = NGX_CONF_UNSET_MSEC;
    p->max_fails = NGX_CONF_UNSET;
    p->fail_timeout = NGX_CONF_UNSET_MSEC;
    p->first_token_timeout = NGX_CONF_UNSET_MSEC;
    p->next_upstream_tries = NGX_CONF_UNSET_UINT;
    p->next_upstream_timeout = NGX_CONF_UNSET_MSEC;

    u = &p->upstream;

    u->connect_timeout = NGX_CONF_UNSET_MSEC;
    u->send_timeout = NGX_CONF_UNSET_MSEC;
    u->read_timeout = NGX_CONF_UNSET_MSEC;
    u->buffer_size = NGX_CONF_UNSET_SIZE;

#if (NGX_HTTP_SSL)
    u->ssl_verify = NGX_CONF_UNSET;
    u->ssl_server_name = NGX_CONF_UNSET;
    u->ssl_name = NGX_CONF_UNSET_PTR;
    p->ssl_verify_depth = NGX_CONF_UNSET;
#endif

    return p;
}


ngx_nodetool_provider_t *
ngx_nodetool_provider_echo(ngx_conf_t *cf)
{
    ngx_str_t                name = ngx_string("echo");
    ngx_nodetool_provider_t *p;

    p = ngx_nodetool_provider_create(cf, &name);
    if (p != NULL) {
        p->dialect = NGX_NODETOOL_DIALECT_ECHO;
    }

    return p;
}


static char *
ngx_nodetool_provider_finish(ngx_conf_t *cf, ngx_nodetool_provider_t *p)
{
    ngx_nodetool_dialect_t *d;

    if (p->dialect_name.len == 0) {
        p->dialect_name = ngx_nodetool_dialects[0].name;
    }

    for (d = ngx_nodetool_dialects; d->name.len; d++) {
        if (d->name.len == p->dialect_name.len &&
            ngx_strncmp(d->name.data, p->dialect_name.data, d->name.len) == 0)
        {
            break;
        }
    }

    if (d->name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "dialect \"%V\" of nodetool_provider \"%V\" is "
                           "not supported, only \"openai\", \"anthropic\", "
                           "\"gemini\", \"ollama\", \"mistral\", "
                           "\"engine\" and \"echo\" are",
                           &p->dialect_name, &p->name);
        return NGX_CONF_ERROR;
    }

    p->dialect = d->dialect;
    p->llm = d->llm;

    if (p->llm == NULL) {
        return NGX_CONF_OK;
    }

    if (p->dialect == NGX_NODETOOL_DIALECT_ENGINE) {
        /* workflows take their time */
        ngx_conf_init_msec_value(p->upstream.read_timeout, 3600000);
    }

    if (p->url.len == 0) {
        p->url = d->url;
    }

    if (p->url.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "nodetool_provider \"%V\" has no url", &p->name);
        return NGX_CONF_ERROR;
    }

    return ngx_nodetool_endpoint(cf, p);
}


/* nodetool_provider NAME { ... } */
char *
ngx_nodetool_provider(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_main_conf_t *mcf = conf;

    char                    *rv;
    ngx_str_t               *value;
    ngx_conf_t               save;
    ngx_nodetool_provider_t *p, **slot;

    value = cf->args->elts;

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, '/')) {
        return "has a slash in its name, which provider/model cannot tell "
               "from its own";
    }

    if (ngx_nodetool_provider_find(mcf, &value[1]) != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate nodetool_provider \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    p = ngx_nodetool_provider_create(cf, &value[1]);
    slot = ngx_array_push(&mcf->providers);
    if (p == NULL || slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = p;

    save = *cf;
    cf->handler = ngx_nodetool_provider_line;
    cf->handler_conf = (void *) p;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_nodetool_provider_finish(cf, p);
}


static char *
ngx_nodetool_provider_line(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    char          *rv;
    ngx_str_t     *value;
    ngx_uint_t     n;
    ngx_command_t *cmd;

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    if (ngx_strcmp(value[0].data, "include") == 0 && n == 1) {
        return ngx_conf_include(cf, dummy, conf);
    }

    for (cmd = ngx_nodetool_provider_commands; cmd->name.len; cmd++) {
        if (ngx_strcmp(value[0].data, cmd->name.data) == 0) {
            break;
        }
    }

    if (cmd->name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown directive \"%V\" in nodetool_provider",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    if ((cmd->type == NGX_CONF_1MORE && n < 1) ||
        ((cmd->type == NGX_CONF_TAKE1 || cmd->type == NGX_CONF_FLAG) &&
         n != 1) ||
        (cmd->type == NGX_CONF_TAKE2 && n != 2))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" directive",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    rv = cmd->set(cf, cmd, conf);

    if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" directive %s",
                           &value[0], rv);
        return NGX_CONF_ERROR;
    }

    return rv;
}


char *
ngx_nodetool_chat_complex(ngx_conf_t *cf, ngx_str_t *value,
                          ngx_http_complex_value_t **cv)
{
    ngx_http_compile_complex_value_t ccv;

    *cv = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (*cv == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = value;
    ccv.complex_value = *cv;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* models NAME ...; */
static char *
ngx_nodetool_provider_models(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_provider_t *p = conf;

    ngx_str_t *value, *model;
    ngx_uint_t i;

    if (p->models == NULL) {
        p->models = ngx_array_create(cf->pool, 8, sizeof(ngx_str_t));
        if (p->models == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        model = ngx_array_push(p->models);
        if (model == NULL) {
            return NGX_CONF_ERROR;
        }

        *model = value[i];
    }

    return NGX_CONF_OK;
}


/* header NAME VALUE; */
static char *
ngx_nodetool_provider_header(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_provider_t *p = conf;

    ngx_str_t             *value;
    ngx_nodetool_header_t *h;

    if (p->headers == NULL) {
        p->headers =
            ngx_array_create(cf->pool, 4, sizeof(ngx_nodetool_header_t));
        if (p->headers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    h = ngx_array_push(p->headers);
    if (h == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    h->name = value[1];

    if (ngx_strcasecmp(h->name.data, (u_char *) "Host") == 0) {
        p->has_host = 1;

    } else if (ngx_strcasecmp(h->name.data, (u_char *) "Authorization") == 0) {
        p->has_authorization = 1;
    }

    return ngx_nodetool_chat_complex(cf, &value[2], &h->value);
}
