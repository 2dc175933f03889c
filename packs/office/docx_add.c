/*
 * packs/office/docx_add.c - lib.docx.*: headings, paragraphs, tables and
 * page breaks, at the end of a document.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/nodes/dataframe.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/ustr.h"
#include "packs/office/docx.h"

#define FONT_MAX  1638  /* points */
#define TABLE_MAX 50000 /* cells */

static const double one = 1;
static const double nine = 9;


bool
nt_docx_finish(nt_package_t *package, xmlNode *body, xmlNode *node, bool good)
{
    if (!good || node == NULL || !nt_word_append(body, node)) {
        xmlFreeNode(node);
        (void) nt_arg_nomem(package->call);
        return false;
    }

    return true;
}


/* --- AddHeading --- */

/* The id of the style of headings of a level, which is made if there is none;
 * malloc'ed.  NULL after nt_call_fail. */
static char *
heading_style(nt_package_t *package, long level)
{
    char     name[32], id[32], *main, *part;
    xmlNode *styles, *style, *child;

    (void) snprintf(name, sizeof(name), "heading %ld", level);
    (void) snprintf(id, sizeof(id), "Heading%ld", level);
    main = nt_relation_target(package, "", "officeDocument", NULL);
    part =
        main != NULL ? nt_relation_target(package, main, "styles", NULL) : NULL;
    free(main);

    if (part == NULL) {
        (void) nt_call_fail(package->call, "'document' has no styles");
        return NULL;
    }

    styles = nt_package_xml(package, part);
    free(part);

    for (style = nt_xml_child(styles, "style"); style != NULL;
         style = nt_xml_next(style, "style"))
    {
        child = nt_xml_child(style, "name");

        if (child != NULL && strcasecmp(nt_xml_attr(child, "val"), name) == 0) {
            return strdup(nt_xml_attr(style, "styleId"));
        }
    }

    style = styles != NULL ? nt_xml_add(styles, "style") : NULL;
    child = style != NULL ? nt_xml_add(style, "name") : NULL;

    if (child == NULL || !nt_xml_set_ns(child, "val", name) ||
        !nt_xml_set_ns(style, "type", "paragraph") ||
        !nt_xml_set_ns(style, "styleId", id) ||
        (child = nt_xml_add(style, "rPr")) == NULL ||
        nt_xml_add(child, "b") == NULL)
    {
        if (styles != NULL) {
            (void) nt_arg_nomem(package->call);
        }

        return NULL;
    }

    return strdup(id);
}


/* An element that has a value, as first child of `parent` named `list`. */
static bool
set_value(xmlNode *parent, const char *name, const char *value)
{
    xmlNode *node;

    node = nt_xml_add(parent, name);
    return node != NULL && (value == NULL || nt_xml_set_ns(node, "val", value));
}


/* The properties of a paragraph, in front of its runs. */
static xmlNode *
paragraph_properties(xmlNode *paragraph)
{
    static const char *const runs[] = { "r", NULL };

    return nt_xml_need(paragraph, "pPr", runs);
}


static json_t *
work_heading(nt_package_t *package, void *arg, bool *ok)
{
    char    *style;
    bool     good;
    int64_t  level;
    xmlNode *body, *paragraph, *run, *properties;
    nt_str_t text;

    body = nt_word_body(package);
    *ok = body != NULL && nt_arg_str(package->call, "text", &text) &&
          nt_arg_int(package->call, "level", &level);

    if (*ok && (level < 1 || level > 9)) {
        (void) nt_call_fail(package->call, "'level' must be 1 to 9");
        *ok = false;
    }

    style = *ok ? heading_style(package, (long) level) : NULL;
    *ok = style != NULL;

    if (*ok) {
        paragraph = nt_word_paragraph(body, &run);
        properties = paragraph != NULL ? paragraph_properties(paragraph) : NULL;
        good = properties != NULL && set_value(properties, "pStyle", style) &&
               nt_word_text(run, text);
        *ok = nt_docx_finish(package, body, paragraph, good);
    }

    free(style);
    return NULL;
}


static nt_node_rc_t
run_heading(nt_node_call_t *call)
{
    return nt_office_run(call, "document", NT_WORD, work_heading, NULL);
}


/* --- AddParagraph --- */

static const char *const alignments[] = { "LEFT", "CENTER", "RIGHT", "JUSTIFY",
                                          NULL };

static const char *
justification(nt_node_call_t *call)
{
    static const char *const values[] = { "left", "center", "right", "both" };

    size_t   i;
    nt_str_t wanted;

    wanted = nt_ustr(nt_call_input(call, "alignment"));

    for (i = 0; alignments[i] != NULL; i++) {
        if (nt_str_eq(wanted, nt_str(alignments[i]))) {
            return values[i];
        }
    }

    return values[0];
}


/* The run's properties come before its text. */
static bool
format_run(nt_node_call_t *call, xmlNode *run, int64_t size)
{
    char     text[32];
    bool     good;
    xmlNode *properties;

    properties = nt_xml_add(run, "rPr");
    good = properties != NULL &&
           (!nt_call_bool(call, "bold") || set_value(properties, "b", NULL)) &&
           (!nt_call_bool(call, "italic") || set_value(properties, "i", NULL));

    if (good && size > 0) {
        (void) snprintf(text, sizeof(text), "%lld", (long long) (2 * size));
        good = set_value(properties, "sz", text);
    }

    return good;
}


static json_t *
work_paragraph(nt_package_t *package, void *arg, bool *ok)
{
    bool            good;
    int64_t         size;
    xmlNode        *body, *paragraph, *run, *properties;
    nt_str_t        text;
    nt_node_call_t *call = package->call;

    body = nt_word_body(package);
    *ok = body != NULL && nt_arg_str(call, "text", &text) &&
          nt_arg_int(call, "font_size", &size);

    if (*ok && (size < 0 || size > FONT_MAX)) {
        (void) nt_call_fail(call, "'font_size' must be 0 to %d", FONT_MAX);
        *ok = false;
    }

    if (*ok) {
        paragraph = nt_word_paragraph(body, &run);
        properties = paragraph != NULL ? paragraph_properties(paragraph) : NULL;
        good = properties != NULL &&
               set_value(properties, "jc", justification(call)) &&
               format_run(call, run, size) && nt_word_text(run, text);
        *ok = nt_docx_finish(package, body, paragraph, good);
    }

    return NULL;
}


static nt_node_rc_t
run_paragraph(nt_node_call_t *call)
{
    return nt_office_run(call, "document", NT_WORD, work_paragraph, NULL);
}


/* --- AddPageBreak --- */

static json_t *
work_break(nt_package_t *package, void *arg, bool *ok)
{
    xmlNode *body, *paragraph, *run, *br;

    body = nt_word_body(package);
    *ok = body != NULL;

    if (*ok) {
        paragraph = nt_word_paragraph(body, &run);
        br = paragraph != NULL ? nt_xml_add(run, "br") : NULL;
        *ok = nt_docx_finish(package, body, paragraph,
                             br != NULL && nt_xml_set_ns(br, "type", "page"));
    }

    return NULL;
}


static nt_node_rc_t
run_break(nt_node_call_t *call)
{
    return nt_office_run(call, "document", NT_WORD, work_break, NULL);
}


/* --- AddTable --- */

static bool
add_cell(xmlNode *row, const json_t *value)
{
    bool     good;
    xmlNode *cell, *paragraph, *run;
    nt_buf_t text = { 0 };

    cell = nt_xml_add(row, "tc");
    paragraph = cell != NULL ? nt_word_paragraph(cell, &run) : NULL;

    if (paragraph == NULL) {
        return false;
    }

    (void) xmlAddChild(cell, paragraph);

    if (!json_is_null(value)) {
        nt_py_str(&text, value);
    }

    good =
        !text.failed && nt_word_text(run, (nt_str_t) { text.data, text.len });
    nt_buf_free(&text);
    return good;
}


/* A table of the rows; NULL when memory is out. */
static xmlNode *
make_table(xmlNode *body, const nt_dataframe_t *df)
{
    bool     good;
    size_t   i, j;
    json_t  *values, *value;
    xmlNode *table, *properties, *width, *grid, *row;

    table = nt_xml_new(body, "tbl");

    if (table == NULL) {
        return NULL;
    }

    properties = nt_xml_add(table, "tblPr");
    width = properties != NULL ? nt_xml_add(properties, "tblW") : NULL;
    grid = nt_xml_add(table, "tblGrid");
    good = width != NULL && grid != NULL && nt_xml_set_ns(width, "w", "0") &&
           nt_xml_set_ns(width, "type", "auto");

    for (i = 0; good && i < nt_dataframe_width(df); i++) {
        good = nt_xml_add(grid, "gridCol") != NULL;
    }

    json_array_foreach(df->rows, i, values)
    {
        row = good ? nt_xml_add(table, "tr") : NULL;
        good = row != NULL;

        json_array_foreach(values, j, value)
        {
            good = good && add_cell(row, value);
        }
    }

    if (!good) {
        xmlFreeNode(table);
        return NULL;
    }

    return table;
}


static json_t *
work_table(nt_package_t *package, void *arg, bool *ok)
{
    xmlNode       *body;
    nt_dataframe_t df = { 0 };

    body = nt_word_body(package);
    *ok = body != NULL && nt_arg_dataframe(package->call, "data", &df);

    if (*ok && (nt_dataframe_width(&df) == 0 || json_array_size(df.rows) == 0 ||
                json_array_size(df.rows) > TABLE_MAX / nt_dataframe_width(&df)))
    {
        (void) nt_call_fail(package->call, "'data' must have 1 to %d cells",
                            TABLE_MAX);
        *ok = false;
    }

    if (*ok) {
        *ok = nt_docx_finish(package, body, make_table(body, &df), true);
    }

    nt_dataframe_free(&df);
    return NULL;
}


static nt_node_rc_t
run_table(nt_node_call_t *call)
{
    return nt_office_run(call, "document", NT_WORD, work_table, NULL);
}


/* --- the types --- */

static const nt_property_t heading_properties[] = {
    NT_DOCX_DOCUMENT,
    NT_PROP("text", "str", "\"\"", "The heading"),
    { .name = "level",
      .type = "int",
      .default_json = "1",
      .min = &one,
      .max = &nine,
      .description = "Its level" },
    NT_PROP_END
};

static const nt_property_t text_properties[] = {
    NT_DOCX_DOCUMENT,
    NT_PROP("text", "str", "\"\"", "The text"),
    NT_PROP_ENUM("alignment", alignments, "\"LEFT\"", "How lines stand"),
    NT_PROP("bold", "bool", "false", "Bold letters"),
    NT_PROP("italic", "bool", "false", "Letters that lean"),
    NT_PROP("font_size", "int", "12", "Points; 0: as the document has it"),
    NT_PROP_END
};

static const nt_property_t table_properties[] = {
    NT_DOCX_DOCUMENT,
    NT_PROP("data", "dataframe", NT_DEFAULT_DATAFRAME, "The rows"), NT_PROP_END
};

static const nt_property_t break_properties[] = { NT_DOCX_DOCUMENT,
                                                  NT_PROP_END };

NT_DOCX_ADDS(nt_docx_heading, "AddHeading", "Add Heading",
             "A Word document with a heading at its end.", heading_properties,
             run_heading);
NT_DOCX_ADDS(nt_docx_paragraph, "AddParagraph", "Add Paragraph",
             "A Word document with a paragraph at its end.", text_properties,
             run_paragraph);
NT_DOCX_ADDS(
    nt_docx_table, "AddTable", "Add Table",
    "A Word document with the rows of a data frame at its end, as a table.",
    table_properties, run_table);
NT_DOCX_ADDS(nt_docx_break, "AddPageBreak", "Add Page Break",
             "A Word document that goes on on a new page.", break_properties,
             run_break);
