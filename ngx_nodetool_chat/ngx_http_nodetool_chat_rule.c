/*
 * ngx_http_nodetool_chat_rule.c - which models go where, as the configuration
 * says: nodetool_model, nodetool_route, and what is tried after a failure.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#define NGX_NODETOOL_STATUS_MIN 400 /* of those that may be tried again */
#define NGX_NODETOOL_STATUS_MAX 599

static char *ngx_nodetool_route_line(ngx_conf_t *cf, ngx_command_t *dummy,
                                     void *conf);


/* Takes a last argument "if=VALUE" off. */
static char *
ngx_nodetool_rule_condition(ngx_conf_t *cf, ngx_http_complex_value_t **cv)
{
    ngx_str_t *value, condition;

    value = cf->args->elts;
    value += cf->args->nelts - 1;

    if (cf->args->nelts < 3 || ngx_strncmp(value->data, "if=", 3) != 0) {
        return NGX_CONF_OK;
    }

    condition.data = value->data + 3;
    condition.len = value->len - 3;
    cf->args->nelts--;

    return ngx_nodetool_chat_complex(cf, &condition, cv);
}


static ngx_nodetool_rule_t *
ngx_nodetool_rule_add(ngx_conf_t *cf, ngx_nodetool_chat_loc_conf_t *lcf,
                      ngx_str_t *pattern, ngx_array_t *targets)
{
    ngx_nodetool_rule_t *rule;

    if (lcf->rules == NGX_CONF_UNSET_PTR) {
        lcf->rules = ngx_array_create(cf->pool, 4, sizeof(ngx_nodetool_rule_t));
        if (lcf->rules == NULL) {
            return NULL;
        }
    }

    rule = ngx_array_push(lcf->rules);
    if (rule == NULL) {
        return NULL;
    }

    rule->pattern = *pattern;
    rule->condition = NULL;
    rule->targets = targets;

    return rule;
}


/* PROVIDER [MODEL], from value[0] on. */
static char *
ngx_nodetool_target_add(ngx_conf_t *cf, ngx_array_t *targets, ngx_str_t *value,
                        ngx_uint_t n, ngx_int_t weight)
{
    ngx_nodetool_target_t *target;

    target = ngx_array_push(targets);
    if (target == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(target, sizeof(ngx_nodetool_target_t));

    target->provider_name = value[0];
    target->weight = weight;
    target->file = cf->conf_file->file.name.data;
    target->line = cf->conf_file->line;

    if (n < 2) {
        return NGX_CONF_OK;
    }

    return ngx_nodetool_chat_complex(cf, &value[1], &target->model);
}


/* nodetool_model PATTERN PROVIDER [UPSTREAM_MODEL] [if=CONDITION]; */
char *
ngx_nodetool_model(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_loc_conf_t *lcf = conf;

    ngx_str_t                *value;
    ngx_array_t              *targets;
    ngx_nodetool_rule_t      *rule;
    ngx_http_complex_value_t *condition;

    condition = NULL;

    if (ngx_nodetool_rule_condition(cf, &condition) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts < 3 || cf->args->nelts > 4) {
        return "takes a pattern, a provider, a model and if=CONDITION";
    }

    value = cf->args->elts;

    targets = ngx_array_create(cf->pool, 1, sizeof(ngx_nodetool_target_t));
    if (targets == NULL) {
        return NGX_CONF_ERROR;
    }

    rule = ngx_nodetool_rule_add(cf, lcf, &value[1], targets);
    if (rule == NULL) {
        return NGX_CONF_ERROR;
    }

    rule->condition = condition;

    return ngx_nodetool_target_add(cf, targets, &value[2], cf->args->nelts - 2,
                                   1);
}


/* nodetool_route PATTERN ... [if=CONDITION] { ... } */
char *
ngx_nodetool_route(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_loc_conf_t *lcf = conf;

    char                     *rv;
    ngx_str_t                *value;
    ngx_uint_t                i;
    ngx_conf_t                save;
    ngx_array_t              *targets;
    ngx_nodetool_rule_t      *rule;
    ngx_nodetool_target_t    *target;
    ngx_http_complex_value_t *condition;

    rule = NULL;
    condition = NULL;

    if (ngx_nodetool_rule_condition(cf, &condition) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    targets = ngx_array_create(cf->pool, 4, sizeof(ngx_nodetool_target_t));
    if (targets == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        rule = ngx_nodetool_rule_add(cf, lcf, &value[i], targets);
        if (rule == NULL) {
            return NGX_CONF_ERROR;
        }

        rule->condition = condition;
    }

    save = *cf;
    cf->handler = ngx_nodetool_route_line;
    cf->handler_conf = (void *) targets;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    target = targets->elts;

    if (targets->nelts == 0 || target[0].weight == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "nodetool_route \"%V\" has no \"to\" before its "
                           "fallbacks",
                           &rule->pattern);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* to PROVIDER [MODEL] [weight=N]; fallback PROVIDER [MODEL]; */
static char *
ngx_nodetool_route_line(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    ngx_array_t *targets = conf;

    ngx_int_t              weight;
    ngx_str_t             *value;
    ngx_uint_t             n;
    ngx_nodetool_target_t *last;

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    if (ngx_strcmp(value[0].data, "include") == 0 && n == 1) {
        return ngx_conf_include(cf, dummy, conf);
    }

    last = targets->elts;
    last = targets->nelts ? &last[targets->nelts - 1] : NULL;

    if (ngx_strcmp(value[0].data, "to") == 0) {
        if (last != NULL && last->weight == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"to\" behind a \"fallback\"");
            return NGX_CONF_ERROR;
        }

        weight = 1;

        if (n > 1 && ngx_strncmp(value[n].data, "weight=", 7) == 0) {
            weight = ngx_atoi(value[n].data + 7, value[n].len - 7);
            n--;
        }

    } else if (ngx_strcmp(value[0].data, "fallback") == 0) {
        weight = 0;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown directive \"%V\" in nodetool_route, only "
                           "\"to\" and \"fallback\" are known",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    if (n < 1 || n > 2 || weight < 0 || (weight == 0 && value[0].len == 2)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid arguments in \"%V\" directive, expected "
                           "a provider, a model%s",
                           &value[0],
                           value[0].len == 2 ? " and weight=N, from 1 on" : "");
        return NGX_CONF_ERROR;
    }

    return ngx_nodetool_target_add(cf, targets, &value[1], n, weight);
}


char *
ngx_nodetool_rules_merge(ngx_conf_t *cf, ngx_array_t *rules)
{
    ngx_uint_t                     i, j;
    ngx_nodetool_rule_t           *rule;
    ngx_nodetool_target_t         *target;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_chat_module);
    rule = rules ? rules->elts : NULL;

    for (i = 0; rule != NULL && i < rules->nelts; i++) {
        target = rule[i].targets->elts;

        for (j = 0; j < rule[i].targets->nelts; j++) {
            if (target[j].provider != NULL) {
                continue;
            }

            target[j].provider =
                ngx_nodetool_provider_find(mcf, &target[j].provider_name);

            if (target[j].provider == NULL) {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "no nodetool_provider \"%V\" for the models "
                              "\"%V\" in %s:%ui",
                              &target[j].provider_name, &rule[i].pattern,
                              target[j].file, target[j].line);
                return NGX_CONF_ERROR;
            }
        }
    }

    return NGX_CONF_OK;
}


/* nodetool_retry on | off | TRIES [timeout=TIME] [wait=TIME]
 * [backoff=TIME]; */
char *
ngx_nodetool_retry(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_loc_conf_t *lcf = conf;

    ngx_int_t             n;
    ngx_str_t            *value, time;
    ngx_uint_t            i, j;
    ngx_msec_t           *msec;
    ngx_nodetool_retry_t *retry = &lcf->retry;

    struct {
        ngx_str_t   name;
        ngx_msec_t *msec;
    } times[] = { { ngx_string("timeout="), &retry->timeout },
                  { ngx_string("wait="), &retry->wait },
                  { ngx_string("backoff="), &retry->backoff } };

    if (retry->tries != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "on") == 0) {
        retry->tries = 0;

    } else if (ngx_strcmp(value[1].data, "off") == 0) {
        retry->tries = 1;

    } else {
        n = ngx_atoi(value[1].data, value[1].len);
        if (n == NGX_ERROR || n == 0) {
            return "takes \"on\", \"off\" or a number of tries first";
        }

        retry->tries = n;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        msec = NULL;

        for (j = 0; j < sizeof(times) / sizeof(times[0]); j++) {
            if (value[i].len > times[j].name.len &&
                ngx_strncmp(value[i].data, times[j].name.data,
                            times[j].name.len) == 0)
            {
                msec = times[j].msec;
                time.data = value[i].data + times[j].name.len;
                time.len = value[i].len - times[j].name.len;
                *msec = ngx_parse_time(&time, 0);
            }
        }

        if (msec == NULL || *msec == (ngx_msec_t) NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static void
ngx_nodetool_retry_on_add(ngx_nodetool_retry_on_t *on, ngx_uint_t from,
                          ngx_uint_t to)
{
    ngx_uint_t status;

    for (status = from - NGX_NODETOOL_STATUS_MIN;
         status <= to - NGX_NODETOOL_STATUS_MIN; status++)
    {
        on->statuses[status / 64] |= (uint64_t) 1 << status % 64;
    }
}


/* nodetool_retry_on [error] [timeout] [STATUS | 5xx] ...; */
char *
ngx_nodetool_retry_on(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_loc_conf_t *lcf = conf;

    ngx_int_t                status;
    ngx_str_t               *value;
    ngx_uint_t               i;
    ngx_nodetool_retry_on_t *on;

    on = &lcf->retry_on;

    if (on->set) {
        return "is duplicate";
    }

    on->set = 1;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_strcmp(value[i].data, "error") == 0) {
            on->error = 1;

        } else if (ngx_strcmp(value[i].data, "timeout") == 0) {
            on->timeout = 1;

        } else if (ngx_strcmp(value[i].data, "5xx") == 0) {
            ngx_nodetool_retry_on_add(on, 500, NGX_NODETOOL_STATUS_MAX);

        } else {
            status = ngx_atoi(value[i].data, value[i].len);

            if (status < NGX_NODETOOL_STATUS_MIN ||
                status > NGX_NODETOOL_STATUS_MAX) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "invalid value \"%V\", expected \"error\", "
                                   "\"timeout\", \"5xx\" or a status from %d "
                                   "to %d",
                                   &value[i], NGX_NODETOOL_STATUS_MIN,
                                   NGX_NODETOOL_STATUS_MAX);
                return NGX_CONF_ERROR;
            }

            ngx_nodetool_retry_on_add(on, status, status);
        }
    }

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_nodetool_retry_on_status(ngx_nodetool_retry_on_t *on, ngx_uint_t status)
{
    if (status < NGX_NODETOOL_STATUS_MIN || status > NGX_NODETOOL_STATUS_MAX) {
        return 0;
    }

    status -= NGX_NODETOOL_STATUS_MIN;

    return on->statuses[status / 64] >> status % 64 & 1;
}


void
ngx_nodetool_retry_merge(ngx_nodetool_chat_loc_conf_t *conf,
                         ngx_nodetool_chat_loc_conf_t *prev)
{
    ngx_uint_t               i;
    ngx_nodetool_retry_on_t *on;

    static const ngx_uint_t statuses[] = { 401, 403, 408, 429 };

    if (conf->retry.tries == NGX_CONF_UNSET_UINT) {
        conf->retry = prev->retry;
    }

    ngx_conf_init_uint_value(conf->retry.tries, 0);
    ngx_conf_init_msec_value(conf->retry.timeout, 0);
    ngx_conf_init_msec_value(conf->retry.wait, 2000);
    ngx_conf_init_msec_value(conf->retry.backoff, 250);

    on = &conf->retry_on;

    if (on->set) {
        return;
    }

    if (prev->retry_on.set) {
        *on = prev->retry_on;
        return;
    }

    on->set = 1;
    on->error = 1;
    on->timeout = 1;
    ngx_nodetool_retry_on_add(on, 500, NGX_NODETOOL_STATUS_MAX);

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        ngx_nodetool_retry_on_add(on, statuses[i], statuses[i]);
    }
}
