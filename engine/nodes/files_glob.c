/*
 * engine/nodes/files_glob.c - Python's glob over the workspace.
 */

#include "engine/nodes/args.h"
#include "engine/nodes/files.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/wildcard.h"

#define FILES_MAX  100000
#define FOLDER_MAX 32 /* nesting of folders */

typedef struct {
    nt_node_call_t *call;
    json_t         *files;
} glob_t;

static bool walk(glob_t *glob, const nt_buf_t *folder, nt_str_t pattern,
                 unsigned depth);


static bool
add_file(glob_t *glob, const nt_buf_t *path)
{
    if (json_array_size(glob->files) == FILES_MAX) {
        (void) nt_call_fail(glob->call, "the pattern finds more than %d files",
                            FILES_MAX);
        return false;
    }

    /* it is UTF-8 as the names of a folder and the pattern are */
    if (json_array_append_new(glob->files,
                              json_stringn(path->data, path->len)) != 0)
    {
        (void) nt_arg_nomem(glob->call);
        return false;
    }

    return true;
}


/* A name in a folder, which fits `rest` behind what it has fitted. */
static bool
take(glob_t *glob, const nt_buf_t *folder, nt_str_t name, bool is_folder,
     const nt_str_t *rest, unsigned depth)
{
    bool     good = true;
    nt_buf_t path = { 0 };

    nt_buf_append(&path, folder->data, folder->len);
    nt_path_join(&path, name);

    if (path.failed) {
        (void) nt_arg_nomem(glob->call);
        good = false;

    } else if (rest == NULL) {
        good = add_file(glob, &path);

    } else if (is_folder) {
        good = walk(glob, &path, *rest, depth + 1);
    }

    nt_buf_free(&path);
    return good;
}


/* Looks at the names of a folder: those that fit `part`, or with NULL for
 * it, all folders. */
static bool
each_name(glob_t *glob, const nt_buf_t *folder, const nt_str_t *part,
          const nt_str_t *rest, unsigned depth)
{
    bool     good, is_folder, hidden;
    size_t   i;
    json_t  *names, *value;
    nt_buf_t path = { 0 };
    nt_str_t name;

    nt_buf_append(&path, folder->data, folder->len);
    nt_buf_append_char(&path, '\0');

    if (path.failed) {
        (void) nt_arg_nomem(glob->call);
        return false;
    }

    names = nt_call_list_folder(glob->call, path.data);
    nt_buf_free(&path);
    good = names != NULL;

    json_array_foreach(names, i, value)
    {
        name = nt_ustr(value);
        is_folder = name.data[name.len - 1] == '/';
        name.len -= is_folder;
        hidden = name.data[0] == '.' && (part == NULL || part->data[0] != '.');

        if (!good || hidden ||
            (part == NULL ? !is_folder : !nt_wildcard_match(*part, name)))
        {
            continue;
        }

        good = !nt_call_cancelled(glob->call) &&
               take(glob, folder, name, is_folder, rest, depth);
    }

    json_decref(names);
    return good;
}


static bool
walk(glob_t *glob, const nt_buf_t *folder, nt_str_t pattern, unsigned depth)
{
    bool     deep = false;
    nt_str_t part, rest = pattern;

    if (depth > FOLDER_MAX) {
        (void) nt_call_fail(glob->call, "folders are nested deeper than %d",
                            FOLDER_MAX);
        return false;
    }

    while (nt_path_next(&rest, &part) &&
           (part.len == 0 || nt_str_eq(part, NT_STR("**"))))
    {
        deep = deep || part.len > 0;
    }

    /* "**" at the end stands for all files there are */
    if (part.len == 0 || nt_str_eq(part, NT_STR("**"))) {
        part = NT_STR("*");
    }

    return each_name(glob, folder, &part, rest.len > 0 ? &rest : NULL, depth) &&
           (!deep || each_name(glob, folder, NULL, &pattern, depth));
}


static bool
check(nt_node_call_t *call, nt_str_t pattern)
{
    if (pattern.len > NT_WILDCARD_MAX) {
        (void) nt_call_fail(call, "'pattern' is longer than %d bytes",
                            NT_WILDCARD_MAX);

    } else if (pattern.len == 0) {
        (void) nt_call_fail(call, "'pattern' must not be empty: \"*\" stands "
                                  "for all files");

    } else if (pattern.data[0] == '/' || nt_path_goes_up(pattern)) {
        (void) nt_call_fail(call, "'pattern' must stay in the folder: no "
                                  "slash at its start, no \"..\"");

    } else {
        return true;
    }

    return false;
}


/* False after nt_call_fail; `found` tells whether there is such a folder. */
static bool
find_folder(nt_node_call_t *call, nt_str_t folder, bool *found)
{
    bool           good;
    nt_buf_t       path = { 0 };
    nt_file_info_t info;

    nt_buf_append_str(&path, folder);
    nt_buf_append_char(&path, '\0');

    if (path.failed) {
        (void) nt_arg_nomem(call);
        return false;
    }

    good = nt_call_stat(call, path.data, &info);
    *found = good && info.kind == NT_FILE_FOLDER;

    if (good && !*found) {
        nt_call_log(call, "warning", "There is no folder \"%s\"", path.data);
    }

    nt_buf_free(&path);
    return good;
}


/* The pattern with what makes it recursive; without that, "**" is "*". */
static void
make_pattern(nt_buf_t *out, nt_str_t pattern, bool recursive)
{
    nt_str_t part;

    if (recursive) {
        nt_buf_append_str(out, NT_STR("**/"));
        nt_buf_append_str(out, pattern);
        return;
    }

    while (nt_path_next(&pattern, &part)) {
        nt_buf_append_str(out,
                          nt_str_eq(part, NT_STR("**")) ? NT_STR("*") : part);
        if (pattern.len > 0) {
            nt_buf_append_char(out, '/');
        }
    }
}


json_t *
nt_files_glob(nt_node_call_t *call, nt_str_t folder, nt_str_t pattern,
              bool recursive)
{
    bool     good, found;
    glob_t   glob = { .call = call };
    nt_buf_t base = { 0 }, whole = { 0 };

    if (!check(call, pattern) || !find_folder(call, folder, &found)) {
        return NULL;
    }

    glob.files = json_array();
    nt_buf_append_str(&base, folder);
    make_pattern(&whole, pattern, recursive);

    if (glob.files == NULL || base.failed || whole.failed) {
        (void) nt_arg_nomem(call);
        good = false;

    } else {
        good = !found ||
               walk(&glob, &base, (nt_str_t) { whole.data, whole.len }, 0);
    }

    nt_buf_free(&base);
    nt_buf_free(&whole);

    if (!good) {
        json_decref(glob.files);
        return NULL;
    }

    return glob.files;
}


/* --- sending what was found --- */

typedef struct {
    json_t *files; /* owned */
    size_t  next;
} stream_t;


static void
stream_free(void *state)
{
    json_decref(((stream_t *) state)->files);
}


nt_node_rc_t
nt_files_stream(nt_node_call_t *call, const char *name,
                json_t *(*make)(nt_node_call_t *call))
{
    json_t   *file;
    stream_t *stream = nt_call_state(call, sizeof(stream_t), stream_free);

    if (stream == NULL) {
        return nt_arg_nomem(call);
    }

    if (stream->files == NULL) {
        stream->files = make(call);

        if (stream->files == NULL) {
            return NT_NODE_FAIL;
        }
    }

    file = json_array_get(stream->files, stream->next++);

    if (file == NULL) {
        return NT_NODE_DONE;
    }

    return nt_call_emit(call, name, json_incref(file)) == NT_NODE_DONE
               ? NT_NODE_MORE
               : NT_NODE_FAIL;
}
