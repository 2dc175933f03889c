#include "core/nt_json_canon.h"

#include <stdlib.h>

#include "core/nt_hex.h"
#include "core/nt_json_plain.h"
#include "core/nt_utf8.h"

#define EXPONENT_MAX 100000000 /* of what is counted with; others stay */

typedef struct {
    const char *text;  /* out's, while it is sorted */
    size_t      start; /* in out: of the name */
    size_t      value;
    size_t      end;
    bool        dropped;
} member_t;

typedef struct {
    const char           *p;
    const char           *end;
    nt_buf_t             *out;
    nt_buf_t              members; /* of the objects that are open */
    nt_buf_t              scratch;
    const nt_json_drop_t *drop;
    size_t                n_drop;
    unsigned              depth;
} canon_t;

static nt_rc_t canon_value(canon_t *c);


static void
skip_space(canon_t *c)
{
    while (c->p < c->end &&
           (*c->p == ' ' || *c->p == '\n' || *c->p == '\r' || *c->p == '\t'))
    {
        c->p++;
    }
}


/* Takes `mark` when it comes next. */
static bool
take(canon_t *c, char mark)
{
    skip_space(c);

    if (c->p < c->end && *c->p == mark) {
        c->p++;
        return true;
    }

    return false;
}


/* --- strings --- */

/* The four digits behind \u; -1 when they are none. */
static int32_t
take_hex(canon_t *c)
{
    int32_t code = 0;

    if (c->end - c->p < 4) {
        return -1;
    }

    for (int i = 0; i < 4; i++) {
        int digit = nt_hex_digit(*c->p++);

        if (digit < 0) {
            return -1;
        }

        code = code << 4 | digit;
    }

    return code;
}


/* Behind a backslash: the character in UTF-8; 0 on error. */
static size_t
take_escape(canon_t *c, char text[4])
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";

    const char *at;
    int32_t     code, low;

    if (c->p == c->end) {
        return 0;
    }

    if (*c->p != 'u') {
        at = memchr(from, *c->p++, sizeof(from) - 1);
        text[0] = at != NULL ? to[at - from] : '\0';
        return at != NULL;
    }

    c->p++;
    code = take_hex(c);

    if (code < 0 || (code >= 0xdc00 && code <= 0xdfff)) {
        return 0;
    }

    if (code >= 0xd800 && code <= 0xdbff) {
        if (c->end - c->p < 2 || c->p[0] != '\\' || c->p[1] != 'u') {
            return 0;
        }

        c->p += 2;
        low = take_hex(c);

        if (low < 0xdc00 || low > 0xdfff) {
            return 0;
        }

        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }

    return nt_utf8_encode(text, (uint32_t) code);
}


/* One character as nt_buf_append_json() writes it. */
static void
put_character(canon_t *c, const char *text, size_t len)
{
    size_t mark = c->out->len;

    nt_buf_append_json(c->out, (nt_str_t) { text, len });

    if (!c->out->failed) {
        /* without its quotes */
        c->out->len -= 2;
        memmove(c->out->data + mark, c->out->data + mark + 1,
                c->out->len - mark);
    }
}


static nt_rc_t
canon_string(canon_t *c)
{
    char   text[4];
    size_t n;

    nt_buf_append_char(c->out, '"');

    for (;;) {
        n = nt_json_plain(c->p, (size_t) (c->end - c->p));

        while ((size_t) (c->end - c->p) > n && (c->p[n] & 0x80) != 0) {
            n++;
        }

        if (n > 0) {
            nt_buf_append(c->out, c->p, n);
            c->p += n;
            continue;
        }

        if (c->p == c->end) {
            return NT_ERROR;
        }

        switch (*c->p++) {
        case '"':
            nt_buf_append_char(c->out, '"');
            return NT_OK;
        case '\\':
            n = take_escape(c, text);
            if (n == 0) {
                return NT_ERROR;
            }
            put_character(c, text, n);
            break;
        default:
            return NT_ERROR;
        }
    }
}


/* --- numbers --- */

static bool
is_digit(const canon_t *c)
{
    return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}


/* Digits onto out, without zeros in front; how many there were. */
static int64_t
take_digits(canon_t *c, size_t first)
{
    int64_t n = 0;

    for (; is_digit(c); c->p++, n++) {
        if (*c->p != '0' || c->out->len > first) {
            nt_buf_append_char(c->out, *c->p);
        }
    }

    return n;
}


/* Behind the e; false when it is too large to count with. */
static bool
take_exponent(canon_t *c, int64_t *exponent)
{
    bool minus = false, small = true;

    *exponent = 0;

    if (c->p < c->end && (*c->p == '+' || *c->p == '-')) {
        minus = *c->p++ == '-';
    }

    for (; is_digit(c); c->p++) {
        if (small) {
            *exponent = *exponent * 10 + (*c->p - '0');
            small = *exponent < EXPONENT_MAX;
        }
    }

    if (minus) {
        *exponent = -*exponent;
    }

    return small;
}


static nt_rc_t
canon_number(canon_t *c)
{
    bool        small = true;
    size_t      mark = c->out->len, first;
    int64_t     exponent = 0, digits, fraction = 0;
    const char *start = c->p;

    if (*c->p == '-') {
        nt_buf_append_char(c->out, *c->p++);
    }

    first = c->out->len;
    digits = take_digits(c, first);

    if (c->p < c->end && *c->p == '.') {
        c->p++;
        fraction = take_digits(c, first);
    }

    if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
        c->p++;
        small = take_exponent(c, &exponent);
    }

    if (digits == 0 || c->out->failed) {
        return NT_ERROR;
    }

    if (c->out->len == first) {
        c->out->len = mark; /* -0 is 0 */
        nt_buf_append_char(c->out, '0');
        return NT_OK;
    }

    if (!small) {
        c->out->len = mark;
        nt_buf_append(c->out, start, (size_t) (c->p - start));
        return NT_OK;
    }

    exponent -= fraction;

    while (c->out->data[c->out->len - 1] == '0') {
        c->out->len--;
        exponent++;
    }

    nt_buf_printf(c->out, "e%lld", (long long) exponent);

    return NT_OK;
}


static nt_rc_t
canon_literal(canon_t *c)
{
    static const char *const names[] = { "true", "false", "null" };

    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(names[i]);

        if ((size_t) (c->end - c->p) >= len && memcmp(c->p, names[i], len) == 0)
        {
            nt_buf_append(c->out, names[i], len);
            c->p += len;
            return NT_OK;
        }
    }

    return NT_ERROR;
}


/* --- arrays and objects --- */

static nt_rc_t
canon_array(canon_t *c)
{
    nt_rc_t rc;

    nt_buf_append_char(c->out, '[');

    if (take(c, ']')) {
        nt_buf_append_char(c->out, ']');
        return NT_OK;
    }

    for (;;) {
        rc = canon_value(c);
        if (rc != NT_OK) {
            return rc;
        }

        if (take(c, ']')) {
            nt_buf_append_char(c->out, ']');
            return NT_OK;
        }

        if (!take(c, ',')) {
            return NT_ERROR;
        }

        nt_buf_append_char(c->out, ',');
    }
}


/* By the bytes of their names, with quotes and colon. */
static int
compare_members(const void *a, const void *b)
{
    const member_t *x = a, *y = b;
    size_t          n = x->value - x->start, m = y->value - y->start;
    int             rc;

    rc = memcmp(x->text + x->start, y->text + y->start, n < m ? n : m);

    return rc != 0 ? rc : (n > m) - (n < m);
}


/* Whether the member is to be left out. */
static bool
is_dropped(const canon_t *c, const member_t *m)
{
    const char *text = c->out->data;

    for (size_t i = 0; i < c->n_drop; i++) {
        const nt_json_drop_t *drop = &c->drop[i];
        nt_str_t              name, value;

        /* without quotes and colon */
        name = (nt_str_t) { text + m->start + 1, m->value - m->start - 3 };
        value = (nt_str_t) { text + m->value, m->end - m->value };

        if ((drop->name == NULL || nt_str_eq(name, nt_str(drop->name))) &&
            (drop->value == NULL || nt_str_eq(value, nt_str(drop->value))))
        {
            return true;
        }
    }

    return false;
}


/* Name, colon and value onto out, and into members. */
static nt_rc_t
canon_member(canon_t *c)
{
    nt_rc_t  rc;
    member_t m = { 0 };

    skip_space(c);

    if (c->p == c->end || *c->p != '"') {
        return NT_ERROR;
    }

    c->p++;
    m.start = c->out->len;
    rc = canon_string(c);

    if (rc != NT_OK || !take(c, ':')) {
        return NT_ERROR;
    }

    nt_buf_append_char(c->out, ':');
    m.value = c->out->len;
    rc = canon_value(c);
    m.end = c->out->len;

    if (rc != NT_OK) {
        return rc;
    }

    if (c->out->failed) {
        return NT_NOMEM;
    }

    m.dropped = c->depth == 1 && is_dropped(c, &m);

    nt_buf_append_char(c->out, ',');
    nt_buf_append(&c->members, &m, sizeof(m));

    return NT_OK;
}


/* The members from `first` on are whole, each with a comma behind it, and
 * stand in out from `start` on. */
static nt_rc_t
sort_members(canon_t *c, size_t first, size_t start)
{
    bool      good = true;
    size_t    n;
    member_t *m;

    if (c->out->failed || c->members.failed) {
        return NT_NOMEM;
    }

    n = (c->members.len - first) / sizeof(member_t);
    m = (member_t *) (void *) (c->members.data + first);

    for (size_t i = 0; i < n; i++) {
        m[i].text = c->out->data;
    }

    for (size_t i = 0; i < n && good; i++) {
        good =
            !m[i].dropped && (i == 0 || compare_members(&m[i - 1], &m[i]) < 0);
    }

    if (good) {
        return NT_OK;
    }

    qsort(m, n, sizeof(member_t), compare_members);

    nt_buf_reset(&c->scratch);

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && compare_members(&m[i - 1], &m[i]) == 0) {
            return NT_ERROR; /* it stands twice */
        }

        if (!m[i].dropped) {
            nt_buf_append(&c->scratch, c->out->data + m[i].start,
                          m[i].end - m[i].start + 1);
        }
    }

    if (c->scratch.failed) {
        return NT_NOMEM;
    }

    c->out->len = start;
    nt_buf_append(c->out, c->scratch.data, c->scratch.len);

    return NT_OK;
}


static nt_rc_t
canon_object(canon_t *c)
{
    size_t  first = c->members.len, start;
    nt_rc_t rc;

    nt_buf_append_char(c->out, '{');
    start = c->out->len;

    if (!take(c, '}')) {
        do {
            rc = canon_member(c);
            if (rc != NT_OK) {
                return rc;
            }
        } while (take(c, ','));

        if (!take(c, '}')) {
            return NT_ERROR;
        }

        rc = sort_members(c, first, start);
        if (rc != NT_OK) {
            return rc;
        }

        if (c->out->len > start) {
            c->out->len--; /* the last comma */
        }
    }

    nt_buf_append_char(c->out, '}');
    c->members.len = first;

    return NT_OK;
}


static nt_rc_t
canon_value(canon_t *c)
{
    nt_rc_t rc;

    skip_space(c);

    if (c->p == c->end) {
        return NT_ERROR;
    }

    switch (*c->p) {
    case '"':
        c->p++;
        return canon_string(c);
    case '{':
    case '[':
        if (c->depth == NT_JSON_CANON_DEPTH) {
            return NT_ERROR;
        }

        c->depth++;
        rc = *c->p++ == '{' ? canon_object(c) : canon_array(c);
        c->depth--;
        return rc;
    case 't':
    case 'f':
    case 'n':
        return canon_literal(c);
    default:
        return canon_number(c);
    }
}


nt_rc_t
nt_json_canon(nt_buf_t *out, nt_str_t document, const nt_json_drop_t *drop,
              size_t n)
{
    nt_rc_t rc;
    canon_t c = { .p = document.data,
                  .end = document.data + document.len,
                  .out = out,
                  .drop = drop,
                  .n_drop = n };

    rc = canon_value(&c);
    skip_space(&c);

    if (rc == NT_OK && c.p != c.end) {
        rc = NT_ERROR;
    }

    nt_buf_free(&c.members);
    nt_buf_free(&c.scratch);

    return out->failed ? NT_NOMEM : rc;
}
