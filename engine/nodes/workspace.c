/*
 * engine/nodes/workspace.c - nodetool.workspace.*: what is there.
 */

#include <time.h>

#include "engine/nodes/files.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/workspace.h"

const nt_output_t nt_out_none[] = { { "output", "none" }, { NULL, NULL } };


/* `what` is the property's name, or what else the path is. */
static bool
check_path(nt_node_call_t *call, const char *what, nt_str_t path)
{
    if (path.len > 0 && path.data[0] == '/') {
        (void) nt_call_fail(call,
                            "'%s' must be relative to the workspace, without "
                            "a slash at its start",
                            what);
        return false;
    }

    if (nt_path_goes_up(path)) {
        (void) nt_call_fail(call, "'%s' must not lead out with \"..\"", what);
        return false;
    }

    return true;
}


bool
nt_workspace_path(nt_node_call_t *call, const char *name, nt_str_t *path)
{
    return nt_arg_name(call, name, path) && check_path(call, name, *path);
}


bool
nt_workspace_stat(nt_node_call_t *call, const char *name, nt_str_t *path,
                  nt_file_info_t *info)
{
    return nt_workspace_path(call, name, path) &&
           nt_files_stat(call, path->data, info);
}


static const nt_property_t path_properties[] = {
    NT_PROP("path", "str", "\"\"", "A path of the workspace"), NT_PROP_END
};


/* --- GetWorkspaceDir --- */

static nt_node_rc_t
run_dir(nt_node_call_t *call)
{
    return nt_emit(call, json_string("/"));
}


static const nt_node_type_t dir_type = {
    .type = "nodetool.workspace.GetWorkspaceDir",
    .title = "Get Workspace Dir",
    .description = "The workspace's folder as nodes see it: always \"/\".",
    .outputs = nt_out_str,
    .run = run_dir
};


/* --- ListWorkspaceFiles --- */

/* The paths, relative to the workspace. */
static json_t *
list_files(nt_node_call_t *call)
{
    json_t  *files, *file, *list = NULL;
    size_t   i;
    nt_buf_t path = { 0 };
    nt_str_t folder, pattern;

    if (!nt_workspace_path(call, "path", &folder) ||
        !nt_arg_str(call, "pattern", &pattern))
    {
        return NULL;
    }

    files =
        nt_files_glob(call, folder, pattern, nt_call_bool(call, "recursive"));

    if (files != NULL) {
        list = json_array();
    }

    json_array_foreach(files, i, file)
    {
        nt_path_normalize(&path, nt_ustr(file));

        if (list != NULL &&
            json_array_append_new(list, nt_ustr_take(&path)) != 0) {
            json_decref(list);
            list = NULL;
        }

        nt_buf_free(&path);
    }

    json_decref(files);

    if (list == NULL) {
        (void) nt_arg_nomem(call); /* unless another reason was given */
    }

    return list;
}


static nt_node_rc_t
run_list(nt_node_call_t *call)
{
    return nt_files_stream(call, "file", list_files);
}


static const nt_property_t list_properties[] = {
    NT_PROP("path", "str", "\".\"",
            "A folder of the workspace; . for its root"),
    NT_PROP("pattern", "str", "\"*\"",
            "What the names have to match, such as *.txt"),
    NT_PROP("recursive", "bool", "false", "Look into the folders in it, too"),
    NT_PROP_END
};

static const nt_output_t list_outputs[] = { { "file", "str" }, { NULL, NULL } };

static const nt_node_type_t list_type = {
    .type = "nodetool.workspace.ListWorkspaceFiles",
    .title = "List Workspace Files",
    .description = "Sends the paths of a folder of the workspace that match a "
                   "pattern.",
    .properties = list_properties,
    .outputs = list_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_list
};


/* --- WorkspaceFileExists, IsWorkspaceFile, IsWorkspaceDirectory --- */

static nt_node_rc_t
emit_is(nt_node_call_t *call, unsigned kinds)
{
    nt_str_t       path;
    nt_file_info_t info;

    if (!nt_workspace_path(call, "path", &path) ||
        !nt_call_stat(call, path.data, &info))
    {
        return NT_NODE_FAIL;
    }

    return nt_emit(call, json_boolean((kinds & 1U << info.kind) != 0));
}


static nt_node_rc_t
run_exists(nt_node_call_t *call)
{
    return emit_is(call, ~(1U << NT_FILE_NONE));
}


static nt_node_rc_t
run_is_file(nt_node_call_t *call)
{
    return emit_is(call, 1U << NT_FILE_REGULAR);
}


static nt_node_rc_t
run_is_folder(nt_node_call_t *call)
{
    return emit_is(call, 1U << NT_FILE_FOLDER);
}


static const nt_node_type_t exists_type = {
    .type = "nodetool.workspace.WorkspaceFileExists",
    .title = "Workspace File Exists",
    .description = "Is there such a file or folder in the workspace?",
    .properties = path_properties,
    .outputs = nt_out_bool,
    .flags = NT_NODE_THREAD,
    .run = run_exists
};

static const nt_node_type_t is_file_type = {
    .type = "nodetool.workspace.IsWorkspaceFile",
    .title = "Is Workspace File",
    .description = "Is there a file at a path of the workspace?",
    .properties = path_properties,
    .outputs = nt_out_bool,
    .flags = NT_NODE_THREAD,
    .run = run_is_file
};

static const nt_node_type_t is_folder_type = {
    .type = "nodetool.workspace.IsWorkspaceDirectory",
    .title = "Is Workspace Directory",
    .description = "Is there a folder at a path of the workspace?",
    .properties = path_properties,
    .outputs = nt_out_bool,
    .flags = NT_NODE_THREAD,
    .run = run_is_folder
};


/* --- GetWorkspaceFileInfo --- */

/* datetime.fromtimestamp(time).isoformat(): local, without an offset */
static json_t *
isoformat(struct timespec time)
{
    char      text[64], fraction[24];
    struct tm tm;

    if (localtime_r(&time.tv_sec, &tm) == NULL ||
        strftime(text, sizeof(text) - sizeof(fraction), "%FT%T", &tm) == 0)
    {
        return json_null();
    }

    if (time.tv_nsec >= 1000) {
        (void) snprintf(fraction, sizeof(fraction), ".%06ld",
                        time.tv_nsec / 1000);
        (void) strcat(text, fraction);
    }

    return json_string(text);
}


static nt_node_rc_t
run_info(nt_node_call_t *call)
{
    nt_str_t       path, folder, name;
    nt_file_info_t info;

    if (!nt_workspace_stat(call, "path", &path, &info)) {
        return NT_NODE_FAIL;
    }

    nt_path_split(path, &folder, &name);
    return nt_emit(call,
                   json_pack("{s:s%, s:s%, s:I, s:b, s:b, s:o, s:o, s:o}",
                             "path", path.data, path.len, "name", name.data,
                             name.len, "size", (json_int_t) info.size,
                             "is_file", info.kind == NT_FILE_REGULAR,
                             "is_directory", info.kind == NT_FILE_FOLDER,
                             "created", isoformat(info.created), "modified",
                             isoformat(info.modified), "accessed",
                             isoformat(info.accessed)));
}


static const nt_node_type_t info_type = {
    .type = "nodetool.workspace.GetWorkspaceFileInfo",
    .title = "Get Workspace File Info",
    .description = "Size, kind and times of a file of the workspace.",
    .properties = path_properties,
    .outputs = nt_out_dict,
    .flags = NT_NODE_THREAD,
    .run = run_info
};


/* --- GetWorkspaceFileSize --- */

static nt_node_rc_t
run_size(nt_node_call_t *call)
{
    nt_str_t       path;
    nt_file_info_t info;

    if (!nt_workspace_stat(call, "path", &path, &info)) {
        return NT_NODE_FAIL;
    }

    if (info.kind != NT_FILE_REGULAR) {
        return nt_call_fail(call, "'path': \"%s\" is not a file", path.data);
    }

    return nt_emit(call, json_integer(info.size));
}


static const nt_node_type_t size_type = {
    .type = "nodetool.workspace.GetWorkspaceFileSize",
    .title = "Get Workspace File Size",
    .description = "How many bytes a file of the workspace has.",
    .properties = path_properties,
    .outputs = nt_out_int,
    .flags = NT_NODE_THREAD,
    .run = run_size
};


/* --- JoinWorkspacePaths --- */

static nt_node_rc_t
run_join(nt_node_call_t *call)
{
    size_t   i;
    json_t  *part, *parts = nt_arg_list(call, "paths");
    nt_buf_t path = { 0 };

    if (parts == NULL) {
        return NT_NODE_FAIL;
    }

    json_array_foreach(parts, i, part)
    {
        if (i == 0) {
            nt_buf_append_str(&path, nt_ustr(part));
        } else {
            nt_path_join(&path, nt_ustr(part));
        }
    }

    if (path.len == 0 && !path.failed) {
        nt_buf_free(&path);
        return nt_call_fail(call, "'paths' must not be empty");
    }

    if (!path.failed &&
        !check_path(call, "paths", (nt_str_t) { path.data, path.len }))
    {
        nt_buf_free(&path);
        return NT_NODE_FAIL;
    }

    return nt_emit_buf(call, &path);
}


static const nt_property_t join_properties[] = {
    NT_PROP("paths", "list[str]", "[]", "The parts of the path"), NT_PROP_END
};

static const nt_node_type_t join_type = {
    .type = "nodetool.workspace.JoinWorkspacePaths",
    .title = "Join Workspace Paths",
    .description = "Joins parts to a path of the workspace.",
    .properties = join_properties,
    .outputs = nt_out_str,
    .run = run_join
};


static const nt_node_type_t *const types[] = { &dir_type,
                                               &list_type,
                                               &exists_type,
                                               &is_file_type,
                                               &is_folder_type,
                                               &info_type,
                                               &size_type,
                                               &join_type,
                                               &nt_workspace_read_text,
                                               &nt_workspace_write_text,
                                               &nt_workspace_read_binary,
                                               &nt_workspace_write_binary,
                                               &nt_workspace_delete,
                                               &nt_workspace_create,
                                               &nt_workspace_copy,
                                               &nt_workspace_move,
                                               &nt_workspace_save_image,
                                               &nt_workspace_save_video,
                                               NULL };

const nt_node_library_t nt_nodes_workspace = { NODETOOL_NODE_ABI, "workspace",
                                               types };
