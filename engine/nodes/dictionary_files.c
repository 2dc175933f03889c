/*
 * engine/nodes/dictionary_files.c - nodetool.dictionary.*: files of the
 * workspace.
 */

#include <fcntl.h>

#include "engine/nodes/csv.h"
#include "engine/nodes/dictionary.h"
#include "engine/nodes/files.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/timename.h"
#include "engine/nodes/ustr.h"

/* Writes the whole file; false after nt_call_fail. */
static bool
write_file(nt_node_call_t *call, const char *path, const nt_buf_t *data)
{
    int fd;

    fd = nt_call_open(call, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);

    return fd != -1 &&
           nt_files_write(call, fd, path, (nt_str_t) { data->data, data->len });
}


/* folder/name, with the codes of the time in the name; ended by a NUL. */
static bool
make_path(nt_node_call_t *call, nt_str_t folder, nt_str_t name, nt_buf_t *path)
{
    nt_timename_path(path, folder, name);

    if (path->failed) {
        (void) nt_arg_nomem(call);
    }

    return !path->failed;
}


/* --- LoadCSVFile --- */

static nt_node_rc_t
run_load_csv(nt_node_call_t *call)
{
    json_t  *rows = NULL;
    nt_buf_t data = { 0 }, error = { 0 };
    nt_str_t path;

    if (!nt_arg_name(call, "path", &path)) {
        return NT_NODE_FAIL;
    }

    if (nt_files_read(call, path.data, &data)) {
        rows = nt_csv_read(data.data, data.len, &error);

        if (rows == NULL) {
            (void) (error.len > 0 ? nt_call_fail(call, "'path': %.*s",
                                                 (int) error.len, error.data)
                                  : nt_arg_nomem(call));
        }
    }

    nt_buf_free(&data);
    nt_buf_free(&error);
    return rows != NULL ? nt_emit(call, rows) : NT_NODE_FAIL;
}


static const nt_property_t load_csv_properties[] = {
    NT_PROP("path", "str", "\"\"", "The file in the workspace"), NT_PROP_END
};

static const nt_output_t load_csv_outputs[] = { { "output", "list[dict]" },
                                                { NULL, NULL } };

const nt_node_type_t nt_dict_load_csv = {
    .type = "nodetool.dictionary.LoadCSVFile",
    .title = "Load CSVFile",
    .description = "Reads a CSV file of the workspace as a list of dicts.",
    .properties = load_csv_properties,
    .outputs = load_csv_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_load_csv
};


/* --- SaveCSVFile --- */

static nt_node_rc_t
run_save_csv(nt_node_call_t *call)
{
    bool     ok = false;
    json_t  *rows = nt_arg_list(call, "data");
    nt_buf_t text = { 0 }, error = { 0 }, path = { 0 };
    nt_str_t folder, filename;

    if (rows == NULL || !nt_arg_name(call, "folder", &folder) ||
        !nt_arg_name(call, "filename", &filename))
    {
        return NT_NODE_FAIL;
    }

    if (json_array_size(rows) == 0) {
        return nt_call_fail(call, "'data' must not be empty");
    }

    if (!nt_csv_write(&text, rows, &error)) {
        (void) nt_call_fail(call, "'data': %.*s", (int) error.len,
                            error.data != NULL ? error.data : "");

    } else if (text.failed) {
        (void) nt_arg_nomem(call);

    } else {
        ok = make_path(call, folder, filename, &path) &&
             write_file(call, path.data, &text);
    }

    nt_buf_free(&text);
    nt_buf_free(&error);
    nt_buf_free(&path);
    return ok ? NT_NODE_DONE : NT_NODE_FAIL;
}


static const nt_property_t save_csv_properties[] = {
    NT_PROP("data", "list[dict]", "[]",
            "The dicts; the first one names the columns"),
    NT_PROP("folder", "str", "\"\"", "The folder in the workspace"),
    NT_PROP("filename", "str", "\"\"",
            "The file's name; %Y %m %d %H %M %S stand for the time"),
    NT_PROP_END
};

const nt_node_type_t nt_dict_save_csv = {
    .type = "nodetool.dictionary.SaveCSVFile",
    .title = "Save CSVFile",
    .description = "Writes a list of dicts to a CSV file of the workspace.",
    .properties = save_csv_properties,
    .flags = NT_NODE_THREAD,
    .run = run_save_csv
};


/* --- SaveJSON --- */

static nt_node_rc_t
run_save_json(nt_node_call_t *call)
{
    bool     ok;
    int64_t  indent;
    nt_buf_t text = { 0 }, path = { 0 };
    nt_str_t folder, name;

    if (!nt_arg_str(call, "folder", &folder) ||
        !nt_arg_name(call, "name", &name) ||
        !nt_arg_indent(call, "indent", &indent))
    {
        return NT_NODE_FAIL;
    }

    nt_py_dumps(&text, nt_call_input(call, "data"), (int) indent);

    /* without a folder, the text is all that is asked for */
    if (folder.len == 0) {
        return nt_emit_buf(call, &text);
    }

    if (text.failed) {
        nt_buf_free(&text);
        return nt_arg_nomem(call);
    }

    ok = make_path(call, folder, name, &path) &&
         write_file(call, path.data, &text);
    nt_buf_free(&text);

    if (!ok) {
        nt_buf_free(&path);
        return NT_NODE_FAIL;
    }

    path.len--; /* its NUL */
    return nt_emit_buf(call, &path);
}


static const nt_property_t save_json_properties[] = {
    NT_PROP("data", "any", "{}", "The value to save"),
    NT_PROP("folder", "str", "\"\"",
            "The folder in the workspace; without one nothing is saved, and "
            "the text is returned"),
    NT_PROP("name", "str", "\"%Y-%m-%d-%H-%M-%S.json\"",
            "The file's name; %Y %m %d %H %M %S stand for the time"),
    NT_PROP("indent", "int", "2", "Spaces of each level"), NT_PROP_END
};

const nt_node_type_t nt_dict_save_json = {
    .type = "nodetool.dictionary.SaveJSON",
    .title = "Save JSON",
    .description = "Writes a value to a JSON file of the workspace, and "
                   "returns its path.",
    .properties = save_json_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_save_json
};
