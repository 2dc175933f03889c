/*
 * core/llm/nt_llm_api_messages.h - between the parts of Anthropic's Messages
 * as clients have them:
 *
 *   nt_llm_api_messages.c          requests, and the API's table
 *   nt_llm_api_messages_content.c  their messages
 *   nt_llm_api_messages_parts.c    what is in these
 *   nt_llm_api_messages_reply.c    whole replies and errors
 *   nt_llm_api_messages_stream.c   streams
 */

#ifndef NT_LLM_API_MESSAGES_H
#define NT_LLM_API_MESSAGES_H

#include "core/llm/nt_llm_api_private.h"

/* A call that waits until the one before it is whole. */
typedef struct {
    unsigned call;
    nt_buf_t id;
    nt_buf_t name;
    nt_buf_t arguments;
} nt_messages_call_t;

typedef struct {
    nt_llm_writer_t     w;
    int                 open;      /* what block is */
    unsigned            n_blocks;  /* of the message so far */
    unsigned            call;      /* that is open */
    unsigned            depth;     /* in its arguments */
    bool                in_string; /* there, too */
    bool                escaped;
    bool                whole; /* its arguments are */
    nt_messages_call_t *waiting;
    unsigned            n_waiting;
    nt_buf_t            text;     /* that came while a call was open */
    nt_buf_t            thinking; /* likewise */
    bool                called;
    bool                refused;
    const char         *reason; /* why it stopped */
    nt_llm_usage_t      usage;
} nt_messages_writer_t;

#define NT_MESSAGES_WHOLE SIZE_MAX /* a message, not one of its blocks */

typedef struct {
    nt_llm_error_t *error;
    json_t         *messages; /* canonical; borrowed */
    size_t          message;
    size_t          block;

    /* of the message that is read */
    json_t  *parts; /* the user's; owned */
    json_t  *calls; /* the assistant's; owned, as the next */
    json_t  *thinking;
    nt_buf_t text;      /* of the assistant */
    nt_buf_t reasoning; /* likewise */
} nt_messages_content_t;

NT_BEGIN_DECLS

/* Says what is wrong with the block, or the message; the value is NT_ERROR or
 * NT_NOMEM. */
nt_rc_t nt_messages_block_fail(nt_messages_content_t *c, const char *format,
                               ...) __attribute__((format(printf, 2, 3)));
nt_rc_t nt_messages_unknown(nt_messages_content_t *c, const char *type);

/* Appends a part, empty texts left out: of a text, of a block, of a text or a
 * list of blocks, which are no calls and no results. */
nt_rc_t nt_messages_add_text(json_t *parts, nt_str_t text);
nt_rc_t nt_messages_add_part(nt_messages_content_t *c, const json_t *block,
                             json_t *parts);
nt_rc_t nt_messages_add_parts(nt_messages_content_t *c, const json_t *content,
                              json_t *parts);

/* Appends "messages", from "system" and "messages". */
nt_rc_t nt_messages_content(const json_t *request, json_t *out,
                            nt_llm_error_t *error);

nt_rc_t nt_messages_reply(const json_t                 *reply,
                          const nt_llm_reply_options_t *options, nt_buf_t *out);
void    nt_messages_error(const nt_llm_error_t *error, nt_buf_t *out);

/* The stop_reason for a canonical finish_reason. */
const char *nt_messages_reason(nt_str_t finish, bool called, bool refused);

/* Appends a "usage" object. */
void nt_messages_usage(nt_buf_t *out, const nt_llm_usage_t *usage);

/* What search gave, of canonical {"url", "title"}; a new reference. */
json_t *nt_messages_citation(const json_t *from);

nt_rc_t nt_messages_open(nt_llm_writer_t *w);
void    nt_messages_close(nt_llm_writer_t *w);
nt_rc_t nt_messages_add(nt_llm_writer_t *w, const nt_llm_delta_t *delta);
nt_rc_t nt_messages_end(nt_llm_writer_t *w);
nt_rc_t nt_messages_fail(nt_llm_writer_t *w, const nt_llm_error_t *error);

NT_END_DECLS

#endif
