/*
 * engine/nodes/os.c - lib.os.*: paths as texts.
 */

#include "engine/nodes/os.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"

const nt_property_t nt_os_path_properties[] = {
    NT_PROP("path", "str", "\"\"", "The path; / is the workspace's folder"),
    NT_PROP_END
};

/* Appends what a node makes of a path. */
typedef void (*path_pt)(nt_buf_t *out, nt_str_t path);


bool
nt_os_path(nt_node_call_t *call, const char *name, nt_buf_t *path)
{
    nt_str_t text;

    if (!nt_arg_name(call, name, &text)) {
        return false;
    }

    nt_path_expand(path, text);
    nt_buf_append_char(path, '\0');

    if (path->failed) {
        nt_buf_free(path);
        (void) nt_arg_nomem(call);
        return false;
    }

    path->len--;
    return true;
}


/* Emits make(path), with "~" expanded. */
static nt_node_rc_t
emit_path(nt_node_call_t *call, nt_str_t text, path_pt make)
{
    nt_buf_t path = { 0 }, out = { 0 };

    nt_path_expand(&path, text);

    if (path.failed) {
        nt_buf_free(&path);
        return nt_arg_nomem(call);
    }

    make(&out, path.len > 0 ? (nt_str_t) { path.data, path.len } : NT_STR(""));
    nt_buf_free(&path);
    return nt_emit_buf(call, &out);
}


/* The same of a property that must not be empty. */
static nt_node_rc_t
emit_named(nt_node_call_t *call, const char *name, path_pt make)
{
    nt_str_t path;

    return nt_arg_name(call, name, &path) ? emit_path(call, path, make)
                                          : NT_NODE_FAIL;
}


static void
append_folder(nt_buf_t *out, nt_str_t path)
{
    nt_str_t folder, name;

    nt_path_split(path, &folder, &name);
    nt_buf_append_str(out, folder);
}


static void
append_name(nt_buf_t *out, nt_str_t path)
{
    nt_str_t folder, name;

    nt_path_split(path, &folder, &name);
    nt_buf_append_str(out, name);
}


static void
append_stem(nt_buf_t *out, nt_str_t path)
{
    nt_str_t folder, name, root, extension;

    nt_path_split(path, &folder, &name);
    nt_path_splitext(name, &root, &extension);
    nt_buf_append_str(out, root);
}


static void
append_extension(nt_buf_t *out, nt_str_t path)
{
    nt_str_t root, extension;

    nt_path_splitext(path, &root, &extension);
    nt_buf_append_str(out, extension);
}


#define PATH_TYPE(variable, type_name, type_title, text, function)             \
    static const nt_node_type_t variable = { .type = "lib.os." type_name,      \
                                             .title = type_title,              \
                                             .description = text,              \
                                             .properties =                     \
                                                 nt_os_path_properties,        \
                                             .outputs = nt_out_str,            \
                                             .run = function }


/* --- FileExtension, FileName, GetDirectory, AbsolutePath --- */

static nt_node_rc_t
run_extension(nt_node_call_t *call)
{
    return emit_named(call, "path", append_extension);
}


static nt_node_rc_t
run_file_name(nt_node_call_t *call)
{
    return emit_named(call, "path", append_name);
}


static nt_node_rc_t
run_get_directory(nt_node_call_t *call)
{
    return emit_named(call, "path", append_folder);
}


static nt_node_rc_t
run_absolute(nt_node_call_t *call)
{
    return emit_named(call, "path", nt_path_absolute);
}


PATH_TYPE(extension_type, "FileExtension", "File Extension",
          "The extension of a file's name, with its dot.", run_extension);
PATH_TYPE(file_name_type, "FileName", "File Name", "The last part of a path.",
          run_file_name);
PATH_TYPE(get_directory_type, "GetDirectory", "Get Directory",
          "A path without its last part.", run_get_directory);
PATH_TYPE(absolute_type, "AbsolutePath", "Absolute Path",
          "The path from the workspace's root.", run_absolute);


/* --- Dirname --- */

static nt_node_rc_t
run_dirname(nt_node_call_t *call)
{
    nt_str_t path;

    return nt_arg_str(call, "path", &path)
               ? emit_path(call, path, append_folder)
               : NT_NODE_FAIL;
}


PATH_TYPE(dirname_type, "Dirname", "Dirname", "A path without its last part.",
          run_dirname);


/* --- Basename --- */

static nt_node_rc_t
run_basename(nt_node_call_t *call)
{
    nt_str_t path;

    if (!nt_arg_str(call, "path", &path)) {
        return NT_NODE_FAIL;
    }

    if (nt_ustr_strip(path, NT_USTR_BOTH, NULL).len == 0) {
        return nt_call_fail(call, "'path' must not be empty");
    }

    return emit_path(call, path,
                     nt_call_bool(call, "remove_extension") ? append_stem
                                                            : append_name);
}


static const nt_property_t basename_properties[] = {
    NT_PROP("path", "str", "\"\"", "The path"),
    NT_PROP("remove_extension", "bool", "false", "Take the extension off"),
    NT_PROP_END
};

static const nt_node_type_t basename_type = { .type = "lib.os.Basename",
                                              .title = "Basename",
                                              .description =
                                                  "The last part of a path.",
                                              .properties = basename_properties,
                                              .outputs = nt_out_str,
                                              .run = run_basename };


/* --- NormalizePath --- */

static nt_node_rc_t
run_normalize(nt_node_call_t *call)
{
    nt_buf_t out = { 0 };
    nt_str_t path;

    if (!nt_arg_name(call, "path", &path)) {
        return NT_NODE_FAIL;
    }

    nt_path_normalize(&out, path);
    return nt_emit_buf(call, &out);
}


PATH_TYPE(normalize_type, "NormalizePath", "Normalize Path",
          "A path without \".\", \"..\" and doubled slashes.", run_normalize);


/* --- JoinPaths --- */

static nt_node_rc_t
run_join(nt_node_call_t *call)
{
    size_t   i;
    json_t  *part, *parts = nt_arg_list(call, "paths");
    nt_buf_t path = { 0 };

    if (parts == NULL) {
        return NT_NODE_FAIL;
    }

    if (json_array_size(parts) == 0) {
        return nt_call_fail(call, "'paths' must not be empty");
    }

    json_array_foreach(parts, i, part)
    {
        nt_path_join(&path, nt_ustr(part));
    }

    return nt_emit_buf(call, &path);
}


static const nt_property_t join_properties[] = {
    NT_PROP("paths", "list[str]", "[]", "The parts of the path"), NT_PROP_END
};

static const nt_node_type_t join_type = { .type = "lib.os.JoinPaths",
                                          .title = "Join Paths",
                                          .description =
                                              "Joins the parts of a path.",
                                          .properties = join_properties,
                                          .outputs = nt_out_str,
                                          .run = run_join };


/* --- SplitPath, SplitExtension --- */

/* Emits the two parts of a path under these names. */
static nt_node_rc_t
emit_split(nt_node_call_t *call,
           void (*split)(nt_str_t path, nt_str_t *first, nt_str_t *second),
           const char *first_name, const char *second_name)
{
    json_t  *value;
    nt_buf_t path = { 0 };
    nt_str_t text, first, second;

    if (!nt_arg_str(call, "path", &text)) {
        return NT_NODE_FAIL;
    }

    nt_path_expand(&path, text);

    if (path.failed) {
        nt_buf_free(&path);
        return nt_arg_nomem(call);
    }

    split(path.data != NULL ? (nt_str_t) { path.data, path.len } : NT_STR(""),
          &first, &second);
    value = json_pack("{s:s%, s:s%}", first_name, first.data, first.len,
                      second_name, second.data, second.len);
    nt_buf_free(&path);
    return nt_emit(call, value);
}


static nt_node_rc_t
run_split(nt_node_call_t *call)
{
    return emit_split(call, nt_path_split, "dirname", "basename");
}


static nt_node_rc_t
run_split_extension(nt_node_call_t *call)
{
    return emit_split(call, nt_path_splitext, "root", "extension");
}


static const nt_node_type_t split_type = {
    .type = "lib.os.SplitPath",
    .title = "Split Path",
    .description = "Splits a path into its folder and its last part.",
    .properties = nt_os_path_properties,
    .outputs = nt_out_dict,
    .run = run_split
};

static const nt_node_type_t split_extension_type = {
    .type = "lib.os.SplitExtension",
    .title = "Split Extension",
    .description = "Splits the extension off a path.",
    .properties = nt_os_path_properties,
    .outputs = nt_out_dict,
    .run = run_split_extension
};


/* --- RelativePath --- */

static nt_node_rc_t
run_relative(nt_node_call_t *call)
{
    nt_buf_t target = { 0 }, start = { 0 }, out = { 0 };
    nt_str_t text;

    if (!nt_arg_str(call, "start_path", &text) ||
        !nt_os_path(call, "target_path", &target))
    {
        return NT_NODE_FAIL;
    }

    nt_path_expand(&start, text);

    if (start.failed) {
        out.failed = true;
    } else {
        nt_path_relative(&out, (nt_str_t) { target.data, target.len },
                         (nt_str_t) { start.data, start.len });
    }

    nt_buf_free(&target);
    nt_buf_free(&start);
    return nt_emit_buf(call, &out);
}


static const nt_property_t relative_properties[] = {
    NT_PROP("target_path", "str", "\"\"", "Where the path leads"),
    NT_PROP("start_path", "str", "\".\"", "The folder where it starts"),
    NT_PROP_END
};

static const nt_node_type_t relative_type = {
    .type = "lib.os.RelativePath",
    .title = "Relative Path",
    .description = "The way from one folder to a path.",
    .properties = relative_properties,
    .outputs = nt_out_str,
    .run = run_relative
};


/* --- PathToString --- */

static nt_node_rc_t
run_to_string(nt_node_call_t *call)
{
    nt_str_t path;

    return nt_arg_name(call, "file_path", &path)
               ? nt_emit(call, nt_ustr_json(path))
               : NT_NODE_FAIL;
}


static const nt_property_t to_string_properties[] = {
    NT_PROP("file_path", "str", "\"\"", "The path"), NT_PROP_END
};

static const nt_node_type_t to_string_type = { .type = "lib.os.PathToString",
                                               .title = "Path To String",
                                               .description =
                                                   "A path as a text.",
                                               .properties =
                                                   to_string_properties,
                                               .outputs = nt_out_str,
                                               .run = run_to_string };


/* --- WorkspaceDirectory --- */

static nt_node_rc_t
run_workspace(nt_node_call_t *call)
{
    return nt_emit(call, json_string("/"));
}


static const nt_node_type_t workspace_type = {
    .type = "lib.os.WorkspaceDirectory",
    .title = "Workspace Directory",
    .description = "The workspace's folder as nodes see it: always \"/\".",
    .outputs = nt_out_str,
    .run = run_workspace
};


static const nt_node_type_t *const types[] = {
    &extension_type,     &file_name_type,
    &get_directory_type, &absolute_type,
    &dirname_type,       &basename_type,
    &normalize_type,     &join_type,
    &split_type,         &split_extension_type,
    &relative_type,      &to_string_type,
    &workspace_type,     &nt_os_exists,
    &nt_os_is_file,      &nt_os_is_directory,
    &nt_os_size,         &nt_os_created,
    &nt_os_modified,     &nt_os_accessed,
    &nt_os_info,         &nt_os_list,
    &nt_os_copy,         &nt_os_move,
    &nt_os_create,       &nt_os_open_workspace,
    &nt_os_notify,       &nt_os_match,
    &nt_os_filter,       NULL
};

const nt_node_library_t nt_nodes_os = { NODETOOL_NODE_ABI, "os", types };
