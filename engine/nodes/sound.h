/*
 * engine/nodes/sound.h - sounds in memory, as 16-bit samples.
 */

#ifndef NT_SOUND_H
#define NT_SOUND_H

#include "engine/nodes/media.h"

#define NT_SOUND_MAX ((size_t) 1 << 30) /* bytes of samples */

/* A zeroed one may be freed. */
typedef struct {
    int16_t *samples; /* malloc'ed; those of a frame are side by side */
    size_t   frames;
    unsigned channels;
    unsigned rate; /* frames a second */
} nt_sound_t;

/* Room for so many frames, of zeros.  False after nt_call_fail: too many, or
 * memory is out. */
bool nt_sound_make(nt_node_call_t *call, nt_sound_t *sound, size_t frames,
                   unsigned channels, unsigned rate);
void nt_sound_free(nt_sound_t *sound);

double nt_sound_seconds(const nt_sound_t *sound);

/* The frame at a time, at most the number of frames. */
size_t nt_sound_at(const nt_sound_t *sound, double seconds);

/* Reads RIFF WAVE with samples of 16 bits; NT_ERROR for what is none.
 * sound->samples is new. */
nt_rc_t nt_sound_from_wav(nt_sound_t *sound, nt_str_t data);

/* Appends a RIFF WAVE file. */
void nt_sound_to_wav(nt_buf_t *out, const nt_sound_t *sound);

/* --- sound_io.c: from nodes with NT_NODE_ASYNC; false after nt_call_fail --- */

/* Reads what a ref leads to, in any format that ffmpeg knows. `name` is its
 * property. */
bool nt_sound_load(nt_node_call_t *call, const char *name, const json_t *ref,
                   nt_sound_t *sound);

/* The same, of this rate and with so many channels. */
bool nt_sound_load_as(nt_node_call_t *call, const char *name, const json_t *ref,
                      unsigned rate, unsigned channels, nt_sound_t *sound);

/* nt_sound_load from bytes. */
bool nt_sound_decode(nt_node_call_t *call, const char *name, nt_str_t data,
                     nt_sound_t *sound);

/* Makes several of the same rate and the same number of channels: the most
 * of each that one has. */
bool nt_sound_match(nt_node_call_t *call, nt_sound_t *sounds, size_t n);

/* Emits a sound, stored as WAV among the assets, and frees it. */
nt_node_rc_t nt_sound_emit(nt_node_call_t *call, const char *output,
                           nt_sound_t *sound);

/* Writes it in ffmpeg's format of that name. */
bool nt_sound_encode(nt_node_call_t *call, const nt_sound_t *sound,
                     const char *format, char **data, size_t *len);

/* What NodeTool keeps with a sound. New reference. */
json_t *nt_sound_metadata(const nt_sound_t *sound);

#endif
