/*
 * engine/nodes/dictionary.h - what the files of nodetool.dictionary.* share.
 */

#ifndef NT_DICTIONARY_H
#define NT_DICTIONARY_H

#include "engine/nodes/args.h"

/* dictionary_keys.c */
extern const nt_node_type_t nt_dict_zip, nt_dict_reduce;

/* dictionary_filter.c */
extern const nt_node_type_t nt_dict_by_value, nt_dict_by_range,
    nt_dict_by_number, nt_dict_by_regex, nt_dict_by_query;

/* dictionary_files.c */
extern const nt_node_type_t nt_dict_load_csv, nt_dict_save_csv,
    nt_dict_save_json;

#endif
