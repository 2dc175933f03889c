/*
 * core/llm/nt_llm_api_private.h - what the APIs of clients share.
 *
 * An API is a table of functions.  Its writer is a struct of its own that
 * begins with nt_llm_writer_t.
 */

#ifndef NT_LLM_API_PRIVATE_H
#define NT_LLM_API_PRIVATE_H

#include "core/llm/nt_llm_api.h"
#include "core/llm/nt_llm_private.h"

struct nt_llm_writer {
    const nt_llm_api_t    *api;
    nt_llm_reply_options_t options;
    nt_buf_t              *out;
    bool                   begun; /* something of the model's was written */
    bool                   ended;
};

struct nt_llm_api {
    const char *name;

    /* Puts the canonical members into `out`, a new object; NULL: the client's
     * request is one. */
    nt_rc_t (*request)(const json_t *request, json_t *out,
                       nt_llm_error_t *error);
    nt_rc_t (*reply)(const json_t *reply, const nt_llm_reply_options_t *options,
                     nt_buf_t *out);
    void (*error)(const nt_llm_error_t *error, nt_buf_t *out);

    /* No streams: 0 and NULLs. */
    size_t writer_size;
    nt_rc_t (*open)(nt_llm_writer_t *w);
    void (*close)(nt_llm_writer_t *w); /* frees what open and add made */
    nt_rc_t (*add)(nt_llm_writer_t *w, const nt_llm_delta_t *delta);
    nt_rc_t (*end)(nt_llm_writer_t *w);
    nt_rc_t (*fail)(nt_llm_writer_t *w, const nt_llm_error_t *error);
};

NT_BEGIN_DECLS

/* Appends `"NAME":"TEXT"`; with a comma in front if `more`. */
void nt_llm_write_member(nt_buf_t *out, bool more, const char *name,
                         nt_str_t text);

/* The error's sentence, or one that fits its status. */
nt_str_t nt_llm_error_text(const nt_llm_error_t *error);

/* Puts canonical "tools": `put` appends to the list, or says what is wrong
 * with the i-th of the client's. */
nt_rc_t nt_llm_api_tools(const json_t *value, json_t *out,
                         nt_llm_error_t *error,
                         nt_rc_t (*put)(const json_t *tool, size_t i,
                                        json_t *list, json_t *out,
                                        nt_llm_error_t *error));

/* Appends a function by the tool's name, description and strict; the schema
 * may be NULL. */
nt_rc_t nt_llm_api_function(json_t *list, const json_t *tool, json_t *schema);

/* Puts a flat {"city" ...} as the "user_location" of web_search_options. */
nt_rc_t nt_llm_api_location(json_t *options, const json_t *location);

/* Joins the texts among canonical parts, others are appended to `rest`. */
nt_rc_t nt_llm_api_texts(const json_t *parts, nt_buf_t *text, json_t *rest);

/* Appends a message; of one text it is that: not every server takes lists. */
nt_rc_t nt_llm_api_message(json_t *messages, const char *role, json_t *parts);

static inline nt_str_t
nt_llm_buf_str(const nt_buf_t *buf)
{
    return (nt_str_t) { buf->len != 0 ? buf->data : "", buf->len };
}

NT_END_DECLS

#endif
