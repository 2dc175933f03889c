/*
 * engine/nodes/document_markdown.c - nodetool.document.SplitMarkdown.
 *
 * Sections end at headings, and a section that is too long is split as plain
 * text.
 */

#include <stdlib.h>

#include "engine/nodes/document.h"
#include "engine/nodes/items.h"
#include "engine/nodes/ustr.h"


typedef struct {
    nt_chunks_t   chunks;
    nt_splitter_t splitter;
    const json_t *headers;
    bool          strip; /* leave headings out */
    bool          each;  /* a chunk for each paragraph */
    nt_buf_t      section;
    bool          parted;    /* an empty line was last */
    size_t        header;    /* length of the mark, if a heading was last */
    nt_str_t      fence;     /* what ends the code block, "" outside */
    size_t        found;     /* bytes: where the last chunk starts */
    size_t        character; /* the same */
} markdown_t;


/* The length of the mark in front of a heading that sections end at; 0 for
 * other lines. */
static size_t
header_len(const markdown_t *m, nt_str_t line)
{
    size_t   i;
    json_t  *header;
    nt_str_t mark;

    json_array_foreach(m->headers, i, header)
    {
        mark = nt_ustr(json_array_get(header, 0));

        if (mark.len > 0 && nt_ustr_starts(line, mark) &&
            (line.len == mark.len || line.data[mark.len] == ' '))
        {
            return mark.len;
        }
    }

    return 0;
}


/* Where a chunk starts in the document: where its first line is. */
static void
locate(markdown_t *m, nt_str_t chunk)
{
    nt_str_t    text, line;
    ptrdiff_t   found;
    const char *end;

    text = nt_ustr(m->chunks.document.text);
    end = memchr(chunk.data, '\n', chunk.len);
    line.data = chunk.data;
    line.len = end == NULL ? chunk.len : (size_t) (end - chunk.data);
    line = nt_ustr_strip(line, NT_USTR_BOTH, NULL);
    found = nt_ustr_find(text, line, m->found, text.len);

    if (found >= 0) {
        m->character += nt_ustr_len(
            (nt_str_t) { text.data + m->found, (size_t) found - m->found });
        m->found = (size_t) found;
    }
}


static bool
put_chunk(void *data, nt_str_t chunk, size_t offset)
{
    markdown_t *m = data;

    locate(m, chunk);
    return nt_chunks_add(&m->chunks, chunk, m->chunks.document.source_id,
                         m->character);
}


/* Adds the section that ends here. */
static bool
end_section(markdown_t *m)
{
    bool     good;
    nt_str_t text;

    if (m->section.failed) {
        (void) nt_arg_nomem(m->chunks.call);
        return false;
    }

    text = nt_ustr_strip((nt_str_t) { m->section.data, m->section.len },
                         NT_USTR_BOTH, NULL);

    if (text.len == 0) {
        good = true;

    } else if (m->splitter.size == 0) {
        good = put_chunk(m, text, 0);

    } else {
        good = nt_splitter_run(&m->splitter, text, put_chunk, m);
    }

    nt_buf_reset(&m->section);
    m->parted = false;
    return good;
}


/* Follows the fences of code blocks; true for a line of one. */
static bool
is_code(markdown_t *m, nt_str_t line)
{
    if (m->fence.len > 0) {
        if (nt_ustr_starts(line, m->fence)) {
            m->fence = NT_STR("");
        }

        return true;
    }

    if (nt_ustr_starts(line, NT_STR("```")) &&
        nt_ustr_find(line, NT_STR("```"), 3, line.len) < 0)
    {
        m->fence = NT_STR("```");

    } else if (nt_ustr_starts(line, NT_STR("~~~"))) {
        m->fence = NT_STR("~~~");
    }

    return m->fence.len > 0;
}


/* Paragraphs are parted by a hard line break, as the empty lines go. */
static void
append_line(markdown_t *m, nt_str_t line)
{
    if (m->section.len > 0) {
        nt_buf_append_str(&m->section,
                          m->parted ? NT_STR("  \n") : NT_STR("\n"));
    }

    m->parted = false;
    nt_buf_append_str(&m->section, line);
}


static bool
add_line(markdown_t *m, nt_str_t line)
{
    size_t   header;
    nt_str_t stripped;

    stripped = nt_ustr_strip(line, NT_USTR_BOTH, NULL);

    if (is_code(m, stripped)) {
        append_line(m, nt_ustr_strip(line, NT_USTR_RIGHT, NULL));
        m->header = 0;
        return true;
    }

    if (stripped.len == 0) {
        m->parted = true;
        return !m->each || end_section(m);
    }

    header = header_len(m, stripped);

    if (header > 0) {
        /* headings right below others stay with them */
        if (m->header > 0 && header > m->header && !m->each) {
            m->parted = true;

        } else if (!end_section(m)) {
            return false;
        }
    }

    m->header = m->strip ? 0 : header;

    if (header == 0 || !m->strip) {
        append_line(m, stripped);
    }

    return true;
}


static bool
split(markdown_t *m)
{
    nt_str_t    text, line;
    const char *end;

    text = nt_ustr(m->chunks.document.text);

    while (text.len > 0) {
        end = memchr(text.data, '\n', text.len);
        line.data = text.data;
        line.len = end == NULL ? text.len : (size_t) (end - text.data);

        if (!add_line(m, line)) {
            return false;
        }

        line.len += end == NULL ? 0 : 1;
        text.data += line.len;
        text.len -= line.len;
    }

    return end_section(m);
}


static bool
read_properties(markdown_t *m, nt_node_call_t *call)
{
    m->headers = nt_arg_list(call, "headers_to_split_on");
    m->strip = nt_call_bool(call, "strip_headers");
    m->each = nt_call_bool(call, "return_each_line");

    if (m->headers == NULL) {
        return false;
    }

    return nt_call_int(call, "chunk_size") == 0 ||
           nt_chunks_sizes(call, &m->splitter);
}


static json_t *
make_markdown(nt_node_call_t *call)
{
    bool       good;
    json_t    *separators;
    markdown_t m = { .fence = NT_STR("") };

    if (!read_properties(&m, call) || !nt_chunks_init(&m.chunks, call)) {
        return NULL;
    }

    separators = json_pack("[ssss]", "\n\n", "\n", " ", "");
    m.splitter.separators = separators;

    if (separators == NULL) {
        (void) nt_arg_nomem(call);
        good = false;

    } else {
        good = split(&m);
    }

    json_decref(separators);
    nt_buf_free(&m.section);
    return nt_chunks_end(&m.chunks, good);
}


static nt_node_rc_t
run_markdown(nt_node_call_t *call)
{
    return nt_items_run(call, make_markdown);
}


static const nt_property_t properties[] = {
    NT_DOCUMENT_PROPERTY,
    NT_PROP("headers_to_split_on", "list[tuple[str,str]]",
            "[[\"#\",\"Header 1\"],[\"##\",\"Header 2\"],"
            "[\"###\",\"Header 3\"]]",
            "The marks of headings that start a chunk, with their names"),
    NT_PROP("strip_headers", "bool", "true", "Leave these headings out"),
    NT_PROP("return_each_line", "bool", "false",
            "Make a chunk of each paragraph instead"),
    NT_PROP("chunk_size", "int", "1000",
            "Characters of a chunk at most; 0: as many as there are"),
    NT_PROP("chunk_overlap", "int", "30",
            "Characters that a chunk may share with the one before"),
    NT_PROP_END
};

const nt_node_type_t nt_document_markdown = {
    .type = "nodetool.document.SplitMarkdown",
    .title = "Split Markdown",
    .description = "Splits Markdown into chunks at its headings.",
    .properties = properties,
    .outputs = nt_document_chunks,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_markdown
};
