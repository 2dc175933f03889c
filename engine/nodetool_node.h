/*
 * nodetool_node.h - how a node type is written.
 *
 * The built-in library and shared objects that the engine loads with
 * --nodes DIR are written against this header alone.  It needs jansson.
 *
 * A node type is a static description and one or two functions.  Values are
 * JSON (json_t); a value that flows along an edge is shared between its
 * receivers, so a received value is never changed: copy first.  Media are
 * refs: {"type": "image", "uri": "...", "asset_id": ...}.
 *
 * Functions run on the engine's loop and must not block: what reads files or
 * computes for long sets NT_NODE_THREAD and runs on the thread pool.  There,
 * what it emits, logs and so on leaves when the function returns.
 */

#ifndef NODETOOL_NODE_H
#define NODETOOL_NODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NODETOOL_NODE_ABI 1

#define NT_NODE_API __attribute__((visibility("default")))

typedef struct nt_node_call nt_node_call_t; /* one activation of a node */

typedef struct {
    const char *name;
    /* "str", "int", "float", "bool", "any", "enum", "list[str]",
     * "dict[str,any]", "union[int,float]", "image", "model_3d" ...; with a
     * "?" behind it null fits, too */
    const char        *type;
    const char        *default_json; /* JSON text; NULL means null */
    const char *const *values;       /* of an enum, NULL-terminated */
    const char        *description;
    const double      *min; /* inclusive bounds; NULL for none */
    const double      *max;
    bool               required; /* needs a value or an edge */
} nt_property_t;

typedef struct {
    const char *name;
    const char *type;
} nt_output_t;

enum {
    NT_NODE_DYNAMIC = 1 << 0,          /* takes properties by any name */
    NT_NODE_DYNAMIC_OUTPUTS = 1 << 1,  /* has outputs by any name */
    NT_NODE_STREAMING_OUTPUT = 1 << 2, /* one activation, many values */
    NT_NODE_THREAD = 1 << 3,           /* run() is called on the pool */
    NT_NODE_INPUT = 1 << 4,            /* nodetool.input.*: fed by params */
    NT_NODE_OUTPUT = 1 << 5,           /* its value is a job's result */
    NT_NODE_INERT = 1 << 6,            /* Comment, Group: never runs */
    NT_NODE_PREVIEW = 1 << 7,          /* emits preview_update */
    NT_NODE_ONCE = 1 << 8,             /* has effects: not to be repeated */
    NT_NODE_ZIP = 1 << 9               /* pairs its inputs, as zip_all does */
};

typedef enum {
    NT_NODE_DONE = 0, /* this activation is complete */
    NT_NODE_MORE = 1, /* call me again when receivers have room */
    NT_NODE_FAIL = -1 /* nt_call_fail has said why */
} nt_node_rc_t;

typedef struct {
    const char          *type;  /* "nodetool.text.Concat" */
    const char          *title; /* "Concatenate Text" */
    const char          *description;
    const nt_property_t *properties; /* ended by a NULL name; may be NULL */
    const nt_output_t   *outputs;    /* ended by a NULL name; may be NULL */
    unsigned             flags;

    /*
     * A buffered node: called once for each set of inputs.  It reads them
     * with nt_call_input and emits with nt_call_emit.  A generator emits one
     * value a call and returns NT_NODE_MORE until it is through; its state
     * between these calls is nt_call_state.
     */
    nt_node_rc_t (*run)(nt_node_call_t *call);

    /*
     * A node that drains its inputs itself has these instead of run: item
     * for each value that arrives, then end once, when all connected inputs
     * have ended (end may return NT_NODE_MORE).  One activation a job.
     * Properties without an edge are read with nt_call_input.
     */
    nt_node_rc_t (*item)(nt_node_call_t *call, const char *handle,
                         json_t *value);
    nt_node_rc_t (*end)(nt_node_call_t *call);

    /* Optional, before any activation: checks the properties that stand in
     * the workflow (an edge may still bring others); on a fault returns
     * false with a sentence in `error`. */
    bool (*check)(const json_t *properties, char *error, size_t size);
} nt_node_type_t;

/* What a shared object exports under the name nodetool_node_library. */
typedef struct {
    unsigned                     abi;   /* NODETOOL_NODE_ABI */
    const char                  *name;  /* for logs: "text", "my-nodes" */
    const nt_node_type_t *const *types; /* ended by NULL */
} nt_node_library_t;

/* --- for run, item and end --- */

/* The value of a property: from its edge, else from the workflow, else its
 * default; coerced to its type where NodeTool does (int to float).  Dynamic
 * properties by their name.  Borrowed; NULL only for a name that is not
 * there. */
NT_NODE_API json_t *nt_call_input(nt_node_call_t *call, const char *name);

/* The same, read as C values; on another type these return "" (with *len 0),
 * 0, 0.0, false.  Pointers live as long as the call. */
NT_NODE_API const char *nt_call_string(nt_node_call_t *call, const char *name,
                                       size_t *len);
NT_NODE_API int64_t     nt_call_int(nt_node_call_t *call, const char *name);
NT_NODE_API double      nt_call_float(nt_node_call_t *call, const char *name);
NT_NODE_API bool        nt_call_bool(nt_node_call_t *call, const char *name);

/* Names and values of the dynamic properties as an object, those of edges
 * included. Borrowed. */
NT_NODE_API json_t *nt_call_dynamic(nt_node_call_t *call);

/* Sends `value` out of the output `name`; takes the reference over, also on
 * failure.  A NULL value (an allocation that failed) fails the node.
 * Returns NT_NODE_DONE or NT_NODE_FAIL, so `return nt_call_emit(...)` is the
 * usual last line. */
NT_NODE_API nt_node_rc_t nt_call_emit(nt_node_call_t *call, const char *name,
                                      json_t *value);

/* Says that this output will send nothing more (the untaken side of an If). */
NT_NODE_API void nt_call_close(nt_node_call_t *call, const char *name);

/* Fails the node: a sentence that names the input and says what to do.
 * Returns NT_NODE_FAIL. */
NT_NODE_API nt_node_rc_t nt_call_fail(nt_node_call_t *call, const char *format,
                                      ...)
    __attribute__((format(printf, 2, 3)));

NT_NODE_API void nt_call_progress(nt_node_call_t *call, int64_t progress,
                                  int64_t total);
/* severity: "info", "warning", "error" */
NT_NODE_API void nt_call_log(nt_node_call_t *call, const char *severity,
                             const char *format, ...)
    __attribute__((format(printf, 3, 4)));
NT_NODE_API void nt_call_chunk(nt_node_call_t *call, const char *content,
                               size_t len, bool done);
/* Another event of NodeTool's, with the node's id and these members (an
 * object; takes the reference over): "preview_update" {value},
 * "notification" {content, severity}, "save_update" {name, value,
 * output_type}. */
NT_NODE_API void nt_call_event(nt_node_call_t *call, const char *type,
                               json_t *members);

/* Zeroed memory of `size` bytes that lives as long as the activation (a
 * draining node's: as long as the job).  `free_state`, if not NULL, is
 * called with it before it is freed.  The same pointer on every call. */
NT_NODE_API void *nt_call_state(nt_node_call_t *call, size_t size,
                                void (*free_state)(void *state));

NT_NODE_API bool        nt_call_cancelled(nt_node_call_t *call);
NT_NODE_API const char *nt_call_node_id(nt_node_call_t *call);

/* --- files: only from nodes with NT_NODE_THREAD --- */

/* Opens a file of the workspace, the only part of the file system that
 * workflows see; its files are there again in the workflow's next run.
 * `path` is relative to it; a leading slash means its root; nothing leads
 * out.  `flags` as open(2); O_CREAT makes missing folders.
 * A file descriptor, or -1 after nt_call_fail. */
NT_NODE_API int nt_call_open(nt_node_call_t *call, const char *path, int flags);

/* Makes a new file for writing: `path`, or if that is taken the first free
 * of NAME_1.EXT, NAME_2.EXT ...; missing folders, too.  *used is what it
 * became, malloc'ed, the caller frees it.  A file descriptor, or -1 after
 * nt_call_fail. */
NT_NODE_API int nt_call_open_new(nt_node_call_t *call, const char *path,
                                 char **used);

typedef enum {
    NT_FILE_NONE, /* there is nothing */
    NT_FILE_REGULAR,
    NT_FILE_FOLDER,
    NT_FILE_OTHER
} nt_file_kind_t;

typedef struct {
    nt_file_kind_t  kind;    /* of what a symbolic link leads to */
    bool            link;    /* the path's last part is one */
    int64_t         size;    /* bytes */
    struct timespec created; /* where the file system does not keep it: the
                              * last change of the file's name, mode ... */
    struct timespec modified;
    struct timespec accessed;
} nt_file_info_t;

/* What is at a path of the workspace.  False after nt_call_fail: it leads
 * out, or may not be looked at; that nothing is there is no failure. */
NT_NODE_API bool nt_call_stat(nt_node_call_t *call, const char *path,
                              nt_file_info_t *info);

/* The names in a folder of the workspace, sorted, as an array of strings.
 * That of a folder ends with a slash, that of a symbolic link never; names
 * that are not UTF-8 are left out.  New reference; NULL after
 * nt_call_fail. */
NT_NODE_API json_t *nt_call_list_folder(nt_node_call_t *call, const char *path);

/* Makes a folder in the workspace and those above it; one that is there
 * already is a failure only if `exclusive`.  False after nt_call_fail. */
NT_NODE_API bool nt_call_make_folder(nt_node_call_t *call, const char *path,
                                     bool exclusive);

/* Renames a file or folder within the workspace, as rename(2): a file that
 * has the new name is replaced.  False after nt_call_fail. */
NT_NODE_API bool nt_call_rename(nt_node_call_t *call, const char *from,
                                const char *to);

/* Removes a file of the workspace or, if `recursive`, a folder with all that
 * is in it.  False after nt_call_fail. */
NT_NODE_API bool nt_call_remove(nt_node_call_t *call, const char *path,
                                bool recursive);

/* Opens the bytes behind a media ref or a URI ("data:" URI,
 * /storage/assets/..., asset_id; "file:" URI, whose root is the workspace)
 * for reading: *data is malloc'ed, the caller frees it.  False after
 * nt_call_fail. */
NT_NODE_API bool nt_call_load(nt_node_call_t *call, const json_t *ref,
                              char **data, size_t *len);

/* Stores an object among the assets under `key`, whole or not at all, and
 * returns its ref {"type": type, "uri": "/storage/assets/KEY", "asset_id":
 * KEY}; NULL after nt_call_fail. */
NT_NODE_API json_t *nt_call_store(nt_node_call_t *call, const char *type,
                                  const char *key, const void *data,
                                  size_t len);

/* Keys of the assets under a folder (a prefix; "" for all), sorted, as an
 * array of strings. New reference; NULL after nt_call_fail. */
NT_NODE_API json_t *nt_call_list_assets(nt_node_call_t *call,
                                        const char     *folder);

#endif
