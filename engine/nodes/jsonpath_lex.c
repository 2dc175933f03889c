/*
 * engine/nodes/jsonpath_lex.c - the words of JSONPath.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "engine/nodes/jsonpath_int.h"
#include "engine/nodes/ustr.h"

struct chunk {
    struct chunk *next;
    max_align_t   data[];
};


/* --- basics --- */

void *
nt_jp_alloc(nt_jp_parser_t *p, size_t size)
{
    struct chunk *chunk = calloc(1, sizeof(*chunk) + size);

    if (chunk == NULL) {
        p->error->failed = true;
        return NULL;
    }

    chunk->next = p->path->chunks;
    p->path->chunks = chunk;
    return chunk->data;
}


/* The first fault is the one that is told. Returns NULL. */
void *
nt_jp_fault(nt_jp_parser_t *p, const char *wanted)
{
    if (p->error->len == 0) {
        nt_buf_printf(p->error, "expected %s at character %zu", wanted,
                      p->pos + 1);
    }

    return NULL;
}


char
nt_jp_peek(const nt_jp_parser_t *p)
{
    return p->pos < p->text.len ? p->text.data[p->pos] : '\0';
}


void
nt_jp_skip_space(nt_jp_parser_t *p)
{
    while (p->pos < p->text.len && strchr(" \t\r\n", nt_jp_peek(p)) != NULL &&
           nt_jp_peek(p) != '\0')
    {
        p->pos++;
    }
}


bool
nt_jp_take(nt_jp_parser_t *p, const char *token)
{
    size_t len = strlen(token);

    if (p->text.len - p->pos < len ||
        memcmp(p->text.data + p->pos, token, len) != 0)
    {
        return false;
    }

    p->pos += len;
    return true;
}


bool
nt_jp_expect(nt_jp_parser_t *p, const char *token, const char *wanted)
{
    nt_jp_skip_space(p);
    return nt_jp_take(p, token) || nt_jp_fault(p, wanted) != NULL;
}


/* --- names, strings, numbers --- */

bool
nt_jp_is_name_char(char c)
{
    return (unsigned char) c >= 0x80 || isalnum((unsigned char) c) ||
           c == '_' || c == '-' || c == '$';
}


bool
nt_jp_parse_name(nt_jp_parser_t *p, nt_str_t *name)
{
    size_t start = p->pos;

    while (p->pos < p->text.len && nt_jp_is_name_char(nt_jp_peek(p))) {
        p->pos++;
    }

    *name = (nt_str_t) { p->text.data + start, p->pos - start };
    return name->len > 0 || nt_jp_fault(p, "a name") != NULL;
}


/* Four hexadecimal digits. */
static bool
parse_hex(nt_jp_parser_t *p, uint32_t *code)
{
    char hex[5] = "";

    if (p->text.len - p->pos < 4) {
        return false;
    }

    memcpy(hex, p->text.data + p->pos, 4);
    p->pos += 4;
    *code = (uint32_t) strtoul(hex, NULL, 16);
    return strspn(hex, "0123456789abcdefABCDEF") == 4;
}


/* Behind a backslash. */
static bool
parse_escape(nt_jp_parser_t *p, nt_buf_t *out)
{
    char     c = nt_jp_peek(p);
    uint32_t code, low;

    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

    p->pos++;

    if (c == 'u') {
        if (!parse_hex(p, &code)) {
            return false;
        }

        if (code >= 0xd800 && code <= 0xdbff) {
            if (!nt_jp_take(p, "\\u") || !parse_hex(p, &low) || low < 0xdc00 ||
                low > 0xdfff)
            {
                return false;
            }
            code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
        }

        nt_ustr_put(out, code);
        return code < 0xdc00 || code > 0xdfff;
    }

    if (c != '\0' && strchr(from, c) != NULL) {
        c = to[strchr(from, c) - from];
    } else if (c == '\0' || strchr("/\\'\"", c) == NULL) {
        return false;
    }

    nt_buf_append_char(out, c);
    return true;
}


/* A string in quotes; *pos is at the opening one. */
bool
nt_jp_parse_string(nt_jp_parser_t *p, nt_str_t *string)
{
    char     quote = nt_jp_peek(p), *copy;
    bool     ok = true;
    nt_buf_t out = { 0 };

    p->pos++;

    while (ok && p->pos < p->text.len && nt_jp_peek(p) != quote) {
        if (nt_jp_take(p, "\\")) {
            ok = parse_escape(p, &out);
        } else {
            nt_buf_append_char(&out, p->text.data[p->pos++]);
        }
    }

    if (!ok || !nt_jp_take(p, quote == '"' ? "\"" : "'")) {
        nt_buf_free(&out);
        return nt_jp_fault(p, ok ? "the end of the string" : "a good escape") !=
               NULL;
    }

    copy = nt_jp_alloc(p, out.len + 1);

    if (copy != NULL && !out.failed) {
        memcpy(copy, out.len > 0 ? out.data : "", out.len);
    }

    *string = (nt_str_t) { copy, out.len };
    ok = copy != NULL && !out.failed;
    nt_buf_free(&out);
    return ok;
}


/* True when an integer stands here. */
bool
nt_jp_parse_int(nt_jp_parser_t *p, int64_t *value)
{
    char   digits[24] = "";
    size_t len = 0;

    while (p->pos + len < p->text.len && len < sizeof(digits) - 1 &&
           (isdigit((unsigned char) p->text.data[p->pos + len]) ||
            (len == 0 && nt_jp_peek(p) == '-')))
    {
        digits[len] = p->text.data[p->pos + len];
        len++;
    }

    if (len == 0 || (len == 1 && digits[0] == '-')) {
        return false;
    }

    errno = 0;
    *value = strtoll(digits, NULL, 10);

    if (errno != 0 || len == sizeof(digits) - 1) {
        return nt_jp_fault(p, "a smaller number") != NULL;
    }

    p->pos += len;
    return true;
}


void
nt_jsonpath_free(nt_jsonpath_t *path)
{
    struct chunk *chunk, *next;

    if (path == NULL) {
        return;
    }

    for (chunk = path->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }

    json_decref(path->literals);
    free(path);
}
