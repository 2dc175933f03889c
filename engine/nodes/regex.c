/*
 * engine/nodes/regex.c - compiling and matching; what is built on matches is
 * in regex_sub.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "engine/nodes/regex.h"
#include "engine/nodes/ustr.h"


#define PATTERN_MAX (64 * 1024) /* bytes */
#define STEPS_MAX   2000000     /* of one match: some tenths of a second */
#define HEAP_MAX    (64 * 1024) /* KiB */
#define SECONDS_MAX 5           /* of all matches */

struct nt_regex {
    pcre2_code          *code;
    pcre2_match_data    *data;
    pcre2_match_context *context;
    const char          *what;
    unsigned             groups;
    int                  pairs;    /* of the last match */
    time_t               deadline; /* CLOCK_MONOTONIC; 0 before the first */
};


/* --- Python's syntax --- */

/* "{,n}" at `p`; its length, else 0. */
static size_t
open_quantifier(const char *p, const char *end)
{
    size_t n;

    for (n = 2; p + n < end && p[n] >= '0' && p[n] <= '9'; n++) {
        /* void */
    }

    return end - p > 3 && p[1] == ',' && n > 2 && p + n < end && p[n] == '}'
               ? n + 1
               : 0;
}


/* Behind "\": Python's escapes that PCRE2 reads otherwise. */
static const char *
translate_escape(nt_buf_t *out, const char *p, const char *end, bool class)
{
    size_t i, digits;

    digits = *p == 'u' ? 4 : *p == 'U' ? 8 : 0;

    if (digits > 0 && (size_t) (end - p) > digits) {
        for (i = 1; i <= digits && strchr("0123456789abcdefABCDEF", p[i]); i++)
        {
            /* void */
        }

        if (i > digits) {
            nt_buf_printf(out, "\\x{%.*s}", (int) digits, p + 1);
            return p + 1 + digits;
        }
    }

    if (*p == 'Z' && !class) {
        nt_buf_append_str(out, NT_STR("\\z"));

    } else if (*p == 'v') {
        nt_buf_append_str(out, NT_STR("\\x0b"));

    } else {
        nt_buf_append_char(out, '\\');
        nt_buf_append_char(out, *p);
    }

    return p + 1;
}


/* At "(?" with flags: leaves out a, L and u, which PCRE2 does not have or
 * need. NULL when these are no flags. */
static const char *
translate_flags(nt_buf_t *out, const char *p, const char *end)
{
    size_t      kept;
    const char *q;

    for (q = p + 2, kept = 0; q < end && strchr("aiLmsux-", *q); q++) {
        kept += strchr("aLu", *q) == NULL;
    }

    if (q == end || q == p + 2 || (*q != ')' && *q != ':')) {
        return NULL;
    }

    if (*q == ')' && kept == 0) {
        return q + 1;
    }

    nt_buf_append_str(out, NT_STR("(?"));

    for (p += 2; p < q; p++) {
        if (strchr("aLu", *p) == NULL) {
            nt_buf_append_char(out, *p);
        }
    }

    nt_buf_append_char(out, *q);
    return q + 1;
}


static void
translate(nt_buf_t *out, nt_str_t pattern)
{
    bool class;
    size_t      n;
    const char *p, *end, *next, *first;

    class = false;
    first = NULL;
    p = pattern.data;
    end = p + pattern.len;

    while (p < end) {
        if (*p == '\\' && p + 1 < end) {
            p = translate_escape(out, p + 1, end, class);
            continue;
        }

        if (class) {
            /* a bracket that comes first is a member */
            class = *p != ']' || p == first;

        } else if (*p == '[') {
            class = true;
            first = p + 1 + (p + 1 < end && p[1] == '^');

        } else if (*p == '{' && (n = open_quantifier(p, end)) > 0) {
            nt_buf_append_str(out, NT_STR("{0"));
            nt_buf_append(out, p + 1, n - 1);
            p += n;
            continue;

        } else if (end - p > 2 && p[0] == '(' && p[1] == '?' &&
                   (next = translate_flags(out, p, end)) != NULL)
        {
            p = next;
            continue;
        }

        nt_buf_append_char(out, *p++);
    }
}


/* --- compiling --- */

static bool
prepare(nt_regex_t *regex)
{
    uint32_t groups;

    regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    regex->context = pcre2_match_context_create(NULL);

    if (regex->data == NULL || regex->context == NULL) {
        return false;
    }

    (void) pcre2_set_match_limit(regex->context, STEPS_MAX);
    (void) pcre2_set_heap_limit(regex->context, HEAP_MAX);
    (void) pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    regex->groups = groups;
    return true;
}


static pcre2_code *
compile(nt_str_t pattern, unsigned flags, const char *what, nt_buf_t *error)
{
    int                    code;
    size_t                 offset;
    uint32_t               options;
    nt_buf_t               translated = { 0 };
    pcre2_code            *compiled;
    PCRE2_UCHAR            message[128];
    pcre2_compile_context *context;

    options = PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK |
              PCRE2_NEVER_BACKSLASH_C |
              (flags & NT_REGEX_IGNORECASE ? PCRE2_CASELESS : 0) |
              (flags & NT_REGEX_MULTILINE ? PCRE2_MULTILINE : 0) |
              (flags & NT_REGEX_DOTALL ? PCRE2_DOTALL : 0);

    translate(&translated, pattern);
    context = pcre2_compile_context_create(NULL);
    compiled = NULL;

    if (context != NULL && !translated.failed) {
        (void) pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        compiled =
            pcre2_compile((PCRE2_SPTR) (translated.data == NULL
                                            ? ""
                                            : translated.data),
                          translated.len, options, &code, &offset, context);

        if (compiled == NULL) {
            (void) pcre2_get_error_message(code, message, sizeof(message));
            nt_buf_printf(error, "%s is not a regular expression: %s", what,
                          (char *) message);

            /* the offset is that of the caller's text if this is the same */
            if (translated.len == pattern.len) {
                nt_buf_printf(error, ", at byte %zu", offset);
            }
        }
    }

    pcre2_compile_context_free(context);
    nt_buf_free(&translated);
    return compiled;
}


nt_regex_t *
nt_regex_compile(nt_str_t pattern, unsigned flags, const char *what,
                 nt_buf_t *error)
{
    nt_regex_t *regex;

    if (pattern.len > PATTERN_MAX) {
        nt_buf_printf(error, "%s is longer than %d bytes", what, PATTERN_MAX);
        return NULL;
    }

    regex = calloc(1, sizeof(nt_regex_t));

    if (regex != NULL) {
        regex->what = what;
        regex->code = compile(pattern, flags, what, error);

        if (regex->code != NULL && prepare(regex)) {
            return regex;
        }

        nt_regex_free(regex);
    }

    if (error->len == 0) {
        nt_buf_printf(error, "memory is out");
    }

    return NULL;
}


void
nt_regex_free(nt_regex_t *regex)
{
    if (regex == NULL) {
        return;
    }

    pcre2_match_data_free(regex->data);
    pcre2_match_context_free(regex->context);
    pcre2_code_free(regex->code);
    free(regex);
}


unsigned
nt_regex_groups(const nt_regex_t *regex)
{
    return regex->groups;
}


int
nt_regex_group(const nt_regex_t *regex, nt_str_t name)
{
    int  number;
    char text[64];

    if (name.len >= sizeof(text)) {
        return -1;
    }

    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR) text);

    return number < 0 ? -1 : number;
}


/* --- matching --- */

static bool
in_time(nt_regex_t *regex, nt_buf_t *error)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);

    if (regex->deadline == 0) {
        regex->deadline = now.tv_sec + SECONDS_MAX;
    }

    if (now.tv_sec < regex->deadline) {
        return true;
    }

    nt_buf_printf(error,
                  "%s takes more than %d seconds on this text: make it "
                  "more exact",
                  regex->what, SECONDS_MAX);
    return false;
}


static int
match_at(nt_regex_t *regex, nt_str_t text, size_t from, uint32_t options,
         nt_buf_t *error)
{
    PCRE2_UCHAR message[128];

    if (!in_time(regex, error)) {
        return -1;
    }

    regex->pairs =
        pcre2_match(regex->code, (PCRE2_SPTR) (text.len == 0 ? "" : text.data),
                    text.len, from, options | PCRE2_NO_UTF_CHECK, regex->data,
                    regex->context);

    switch (regex->pairs) {
    case PCRE2_ERROR_NOMATCH:
        return 0;

    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
        nt_buf_printf(error,
                      "%s takes too many steps on this text: avoid "
                      "repeats inside of repeats, such as (a+)+",
                      regex->what);
        return -1;

    default:
        break;
    }

    if (regex->pairs < 0) {
        (void) pcre2_get_error_message(regex->pairs, message, sizeof(message));
        nt_buf_printf(error, "%s failed: %s", regex->what, (char *) message);
        return -1;
    }

    return 1;
}


int
nt_regex_exec(nt_regex_t *regex, nt_regex_mode_t mode, nt_str_t text,
              nt_buf_t *error)
{
    uint32_t options;

    options = mode == NT_REGEX_SEARCH  ? 0
              : mode == NT_REGEX_MATCH ? PCRE2_ANCHORED
                                       : PCRE2_ANCHORED | PCRE2_ENDANCHORED;

    return match_at(regex, text, 0, options, error);
}


/*
 * The next match starts where the last one ended; behind an empty match it
 * must not be empty at the same place.
 */
int
nt_regex_next(nt_regex_t *regex, nt_str_t text, nt_regex_cursor_t *cursor,
              nt_buf_t *error)
{
    int         rc;
    PCRE2_SIZE *ovector;

    rc = match_at(regex, text, cursor->at,
                  cursor->empty ? PCRE2_NOTEMPTY_ATSTART : 0, error);

    if (rc == 1) {
        ovector = pcre2_get_ovector_pointer(regex->data);

        /* \K in a lookaround can turn a match around */
        if (ovector[0] > ovector[1] || ovector[1] < cursor->at) {
            nt_buf_printf(error, "%s uses \\K inside of an assertion",
                          regex->what);
            return -1;
        }

        cursor->empty = ovector[0] == ovector[1];
        cursor->at = ovector[1];
    }

    return rc;
}


bool
nt_regex_span(const nt_regex_t *regex, unsigned group, size_t *start,
              size_t *end)
{
    PCRE2_SIZE *ovector;

    ovector = pcre2_get_ovector_pointer(regex->data);

    if ((int) group >= regex->pairs || ovector[group * 2] == PCRE2_UNSET ||
        ovector[group * 2] > ovector[group * 2 + 1])
    {
        return false;
    }

    *start = ovector[group * 2];
    *end = ovector[group * 2 + 1];
    return true;
}
