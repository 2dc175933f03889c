/*
 * core/llm/nt_llm_gemini_contents.c - messages as Gemini's contents.
 *
 * Contents of the user and of the model take turns, so neighbouring messages
 * of a role become one; results of tools are the user's parts.
 */

#include "core/llm/nt_llm_gemini.h"

/* What Google documents for calls of other models, which have no signature
 * (https://ai.google.dev/gemini-api/docs/thought-signatures). */
#define NO_SIGNATURE "skip_thought_signature_validator"

typedef struct {
    nt_llm_place_t place;
    const json_t  *all;      /* messages of the request */
    json_t        *contents; /* borrowed, as the next */
    json_t        *parts;    /* of the content that is open */
    const char    *role;     /* its role */
    nt_buf_t       system;
} gemini_contents_t;


/* Types by extension, for URLs, which must have one. */
static const char *
mime_of(const nt_llm_part_t *part)
{
    static const struct {
        const char *end;
        const char *mime;
    } rows[] = { { ".png", "image/png" },      { ".webp", "image/webp" },
                 { ".gif", "image/gif" },      { ".mp4", "video/mp4" },
                 { ".webm", "video/webm" },    { ".mov", "video/quicktime" },
                 { ".pdf", "application/pdf" } };

    size_t n;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        n = strlen(rows[i].end);
        if (part->url.len > n &&
            memcmp(part->url.data + part->url.len - n, rows[i].end, n) == 0)
        {
            return rows[i].mime;
        }
    }

    return part->kind == NT_LLM_PART_VIDEO  ? "video/mp4"
           : part->kind == NT_LLM_PART_FILE ? "application/pdf"
                                            : "image/jpeg";
}


/* ctx is the list of parts. */
static nt_rc_t
add_part(void *ctx, const nt_llm_place_t *place, const nt_llm_part_t *part)
{
    if (part->kind == NT_LLM_PART_TEXT) {
        return nt_llm_append(ctx, json_pack("{s:o}", "text",
                                            nt_llm_json_str(part->text)));
    }

    if (part->url.len != 0) {
        return nt_llm_append(ctx,
                             json_pack("{s:{s:s,s:o}}", "fileData", "mimeType",
                                       mime_of(part), "fileUri",
                                       nt_llm_json_str(part->url)));
    }

    return nt_llm_append(ctx, json_pack("{s:{s:o,s:o}}", "inlineData",
                                        "mimeType", nt_llm_json_str(part->mime),
                                        "data", nt_llm_json_str(part->data)));
}


static json_t *
parts_of(gemini_contents_t *c, const char *role)
{
    json_t *parts;

    if (c->parts == NULL || strcmp(c->role, role) != 0) {
        parts = json_array();
        if (nt_llm_append(c->contents, json_pack("{s:s,s:o}", "role", role,
                                                 "parts", parts)) != NT_OK)
        {
            return NULL;
        }

        c->parts = parts;
        c->role = role;
    }

    return c->parts;
}


/* Gemini wants an object. */
static json_t *
response_of(const json_t *message, nt_str_t text)
{
    bool         failed = json_is_true(json_object_get(message, "is_error"));
    json_t      *value;
    json_error_t e;

    value = text.len != 0 ? json_loadb(text.data, text.len,
                                       JSON_DECODE_ANY | JSON_ALLOW_NUL, &e)
                          : NULL;
    if (json_is_object(value) && !failed) {
        return value;
    }

    return json_pack("{s:o}", failed ? "error" : "result",
                     value != NULL ? value : nt_llm_json_str(text));
}


static nt_rc_t
tool_message(gemini_contents_t *c, const json_t *message)
{
    nt_rc_t  rc;
    json_t  *parts;
    nt_str_t name;
    nt_buf_t text = { 0 };

    rc = nt_llm_tool_name(&c->place, c->all, message, &name);
    rc = rc == NT_OK ? nt_llm_text_of(&c->place, message, &text) : rc;

    if (rc == NT_OK) {
        parts = parts_of(c, "user");
        rc = parts == NULL
                 ? NT_NOMEM
                 : nt_llm_append(parts,
                                 json_pack("{s:{s:o,s:o}}", "functionResponse",
                                           "name", nt_llm_json_str(name),
                                           "response",
                                           response_of(message,
                                                       (nt_str_t) {
                                                           text.data,
                                                           text.len })));
    }

    nt_buf_free(&text);

    return rc;
}


static json_t *
signature_of(const json_t *extra)
{
    return nt_llm_get(json_object_get(extra, "google"), "thought_signature");
}


/* The first of parallel calls has the signature. */
static nt_rc_t
add_calls(gemini_contents_t *c, const json_t *message, json_t *parts)
{
    nt_rc_t       rc = NT_OK;
    json_t       *part, *signature;
    nt_llm_call_t call;
    size_t        n = json_array_size(json_object_get(message, "tool_calls"));

    for (size_t i = 0; rc == NT_OK && i < n; i++) {
        rc = nt_llm_call_of(&c->place, message, i, &call);
        if (rc != NT_OK) {
            return rc;
        }

        part = json_pack("{s:{s:o,s:o}}", "functionCall", "name",
                         nt_llm_json_str(call.name), "args", call.arguments);
        rc = nt_llm_append(parts, part);

        signature = signature_of(call.extra);
        if (rc == NT_OK && signature != NULL) {
            rc = nt_llm_set(part, "thoughtSignature", json_incref(signature));
        } else if (rc == NT_OK && i == 0 &&
                   nt_gemini_since(c->place.build->model, 3)) {
            rc =
                nt_llm_set(part, "thoughtSignature", json_string(NO_SIGNATURE));
        }
    }

    return rc;
}


static nt_rc_t
assistant_message(gemini_contents_t *c, const json_t *message)
{
    size_t  before;
    nt_rc_t rc;
    json_t *parts, *list = json_array();
    json_t *signature = signature_of(json_object_get(message, "extra_content"));

    rc = list != NULL ? nt_llm_parts(&c->place, message, add_part, list)
                      : NT_NOMEM;
    before = json_array_size(list);
    if (rc == NT_OK && signature != NULL && before != 0) {
        rc = nt_llm_set(json_array_get(list, before - 1), "thoughtSignature",
                        json_incref(signature));
    }

    rc = rc == NT_OK ? add_calls(c, message, list) : rc;
    if (rc == NT_OK && json_array_size(list) != 0) {
        parts = parts_of(c, "model");
        rc = parts != NULL && json_array_extend(parts, list) == 0 ? NT_OK
                                                                  : NT_NOMEM;
    }

    json_decref(list);

    return rc;
}


static nt_rc_t
any_message(gemini_contents_t *c, const json_t *message)
{
    nt_rc_t     rc;
    json_t     *list, *parts;
    const char *role = nt_llm_role(&c->place, message);

    if (role == NULL) {
        return NT_ERROR;
    }

    if (strcmp(role, "system") == 0) {
        return nt_llm_system(&c->place, message, &c->system);
    }

    if (strcmp(role, "tool") == 0) {
        return tool_message(c, message);
    }

    if (strcmp(role, "assistant") == 0) {
        return assistant_message(c, message);
    }

    list = json_array();
    rc = list != NULL ? nt_llm_parts(&c->place, message, add_part, list)
                      : NT_NOMEM;
    if (rc == NT_OK && json_array_size(list) != 0) {
        parts = parts_of(c, "user");
        rc = parts != NULL && json_array_extend(parts, list) == 0 ? NT_OK
                                                                  : NT_NOMEM;
    }

    json_decref(list);

    return rc;
}


nt_rc_t
nt_gemini_contents(nt_llm_build_t *b)
{
    nt_rc_t           rc;
    json_t           *message;
    gemini_contents_t c = { .place = { .build = b } };

    c.all = json_object_get(b->request, "messages");
    c.contents = json_array();
    rc = nt_llm_set(b->body, "contents", c.contents);

    json_array_foreach(c.all, c.place.message, message)
    {
        c.place.part = NT_LLM_WHOLE;
        rc = rc == NT_OK ? any_message(&c, message) : rc;
        if (rc != NT_OK) {
            break;
        }
    }

    if (rc == NT_OK && json_array_size(c.contents) == 0) {
        rc = nt_llm_fail(b->error, "messages",
                         "'messages' needs a message of the user.");
    }

    if (rc == NT_OK && c.system.len != 0) {
        rc = nt_llm_set(b->body, "systemInstruction",
                        json_pack("{s:[{s:o}]}", "parts", "text",
                                  json_stringn(c.system.data, c.system.len)));
    }

    nt_buf_free(&c.system);

    return rc;
}
