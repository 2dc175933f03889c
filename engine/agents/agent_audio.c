#include "engine/agents/agent.h"

#include <stdio.h>
#include <sys/random.h>

#include "core/nt_id.h"
#include "engine/assets/uri.h"
#include "engine/nodes/sound.h"
#include "engine/nodes/ustr.h"

/*
 * Sound in answers.  OpenAI streams it as bare samples of 16 bits, one
 * channel, 24,000 a second, in base64
 * (https://platform.openai.com/docs/guides/audio); outputs get a WAV file.
 */

#define RATE 24000


/* Stores a file among the assets; its ref, NULL after nt_call_fail. */
static json_t *
store(nt_node_call_t *call, const nt_buf_t *file)
{
    char          key[64], id[NT_ID_HEX_LEN];
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        (void) nt_call_fail(call, "the server has no random numbers");
        return NULL;
    }

    nt_id_hex(id, random);
    (void) snprintf(key, sizeof(key), "agents/%.*s.wav", NT_ID_HEX_LEN, id);
    return nt_call_store(call, "audio", key, file->data, file->len);
}


bool
nt_agent_show_turn(nt_agent_t *agent, const json_t *message)
{
    bool       good = false;
    json_t    *ref;
    nt_str_t   data;
    nt_buf_t   samples = { 0 }, file = { 0 };
    nt_sound_t sound = { .channels = 1, .rate = RATE };

    data = nt_ustr(json_object_get(json_object_get(message, "audio"), "data"));

    if (!(agent->shows & NT_SHOW_AUDIO) || data.len == 0) {
        return true;
    }

    if (nt_base64_decode(&samples, data) == NT_OK && !samples.failed &&
        samples.len <= NT_SOUND_MAX)
    {
        sound.samples = (int16_t *) (void *) samples.data;
        sound.frames = samples.len / sizeof(int16_t);
        nt_sound_to_wav(&file, &sound);
    }

    if (file.len == 0) {
        (void) nt_call_fail(agent->call, "the model's sound cannot be read");

    } else {
        ref = store(agent->call, &file);
        good = ref != NULL &&
               nt_call_emit(agent->call, "audio", ref) == NT_NODE_DONE;
    }

    nt_buf_free(&samples);
    nt_buf_free(&file);
    return good;
}
