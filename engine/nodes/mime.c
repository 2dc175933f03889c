/*
 * engine/nodes/mime.c - reading messages of mail.
 */

#include "engine/nodes/mime.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "core/nt_hex.h"
#include "engine/assets/uri.h"
#include "engine/nodes/encoding.h"
#include "engine/nodes/html_text.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/webdate.h"

#define DEPTH_MAX 16   /* parts within parts */
#define PARTS_MAX 1000 /* of all, so that no message takes for ever */

typedef struct {
    nt_str_t headers;
    nt_str_t body;
} entity_t;

typedef struct {
    nt_buf_t plain;
    nt_buf_t html;
    bool     has_plain;
    bool     has_html;
    unsigned parts;
    bool     nomem;
} text_t;


/* --- headers --- */

/* The end of the line at `pos`; *next is behind its line feed. */
static size_t
line_end(nt_str_t text, size_t pos, size_t *next)
{
    const char *feed = memchr(text.data + pos, '\n', text.len - pos);
    size_t      end = feed != NULL ? (size_t) (feed - text.data) : text.len;

    *next = feed != NULL ? end + 1 : end;
    return end > pos && text.data[end - 1] == '\r' ? end - 1 : end;
}


/* Headers end at the first empty line. */
static entity_t
split_entity(nt_str_t text)
{
    size_t   end, next, pos = 0;
    entity_t entity = { .headers = text, .body = { text.data, 0 } };

    while (pos < text.len) {
        end = line_end(text, pos, &next);

        if (end == pos) {
            entity.headers.len = pos;
            entity.body = (nt_str_t) { text.data + next, text.len - next };
            break;
        }

        pos = next;
    }

    return entity;
}


/* Appends the value of the first header of that name, its lines joined; false
 * when there is none. */
static bool
find_header(nt_buf_t *out, nt_str_t headers, const char *name)
{
    bool   found = false;
    size_t end, next, pos, len = strlen(name);

    for (pos = 0; pos < headers.len; pos = next) {
        end = line_end(headers, pos, &next);

        if (found && (headers.data[pos] == ' ' || headers.data[pos] == '\t')) {
            nt_buf_append(out, headers.data + pos, end - pos);
            continue;
        }

        if (found) {
            break;
        }

        if (end - pos > len && headers.data[pos + len] == ':' &&
            strncasecmp(headers.data + pos, name, len) == 0)
        {
            found = true;
            nt_buf_append(out, headers.data + pos + len + 1,
                          end - pos - len - 1);
        }
    }

    return found;
}


/* A parameter of a header such as Content-Type; empty when there is none. */
static nt_str_t
parameter(nt_str_t header, const char *name)
{
    char   quote = '\0';
    size_t i, start, len = strlen(name);

    for (i = 0; i < header.len; i++) {
        if (quote != '\0') {
            quote = header.data[i] == quote ? '\0' : quote;
            continue;
        }

        if (header.data[i] == '"') {
            quote = '"';
        }

        if (header.data[i] != ';') {
            continue;
        }

        while (i + 1 < header.len &&
               isspace((unsigned char) header.data[i + 1])) {
            i++;
        }

        if (header.len - i - 1 > len && header.data[i + 1 + len] == '=' &&
            strncasecmp(header.data + i + 1, name, len) == 0)
        {
            start = i + len + 2;
            quote = start < header.len && header.data[start] == '"' ? '"' : ';';
            start += quote == '"';

            for (i = start;
                 i < header.len && header.data[i] != quote &&
                 (quote == '"' || !isspace((unsigned char) header.data[i]));
                 i++)
            {
            }

            return (nt_str_t) { header.data + start, i - start };
        }
    }

    return NT_STR("");
}


/* --- encodings --- */

/* Quoted-printable; in headers _ is a space. */
static void
decode_quoted(nt_buf_t *out, nt_str_t text, bool header)
{
    size_t i, skip;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != '=') {
            nt_buf_append_char(out, header && text.data[i] == '_'
                                        ? ' '
                                        : text.data[i]);
            continue;
        }

        if (i + 2 < text.len && nt_hex_digit(text.data[i + 1]) >= 0 &&
            nt_hex_digit(text.data[i + 2]) >= 0)
        {
            nt_buf_append_char(out,
                               (char) (nt_hex_digit(text.data[i + 1]) << 4 |
                                       nt_hex_digit(text.data[i + 2])));
            i += 2;
            continue;
        }

        /* a soft line break, with blanks that some relay left behind it */
        skip = i + 1;
        while (skip < text.len &&
               (text.data[skip] == ' ' || text.data[skip] == '\t')) {
            skip++;
        }

        if (skip < text.len && text.data[skip] == '\r') {
            skip++;
        }

        if (skip < text.len && text.data[skip] == '\n') {
            i = skip;
        } else if (skip < text.len) {
            nt_buf_append_char(out, '=');
        }
    }
}


/* Appends bytes of a charset as UTF-8; those that it does not know are taken
 * as Latin-1, in which all are something. */
static void
append_charset(nt_buf_t *out, nt_str_t charset, nt_str_t bytes)
{
    nt_buf_t text = { 0 }, error = { 0 };

    if (charset.len == 0 || charset.len > 40) {
        charset = NT_STR("utf-8");
    }

    if (!nt_encoding_read(&text, charset, bytes, &error)) {
        nt_buf_reset(&text);
        nt_buf_reset(&error);

        if (!nt_encoding_read(&text, NT_STR("latin-1"), bytes, &error)) {
            out->failed = true;
        }
    }

    nt_buf_append(out, text.data != NULL ? text.data : "", text.len);
    out->failed |= text.failed;
    nt_buf_free(&text);
    nt_buf_free(&error);
}


/* The length of an encoded word at `text`, which begins with =?, and its
 * parts; 0: it is none. */
static size_t
encoded_word(nt_str_t text, nt_str_t *charset, char *how, nt_str_t *payload)
{
    const char *end, *p = text.data + 2, *limit = text.data + text.len;
    const char *star;

    end = memchr(p, '?', (size_t) (limit - p));

    if (end == NULL || end == p || limit - end < 4 || end[2] != '?') {
        return 0;
    }

    *charset = (nt_str_t) { p, (size_t) (end - p) };
    star = memchr(p, '*', charset->len); /* a language: RFC 2231 */
    charset->len = star != NULL ? (size_t) (star - p) : charset->len;
    *how = (char) tolower((unsigned char) end[1]);
    payload->data = end + 3;
    end = memmem(payload->data, (size_t) (limit - payload->data), "?=", 2);

    if (end == NULL || (*how != 'b' && *how != 'q')) {
        return 0;
    }

    payload->len = (size_t) (end - payload->data);
    return (size_t) (end + 2 - text.data);
}


/* Appends a header's value as it is to be read. */
static void
decode_header(nt_buf_t *out, nt_str_t raw)
{
    char     how;
    size_t   len, pos = 0, plain = 0;
    bool     behind_word = false;
    nt_buf_t bytes = { 0 };
    nt_str_t charset, payload, gap;

    raw = nt_ustr_strip(raw, NT_USTR_BOTH, &NT_STR(" \t\r\n"));

    while (pos < raw.len) {
        len = raw.len - pos > 2 && memcmp(raw.data + pos, "=?", 2) == 0
                  ? encoded_word((nt_str_t) { raw.data + pos, raw.len - pos },
                                 &charset, &how, &payload)
                  : 0;

        if (len == 0) {
            pos++;
            continue;
        }

        gap = (nt_str_t) { raw.data + plain, pos - plain };

        /* what is white between two encoded words is not meant */
        if (!behind_word ||
            nt_ustr_strip(gap, NT_USTR_BOTH, &NT_STR(" \t")).len > 0) {
            append_charset(out, NT_STR("utf-8"), gap);
        }

        nt_buf_reset(&bytes);

        if (how == 'q') {
            decode_quoted(&bytes, payload, true);
        } else if (nt_base64_decode(&bytes, payload) == NT_NOMEM) {
            bytes.failed = true;
        }

        append_charset(out, charset,
                       (nt_str_t) { bytes.data != NULL ? bytes.data : "",
                                    bytes.len });
        out->failed |= bytes.failed;
        pos += len;
        plain = pos;
        behind_word = true;
    }

    append_charset(out, NT_STR("utf-8"),
                   (nt_str_t) { raw.data + plain, raw.len - plain });
    nt_buf_free(&bytes);
}


/* --- bodies --- */

static void
decode_body(nt_buf_t *out, const entity_t *entity, nt_str_t type)
{
    nt_buf_t encoding = { 0 }, bytes = { 0 };
    nt_str_t how, text = entity->body;

    (void) find_header(&encoding, entity->headers, "Content-Transfer-Encoding");
    how =
        (nt_str_t) { encoding.data != NULL ? encoding.data : "", encoding.len };
    how = nt_ustr_strip(how, NT_USTR_BOTH, &NT_STR(" \t"));

    if (how.len == 6 && strncasecmp(how.data, "base64", 6) == 0) {
        if (nt_base64_decode(&bytes, text) == NT_OK) {
            text =
                (nt_str_t) { bytes.data != NULL ? bytes.data : "", bytes.len };
        }

    } else if (how.len == 16 &&
               strncasecmp(how.data, "quoted-printable", 16) == 0) {
        decode_quoted(&bytes, text, false);
        text = (nt_str_t) { bytes.data != NULL ? bytes.data : "", bytes.len };
    }

    append_charset(out, parameter(type, "charset"), text);
    out->failed |= encoding.failed || bytes.failed;
    nt_buf_free(&encoding);
    nt_buf_free(&bytes);
}


/* The next line that is "--BOUNDARY" at or behind *pos: its start, *pos is
 * behind it; text.len for none.  *last: it is the closing one. */
static size_t
next_boundary(nt_str_t text, nt_str_t boundary, size_t *pos, bool *last)
{
    size_t end, next, start;

    for (start = *pos; start < text.len; start = next) {
        end = line_end(text, start, &next);

        if (end - start >= boundary.len + 2 &&
            memcmp(text.data + start, "--", 2) == 0 &&
            memcmp(text.data + start + 2, boundary.data, boundary.len) == 0)
        {
            *last = end - start >= boundary.len + 4 &&
                    memcmp(text.data + start + 2 + boundary.len, "--", 2) == 0;
            *pos = next;
            return start;
        }
    }

    *last = true;
    *pos = text.len;
    return text.len;
}


static void read_entity(text_t *text, nt_str_t message, unsigned depth);


static void
read_parts(text_t *text, nt_str_t body, nt_str_t boundary, unsigned depth)
{
    bool   last;
    size_t start, end, pos = 0;

    (void) next_boundary(body, boundary, &pos, &last);

    while (!last && text->parts < PARTS_MAX) {
        start = pos;
        end = next_boundary(body, boundary, &pos, &last);

        /* the line end in front of a boundary belongs to it */
        end -= end > start && body.data[end - 1] == '\n';
        end -= end > start && body.data[end - 1] == '\r';
        read_entity(text, (nt_str_t) { body.data + start, end - start },
                    depth + 1);
    }
}


static bool
is_attachment(nt_str_t headers)
{
    bool     attached;
    nt_buf_t value = { 0 };
    nt_str_t how;

    (void) find_header(&value, headers, "Content-Disposition");
    how = (nt_str_t) { value.data != NULL ? value.data : "", value.len };
    how = nt_ustr_strip(how, NT_USTR_BOTH, &NT_STR(" \t"));
    attached = how.len >= 10 && strncasecmp(how.data, "attachment", 10) == 0;
    nt_buf_free(&value);
    return attached;
}


static void
read_entity(text_t *text, nt_str_t message, unsigned depth)
{
    entity_t entity = split_entity(message);
    nt_buf_t type = { 0 };
    nt_str_t name, boundary;

    text->parts++;

    if (!find_header(&type, entity.headers, "Content-Type")) {
        nt_buf_append_str(&type, NT_STR("text/plain"));
    }

    name = (nt_str_t) { type.data != NULL ? type.data : "", type.len };
    name = nt_ustr_strip(name, NT_USTR_LEFT, &NT_STR(" \t"));
    boundary = parameter(name, "boundary");

    if (name.len > 10 && strncasecmp(name.data, "multipart/", 10) == 0) {
        if (boundary.len > 0 && depth < DEPTH_MAX) {
            read_parts(text, entity.body, boundary, depth);
        }

    } else if (name.len >= 10 &&
               strncasecmp(name.data, "text/plain", 10) == 0 &&
               !text->has_plain && !is_attachment(entity.headers))
    {
        text->has_plain = true;
        decode_body(&text->plain, &entity, name);

    } else if (name.len >= 9 && strncasecmp(name.data, "text/html", 9) == 0 &&
               !text->has_html && !is_attachment(entity.headers))
    {
        text->has_html = true;
        decode_body(&text->html, &entity, name);
    }

    text->nomem |= type.failed;
    nt_buf_free(&type);
}


/* The plain text, else what the HTML says; a new reference. */
static json_t *
body_of(nt_str_t message)
{
    text_t            text = { 0 };
    json_t           *body;
    nt_rc_t           rc;
    nt_buf_t          made = { 0 };
    nt_html_options_t options = { .base_url = "", .ignore_images = true };

    read_entity(&text, message, 0);

    if (text.plain.len == 0 && text.html.len > 0) {
        rc = nt_html_text(&made, (nt_str_t) { text.html.data, text.html.len },
                          &options);
        if (rc != NT_OK) {
            nt_buf_reset(&made);
            nt_buf_append(&made, text.html.data, text.html.len);
        }
    } else {
        nt_buf_append(&made, text.plain.data != NULL ? text.plain.data : "",
                      text.plain.len);
    }

    made.failed |= text.nomem || text.plain.failed || text.html.failed;
    nt_buf_free(&text.plain);
    nt_buf_free(&text.html);
    body = nt_ustr_take(&made);
    return body;
}


/* A header as a string; "" for none. */
static json_t *
header_of(nt_str_t headers, const char *name)
{
    nt_buf_t raw = { 0 }, text = { 0 };

    (void) find_header(&raw, headers, name);
    decode_header(&text,
                  (nt_str_t) { raw.data != NULL ? raw.data : "", raw.len });
    text.failed |= raw.failed;
    nt_buf_free(&raw);
    return nt_ustr_take(&text);
}


json_t *
nt_mime_read(nt_str_t message)
{
    json_t     *date;
    int64_t     seconds;
    entity_t    entity = split_entity(message);
    const char *text;
    json_t     *value;

    value = header_of(entity.headers, "Date");
    text = json_string_value(value);
    date = text != NULL && nt_webdate_read(text, &seconds)
               ? json_integer(seconds)
               : json_null();
    json_decref(value);

    return json_pack("{s:o, s:o, s:o, s:o}", "subject",
                     header_of(entity.headers, "Subject"), "sender",
                     header_of(entity.headers, "From"), "date", date, "body",
                     body_of(message));
}
