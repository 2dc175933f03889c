/*
 * engine/nodes/audio_mix.c - nodetool.audio.*: nodes that put sounds together.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/nodes/audio.h"


#define TRACKS     5
#define SOUNDS_MAX 1000 /* of a list */


typedef struct {
    nt_sound_t *sounds;
    size_t      n;
    double      volumes[TRACKS];
    nt_sound_t  result;
    bool        good;
} job_t;


static void
free_sounds(nt_sound_t *sounds, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        nt_sound_free(&sounds[i]);
    }
}


/* As long as the first one. */
static void
mix(nt_node_call_t *call, void *arg)
{
    job_t *job = arg;
    double sum;
    size_t i, k, n;

    job->good = nt_sound_make(call, &job->result, job->sounds[0].frames,
                              job->sounds[0].channels, job->sounds[0].rate);
    n = job->result.frames * job->result.channels;

    for (i = 0; job->good && i < n; i++) {
        sum = 0;

        for (k = 0; k < job->n; k++) {
            if (i < job->sounds[k].frames * job->sounds[k].channels) {
                sum += job->sounds[k].samples[i] * job->volumes[k];
            }
        }

        job->result.samples[i] = (int16_t) (sum > 32767    ? 32767
                                            : sum < -32768 ? -32768
                                                           : lround(sum));
    }
}


static void
join(nt_node_call_t *call, void *arg)
{
    job_t *job = arg;
    size_t k, n, frames = 0;

    for (k = 0; k < job->n; k++) {
        frames += job->sounds[k].frames;
    }

    job->good = nt_sound_make(call, &job->result, frames,
                              job->sounds[0].channels, job->sounds[0].rate);

    for (k = 0, frames = 0; job->good && k < job->n; k++) {
        n = job->sounds[k].frames * job->sounds[k].channels;
        memcpy(job->result.samples + frames, job->sounds[k].samples, 2 * n);
        frames += n;
    }
}


/* Brings all to one format, does the work on the pool, and emits the result.
 * Frees the sounds. */
static nt_node_rc_t
put_together(nt_node_call_t *call, job_t *job,
             void (*work)(nt_node_call_t *call, void *arg))
{
    bool good;

    good = nt_sound_match(call, job->sounds, job->n) &&
           nt_call_thread(call, work, job) && job->good;
    free_sounds(job->sounds, job->n);

    if (!good) {
        nt_sound_free(&job->result);
        return NT_NODE_FAIL;
    }

    return nt_sound_emit(call, "output", &job->result);
}


static nt_node_rc_t
run_two(nt_node_call_t *call, void (*work)(nt_node_call_t *call, void *arg))
{
    nt_sound_t sounds[2] = { { 0 } };
    job_t      job = { .sounds = sounds, .n = 2, .volumes = { 1, 1 } };

    if (!nt_sound_load(call, "a", nt_call_input(call, "a"), &sounds[0]) ||
        !nt_sound_load(call, "b", nt_call_input(call, "b"), &sounds[1]))
    {
        free_sounds(sounds, 2);
        return NT_NODE_FAIL;
    }

    return put_together(call, &job, work);
}


static nt_node_rc_t
run_overlay(nt_node_call_t *call)
{
    return run_two(call, mix);
}


static nt_node_rc_t
run_concat(nt_node_call_t *call)
{
    return run_two(call, join);
}


static nt_node_rc_t
run_mixer(nt_node_call_t *call)
{
    int        i;
    char       track[32], volume[32];
    job_t      job = { .n = 0 };
    nt_sound_t sounds[TRACKS] = { { 0 } };

    job.sounds = sounds;

    for (i = 1; i <= TRACKS; i++) {
        (void) snprintf(track, sizeof(track), "track%d", i);
        (void) snprintf(volume, sizeof(volume), "volume%d", i);

        if (nt_media_is_empty(nt_call_input(call, track))) {
            continue;
        }

        job.volumes[job.n] = nt_call_float(call, volume);

        if (!nt_sound_load(call, track, nt_call_input(call, track),
                           &sounds[job.n])) {
            free_sounds(sounds, job.n);
            return NT_NODE_FAIL;
        }

        job.n++;
    }

    return job.n > 0 ? put_together(call, &job, mix)
                     : nt_call_fail(call, "at least one track must be there");
}


static nt_node_rc_t
run_list(nt_node_call_t *call)
{
    job_t        job = { .n = 0 };
    json_t      *list = nt_arg_list(call, "audio_files");
    size_t       n = json_array_size(list);
    nt_node_rc_t rc;

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    if (n == 0 || n > SOUNDS_MAX) {
        return nt_call_fail(call, "'audio_files' must have 1 to %d sounds",
                            SOUNDS_MAX);
    }

    if (n == 1) {
        return nt_emit(call, json_incref(json_array_get(list, 0)));
    }

    job.sounds = calloc(n, sizeof(*job.sounds));

    if (job.sounds == NULL) {
        return nt_arg_nomem(call);
    }

    while (job.n < n &&
           nt_sound_load(call, "audio_files", json_array_get(list, job.n),
                         &job.sounds[job.n]))
    {
        job.n++;
    }

    if (job.n == n) {
        rc = put_together(call, &job, join);
    } else {
        free_sounds(job.sounds, job.n);
        rc = NT_NODE_FAIL;
    }

    free(job.sounds);
    return rc;
}


/* --- the node types --- */

static const nt_property_t overlay_properties[] = {
    NT_PROP("a", "audio", NT_DEFAULT_AUDIO, "The sound that gives the length"),
    NT_PROP("b", "audio", NT_DEFAULT_AUDIO, "The sound that is heard with it"),
    NT_PROP_END
};

const nt_node_type_t nt_audio_overlay = {
    .type = "nodetool.audio.OverlayAudio",
    .title = "Overlay Audio",
    .description = "Plays two sounds at once, as long as the first one is.",
    .properties = overlay_properties,
    .outputs = nt_media_out_audio,
    .flags = NT_NODE_ASYNC,
    .run = run_overlay
};

static const nt_property_t concat_properties[] = {
    NT_PROP("a", "audio", NT_DEFAULT_AUDIO, "The first sound"),
    NT_PROP("b", "audio", NT_DEFAULT_AUDIO, "The second sound"), NT_PROP_END
};

const nt_node_type_t nt_audio_concat = {
    .type = "nodetool.audio.Concat",
    .title = "Concat",
    .description = "Plays two sounds one after the other.",
    .properties = concat_properties,
    .outputs = nt_media_out_audio,
    .flags = NT_NODE_ASYNC,
    .run = run_concat
};

static const nt_property_t list_properties[] = {
    NT_PROP("audio_files", "list[audio]", "[]", "The sounds"), NT_PROP_END
};

const nt_node_type_t nt_audio_concat_list = {
    .type = "nodetool.audio.ConcatList",
    .title = "Concat List",
    .description = "Plays the sounds of a list one after the other.",
    .properties = list_properties,
    .outputs = nt_media_out_audio,
    .flags = NT_NODE_ASYNC,
    .run = run_list
};

#define TRACK(number)                                                          \
    NT_PROP("track" number, "audio", NT_DEFAULT_AUDIO, "Track " number)
#define VOLUME(number)                                                         \
    NT_PROP_RANGE("volume" number, "float", "1.0", &nt_media_zero,             \
                  &nt_media_two,                                               \
                  "How loud track " number " is; 1 for as it is")

static const nt_property_t mixer_properties[] = {
    TRACK("1"),  TRACK("2"),  TRACK("3"),  TRACK("4"),  TRACK("5"), VOLUME("1"),
    VOLUME("2"), VOLUME("3"), VOLUME("4"), VOLUME("5"), NT_PROP_END
};

const nt_node_type_t nt_audio_mixer = {
    .type = "nodetool.audio.AudioMixer",
    .title = "Audio Mixer",
    .description = "Plays up to five sounds at once, each as loud as it is "
                   "set, as long as the first one is.",
    .properties = mixer_properties,
    .outputs = nt_media_out_audio,
    .flags = NT_NODE_ASYNC,
    .run = run_mixer
};
