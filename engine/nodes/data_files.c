/*
 * engine/nodes/data_files.c - nodetool.data.*: CSV files of the workspace and
 * among the assets.
 */

#include <stdlib.h>
#include <strings.h>

#include <fcntl.h>

#include "engine/nodes/asset_folder.h"
#include "engine/nodes/data.h"
#include "engine/nodes/files.h"
#include "engine/nodes/timename.h"
#include "engine/nodes/ustr.h"


/* --- LoadCSVFile --- */

static nt_node_rc_t
run_load_file(nt_node_call_t *call)
{
    bool           ok = false;
    nt_buf_t       data = { 0 };
    nt_str_t       path;
    nt_dataframe_t df = { 0 };

    if (!nt_arg_name(call, "file_path", &path)) {
        return NT_NODE_FAIL;
    }

    if (nt_files_read(call, path.data, &data)) {
        ok =
            nt_dataframe_init(&df)
                ? nt_dataframe_from_csv(call, "'file_path'",
                                        (nt_str_t) { data.data, data.len }, &df)
                : nt_arg_nomem(call) == NT_NODE_DONE;
    }

    nt_buf_free(&data);
    return nt_emit_dataframe(call, &df, ok);
}


static const nt_property_t load_file_properties[] = {
    NT_PROP("file_path", "str", "\"\"", "The file in the workspace"),
    NT_PROP_END
};

const nt_node_type_t nt_data_load_file = { .type = "nodetool.data.LoadCSVFile",
                                           .title = "Load CSVFile",
                                           .description =
                                               "Reads a CSV file of the "
                                               "workspace.",
                                           .properties = load_file_properties,
                                           .outputs = nt_out_dataframe,
                                           .flags = NT_NODE_THREAD,
                                           .run = run_load_file };


/* --- saving --- */

/* FOLDER/NAME with the time filled into the name, NUL-terminated; false after
 * nt_call_fail. */
static bool
make_path(nt_node_call_t *call, nt_str_t folder, nt_str_t name, nt_buf_t *path)
{
    nt_timename_path(path, folder, name);

    return !path->failed || nt_arg_nomem(call) == NT_NODE_DONE;
}


/* The text of the frame; false after nt_call_fail. */
static bool
make_csv(nt_node_call_t *call, const nt_dataframe_t *df, nt_buf_t *csv)
{
    nt_dataframe_to_csv(csv, df);
    return !csv->failed || nt_arg_nomem(call) == NT_NODE_DONE;
}


/* --- SaveCSVDataframeFile --- */

static nt_node_rc_t
run_save_file(nt_node_call_t *call)
{
    int            fd;
    bool           ok = false;
    nt_buf_t       path = { 0 }, csv = { 0 };
    nt_str_t       folder, name;
    nt_dataframe_t df;

    if (nt_arg_dataframe(call, "dataframe", &df) &&
        nt_arg_name(call, "folder", &folder) &&
        nt_arg_name(call, "filename", &name) &&
        make_path(call, folder, name, &path) && make_csv(call, &df, &csv))
    {
        fd = nt_call_open(call, path.data,
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
        ok = fd != -1 && nt_files_write(call, fd, path.data,
                                        (nt_str_t) { csv.data, csv.len });
    }

    if (ok) {
        nt_files_saved(call, path.data, nt_call_input(call, "dataframe"),
                       "dataframe");
    }

    nt_buf_free(&path);
    nt_buf_free(&csv);
    return nt_emit_dataframe(call, &df, ok);
}


static const nt_property_t save_file_properties[] = {
    NT_PROP_DATAFRAME("dataframe", "The data frame"),
    NT_PROP("folder", "str", "\"\"", "The folder in the workspace"),
    NT_PROP("filename", "str", "\"\"",
            "The file's name; %Y %m %d %H %M %S stand for the time"),
    NT_PROP_END
};

const nt_node_type_t nt_data_save_file = {
    .type = "nodetool.data.SaveCSVDataframeFile",
    .title = "Save CSVDataframe File",
    .description = "Writes a data frame to a CSV file of the workspace, and "
                   "returns it.",
    .properties = save_file_properties,
    .outputs = nt_out_dataframe,
    .flags = NT_NODE_THREAD,
    .run = run_save_file
};


/* --- SaveDataframe --- */

/* The folder among the assets that the property stands for. */
static nt_str_t
asset_folder(nt_node_call_t *call)
{
    return nt_ustr(json_object_get(nt_call_input(call, "folder"), "asset_id"));
}


/* The ref of the asset with what is in the frame; NULL after nt_call_fail. */
static json_t *
store(nt_node_call_t *call, nt_dataframe_t *df, const char *key,
      const nt_buf_t *csv)
{
    json_t *ref, *whole;

    ref = nt_call_store(call, "dataframe", key, csv->data, csv->len);

    if (ref == NULL) {
        return NULL;
    }

    whole = nt_dataframe_json(df);

    if (whole == NULL || json_object_update_existing(whole, ref) != 0) {
        json_decref(whole);
        whole = NULL;
        (void) nt_arg_nomem(call);
    }

    json_decref(ref);
    return whole;
}


static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    json_t        *ref = NULL;
    nt_buf_t       key = { 0 }, csv = { 0 };
    nt_str_t       name;
    nt_dataframe_t df;

    if (nt_arg_dataframe(call, "df", &df) && nt_arg_name(call, "name", &name) &&
        make_path(call, asset_folder(call), name, &key) &&
        make_csv(call, &df, &csv))
    {
        ref = store(call, &df, key.data, &csv);
    }

    if (ref != NULL) {
        nt_files_saved(call, key.data, ref, "dataframe");
    }

    nt_buf_free(&key);
    nt_buf_free(&csv);
    nt_dataframe_free(&df);
    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


static const nt_property_t save_properties[] = {
    NT_PROP_DATAFRAME("df", "The data frame"),
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP("name", "str", "\"output.csv\"",
            "The name of the asset; %Y %m %d %H %M %S stand for the time"),
    NT_PROP_END
};

const nt_node_type_t nt_data_save = { .type = "nodetool.data.SaveDataframe",
                                      .title = "Save Dataframe",
                                      .description =
                                          "Saves a data frame as CSV among the "
                                          "assets.",
                                      .properties = save_properties,
                                      .outputs = nt_out_dataframe,
                                      .flags = NT_NODE_THREAD,
                                      .run = run_save };


/* --- LoadCSVAssets --- */

static nt_node_rc_t
send_asset(nt_node_call_t *call, const char *key)
{
    char          *data;
    bool           ok;
    size_t         len;
    json_t        *ref = NULL;
    nt_buf_t       what = { 0 };
    const char    *slash;
    nt_dataframe_t df = { 0 };

    ref = json_pack("{s:s}", "asset_id", key);
    nt_buf_printf(&what, "asset \"%s\"%c", key, '\0');

    if (ref == NULL || what.failed || !nt_dataframe_init(&df)) {
        ok = nt_arg_nomem(call) == NT_NODE_DONE;

    } else if ((ok = nt_call_load(call, ref, &data, &len))) {
        ok = nt_dataframe_from_csv(call, what.data, (nt_str_t) { data, len },
                                   &df);
        free(data);
    }

    json_decref(ref);
    nt_buf_free(&what);
    slash = strrchr(key, '/');

    ok = ok &&
         nt_call_emit(call, "dataframe", nt_dataframe_json(&df)) ==
             NT_NODE_DONE &&
         nt_call_emit(call, "name",
                      json_string(slash == NULL ? key : slash + 1)) ==
             NT_NODE_DONE;
    nt_dataframe_free(&df);
    return ok ? NT_NODE_DONE : NT_NODE_FAIL;
}


static bool
is_csv(const char *key)
{
    const char *dot = strrchr(key, '.');

    return dot != NULL && strcasecmp(dot, ".csv") == 0;
}


static nt_node_rc_t
run_load_assets(nt_node_call_t *call)
{
    static const nt_asset_folder_t how = { is_csv, send_asset };

    nt_str_t folder = asset_folder(call);

    if (folder.len == 0) {
        return nt_call_fail(call, "'folder' must be a folder of the "
                                  "assets: its asset_id is empty");
    }

    return nt_asset_folder_run(call, folder.data, &how);
}


static const nt_property_t load_assets_properties[] = {
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "A folder of the assets"),
    NT_PROP_END
};

static const nt_output_t load_assets_outputs[] = { { "dataframe", "dataframe" },
                                                   { "name", "str" },
                                                   { NULL, NULL } };

const nt_node_type_t nt_data_load_assets = {
    .type = "nodetool.data.LoadCSVAssets",
    .title = "Load CSV Assets",
    .description = "Sends each CSV file in a folder of the assets.",
    .properties = load_assets_properties,
    .outputs = load_assets_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_load_assets
};
