/*
 * engine/models/kie.c - a task of Kie.ai's from properties, and its result.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/json.h"
#include "engine/models/kie.h"

#define KIE_SECONDS 1200 /* that a task takes at most, if not told */

const double      nt_kie_hour = 3600;
const nt_output_t nt_kie_out_text[] = { { "output", "text" }, { NULL, NULL } };

static const nt_kie_rule_t no_rule;

/* A task while it is put together. */
typedef struct {
    nt_node_call_t *call;
    const nt_kie_t *kie;
    nt_model_t      model;
    json_t         *input; /* owned */
} kie_task_t;


static const nt_kie_rule_t *
rule_of(const kie_task_t *t, const char *name)
{
    const nt_kie_rule_t *rule = t->kie->rules;

    for (; rule != NULL && rule->name != NULL; rule++) {
        if (strcmp(rule->name, name) == 0) {
            return rule;
        }
    }

    return &no_rule;
}


/* "negative_tags" as "negativeTags", where the API has such names. */
static void
wire_name(const kie_task_t *t, const char *name, const nt_kie_rule_t *rule,
          char *out, size_t size)
{
    bool   up = false;
    size_t n = 0;

    if (rule->to != NULL) {
        snprintf(out, size, "%s", rule->to);
        return;
    }

    for (; *name != '\0' && n + 1 < size; name++) {
        if (*name == '_' && t->kie->api != NT_KIE_JOBS) {
            up = true;
            continue;
        }

        out[n++] = up ? (char) toupper((unsigned char) *name) : *name;
        up = false;
    }

    out[n] = '\0';
}


static bool
put(kie_task_t *t, const char *name, json_t *value)
{
    if (json_object_set_new(t->input, name, value) == 0) {
        return true;
    }

    (void) nt_arg_nomem(t->call);

    return false;
}


/* --- properties --- */

/* image1, image2 ... come together in one list. */
static bool
put_url(kie_task_t *t, const char *name, bool many, const json_t *ref)
{
    bool     good;
    json_t  *text, *list;
    nt_buf_t url = { 0 };

    good = nt_kie_upload(t->call, &t->model, name, ref, &url);
    text = good ? json_stringn(url.data, url.len) : NULL;
    nt_buf_free(&url);

    if (!good || !many) {
        return good && put(t, name, text);
    }

    list = json_object_get(t->input, name);
    if (list == NULL) {
        list = json_array();
        if (!put(t, name, list)) {
            json_decref(text);
            return false;
        }
    }

    if (json_array_append_new(list, text) != 0) {
        (void) nt_arg_nomem(t->call);
        return false;
    }

    return true;
}


/* The name that media go out under, if no rule has another. */
static const char *
media_name(const kie_task_t *t, const char *type, bool many)
{
    if (t->kie->api == NT_KIE_SUNO) {
        return "uploadUrl";
    }

    if (t->kie->api != NT_KIE_JOBS) {
        return many ? "imageUrls" : type[0] == 'v' ? "videoUrl" : "imageUrl";
    }

    if (many) {
        return type[0] == 'v' ? "video_urls" : "image_urls";
    }

    return type[0] == 'v'   ? "video_url"
           : type[0] == 'a' ? "audio_url"
                            : "image_url";
}


/* An image of a task that it made: {"metadata": {"task_id"}}. */
static bool
put_task(kie_task_t *t, const json_t *ref)
{
    json_t *id = json_object_get(json_object_get(ref, "metadata"), "task_id");

    if (!json_is_string(id)) {
        (void) nt_call_fail(t->call, "'image' must come from another node of "
                                     "Kie.ai's");
        return false;
    }

    return put(t, "task_id", json_incref(id));
}


static bool
put_media(kie_task_t *t, const nt_property_t *p, const nt_kie_rule_t *rule,
          json_t *value)
{
    size_t len = strlen(p->name);
    bool   numbered = isdigit((unsigned char) p->name[len - 1]);
    bool   many =
        numbered || strchr(rule->to != NULL ? rule->to : "", '[') != NULL;
    char        name[48];
    const char *to = rule->to != NULL ? rule->to : media_name(t, p->type, many);

    if (nt_model_ref_empty(value)) {
        if ((rule->flags & NT_KIE_OPTIONAL) ||
            (numbered && p->name[len - 1] != '1')) {
            return true;
        }

        (void) nt_call_fail(t->call, "'%s' is not set: it needs %s %s", p->name,
                            p->type[0] == 'v' ? "a" : "an", p->type);
        return false;
    }

    if (rule->flags & NT_KIE_TASK) {
        return put_task(t, value);
    }

    snprintf(name, sizeof(name), "%.*s", (int) strcspn(to, "["), to);

    return put_url(t, name, many, value);
}


static bool
put_list(kie_task_t *t, const nt_property_t *p, const nt_kie_rule_t *rule,
         json_t *value)
{
    size_t      i;
    json_t     *ref;
    const char *to = rule->to != NULL ? rule->to : media_name(t, "image", true);

    json_array_foreach(value, i, ref)
    {
        if (!nt_model_ref_empty(ref) && !put_url(t, to, true, ref)) {
            return false;
        }
    }

    if (json_object_get(t->input, to) == NULL &&
        !(rule->flags & NT_KIE_OPTIONAL)) {
        (void) nt_call_fail(t->call, "'%s' has no image", p->name);
        return false;
    }

    return true;
}


/* Scenes and their durations, of a data frame with columns of these names. */
static bool
put_shots(kie_task_t *t, const char *name, const json_t *frame)
{
    size_t      i, scene = SIZE_MAX, duration = SIZE_MAX;
    json_t     *item, *shots = json_array();
    const char *column;

    json_array_foreach(json_object_get(frame, "columns"), i, item)
    {
        column = json_string_value(json_object_get(item, "name"));
        if (column != NULL && strcasecmp(column, "scene") == 0) {
            scene = i;
        } else if (column != NULL && strcasecmp(column, "duration") == 0) {
            duration = i;
        }
    }

    json_array_foreach(json_object_get(frame, "data"), i, item)
    {
        if (scene == SIZE_MAX || duration == SIZE_MAX ||
            json_array_append_new(shots,
                                  json_pack("{s:O,s:O}", "scene",
                                            json_array_get(item, scene),
                                            "duration",
                                            json_array_get(item, duration))) !=
                0)
        {
            json_decref(shots);
            (void) nt_call_fail(t->call,
                                "'%s' must have the columns scene "
                                "and duration",
                                name);
            return false;
        }
    }

    if (json_array_size(shots) == 0) {
        json_decref(shots);
        (void) nt_call_fail(t->call, "'%s' has no rows", name);
        return false;
    }

    return put(t, name, shots);
}


/* Texts that nothing can be made without; others are left out when they are
 * empty. */
static bool
is_required(const char *name)
{
    static const char *const names[] = { "prompt",  "text",      "audio_id",
                                         "task_id", "video_url", "voice" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }

    return false;
}


/* What asks for nothing: an empty text, a seed that is any; at Suno's, the
 * number 0. */
static bool
is_left_out(const kie_task_t *t, const nt_property_t *p, const json_t *value)
{
    if (strcmp(p->name, "seed") == 0) {
        return json_integer_value(value) <= 0;
    }

    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (t->kie->api == NT_KIE_SUNO && json_is_number(value) &&
            json_number_value(value) == 0);
}


static bool
put_plain(kie_task_t *t, const nt_property_t *p, const nt_kie_rule_t *rule,
          json_t *value)
{
    char  name[48];
    char *text;

    if (is_left_out(t, p, value)) {
        if (!is_required(p->name) || (rule->flags & NT_KIE_OPTIONAL)) {
            return true;
        }

        (void) nt_call_fail(t->call, "'%s' is empty: it needs a text", p->name);
        return false;
    }

    wire_name(t, p->name, rule, name, sizeof(name));
    if ((rule->flags & NT_KIE_NUMBER) && json_is_string(value)) {
        return put(t, name,
                   json_integer(strtoll(json_string_value(value), NULL, 10)));
    }

    if (!(rule->flags & NT_KIE_TEXT)) {
        return put(t, name, json_incref(value));
    }

    text = nt_json_text(value);
    if (text == NULL) {
        (void) nt_arg_nomem(t->call);
        return false;
    }

    value = json_string(text);
    free(text);

    return put(t, name, value);
}


static bool
put_property(kie_task_t *t, const nt_property_t *p)
{
    json_t              *value = nt_call_input(t->call, p->name);
    const nt_kie_rule_t *rule = rule_of(t, p->name);

    if (strcmp(p->name, "timeout_seconds") == 0 || (rule->flags & NT_KIE_MODEL))
    {
        return true;
    }

    if (strcmp(p->type, "image") == 0 || strcmp(p->type, "audio") == 0 ||
        strcmp(p->type, "video") == 0)
    {
        return put_media(t, p, rule, value);
    }

    if (strcmp(p->type, "list[image]") == 0) {
        return put_list(t, p, rule, value);
    }

    if (strcmp(p->type, "dataframe") == 0) {
        return put_shots(t, p->name, value);
    }

    return put_plain(t, p, rule, value);
}


static bool
put_all(kie_task_t *t)
{
    const nt_kie_rule_t *rule = t->kie->rules;

    for (const nt_property_t *p = t->kie->properties; p->name != NULL; p++) {
        if (!put_property(t, p)) {
            return false;
        }
    }

    for (; rule != NULL && rule->name != NULL; rule++) {
        if (rule->name[0] == '\0' &&
            !put(t, rule->to, json_string(rule->value))) {
            return false;
        }
    }

    return true;
}


/* --- requests --- */

/* {"model", "input"}, or the input alone. */
static json_t *
body_of(kie_task_t *t)
{
    char                 model[128];
    const nt_kie_rule_t *rule = t->kie->rules;

    if (t->kie->api != NT_KIE_JOBS) {
        return json_incref(t->input);
    }

    snprintf(model, sizeof(model), "%s", t->kie->model);

    for (; rule != NULL && rule->name != NULL; rule++) {
        if (rule->flags & NT_KIE_MODEL) {
            snprintf(model, sizeof(model), "%s%s", t->kie->model,
                     nt_call_string(t->call, rule->name, NULL));
        }
    }

    return json_pack("{s:s,s:O}", "model", model, "input", t->input);
}


static nt_node_rc_t
emit_result(kie_task_t *t, const json_t *result, json_t *task)
{
    json_t  *ref;
    nt_str_t data;

    if (strcmp(t->kie->kind, "text") == 0) {
        return nt_emit(t->call,
                       json_pack("{s:s,s:s,s:n,s:O,s:n}", "type", "text", "uri",
                                 "", "asset_id", "data", result, "metadata"));
    }

    if (!nt_media_fetch(t->call, &t->model, json_string_value(result), &data)) {
        return NT_NODE_FAIL;
    }

    ref = nt_store_media(t->call, t->kie->kind, NULL, data);
    free((char *) (uintptr_t) data.data);

    if (ref != NULL &&
        json_object_set_new(ref, "metadata",
                            json_pack("{s:O}", "task_id", task)) != 0)
    {
        json_decref(ref);
        return nt_arg_nomem(t->call);
    }

    return ref != NULL ? nt_emit(t->call, ref) : NT_NODE_FAIL;
}


static nt_node_rc_t
run_task(kie_task_t *t)
{
    double       timeout = (double) nt_call_int(t->call, "timeout_seconds");
    json_t      *body = body_of(t), *result, *task = NULL;
    nt_node_rc_t rc;

    if (body == NULL) {
        return nt_arg_nomem(t->call);
    }

    result = nt_kie_task(t->call, &t->model, t->kie, body,
                         timeout > 0 ? timeout : KIE_SECONDS, &task);
    json_decref(body);
    rc = result != NULL ? emit_result(t, result, task) : NT_NODE_FAIL;
    json_decref(result);
    json_decref(task);

    return rc;
}


nt_node_rc_t
nt_kie_run(nt_node_call_t *call, const nt_kie_t *kie)
{
    kie_task_t   t = { .call = call, .kie = kie };
    nt_node_rc_t rc;

    if (!nt_use_model(call, "kie", "", &t.model)) {
        return NT_NODE_FAIL;
    }

    t.input = json_object();
    if (t.input == NULL) {
        return nt_arg_nomem(call);
    }

    rc = put_all(&t) ? run_task(&t) : NT_NODE_FAIL;
    json_decref(t.input);

    return rc;
}
