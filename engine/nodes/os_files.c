/*
 * engine/nodes/os_files.c - lib.os.*: what is in the workspace.
 */

#include "engine/nodes/datetime.h"
#include "engine/nodes/files.h"
#include "engine/nodes/os.h"
#include "engine/nodes/pathname.h"


/* The property "path", and what is there.  What is not there is a failure if
 * `needed`. */
static bool
stat_path(nt_node_call_t *call, bool needed, nt_file_info_t *info)
{
    bool     good;
    nt_buf_t path = { 0 };

    if (!nt_os_path(call, "path", &path)) {
        return false;
    }

    good = needed ? nt_files_stat(call, path.data, info)
                  : nt_call_stat(call, path.data, info);
    nt_buf_free(&path);
    return good;
}


#define FILE_TYPE(variable, type_name, type_title, text, type_outputs,         \
                  function)                                                    \
    const nt_node_type_t variable = { .type = "lib.os." type_name,             \
                                      .title = type_title,                     \
                                      .description = text,                     \
                                      .properties = nt_os_path_properties,     \
                                      .outputs = type_outputs,                 \
                                      .flags = NT_NODE_THREAD,                 \
                                      .run = function }


/* --- FileExists, IsFile, IsDirectory --- */

static nt_node_rc_t
run_exists(nt_node_call_t *call)
{
    nt_file_info_t info;

    return stat_path(call, false, &info)
               ? nt_emit(call, json_boolean(info.kind != NT_FILE_NONE))
               : NT_NODE_FAIL;
}


static nt_node_rc_t
run_is_file(nt_node_call_t *call)
{
    nt_file_info_t info;

    return stat_path(call, false, &info)
               ? nt_emit(call, json_boolean(info.kind == NT_FILE_REGULAR))
               : NT_NODE_FAIL;
}


static nt_node_rc_t
run_is_directory(nt_node_call_t *call)
{
    nt_file_info_t info;

    return stat_path(call, false, &info)
               ? nt_emit(call, json_boolean(info.kind == NT_FILE_FOLDER))
               : NT_NODE_FAIL;
}


FILE_TYPE(nt_os_exists, "FileExists", "File Exists",
          "Is there such a file or folder in the workspace?", nt_out_bool,
          run_exists);
FILE_TYPE(nt_os_is_file, "IsFile", "Is File",
          "Is there a file at a path of the workspace?", nt_out_bool,
          run_is_file);
FILE_TYPE(nt_os_is_directory, "IsDirectory", "Is Directory",
          "Is there a folder at a path of the workspace?", nt_out_bool,
          run_is_directory);


/* --- GetFileSize --- */

static nt_node_rc_t
run_size(nt_node_call_t *call)
{
    nt_file_info_t info;

    return stat_path(call, true, &info) ? nt_emit(call, json_integer(info.size))
                                        : NT_NODE_FAIL;
}


FILE_TYPE(nt_os_size, "GetFileSize", "Get File Size",
          "How many bytes a file has.", nt_out_int, run_size);


/* --- CreatedTime, ModifiedTime, AccessedTime --- */

static const nt_output_t time_output[] = { { "output", "datetime" },
                                           { NULL, NULL } };


/* In UTC: NodeTool gives the local time and says that it is UTC. */
static nt_node_rc_t
emit_time(nt_node_call_t *call, struct timespec time)
{
    int64_t       microseconds;
    nt_datetime_t dt = { .year = 1970, .month = 1, .day = 1 };

    if (__builtin_mul_overflow((int64_t) time.tv_sec, NT_SECOND,
                               &microseconds) ||
        !nt_datetime_add(&dt, microseconds) ||
        !nt_datetime_add(&dt, time.tv_nsec / 1000))
    {
        return nt_call_fail(call, "the file's time is not within the years 1 "
                                  "to 9999");
    }

    return nt_emit(call, nt_datetime_json(&dt));
}


static nt_node_rc_t
run_created(nt_node_call_t *call)
{
    nt_file_info_t info;

    return stat_path(call, true, &info) ? emit_time(call, info.created)
                                        : NT_NODE_FAIL;
}


static nt_node_rc_t
run_modified(nt_node_call_t *call)
{
    nt_file_info_t info;

    return stat_path(call, true, &info) ? emit_time(call, info.modified)
                                        : NT_NODE_FAIL;
}


static nt_node_rc_t
run_accessed(nt_node_call_t *call)
{
    nt_file_info_t info;

    return stat_path(call, true, &info) ? emit_time(call, info.accessed)
                                        : NT_NODE_FAIL;
}


FILE_TYPE(nt_os_created, "CreatedTime", "Created Time", "When a file was made.",
          time_output, run_created);
FILE_TYPE(nt_os_modified, "ModifiedTime", "Modified Time",
          "When a file was last written.", time_output, run_modified);
FILE_TYPE(nt_os_accessed, "AccessedTime", "Accessed Time",
          "When a file was last read.", time_output, run_accessed);


/* --- GetPathInfo --- */

static nt_node_rc_t
run_info(nt_node_call_t *call)
{
    json_t        *value;
    nt_buf_t       path = { 0 }, absolute = { 0 };
    nt_str_t       text, folder, name, root, extension;
    nt_file_info_t info;

    if (!nt_os_path(call, "path", &path)) {
        return NT_NODE_FAIL;
    }

    if (!nt_call_stat(call, path.data, &info)) {
        nt_buf_free(&path);
        return NT_NODE_FAIL;
    }

    text = (nt_str_t) { path.data, path.len };
    nt_path_split(text, &folder, &name);
    nt_path_splitext(text, &root, &extension);
    nt_path_absolute(&absolute, text);

    value =
        absolute.failed
            ? NULL
            : json_pack("{s:s%, s:s%, s:s%, s:s%, s:b, s:b, s:b, s:b}",
                        "dirname", folder.data, folder.len, "basename",
                        name.data, name.len, "extension", extension.data,
                        extension.len, "absolute", absolute.data, absolute.len,
                        "exists", info.kind != NT_FILE_NONE, "is_file",
                        info.kind == NT_FILE_REGULAR, "is_dir",
                        info.kind == NT_FILE_FOLDER, "is_symlink", info.link);

    nt_buf_free(&path);
    nt_buf_free(&absolute);
    return nt_emit(call, value);
}


FILE_TYPE(nt_os_info, "GetPathInfo", "Get Path Info",
          "The parts of a path, and what is there.", nt_out_dict, run_info);
