/*
 * packs/office/package.c - packages: ZIP archives in memory.
 */

#include <stdlib.h>

#include <libxml/parser.h>
#include <zip.h>

#include "packs/office/office.h"

#define EPOCH 315532800 /* 1980, the first year of ZIP */


static bool
nomem(const nt_package_t *package)
{
    (void) nt_arg_nomem(package->call);
    return false;
}


static bool
unreadable(const nt_package_t *package)
{
    (void) nt_call_fail(package->call,
                        "'%s' is not a document of Office Open "
                        "XML that can be read",
                        package->name);
    return false;
}


nt_part_t *
nt_package_find(const nt_package_t *package, const char *name)
{
    size_t i;

    for (i = 0; i < package->n; i++) {
        if (strcmp(package->parts[i].name, name) == 0) {
            return &package->parts[i];
        }
    }

    return NULL;
}


static void
free_part(nt_part_t *part)
{
    free(part->name);
    free(part->data);
    xmlFreeDoc(part->xml);
}


void
nt_package_free(nt_package_t *package)
{
    while (package->n > 0) {
        free_part(&package->parts[--package->n]);
    }

    free(package->parts);
    package->parts = NULL;
}


/* Adds a part whose data is taken over. */
static bool
add_part(nt_package_t *package, const char *name, char *data, size_t len)
{
    nt_part_t *parts, part = { .data = data, .len = len };

    part.name = strdup(name);
    parts = realloc(package->parts, (package->n + 1) * sizeof(*parts));

    if (parts != NULL) {
        package->parts = parts;
    }

    if (parts == NULL || part.name == NULL) {
        free_part(&part);
        return nomem(package);
    }

    parts[package->n++] = part;
    return true;
}


bool
nt_package_put(nt_package_t *package, const char *name, const void *data,
               size_t len)
{
    char      *copy;
    nt_part_t *part;

    copy = malloc(len + 1);

    if (copy == NULL) {
        return nomem(package);
    }

    (void) memcpy(copy, data, len);
    part = nt_package_find(package, name);

    if (part == NULL) {
        return add_part(package, name, copy, len);
    }

    free(part->data);
    xmlFreeDoc(part->xml);
    *part = (nt_part_t) { .name = part->name, .data = copy, .len = len };
    return true;
}


/* --- reading --- */

/* An entry is read to the size that it says, and not further: what is said is
 * bounded. */
static bool
read_entry(nt_package_t *package, zip_t *zip, const zip_stat_t *stat)
{
    bool        good;
    char       *data;
    zip_file_t *file;

    file = zip_fopen_index(zip, stat->index, 0);

    if (file == NULL) {
        return unreadable(package);
    }

    data = malloc(stat->size + 1);

    if (data == NULL) {
        (void) zip_fclose(file);
        return nomem(package);
    }

    good = zip_fread(file, data, stat->size) == (zip_int64_t) stat->size;

    if (zip_fclose(file) != 0 || !good) {
        free(data);
        return unreadable(package);
    }

    return add_part(package, stat->name, data, stat->size);
}


static bool
read_entries(nt_package_t *package, zip_t *zip)
{
    size_t      total;
    zip_stat_t  stat;
    zip_int64_t i, n;

    n = zip_get_num_entries(zip, 0);

    for (i = total = 0; i < n; i++) {
        if (zip_stat_index(zip, (zip_uint64_t) i, 0, &stat) != 0 ||
            (stat.valid & (ZIP_STAT_NAME | ZIP_STAT_SIZE)) !=
                (ZIP_STAT_NAME | ZIP_STAT_SIZE))
        {
            return unreadable(package);
        }

        if (stat.size > NT_PART_MAX || total + stat.size > NT_UNPACKED_MAX ||
            n > NT_PARTS_MAX)
        {
            (void) nt_call_fail(package->call,
                                "'%s' is too large: a part of it may have %d "
                                "MiB, all of them %d MiB",
                                package->name, NT_PART_MAX / 1024 / 1024,
                                NT_UNPACKED_MAX / 1024 / 1024);
            return false;
        }

        total += stat.size;

        if (stat.name[0] != '\0' && stat.name[strlen(stat.name) - 1] != '/' &&
            nt_package_find(package, stat.name) == NULL &&
            !read_entry(package, zip, &stat))
        {
            return false;
        }
    }

    return true;
}


bool
nt_package_read(nt_package_t *package, const char *data, size_t len)
{
    bool          good;
    zip_t        *zip;
    zip_source_t *source;

    if (len > NT_PACKAGE_MAX) {
        (void) nt_call_fail(package->call, "'%s' has more than %d MiB",
                            package->name, NT_PACKAGE_MAX / 1024 / 1024);
        return false;
    }

    source = zip_source_buffer_create(data, len, 0, NULL);

    if (source == NULL) {
        return nomem(package);
    }

    zip = zip_open_from_source(source, ZIP_RDONLY, NULL);

    if (zip == NULL) {
        zip_source_free(source);
        return unreadable(package);
    }

    good = read_entries(package, zip);
    zip_discard(zip);
    return good;
}


xmlNode *
nt_package_xml(nt_package_t *package, const char *name)
{
    nt_part_t *part;

    part = nt_package_find(package, name);

    if (part == NULL) {
        (void) nt_call_fail(package->call, "'%s' lacks a part of it: %s",
                            package->name, name);
        return NULL;
    }

    if (part->xml == NULL && part->len > NT_XML_MAX) {
        (void) nt_call_fail(package->call,
                            "'%s' has a part of more than %d "
                            "MiB: %s",
                            package->name, NT_XML_MAX / 1024 / 1024, name);
        return NULL;
    }

    if (part->xml == NULL) {
        part->xml = xmlReadMemory(part->data, (int) part->len, NULL, NULL,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR |
                                      XML_PARSE_NOWARNING | XML_PARSE_HUGE |
                                      XML_PARSE_NOCDATA);

        /* the format has no document types, whose entities are bombs */
        if (part->xml != NULL && part->xml->intSubset != NULL) {
            xmlFreeDoc(part->xml);
            part->xml = NULL;
        }
    }

    if (part->xml == NULL || xmlDocGetRootElement(part->xml) == NULL) {
        (void) nt_call_fail(package->call, "'%s' has a damaged part: %s",
                            package->name, name);
        return NULL;
    }

    return xmlDocGetRootElement(part->xml);
}


/* --- writing --- */

/* The bytes of a part, malloc'ed with malloc. */
static char *
part_bytes(const nt_part_t *part, size_t *len)
{
    int      n;
    char    *copy;
    xmlChar *text;

    text = NULL;
    *len = part->len;

    if (part->xml != NULL) {
        xmlDocDumpMemoryEnc(part->xml, &text, &n, "UTF-8");

        if (text == NULL) {
            return NULL;
        }

        *len = (size_t) n;
    }

    copy = malloc(*len + 1);

    if (copy != NULL) {
        (void) memcpy(copy, text != NULL ? (char *) text : part->data, *len);
    }

    xmlFree(text);
    return copy;
}


static bool
write_part(zip_t *zip, const nt_part_t *part)
{
    char         *data;
    size_t        len;
    zip_int64_t   index;
    zip_source_t *source;

    data = part_bytes(part, &len);

    if (data == NULL) {
        return false;
    }

    source = zip_source_buffer(zip, data, len, 1);

    if (source == NULL) {
        free(data);
        return false;
    }

    index = zip_file_add(zip, part->name, source, ZIP_FL_ENC_UTF_8);

    if (index < 0) {
        zip_source_free(source);
        return false;
    }

    return zip_file_set_mtime(zip, (zip_uint64_t) index, EPOCH, 0) == 0;
}


/* Appends what a closed archive was written to. */
static bool
append_source(nt_buf_t *out, zip_source_t *source)
{
    char      *p;
    bool       good;
    zip_stat_t stat;

    zip_stat_init(&stat);

    if (zip_source_open(source) != 0) {
        return false;
    }

    good = zip_source_stat(source, &stat) == 0 &&
           (p = nt_buf_reserve(out, stat.size)) != NULL &&
           zip_source_read(source, p, stat.size) == (zip_int64_t) stat.size;

    if (good) {
        out->len += stat.size;
    }

    (void) zip_source_close(source);
    return good;
}


bool
nt_package_write(const nt_package_t *package, nt_buf_t *out)
{
    bool          good;
    zip_t        *zip;
    size_t        i;
    zip_source_t *source;

    source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip = source != NULL
              ? zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, NULL)
              : NULL;

    if (zip == NULL) {
        zip_source_free(source);
        return nomem(package);
    }

    zip_source_keep(source);

    for (i = 0, good = true; good && i < package->n; i++) {
        good = write_part(zip, &package->parts[i]);
    }

    if (!good) {
        zip_discard(zip);
    } else if (zip_close(zip) != 0) {
        zip_discard(zip);
        good = false;
    } else {
        good = append_source(out, source);
    }

    zip_source_free(source);
    return good || nomem(package);
}
