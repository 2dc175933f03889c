/*
 * packs/office/picture.c - what an image says of its size.
 */

#include "packs/office/docx.h"

#define NO_DPI 72.0


static uint32_t
big(const unsigned char *p, int n)
{
    uint32_t value;

    for (value = 0; n > 0; n--) {
        value = value << 8 | *p++;
    }

    return value;
}


static uint32_t
little(const unsigned char *p, int n)
{
    uint32_t value;

    for (value = 0; n > 0; n--) {
        value = value << 8 | p[n - 1];
    }

    return value;
}


/* PNG (ISO/IEC 15948): IHDR comes first, pHYs before the pixels. */
static bool
read_png(const unsigned char *p, size_t len, nt_picture_t *picture)
{
    size_t at;

    if (len < 33 || memcmp(p, "\x89PNG\r\n\x1a\n", 8) != 0) {
        return false;
    }

    *picture = (nt_picture_t) { "png",          "image/png", big(p + 16, 4),
                                big(p + 20, 4), NO_DPI,      NO_DPI };

    for (at = 8; at + 12 <= len; at += 12 + (size_t) big(p + at, 4)) {
        if (memcmp(p + at + 4, "IDAT", 4) == 0) {
            break;
        }

        if (memcmp(p + at + 4, "pHYs", 4) == 0 && at + 17 <= len &&
            p[at + 16] == 1 && big(p + at + 8, 4) > 0 &&
            big(p + at + 12, 4) > 0)
        {
            picture->x_dpi = big(p + at + 8, 4) * 0.0254;
            picture->y_dpi = big(p + at + 12, 4) * 0.0254;
        }
    }

    return true;
}


/* JPEG (ITU-T T.81, T.871): APP0 has the density, a start of frame the
 * size. */
static bool
read_jpeg(const unsigned char *p, size_t len, nt_picture_t *picture)
{
    double unit;
    size_t at, n;

    if (len < 4 || p[0] != 0xff || p[1] != 0xd8) {
        return false;
    }

    *picture = (nt_picture_t) { "jpg", "image/jpeg", 0, 0, NO_DPI, NO_DPI };

    for (at = 2; at + 9 <= len && p[at] == 0xff; at += 2 + n) {
        n = big(p + at + 2, 2);

        if (p[at + 1] == 0xff) {
            n = (size_t) -1; /* a byte that fills up */
            continue;
        }

        if (p[at + 1] == 0xe0 && at + 16 <= len &&
            memcmp(p + at + 4, "JFIF", 5) == 0 && p[at + 11] > 0 &&
            big(p + at + 12, 2) > 0 && big(p + at + 14, 2) > 0)
        {
            unit = p[at + 11] == 2 ? 2.54 : 1;
            picture->x_dpi = big(p + at + 12, 2) * unit;
            picture->y_dpi = big(p + at + 14, 2) * unit;
        }

        /* 0xc4, 0xc8 and 0xcc are other things */
        if (p[at + 1] == 0xc0 ||
            (p[at + 1] > 0xc0 && p[at + 1] <= 0xcf && p[at + 1] % 4 != 0))
        {
            picture->height = big(p + at + 5, 2);
            picture->width = big(p + at + 7, 2);
            return true;
        }
    }

    return false;
}


static bool
read_gif(const unsigned char *p, size_t len, nt_picture_t *picture)
{
    if (len < 10 || memcmp(p, "GIF8", 4) != 0) {
        return false;
    }

    *picture = (nt_picture_t) {
        "gif", "image/gif", little(p + 6, 2), little(p + 8, 2), NO_DPI, NO_DPI
    };
    return true;
}


static bool
read_bmp(const unsigned char *p, size_t len, nt_picture_t *picture)
{
    int32_t height;

    if (len < 54 || memcmp(p, "BM", 2) != 0) {
        return false;
    }

    height = (int32_t) little(p + 22, 4); /* negative: from the top */
    *picture =
        (nt_picture_t) { "bmp",
                         "image/bmp",
                         little(p + 18, 4),
                         height < 0 ? -(uint32_t) height : (uint32_t) height,
                         NO_DPI,
                         NO_DPI };

    if (little(p + 38, 4) > 0 && little(p + 42, 4) > 0) {
        picture->x_dpi = little(p + 38, 4) * 0.0254;
        picture->y_dpi = little(p + 42, 4) * 0.0254;
    }

    return true;
}


bool
nt_picture_read(nt_str_t bytes, nt_picture_t *picture)
{
    const unsigned char *p = (const unsigned char *) bytes.data;

    return (read_png(p, bytes.len, picture) ||
            read_jpeg(p, bytes.len, picture) ||
            read_gif(p, bytes.len, picture) ||
            read_bmp(p, bytes.len, picture)) &&
           picture->width > 0 && picture->height > 0;
}
