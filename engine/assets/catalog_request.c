/*
 * engine/assets/catalog_request.c - what a client says of an asset.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/nt_id.h"
#include "engine/assets/catalog_int.h"
#include "engine/assets/media.h"
#include "engine/assets/uri.h"

#define NT_TEXT_MAX      1024       /* bytes of a name or an id */
#define NT_METADATA_MAX  (64 << 10) /* bytes, as JSON */
#define NT_EXTENSION_MAX 8

static const char *const texts[] = { "name",        "content_type", "parent_id",
                                     "workflow_id", "node_id",      "job_id" };

#define NT_N_TEXTS  (sizeof(texts) / sizeof(texts[0]))
#define NT_REQUIRED 2 /* of them, at the start */


static bool
is_text(const json_t *value)
{
    const char *text = json_string_value(value);

    if (text == NULL || text[0] == '\0' ||
        json_string_length(value) > NT_TEXT_MAX) {
        return false;
    }

    for (/* void */; *text != '\0'; text++) {
        if ((unsigned char) *text < ' ' || *text == 0x7f) {
            return false;
        }
    }

    return true;
}


static int
apply_texts(json_t *record, const json_t *request, bool create, nt_buf_t *error)
{
    for (size_t i = 0; i < NT_N_TEXTS; i++) {
        json_t *value = json_object_get(request, texts[i]);
        bool    absent = value == NULL || json_is_null(value);

        if (absent && !(create && i < NT_REQUIRED)) {
            continue;
        }

        if (absent || !is_text(value)) {
            nt_buf_printf(error,
                          "%s must be a text of 1 to %d bytes without control "
                          "characters.",
                          texts[i], NT_TEXT_MAX);
            return 422;
        }

        if (json_object_set(record, texts[i], value) != 0) {
            return nt_catalog_nomem(error);
        }
    }

    return 200;
}


int
nt_catalog_apply(json_t *record, const json_t *request, bool create,
                 nt_buf_t *error)
{
    int     status;
    bool    folder = nt_catalog_is_folder(record);
    json_t *metadata = json_object_get(request, "metadata");
    json_t *duration = json_object_get(request, "duration");

    if (!json_is_object(request)) {
        nt_buf_printf(error, "What an asset is must be said by a JSON object.");
        return 422;
    }

    status = apply_texts(record, request, create, error);
    if (status != 200) {
        return status;
    }

    if (!create && nt_catalog_is_folder(record) != folder) {
        nt_buf_printf(error, "A folder stays a folder, and a file a file.");
        return 422;
    }

    if (metadata != NULL && !json_is_null(metadata)) {
        if (!json_is_object(metadata) ||
            json_dumpb(metadata, NULL, 0, JSON_COMPACT) > NT_METADATA_MAX)
        {
            nt_buf_printf(error,
                          "metadata must be an object of at most %d KiB.",
                          NT_METADATA_MAX >> 10);
            return 422;
        }

        if (json_object_set(record, "metadata", metadata) != 0) {
            return nt_catalog_nomem(error);
        }
    }

    if (duration != NULL && !json_is_null(duration)) {
        if (!json_is_number(duration) || json_number_value(duration) < 0) {
            nt_buf_printf(error, "duration must be a number of seconds.");
            return 422;
        }

        if (json_object_set(record, "duration", duration) != 0) {
            return nt_catalog_nomem(error);
        }
    }

    return 200;
}


/* The extension that the storage module knows the type by: that of the type,
 * else that of the name. */
static void
append_extension(char *id, size_t size, const json_t *record)
{
    const char *name = json_string_value(json_object_get(record, "name"));
    const char *type =
        json_string_value(json_object_get(record, "content_type"));
    const char *extension = nt_media_extension(type);
    const char *dot = strrchr(name, '.');
    size_t      n = strlen(id), len = dot != NULL ? strlen(dot + 1) : 0;

    if (strcmp(extension, "bin") == 0 && len > 0 && len <= NT_EXTENSION_MAX) {
        size_t i;

        for (i = 1; i <= len && isalnum((unsigned char) dot[i]) &&
                    (unsigned char) dot[i] < 0x80;
             i++)
        {
            /* letters and digits */
        }

        extension = i > len ? dot + 1 : extension;
    }

    (void) snprintf(id + n, size - n, ".%s", extension);

    for (char *p = id + n; *p != '\0'; p++) {
        *p = (char) tolower((unsigned char) *p);
    }
}


void
nt_catalog_new_id(char id[NT_CATALOG_ID_MAX], const json_t *record)
{
    char          hex[NT_ID_HEX_LEN + 1];
    unsigned char random[16];

    id[0] = '\0';

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return;
    }

    nt_id_hex(hex, random);
    hex[NT_ID_HEX_LEN] = '\0';

    (void) snprintf(id, NT_CATALOG_ID_MAX, "%012llx%.20s",
                    (unsigned long long) nt_time_now(), hex);

    if (!nt_catalog_is_folder(record)) {
        append_extension(id, NT_CATALOG_ID_MAX, record);
    }
}


int
nt_catalog_data(const json_t *request, nt_buf_t *data, nt_buf_t *error)
{
    nt_rc_t       rc = NT_OK;
    nt_str_t      text;
    const json_t *value = json_object_get(request, "data");
    const json_t *encoding = json_object_get(request, "data_encoding");

    if (value == NULL || json_is_null(value)) {
        return 200;
    }

    if (!json_is_string(value)) {
        nt_buf_printf(error, "data must be a text.");
        return 422;
    }

    text.data = json_string_value(value);
    text.len = json_string_length(value);

    if (encoding == NULL || json_is_null(encoding)) {
        nt_buf_append_str(data, text);

    } else if (json_is_string(encoding) &&
               strcmp(json_string_value(encoding), "base64") == 0)
    {
        rc = nt_base64_decode(data, text);

    } else {
        nt_buf_printf(error, "data_encoding must be base64 or null.");
        return 422;
    }

    if (rc == NT_ERROR) {
        nt_buf_printf(error, "data is not base64.");
        return 422;
    }

    nt_buf_append_char(data, '\0'); /* so that there is memory for none */
    data->len--;

    return data->failed ? nt_catalog_nomem(error) : 200;
}
