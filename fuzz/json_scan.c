/*
 * Any split of a document gives the same outcome. The input's first byte
 * says where to cut.
 */

#include <stdlib.h>

#include "core/nt_json_scan.h"

#define N_FIELDS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static nt_rc_t
scan_cut(nt_json_scan_t *scan, nt_json_field_t *fields, const char *data,
         size_t len, size_t cut)
{
    static const char *const paths[N_FIELDS] = { "a", "b.c", "b.c.d" };

    for (size_t i = 0; i < N_FIELDS; i++) {
        fields[i].path = paths[i];
    }

    nt_json_scan_init(scan, fields, N_FIELDS);

    for (size_t i = 0; i < len; i += cut) {
        nt_json_scan_feed(scan, data + i, len - i < cut ? len - i : cut);
    }

    return nt_json_scan_end(scan);
}


static void
check_field(const nt_json_field_t *f, const nt_json_field_t *g, size_t len)
{
    if (f->type != g->type) {
        abort();
    }

    if (f->type == NT_JSON_ABSENT) {
        return;
    }

    if (f->start != g->start || f->end != g->end || f->count != g->count ||
        f->value_len != g->value_len || f->truncated != g->truncated ||
        f->start >= f->end || f->end > len || f->key_start >= f->start ||
        f->value_len > NT_JSON_VALUE_MAX ||
        memcmp(f->value, g->value, f->value_len) != 0)
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t        line[2], column[2];
    nt_rc_t         rc;
    nt_json_scan_t  whole, split;
    nt_json_field_t fields[2][N_FIELDS];
    const char     *doc = (const char *) data + 1;

    if (size < 2) {
        return 0;
    }

    rc = scan_cut(&whole, fields[0], doc, size - 1, size);
    if (rc != scan_cut(&split, fields[1], doc, size - 1, data[0] % 32 + 1u) ||
        nt_json_scan_root(&whole) != nt_json_scan_root(&split) ||
        nt_json_scan_error(&whole, &line[0], &column[0]) !=
            nt_json_scan_error(&split, &line[1], &column[1]) ||
        line[0] != line[1] || column[0] != column[1])
    {
        abort();
    }

    for (size_t i = 0; rc == NT_OK && i < N_FIELDS; i++) {
        check_field(&fields[0][i], &fields[1][i], size - 1);
    }

    return 0;
}
