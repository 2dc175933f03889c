/*
 * engine/models/video_make.c - videos by Google's Veo
 * (https://ai.google.dev/gemini-api/docs/video), OpenAI's Sora
 * (https://platform.openai.com/docs/api-reference/videos) and fal.ai.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/models/video.h"

#define VIDEO_SECONDS 1200 /* that a video takes at most, if not told */


/* What neither Veo nor Sora can be asked for. */
void
nt_video_tell(nt_node_call_t *call, const nt_model_t *model,
              const nt_video_ask_t *ask)
{
    if (ask->frames != 60) {
        nt_model_tell_lost(call, model, "num_frames");
    }

    if (ask->guidance != 7.5) {
        nt_model_tell_lost(call, model, "guidance_scale");
    }

    if (ask->steps != 30) {
        nt_model_tell_lost(call, model, "num_inference_steps");
    }
}


static double
limit_of(const nt_video_ask_t *ask)
{
    return ask->timeout > 0 ? ask->timeout : VIDEO_SECONDS;
}


/* --- Veo --- */

static json_t *
veo_body(const nt_video_ask_t *ask)
{
    bool     good;
    json_t  *body, *instance, *parameters;
    nt_buf_t base64 = { 0 };

    instance = json_pack("{s:s%}", "prompt", ask->prompt.data, ask->prompt.len);
    parameters = json_pack("{s:s}", "aspectRatio", ask->ratio);
    body = json_pack("{s:[o],s:o}", "instances", instance, "parameters",
                     parameters);
    good = body != NULL;

    if (good && ask->image.len != 0) {
        nt_base64_append(&base64, ask->image);
        good = !base64.failed &&
               json_object_set_new(instance, "image",
                                   json_pack("{s:o,s:s}", "bytesBase64Encoded",
                                             json_stringn_nocheck(base64.data,
                                                                  base64.len),
                                             "mimeType", ask->type)) == 0;
        nt_buf_free(&base64);
    }

    if (good && ask->negative.len != 0) {
        good = json_object_set_new(parameters, "negativePrompt",
                                   json_stringn(ask->negative.data,
                                                ask->negative.len)) == 0;
    }

    if (good && ask->resolution != NULL) {
        good = json_object_set_new(parameters, "resolution",
                                   json_string(ask->resolution)) == 0;
    }

    if (good && ask->seed >= 0) {
        good = json_object_set_new(parameters, "seed",
                                   json_integer(ask->seed)) == 0;
    }

    if (!good) {
        json_decref(body);
        return NULL;
    }

    return body;
}


static nt_task_state_t
veo_look(nt_node_call_t *call, const nt_model_t *model, const json_t *status)
{
    json_t     *error = json_object_get(status, "error");
    const char *text = json_string_value(json_object_get(error, "message"));

    if (error != NULL) {
        (void) nt_call_fail(call, "%s: %s", model->provider->title,
                            text != NULL ? text : "it made no video");
        return NT_TASK_FAILED;
    }

    return json_is_true(json_object_get(status, "done")) ? NT_TASK_DONE
                                                         : NT_TASK_RUNNING;
}


/* Its address needs the key. */
static bool
veo_fetch(nt_node_call_t *call, const nt_model_t *model, const char *uri,
          nt_str_t *data)
{
    const char *path = strstr(uri, "/v1beta/");

    if (path == NULL) {
        return nt_media_fetch(call, model, uri, data);
    }

    return nt_provider_follow(call, model, path, data);
}


static bool
veo_take(nt_node_call_t *call, const nt_model_t *model, const json_t *status,
         nt_str_t *data)
{
    json_t *response = json_object_get(json_object_get(status, "response"),
                                       "generateVideoResponse");
    json_t *video =
        json_object_get(json_array_get(json_object_get(response,
                                                       "generatedSamples"),
                                       0),
                        "video");
    const char *uri = json_string_value(json_object_get(video, "uri"));

    if (uri == NULL) {
        (void) nt_call_fail(call, "Gemini made no video of this prompt: "
                                  "change it");
        return false;
    }

    return veo_fetch(call, model, uri, data);
}


bool
nt_video_gemini(nt_node_call_t *call, const nt_model_t *model,
                const nt_video_ask_t *ask, nt_str_t *data)
{
    bool        good = false;
    char        path[320];
    json_t     *body, *started, *status;
    const char *name;

    body = veo_body(ask);
    if (body == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    snprintf(path, sizeof(path), "/v1beta/models/%s:predictLongRunning",
             model->id);
    started = nt_provider_json(call, model, path, body, 300);
    json_decref(body);

    name = json_string_value(json_object_get(started, "name"));
    if (name == NULL || strlen(name) > 256) {
        json_decref(started);
        (void) nt_call_fail(call, "Gemini did not start on the video");
        return false;
    }

    snprintf(path, sizeof(path), "/v1beta/%s", name);
    json_decref(started);

    status = nt_task_wait(call, model, path, limit_of(ask), veo_look);
    if (status != NULL) {
        good = veo_take(call, model, status, data);
    }

    json_decref(status);

    return good;
}


/* --- OpenAI --- */

static nt_task_state_t
sora_look(nt_node_call_t *call, const nt_model_t *model, const json_t *status)
{
    const char *state = json_string_value(json_object_get(status, "status"));
    const char *text = json_string_value(
        json_object_get(json_object_get(status, "error"), "message"));

    if (state != NULL && strcmp(state, "completed") == 0) {
        return NT_TASK_DONE;
    }

    if (state != NULL && strcmp(state, "failed") == 0) {
        (void) nt_call_fail(call, "%s: %s", model->provider->title,
                            text != NULL ? text : "it made no video");
        return NT_TASK_FAILED;
    }

    return NT_TASK_RUNNING;
}


static json_t *
sora_start(nt_node_call_t *call, const nt_model_t *model,
           const nt_video_ask_t *ask, const char *size)
{
    nt_form_t form;

    if (!nt_form_start(call, &form)) {
        return NULL;
    }

    nt_form_text(&form, "model", nt_str(model->id));
    nt_form_text(&form, "prompt", ask->prompt);
    nt_form_text(&form, "size", nt_str(size));
    if (ask->image.len != 0) {
        nt_form_file(&form, "input_reference", ask->type, ask->image);
    }

    return nt_form_send(call, model, "/videos", &form, 300);
}


bool
nt_video_openai(nt_node_call_t *call, const nt_model_t *model,
                const nt_video_ask_t *ask, nt_str_t *data)
{
    char        id[96], path[128];
    json_t     *started, *status;
    const char *name;

    if (ask->negative.len != 0) {
        nt_model_tell_lost(call, model, "negative_prompt");
    }

    if (ask->seed >= 0) {
        nt_model_tell_lost(call, model, "seed");
    }

    if (strcmp(ask->ratio, "16:9") != 0 && strcmp(ask->ratio, "9:16") != 0) {
        (void) nt_call_fail(call, "OpenAI's videos are 16:9 or 9:16: set "
                                  "'aspect_ratio' to one of them");
        return false;
    }

    if (ask->resolution == NULL || strcmp(ask->resolution, "720p") != 0) {
        nt_model_tell_lost(call, model, "resolution");
    }

    started = sora_start(call, model, ask,
                         ask->ratio[0] == '1' ? "1280x720" : "720x1280");
    name = json_string_value(json_object_get(started, "id"));
    if (name == NULL || strlen(name) >= sizeof(id)) {
        json_decref(started);
        (void) nt_call_fail(call, "OpenAI did not start on the video");
        return false;
    }

    snprintf(id, sizeof(id), "%s", name);
    json_decref(started);
    snprintf(path, sizeof(path), "/videos/%s", id);

    status = nt_task_wait(call, model, path, limit_of(ask), sora_look);
    if (status == NULL) {
        return false;
    }

    json_decref(status);
    snprintf(path, sizeof(path), "/videos/%s/content", id);

    return nt_provider_bytes(call, model, path, (nt_str_t) { NULL, 0 }, NULL, 0,
                             data, NULL);
}


/* --- fal --- */

static json_t *
fal_body(const nt_video_ask_t *ask)
{
    bool     good;
    json_t  *body;
    nt_buf_t uri = { 0 };

    body = json_pack("{s:s%,s:s,s:s,s:I,s:f,s:I}", "prompt", ask->prompt.data,
                     ask->prompt.len, "aspect_ratio", ask->ratio, "resolution",
                     ask->resolution, "num_frames", (json_int_t) ask->frames,
                     "guidance_scale", ask->guidance, "num_inference_steps",
                     (json_int_t) ask->steps);
    good = body != NULL;

    if (good && ask->seed >= 0) {
        good = json_object_set_new(body, "seed", json_integer(ask->seed)) == 0;
    }

    if (good && ask->negative.len != 0) {
        good = json_object_set_new(body, "negative_prompt",
                                   json_stringn(ask->negative.data,
                                                ask->negative.len)) == 0;
    }

    if (good && ask->image.len != 0) {
        nt_data_uri_append(&uri, ask->type, ask->image);
        good =
            !uri.failed &&
            json_object_set_new(body, "image_url",
                                json_stringn_nocheck(uri.data, uri.len)) == 0;
        nt_buf_free(&uri);
    }

    if (!good) {
        json_decref(body);
        return NULL;
    }

    return body;
}


bool
nt_video_fal(nt_node_call_t *call, const nt_model_t *model, const char *path,
             const nt_video_ask_t *ask, nt_str_t *data)
{
    bool        good = false;
    json_t     *body = fal_body(ask), *reply;
    const char *url;

    if (body == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    reply = nt_provider_json(call, model, path, body, limit_of(ask));
    json_decref(body);
    url = json_string_value(
        json_object_get(json_object_get(reply, "video"), "url"));

    if (url != NULL) {
        good = nt_media_fetch(call, model, url, data);
    } else if (reply != NULL) {
        (void) nt_call_fail(call, "%s sent no video", model->provider->title);
    }

    json_decref(reply);

    return good;
}
