/*
 * JSON: what is read without jansson, jansson reads as well, and as the same.
 */

#include <stdlib.h>
#include <string.h>

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char   *mine, *theirs;
    json_t *value, *other;

    value = nt_json_read((const char *) data, size);
    if (value == NULL) {
        return 0;
    }

    other = json_loadb((const char *) data, size, JSON_DECODE_ANY, NULL);
    if (other == NULL || !json_equal(value, other)) {
        abort();
    }

    /* members in the same order, too */
    mine = nt_json_text(value);
    theirs = nt_json_text(other);
    if (mine == NULL || theirs == NULL || strcmp(mine, theirs) != 0) {
        abort();
    }

    free(mine);
    free(theirs);
    json_decref(value);
    json_decref(other);

    return 0;
}
