#include "engine/nodes/aliases.h"

#include <stdio.h>
#include <string.h>

/* Namespaces that have moved, and node types that have; the more special
 * first.  Only such as have kept their properties and outputs. */
static const struct {
    const char *name;
    const char *now;
} moved[] = {
    { "nodetool.control.Collector", "nodetool.control.Collect" },
    { "nodetool.control.Iterator", "nodetool.control.ForEach" },
    { "nodetool.lib.", "lib." },
    { "nodetool.math.", "lib.math." },
    { "nodetool.json.", "lib.json." },
    { "nodetool.date.", "lib.date." },
    { "nodetool.mail.", "lib.mail." },
    { "lib.network.http.", "lib.http." },
};

/* Once there was an output for each type of value. */
static bool
is_typed_output(const char *name)
{
    const char prefix[] = "nodetool.output.";
    size_t     len = strlen(name);

    return strncmp(name, prefix, sizeof(prefix) - 1) == 0 &&
           len > sizeof(prefix) - 1 + 6 &&
           strcmp(name + len - 6, "Output") == 0 &&
           strcmp(name, "nodetool.output.GroupOutput") != 0;
}

bool
nt_alias_find(const char *name, char *now, size_t size)
{
    const char *head = NULL, *rest = "";
    size_t      i, n;
    int         len;

    if (is_typed_output(name)) {
        head = "nodetool.output.Output";
    }
    for (i = 0; i < sizeof(moved) / sizeof(moved[0]) && head == NULL; i++) {
        n = strlen(moved[i].name);
        if (moved[i].name[n - 1] == '.' ? strncmp(name, moved[i].name, n) == 0
                                        : strcmp(name, moved[i].name) == 0)
        {
            head = moved[i].now;
            rest = name + n;
        }
    }
    if (head == NULL) {
        return false;
    }
    len = snprintf(now, size, "%s%s", head, rest);
    return len > 0 && (size_t) len < size;
}
