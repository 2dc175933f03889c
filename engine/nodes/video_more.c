/*
 * engine/nodes/video_more.c - nodetool.video.*: stabilizing, keying and
 * subtitles.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/nodes/video.h"


static const char *const names[] = { "video" };


/* --- Stabilize: looks at how the camera moves, then evens it out --- */

static bool
detect(nt_video_t *v)
{
    nt_video_begin(v);
    nt_argv_list(&v->f.argv, "-map", "0:v:0", "-vf",
                 "vidstabdetect=result=moves", "-f", "null", "-");
    return nt_ffmpeg_run(&v->f, NULL, NULL);
}


static nt_node_rc_t
run_stabilize(nt_node_call_t *call)
{
    bool       good;
    nt_buf_t   graph = { 0 };
    nt_video_t v;

    good = nt_video_open(&v, call, names, 1) && detect(&v);

    if (good) {
        nt_buf_printf(&graph,
                      "[0:v:0]vidstabtransform=input=moves:smoothing=%d:"
                      "crop=black:optzoom=%d," NT_VIDEO_EVEN "[v]",
                      (int) lround(nt_call_float(call, "smoothing")),
                      nt_call_bool(call, "crop_black"));
        nt_video_begin(&v);
        nt_video_filter(&v, &graph, false, 0);
    }

    return nt_video_finish(&v, good);
}


/* --- ChromaKey: transparency needs another format --- */

static nt_node_rc_t
run_chroma_key(nt_node_call_t *call)
{
    bool       good;
    char       color[9];
    double     similarity = nt_call_float(call, "similarity");
    nt_video_t v = { 0 };
    nt_argv_t *argv = &v.f.argv;

    good = nt_video_color(call, "key_color", color) &&
           nt_video_open(&v, call, names, 1);

    if (good) {
        nt_video_begin(&v);
        nt_argv_add(argv, "-vf");
        nt_argv_addf(argv, "chromakey=%s:%.6f:%.6f,format=yuva420p", color,
                     similarity < 0.00001 ? 0.00001 : similarity,
                     nt_call_float(call, "blend"));
        nt_argv_list(argv, "-map", "0:v:0", "-map", "0:a:0?", "-c:v",
                     "libvpx-vp9", "-auto-alt-ref", "0", "-deadline",
                     "realtime", "-cpu-used", "6", "-crf", "24", "-b:v", "0",
                     "-c:a", "libopus", "-f", "webm", "out.webm");
        good = nt_ffmpeg_run(&v.f, NULL, NULL);
    }

    if (!good) {
        nt_video_close(&v);
        return NT_NODE_FAIL;
    }

    return nt_video_emit(&v, "out.webm", ".webm");
}


/* --- AddSubtitles: a script in the format of Advanced SubStation Alpha --- */

static void
add_time(nt_buf_t *out, double seconds)
{
    int64_t t = llround((seconds > 0 ? seconds : 0) * 100);

    nt_buf_printf(out, "%d:%02d:%02d.%02d", (int) (t / 360000),
                  (int) (t / 6000 % 60), (int) (t / 100 % 60), (int) (t % 100));
}


/* Text in which nothing is a command. */
static void
add_text(nt_buf_t *out, const char *text)
{
    for (/* void */; *text != '\0'; text++) {
        switch (*text) {
        case '\n':
            nt_buf_append_str(out, NT_STR("\\N"));
            break;
        case '{':
        case '}':
            nt_buf_append_char(out, '\\');
            nt_buf_append_char(out, *text);
            break;
        case '\\': /* a word joiner keeps the next letter apart */
            nt_buf_append_str(out, NT_STR("\\\xe2\x81\xa0"));
            break;
        case '\r':
            break;
        default:
            nt_buf_append_char(out, *text);
        }
    }
}


/* A line per chunk; false after nt_call_fail. */
static bool
add_events(nt_node_call_t *call, nt_buf_t *out)
{
    size_t        i;
    json_t       *chunk;
    const json_t *from, *to, *text;

    json_array_foreach(nt_call_input(call, "chunks"), i, chunk)
    {
        from = json_array_get(json_object_get(chunk, "timestamp"), 0);
        to = json_array_get(json_object_get(chunk, "timestamp"), 1);
        text = json_object_get(chunk, "text");

        if (!json_is_number(from) || !json_is_number(to) ||
            !json_is_string(text)) {
            (void) nt_call_fail(call,
                                "chunk %zu of 'chunks' must have a \"text\" "
                                "and a \"timestamp\" of two numbers",
                                i);
            return false;
        }

        nt_buf_append_str(out, NT_STR("Dialogue: 0,"));
        add_time(out, json_number_value(from));
        nt_buf_append_char(out, ',');
        add_time(out, json_number_value(to));
        nt_buf_append_str(out, NT_STR(",Default,,0,0,0,,"));
        add_text(out, json_string_value(text));
        nt_buf_append_char(out, '\n');
    }

    return true;
}


/* A font's name has no comma or line end, which end it in a script. */
static bool
take_font(nt_node_call_t *call, const char **name, bool *bold)
{
    const json_t *font = nt_call_input(call, "font");
    const char   *source, *weight;

    source = json_string_value(json_object_get(font, "source"));
    weight = json_string_value(json_object_get(font, "weight"));
    *name = json_string_value(json_object_get(font, "name"));
    *bold = weight != NULL && strstr(weight, "bold") != NULL;

    if (*name == NULL || **name == '\0') {
        *name = "Sans";
    }

    if ((source != NULL && strcmp(source, "system") != 0) ||
        strpbrk(*name, ",\r\n") != NULL)
    {
        (void) nt_call_fail(call, "'font' must be one that is installed on "
                                  "the server (\"source\": \"system\")");
        return false;
    }

    return true;
}


static bool
write_script(nt_video_t *v, nt_node_call_t *call)
{
    bool        good, bold;
    char        color[9];
    nt_buf_t    out = { 0 };
    const char *font, *align = nt_call_string(call, "align", NULL);

    if (!take_font(call, &font, &bold) ||
        !nt_video_color(call, "font_color", color))
    {
        return false;
    }

    nt_buf_printf(&out,
                  "[Script Info]\nScriptType: v4.00+\nPlayResX: %d\n"
                  "PlayResY: %d\nWrapStyle: 1\n\n[V4+ Styles]\n"
                  "Format: Name, Fontname, Fontsize, PrimaryColour, "
                  "OutlineColour, Bold, BorderStyle, Outline, Shadow, "
                  "Alignment, MarginL, MarginR, MarginV\n",
                  v->info[0].width, v->info[0].height);

    /* colors are BGR; lines take 80% of the width */
    nt_buf_printf(&out,
                  "Style: Default,%s,%d,&H00%.2s%.2s%.2s,&H00000000,%d,1,1,0,"
                  "%d,%d,%d,20\n\n",
                  font, (int) nt_call_int(call, "font_size"), color + 6,
                  color + 4, color + 2, bold ? -1 : 0,
                  strcmp(align, "top") == 0      ? 8
                  : strcmp(align, "center") == 0 ? 5
                                                 : 2,
                  v->info[0].width / 10, v->info[0].width / 10);
    nt_buf_append_str(&out, NT_STR("[Events]\nFormat: Layer, Start, End, "
                                   "Style, Name, MarginL, MarginR, MarginV, "
                                   "Effect, Text\n"));

    good = add_events(call, &out);

    if (good && out.failed) {
        (void) nt_arg_nomem(call);
    }

    good = good && !out.failed &&
           nt_ffmpeg_write(&v->f, "script.ass", out.data, out.len);
    nt_buf_free(&out);
    return good;
}


static nt_node_rc_t
run_subtitles(nt_node_call_t *call)
{
    bool       good;
    nt_buf_t   graph = { 0 };
    nt_video_t v;

    good = nt_video_open(&v, call, names, 1) && write_script(&v, call);

    if (good) {
        nt_buf_append_str(&graph,
                          NT_STR("[0:v:0]ass=script.ass," NT_VIDEO_EVEN "[v]"));
        nt_video_begin(&v);
        nt_video_filter(&v, &graph, false, 0);
    }

    return nt_video_finish(&v, good);
}


/* --- the node types --- */

static const double hundred = 100, font_max = 72;

static const nt_property_t stabilize_properties[] = {
    NT_PROP_VIDEO("video", "The video"),
    NT_PROP_RANGE("smoothing", "float", "10.0", &nt_media_one, &hundred,
                  "Over how many frames movements are evened out"),
    NT_PROP("crop_black", "bool", "true",
            "Zoom in so far that no black borders are seen"),
    NT_PROP_END
};

const nt_node_type_t nt_video_stabilize = {
    .type = "nodetool.video.Stabilize",
    .title = "Stabilize",
    .description = "Evens out the movements of a camera.",
    .properties = stabilize_properties,
    .outputs = nt_media_out_video,
    .flags = NT_NODE_ASYNC,
    .run = run_stabilize
};

static const nt_property_t chroma_key_properties[] = {
    NT_PROP_VIDEO("video", "The video"),
    NT_PROP("key_color", "color", "{\"type\":\"color\",\"value\":\"#00FF00\"}",
            "The color that becomes transparent"),
    NT_PROP_RANGE("similarity", "float", "0.3", &nt_media_zero, &nt_media_one,
                  "How far other colors may be from it"),
    NT_PROP_RANGE("blend", "float", "0.1", &nt_media_zero, &nt_media_one,
                  "How soft the edges are"),
    NT_PROP_END
};

const nt_node_type_t nt_video_chroma_key = {
    .type = "nodetool.video.ChromaKey",
    .title = "Chroma Key",
    .description = "Makes a color of a video transparent, as WebM; Overlay "
                   "puts the result on another video.",
    .properties = chroma_key_properties,
    .outputs = nt_media_out_video,
    .flags = NT_NODE_ASYNC,
    .run = run_chroma_key
};

static const char *const aligns[] = { "top", "center", "bottom", NULL };

static const nt_property_t subtitles_properties[] = {
    NT_PROP_VIDEO("video", "The video"),
    NT_PROP("chunks", "list[audio_chunk]", "[]",
            "What is said, each with the seconds from when to when"),
    NT_PROP("font", "font",
            "{\"type\":\"font\",\"name\":\"\",\"source\":\"system\","
            "\"url\":\"\",\"weight\":\"regular\"}",
            "A font of the server"),
    NT_PROP_ENUM("align", aligns, "\"bottom\"", "Where the text stands"),
    NT_PROP_RANGE("font_size", "int", "24", &nt_media_one, &font_max, "Pixels"),
    NT_PROP("font_color", "color", "{\"type\":\"color\",\"value\":\"#FFFFFF\"}",
            "The color of the text"),
    NT_PROP_END
};

const nt_node_type_t nt_video_subtitles = {
    .type = "nodetool.video.AddSubtitles",
    .title = "Add Subtitles",
    .description = "Writes what is said into the pictures of a video.",
    .properties = subtitles_properties,
    .outputs = nt_media_out_video,
    .flags = NT_NODE_ASYNC,
    .run = run_subtitles
};
