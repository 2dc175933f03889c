/*
 * engine/models/video.c - nodetool.video.TextToVideo and ImageToVideo by any
 * provider, gemini.video.TextToVideo and ImageToVideo by Veo.
 */

#include <stdlib.h>

#include "engine/models/video.h"


/* --- nodetool.video --- */

static bool
make_video(nt_node_call_t *call, const nt_video_ask_t *ask, nt_str_t *data)
{
    char           path[320];
    nt_model_t     model;
    nt_media_api_t api;

    if (!nt_model_resolve(call, nt_call_input(call, "model"), NT_MODEL_VIDEO,
                          &model))
    {
        return false;
    }

    api = nt_media_api(call, &model, path, sizeof(path));

    if (api == NT_MEDIA_FAL) {
        return nt_video_fal(call, &model, path, ask, data);
    }

    if (api == NT_MEDIA_GEMINI) {
        nt_video_tell(call, &model, ask);
        return nt_video_gemini(call, &model, ask, data);
    }

    if (strcmp(model.provider->name, "openai") == 0) {
        nt_video_tell(call, &model, ask);
        return nt_video_openai(call, &model, ask, data);
    }

    (void) nt_call_fail(call,
                        "%s makes no videos here: choose a model of "
                        "Gemini, OpenAI or fal.ai",
                        model.provider->title);

    return false;
}


static bool
read_ask(nt_node_call_t *call, nt_video_ask_t *ask)
{
    *ask = (nt_video_ask_t) {
        .ratio = nt_call_string(call, "aspect_ratio", NULL),
        .resolution = nt_call_string(call, "resolution", NULL),
        .frames = nt_call_int(call, "num_frames"),
        .guidance = nt_call_float(call, "guidance_scale"),
        .steps = nt_call_int(call, "num_inference_steps"),
        .seed = nt_call_int(call, "seed"),
        .timeout = (double) nt_call_int(call, "timeout_seconds")
    };

    return nt_arg_str(call, "negative_prompt", &ask->negative);
}


static nt_node_rc_t
run_text_to_video(nt_node_call_t *call)
{
    nt_str_t       data;
    nt_video_ask_t ask;

    if (!read_ask(call, &ask) || !nt_arg_filled(call, "prompt", &ask.prompt) ||
        !make_video(call, &ask, &data))
    {
        return NT_NODE_FAIL;
    }

    return nt_emit_media(call, "video", "video/mp4", data);
}


static nt_node_rc_t
run_image_to_video(nt_node_call_t *call)
{
    bool           good;
    nt_str_t       data;
    nt_video_ask_t ask;

    if (!read_ask(call, &ask) || !nt_arg_str(call, "prompt", &ask.prompt) ||
        !nt_arg_media(call, "image", "image", &ask.image, &ask.type))
    {
        return NT_NODE_FAIL;
    }

    good = make_video(call, &ask, &data);
    free((char *) (uintptr_t) ask.image.data);

    return good ? nt_emit_media(call, "video", "video/mp4", data)
                : NT_NODE_FAIL;
}


static const char *const ratios[] = {
    "16:9", "9:16", "1:1", "4:3", "3:4", NULL
};
static const char *const resolutions[] = { "480p", "720p", "1080p", NULL };
static const double      most_frames = 300, most_guidance = 30;
static const double      most_steps = 100, most_seconds = 7200;

#define IMAGE NT_PROP("image", "image", NT_DEFAULT_IMAGE, "The first picture")
#define MODEL                                                                  \
    NT_PROP("model", "video_model",                                            \
            "{\"type\":\"video_model\",\"provider\":\"gemini\",\"id\":"        \
            "\"veo-3.1-generate-preview\",\"name\":\"Veo 3.1 Preview\","       \
            "\"path\":null,\"supported_tasks\":[]}",                           \
            "The model, of Gemini, OpenAI, fal.ai, or of fal.ai at Hugging "   \
            "Face")
#define NEGATIVE NT_PROP("negative_prompt", "str", "\"\"", "What not to show")
#define REST                                                                   \
    NT_PROP_ENUM("aspect_ratio", ratios, "\"16:9\"", "Width to height"),       \
        NT_PROP_ENUM("resolution", resolutions, "\"720p\"", "Height"),         \
        NT_PROP_INT("num_frames", "60", &nt_one, &most_frames,                 \
                    "How many pictures, of models that can be told"),          \
        NT_PROP_FLOAT("guidance_scale", "7.5", &nt_zero, &most_guidance,       \
                      "How close to keep to the prompt, of models with "       \
                      "diffusion"),                                            \
        NT_PROP_INT("num_inference_steps", "30", &nt_one, &most_steps,         \
                    "How often to refine, of models with diffusion"),          \
        NT_PROP_INT("seed", "-1", &nt_least_seed, NULL,                        \
                    "The same seed makes the same video; -1 for any"),         \
        NT_PROP_INT("timeout_seconds", "0", &nt_zero, &most_seconds,           \
                    "Seconds until the node fails; 0 for 20 minutes"),         \
        NT_PROP_END

static const nt_property_t text_properties[] = {
    MODEL,
    NT_PROP("prompt", "str", "\"A cat playing with a ball of yarn\"",
            "What to show"),
    NEGATIVE, REST
};

const nt_node_type_t nt_text_to_video = { .type = "nodetool.video.TextToVideo",
                                          .title = "Text To Video",
                                          .description =
                                              "A video of what a text says.",
                                          .properties = text_properties,
                                          .outputs = nt_out_video,
                                          .flags = NT_MODEL_NODE,
                                          .run = run_text_to_video };


static const nt_property_t image_properties[] = {
    IMAGE, MODEL, NT_PROP("prompt", "str", "\"\"", "What happens in it"),
    NEGATIVE, REST
};

const nt_node_type_t nt_image_to_video = {
    .type = "nodetool.video.ImageToVideo",
    .title = "Image To Video",
    .description = "A video that begins with an image.",
    .properties = image_properties,
    .outputs = nt_out_video,
    .flags = NT_MODEL_NODE,
    .run = run_image_to_video
};


/* --- gemini.video --- */

static nt_node_rc_t
run_gemini_text(nt_node_call_t *call)
{
    nt_str_t       data;
    nt_model_t     model;
    nt_video_ask_t ask = { .ratio = nt_call_string(call, "aspect_ratio", NULL),
                           .seed = -1 };

    if (!nt_arg_filled(call, "prompt", &ask.prompt) ||
        !nt_arg_str(call, "negative_prompt", &ask.negative) ||
        !nt_use_model(call, "gemini", nt_call_string(call, "model", NULL),
                      &model) ||
        !nt_video_gemini(call, &model, &ask, &data))
    {
        return NT_NODE_FAIL;
    }

    return nt_emit_media(call, "video", "video/mp4", data);
}


static nt_node_rc_t
run_gemini_image(nt_node_call_t *call)
{
    bool           good;
    nt_str_t       data;
    nt_model_t     model;
    nt_video_ask_t ask = { .ratio = nt_call_string(call, "aspect_ratio", NULL),
                           .seed = -1 };

    if (!nt_arg_str(call, "prompt", &ask.prompt) ||
        !nt_arg_str(call, "negative_prompt", &ask.negative) ||
        !nt_use_model(call, "gemini", nt_call_string(call, "model", NULL),
                      &model) ||
        !nt_arg_media(call, "image", "image", &ask.image, &ask.type))
    {
        return NT_NODE_FAIL;
    }

    if (ask.prompt.len == 0) {
        ask.prompt = NT_STR("Bring this image to life.");
    }

    good = nt_video_gemini(call, &model, &ask, &data);
    free((char *) (uintptr_t) ask.image.data);

    return good ? nt_emit_media(call, "video", "video/mp4", data)
                : NT_NODE_FAIL;
}


static const char *const veo_models[] = { "veo-3.1-generate-preview",
                                          "veo-2.0-generate-001", NULL };
static const char *const veo_ratios[] = { "16:9", "9:16", NULL };

#define VEO                                                                    \
    NT_PROP_ENUM("model", veo_models, "\"veo-3.1-generate-preview\"",          \
                 "The model"),                                                 \
        NT_PROP_ENUM("aspect_ratio", veo_ratios, "\"16:9\"",                   \
                     "Width to height"),                                       \
        NEGATIVE, NT_PROP_END

static const nt_property_t gemini_text_properties[] = {
    NT_PROP("prompt", "str", "\"\"", "What to show"), VEO
};

const nt_node_type_t nt_gemini_text_to_video = {
    .type = "gemini.video.TextToVideo",
    .title = "Text To Video",
    .description = "A video of what a text says, by Google's Veo.",
    .properties = gemini_text_properties,
    .outputs = nt_out_video,
    .flags = NT_MODEL_NODE,
    .run = run_gemini_text
};


static const nt_property_t gemini_image_properties[] = {
    IMAGE, NT_PROP("prompt", "str", "\"\"", "What happens in it"), VEO
};

const nt_node_type_t nt_gemini_image_to_video = {
    .type = "gemini.video.ImageToVideo",
    .title = "Image To Video",
    .description = "A video that begins with an image, by Google's Veo.",
    .properties = gemini_image_properties,
    .outputs = nt_out_video,
    .flags = NT_MODEL_NODE,
    .run = run_gemini_image
};
