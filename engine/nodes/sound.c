/*
 * engine/nodes/sound.c - sounds in memory, as 16-bit samples.
 */

#include "engine/nodes/sound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>


#define HEADER 44 /* bytes of the header of a WAVE file */

#define PCM        1
#define EXTENSIBLE 0xfffe


bool
nt_sound_make(nt_node_call_t *call, nt_sound_t *sound, size_t frames,
              unsigned channels, unsigned rate)
{
    *sound = (nt_sound_t) { .channels = channels, .rate = rate };

    if (frames > NT_SOUND_MAX / 2 / channels) {
        (void) nt_call_fail(call,
                            "the sound is too long: %.0f s are more "
                            "than fits into memory",
                            (double) frames / rate);
        return false;
    }

    sound->samples = calloc(frames > 0 ? frames : 1, 2 * (size_t) channels);
    sound->frames = frames;

    if (sound->samples == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return true;
}


void
nt_sound_free(nt_sound_t *sound)
{
    free(sound->samples);
    *sound = (nt_sound_t) { 0 };
}


double
nt_sound_seconds(const nt_sound_t *sound)
{
    return (double) sound->frames / sound->rate;
}


size_t
nt_sound_at(const nt_sound_t *sound, double seconds)
{
    double frame = round(seconds * sound->rate);

    if (!(frame > 0)) {
        return 0;
    }

    return frame < (double) sound->frames ? (size_t) frame : sound->frames;
}


/* --- RIFF WAVE: little endian, whatever the machine --- */

static unsigned
get16(const char *p)
{
    const unsigned char *u = (const unsigned char *) p;

    return u[0] | (unsigned) u[1] << 8;
}


static uint32_t
get32(const char *p)
{
    return get16(p) | (uint32_t) get16(p + 2) << 16;
}


/* Reads the "fmt " chunk; false for what is not 16-bit PCM. */
static bool
take_format(nt_sound_t *sound, const char *p, size_t len)
{
    unsigned tag;

    if (len < 16) {
        return false;
    }

    tag = get16(p);
    sound->channels = get16(p + 2);
    sound->rate = get32(p + 4);

    if (tag == EXTENSIBLE && len >= 26) {
        tag = get16(p + 24);
    }

    return tag == PCM && get16(p + 14) == 16 && sound->channels > 0 &&
           sound->channels <= 64 && sound->rate > 0 && sound->rate <= 768000;
}


static nt_rc_t
take_samples(nt_sound_t *sound, const char *p, size_t len)
{
    size_t i;

    sound->frames = len / 2 / sound->channels;
    len = sound->frames * sound->channels;
    sound->samples = malloc(2 * len + 1);

    if (sound->samples == NULL) {
        return NT_NOMEM;
    }

    for (i = 0; i < len; i++) {
        sound->samples[i] = (int16_t) get16(p + 2 * i);
    }

    return NT_OK;
}


nt_rc_t
nt_sound_from_wav(nt_sound_t *sound, nt_str_t data)
{
    bool        known = false;
    size_t      len;
    const char *p = data.data, *end = p + data.len;

    *sound = (nt_sound_t) { 0 };

    if (data.len < 12 || memcmp(p, "RIFF", 4) != 0 ||
        memcmp(p + 8, "WAVE", 4) != 0) {
        return NT_ERROR;
    }

    for (p += 12; end - p >= 8; p += len + (len & 1)) {
        len = get32(p + 4);
        p += 8;

        /* who writes into a pipe does not know the length */
        if (len > (size_t) (end - p)) {
            len = (size_t) (end - p);
        }

        if (memcmp(p - 8, "fmt ", 4) == 0) {
            known = take_format(sound, p, len);

            if (!known) {
                return NT_ERROR;
            }

        } else if (memcmp(p - 8, "data", 4) == 0) {
            return known ? take_samples(sound, p, len) : NT_ERROR;
        }

        if (len == (size_t) (end - p)) {
            break;
        }
    }

    return NT_ERROR;
}


static void
put16(char **p, unsigned value)
{
    *(*p)++ = (char) (value & 0xff);
    *(*p)++ = (char) (value >> 8 & 0xff);
}


static void
put32(char **p, uint32_t value)
{
    put16(p, value & 0xffff);
    put16(p, value >> 16);
}


void
nt_sound_to_wav(nt_buf_t *out, const nt_sound_t *sound)
{
    size_t   i, n = sound->frames * sound->channels;
    char    *p, *start;
    uint32_t bytes = (uint32_t) (2 * n);

    start = nt_buf_reserve(out, HEADER + 2 * n);
    if (start == NULL) {
        return;
    }

    p = start;
    memcpy(p, "RIFF", 4);
    p += 4;
    put32(&p, HEADER - 8 + bytes);
    memcpy(p, "WAVEfmt ", 8);
    p += 8;
    put32(&p, 16);
    put16(&p, PCM);
    put16(&p, sound->channels);
    put32(&p, sound->rate);
    put32(&p, sound->rate * sound->channels * 2);
    put16(&p, sound->channels * 2);
    put16(&p, 16);
    memcpy(p, "data", 4);
    p += 4;
    put32(&p, bytes);

    for (i = 0; i < n; i++) {
        put16(&p, (uint16_t) sound->samples[i]);
    }

    out->len += (size_t) (p - start);
}
