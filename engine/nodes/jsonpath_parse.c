/*
 * engine/nodes/jsonpath_parse.c - the syntax of JSONPath.
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

typedef struct {
    nt_jsonpath_t *path;
    nt_str_t       text;
    size_t         pos;
    unsigned       depth;
    unsigned       terms;
    nt_buf_t      *error;
} parser_t;


/* --- basics --- */

static void *
alloc(parser_t *p, size_t size)
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
static void *
fault(parser_t *p, const char *wanted)
{
    if (p->error->len == 0) {
        nt_buf_printf(p->error, "expected %s at character %zu", wanted,
                      p->pos + 1);
    }

    return NULL;
}


static char
peek(const parser_t *p)
{
    return p->pos < p->text.len ? p->text.data[p->pos] : '\0';
}


static void
skip_space(parser_t *p)
{
    while (p->pos < p->text.len && strchr(" \t\r\n", peek(p)) != NULL &&
           peek(p) != '\0')
    {
        p->pos++;
    }
}


static bool
take(parser_t *p, const char *token)
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


static bool
expect(parser_t *p, const char *token, const char *wanted)
{
    skip_space(p);
    return take(p, token) || fault(p, wanted) != NULL;
}


/* --- names, strings, numbers --- */

static bool
is_name_char(char c)
{
    return (unsigned char) c >= 0x80 || isalnum((unsigned char) c) ||
           c == '_' || c == '-' || c == '$';
}


static bool
parse_name(parser_t *p, nt_str_t *name)
{
    size_t start = p->pos;

    while (p->pos < p->text.len && is_name_char(peek(p))) {
        p->pos++;
    }

    *name = (nt_str_t) { p->text.data + start, p->pos - start };
    return name->len > 0 || fault(p, "a name") != NULL;
}


/* Four hexadecimal digits. */
static bool
parse_hex(parser_t *p, uint32_t *code)
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
parse_escape(parser_t *p, nt_buf_t *out)
{
    char     c = peek(p);
    uint32_t code, low;

    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

    p->pos++;

    if (c == 'u') {
        if (!parse_hex(p, &code)) {
            return false;
        }

        if (code >= 0xd800 && code <= 0xdbff) {
            if (!take(p, "\\u") || !parse_hex(p, &low) || low < 0xdc00 ||
                low > 0xdfff) {
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
static bool
parse_string(parser_t *p, nt_str_t *string)
{
    char     quote = peek(p), *copy;
    bool     ok = true;
    nt_buf_t out = { 0 };

    p->pos++;

    while (ok && p->pos < p->text.len && peek(p) != quote) {
        if (take(p, "\\")) {
            ok = parse_escape(p, &out);
        } else {
            nt_buf_append_char(&out, p->text.data[p->pos++]);
        }
    }

    if (!ok || !take(p, quote == '"' ? "\"" : "'")) {
        nt_buf_free(&out);
        return fault(p, ok ? "the end of the string" : "a good escape") != NULL;
    }

    copy = alloc(p, out.len + 1);

    if (copy != NULL && !out.failed) {
        memcpy(copy, out.len > 0 ? out.data : "", out.len);
    }

    *string = (nt_str_t) { copy, out.len };
    ok = copy != NULL && !out.failed;
    nt_buf_free(&out);
    return ok;
}


/* True when an integer stands here. */
static bool
parse_int(parser_t *p, int64_t *value)
{
    char   digits[24] = "";
    size_t len = 0;

    while (p->pos + len < p->text.len && len < sizeof(digits) - 1 &&
           (isdigit((unsigned char) p->text.data[p->pos + len]) ||
            (len == 0 && peek(p) == '-')))
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
        return fault(p, "a smaller number") != NULL;
    }

    p->pos += len;
    return true;
}


/* --- segments --- */

static nt_jp_expr_t    *parse_or(parser_t *p);
static nt_jp_segment_t *parse_segments(parser_t *p, bool *ok);


/* [start:stop:step], each of which may be missing, or [index] */
static bool
parse_slice(parser_t *p, nt_jp_selector_t *selector)
{
    selector->type = NT_JP_INDEX;
    selector->step = 1;
    selector->has_start = parse_int(p, &selector->index);
    skip_space(p);

    if (!take(p, ":")) {
        return selector->has_start || fault(p, "a selector") != NULL;
    }

    selector->type = NT_JP_SLICE;
    skip_space(p);
    selector->has_stop = parse_int(p, &selector->stop);
    skip_space(p);

    if (take(p, ":")) {
        skip_space(p);
        (void) parse_int(p, &selector->step);
    }

    return p->error->len == 0;
}


static nt_jp_selector_t *
parse_selector(parser_t *p)
{
    bool              ok = true;
    nt_jp_selector_t *selector = alloc(p, sizeof(*selector));

    if (selector == NULL) {
        return NULL;
    }

    skip_space(p);

    if (take(p, "*")) {
        selector->type = NT_JP_WILD;

    } else if (peek(p) == '\'' || peek(p) == '"') {
        selector->type = NT_JP_NAME;
        ok = parse_string(p, &selector->name);

    } else if (take(p, "?")) {
        selector->type = NT_JP_FILTER;
        selector->filter = parse_or(p);
        ok = selector->filter != NULL;

    } else {
        ok = parse_slice(p, selector);
    }

    skip_space(p);
    return ok ? selector : NULL;
}


/* Behind "[": selectors up to "]". */
static bool
parse_brackets(parser_t *p, nt_jp_segment_t *segment)
{
    nt_jp_selector_t **last = &segment->selectors;

    do {
        *last = parse_selector(p);

        if (*last == NULL) {
            return false;
        }

        last = &(*last)->next;
    } while (take(p, ","));

    return expect(p, "]", "\",\" or \"]\"");
}


/* Behind ".", "..", or at the very start: a name or "*". */
static bool
parse_member(parser_t *p, nt_jp_segment_t *segment)
{
    segment->selectors = alloc(p, sizeof(nt_jp_selector_t));

    if (segment->selectors == NULL) {
        return false;
    }

    if (take(p, "*")) {
        segment->selectors->type = NT_JP_WILD;
        return true;
    }

    segment->selectors->type = NT_JP_NAME;

    return peek(p) == '\'' || peek(p) == '"'
               ? parse_string(p, &segment->selectors->name)
               : parse_name(p, &segment->selectors->name);
}


static nt_jp_segment_t *
parse_segments(parser_t *p, bool *ok)
{
    nt_jp_segment_t *first = NULL, **last = &first;

    for (*ok = true; *ok; last = &(*last)->next) {
        if (peek(p) != '.' && peek(p) != '[') {
            break;
        }

        *last = alloc(p, sizeof(nt_jp_segment_t));

        if (*last == NULL) {
            *ok = false;
            break;
        }

        (*last)->descendant = take(p, "..");

        if (!(*last)->descendant) {
            (void) take(p, "."); /* also in front of "[" */
        }

        *ok = take(p, "[") ? parse_brackets(p, *last) : parse_member(p, *last);
    }

    return first;
}


/* --- filters --- */

static bool
parse_literal(parser_t *p, nt_jp_operand_t *operand)
{
    nt_str_t     string;
    json_error_t error;

    if (peek(p) == '\'' || peek(p) == '"') {
        if (!parse_string(p, &string)) {
            return false;
        }
        operand->literal = json_stringn(string.data, string.len);

    } else {
        operand->literal =
            json_loadb(p->text.data + p->pos, p->text.len - p->pos,
                       JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);
        if (operand->literal == NULL || json_is_object(operand->literal) ||
            json_is_array(operand->literal))
        {
            json_decref(operand->literal);
            operand->literal = NULL;
            return fault(p, "a query or a value") != NULL;
        }
        p->pos += (size_t) error.position;
    }

    if (json_array_append_new(p->path->literals, operand->literal) != 0) {
        p->error->failed = true;
        return false;
    }

    return true;
}


static bool
parse_operand(parser_t *p, nt_jp_operand_t *operand)
{
    bool ok;

    skip_space(p);

    if (peek(p) != '@' && peek(p) != '$') {
        return parse_literal(p, operand);
    }

    operand->from_root = peek(p) == '$';
    p->pos++;
    operand->query = parse_segments(p, &ok);
    return ok;
}


static bool
parse_comparison(parser_t *p, nt_jp_op_t *op)
{
    size_t i;

    static const struct {
        const char *token;
        nt_jp_op_t  op;
    } ops[] = { { "==", NT_JP_EQ }, { "!=", NT_JP_NE }, { "<=", NT_JP_LE },
                { ">=", NT_JP_GE }, { "<", NT_JP_LT },  { ">", NT_JP_GT } };

    skip_space(p);

    for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (take(p, ops[i].token)) {
            *op = ops[i].op;
            return true;
        }
    }

    return false;
}


static nt_jp_expr_t *
parse_term(parser_t *p)
{
    nt_jp_expr_t *expr;

    skip_space(p);

    if (++p->terms > NT_JSONPATH_TERMS_MAX) {
        return fault(p, "a shorter filter");
    }

    if (take(p, "(")) {
        expr = parse_or(p);
        return expr != NULL && expect(p, ")", "\")\"") ? expr : NULL;
    }

    expr = alloc(p, sizeof(*expr));

    if (expr == NULL) {
        return NULL;
    }

    if (take(p, "!")) {
        expr->op = NT_JP_NOT;

        if (++p->depth > NT_JSONPATH_DEPTH_MAX) {
            return fault(p, "less nesting");
        }

        expr->a = parse_term(p);
        p->depth--;
        return expr->a != NULL ? expr : NULL;
    }

    if (!parse_operand(p, &expr->left)) {
        return NULL;
    }

    if (parse_comparison(p, &expr->op)) {
        return parse_operand(p, &expr->right) ? expr : NULL;
    }

    expr->op = NT_JP_EXISTS;
    return expr->left.literal == NULL ? expr : fault(p, "a comparison");
}


static nt_jp_expr_t *
parse_chain(parser_t *p, const char *token, nt_jp_op_t op,
            nt_jp_expr_t *(*next)(parser_t *p))
{
    nt_jp_expr_t *left = next(p), *expr;

    for (skip_space(p); left != NULL && take(p, token); skip_space(p)) {
        expr = alloc(p, sizeof(*expr));

        if (expr == NULL) {
            return NULL;
        }

        expr->op = op;
        expr->a = left;
        expr->b = next(p);
        left = expr->b != NULL ? expr : NULL;
    }

    return left;
}


static nt_jp_expr_t *
parse_and(parser_t *p)
{
    return parse_chain(p, "&&", NT_JP_AND, parse_term);
}


static nt_jp_expr_t *
parse_or(parser_t *p)
{
    nt_jp_expr_t *expr;

    if (++p->depth > NT_JSONPATH_DEPTH_MAX) {
        return fault(p, "less nesting");
    }

    expr = parse_chain(p, "||", NT_JP_OR, parse_and);
    p->depth--;
    return expr;
}


/* --- the whole --- */

/* A path may begin with "$", or with its first name or bracket. */
static bool
parse_path(parser_t *p)
{
    bool            ok;
    nt_jp_segment_t first = { 0 };

    skip_space(p);

    if (p->text.len > p->pos && peek(p) == '$' &&
        (p->pos + 1 == p->text.len || !is_name_char(p->text.data[p->pos + 1])))
    {
        p->pos++;

    } else if (peek(p) != '[' && peek(p) != '.') {
        if (!parse_member(p, &first)) {
            return false;
        }
    }

    p->path->segments = parse_segments(p, &ok);

    if (ok && first.selectors != NULL) {
        first.next = p->path->segments;
        p->path->segments = alloc(p, sizeof(first));

        if (p->path->segments == NULL) {
            return false;
        }

        *p->path->segments = first;
    }

    skip_space(p);
    return ok && (p->pos == p->text.len ||
                  fault(p, "\".\", \"[\" or the end") != NULL);
}


nt_jsonpath_t *
nt_jsonpath_parse(nt_str_t text, nt_buf_t *error)
{
    parser_t p = { .text = text, .error = error };

    p.path = calloc(1, sizeof(*p.path));

    if (p.path == NULL) {
        return NULL;
    }

    p.path->literals = json_array();

    if (p.path->literals == NULL || !parse_path(&p)) {
        nt_jsonpath_free(p.path);
        return NULL;
    }

    return p.path;
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
