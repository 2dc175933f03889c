#include "engine/graph/reuse.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "engine/graph/results.h"

/*
 * Only nodes that say so (NT_NODE_CACHE), and not where a stream drives them:
 * that would fill the cache with what hardly comes again.
 */

static bool
may_reuse(const nt_node_call_t *call)
{
    const nt_node_plan_t *plan = call->plan;
    uint32_t              i;

    if (!(plan->type->flags & NT_NODE_CACHE) ||
        call->run->options.results == NULL || plan->callers > 0 ||
        call->run->chain != NULL ||
        (plan->type->flags & (NT_NODE_DYNAMIC | NT_NODE_DYNAMIC_OUTPUTS |
                              NT_NODE_STREAMING_OUTPUT | NT_NODE_ONCE)))
    {
        return false;
    }
    for (i = 0; i < plan->n_handles; i++) {
        if (call->run->graph->handles[plan->first_handle + i].streams) {
            return false;
        }
    }
    return true;
}

/* [user, type, [inputs]] as text; false when it cannot be a key. */
static bool
make_key(nt_node_call_t *call, unsigned char *key)
{
    const nt_node_plan_t *plan = call->plan;
    const char           *user = call->run->options.user;
    json_t               *list, *value;
    char                 *text;
    uint32_t              i;
    bool                  good = true;

    list = json_pack("[s, s]", user != NULL ? user : "", plan->type->type);
    for (i = 0; i < plan->n_properties && good; i++) {
        value = nt_call_input(call, plan->type->properties[i].name);
        good = nt_results_stable(value) && json_array_append(list, value) == 0;
    }
    text = good ? json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    good = text != NULL &&
           EVP_Digest(text, strlen(text), key, NULL, EVP_sha256(), NULL) == 1;
    free(text);
    json_decref(list);
    return good;
}

static uint64_t
now(const nt_node_call_t *call)
{
    return uv_now(call->run->options.loop);
}

bool
nt_reuse_take(nt_node_call_t *call)
{
    unsigned char key[NT_RESULTS_KEY];
    json_t       *outputs, *value;
    uint32_t      i;

    if (!may_reuse(call) || !make_key(call, key)) {
        return false;
    }
    outputs = nt_results_get(call->run->options.results, key, now(call));
    if (outputs == NULL) {
        call->key = malloc(sizeof(key));
        if (call->key != NULL) {
            memcpy(call->key, key, sizeof(key));
        }
        return false;
    }
    for (i = 0; i < call->plan->n_outputs; i++) {
        value = json_object_get(outputs, call->plan->outputs[i].name);
        if (value != NULL) {
            nt_run_send(call, i, value);
        }
    }
    json_decref(outputs);
    return true;
}

void
nt_reuse_keep(nt_node_call_t *call)
{
    json_t  *outputs;
    uint32_t i;
    bool     good;

    if (call->key == NULL) {
        return;
    }
    outputs = json_object();
    good = outputs != NULL;
    for (i = 0; i < call->plan->n_outputs && good; i++) {
        good = call->last[i] == NULL ||
               (nt_results_stable(call->last[i]) &&
                json_object_set(outputs, call->plan->outputs[i].name,
                                call->last[i]) == 0);
    }
    if (good) {
        nt_results_put(call->run->options.results, call->key, outputs,
                       now(call));
    }
    json_decref(outputs);
}
