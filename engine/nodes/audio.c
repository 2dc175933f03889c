/*
 * engine/nodes/audio.c - nodetool.audio.*: nodes that change one sound.
 */

#include "engine/nodes/audio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/nodes/registry.h"


#define HEADROOM     0.1 /* dB that Normalize leaves */
#define FULL_SCALE   32768.0
#define SILENCE_RATE 11025 /* frames a second of CreateSilence */
#define SILENCE_MAX  86400 /* seconds */


typedef struct {
    nt_sound_op_t op;
    nt_sound_t    sound;
    bool          good;
} job_t;


static void
on_pool(nt_node_call_t *call, void *arg)
{
    job_t *job = arg;

    job->good = job->op(call, &job->sound);
}


nt_node_rc_t
nt_audio_run(nt_node_call_t *call, nt_sound_op_t op)
{
    job_t job = { .op = op };

    if (!nt_sound_load(call, "audio", nt_call_input(call, "audio"), &job.sound))
    {
        return NT_NODE_FAIL;
    }

    if (!nt_call_thread(call, on_pool, &job) || !job.good) {
        nt_sound_free(&job.sound);
        return NT_NODE_FAIL;
    }

    return nt_sound_emit(call, "output", &job.sound);
}


const nt_property_t nt_audio_properties[] = {
    NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, "The sound"), NT_PROP_END
};


static int16_t
clip(double value)
{
    return (int16_t) (value > 32767    ? 32767
                      : value < -32768 ? -32768
                                       : lround(value));
}


static void
scale(nt_sound_t *sound, size_t frame, double factor)
{
    unsigned c;
    int16_t *s = sound->samples + frame * sound->channels;

    for (c = 0; c < sound->channels; c++) {
        s[c] = clip(s[c] * factor);
    }
}


/* --- Normalize --- */

static bool
normalize(nt_node_call_t *call, nt_sound_t *sound)
{
    int    peak = 0;
    size_t i;
    double factor;

    for (i = 0; i < sound->frames * sound->channels; i++) {
        if (abs(sound->samples[i]) > peak) {
            peak = abs(sound->samples[i]);
        }
    }

    if (peak > 0) {
        factor = FULL_SCALE * pow(10, -HEADROOM / 20) / peak;

        for (i = 0; i < sound->frames; i++) {
            scale(sound, i, factor);
        }
    }

    return true;
}


/* --- SliceAudio, Trim --- */

/* Keeps what is from `start` to `end`, seconds. */
static bool
cut(nt_node_call_t *call, nt_sound_t *sound, double start, double end)
{
    size_t from = nt_sound_at(sound, start), to = nt_sound_at(sound, end);

    if (end <= start) {
        (void) nt_call_fail(call, "'end' (%g s) must be after 'start' (%g s)",
                            end, start);
        return false;
    }

    if (from >= to) {
        (void) nt_call_fail(call,
                            "'start' (%g s) is behind the end of the sound, "
                            "which has %g s",
                            start, nt_sound_seconds(sound));
        return false;
    }

    sound->frames = to - from;
    memmove(sound->samples, sound->samples + from * sound->channels,
            2 * sound->frames * sound->channels);
    return true;
}


static bool
slice(nt_node_call_t *call, nt_sound_t *sound)
{
    return cut(call, sound, nt_call_float(call, "start"),
               nt_call_float(call, "end"));
}


static bool
trim(nt_node_call_t *call, nt_sound_t *sound)
{
    double end = nt_call_float(call, "end");

    return cut(call, sound, nt_call_float(call, "start"),
               end > 0 ? end : INFINITY);
}


/* --- MonoToStereo, StereoToMono --- */

static bool
to_stereo(nt_node_call_t *call, nt_sound_t *sound)
{
    size_t     i;
    nt_sound_t stereo;

    if (sound->channels != 1) {
        return true;
    }

    if (!nt_sound_make(call, &stereo, sound->frames, 2, sound->rate)) {
        return false;
    }

    for (i = 0; i < sound->frames; i++) {
        stereo.samples[2 * i] = sound->samples[i];
        stereo.samples[2 * i + 1] = sound->samples[i];
    }

    nt_sound_free(sound);
    *sound = stereo;
    return true;
}


static bool
to_mono(nt_node_call_t *call, nt_sound_t *sound)
{
    int         sum;
    size_t      i;
    unsigned    c, n = sound->channels;
    const char *method = nt_call_string(call, "method", NULL);
    bool        average = strcmp(method, "average") == 0;
    bool        right = strcmp(method, "right") == 0;

    if (!average && !right && strcmp(method, "left") != 0) {
        (void) nt_call_fail(call,
                            "'method' must be average, left or right, not "
                            "\"%s\"",
                            method);
        return false;
    }

    for (i = 0; n > 1 && i < sound->frames; i++) {
        sum = 0;

        for (c = 0; c < n; c++) {
            sum += sound->samples[i * n + c];
        }

        sound->samples[i] =
            average ? (int16_t) (sum / (int) n) : sound->samples[i * n + right];
    }

    sound->channels = 1;
    return true;
}


/* --- Reverse --- */

static bool
reverse(nt_node_call_t *call, nt_sound_t *sound)
{
    size_t   i, j;
    int16_t  sample;
    unsigned c, n = sound->channels;

    for (i = 0, j = sound->frames; i + 1 < j; i++) {
        j--;

        for (c = 0; c < n; c++) {
            sample = sound->samples[i * n + c];
            sound->samples[i * n + c] = sound->samples[j * n + c];
            sound->samples[j * n + c] = sample;
        }
    }

    return true;
}


/* --- FadeIn, FadeOut --- */

static bool
fade_in(nt_node_call_t *call, nt_sound_t *sound)
{
    size_t i, n = nt_sound_at(sound, nt_call_float(call, "duration"));

    for (i = 0; i < n; i++) {
        scale(sound, i, (double) i / (double) n);
    }

    return true;
}


static bool
fade_out(nt_node_call_t *call, nt_sound_t *sound)
{
    size_t i, n = nt_sound_at(sound, nt_call_float(call, "duration"));

    for (i = 0; i < n; i++) {
        scale(sound, sound->frames - 1 - i, (double) i / (double) n);
    }

    return true;
}


/* --- Repeat --- */

static bool
repeat(nt_node_call_t *call, nt_sound_t *sound)
{
    int64_t    i, loops = nt_call_int(call, "loops");
    size_t     n = sound->frames * sound->channels;
    nt_sound_t all;

    if (loops < 1 || loops > 100) {
        (void) nt_call_fail(call, "'loops' must be 1 to 100");
        return false;
    }

    if (!nt_sound_make(call, &all, sound->frames * (size_t) loops,
                       sound->channels, sound->rate))
    {
        return false;
    }

    for (i = 0; i < loops; i++) {
        memcpy(all.samples + (size_t) i * n, sound->samples, 2 * n);
    }

    nt_sound_free(sound);
    *sound = all;
    return true;
}


/* --- CreateSilence --- */

static nt_node_rc_t
run_silence(nt_node_call_t *call)
{
    double     seconds = nt_call_float(call, "duration");
    nt_sound_t sound;

    if (!(seconds >= 0 && seconds <= SILENCE_MAX)) {
        return nt_call_fail(call, "'duration' must be 0 to %d seconds",
                            SILENCE_MAX);
    }

    if (!nt_sound_make(call, &sound, (size_t) (seconds * SILENCE_RATE), 1,
                       SILENCE_RATE))
    {
        return NT_NODE_FAIL;
    }

    return nt_sound_emit(call, "output", &sound);
}


/* --- the node types --- */

#define AUDIO NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, "The sound")
#define TIME(name, json, text)                                                 \
    NT_PROP_RANGE(name, "float", json, &nt_media_zero, NULL, text)

#define CHANGE(id, node, label, op, about, ...)                                \
    static const nt_property_t id##_properties[] = { AUDIO, __VA_ARGS__,       \
                                                     NT_PROP_END };            \
    CHANGE_TYPE(id, node, label, op, about, id##_properties)

#define CHANGE_TYPE(id, node, label, op, about, list)                          \
    static nt_node_rc_t id##_run(nt_node_call_t *call)                         \
    {                                                                          \
        return nt_audio_run(call, op);                                         \
    }                                                                          \
                                                                               \
    static const nt_node_type_t id = { .type = "nodetool.audio." node,         \
                                       .title = label,                         \
                                       .description = about,                   \
                                       .properties = list,                     \
                                       .outputs = nt_media_out_audio,          \
                                       .flags = NT_NODE_ASYNC,                 \
                                       .run = id##_run }

static const double hundred = 100;

CHANGE_TYPE(normalize_type, "Normalize", "Normalize", normalize,
            "Makes a sound as loud as it can be without distortion.",
            nt_audio_properties);
CHANGE_TYPE(reverse_type, "Reverse", "Reverse", reverse,
            "Plays a sound backwards.", nt_audio_properties);
CHANGE_TYPE(stereo_type, "MonoToStereo", "Mono To Stereo", to_stereo,
            "Makes a sound with two channels of one with one.",
            nt_audio_properties);
CHANGE(mono_type, "StereoToMono", "Stereo To Mono", to_mono,
       "Makes a sound with one channel.",
       NT_PROP("method", "str", "\"average\"",
               "average, or one of the channels: left, right"));
CHANGE(slice_type, "SliceAudio", "Slice Audio", slice,
       "Takes a part out of a sound.",
       TIME("start", "0.0", "Where it begins, in seconds"),
       TIME("end", "1.0", "Where it ends, in seconds"));
CHANGE(trim_type, "Trim", "Trim", trim, "Cuts off both ends of a sound.",
       TIME("start", "0.0", "Where it begins, in seconds"),
       TIME("end", "0.0", "Where it ends, in seconds; 0 for the sound's end"));
CHANGE(fade_in_type, "FadeIn", "Fade In", fade_in,
       "Lets a sound become louder at its beginning.",
       TIME("duration", "1.0", "Seconds until it is as loud as it was"));
CHANGE(fade_out_type, "FadeOut", "Fade Out", fade_out,
       "Lets a sound die away at its end.",
       TIME("duration", "1.0", "Seconds that it takes"));
CHANGE(repeat_type, "Repeat", "Repeat", repeat,
       "Plays a sound several times in a row.",
       NT_PROP_RANGE("loops", "int", "2", &nt_media_one, &hundred,
                     "How often it is played"));

static const nt_property_t silence_properties[] = {
    TIME("duration", "1.0", "Its length in seconds"), NT_PROP_END
};

static const nt_node_type_t silence_type = {
    .type = "nodetool.audio.CreateSilence",
    .title = "Create Silence",
    .description = "Makes a sound in which nothing is heard.",
    .properties = silence_properties,
    .outputs = nt_media_out_audio,
    .flags = NT_NODE_ASYNC,
    .run = run_silence
};

static const nt_node_type_t *const types[] = { &normalize_type,
                                               &reverse_type,
                                               &stereo_type,
                                               &mono_type,
                                               &slice_type,
                                               &trim_type,
                                               &fade_in_type,
                                               &fade_out_type,
                                               &repeat_type,
                                               &silence_type,
                                               &nt_audio_overlay,
                                               &nt_audio_mixer,
                                               &nt_audio_concat,
                                               &nt_audio_concat_list,
                                               &nt_audio_remove_silence,
                                               &nt_audio_to_numpy,
                                               &nt_audio_from_numpy,
                                               &nt_audio_to_array,
                                               &nt_audio_from_chunks,
                                               &nt_audio_load_assets,
                                               &nt_audio_load_file,
                                               &nt_audio_load_folder,
                                               &nt_audio_save,
                                               &nt_audio_save_file,
                                               NULL };

const nt_node_library_t nt_nodes_audio = { NODETOOL_NODE_ABI, "audio", types };
