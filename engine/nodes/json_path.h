/*
 * engine/nodes/json_path.h - lib.json.GetJSONPath*, for json.c.
 */

#ifndef NT_JSON_PATH_H
#define NT_JSON_PATH_H

#include "engine/nodetool_node.h"

extern const nt_node_type_t nt_json_path_str, nt_json_path_int,
    nt_json_path_float, nt_json_path_bool, nt_json_path_list, nt_json_path_dict;

#endif
