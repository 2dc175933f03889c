/*
 * engine/nodes/pandoc.c - lib.pandoc.*: documents from one format into
 * another, by pandoc in a sandbox: its arguments are the workflow's, and may
 * name filters.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/nodes/files.h"
#include "engine/nodes/media.h"
#include "engine/nodes/registry.h"
#include "engine/process/argv.h"


#define ARGS_MAX 100 /* of a workflow's */
#define TIMEOUT  300 /* seconds */
#define REASON   300 /* bytes of stderr in an error */


/* Formats that are no text, and the extensions of their files. */
static const struct {
    const char *format;
    const char *extension;
} binaries[] = { { "docx", ".docx" },
                 { "epub2", ".epub" },
                 { "epub3", ".epub" },
                 { "pdf", ".pdf" },
                 { "pptx", ".pptx" } };

#define N_BINARIES (sizeof(binaries) / sizeof(binaries[0]))


static const char *
extension_of(const char *format)
{
    size_t i;

    for (i = 0; i < N_BINARIES; i++) {
        if (strcmp(format, binaries[i].format) == 0) {
            return binaries[i].extension;
        }
    }

    return NULL;
}


/* False after nt_call_fail. */
static bool
add_args(nt_node_call_t *call, nt_argv_t *argv)
{
    size_t  i;
    json_t *list = nt_arg_list(call, "extra_args"), *arg;

    if (list == NULL) {
        return false;
    }

    if (json_array_size(list) > ARGS_MAX) {
        (void) nt_call_fail(call, "'extra_args' must have at most %d texts",
                            ARGS_MAX);
        return false;
    }

    json_array_foreach(list, i, arg)
    {
        if (!json_is_string(arg) ||
            strlen(json_string_value(arg)) != json_string_length(arg))
        {
            (void) nt_call_fail(call, "'extra_args' must be texts without NUL "
                                      "characters");
            return false;
        }

        nt_argv_add(argv, json_string_value(arg));
    }

    return true;
}


/* A text is the output itself; a file is stored, and the output its URI. */
static nt_node_rc_t
emit(nt_node_call_t *call, const char *format, const nt_process_reply_t *reply)
{
    json_t     *ref, *uri;
    const char *extension = extension_of(format);

    if (extension == NULL) {
        return nt_emit(call, json_stringn(reply->out, reply->out_len));
    }

    ref = nt_media_store(call, "document", extension, reply->out,
                         reply->out_len, json_object());
    if (ref == NULL) {
        return NT_NODE_FAIL;
    }

    uri = json_incref(json_object_get(ref, "uri"));
    json_decref(ref);
    return nt_emit(call, uri);
}


static nt_node_rc_t
convert(nt_node_call_t *call, nt_str_t input)
{
    char              *error;
    nt_argv_t          argv = { 0 };
    const char        *format = nt_call_string(call, "output_format", NULL);
    nt_process_t       process = { .input = input.data,
                                   .input_len = input.len,
                                   .timeout = TIMEOUT,
                                   .flags = NT_PROCESS_SANDBOX };
    nt_node_rc_t       rc = NT_NODE_FAIL;
    nt_process_reply_t reply;

    nt_argv_list(&argv, "pandoc", "-f",
                 nt_call_string(call, "input_format", NULL), "-t", format, "-o",
                 "-");

    if (add_args(call, &argv)) {
        process.argv = nt_argv_get(&argv);

        if (process.argv == NULL) {
            (void) nt_arg_nomem(call);

        } else if (!nt_call_process(call, &process, &reply, &error)) {
            (void) nt_call_fail(call, "%s",
                                error != NULL ? error : "pandoc was ended");
            free(error);

        } else {
            rc =
                reply.status == 0
                    ? emit(call, format, &reply)
                    : nt_call_fail(call, "pandoc cannot do this: %.*s",
                                   (int) (reply.err_len < REASON ? reply.err_len
                                                                 : REASON),
                                   reply.err);
            nt_process_reply_free(&reply);
        }
    }

    nt_argv_free(&argv);
    return rc;
}


static nt_node_rc_t
run_text(nt_node_call_t *call)
{
    nt_str_t text;

    return nt_arg_str(call, "content", &text) ? convert(call, text)
                                              : NT_NODE_FAIL;
}


typedef struct {
    const char *path;
    nt_buf_t    data;
    bool        good;
} read_t;


static void
read_on_pool(nt_node_call_t *call, void *arg)
{
    read_t *r = arg;

    r->good = nt_files_read(call, r->path, &r->data);
}


static nt_node_rc_t
run_file(nt_node_call_t *call)
{
    read_t        r = { .good = false };
    nt_node_rc_t  rc = NT_NODE_FAIL;
    const json_t *path = nt_call_input(call, "input_path");

    if (json_is_object(path)) {
        path = json_object_get(path, "path");
    }

    r.path = json_string_value(path);

    if (r.path == NULL || *r.path == '\0' ||
        strlen(r.path) != json_string_length(path))
    {
        return nt_call_fail(call, "'input_path' must name a file of the "
                                  "workspace");
    }

    if (nt_call_thread(call, read_on_pool, &r) && r.good) {
        rc = convert(call, (nt_str_t) { r.data.data, r.data.len });
    }

    nt_buf_free(&r.data);
    return rc;
}


/* --- the node types --- */

static const char *const input_formats[] = { "biblatex",
                                             "bibtex",
                                             "bits",
                                             "commonmark",
                                             "commonmark_x",
                                             "creole",
                                             "csljson",
                                             "csv",
                                             "djot",
                                             "docbook",
                                             "docx",
                                             "dokuwiki",
                                             "endnotexml",
                                             "epub",
                                             "fb2",
                                             "gfm",
                                             "haddock",
                                             "html",
                                             "ipynb",
                                             "jats",
                                             "jira",
                                             "json",
                                             "latex",
                                             "man",
                                             "markdown",
                                             "markdown_github",
                                             "markdown_mmd",
                                             "markdown_phpextra",
                                             "markdown_strict",
                                             "mdoc",
                                             "mediawiki",
                                             "muse",
                                             "native",
                                             "odt",
                                             "opml",
                                             "org",
                                             "ris",
                                             "rst",
                                             "rtf",
                                             "t2t",
                                             "textile",
                                             "tikiwiki",
                                             "tsv",
                                             "twiki",
                                             "typst",
                                             "vimwiki",
                                             NULL };

static const char *const output_formats[] = {
    "asciidoc", "asciidoctor", "beamer",   "context",  "docbook4", "docbook5",
    "docx",     "epub2",       "epub3",    "pdf",      "plain",    "pptx",
    "slideous", "slidy",       "dzslides", "revealjs", "s5",       "tei",
    "texinfo",  "zimwiki",     NULL
};

#define FORMATS(output)                                                        \
    NT_PROP_ENUM("input_format", input_formats, "\"markdown\"",                \
                 "The format that it has"),                                    \
        NT_PROP_ENUM("output_format", output_formats, output,                  \
                     "The format that it gets; of docx, epub, pdf and pptx "   \
                     "the output is the URI of an asset"),                     \
        NT_PROP("extra_args", "list[str]", "[]",                               \
                "Further arguments of pandoc, which runs in a sandbox")

static const nt_property_t file_properties[] = {
    NT_PROP("input_path", "file_path", "{\"type\":\"file_path\",\"path\":\"\"}",
            "A file of the workspace"),
    FORMATS("\"pdf\""), NT_PROP_END
};

static const nt_node_type_t file_type = {
    .type = "lib.pandoc.ConvertFile",
    .title = "Convert File",
    .description = "Converts a document of the workspace into another format.",
    .properties = file_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_ASYNC,
    .run = run_file
};

static const nt_property_t text_properties[] = {
    NT_PROP("content", "str", "\"\"", "The document's text"),
    FORMATS("\"docx\""), NT_PROP_END
};

static const nt_node_type_t text_type = {
    .type = "lib.pandoc.ConvertText",
    .title = "Convert Text",
    .description = "Converts a text into another format.",
    .properties = text_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_ASYNC,
    .run = run_text
};

static const nt_node_type_t *const types[] = { &file_type, &text_type, NULL };

const nt_node_library_t nt_nodes_pandoc = { NODETOOL_NODE_ABI, "pandoc",
                                            types };
