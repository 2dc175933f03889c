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
 * Functions run on the engine's loop and must not block.  What reads files or
 * computes for long sets NT_NODE_THREAD and runs on the thread pool; there,
 * what it emits, logs and so on leaves when the function returns.  What talks
 * to servers, programs or other nodes sets NT_NODE_ASYNC and is written
 * straight on, as if its calls blocked: it runs on a fiber of the loop's
 * thread, and each function that says "waits" lets all other work go on
 * meanwhile.  What it emits leaves at once; nt_call_emit waits for room.
 */

#ifndef NODETOOL_NODE_H
#define NODETOOL_NODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NODETOOL_NODE_ABI 2

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
    NT_NODE_ZIP = 1 << 9,              /* pairs its inputs, as zip_all does */
    NT_NODE_ASYNC = 1 << 10,           /* run, item and end may wait */
    NT_NODE_TOOLS = 1 << 11, /* calls nt_call_tools: may have control edges;
                              * its dynamic outputs are tools as well */
    NT_NODE_CACHE = 1 << 12  /* equal inputs, equal outputs, and dear: may be
                              * taken from the cache of results */
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

/* Takes back what nt_call_fail has said, for a node that can go on without
 * what failed: the sentence, malloc'ed, or NULL when nothing has. */
NT_NODE_API char *nt_call_take_error(nt_node_call_t *call);

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

/* The type of the node: the same pointer as in the library, so that types of
 * one table can share a function and find what is theirs around it. */
NT_NODE_API const nt_node_type_t *nt_call_type(nt_node_call_t *call);

/* --- waiting: only from nodes with NT_NODE_ASYNC ---
 *
 * Such a node has a stack of 1 MiB: large buffers belong on the heap.
 * When the job is cancelled, what waits fails and what would wait fails at
 * once: the node frees what it holds and returns NT_NODE_FAIL. */

/* Waits while `work` runs on the thread pool.  In it the functions on files
 * may be used, but none that waits; what it emits and tells leaves when it
 * returns.  False after nt_call_fail: it did not run. */
NT_NODE_API bool nt_call_thread(nt_node_call_t *call,
                                void (*work)(nt_node_call_t *call, void *arg),
                                void *arg);

/* Waits so many seconds; false when the job was cancelled. */
NT_NODE_API bool nt_call_sleep(nt_node_call_t *call, double seconds);

/* --- HTTP: only from nodes with NT_NODE_ASYNC --- */

enum {
    NT_HTTP_NO_REDIRECT = 1 << 0, /* a 3xx is the answer */
    NT_HTTP_NO_RETRY = 1 << 1,    /* not even on 429 and 5xx */
    NT_HTTP_TRUSTED = 1 << 2      /* the host is the operator's choice, not
                                   * the workflow's: private addresses, too */
};

typedef struct {
    const char        *method;  /* NULL: GET, or POST with a body */
    const char        *url;     /* http or https */
    const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
    const void        *body;    /* or NULL */
    size_t             body_len;
    double             timeout; /* seconds for all of it; 0: none.  Without
                                 * a byte for 300 s it ends in any case */
    size_t             limit;   /* bytes of reply body; 0: 64 MiB */
    unsigned           flags;
} nt_http_request_t;

typedef struct nt_http_reply nt_http_reply_t;

/* Sends a request and waits for the head of the final reply: redirects are
 * followed (at most 10), and 429, 500, 502, 503, 504, 529 and failed
 * connections are tried again with growing pauses (at most 4 tries, honouring
 * Retry-After up to 60 s; POST after a failed connection only if nothing was
 * sent).  Names that lead to private, loopback, link-local or metadata
 * addresses are refused unless the engine allows them or NT_HTTP_TRUSTED.
 * Any status is a success.  The strings of the request must live until
 * nt_http_free.  NULL: *error is a sentence (malloc'ed, the caller's); the
 * call has not failed yet. */
NT_NODE_API nt_http_reply_t *nt_call_http(nt_node_call_t          *call,
                                          const nt_http_request_t *request,
                                          char                   **error);

NT_NODE_API int nt_http_status(const nt_http_reply_t *reply);
/* After redirects. */
NT_NODE_API const char *nt_http_url(const nt_http_reply_t *reply);
/* The first header of that name in any case, or NULL. */
NT_NODE_API const char *nt_http_header(const nt_http_reply_t *reply,
                                       const char            *name);

/* Waits for more of the body: 1 and *data, *len (until the next read or
 * free); 0 at its end; -1 after an error, with a sentence as above. */
NT_NODE_API int nt_http_read(nt_http_reply_t *reply, const char **data,
                             size_t *len, char **error);

/* Waits for all of the rest: NUL-terminated beyond *len, lives until the
 * free. False: a sentence as above. */
NT_NODE_API bool nt_http_read_all(nt_http_reply_t *reply, const char **data,
                                  size_t *len, char **error);

/* Closes the connection if the body was not read to its end. NULL is fine. */
NT_NODE_API void nt_http_free(nt_http_reply_t *reply);

/* --- programs: only from nodes with NT_NODE_ASYNC --- */

enum {
    NT_PROCESS_SANDBOX = 1 << 0,  /* bubblewrap: sees only /usr, its folder */
    NT_PROCESS_NETWORK = 1 << 1,  /* a sandbox with the network, if the
                                   * operator allows it */
    NT_PROCESS_WORKSPACE = 1 << 2 /* a sandbox whose folder is the workspace;
                                   * `folder` is NULL */
};

typedef struct {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char        *folder; /* working folder, absolute; NULL: a new
                                * temporary one that goes with the reply */
    const void        *input;  /* standard input; or NULL */
    size_t             input_len;
    const void        *file; /* a sandbox's /run/input; or NULL */
    size_t             file_len;
    double             timeout;      /* seconds; 0: 600 */
    double             cpu;          /* seconds; 0: as timeout */
    size_t             memory;       /* bytes of address space; 0: 4 GiB */
    size_t             file_size;    /* bytes of a written file; 0: 1 GiB */
    size_t             output_limit; /* bytes of stdout, of stderr; 0: 64 MiB */
    unsigned           flags;
} nt_process_t;

typedef struct {
    int    status; /* exit status, or 128 + signal */
    char  *out;    /* NUL-terminated beyond its length */
    size_t out_len;
    char  *err;
    size_t err_len;
} nt_process_reply_t;

/* Runs a program without a shell, with a clean environment, and waits for its
 * end; it is killed with its children on cancel, time or limit.  False: it
 * did not start or was killed, *error is a sentence (malloc'ed).  Where the
 * engine is root, the program is nobody, and its folder nobody's. */
NT_NODE_API bool nt_call_process(nt_node_call_t     *call,
                                 const nt_process_t *process,
                                 nt_process_reply_t *reply, char **error);
NT_NODE_API void nt_process_reply_free(nt_process_reply_t *reply);

typedef struct nt_program nt_program_t; /* one that runs */

/* The same, for output that is used while the program runs: it stands still
 * when a MiB of it has not been read, and its time counts only while the node
 * waits for it.  What `process` points at must live until the free.  NULL: it
 * did not start, *error is a sentence (malloc'ed). */
NT_NODE_API nt_program_t *nt_call_program(nt_node_call_t     *call,
                                          const nt_process_t *process,
                                          char              **error);

/* Waits for more output: 1 for stdout, 2 for stderr, and *data, *len (until
 * the next read or free); 0 when it has ended; -1 when it was killed, with a
 * sentence as above. */
NT_NODE_API int nt_program_read(nt_program_t *program, const char **data,
                                size_t *len, char **error);

/* As in a reply, after its end. */
NT_NODE_API int nt_program_status(const nt_program_t *program);

/* Kills it if it still runs. NULL is fine. */
NT_NODE_API void nt_program_free(nt_program_t *program);

/* --- tools: only from nodes with NT_NODE_ASYNC --- */

/* What the workflow lets this node call: the targets of its control edges,
 * and the chains behind its dynamic outputs.  An array of {"name",
 * "description", "parameters": JSON Schema}; new reference. */
NT_NODE_API json_t *nt_call_tools(nt_node_call_t *call);

/* Runs the tool of that name and waits: its result, a new reference; or NULL,
 * and *error is a sentence for the model (malloc'ed). */
NT_NODE_API json_t *nt_call_tool(nt_node_call_t *call, const char *name,
                                 const json_t *arguments, char **error);

/* A workflow of the user's as a tool, "workflow_" and its tool_name: as one
 * of nt_call_tools, to be called by nt_call_tool.  A new reference; NULL, and
 * *error is a sentence (malloc'ed). */
NT_NODE_API json_t *nt_call_workflow_tool(nt_node_call_t *call,
                                          const char *name, char **error);

/* The dynamic outputs of this node as {name: type} of the workflow's, those
 * that are tools left out. New reference. */
NT_NODE_API json_t *nt_call_dynamic_outputs(nt_node_call_t *call);

/* A setting or key ("OPENAI_API_KEY", "SERPAPI_API_KEY") of the user, else of
 * the operator, who gave it to the engine; or NULL.  It lives as long as the
 * job.  Never put it in a value, event or error. */
NT_NODE_API const char *nt_call_setting(nt_node_call_t *call, const char *name);

/* --- files: only from nodes with NT_NODE_THREAD, and within the work of
 * nt_call_thread; nt_call_load and nt_call_store also from a node with
 * NT_NODE_ASYNC, where they wait --- */

/* Opens a file of the workspace, the only part of the file system that
 * workflows see; its files are there again in the workflow's next run.
 * `path` is relative to it; a leading slash means its root; nothing leads
 * out.  `flags` as open(2); O_CREAT makes missing folders.  A pipe, socket or
 * device is an error: nothing here waits.
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

/* Opens a folder that the workflows of a user share, and those of others do
 * not see: for what nodes keep, such as "collections"; it is made when it is
 * not there.  A descriptor, the caller's, or -1 after nt_call_fail. */
NT_NODE_API int nt_call_user_folder(nt_node_call_t *call, const char *name);

/* Opens the bytes behind a media ref or a URI ("data:" URI,
 * /storage/assets/..., asset_id; "file:" URI, whose root is the workspace; in
 * a node with NT_NODE_ASYNC an http or https URL, too) for reading: *data is
 * malloc'ed, the caller frees it.  False after nt_call_fail. */
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
