/*
 * engine/nodes/data.h - what the files of nodetool.data share.
 */

#ifndef NT_DATA_H
#define NT_DATA_H

#include "engine/nodes/dataframe.h"
#include "engine/nodes/defaults.h"

#define NT_PROP_DATAFRAME(name, text)                                          \
    NT_PROP(name, "dataframe", NT_DEFAULT_DATAFRAME, text)

extern const nt_output_t nt_out_dataframe[]; /* "output" */

/* A single frame under the name that the node has for it. */
extern const nt_property_t nt_data_df[];

extern const nt_node_type_t nt_data_add_column;
extern const nt_node_type_t nt_data_aggregate;
extern const nt_node_type_t nt_data_append;
extern const nt_node_type_t nt_data_drop_duplicates;
extern const nt_node_type_t nt_data_drop_na;
extern const nt_node_type_t nt_data_extract_column;
extern const nt_node_type_t nt_data_fill_na;
extern const nt_node_type_t nt_data_filter;
extern const nt_node_type_t nt_data_find_row;
extern const nt_node_type_t nt_data_join;
extern const nt_node_type_t nt_data_load_assets;
extern const nt_node_type_t nt_data_load_file;
extern const nt_node_type_t nt_data_load_url;
extern const nt_node_type_t nt_data_merge;
extern const nt_node_type_t nt_data_pivot;
extern const nt_node_type_t nt_data_rename;
extern const nt_node_type_t nt_data_save;
extern const nt_node_type_t nt_data_save_file;
extern const nt_node_type_t nt_data_select_column;
extern const nt_node_type_t nt_data_slice;
extern const nt_node_type_t nt_data_sort;

#endif
