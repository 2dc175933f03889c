/*
 * packs/image/font.h - fonts for text on images.
 */

#ifndef NT_IMAGE_FONT_H
#define NT_IMAGE_FONT_H

#include <pango/pangocairo.h>

#include "engine/nodetool_node.h"

/* A font that a workflow brings: the file's bytes, or none. */
typedef struct {
    char  *data;
    size_t len;
} nt_font_file_t;

/* Gets the file of the font in a "font" property where it is not one of the
 * system's: from its URL, or from Google Fonts.  Waits.  False after
 * nt_call_fail. */
bool nt_font_fetch(nt_node_call_t *call, const json_t *font,
                   nt_font_file_t *file);

/* Fonts to draw with, and which of them is meant; within nt_call_thread. */
typedef struct {
    PangoFontMap         *map;
    PangoFontDescription *description; /* without a size */
    int                   fd;          /* of the file in memory, or -1 */
} nt_font_t;

/* False after nt_call_fail.  A family that is not installed is replaced by a
 * similar one, which is logged. */
bool nt_font_open(nt_node_call_t *call, const json_t *font,
                  const nt_font_file_t *file, nt_font_t *out);
void nt_font_close(nt_font_t *font);

#endif
