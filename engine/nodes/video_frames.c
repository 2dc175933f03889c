/*
 * engine/nodes/video_frames.c - nodetool.video.*: videos as frames, one at a
 * time.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/nodes/video.h"


#define PNG_MAGIC  "\x89PNG\r\n\x1a\n"
#define PNG_HEAD   24 /* bytes: the size is in the last eight */
#define FRAMES_MAX 1000000
#define FPS_MAX    1000.0


static uint32_t
get32(const char *p)
{
    const unsigned char *u = (const unsigned char *) p;

    return (uint32_t) u[0] << 24 | (uint32_t) u[1] << 16 |
           (uint32_t) u[2] << 8 | u[3];
}


static bool
is_png(const char *data, size_t len)
{
    return len > PNG_HEAD && memcmp(data, PNG_MAGIC, 8) == 0;
}


/* Bytes of the PNG file at the start of `data` (the PNG specification, 5.3);
 * 0 when it is not whole. */
static size_t
png_len(const char *data, size_t len)
{
    size_t at;

    for (at = 8; at + 12 <= len; at += (size_t) get32(data + at) + 12) {
        if (memcmp(data + at + 4, "IEND", 4) == 0) {
            return at + 12;
        }
    }

    return 0;
}


/* --- FrameIterator --- */

static nt_node_rc_t
emit_frame(nt_node_call_t *call, const char *png, size_t len, int64_t index,
           double fps)
{
    json_t *ref;

    ref = nt_media_store(call, "image", ".png", png, len,
                         json_pack("{s:i, s:i, s:s}", "width",
                                   (int) get32(png + 16), "height",
                                   (int) get32(png + 20), "format", "png"));

    if (ref == NULL || nt_call_emit(call, "frame", ref) != NT_NODE_DONE ||
        nt_call_emit(call, "index", json_integer(index)) != NT_NODE_DONE)
    {
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "fps", json_real(fps));
}


/* Emits the whole frames in `buf` and takes them off. */
static bool
take_frames(nt_node_call_t *call, nt_buf_t *buf, int64_t *index, double fps)
{
    size_t len;

    while ((len = png_len(buf->data, buf->len)) > 0) {
        if (emit_frame(call, buf->data, len, (*index)++, fps) != NT_NODE_DONE) {
            return false;
        }

        buf->len -= len;
        memmove(buf->data, buf->data + len, buf->len);
    }

    return true;
}


static bool
read_frames(nt_node_call_t *call, nt_program_t *program, int64_t index,
            double fps)
{
    int         rc;
    bool        good = true;
    char       *error;
    size_t      len;
    nt_buf_t    out = { 0 }, err = { 0 };
    const char *data;

    while (good && (rc = nt_program_read(program, &data, &len, &error)) > 0) {
        nt_buf_append(rc == 1 ? &out : &err, data, len);

        if (out.failed || err.failed) {
            (void) nt_arg_nomem(call);
            good = false;
        }

        good = good && take_frames(call, &out, &index, fps);
    }

    if (good && rc < 0) {
        (void) nt_call_fail(call, "%s",
                            error != NULL ? error : "ffmpeg was ended");
        free(error);
        good = false;

    } else if (good && nt_program_status(program) != 0) {
        nt_ffmpeg_fail(call, err.data, err.len);
        good = false;
    }

    nt_buf_free(&out);
    nt_buf_free(&err);
    return good;
}


static nt_program_t *
start(nt_video_t *v, int64_t first, int64_t end)
{
    char         *error;
    nt_process_t  process;
    nt_program_t *program;

    nt_video_begin(v);
    nt_argv_list(&v->f.argv, "-map", "0:v:0", "-vf");
    nt_argv_addf(&v->f.argv, "select=gte(n\\,%lld)", (long long) first);

    if (end >= 0) {
        nt_argv_add(&v->f.argv, "-frames:v");
        nt_argv_addf(&v->f.argv, "%lld", (long long) (end - first));
    }

    nt_argv_list(&v->f.argv, "-fps_mode", "passthrough", "-c:v", "png", "-f",
                 "image2pipe", "pipe:1");

    process = nt_ffmpeg_process(&v->f);
    process.output_limit = SIZE_MAX; /* what is read goes on at once */

    if (process.argv == NULL) {
        (void) nt_arg_nomem(v->f.call);
        return NULL;
    }

    program = nt_call_program(v->f.call, &process, &error);

    if (program == NULL) {
        (void) nt_call_fail(v->f.call, "%s",
                            error != NULL ? error : "ffmpeg cannot be run");
        free(error);
    }

    return program;
}


static nt_node_rc_t
run_frames(nt_node_call_t *call)
{
    static const char *const names[] = { "video" };

    bool          good;
    int64_t       first = nt_call_int(call, "start");
    int64_t       end = nt_call_int(call, "end");
    nt_video_t    v;
    nt_program_t *program = NULL;

    first = first > 0 ? first : 0;

    if (end >= 0 && end <= first) {
        return NT_NODE_DONE; /* there are none between these */
    }

    good = nt_video_open(&v, call, names, 1);

    if (good) {
        program = start(&v, first, end);
        good =
            program != NULL && read_frames(call, program, first, v.info[0].fps);
    }

    nt_program_free(program);
    nt_video_close(&v);
    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}


/* --- FrameToVideo --- */

typedef struct {
    nt_ffmpeg_t f; /* its folder has the frames so far */
    unsigned    n;
    uint32_t    width; /* of the first one */
    uint32_t    height;
    double      fps; /* that came along an edge; else 0 */
} frames_t;


static void
free_frames(void *state)
{
    nt_ffmpeg_close(&((frames_t *) state)->f);
}


/* Writes a frame of another format than PNG. */
static bool
convert(frames_t *s, const char *name, const char *data, size_t len)
{
    nt_ffmpeg_t *f = &s->f;

    if (!nt_ffmpeg_write(f, "frame", data, len)) {
        return false;
    }

    nt_ffmpeg_begin(f);
    nt_ffmpeg_add_input(f, "frame", NULL);
    nt_argv_list(&f->argv, "-map", "0:v:0", "-frames:v", "1", "-c:v", "png",
                 "-f", "image2pipe", name);
    return nt_ffmpeg_run(f, NULL, NULL);
}


static bool
note_size(frames_t *s, const char *name)
{
    char  *data;
    size_t len;

    if (s->n > 0) {
        return true;
    }

    if (!nt_ffmpeg_read(&s->f, name, &data, &len)) {
        return false;
    }

    if (is_png(data, len)) {
        s->width = get32(data + 16);
        s->height = get32(data + 20);
    }

    free(data);
    return true;
}


static nt_node_rc_t
add_frame(nt_node_call_t *call, frames_t *s, const json_t *ref)
{
    bool   good;
    char   name[32], *data;
    size_t len;

    if (s->n == FRAMES_MAX) {
        return nt_call_fail(call, "there are more than %d frames", FRAMES_MAX);
    }

    if (s->f.folder == NULL && !nt_ffmpeg_open(&s->f, call)) {
        return NT_NODE_FAIL;
    }

    if (!nt_media_load(call, "frame", "an image", ref, &data, &len)) {
        return NT_NODE_FAIL;
    }

    (void) snprintf(name, sizeof(name), "frame_%06u.png", s->n);
    good = is_png(data, len) ? nt_ffmpeg_write(&s->f, name, data, len)
                             : convert(s, name, data, len);
    free(data);

    if (!good || !note_size(s, name)) {
        return NT_NODE_FAIL;
    }

    s->n++;
    return NT_NODE_DONE;
}


static nt_node_rc_t
frame_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    frames_t *s = nt_call_state(call, sizeof(*s), free_frames);

    if (s == NULL) {
        return nt_arg_nomem(call);
    }

    if (strcmp(handle, "fps") == 0) {
        s->fps = json_number_value(value);
        return NT_NODE_DONE;
    }

    return add_frame(call, s, value);
}


static nt_node_rc_t
frames_end(nt_node_call_t *call)
{
    double     fps;
    nt_buf_t   graph = { 0 };
    frames_t  *s = nt_call_state(call, sizeof(*s), free_frames);
    nt_video_t v;
    nt_argv_t *argv = &v.f.argv;

    if (s == NULL) {
        return nt_arg_nomem(call);
    }

    if (s->n == 0) {
        nt_call_log(call, "warning", "no frames came, so there is no video");
        return NT_NODE_DONE;
    }

    fps = s->fps != 0 ? s->fps : nt_call_float(call, "fps");

    if (!(fps > 0 && fps <= FPS_MAX)) {
        return nt_call_fail(call, "'fps' must be above 0, and %g at most",
                            FPS_MAX);
    }

    v = (nt_video_t) { .f = s->f };
    s->f = (nt_ffmpeg_t) { 0 };

    nt_ffmpeg_begin(&v.f);
    nt_argv_list(argv, "-protocol_whitelist", "file", "-f", "image2",
                 "-framerate");
    nt_argv_addf(argv, "%.6f", fps);
    nt_argv_list(argv, "-i", "frame_%06d.png");

    /* all frames in the size of the first */
    nt_buf_printf(&graph, "[0:v:0]scale=%u:%u,setsar=1," NT_VIDEO_EVEN "[v]",
                  s->width, s->height);
    nt_video_filter(&v, &graph, false, -1);

    return nt_video_finish(&v, true);
}


/* --- the node types --- */

static const nt_property_t frames_properties[] = {
    NT_PROP_VIDEO("video", "The video"),
    NT_PROP("start", "int", "0", "The number of the first frame, from 0"),
    NT_PROP("end", "int", "-1",
            "The number of the frame behind the last one; -1 for all"),
    NT_PROP_END
};

static const nt_output_t frames_outputs[] = {
    { "frame", "image" }, { "index", "int" }, { "fps", "float" }, { NULL, NULL }
};

const nt_node_type_t nt_video_frames = {
    .type = "nodetool.video.FrameIterator",
    .title = "Frame Iterator",
    .description = "Sends the frames of a video one by one.",
    .properties = frames_properties,
    .outputs = frames_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_ASYNC,
    .run = run_frames
};

static const nt_property_t from_properties[] = {
    NT_PROP("frame", "image", NT_DEFAULT_IMAGE, "A stream of images"),
    NT_PROP("fps", "float", "30", "Frames a second"), NT_PROP_END
};

const nt_node_type_t nt_video_from_frames = {
    .type = "nodetool.video.FrameToVideo",
    .title = "Frame To Video",
    .description = "Makes a video of a stream of images.",
    .properties = from_properties,
    .outputs = nt_media_out_video,
    .flags = NT_NODE_ASYNC,
    .item = frame_item,
    .end = frames_end
};
