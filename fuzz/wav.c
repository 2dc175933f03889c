/*
 * RIFF WAVE: any bytes are refused or become a sound, which is the same after
 * it has been written and read again.
 */

#include <stdlib.h>

#include "engine/nodes/sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t     bytes;
    nt_buf_t   wav = { 0 };
    nt_sound_t sound, again;

    if (nt_sound_from_wav(&sound, (nt_str_t) { (const char *) data, size }) !=
        NT_OK)
    {
        nt_sound_free(&sound);
        return 0;
    }

    nt_sound_to_wav(&wav, &sound);
    bytes = 2 * sound.frames * sound.channels;

    if (bytes > size || wav.failed ||
        nt_sound_from_wav(&again, (nt_str_t) { wav.data, wav.len }) != NT_OK ||
        again.frames != sound.frames || again.channels != sound.channels ||
        again.rate != sound.rate ||
        memcmp(again.samples, sound.samples, bytes) != 0)
    {
        abort();
    }

    nt_buf_free(&wav);
    nt_sound_free(&sound);
    nt_sound_free(&again);
    return 0;
}
