/*
 * packs/image/draw.c - lib.pillow.draw.*: images made of nothing; colours.
 */

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>

#include <pango/pango.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "packs/image/grade.h"
#include "packs/image/types.h"

#define NT_NOISE_MAX 1e6


/* --- colours --------------------------------------------------------------*/

/* "#rgb", "#rgba", "#rrggbb", "#rrggbbaa" */
static bool
parse_hex(const char *text, unsigned char rgba[4])
{
    size_t      i, n = strlen(text), each = n > 4 ? 2 : 1;
    char        digits[3] = "";
    const char *p = text;

    if (strspn(text, "0123456789abcdefABCDEF") != n ||
        (n != 3 && n != 4 && n != 6 && n != 8))
    {
        return false;
    }

    for (i = 0; i < n / each; i++, p += each) {
        digits[0] = p[0];
        digits[1] = p[each - 1];
        rgba[i] = (unsigned char) strtol(digits, NULL, 16);
    }

    return true;
}


/* Numbers with commas between them, each perhaps with a "%", up to a ")":
 * how many, 0 for anything else. */
static int
parse_numbers(const char *text, float v[4], bool percent[4])
{
    int   n;
    char *end;

    for (n = 0; n < 4; /* void */) {
        v[n] = strtof(text, &end);
        if (end == text || !isfinite(v[n])) {
            return 0;
        }

        text = end + strspn(end, " ");
        percent[n] = *text == '%';
        text += percent[n] ? 1 + strspn(text + 1, " ") : 0;
        n++;

        if (*text != ',') {
            break;
        }
        text++;
    }

    return strcmp(text, ")") == 0 ? n : 0;
}


static void
hsl_to_rgb(const float hsl[3], float rgb[3])
{
    float light = nt_clamp1(hsl[2] / 100);
    float chroma = nt_clamp1(hsl[1] / 100) * fminf(light, 1 - light);
    float value = light + chroma;

    nt_hsv_to_rgb(hsl[0] / 360 - floorf(hsl[0] / 360),
                  value > 0 ? 2 * chroma / value : 0, value, rgb);
}


/* "rgb(R, G, B)", numbers or percents; "hsl(H, S%, L%)"; "rgba" and "hsla"
 * with a fourth number, the opacity of 0 to 1. */
static bool
parse_function(const char *text, unsigned char rgba[4])
{
    int    i, n;
    bool   percent[4];
    float  v[4], rgb[3];
    size_t name = strspn(text, "rgbhslaRGBHSLA");

    if ((name != 3 && name != 4) || text[name] != '(') {
        return false;
    }

    n = parse_numbers(text + name + 1, v, percent);
    if (n != (int) name || (name == 4 && tolower(text[3]) != 'a')) {
        return false;
    }

    if (strncasecmp(text, "rgb", 3) == 0) {
        for (i = 0; i < 3; i++) {
            rgb[i] = v[i] / (percent[i] ? 100 : 255);
        }
    } else if (strncasecmp(text, "hsl", 3) == 0) {
        hsl_to_rgb(v, rgb);
    } else {
        return false;
    }

    for (i = 0; i < 3; i++) {
        rgba[i] = (unsigned char) (nt_clamp1(rgb[i]) * 255 + 0.5f);
    }

    rgba[3] = n == 4 ? (unsigned char) (nt_clamp1(v[3]) * 255 + 0.5f) : 255;

    return true;
}


bool
nt_image_color(nt_node_call_t *call, const char *name, unsigned char rgba[4])
{
    PangoColor  named;
    const char *text =
        json_string_value(json_object_get(nt_call_input(call, name), "value"));

    rgba[3] = 255;

    if (text == NULL) {
        (void) nt_call_fail(call, "'%s' is no colour; write it as \"#RRGGBB\"",
                            name);
        return false;
    }

    if (*text == '#' ? parse_hex(text + 1, rgba) : parse_function(text, rgba)) {
        return true;
    }

    if (*text != '#' && pango_color_parse(&named, text)) {
        rgba[0] = named.red >> 8;
        rgba[1] = named.green >> 8;
        rgba[2] = named.blue >> 8;
        return true;
    }

    (void) nt_call_fail(call,
                        "'%s': \"%.40s\" is no colour; write it as "
                        "\"#RRGGBB\", \"rgb(R, G, B)\" or a name of CSS",
                        name, text);
    return false;
}


/* --- Background -----------------------------------------------------------*/

static bool
new_image(nt_node_call_t *call, nt_image_t *image, int bands)
{
    int width, height;

    return nt_image_int(call, "width", 1, NT_IMAGE_SIDE_MAX, &width) &&
           nt_image_int(call, "height", 1, NT_IMAGE_SIDE_MAX, &height) &&
           nt_image_alloc(call, image, width, height, bands);
}


static bool
background(nt_node_call_t *call, nt_image_t *image)
{
    int           bands;
    size_t        i, n;
    unsigned char rgba[4];

    if (!nt_image_color(call, "color", rgba)) {
        return false;
    }

    bands = rgba[3] < 255 ? 4 : 3;
    if (!new_image(call, image, bands)) {
        return false;
    }

    n = (size_t) image->width * image->height;

    for (i = 0; i < n; i++) {
        memcpy(image->data + i * bands, rgba, bands);
    }

    return true;
}


static const char *const no_images[] = { NULL };


static nt_node_rc_t
run_background(nt_node_call_t *call)
{
    return nt_image_run(call, no_images, background);
}


static const nt_property_t background_properties[] = {
    NT_IMAGE_INT("width", "512", 1, 4096, "The width in pixels"),
    NT_IMAGE_INT("height", "512", 1, 4096, "The height in pixels"),
    NT_PROP("color", "color", "{\"type\":\"color\",\"value\":\"#FFFFFF\"}",
            "The colour of all of it"),
    NT_PROP_END
};

const nt_node_type_t nt_image_background =
    NT_IMAGE_TYPE("lib.pillow.draw.Background", "Background",
                  "Makes an image of one colour.", background_properties,
                  run_background);


/* --- GaussianNoise --------------------------------------------------------*/

/* splitmix64: 53 random bits as a number of (0, 1]. */
static double
next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;

    return (double) (((z ^ (z >> 31)) >> 11) + 1) / (double) (1ULL << 53);
}


static bool
noise(nt_node_call_t *call, nt_image_t *image)
{
    double   mean, deviation, value;
    size_t   i, n;
    uint64_t state;

    if (!nt_image_float(call, "mean", -NT_NOISE_MAX, NT_NOISE_MAX, &mean) ||
        !nt_image_float(call, "stddev", 0, NT_NOISE_MAX, &deviation) ||
        !new_image(call, image, 3))
    {
        return false;
    }

    if (getrandom(&state, sizeof(state), 0) != sizeof(state)) {
        (void) nt_call_fail(call, "this server has no random numbers");
        return false;
    }

    n = (size_t) image->width * image->height * 3;

    for (i = 0; i < n; i++) {
        value = mean + deviation * sqrt(-2 * log(next_random(&state))) *
                           cos(2 * M_PI * next_random(&state));
        image->data[i] = (unsigned char) (nt_clamp1((float) value) * 255);
    }

    return true;
}


static nt_node_rc_t
run_noise(nt_node_call_t *call)
{
    return nt_image_run(call, no_images, noise);
}


static const nt_property_t noise_properties[] = {
    NT_PROP("mean", "float", "0.0",
            "The mean of the values: 0 is black, 1 is white"),
    NT_PROP("stddev", "float", "1.0", "Their standard deviation"),
    NT_IMAGE_INT("width", "512", 1, 1024, "The width in pixels"),
    NT_IMAGE_INT("height", "512", 1, 1024, "The height in pixels"), NT_PROP_END
};

const nt_node_type_t nt_image_noise =
    NT_IMAGE_TYPE("lib.pillow.draw.GaussianNoise", "Gaussian Noise",
                  "Makes an image of random colours.", noise_properties,
                  run_noise);
