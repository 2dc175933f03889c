/*
 * engine/nodes/document.c - nodetool.document.*: files of the workspace, and
 * the library.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "engine/assets/uri.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/document.h"
#include "engine/nodes/files.h"
#include "engine/nodes/items.h"
#include "engine/nodes/os.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/timename.h"
#include "engine/nodes/ustr.h"


/* The ref of a file of the workspace. */
static json_t *
file_ref(nt_str_t path)
{
    json_t  *ref;
    nt_buf_t uri = { 0 };

    nt_uri_file(&uri, path);
    ref = uri.failed ? NULL
                     : json_pack("{s:s, s:s%, s:n, s:n, s:n}", "type",
                                 "document", "uri", uri.data, uri.len,
                                 "asset_id", "data", "metadata");
    nt_buf_free(&uri);
    return ref;
}


/* Loads what a ref leads to.  A URI without a scheme is a path. */
static bool
load(nt_node_call_t *call, const json_t *document, char **data, size_t *len)
{
    bool     good;
    json_t  *ref;
    nt_str_t uri;

    uri = nt_ustr(json_object_get(document, "uri"));

    if (uri.len == 0 || memchr(uri.data, ':', uri.len) != NULL ||
        nt_ustr_starts(uri, NT_STR(NT_STORAGE_PATH)) ||
        nt_ustr_starts(uri, NT_STR(NT_EDITOR_PATH)))
    {
        return nt_call_load(call, document, data, len);
    }

    ref = file_ref(uri);

    if (ref == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    good = nt_call_load(call, ref, data, len);
    json_decref(ref);
    return good;
}


static json_t *
document_of(nt_node_call_t *call)
{
    json_t *document;

    document = nt_arg_dict(call, "document");

    if (document != NULL &&
        !json_is_string(json_object_get(document, "data")) &&
        json_string_length(json_object_get(document, "uri")) == 0 &&
        json_string_length(json_object_get(document, "asset_id")) == 0)
    {
        (void) nt_call_fail(call, "'document' is empty; connect a document");
        return NULL;
    }

    return document;
}


bool
nt_document_read(nt_node_call_t *call, nt_document_t *document)
{
    char   *data;
    size_t  len;
    json_t *ref, *id;

    ref = document_of(call);

    if (ref == NULL) {
        return false;
    }

    id = json_object_get(ref, "uri");
    id = json_string_length(id) > 0 ? id : json_object_get(ref, "asset_id");
    document->source_id = json_is_string(id) ? json_string_value(id) : "";
    document->text = json_incref(json_object_get(ref, "data"));

    if (json_is_string(document->text)) {
        return true;
    }

    json_decref(document->text);

    if (!load(call, ref, &data, &len)) {
        return false;
    }

    document->text = json_stringn(data, len);
    free(data);

    if (document->text == NULL) {
        (void) nt_call_fail(call, "'document' must be text in UTF-8");
        return false;
    }

    return true;
}


/* --- LoadDocumentFile --- */

static nt_node_rc_t
run_load(nt_node_call_t *call)
{
    json_t        *ref;
    nt_buf_t       path = { 0 };
    nt_file_info_t info;

    if (!nt_os_path(call, "path", &path)) {
        return NT_NODE_FAIL;
    }

    if (!nt_files_stat(call, path.data, &info)) {
        nt_buf_free(&path);
        return NT_NODE_FAIL;
    }

    ref = file_ref((nt_str_t) { path.data, path.len });
    nt_buf_free(&path);

    if (info.kind != NT_FILE_REGULAR) {
        json_decref(ref);
        return nt_call_fail(call, "'path' must be that of a file");
    }

    return nt_emit(call, ref);
}


static const nt_property_t load_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file of the workspace"), NT_PROP_END
};

static const nt_output_t load_outputs[] = { { "output", "document" },
                                            { NULL, NULL } };

static const nt_node_type_t load_type = {
    .type = "nodetool.document.LoadDocumentFile",
    .title = "Load Document File",
    .description = "Gives a file of the workspace as a document.",
    .properties = load_properties,
    .outputs = load_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_load
};


/* --- SaveDocumentFile --- */

/* FOLDER/NAME with the time filled in, ended by a NUL; false after
 * nt_call_fail. */
static bool
save_path(nt_node_call_t *call, nt_buf_t *path)
{
    nt_str_t name;

    if (!nt_arg_name(call, "filename", &name) ||
        !nt_os_path(call, "folder", path)) {
        return false;
    }

    nt_buf_append_char(path, '/');
    nt_timename(path, name);
    nt_buf_append_char(path, '\0');

    if (path->failed) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return true;
}


static nt_node_rc_t
save(nt_node_call_t *call, const char *path)
{
    int      fd;
    bool     good;
    char    *bytes = NULL;
    size_t   len;
    json_t  *document, *text;
    nt_str_t data;

    document = document_of(call);

    if (document == NULL) {
        return NT_NODE_FAIL;
    }

    text = json_object_get(document, "data");

    if (json_is_string(text)) {
        data = nt_ustr(text);

    } else if (load(call, document, &bytes, &len)) {
        data = (nt_str_t) { bytes, len };

    } else {
        return NT_NODE_FAIL;
    }

    fd = nt_call_open(call, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    good = fd != -1 && nt_files_write(call, fd, path, data);
    free(bytes);
    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}


static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    nt_buf_t     path = { 0 };
    nt_node_rc_t rc;

    rc = save_path(call, &path) ? save(call, path.data) : NT_NODE_FAIL;
    nt_buf_free(&path);
    return rc;
}


static const nt_property_t save_properties[] = {
    NT_DOCUMENT_PROPERTY,
    NT_PROP("folder", "str", "\"\"", "A folder of the workspace"),
    NT_PROP("filename", "str", "\"\"",
            "The name of the file; %Y %m %d %H %M %S are the date and time"),
    NT_PROP_END
};

static const nt_node_type_t save_type = {
    .type = "nodetool.document.SaveDocumentFile",
    .title = "Save Document File",
    .description = "Saves a document as a file of the workspace.",
    .properties = save_properties,
    .flags = NT_NODE_THREAD,
    .run = run_save
};


/* --- ListDocuments --- */

/* Makes items of paths, which it frees. */
static json_t *
document_items(nt_node_call_t *call, json_t *paths)
{
    size_t  i;
    json_t *items, *path;

    items = json_array();

    json_array_foreach(paths, i, path)
    {
        if (json_array_append_new(items, json_pack("{s:o}", "document",
                                                   file_ref(nt_ustr(path)))) !=
            0)
        {
            (void) nt_arg_nomem(call);
            json_decref(items);
            items = NULL;
            break;
        }
    }

    json_decref(paths);
    return items;
}


static json_t *
list_documents(nt_node_call_t *call)
{
    json_t  *paths;
    nt_buf_t folder = { 0 };
    nt_str_t pattern;

    if (!nt_arg_str(call, "pattern", &pattern) ||
        !nt_os_path(call, "folder", &folder))
    {
        return NULL;
    }

    paths = nt_files_glob(call, (nt_str_t) { folder.data, folder.len }, pattern,
                          nt_call_bool(call, "recursive"));
    nt_buf_free(&folder);
    return paths == NULL ? NULL : document_items(call, paths);
}


static nt_node_rc_t
run_list(nt_node_call_t *call)
{
    return nt_items_run(call, list_documents);
}


static const nt_property_t list_properties[] = {
    NT_PROP("folder", "str", "\"~\"",
            "The folder; ~ and / stand for the workspace's root"),
    NT_PROP("pattern", "str", "\"*\"",
            "What the names have to match, such as *.txt"),
    NT_PROP("recursive", "bool", "false", "Look into the folders in it, too"),
    NT_PROP_END
};

static const nt_output_t list_outputs[] = { { "document", "document" },
                                            { NULL, NULL } };

static const nt_node_type_t list_type = {
    .type = "nodetool.document.ListDocuments",
    .title = "List Documents",
    .description = "Sends each document in a folder of the workspace.",
    .properties = list_properties,
    .outputs = list_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_list
};

static const nt_node_type_t *const types[] = { &list_type,
                                               &load_type,
                                               &save_type,
                                               &nt_document_html,
                                               &nt_document_json,
                                               &nt_document_markdown,
                                               &nt_document_recursively,
                                               NULL };

const nt_node_library_t nt_nodes_document = { .abi = NODETOOL_NODE_ABI,
                                              .name = "document",
                                              .types = types };
