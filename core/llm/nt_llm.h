/*
 * core/llm/nt_llm.h - the dialects that model providers speak.
 *
 * The canonical form of requests and replies is that of OpenAI's chat
 * completions and embeddings (https://platform.openai.com/docs/api-reference).
 * A dialect makes a provider's request of a canonical one, and canonical
 * replies, pieces of a stream and errors of a provider's.  There is no I/O
 * here: bytes in, bytes out.
 *
 * Beyond OpenAI's own, messages of the canonical form may have:
 *
 *   reasoning_content  text of the model's thinking (DeepSeek's name)
 *   thinking_blocks    Anthropic's thinking and redacted_thinking blocks as
 *                      they came, with their signatures
 *   images             [{"type": "image_url", "image_url": {"url": data URI}}]
 *                      that the model made (OpenRouter's name)
 *   annotations        [{"type": "url_citation", "url_citation": {"url",
 *                      "title"}}]
 *   extra_content      {"google": {"thought_signature": ...}}, of a message or
 *                      a tool call (the name in Gemini's OpenAI endpoint)
 *
 * They are sent back in later turns where the provider wants them.  Parts of
 * a user's message are text, image_url, input_audio, file {file_data: data
 * URI, filename} and video_url {url} (OpenRouter's).
 */

#ifndef NT_LLM_H
#define NT_LLM_H

#include <jansson.h>

#include "core/nt_buf.h"

typedef struct nt_llm_dialect nt_llm_dialect_t;

/* What a caller's or a provider's fault is. */
typedef enum {
    NT_LLM_INVALID,    /* the request is wrong: 400, 404, 413, 422 ... */
    NT_LLM_AUTH,       /* key missing, wrong or without permission */
    NT_LLM_QUOTA,      /* nothing left to be paid with */
    NT_LLM_RATE_LIMIT, /* too many requests or tokens */
    NT_LLM_OVERLOADED, /* 503, 529 */
    NT_LLM_SERVER,     /* another fault of the provider */
    NT_LLM_PROTOCOL    /* what came is not the dialect, or ended too early */
} nt_llm_error_kind_t;

/* Zeroed before use, freed with nt_llm_error_free. */
typedef struct {
    nt_llm_error_kind_t kind;
    int                 status;      /* for a client of the gateway: 429 ... */
    double              retry_after; /* seconds; negative when not given */
    nt_buf_t            message;     /* a sentence */
    nt_buf_t            param;       /* the member at fault, or empty */
    nt_buf_t            code;        /* the provider's word, or empty */
} nt_llm_error_t;

#define NT_LLM_HEADERS_MAX 24

/* A request for the provider. Zeroed before use, freed with
 * nt_llm_request_free. */
typedef struct {
    const char *method; /* static */
    nt_buf_t    path;   /* to be put behind the base URL: "/messages" */
    char    *headers[NT_LLM_HEADERS_MAX]; /* "Name: value", malloc'ed, ended by
                                        * NULL */
    nt_buf_t body;                        /* JSON */
} nt_llm_request_t;

/* Tokens that are believed: sums of counts stay far from overflowing. */
#define NT_LLM_TOKENS_MAX INT64_C(1000000000)

/* Tokens; -1 when the provider does not say, at most NT_LLM_TOKENS_MAX each
 * that it says. Cached ones are among those of
 * the prompt, reasoning ones among those of the completion. */
typedef struct {
    int64_t prompt;
    int64_t completion;
    int64_t total;
    int64_t cached;
    int64_t reasoning;
} nt_llm_usage_t;

/* A provider's number as a count in it. */
int64_t nt_llm_count(int64_t n);

/* What a piece of a reply is. */
typedef enum {
    NT_LLM_START,       /* first: text is the reply's id, name its model */
    NT_LLM_CONTENT,     /* text */
    NT_LLM_REASONING,   /* text */
    NT_LLM_REFUSAL,     /* text */
    NT_LLM_TOOL_CALL,   /* call, text: a piece of its arguments; the first
                         * piece of a call has id and name */
    NT_LLM_IMAGE,       /* text: a URL, mostly a data URI */
    NT_LLM_AUDIO,       /* data: a piece of OpenAI's "audio" member */
    NT_LLM_ANNOTATIONS, /* data: an array */
    NT_LLM_THINKING,    /* data: a whole block for thinking_blocks */
    NT_LLM_EXTRA,       /* data: extra_content of the message, or of the tool
                         * call `call` if `of_call` */
    NT_LLM_FINISH,      /* text: stop, length, tool_calls, content_filter */
    NT_LLM_USAGE        /* usage; at most once, behind the choices' pieces */
} nt_llm_kind_t;

/* A piece; pointers live until the function it was given to returns. */
typedef struct {
    nt_llm_kind_t  kind;
    unsigned       choice; /* from 0 */
    unsigned       call;   /* of the choice's tool calls, from 0 */
    bool           of_call;
    nt_str_t       text;
    nt_str_t       id;
    nt_str_t       name;
    const json_t  *data;
    nt_llm_usage_t usage;
} nt_llm_delta_t;

/* Takes a piece; other than NT_OK stops the parser, which returns it. */
typedef nt_rc_t (*nt_llm_sink_t)(void *ctx, const nt_llm_delta_t *delta);

typedef struct nt_llm_stream nt_llm_stream_t;

NT_BEGIN_DECLS

extern const nt_llm_dialect_t nt_llm_openai;
extern const nt_llm_dialect_t nt_llm_anthropic;
extern const nt_llm_dialect_t nt_llm_gemini;
extern const nt_llm_dialect_t nt_llm_ollama;

/* OpenAI's, but for names and members that api.mistral.ai refuses. */
extern const nt_llm_dialect_t nt_llm_mistral;

/* "openai", "anthropic", "gemini", "ollama", "mistral"; NULL for another
 * name. */
const nt_llm_dialect_t *nt_llm_dialect_find(nt_str_t name);
const char             *nt_llm_dialect_name(const nt_llm_dialect_t *dialect);

/* --- requests --- */

/*
 * Makes a request of a canonical one (an object; borrowed).  `key` may be
 * empty: then no header carries one.  A member "stream": true asks for a
 * stream.  NT_ERROR: *error names the member that the dialect cannot say.
 * NT_NOMEM.
 */
nt_rc_t nt_llm_chat(const nt_llm_dialect_t *dialect, const json_t *request,
                    nt_str_t key, nt_llm_request_t *out, nt_llm_error_t *error);

/* The same for {"model", "input": [texts], "dimensions"?}. */
nt_rc_t nt_llm_embed(const nt_llm_dialect_t *dialect, const json_t *request,
                     nt_str_t key, nt_llm_request_t *out,
                     nt_llm_error_t *error);

/* The list of models. */
nt_rc_t nt_llm_models(const nt_llm_dialect_t *dialect, nt_str_t key,
                      nt_llm_request_t *out);

void nt_llm_request_free(nt_llm_request_t *request);

/* For requests beyond those: the header with the key, as the dialect has it,
 * and another one.  NT_ERROR for a value that no header can have. */
nt_rc_t nt_llm_key_header(const nt_llm_dialect_t *dialect, nt_str_t key,
                          nt_llm_request_t *request);
nt_rc_t nt_llm_add_header(nt_llm_request_t *request, const char *name,
                          nt_str_t value);

/* Appends a URL: `base` and behind it `path`, whose first segment is left out
 * when the base ends with it (".../v1" and "/v1/messages"). */
void nt_llm_url(nt_buf_t *url, nt_str_t base, nt_str_t path);

/* Appends `text` with what a path's segment may not hold as %XX. */
void nt_llm_append_escaped(nt_buf_t *path, nt_str_t text);

/* --- replies --- */

/* A whole reply to nt_llm_chat without "stream" as a chat.completion: *out is
 * a new reference.  NT_ERROR: *error; also for an error that came with a
 * status of 200. */
nt_rc_t nt_llm_reply(const nt_llm_dialect_t *dialect, nt_str_t body,
                     json_t **out, nt_llm_error_t *error);

/* The reply to nt_llm_embed for `n` texts: {"object": "list", "data":
 * [{"index", "embedding": [numbers]}], "model"?, "usage"?}. */
nt_rc_t nt_llm_embeddings(const nt_llm_dialect_t *dialect, nt_str_t body,
                          size_t n, json_t **out, nt_llm_error_t *error);

/* The reply to nt_llm_models: [{"id", "object": "model", ...}], those that
 * chat or embed. */
nt_rc_t nt_llm_model_list(const nt_llm_dialect_t *dialect, nt_str_t body,
                          json_t **out, nt_llm_error_t *error);

/* Reads a reply with a status other than 2xx; `retry_after` is that header,
 * or empty.  The body may be anything. */
void nt_llm_error_reply(const nt_llm_dialect_t *dialect, int status,
                        nt_str_t retry_after, nt_str_t body,
                        nt_llm_error_t *error);
void nt_llm_error_free(nt_llm_error_t *error);

/* --- streams --- */

/* NULL when memory is out. */
nt_llm_stream_t *nt_llm_stream_new(const nt_llm_dialect_t *dialect,
                                   nt_llm_sink_t sink, void *ctx);
void             nt_llm_stream_free(nt_llm_stream_t *stream);

/* Takes the bytes of a stream, cut anywhere.  NT_OK; NT_ERROR (see
 * nt_llm_stream_error); NT_LIMIT: an event of more than 32 MiB, or too many
 * calls; NT_NOMEM; or what the sink returned.  After a failure no more may be
 * fed. */
nt_rc_t nt_llm_stream_feed(nt_llm_stream_t *stream, const char *data,
                           size_t len);

/* The stream has ended: NT_ERROR when that was too early. */
nt_rc_t nt_llm_stream_end(nt_llm_stream_t *stream);

/* After NT_ERROR and NT_LIMIT; lives as long as the stream. */
const nt_llm_error_t *nt_llm_stream_error(const nt_llm_stream_t *stream);

/* The tokens that were told so far; NT_LLM_USAGE comes at the end only. */
nt_llm_usage_t nt_llm_stream_usage(const nt_llm_stream_t *stream);

/* True once the dialect's last event has come: the rest need not be read. */
bool nt_llm_stream_done(const nt_llm_stream_t *stream);

/* --- from pieces to a reply --- */

typedef struct nt_llm_collect nt_llm_collect_t;

nt_llm_collect_t *nt_llm_collect_new(void); /* NULL when memory is out */
void              nt_llm_collect_free(nt_llm_collect_t *collect);

/* A sink: ctx is the nt_llm_collect_t. */
nt_rc_t nt_llm_collect_add(void *ctx, const nt_llm_delta_t *delta);

/* The chat.completion so far, a new reference; NULL when memory is out. */
json_t *nt_llm_collect_reply(const nt_llm_collect_t *collect);

/* A canonical "usage" object, without what is not known. New reference. */
json_t *nt_llm_usage_json(const nt_llm_usage_t *usage);

NT_END_DECLS

#endif
