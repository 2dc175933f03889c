/*
 * packs/pdf/guard.c - documents that would unpack to more than fits.
 *
 * Poppler has no bounds for what a stream unpacks to, or for the pixels of an
 * image.  So before a page is drawn, its content streams and those of its
 * forms are unpacked without being kept, and its images' sizes are summed up.
 */

#include <stdlib.h>
#include <string.h>

#include <qpdf/qpdf-c.h>
#include <zlib.h>

#include "packs/pdf/pdf.h"

#define CONTENT_MAX ((size_t) 64 * 1024 * 1024) /* bytes of a page */
#define PIXELS_MAX  ((double) (1 << 28))        /* of all images of a page */
#define MOST_PACKED 1365 /* bytes that LZW makes of one; Flate 1032 */
#define OBJECTS_MAX 20000
#define DEPTH_MAX   12

typedef struct {
    nt_pdf_t *pdf;
    size_t    content;
    double    pixels;
    size_t    objects;
} guard_t;


static bool
too_large(guard_t *guard)
{
    (void) nt_call_fail(guard->pdf->call, "a page of 'pdf' is too large or too "
                                          "deeply nested to be read");
    return false;
}


/* What n bytes unpack to, at most CONTENT_MAX + 1. */
static size_t
unpacked(const unsigned char *data, size_t n)
{
    int           rc;
    size_t        size;
    z_stream      z = { 0 };
    unsigned char out[16384];

    if (inflateInit(&z) != Z_OK) {
        return CONTENT_MAX + 1;
    }

    z.next_in = (unsigned char *) (uintptr_t) data;
    z.avail_in = (uInt) n;
    size = 0;

    do {
        z.next_out = out;
        z.avail_out = sizeof(out);
        rc = inflate(&z, Z_NO_FLUSH);
        size += sizeof(out) - z.avail_out;
    } while (rc == Z_OK && size <= CONTENT_MAX);

    (void) inflateEnd(&z);
    return size;
}


/* Decodes ASCII85 (PDF 32000-1, 7.4.3) in place; returns what is left. */
static size_t
decode_ascii85(unsigned char *data, size_t n)
{
    int      digits, k;
    size_t   i, out;
    uint32_t group;

    for (i = out = 0, digits = 0, group = 0; i < n && data[i] != '~'; i++) {
        if (data[i] == 'z' && digits == 0) {
            /* shorter than what it stands for: there may be no room */
            if (out + 4 > i + 1) {
                return SIZE_MAX;
            }

            (void) memset(data + out, 0, 4);
            out += 4;
        } else if (data[i] >= '!' && data[i] <= 'u') {
            group = group * 85 + (uint32_t) (data[i] - '!');
            digits++;
        }

        if (digits == 5) {
            for (k = 24; k >= 0; k -= 8) {
                data[out++] = (unsigned char) (group >> k);
            }

            digits = 0;
            group = 0;
        }
    }

    for (k = digits; k > 1 && k < 5; k++) {
        group = group * 85 + 84;
    }

    for (k = 24; digits > 1; digits--, k -= 8) {
        data[out++] = (unsigned char) (group >> k);
    }

    return out;
}


/* Decodes hexadecimal digits in place; returns what is left. */
static size_t
decode_hex(unsigned char *data, size_t n)
{
    int    digit;
    size_t i, digits;

    for (i = digits = 0; i < n && data[i] != '>'; i++) {
        digit = g_ascii_xdigit_value((char) data[i]);

        if (digit >= 0) {
            data[digits / 2] =
                (unsigned char) (digits % 2 == 0 ? digit << 4
                                                 : data[digits / 2] | digit);
            digits++;
        }
    }

    return (digits + 1) / 2;
}


/* The filter of that number of a stream, and *n of them; "" for none. */
static const char *
filter_at(qpdf_data qpdf, qpdf_oh stream, int i, int *n)
{
    qpdf_oh filter;

    filter = qpdf_oh_get_key(qpdf, qpdf_oh_get_dict(qpdf, stream), "/Filter");
    *n = 1;

    if (qpdf_oh_is_array(qpdf, filter)) {
        *n = qpdf_oh_get_array_n_items(qpdf, filter);
        filter = i < *n ? qpdf_oh_get_array_item(qpdf, filter, i) : filter;
    }

    if (!qpdf_oh_is_name(qpdf, filter)) {
        *n = qpdf_oh_is_null(qpdf, filter) ? 0 : *n;
        return "";
    }

    return qpdf_oh_get_name(qpdf, filter);
}


static bool
is_one_of(const char *name, const char *full, const char *brief)
{
    return strcmp(name, full) == 0 || strcmp(name, brief) == 0;
}


/* What a stream unpacks to.  More than one filter is only known as one of
 * texts before one that packs; of others, the most is taken that they can
 * make. */
static size_t
unpacked_stream(qpdf_data qpdf, qpdf_oh stream, unsigned char *data, size_t len)
{
    int         n, i;
    const char *name;

    i = 0;
    name = filter_at(qpdf, stream, i, &n);

    if (n == 0) {
        return len;
    }

    if (n == 2 && is_one_of(name, "/ASCII85Decode", "/A85")) {
        len = decode_ascii85(data, len);
        i++;
    } else if (n == 2 && is_one_of(name, "/ASCIIHexDecode", "/AHx")) {
        len = decode_hex(data, len);
        i++;
    }

    name = filter_at(qpdf, stream, i, &n);

    if (len <= CONTENT_MAX && i == n - 1 &&
        is_one_of(name, "/FlateDecode", "/Fl")) {
        return unpacked(data, len);
    }

    return n == 1 && is_one_of(name, "/ASCII85Decode", "/ASCIIHexDecode") ? len
           : len > CONTENT_MAX / MOST_PACKED ? CONTENT_MAX + 1
                                             : len * MOST_PACKED;
}


static bool
check_stream(guard_t *guard, qpdf_oh stream)
{
    size_t         len;
    qpdf_data      qpdf;
    QPDF_BOOL      filtered;
    unsigned char *data;

    qpdf = guard->pdf->qpdf;
    data = NULL;
    len = 0;

    if (qpdf_oh_get_stream_data(qpdf, stream, qpdf_dl_none, &filtered, &data,
                                &len) &
        QPDF_ERRORS)
    {
        free(data);
        return true; /* nothing that can be unpacked */
    }

    guard->content += unpacked_stream(qpdf, stream, data, len);
    free(data);
    return guard->content <= CONTENT_MAX || too_large(guard);
}


static bool check_resources(guard_t *guard, qpdf_oh owner, int depth);


static bool
check_xobject(guard_t *guard, qpdf_oh object, int depth)
{
    qpdf_oh   dict;
    qpdf_data qpdf;

    qpdf = guard->pdf->qpdf;

    if (!qpdf_oh_is_stream(qpdf, object)) {
        return true;
    }

    if (++guard->objects > OBJECTS_MAX) {
        return too_large(guard);
    }

    dict = qpdf_oh_get_dict(qpdf, object);

    if (qpdf_oh_is_name_and_equals(qpdf,
                                   qpdf_oh_get_key(qpdf, dict, "/Subtype"),
                                   "/Image"))
    {
        guard->pixels +=
            qpdf_oh_get_numeric_value(qpdf,
                                      qpdf_oh_get_key(qpdf, dict, "/Width")) *
            qpdf_oh_get_numeric_value(qpdf,
                                      qpdf_oh_get_key(qpdf, dict, "/Height"));
        return (guard->pixels >= 0 && guard->pixels <= PIXELS_MAX) ||
               too_large(guard);
    }

    return check_stream(guard, object) &&
           check_resources(guard, dict, depth + 1);
}


/* The XObjects in the /Resources of a page or form. */
static bool
check_resources(guard_t *guard, qpdf_oh owner, int depth)
{
    bool      good;
    char    **keys;
    size_t    n, i;
    qpdf_oh   objects;
    qpdf_data qpdf;

    qpdf = guard->pdf->qpdf;
    objects = qpdf_oh_get_key(qpdf, qpdf_oh_get_key(qpdf, owner, "/Resources"),
                              "/XObject");

    if (!qpdf_oh_is_dictionary(qpdf, objects)) {
        return true;
    }

    if (depth > DEPTH_MAX) {
        return too_large(guard);
    }

    /* the iteration is one for each document: keys are collected first */
    keys = NULL;
    n = 0;
    good = true;

    for (qpdf_oh_begin_dict_key_iter(qpdf, objects);
         qpdf_oh_dict_more_keys(qpdf) && n < OBJECTS_MAX; n++)
    {
        keys = g_realloc_n(keys, n + 1, sizeof(*keys));
        keys[n] = g_strdup(qpdf_oh_dict_next_key(qpdf));
    }

    for (i = 0; i < n; i++) {
        good = good &&
               check_xobject(guard, qpdf_oh_get_key(qpdf, objects, keys[i]),
                             depth);
        g_free(keys[i]);
    }

    g_free(keys);
    return good;
}


bool
nt_pdf_guard(nt_pdf_t *pdf, int number)
{
    int       i, n;
    bool      good;
    guard_t   guard = { .pdf = pdf };
    qpdf_oh   page, parent, contents;
    qpdf_data qpdf;

    qpdf = pdf->qpdf;
    page = qpdf_get_page_n(qpdf, (size_t) number);
    contents = qpdf_oh_get_key(qpdf, page, "/Contents");
    good = true;

    if (qpdf_oh_is_stream(qpdf, contents)) {
        good = check_stream(&guard, contents);
    } else if (qpdf_oh_is_array(qpdf, contents)) {
        n = qpdf_oh_get_array_n_items(qpdf, contents);

        for (i = 0; good && i < n; i++) {
            good =
                !qpdf_oh_is_stream(qpdf,
                                   qpdf_oh_get_array_item(qpdf, contents, i)) ||
                check_stream(&guard, qpdf_oh_get_array_item(qpdf, contents, i));
        }
    }

    /* resources are the page's, or those of a node above it */
    for (parent = page, i = 0;
         good && i < DEPTH_MAX && qpdf_oh_is_dictionary(qpdf, parent); i++)
    {
        good = check_resources(&guard, parent, 0);
        parent = qpdf_oh_get_key(qpdf, parent, "/Parent");
    }

    qpdf_oh_release_all(qpdf);
    return good;
}
