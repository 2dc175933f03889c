/*
 * engine/nodes/css.c - CSS selectors, parsed.
 */

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "engine/nodes/css_int.h"

#define TEXT_MAX 4096 /* bytes */

typedef struct {
    nt_css_t   *css;
    const char *p;
    const char *end;
    const char *fault; /* or NULL */
} parser_t;


static bool
fail(parser_t *parser, const char *fault)
{
    if (parser->fault == NULL) {
        parser->fault = fault;
    }

    return false;
}


static void
skip_space(parser_t *parser)
{
    while (parser->p < parser->end && isspace((unsigned char) *parser->p)) {
        parser->p++;
    }
}


static bool
is_at(const parser_t *parser, char c)
{
    return parser->p < parser->end && *parser->p == c;
}


static bool
take(parser_t *parser, char c)
{
    if (!is_at(parser, c)) {
        return false;
    }

    parser->p++;
    return true;
}


static bool
is_name_char(char c)
{
    return isalnum((unsigned char) c) || c == '-' || c == '_' ||
           (unsigned char) c >= 0x80 || c == '\\';
}


/* A name, malloc'ed; a backslash takes the next character as it is. */
static char *
read_name(parser_t *parser)
{
    char  *name;
    size_t n;

    name = malloc((size_t) (parser->end - parser->p) + 1);

    if (name == NULL) {
        (void) fail(parser, "");
        return NULL;
    }

    for (n = 0; parser->p < parser->end && is_name_char(*parser->p);
         parser->p++) {
        if (*parser->p == '\\' && parser->p + 1 < parser->end) {
            parser->p++;
        }

        name[n++] = *parser->p;
    }

    name[n] = '\0';

    if (n == 0) {
        free(name);
        (void) fail(parser, "a name is missing");
        return NULL;
    }

    return name;
}


static char *
read_string(parser_t *parser)
{
    char  *text, quote;
    size_t n;

    if (!is_at(parser, '"') && !is_at(parser, '\'')) {
        return read_name(parser);
    }

    quote = *parser->p++;
    text = malloc((size_t) (parser->end - parser->p) + 1);

    if (text == NULL) {
        (void) fail(parser, "");
        return NULL;
    }

    for (n = 0; parser->p < parser->end && *parser->p != quote; parser->p++) {
        if (*parser->p == '\\' && parser->p + 1 < parser->end) {
            parser->p++;
        }

        text[n++] = *parser->p;
    }

    text[n] = '\0';

    if (!take(parser, quote)) {
        free(text);
        (void) fail(parser, "a quote is not closed");
        return NULL;
    }

    return text;
}


/* A new test; its texts are taken over. */
static bool
add_test(parser_t *parser, nt_css_test_t test)
{
    nt_css_t *css = parser->css;

    if (css->n_tests == NT_CSS_TESTS_MAX) {
        free(test.name);
        free(test.value);
        return fail(parser, "it is too long");
    }

    css->tests[css->n_tests++] = test;
    return true;
}


/* .class and #id */
static bool
add_attribute(parser_t *parser, const char *attribute, char op, bool negated)
{
    nt_css_test_t test = { .kind = NT_CSS_ATTRIBUTE,
                           .op = op,
                           .negated = negated };

    test.value = read_name(parser);

    if (test.value == NULL) {
        return false;
    }

    test.name = strdup(attribute);

    if (test.name == NULL) {
        free(test.value);
        return fail(parser, "");
    }

    return add_test(parser, test);
}


/* Behind "[" */
static bool
read_attribute(parser_t *parser, bool negated)
{
    nt_css_test_t test = { .kind = NT_CSS_ATTRIBUTE, .negated = negated };

    skip_space(parser);
    test.name = read_name(parser);
    skip_space(parser);

    if (test.name != NULL && !is_at(parser, ']')) {
        test.op = '=';

        if (parser->p < parser->end && strchr("~|^$*", *parser->p) != NULL) {
            test.op = *parser->p++;
        }

        if (!take(parser, '=')) {
            free(test.name);
            return fail(parser, "a \"=\" is missing");
        }

        skip_space(parser);
        test.value = read_string(parser);
        skip_space(parser);
    }

    if (test.name == NULL || (test.op != 0 && test.value == NULL) ||
        !take(parser, ']'))
    {
        free(test.name);
        free(test.value);
        return fail(parser, "a \"]\" is missing");
    }

    return add_test(parser, test);
}


/* "odd", "even", "3", "2n + 1", "-n+3" behind the parenthesis. */
static bool
read_nth(parser_t *parser, nt_css_test_t *test)
{
    int  used;
    char text[32], *p;

    /* without white space */
    for (p = text; parser->p < parser->end && *parser->p != ')'; parser->p++) {
        if (isspace((unsigned char) *parser->p)) {
            continue;
        }

        if (p == text + sizeof(text) - 1) {
            return fail(parser, "the number of a child is too long");
        }

        *p++ = (char) tolower((unsigned char) *parser->p);
    }

    *p = '\0';
    used = 0;

    if (strcmp(text, "odd") == 0 || strcmp(text, "even") == 0) {
        test->a = 2;
        test->b = text[0] == 'o';
        return true;
    }

    p = strchr(text, 'n');

    if (p == NULL) {
        return (sscanf(text, "%6ld%n", &test->b, &used) == 1 &&
                text[used] == '\0') ||
               fail(parser, "the number of a child is none");
    }

    *p++ = '\0';
    test->a = strcmp(text, "-") == 0 ? -1 : 1;

    if (text[0] != '\0' && strcmp(text, "-") != 0 && strcmp(text, "+") != 0 &&
        (sscanf(text, "%6ld%n", &test->a, &used) != 1 || text[used] != '\0'))
    {
        return fail(parser, "the number of a child is none");
    }

    used = 0;
    return *p == '\0' ||
           (sscanf(p, "%6ld%n", &test->b, &used) == 1 && p[used] == '\0') ||
           fail(parser, "the number of a child is none");
}


static const struct {
    const char   *name;
    nt_css_kind_t kind;
    bool          of_type;
    bool          argument;
} pseudo_classes[] = { { "first-child", NT_CSS_NTH, false, false },
                       { "last-child", NT_CSS_NTH_LAST, false, false },
                       { "nth-child", NT_CSS_NTH, false, true },
                       { "nth-last-child", NT_CSS_NTH_LAST, false, true },
                       { "first-of-type", NT_CSS_NTH, true, false },
                       { "last-of-type", NT_CSS_NTH_LAST, true, false },
                       { "nth-of-type", NT_CSS_NTH, true, true },
                       { "nth-last-of-type", NT_CSS_NTH_LAST, true, true },
                       { "empty", NT_CSS_EMPTY, false, false } };


static bool read_simple(parser_t *parser, bool negated);


static bool
add_pseudo(parser_t *parser, const char *name, bool negated)
{
    size_t        i;
    nt_css_test_t test = { .negated = negated, .b = 1 };

    for (i = 0; i < sizeof(pseudo_classes) / sizeof(pseudo_classes[0]); i++) {
        if (strcasecmp(name, pseudo_classes[i].name) == 0) {
            break;
        }
    }

    if (i == sizeof(pseudo_classes) / sizeof(pseudo_classes[0])) {
        return fail(parser, "a pseudo-class is not known here");
    }

    test.kind = pseudo_classes[i].kind;
    test.of_type = pseudo_classes[i].of_type;

    if (pseudo_classes[i].argument) {
        test.b = 0;

        if (!take(parser, '(') || !read_nth(parser, &test) ||
            !take(parser, ')')) {
            return fail(parser, "a parenthesis is missing");
        }
    }

    return add_test(parser, test);
}


/* Behind ":" */
static bool
read_pseudo(parser_t *parser, bool negated)
{
    bool  good;
    char *name;

    name = read_name(parser);

    if (name == NULL) {
        return false;
    }

    if (strcasecmp(name, "not") == 0 && !negated) {
        good = take(parser, '(');
        skip_space(parser);
        good = good && read_simple(parser, true);
        skip_space(parser);
        good = (good && take(parser, ')')) ||
               fail(parser, ":not() takes one simple selector");
    } else if (strcasecmp(name, "only-child") == 0 && !negated) {
        good = add_pseudo(parser, "first-child", false) &&
               add_pseudo(parser, "last-child", false);
    } else {
        good = add_pseudo(parser, name, negated);
    }

    free(name);
    return good;
}


/* One condition; false, without a fault, where none begins. */
static bool
read_simple(parser_t *parser, bool negated)
{
    nt_css_test_t test = { .kind = NT_CSS_TYPE, .negated = negated };

    if (take(parser, '*')) {
        return !negated || fail(parser, ":not(*) matches nothing");
    }

    if (take(parser, '#')) {
        return add_attribute(parser, "id", '=', negated);
    }

    if (take(parser, '.')) {
        return add_attribute(parser, "class", '~', negated);
    }

    if (take(parser, '[')) {
        return read_attribute(parser, negated);
    }

    if (take(parser, ':')) {
        return read_pseudo(parser, negated);
    }

    if (parser->p < parser->end && is_name_char(*parser->p)) {
        test.name = read_name(parser);
        return test.name != NULL && add_test(parser, test);
    }

    return false;
}


/* The conditions that one element has to meet. */
static bool
read_part(parser_t *parser, char combinator)
{
    nt_css_part_t *part;
    nt_css_t      *css = parser->css;
    const char    *start;

    if (css->n_parts == NT_CSS_PARTS_MAX) {
        return fail(parser, "it is too long");
    }

    part = &css->parts[css->n_parts++];
    *part = (nt_css_part_t) { .combinator = combinator, .first = css->n_tests };
    start = parser->p;

    while (read_simple(parser, false)) { /* all there are */
    }

    part->end = css->n_tests;
    return parser->fault == NULL &&
           (parser->p > start || fail(parser, "an element is missing"));
}


/* A selector to its comma or end. */
static bool
read_selector(parser_t *parser)
{
    char combinator;

    skip_space(parser);

    if (!read_part(parser, 0)) {
        return false;
    }

    for (;;) {
        combinator =
            parser->p < parser->end && isspace((unsigned char) *parser->p) ? ' '
                                                                           : 0;
        skip_space(parser);

        if (parser->p == parser->end || *parser->p == ',') {
            return true;
        }

        if (strchr(">+~", *parser->p) != NULL) {
            combinator = *parser->p++;
            skip_space(parser);
        }

        if (combinator == 0) {
            return fail(parser, "a character is out of place");
        }

        if (!read_part(parser, combinator)) {
            return false;
        }
    }
}


nt_css_t *
nt_css_parse(nt_str_t selector, nt_buf_t *error)
{
    bool     good;
    parser_t parser = { .p = selector.data,
                        .end = selector.data + selector.len };

    if (selector.len > TEXT_MAX || memchr(selector.data, '\0', selector.len)) {
        nt_buf_append_str(error, NT_STR("it is too long, or has a NUL"));
        return NULL;
    }

    parser.css = calloc(1, sizeof(*parser.css));

    if (parser.css == NULL) {
        return NULL;
    }

    do {
        good = read_selector(&parser);
    } while (good && take(&parser, ','));

    if (!good) {
        nt_buf_append_str(error, nt_str(parser.fault));
        nt_css_free(parser.css);
        return NULL;
    }

    return parser.css;
}


void
nt_css_free(nt_css_t *css)
{
    if (css == NULL) {
        return;
    }

    while (css->n_tests > 0) {
        css->n_tests--;
        free(css->tests[css->n_tests].name);
        free(css->tests[css->n_tests].value);
    }

    free(css);
}
