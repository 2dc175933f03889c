#include "engine/nodes/aliases.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    const char *now;
} aliases[] = {
    { "nodetool.control_flow.If", "nodetool.control.If" },
    { "nodetool.output.AudioOutput", "nodetool.output.Output" },
    { "nodetool.output.BooleanOutput", "nodetool.output.Output" },
    { "nodetool.output.DataframeOutput", "nodetool.output.Output" },
    { "nodetool.output.DictionaryOutput", "nodetool.output.Output" },
    { "nodetool.output.DocumentOutput", "nodetool.output.Output" },
    { "nodetool.output.FloatOutput", "nodetool.output.Output" },
    { "nodetool.output.ImageOutput", "nodetool.output.Output" },
    { "nodetool.output.IntegerOutput", "nodetool.output.Output" },
    { "nodetool.output.ListOutput", "nodetool.output.Output" },
    { "nodetool.output.StringOutput", "nodetool.output.Output" },
    { "nodetool.output.TextOutput", "nodetool.output.Output" },
    { "nodetool.output.VideoOutput", "nodetool.output.Output" },
};

const char *
nt_alias_find(const char *name)
{
    size_t i;

    /* The library lib.* once stood under nodetool. */
    if (strncmp(name, "nodetool.lib.", 13) == 0) {
        return name + 9;
    }
    for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcmp(aliases[i].name, name) == 0) {
            return aliases[i].now;
        }
    }
    return NULL;
}
