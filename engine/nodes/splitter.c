/*
 * engine/nodes/splitter.c - texts in chunks.
 *
 * A text is split at the best separator that is in it; each part begins with
 * the separator in front of it.  Parts that are too long are split at the
 * next separators, those that are short are joined up to the size.
 */

#include <stdlib.h>

#include "engine/nodes/splitter.h"
#include "engine/nodes/ustr.h"


typedef struct {
    size_t start, end; /* bytes */
    size_t len;        /* characters */
} part_t;

typedef struct {
    const nt_splitter_t *splitter;
    nt_str_t             text;
    nt_splitter_put_t    put;
    void                *data;
} run_t;

typedef struct {
    part_t *part; /* owned */
    size_t  n, cap;
} parts_t;


static nt_str_t
part_text(const run_t *run, size_t start, size_t end)
{
    return (nt_str_t) { run->text.data + start, end - start };
}


static bool
add_part(const run_t *run, parts_t *parts, size_t start, size_t end)
{
    size_t  cap;
    part_t *part;

    if (start == end) {
        return true;
    }

    if (parts->n == parts->cap) {
        cap = parts->cap == 0 ? 16 : parts->cap * 2;
        part = realloc(parts->part, cap * sizeof(part_t));

        if (part == NULL) {
            return false;
        }

        parts->part = part;
        parts->cap = cap;
    }

    parts->part[parts->n++] =
        (part_t) { start, end, nt_ustr_len(part_text(run, start, end)) };
    return true;
}


/* Splits text[start:end] in front of each separator. */
static bool
split(const run_t *run, parts_t *parts, size_t start, size_t end,
      nt_str_t separator)
{
    size_t    from, stop;
    ptrdiff_t found;

    from = start;

    while (start < end) {
        if (separator.len == 0) {
            stop = start;
            (void) nt_ustr_next(run->text, &stop);

        } else {
            found = nt_ustr_find(run->text, separator, from, end);
            stop = found < 0 ? end : (size_t) found;
        }

        if (!add_part(run, parts, start, stop)) {
            return false;
        }

        start = stop;
        from = stop + separator.len;
    }

    return true;
}


static bool
put_chunk(const run_t *run, size_t start, size_t end)
{
    nt_str_t chunk;

    chunk = nt_ustr_strip(part_text(run, start, end), NT_USTR_BOTH, NULL);

    return chunk.len == 0 ||
           run->put(run->data, chunk, (size_t) (chunk.data - run->text.data));
}


/* Joins parts[first:last], which follow each other, to chunks. */
static bool
join(const run_t *run, const part_t *parts, size_t first, size_t last)
{
    size_t i, total = 0;

    for (i = first; i < last; i++) {
        if (total + parts[i].len > run->splitter->size && i > first) {
            if (!put_chunk(run, parts[first].start, parts[i - 1].end)) {
                return false;
            }

            while (total > run->splitter->overlap ||
                   (total > 0 && total + parts[i].len > run->splitter->size))
            {
                total -= parts[first++].len;
            }
        }

        total += parts[i].len;
    }

    return first == last ||
           put_chunk(run, parts[first].start, parts[last - 1].end);
}


/* The separator to split a text at, and which ones are left for its parts. */
static nt_str_t
choose(const run_t *run, size_t start, size_t end, size_t *next)
{
    size_t   n;
    nt_str_t separator = NT_STR("");

    n = json_array_size(run->splitter->separators);

    while (*next < n) {
        separator =
            nt_ustr(json_array_get(run->splitter->separators, (*next)++));

        if (separator.len == 0) {
            *next = n;

        } else if (nt_ustr_find(run->text, separator, start, end) >= 0) {
            break;
        }
    }

    return separator;
}


/* The separators bound the depth. */
static bool
split_range(const run_t *run, size_t start, size_t end, size_t next)
{
    bool     good;
    size_t   i, first, n;
    parts_t  parts = { 0 };
    nt_str_t separator;

    n = json_array_size(run->splitter->separators);
    separator = choose(run, start, end, &next);
    good = split(run, &parts, start, end, separator);

    for (i = first = 0; good && i < parts.n; i++) {
        if (parts.part[i].len < run->splitter->size) {
            continue;
        }

        good = join(run, parts.part, first, i);
        first = i + 1;

        if (good && next < n) {
            good =
                split_range(run, parts.part[i].start, parts.part[i].end, next);

        } else if (good) {
            good =
                run->put(run->data,
                         part_text(run, parts.part[i].start, parts.part[i].end),
                         parts.part[i].start);
        }
    }

    good = good && join(run, parts.part, first, parts.n);
    free(parts.part);
    return good;
}


bool
nt_splitter_run(const nt_splitter_t *splitter, nt_str_t text,
                nt_splitter_put_t put, void *data)
{
    const run_t run = { splitter, text, put, data };

    return split_range(&run, 0, text.len, 0);
}
