/*
 * core/llm/nt_llm_api.h - the APIs that clients of the gateway speak.
 *
 * The other half of nt_llm.h: an API makes a canonical request of a client's
 * body, and of canonical replies, pieces and errors what that client reads.
 * So any client reaches any provider over the canonical form.  There is no
 * I/O here.
 *
 *   chat        OpenAI's POST /v1/chat/completions
 *   messages    Anthropic's POST /v1/messages
 *               (https://docs.anthropic.com/en/api/messages)
 *   responses   OpenAI's POST /v1/responses
 *               (https://platform.openai.com/docs/api-reference/responses)
 *   embeddings  OpenAI's POST /v1/embeddings; no streams
 */

#ifndef NT_LLM_API_H
#define NT_LLM_API_H

#include "core/llm/nt_llm.h"

typedef struct nt_llm_api    nt_llm_api_t;
typedef struct nt_llm_writer nt_llm_writer_t;

/* What a reply says beside what the provider said; borrowed as long as the
 * writer lives. */
typedef struct {
    nt_str_t id;            /* 32 hex digits: ids are made of it */
    int64_t  created;       /* Unix time */
    nt_str_t model;         /* as the client asked for it */
    bool     include_usage; /* chat: the client asked for the usage chunk */
    const json_t *request;  /* as the client sent it: responses tells its
                             * settings back, embeddings its encoding_format;
                             * NULL: as if it asked for nothing */
} nt_llm_reply_options_t;

NT_BEGIN_DECLS

extern const nt_llm_api_t nt_llm_api_chat;
extern const nt_llm_api_t nt_llm_api_messages;
extern const nt_llm_api_t nt_llm_api_responses;
extern const nt_llm_api_t nt_llm_api_embeddings;

/* A client's request as a canonical one: *out is a new reference.  NT_ERROR:
 * *error names the member that is wrong or cannot be said.  NT_NOMEM. */
nt_rc_t nt_llm_api_request(const nt_llm_api_t *api, const json_t *request,
                           json_t **out, nt_llm_error_t *error);

/* Appends the body of a whole reply: of a canonical chat.completion, or, with
 * embeddings, of what nt_llm_embeddings() gives.  NT_ERROR for one that is
 * neither; NT_NOMEM. */
nt_rc_t nt_llm_api_reply(const nt_llm_api_t *api, const json_t *reply,
                         const nt_llm_reply_options_t *options, nt_buf_t *out);

/* Appends the body of an error as the API's clients read it. */
void nt_llm_api_error(const nt_llm_api_t *api, const nt_llm_error_t *error,
                      nt_buf_t *out);

/* --- streams: pieces in, server-sent events out --- */

/* Events are appended to `out`, always whole ones; the caller takes them from
 * there.  NULL when memory is out. */
nt_llm_writer_t *nt_llm_writer_new(const nt_llm_api_t           *api,
                                   const nt_llm_reply_options_t *options,
                                   nt_buf_t                     *out);
void             nt_llm_writer_free(nt_llm_writer_t *writer);

/* A sink of nt_llm_stream_new(): ctx is the writer.  NT_OK or NT_NOMEM. */
nt_rc_t nt_llm_writer_add(void *ctx, const nt_llm_delta_t *delta);

/* What comes last: [DONE], message_stop, response.completed; or an error, in
 * the place of it.  Once, and nothing after it. */
nt_rc_t nt_llm_writer_end(nt_llm_writer_t *writer);
nt_rc_t nt_llm_writer_error(nt_llm_writer_t      *writer,
                            const nt_llm_error_t *error);

/* True once anything was written that is the model's: from then on another
 * provider cannot take over. */
bool nt_llm_writer_begun(const nt_llm_writer_t *writer);

NT_END_DECLS

#endif
