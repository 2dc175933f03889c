/*
 * packs/image/image.h - the image pack: nodetool.image.*, lib.pillow.*,
 * lib.grid.* and lib.svg.SVGToImage.
 *
 * libvips reads and writes the formats; what is done with the pixels is done
 * here, as Pillow does it, so that a workflow gives the picture that its
 * author has seen.
 */

#ifndef NT_IMAGE_H
#define NT_IMAGE_H

#include "core/nt_base.h"
#include "engine/nodes/generated.h"
#include "engine/nodetool_node.h"

/* Of one image: 64 million pixels, 256 MB decoded. */
#define NT_IMAGE_PIXELS_MAX ((size_t) 1 << 26)
#define NT_IMAGE_SIDE_MAX   32767

/* Pixels of 8 bits, row by row without gaps.  A zeroed one is no image and
 * may be freed. */
typedef struct {
    unsigned char *data;
    int            width;
    int            height;
    int            bands; /* 1: L, 2: LA, 3: RGB, 4: RGBA */
} nt_image_t;

static inline unsigned char *
nt_image_row(const nt_image_t *image, int y)
{
    return image->data + (size_t) y * image->width * image->bands;
}

/* How many of the bands are colours. */
static inline int
nt_image_colors(const nt_image_t *image)
{
    return image->bands - (image->bands + 1) % 2;
}

static inline unsigned char
nt_clip8(int value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* `from` (at 0) to `to` (at 255), rounded. */
static inline unsigned char
nt_image_mix(int from, int to, int share)
{
    int sum = from * (255 - share) + to * share + 128;

    return ((sum >> 8) + sum) >> 8;
}

/* The grey of a colour, as ITU-R BT.601 has it. */
static inline unsigned char
nt_luma(const unsigned char *rgb)
{
    return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
}

/* Zeroed pixels.  False after nt_call_fail: too large, or no memory. */
bool nt_image_alloc(nt_node_call_t *call, nt_image_t *image, int width,
                    int height, int bands);
bool nt_image_copy(nt_node_call_t *call, nt_image_t *image,
                   const nt_image_t *from);
void nt_image_free(nt_image_t *image);

/* Frees *image and puts *now in its place. */
void nt_image_replace(nt_image_t *image, nt_image_t *now);

/* To RGB or RGBA with full opacity where there was none; 3 or 4 bands.  False
 * after nt_call_fail. */
bool nt_image_convert(nt_node_call_t *call, nt_image_t *image, int bands);

/* Both get an alpha when one has. */
bool nt_image_match_bands(nt_node_call_t *call, nt_image_t *a, nt_image_t *b);

/* --- codec.c: formats, within nt_call_thread --- */

typedef struct {
    const char *format; /* "PNG", "JPEG" ... */
    const char *mode;   /* "RGB", as Pillow names it */
    int         width;  /* as stored: not turned yet */
    int         height;
    int         bands;
} nt_image_info_t;

/* Reads what is in front of the pixels.  `name` is the property's, for
 * errors.  False after nt_call_fail. */
bool nt_image_probe(nt_node_call_t *call, const char *name, const void *data,
                    size_t len, nt_image_info_t *info);

/* Decodes JPEG, PNG, WebP, GIF, TIFF, HEIF or AVIF to RGB or RGBA, upright as
 * EXIF says.  Of several pages the first.  False after nt_call_fail. */
bool nt_image_decode(nt_node_call_t *call, const char *name, const void *data,
                     size_t len, nt_image_t *image);

/* Encodes to a format by its file extension (".jpg"); *data is malloc'ed.
 * False after nt_call_fail. */
bool nt_image_encode(nt_node_call_t *call, const nt_image_t *image,
                     const char *extension, void **data, size_t *len);

/* A result: PNG, and the key that it is stored under.  A zeroed one is none
 * and may be freed. */
typedef struct {
    void  *data; /* malloc'ed; NULL when there is none */
    size_t len;
    char   key[NT_GENERATED_KEY_MAX];
} nt_image_png_t;

/* False after nt_call_fail. */
bool nt_image_encode_png(nt_node_call_t *call, const nt_image_t *image,
                         nt_image_png_t *png);

/* Draws an SVG document, `scale` times as large as it says. */
bool nt_image_svg(nt_node_call_t *call, nt_str_t svg, double scale,
                  nt_image_t *image);

/* --- node.c: how nodes get and give images --- */

/* Works on the pool. `images` are those of the properties; the first becomes
 * the result.  False after nt_call_fail. */
typedef bool (*nt_image_op_t)(nt_node_call_t *call, nt_image_t *images);

#define NT_IMAGE_INPUTS_MAX 3

/* The run of a node that makes one image of those in its properties `names`,
 * ended by NULL, and emits it. */
nt_node_rc_t nt_image_run(nt_node_call_t *call, const char *const *names,
                          nt_image_op_t op);

/* The same with the one property "image". */
nt_node_rc_t nt_image_run1(nt_node_call_t *call, nt_image_op_t op);

/* A number of a property within bounds.  False after nt_call_fail. */
bool nt_image_int(nt_node_call_t *call, const char *name, int min, int max,
                  int *value);
bool nt_image_float(nt_node_call_t *call, const char *name, double min,
                    double max, double *value);

/* The bytes of the image in a property, in *data, malloc'ed.  Waits.  False
 * after nt_call_fail. */
bool nt_image_load(nt_node_call_t *call, const char *name, const json_t *ref,
                   char **data, size_t *len);

/* Stores a PNG of an image and returns its ref with size and mode in
 * "metadata".  Waits.  NULL after nt_call_fail. */
json_t *nt_image_store(nt_node_call_t *call, const nt_image_t *image,
                       const nt_image_png_t *png);

/* Parts of a node type's description; they need args.h and defaults.h. */
#define NT_IMAGE_PROP(text) NT_PROP("image", "image", NT_DEFAULT_IMAGE, text)
#define NT_IMAGE_RANGE(property, type_name, json, from, to, text)              \
    {                                                                          \
        .name = property, .type = type_name, .default_json = json,             \
        .min = (const double[]) { from }, .max = (const double[]) { to },      \
        .description = text                                                    \
    }
#define NT_IMAGE_INT(property, json, from, to, text)                           \
    NT_IMAGE_RANGE(property, "int", json, from, to, text)
#define NT_IMAGE_FLOAT(property, json, from, to, text)                         \
    NT_IMAGE_RANGE(property, "float", json, from, to, text)

/* The run of a node type that does `op` to the property "image". */
#define NT_IMAGE_RUN(function, op)                                             \
    static nt_node_rc_t function(nt_node_call_t *call)                         \
    {                                                                          \
        return nt_image_run1(call, op);                                        \
    }

/* The rest of a node type that works on the property "image". */
#define NT_IMAGE_TYPE(type_name, title_text, text, props, function)            \
    {                                                                          \
        .type = type_name, .title = title_text, .description = text,           \
        .properties = props, .outputs = nt_image_outputs,                      \
        .flags = NT_NODE_ASYNC, .run = function                                \
    }

extern const nt_output_t nt_image_outputs[];

/* Copies an image of as many bands into another; what lies outside of that is
 * left out.  False when nothing is inside. */
bool nt_image_paste(nt_image_t *image, const nt_image_t *from, int left,
                    int top);

/* --- resize.c, blur.c, enhance.c: used by several --- */

typedef enum { NT_RESIZE_BICUBIC, NT_RESIZE_LANCZOS } nt_resize_t;

/* Pillow's resize of a part of the image, in pixels that need not be whole. */
typedef struct {
    double left, top, right, bottom;
} nt_box_t;

bool nt_image_resize(nt_node_call_t *call, nt_image_t *image, int width,
                     int height, nt_resize_t how, const nt_box_t *box);

/* Pillow's ImageOps.fit: the largest part in the middle that has the target's
 * proportions, resized. */
bool nt_image_fit(nt_node_call_t *call, nt_image_t *image, int width,
                  int height, nt_resize_t how);

/* Pillow's GaussianBlur of all bands. */
bool nt_image_blur(nt_node_call_t *call, nt_image_t *image, double radius);

/* Pillow's Kernel of 3 x 3: divided by `scale`, plus `offset`; colours only. */
bool nt_image_kernel(nt_node_call_t *call, nt_image_t *image,
                     const float kernel[9], float scale, float offset);

/* Puts each colour through its table of 256. */
void nt_image_lut(nt_image_t *image, const unsigned char lut[][256]);

/* Counts the values of each colour. */
void nt_image_histogram(const nt_image_t *image, size_t counts[][256]);

/* A colour of a "color" property, as CSS writes it.  False after
 * nt_call_fail. */
bool nt_image_color(nt_node_call_t *call, const char *name,
                    unsigned char rgba[4]);

#endif
