/*
 * packs/office/docx.c - lib.docx.*: making, loading and saving documents, and
 * their properties.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/nodes/defaults.h"
#include "engine/nodes/files.h"
#include "engine/nodes/media_files.h"
#include "packs/office/docx.h"

#define W "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define REL                                                                    \
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define CORE    PACKAGE "metadata/core-properties"
#define DC      "http://purl.org/dc/elements/1.1/"
#define XML     "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define TYPE    "application/vnd.openxmlformats-officedocument.wordprocessingml."

const nt_output_t nt_docx_output[] = { { "output", "document" },
                                       { NULL, NULL } };


/* --- CreateDocument --- */

#define HEADING(level, size)                                                   \
    "<w:style w:type=\"paragraph\" w:styleId=\"Heading" level "\">"            \
    "<w:name w:val=\"heading " level "\"/><w:basedOn w:val=\"Normal\"/>"       \
    "<w:next w:val=\"Normal\"/><w:qFormat/><w:pPr><w:keepNext/>"               \
    "<w:spacing w:before=\"240\" w:after=\"60\"/></w:pPr>"                     \
    "<w:rPr><w:b/><w:sz w:val=\"" size "\"/></w:rPr></w:style>"

static const struct {
    const char *name;
    const char *text;
} parts[] = {
    { "[Content_Types].xml",
      XML "<Types xmlns=\"" PACKAGE "content-types\">"
          "<Default Extension=\"rels\" ContentType=\"application/"
          "vnd.openxmlformats-package.relationships+xml\"/>"
          "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
          "<Override PartName=\"/word/document.xml\" ContentType=\"" TYPE
          "document.main+xml\"/>"
          "<Override PartName=\"/word/styles.xml\" ContentType=\"" TYPE
          "styles+xml\"/></Types>" },
    { "_rels/.rels",
      XML "<Relationships xmlns=\"" PACKAGE "relationships\">"
          "<Relationship Id=\"rId1\" Type=\"" REL "/officeDocument\" "
          "Target=\"word/document.xml\"/></Relationships>" },
    { "word/document.xml",
      XML "<w:document xmlns:w=\"" W "\" xmlns:r=\"" REL "\"><w:body>"
          "<w:sectPr><w:pgSz w:w=\"12240\" w:h=\"15840\"/>"
          "<w:pgMar w:top=\"1440\" w:right=\"1440\" w:bottom=\"1440\" "
          "w:left=\"1440\" w:header=\"720\" w:footer=\"720\" "
          "w:gutter=\"0\"/></w:sectPr></w:body></w:document>" },
    { "word/_rels/document.xml.rels",
      XML "<Relationships xmlns=\"" PACKAGE "relationships\">"
          "<Relationship Id=\"rId1\" Type=\"" REL "/styles\" "
          "Target=\"styles.xml\"/></Relationships>" },
    { "word/styles.xml",
      XML "<w:styles xmlns:w=\"" W "\"><w:docDefaults><w:rPrDefault><w:rPr>"
          "<w:rFonts w:ascii=\"Calibri\" w:hAnsi=\"Calibri\"/>"
          "<w:sz w:val=\"22\"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>"
          "<w:spacing w:after=\"120\"/></w:pPr></w:pPrDefault>"
          "</w:docDefaults>"
          "<w:style w:type=\"paragraph\" w:default=\"1\" "
          "w:styleId=\"Normal\"><w:name w:val=\"Normal\"/><w:qFormat/>"
          "</w:style>"
          "<w:style w:type=\"table\" w:default=\"1\" "
          "w:styleId=\"TableNormal\"><w:name w:val=\"Normal Table\"/>"
          "<w:tblPr><w:tblCellMar><w:left w:w=\"108\" w:type=\"dxa\"/>"
          "<w:right w:w=\"108\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr>"
          "</w:style>" HEADING("1", "32") HEADING("2", "28") HEADING("3", "26")
              HEADING("4", "24") HEADING("5", "22") HEADING("6", "22")
                  HEADING("7", "22") HEADING("8", "20")
                      HEADING("9", "20") "</w:styles>" },
};


static nt_node_rc_t
run_create(nt_node_call_t *call)
{
    bool         good;
    size_t       i;
    json_t      *ref;
    nt_package_t package = { .call = call, .name = "document" };

    for (i = 0, good = true; good && i < sizeof(parts) / sizeof(parts[0]); i++)
    {
        good = nt_package_put(&package, parts[i].name, parts[i].text,
                              strlen(parts[i].text));
    }

    ref = good ? nt_office_ref(&package, NT_WORD) : NULL;
    nt_package_free(&package);
    return ref == NULL ? NT_NODE_FAIL : nt_emit(call, ref);
}


/* --- LoadWordDocument --- */

static bool
check_file(nt_node_call_t *call, const char *path)
{
    bool         good;
    nt_buf_t     bytes = { 0 };
    nt_package_t package = { .call = call, .name = "path" };

    good =
        nt_files_read(call, path, &bytes) &&
        nt_package_read(&package, bytes.len > 0 ? bytes.data : "", bytes.len) &&
        nt_office_check(&package, NT_WORD);
    nt_package_free(&package);
    nt_buf_free(&bytes);
    return good;
}


static nt_node_rc_t
run_load(nt_node_call_t *call)
{
    nt_str_t path;

    if (!nt_arg_name(call, "path", &path) || !check_file(call, path.data)) {
        return NT_NODE_FAIL;
    }

    return nt_emit(call, nt_media_file_ref("document", path.data));
}


/* --- SetDocumentProperties --- */

static const char no_core[] =
    XML "<cp:coreProperties xmlns:cp=\"" CORE "\" xmlns:dc=\"" DC "\" "
        "xmlns:dcterms=\"http://purl.org/dc/terms/\" "
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"/>";


/* The root of the part with the properties, which is made if need be. */
static xmlNode *
need_core(nt_package_t *package)
{
    char    *part, *id;
    xmlNode *root;

    part = nt_relation_target(package, "", "core-properties", NULL);

    if (part != NULL) {
        root = nt_package_xml(package, part);
        free(part);
        return root;
    }

    if (!nt_package_put(package, "docProps/core.xml", no_core,
                        sizeof(no_core) - 1) ||
        !nt_content_override(package, "docProps/core.xml",
                             "application/vnd.openxmlformats-package."
                             "core-properties+xml"))
    {
        return NULL;
    }

    id = nt_relation_add(package, "",
                         PACKAGE "relationships/metadata/core-properties",
                         "docProps/core.xml");
    root = id != NULL ? nt_package_xml(package, "docProps/core.xml") : NULL;
    free(id);
    return root;
}


static xmlNs *
need_ns(xmlNode *root, const char *uri, const char *prefix)
{
    xmlNs *ns;

    ns = xmlSearchNsByHref(root->doc, root, BAD_CAST uri);
    return ns != NULL ? ns : xmlNewNs(root, BAD_CAST uri, BAD_CAST prefix);
}


static bool
set_property(xmlNode *root, xmlNs *ns, const char *name, nt_str_t value)
{
    xmlNode *node;

    if (value.len == 0) {
        return true;
    }

    node = nt_xml_child(root, name);

    if (node == NULL) {
        node = xmlNewChild(root, ns, BAD_CAST name, NULL);
    } else {
        xmlNodeSetContent(node, NULL);
    }

    return node != NULL && nt_xml_text(node, value);
}


static json_t *
work_properties(nt_package_t *package, void *arg, bool *ok)
{
    xmlNs          *dc, *core;
    xmlNode        *root;
    nt_str_t        title, author, subject, keywords;
    nt_node_call_t *call = package->call;

    root = need_core(package);
    *ok = root != NULL && nt_arg_str(call, "title", &title) &&
          nt_arg_str(call, "author", &author) &&
          nt_arg_str(call, "subject", &subject) &&
          nt_arg_str(call, "keywords", &keywords);

    if (!*ok) {
        return NULL;
    }

    dc = need_ns(root, DC, "dc");
    core = need_ns(root, CORE, "cp");

    if (dc == NULL || core == NULL || !set_property(root, dc, "title", title) ||
        !set_property(root, dc, "creator", author) ||
        !set_property(root, dc, "subject", subject) ||
        !set_property(root, core, "keywords", keywords))
    {
        *ok = false;
        (void) nt_arg_nomem(call);
    }

    return NULL;
}


static nt_node_rc_t
run_properties(nt_node_call_t *call)
{
    return nt_office_run(call, "document", NT_WORD, work_properties, NULL);
}


/* --- SaveDocument --- */

static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    return nt_office_save(call, "document", NT_WORD, "path");
}


/* --- the types --- */

static const nt_property_t load_properties[] = {
    NT_PROP("path", "str", "\"\"", "A file of the workspace"), NT_PROP_END
};

static const nt_property_t set_properties[] = {
    NT_DOCX_DOCUMENT,
    NT_PROP("title", "str", "\"\"", "The title; empty: as it is"),
    NT_PROP("author", "str", "\"\"", "Who wrote it"),
    NT_PROP("subject", "str", "\"\"", "What it is about"),
    NT_PROP("keywords", "str", "\"\"", "Words that it is found by"),
    NT_PROP_END
};

static const nt_property_t save_properties[] = {
    NT_DOCX_DOCUMENT,
    NT_PROP("path", "file_path", "{\"type\":\"file_path\",\"path\":\"\"}",
            "A folder of the workspace"),
    NT_PROP("filename", "str", "\"\"",
            "The name of the file; %Y %m %d %H %M %S are the date and time"),
    NT_PROP_END
};

static const nt_output_t no_output[] = { { NULL, NULL } };

const nt_node_type_t nt_docx_create = { .type = "lib.docx.CreateDocument",
                                        .title = "Create Document",
                                        .description =
                                            "An empty Word document.",
                                        .outputs = nt_docx_output,
                                        .flags = NT_NODE_THREAD,
                                        .run = run_create };

const nt_node_type_t nt_docx_load = { .type = "lib.docx.LoadWordDocument",
                                      .title = "Load Word Document",
                                      .description =
                                          "A Word document of the workspace.",
                                      .properties = load_properties,
                                      .outputs = nt_docx_output,
                                      .flags = NT_NODE_THREAD,
                                      .run = run_load };

const nt_node_type_t nt_docx_properties = {
    .type = "lib.docx.SetDocumentProperties",
    .title = "Set Document Properties",
    .description = "A Word document with another title, author, subject or "
                   "keywords.",
    .properties = set_properties,
    .outputs = nt_docx_output,
    .flags = NT_NODE_ASYNC,
    .run = run_properties
};

const nt_node_type_t nt_docx_save = {
    .type = "lib.docx.SaveDocument",
    .title = "Save Document",
    .description = "Writes a Word document to a file of the workspace.",
    .properties = save_properties,
    .outputs = no_output,
    .flags = NT_NODE_ASYNC,
    .run = run_save
};
