/*
 * engine/models/image.c - nodetool.image.TextToImage and ImageToImage, by any
 * provider.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/json.h"
#include "engine/models/image.h"


const char *
nt_nearest_ratio(const char *const *names, int64_t width, int64_t height)
{
    double      want = log((double) width / (double) height);
    double      off, least = INFINITY, w, h;
    const char *best = names[0];

    for (size_t i = 0; names[i] != NULL; i++) {
        w = strtod(names[i], NULL);
        h = strtod(strchr(names[i], ':') + 1, NULL);
        off = fabs(log(w / h) - want);
        if (off < least) {
            least = off;
            best = names[i];
        }
    }

    return best;
}


void
nt_image_tell(nt_node_call_t *call, const nt_model_t *model,
              const nt_image_ask_t *ask, unsigned can)
{
    size_t i;
    bool   diffuses = (can & NT_IMAGE_DIFFUSION) != 0;
    bool   edits = ask->image.len != 0;

    const struct {
        const char *name;
        bool        lost;
    } settings[] = { { "negative_prompt",
                       ask->negative.len != 0 && !(can & NT_IMAGE_NEGATIVE) },
                     { "guidance_scale", ask->guidance != 7.5 && !diffuses },
                     { "num_inference_steps", ask->steps != 30 && !diffuses },
                     { "seed", ask->seed >= 0 && !(can & NT_IMAGE_SEED) },
                     { "safety_check",
                       !ask->safety && !(can & NT_IMAGE_SAFETY) },
                     { "strength", edits && ask->strength != 0.8 &&
                                       !(can & NT_IMAGE_STRENGTH) },
                     { "scheduler", edits && ask->scheduler[0] != '\0' &&
                                        !(can & NT_IMAGE_SCHEDULER) } };

    for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (settings[i].lost) {
            nt_model_tell_lost(call, model, settings[i].name);
        }
    }
}


/* --- fal --- */

static bool
set_new(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}


static bool
set_image(json_t *object, const char *name, const nt_image_ask_t *ask)
{
    bool     good;
    nt_buf_t uri = { 0 };

    nt_data_uri_append(&uri, ask->type, ask->image);
    good = !uri.failed &&
           set_new(object, name, json_stringn_nocheck(uri.data, uri.len));
    nt_buf_free(&uri);

    return good;
}


/* What both fal and Hugging Face name so. */
static bool
set_diffusion(json_t *object, const nt_image_ask_t *ask)
{
    return set_new(object, "guidance_scale", json_real(ask->guidance)) &&
           set_new(object, "num_inference_steps", json_integer(ask->steps)) &&
           (ask->seed < 0 ||
            set_new(object, "seed", json_integer(ask->seed))) &&
           (ask->negative.len == 0 ||
            set_new(object, "negative_prompt",
                    json_stringn(ask->negative.data, ask->negative.len)));
}


static json_t *
fal_body(const nt_image_ask_t *ask)
{
    bool    good;
    json_t *body =
        json_pack("{s:s%,s:{s:I,s:I},s:b,s:i}", "prompt", ask->prompt.data,
                  ask->prompt.len, "image_size", "width",
                  (json_int_t) ask->width, "height", (json_int_t) ask->height,
                  "enable_safety_checker", ask->safety, "num_images", 1);

    good = body != NULL && set_diffusion(body, ask);

    if (good && ask->image.len != 0) {
        good = set_image(body, "image_url", ask) &&
               set_new(body, "strength", json_real(ask->strength));
    }

    if (!good) {
        json_decref(body);
        return NULL;
    }

    return body;
}


bool
nt_image_fal(nt_node_call_t *call, const nt_model_t *model, const char *path,
             const nt_image_ask_t *ask, nt_str_t *data)
{
    bool    good = false;
    json_t *body, *reply, *url;

    nt_image_tell(call, model, ask, ~(unsigned) NT_IMAGE_SCHEDULER);

    body = fal_body(ask);
    if (body == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    reply = nt_provider_json(call, model, path, body, ask->timeout);
    json_decref(body);

    url = json_object_get(json_array_get(json_object_get(reply, "images"), 0),
                          "url");
    if (url == NULL) { /* of models that make one image only */
        url = json_object_get(json_object_get(reply, "image"), "url");
    }

    if (json_is_string(url)) {
        good = nt_media_fetch(call, model, json_string_value(url), data);
    } else if (reply != NULL) {
        (void) nt_call_fail(call, "%s sent no image", model->provider->title);
    }

    json_decref(reply);

    return good;
}


/* --- Hugging Face --- */

static json_t *
hf_body(const nt_image_ask_t *ask)
{
    bool     good;
    json_t  *parameters, *body;
    nt_buf_t base64 = { 0 };

    parameters =
        json_pack("{s:{s:I,s:I}}", "target_size", "width",
                  (json_int_t) ask->width, "height", (json_int_t) ask->height);
    if (ask->image.len == 0) {
        json_decref(parameters);
        parameters = json_pack("{s:I,s:I}", "width", (json_int_t) ask->width,
                               "height", (json_int_t) ask->height);
        body = json_pack("{s:s%,s:o}", "inputs", ask->prompt.data,
                         ask->prompt.len, "parameters", parameters);
    } else {
        nt_base64_append(&base64, ask->image);
        body = base64.failed
                   ? NULL
                   : json_pack("{s:o,s:o}", "inputs",
                               json_stringn_nocheck(base64.data, base64.len),
                               "parameters", parameters);
    }

    nt_buf_free(&base64);
    parameters = json_object_get(body, "parameters");
    good = body != NULL && set_diffusion(parameters, ask);

    if (good && ask->image.len != 0) {
        good = set_new(parameters, "prompt",
                       json_stringn(ask->prompt.data, ask->prompt.len)) &&
               set_new(parameters, "strength", json_real(ask->strength)) &&
               (ask->scheduler[0] == '\0' ||
                set_new(parameters, "scheduler", json_string(ask->scheduler)));
    }

    if (!good) {
        json_decref(body);
        return NULL;
    }

    return body;
}


bool
nt_image_hf(nt_node_call_t *call, const nt_model_t *model, const char *path,
            const nt_image_ask_t *ask, nt_str_t *data)
{
    bool    good;
    char   *text;
    json_t *body;

    nt_image_tell(call, model, ask, ~(unsigned) NT_IMAGE_SAFETY);

    body = hf_body(ask);
    text = body != NULL ? nt_json_text(body) : NULL;
    json_decref(body);
    if (text == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    good = nt_provider_bytes(call, model, path, nt_str(text),
                             "application/json", ask->timeout, data, NULL);
    free(text);

    if (good && nt_media_type(*data) == NULL) {
        free((char *) (uintptr_t) data->data);
        (void) nt_call_fail(call, "%s sent no image", model->provider->title);
        return false;
    }

    return good;
}


/* --- nodes --- */

static bool
make_image(nt_node_call_t *call, const nt_image_ask_t *ask, nt_str_t *data)
{
    char       path[320];
    nt_model_t model;

    if (!nt_model_resolve(call, nt_call_input(call, "model"), NT_MODEL_IMAGE,
                          &model))
    {
        return false;
    }

    switch (nt_media_api(call, &model, path, sizeof(path))) {
    case NT_MEDIA_OPENAI:
        return nt_image_openai(call, &model, ask, data);
    case NT_MEDIA_GEMINI:
        return nt_image_gemini(call, &model, ask, data);
    case NT_MEDIA_FAL:
        return nt_image_fal(call, &model, path, ask, data);
    case NT_MEDIA_HF:
        return nt_image_hf(call, &model, path, ask, data);
    case NT_MEDIA_NONE:
        break;
    }

    (void) nt_call_fail(call,
                        "%s makes no images here: choose a model of OpenAI, "
                        "Gemini, Together, Hugging Face or fal.ai",
                        model.provider->title);

    return false;
}


static bool
read_ask(nt_node_call_t *call, nt_image_ask_t *ask)
{
    *ask =
        (nt_image_ask_t) { .guidance = nt_call_float(call, "guidance_scale"),
                           .steps = nt_call_int(call, "num_inference_steps"),
                           .seed = nt_call_int(call, "seed"),
                           .safety = nt_call_bool(call, "safety_check"),
                           .strength = 0.8,
                           .scheduler = "",
                           .timeout =
                               (double) nt_call_int(call, "timeout_seconds") };

    return nt_arg_filled(call, "prompt", &ask->prompt) &&
           nt_arg_str(call, "negative_prompt", &ask->negative);
}


static nt_node_rc_t
run_text_to_image(nt_node_call_t *call)
{
    nt_str_t       data;
    nt_image_ask_t ask;

    if (!read_ask(call, &ask)) {
        return NT_NODE_FAIL;
    }

    ask.width = nt_call_int(call, "width");
    ask.height = nt_call_int(call, "height");

    if (ask.width < 1 || ask.height < 1) {
        return nt_call_fail(call, "'width' and 'height' must be at least 1");
    }

    return make_image(call, &ask, &data)
               ? nt_emit_media(call, "image", NULL, data)
               : NT_NODE_FAIL;
}


static nt_node_rc_t
run_image_to_image(nt_node_call_t *call)
{
    bool           good;
    nt_str_t       data;
    nt_image_ask_t ask;

    if (!read_ask(call, &ask)) {
        return NT_NODE_FAIL;
    }

    ask.width = nt_call_int(call, "target_width");
    ask.height = nt_call_int(call, "target_height");
    ask.strength = nt_call_float(call, "strength");
    ask.scheduler = nt_call_string(call, "scheduler", NULL);

    if (ask.width < 1 || ask.height < 1) {
        return nt_call_fail(call, "'target_width' and 'target_height' must be "
                                  "at least 1");
    }

    if (!nt_arg_media(call, "image", "image", &ask.image, &ask.type)) {
        return NT_NODE_FAIL;
    }

    good = make_image(call, &ask, &data);
    free((char *) (uintptr_t) ask.image.data);

    return good ? nt_emit_media(call, "image", NULL, data) : NT_NODE_FAIL;
}


static const double least_side = 64, most_side = 2048, most_guidance = 30;
static const double most_steps = 100, most_seconds = 3600;

#define MODEL(id, title)                                                       \
    NT_PROP("model", "image_model",                                            \
            "{\"type\":\"image_model\",\"provider\":\"huggingface_fal_ai\","   \
            "\"id\":\"" id "\",\"name\":\"" title "\",\"path\":null,"          \
            "\"supported_tasks\":[]}",                                         \
            "The model, of OpenAI, Gemini, Together, Hugging Face or fal.ai")
#define NEGATIVE NT_PROP("negative_prompt", "str", "\"\"", "What not to show")
#define GUIDANCE                                                               \
    NT_PROP_FLOAT("guidance_scale", "7.5", &nt_zero, &most_guidance,           \
                  "How close to keep to the prompt, of models with diffusion")
#define STEPS                                                                  \
    NT_PROP_INT("num_inference_steps", "30", &nt_one, &most_steps,             \
                "How often to refine, of models with diffusion")
#define SIDE(name, text)                                                       \
    NT_PROP_INT(name, "512", &least_side, &most_side,                          \
                text " in pixels; some models take the nearest they have")
#define SEED                                                                   \
    NT_PROP_INT("seed", "-1", &nt_least_seed, NULL,                            \
                "The same seed makes the same image; -1 for any")
#define SAFETY NT_PROP("safety_check", "bool", "true", "Refuse what offends")
#define TIMEOUT                                                                \
    NT_PROP_INT("timeout_seconds", "0", &nt_zero, &most_seconds,               \
                "Seconds until the node fails; 0 for no limit")

static const nt_property_t text_properties[] = {
    MODEL("fal-ai/flux/schnell", "FLUX.1 Schnell"),
    NT_PROP("prompt", "str", "\"A cat holding a sign that says hello world\"",
            "What to show"),
    NEGATIVE,
    SIDE("width", "Width"),
    SIDE("height", "Height"),
    GUIDANCE,
    STEPS,
    SEED,
    SAFETY,
    TIMEOUT,
    NT_PROP_END
};

const nt_node_type_t nt_text_to_image = { .type = "nodetool.image.TextToImage",
                                          .title = "Text To Image",
                                          .description =
                                              "An image of what a text says.",
                                          .properties = text_properties,
                                          .outputs = nt_out_image,
                                          .flags = NT_MODEL_NODE,
                                          .run = run_text_to_image };


static const nt_property_t image_properties[] = {
    MODEL("fal-ai/flux/dev", "FLUX.1 Dev"),
    NT_PROP("image", "image", NT_DEFAULT_IMAGE, "The image"),
    NT_PROP("prompt", "str", "\"A photorealistic version of the input image\"",
            "What to make of it"),
    NEGATIVE,
    NT_PROP_FLOAT("strength", "0.8", &nt_zero, &nt_one,
                  "How much to change, of models with diffusion"),
    GUIDANCE,
    STEPS,
    SIDE("target_width", "Width"),
    SIDE("target_height", "Height"),
    SEED,
    NT_PROP("scheduler", "str", "\"\"",
            "The scheduler of the diffusion, for Hugging Face's own models"),
    SAFETY,
    TIMEOUT,
    NT_PROP_END
};

const nt_node_type_t nt_image_to_image = {
    .type = "nodetool.image.ImageToImage",
    .title = "Image To Image",
    .description = "An image, changed as a text says.",
    .properties = image_properties,
    .outputs = nt_out_image,
    .flags = NT_MODEL_NODE,
    .run = run_image_to_image
};
