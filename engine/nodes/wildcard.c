/*
 * engine/nodes/wildcard.c - Python's fnmatch.
 */

#include "engine/nodes/ustr.h"
#include "engine/nodes/wildcard.h"


/* The end of the set whose bracket is before `pos`; pattern.len when it has
 * none. */
static size_t
set_end(nt_str_t pattern, size_t pos)
{
    const char *end;

    if (pos < pattern.len && pattern.data[pos] == '!') {
        pos++;
    }

    if (pos < pattern.len && pattern.data[pos] == ']') {
        pos++;
    }

    end = pos < pattern.len ? memchr(pattern.data + pos, ']', pattern.len - pos)
                            : NULL;
    return end != NULL ? (size_t) (end - pattern.data) : pattern.len;
}


/* Is a character in a set, what is between the brackets? */
static bool
in_set(nt_str_t set, uint32_t c)
{
    bool     found = false, negated;
    size_t   pos = 0;
    uint32_t low, high;

    negated = set.data[0] == '!';
    pos += negated;

    while (pos < set.len) {
        low = high = nt_ustr_next(set, &pos);

        if (pos + 1 < set.len && set.data[pos] == '-') {
            pos++;
            high = nt_ustr_next(set, &pos);
        }

        found = found || (low <= c && c <= high);
    }

    return found != negated;
}


/* Does what stands at *pos take the character?  Moves *pos behind it. */
static bool
takes(nt_str_t pattern, size_t *pos, uint32_t c)
{
    size_t   end;
    nt_str_t set;
    uint32_t wanted = nt_ustr_next(pattern, pos);

    if (wanted == '?') {
        return true;
    }

    if (wanted == '[') {
        end = set_end(pattern, *pos);

        if (end < pattern.len) {
            set = (nt_str_t) { pattern.data + *pos, end - *pos };
            *pos = end + 1;
            return in_set(set, c);
        }
    }

    return wanted == c;
}


bool
nt_wildcard_match(nt_str_t pattern, nt_str_t name)
{
    bool     star = false;
    size_t   p = 0, n = 0, next, star_p = 0, star_n = 0;
    uint32_t c;

    /* only the last star has to be tried again: what an earlier one took is
     * never better than the first that fits */
    while (n < name.len || p < pattern.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = true;
            star_p = ++p;
            star_n = n;
            continue;
        }

        if (n < name.len && p < pattern.len) {
            next = n;
            c = nt_ustr_next(name, &next);

            if (takes(pattern, &p, c)) {
                n = next;
                continue;
            }
        }

        if (!star || star_n == name.len) {
            return false;
        }

        (void) nt_ustr_next(name, &star_n);
        n = star_n;
        p = star_p;
    }

    return true;
}
