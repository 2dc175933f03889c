/*
 * engine/nodes/ffmpeg.h - ffmpeg at work for a node: a folder with its inputs
 * ("0", "1" ...) and what it makes of them.  From nodes with NT_NODE_ASYNC.
 *
 * ffmpeg reads files and pipes only, and only formats that name no other
 * files.
 */

#ifndef NT_FFMPEG_H
#define NT_FFMPEG_H

#include "engine/nodes/media.h"
#include "engine/process/argv.h"
#include "engine/process/folder.h"

typedef struct {
    nt_node_call_t      *call;
    nt_process_folder_t *folder;
    nt_argv_t            argv;
    unsigned             n_inputs;
} nt_ffmpeg_t;

/* What ffprobe says of a file. */
typedef struct {
    bool    has_video;
    bool    has_audio;
    bool    has_alpha;
    int     width;
    int     height;
    double  fps;      /* 0: not known */
    double  duration; /* seconds; 0: not known */
    int64_t frames;
    char    codec[32];       /* of the video */
    char    audio_codec[32]; /* "" without sound */
} nt_media_info_t;

/* All of these: false after nt_call_fail. */

bool nt_ffmpeg_open(nt_ffmpeg_t *f, nt_node_call_t *call);
/* A zeroed one is fine. */
void nt_ffmpeg_close(nt_ffmpeg_t *f);

/* Makes what a ref leads to the next input; `name` is its property, `what` it
 * must be in words ("a video"). */
bool nt_ffmpeg_input(nt_ffmpeg_t *f, const char *name, const char *what,
                     const json_t *ref);

/* Writes, reads a file of the folder; *data is malloc'ed. */
bool nt_ffmpeg_write(nt_ffmpeg_t *f, const char *file, const void *data,
                     size_t len);
bool nt_ffmpeg_read(nt_ffmpeg_t *f, const char *file, char **data, size_t *len);

bool nt_ffmpeg_probe(nt_ffmpeg_t *f, const char *file, nt_media_info_t *info);

/* Starts the arguments: the program and its settings; an input file with
 * options before it is added by nt_ffmpeg_add_input. */
void nt_ffmpeg_begin(nt_ffmpeg_t *f);
void nt_ffmpeg_add_input(nt_ffmpeg_t *f, const char *file,
                         const nt_media_info_t *info);

/* Runs it to its end.  What it writes to stdout is *out (malloc'ed), if that
 * is not NULL. */
bool nt_ffmpeg_run(nt_ffmpeg_t *f, char **out, size_t *len);

/* Stores a file of the folder among the assets; NULL after nt_call_fail. */
json_t *nt_ffmpeg_store(nt_ffmpeg_t *f, const char *file, const char *type,
                        const char *extension, json_t *metadata);

/* Limits of ffmpeg's processes, for those that a node runs by itself. */
nt_process_t nt_ffmpeg_process(const nt_ffmpeg_t *f);

/* Fails the node for what ffmpeg wrote to stderr. */
void nt_ffmpeg_fail(nt_node_call_t *call, const char *err, size_t len);

#endif
