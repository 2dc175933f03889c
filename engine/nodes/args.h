/*
 * engine/nodes/args.h - how the built-in nodes declare and read properties.
 *
 * The getters fail the node with a sentence that names the property, what it
 * must be and what came, because a value that came along an edge may be of
 * any type.
 */

#ifndef NT_ARGS_H
#define NT_ARGS_H

#include "core/nt_buf.h"
#include "engine/nodetool_node.h"

#define NT_PROP(property, type_name, json, text)                               \
    {                                                                          \
        .name = property, .type = type_name, .default_json = json,             \
        .description = text                                                    \
    }
#define NT_PROP_ENUM(property, enum_values, json, text)                        \
    {                                                                          \
        .name = property, .type = "enum", .default_json = json,                \
        .values = enum_values, .description = text                             \
    }
#define NT_PROP_END                                                            \
    {                                                                          \
        .name = NULL                                                           \
    }

/* Outputs with the single name "output". */
extern const nt_output_t nt_out_any[];
extern const nt_output_t nt_out_bool[];
extern const nt_output_t nt_out_dict[];
extern const nt_output_t nt_out_dict_any[]; /* dict[str,any] */
extern const nt_output_t nt_out_float[];
extern const nt_output_t nt_out_int[];
extern const nt_output_t nt_out_list[];   /* list[any] */
extern const nt_output_t nt_out_number[]; /* union[int,float] */
extern const nt_output_t nt_out_str[];

/* Borrowed; NULL after nt_call_fail. */
json_t *nt_arg_list(nt_node_call_t *call, const char *name);
json_t *nt_arg_dict(nt_node_call_t *call, const char *name);
json_t *nt_arg_number(nt_node_call_t *call, const char *name);

/* False after nt_call_fail. */
bool nt_arg_int(nt_node_call_t *call, const char *name, int64_t *value);
bool nt_arg_str(nt_node_call_t *call, const char *name, nt_str_t *value);

/* A name or path: not empty, no NUL in it; ended by one. */
bool nt_arg_name(nt_node_call_t *call, const char *name, nt_str_t *value);

/* An indent of json.dumps: 0 to 64. */
bool nt_arg_indent(nt_node_call_t *call, const char *name, int64_t *value);

/* The value of a JSON text of the property; `type` is what it has to be, in
 * words `wanted`.  A new reference; NULL after nt_call_fail. */
json_t *nt_arg_json(nt_node_call_t *call, const char *name, json_type type,
                    const char *wanted);

/* Parses a text; a fault fails the node with `what` in front.  A new
 * reference; NULL after nt_call_fail. */
json_t *nt_call_parse(nt_node_call_t *call, const char *what, nt_str_t text);

/* Fails the node for want of memory. */
nt_node_rc_t nt_arg_nomem(nt_node_call_t *call);

/* Emits `output`. */
nt_node_rc_t nt_emit(nt_node_call_t *call, json_t *value);
nt_node_rc_t nt_emit_buf(nt_node_call_t *call, nt_buf_t *buf); /* frees it */

/* A finite number; fails the node for one that JSON cannot hold. */
nt_node_rc_t nt_emit_float(nt_node_call_t *call, double value);

/* For nodes that drain a stream `value` beside settings that may be streams
 * as well: keeps the latest value of each setting.  True when the handle was
 * a setting; *failed when it could not be kept. */
bool nt_latest_keep(nt_node_call_t *call, const char *handle, json_t *value,
                    bool *failed);

/* The latest value of a setting, else its property. Borrowed. */
json_t *nt_latest(nt_node_call_t *call, const char *name);

#endif
