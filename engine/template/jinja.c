/*
 * engine/template/jinja.c - a template from its source to its end.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/template/tpl.h"


#define CHUNK_SIZE 4096

struct chunk {
    struct chunk *next;
    size_t        used;
    size_t        size;
    max_align_t   data[];
};


void *
nt_tpl_alloc(nt_jinja_t *template, size_t size)
{
    void         *p;
    size_t        room;
    struct chunk *chunk;

    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) *
           sizeof(max_align_t);
    chunk = template->chunks;

    if (chunk == NULL || chunk->size - chunk->used < size) {
        room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = calloc(1, sizeof(struct chunk) + room);

        if (chunk == NULL) {
            template->failed = true;
            return NULL;
        }

        chunk->size = room;
        chunk->next = template->chunks;
        template->chunks = chunk;
    }

    p = (char *) chunk->data + chunk->used;
    chunk->used += size;
    return p;
}


void *
nt_tpl_syntax(nt_jinja_t *template, uint32_t line, const char *format, ...)
{
    char    message[256];
    va_list args;

    if (!template->failed) {
        va_start(args, format);
        (void) vsnprintf(message, sizeof(message), format, args);
        va_end(args);

        nt_buf_printf(template->error, "line %u: %s", line, message);
    }

    template->failed = true;
    return NULL;
}


/* Newlines become LF and the last one goes, as Jinja2 has it by default. */
static const nt_str_t *
normalize(nt_jinja_t *template, nt_str_t source)
{
    char     *data;
    size_t    i, n;
    nt_str_t *copy;

    data = nt_tpl_alloc(template, source.len + 1);
    copy = nt_tpl_alloc(template, sizeof(nt_str_t));

    if (data == NULL || copy == NULL) {
        return NULL;
    }

    for (i = 0, n = 0; i < source.len; i++) {
        if (source.data[i] == '\r') {
            data[n++] = '\n';
            i += i + 1 < source.len && source.data[i + 1] == '\n';

        } else {
            data[n++] = source.data[i];
        }
    }

    if (n > 0 && data[n - 1] == '\n') {
        n--;
    }

    copy->data = data;
    copy->len = n;
    return copy;
}


static bool
parse(nt_jinja_t *template, nt_str_t source)
{
    nt_tok_t       *toks;
    nt_tpl_parser_t parser = { 0 };

    template->constants = json_array();
    template->source = normalize(template, source);

    if (template->constants == NULL || template->source == NULL) {
        return false;
    }

    toks = nt_tpl_lex(template);

    if (toks == NULL) {
        return false;
    }

    parser.template = template;
    parser.tok = toks;
    template->body = nt_tpl_parse_body(&parser);

    if (!template->failed && parser.tok->type != NT_TOK_END) {
        nt_tpl_unexpected(&parser, NULL);
    }

    free(toks);
    return !template->failed;
}


nt_jinja_t *
nt_jinja_parse(nt_str_t source, const nt_jinja_options_t *options,
               nt_buf_t *error)
{
    nt_jinja_t *template;

    template = calloc(1, sizeof(nt_jinja_t));

    if (template != NULL) {
        template->options = *options;
        template->error = error;

        if (parse(template, source)) {
            template->error = NULL;
            template->options.brace_names = NULL;
            return template;
        }

        nt_jinja_free(template);
    }

    if (error->len == 0) {
        nt_buf_printf(error, "memory is out");
    }

    return NULL;
}


void
nt_jinja_free(nt_jinja_t *template)
{
    struct chunk *chunk, *next;

    if (template == NULL) {
        return;
    }

    for (chunk = template->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }

    json_decref(template->constants);
    free(template);
}


nt_rc_t
nt_jinja_render(const nt_jinja_t *template, json_t *values, nt_buf_t *out,
                nt_buf_t *error)
{
    bool         ok;
    nt_tpl_env_t env = { 0 };

    env.template = template;
    env.values = values;
    env.out = out;
    env.error = error;
    env.line = 1;

    ok = nt_tpl_exec(&env, template->body) && !env.failed && !out->failed;
    nt_tpl_env_free(&env);

    if (ok) {
        return NT_OK;
    }

    if (env.nomem || out->failed || error->len == 0) {
        return NT_NOMEM;
    }

    return NT_ERROR;
}
