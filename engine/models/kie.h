/*
 * engine/models/kie.h - nodes about the models of Kie.ai (https://docs.kie.ai):
 *
 *   kie.c        a task from properties, its result
 *   kie_wire.c   its requests
 *   kie_audio.c, kie_image*.c, kie_video*.c   the node types
 *
 * A node is its properties and the model's name: a property goes out under
 * its own name, as its type says, unless the node has another rule for it.
 */

#ifndef NT_MODELS_KIE_H
#define NT_MODELS_KIE_H

#include "engine/models/task.h"

/* Where tasks are sent, and asked about. */
typedef enum {
    NT_KIE_JOBS,  /* {"model", "input": {...}} */
    NT_KIE_SUNO,  /* /api/v1/generate: names in camelCase */
    NT_KIE_VEO,   /* /api/v1/veo */
    NT_KIE_RUNWAY /* /api/v1/runway */
} nt_kie_api_t;

/* Rules for the property `name`, in the order in which they are looked for;
 * a NULL name ends them. */
typedef struct {
    const char *name;  /* "" for a member that no property gives */
    const char *to;    /* its name in the request; NULL: it stays */
    const char *value; /* of a member that no property gives */
    unsigned    flags;
} nt_kie_rule_t;

enum {
    NT_KIE_OPTIONAL = 1 << 0, /* left out when it is empty */
    NT_KIE_TEXT = 1 << 1,     /* a number as text */
    NT_KIE_TASK = 1 << 2,     /* the task that made the image */
    NT_KIE_MODEL = 1 << 3,    /* stands behind the model's name */
    NT_KIE_NUMBER = 1 << 4    /* a text as a number */
};

typedef struct {
    nt_kie_api_t         api;
    const char          *model; /* or, of other APIs than JOBS, the path */
    const char          *kind;  /* of the result: "image", "audio", "video",
                                 * "text" */
    const nt_kie_rule_t *rules; /* NULL for none */
    const nt_property_t *properties;
} nt_kie_t;

nt_node_rc_t nt_kie_run(nt_node_call_t *call, const nt_kie_t *kie);

/* --- kie_wire.c --- */

/* Uploads the media behind a ref, unless it is on the web already, and appends
 * its URL.  False after nt_call_fail. */
bool nt_kie_upload(nt_node_call_t *call, const nt_model_t *model,
                   const char *name, const json_t *ref, nt_buf_t *url);

/* Starts a task and waits for it: the URL of its result, or its text, a new
 * reference; *task is its id, a new reference.  NULL after nt_call_fail. */
json_t *nt_kie_task(nt_node_call_t *call, const nt_model_t *model,
                    const nt_kie_t *kie, const json_t *body, double timeout,
                    json_t **task);

/* --- for the files of node types --- */

#define NT_KIE_RULES(...)                                                      \
    (const nt_kie_rule_t[])                                                    \
    {                                                                          \
        __VA_ARGS__,                                                           \
        {                                                                      \
            .name = NULL                                                       \
        }                                                                      \
    }

#define NT_KIE_ENUM(property, json, text, ...)                                 \
    {                                                                          \
        .name = property, .type = "enum", .default_json = json,                \
        .values = (const char *const[]) { __VA_ARGS__, NULL },                 \
        .description = text                                                    \
    }

#define NT_KIE_NODE(id, type_name, name, text, result, api_name, model_name,   \
                    rule_list, ...)                                            \
    static const nt_property_t id##_properties[] = { NT_KIE_TIMEOUT,           \
                                                     __VA_ARGS__,              \
                                                     NT_PROP_END };            \
                                                                               \
    static const nt_kie_t id##_kie = { .api = api_name,                        \
                                       .model = model_name,                    \
                                       .kind = #result,                        \
                                       .rules = rule_list,                     \
                                       .properties = id##_properties };        \
                                                                               \
    static nt_node_rc_t id##_run(nt_node_call_t *call)                         \
    {                                                                          \
        return nt_kie_run(call, &id##_kie);                                    \
    }                                                                          \
                                                                               \
    static const nt_node_type_t id = { .type = "kie." type_name,               \
                                       .title = name,                          \
                                       .description = text,                    \
                                       .properties = id##_properties,          \
                                       .outputs = nt_kie_out_##result,         \
                                       .flags = NT_MODEL_NODE,                 \
                                       .run = id##_run }

extern const double      nt_kie_hour;
extern const nt_output_t nt_kie_out_text[];

#define nt_kie_out_image nt_out_image
#define nt_kie_out_audio nt_out_audio
#define nt_kie_out_video nt_out_video

#define NT_KIE_TIMEOUT                                                         \
    NT_PROP_INT("timeout_seconds", "0", &nt_zero, &nt_kie_hour,                \
                "Seconds until the node fails; 0 for 20 minutes")

#endif
