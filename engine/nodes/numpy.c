/*
 * engine/nodes/numpy.c - lib.numpy.*: conversions, files, and the library.
 */

#include <math.h>
#include <stdlib.h>

#include "engine/nodes/numpy.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/sound.h"
#include "engine/nodes/timename.h"
#include "engine/nodes/ustr.h"

#define NPY_ALIGN       64
#define SAMPLE_RATE_MAX 44100


/* --- lists and numbers --- */

static nt_node_rc_t
run_to_list(nt_node_call_t *call)
{
    json_t      *list;
    nt_ndarray_t a;

    list = nt_arg_ndarray(call, "values", &a) ? nt_nd_to_list(call, &a) : NULL;
    nt_nd_free(&a);
    return list == NULL ? NT_NODE_FAIL : nt_emit(call, list);
}


static nt_node_rc_t
run_to_scalar(nt_node_call_t *call)
{
    json_t      *item = NULL;
    nt_ndarray_t a;

    if (nt_arg_ndarray(call, "values", &a)) {
        if (a.size == 1) {
            item = nt_nd_item(call, &a, 0);
        } else {
            (void) nt_call_fail(call,
                                "'values' has %zu elements; a scalar is made "
                                "of one",
                                a.size);
        }
    }

    nt_nd_free(&a);
    return item == NULL ? NT_NODE_FAIL : nt_emit(call, item);
}


static nt_node_rc_t
run_from_scalar(nt_node_call_t *call)
{
    nt_ndarray_t a;

    if (!nt_arg_ndarray(call, "value", &a)) {
        nt_nd_free(&a);
        return NT_NODE_FAIL;
    }

    a.n_dims = 1;
    a.shape[0] = 1;
    return nt_emit_ndarray(call, "output", &a);
}


static nt_node_rc_t
run_from_list(nt_node_call_t *call)
{
    json_t      *list;
    nt_ndarray_t a;

    list = nt_arg_list(call, "values");

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    if (!nt_nd_from_list(call, "values", list, &a)) {
        nt_nd_free(&a);
        return NT_NODE_FAIL;
    }

    return nt_emit_ndarray(call, "output", &a);
}


/* --- SaveArray --- */

/* Appends a file of NumPy's format NPY 1.0: a head that is a dict of
 * Python's, then the bytes, which begin at a multiple of NPY_ALIGN. */
static void
append_npy(nt_buf_t *out, const nt_ndarray_t *a)
{
    size_t   length, pad;
    nt_buf_t head = { 0 };
    unsigned d;

    nt_buf_printf(&head, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                  nt_nd_dtype(a->type));

    for (d = 0; d < a->n_dims; d++) {
        nt_buf_printf(&head, d > 0 ? " %zu," : "%zu,", a->shape[d]);
    }

    if (a->n_dims > 1 && !head.failed) {
        head.len--; /* only a tuple of one ends with a comma */
    }

    nt_buf_append_str(&head, NT_STR("), }"));
    length = 10 + head.len + 1;
    pad = (NPY_ALIGN - length % NPY_ALIGN) % NPY_ALIGN;
    length = head.len + pad + 1;

    nt_buf_append(out, "\x93NUMPY\x01\x00", 8);
    nt_buf_append_char(out, (char) (length & 0xff));
    nt_buf_append_char(out, (char) (length >> 8));
    nt_buf_append(out, head.data, head.len);
    nt_buf_printf(out, "%*s\n", (int) pad, "");
    nt_nd_bytes(out, a);
    out->failed |= head.failed;
    nt_buf_free(&head);
}


/* The array with where it was stored; NULL after nt_call_fail. */
static json_t *
store(nt_node_call_t *call, const nt_ndarray_t *a, const char *key,
      const nt_buf_t *npy)
{
    json_t *ref, *value;

    ref = nt_call_store(call, "np_array", key, npy->data, npy->len);

    if (ref == NULL) {
        return NULL;
    }

    value = nt_nd_json(a);

    if (value == NULL || json_object_update_missing(value, ref) != 0) {
        json_decref(value);
        value = NULL;
        (void) nt_arg_nomem(call);
    }

    json_decref(ref);
    return value;
}


static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    json_t      *value = NULL;
    nt_buf_t     key = { 0 }, npy = { 0 };
    nt_str_t     name, folder;
    nt_ndarray_t a;

    folder =
        nt_ustr(json_object_get(nt_call_input(call, "folder"), "asset_id"));

    if (nt_arg_ndarray(call, "values", &a) && nt_arg_name(call, "name", &name))
    {
        nt_timename_path(&key, folder, name);
        append_npy(&npy, &a);

        if (key.failed || npy.failed) {
            (void) nt_arg_nomem(call);
        } else {
            value = store(call, &a, key.data, &npy);
        }
    }

    nt_nd_free(&a);
    nt_buf_free(&key);
    nt_buf_free(&npy);
    return value == NULL ? NT_NODE_FAIL : nt_emit(call, value);
}


/* --- ConvertToAudio --- */

/* One channel of the samples in their order, -1.0 to 1.0. */
static bool
to_sound(nt_node_call_t *call, const nt_ndarray_t *a, unsigned rate,
         nt_sound_t *sound)
{
    double x;
    size_t k;

    if (!nt_sound_make(call, sound, a->size, 1, rate)) {
        return false;
    }

    for (k = 0; k < a->size; k++) {
        x = nt_nd_float(a, k);
        x = x < -1 ? -1 : x > 1 ? 1 : x;
        sound->samples[k] = isnan(x) ? 0 : (int16_t) (x * INT16_MAX);
    }

    return true;
}


static nt_node_rc_t
run_to_audio(nt_node_call_t *call)
{
    bool         good;
    int64_t      rate;
    nt_sound_t   sound = { 0 };
    nt_ndarray_t a;

    if (!nt_arg_int(call, "sample_rate", &rate)) {
        return NT_NODE_FAIL;
    }

    if (rate < 1 || rate > SAMPLE_RATE_MAX) {
        return nt_call_fail(call, "'sample_rate' must be 1 to %d",
                            SAMPLE_RATE_MAX);
    }

    good = nt_arg_ndarray(call, "values", &a) &&
           to_sound(call, &a, (unsigned) rate, &sound);
    nt_nd_free(&a);

    if (!good) {
        nt_sound_free(&sound);
        return NT_NODE_FAIL;
    }

    return nt_sound_emit(call, "output", &sound);
}


/* --- the types --- */

NT_NP_OUTPUT(array_output, "np_array");
NT_NP_OUTPUT(scalar_output, "union[float,int]");

static const nt_property_t array_properties[] = {
    NT_NP_ARRAY("values", "The array"), NT_PROP_END
};

static const nt_property_t scalar_properties[] = {
    NT_PROP("value", "union[float,int]", "0", "The number"), NT_PROP_END
};

static const nt_property_t list_properties[] = {
    NT_PROP("values", "list[any]", "[]",
            "Numbers, or lists of numbers that are as long"),
    NT_PROP_END
};

static const nt_property_t save_properties[] = {
    NT_NP_ARRAY("values", "The array to save"),
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP("name", "str", "\"%Y-%m-%d_%H-%M-%S.npy\"",
            "The name of the asset; %Y %m %d %H %M %S are the date and time"),
    NT_PROP_END
};

NT_NP_TYPE(to_list_type, "conversion.ArrayToList", "Array To List",
           "The elements as nested lists.", array_properties, nt_out_list,
           run_to_list);
NT_NP_TYPE(to_scalar_type, "conversion.ArrayToScalar", "Array To Scalar",
           "The only element of an array.", array_properties, scalar_output,
           run_to_scalar);
NT_NP_TYPE(from_list_type, "conversion.ListToArray", "List To Array",
           "Makes an array of a list.", list_properties, array_output,
           run_from_list);
NT_NP_TYPE(from_scalar_type, "conversion.ScalarToArray", "Scalar To Array",
           "Makes an array of one number.", scalar_properties, array_output,
           run_from_scalar);
NT_NP_TYPE(save_type, "io.SaveArray", "Save Array",
           "Saves an array among the assets, as a file of NumPy's.",
           save_properties, array_output, run_save);

static const double rate_min = 0;
static const double rate_max = SAMPLE_RATE_MAX;

static const nt_property_t audio_properties[] = {
    NT_NP_ARRAY("values", "Samples from -1.0 to 1.0"),
    { .name = "sample_rate",
      .type = "int",
      .default_json = "44100",
      .min = &rate_min,
      .max = &rate_max,
      .description = "Samples a second" },
    NT_PROP_END
};

NT_NP_OUTPUT(audio_output, "audio");

static const nt_node_type_t to_audio_type = {
    .type = "lib.numpy.conversion.ConvertToAudio",
    .title = "Convert To Audio",
    .description = "A sound of the samples in an array.",
    .properties = audio_properties,
    .outputs = audio_output,
    .flags = NT_NODE_ASYNC,
    .run = run_to_audio
};

static const nt_node_type_t *const types[] = {
    &to_audio_type,    &to_list_type, &to_scalar_type, &from_list_type,
    &from_scalar_type, &save_type,    &nt_np_matmul,   NULL
};

const nt_node_library_t nt_nodes_numpy = { .abi = NODETOOL_NODE_ABI,
                                           .name = "numpy",
                                           .types = types };
