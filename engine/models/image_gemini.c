/*
 * engine/models/image_gemini.c - images by Gemini's chats and by Imagen
 * (https://ai.google.dev/gemini-api/docs/imagen):
 * gemini.image.ImageGeneration.
 */

#include <stdlib.h>

#include "engine/models/image.h"


/* Models that chat make images as they make texts. */
static bool
by_chat(nt_node_call_t *call, const nt_model_t *model, nt_str_t prompt,
        const json_t *image, nt_str_t *data)
{
    bool     good = false;
    json_t  *reply, *url;
    nt_ask_t ask = { .provider = model->provider->name,
                     .id = model->id,
                     .prompt = prompt,
                     .image = image };

    reply = nt_ask(call, &ask,
                   json_pack("{s:[s,s]}", "modalities", "text", "image"));
    if (reply == NULL) {
        return false;
    }

    url = json_object_get(
        json_object_get(json_array_get(json_object_get(nt_model_message(reply),
                                                       "images"),
                                       0),
                        "image_url"),
        "url");

    if (json_is_string(url)) {
        good = nt_media_fetch(call, model, json_string_value(url), data);
    } else if (strcmp(nt_model_finish(reply), "content_filter") == 0) {
        (void) nt_call_fail(call, "Gemini refuses to make this image: change "
                                  "the prompt");
    } else {
        (void) nt_call_fail(call, "Gemini made no image of this prompt");
    }

    json_decref(reply);

    return good;
}


static bool
by_imagen(nt_node_call_t *call, const nt_model_t *model, nt_str_t prompt,
          const char *ratio, double timeout, nt_str_t *data)
{
    bool     good = false;
    json_t  *body, *reply = NULL, *base64;
    nt_buf_t path = { 0 };

    nt_buf_printf(&path, "/v1beta/models/%s:predict", model->id);
    nt_buf_append_char(&path, '\0');
    body = json_pack("{s:[{s:s%}],s:{s:i}}", "instances", "prompt", prompt.data,
                     prompt.len, "parameters", "sampleCount", 1);

    if (path.failed || body == NULL ||
        (ratio != NULL &&
         json_object_set_new(json_object_get(body, "parameters"), "aspectRatio",
                             json_string(ratio)) != 0))
    {
        (void) nt_arg_nomem(call);
    } else {
        reply = nt_provider_json(call, model, path.data, body, timeout);
    }

    nt_buf_free(&path);
    json_decref(body);
    base64 =
        json_object_get(json_array_get(json_object_get(reply, "predictions"),
                                       0),
                        "bytesBase64Encoded");

    if (base64 != NULL) {
        good = nt_media_base64(call, base64, data);
    } else if (reply != NULL) {
        (void) nt_call_fail(call, "Gemini made no image of this prompt");
    }

    json_decref(reply);

    return good;
}


static bool
is_imagen(const nt_model_t *model)
{
    return strncmp(model->id, "gemini-", 7) != 0;
}


bool
nt_image_gemini(nt_node_call_t *call, const nt_model_t *model,
                const nt_image_ask_t *ask, nt_str_t *data)
{
    static const char *const ratios[] = { "1:1",  "3:4",  "4:3",
                                          "9:16", "16:9", NULL };

    const char *ratio = nt_nearest_ratio(ratios, ask->width, ask->height);

    nt_image_tell(call, model, ask, 0);

    if (!is_imagen(model)) {
        return by_chat(call, model, ask->prompt,
                       ask->image.len != 0 ? nt_call_input(call, "image")
                                           : NULL,
                       data);
    }

    if (ask->image.len != 0) {
        (void) nt_call_fail(call, "Imagen makes images from texts only: "
                                  "choose a Gemini model");
        return false;
    }

    nt_call_log(call, "info", "%s makes the image %s", model->id, ratio);

    return by_imagen(call, model, ask->prompt, ratio, ask->timeout, data);
}


static nt_node_rc_t
run_generation(nt_node_call_t *call)
{
    bool       good;
    nt_str_t   prompt, data;
    nt_model_t model;

    if (!nt_arg_filled(call, "prompt", &prompt) ||
        !nt_use_model(call, "gemini", nt_call_string(call, "model", NULL),
                      &model))
    {
        return NT_NODE_FAIL;
    }

    if (is_imagen(&model) && nt_arg_is_set(call, "image")) {
        return nt_call_fail(call, "Imagen takes no 'image': choose a Gemini "
                                  "model");
    }

    good = is_imagen(&model) ? by_imagen(call, &model, prompt, NULL, 0, &data)
                             : by_chat(call, &model, prompt,
                                       nt_call_input(call, "image"), &data);

    return good ? nt_emit_media(call, "image", NULL, data) : NT_NODE_FAIL;
}


static const char *const models[] = {
    "gemini-2.0-flash-preview-image-generation",
    "gemini-2.5-flash-image-preview",
    "gemini-3-pro-image-preview",
    "imagen-3.0-generate-001",
    "imagen-3.0-generate-002",
    "imagen-4.0-generate-001",
    NULL
};

static const nt_property_t properties[] = {
    NT_PROP("prompt", "str", "\"\"", "What to show, or to change"),
    NT_PROP_ENUM("model", models, "\"imagen-3.0-generate-002\"", "The model"),
    NT_PROP("image", "image", NT_DEFAULT_IMAGE,
            "An image to start from, for Gemini models"),
    NT_PROP_END
};

const nt_node_type_t nt_gemini_image_generation = {
    .type = "gemini.image.ImageGeneration",
    .title = "Image Generation",
    .description = "An image of what a text says, by a model of Google.",
    .properties = properties,
    .outputs = nt_out_image,
    .flags = NT_MODEL_NODE,
    .run = run_generation
};
