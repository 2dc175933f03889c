/*
 * engine/nodes/document_split.c - nodetool.document.*: chunks of documents.
 */

#include "engine/nodes/document.h"
#include "engine/nodes/html_tree.h"
#include "engine/nodes/items.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/text.h"


#define DOCUMENT_MAX (16 * 1024 * 1024)

const nt_output_t nt_document_chunks[] = { { "text", "str" },
                                           { "source_id", "str" },
                                           { "start_index", "int" },
                                           { NULL, NULL } };


bool
nt_chunks_init(nt_chunks_t *chunks, nt_node_call_t *call)
{
    *chunks = (nt_chunks_t) { .call = call };

    if (!nt_document_read(call, &chunks->document)) {
        return false;
    }

    if (json_string_length(chunks->document.text) > DOCUMENT_MAX) {
        (void) nt_call_fail(call, "'document' is longer than %d bytes",
                            DOCUMENT_MAX);
        (void) nt_chunks_end(chunks, false);
        return false;
    }

    chunks->items = json_array();
    return true;
}


bool
nt_chunks_add(nt_chunks_t *chunks, nt_str_t text, const char *source_id,
              size_t start_index)
{
    json_t *item;

    chunks->bytes += text.len + strlen(source_id);

    if (chunks->bytes > NT_TEXT_MAX) {
        (void) nt_call_fail(chunks->call,
                            "the chunks are longer than %d bytes together; "
                            "make the overlap smaller",
                            NT_TEXT_MAX);
        return false;
    }

    item = json_pack("{s:o, s:s, s:I}", "text", nt_ustr_json(text), "source_id",
                     source_id, "start_index", (json_int_t) start_index);

    if (json_array_append_new(chunks->items, item) != 0) {
        (void) nt_arg_nomem(chunks->call);
        return false;
    }

    return true;
}


json_t *
nt_chunks_end(nt_chunks_t *chunks, bool good)
{
    json_decref(chunks->document.text);

    if (good) {
        return chunks->items;
    }

    json_decref(chunks->items);
    return NULL;
}


bool
nt_chunks_sizes(nt_node_call_t *call, nt_splitter_t *splitter)
{
    int64_t size, overlap;

    if (!nt_arg_int(call, "chunk_size", &size) ||
        !nt_arg_int(call, "chunk_overlap", &overlap))
    {
        return false;
    }

    if (size < 1 || overlap < 0 || overlap > size) {
        (void) nt_call_fail(call, "%s",
                            size < 1 ? "'chunk_size' must be at least 1"
                                     : "'chunk_overlap' must be between 0 and "
                                       "'chunk_size'");
        return false;
    }

    splitter->size = (size_t) size;
    splitter->overlap = (size_t) overlap;
    return true;
}


/* --- SplitRecursively --- */

typedef struct {
    nt_chunks_t *chunks;
    size_t       byte, character; /* how far characters are counted */
} recursive_t;


static bool
put_recursive(void *data, nt_str_t chunk, size_t offset)
{
    bool         good;
    nt_buf_t     source = { 0 };
    nt_str_t     text;
    recursive_t *state = data;
    nt_chunks_t *chunks;

    chunks = state->chunks;
    text = nt_ustr(chunks->document.text);

    if (offset < state->byte) {
        state->character -= nt_ustr_len(
            (nt_str_t) { text.data + offset, state->byte - offset });

    } else {
        state->character += nt_ustr_len(
            (nt_str_t) { text.data + state->byte, offset - state->byte });
    }

    state->byte = offset;
    nt_buf_printf(&source, "%s:%zu", chunks->document.source_id,
                  json_array_size(chunks->items));
    nt_buf_append_char(&source, '\0');

    if (source.failed) {
        (void) nt_arg_nomem(chunks->call);
        return false;
    }

    good = nt_chunks_add(chunks, chunk, source.data, state->character);
    nt_buf_free(&source);
    return good;
}


static json_t *
make_recursive(nt_node_call_t *call)
{
    bool          good;
    nt_chunks_t   chunks;
    recursive_t   state = { &chunks, 0, 0 };
    nt_splitter_t splitter;

    splitter.separators = nt_arg_list(call, "separators");

    if (splitter.separators == NULL || !nt_chunks_sizes(call, &splitter) ||
        !nt_chunks_init(&chunks, call))
    {
        return NULL;
    }

    good = nt_splitter_run(&splitter, nt_ustr(chunks.document.text),
                           put_recursive, &state);
    return nt_chunks_end(&chunks, good);
}


static nt_node_rc_t
run_recursive(nt_node_call_t *call)
{
    return nt_items_run(call, make_recursive);
}


static const nt_property_t recursive_properties[] = {
    NT_DOCUMENT_PROPERTY,
    NT_PROP("chunk_size", "int", "1000", "Characters of a chunk at most"),
    NT_PROP("chunk_overlap", "int", "200",
            "Characters that a chunk may share with the one before"),
    NT_PROP("separators", "list[str]", "[\"\\n\\n\",\"\\n\",\".\"]",
            "Where to split, the best places first; \"\" is anywhere"),
    NT_PROP_END
};

const nt_node_type_t nt_document_recursively = {
    .type = "nodetool.document.SplitRecursively",
    .title = "Split Recursively",
    .description = "Splits a text into chunks at paragraphs, else at lines, "
                   "else at sentences.",
    .properties = recursive_properties,
    .outputs = nt_document_chunks,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_recursive
};


/* --- SplitHTML --- */

static const char *const section_names[] = { "p",  "h1",      "h2", "h3", "h4",
                                             "h5", "h6",      "li", "b",  "i",
                                             "u",  "section", NULL };


static void
append_line(nt_buf_t *out, const nt_buf_t *text)
{
    nt_str_t line;

    line =
        nt_ustr_strip((nt_str_t) { text->data, text->len }, NT_USTR_BOTH, NULL);

    if (line.len > 0) {
        nt_buf_append_str(out, line);
        nt_buf_append_char(out, '\n');
    }

    out->failed = out->failed || text->failed;
}


/* Appends the text of an element but for that of sections in it. */
static void
append_section(nt_buf_t *out, const xmlNode *section)
{
    nt_buf_t                 text = { 0 };
    const xmlNode           *child;
    static const char *const hidden[] = { "script", "style", NULL };
    const nt_html_plain_t    options = { .hidden = hidden };

    for (child = section->children; child != NULL; child = child->next) {
        if (!nt_html_is(child, section_names)) {
            nt_html_plain(&text, child, &options);
            append_line(out, &text);
            nt_buf_reset(&text);
        }
    }

    nt_buf_free(&text);
}


/* Adds what is in `text`, which becomes empty. */
static bool
add_text(nt_chunks_t *chunks, nt_buf_t *text)
{
    bool     good;
    nt_str_t chunk;

    if (text->failed) {
        (void) nt_arg_nomem(chunks->call);
        return false;
    }

    chunk =
        nt_ustr_strip((nt_str_t) { text->data, text->len }, NT_USTR_BOTH, NULL);
    good = chunk.len == 0 ||
           nt_chunks_add(chunks, chunk, chunks->document.source_id,
                         json_array_size(chunks->items));
    nt_buf_reset(text);
    return good;
}


/* Elements of one name in a row make a chunk. */
static bool
split_html(nt_chunks_t *chunks, xmlNode *root)
{
    bool           good = true;
    xmlNode       *node;
    nt_buf_t       text = { 0 };
    const xmlChar *last = NULL;

    for (node = root; node != NULL && good;
         node = nt_html_next(root, node, false)) {
        if (!nt_html_is(node, section_names)) {
            continue;
        }

        if (last != NULL && xmlStrcmp(last, node->name) != 0) {
            good = add_text(chunks, &text);
        }

        last = node->name;
        append_section(&text, node);
    }

    good = good && add_text(chunks, &text);
    nt_buf_free(&text);
    return good;
}


static json_t *
make_html(nt_node_call_t *call)
{
    bool        good = true;
    xmlDoc     *doc;
    nt_rc_t     rc = NT_OK;
    nt_str_t    html;
    nt_chunks_t chunks;

    if (!nt_chunks_init(&chunks, call)) {
        return NULL;
    }

    html = nt_ustr(chunks.document.text);
    doc = html.len == 0 ? NULL : nt_html_parse(html, &rc);

    if (rc != NT_OK) {
        (void) nt_call_fail(call, rc == NT_LIMIT
                                      ? "the elements of 'document' are nested "
                                        "too deeply"
                                      : "the server is out of memory");
        good = false;

    } else if (doc != NULL) {
        good = split_html(&chunks, xmlDocGetRootElement(doc));
    }

    xmlFreeDoc(doc);
    return nt_chunks_end(&chunks, good);
}


static nt_node_rc_t
run_html(nt_node_call_t *call)
{
    return nt_items_run(call, make_html);
}


static const nt_property_t html_properties[] = { NT_DOCUMENT_PROPERTY,
                                                 NT_PROP_END };

const nt_node_type_t nt_document_html = {
    .type = "nodetool.document.SplitHTML",
    .title = "Split HTML",
    .description = "Splits HTML into chunks at headings, paragraphs and lists.",
    .properties = html_properties,
    .outputs = nt_document_chunks,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_html
};


/* --- SplitJSON --- */

/* Appends a line for each value that is no list or dict: the names that lead
 * to it, and itself.  jansson bounds the nesting. */
static void
append_values(nt_buf_t *out, nt_buf_t *path, json_t *value)
{
    size_t      i, len;
    json_t     *member;
    const char *name;

    if (json_is_array(value)) {
        json_array_foreach(value, i, member)
        {
            append_values(out, path, member);
        }

    } else if (json_is_object(value)) {
        json_object_foreach(value, name, member)
        {
            len = path->len;
            nt_buf_append_str(path, nt_str(name));
            nt_buf_append_char(path, ' ');
            append_values(out, path, member);
            path->len = len;
        }

    } else if (out->len <= NT_TEXT_MAX) {
        if (out->len > 0) {
            nt_buf_append_char(out, '\n');
        }

        nt_buf_append(out, path->data, path->len);
        nt_py_str(out, value);
    }
}


static bool
add_json(nt_chunks_t *chunks, json_t *value)
{
    bool     good;
    nt_buf_t text = { 0 }, path = { 0 };

    append_values(&text, &path, value);
    text.failed = text.failed || path.failed;
    good = add_text(chunks, &text);
    nt_buf_free(&path);
    nt_buf_free(&text);
    return good;
}


static json_t *
make_json(nt_node_call_t *call)
{
    bool        good;
    size_t      i;
    json_t     *value, *item;
    nt_chunks_t chunks;

    if (!nt_chunks_init(&chunks, call)) {
        return NULL;
    }

    value = nt_call_parse(call, "'document'", nt_ustr(chunks.document.text));
    good = value != NULL;

    if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            good = good && add_json(&chunks, item);
        }

    } else if (json_is_object(value)) {
        good = add_json(&chunks, value);

    } else if (good) {
        (void) nt_call_fail(call, "'document' must hold a list or a dict");
        good = false;
    }

    json_decref(value);
    return nt_chunks_end(&chunks, good);
}


static nt_node_rc_t
run_json(nt_node_call_t *call)
{
    return nt_items_run(call, make_json);
}


static const nt_property_t json_properties[] = {
    NT_DOCUMENT_PROPERTY,
    NT_PROP("include_metadata", "bool", "true",
            "Has no effect: chunks carry no metadata"),
    NT_PROP("include_prev_next_rel", "bool", "true",
            "Has no effect: chunks carry no relations"),
    NT_PROP_END
};

const nt_node_type_t nt_document_json = {
    .type = "nodetool.document.SplitJSON",
    .title = "Split JSON",
    .description = "Makes a chunk of a JSON dict, or of each member of a list: "
                   "a line a value.",
    .properties = json_properties,
    .outputs = nt_document_chunks,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_json
};
