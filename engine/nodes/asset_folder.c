#include "engine/nodes/asset_folder.h"

#include "engine/nodes/args.h"

typedef struct {
    json_t *keys;
    size_t  next;
} state_t;


static void
free_state(void *state)
{
    json_decref(((state_t *) state)->keys);
}


nt_node_rc_t
nt_asset_folder_run(nt_node_call_t *call, const char *folder,
                    const nt_asset_folder_t *how)
{
    state_t    *state = nt_call_state(call, sizeof(*state), free_state);
    const char *key;

    if (state == NULL) {
        return nt_arg_nomem(call);
    }

    if (state->keys == NULL) {
        state->keys = nt_call_list_assets(call, folder);

        if (state->keys == NULL) {
            return NT_NODE_FAIL;
        }
    }

    while (state->next < json_array_size(state->keys)) {
        key = json_string_value(json_array_get(state->keys, state->next++));

        if (how->wanted(key)) {
            return how->send(call, key) == NT_NODE_DONE ? NT_NODE_MORE
                                                        : NT_NODE_FAIL;
        }
    }

    return NT_NODE_DONE;
}
