/*
 * engine/models/video.h - videos by models.
 */

#ifndef NT_MODELS_VIDEO_H
#define NT_MODELS_VIDEO_H

#include "engine/models/task.h"

/* The defaults ask for nothing. */
typedef struct {
    nt_str_t    prompt;
    nt_str_t    negative;
    const char *ratio;      /* "16:9" */
    const char *resolution; /* "720p", or NULL */
    int64_t     frames;     /* 60 */
    double      guidance;   /* 7.5 */
    int64_t     steps;      /* 30 */
    int64_t     seed;       /* -1 */
    double      timeout;    /* seconds; 0: 20 minutes */
    nt_str_t    image;      /* empty: from the text alone */
    const char *type;       /* of it */
} nt_video_ask_t;

/* Warns of settings that neither Veo nor Sora can be asked for. */
void nt_video_tell(nt_node_call_t *call, const nt_model_t *model,
                   const nt_video_ask_t *ask);

/* Make a video: *data is malloc'ed.  False after nt_call_fail. */
bool nt_video_gemini(nt_node_call_t *call, const nt_model_t *model,
                     const nt_video_ask_t *ask, nt_str_t *data);
bool nt_video_openai(nt_node_call_t *call, const nt_model_t *model,
                     const nt_video_ask_t *ask, nt_str_t *data);
bool nt_video_fal(nt_node_call_t *call, const nt_model_t *model,
                  const char *path, const nt_video_ask_t *ask, nt_str_t *data);

#endif
