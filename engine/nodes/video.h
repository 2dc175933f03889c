/*
 * engine/nodes/video.h - what the files of nodetool.video.* share.
 *
 * Videos are made as H.264 and AAC in MP4: what all browsers play.  Sound that
 * is not changed is copied.
 */

#ifndef NT_VIDEO_H
#define NT_VIDEO_H

#include "engine/nodes/ffmpeg.h"

#define NT_VIDEO_INPUTS 2

typedef struct {
    nt_ffmpeg_t     f;
    nt_media_info_t info[NT_VIDEO_INPUTS];
} nt_video_t;

/* Loads the videos of `n` properties and looks at them.  False after
 * nt_call_fail; nt_video_close in any case. */
bool nt_video_open(nt_video_t *v, nt_node_call_t *call,
                   const char *const *names, size_t n);
void nt_video_close(nt_video_t *v);

/* Starts ffmpeg's arguments, with the inputs. */
void nt_video_begin(nt_video_t *v);

/* Adds a graph of filters (freed) that ends in [v] and, if it has sound, in
 * [a].  Otherwise `sound` is the input whose sound is kept, -1 for none. */
void nt_video_filter(nt_video_t *v, nt_buf_t *graph, bool has_a, int sound);

/* Makes the video, closes `v` and emits the result, if `good`. */
nt_node_rc_t nt_video_finish(nt_video_t *v, bool good);

/* Emits "output": the file of `v` of that name, and closes `v`. */
nt_node_rc_t nt_video_emit(nt_video_t *v, const char *file,
                           const char *extension);

/* The end of each graph of filters: H.264 takes even sizes only. */
#define NT_VIDEO_EVEN "pad=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p"

/* "0xRRGGBB" of a color property.  False after nt_call_fail. */
bool nt_video_color(nt_node_call_t *call, const char *name, char color[9]);

extern const nt_property_t nt_video_properties[]; /* video */

#define NT_PROP_VIDEO(name, text) NT_PROP(name, "video", NT_DEFAULT_VIDEO, text)

/* video_join.c */
extern const nt_node_type_t nt_video_concat, nt_video_overlay,
    nt_video_transition, nt_video_add_audio;

/* video_more.c */
extern const nt_node_type_t nt_video_stabilize, nt_video_chroma_key,
    nt_video_subtitles;

/* video_frames.c */
extern const nt_node_type_t nt_video_frames, nt_video_from_frames;

/* video_info.c */
extern const nt_node_type_t nt_video_fps, nt_video_info, nt_video_extract_audio,
    nt_video_extract_frame;

/* video_files.c */
extern const nt_node_type_t nt_video_load_assets, nt_video_load_file,
    nt_video_save, nt_video_save_file;

#endif
