/*
 * core/llm/nt_llm_anthropic.h - between the parts of Anthropic's dialect:
 *
 *   nt_llm_anthropic.c           requests
 *   nt_llm_anthropic_messages.c  their messages
 *   nt_llm_anthropic_reply.c     replies and streams
 */

#ifndef NT_LLM_ANTHROPIC_H
#define NT_LLM_ANTHROPIC_H

#include "core/llm/nt_llm_private.h"

NT_BEGIN_DECLS

/* Puts "system" and "messages". */
nt_rc_t nt_anthropic_messages(nt_llm_build_t *b);

nt_rc_t nt_anthropic_event(nt_llm_stream_t *s, const json_t *event);
/* A piece of text, of arguments or of thinking. */
extern const nt_llm_shape_t nt_anthropic_shape[];

bool nt_anthropic_quick(nt_llm_stream_t *s, const nt_llm_quick_t *q,
                        nt_rc_t *rc);

nt_rc_t nt_anthropic_whole(nt_llm_stream_t *s, const json_t *reply);

NT_END_DECLS

#endif
