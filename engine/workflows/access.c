#include <string.h>

#include "engine/workflows/access.h"
#include "engine/workflows/document.h"

#define NT_LOCAL_USER "1"


bool
nt_access_public(const json_t *document)
{
    const char *access;

    access = json_string_value(json_object_get(document, "access"));

    return access != NULL && strcmp(access, "public") == 0;
}


bool
nt_access_listed(const json_t *document, const char *user)
{
    const char *owner = nt_document_owner(document);

    return owner == NULL || user == NULL || strcmp(owner, user) == 0;
}


bool
nt_access_read(const json_t *document, const char *user)
{
    return nt_access_listed(document, user) || nt_access_public(document);
}


bool
nt_access_change(const json_t *document, const char *user)
{
    const char *owner = nt_document_owner(document);

    if (user == NULL) {
        return true;
    }

    return strcmp(user, owner != NULL ? owner : NT_LOCAL_USER) == 0;
}
