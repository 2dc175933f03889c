/*
 * packs/image/grade_look.c - lib.pillow.color_grading.*: looks of a whole
 * picture.
 */

#include <math.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/grade.h"
#include "packs/image/types.h"


/* --- Vignette -------------------------------------------------------------*/

/* The float properties, in their order; then the size of the image. */
typedef struct {
    float amount;
    float midpoint;
    float roundness;
    float feather;
    float width;
    float height;
} vignette_t;


static void
grade_vignette(const void *params, int x, int y, float rgb[3])
{
    int               i;
    float             dx, dy, far, square, dark;
    const vignette_t *p = params;

    dx = (x - p->width / 2) / (p->width / 2);
    dy = (y - p->height / 2) / (p->height / 2);

    if (p->roundness > 0) {
        dx *= 1 + (p->height / p->width - 1) * p->roundness;
    }

    far = hypotf(dx, dy);

    if (p->roundness < 0) {
        square = fmaxf(fabsf(dx), fabsf(dy));
        far += (far - square) * p->roundness;
    }

    dark = nt_clamp1((far - p->midpoint) / fmaxf(p->feather, 0.01f));

    for (i = 0; i < 3; i++) {
        rgb[i] *= 1 - dark * p->amount;
    }
}


static const nt_property_t vignette_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_IMAGE_FLOAT("amount", "0.5", -1, 1,
                   "How much darker the edges get, or lighter below 0"),
    NT_IMAGE_FLOAT("midpoint", "0.5", 0, 1,
                   "How far from the middle it begins"),
    NT_IMAGE_FLOAT("roundness", "0.0", -1, 1,
                   "0 as wide as the image, 1 round, -1 a rectangle"),
    NT_IMAGE_FLOAT("feather", "0.5", 0, 1, "How soft its edge is"),
    NT_PROP_END
};


static bool
vignette(nt_node_call_t *call, nt_image_t *image)
{
    vignette_t params = { .width = image->width, .height = image->height };

    if (!nt_grade_params(call, vignette_properties, (float *) &params)) {
        return false;
    }

    nt_grade(call, image, grade_vignette, &params);

    return true;
}


NT_IMAGE_RUN(run_vignette, vignette)

const nt_node_type_t nt_image_vignette =
    NT_IMAGE_TYPE("lib.pillow.color_grading.Vignette", "Vignette",
                  "Darkens or lightens the edges of an image.",
                  vignette_properties, run_vignette);

/* --- SplitToning ----------------------------------------------------------*/

/* The float properties, in their order. */
typedef struct {
    float shadow_hue;
    float shadow_saturation;
    float light_hue;
    float light_saturation;
    float balance;
} split_t;


/* Adds a hue as far as a tone is meant. */
static void
tint(float rgb[3], float hue, float share)
{
    int   i;
    float color[3];

    nt_hsv_to_rgb(hue / 360, 1, 1, color);

    for (i = 0; i < 3; i++) {
        rgb[i] += (color[i] - 0.5f) * share;
    }
}


static void
grade_split(const void *params, int x, int y, float rgb[3])
{
    float          gray = nt_luminance(rgb);
    const split_t *p = params;

    tint(rgb, p->shadow_hue,
         nt_clamp1((0.5f + p->balance / 4 - gray) * 2) * p->shadow_saturation);
    tint(rgb, p->light_hue,
         nt_clamp1((gray - 0.5f + p->balance / 4) * 2) * p->light_saturation);
}


static const nt_property_t split_properties[] = {
    NT_IMAGE_PROP("The image to tint"),
    NT_IMAGE_FLOAT("shadow_hue", "200.0", 0, 360,
                   "The hue of shadows in degrees"),
    NT_IMAGE_FLOAT("shadow_saturation", "0.3", 0, 1, "How strong it is"),
    NT_IMAGE_FLOAT("highlight_hue", "40.0", 0, 360,
                   "The hue of lights in degrees"),
    NT_IMAGE_FLOAT("highlight_saturation", "0.3", 0, 1, "How strong it is"),
    NT_IMAGE_FLOAT("balance", "0.0", -1, 1,
                   "How far both reach into the middle"),
    NT_PROP_END
};


NT_GRADE_OP(split)
NT_IMAGE_RUN(run_split, split)

const nt_node_type_t nt_image_split =
    NT_IMAGE_TYPE("lib.pillow.color_grading.SplitToning", "Split Toning",
                  "Tints shadows and lights in two hues.", split_properties,
                  run_split);

/* --- FilmLook -------------------------------------------------------------*/

typedef struct {
    const char *name;
    float       shadow[3];
    float       light[3];
    float       contrast;
    float       saturation;
    float       fade;
} look_t;

static const look_t looks[] = {
    { "teal_orange",
      { 0.0f, 0.5f, 0.55f },
      { 1.0f, 0.78f, 0.6f },
      1.1f,
      1.1f,
      0.0f },
    { "blockbuster",
      { 0.12f, 0.24f, 0.35f },
      { 1.0f, 0.9f, 0.78f },
      1.2f,
      1.0f,
      0.0f },
    { "noir", { 0.2f, 0.2f, 0.24f }, { 0.86f, 0.86f, 0.9f }, 1.4f, 0.3f, 0.0f },
    { "vintage",
      { 0.4f, 0.32f, 0.24f },
      { 1.0f, 0.94f, 0.78f },
      0.9f,
      0.8f,
      0.15f },
    { "cold_blue",
      { 0.16f, 0.24f, 0.4f },
      { 0.78f, 0.86f, 1.0f },
      1.1f,
      0.9f,
      0.0f },
    { "warm_sunset",
      { 0.47f, 0.24f, 0.16f },
      { 1.0f, 0.86f, 0.7f },
      1.0f,
      1.3f,
      0.0f },
    { "matrix", { 0.0f, 0.16f, 0.0f }, { 0.6f, 1.0f, 0.6f }, 1.3f, 0.7f, 0.0f },
    { "bleach_bypass",
      { 0.24f, 0.24f, 0.27f },
      { 0.94f, 0.94f, 0.98f },
      1.5f,
      0.5f,
      0.05f },
    { "cross_process",
      { 0.0f, 0.2f, 0.3f },
      { 1.0f, 0.9f, 0.5f },
      1.2f,
      1.2f,
      0.0f },
    { "faded_film",
      { 0.3f, 0.28f, 0.26f },
      { 0.95f, 0.92f, 0.88f },
      0.85f,
      0.7f,
      0.2f },
};

static const char *const look_names[] = {
    "teal_orange",   "blockbuster", "noir",   "vintage",
    "cold_blue",     "warm_sunset", "matrix", "bleach_bypass",
    "cross_process", "faded_film",  NULL
};

typedef struct {
    float         intensity; /* the float property */
    const look_t *look;
} film_t;


static void
grade_film(const void *params, int x, int y, float rgb[3])
{
    int           i;
    float         dark, light, now[3], gray = nt_luminance(rgb);
    const film_t *p = params;
    const look_t *look = p->look;

    dark = nt_clamp1(1 - gray * 2) * 0.3f;
    light = nt_clamp1(gray * 2 - 1) * 0.3f;

    for (i = 0; i < 3; i++) {
        now[i] = rgb[i] + dark * (look->shadow[i] - 0.5f) +
                 light * (look->light[i] - 0.5f);
        now[i] = (now[i] - 0.5f) * look->contrast + 0.5f;
    }

    nt_saturate(now, nt_luminance(now), look->saturation);

    for (i = 0; i < 3; i++) {
        now[i] += look->fade * (0.15f - now[i]);
        rgb[i] += (now[i] - rgb[i]) * p->intensity;
    }
}


static const nt_property_t film_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_PROP_ENUM("preset", look_names, "\"teal_orange\"", "Which look it gets"),
    NT_IMAGE_FLOAT("intensity", "1.0", 0, 2,
                   "0 leaves it as it is, 1 is the look, more goes beyond it"),
    NT_PROP_END
};


static bool
film(nt_node_call_t *call, nt_image_t *image)
{
    size_t      i = 0, len;
    film_t      params;
    const char *preset = nt_call_string(call, "preset", &len);

    if (!nt_grade_params(call, film_properties, &params.intensity)) {
        return false;
    }

    while (strcmp(looks[i].name, preset) != 0) {
        if (++i == sizeof(looks) / sizeof(looks[0])) {
            (void) nt_call_fail(call, "'preset' is no look that there is");
            return false;
        }
    }

    params.look = &looks[i];
    nt_grade(call, image, grade_film, &params);

    return true;
}


NT_IMAGE_RUN(run_film, film)

const nt_node_type_t nt_image_film =
    NT_IMAGE_TYPE("lib.pillow.color_grading.FilmLook", "Film Look",
                  "Gives an image the colours of a kind of film.",
                  film_properties, run_film);

/* --- HSLAdjust ------------------------------------------------------------*/

/* Hues of 0 to 1, from red to red. */
static const struct {
    const char *name;
    float       from, to;
} hues[] = {
    { "all", 0, 1 },
    { "reds", 0.95f, 0.05f }, /* over 1 */
    { "oranges", 0.02f, 0.1f },
    { "yellows", 0.1f, 0.18f },
    { "greens", 0.18f, 0.45f },
    { "cyans", 0.45f, 0.55f },
    { "blues", 0.55f, 0.72f },
    { "purples", 0.72f, 0.83f },
    { "magentas", 0.83f, 0.95f },
};

static const char *const hue_names[] = { "all",     "reds",    "oranges",
                                         "yellows", "greens",  "cyans",
                                         "blues",   "purples", "magentas",
                                         NULL };

/* The float properties, in their order; then which of the hues. */
typedef struct {
    float  hue_shift;
    float  saturation;
    float  luminance;
    size_t range;
} hsl_t;


/* How much a colour belongs to a range of hues; pale ones do to none. */
static float
share_of(size_t range, float h, float s)
{
    float from = hues[range].from, to = hues[range].to;
    float middle, width, far;
    bool  within;

    if (range == 0) {
        return 1;
    }

    if (from > to) {
        within = h >= from || h <= to;
        middle = fmodf((from + to + 1) / 2, 1);
        width = 1 - from + to;
    } else {
        within = h >= from && h <= to;
        middle = (from + to) / 2;
        width = to - from;
    }

    far = fabsf(h - middle);
    far = fminf(far, 1 - far);

    return within && s > 0.1f ? fmaxf(0, 1 - far / (width / 2 + 0.01f)) : 0;
}


static void
grade_hsl(const void *params, int x, int y, float rgb[3])
{
    float        h, s, v, share;
    const hsl_t *p = params;

    nt_rgb_to_hsv(rgb, &h, &s, &v);
    share = share_of(p->range, h, s);

    h += p->hue_shift / 2 * share;
    nt_hsv_to_rgb(h - floorf(h), nt_clamp1(s * (1 + p->saturation * share)),
                  nt_clamp1(v * (1 + p->luminance * share)), rgb);
}


static const nt_property_t hsl_properties[] = {
    NT_IMAGE_PROP("The image to change"),
    NT_PROP_ENUM("color_range", hue_names, "\"all\"", "Which hues change"),
    NT_IMAGE_FLOAT("hue_shift", "0.0", -1, 1, "How many half turns they move"),
    NT_IMAGE_FLOAT("saturation", "0.0", -1, 1, "How much stronger they get"),
    NT_IMAGE_FLOAT("luminance", "0.0", -1, 1, "How much lighter they get"),
    NT_PROP_END
};


static bool
hsl(nt_node_call_t *call, nt_image_t *image)
{
    hsl_t       params = { .range = 0 };
    size_t      len;
    const char *range = nt_call_string(call, "color_range", &len);

    if (!nt_grade_params(call, hsl_properties, &params.hue_shift)) {
        return false;
    }

    while (strcmp(hues[params.range].name, range) != 0) {
        if (++params.range == sizeof(hues) / sizeof(hues[0])) {
            (void) nt_call_fail(call,
                                "'color_range' is no range that there is");
            return false;
        }
    }

    nt_grade(call, image, grade_hsl, &params);

    return true;
}


NT_IMAGE_RUN(run_hsl, hsl)

const nt_node_type_t nt_image_hsl =
    NT_IMAGE_TYPE("lib.pillow.color_grading.HSLAdjust", "HSLAdjust",
                  "Changes hue, strength and lightness of some hues.",
                  hsl_properties, run_hsl);
