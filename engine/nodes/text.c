/*
 * engine/nodes/text.c - nodetool.text.*: the library, and the nodes that put
 * text together and take it apart.
 */

#include "engine/nodes/registry.h"
#include "engine/nodes/text.h"


const nt_output_t nt_text_out_str[] = { { "output", "str" }, { NULL, NULL } };
const nt_output_t nt_text_out_bool[] = { { "output", "bool" },
                                         { NULL, NULL } };
const nt_output_t nt_text_out_int[] = { { "output", "int" }, { NULL, NULL } };
const nt_output_t nt_text_out_list[] = { { "output", "list[str]" },
                                         { NULL, NULL } };
const nt_output_t nt_text_out_any[] = { { "output", "any" }, { NULL, NULL } };


nt_str_t
nt_text_input(nt_node_call_t *call, const char *name)
{
    nt_str_t s;

    s.data = nt_call_string(call, name, &s.len);
    return s;
}


nt_node_rc_t
nt_text_emit(nt_node_call_t *call, nt_buf_t *buf)
{
    return nt_call_emit(call, "output", nt_ustr_take(buf));
}


nt_node_rc_t
nt_text_emit_str(nt_node_call_t *call, nt_str_t s)
{
    return nt_call_emit(call, "output", nt_ustr_json(s));
}


nt_node_rc_t
nt_text_emit_bool(nt_node_call_t *call, bool value)
{
    return nt_call_emit(call, "output", json_boolean(value));
}


nt_node_rc_t
nt_text_emit_int(nt_node_call_t *call, int64_t value)
{
    return nt_call_emit(call, "output", json_integer(value));
}


static nt_node_rc_t
concat(nt_node_call_t *call)
{
    nt_buf_t buf = { 0 };

    nt_buf_append_str(&buf, nt_text_input(call, "a"));
    nt_buf_append_str(&buf, nt_text_input(call, "b"));
    return nt_text_emit(call, &buf);
}


static const nt_property_t concat_properties[] = {
    NT_TEXT_STR("a", "\"\""),
    NT_TEXT_STR("b", "\"\""),
    NT_TEXT_END
};

const nt_node_type_t nt_text_concat = {
    .type = "nodetool.text.Concat",
    .title = "Concatenate Text",
    .description = "Puts two texts together.",
    .properties = concat_properties,
    .outputs = nt_text_out_str,
    .run = concat
};


static const nt_node_type_t *const types[] = { &nt_text_concat, NULL };

const nt_node_library_t nt_nodes_text = { NODETOOL_NODE_ABI, "text", types };
