/*
 * engine/models/image.h - images by models.
 */

#ifndef NT_MODELS_IMAGE_H
#define NT_MODELS_IMAGE_H

#include "engine/models/node.h"

/* What is asked for; a member that is as the comment says asks nothing. */
typedef struct {
    nt_str_t    prompt;
    nt_str_t    negative; /* empty */
    int64_t     width;
    int64_t     height;
    double      guidance;  /* 7.5, the default */
    int64_t     steps;     /* 30, the default */
    int64_t     seed;      /* -1 */
    bool        safety;    /* true */
    nt_str_t    image;     /* empty: from the text alone */
    const char *type;      /* of it */
    double      strength;  /* 0.8, the default */
    const char *scheduler; /* "" */
    double      timeout;   /* seconds; 0: none */
} nt_image_ask_t;

/* Make an image: *data is malloc'ed.  False after nt_call_fail. */
bool nt_image_openai(nt_node_call_t *call, const nt_model_t *model,
                     const nt_image_ask_t *ask, nt_str_t *data);
bool nt_image_gemini(nt_node_call_t *call, const nt_model_t *model,
                     const nt_image_ask_t *ask, nt_str_t *data);
bool nt_image_fal(nt_node_call_t *call, const nt_model_t *model,
                  const char *path, const nt_image_ask_t *ask, nt_str_t *data);
bool nt_image_hf(nt_node_call_t *call, const nt_model_t *model,
                 const char *path, const nt_image_ask_t *ask, nt_str_t *data);

/* The same of OpenAI's, with its own parameters (NULL or empty: none): masks
 * are PNG, and white in them is what may change. */
typedef struct {
    nt_str_t    prompt;
    const char *size; /* "1024x1024" */
    const char *quality;
    const char *background;
    nt_str_t    image;
    const char *image_type;
    nt_str_t    mask;
    double      timeout;
} nt_openai_image_t;

bool nt_openai_image(nt_node_call_t *call, const nt_model_t *model,
                     const nt_openai_image_t *ask, nt_str_t *data);

/* Warns of what is asked for that the provider cannot do; what
 * it can is a set of these. */
enum {
    NT_IMAGE_NEGATIVE = 1 << 0,
    NT_IMAGE_DIFFUSION = 1 << 1, /* guidance, steps */
    NT_IMAGE_SEED = 1 << 2,
    NT_IMAGE_SAFETY = 1 << 3,
    NT_IMAGE_STRENGTH = 1 << 4,
    NT_IMAGE_SCHEDULER = 1 << 5
};

void nt_image_tell(nt_node_call_t *call, const nt_model_t *model,
                   const nt_image_ask_t *ask, unsigned can);

/* The ratio of `names`, "16:9" ... ended by NULL, that is nearest. */
const char *nt_nearest_ratio(const char *const *names, int64_t width,
                             int64_t height);

#endif
