/*
 * engine/models/send.c - requests to providers, and what they fail with.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/json.h"
#include "engine/models/provider.h"
#include "engine/nodes/args.h"


static const nt_llm_dialect_t *
dialect_of(const nt_model_t *model)
{
    return model->provider->dialect != NULL ? model->provider->dialect
                                            : &nt_llm_openai;
}


/* --- failures --- */

/* Appends `text` with "***" wherever the key is. */
static void
append_redacted(nt_buf_t *out, nt_str_t text, const char *key)
{
    size_t      len = strlen(key);
    const char *at;

    while (len != 0 && text.len >= len &&
           (at = memmem(text.data, text.len, key, len)) != NULL)
    {
        nt_buf_append(out, text.data, (size_t) (at - text.data));
        nt_buf_append(out, "***", 3);
        text.len -= (size_t) (at - text.data) + len;
        text.data = at + len;
    }

    nt_buf_append_str(out, text);
}


static const char *
advice(nt_llm_error_kind_t kind)
{
    switch (kind) {
    case NT_LLM_AUTH:
        return " - check the key that the engine has for it";
    case NT_LLM_QUOTA:
        return " - the account has nothing left to pay with";
    case NT_LLM_RATE_LIMIT:
    case NT_LLM_OVERLOADED:
        return " - try again later";
    default:
        return "";
    }
}


/* Keeps an error with what a sentence has not. */
static void
keep_fault(const nt_model_t *model, const nt_llm_error_t *error, nt_str_t text)
{
    nt_llm_error_t *fault = model->fault;

    if (fault == NULL) {
        return;
    }

    nt_buf_reset(&fault->message);
    nt_buf_reset(&fault->param);
    nt_buf_reset(&fault->code);
    fault->kind = error->kind;
    fault->status = error->status != 0 ? error->status : 502;
    fault->retry_after = error->retry_after;
    nt_buf_append_str(&fault->message, text);
    nt_buf_append(&fault->param, error->param.data, error->param.len);
    nt_buf_append(&fault->code, error->code.data, error->code.len);
}


void *
nt_provider_fail(nt_node_call_t *call, const nt_model_t *model,
                 const nt_llm_error_t *error)
{
    nt_buf_t text = { 0 };

    append_redacted(&text,
                    (nt_str_t) { error->message.data, error->message.len },
                    model->key);
    keep_fault(model, error, (nt_str_t) { text.data, text.len });
    nt_buf_append_char(&text, '\0');

    if (text.failed || error->message.failed) {
        (void) nt_arg_nomem(call);
    } else {
        (void) nt_call_fail(call, "%s%s%s%s: %s%s", model->provider->title,
                            model->id[0] != '\0' ? " (" : "", model->id,
                            model->id[0] != '\0' ? ")" : "", text.data,
                            advice(error->kind));
    }

    nt_buf_free(&text);

    return NULL;
}


static void *
fail_sentence(nt_node_call_t *call, const nt_model_t *model, char *sentence)
{
    nt_llm_error_t error = { .kind = NT_LLM_SERVER, .retry_after = -1 };

    if (sentence == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    nt_buf_append_str(&error.message, nt_str(sentence));
    (void) nt_provider_fail(call, model, &error);
    nt_llm_error_free(&error);
    free(sentence);

    return NULL;
}


static void
fail_status(nt_node_call_t *call, const nt_model_t *model,
            nt_http_reply_t *reply)
{
    char          *sentence = NULL;
    size_t         len;
    const char    *data, *after = nt_http_header(reply, "Retry-After");
    nt_llm_error_t error = { 0 };

    if (!nt_http_read_all(reply, &data, &len, &sentence)) {
        data = "";
        len = 0;
        free(sentence);
    }

    nt_llm_error_reply(dialect_of(model), nt_http_status(reply),
                       nt_str(after != NULL ? after : ""),
                       (nt_str_t) { data, len }, &error);
    (void) nt_provider_fail(call, model, &error);
    nt_llm_error_free(&error);
}


/* --- requests --- */

nt_http_reply_t *
nt_provider_send(nt_node_call_t *call, const nt_model_t *model,
                 nt_provider_request_t *request)
{
    int               status;
    char             *sentence = NULL;
    nt_str_t          base = nt_str(model->base);
    nt_http_reply_t  *reply;
    nt_http_request_t http = {
        .method = request->method,
        .headers = request->headers,
        .body = request->body,
        .body_len = request->body_len,
        .timeout = request->timeout,
        .limit = request->limit != 0 ? request->limit : NT_PROVIDER_BODY_MAX,
        .flags = request->flags | (model->trusted ? NT_HTTP_TRUSTED : 0u)
    };

    if (model->root && base.len >= 3 &&
        memcmp(base.data + base.len - 3, "/v1", 3) == 0)
    {
        base.len -= 3;
    }

    nt_llm_url(&request->url, base, nt_str(request->path));
    nt_buf_append_char(&request->url, '\0');
    if (request->url.failed) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    http.url = request->url.data;
    reply = nt_call_http(call, &http, &sentence);
    if (reply == NULL) {
        return fail_sentence(call, model, sentence);
    }

    status = nt_http_status(reply);
    if (status >= 200 && status < 300) {
        return reply;
    }

    fail_status(call, model, reply);
    nt_http_free(reply);

    return NULL;
}


static nt_rc_t
scheme_header(const nt_model_t *model, nt_llm_request_t *head)
{
    nt_rc_t  rc;
    nt_buf_t value = { 0 };

    nt_buf_printf(&value, "%s ", model->provider->scheme);
    nt_buf_append_str(&value, nt_str(model->key));
    rc = value.failed ? NT_NOMEM
                      : nt_llm_add_header(head, "Authorization",
                                          (nt_str_t) { value.data, value.len });
    nt_buf_free(&value);

    return rc;
}


char **
nt_provider_headers(nt_node_call_t *call, const nt_model_t *model,
                    const char *type)
{
    size_t           n = 0;
    nt_rc_t          rc;
    char           **headers;
    nt_llm_request_t head = { 0 };

    rc = model->provider->scheme != NULL
             ? scheme_header(model, &head)
             : nt_llm_key_header(dialect_of(model), nt_str(model->key), &head);
    if (rc == NT_OK && type != NULL) {
        rc = nt_llm_add_header(&head, "Content-Type", nt_str(type));
    }

    headers = rc == NT_OK ? calloc(NT_LLM_HEADERS_MAX, sizeof(*headers)) : NULL;
    if (headers == NULL) {
        nt_llm_request_free(&head);
        (void) nt_call_fail(call,
                            rc == NT_ERROR
                                ? "the key of %s has a character that no key "
                                  "has: set it anew"
                                : "out of memory for a request to %s",
                            model->provider->title);
        return NULL;
    }

    for (; head.headers[n] != NULL; n++) {
        headers[n] = head.headers[n];
        head.headers[n] = NULL;
    }

    return headers;
}


void
nt_provider_free_headers(char **headers)
{
    for (size_t i = 0; headers != NULL && headers[i] != NULL; i++) {
        free(headers[i]);
    }

    free(headers);
}


static char *
copy_bytes(nt_str_t bytes)
{
    char *copy = malloc(bytes.len + 1);

    if (copy != NULL) {
        memcpy(copy, bytes.data, bytes.len);
        copy[bytes.len] = '\0';
    }

    return copy;
}


static bool
read_bytes(nt_node_call_t *call, const nt_model_t *model,
           nt_http_reply_t *reply, nt_str_t *data, char **reply_type)
{
    char       *sentence = NULL, *copy;
    size_t      len;
    const char *bytes, *type;

    if (!nt_http_read_all(reply, &bytes, &len, &sentence)) {
        (void) fail_sentence(call, model, sentence);
        return false;
    }

    copy = copy_bytes((nt_str_t) { bytes, len });
    if (reply_type != NULL) {
        type = nt_http_header(reply, "Content-Type");
        *reply_type = strdup(type != NULL ? type : "");
    }

    if (copy == NULL || (reply_type != NULL && *reply_type == NULL)) {
        free(copy);
        (void) nt_arg_nomem(call);
        return false;
    }

    *data = (nt_str_t) { copy, len };

    return true;
}


static bool
send_bytes(nt_node_call_t *call, const nt_model_t *model, const char *path,
           nt_str_t body, const char *type, double timeout, unsigned flags,
           nt_str_t *data, char **reply_type)
{
    bool                  good = false;
    char                **headers = nt_provider_headers(call, model, type);
    nt_http_reply_t      *reply;
    nt_provider_request_t request = { .method =
                                          body.data != NULL ? "POST" : "GET",
                                      .path = path,
                                      .headers = (const char *const *) headers,
                                      .body = body.data,
                                      .body_len = body.len,
                                      .timeout = timeout,
                                      .flags = NT_HTTP_NO_REDIRECT };

    if (headers == NULL) {
        return false;
    }

    reply = nt_provider_send(call, model, &request);
    if (reply != NULL) {
        good = read_bytes(call, model, reply, data, reply_type);
    }

    nt_http_free(reply);
    nt_provider_free_headers(headers);
    nt_buf_free(&request.url);

    return good;
}


bool
nt_provider_bytes(nt_node_call_t *call, const nt_model_t *model,
                  const char *path, nt_str_t body, const char *type,
                  double timeout, nt_str_t *data, char **reply_type)
{
    return send_bytes(call, model, path, body, type, timeout,
                      NT_HTTP_NO_REDIRECT, data, reply_type);
}


bool
nt_provider_follow(nt_node_call_t *call, const nt_model_t *model,
                   const char *path, nt_str_t *data)
{
    return send_bytes(call, model, path, (nt_str_t) { NULL, 0 }, NULL, 0, 0,
                      data, NULL);
}


json_t *
nt_provider_send_json(nt_node_call_t *call, const nt_model_t *model,
                      const char *path, nt_str_t body, const char *type,
                      double timeout)
{
    json_t      *value;
    nt_str_t     data;
    json_error_t e;

    if (!nt_provider_bytes(call, model, path, body, type, timeout, &data, NULL))
    {
        return NULL;
    }

    value = json_loadb(data.data, data.len, JSON_ALLOW_NUL, &e);
    free((char *) (uintptr_t) data.data);

    if (!json_is_object(value)) {
        json_decref(value);
        (void) nt_call_fail(call, "%s sent something that is not JSON",
                            model->provider->title);
        return NULL;
    }

    return value;
}


json_t *
nt_provider_json(nt_node_call_t *call, const nt_model_t *model,
                 const char *path, const json_t *body, double timeout)
{
    char   *text;
    json_t *value;

    if (body == NULL) {
        return nt_provider_send_json(call, model, path, (nt_str_t) { NULL, 0 },
                                     NULL, timeout);
    }

    text = nt_json_text(body);
    if (text == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    value = nt_provider_send_json(call, model, path, nt_str(text),
                                  "application/json", timeout);
    free(text);

    return value;
}
