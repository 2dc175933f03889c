/*
 * engine/nodes/sound_io.c - sounds from refs and to them.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/nodes/ffmpeg.h"
#include "engine/nodes/sound.h"


/* Decodes the input "0"; 0 for the rate and channels that it has. */
static bool
decode(nt_ffmpeg_t *f, const char *name, unsigned rate, unsigned channels,
       nt_sound_t *sound)
{
    char   *out;
    size_t  len;
    nt_rc_t rc;

    nt_ffmpeg_begin(f);
    nt_ffmpeg_add_input(f, "0", NULL);
    nt_argv_list(&f->argv, "-map", "0:a:0", "-c:a", "pcm_s16le");

    if (rate != 0) {
        nt_argv_add(&f->argv, "-ar");
        nt_argv_addf(&f->argv, "%u", rate);
        nt_argv_add(&f->argv, "-ac");
        nt_argv_addf(&f->argv, "%u", channels);
    }

    nt_argv_list(&f->argv, "-f", "wav", "pipe:1");

    if (!nt_ffmpeg_run(f, &out, &len)) {
        return false;
    }

    rc = nt_sound_from_wav(sound, (nt_str_t) { out, len });
    free(out);

    if (rc == NT_ERROR) {
        (void) nt_call_fail(f->call, "'%s' has no sound that can be read",
                            name);
    } else if (rc != NT_OK) {
        (void) nt_arg_nomem(f->call);
    }

    return rc == NT_OK;
}


static bool
decode_by(nt_node_call_t *call, const char *name, nt_str_t data, unsigned rate,
          unsigned channels, nt_sound_t *sound)
{
    bool        good;
    nt_ffmpeg_t f = { 0 };

    good = nt_ffmpeg_open(&f, call) &&
           nt_ffmpeg_write(&f, "0", data.data, data.len) &&
           decode(&f, name, rate, channels, sound);
    nt_ffmpeg_close(&f);
    return good;
}


bool
nt_sound_decode(nt_node_call_t *call, const char *name, nt_str_t data,
                nt_sound_t *sound)
{
    nt_rc_t rc = nt_sound_from_wav(sound, data);

    if (rc == NT_NOMEM) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return rc == NT_OK || decode_by(call, name, data, 0, 0, sound);
}


bool
nt_sound_load(nt_node_call_t *call, const char *name, const json_t *ref,
              nt_sound_t *sound)
{
    bool   good;
    char  *data;
    size_t len;

    *sound = (nt_sound_t) { 0 };

    if (!nt_media_load(call, name, "a sound", ref, &data, &len)) {
        return false;
    }

    good = nt_sound_decode(call, name, (nt_str_t) { data, len }, sound);
    free(data);
    return good;
}


static bool
convert(nt_node_call_t *call, nt_sound_t *sound, unsigned rate,
        unsigned channels)
{
    bool       good;
    nt_buf_t   wav = { 0 };
    nt_sound_t other = { 0 };

    nt_sound_to_wav(&wav, sound);

    if (wav.failed) {
        (void) nt_arg_nomem(call);
        return false;
    }

    good = decode_by(call, "audio", (nt_str_t) { wav.data, wav.len }, rate,
                     channels, &other);
    nt_buf_free(&wav);

    if (good) {
        nt_sound_free(sound);
        *sound = other;
    }

    return good;
}


bool
nt_sound_load_as(nt_node_call_t *call, const char *name, const json_t *ref,
                 unsigned rate, unsigned channels, nt_sound_t *sound)
{
    if (!nt_sound_load(call, name, ref, sound)) {
        return false;
    }

    if ((sound->rate == rate && sound->channels == channels) ||
        convert(call, sound, rate, channels))
    {
        return true;
    }

    nt_sound_free(sound);
    return false;
}


bool
nt_sound_match(nt_node_call_t *call, nt_sound_t *sounds, size_t n)
{
    size_t   i;
    unsigned rate = 0, channels = 0;

    for (i = 0; i < n; i++) {
        rate = sounds[i].rate > rate ? sounds[i].rate : rate;
        channels =
            sounds[i].channels > channels ? sounds[i].channels : channels;
    }

    for (i = 0; i < n; i++) {
        if ((sounds[i].rate != rate || sounds[i].channels != channels) &&
            !convert(call, &sounds[i], rate, channels))
        {
            return false;
        }
    }

    return true;
}


json_t *
nt_sound_metadata(const nt_sound_t *sound)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:I, s:f}", "format", "pcm",
                     "sample_rate", (int) sound->rate, "channels",
                     (int) sound->channels, "sample_width", 2, "bitrate",
                     (json_int_t) sound->rate * sound->channels * 16,
                     "duration_seconds", nt_sound_seconds(sound));
}


nt_node_rc_t
nt_sound_emit(nt_node_call_t *call, const char *output, nt_sound_t *sound)
{
    json_t  *ref = NULL, *metadata = nt_sound_metadata(sound);
    nt_buf_t wav = { 0 };

    nt_sound_to_wav(&wav, sound);
    nt_sound_free(sound);

    if (!wav.failed) {
        ref =
            nt_media_store(call, "audio", ".wav", wav.data, wav.len, metadata);
    } else {
        json_decref(metadata);
        (void) nt_arg_nomem(call);
    }

    nt_buf_free(&wav);
    return ref != NULL ? nt_call_emit(call, output, ref) : NT_NODE_FAIL;
}


bool
nt_sound_encode(nt_node_call_t *call, const nt_sound_t *sound,
                const char *format, char **data, size_t *len)
{
    bool        good;
    nt_buf_t    wav = { 0 };
    nt_ffmpeg_t f = { 0 };

    nt_sound_to_wav(&wav, sound);

    if (wav.failed) {
        (void) nt_arg_nomem(call);
        return false;
    }

    if (strcmp(format, "wav") == 0) {
        *data = wav.data;
        *len = wav.len;
        return true;
    }

    good =
        nt_ffmpeg_open(&f, call) && nt_ffmpeg_write(&f, "0", wav.data, wav.len);
    nt_buf_free(&wav);

    if (good) {
        nt_ffmpeg_begin(&f);
        nt_ffmpeg_add_input(&f, "0", NULL);
        nt_argv_list(&f.argv, "-f", format, "out");
        good = nt_ffmpeg_run(&f, NULL, NULL) &&
               nt_ffmpeg_read(&f, "out", data, len);
    }

    nt_ffmpeg_close(&f);
    return good;
}
