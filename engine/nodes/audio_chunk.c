/*
 * engine/nodes/audio_chunk.c - nodetool.audio.ChunkToAudio.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/assets/uri.h"
#include "engine/nodes/audio.h"


#define DEFAULT_CHUNK                                                          \
    "{\"type\":\"chunk\",\"node_id\":null,\"thread_id\":null,"                 \
    "\"workflow_id\":null,\"content_type\":\"text\",\"content\":\"\","         \
    "\"content_metadata\":{},\"done\":false,\"thinking\":false}"

typedef struct {
    nt_sound_t sound; /* of the chunks that came */
    int64_t    count;
    int64_t    size; /* of a batch, when it came along an edge; else 0 */
} state_t;


static void
free_state(void *state)
{
    nt_sound_free(&((state_t *) state)->sound);
}


static bool
is(const json_t *object, const char *name, const char *value)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL && strcmp(text, value) == 0;
}


/* Samples without a header, whose format stands beside them. */
static bool
from_pcm(const json_t *meta, nt_str_t data, nt_sound_t *sound)
{
    json_int_t rate, channels;
    nt_buf_t   wav = { 0 };
    nt_rc_t    rc = NT_ERROR;

    rate = json_integer_value(json_object_get(meta, "sample_rate"));
    channels = json_integer_value(json_object_get(meta, "channels"));

    *sound =
        (nt_sound_t) { .rate = rate > 0 ? (unsigned) rate : 44100,
                       .channels = channels > 0 ? (unsigned) channels : 1 };

    /* the header that it lacks */
    nt_sound_to_wav(&wav, sound);
    nt_buf_append(&wav, data.data, data.len);

    if (!wav.failed && wav.len > data.len && rate < 768000 && channels < 65) {
        memset(wav.data + (wav.len - data.len) - 4, 0xff, 4);
        rc = nt_sound_from_wav(sound, (nt_str_t) { wav.data, wav.len });
    }

    nt_buf_free(&wav);
    return rc == NT_OK;
}


/* Takes over `more`. */
static bool
append(nt_node_call_t *call, nt_sound_t *sound, nt_sound_t *more)
{
    size_t     n, k;
    nt_sound_t both[2], joined = { 0 };

    if (sound->samples == NULL) {
        *sound = *more;
        return true;
    }

    both[0] = *sound;
    both[1] = *more;
    *sound = joined;

    if (nt_sound_match(call, both, 2) &&
        nt_sound_make(call, &joined, both[0].frames + both[1].frames,
                      both[0].channels, both[0].rate))
    {
        n = both[0].frames * both[0].channels;
        k = both[1].frames * both[1].channels;
        memcpy(joined.samples, both[0].samples, 2 * n);
        memcpy(joined.samples + n, both[1].samples, 2 * k);
    }

    nt_sound_free(&both[0]);
    nt_sound_free(&both[1]);
    *sound = joined;
    return joined.samples != NULL;
}


static nt_node_rc_t
flush(nt_node_call_t *call, state_t *state)
{
    state->count = 0;

    return state->sound.frames > 0 ? nt_sound_emit(call, "audio", &state->sound)
                                   : NT_NODE_DONE;
}


static bool
decode(nt_node_call_t *call, const json_t *chunk, nt_sound_t *sound)
{
    bool          good;
    nt_buf_t      bytes = { 0 };
    nt_str_t      data;
    const json_t *meta = json_object_get(chunk, "content_metadata");
    const json_t *text = json_object_get(chunk, "content");

    if (nt_base64_decode(&bytes, (nt_str_t) { json_string_value(text),
                                              json_string_length(text) }) !=
            NT_OK ||
        bytes.failed)
    {
        nt_buf_free(&bytes);
        (void) nt_call_fail(call, "a chunk of sound is not base64");
        return false;
    }

    data = (nt_str_t) { bytes.data, bytes.len };

    if (is(meta, "format", "pcm16le") || is(meta, "encoding", "pcm16le") ||
        is(meta, "dtype", "int16"))
    {
        good = from_pcm(meta, data, sound);

        if (!good) {
            (void) nt_call_fail(call, "a chunk of sound cannot be read");
        }

    } else {
        good = nt_sound_decode(call, "chunk", data, sound);
    }

    nt_buf_free(&bytes);
    return good;
}


static nt_node_rc_t
item(nt_node_call_t *call, const char *handle, json_t *value)
{
    int64_t    size;
    state_t   *state = nt_call_state(call, sizeof(*state), free_state);
    nt_sound_t sound = { 0 };

    if (state == NULL) {
        return nt_arg_nomem(call);
    }

    if (strcmp(handle, "batch_size") == 0) {
        state->size = json_integer_value(value);
        return NT_NODE_DONE;
    }

    if (!is(value, "content_type", "audio") ||
        json_string_length(json_object_get(value, "content")) == 0)
    {
        return NT_NODE_DONE;
    }

    if (!decode(call, value, &sound) || !append(call, &state->sound, &sound)) {
        return NT_NODE_FAIL;
    }

    state->count++;
    size = state->size != 0 ? state->size : nt_call_int(call, "batch_size");

    return state->count >= size ? flush(call, state) : NT_NODE_DONE;
}


static nt_node_rc_t
end(nt_node_call_t *call)
{
    state_t *state = nt_call_state(call, sizeof(*state), free_state);

    return state != NULL ? flush(call, state) : nt_arg_nomem(call);
}


static const nt_property_t properties[] = {
    NT_PROP("chunk", "chunk", DEFAULT_CHUNK, "A stream of chunks of sound"),
    NT_PROP("batch_size", "int", "50", "How many chunks become one sound"),
    NT_PROP_END
};

static const nt_output_t outputs[] = { { "audio", "audio" }, { NULL, NULL } };

const nt_node_type_t nt_audio_from_chunks = {
    .type = "nodetool.audio.ChunkToAudio",
    .title = "Chunk To Audio",
    .description = "Makes sounds of a stream of chunks.",
    .properties = properties,
    .outputs = outputs,
    .flags = NT_NODE_ASYNC,
    .item = item,
    .end = end
};
