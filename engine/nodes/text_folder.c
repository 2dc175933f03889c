/*
 * engine/nodes/text_folder.c - nodetool.text.LoadTextFolder.
 */

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include "engine/assets/assets.h"
#include "engine/nodes/text.h"


#define FILES_MAX  100000
#define FOLDER_MAX 32 /* nesting of folders */

typedef struct {
    char **paths; /* relative to the workspace */
    size_t n, cap;
    size_t next;
    bool   listed;
} folder_t;


static void
folder_free(void *state)
{
    folder_t *folder = state;

    while (folder->n > 0) {
        free(folder->paths[--folder->n]);
    }

    free(folder->paths);
}


/* Is the extension of a file among those of the property? */
static bool
is_wanted(nt_node_call_t *call, const char *path)
{
    size_t      i;
    json_t     *extension;
    nt_str_t    pattern;
    const char *dot, *slash;

    slash = strrchr(path, '/');
    dot = strrchr(path, '.');

    /* a name that only starts with a dot has no extension */
    if (dot == NULL || (slash != NULL && dot <= slash + 1) || dot == path) {
        dot = "";
    }

    pattern = nt_text_input(call, "pattern");

    if (pattern.len > 0 && fnmatch(pattern.data, path, 0) != 0) {
        return false;
    }

    json_array_foreach(nt_call_input(call, "extensions"), i, extension)
    {
        if (json_is_string(extension) &&
            strcasecmp(json_string_value(extension), dot) == 0)
        {
            return true;
        }
    }

    return false;
}


/* Takes `path` over. */
static bool
add_path(nt_node_call_t *call, folder_t *folder, char *path)
{
    size_t cap;
    char **paths;

    if (folder->n == FILES_MAX) {
        free(path);
        (void) nt_call_fail(call, "folder has more than %d files", FILES_MAX);
        return false;
    }

    if (folder->n == folder->cap) {
        cap = folder->cap == 0 ? 64 : folder->cap * 2;
        paths = realloc(folder->paths, cap * sizeof(char *));

        if (paths == NULL) {
            free(path);
            (void) nt_arg_nomem(call);
            return false;
        }

        folder->paths = paths;
        folder->cap = cap;
    }

    folder->paths[folder->n++] = path;
    return true;
}


static bool list(nt_node_call_t *call, folder_t *folder, const char *path,
                 unsigned depth);


/* A member of an open folder; symbolic links are left out. */
static bool
add_member(nt_node_call_t *call, folder_t *folder, int fd, const char *parent,
           const char *name, unsigned depth)
{
    bool        good;
    char       *path;
    struct stat info;

    if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) == -1 ||
        (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
    {
        return true;
    }

    if (strcmp(parent, ".") == 0) {
        path = strdup(name);

    } else if (asprintf(&path, "%s/%s", parent, name) < 0) {
        path = NULL;
    }

    if (path == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    if (S_ISREG(info.st_mode) && is_wanted(call, path)) {
        return add_path(call, folder, path);
    }

    good = true;

    if (S_ISDIR(info.st_mode) && nt_call_bool(call, "include_subdirectories")) {
        good = list(call, folder, path, depth + 1);
    }

    free(path);
    return good;
}


static bool
list(nt_node_call_t *call, folder_t *folder, const char *path, unsigned depth)
{
    int            fd;
    DIR           *dir;
    bool           good;
    struct dirent *entry;

    if (depth > FOLDER_MAX) {
        (void) nt_call_fail(call, "folder is nested deeper than %d",
                            FOLDER_MAX);
        return false;
    }

    fd = nt_call_open(call, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd == -1) {
        return false;
    }

    dir = fdopendir(fd);

    if (dir == NULL) {
        (void) close(fd);
        (void) nt_arg_nomem(call);
        return false;
    }

    good = !nt_call_cancelled(call);

    while (good && (entry = readdir(dir)) != NULL) {
        good = strcmp(entry->d_name, ".") == 0 ||
               strcmp(entry->d_name, "..") == 0 ||
               add_member(call, folder, dirfd(dir), path, entry->d_name, depth);
    }

    (void) closedir(dir);
    return good;
}


static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}


/* The files, sorted; once. */
static folder_t *
files(nt_node_call_t *call)
{
    char     *path;
    size_t    len;
    folder_t *folder;
    nt_str_t  name;

    folder = nt_call_state(call, sizeof(folder_t), folder_free);

    if (folder == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    if (folder->listed) {
        return folder;
    }

    name = nt_text_input(call, "folder");

    if (name.len == 0) {
        (void) nt_call_fail(call, "folder must not be empty: \"/\" is the "
                                  "workspace itself");
        return NULL;
    }

    path = strdup(name.data + strspn(name.data, "/"));

    if (path == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    for (len = strlen(path); len > 0 && path[len - 1] == '/'; len--) {
        path[len - 1] = '\0';
    }

    folder->listed = list(call, folder, *path == '\0' ? "." : path, 0);
    free(path);

    if (!folder->listed) {
        return NULL;
    }

    if (folder->n > 1) {
        qsort(folder->paths, folder->n, sizeof(char *), by_name);
    }

    return folder;
}


/* The text of a file; NULL after nt_call_fail, json_null() for no text. */
static json_t *
read_text(nt_node_call_t *call, const char *path)
{
    int     fd;
    bool    good;
    char   *data;
    size_t  len;
    json_t *text;

    fd = nt_call_open(call, path, O_RDONLY | O_CLOEXEC);

    if (fd == -1) {
        return NULL;
    }

    good = nt_read_all(fd, &data, &len);
    (void) close(fd);

    if (!good) {
        (void) nt_call_fail(call, "file \"%s\" could not be read", path);
        return NULL;
    }

    text = json_stringn(data, len);
    free(data);
    return text == NULL ? json_null() : text;
}


static nt_node_rc_t
run_load_folder(nt_node_call_t *call)
{
    json_t     *text;
    folder_t   *folder;
    const char *path;

    folder = files(call);

    if (folder == NULL) {
        return NT_NODE_FAIL;
    }

    while (folder->next < folder->n) {
        path = folder->paths[folder->next++];
        text = read_text(call, path);

        if (text == NULL) {
            return NT_NODE_FAIL;
        }

        if (!json_is_string(text)) {
            nt_call_log(call, "warning",
                        "%s is left out: it is not UTF-8 "
                        "text",
                        path);
            continue;
        }

        return nt_call_emit(call, "text", text) == NT_NODE_DONE &&
                       nt_call_emit(call, "path", json_string(path)) ==
                           NT_NODE_DONE
                   ? NT_NODE_MORE
                   : NT_NODE_FAIL;
    }

    return NT_NODE_DONE;
}


static const nt_property_t load_folder_properties[] = {
    NT_PROP("folder", "str", "\"\"", "A folder of the workspace"),
    NT_PROP("include_subdirectories", "bool", "false",
            "Load the files of its folders, too"),
    NT_PROP("extensions", "list[str]",
            "[\".txt\",\".csv\",\".json\",\".xml\",\".md\",\".html\","
            "\".pdf\"]",
            "The ends of the names of files to load"),
    NT_PROP("pattern", "str", "\"\"",
            "Load only what matches it, such as */notes-*"),
    NT_PROP_END
};

static const nt_output_t load_folder_outputs[] = { { "text", "str" },
                                                   { "path", "str" },
                                                   { NULL, NULL } };

const nt_node_type_t nt_text_load_folder = {
    .type = "nodetool.text.LoadTextFolder",
    .title = "Load Text Folder",
    .description = "Sends each text file in a folder of the workspace.",
    .properties = load_folder_properties,
    .outputs = load_folder_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_load_folder
};
