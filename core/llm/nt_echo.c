/*
 * core/llm/nt_echo.c - replies and streams of the echo model.
 */

#include "core/llm/nt_echo_private.h"

#include <stdlib.h>


size_t
nt_echo_token(nt_str_t text)
{
    size_t i;

    i = 0;

    while (i < text.len && nt_echo_blank(text.data[i])) {
        i++;
    }

    while (i < text.len && !nt_echo_blank(text.data[i])) {
        i++;
    }

    return i;
}


uint64_t
nt_echo_count(nt_str_t text)
{
    size_t   len;
    uint64_t n;

    for (n = 0; (len = nt_echo_token(text)) > 0; n++) {
        text.data += len;
        text.len -= len;
    }

    return n;
}


nt_rc_t
nt_echo_create(nt_echo_t **out, nt_str_t body, const nt_echo_options_t *options,
               int *status, nt_buf_t *message)
{
    nt_rc_t      rc;
    nt_echo_t   *echo;
    json_error_t error;

    echo = calloc(1, sizeof(nt_echo_t));
    if (echo == NULL) {
        return NT_NOMEM;
    }

    nt_buf_append_str(&echo->model, options->model);
    nt_buf_append_str(&echo->id, options->id);
    echo->created = options->created;

    echo->request = json_loadb(body.data, body.len, JSON_ALLOW_NUL, &error);

    if (echo->request == NULL) {
        *status = 400;
        nt_buf_printf(message, "The request body is not valid JSON: %s",
                      error.text);
        rc = NT_ERROR;

    } else {
        rc = nt_echo_answer(echo, status, message);
    }

    if (rc == NT_OK && (echo->model.failed || echo->id.failed)) {
        rc = NT_NOMEM;
    }

    if (rc != NT_OK) {
        nt_echo_free(echo);
        return message->failed ? NT_NOMEM : rc;
    }

    *out = echo;

    return NT_OK;
}


void
nt_echo_free(nt_echo_t *echo)
{
    size_t i;

    if (echo == NULL) {
        return;
    }

    for (i = 0; i < echo->n_calls; i++) {
        nt_buf_free(&echo->calls[i].arguments);
    }

    nt_buf_free(&echo->text);
    nt_buf_free(&echo->model);
    nt_buf_free(&echo->id);
    json_decref(echo->request);
    free(echo);
}


bool
nt_echo_is_stream(const nt_echo_t *echo)
{
    return echo->stream;
}


nt_echo_usage_t
nt_echo_usage(const nt_echo_t *echo)
{
    return echo->usage;
}


static void
nt_echo_head(const nt_echo_t *echo, nt_buf_t *out, const char *object)
{
    nt_buf_append_str(out, NT_STR("{\"id\":\"chatcmpl-"));
    nt_buf_append_str(out, nt_echo_buf(&echo->id));
    nt_buf_printf(out,
                  "\",\"object\":\"%s\",\"created\":%jd,\"model\":", object,
                  (intmax_t) echo->created);
    nt_buf_append_json(out, nt_echo_buf(&echo->model));
}


static void
nt_echo_usage_json(const nt_echo_t *echo, nt_buf_t *out)
{
    nt_buf_printf(out,
                  "{\"prompt_tokens\":%ju,\"completion_tokens\":%ju,"
                  "\"total_tokens\":%ju}",
                  (uintmax_t) echo->usage.prompt_tokens,
                  (uintmax_t) echo->usage.completion_tokens,
                  (uintmax_t) (echo->usage.prompt_tokens +
                               echo->usage.completion_tokens));
}


/* The members of a tool call but its arguments' value. */
static void
nt_echo_call_json(const nt_echo_t *echo, size_t choice, size_t call,
                  nt_buf_t *out)
{
    nt_buf_append_str(out, NT_STR("\"id\":\"call_"));
    nt_buf_append_str(out, nt_echo_buf(&echo->id));
    nt_buf_printf(out, "%zu%zu\",\"type\":\"function\",\"function\":{\"name\":",
                  choice, call);
    nt_buf_append_json(out, echo->calls[call].name);
    nt_buf_append_str(out, NT_STR(",\"arguments\":"));
}


void
nt_echo_reply(const nt_echo_t *echo, nt_buf_t *out)
{
    size_t i, k;

    nt_echo_head(echo, out, "chat.completion");
    nt_buf_append_str(out, NT_STR(",\"choices\":["));

    for (i = 0; i < echo->n; i++) {
        nt_buf_printf(out,
                      "%s{\"index\":%zu,\"message\":{\"role\":\"assistant\","
                      "\"content\":",
                      i ? "," : "", i);

        if (echo->n_calls > 0) {
            nt_buf_append_str(out, NT_STR("null,\"tool_calls\":["));

            for (k = 0; k < echo->n_calls; k++) {
                nt_buf_append_str(out, k ? NT_STR(",{") : NT_STR("{"));
                nt_echo_call_json(echo, i, k, out);
                nt_buf_append_json(out, nt_echo_buf(&echo->calls[k].arguments));
                nt_buf_append_str(out, NT_STR("}}"));
            }

            nt_buf_append_char(out, ']');

        } else {
            nt_buf_append_json(out, nt_echo_buf(&echo->text));
        }

        nt_buf_printf(out,
                      ",\"refusal\":null},\"logprobs\":null,"
                      "\"finish_reason\":\"%s\"}",
                      echo->finish_reason);
    }

    nt_buf_append_str(out, NT_STR("],\"usage\":"));
    nt_echo_usage_json(echo, out);
    nt_buf_append_char(out, '}');
}


static void
nt_echo_chunk_begin(const nt_echo_t *echo, nt_buf_t *out)
{
    nt_buf_append_str(out, NT_STR("data: "));
    nt_echo_head(echo, out, "chat.completion.chunk");
    nt_buf_printf(out, ",\"choices\":[{\"index\":%zu,\"delta\":{",
                  echo->choice);
}


static void
nt_echo_chunk_end(const nt_echo_t *echo, nt_buf_t *out,
                  const char *finish_reason)
{
    nt_buf_append_str(out, NT_STR("},\"logprobs\":null,\"finish_reason\":"));

    if (finish_reason != NULL) {
        nt_buf_printf(out, "\"%s\"}]", finish_reason);

    } else {
        nt_buf_append_str(out, NT_STR("null}]"));
    }

    if (echo->include_usage) {
        nt_buf_append_str(out, NT_STR(",\"usage\":null"));
    }

    nt_buf_append_str(out, NT_STR("}\n\n"));
}


/* The next token of `text` as a JSON string; false at its end. */
static bool
nt_echo_piece(nt_echo_t *echo, const nt_buf_t *text, nt_str_t *piece)
{
    piece->data = text->data + echo->pos;
    piece->len = text->len - echo->pos;
    piece->len = nt_echo_token(*piece);

    echo->pos += piece->len;

    return piece->len > 0;
}


static void
nt_echo_role_chunk(nt_echo_t *echo, nt_buf_t *out)
{
    nt_echo_chunk_begin(echo, out);
    nt_buf_append_str(out, NT_STR("\"role\":\"assistant\",\"content\":"));
    nt_buf_append_str(out, echo->n_calls ? NT_STR("null") : NT_STR("\"\""));
    nt_echo_chunk_end(echo, out, NULL);

    echo->state = echo->n_calls ? NT_ECHO_CALL : NT_ECHO_TEXT;
    echo->call = 0;
    echo->pos = 0;
}


static bool
nt_echo_text_chunk(nt_echo_t *echo, nt_buf_t *out)
{
    nt_str_t piece;

    if (!nt_echo_piece(echo, &echo->text, &piece)) {
        echo->state = NT_ECHO_FINISH;
        return false;
    }

    nt_echo_chunk_begin(echo, out);
    nt_buf_append_str(out, NT_STR("\"content\":"));
    nt_buf_append_json(out, piece);
    nt_echo_chunk_end(echo, out, NULL);

    return true;
}


static void
nt_echo_call_chunk(nt_echo_t *echo, nt_buf_t *out)
{
    nt_echo_chunk_begin(echo, out);
    nt_buf_printf(out, "\"tool_calls\":[{\"index\":%zu,", echo->call);
    nt_echo_call_json(echo, echo->choice, echo->call, out);
    nt_buf_append_str(out, NT_STR("\"\"}}]"));
    nt_echo_chunk_end(echo, out, NULL);

    echo->state = NT_ECHO_ARGUMENTS;
    echo->pos = 0;
}


static bool
nt_echo_arguments_chunk(nt_echo_t *echo, nt_buf_t *out)
{
    nt_str_t piece;

    if (!nt_echo_piece(echo, &echo->calls[echo->call].arguments, &piece)) {
        echo->call++;
        echo->state =
            echo->call < echo->n_calls ? NT_ECHO_CALL : NT_ECHO_FINISH;
        return false;
    }

    nt_echo_chunk_begin(echo, out);
    nt_buf_printf(out,
                  "\"tool_calls\":[{\"index\":%zu,\"function\":{"
                  "\"arguments\":",
                  echo->call);
    nt_buf_append_json(out, piece);
    nt_buf_append_str(out, NT_STR("}}]"));
    nt_echo_chunk_end(echo, out, NULL);

    return true;
}


static void
nt_echo_finish_chunk(nt_echo_t *echo, nt_buf_t *out)
{
    nt_echo_chunk_begin(echo, out);
    nt_echo_chunk_end(echo, out, echo->finish_reason);

    echo->choice++;

    if (echo->choice < echo->n) {
        echo->state = NT_ECHO_ROLE;

    } else {
        echo->state = echo->include_usage ? NT_ECHO_USAGE : NT_ECHO_DONE;
    }
}


static void
nt_echo_usage_chunk(nt_echo_t *echo, nt_buf_t *out)
{
    nt_buf_append_str(out, NT_STR("data: "));
    nt_echo_head(echo, out, "chat.completion.chunk");
    nt_buf_append_str(out, NT_STR(",\"choices\":[],\"usage\":"));
    nt_echo_usage_json(echo, out);
    nt_buf_append_str(out, NT_STR("}\n\n"));

    echo->state = NT_ECHO_DONE;
}


bool
nt_echo_next(nt_echo_t *echo, nt_buf_t *out)
{
    for (;;) {
        switch (echo->state) {
        case NT_ECHO_ROLE:
            nt_echo_role_chunk(echo, out);
            return true;

        case NT_ECHO_TEXT:
            if (nt_echo_text_chunk(echo, out)) {
                return true;
            }
            break;

        case NT_ECHO_CALL:
            nt_echo_call_chunk(echo, out);
            return true;

        case NT_ECHO_ARGUMENTS:
            if (nt_echo_arguments_chunk(echo, out)) {
                return true;
            }
            break;

        case NT_ECHO_FINISH:
            nt_echo_finish_chunk(echo, out);
            return true;

        case NT_ECHO_USAGE:
            nt_echo_usage_chunk(echo, out);
            return true;

        case NT_ECHO_DONE:
            nt_buf_append_str(out, NT_STR("data: [DONE]\n\n"));
            echo->state = NT_ECHO_END;
            return true;

        case NT_ECHO_END:
            return false;
        }
    }
}
