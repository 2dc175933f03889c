/*
 * engine/assets/media.c - types of media by their first bytes.
 */

#include "engine/assets/media.h"

#include <openssl/evp.h>

#define NT_BASE64_STEP (3 * 1024 * 1024) /* an int holds what it becomes */

typedef struct {
    const char *type;
    const char *extension;
    size_t      offset;
    nt_str_t    magic;
} media_t;

static const media_t media[] = {
    { "image/png", "png", 0, { "\x89PNG\r\n\x1a\n", 8 } },
    { "image/jpeg", "jpg", 0, { "\xff\xd8\xff", 3 } },
    { "image/gif", "gif", 0, { "GIF8", 4 } },
    { "image/webp", "webp", 8, { "WEBP", 4 } },
    { "image/bmp", "bmp", 0, { "BM", 2 } },
    { "audio/wav", "wav", 8, { "WAVE", 4 } },
    { "audio/mpeg", "mp3", 0, { "ID3", 3 } },
    { "audio/mpeg", "mp3", 0, { "\xff\xfb", 2 } },
    { "audio/mpeg", "mp3", 0, { "\xff\xf3", 2 } },
    { "audio/ogg", "ogg", 0, { "OggS", 4 } },
    { "audio/flac", "flac", 0, { "fLaC", 4 } },
    { "audio/mp4", "m4a", 4, { "ftypM4A", 7 } },
    { "video/quicktime", "mov", 4, { "ftypqt", 6 } },
    { "video/mp4", "mp4", 4, { "ftyp", 4 } },
    { "video/webm", "webm", 0, { "\x1a\x45\xdf\xa3", 4 } },
    { "application/pdf", "pdf", 0, { "%PDF-", 5 } }
};

#define N_MEDIA (sizeof(media) / sizeof(media[0]))


const char *
nt_media_type(nt_str_t data)
{
    for (size_t i = 0; i < N_MEDIA; i++) {
        if (data.len >= media[i].offset + media[i].magic.len &&
            memcmp(data.data + media[i].offset, media[i].magic.data,
                   media[i].magic.len) == 0)
        {
            return media[i].type;
        }
    }

    return NULL;
}


const char *
nt_media_extension(const char *type)
{
    size_t len = strcspn(type, "; ");

    for (size_t i = 0; i < N_MEDIA; i++) {
        if (strlen(media[i].type) == len &&
            strncmp(media[i].type, type, len) == 0) {
            return media[i].extension;
        }
    }

    return "bin";
}


void
nt_base64_append(nt_buf_t *out, nt_str_t data)
{
    char  *p;
    size_t n;

    for (; data.len != 0; data.data += n, data.len -= n) {
        n = data.len < NT_BASE64_STEP ? data.len : NT_BASE64_STEP;
        p = nt_buf_reserve(out, (n + 2) / 3 * 4 + 1);
        if (p == NULL) {
            return;
        }

        out->len += (size_t) EVP_EncodeBlock((unsigned char *) p,
                                             (const unsigned char *) data.data,
                                             (int) n);
    }
}


void
nt_data_uri_append(nt_buf_t *out, const char *type, nt_str_t data)
{
    nt_buf_append(out, "data:", 5);
    nt_buf_append_str(out, nt_str(type));
    nt_buf_append(out, ";base64,", 8);
    nt_base64_append(out, data);
}
