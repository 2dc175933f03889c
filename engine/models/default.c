/*
 * engine/models/default.c - the model of a media node whose workflow chooses
 * none, as those that are made to be shared do.
 */

#include "engine/models/node.h"

#include <string.h>

typedef struct {
    const char *type;          /* of the ref */
    const char *setting;       /* the operator's choice: "provider/id" */
    const char *choices[3][2]; /* else the first whose provider is there */
} default_t;

static const default_t defaults[] = {
    { "image_model",
      "NODETOOL_DEFAULT_IMAGE_MODEL",
      { { "openai", "gpt-image-1" }, { "gemini", "gemini-2.5-flash-image" } } },
    { "video_model",
      "NODETOOL_DEFAULT_VIDEO_MODEL",
      { { "openai", "sora-2" }, { "gemini", "veo-3.0-generate-001" } } },
    { "tts_model",
      "NODETOOL_DEFAULT_TTS_MODEL",
      { { "openai", "tts-1" }, { "gemini", "gemini-2.5-flash-preview-tts" } } },
    { "asr_model", "NODETOOL_DEFAULT_ASR_MODEL", { { "openai", "whisper-1" } } }
};


static bool
is_set(nt_node_call_t *call, const char *setting)
{
    return setting != NULL && nt_call_setting(call, setting) != NULL;
}


static bool
is_configured(nt_node_call_t *call, const char *name)
{
    const nt_provider_t *provider = nt_provider_find(name);

    return provider != NULL && (is_set(call, provider->key_setting) ||
                                is_set(call, provider->base_setting));
}


static const default_t *
find_default(const json_t *ref)
{
    size_t      i;
    const char *type = json_string_value(json_object_get(ref, "type"));

    for (i = 0; type != NULL && i < sizeof(defaults) / sizeof(defaults[0]); i++)
    {
        if (strcmp(defaults[i].type, type) == 0) {
            return &defaults[i];
        }
    }

    return NULL;
}


/* "provider/id" of the operator. */
static bool
use_setting(nt_node_call_t *call, const default_t *choice, nt_model_t *model)
{
    char        provider[64];
    size_t      len;
    const char *value = nt_call_setting(call, choice->setting);

    len = strcspn(value, "/");

    if (len >= sizeof(provider) || value[len] == '\0' || value[len + 1] == '\0')
    {
        (void) nt_call_fail(call,
                            "the setting %s must be a provider and a "
                            "model: %s/%s",
                            choice->setting, choice->choices[0][0],
                            choice->choices[0][1]);
        return false;
    }

    memcpy(provider, value, len);
    provider[len] = '\0';

    if (nt_provider_find(provider) == NULL) {
        (void) nt_call_fail(call,
                            "the setting %s names no provider that is "
                            "known here",
                            choice->setting);
        return false;
    }

    return nt_use_model(call, provider, value + len + 1, model);
}


bool
nt_media_default(nt_node_call_t *call, const char *name, const json_t *ref,
                 nt_model_t *model)
{
    size_t           i;
    const default_t *choice = find_default(ref);

    if (choice == NULL) {
        (void) nt_call_fail(call, "'%s' is not set: choose a model", name);
        return false;
    }

    if (is_set(call, choice->setting)) {
        return use_setting(call, choice, model);
    }

    for (i = 0; choice->choices[i][0] != NULL; i++) {
        if (is_configured(call, choice->choices[i][0])) {
            return nt_use_model(call, choice->choices[i][0],
                                choice->choices[i][1], model);
        }
    }

    (void) nt_call_fail(call,
                        "'%s' is not set: choose a model, or set %s (%s/%s) or "
                        "the key of a provider for the engine",
                        name, choice->setting, choice->choices[0][0],
                        choice->choices[0][1]);
    return false;
}
