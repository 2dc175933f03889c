/*
 * engine/nodes/audio_array.c - nodetool.audio.*: sounds as arrays.
 */

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/nodes/audio.h"
#include "engine/nodes/ndarray.h"


#define RATE     32000 /* frames a second of AudioToNumpy's array */
#define RATE_MAX 768000

#define DEFAULT_ARRAY                                                          \
    "{\"type\":\"np_array\",\"value\":null,\"dtype\":\"<i8\",\"shape\":[1]}"


/* --- AudioToNumpy: one channel, -1 to 1 --- */

static nt_node_rc_t
run_to_numpy(nt_node_call_t *call)
{
    size_t       i;
    nt_sound_t   sound;
    nt_ndarray_t a;

    if (!nt_sound_load_as(call, "audio", nt_call_input(call, "audio"), RATE, 1,
                          &sound))
    {
        return NT_NODE_FAIL;
    }

    if (!nt_nd_make(call, &a, NT_ND_F4, 1, &sound.frames)) {
        nt_sound_free(&sound);
        return NT_NODE_FAIL;
    }

    for (i = 0; i < sound.frames; i++) {
        a.f[i] = sound.samples[i] / 32768.0;
    }

    nt_sound_free(&sound);

    if (nt_emit_ndarray(call, "array", &a) != NT_NODE_DONE ||
        nt_call_emit(call, "sample_rate", json_integer(RATE)) != NT_NODE_DONE)
    {
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "channels", json_integer(1));
}


/* --- ConvertToArray: the samples as they are --- */

static nt_node_rc_t
run_to_array(nt_node_call_t *call)
{
    size_t       i, n;
    nt_sound_t   sound;
    nt_ndarray_t a;

    if (!nt_sound_load(call, "audio", nt_call_input(call, "audio"), &sound)) {
        return NT_NODE_FAIL;
    }

    n = sound.frames * sound.channels;

    if (!nt_nd_make(call, &a, NT_ND_I8, 1, &n)) {
        nt_sound_free(&sound);
        return NT_NODE_FAIL;
    }

    for (i = 0; i < n; i++) {
        a.i[i] = sound.samples[i];
    }

    nt_sound_free(&sound);
    return nt_emit_ndarray(call, "output", &a);
}


/* --- NumpyToAudio --- */

/* A sample of 16 bits.  Floats go from -1 to 1; ints have the range of their
 * type, but those of 64 bits that of 16: NumPy makes them of any list. */
static int16_t
sample_of(const nt_ndarray_t *a, size_t i)
{
    double value;

    if (nt_nd_is_float(a->type)) {
        value = a->f[i] * 32767;

    } else {
        value = (double) a->i[i];

        switch (a->type) {
        case NT_ND_I1:
            value *= 256;
            break;
        case NT_ND_U1:
            value = (value - 128) * 256;
            break;
        case NT_ND_U2:
            value -= 32768;
            break;
        case NT_ND_I4:
            value = floor(value / 65536);
            break;
        case NT_ND_U4:
            value = floor(value / 65536) - 32768;
            break;
        default:
            break;
        }
    }

    return (int16_t) (value > 32767    ? 32767
                      : value < -32768 ? -32768
                                       : lround(value));
}


static nt_node_rc_t
run_from_numpy(nt_node_call_t *call)
{
    size_t       i, n;
    int64_t      rate = nt_call_int(call, "sample_rate");
    int64_t      channels = nt_call_int(call, "channels");
    nt_sound_t   sound;
    nt_ndarray_t a = { 0 };

    if (rate < 1 || rate > RATE_MAX || channels < 1 || channels > 2) {
        return nt_call_fail(call,
                            "'sample_rate' must be 1 to %d, 'channels' 1 or 2",
                            RATE_MAX);
    }

    if (!nt_arg_ndarray(call, "array", &a)) {
        return NT_NODE_FAIL;
    }

    if (a.type == NT_ND_BOOL || a.size % (size_t) channels != 0) {
        nt_nd_free(&a);
        return nt_call_fail(call,
                            "'array' must have numbers, as many for each of "
                            "the %" PRId64 " channels",
                            channels);
    }

    n = a.size;

    if (!nt_sound_make(call, &sound, n / (size_t) channels, (unsigned) channels,
                       (unsigned) rate))
    {
        nt_nd_free(&a);
        return NT_NODE_FAIL;
    }

    for (i = 0; i < n; i++) {
        sound.samples[i] = sample_of(&a, i);
    }

    nt_nd_free(&a);
    return nt_sound_emit(call, "output", &sound);
}


/* --- the node types --- */

static const nt_output_t numpy_outputs[] = { { "array", "np_array" },
                                             { "sample_rate", "int" },
                                             { "channels", "int" },
                                             { NULL, NULL } };

const nt_node_type_t nt_audio_to_numpy = {
    .type = "nodetool.audio.AudioToNumpy",
    .title = "Audio To Numpy",
    .description = "Makes an array of a sound: one channel of numbers from -1 "
                   "to 1, 32000 a second.",
    .properties = nt_audio_properties,
    .outputs = numpy_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_to_numpy
};

static const nt_output_t array_outputs[] = { { "output", "np_array" },
                                             { NULL, NULL } };

const nt_node_type_t nt_audio_to_array = {
    .type = "nodetool.audio.ConvertToArray",
    .title = "Convert To Array",
    .description = "Makes an array of the samples of a sound, as they are.",
    .properties = nt_audio_properties,
    .outputs = array_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_to_array
};

static const nt_property_t from_properties[] = {
    NT_PROP("array", "np_array", DEFAULT_ARRAY,
            "The samples, those of the channels side by side"),
    NT_PROP("sample_rate", "int", "44100", "Samples a second"),
    NT_PROP("channels", "int", "1", "1 or 2"), NT_PROP_END
};

const nt_node_type_t nt_audio_from_numpy = { .type =
                                                 "nodetool.audio.NumpyToAudio",
                                             .title = "Numpy To Audio",
                                             .description =
                                                 "Makes a sound of an array.",
                                             .properties = from_properties,
                                             .outputs = nt_media_out_audio,
                                             .flags = NT_NODE_ASYNC,
                                             .run = run_from_numpy };
