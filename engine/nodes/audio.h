/*
 * engine/nodes/audio.h - what the files of nodetool.audio.* share.
 */

#ifndef NT_AUDIO_H
#define NT_AUDIO_H

#include "engine/nodes/sound.h"

/* What a node does with a sound, on the pool: changes it, or replaces it and
 * frees the old one.  False after nt_call_fail. */
typedef bool (*nt_sound_op_t)(nt_node_call_t *call, nt_sound_t *sound);

/* The run of a node with the input "audio" and one output. */
nt_node_rc_t nt_audio_run(nt_node_call_t *call, nt_sound_op_t op);

extern const nt_property_t nt_audio_properties[]; /* audio */

/* audio_mix.c */
extern const nt_node_type_t nt_audio_overlay, nt_audio_mixer, nt_audio_concat,
    nt_audio_concat_list;

/* audio_silence.c */
extern const nt_node_type_t nt_audio_remove_silence;

/* audio_array.c */
extern const nt_node_type_t nt_audio_to_numpy, nt_audio_from_numpy,
    nt_audio_to_array;

/* audio_chunk.c */
extern const nt_node_type_t nt_audio_from_chunks;

/* audio_files.c */
extern const nt_node_type_t nt_audio_load_assets, nt_audio_load_file,
    nt_audio_load_folder, nt_audio_save, nt_audio_save_file;

#endif
