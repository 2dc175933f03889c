/*
 * engine/nodes/workspace_files.c - nodetool.workspace.*: nodes that read,
 * write, copy, move and delete.
 */

#include <stdlib.h>

#include <fcntl.h>

#include <openssl/evp.h>

#include "engine/assets/uri.h"
#include "engine/nodes/encoding.h"
#include "engine/nodes/files.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/workspace.h"


/* Reads the file that the property "path" names. */
static bool
read_path(nt_node_call_t *call, nt_buf_t *bytes)
{
    nt_str_t       path;
    nt_file_info_t info;

    if (!nt_workspace_stat(call, "path", &path, &info)) {
        return false;
    }

    if (info.kind != NT_FILE_REGULAR) {
        (void) nt_call_fail(call, "'path': \"%s\" is not a file", path.data);
        return false;
    }

    return nt_files_read(call, path.data, bytes);
}


/* Writes bytes, frees them, and emits the path. */
static nt_node_rc_t
write_path(nt_node_call_t *call, nt_str_t path, int flags, nt_buf_t *bytes)
{
    int  fd;
    bool good;

    if (bytes->failed) {
        nt_buf_free(bytes);
        return nt_arg_nomem(call);
    }

    fd = nt_call_open(call, path.data, O_WRONLY | O_CREAT | O_CLOEXEC | flags);
    good = fd != -1 && nt_files_write(call, fd, path.data,
                                      (nt_str_t) { bytes->data, bytes->len });
    nt_buf_free(bytes);

    return good ? nt_emit(call, nt_ustr_json(path)) : NT_NODE_FAIL;
}


/* Fails the node with what is wrong with a property's value. */
static nt_node_rc_t
fail_text(nt_node_call_t *call, const char *name, nt_buf_t *error)
{
    (void) (error->len > 0 ? nt_call_fail(call, "'%s': %.*s", name,
                                          (int) error->len, error->data)
                           : nt_arg_nomem(call));
    nt_buf_free(error);
    return NT_NODE_FAIL;
}


/* --- ReadTextFile --- */

/* Python reads texts so: "\r\n" and "\r" are ends of lines, too. */
static void
unify_lines(nt_buf_t *text)
{
    size_t i, n = 0;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] != '\r') {
            text->data[n++] = text->data[i];

        } else if (i + 1 == text->len || text->data[i + 1] != '\n') {
            text->data[n++] = '\n';
        }
    }

    text->len = n;
}


static nt_node_rc_t
run_read_text(nt_node_call_t *call)
{
    bool     good;
    nt_buf_t bytes = { 0 }, text = { 0 }, error = { 0 };
    nt_str_t encoding;

    if (!nt_arg_str(call, "encoding", &encoding) || !read_path(call, &bytes)) {
        nt_buf_free(&bytes);
        return NT_NODE_FAIL;
    }

    good = nt_encoding_read(&text, encoding,
                            (nt_str_t) { bytes.data, bytes.len }, &error);
    nt_buf_free(&bytes);

    if (!good) {
        nt_buf_free(&text);
        return fail_text(call, "encoding", &error);
    }

    unify_lines(&text);
    return nt_emit_buf(call, &text);
}


static const nt_property_t read_text_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file of the workspace"),
    NT_PROP("encoding", "str", "\"utf-8\"",
            "How the text is written: utf-8, latin-1, utf-16 ..."),
    NT_PROP_END
};

const nt_node_type_t nt_workspace_read_text = {
    .type = "nodetool.workspace.ReadTextFile",
    .title = "Read Text File",
    .description = "The text in a file of the workspace.",
    .properties = read_text_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_read_text
};


/* --- WriteTextFile --- */

static nt_node_rc_t
run_write_text(nt_node_call_t *call)
{
    bool           start, append = nt_call_bool(call, "append");
    nt_buf_t       bytes = { 0 }, error = { 0 };
    nt_str_t       path, text, encoding;
    nt_file_info_t info;

    if (!nt_workspace_path(call, "path", &path) ||
        !nt_arg_str(call, "content", &text) ||
        !nt_arg_str(call, "encoding", &encoding) ||
        !nt_call_stat(call, path.data, &info))
    {
        return NT_NODE_FAIL;
    }

    start = !append || info.size == 0;

    if (!nt_encoding_write(&bytes, encoding, text, start, &error)) {
        nt_buf_free(&bytes);
        return fail_text(call, "encoding", &error);
    }

    return write_path(call, path, append ? O_APPEND : O_TRUNC, &bytes);
}


static const nt_property_t write_text_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file of the workspace"),
    NT_PROP("content", "str", "\"\"", "The text"),
    NT_PROP("encoding", "str", "\"utf-8\"",
            "How the text is written: utf-8, latin-1, utf-16 ..."),
    NT_PROP("append", "bool", "false",
            "Put the text behind what is in the file"),
    NT_PROP_END
};

const nt_node_type_t nt_workspace_write_text = {
    .type = "nodetool.workspace.WriteTextFile",
    .title = "Write Text File",
    .description = "Writes a text to a file of the workspace.",
    .properties = write_text_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_write_text
};


/* --- ReadBinaryFile --- */

static nt_node_rc_t
run_read_binary(nt_node_call_t *call)
{
    char    *space;
    nt_buf_t bytes = { 0 }, text = { 0 };

    if (!read_path(call, &bytes)) {
        nt_buf_free(&bytes);
        return NT_NODE_FAIL;
    }

    space = nt_buf_reserve(&text, (bytes.len + 2) / 3 * 4 + 1);

    /* a file that may be read has not too many bytes for an int */
    if (space != NULL && bytes.len > 0) {
        text.len = (size_t) EVP_EncodeBlock((unsigned char *) space,
                                            (unsigned char *) bytes.data,
                                            (int) bytes.len);
    }

    nt_buf_free(&bytes);
    return nt_emit_buf(call, &text);
}


static const nt_property_t read_binary_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file of the workspace"), NT_PROP_END
};

const nt_node_type_t nt_workspace_read_binary = {
    .type = "nodetool.workspace.ReadBinaryFile",
    .title = "Read Binary File",
    .description = "The bytes of a file of the workspace, as base64.",
    .properties = read_binary_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_read_binary
};


/* --- WriteBinaryFile --- */

static nt_node_rc_t
run_write_binary(nt_node_call_t *call)
{
    nt_buf_t bytes = { 0 };
    nt_str_t path, text;

    if (!nt_workspace_path(call, "path", &path) ||
        !nt_arg_str(call, "content", &text))
    {
        return NT_NODE_FAIL;
    }

    if (nt_base64_decode(&bytes, text) == NT_ERROR) {
        nt_buf_free(&bytes);
        return nt_call_fail(call, "'content' is not base64");
    }

    return write_path(call, path, O_TRUNC, &bytes);
}


static const nt_property_t write_binary_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file of the workspace"),
    NT_PROP("content", "str", "\"\"", "The bytes, as base64"), NT_PROP_END
};

const nt_node_type_t nt_workspace_write_binary = {
    .type = "nodetool.workspace.WriteBinaryFile",
    .title = "Write Binary File",
    .description = "Writes bytes to a file of the workspace.",
    .properties = write_binary_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_write_binary
};


/* --- DeleteWorkspaceFile --- */

static nt_node_rc_t
run_delete(nt_node_call_t *call)
{
    bool           recursive = nt_call_bool(call, "recursive");
    nt_str_t       path;
    nt_file_info_t info;

    if (!nt_workspace_path(call, "path", &path) ||
        !nt_call_stat(call, path.data, &info))
    {
        return NT_NODE_FAIL;
    }

    if (info.kind == NT_FILE_FOLDER && !info.link && !recursive) {
        return nt_call_fail(call,
                            "'path': \"%s\" is a folder; set 'recursive' to "
                            "delete it with all in it",
                            path.data);
    }

    return nt_call_remove(call, path.data, recursive)
               ? nt_emit(call, json_null())
               : NT_NODE_FAIL;
}


static const nt_property_t delete_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file or folder of the workspace"),
    NT_PROP("recursive", "bool", "false",
            "Delete a folder with all that is in it"),
    NT_PROP_END
};

const nt_node_type_t nt_workspace_delete = {
    .type = "nodetool.workspace.DeleteWorkspaceFile",
    .title = "Delete Workspace File",
    .description = "Deletes a file or folder of the workspace.",
    .properties = delete_properties,
    .outputs = nt_out_none,
    .flags = NT_NODE_THREAD | NT_NODE_ONCE,
    .run = run_delete
};


/* --- CreateWorkspaceDirectory --- */

static nt_node_rc_t
run_create(nt_node_call_t *call)
{
    nt_str_t path;

    return nt_workspace_path(call, "path", &path) &&
                   nt_call_make_folder(call, path.data, false)
               ? nt_emit(call, nt_ustr_json(path))
               : NT_NODE_FAIL;
}


static const nt_property_t create_properties[] = {
    NT_PROP("path", "str", "\"\"", "The folder's path in the workspace"),
    NT_PROP_END
};

const nt_node_type_t nt_workspace_create = {
    .type = "nodetool.workspace.CreateWorkspaceDirectory",
    .title = "Create Workspace Directory",
    .description = "Makes a folder in the workspace, and those above it.",
    .properties = create_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_create
};


/* --- CopyWorkspaceFile, MoveWorkspaceFile --- */

static nt_node_rc_t
run_copy(nt_node_call_t *call)
{
    nt_str_t       from, to;
    nt_file_info_t info;

    return nt_workspace_path(call, "destination", &to) &&
                   nt_workspace_stat(call, "source", &from, &info) &&
                   nt_files_copy(call, from.data, to.data)
               ? nt_emit(call, nt_ustr_json(to))
               : NT_NODE_FAIL;
}


/* Makes the folders above a path. */
static bool
make_parent(nt_node_call_t *call, nt_str_t path)
{
    char    *parent;
    bool     good;
    nt_str_t folder, name;

    nt_path_split(path, &folder, &name);

    if (folder.len == 0) {
        return true;
    }

    parent = strndup(folder.data, folder.len);

    if (parent == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    good = nt_call_make_folder(call, parent, false);
    free(parent);
    return good;
}


static nt_node_rc_t
run_move(nt_node_call_t *call)
{
    nt_str_t       from, to;
    nt_file_info_t info;

    return nt_workspace_path(call, "destination", &to) &&
                   nt_workspace_stat(call, "source", &from, &info) &&
                   make_parent(call, to) &&
                   nt_files_move(call, from.data, to.data)
               ? nt_emit(call, nt_ustr_json(to))
               : NT_NODE_FAIL;
}


static const nt_property_t copy_properties[] = {
    NT_PROP("source", "str", "\"\"", "A file or folder of the workspace"),
    NT_PROP("destination", "str", "\"\"",
            "Its new path, or the folder of the workspace to put it into"),
    NT_PROP_END
};

const nt_node_type_t nt_workspace_copy = {
    .type = "nodetool.workspace.CopyWorkspaceFile",
    .title = "Copy Workspace File",
    .description = "Copies a file or folder within the workspace.",
    .properties = copy_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD,
    .run = run_copy
};

const nt_node_type_t nt_workspace_move = {
    .type = "nodetool.workspace.MoveWorkspaceFile",
    .title = "Move Workspace File",
    .description = "Moves or renames a file or folder of the workspace.",
    .properties = copy_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_THREAD | NT_NODE_ONCE,
    .run = run_move
};
