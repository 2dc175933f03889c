#include "core/nt_glob.h"


bool
nt_glob_match(nt_str_t pattern, nt_str_t text)
{
    size_t p = 0, t = 0;
    size_t star = 0, retry = 0; /* behind the last star, and where it was */

    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = ++p;
            retry = t;
        } else if (p < pattern.len && pattern.data[p] == text.data[t]) {
            p++;
            t++;
        } else if (star != 0) {
            p = star;
            t = ++retry;
        } else {
            return false;
        }
    }

    while (p < pattern.len && pattern.data[p] == '*') {
        p++;
    }

    return p == pattern.len;
}


bool
nt_glob_among(nt_str_t patterns, nt_str_t text)
{
    size_t end;

    for (size_t i = 0; i < patterns.len; i = end + 1) {
        for (end = i; end < patterns.len && patterns.data[end] != ',' &&
                      patterns.data[end] != ' ';
             end++)
        {
            /* void */
        }

        if (end > i &&
            nt_glob_match((nt_str_t) { patterns.data + i, end - i }, text)) {
            return true;
        }
    }

    return false;
}
