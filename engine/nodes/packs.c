#include "engine/nodes/packs.h"

#include <string.h>

#include "engine/beside.h"


#define NT_PREFIXES(...)                                                       \
    (const char *const[])                                                      \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }

/* README.md has the same table. */
const nt_pack_t nt_packs[] = {
    { .name = "image",
      .run = "libvips42 and fonts-dejavu-core",
      .build = "libvips-dev",
      .prefixes = NT_PREFIXES("nodetool.image.", "lib.pillow.", "lib.grid.",
                              "lib.svg.", "lib.numpy.conversion.ConvertToArray",
                              "lib.numpy.conversion.ConvertToImage") },
    { .name = "office",
      .run = "libzip4",
      .build = "libzip-dev",
      .prefixes = NT_PREFIXES("lib.excel.", "lib.docx.") },
    { .name = "pdf",
      .run = "libpoppler-glib8 and libqpdf29",
      .build = "libpoppler-glib-dev and libqpdf-dev",
      .prefixes = NT_PREFIXES("lib.pymupdf.", "lib.pdfplumber.") },
};

const size_t nt_packs_count = sizeof(nt_packs) / sizeof(nt_packs[0]);


size_t
nt_pack_of(const char *type)
{
    size_t             i;
    const char *const *prefix;

    for (i = 0; i < nt_packs_count; i++) {
        for (prefix = nt_packs[i].prefixes; *prefix != NULL; prefix++) {
            if (strncmp(type, *prefix, strlen(*prefix)) == 0) {
                return i;
            }
        }
    }

    return i;
}


char *
nt_packs_folder(void)
{
    static const char *const places[] = { "packs", "../lib/nodetool/packs",
                                          NULL };

    return nt_folder_beside(places);
}
