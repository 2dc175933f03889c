/*
 * packs/image/font.c - fonts for text on images, by fontconfig and Pango.
 */

#include "packs/image/font.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fontconfig/fontconfig.h>
#include <pango/pangofc-fontmap.h>

#include "core/nt_buf.h"
#include "engine/nodes/args.h"

#define NT_GOOGLE_FONTS "https://fonts.googleapis.com/css2"
#define NT_CSS_MAX      ((size_t) 1 << 20)
#define NT_FONT_MAX     ((size_t) 32 << 20)
#define NT_REGULAR      400


static const char *
member(const json_t *font, const char *name)
{
    const char *value = json_string_value(json_object_get(font, name));

    return value != NULL ? value : "";
}


/* "bold", "700", "700italic", "Light Italic" ...; false for what is none. */
static bool
parse_weight(const char *text, int *weight, bool *italic)
{
    static const struct {
        const char *word;
        int         weight;
    } words[] = { { "", NT_REGULAR },       { "regular", NT_REGULAR },
                  { "normal", NT_REGULAR }, { "thin", 100 },
                  { "extralight", 200 },    { "light", 300 },
                  { "medium", 500 },        { "semibold", 600 },
                  { "bold", 700 },          { "extrabold", 800 },
                  { "black", 900 } };

    char   word[24], *slant, *end;
    size_t i, n = 0;

    for (/* void */; *text != '\0' && n < sizeof(word) - 1; text++) {
        if (*text != ' ' && *text != '-' && *text != '_') {
            word[n++] = (char) tolower((unsigned char) *text);
        }
    }
    word[n] = '\0';

    slant = strstr(word, "italic");
    *italic = slant != NULL && slant[6] == '\0';
    if (*italic) {
        *slant = '\0';
    }

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].word) == 0) {
            *weight = words[i].weight;
            return true;
        }
    }

    *weight = (int) strtol(word, &end, 10);

    return *end == '\0' && *weight >= 1 && *weight <= 1000;
}


static bool
wrong_weight(nt_node_call_t *call, const json_t *font)
{
    (void) nt_call_fail(call,
                        "'font' has the weight \"%.40s\"; it must be one as "
                        "regular, bold, italic or 300",
                        member(font, "weight"));
    return false;
}


/* --- from the network -----------------------------------------------------*/

/* A GET; the body is malloc'ed and ends with a NUL.  NULL after
 * nt_call_fail. */
static char *
get(nt_node_call_t *call, const char *url, size_t limit, unsigned flags,
    size_t *len)
{
    char             *error = NULL, *copy = NULL;
    const char       *data;
    nt_http_reply_t  *reply;
    nt_http_request_t request = {
        .url = url, .timeout = 60, .limit = limit, .flags = flags
    };

    reply = nt_call_http(call, &request, &error);

    if (reply != NULL && nt_http_status(reply) != 200) {
        (void) nt_call_fail(call, "the font cannot be had: status %d",
                            nt_http_status(reply));
    } else if (reply == NULL || !nt_http_read_all(reply, &data, len, &error)) {
        (void) nt_call_fail(call, "the font cannot be had: %s",
                            error != NULL ? error : "no reply");
    } else {
        copy = malloc(*len + 1);
        if (copy != NULL) {
            memcpy(copy, data, *len + 1);
        } else {
            (void) nt_arg_nomem(call);
        }
    }

    nt_http_free(reply);
    free(error);

    return copy;
}


/* The first URL of a style sheet, NUL-terminated in place. */
static char *
first_url(char *css)
{
    char *url = strstr(css, "url("), *end;

    if (url == NULL) {
        return NULL;
    }

    url += 4;
    url += strspn(url, "'\"");
    end = url + strcspn(url, "'\")");
    *end = '\0';

    return url;
}


/* The operator may have a mirror of Google's. */
static bool
fetch_google(nt_node_call_t *call, const json_t *font, nt_font_file_t *file)
{
    bool        italic;
    int         weight;
    char       *css = NULL, *found, *escaped;
    size_t      len;
    nt_buf_t    url = { 0 };
    const char *base = nt_call_setting(call, "GOOGLE_FONTS_URL");

    if (!parse_weight(member(font, "weight"), &weight, &italic)) {
        return wrong_weight(call, font);
    }

    escaped = g_uri_escape_string(member(font, "name"), NULL, FALSE);
    nt_buf_printf(&url, "%s?family=%s:%s@%s%d",
                  base != NULL ? base : NT_GOOGLE_FONTS, escaped,
                  italic ? "ital,wght" : "wght", italic ? "1," : "", weight);
    nt_buf_append_char(&url, '\0');
    g_free(escaped);

    if (url.failed) {
        (void) nt_arg_nomem(call);
    } else {
        css = get(call, url.data, NT_CSS_MAX,
                  base != NULL ? NT_HTTP_TRUSTED : 0, &len);
    }

    nt_buf_free(&url);

    if (css == NULL) {
        return false;
    }

    found = first_url(css);
    if (found == NULL) {
        (void) nt_call_fail(call, "Google Fonts has no font \"%.80s\"",
                            member(font, "name"));
    } else {
        file->data = get(call, found, NT_FONT_MAX,
                         base != NULL ? NT_HTTP_TRUSTED : 0, &file->len);
    }

    free(css);

    return file->data != NULL;
}


bool
nt_font_fetch(nt_node_call_t *call, const json_t *font, nt_font_file_t *file)
{
    const char *source = member(font, "source");

    *file = (nt_font_file_t) { NULL, 0 };

    if (strcmp(source, "url") == 0) {
        if (*member(font, "url") == '\0') {
            (void) nt_call_fail(call, "'font' comes from a URL, but has none");
            return false;
        }
        return nt_call_load(call, json_object_get(font, "url"), &file->data,
                            &file->len);
    }

    if (strcmp(source, "google_fonts") == 0) {
        return fetch_google(call, font, file);
    }

    if (strcmp(source, "system") != 0 && *source != '\0') {
        (void) nt_call_fail(call,
                            "'font' has the source \"%.40s\"; it must be "
                            "system, google_fonts or url",
                            source);
        return false;
    }

    return true;
}


/* --- of the system, or the file -------------------------------------------*/

/* Is this the name of the font's file, with or without its extension? */
static bool
is_file(const FcPattern *font, const char *name)
{
    size_t      len = strlen(name);
    FcChar8    *path;
    const char *base;

    if (FcPatternGetString(font, FC_FILE, 0, &path) != FcResultMatch) {
        return false;
    }

    base = strrchr((char *) path, '/');
    base = base != NULL ? base + 1 : (char *) path;

    return strncasecmp(base, name, len) == 0 &&
           (base[len] == '\0' ||
            (base[len] == '.' && strchr(base + len + 1, '.') == NULL));
}


static bool
has_family(FcPattern *font, const char *name)
{
    int      i;
    FcChar8 *family;

    for (i = 0;
         FcPatternGetString(font, FC_FAMILY, i, &family) == FcResultMatch; i++)
    {
        if (strcasecmp((char *) family, name) == 0) {
            return true;
        }
    }

    return false;
}


/* The description of a font that is installed by the name of its file or its
 * family; NULL when there is none. */
static PangoFontDescription *
find_installed(const char *name, bool *exact)
{
    int          i;
    FcFontSet   *set = NULL;
    FcPattern   *all = FcPatternCreate();
    FcObjectSet *what =
        FcObjectSetBuild(FC_FILE, FC_FAMILY, FC_STYLE, FC_WEIGHT, FC_SLANT,
                         FC_WIDTH, (char *) NULL);
    PangoFontDescription *found = NULL;

    if (all != NULL && what != NULL) {
        set = FcFontList(NULL, all, what);
    }
    *exact = false;

    for (i = 0; set != NULL && i < set->nfont && !*exact; i++) {
        if (is_file(set->fonts[i], name)) {
            pango_font_description_free(found);
            found =
                pango_fc_font_description_from_pattern(set->fonts[i], FALSE);
            *exact = true;

        } else if (found == NULL && has_family(set->fonts[i], name)) {
            found = pango_font_description_new();
            pango_font_description_set_family(found, name);
        }
    }

    if (set != NULL) {
        FcFontSetDestroy(set);
    }
    if (what != NULL) {
        FcObjectSetDestroy(what);
    }
    if (all != NULL) {
        FcPatternDestroy(all);
    }

    return found;
}


/* Makes the file the only font of the map. */
static bool
add_file(const nt_font_file_t *file, nt_font_t *out)
{
    char       path[32];
    FcConfig  *config = FcConfigCreate();
    FcFontSet *set = NULL;

    if (config == NULL) {
        return false;
    }

    out->fd = memfd_create("font", MFD_CLOEXEC);

    if (out->fd != -1 &&
        write(out->fd, file->data, file->len) == (ssize_t) file->len)
    {
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", out->fd);
        if (FcConfigAppFontAddFile(config, (FcChar8 *) path)) {
            set = FcConfigGetFonts(config, FcSetApplication);
        }
    }

    if (set != NULL && set->nfont > 0) {
        out->description =
            pango_fc_font_description_from_pattern(set->fonts[0], FALSE);
        pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(out->map), config);
    }

    FcConfigDestroy(config);

    return out->description != NULL;
}


/* A weight beside the font's name counts, unless the name is of a file. */
static bool
open_installed(nt_node_call_t *call, const json_t *font, nt_font_t *out)
{
    int         weight;
    bool        italic, exact;
    const char *name = member(font, "name");

    if (!parse_weight(member(font, "weight"), &weight, &italic)) {
        return wrong_weight(call, font);
    }

    out->description = find_installed(name, &exact);

    if (out->description == NULL) {
        nt_call_log(call, "warning",
                    "font \"%.80s\" is not installed; another one is used",
                    name);
        out->description = pango_font_description_new();
        pango_font_description_set_family(out->description, name);
    }

    if (!exact || weight != NT_REGULAR || italic) {
        pango_font_description_set_weight(out->description,
                                          (PangoWeight) weight);
        pango_font_description_set_style(out->description,
                                         italic ? PANGO_STYLE_ITALIC
                                                : PANGO_STYLE_NORMAL);
    }

    return true;
}


bool
nt_font_open(nt_node_call_t *call, const json_t *font,
             const nt_font_file_t *file, nt_font_t *out)
{
    *out = (nt_font_t) { .fd = -1 };
    out->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);

    if (out->map == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    if (file->data == NULL) {
        return open_installed(call, font, out);
    }

    if (!add_file(file, out)) {
        (void) nt_call_fail(call, "'font' is no TrueType or OpenType file that "
                                  "can be used");
        return false;
    }

    return true;
}


void
nt_font_close(nt_font_t *font)
{
    pango_font_description_free(font->description);

    if (font->map != NULL) {
        if (font->fd != -1) {
            /* a map that goes does not let go of its configuration */
            pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(font->map), NULL);
        }
        g_object_unref(font->map);
    }

    if (font->fd != -1) {
        (void) close(font->fd);
    }
}
