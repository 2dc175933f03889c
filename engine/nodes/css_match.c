/*
 * engine/nodes/css_match.c - elements of HTML by CSS selectors.
 */

#include <string.h>
#include <strings.h>

#include "engine/nodes/css_int.h"

#define STEPS_MAX 100000 /* to match one element */


static const xmlNode *
element_before(const xmlNode *node)
{
    do {
        node = node->prev;
    } while (node != NULL && node->type != XML_ELEMENT_NODE);

    return node;
}


static const xmlNode *
element_behind(const xmlNode *node)
{
    do {
        node = node->next;
    } while (node != NULL && node->type != XML_ELEMENT_NODE);

    return node;
}


/* Is it the a * n + b th from one end, for an n of at least 0? */
static bool
is_nth(const nt_css_test_t *test, const xmlNode *node, size_t *steps)
{
    long           place, left;
    const xmlNode *other;

    place = 1;
    other = node;

    while ((other = test->kind == NT_CSS_NTH ? element_before(other)
                                             : element_behind(other)) != NULL)
    {
        (*steps)++;
        place += !test->of_type || xmlStrEqual(other->name, node->name);
    }

    left = place - test->b;

    return test->a == 0 ? left == 0
                        : left % test->a == 0 && left / test->a >= 0;
}


/* Is `word` one of those in a text, between white space? */
static bool
has_word(const char *text, const char *word)
{
    size_t n, len = strlen(word);

    for (; len > 0 && *text != '\0'; text += n) {
        text += strspn(text, " \t\n\r\f");
        n = strcspn(text, " \t\n\r\f");

        if (n == len && memcmp(text, word, len) == 0) {
            return true;
        }
    }

    return false;
}


static bool
value_fits(char op, const char *text, const char *value)
{
    size_t n = strlen(text), m = strlen(value);

    switch (op) {
    case '=':
        return strcmp(text, value) == 0;
    case '~':
        return has_word(text, value);
    case '|':
        return strncmp(text, value, m) == 0 &&
               (text[m] == '\0' || text[m] == '-');
    case '^':
        return m > 0 && strncmp(text, value, m) == 0;
    case '$':
        return m > 0 && n >= m && strcmp(text + n - m, value) == 0;
    default:
        return m > 0 && strstr(text, value) != NULL;
    }
}


static bool
has_attribute(const nt_css_test_t *test, const xmlNode *node)
{
    bool     fits;
    xmlChar *text;

    text = xmlGetProp(node, BAD_CAST test->name);

    if (text == NULL) {
        return false;
    }

    fits = test->value == NULL ||
           value_fits(test->op, (const char *) text, test->value);
    xmlFree(text);
    return fits;
}


static bool
is_empty(const xmlNode *node)
{
    const xmlNode *child;

    for (child = node->children; child != NULL; child = child->next) {
        if (child->type != XML_COMMENT_NODE && child->type != XML_PI_NODE) {
            return false;
        }
    }

    return true;
}


static bool
meets(const nt_css_test_t *test, const xmlNode *node, size_t *steps)
{
    switch (test->kind) {
    case NT_CSS_TYPE:
        return strcasecmp((const char *) node->name, test->name) == 0;
    case NT_CSS_ATTRIBUTE:
        return has_attribute(test, node);
    case NT_CSS_EMPTY:
        return is_empty(node);
    default:
        return is_nth(test, node, steps);
    }
}


static bool
fits_part(const nt_css_t *css, const nt_css_part_t *part, const xmlNode *node,
          size_t *steps)
{
    size_t i;

    for (i = part->first; i < part->end; i++) {
        if (meets(&css->tests[i], node, steps) == css->tests[i].negated) {
            return false;
        }
    }

    return true;
}


/* The next element that the part before a combinator may be. */
static const xmlNode *
candidate(char combinator, const xmlNode *node)
{
    if (combinator == ' ' || combinator == '>') {
        node = node->parent;
        return node != NULL && node->type == XML_ELEMENT_NODE ? node : NULL;
    }

    return element_before(node);
}


/* Does the selector up to the part `i` match?  Ways that lead nowhere are
 * tried again from elsewhere, so steps are counted. */
static bool
matches_to(const nt_css_t *css, size_t i, const xmlNode *node, size_t *steps)
{
    char combinator;

    if (++*steps > STEPS_MAX || !fits_part(css, &css->parts[i], node, steps)) {
        return false;
    }

    combinator = css->parts[i].combinator;

    if (combinator == 0) {
        return true;
    }

    while ((node = candidate(combinator, node)) != NULL) {
        if (matches_to(css, i - 1, node, steps)) {
            return true;
        }

        if (combinator == '>' || combinator == '+') {
            return false;
        }
    }

    return false;
}


bool
nt_css_matches(const nt_css_t *css, const xmlNode *node)
{
    size_t i, steps;

    if (node->type != XML_ELEMENT_NODE) {
        return false;
    }

    for (i = steps = 0; i < css->n_parts; i++) {
        /* the last part of a selector */
        if ((i + 1 == css->n_parts || css->parts[i + 1].combinator == 0) &&
            matches_to(css, i, node, &steps))
        {
            return true;
        }
    }

    return false;
}
