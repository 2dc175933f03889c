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


/* How many filters a stream has, and whether one is `name`. */
static bool
has_filter(qpdf_data qpdf, qpdf_oh filter, const char *name, int *n)
{
    int  i;
    bool found;

    if (!qpdf_oh_is_array(qpdf, filter)) {
        *n = qpdf_oh_is_name(qpdf, filter);
        return *n == 1 && strcmp(qpdf_oh_get_name(qpdf, filter), name) == 0;
    }

    *n = qpdf_oh_get_array_n_items(qpdf, filter);

    for (i = 0, found = false; i < *n && !found; i++) {
        found =
            qpdf_oh_is_name_and_equals(qpdf,
                                       qpdf_oh_get_array_item(qpdf, filter, i),
                                       name);
    }

    return found;
}


static bool
check_stream(guard_t *guard, qpdf_oh stream)
{
    int            n;
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

    if (len > CONTENT_MAX) {
        free(data);
        return too_large(guard);
    }

    if (has_filter(qpdf,
                   qpdf_oh_get_key(qpdf, qpdf_oh_get_dict(qpdf, stream),
                                   "/Filter"),
                   "/FlateDecode", &n))
    {
        len = unpacked(data, len);
    } else if (n > 0) {
        len *= 128; /* the most of a run of bytes */
    }

    free(data);

    /* filters upon filters only serve to hide how much it is */
    guard->content += len;
    return (n <= 2 && guard->content <= CONTENT_MAX) || too_large(guard);
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
