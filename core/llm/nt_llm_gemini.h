/*
 * core/llm/nt_llm_gemini.h - between the parts of Gemini's dialect:
 *
 *   nt_llm_gemini.c           requests
 *   nt_llm_gemini_contents.c  their messages
 *   nt_llm_gemini_reply.c     replies and streams
 */

#ifndef NT_LLM_GEMINI_H
#define NT_LLM_GEMINI_H

#include "core/llm/nt_llm_private.h"

NT_BEGIN_DECLS

/* Puts "systemInstruction" and "contents". */
nt_rc_t nt_gemini_contents(nt_llm_build_t *b);

/* True for models of a generation from `major` on ("gemini-3-pro"). */
bool nt_gemini_since(const char *model, unsigned major);

/* A stream's events are replies of their own. */
nt_rc_t nt_gemini_event(nt_llm_stream_t *s, const json_t *event);
extern const nt_llm_shape_t nt_gemini_shape[];

bool nt_gemini_quick(nt_llm_stream_t *s, const nt_llm_quick_t *q, nt_rc_t *rc);

nt_rc_t nt_gemini_whole(nt_llm_stream_t *s, const json_t *reply);
nt_rc_t nt_gemini_end(nt_llm_stream_t *s);

void nt_gemini_error(const json_t *body, nt_llm_error_t *error);

NT_END_DECLS

#endif
