#include "engine/agents/tool.h"

#include <stdlib.h>

/*
 * What built-in tools share.
 */


bool
nt_tool_text(const json_t *args, const char *name, const char *standard,
             nt_str_t *value, nt_buf_t *error)
{
    const json_t *arg = json_object_get(args, name);

    if (standard != NULL &&
        (arg == NULL || json_is_null(arg) ||
         (json_is_string(arg) && json_string_length(arg) == 0)))
    {
        *value = nt_str(standard);
        return true;
    }

    if (!json_is_string(arg) || json_string_length(arg) == 0) {
        nt_buf_printf(error, "\"%s\" is required and must be a text", name);
        return false;
    }

    value->data = json_string_value(arg);
    value->len = json_string_length(arg);
    return true;
}


bool
nt_tool_int(const json_t *args, const char *name, int64_t standard, int64_t min,
            int64_t max, int64_t *value, nt_buf_t *error)
{
    const json_t *arg = json_object_get(args, name);

    if (arg == NULL || json_is_null(arg)) {
        *value = standard;
        return true;
    }

    *value = json_is_integer(arg) ? json_integer_value(arg)
                                  : (int64_t) json_real_value(arg);

    if (!json_is_number(arg) || *value < min || *value > max) {
        nt_buf_printf(error, "\"%s\" must be an integer from %lld to %lld",
                      name, (long long) min, (long long) max);
        return false;
    }

    return true;
}


bool
nt_tool_thread(nt_node_call_t *call,
               void (*work)(nt_node_call_t *call, void *arg), void *arg,
               nt_buf_t *error)
{
    bool  ran;
    char *sentence;

    ran = nt_call_thread(call, work, arg);
    sentence = nt_call_take_error(call);

    if (sentence == NULL) {
        return ran;
    }

    nt_buf_append_str(error, nt_str(sentence));
    free(sentence);
    return false;
}
