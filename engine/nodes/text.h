/*
 * engine/nodes/text.h - what the files of nodetool.text.* share.
 */

#ifndef NT_TEXT_H
#define NT_TEXT_H

#include "engine/nodes/args.h"
#include "engine/nodes/ustr.h"

extern const nt_output_t nt_text_out_list[]; /* output: list[str] */

/* A property of type str; lives as long as the call. */
nt_str_t nt_text_input(nt_node_call_t *call, const char *name);

/* Bytes of a text that a node may make of shorter ones: a short text with a
 * long replacement would otherwise fill the memory. */
#define NT_TEXT_MAX (64 * 1024 * 1024)

/* True when the text is longer than that. */
bool nt_text_too_long(const nt_buf_t *buf);

/* Emit `output`.  The buffer is freed; the node fails if it is too long. */
nt_node_rc_t nt_text_emit(nt_node_call_t *call, nt_buf_t *buf);
nt_node_rc_t nt_text_emit_str(nt_node_call_t *call, nt_str_t s);
nt_node_rc_t nt_text_emit_bool(nt_node_call_t *call, bool value);
nt_node_rc_t nt_text_emit_int(nt_node_call_t *call, int64_t value);

/* The lower case of `s` unless `case_sensitive`; free *buf when done. */
nt_str_t nt_text_fold(nt_buf_t *buf, nt_str_t s, bool case_sensitive);

/* text.c */
extern const nt_node_type_t nt_text_concat, nt_text_join, nt_text_replace,
    nt_text_split, nt_text_extract, nt_text_slice, nt_text_chunk,
    nt_text_to_string, nt_text_surround;

/* text_transform.c */
extern const nt_node_type_t nt_text_lowercase, nt_text_uppercase,
    nt_text_titlecase, nt_text_capitalize, nt_text_trim, nt_text_collapse,
    nt_text_remove_punctuation, nt_text_strip_accents, nt_text_slugify,
    nt_text_truncate, nt_text_pad;

/* text_check.c */
extern const nt_node_type_t nt_text_compare, nt_text_equals,
    nt_text_starts_with, nt_text_ends_with, nt_text_contains, nt_text_is_empty,
    nt_text_has_length, nt_text_length, nt_text_index_of;

/* text_filter.c */
extern const nt_node_type_t nt_text_filter, nt_text_collect;

/* text_json.c */
extern const nt_node_type_t nt_text_parse_json, nt_text_extract_json;

/* text_html.c */
extern const nt_node_type_t nt_text_html_to_text;

/* text_tokens.c */
extern const nt_node_type_t nt_text_count_tokens;

/* text_folder.c */
extern const nt_node_type_t nt_text_load_folder;

#endif
