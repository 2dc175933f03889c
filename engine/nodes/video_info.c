/*
 * engine/nodes/video_info.c - nodetool.video.*: what is in a video.
 */

#include <stdlib.h>

#include "engine/nodes/video.h"


static const char *const names[] = { "video" };


static nt_node_rc_t
run_fps(nt_node_call_t *call)
{
    bool       good;
    nt_video_t v;

    good = nt_video_open(&v, call, names, 1);
    nt_video_close(&v);

    if (good && v.info[0].fps == 0) {
        return nt_call_fail(call, "'video' has no frame rate");
    }

    return good ? nt_emit_float(call, v.info[0].fps) : NT_NODE_FAIL;
}


static nt_node_rc_t
run_info(nt_node_call_t *call)
{
    size_t                 i;
    nt_video_t             v;
    const nt_media_info_t *info = &v.info[0];

    if (!nt_video_open(&v, call, names, 1)) {
        nt_video_close(&v);
        return NT_NODE_FAIL;
    }

    nt_video_close(&v);

    const struct {
        const char *name;
        json_t     *value;
    } outputs[] = { { "duration", json_real(info->duration) },
                    { "width", json_integer(info->width) },
                    { "height", json_integer(info->height) },
                    { "fps", json_real(info->fps) },
                    { "frame_count", json_integer(info->frames) },
                    { "codec", json_string(info->codec) },
                    { "has_audio", json_boolean(info->has_audio) } };

    for (i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        (void) nt_call_emit(call, outputs[i].name, outputs[i].value);
    }

    return NT_NODE_DONE;
}


static nt_node_rc_t
run_extract_audio(nt_node_call_t *call)
{
    bool       good;
    json_t    *ref = NULL;
    nt_video_t v;

    good = nt_video_open(&v, call, names, 1);

    if (good && !v.info[0].has_audio) {
        (void) nt_call_fail(call, "'video' has no sound");
        good = false;
    }

    if (good) {
        nt_video_begin(&v);
        nt_argv_list(&v.f.argv, "-map", "0:a:0", "-c:a", "libopus", "-f",
                     "opus", "out");
        good = nt_ffmpeg_run(&v.f, NULL, NULL);
    }

    if (good) {
        ref = nt_ffmpeg_store(&v.f, "out", "audio", ".opus",
                              json_pack("{s:s}", "format", "opus"));
    }

    nt_video_close(&v);
    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


static nt_node_rc_t
run_extract_frame(nt_node_call_t *call)
{
    bool       good;
    char      *png = NULL;
    double     time = nt_call_float(call, "time");
    size_t     len = 0;
    json_t    *ref = NULL;
    nt_video_t v;

    good = nt_video_open(&v, call, names, 1);

    if (good) {
        nt_ffmpeg_begin(&v.f);
        nt_argv_add(&v.f.argv, "-ss");
        nt_argv_addf(&v.f.argv, "%.6f", time);
        nt_ffmpeg_add_input(&v.f, "0", &v.info[0]);
        nt_argv_list(&v.f.argv, "-map", "0:v:0", "-frames:v", "1", "-c:v",
                     "png", "-f", "image2pipe", "pipe:1");
        good = nt_ffmpeg_run(&v.f, &png, &len);
    }

    if (good && len == 0) {
        (void) nt_call_fail(call,
                            "'time' (%g s) is behind the end of the video, "
                            "which has %g s",
                            time, v.info[0].duration);

    } else if (good) {
        ref = nt_media_store(call, "image", ".png", png, len,
                             json_pack("{s:i, s:i, s:s}", "width",
                                       v.info[0].width, "height",
                                       v.info[0].height, "format", "png"));
    }

    free(png);
    nt_video_close(&v);
    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


/* --- the node types --- */

const nt_node_type_t nt_video_fps = { .type = "nodetool.video.Fps",
                                      .title = "Fps",
                                      .description =
                                          "How many frames a second a video "
                                          "has.",
                                      .properties = nt_video_properties,
                                      .outputs = nt_out_float,
                                      .flags = NT_NODE_ASYNC,
                                      .run = run_fps };

static const nt_output_t info_outputs[] = {
    { "duration", "float" },  { "width", "int" },
    { "height", "int" },      { "fps", "float" },
    { "frame_count", "int" }, { "codec", "str" },
    { "has_audio", "bool" },  { NULL, NULL }
};

const nt_node_type_t nt_video_info = {
    .type = "nodetool.video.GetVideoInfo",
    .title = "Get Video Info",
    .description = "Length, size, frame rate and codec of a video.",
    .properties = nt_video_properties,
    .outputs = info_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_info
};

const nt_node_type_t nt_video_extract_audio = {
    .type = "nodetool.video.ExtractAudio",
    .title = "Extract Audio",
    .description = "Takes the sound out of a video.",
    .properties = nt_video_properties,
    .outputs = nt_media_out_audio,
    .flags = NT_NODE_ASYNC,
    .run = run_extract_audio
};

static const nt_property_t frame_properties[] = {
    NT_PROP_VIDEO("video", "The video"),
    NT_PROP_RANGE("time", "float", "0.0", &nt_media_zero, NULL,
                  "When, in seconds"),
    NT_PROP_END
};

static const nt_output_t image_output[] = { { "output", "image" },
                                            { NULL, NULL } };

const nt_node_type_t nt_video_extract_frame = {
    .type = "nodetool.video.ExtractFrame",
    .title = "Extract Frame",
    .description = "Takes a picture out of a video.",
    .properties = frame_properties,
    .outputs = image_output,
    .flags = NT_NODE_ASYNC,
    .run = run_extract_frame
};
