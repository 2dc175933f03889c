/*
 * core/llm/nt_llm_private.h - what the dialects share.
 *
 * A dialect is a table of functions.  Those that build requests get the
 * canonical request and fill in the provider's; those that read get JSON
 * values and emit pieces.  A whole reply is read as a stream of one event,
 * whose pieces are collected.
 */

#ifndef NT_LLM_PRIVATE_H
#define NT_LLM_PRIVATE_H

#include "core/llm/nt_llm.h"
#include "core/llm/nt_llm_quick.h"
#include "core/nt_sse.h"

#define NT_LLM_CHOICES_MAX 16
#define NT_LLM_EVENT_MAX   (32 * 1024 * 1024) /* bytes; images come in one */
#define NT_LLM_CALLS_MAX   128                /* of a choice */

/* --- requests --- */

typedef struct {
    const nt_llm_dialect_t *dialect;
    const json_t           *request; /* canonical */
    json_t                 *body;    /* the provider's; owned */
    const char             *model;
    nt_llm_request_t       *out;
    nt_llm_error_t         *error;
    json_t                 *called;   /* names of tools by ids of calls */
    size_t                  n_called; /* messages whose calls are in it */
} nt_llm_build_t;

/* What a dialect does about a member of the canonical request. */
typedef struct {
    const char *name;
    /* Puts the value, which is not null, into b->body; NULL: the member is
     * taken care of elsewhere, or says nothing to the model. */
    nt_rc_t (*put)(nt_llm_build_t *b, const json_t *value, const char *to);
    const char *to; /* the provider's name for it */
} nt_llm_field_t;

struct nt_llm_dialect {
    const char *name;
    const char *title;     /* in sentences */
    bool        lines;     /* streams are lines of JSON, not events */
    bool        done_mark; /* streams end with [DONE] */
    bool        canonical; /* whole replies are given on as they come */

    const nt_llm_field_t *fields; /* ended by a NULL name */

    nt_rc_t (*chat)(nt_llm_build_t *b); /* after the fields */
    nt_rc_t (*embed)(nt_llm_build_t *b);
    const char *models_path;
    nt_rc_t (*headers)(nt_llm_request_t *request, nt_str_t key);

    nt_rc_t (*whole)(nt_llm_stream_t *stream, const json_t *reply);
    nt_rc_t (*event)(nt_llm_stream_t *stream, const json_t *event);

    /* The same for an event of this shape; false: it is another kind. */
    const nt_llm_shape_t *shape;
    bool (*quick)(nt_llm_stream_t *stream, const nt_llm_quick_t *event,
                  nt_rc_t *rc);

    /* End of the stream: emits what waited for it; NULL when nothing does. */
    nt_rc_t (*end)(nt_llm_stream_t *stream);

    /* Vectors of an embedding's reply, in order: appends each (borrowed) to
     * the array; and the tokens. */
    nt_rc_t (*vectors)(const json_t *reply, json_t *vectors,
                       nt_llm_usage_t *usage);

    /* Where models stand in the list of models and what to make of one: a
     * new reference, or NULL with *rc NT_OK for one to be left out. */
    const char *models_member;
    json_t *(*model)(const json_t *model, nt_rc_t *rc);

    /* Refines an error, whose kind and message have been set by status and
     * by the "error" member of the body. */
    void (*error)(const json_t *body, nt_llm_error_t *error);
};

/* --- streams --- */

typedef struct {
    bool     finished;
    unsigned n_calls;
    unsigned last;                    /* the call that pieces go to */
    int64_t  index[NT_LLM_CALLS_MAX]; /* the provider's, of each call */
    nt_buf_t id[NT_LLM_CALLS_MAX];    /* the provider's or ours */
} nt_llm_calls_t;

struct nt_llm_stream {
    const nt_llm_dialect_t *dialect;
    nt_llm_sink_t           sink;
    void                   *ctx;
    nt_sse_t                sse;
    nt_buf_t                line;
    nt_json_pull_t          pull;
    bool                    trees; /* of every event, for tests */
    nt_llm_error_t          error;
    nt_rc_t                 rc; /* what it failed with */
    bool                    started;
    bool                    done; /* the terminal event has come */
    unsigned                made; /* ids */
    char                    seed[17];
    bool                    has_usage;
    nt_llm_usage_t          usage;
    nt_llm_calls_t         *choices[NT_LLM_CHOICES_MAX];

    /* Anthropic: the block that is open */
    int64_t       block;
    nt_llm_kind_t block_is;
    unsigned      block_call;
    bool          block_input;
    nt_buf_t      thinking_text;
    nt_buf_t      signature;

    /* Gemini: of each choice, until the end */
    const char *finish[NT_LLM_CHOICES_MAX];
};

NT_BEGIN_DECLS

/* --- nt_llm.c --- */

/* Says what is wrong with the member `param`; the value is NT_ERROR, or
 * NT_NOMEM. */
nt_rc_t nt_llm_fail(nt_llm_error_t *error, const char *param,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- nt_llm_json.c --- */

/* Takes over `value`, NULL of which is NT_NOMEM. */
nt_rc_t nt_llm_set(json_t *object, const char *name, json_t *value);
nt_rc_t nt_llm_append(json_t *array, json_t *value);

/* Members: NULL when they are not there or null; "" when they are no string;
 * `otherwise` when they are no integer. */
json_t     *nt_llm_get(const json_t *object, const char *name);
nt_str_t    nt_llm_get_str(const json_t *object, const char *name);
const char *nt_llm_get_text(const json_t *object, const char *name);
int64_t     nt_llm_get_int(const json_t *object, const char *name,
                           int64_t otherwise);

/* Tokens as nt_llm_usage_t has them: -1 for less than none. */
int64_t nt_llm_get_count(const json_t *object, const char *name);

/* A new reference; NULL when the text is no object (NT_ERROR) or memory is
 * out. */
json_t *nt_llm_object(nt_str_t text, nt_rc_t *rc);

/* JSON without the byte order mark that some put before it (RFC 8259, 8.1). */
nt_str_t nt_llm_text(nt_str_t json);

nt_str_t nt_llm_str(const json_t *string); /* empty for another type */
json_t  *nt_llm_json_str(nt_str_t text);

/* --- nt_llm.c, the members of requests --- */

/* Puts of nt_llm_field_t: the same value under another name; in the
 * "generationConfig" or "options" the dialect puts them in by `to` "a.b". */
nt_rc_t nt_llm_put(nt_llm_build_t *b, const json_t *value, const char *to);

/* A text or list of texts, as a list. */
nt_rc_t nt_llm_put_stop(nt_llm_build_t *b, const json_t *value, const char *to);

/* Only 1 choice. */
nt_rc_t nt_llm_put_one(nt_llm_build_t *b, const json_t *value, const char *to);

/* Only the value behind the = of `to`: "parallel_tool_calls=true". */
nt_rc_t nt_llm_put_only(nt_llm_build_t *b, const json_t *value, const char *to);

/* Only 0 or {}, which many clients send for nothing; `to` is its name. */
nt_rc_t nt_llm_put_zero(nt_llm_build_t *b, const json_t *value, const char *to);

/* --- nt_llm_content.c --- */

typedef enum {
    NT_LLM_PART_TEXT,
    NT_LLM_PART_IMAGE,
    NT_LLM_PART_AUDIO,
    NT_LLM_PART_VIDEO,
    NT_LLM_PART_FILE
} nt_llm_part_kind_t;

/* A part of a message; it is text, data or behind a URL. */
typedef struct {
    nt_llm_part_kind_t kind;
    nt_str_t           text;
    nt_str_t           mime; /* "image/png"; empty when not known */
    nt_str_t           data; /* base64 */
    nt_str_t           url;
    nt_str_t           name; /* of a file */
} nt_llm_part_t;

#define NT_LLM_WHOLE SIZE_MAX /* a message, not one of its parts */

/* Where a part stands, for errors. */
typedef struct {
    nt_llm_build_t *build;
    size_t          message;
    size_t          part;
} nt_llm_place_t;

nt_rc_t nt_llm_place_fail(const nt_llm_place_t *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Calls `add` for each part of a message's content, empty texts left out; a
 * string is one part, null none. */
nt_rc_t nt_llm_parts(nt_llm_place_t *place, const json_t *message,
                     nt_rc_t (*add)(void *ctx, const nt_llm_place_t *place,
                                    const nt_llm_part_t *part),
                     void *ctx);

/* Appends the message's text parts; other parts fail. */
nt_rc_t nt_llm_text_of(nt_llm_place_t *place, const json_t *message,
                       nt_buf_t *text);

/* Appends the text of a system or developer message, behind an empty line if
 * there is some already. */
nt_rc_t nt_llm_system(nt_llm_place_t *place, const json_t *message,
                      nt_buf_t *text);

/* The role of a message, developer as "system"; NULL after failing. */
const char *nt_llm_role(nt_llm_place_t *place, const json_t *message);

/* A message's i-th tool call. */
typedef struct {
    nt_str_t      id;
    nt_str_t      name;
    json_t       *arguments; /* an object; the caller's reference */
    const json_t *extra;     /* extra_content, or NULL */
} nt_llm_call_t;

nt_rc_t nt_llm_call_of(nt_llm_place_t *place, const json_t *message, size_t i,
                       nt_llm_call_t *call);

/* The name of the tool that the call with the tool message's id called,
 * looked for in earlier messages; of several the last one counts. */
nt_rc_t nt_llm_tool_name(nt_llm_place_t *place, const json_t *messages,
                         const json_t *message, nt_str_t *name);

/* Function and parameters (new reference; an empty object schema when there
 * are none) of the i-th of the request's tools. */
typedef struct {
    nt_str_t name;
    nt_str_t description;
    json_t  *parameters;
} nt_llm_tool_t;

nt_rc_t nt_llm_tool_of(nt_llm_build_t *b, size_t i, nt_llm_tool_t *tool);

/* Appends {"name", "description", SCHEMA: parameters} of each tool. */
nt_rc_t nt_llm_tool_list(nt_llm_build_t *b, json_t *list, const char *schema);

/* "auto", "none", "required" or, with *name set, "function"; NULL when the
 * request has none. */
nt_rc_t nt_llm_tool_choice(nt_llm_build_t *b, const char **choice,
                           nt_str_t *name);

/* What format a reply has to have. */
typedef enum {
    NT_LLM_FORMAT_TEXT,
    NT_LLM_FORMAT_OBJECT,
    NT_LLM_FORMAT_SCHEMA
} nt_llm_format_t;

nt_rc_t nt_llm_response_format(nt_llm_build_t *b, nt_llm_format_t *format,
                               json_t **schema); /* borrowed */

/* max_completion_tokens, else max_tokens, else `otherwise`. */
nt_rc_t nt_llm_max_tokens(nt_llm_build_t *b, int64_t otherwise, int64_t *out);

/* --- nt_llm_stream.c --- */

/* A fault of the provider; the value is NT_ERROR. */
nt_rc_t nt_llm_protocol(nt_llm_stream_t *s, const char *what);

/* An error within the stream or a reply of status 200. */
nt_rc_t nt_llm_in_band(nt_llm_stream_t *s, const json_t *event);

/* Emits; the first tells id and model once. */
nt_rc_t nt_llm_emit_start(nt_llm_stream_t *s, nt_str_t id, nt_str_t model);
nt_rc_t nt_llm_emit_text(nt_llm_stream_t *s, unsigned choice,
                         nt_llm_kind_t kind, nt_str_t text);
nt_rc_t nt_llm_emit_data(nt_llm_stream_t *s, unsigned choice,
                         nt_llm_kind_t kind, const json_t *data);
nt_rc_t nt_llm_emit_finish(nt_llm_stream_t *s, unsigned choice,
                           const char *reason);
nt_rc_t nt_llm_emit_usage(nt_llm_stream_t *s); /* once, if there is some */

/* Opens a tool call, *call is its number: `index` is the provider's, an
 * empty id is made. */
nt_rc_t nt_llm_emit_call(nt_llm_stream_t *s, unsigned choice, int64_t index,
                         nt_str_t id, nt_str_t name, nt_str_t arguments,
                         unsigned *call);
/* A further piece of its arguments. */
nt_rc_t nt_llm_emit_arguments(nt_llm_stream_t *s, unsigned choice,
                              unsigned call, nt_str_t arguments);
/* A whole call with its arguments as JSON. */
nt_rc_t nt_llm_emit_whole_call(nt_llm_stream_t *s, unsigned choice, nt_str_t id,
                               nt_str_t name, const json_t *arguments,
                               unsigned *call);
nt_rc_t nt_llm_emit_extra(nt_llm_stream_t *s, unsigned choice, int call,
                          const json_t *extra); /* call < 0: the message's */

/* The number of a choice; NT_ERROR for one that cannot be. */
nt_rc_t nt_llm_choice(nt_llm_stream_t *s, int64_t index, unsigned *choice);

/* The calls of a choice; NULL when memory is out. */
nt_llm_calls_t *nt_llm_calls(nt_llm_stream_t *s, unsigned choice);

void nt_llm_usage_none(nt_llm_usage_t *usage);

/* Of a canonical "usage". */
void nt_llm_usage_read(nt_llm_usage_t *usage, const json_t *value);

/* --- nt_llm_reply.c --- */

/* For the model function: NULL for an empty id, or when memory is out. */
json_t *nt_llm_model_entry(nt_str_t id, int64_t created, nt_str_t owner,
                           nt_rc_t *rc);

/* --- nt_llm_error.c --- */

/* Sets kind and status. */
void nt_llm_error_status(nt_llm_error_t *error, int status);

/* As nt_llm_error_reply, of the parsed body (any type, or NULL); a status of
 * 0 is an error within a reply. */
void nt_llm_error_read(const nt_llm_dialect_t *dialect, int status,
                       nt_str_t retry_after, const json_t *body,
                       nt_llm_error_t *error);

NT_END_DECLS

#endif
