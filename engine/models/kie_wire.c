/*
 * engine/models/kie_wire.c - Kie.ai's requests: uploads, tasks and their
 * state.
 *
 * Replies are {"code", "msg", "data"}, with a status of 200 also for failures.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/models/kie.h"

#define UPLOAD_BASE "https://kieai.redpandaai.co"

/* How an API tells about its tasks. */
static const struct {
    const char *status; /* the path of their state, before the id */
    const char *member; /* of the state in "data" */
    const char *done;
    const char *failed[4]; /* ended by NULL if there are less */
} apis[] = { [NT_KIE_JOBS] = { "/api/v1/jobs/recordInfo",
                               "state",
                               "success",
                               { "fail", "failed" } },
             [NT_KIE_SUNO] = { "/api/v1/generate/record-info",
                               "status",
                               "SUCCESS",
                               { "CREATE_TASK_FAILED", "GENERATE_AUDIO_FAILED",
                                 "CALLBACK_EXCEPTION",
                                 "SENSITIVE_WORD_ERROR" } },
             [NT_KIE_VEO] = { "/api/v1/veo/record-info",
                              "successFlag",
                              "1",
                              { "2", "3" } },
             [NT_KIE_RUNWAY] = { "/api/v1/runway/record-detail",
                                 "state",
                                 "success",
                                 { "fail" } } };


/* Fails for a reply that says so; NULL for a reply that is NULL. */
static json_t *
checked(nt_node_call_t *call, json_t *reply)
{
    json_t     *code = json_object_get(reply, "code");
    const char *text = json_string_value(json_object_get(reply, "msg"));

    if (reply == NULL || code == NULL || json_integer_value(code) == 200) {
        return reply;
    }

    if (text == NULL) {
        text = json_string_value(json_object_get(reply, "message"));
    }

    (void) nt_call_fail(call, "Kie.ai: %s (%lld)",
                        text != NULL ? text : "the request failed",
                        (long long) json_integer_value(code));
    json_decref(reply);

    return NULL;
}


/* --- uploads --- */

static bool
take_url(nt_node_call_t *call, json_t *reply, nt_buf_t *url)
{
    json_t *text =
        json_object_get(json_object_get(reply, "data"), "downloadUrl");

    if (reply == NULL) {
        return false;
    }

    if (!json_is_string(text)) {
        json_decref(reply);
        (void) nt_call_fail(call, "Kie.ai did not take the file");
        return false;
    }

    nt_buf_append(url, json_string_value(text), json_string_length(text));
    json_decref(reply);

    return !url->failed;
}


bool
nt_kie_upload(nt_node_call_t *call, const nt_model_t *model, const char *name,
              const json_t *ref, nt_buf_t *url)
{
    char        file[160];
    nt_str_t    data;
    nt_form_t   form;
    nt_model_t  upload = *model;
    const char *type, *uri = json_string_value(json_object_get(ref, "uri"));

    if (uri != NULL &&
        (strncmp(uri, "https://", 8) == 0 || strncmp(uri, "http://", 7) == 0))
    {
        nt_buf_append_str(url, nt_str(uri));
        return !url->failed;
    }

    if (!nt_model_load(call, ref, &data)) {
        return false;
    }

    type = nt_media_type(data);
    if (type == NULL || !nt_form_start(call, &form)) {
        free((char *) (uintptr_t) data.data);
        (void) nt_call_fail(call, "'%s' is of no known format", name);
        return false;
    }

    if (!model->trusted) {
        upload.base = UPLOAD_BASE;
    }

    snprintf(file, sizeof(file), "%s.%s", form.boundary + 9,
             nt_media_extension(type));
    nt_form_text(&form, "uploadPath", nt_str("nodetool"));
    nt_form_text(&form, "fileName", nt_str(file));
    nt_form_file(&form, "file", type, data);
    free((char *) (uintptr_t) data.data);

    return take_url(call,
                    checked(call, nt_form_send(call, &upload,
                                               "/api/file-stream-upload", &form,
                                               600)),
                    url);
}


/* --- tasks --- */

static json_t *
start(nt_node_call_t *call, const nt_model_t *model, const nt_kie_t *kie,
      const json_t *body)
{
    json_t *reply, *id;

    reply = checked(call, nt_provider_json(call, model,
                                           kie->api == NT_KIE_JOBS
                                               ? "/api/v1/jobs/createTask"
                                               : kie->model,
                                           body, 120));
    if (reply == NULL) {
        return NULL;
    }

    id = json_incref(json_object_get(json_object_get(reply, "data"), "taskId"));
    json_decref(reply);

    if (!json_is_string(id)) {
        json_decref(id);
        (void) nt_call_fail(call, "Kie.ai did not start on the task");
        return NULL;
    }

    return id;
}


static nt_task_state_t
look(nt_node_call_t *call, const json_t *status, nt_kie_api_t api)
{
    char        number[24];
    json_t     *data = json_object_get(status, "data");
    json_t     *value = json_object_get(data, apis[api].member);
    const char *state = json_string_value(value), *text;

    if (json_integer_value(json_object_get(status, "code")) != 200) {
        (void) checked(call, json_incref((json_t *) (uintptr_t) status));
        return NT_TASK_FAILED;
    }

    if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%lld",
                 (long long) json_integer_value(value));
        state = number;
    }

    if (state == NULL || strcmp(state, apis[api].done) == 0) {
        return state != NULL ? NT_TASK_DONE : NT_TASK_RUNNING;
    }

    for (size_t i = 0; i < 4 && apis[api].failed[i] != NULL; i++) {
        if (strcmp(state, apis[api].failed[i]) == 0) {
            text = json_string_value(json_object_get(data, "failMsg"));
            if (text == NULL) {
                text = json_string_value(json_object_get(data, "errorMessage"));
            }

            (void) nt_call_fail(call, "Kie.ai: %s",
                                text != NULL ? text : "the task failed");
            return NT_TASK_FAILED;
        }
    }

    return NT_TASK_RUNNING;
}


#define LOOK(name, api)                                                        \
    static nt_task_state_t name(nt_node_call_t *call, const nt_model_t *model, \
                                const json_t *status)                          \
    {                                                                          \
        return look(call, status, api);                                        \
    }

LOOK(look_jobs, NT_KIE_JOBS)
LOOK(look_suno, NT_KIE_SUNO)
LOOK(look_veo, NT_KIE_VEO)
LOOK(look_runway, NT_KIE_RUNWAY)

static const nt_task_look_t looks[] = { [NT_KIE_JOBS] = look_jobs,
                                        [NT_KIE_SUNO] = look_suno,
                                        [NT_KIE_VEO] = look_veo,
                                        [NT_KIE_RUNWAY] = look_runway };


/* --- results --- */

/* A member that may be JSON as text.  New reference, or NULL. */
static json_t *
unpacked(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);

    if (!json_is_string(value)) {
        return json_incref(value);
    }

    return json_loadb(json_string_value(value), json_string_length(value),
                      JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}


static json_t *
first(const json_t *object, const char *name)
{
    return json_array_get(json_object_get(object, name), 0);
}


/* The text of speech; its name differs. */
static json_t *
text_of(const json_t *result)
{
    json_t *text = json_object_get(result, "text");

    return text != NULL
               ? text
               : json_object_get(json_object_get(result, "resultObject"),
                                 "text");
}


/* Borrowed from what `*holder` holds (a new reference). */
static json_t *
result_of(const nt_kie_t *kie, const json_t *data, json_t **holder)
{
    json_t *value;

    switch (kie->api) {
    case NT_KIE_JOBS:
        *holder = unpacked(data, "resultJson");
        return strcmp(kie->kind, "text") == 0 ? text_of(*holder)
                                              : first(*holder, "resultUrls");

    case NT_KIE_RUNWAY:
        *holder = NULL;
        return json_object_get(json_object_get(data, "videoInfo"), "videoUrl");

    case NT_KIE_SUNO:
        *holder = unpacked(data, "response");
        value = first(*holder, "sunoData");
        return json_object_get(value, "audioUrl");

    default:
        *holder = unpacked(data, "response");
        return first(*holder, "resultUrls");
    }
}


json_t *
nt_kie_task(nt_node_call_t *call, const nt_model_t *model, const nt_kie_t *kie,
            const json_t *body, double timeout, json_t **task)
{
    json_t  *status, *result, *holder = NULL;
    nt_buf_t path = { 0 };

    *task = start(call, model, kie, body);
    if (*task == NULL) {
        return NULL;
    }

    nt_buf_printf(&path, "%s?taskId=", apis[kie->api].status);
    nt_llm_append_escaped(&path, nt_str(json_string_value(*task)));
    nt_buf_append_char(&path, '\0');
    if (path.failed) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    status = nt_task_wait(call, model, path.data, timeout, looks[kie->api]);
    nt_buf_free(&path);
    if (status == NULL) {
        return NULL;
    }

    result =
        json_incref(result_of(kie, json_object_get(status, "data"), &holder));
    json_decref(holder);
    json_decref(status);

    if (!json_is_string(result)) {
        json_decref(result);
        (void) nt_call_fail(call, "Kie.ai sent no %s", kie->kind);
        return NULL;
    }

    return result;
}
