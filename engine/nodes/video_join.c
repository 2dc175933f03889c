/*
 * engine/nodes/video_join.c - nodetool.video.*: nodes that put two together.
 *
 * The second video gets the size and frame rate of the first one; where only
 * one has sound, the other one is silent.
 */

#include <stdio.h>
#include <string.h>

#include "engine/nodes/video.h"


#define SOUND                                                                  \
    "aformat=sample_fmts=fltp:sample_rates=44100:channel_layouts=stereo"


/* Pictures of both in one form, as [a0] and [b0]. */
static void
add_pictures(nt_buf_t *graph, const nt_video_t *v)
{
    int    w = v->info[0].width, h = v->info[0].height;
    double fps = v->info[0].fps > 0 ? v->info[0].fps : 25;

    nt_buf_printf(graph,
                  "[0:v:0]fps=%.6f,setsar=1,format=yuv420p,settb=AVTB[a0];",
                  fps);
    nt_buf_printf(graph,
                  "[1:v:0]scale=%d:%d:force_original_aspect_ratio=decrease,"
                  "pad=%d:%d:(ow-iw)/2:(oh-ih)/2,fps=%.6f,setsar=1,"
                  "format=yuv420p,settb=AVTB[b0];",
                  w, h, w, h, fps);
}


/* Sound of an input, or silence as long as it is, as [NAME]. */
static void
add_sound(nt_buf_t *graph, const nt_video_t *v, int i, const char *name)
{
    double seconds = v->info[i].duration;

    if (v->info[i].has_audio && seconds == 0) { /* not known */
        nt_buf_printf(graph, "[%d:a:0]" SOUND "[%s];", i, name);

    } else if (v->info[i].has_audio) {
        /* as long as the pictures, so that what follows is in time */
        nt_buf_printf(graph, "[%d:a:0]" SOUND ",apad,atrim=end=%.6f[%s];", i,
                      seconds, name);
    } else {
        nt_buf_printf(graph,
                      "anullsrc=r=44100:cl=stereo," SOUND
                      ",atrim=end=%.6f[%s];",
                      seconds, name);
    }
}


static bool
has_sound(const nt_video_t *v)
{
    return v->info[0].has_audio || v->info[1].has_audio;
}


/* --- Concat --- */

static const char *const ab[] = { "video_a", "video_b" };


static nt_node_rc_t
run_concat(nt_node_call_t *call)
{
    bool       good, sound;
    nt_buf_t   graph = { 0 };
    nt_video_t v;

    good = nt_video_open(&v, call, ab, 2);

    if (good) {
        sound = has_sound(&v);
        add_pictures(&graph, &v);

        if (sound) {
            add_sound(&graph, &v, 0, "a1");
            add_sound(&graph, &v, 1, "b1");
            nt_buf_append_str(&graph,
                              NT_STR(
                                  "[a0][a1][b0][b1]concat=n=2:v=1:a=1[c][a];"));
        } else {
            nt_buf_append_str(&graph, NT_STR("[a0][b0]concat=n=2:v=1[c];"));
        }

        nt_buf_append_str(&graph, NT_STR("[c]" NT_VIDEO_EVEN "[v]"));
        nt_video_begin(&v);
        nt_video_filter(&v, &graph, sound, -1);
    }

    return nt_video_finish(&v, good);
}


/* --- Transition --- */

static bool
check_duration(nt_node_call_t *call, const nt_video_t *v, double duration)
{
    if (duration > 0 && duration <= v->info[0].duration &&
        duration <= v->info[1].duration)
    {
        return true;
    }

    (void) nt_call_fail(call,
                        "'duration' (%g s) must not be longer than one of the "
                        "videos (%g s, %g s)",
                        duration, v->info[0].duration, v->info[1].duration);
    return false;
}


static nt_node_rc_t
run_transition(nt_node_call_t *call)
{
    bool       good, sound;
    double     duration = nt_call_float(call, "duration");
    nt_buf_t   graph = { 0 };
    nt_video_t v;

    good = nt_video_open(&v, call, ab, 2) && check_duration(call, &v, duration);

    if (good) {
        sound = has_sound(&v);
        add_pictures(&graph, &v);
        nt_buf_printf(&graph,
                      "[a0][b0]xfade=transition=%s:duration=%.6f:offset=%."
                      "6f," NT_VIDEO_EVEN "[v]",
                      nt_call_string(call, "transition_type", NULL), duration,
                      v.info[0].duration - duration);

        if (sound) {
            nt_buf_append_char(&graph, ';');
            add_sound(&graph, &v, 0, "a1");
            add_sound(&graph, &v, 1, "b1");
            nt_buf_printf(&graph, "[a1][b1]acrossfade=d=%.6f:c1=tri:c2=tri[a]",
                          duration);
        }

        nt_video_begin(&v);
        nt_video_filter(&v, &graph, sound, -1);
    }

    return nt_video_finish(&v, good);
}


/* --- Overlay --- */

static nt_node_rc_t
run_overlay(nt_node_call_t *call)
{
    static const char *const names[] = { "main_video", "overlay_video" };

    bool       good, sound;
    double     scale = nt_call_float(call, "scale");
    nt_buf_t   graph = { 0 };
    nt_video_t v;

    if (!(scale > 0 && scale <= 100)) {
        return nt_call_fail(call, "'scale' must be above 0, and 100 at most");
    }

    good = nt_video_open(&v, call, names, 2);

    if (good) {
        sound = v.info[1].has_audio;
        nt_buf_printf(&graph,
                      "[1:v:0]scale=iw*%.6f:ih*%.6f[o];"
                      "[0:v:0][o]overlay=x=%d:y=%d," NT_VIDEO_EVEN "[v]",
                      scale, scale, (int) nt_call_int(call, "x"),
                      (int) nt_call_int(call, "y"));

        if (sound) {
            nt_buf_printf(&graph, ";[1:a:0]volume=%.6f%s",
                          nt_call_float(call, "overlay_audio_volume"),
                          v.info[0].has_audio ? "[s];[0:a:0][s]amix=inputs=2:"
                                                "duration=longest[a]"
                                              : "[a]");
        }

        nt_video_begin(&v);
        nt_video_filter(&v, &graph, sound, 0);
    }

    return nt_video_finish(&v, good);
}


/* --- AddAudio --- */

/* Pictures that MP4 takes as they are. */
static bool
is_copied(const char *codec)
{
    return strcmp(codec, "h264") == 0 || strcmp(codec, "hevc") == 0 ||
           strcmp(codec, "mpeg4") == 0;
}


static bool
open_both(nt_video_t *v, nt_node_call_t *call)
{
    static const char *const names[] = { "video" };

    if (!nt_video_open(v, call, names, 1) ||
        !nt_ffmpeg_input(&v->f, "audio", "a sound",
                         nt_call_input(call, "audio")) ||
        !nt_ffmpeg_probe(&v->f, "1", &v->info[1]))
    {
        return false;
    }

    if (!v->info[1].has_audio) {
        (void) nt_call_fail(call, "'audio' has no sound");
        return false;
    }

    return true;
}


static nt_node_rc_t
run_add_audio(nt_node_call_t *call)
{
    bool       good, mix;
    nt_video_t v;
    nt_argv_t *argv = &v.f.argv;

    good = open_both(&v, call);

    if (good) {
        mix = nt_call_bool(call, "mix") && v.info[0].has_audio;
        nt_video_begin(&v);
        nt_argv_add(argv, "-filter_complex");
        nt_argv_addf(argv, "[1:a:0]volume=%.6f%s",
                     nt_call_float(call, "volume"),
                     mix ? "[s];[0:a:0][s]amix=inputs=2[a]" : "[a]");
        nt_argv_list(argv, "-map", "0:v:0", "-map", "[a]", "-c:a", "aac");

        if (is_copied(v.info[0].codec)) {
            nt_argv_list(argv, "-c:v", "copy");
        } else {
            nt_argv_list(argv, "-c:v", "libx264", "-preset", "veryfast", "-vf",
                         NT_VIDEO_EVEN);
        }
    }

    return nt_video_finish(&v, good);
}


/* --- the node types --- */

static const nt_property_t concat_properties[] = {
    NT_PROP_VIDEO("video_a", "The first video"),
    NT_PROP_VIDEO("video_b", "The second video"), NT_PROP_END
};

const nt_node_type_t nt_video_concat = {
    .type = "nodetool.video.Concat",
    .title = "Concat",
    .description = "Plays two videos one after the other; the second one in "
                   "the size of the first.",
    .properties = concat_properties,
    .outputs = nt_media_out_video,
    .flags = NT_NODE_ASYNC,
    .run = run_concat
};

static const char *const transitions[] = {
    "fade",        "wipeleft",    "wiperight",  "wipeup",     "wipedown",
    "slideleft",   "slideright",  "slideup",    "slidedown",  "circlecrop",
    "rectcrop",    "distance",    "fadeblack",  "fadewhite",  "radial",
    "smoothleft",  "smoothright", "smoothup",   "smoothdown", "circleopen",
    "circleclose", "vertopen",    "vertclose",  "horzopen",   "horzclose",
    "dissolve",    "pixelize",    "diagtl",     "diagtr",     "diagbl",
    "diagbr",      "hlslice",     "hrslice",    "vuslice",    "vdslice",
    "hblur",       "fadegrays",   "wipetl",     "wipetr",     "wipebl",
    "wipebr",      "squeezeh",    "squeezev",   "zoomin",     "fadefast",
    "fadeslow",    "hlwind",      "hrwind",     "vuwind",     "vdwind",
    "coverleft",   "coverright",  "coverup",    "coverdown",  "revealleft",
    "revealright", "revealup",    "revealdown", NULL
};

static const double duration_min = 0.1, duration_max = 5;

static const nt_property_t transition_properties[] = {
    NT_PROP_VIDEO("video_a", "The first video"),
    NT_PROP_VIDEO("video_b", "The second video"),
    NT_PROP_ENUM("transition_type", transitions, "\"fade\"",
                 "How one becomes the other; hlwind and those behind it take "
                 "a recent ffmpeg"),
    NT_PROP_RANGE("duration", "float", "1.0", &duration_min, &duration_max,
                  "Seconds in which both are seen"),
    NT_PROP_END
};

const nt_node_type_t nt_video_transition = {
    .type = "nodetool.video.Transition",
    .title = "Transition",
    .description = "Plays two videos one after the other, with a transition.",
    .properties = transition_properties,
    .outputs = nt_media_out_video,
    .flags = NT_NODE_ASYNC,
    .run = run_transition
};

static const nt_property_t overlay_properties[] = {
    NT_PROP_VIDEO("main_video", "The video below"),
    NT_PROP_VIDEO("overlay_video", "The video on it"),
    NT_PROP("x", "int", "0", "Where it is put, in pixels from the left"),
    NT_PROP("y", "int", "0", "Where it is put, in pixels from the top"),
    NT_PROP("scale", "float", "1.0", "How large it becomes"),
    NT_PROP_RANGE("overlay_audio_volume", "float", "0.5", &nt_media_zero,
                  &nt_media_one, "How loud its sound is"),
    NT_PROP_END
};

const nt_node_type_t nt_video_overlay = {
    .type = "nodetool.video.Overlay",
    .title = "Overlay",
    .description = "Puts one video on another, and mixes their sound.",
    .properties = overlay_properties,
    .outputs = nt_media_out_video,
    .flags = NT_NODE_ASYNC,
    .run = run_overlay
};

static const nt_property_t add_audio_properties[] = {
    NT_PROP_VIDEO("video", "The video"),
    NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, "The sound"),
    NT_PROP_RANGE("volume", "float", "1.0", &nt_media_zero, &nt_media_two,
                  "How loud it is; 1 for as it is"),
    NT_PROP("mix", "bool", "false",
            "Keep the video's own sound instead of replacing it"),
    NT_PROP_END
};

const nt_node_type_t nt_video_add_audio = { .type = "nodetool.video.AddAudio",
                                            .title = "Add Audio",
                                            .description =
                                                "Gives a video a sound.",
                                            .properties = add_audio_properties,
                                            .outputs = nt_media_out_video,
                                            .flags = NT_NODE_ASYNC,
                                            .run = run_add_audio };
