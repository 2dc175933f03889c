#include "engine/agents/agent.h"

#include <stdio.h>
#include <sys/random.h>

#include "core/nt_id.h"
#include "engine/assets/uri.h"
#include "engine/nodes/ustr.h"

/*
 * Sound in answers.  OpenAI streams it as bare samples of 16 bits, one
 * channel, 24,000 a second, in base64
 * (https://platform.openai.com/docs/guides/audio); outputs get a WAV file.
 */

#define RATE   24000
#define HEADER 44 /* bytes */


static void
put16(unsigned char *p, unsigned value)
{
    p[0] = value & 0xFF;
    p[1] = (value >> 8) & 0xFF;
}


static void
put32(unsigned char *p, uint32_t value)
{
    put16(p, value & 0xFFFF);
    put16(p + 2, value >> 16);
}


/* The header of a RIFF WAVE file with PCM samples. */
static void
put_header(unsigned char *p, uint32_t len)
{
    memcpy(p, "RIFF....WAVEfmt ", 16);
    put32(p + 4, HEADER - 8 + len);
    put32(p + 16, 16);
    put16(p + 20, 1); /* PCM */
    put16(p + 22, 1); /* channels */
    put32(p + 24, RATE);
    put32(p + 28, RATE * 2);
    put16(p + 32, 2);  /* bytes of a sample */
    put16(p + 34, 16); /* bits of a sample */
    memcpy(p + 36, "data", 4);
    put32(p + 40, len);
}


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
    bool     good = false;
    json_t  *ref;
    nt_str_t data;
    nt_buf_t file = { 0 };

    data = nt_ustr(json_object_get(json_object_get(message, "audio"), "data"));

    if (!(agent->shows & NT_SHOW_AUDIO) || data.len == 0) {
        return true;
    }

    (void) nt_buf_reserve(&file, HEADER);
    file.len = file.failed ? 0 : HEADER;

    if (nt_base64_decode(&file, data) != NT_OK || file.failed ||
        file.len > UINT32_MAX)
    {
        (void) nt_call_fail(agent->call, "the model's sound cannot be read");

    } else {
        put_header((unsigned char *) file.data, (uint32_t) file.len - HEADER);
        ref = store(agent->call, &file);
        good = ref != NULL &&
               nt_call_emit(agent->call, "audio", ref) == NT_NODE_DONE;
    }

    nt_buf_free(&file);
    return good;
}
