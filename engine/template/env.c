/*
 * engine/template/env.c - the state of one rendering: failures, limits,
 * variables, and the tags of values that JSON has no type for.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/template/tpl.h"


/* Jansson never counts references to a value whose count is the maximum. */
static json_t undefined = { JSON_NULL, (size_t) -1 };

json_t *const nt_tpl_undefined = &undefined;


void *
nt_tpl_fail(nt_tpl_env_t *env, const char *format, ...)
{
    char    message[512];
    va_list args;

    if (!env->failed) {
        va_start(args, format);
        (void) vsnprintf(message, sizeof(message), format, args);
        va_end(args);

        nt_buf_printf(env->error, "line %u: %s", env->line, message);
    }

    env->failed = true;
    return NULL;
}


void *
nt_tpl_nomem(nt_tpl_env_t *env)
{
    env->nomem = true;
    env->failed = true;
    return NULL;
}


bool
nt_tpl_charge(nt_tpl_env_t *env, size_t items)
{
    env->steps += items;

    if (env->steps > env->template->options.max_steps) {
        nt_tpl_fail(env,
                    "the template does too much work: more than %llu "
                    "steps",
                    (unsigned long long) env->template->options.max_steps);
        return false;
    }

    return !env->failed;
}


bool
nt_tpl_room(nt_tpl_env_t *env, size_t bytes)
{
    if (bytes > env->template->options.max_output) {
        nt_tpl_fail(env, "the text becomes too long: more than %zu bytes",
                    env->template->options.max_output);
        return false;
    }

    /* copying counts as work, too */
    return nt_tpl_charge(env, bytes / 64);
}


json_t *
nt_tpl_take(nt_tpl_env_t *env, nt_buf_t *buf)
{
    json_t *json;

    if (env->failed || !nt_tpl_room(env, buf->len)) {
        nt_buf_free(buf);
        return NULL;
    }

    json = nt_ustr_take(buf);

    return json == NULL ? nt_tpl_nomem(env) : json;
}


/* --- tags --- */

static size_t
slot_of(const nt_tpl_env_t *env, const json_t *value)
{
    size_t i;

    i = (size_t) ((uintptr_t) value >> 4) * 0x9e3779b97f4a7c15ULL >> 20;

    for (;; i++) {
        i &= env->cap_tags - 1;

        if (env->tags[i].value == NULL || env->tags[i].value == value) {
            return i;
        }
    }
}


static bool
grow_tags(nt_tpl_env_t *env)
{
    size_t           i, old_cap;
    nt_tpl_tagged_t *old;

    old = env->tags;
    old_cap = env->cap_tags;

    env->cap_tags = old_cap == 0 ? 32 : old_cap * 2;
    env->tags = calloc(env->cap_tags, sizeof(nt_tpl_tagged_t));

    if (env->tags == NULL) {
        env->tags = old;
        env->cap_tags = old_cap;
        return false;
    }

    for (i = 0; i < old_cap; i++) {
        if (old[i].value != NULL) {
            env->tags[slot_of(env, old[i].value)] = old[i];
        }
    }

    free(old);
    return true;
}


json_t *
nt_tpl_tag(nt_tpl_env_t *env, json_t *value, nt_tpl_tag_t tag)
{
    size_t i;

    if (value == NULL) {
        return NULL;
    }

    if (env->n_tags * 2 >= env->cap_tags && !grow_tags(env)) {
        json_decref(value);
        return nt_tpl_nomem(env);
    }

    i = slot_of(env, value);

    if (env->tags[i].value == NULL) {
        env->tags[i].value = json_incref(value);
        env->n_tags++;
    }

    env->tags[i].tag = tag;
    return value;
}


nt_tpl_tag_t
nt_tpl_tag_of(const nt_tpl_env_t *env, const json_t *value)
{
    if (env->n_tags == 0) {
        return NT_TAG_NONE;
    }

    return env->tags[slot_of(env, value)].tag;
}


/* --- variables --- */

json_t *
nt_tpl_lookup(nt_tpl_env_t *env, const char *name)
{
    size_t  i;
    json_t *value;

    for (i = env->n_vars; i-- > 0;) {
        if (strcmp(env->vars[i].name, name) == 0) {
            return env->vars[i].value;
        }
    }

    value = json_object_get(env->values, name);

    return value == NULL ? nt_tpl_undefined : value;
}


bool
nt_tpl_assign(nt_tpl_env_t *env, const char *name, json_t *value)
{
    size_t        i, cap;
    nt_tpl_var_t *vars;

    for (i = env->scope; i < env->n_vars; i++) {
        if (strcmp(env->vars[i].name, name) == 0) {
            json_incref(value);
            json_decref(env->vars[i].value);
            env->vars[i].value = value;
            return true;
        }
    }

    if (env->n_vars == env->cap_vars) {
        cap = env->cap_vars == 0 ? 16 : env->cap_vars * 2;
        vars = realloc(env->vars, cap * sizeof(nt_tpl_var_t));

        if (vars == NULL) {
            return nt_tpl_nomem(env) != NULL;
        }

        env->vars = vars;
        env->cap_vars = cap;
    }

    env->vars[env->n_vars].name = name;
    env->vars[env->n_vars].value = json_incref(value);
    env->n_vars++;
    return true;
}


size_t
nt_tpl_push_scope(nt_tpl_env_t *env)
{
    size_t outer;

    outer = env->scope;
    env->scope = env->n_vars;
    return outer;
}


void
nt_tpl_pop_scope(nt_tpl_env_t *env, size_t outer)
{
    while (env->n_vars > env->scope) {
        json_decref(env->vars[--env->n_vars].value);
    }

    env->scope = outer;
}


void
nt_tpl_env_free(nt_tpl_env_t *env)
{
    size_t i;

    env->scope = 0;
    nt_tpl_pop_scope(env, 0);
    free(env->vars);

    for (i = 0; i < env->cap_tags; i++) {
        json_decref(env->tags[i].value);
    }

    free(env->tags);
}


/* --- containers --- */

/* Levels of containers in `value`, up to `max`; false when there are more,
 * or when a namespace is among them. */
static bool
fits(nt_tpl_env_t *env, json_t *value, unsigned max)
{
    void       *next;
    size_t      i;
    json_t     *item;
    const char *key;

    if (!json_is_array(value) && !json_is_object(value)) {
        return true;
    }

    if (nt_tpl_tag_of(env, value) == NT_TAG_NAMESPACE) {
        nt_tpl_fail(env, "a namespace cannot stand inside another value");
        return false;
    }

    if (max == 0) {
        nt_tpl_fail(env, "a value is nested too deeply");
        return false;
    }

    if (!nt_tpl_charge(env, 1)) {
        return false;
    }

    json_array_foreach(value, i, item)
    {
        if (!fits(env, item, max - 1)) {
            return false;
        }
    }

    json_object_foreach_safe(value, next, key, item)
    {
        if (!fits(env, item, max - 1)) {
            return false;
        }
    }

    return true;
}


bool
nt_tpl_nests(nt_tpl_env_t *env, json_t *value)
{
    return fits(env, value, NT_TPL_DEPTH_MAX);
}


bool
nt_tpl_append(nt_tpl_env_t *env, json_t *list, json_t *value)
{
    if (json_array_size(list) >= NT_TPL_ITEMS_MAX) {
        nt_tpl_fail(env, "a list becomes too long: more than %d items",
                    NT_TPL_ITEMS_MAX);
        return false;
    }

    if (!nt_tpl_charge(env, 1)) {
        return false;
    }

    if (json_array_append(list, value) != 0) {
        return nt_tpl_nomem(env) != NULL;
    }

    return true;
}


bool
nt_tpl_append_new(nt_tpl_env_t *env, json_t *list, json_t *value)
{
    bool ok;

    if (value == NULL) {
        return env->failed ? false : nt_tpl_nomem(env) != NULL;
    }

    ok = nt_tpl_append(env, list, value);
    json_decref(value);
    return ok;
}


json_t *
nt_tpl_pair(nt_tpl_env_t *env, json_t *a, json_t *b, nt_tpl_tag_t tag)
{
    json_t *pair;

    pair = json_array();

    if (pair == NULL) {
        return nt_tpl_nomem(env);
    }

    if (!nt_tpl_append(env, pair, a) || !nt_tpl_append(env, pair, b)) {
        json_decref(pair);
        return NULL;
    }

    return tag == NT_TAG_NONE ? pair : nt_tpl_tag(env, pair, tag);
}


/* --- calls --- */

const nt_tpl_callee_t *
nt_tpl_find(const nt_tpl_callee_t *callees, const char *name)
{
    for (; callees->name != NULL; callees++) {
        if (strcmp(callees->name, name) == 0) {
            return callees;
        }
    }

    return NULL;
}


/* Binds the arguments to "first! second ...". */
static bool
bind(nt_tpl_env_t *env, const nt_tpl_callee_t *callee, nt_tpl_args_t *args)
{
    bool        required;
    char        name[32];
    size_t      i, len, used;
    json_t     *value;
    const char *p;

    memset(args->p, 0, sizeof(args->p));
    used = 0;

    for (i = 0, p = callee->parameters; *p != '\0'; i++) {
        len = strcspn(p, "! ");
        memcpy(name, p, len);
        name[len] = '\0';
        required = p[len] == '!';
        p += len + required;
        p += *p == ' ';

        value = json_object_get(args->keywords, name);
        used += value != NULL;

        if (i < args->n_pos) {
            if (value != NULL) {
                nt_tpl_fail(env, "%s() got '%s' twice", callee->name, name);
                return false;
            }

            value = args->pos[i];
        }

        if (value == NULL && required) {
            nt_tpl_fail(env, "%s() needs its argument '%s'", callee->name,
                        name);
            return false;
        }

        args->p[i] = value;
    }

    if (args->n_pos > i) {
        nt_tpl_fail(env, "%s() takes at most %zu arguments, not %zu",
                    callee->name, i, args->n_pos);
        return false;
    }

    if (used != json_object_size(args->keywords)) {
        nt_tpl_fail(env, "%s() knows only these arguments: %s", callee->name,
                    i == 0 ? "none" : callee->parameters);
        return false;
    }

    return true;
}


json_t *
nt_tpl_apply(nt_tpl_env_t *env, const nt_tpl_callee_t *callee, json_t *value,
             nt_tpl_args_t *args)
{
    json_t *result;

    if (callee->parameters != NULL && !bind(env, callee, args)) {
        return NULL;
    }

    result = callee->fn(env, value, args);

    if (env->failed) {
        json_decref(result);
        return NULL;
    }

    return result == NULL ? nt_tpl_nomem(env) : result;
}
