/*
 * engine/nodes/ffmpeg.c - ffmpeg at work for a node.
 */

#include "engine/nodes/ffmpeg.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/process/process.h"


#define TIMEOUT    600                   /* seconds */
#define CPU        (8 * TIMEOUT)         /* of all threads */
#define FILE_MAX   ((size_t) 4 << 30)    /* bytes of a file that is made */
#define OUTPUT_MAX ((size_t) 1100 << 20) /* bytes of stdout */
#define REASON     300                   /* bytes of stderr in an error */

/* Containers of sound, images and video.  Not among them are playlists and
 * scripts (hls, concat, dash ...), which make ffmpeg read other files. */
static const char formats[] =
    "aac,ac3,aiff,amr,asf,avi,caf,flac,flv,gif,h264,hevc,ivf,m4v,"
    "matroska,webm,mov,mp3,mpeg,mpegts,mpegvideo,nut,ogg,wav,w64,wv,"
    "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,gif_pipe";


/* --- files, on the pool --- */

typedef struct {
    const nt_ffmpeg_t *f;
    const char        *file;
    char              *data;
    size_t             len;
    bool               good;
} transfer_t;


static int
open_file(const transfer_t *t, int flags)
{
    int   fd;
    char *path;

    if (asprintf(&path, "%s/%s", nt_process_folder_path(t->f->folder),
                 t->file) == -1)
    {
        return -1;
    }

    fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0644);
    free(path);
    return fd;
}


static void
write_on_pool(nt_node_call_t *call, void *arg)
{
    int         fd;
    size_t      done;
    ssize_t     n = 0;
    transfer_t *t = arg;

    fd = open_file(t, O_WRONLY | O_CREAT | O_TRUNC);

    /* ffmpeg may run as another user, and the umask keep others out; the
     * folder does so anyhow */
    if (fd != -1 && fchmod(fd, 0644) == -1) {
        n = -1;
    }

    for (done = 0; fd != -1 && done < t->len && n >= 0; done += (size_t) n) {
        n = write(fd, t->data + done, t->len - done);
    }

    t->good = fd != -1 && n >= 0;

    if (fd != -1) {
        t->good &= close(fd) == 0;
    }
}


static void
read_on_pool(nt_node_call_t *call, void *arg)
{
    int         fd;
    size_t      done = 0;
    ssize_t     n = 1;
    transfer_t *t = arg;
    struct stat st;

    fd = open_file(t, O_RDONLY);

    if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        t->len = (size_t) st.st_size;
        t->data = malloc(t->len + 1);
    }

    while (t->data != NULL && done < t->len && n > 0) {
        n = read(fd, t->data + done, t->len - done);
        done += n > 0 ? (size_t) n : 0;
    }

    t->good = t->data != NULL && done == t->len;

    if (fd != -1) {
        (void) close(fd);
    }
}


static bool
transfer(transfer_t *t, void (*work)(nt_node_call_t *call, void *arg))
{
    if (!nt_call_thread(t->f->call, work, t)) {
        return false;
    }

    if (!t->good) {
        (void) nt_call_fail(t->f->call,
                            "the server has no room for a temporary file");
    }

    return t->good;
}


bool
nt_ffmpeg_write(nt_ffmpeg_t *f, const char *file, const void *data, size_t len)
{
    transfer_t t = { f, file, (char *) data, len, false };

    return transfer(&t, write_on_pool);
}


bool
nt_ffmpeg_read(nt_ffmpeg_t *f, const char *file, char **data, size_t *len)
{
    transfer_t t = { .f = f, .file = file };

    if (!transfer(&t, read_on_pool)) {
        free(t.data);
        return false;
    }

    *data = t.data;
    *len = t.len;
    return true;
}


/* --- the folder --- */

bool
nt_ffmpeg_open(nt_ffmpeg_t *f, nt_node_call_t *call)
{
    *f = (nt_ffmpeg_t) { .call = call, .folder = nt_call_folder(call) };

    return f->folder != NULL;
}


void
nt_ffmpeg_close(nt_ffmpeg_t *f)
{
    nt_argv_free(&f->argv);
    nt_process_folder_free(f->folder);
    *f = (nt_ffmpeg_t) { 0 };
}


bool
nt_ffmpeg_input(nt_ffmpeg_t *f, const char *name, const char *what,
                const json_t *ref)
{
    bool   good;
    char   file[16], *data;
    size_t len;

    if (!nt_media_load(f->call, name, what, ref, &data, &len)) {
        return false;
    }

    (void) snprintf(file, sizeof(file), "%u", f->n_inputs++);
    good = nt_ffmpeg_write(f, file, data, len);
    free(data);
    return good;
}


json_t *
nt_ffmpeg_store(nt_ffmpeg_t *f, const char *file, const char *type,
                const char *extension, json_t *metadata)
{
    char   *data;
    size_t  len;
    json_t *ref;

    if (!nt_ffmpeg_read(f, file, &data, &len)) {
        json_decref(metadata);
        return NULL;
    }

    ref = nt_media_store(f->call, type, extension, data, len, metadata);
    free(data);
    return ref;
}


/* --- programs --- */

nt_process_t
nt_ffmpeg_process(const nt_ffmpeg_t *f)
{
    return (nt_process_t) { .argv = nt_argv_get(&f->argv),
                            .folder = nt_process_folder_path(f->folder),
                            .timeout = TIMEOUT,
                            .cpu = CPU,
                            .file_size = FILE_MAX,
                            .output_limit = OUTPUT_MAX };
}


/* The lines of stderr as one, without the addresses that stand before them. */
void
nt_ffmpeg_fail(nt_node_call_t *call, const char *err, size_t len)
{
    nt_buf_t    reason = { 0 };
    const char *line, *next, *mark, *end = err + len;

    for (line = err; line < end && reason.len < REASON; line = next + 1) {
        next = memchr(line, '\n', (size_t) (end - line));

        if (next == NULL) {
            next = end;
        }

        if (*line == '[') {
            mark = memmem(line, (size_t) (next - line), "] ", 2);
            line = mark != NULL ? mark + 2 : line;
        }

        if (next > line) {
            nt_buf_append_str(&reason,
                              reason.len > 0 ? NT_STR("; ") : NT_STR(": "));
            nt_buf_append(&reason, line, (size_t) (next - line));
        }
    }

    (void) nt_call_fail(call, "ffmpeg cannot do this%.*s",
                        (int) (reason.len < REASON ? reason.len : REASON),
                        reason.data != NULL ? reason.data : "");
    nt_buf_free(&reason);
}


void
nt_ffmpeg_begin(nt_ffmpeg_t *f)
{
    nt_argv_free(&f->argv);
    nt_argv_list(&f->argv, "ffmpeg", "-nostdin", "-hide_banner", "-loglevel",
                 "error", "-y");
}


void
nt_ffmpeg_add_input(nt_ffmpeg_t *f, const char *file,
                    const nt_media_info_t *info)
{
    /* ffmpeg's own decoder of VP9 knows no transparency */
    if (info != NULL && info->has_alpha && strcmp(info->codec, "vp9") == 0) {
        nt_argv_list(&f->argv, "-c:v", "libvpx-vp9");
    }

    nt_argv_list(&f->argv, "-protocol_whitelist", "file,pipe",
                 "-format_whitelist", formats, "-i", file);
}


bool
nt_ffmpeg_run(nt_ffmpeg_t *f, char **out, size_t *len)
{
    bool               good = false;
    char              *error;
    nt_process_t       process = nt_ffmpeg_process(f);
    nt_process_reply_t reply;

    if (process.argv == NULL) {
        (void) nt_arg_nomem(f->call);
        return false;
    }

    if (!nt_call_process(f->call, &process, &reply, &error)) {
        (void) nt_call_fail(f->call, "%s",
                            error != NULL ? error : "ffmpeg was ended");
        free(error);
        return false;
    }

    if (reply.status != 0) {
        nt_ffmpeg_fail(f->call, reply.err, reply.err_len);

    } else {
        good = true;

        if (out != NULL) {
            *out = reply.out;
            *len = reply.out_len;
            reply.out = NULL;
        }
    }

    nt_process_reply_free(&reply);
    return good;
}


/* --- ffprobe --- */

/* "30000/1001"; 0 when there is none. */
static double
rate_of(const json_t *stream, const char *name)
{
    double      n, d;
    const char *text = json_string_value(json_object_get(stream, name));

    if (text == NULL || sscanf(text, "%lf/%lf", &n, &d) != 2 || d == 0) {
        return 0;
    }

    return n / d;
}


static double
number_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    double      n = text != NULL ? strtod(text, NULL) : 0;

    return isfinite(n) && n > 0 ? n : 0;
}


static void
copy_name(char *to, size_t size, const json_t *stream)
{
    const char *name = json_string_value(json_object_get(stream, "codec_name"));

    (void) snprintf(to, size, "%s", name != NULL ? name : "unknown");
}


static void
take_video(nt_media_info_t *info, const json_t *stream)
{
    json_t     *tags = json_object_get(stream, "tags");
    const char *format;

    info->has_video = true;
    info->width = (int) json_integer_value(json_object_get(stream, "width"));
    info->height = (int) json_integer_value(json_object_get(stream, "height"));
    info->fps = rate_of(stream, "avg_frame_rate");

    if (info->fps == 0) {
        info->fps = rate_of(stream, "r_frame_rate");
    }

    info->duration = number_of(stream, "duration");
    info->frames = (int64_t) number_of(stream, "nb_frames");
    copy_name(info->codec, sizeof(info->codec), stream);

    format = json_string_value(json_object_get(stream, "pix_fmt"));
    info->has_alpha = number_of(tags, "alpha_mode") == 1 ||
                      number_of(tags, "ALPHA_MODE") == 1 ||
                      (format != NULL && strncmp(format, "yuva", 4) == 0);
}


static void
take_streams(nt_media_info_t *info, const json_t *probe)
{
    size_t      i;
    json_t     *stream;
    const char *type;

    json_array_foreach(json_object_get(probe, "streams"), i, stream)
    {
        type = json_string_value(json_object_get(stream, "codec_type"));

        if (type != NULL && strcmp(type, "video") == 0 && !info->has_video) {
            take_video(info, stream);

        } else if (type != NULL && strcmp(type, "audio") == 0 &&
                   !info->has_audio) {
            info->has_audio = true;
            copy_name(info->audio_codec, sizeof(info->audio_codec), stream);
        }
    }

    if (info->duration == 0) {
        info->duration =
            number_of(json_object_get(probe, "format"), "duration");
    }

    if (info->frames == 0 && info->fps > 0) {
        info->frames = (int64_t) llround(info->duration * info->fps);
    }
}


bool
nt_ffmpeg_probe(nt_ffmpeg_t *f, const char *file, nt_media_info_t *info)
{
    char   *out;
    json_t *probe;
    size_t  len;

    *info = (nt_media_info_t) { 0 };

    nt_argv_free(&f->argv);
    nt_argv_list(&f->argv, "ffprobe", "-hide_banner", "-loglevel", "error",
                 "-protocol_whitelist", "file,pipe", "-format_whitelist",
                 formats, "-of", "json", "-show_streams", "-show_format", file);

    if (!nt_ffmpeg_run(f, &out, &len)) {
        return false;
    }

    probe = json_loadb(out, len, 0, NULL);
    free(out);

    if (probe == NULL) {
        (void) nt_call_fail(f->call, "ffprobe's answer cannot be read");
        return false;
    }

    take_streams(info, probe);
    json_decref(probe);
    return true;
}
