/*
 * core/llm/nt_llm.c - dialects by name, and the frame of their requests.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_private.h"

static const nt_llm_dialect_t *const dialects[] = {
    &nt_llm_openai, &nt_llm_anthropic, &nt_llm_gemini, &nt_llm_ollama,
    &nt_llm_mistral
};


const nt_llm_dialect_t *
nt_llm_dialect_find(nt_str_t name)
{
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (nt_str_eq(name, nt_str(dialects[i]->name))) {
            return dialects[i];
        }
    }

    return NULL;
}


const char *
nt_llm_dialect_name(const nt_llm_dialect_t *dialect)
{
    return dialect->name;
}


nt_rc_t
nt_llm_fail(nt_llm_error_t *error, const char *param, const char *format, ...)
{
    va_list args;
    char    text[512];

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    error->kind = NT_LLM_INVALID;
    error->status = 400;
    error->retry_after = -1;
    nt_buf_reset(&error->message);
    nt_buf_reset(&error->param);
    nt_buf_append_str(&error->message, nt_str(text));
    nt_buf_append_str(&error->param, nt_str(param));

    return error->message.failed || error->param.failed ? NT_NOMEM : NT_ERROR;
}


void
nt_llm_error_free(nt_llm_error_t *error)
{
    nt_buf_free(&error->message);
    nt_buf_free(&error->param);
    nt_buf_free(&error->code);
}


void
nt_llm_request_free(nt_llm_request_t *request)
{
    nt_buf_free(&request->path);
    nt_buf_free(&request->body);

    for (size_t i = 0; i < NT_LLM_HEADERS_MAX; i++) {
        free(request->headers[i]);
        request->headers[i] = NULL;
    }
}


nt_rc_t
nt_llm_add_header(nt_llm_request_t *request, const char *name, nt_str_t value)
{
    size_t n = 0, size = strlen(name) + value.len + 3;
    char  *line;

    for (size_t i = 0; i < value.len; i++) {
        if ((unsigned char) value.data[i] < 0x20 || value.data[i] == 0x7f) {
            return NT_ERROR;
        }
    }

    while (request->headers[n] != NULL) {
        n++;
    }

    line = n + 1 < NT_LLM_HEADERS_MAX ? malloc(size) : NULL;
    if (line == NULL) {
        return NT_NOMEM;
    }

    snprintf(line, size, "%s: %.*s", name, (int) value.len, value.data);
    request->headers[n] = line;

    return NT_OK;
}


void
nt_llm_append_escaped(nt_buf_t *path, nt_str_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char) text.data[i];

        if ((c >= '0' && c <= '9') ||
            ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '.' ||
            c == '_' || c == '~' || c == ':')
        {
            nt_buf_append_char(path, (char) c);
        } else {
            nt_buf_printf(path, "%%%02X", c);
        }
    }
}


void
nt_llm_url(nt_buf_t *url, nt_str_t base, nt_str_t path)
{
    const char *end;
    size_t      segment;

    while (base.len > 0 && base.data[base.len - 1] == '/') {
        base.len--;
    }

    end = path.len > 1 ? memchr(path.data + 1, '/', path.len - 1) : NULL;
    segment = end != NULL ? (size_t) (end - path.data) : path.len;

    if (base.len >= segment &&
        memcmp(base.data + base.len - segment, path.data, segment) == 0)
    {
        base.len -= segment;
    }

    nt_buf_append_str(url, base);
    nt_buf_append_str(url, path);
}


/* --- members of requests --- */

nt_rc_t
nt_llm_put(nt_llm_build_t *b, const json_t *value, const char *to)
{
    char        outer[32];
    json_t     *object = b->body;
    const char *dot = strchr(to, '.');
    json_t     *shared = (json_t *) (uintptr_t) value; /* to be counted */

    if (dot != NULL) {
        snprintf(outer, sizeof(outer), "%.*s", (int) (dot - to), to);
        object = json_object_get(b->body, outer);
        if (object == NULL) {
            object = json_object();
            if (nt_llm_set(b->body, outer, object) != NT_OK) {
                return NT_NOMEM;
            }
        }

        to = dot + 1;
    }

    return nt_llm_set(object, to, json_incref(shared));
}


nt_rc_t
nt_llm_put_stop(nt_llm_build_t *b, const json_t *value, const char *to)
{
    nt_rc_t rc;
    json_t *list;

    if (json_is_array(value)) {
        return nt_llm_put(b, value, to);
    }

    if (!json_is_string(value)) {
        return nt_llm_fail(b->error, "stop",
                           "'stop' must be a text or a list of texts.");
    }

    list = json_pack("[O]", value);
    rc = list != NULL ? nt_llm_put(b, list, to) : NT_NOMEM;
    json_decref(list);

    return rc;
}


nt_rc_t
nt_llm_put_one(nt_llm_build_t *b, const json_t *value, const char *to)
{
    if (json_integer_value(value) == 1) {
        return NT_OK;
    }

    return nt_llm_fail(b->error, "n",
                       "%s gives one choice a request: leave 'n' out.",
                       b->dialect->title);
}


nt_rc_t
nt_llm_put_only(nt_llm_build_t *b, const json_t *value, const char *to)
{
    const char *equals = strchr(to, '=');
    char        param[64];
    char       *text = nt_json_text(value);
    bool        same;

    if (text == NULL) {
        return NT_NOMEM;
    }

    same = strcmp(text, equals + 1) == 0;
    free(text);

    if (same) {
        return NT_OK;
    }

    snprintf(param, sizeof(param), "%.*s", (int) (equals - to), to);

    return nt_llm_fail(b->error, param,
                       "%s cannot do what '%s' asks for: leave it out.",
                       b->dialect->title, param);
}


nt_rc_t
nt_llm_put_zero(nt_llm_build_t *b, const json_t *value, const char *to)
{
    if (json_is_number(value)
            ? json_number_value(value) == 0
            : json_object_size(value) == 0 && json_is_object(value))
    {
        return NT_OK;
    }

    return nt_llm_fail(b->error, to,
                       "%s has nothing like the parameter '%s': leave it out.",
                       b->dialect->title, to);
}


/* Members that nobody looks at fail: what they ask for would be lost. */
static nt_rc_t
put_fields(nt_llm_build_t *b)
{
    nt_rc_t               rc;
    const char           *name;
    json_t               *value;
    const nt_llm_field_t *field;
    json_t *request = (json_t *) (uintptr_t) b->request; /* only read */

    json_object_foreach(request, name, value)
    {
        if (json_is_null(value)) {
            continue;
        }

        field = b->dialect->fields;
        while (field->name != NULL && strcmp(field->name, name) != 0) {
            field++;
        }

        if (field->name == NULL) {
            return nt_llm_fail(b->error, name,
                               "%s has nothing like the parameter '%.64s': "
                               "leave it out.",
                               b->dialect->title, name);
        }

        rc = field->put != NULL ? field->put(b, value, field->to) : NT_OK;
        if (rc != NT_OK) {
            return rc;
        }
    }

    return NT_OK;
}


/* --- requests --- */

static nt_rc_t
put_headers(const nt_llm_dialect_t *dialect, nt_str_t key, const char *accept,
            nt_llm_request_t *out)
{
    nt_rc_t rc = nt_llm_add_header(out, "Accept", nt_str(accept));

    /* a compressed stream would be held back by those who inflate it */
    if (rc == NT_OK) {
        rc = nt_llm_add_header(out, "Accept-Encoding", NT_STR("identity"));
    }

    if (rc == NT_OK && strcmp(out->method, "POST") == 0) {
        rc = nt_llm_add_header(out, "Content-Type", NT_STR("application/json"));
    }

    return rc == NT_OK ? dialect->headers(out, key) : rc;
}


static nt_rc_t
build(nt_llm_build_t *b, nt_str_t key, bool stream,
      nt_rc_t (*make)(nt_llm_build_t *b))
{
    nt_rc_t     rc;
    const char *accept = "application/json";

    if (!json_is_object(b->request)) {
        return nt_llm_fail(b->error, "", "A request must be an object.");
    }

    b->model = nt_llm_get_text(b->request, "model");
    if (b->model[0] == '\0') {
        return nt_llm_fail(b->error, "model", "'model' must be a text.");
    }

    b->out->method = "POST";
    b->body = json_object();
    rc = b->body != NULL ? make(b) : NT_NOMEM;

    if (rc == NT_OK) {
        nt_json_append(&b->out->body, b->body);
        if (stream) {
            accept = b->dialect->lines ? "application/x-ndjson"
                                       : "text/event-stream";
        }

        rc = put_headers(b->dialect, key, accept, b->out);
        if (rc == NT_ERROR) {
            rc = nt_llm_fail(b->error, "",
                             "The API key has a character that no key has: "
                             "set it anew.");
            b->error->kind = NT_LLM_AUTH;
        }
    }

    json_decref(b->body);
    json_decref(b->called);

    if (rc == NT_OK && (b->out->body.failed || b->out->path.failed)) {
        rc = NT_NOMEM;
    }

    return rc;
}


static nt_rc_t
make_chat(nt_llm_build_t *b)
{
    nt_rc_t rc;

    if (json_array_size(json_object_get(b->request, "messages")) == 0) {
        return nt_llm_fail(b->error, "messages",
                           "'messages' must be a list of messages.");
    }

    rc = b->dialect->fields != NULL ? put_fields(b) : NT_OK;

    return rc == NT_OK ? b->dialect->chat(b) : rc;
}


nt_rc_t
nt_llm_chat(const nt_llm_dialect_t *dialect, const json_t *request,
            nt_str_t key, nt_llm_request_t *out, nt_llm_error_t *error)
{
    nt_llm_build_t b = {
        .dialect = dialect, .request = request, .out = out, .error = error
    };

    return build(&b, key, json_is_true(json_object_get(request, "stream")),
                 make_chat);
}


static nt_rc_t
make_embed(nt_llm_build_t *b)
{
    size_t  i;
    json_t *text, *input = json_object_get(b->request, "input");

    if (b->dialect->embed == NULL) {
        return nt_llm_fail(b->error, "model", "%s has no embedding models.",
                           b->dialect->title);
    }

    json_array_foreach(input, i, text)
    {
        if (!json_is_string(text)) {
            return nt_llm_fail(b->error, "input",
                               "'input' must be a list of texts.");
        }
    }

    if (json_array_size(input) == 0) {
        return nt_llm_fail(b->error, "input", "'input' has no text.");
    }

    return b->dialect->embed(b);
}


nt_rc_t
nt_llm_embed(const nt_llm_dialect_t *dialect, const json_t *request,
             nt_str_t key, nt_llm_request_t *out, nt_llm_error_t *error)
{
    nt_llm_build_t b = {
        .dialect = dialect, .request = request, .out = out, .error = error
    };

    return build(&b, key, false, make_embed);
}


nt_rc_t
nt_llm_models(const nt_llm_dialect_t *dialect, nt_str_t key,
              nt_llm_request_t *out)
{
    out->method = "GET";
    nt_buf_append_str(&out->path, nt_str(dialect->models_path));
    if (out->path.failed) {
        return NT_NOMEM;
    }

    return put_headers(dialect, key, "application/json", out);
}


nt_rc_t
nt_llm_key_header(const nt_llm_dialect_t *dialect, nt_str_t key,
                  nt_llm_request_t *request)
{
    return dialect->headers(request, key);
}
