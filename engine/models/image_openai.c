/*
 * engine/models/image_openai.c - OpenAI's images
 * (https://platform.openai.com/docs/api-reference/images):
 * openai.image.CreateImage and EditImage.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/models/image.h"


/* Takes the image out of a reply (taken over): {"data": [{"b64_json"}]}, or
 * "url". */
static bool
take_image(nt_node_call_t *call, const nt_model_t *model, json_t *reply,
           nt_str_t *data)
{
    bool    good = false;
    json_t *item = json_array_get(json_object_get(reply, "data"), 0);
    json_t *base64 = json_object_get(item, "b64_json");
    json_t *url = json_object_get(item, "url");

    if (reply == NULL) {
        return false;
    }

    if (json_is_string(base64)) {
        good = nt_media_base64(call, base64, data);
    } else if (json_is_string(url)) {
        good = nt_media_fetch(call, model, json_string_value(url), data);
    } else {
        (void) nt_call_fail(call, "%s sent no image", model->provider->title);
    }

    json_decref(reply);

    return good;
}


static bool
set_text(json_t *body, const char *name, const char *value)
{
    return value == NULL || value[0] == '\0' ||
           json_object_set_new(body, name, json_string(value)) == 0;
}


static json_t *
generate(nt_node_call_t *call, const nt_model_t *model,
         const nt_openai_image_t *ask)
{
    json_t *reply;
    json_t *body = json_pack("{s:s,s:s%,s:i}", "model", model->id, "prompt",
                             ask->prompt.data, ask->prompt.len, "n", 1);

    if (body == NULL || !set_text(body, "size", ask->size) ||
        !set_text(body, "quality", ask->quality) ||
        !set_text(body, "background", ask->background) ||
        /* gpt-image gives nothing else, and refuses to be told */
        !set_text(body, "response_format",
                  strncmp(model->id, "dall-e", 6) == 0 ? "b64_json" : NULL))
    {
        json_decref(body);
        (void) nt_arg_nomem(call);
        return NULL;
    }

    reply = nt_provider_json(call, model, "/images/generations", body,
                             ask->timeout);
    json_decref(body);

    return reply;
}


static json_t *
edit(nt_node_call_t *call, const nt_model_t *model,
     const nt_openai_image_t *ask)
{
    nt_form_t form;

    if (!nt_form_start(call, &form)) {
        return NULL;
    }

    nt_form_text(&form, "model", nt_str(model->id));
    nt_form_text(&form, "prompt", ask->prompt);

    if (ask->size != NULL) {
        nt_form_text(&form, "size", nt_str(ask->size));
    }

    if (ask->quality != NULL) {
        nt_form_text(&form, "quality", nt_str(ask->quality));
    }

    nt_form_file(&form, "image", ask->image_type, ask->image);
    if (ask->mask.len != 0) {
        nt_form_file(&form, "mask", "image/png", ask->mask);
    }

    return nt_form_send(call, model, "/images/edits", &form, ask->timeout);
}


bool
nt_openai_image(nt_node_call_t *call, const nt_model_t *model,
                const nt_openai_image_t *ask, nt_str_t *data)
{
    return take_image(call, model,
                      ask->image.len != 0 ? edit(call, model, ask)
                                          : generate(call, model, ask),
                      data);
}


/* --- for the nodes of any provider --- */

/* Those like OpenAI that take any size: Together. */
static bool
any_size(nt_node_call_t *call, const nt_model_t *model,
         const nt_image_ask_t *ask, nt_str_t *data)
{
    bool    good;
    json_t *reply;
    json_t *body =
        json_pack("{s:s,s:s%,s:I,s:I,s:I,s:i,s:s}", "model", model->id,
                  "prompt", ask->prompt.data, ask->prompt.len, "width",
                  (json_int_t) ask->width, "height", (json_int_t) ask->height,
                  "steps", (json_int_t) ask->steps, "n", 1, "response_format",
                  "base64");

    good = body != NULL;
    if (good && ask->negative.len != 0) {
        good = json_object_set_new(body, "negative_prompt",
                                   json_stringn(ask->negative.data,
                                                ask->negative.len)) == 0;
    }

    if (good && ask->seed >= 0) {
        good = json_object_set_new(body, "seed", json_integer(ask->seed)) == 0;
    }

    if (good && ask->guidance != 7.5) {
        good = json_object_set_new(body, "guidance_scale",
                                   json_real(ask->guidance)) == 0;
    }

    if (!good) {
        json_decref(body);
        (void) nt_arg_nomem(call);
        return false;
    }

    reply = nt_provider_json(call, model, "/images/generations", body,
                             ask->timeout);
    json_decref(body);

    return take_image(call, model, reply, data);
}


bool
nt_image_openai(nt_node_call_t *call, const nt_model_t *model,
                const nt_image_ask_t *ask, nt_str_t *data)
{
    static const char *const ratios[] = { "1:1", "3:2", "2:3", NULL };

    const char       *ratio = nt_nearest_ratio(ratios, ask->width, ask->height);
    nt_openai_image_t own = { .prompt = ask->prompt,
                              .image = ask->image,
                              .image_type = ask->type,
                              .timeout = ask->timeout };

    if (strcmp(model->provider->name, "together") == 0 && ask->image.len == 0) {
        nt_image_tell(call, model, ask,
                      NT_IMAGE_NEGATIVE | NT_IMAGE_DIFFUSION | NT_IMAGE_SEED);
        return any_size(call, model, ask, data);
    }

    nt_image_tell(call, model, ask, 0);

    if (strcmp(model->id, "dall-e-3") == 0) {
        own.size = strcmp(ratio, "1:1") == 0   ? "1024x1024"
                   : strcmp(ratio, "3:2") == 0 ? "1792x1024"
                                               : "1024x1792";
    } else {
        own.size = strcmp(ratio, "1:1") == 0   ? "1024x1024"
                   : strcmp(ratio, "3:2") == 0 ? "1536x1024"
                                               : "1024x1536";
    }

    nt_call_log(call, "info", "%s makes the image %s", model->id, own.size);

    return nt_openai_image(call, model, &own, data);
}


/* --- openai.image --- */

static nt_node_rc_t
run_create(nt_node_call_t *call)
{
    nt_str_t          data;
    nt_model_t        model;
    nt_openai_image_t ask = { .size = nt_call_string(call, "size", NULL),
                              .quality = nt_call_string(call, "quality", NULL),
                              .background =
                                  nt_call_string(call, "background", NULL) };

    if (!nt_arg_filled(call, "prompt", &ask.prompt) ||
        !nt_use_model(call, "openai", nt_call_string(call, "model", NULL),
                      &model) ||
        !nt_openai_image(call, &model, &ask, &data))
    {
        return NT_NODE_FAIL;
    }

    return nt_emit_media(call, "image", NULL, data);
}


static const char *const models[] = { "gpt-image-1", NULL };
static const char *const sizes[] = { "1024x1024", "1536x1024", "1024x1536",
                                     NULL };
static const char *const backgrounds[] = { "transparent", "opaque", "auto",
                                           NULL };
static const char *const qualities[] = { "high", "medium", "low", NULL };

#define MODEL   NT_PROP_ENUM("model", models, "\"gpt-image-1\"", "The model")
#define SIZE    NT_PROP_ENUM("size", sizes, "\"1024x1024\"", "Width and height")
#define QUALITY NT_PROP_ENUM("quality", qualities, "\"high\"", "How fine")

static const nt_property_t create_properties[] = {
    NT_PROP("prompt", "str", "\"\"", "What to show"),
    MODEL,
    SIZE,
    NT_PROP_ENUM("background", backgrounds, "\"auto\"",
                 "What is behind the things that are shown"),
    QUALITY,
    NT_PROP_END
};

const nt_node_type_t nt_openai_create_image = {
    .type = "openai.image.CreateImage",
    .title = "Create Image",
    .description = "An image of what a text says, by a model of OpenAI.",
    .properties = create_properties,
    .outputs = nt_out_image,
    .flags = NT_MODEL_NODE,
    .run = run_create
};


static bool
load_mask(nt_node_call_t *call, nt_str_t *mask)
{
    const char *type;

    if (!nt_arg_is_set(call, "mask")) {
        return true;
    }

    if (!nt_arg_media(call, "mask", "image", mask, &type)) {
        return false;
    }

    if (strcmp(type, "image/png") != 0) {
        (void) nt_call_fail(call, "'mask' must be a PNG whose transparent "
                                  "parts may change");
        return false;
    }

    return true;
}


static nt_node_rc_t
run_edit(nt_node_call_t *call)
{
    bool              good;
    nt_str_t          data;
    nt_model_t        model;
    nt_openai_image_t ask = { .size = nt_call_string(call, "size", NULL),
                              .quality =
                                  nt_call_string(call, "quality", NULL) };

    if (!nt_arg_filled(call, "prompt", &ask.prompt) ||
        !nt_use_model(call, "openai", nt_call_string(call, "model", NULL),
                      &model) ||
        !nt_arg_media(call, "image", "image", &ask.image, &ask.image_type))
    {
        return NT_NODE_FAIL;
    }

    good = load_mask(call, &ask.mask) &&
           nt_openai_image(call, &model, &ask, &data);
    free((char *) (uintptr_t) ask.image.data);
    free((char *) (uintptr_t) ask.mask.data);

    return good ? nt_emit_media(call, "image", NULL, data) : NT_NODE_FAIL;
}


static const nt_property_t edit_properties[] = {
    NT_PROP("image", "image", NT_DEFAULT_IMAGE, "The image"),
    NT_PROP("mask", "image", NT_DEFAULT_IMAGE,
            "A PNG as large as the image: what is transparent in it may "
            "change"),
    NT_PROP("prompt", "str", "\"\"", "What to change"),
    MODEL,
    SIZE,
    QUALITY,
    NT_PROP_END
};

const nt_node_type_t nt_openai_edit_image = {
    .type = "openai.image.EditImage",
    .title = "Edit Image",
    .description = "An image, changed as a text says, by a model of OpenAI.",
    .properties = edit_properties,
    .outputs = nt_out_image,
    .flags = NT_MODEL_NODE,
    .run = run_edit
};
