/*
 * engine/nodes/encoding.c - texts as bytes.
 */

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <strings.h>

#include "engine/nodes/encoding.h"

#define NAME_MAX_LEN 40
#define STEP         (64 * 1024)

/* Names that iconv does not know, and encodings that begin with a mark. */
static const struct {
    const char *name;
    const char *read;
    const char *write;
    nt_str_t    mark;
} special[] = {
    { "latin-1", "ISO-8859-1", "ISO-8859-1", { "", 0 } },
    { "mac-roman", "MACINTOSH", "MACINTOSH", { "", 0 } },
    { "utf-8-sig", "UTF-8", "UTF-8", { "\xef\xbb\xbf", 3 } },
    { "utf-16", "UTF-16", "UTF-16LE", { "\xff\xfe", 2 } },
    { "utf16", "UTF-16", "UTF-16LE", { "\xff\xfe", 2 } },
    { "utf-32", "UTF-32", "UTF-32LE", { "\xff\xfe\0\0", 4 } },
    { "utf32", "UTF-32", "UTF-32LE", { "\xff\xfe\0\0", 4 } },
};

typedef struct {
    char     name[NAME_MAX_LEN + 1]; /* for iconv */
    nt_str_t mark;
} encoding_t;


/* False for what cannot be a name: iconv takes options in it. */
static bool
find(encoding_t *encoding, nt_str_t name, bool write)
{
    char   c;
    size_t i;

    if (name.len == 0 || name.len > NAME_MAX_LEN) {
        return false;
    }

    for (i = 0; i < name.len; i++) {
        c = name.data[i] == '_' || name.data[i] == ' ' ? '-' : name.data[i];

        if (!isalnum((unsigned char) c) && c != '-' && c != '.') {
            return false;
        }

        encoding->name[i] = c;
    }

    encoding->name[i] = '\0';
    encoding->mark = NT_STR("");

    for (i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (strcasecmp(encoding->name, special[i].name) == 0) {
            (void) strcpy(encoding->name,
                          write ? special[i].write : special[i].read);
            encoding->mark = special[i].mark;
            break;
        }
    }

    return true;
}


/* False with errno. */
static bool
convert(nt_buf_t *out, iconv_t cd, nt_str_t from, size_t *done)
{
    char  *in = (char *) from.data, *space, *to;
    size_t left = from.len, room, rc;

    do {
        space = to = nt_buf_reserve(out, STEP);

        if (space == NULL) {
            errno = ENOMEM;
            return false;
        }

        room = STEP;
        rc = iconv(cd, left > 0 ? &in : NULL, &left, &to, &room);
        out->len += (size_t) (to - space);
        *done = from.len - left;
    } while ((rc == (size_t) -1 && errno == E2BIG) ||
             (rc != (size_t) -1 && in < from.data + from.len));

    return rc != (size_t) -1;
}


/* `fault` is what to say, with the name, of a text that does not convert. */
static bool
recode(nt_buf_t *out, const char *to, const char *from, nt_str_t bytes,
       nt_str_t name, const char *fault, nt_buf_t *error)
{
    bool    good;
    size_t  done = 0;
    iconv_t cd = iconv_open(to, from);

    if (cd == (iconv_t) -1) {
        nt_buf_printf(error, "there is no encoding \"%.*s\"", (int) name.len,
                      name.data);
        return false;
    }

    good = convert(out, cd, bytes, &done) &&
           convert(out, cd, NT_STR(""), &(size_t) { 0 });

    if (!good && errno != ENOMEM) {
        nt_buf_printf(error, "what is at byte %zu %s \"%.*s\"", done, fault,
                      (int) name.len, name.data);
    }

    (void) iconv_close(cd);
    return good;
}


bool
nt_encoding_read(nt_buf_t *out, nt_str_t name, nt_str_t bytes, nt_buf_t *error)
{
    encoding_t encoding;

    if (!find(&encoding, name, false)) {
        nt_buf_printf(error, "there is no such encoding");
        return false;
    }

    /* of UTF-16 and UTF-32, iconv looks at the mark itself */
    if (strcmp(encoding.name, "UTF-8") == 0 && encoding.mark.len > 0 &&
        bytes.len >= encoding.mark.len &&
        memcmp(bytes.data, encoding.mark.data, encoding.mark.len) == 0)
    {
        bytes.data += encoding.mark.len;
        bytes.len -= encoding.mark.len;
    }

    return recode(out, "UTF-8", encoding.name, bytes, name, "is no text in",
                  error);
}


bool
nt_encoding_write(nt_buf_t *out, nt_str_t name, nt_str_t text, bool start,
                  nt_buf_t *error)
{
    encoding_t encoding;

    if (!find(&encoding, name, true)) {
        nt_buf_printf(error, "there is no such encoding");
        return false;
    }

    if (start) {
        nt_buf_append_str(out, encoding.mark);
    }

    return recode(out, encoding.name, "UTF-8", text, name,
                  "cannot be written in", error);
}
