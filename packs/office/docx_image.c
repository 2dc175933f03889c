/*
 * packs/office/docx_image.c - lib.docx.AddImage
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/nodes/defaults.h"
#include "engine/nodes/media_ref.h"
#include "packs/office/docx.h"

#define EMU      914400 /* an inch, in the units of drawings */
#define SIDE_MAX 22.0   /* inches of a page */

#define DRAWING "http://schemas.openxmlformats.org/drawingml/2006/"
#define REL                                                                    \
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


typedef struct {
    char  *data;
    size_t len;
} image_t;


/* Width and height in inches: as given; if one is not, in proportion; if none
 * is, as the image says. */
static bool
picture_size(nt_node_call_t *call, const nt_picture_t *picture, double *width,
             double *height)
{
    double w, h;

    w = nt_call_float(call, "width");
    h = nt_call_float(call, "height");
    *width = picture->width / picture->x_dpi;
    *height = picture->height / picture->y_dpi;

    if (!(w >= 0 && w <= SIDE_MAX && h >= 0 && h <= SIDE_MAX)) {
        (void) nt_call_fail(call, "'width' and 'height' must be 0 to %g inches",
                            SIDE_MAX);
        return false;
    }

    if (w > 0 || h > 0) {
        h = h > 0 ? h : *height * w / *width;
        w = w > 0 ? w : *width * h / *height;
        *width = w;
        *height = h;
    }

    return true;
}


/* Adds the image as a part; the id of the document's relation to it,
 * malloc'ed. */
static char *
add_picture_part(nt_package_t *package, const image_t *image,
                 const nt_picture_t *picture)
{
    char *main, *part, *id;

    main = nt_relation_target(package, "", "officeDocument", NULL);
    part = main != NULL ? nt_package_new_name(package, "word/media/image",
                                              picture->extension)
                        : NULL;
    id = NULL;

    if (part == NULL) {
        (void) nt_arg_nomem(package->call);
    } else if (nt_package_put(package, part, image->data, image->len) &&
               nt_content_default(package, picture->extension, picture->type))
    {
        id = nt_relation_add(package, main, "image", part);
    }

    free(main);
    free(part);
    return id;
}


/* A drawing in the line of the text (ECMA-376 part 1, 20.4.2.8). */
static bool
add_drawing(xmlNode *run, const char *id, long number, double width,
            double height)
{
    char     *text;
    bool      good;
    xmlDoc   *doc;
    xmlNode  *drawing, *inline_;
    long long x, y;

    x = llround(width * EMU);
    y = llround(height * EMU);

    if (asprintf(&text,
                 "<wp:inline xmlns:wp=\"" DRAWING "wordprocessingDrawing\" "
                 "xmlns:a=\"" DRAWING "main\" xmlns:pic=\"" DRAWING "picture\" "
                 "xmlns:r=\"" REL "\" distT=\"0\" distB=\"0\" distL=\"0\" "
                 "distR=\"0\"><wp:extent cx=\"%lld\" cy=\"%lld\"/>"
                 "<wp:docPr id=\"%ld\" name=\"Picture %ld\"/>"
                 "<wp:cNvGraphicFramePr><a:graphicFrameLocks "
                 "noChangeAspect=\"1\"/></wp:cNvGraphicFramePr>"
                 "<a:graphic><a:graphicData uri=\"" DRAWING "picture\">"
                 "<pic:pic><pic:nvPicPr><pic:cNvPr id=\"0\" name=\"Picture "
                 "%ld\"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>"
                 "<a:blip r:embed=\"%s\"/><a:stretch><a:fillRect/></a:stretch>"
                 "</pic:blipFill><pic:spPr><a:xfrm><a:off x=\"0\" y=\"0\"/>"
                 "<a:ext cx=\"%lld\" cy=\"%lld\"/></a:xfrm>"
                 "<a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></pic:spPr>"
                 "</pic:pic></a:graphicData></a:graphic></wp:inline>",
                 x, y, number, number, number, id, x, y) < 0)
    {
        return false;
    }

    doc = xmlReadMemory(text, (int) strlen(text), NULL, NULL, 0);
    free(text);
    drawing = doc != NULL ? nt_xml_add(run, "drawing") : NULL;
    inline_ = drawing != NULL
                  ? xmlDocCopyNode(xmlDocGetRootElement(doc), run->doc, 1)
                  : NULL;
    good = inline_ != NULL && xmlAddChild(drawing, inline_) != NULL;
    xmlFreeDoc(doc);
    return good;
}


/* The largest id of a drawing, and one more. */
static long
next_drawing(const xmlNode *node)
{
    long     id, most;
    xmlNode *child;

    most = nt_xml_is(node, "docPr") ? nt_xml_int(node, "id", 0) : 0;

    for (child = nt_xml_child(node, NULL); child != NULL;
         child = nt_xml_next(child, NULL))
    {
        id = next_drawing(child) - 1;
        most = id > most ? id : most;
    }

    return most + 1;
}


static json_t *
work_image(nt_package_t *package, void *arg, bool *ok)
{
    char          *id;
    bool           good;
    double         width, height;
    xmlNode       *body, *paragraph, *run;
    nt_picture_t   picture;
    const image_t *image = arg;

    body = nt_word_body(package);
    *ok = body != NULL;

    if (*ok &&
        !nt_picture_read((nt_str_t) { image->data, image->len }, &picture)) {
        (void) nt_call_fail(package->call, "'image' must be PNG, JPEG, GIF or "
                                           "BMP; convert it before");
        *ok = false;
    }

    *ok = *ok && picture_size(package->call, &picture, &width, &height);
    id = *ok ? add_picture_part(package, image, &picture) : NULL;
    *ok = id != NULL;

    if (*ok) {
        paragraph = nt_word_paragraph(body, &run);
        good = paragraph != NULL &&
               add_drawing(run, id, next_drawing(body), width, height);
        *ok = nt_docx_finish(package, body, paragraph, good);
    }

    free(id);
    return NULL;
}


static nt_node_rc_t
run_image(nt_node_call_t *call)
{
    image_t      image;
    nt_node_rc_t rc;

    if (!nt_media_load(call, "image", "an image", nt_call_input(call, "image"),
                       &image.data, &image.len))
    {
        return NT_NODE_FAIL;
    }

    rc = nt_office_run(call, "document", NT_WORD, work_image, &image);
    free(image.data);
    return rc;
}


static const nt_property_t image_properties[] = {
    NT_DOCX_DOCUMENT, NT_PROP("image", "image", NT_DEFAULT_IMAGE, "The image"),
    NT_PROP("width", "float", "0", "Inches; 0: in proportion"),
    NT_PROP("height", "float", "0", "Inches; 0: in proportion"), NT_PROP_END
};

NT_DOCX_ADDS(nt_docx_image, "AddImage", "Add Image",
             "A Word document with an image at its end.", image_properties,
             run_image);
