/*
 * core/llm/nt_llm_api_responses.h - between the parts of OpenAI's Responses
 * as clients have them:
 *
 *   nt_llm_api_responses.c         requests, and the API's table
 *   nt_llm_api_responses_input.c   their items
 *   nt_llm_api_responses_object.c  the response and its items as JSON
 *   nt_llm_api_responses_items.c   the events of items
 *   nt_llm_api_responses_stream.c  streams and whole replies
 *
 * The last event of a stream has all of the reply in it, so a writer keeps
 * the items.
 */

#ifndef NT_LLM_API_RESPONSES_H
#define NT_LLM_API_RESPONSES_H

#include "core/llm/nt_llm_api_private.h"

/* What OpenAI tells those who ask for it to send back as it came.  Here it is
 * JSON: {"thinking_blocks": [...]}. */
#define NT_RESPONSES_OPAQUE "encrypted_content"

typedef enum {
    NT_RESPONSES_TEXT, /* a message; of one part, as the next */
    NT_RESPONSES_REFUSAL,
    NT_RESPONSES_REASONING,
    NT_RESPONSES_SUMMARY, /* reasoning, to those who ask for a summary */
    NT_RESPONSES_CALL,
    NT_RESPONSES_IMAGE
} nt_responses_kind_t;

typedef struct {
    nt_responses_kind_t kind;
    bool                part; /* it was told to begin */
    bool                done;
    bool                incomplete; /* when it was done */
    unsigned            call;
    nt_buf_t            text; /* or arguments, or base64 */
    nt_buf_t            id;   /* of a call */
    nt_buf_t            name;
    json_t             *list; /* owned, or NULL: annotations of a text, blocks
                               * of a reasoning */
} nt_responses_item_t;

typedef struct {
    nt_llm_writer_t      w;
    uint64_t             sequence;
    nt_responses_item_t *items;
    unsigned             n_items;
    int                  open;       /* an item, no call; -1: none */
    nt_responses_kind_t  thinks;     /* how reasoning is told */
    const char          *incomplete; /* why, or NULL */
    nt_llm_usage_t       usage;
} nt_responses_writer_t;

NT_BEGIN_DECLS

/* Puts "messages", from "instructions" and "input". */
nt_rc_t nt_responses_input(const json_t *request, json_t *out,
                           nt_llm_error_t *error);

/* Appends the response; `status` is in_progress, completed, incomplete or
 * failed, for which there is an error. */
void nt_responses_object(const nt_responses_writer_t *r, const char *status,
                         const nt_llm_error_t *error, nt_buf_t *out);

/* Appends the i-th item, or its part; empty when it only begins. */
void nt_responses_item(const nt_responses_writer_t *r, unsigned i, bool whole,
                       nt_buf_t *out);
void nt_responses_part(const nt_responses_writer_t *r, unsigned i, bool whole,
                       nt_buf_t *out);
void nt_responses_item_id(const nt_responses_writer_t *r, unsigned i,
                          nt_buf_t *out);

/* Events of the response and of its items; what belongs together is put
 * together.  NT_NOMEM. */
void    nt_responses_event(nt_responses_writer_t *r, const char *type);
void    nt_responses_event_end(nt_responses_writer_t *r);
void    nt_responses_event_object(nt_responses_writer_t *r, const char *type,
                                  const char *status, const nt_llm_error_t *error);
void    nt_responses_begin(nt_responses_writer_t *r);
nt_rc_t nt_responses_add_text(nt_responses_writer_t *r,
                              nt_responses_kind_t kind, nt_str_t text);
nt_rc_t nt_responses_add_call(nt_responses_writer_t *r,
                              const nt_llm_delta_t  *d);
nt_rc_t nt_responses_add_block(nt_responses_writer_t *r, const json_t *block);
nt_rc_t nt_responses_add_image(nt_responses_writer_t *r, nt_str_t url);
nt_rc_t nt_responses_add_annotations(nt_responses_writer_t *r,
                                     const json_t          *list);
void    nt_responses_close_items(nt_responses_writer_t *r);

/* What OpenAI calls an error of this status. */
const char *nt_responses_code(int status);

nt_rc_t nt_responses_open(nt_llm_writer_t *w);
void    nt_responses_close(nt_llm_writer_t *w);
nt_rc_t nt_responses_add(nt_llm_writer_t *w, const nt_llm_delta_t *delta);
nt_rc_t nt_responses_end(nt_llm_writer_t *w);
nt_rc_t nt_responses_fail(nt_llm_writer_t *w, const nt_llm_error_t *error);
nt_rc_t nt_responses_reply(const json_t                 *reply,
                           const nt_llm_reply_options_t *options,
                           nt_buf_t                     *out);

NT_END_DECLS

#endif
