/*
 * engine/nodes/ustr_case.c - case mappings and normalisation, on libunistring
 * (Unicode's SpecialCasing included, no locale).
 */

#include <stdlib.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "engine/nodes/ustr.h"


typedef uint8_t *(*mapping_t)(const uint8_t *s, size_t n, const char *language,
                              uninorm_t nf, uint8_t *result, size_t *length);


static void
append_result(nt_buf_t *out, uint8_t *result, size_t len, uint8_t *fixed)
{
    if (result == NULL) {
        out->failed = true;
        return;
    }

    nt_buf_append(out, result, len);

    if (result != fixed) {
        free(result);
    }
}


static void
map(nt_buf_t *out, nt_str_t s, mapping_t mapping)
{
    uint8_t fixed[256], *result;
    size_t  len;

    if (s.len == 0) {
        return;
    }

    len = sizeof(fixed);
    result = mapping((const uint8_t *) s.data, s.len, NULL, NULL, fixed, &len);
    append_result(out, result, len, fixed);
}


static bool
is_ascii(nt_str_t s)
{
    size_t i;

    for (i = 0; i < s.len; i++) {
        if ((unsigned char) s.data[i] >= 0x80) {
            return false;
        }
    }

    return true;
}


static inline bool
ascii_lower(char c)
{
    return c >= 'a' && c <= 'z';
}


static inline bool
ascii_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}


void
nt_ustr_lower(nt_buf_t *out, nt_str_t s)
{
    size_t i;
    char  *p;

    if (!is_ascii(s)) {
        map(out, s, u8_tolower);
        return;
    }

    p = nt_buf_reserve(out, s.len);

    if (p != NULL) {
        for (i = 0; i < s.len; i++) {
            p[i] = ascii_upper(s.data[i]) ? s.data[i] + 32 : s.data[i];
        }

        out->len += s.len;
    }
}


void
nt_ustr_upper(nt_buf_t *out, nt_str_t s)
{
    size_t i;
    char  *p;

    if (!is_ascii(s)) {
        map(out, s, u8_toupper);
        return;
    }

    p = nt_buf_reserve(out, s.len);

    if (p != NULL) {
        for (i = 0; i < s.len; i++) {
            p[i] = ascii_lower(s.data[i]) ? s.data[i] - 32 : s.data[i];
        }

        out->len += s.len;
    }
}


/* Is the sigma before byte `pos`, behind a cased letter, the last letter of
 * its word?  (Final_Sigma of Unicode 3.13) */
static bool
is_final(nt_str_t s, size_t pos)
{
    uint32_t c;

    while (pos < s.len) {
        c = nt_ustr_next(s, &pos);

        if (!uc_is_property_case_ignorable(c)) {
            return !uc_is_property_cased(c);
        }
    }

    return true;
}


/*
 * Python's rule, which knows no word breaks: a cased letter behind another
 * cased letter is lowered, any other gets its title case ("It'S").
 */
void
nt_ustr_title(nt_buf_t *out, nt_str_t s)
{
    bool     cased;
    size_t   pos, start;
    uint32_t c;
    nt_str_t one;

    cased = false;

    for (pos = 0; pos < s.len;) {
        start = pos;
        c = nt_ustr_next(s, &pos);
        one.data = s.data + start;
        one.len = pos - start;

        if (!cased) {
            if (ascii_lower((char) c) && c < 0x80) {
                nt_buf_append_char(out, (char) (c - 32));

            } else {
                map(out, one, u8_totitle);
            }

        } else if (c == 0x3a3) {
            nt_ustr_put(out, is_final(s, pos) ? 0x3c2 : 0x3c3);

        } else {
            nt_ustr_lower(out, one);
        }

        cased = uc_is_property_cased(c);
    }
}


void
nt_ustr_capitalize(nt_buf_t *out, nt_str_t s)
{
    nt_str_t first;

    first.data = s.data;
    first.len = nt_ustr_offset(s, 1);

    nt_ustr_title(out, first);

    s.data += first.len;
    s.len -= first.len;
    nt_ustr_lower(out, s);
}


void
nt_ustr_swapcase(nt_buf_t *out, nt_str_t s)
{
    size_t   pos, start;
    uint32_t c;
    nt_str_t one;

    for (pos = 0; pos < s.len;) {
        start = pos;
        c = nt_ustr_next(s, &pos);
        one.data = s.data + start;
        one.len = pos - start;

        if (uc_is_property_uppercase(c)) {
            nt_ustr_lower(out, one);

        } else {
            nt_ustr_upper(out, one);
        }
    }
}


void
nt_ustr_nfkd(nt_buf_t *out, nt_str_t s)
{
    uint8_t fixed[256], *result;
    size_t  len;

    if (s.len == 0) {
        return;
    }

    len = sizeof(fixed);
    result = u8_normalize(UNINORM_NFKD, (const uint8_t *) s.data, s.len, fixed,
                          &len);
    append_result(out, result, len, fixed);
}


bool
nt_ustr_is_alnum(uint32_t c)
{
    if (c < 0x80) {
        return ascii_lower((char) c) || ascii_upper((char) c) ||
               (c >= '0' && c <= '9');
    }

    return uc_is_general_category(c, UC_CATEGORY_L) ||
           uc_numeric_value(c).denominator != 0;
}


bool
nt_ustr_is_word(uint32_t c)
{
    return c == '_' || nt_ustr_is_alnum(c);
}


bool
nt_ustr_is_combining(uint32_t c)
{
    return uc_combining_class(c) != 0;
}
