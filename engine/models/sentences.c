/*
 * engine/models/sentences.c - where a sentence ends.
 */

#include <ctype.h>

#include "engine/models/sentences.h"


static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}


/* The length of one of the texts at `p`, or 0. */
static size_t
one_of(const char *const *texts, const char *p, const char *end)
{
    size_t n;

    for (size_t i = 0; texts[i] != NULL; i++) {
        n = strlen(texts[i]);
        if ((size_t) (end - p) >= n && memcmp(p, texts[i], n) == 0) {
            return n;
        }
    }

    return 0;
}


/* What may stand between the end of a sentence and the white space. */
static const char *
skip_closers(const char *p, const char *end)
{
    static const char *const closers[] = { "\"", "'",  ")",  "]",  "”", "’",
                                           "»",  "」", "』", "）", NULL };

    size_t n;

    while ((n = one_of(closers, p, end)) != 0) {
        p += n;
    }

    return p;
}


static const char *
skip_space(const char *p, const char *end)
{
    while (p < end && is_space(*p)) {
        p++;
    }

    return p;
}


/* The word in front of a full stop at `p` is short for something. */
static bool
is_short(const char *start, const char *p)
{
    static const char *const titles[] = { "Mr",  "Mrs", "Ms", "Dr",  "Prof",
                                          "St",  "vs",  "No", "Fig", "Inc",
                                          "e.g", "i.e", NULL };

    size_t      n;
    const char *word = p;

    while (word > start && !is_space(word[-1]) && word[-1] != '(') {
        word--;
    }

    n = (size_t) (p - word);
    if (n == 1 && isupper((unsigned char) *word)) {
        return true;
    }

    for (size_t i = 0; titles[i] != NULL; i++) {
        if (strlen(titles[i]) == n && memcmp(word, titles[i], n) == 0) {
            return true;
        }
    }

    return false;
}


/* An empty line in the white space between these. */
static bool
has_empty_line(const char *p, const char *end)
{
    int lines = 0;

    for (; p < end; p++) {
        lines += *p == '\n';
    }

    return lines > 1;
}


size_t
nt_sentence(nt_str_t text)
{
    static const char *const wide[] = { "。", "！", "？", NULL };
    static const char *const marks[] = { ".", "!", "?", "…", NULL };

    size_t      n;
    bool        weak;
    const char *start = text.data, *end = start + text.len;
    const char *p = skip_space(start, end), *q;

    while (p < end) {
        n = one_of(wide, p, end);
        if (n != 0) {
            return (size_t) (skip_space(skip_closers(p + n, end), end) - start);
        }

        n = one_of(marks, p, end);
        if (n != 0) {
            q = skip_closers(p + n, end);
            /* "Yes!" she said. */
            weak = *p == '.' || q > p + n;
            if (q < end && is_space(*q) && !(*p == '.' && is_short(start, p))) {
                q = skip_space(q, end);
                if (q == end || !weak || !islower((unsigned char) *q)) {
                    return (size_t) (q - start);
                }
            }

            p += n;
        } else if (is_space(*p)) {
            q = skip_space(p, end);
            if (has_empty_line(p, q)) {
                return (size_t) (q - start);
            }

            p = q;
        } else {
            p++;
        }
    }

    return text.len;
}
