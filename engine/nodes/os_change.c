/*
 * engine/nodes/os_change.c - lib.os.*: lists and changes what is in the
 * workspace; what NodeTool does with a desktop.
 */

#include "engine/nodes/files.h"
#include "engine/nodes/os.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/workspace.h"


/* --- ListFiles --- */

static json_t *
list_files(nt_node_call_t *call)
{
    json_t  *files;
    nt_buf_t folder = { 0 };
    nt_str_t pattern;

    if (!nt_arg_str(call, "pattern", &pattern) ||
        !nt_os_path(call, "folder", &folder))
    {
        return NULL;
    }

    files = nt_files_glob(call, (nt_str_t) { folder.data, folder.len }, pattern,
                          nt_call_bool(call, "include_subdirectories"));
    nt_buf_free(&folder);
    return files;
}


static nt_node_rc_t
run_list(nt_node_call_t *call)
{
    return nt_files_stream(call, "file", list_files);
}


static const nt_property_t list_properties[] = {
    NT_PROP("folder", "str", "\"~\"",
            "The folder; ~ and / stand for the workspace's root"),
    NT_PROP("pattern", "str", "\"*\"",
            "What the names have to match, such as *.txt"),
    NT_PROP("include_subdirectories", "bool", "false",
            "Look into the folders in it, too"),
    NT_PROP_END
};

static const nt_output_t list_outputs[] = { { "file", "str" }, { NULL, NULL } };

const nt_node_type_t nt_os_list = {
    .type = "lib.os.ListFiles",
    .title = "List Files",
    .description = "Sends the paths of a folder of the workspace that match a "
                   "pattern.",
    .properties = list_properties,
    .outputs = list_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_list
};


/* --- CopyFile, MoveFile --- */

/* Does it with the paths of the properties. */
static bool
change(nt_node_call_t *call,
       bool (*function)(nt_node_call_t *call, const char *from, const char *to))
{
    bool     good;
    nt_buf_t from = { 0 }, to = { 0 };

    good = nt_os_path(call, "source_path", &from) &&
           nt_os_path(call, "destination_path", &to) &&
           function(call, from.data, to.data);
    nt_buf_free(&from);
    nt_buf_free(&to);
    return good;
}


static nt_node_rc_t
run_copy(nt_node_call_t *call)
{
    return change(call, nt_files_copy)
               ? nt_emit(call,
                         json_incref(nt_call_input(call, "destination_path")))
               : NT_NODE_FAIL;
}


static nt_node_rc_t
run_move(nt_node_call_t *call)
{
    return change(call, nt_files_move) ? NT_NODE_DONE : NT_NODE_FAIL;
}


static const nt_property_t copy_properties[] = {
    NT_PROP("source_path", "str", "\"\"", "A file or folder of the workspace"),
    NT_PROP("destination_path", "str", "\"\"",
            "Its new path, or the folder to put it into"),
    NT_PROP_END
};

const nt_node_type_t nt_os_copy = { .type = "lib.os.CopyFile",
                                    .title = "Copy File",
                                    .description =
                                        "Copies a file or folder within the "
                                        "workspace.",
                                    .properties = copy_properties,
                                    .outputs = nt_out_str,
                                    .flags = NT_NODE_THREAD,
                                    .run = run_copy };

const nt_node_type_t nt_os_move = { .type = "lib.os.MoveFile",
                                    .title = "Move File",
                                    .description =
                                        "Moves or renames a file or folder of "
                                        "the workspace.",
                                    .properties = copy_properties,
                                    .flags = NT_NODE_THREAD | NT_NODE_ONCE,
                                    .run = run_move };


/* --- CreateDirectory --- */

static nt_node_rc_t
run_create(nt_node_call_t *call)
{
    bool     good;
    nt_buf_t path = { 0 };

    if (!nt_os_path(call, "path", &path)) {
        return NT_NODE_FAIL;
    }

    good =
        nt_call_make_folder(call, path.data, !nt_call_bool(call, "exist_ok"));
    nt_buf_free(&path);
    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}


static const nt_property_t create_properties[] = {
    NT_PROP("path", "str", "\"\"", "The folder's path in the workspace"),
    NT_PROP("exist_ok", "bool", "true", "Take it well if it is there already"),
    NT_PROP_END
};

const nt_node_type_t nt_os_create = {
    .type = "lib.os.CreateDirectory",
    .title = "Create Directory",
    .description = "Makes a folder in the workspace, and those above it.",
    .properties = create_properties,
    .flags = NT_NODE_THREAD,
    .run = run_create
};


/* --- OpenWorkspaceDirectory --- */

static nt_node_rc_t
run_open_workspace(nt_node_call_t *call)
{
    return nt_call_fail(call,
                        "a server has no desktop to open a folder on: take "
                        "this node out of the workflow");
}


const nt_node_type_t nt_os_open_workspace = {
    .type = "lib.os.OpenWorkspaceDirectory",
    .title = "Open Workspace Directory",
    .description = "Opens the workspace's folder on a desktop; fails on a "
                   "server, which has none.",
    .outputs = nt_out_none,
    .run = run_open_workspace
};


/* --- ShowNotification --- */

static nt_node_rc_t
run_notify(nt_node_call_t *call)
{
    json_t  *content;
    int64_t  timeout;
    nt_str_t title, message;

    if (!nt_arg_str(call, "title", &title) ||
        !nt_arg_str(call, "message", &message) ||
        !nt_arg_int(call, "timeout", &timeout))
    {
        return NT_NODE_FAIL;
    }

    if (title.len == 0 || message.len == 0) {
        return nt_call_fail(call, "'%s' must not be empty",
                            title.len == 0 ? "title" : "message");
    }

    content = json_sprintf("%.*s: %.*s", (int) title.len, title.data,
                           (int) message.len, message.data);
    nt_call_event(call, "notification",
                  json_pack("{s:o, s:s, s:I}", "content", content, "severity",
                            "info", "timeout", (json_int_t) timeout));
    return nt_emit(call, json_null());
}


static const nt_property_t notify_properties[] = {
    NT_PROP("title", "str", "\"\"", "The title"),
    NT_PROP("message", "str", "\"\"", "The text"),
    NT_PROP("timeout", "int", "10", "How many seconds to show it"), NT_PROP_END
};

const nt_node_type_t nt_os_notify = {
    .type = "lib.os.ShowNotification",
    .title = "Show Notification",
    .description = "Sends a notification to those who watch the job.",
    .properties = notify_properties,
    .outputs = nt_out_none,
    .run = run_notify
};
