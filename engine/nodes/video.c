/*
 * engine/nodes/video.c - nodetool.video.*: how videos are made, and nodes that
 * change one by a filter.
 */

#include "engine/nodes/video.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/nodes/registry.h"


#define SIZE_MAX_PX 8192


const nt_property_t nt_video_properties[] = {
    NT_PROP_VIDEO("video", "The video"), NT_PROP_END
};


/* --- how videos are made --- */

bool
nt_video_open(nt_video_t *v, nt_node_call_t *call, const char *const *names,
              size_t n)
{
    char   file[32];
    size_t i;

    *v = (nt_video_t) { 0 };

    if (!nt_ffmpeg_open(&v->f, call)) {
        return false;
    }

    for (i = 0; i < n; i++) {
        (void) snprintf(file, sizeof(file), "%zu", i);

        if (!nt_ffmpeg_input(&v->f, names[i], "a video",
                             nt_call_input(call, names[i])) ||
            !nt_ffmpeg_probe(&v->f, file, &v->info[i]))
        {
            return false;
        }

        if (!v->info[i].has_video) {
            (void) nt_call_fail(call, "'%s' has no pictures", names[i]);
            return false;
        }
    }

    return true;
}


void
nt_video_close(nt_video_t *v)
{
    nt_ffmpeg_close(&v->f);
}


void
nt_video_begin(nt_video_t *v)
{
    char     file[16];
    unsigned i;

    nt_ffmpeg_begin(&v->f);

    for (i = 0; i < v->f.n_inputs; i++) {
        (void) snprintf(file, sizeof(file), "%u", i);
        nt_ffmpeg_add_input(&v->f, file, &v->info[i]);
    }
}


/* MP4 takes these as they are. */
static bool
is_copied(const char *codec)
{
    static const char *const codecs[] = { "aac",  "mp3",  "ac3",  "eac3",
                                          "opus", "alac", "flac", NULL };
    size_t                   i;

    for (i = 0; codecs[i] != NULL; i++) {
        if (strcmp(codec, codecs[i]) == 0) {
            return true;
        }
    }

    return false;
}


void
nt_video_filter(nt_video_t *v, nt_buf_t *graph, bool has_a, int sound)
{
    nt_argv_t *argv = &v->f.argv;

    nt_buf_append_char(graph, '\0');
    nt_argv_add(argv, "-filter_complex");
    nt_argv_add(argv, graph->failed ? "" : graph->data);
    argv->failed |= graph->failed;
    nt_buf_free(graph);

    nt_argv_list(argv, "-map", "[v]", "-c:v", "libx264", "-preset", "veryfast");

    if (has_a) {
        nt_argv_list(argv, "-map", "[a]", "-c:a", "aac");

    } else if (sound >= 0 && v->info[sound].has_audio) {
        nt_argv_add(argv, "-map");
        nt_argv_addf(argv, "%d:a:0", sound);
        nt_argv_list(argv, "-c:a",
                     is_copied(v->info[sound].audio_codec) ? "copy" : "aac");
    }
}


nt_node_rc_t
nt_video_emit(nt_video_t *v, const char *file, const char *extension)
{
    json_t         *ref, *metadata;
    nt_media_info_t info;
    nt_node_call_t *call = v->f.call;

    if (!nt_ffmpeg_probe(&v->f, file, &info)) {
        nt_video_close(v);
        return NT_NODE_FAIL;
    }

    metadata =
        json_pack("{s:i, s:i, s:f, s:f, s:b}", "width", info.width, "height",
                  info.height, "fps", info.fps, "duration_seconds",
                  info.duration, "has_audio", info.has_audio);
    ref = nt_ffmpeg_store(&v->f, file, "video", extension, metadata);
    nt_video_close(v);

    if (ref == NULL) {
        return NT_NODE_FAIL;
    }

    if (json_object_set_new(ref, "duration", json_real(info.duration)) != 0 ||
        json_object_set_new(ref, "format", json_string(extension + 1)) != 0)
    {
        json_decref(ref);
        return nt_arg_nomem(call);
    }

    return nt_emit(call, ref);
}


nt_node_rc_t
nt_video_finish(nt_video_t *v, bool good)
{
    if (good) {
        nt_argv_list(&v->f.argv, "-movflags", "+faststart", "-f", "mp4",
                     "out.mp4");
        good = nt_ffmpeg_run(&v->f, NULL, NULL);
    }

    if (!good) {
        nt_video_close(v);
        return NT_NODE_FAIL;
    }

    return nt_video_emit(v, "out.mp4", ".mp4");
}


bool
nt_video_color(nt_node_call_t *call, const char *name, char color[9])
{
    const char *text =
        json_string_value(json_object_get(nt_call_input(call, name), "value"));

    if (text == NULL || text[0] != '#' || strlen(text) != 7 ||
        strspn(text + 1, "0123456789abcdefABCDEF") != 6)
    {
        (void) nt_call_fail(call, "'%s' must be a color such as #00FF00", name);
        return false;
    }

    (void) snprintf(color, 9, "0x%s", text + 1);
    return true;
}


/* --- nodes that change one video --- */

/* Appends the filters for pictures to `v`, for sound to `a`; nothing for what
 * stays.  False after nt_call_fail. */
typedef bool (*filter_t)(nt_node_call_t *call, const nt_media_info_t *info,
                         nt_buf_t *v, nt_buf_t *a);


static nt_node_rc_t
run_filter(nt_node_call_t *call, filter_t filter)
{
    static const char *const names[] = { "video" };

    bool       good, sound = false;
    nt_buf_t   graph = { 0 }, a = { 0 };
    nt_video_t v;

    good = nt_video_open(&v, call, names, 1);

    nt_buf_append_str(&graph, NT_STR("[0:v:0]"));
    good = good && filter(call, &v.info[0], &graph, &a);

    if (good) {
        nt_buf_append_str(&graph, NT_STR("," NT_VIDEO_EVEN "[v]"));
        sound = a.len > 0 && v.info[0].has_audio;

        if (sound) {
            nt_buf_append_str(&graph, NT_STR(";[0:a:0]"));
            nt_buf_append(&graph, a.data, a.len);
            nt_buf_append_str(&graph, NT_STR("[a]"));
        }

        nt_video_begin(&v);
        nt_video_filter(&v, &graph, sound, 0);
    }

    nt_buf_free(&graph);
    nt_buf_free(&a);
    return nt_video_finish(&v, good);
}


static bool
trim(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
     nt_buf_t *a)
{
    double start = nt_call_float(call, "start_time");
    double end = nt_call_float(call, "end_time");

    if (start < 0 || (end >= 0 && end <= start)) {
        (void) nt_call_fail(call,
                            "'end_time' (%g s) must be after "
                            "'start_time' (%g s), or -1",
                            end, start);
        return false;
    }

    if (info->duration > 0 && start >= info->duration) {
        (void) nt_call_fail(call,
                            "'start_time' (%g s) is behind the end of the "
                            "video, which has %g s",
                            start, info->duration);
        return false;
    }

    nt_buf_printf(v, "trim=start=%.6f", start);
    nt_buf_printf(a, "atrim=start=%.6f", start);

    if (end >= 0) {
        nt_buf_printf(v, ":end=%.6f", end);
        nt_buf_printf(a, ":end=%.6f", end);
    }

    nt_buf_append_str(v, NT_STR(",setpts=PTS-STARTPTS"));
    nt_buf_append_str(a, NT_STR(",asetpts=PTS-STARTPTS"));
    return true;
}


static bool
check_size(nt_node_call_t *call, const char *name)
{
    int64_t n = nt_call_int(call, name);

    if (n == -1 || (n > 0 && n <= SIZE_MAX_PX)) {
        return true;
    }

    (void) nt_call_fail(call, "'%s' must be 1 to %d, or -1", name, SIZE_MAX_PX);
    return false;
}


static bool
resize(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
       nt_buf_t *a)
{
    if (!check_size(call, "width") || !check_size(call, "height")) {
        return false;
    }

    nt_buf_printf(v, "scale=%d:%d", (int) nt_call_int(call, "width"),
                  (int) nt_call_int(call, "height"));
    return true;
}


static bool
turn(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
     nt_buf_t *a)
{
    nt_buf_printf(v, "rotate=%.6f", nt_call_float(call, "angle") * M_PI / 180);
    return true;
}


/* A filter changes the tempo by 2 at most without skipping sound. */
static bool
speed(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
      nt_buf_t *a)
{
    double factor = nt_call_float(call, "speed_factor");

    if (!(factor >= 0.01 && factor <= 100)) {
        (void) nt_call_fail(call, "'speed_factor' must be 0.01 to 100");
        return false;
    }

    nt_buf_printf(v, "setpts=PTS/%.6f", factor);

    if (info->fps > 0) { /* more frames are not seen, fewer are no slower */
        nt_buf_printf(v, ",fps=%.6f", info->fps);
    }

    while (factor > 2) {
        nt_buf_append_str(a, NT_STR("atempo=2,"));
        factor /= 2;
    }

    while (factor < 0.5) {
        nt_buf_append_str(a, NT_STR("atempo=0.5,"));
        factor *= 2;
    }

    nt_buf_printf(a, "atempo=%.6f", factor);
    return true;
}


static bool
balance(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
        nt_buf_t *a)
{
    nt_buf_printf(v, "colorbalance=rs=%.6f:gs=%.6f:bs=%.6f",
                  nt_call_float(call, "red_adjust") - 1,
                  nt_call_float(call, "green_adjust") - 1,
                  nt_call_float(call, "blue_adjust") - 1);
    return true;
}


/* The filter's strength starts at 1. */
static bool
denoise(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
        nt_buf_t *a)
{
    double strength = nt_call_float(call, "strength");

    if (strength > 0) {
        nt_buf_printf(v, "nlmeans=s=%.6f", strength < 1 ? 1 : strength);
    } else {
        nt_buf_append_str(v, NT_STR("null"));
    }

    return true;
}


static bool
sharpen(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
        nt_buf_t *a)
{
    nt_buf_printf(v, "unsharp=5:5:%.6f:5:5:%.6f",
                  nt_call_float(call, "luma_amount"),
                  nt_call_float(call, "chroma_amount"));
    return true;
}


/* A box is no larger than the picture. */
static bool
blur(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
     nt_buf_t *a)
{
    double strength = nt_call_float(call, "strength");

    nt_buf_printf(v,
                  "boxblur=luma_radius='min(%.6f,min(w,h)/2)':"
                  "chroma_radius='min(%.6f,min(cw,ch)/2)'",
                  strength, strength);
    return true;
}


static bool
saturate(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
         nt_buf_t *a)
{
    nt_buf_printf(v, "eq=saturation=%.6f", nt_call_float(call, "saturation"));
    return true;
}


static bool
reverse(nt_node_call_t *call, const nt_media_info_t *info, nt_buf_t *v,
        nt_buf_t *a)
{
    nt_buf_append_str(v, NT_STR("reverse"));
    nt_buf_append_str(a, NT_STR("areverse"));
    return true;
}


/* --- the node types --- */

static const double angle_min = -360, angle_max = 360;

#define CHANGE(id, node, label, filter, about, ...)                            \
    static const nt_property_t id##_properties[] = {                           \
        NT_PROP_VIDEO("video", "The video"), __VA_ARGS__, NT_PROP_END          \
    };                                                                         \
    CHANGE_TYPE(id, node, label, filter, about, id##_properties)

#define CHANGE_TYPE(id, node, label, filter, about, list)                      \
    static nt_node_rc_t id##_run(nt_node_call_t *call)                         \
    {                                                                          \
        return run_filter(call, filter);                                       \
    }                                                                          \
                                                                               \
    static const nt_node_type_t id = { .type = "nodetool.video." node,         \
                                       .title = label,                         \
                                       .description = about,                   \
                                       .properties = list,                     \
                                       .outputs = nt_media_out_video,          \
                                       .flags = NT_NODE_ASYNC,                 \
                                       .run = id##_run }

CHANGE(trim_type, "Trim", "Trim", trim, "Takes a part out of a video.",
       NT_PROP("start_time", "float", "0.0", "Where it begins, in seconds"),
       NT_PROP("end_time", "float", "-1.0",
               "Where it ends, in seconds; -1 for the video's end"));
CHANGE(resize_type, "Resize", "Resize", resize, "Changes the size of a video.",
       NT_PROP("width", "int", "-1", "Pixels; -1 for what fits the height"),
       NT_PROP("height", "int", "-1", "Pixels; -1 for what fits the width"));
CHANGE(rotate_type, "Rotate", "Rotate", turn,
       "Turns the pictures of a video; its size stays.",
       NT_PROP_RANGE("angle", "float", "0.0", &angle_min, &angle_max,
                     "Degrees, clockwise"));
CHANGE(speed_type, "SetSpeed", "Set Speed", speed,
       "Plays a video faster or slower.",
       NT_PROP("speed_factor", "float", "1.0",
               "Above 1 faster, below 1 slower"));
CHANGE(balance_type, "ColorBalance", "Color Balance", balance,
       "Changes how much of each color is in the shadows of a video.",
       NT_PROP_RANGE("red_adjust", "float", "1.0", &nt_media_zero,
                     &nt_media_two, "Red; 1 for as it is"),
       NT_PROP_RANGE("green_adjust", "float", "1.0", &nt_media_zero,
                     &nt_media_two, "Green; 1 for as it is"),
       NT_PROP_RANGE("blue_adjust", "float", "1.0", &nt_media_zero,
                     &nt_media_two, "Blue; 1 for as it is"));
CHANGE(denoise_type, "Denoise", "Denoise", denoise,
       "Takes noise out of the pictures of a video.",
       NT_PROP_RANGE("strength", "float", "5.0", &nt_media_zero,
                     &nt_media_twenty, "How much; 0 for not at all"));
CHANGE(sharpness_type, "Sharpness", "Sharpness", sharpen,
       "Makes the pictures of a video sharper.",
       NT_PROP_RANGE("luma_amount", "float", "1.0", &nt_media_zero,
                     &nt_media_three, "How much, of the brightness"),
       NT_PROP_RANGE("chroma_amount", "float", "0.5", &nt_media_zero,
                     &nt_media_three, "How much, of the colors"));
CHANGE(blur_type, "Blur", "Blur", blur, "Blurs the pictures of a video.",
       NT_PROP_RANGE("strength", "float", "5.0", &nt_media_zero,
                     &nt_media_twenty, "How much, in pixels around each"));
CHANGE(saturation_type, "Saturation", "Saturation", saturate,
       "Makes the colors of a video stronger or weaker.",
       NT_PROP_RANGE("saturation", "float", "1.0", &nt_media_zero,
                     &nt_media_three, "1 for as it is, 0 for gray"));
CHANGE_TYPE(reverse_type, "Reverse", "Reverse", reverse,
            "Plays a video backwards, with its sound.", nt_video_properties);

static const nt_node_type_t *const types[] = { &trim_type,
                                               &resize_type,
                                               &rotate_type,
                                               &speed_type,
                                               &balance_type,
                                               &denoise_type,
                                               &sharpness_type,
                                               &blur_type,
                                               &saturation_type,
                                               &reverse_type,
                                               &nt_video_concat,
                                               &nt_video_overlay,
                                               &nt_video_transition,
                                               &nt_video_add_audio,
                                               &nt_video_stabilize,
                                               &nt_video_chroma_key,
                                               &nt_video_subtitles,
                                               &nt_video_frames,
                                               &nt_video_from_frames,
                                               &nt_video_fps,
                                               &nt_video_info,
                                               &nt_video_extract_audio,
                                               &nt_video_extract_frame,
                                               &nt_video_load_assets,
                                               &nt_video_load_file,
                                               &nt_video_save,
                                               &nt_video_save_file,
                                               NULL };

const nt_node_library_t nt_nodes_video = { NODETOOL_NODE_ABI, "video", types };
