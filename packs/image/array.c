/*
 * packs/image/array.c - lib.numpy.conversion.*: images as arrays of numbers
 * of 0 to 1, rows of pixels of colours, and back.
 */

#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/ndarray.h"
#include "packs/image/image.h"
#include "packs/image/types.h"


/* --- ConvertToArray -------------------------------------------------------*/

typedef struct {
    char   *data; /* of the image, encoded */
    size_t  len;
    json_t *value;
} nt_image_array_t;


static json_t *
array_of(nt_node_call_t *call, const nt_image_t *image)
{
    size_t       i, shape[3] = { image->height, image->width, image->bands };
    json_t      *value;
    nt_ndarray_t array = { 0 };

    if (!nt_nd_make(call, &array, NT_ND_F8, 3, shape)) {
        return NULL;
    }

    for (i = 0; i < array.size; i++) {
        array.f[i] = image->data[i] / 255.0;
    }

    value = nt_nd_json(&array);
    nt_nd_free(&array);

    if (value == NULL) {
        (void) nt_arg_nomem(call);
    }

    return value;
}


static void
to_array(nt_node_call_t *call, void *arg)
{
    nt_image_t        image;
    nt_image_array_t *a = arg;

    if (nt_image_decode(call, "image", a->data, a->len, &image)) {
        a->value = array_of(call, &image);
    }

    nt_image_free(&image);
}


static nt_node_rc_t
run_to_array(nt_node_call_t *call)
{
    nt_image_array_t a = { .value = NULL };

    if (nt_image_load(call, "image", nt_call_input(call, "image"), &a.data,
                      &a.len)) {
        (void) nt_call_thread(call, to_array, &a);
    }

    free(a.data);

    return a.value != NULL ? nt_call_emit(call, "output", a.value)
                           : NT_NODE_FAIL;
}


static const nt_property_t to_array_properties[] = {
    NT_IMAGE_PROP("The image to convert"), NT_PROP_END
};

static const nt_output_t to_array_outputs[] = { { "output", "np_array" },
                                                { NULL, NULL } };

const nt_node_type_t nt_image_to_array = {
    .type = "lib.numpy.conversion.ConvertToArray",
    .title = "Convert To Array",
    .description = "Makes an array of an image: rows, pixels, and colours of "
                   "0 to 1.",
    .properties = to_array_properties,
    .outputs = to_array_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_to_array
};


/* --- ConvertToImage -------------------------------------------------------*/

static bool
check_shape(nt_node_call_t *call, const nt_ndarray_t *array, int *bands)
{
    *bands = array->n_dims == 3 ? (int) array->shape[2] : 1;

    if ((array->n_dims != 2 && array->n_dims != 3) ||
        (array->n_dims == 3 && array->shape[2] != 1 && array->shape[2] != 3 &&
         array->shape[2] != 4))
    {
        (void) nt_call_fail(call, "'values' must have the shape (height, "
                                  "width), or (height, width, colours) with "
                                  "1, 3 or 4 colours");
        return false;
    }

    if (array->shape[0] > NT_IMAGE_SIDE_MAX ||
        array->shape[1] > NT_IMAGE_SIDE_MAX) {
        (void) nt_call_fail(call, "'values' has more than %d rows or columns",
                            NT_IMAGE_SIDE_MAX);
        return false;
    }

    return true;
}


static bool
from_array(nt_node_call_t *call, nt_image_t *image)
{
    int          bands;
    bool         good;
    size_t       i;
    double       value;
    nt_ndarray_t array = { 0 };

    if (!nt_arg_ndarray(call, "values", &array)) {
        nt_nd_free(&array);
        return false;
    }

    good = check_shape(call, &array, &bands) &&
           nt_image_alloc(call, image, (int) array.shape[1],
                          (int) array.shape[0], bands);

    for (i = 0; good && i < array.size; i++) {
        /* fractions are cut off, but for those of dividing by 255 */
        value = nt_nd_float(&array, i) * 255 + 1e-6;
        image->data[i] =
            value > 0 ? value < 255 ? (unsigned char) value : 255 : 0;
    }

    nt_nd_free(&array);

    return good;
}


static nt_node_rc_t
run_from_array(nt_node_call_t *call)
{
    static const char *const no_images[] = { NULL };

    return nt_image_run(call, no_images, from_array);
}


static const nt_property_t from_array_properties[] = {
    NT_PROP("values", "np_array", NT_DEFAULT_NP_ARRAY,
            "Rows of pixels of colours, of 0 to 1"),
    NT_PROP_END
};

const nt_node_type_t nt_image_from_array =
    NT_IMAGE_TYPE("lib.numpy.conversion.ConvertToImage", "Convert To Image",
                  "Makes an image of an array of numbers of 0 to 1.",
                  from_array_properties, run_from_array);
