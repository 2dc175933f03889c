/*
 * test.File: what nodes do with files, one call after another.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/nodetool_node.h"

nt_node_rc_t run_file(nt_node_call_t *call);

static nt_node_rc_t
load(nt_node_call_t *call)
{
    char   *data;
    size_t  len;
    json_t *text;

    if (!nt_call_load(call, nt_call_input(call, "ref"), &data, &len)) {
        return NT_NODE_FAIL;
    }
    text = json_stringn(data, len);
    free(data);
    return nt_call_emit(call, "output", text);
}

static nt_node_rc_t
open_and(nt_node_call_t *call, const char *path, bool write_it)
{
    char    text[64];
    ssize_t n;
    int     fd;

    fd = nt_call_open(call, path,
                      write_it ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY);
    if (fd == -1) {
        return NT_NODE_FAIL;
    }
    n = write_it ? write(fd, "written", 7) : read(fd, text, sizeof(text));
    (void) close(fd);
    if (n < 0) {
        return nt_call_fail(call, "i/o");
    }
    return nt_call_emit(call, "output",
                        write_it ? json_integer(n)
                                 : json_stringn(text, (size_t) n));
}

nt_node_rc_t
run_file(nt_node_call_t *call)
{
    const char *op = nt_call_string(call, "op", NULL);
    const char *key = nt_call_string(call, "key", NULL);
    json_t     *value;

    if (strcmp(op, "load") == 0) {
        return load(call);
    }
    if (strcmp(op, "store") == 0) {
        value = nt_call_store(call, "text", key, "stored", 6);
    } else if (strcmp(op, "list") == 0) {
        value = nt_call_list_assets(call, key);
    } else {
        return open_and(call, key, strcmp(op, "write") == 0);
    }
    return value != NULL ? nt_call_emit(call, "output", value) : NT_NODE_FAIL;
}
