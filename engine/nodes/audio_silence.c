/*
 * engine/nodes/audio_silence.c - nodetool.audio.RemoveSilence.
 *
 * A sound is looked at in windows of `min_length` that start at each
 * millisecond: one whose root mean square is at most the threshold is silent.
 * What no silent window covers is kept.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/nodes/audio.h"


/* A stretch of sound, in milliseconds. */
typedef struct {
    size_t start;
    size_t end;
} range_t;

typedef struct {
    const nt_sound_t *sound;
    size_t            length; /* ms */
    double           *power;  /* by ms: sum of the squares before it */
    range_t          *silent; /* in order, apart from each other */
    size_t            n;
} search_t;


static size_t
frame_at(const nt_sound_t *sound, size_t ms)
{
    size_t frame = (size_t) ((uint64_t) ms * sound->rate / 1000);

    return frame < sound->frames ? frame : sound->frames;
}


static bool
add_power(search_t *s)
{
    size_t         ms, i;
    double         sum = 0;
    unsigned       channels = s->sound->channels;
    const int16_t *samples = s->sound->samples;

    s->power = calloc(s->length + 1, sizeof(*s->power));

    if (s->power == NULL) {
        return false;
    }

    for (ms = 0, i = 0; ms <= s->length; ms++) {
        for (/* void */; i < frame_at(s->sound, ms) * channels; i++) {
            sum += (double) samples[i] * samples[i];
        }

        s->power[ms] = sum;
    }

    return true;
}


static bool
is_silent(const search_t *s, size_t from, size_t to, double threshold)
{
    size_t n = (frame_at(s->sound, to) - frame_at(s->sound, from)) *
               s->sound->channels;

    return n == 0 ||
           sqrt((s->power[to] - s->power[from]) / (double) n) <= threshold;
}


static bool
find_silence(search_t *s, size_t window, double threshold)
{
    size_t ms, n = 0;

    if (!add_power(s)) {
        return false;
    }

    /* ranges are a window apart at least */
    s->silent = calloc(s->length / window + 2, sizeof(*s->silent));

    if (s->silent == NULL) {
        return false;
    }

    for (ms = 0; ms + window <= s->length; ms++) {
        if (!is_silent(s, ms, ms + window, threshold)) {
            continue;
        }

        if (n > 0 && ms <= s->silent[n - 1].end) {
            s->silent[n - 1].end = ms + window;
        } else {
            s->silent[n++] = (range_t) { ms, ms + window };
        }
    }

    s->n = n;
    return true;
}


/* Appends a part of a sound; its beginning is mixed with the end of what is
 * there already, over `fade` frames. */
static void
append(nt_sound_t *to, const nt_sound_t *from, size_t start, size_t end,
       size_t fade)
{
    double         t;
    size_t         i, k, n = end - start;
    unsigned       c, channels = from->channels;
    int16_t       *out;
    const int16_t *in = from->samples + start * channels;

    fade = fade < n ? fade : n;
    fade = fade < to->frames ? fade : to->frames;
    out = to->samples + (to->frames - fade) * channels;

    for (i = 0; i < fade; i++) {
        t = (double) (i + 1) / (double) (fade + 1);

        for (c = 0; c < channels; c++) {
            k = i * channels + c;
            out[k] = (int16_t) lround(out[k] * (1 - t) + in[k] * t);
        }
    }

    memcpy(out + fade * channels, in + fade * channels,
           2 * (n - fade) * channels);
    to->frames += n - fade;
}


/* How much of a silence stays, in milliseconds. */
static size_t
reduced(nt_node_call_t *call, const range_t *range)
{
    double length = (double) (range->end - range->start);
    double left = length * (1 - nt_call_float(call, "reduction_factor"));
    double least = (double) nt_call_int(call, "min_silence_between_parts");

    left = left > least ? left : least;
    return (size_t) (left < length ? left : length);
}


static void
assemble(nt_node_call_t *call, const search_t *s, nt_sound_t *out)
{
    size_t            i, from = 0, fade;
    const range_t    *range;
    const nt_sound_t *in = s->sound;

    fade = frame_at(in, (size_t) nt_call_int(call, "crossfade"));

    for (i = 0; i < s->n; i++) {
        range = &s->silent[i];

        if (range->start > from) {
            append(out, in, frame_at(in, from), frame_at(in, range->start),
                   fade);
        }

        append(out, in, frame_at(in, range->start),
               frame_at(in, range->start + reduced(call, range)), fade);
        from = range->end;
    }

    if (from < s->length) {
        append(out, in, frame_at(in, from), in->frames, fade);
    }
}


static bool
check(nt_node_call_t *call)
{
    if (nt_call_int(call, "min_length") < 0 ||
        nt_call_int(call, "crossfade") < 0 ||
        nt_call_int(call, "min_silence_between_parts") < 0)
    {
        (void) nt_call_fail(call, "'min_length', 'crossfade' and "
                                  "'min_silence_between_parts' must not be "
                                  "negative");
        return false;
    }

    return true;
}


static bool
remove_silence(nt_node_call_t *call, nt_sound_t *sound)
{
    bool       good;
    double     threshold;
    int64_t    window;
    search_t   s = { .sound = sound };
    nt_sound_t out;

    if (!check(call) ||
        !nt_sound_make(call, &out, sound->frames, sound->channels, sound->rate))
    {
        return false;
    }

    out.frames = 0;
    s.length = (size_t) (1000 * (uint64_t) sound->frames / sound->rate);
    threshold = 32768 * pow(10, (double) nt_call_int(call, "threshold") / 20);
    window = nt_call_int(call, "min_length");
    good = find_silence(&s, window > 0 ? (size_t) window : 1, threshold);

    /* silence all through leaves nothing */
    if (good &&
        !(s.n == 1 && s.silent[0].start == 0 && s.silent[0].end == s.length))
    {
        assemble(call, &s, &out);
    }

    free(s.power);
    free(s.silent);

    if (!good) {
        nt_sound_free(&out);
        (void) nt_arg_nomem(call);
        return false;
    }

    nt_sound_free(sound);
    *sound = out;
    return true;
}


static nt_node_rc_t
run(nt_node_call_t *call)
{
    return nt_audio_run(call, remove_silence);
}


static const double length_max = 10000, threshold_min = -60, fade_max = 50,
                    part_max = 500;

static const nt_property_t properties[] = {
    NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, "The sound"),
    NT_PROP_RANGE("min_length", "int", "200", &nt_media_zero, &length_max,
                  "Milliseconds that a silence has at least"),
    NT_PROP_RANGE("threshold", "int", "-40", &threshold_min, &nt_media_zero,
                  "How loud silence may be, in dB of full scale"),
    NT_PROP_RANGE("reduction_factor", "float", "1.0", &nt_media_zero,
                  &nt_media_one,
                  "How much of each silence goes: from 0 for nothing to 1"),
    NT_PROP_RANGE("crossfade", "int", "10", &nt_media_zero, &fade_max,
                  "Milliseconds in which neighbouring parts are mixed"),
    NT_PROP_RANGE("min_silence_between_parts", "int", "100", &nt_media_zero,
                  &part_max, "Milliseconds of each silence that stay"),
    NT_PROP_END
};

const nt_node_type_t nt_audio_remove_silence = {
    .type = "nodetool.audio.RemoveSilence",
    .title = "Remove Silence",
    .description = "Takes silence out of a sound, or makes it shorter.",
    .properties = properties,
    .outputs = nt_media_out_audio,
    .flags = NT_NODE_ASYNC,
    .run = run
};
