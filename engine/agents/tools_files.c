#include "engine/agents/tool_run.h"

#include <fcntl.h>
#include <stdlib.h>

#include "engine/nodes/files.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/ustr.h"

#define TEXT_MAX 100000 /* characters that one call shows */
#define LIST_MAX 2000   /* names */

/* What goes to the pool and comes back. */
typedef struct {
    nt_buf_t path; /* ended by a NUL */
    nt_str_t text; /* write: the content; edit: what is looked for */
    nt_str_t with; /* edit */
    bool     append;
    bool     every;     /* edit: all places */
    bool     recursive; /* list */
    bool     exists;
    bool     folder;
    size_t   count; /* edit: places */
    nt_buf_t bytes; /* read */
    json_t  *names; /* list */
    json_t  *folders;
} job_t;


static void
free_job(job_t *job)
{
    nt_buf_free(&job->path);
    nt_buf_free(&job->bytes);
    json_decref(job->names);
    json_decref(job->folders);
}


/* Reads a path argument; models like "./x" and "/workspace/x". */
static bool
take_path(job_t *job, const json_t *args, const char *name,
          const char *standard, nt_buf_t *error)
{
    nt_str_t              path;
    static const nt_str_t root = { "/workspace", 10 };

    if (!nt_tool_text(args, name, standard, &path, error)) {
        return false;
    }

    if (memchr(path.data, '\0', path.len) != NULL || nt_path_goes_up(path)) {
        nt_buf_printf(error,
                      "\"%s\" must be a path within the workspace, "
                      "without \"..\"",
                      name);
        return false;
    }

    if (nt_ustr_starts(path, root) &&
        (path.len == root.len || path.data[root.len] == '/'))
    {
        path.data += root.len;
        path.len -= root.len;
    }

    nt_path_absolute(&job->path, path);
    nt_buf_append_char(&job->path, '\0');
    return !job->path.failed;
}


/* The path as the model sees it: relative to the workspace. */
static const char *
shown(const job_t *job)
{
    return job->path.data[1] != '\0' ? job->path.data + 1 : ".";
}


/* --- reading --- */

static void
read_work(nt_node_call_t *call, void *arg)
{
    job_t         *job = arg;
    nt_file_info_t info;

    if (!nt_files_stat(call, job->path.data, &info)) {
        return;
    }

    if (info.kind != NT_FILE_REGULAR) {
        (void) nt_call_fail(call, "\"%s\" is not a file", shown(job));
        return;
    }

    (void) nt_files_read(call, job->path.data, &job->bytes);
}


/* The lines from `first` to `last`, counted from 1; *total is how many there
 * are. */
static nt_str_t
take_lines(nt_str_t text, int64_t first, int64_t last, int64_t *total)
{
    size_t  i, from = text.len, to = text.len;
    int64_t line = 1;

    if (first <= 1) {
        from = 0;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != '\n') {
            continue;
        }

        if (line == last) {
            to = i + 1;
        }

        line++;

        if (line == first) {
            from = i + 1;
        }
    }

    *total = text.len > 0 && text.data[text.len - 1] == '\n' ? line - 1 : line;
    return (nt_str_t) { text.data + from, to > from ? to - from : 0 };
}


/* Makes the result of reading from line `first` to line `last`. */
static json_t *
read_result(const job_t *job, int64_t first, int64_t last, nt_buf_t *error)
{
    size_t   cut;
    int64_t  total;
    nt_str_t text = { job->bytes.data != NULL ? job->bytes.data : "",
                      job->bytes.len };
    json_t *content;

    text = take_lines(text, first, last, &total);
    cut = nt_ustr_offset(text, TEXT_MAX);
    content = json_stringn(text.data, cut);

    if (content == NULL) {
        nt_buf_printf(error,
                      "\"%s\" is no text in UTF-8, so that it cannot be read",
                      shown(job));
        return NULL;
    }

    return json_pack("{s:b, s:s, s:o, s:b, s:I, s:I}", "success", 1, "path",
                     shown(job), "content", content, "truncated",
                     cut < text.len, "start_line", (json_int_t) first,
                     "total_lines", (json_int_t) total);
}


/* `arg` tells Claude Code's arguments from NodeTool's. */
json_t *
nt_tool_read_file(nt_node_call_t *call, const void *arg, const json_t *args,
                  nt_buf_t *error)
{
    job_t       job = { 0 };
    json_t     *result = NULL;
    int64_t     first, last;
    const bool  claude = arg != NULL;
    const char *path = claude ? "file_path" : "path";

    if (take_path(&job, args, path, NULL, error) &&
        nt_tool_int(args, claude ? "offset" : "start_line", 1, 1, INT32_MAX,
                    &first, error) &&
        nt_tool_int(args, claude ? "limit" : "end_line", INT32_MAX, 1,
                    INT32_MAX, &last, error) &&
        nt_tool_thread(call, read_work, &job, error))
    {
        result =
            read_result(&job, first, claude ? first + last - 1 : last, error);
    }

    free_job(&job);
    return result;
}


/* --- writing --- */

static void
write_work(nt_node_call_t *call, void *arg)
{
    int            fd;
    job_t         *job = arg;
    nt_file_info_t info;

    if (!nt_call_stat(call, job->path.data, &info)) {
        return;
    }

    job->exists = info.kind != NT_FILE_NONE;
    fd = nt_call_open(call, job->path.data,
                      O_WRONLY | O_CREAT | O_CLOEXEC |
                          (job->append ? O_APPEND : O_TRUNC));

    if (fd != -1) {
        (void) nt_files_write(call, fd, job->path.data, job->text);
    }
}


json_t *
nt_tool_write_file(nt_node_call_t *call, const void *arg, const json_t *args,
                   nt_buf_t *error)
{
    job_t       job = { 0 };
    json_t     *result = NULL, *content;
    const char *path = arg != NULL ? "file_path" : "path";

    content = json_object_get(args, "content");

    if (!json_is_string(content)) {
        nt_buf_append_str(error,
                          NT_STR("\"content\" is required and must be a text"));
        return NULL;
    }

    job.text = nt_ustr(content);
    job.append = json_is_true(json_object_get(args, "append"));

    if (take_path(&job, args, path, NULL, error) &&
        nt_tool_thread(call, write_work, &job, error))
    {
        result =
            json_pack("{s:b, s:s, s:b, s:b}", "success", 1, "path", shown(&job),
                      "append", job.append, "created", !job.exists);
    }

    free_job(&job);
    return result;
}


/* --- editing --- */

static void
edit_work(nt_node_call_t *call, void *arg)
{
    int       fd;
    job_t    *job = arg;
    nt_buf_t  text = { 0 };
    nt_str_t  old;
    ptrdiff_t at;

    read_work(call, job);
    old = (nt_str_t) { job->bytes.data, job->bytes.len };
    at = old.len > 0 ? nt_ustr_find(old, job->text, 0, old.len) : -1;

    while (at >= 0) {
        job->count++;
        at = nt_ustr_find(old, job->text, (size_t) at + job->text.len, old.len);
    }

    if (job->count == 0 || (job->count > 1 && !job->every)) {
        return;
    }

    nt_ustr_replace(&text, old, job->text, job->with, -1, NT_FILE_MAX);

    if (text.failed || text.len > NT_FILE_MAX) {
        (void) nt_call_fail(call, "\"%s\" would become too large", shown(job));

    } else {
        fd = nt_call_open(call, job->path.data, O_WRONLY | O_TRUNC | O_CLOEXEC);

        if (fd != -1) {
            (void) nt_files_write(call, fd, job->path.data,
                                  (nt_str_t) { text.data, text.len });
        }
    }

    nt_buf_free(&text);
}


json_t *
nt_tool_edit_file(nt_node_call_t *call, const void *arg, const json_t *args,
                  nt_buf_t *error)
{
    job_t   job = { 0 };
    json_t *result = NULL, *with;

    with = json_object_get(args, "new_string");
    job.every = json_is_true(json_object_get(args, "replace_all"));
    job.with = nt_ustr(with);

    if (!json_is_string(with)) {
        nt_buf_append_str(error, NT_STR("\"new_string\" is required and must "
                                        "be a text"));
        return NULL;
    }

    if (take_path(&job, args, "file_path", NULL, error) &&
        nt_tool_text(args, "old_string", NULL, &job.text, error) &&
        nt_tool_thread(call, edit_work, &job, error))
    {
        if (job.count == 0) {
            nt_buf_printf(error, "\"old_string\" is nowhere in \"%s\"",
                          shown(&job));

        } else if (job.count > 1 && !job.every) {
            nt_buf_printf(error,
                          "\"old_string\" is in \"%s\" %zu times; give more of "
                          "the text around it, or set \"replace_all\"",
                          shown(&job), job.count);

        } else {
            result = json_pack("{s:b, s:s, s:I}", "success", 1, "path",
                               shown(&job), "replaced", (json_int_t) job.count);
        }
    }

    free_job(&job);
    return result;
}


/* --- listing --- */

/* Adds the names of a folder, `prefix` in front, to the lists. */
static bool
list_folder(nt_node_call_t *call, job_t *job, const char *folder)
{
    int         rc = 0;
    bool        good = true;
    char       *path;
    size_t      i, len;
    json_t     *names, *entry;
    const char *name;

    names = nt_call_list_folder(call, folder);

    if (names == NULL) {
        return false;
    }

    json_array_foreach(names, i, entry)
    {
        name = json_string_value(entry);
        len = json_string_length(entry);

        if (json_array_size(job->names) + json_array_size(job->folders) >=
            LIST_MAX) {
            break;
        }

        if (asprintf(&path, "%s%s%s", folder,
                     folder[strlen(folder) - 1] == '/' ? "" : "/", name) < 0)
        {
            good = false;
            break;
        }

        if (len > 0 && name[len - 1] == '/') {
            path[strlen(path) - 1] = '\0';
            rc = json_array_append_new(job->folders, json_string(path + 1));
            good = !job->recursive || list_folder(call, job, path);

        } else {
            rc = json_array_append_new(job->names, json_string(path + 1));
        }

        free(path);

        if (rc != 0 || !good) {
            break;
        }
    }

    json_decref(names);
    return rc == 0 && good;
}


static void
list_work(nt_node_call_t *call, void *arg)
{
    job_t         *job = arg;
    nt_file_info_t info;

    /* the workspace itself is there as soon as something is in it */
    if (!nt_call_stat(call, job->path.data, &info)) {
        return;
    }

    if (info.kind != NT_FILE_FOLDER) {
        (void) nt_call_fail(call,
                            info.kind == NT_FILE_NONE
                                ? "there is no folder \"%s\""
                                : "\"%s\" is not a folder",
                            shown(job));
        return;
    }

    job->names = json_array();
    job->folders = json_array();
    (void) list_folder(call, job, job->path.data);
}


json_t *
nt_tool_list_folder(nt_node_call_t *call, const void *arg, const json_t *args,
                    nt_buf_t *error)
{
    job_t   job = { 0 };
    json_t *result = NULL;

    job.recursive = json_is_true(json_object_get(args, "recursive"));

    if (take_path(&job, args, "path", ".", error) &&
        nt_tool_thread(call, list_work, &job, error))
    {
        result = json_pack("{s:b, s:s, s:{s:O, s:O}}", "success", 1, "path",
                           shown(&job), "contents", "files", job.names,
                           "directories", job.folders);
    }

    free_job(&job);
    return result;
}


/* --- finding files by a pattern --- */

/* "src/" in front of "**" belongs to the folder. */
static void
glob_work(nt_node_call_t *call, void *arg)
{
    job_t    *job = arg;
    ptrdiff_t at;
    nt_str_t  pattern = job->text;

    at = nt_ustr_find(pattern, NT_STR("**/"), 0, pattern.len);

    if (at >= 0) {
        job->path.len--; /* its NUL */
        nt_path_join(&job->path, (nt_str_t) { pattern.data, (size_t) at });
        nt_buf_append_char(&job->path, '\0');
        pattern.data += at + 3;
        pattern.len -= (size_t) at + 3;
    }

    if (job->path.failed) {
        (void) nt_call_fail(call, "the server is out of memory");
        return;
    }

    job->names = nt_files_glob(call, nt_str(job->path.data), pattern, at >= 0);
}


/* The first names, relative to the workspace.  New reference; NULL when
 * memory is out. */
static json_t *
relative_names(const json_t *names)
{
    size_t      i;
    json_t     *list, *name;
    const char *text;

    list = json_array();

    json_array_foreach(names, i, name)
    {
        text = json_string_value(name);

        if (i == LIST_MAX ||
            json_array_append_new(list,
                                  json_string(text + strspn(text, "/"))) != 0)
        {
            break;
        }
    }

    return list;
}


json_t *
nt_tool_glob(nt_node_call_t *call, const void *arg, const json_t *args,
             nt_buf_t *error)
{
    job_t   job = { 0 };
    json_t *result = NULL;

    if (take_path(&job, args, "path", ".", error) &&
        nt_tool_text(args, "pattern", NULL, &job.text, error))
    {
        if (memchr(job.text.data, '\0', job.text.len) != NULL ||
            nt_path_goes_up(job.text))
        {
            nt_buf_append_str(error, NT_STR("\"pattern\" must stay within the "
                                            "workspace, without \"..\""));

        } else if (nt_tool_thread(call, glob_work, &job, error)) {
            result = json_pack("{s:b, s:o}", "success", 1, "files",
                               relative_names(job.names));
        }
    }

    free_job(&job);
    return result;
}


/* --- the table --- */

static const nt_tool_param_t read_params[] = {
    { "path", "string", "The file, relative to the workspace", true },
    { "start_line", "integer", "First line to read, counted from 1", false },
    { "end_line", "integer", "Last line to read", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t write_params[] = {
    { "path", "string", "The file, relative to the workspace", true },
    { "content", "string", "What to write", true },
    { "append", "boolean", "Put it behind what is in the file", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t list_params[] = {
    { "path", "string", "The folder, relative to the workspace, which is \".\"",
      true },
    { "recursive", "boolean", "What is in its folders, too", false },
    { NULL, NULL, NULL, false }
};

const nt_tool_t nt_tools_files[] = {
    { .name = "read_file",
      .description = "Reads a text file of the workspace, or some lines of it.",
      .params = read_params,
      .message = "Reading {path}",
      .run = nt_tool_read_file },
    { .name = "write_file",
      .description = "Writes a text file of the workspace; its folders are "
                     "made where they are missing.",
      .params = write_params,
      .message = "Writing {path}",
      .run = nt_tool_write_file },
    { .name = "list_directory",
      .description = "Lists the files and folders in a folder of the "
                     "workspace.",
      .params = list_params,
      .message = "Listing {path}",
      .run = nt_tool_list_folder },
    { .name = NULL }
};
