/*
 * packs/office/relations.c - how the parts of a package belong together.
 */

#include <stdio.h>
#include <stdlib.h>

#include "packs/office/office.h"

#define TYPES "[Content_Types].xml"

static const char relation_type[] =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";


/* The part with the relations of a part: FOLDER/_rels/NAME.rels. */
static char *
relations_name(const char *part)
{
    int         n;
    char       *name;
    const char *slash;

    slash = strrchr(part, '/');
    n = slash == NULL ? 0 : (int) (slash - part + 1);
    return asprintf(&name, "%.*s_rels/%s.rels", n, part, part + n) < 0 ? NULL
                                                                       : name;
}


/* A target, which is relative to the folder of the part, as a part's name. */
static char *
resolve(const char *part, const char *target)
{
    char       *path, *p, *dots;
    const char *slash;

    slash = strrchr(part, '/');

    if (*target == '/') {
        path = strdup(target + 1);
    } else if (asprintf(&path, "%.*s%s",
                        slash == NULL ? 0 : (int) (slash - part + 1), part,
                        target) < 0)
    {
        return NULL;
    }

    /* FOLDER/../ goes away */
    while (path != NULL && (dots = strstr(path, "/../")) != NULL) {
        for (p = dots; p > path && p[-1] != '/'; p--) { /* to its start */
        }

        (void) memmove(p, dots + 4, strlen(dots + 4) + 1);
    }

    return path;
}


static bool
ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && text[n - m - 1] == '/' && strcmp(text + n - m, end) == 0;
}


char *
nt_relation_target(nt_package_t *package, const char *part, const char *type,
                   const char *id)
{
    char    *name, *target;
    xmlNode *root, *relation;

    name = relations_name(part);

    if (name == NULL) {
        (void) nt_arg_nomem(package->call);
        return NULL;
    }

    root = nt_package_find(package, name) != NULL
               ? nt_package_xml(package, name)
               : NULL;
    free(name);

    for (relation = nt_xml_child(root, "Relationship"); relation != NULL;
         relation = nt_xml_next(relation, "Relationship"))
    {
        if (strcmp(nt_xml_attr(relation, "TargetMode"), "External") == 0) {
            continue;
        }

        if (id != NULL ? strcmp(nt_xml_attr(relation, "Id"), id) == 0
                       : ends_with(nt_xml_attr(relation, "Type"), type))
        {
            target = resolve(part, nt_xml_attr(relation, "Target"));

            if (target == NULL) {
                (void) nt_arg_nomem(package->call);
            }

            return target;
        }
    }

    return NULL;
}


/* An id that no relation has. */
static char *
new_id(const xmlNode *root)
{
    long           n, most;
    char          *id;
    const xmlNode *relation;

    most = 0;

    for (relation = nt_xml_child(root, "Relationship"); relation != NULL;
         relation = nt_xml_next(relation, "Relationship"))
    {
        if (sscanf(nt_xml_attr(relation, "Id"), "rId%9ld", &n) == 1 && n > most)
        {
            most = n;
        }
    }

    return asprintf(&id, "rId%ld", most + 1) < 0 ? NULL : id;
}


/* The relations of a part, which may have had none. */
static xmlNode *
need_relations(nt_package_t *package, const char *part)
{
    static const char none[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/"
        "2006/relationships\"/>";

    char    *name;
    xmlNode *root;

    name = relations_name(part);

    if (name == NULL) {
        (void) nt_arg_nomem(package->call);
        return NULL;
    }

    root = nt_package_find(package, name) != NULL ||
                   nt_package_put(package, name, none, sizeof(none) - 1)
               ? nt_package_xml(package, name)
               : NULL;
    free(name);
    return root;
}


char *
nt_relation_add(nt_package_t *package, const char *part, const char *type,
                const char *target)
{
    bool     good;
    char    *id, *path, *uri;
    xmlNode *root, *relation;

    root = need_relations(package, part);

    if (root == NULL) {
        return NULL;
    }

    id = new_id(root);
    uri = path = NULL;
    good =
        id != NULL && asprintf(&path, "/%s", target) >= 0 &&
        asprintf(&uri, "%s%s",
                 strncmp(type, "http", 4) == 0 ? "" : relation_type, type) >= 0;
    relation = good ? nt_xml_add(root, "Relationship") : NULL;
    good = relation != NULL && nt_xml_set(relation, "Id", id) &&
           nt_xml_set(relation, "Type", uri) &&
           nt_xml_set(relation, "Target", path);
    free(path);
    free(uri);

    if (!good) {
        free(id);
        (void) nt_arg_nomem(package->call);
        return NULL;
    }

    return id;
}


/* --- content types --- */

/* Says it by an element NAME with the key in an attribute. */
static bool
set_type(nt_package_t *package, const char *name, const char *attr,
         const char *key, const char *type)
{
    xmlNode *root, *node;

    root = nt_package_xml(package, TYPES);

    if (root == NULL) {
        return false;
    }

    for (node = nt_xml_child(root, name); node != NULL;
         node = nt_xml_next(node, name))
    {
        if (strcasecmp(nt_xml_attr(node, attr), key) == 0) {
            return true;
        }
    }

    node = nt_xml_add(root, name);

    if (node == NULL || !nt_xml_set(node, attr, key) ||
        !nt_xml_set(node, "ContentType", type))
    {
        (void) nt_arg_nomem(package->call);
        return false;
    }

    return true;
}


bool
nt_content_override(nt_package_t *package, const char *part, const char *type)
{
    bool  good;
    char *path;

    if (asprintf(&path, "/%s", part) < 0) {
        (void) nt_arg_nomem(package->call);
        return false;
    }

    good = set_type(package, "Override", "PartName", path, type);
    free(path);
    return good;
}


bool
nt_content_default(nt_package_t *package, const char *extension,
                   const char *type)
{
    return set_type(package, "Default", "Extension", extension, type);
}


char *
nt_package_new_name(const nt_package_t *package, const char *name,
                    const char *extension)
{
    char    *path;
    unsigned n;

    for (n = 1; asprintf(&path, "%s%u.%s", name, n, extension) >= 0; n++) {
        if (nt_package_find(package, path) == NULL) {
            return path;
        }

        free(path);
    }

    return NULL;
}
