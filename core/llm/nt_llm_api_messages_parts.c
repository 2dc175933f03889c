/*
 * core/llm/nt_llm_api_messages_parts.c - Anthropic's blocks as canonical
 * parts.
 */

#include <stdarg.h>
#include <stdio.h>

#include "core/llm/nt_llm_api_messages.h"


nt_rc_t
nt_messages_block_fail(nt_messages_content_t *c, const char *format, ...)
{
    va_list args;
    char    param[64], text[256];

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    snprintf(param, sizeof(param), "messages.%zu", c->message);
    if (c->block != NT_MESSAGES_WHOLE) {
        snprintf(param, sizeof(param), "messages.%zu.content.%zu", c->message,
                 c->block);
    }

    return nt_llm_fail(c->error, param, "%s: %s", param, text);
}


nt_rc_t
nt_messages_unknown(nt_messages_content_t *c, const char *type)
{
    return nt_messages_block_fail(
        c, "blocks of type '%.64s' are known to Anthropic's models only.",
        type);
}


nt_rc_t
nt_messages_add_text(json_t *parts, nt_str_t text)
{
    return text.len == 0
               ? NT_OK
               : nt_llm_append(parts, json_pack("{s:s,s:o}", "type", "text",
                                                "text", nt_llm_json_str(text)));
}


/* The URL of a source: its own, or a data URI. */
static nt_rc_t
source_url(nt_messages_content_t *c, const json_t *source, nt_buf_t *url)
{
    const char *type = nt_llm_get_text(source, "type");

    if (strcmp(type, "base64") == 0) {
        nt_buf_append(url, "data:", 5);
        nt_buf_append_str(url, nt_llm_get_str(source, "media_type"));
        nt_buf_append(url, ";base64,", 8);
        nt_buf_append_str(url, nt_llm_get_str(source, "data"));
    } else if (strcmp(type, "url") == 0) {
        nt_buf_append_str(url, nt_llm_get_str(source, "url"));
    } else {
        return nt_messages_block_fail(
            c,
            "its source must be base64 or url; '%.32s' is known to "
            "Anthropic's models only.",
            type);
    }

    return url->failed ? NT_NOMEM : NT_OK;
}


static nt_rc_t
add_image(nt_messages_content_t *c, const json_t *block, json_t *parts)
{
    nt_buf_t url = { 0 };
    nt_rc_t  rc = source_url(c, json_object_get(block, "source"), &url);

    if (rc == NT_OK) {
        rc = nt_llm_append(parts,
                           json_pack("{s:s,s:{s:o}}", "type", "image_url",
                                     "image_url", "url",
                                     nt_llm_json_str(nt_llm_buf_str(&url))));
    }

    nt_buf_free(&url);

    return rc;
}


static nt_rc_t
add_file(nt_messages_content_t *c, const json_t *block, json_t *parts)
{
    nt_buf_t url = { 0 };
    nt_str_t name = nt_llm_get_str(block, "title");
    nt_rc_t  rc = source_url(c, json_object_get(block, "source"), &url);

    if (rc == NT_OK) {
        rc = nt_llm_append(
            parts,
            json_pack("{s:s,s:{s:o,s:o}}", "type", "file", "file", "filename",
                      nt_llm_json_str(name.len != 0 ? name
                                                    : NT_STR("document.pdf")),
                      "file_data", nt_llm_json_str(nt_llm_buf_str(&url))));
    }

    nt_buf_free(&url);

    return rc;
}


/* Documents are files, or text with a title. */
static nt_rc_t
add_document(nt_messages_content_t *c, const json_t *block, json_t *parts)
{
    nt_rc_t       rc;
    const json_t *source = json_object_get(block, "source");
    const char   *type = nt_llm_get_text(source, "type");

    if (json_is_true(
            json_object_get(json_object_get(block, "citations"), "enabled")))
    {
        return nt_messages_block_fail(
            c, "citations are known to Anthropic's models only.");
    }

    if (strcmp(type, "text") != 0 && strcmp(type, "content") != 0) {
        rc = nt_messages_add_text(parts, nt_llm_get_str(block, "context"));
        return rc == NT_OK ? add_file(c, block, parts) : rc;
    }

    rc = nt_messages_add_text(parts, nt_llm_get_str(block, "title"));
    rc = rc == NT_OK
             ? nt_messages_add_text(parts, nt_llm_get_str(block, "context"))
             : rc;
    if (rc != NT_OK) {
        return rc;
    }

    return strcmp(type, "text") == 0
               ? nt_messages_add_text(parts, nt_llm_get_str(source, "data"))
               : nt_messages_add_parts(c, json_object_get(source, "content"),
                                       parts);
}


nt_rc_t
nt_messages_add_part(nt_messages_content_t *c, const json_t *block,
                     json_t *parts)
{
    const char *type = nt_llm_get_text(block, "type");

    if (strcmp(type, "text") == 0) {
        return json_is_string(json_object_get(block, "text"))
                   ? nt_messages_add_text(parts, nt_llm_get_str(block, "text"))
                   : nt_messages_block_fail(c, "its 'text' must be a text.");
    }

    if (strcmp(type, "image") == 0) {
        return add_image(c, block, parts);
    }

    return strcmp(type, "document") == 0 ? add_document(c, block, parts)
                                         : nt_messages_unknown(c, type);
}


nt_rc_t
nt_messages_add_parts(nt_messages_content_t *c, const json_t *content,
                      json_t *parts)
{
    size_t  i;
    nt_rc_t rc = NT_OK;
    json_t *block;

    if (json_is_string(content)) {
        return nt_messages_add_text(parts, nt_llm_str(content));
    }

    json_array_foreach(content, i, block)
    {
        rc = rc == NT_OK ? nt_messages_add_part(c, block, parts) : rc;
    }

    return rc;
}
