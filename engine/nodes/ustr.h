/*
 * engine/nodes/ustr.h - Python's str over UTF-8.
 *
 * Indices and lengths that callers see count Unicode code points, as in
 * Python; positions inside these functions are bytes.  All input must be
 * valid UTF-8, which jansson's strings always are.  Case mappings are those
 * of Unicode with SpecialCasing and without a locale.
 */

#ifndef NT_USTR_H
#define NT_USTR_H

#include <jansson.h>

#include "core/nt_buf.h"

/* The bytes of a JSON string; an empty string for another type. */
nt_str_t nt_ustr(const json_t *value);

/* A new JSON string; NULL when memory is out. */
json_t *nt_ustr_json(nt_str_t s);

/* The same from a buffer, which is freed; NULL when the buffer failed. */
json_t *nt_ustr_take(nt_buf_t *buf);

/* The same of any bytes: what is no UTF-8 becomes U+FFFD. */
json_t *nt_ustr_bytes(nt_str_t bytes);

/* Code points in `s`. */
size_t nt_ustr_len(nt_str_t s);

/* Byte offset of code point `index`; s.len when there are fewer. */
size_t nt_ustr_offset(nt_str_t s, size_t index);

/* Decodes the code point at byte *pos and moves *pos behind it.
 * *pos < s.len. */
uint32_t nt_ustr_next(nt_str_t s, size_t *pos);

void nt_ustr_put(nt_buf_t *out, uint32_t c);

/* Resolves a slice of a sequence of `len` items as Python does; a NULL bound
 * stands for None.  step != 0.  *from is the first index and *count how many
 * items there are. */
void nt_slice(size_t len, const int64_t *start, const int64_t *stop,
              int64_t step, int64_t *from, size_t *count);

/* s[start:stop:step]; as nt_slice. */
void nt_ustr_slice(nt_buf_t *out, nt_str_t s, const int64_t *start,
                   const int64_t *stop, int64_t step);

/* str.isspace() of one character */
bool nt_ustr_is_space(uint32_t c);

/* str.isalnum() and re's \w of one character */
bool nt_ustr_is_alnum(uint32_t c);
bool nt_ustr_is_word(uint32_t c);

/* unicodedata.combining() != 0 */
bool nt_ustr_is_combining(uint32_t c);

enum { NT_USTR_LEFT = 1, NT_USTR_RIGHT = 2, NT_USTR_BOTH = 3 };

/* str.strip(), lstrip(), rstrip(); `chars`, if not NULL, are the characters
 * to take off instead of white space. */
nt_str_t nt_ustr_strip(nt_str_t s, int sides, const nt_str_t *chars);

/* These append to `out`; a failed allocation marks it failed. */
void nt_ustr_lower(nt_buf_t *out, nt_str_t s);
void nt_ustr_upper(nt_buf_t *out, nt_str_t s);
void nt_ustr_title(nt_buf_t *out, nt_str_t s);
void nt_ustr_capitalize(nt_buf_t *out, nt_str_t s);
void nt_ustr_swapcase(nt_buf_t *out, nt_str_t s);
void nt_ustr_nfkd(nt_buf_t *out, nt_str_t s);

/* Byte position of the first or last occurrence of `needle` at or behind
 * byte `from` that ends at or before byte `to`; -1 when there is none. */
ptrdiff_t nt_ustr_find(nt_str_t s, nt_str_t needle, size_t from, size_t to);
ptrdiff_t nt_ustr_rfind(nt_str_t s, nt_str_t needle, size_t from, size_t to);

bool nt_ustr_starts(nt_str_t s, nt_str_t prefix);
bool nt_ustr_ends(nt_str_t s, nt_str_t suffix);

/* str.replace(old, new, count); all when count < 0. Output that would pass
 * `max` bytes is cut short: see out->len. */
void nt_ustr_replace(nt_buf_t *out, nt_str_t s, nt_str_t old, nt_str_t with,
                     int64_t count, size_t max);

/* str.split(sep, count), str.rsplit and, without sep, str.split(None,
 * count), all of them when count < 0.  `sep` must not be empty.  New
 * references; NULL when memory is out. */
json_t *nt_ustr_split(nt_str_t s, nt_str_t sep, int64_t count);
json_t *nt_ustr_rsplit(nt_str_t s, nt_str_t sep, int64_t count);
json_t *nt_ustr_split_space(nt_str_t s, int64_t count);

/* str.splitlines(keepends) */
json_t *nt_ustr_lines(nt_str_t s, bool keep_ends);

/* Order of code points: < 0, 0, > 0. */
int nt_ustr_cmp(nt_str_t a, nt_str_t b);

#endif
