/*
 * packs/office/office.h - the office pack: lib.excel.* and lib.docx.*.
 *
 * Documents are packages of Office Open XML (ECMA-376): ZIP archives of XML
 * parts.  What a node does not know of a document stays in it as it is.
 */

#ifndef NT_OFFICE_H
#define NT_OFFICE_H

#include <libxml/tree.h>

#include "core/nt_buf.h"
#include "engine/nodes/args.h"

#define NT_PACKAGE_MAX   (64 * 1024 * 1024)  /* bytes, packed */
#define NT_UNPACKED_MAX  (256 * 1024 * 1024) /* of all parts */
#define NT_PART_MAX      (64 * 1024 * 1024)
#define NT_XML_MAX       (32 * 1024 * 1024) /* of a part that is looked into */
#define NT_PARTS_MAX     5000
#define NT_CELLS_MAX     500000 /* that a node reads or writes */
#define NT_SHEET_ROWS    1048576
#define NT_SHEET_COLUMNS 16384

/* --- package.c --- */

typedef struct {
    char   *name; /* "xl/workbook.xml" */
    char   *data;
    size_t  len;
    xmlDoc *xml; /* once it has been asked for; takes the place of data */
} nt_part_t;

typedef struct {
    nt_node_call_t *call;
    const char     *name; /* of the property, for messages */
    nt_part_t      *parts;
    size_t          n;
} nt_package_t;

/* Reads a package, into a zeroed one.  False after nt_call_fail; it is to be
 * freed in either case. */
bool nt_package_read(nt_package_t *package, const char *data, size_t len);
void nt_package_free(nt_package_t *package);

/* Appends the ZIP archive; the same for the same parts.  False after
 * nt_call_fail. */
bool nt_package_write(const nt_package_t *package, nt_buf_t *out);

nt_part_t *nt_package_find(const nt_package_t *package, const char *name);

/* Adds a part, or replaces it.  False after nt_call_fail. */
bool nt_package_put(nt_package_t *package, const char *name, const void *data,
                    size_t len);

/* The root of a part's XML, which may be changed; the package's.  NULL after
 * nt_call_fail. */
xmlNode *nt_package_xml(nt_package_t *package, const char *name);

/* --- relations.c --- */

/* The part that `part` ("" for the package itself) has a relation to: of the
 * type that ends with "/TYPE", or of this id.  malloc'ed; NULL when there is
 * none, or after nt_call_fail. */
char *nt_relation_target(nt_package_t *package, const char *part,
                         const char *type, const char *id);

/* Adds one to the part `target`; its id, malloc'ed.  NULL after
 * nt_call_fail. */
char *nt_relation_add(nt_package_t *package, const char *part, const char *type,
                      const char *target);

/* Says what type a part is of.  False after nt_call_fail. */
bool nt_content_override(nt_package_t *package, const char *part,
                         const char *type);
bool nt_content_default(nt_package_t *package, const char *extension,
                        const char *type);

/* NAME1.EXTENSION with the first number that is free; malloc'ed, NULL when
 * memory is out. */
char *nt_package_new_name(const nt_package_t *package, const char *name,
                          const char *extension);

/* --- xml.c: elements and attributes by their local names --- */

/* The first child or next sibling of that name (NULL: of any); NULL for
 * none. */
xmlNode *nt_xml_child(const xmlNode *parent, const char *name);
xmlNode *nt_xml_next(const xmlNode *node, const char *name);
bool     nt_xml_is(const xmlNode *node, const char *name);

/* An attribute's value as it stands; "" for none.  The document's. */
const char *nt_xml_attr(const xmlNode *node, const char *name);
long        nt_xml_int(const xmlNode *node, const char *name, long fallback);

/* Sets an attribute in no namespace, or with the prefix of the element; false
 * when memory is out. */
bool nt_xml_set(xmlNode *node, const char *name, const char *value);
bool nt_xml_set_int(xmlNode *node, const char *name, long value);
bool nt_xml_set_ns(xmlNode *node, const char *name, const char *value);

/* A new element in the namespace of `like`, not put in yet; NULL when memory
 * is out. */
xmlNode *nt_xml_new(const xmlNode *like, const char *name);
/* ... and put behind all children of `parent`. */
xmlNode *nt_xml_add(xmlNode *parent, const char *name);
/* A child of that name, put before those named in `after` (ended by NULL) if
 * it is new. */
xmlNode *nt_xml_need(xmlNode *parent, const char *name,
                     const char *const *after);

/* Puts a text in; characters that XML does not have are left out. */
bool nt_xml_text(xmlNode *node, nt_str_t text);

/* --- run.c --- */

typedef enum { NT_WORD, NT_EXCEL } nt_office_kind_t;

/* The work on the pool: changes the package and returns NULL for it to become
 * the result, or returns a result; *ok is false after nt_call_fail. */
typedef json_t *(*nt_office_work_t)(nt_package_t *package, void *arg, bool *ok);

/* The run of a node: reads the package of the property `name`, works and
 * emits "output". */
nt_node_rc_t nt_office_run(nt_node_call_t *call, const char *name,
                           nt_office_kind_t kind, nt_office_work_t work,
                           void *arg);

/* The ref of a package.  A new reference; NULL after nt_call_fail. */
json_t *nt_office_ref(const nt_package_t *package, nt_office_kind_t kind);

/* The run of a node that writes the bytes of the property `name` to a file of
 * the workspace: FOLDER/FILENAME by the properties. */
nt_node_rc_t nt_office_save(nt_node_call_t *call, const char *name,
                            nt_office_kind_t kind, const char *folder);

/* Is it a document of that kind?  False after nt_call_fail. */
bool nt_office_check(nt_package_t *package, nt_office_kind_t kind);

/* --- sheet.c --- */

typedef struct {
    nt_package_t *package;
    char         *part;
    xmlNode      *root; /* worksheet */
    xmlNode      *data; /* its sheetData */
    xmlNode      *row;  /* where the last cell was found */
    xmlNode      *cell;
} nt_sheet_t;

/* Opens a sheet by its name; makes it, if `make`.  False after
 * nt_call_fail. */
bool nt_sheet_open(nt_package_t *package, nt_str_t name, bool make,
                   nt_sheet_t *sheet);
void nt_sheet_close(nt_sheet_t *sheet);

/* The name in the property sheet_name, if a sheet may have it. */
bool nt_arg_sheet_name(nt_node_call_t *call, nt_str_t *name);

/* A new workbook with one sheet, into a zeroed package. */
bool nt_workbook_make(nt_package_t *package, nt_str_t sheet);

/* --- cell.c --- */

/* A cell, from 1; made if it is not there.  Fast for one after the other.
 * NULL after nt_call_fail. */
xmlNode *nt_sheet_cell(nt_sheet_t *sheet, long row, long column);

/* Says in a cell where it is.  False when memory is out. */
bool nt_cell_reference(xmlNode *cell, long row, long column);

/* Gives a cell a value; null empties it.  False when memory is out. */
bool nt_cell_set(xmlNode *cell, const json_t *value);

/* "AB12", whose end *text becomes; false for something else. */
bool nt_cell_parse(const char **text, long *row, long *column);

/* Calls for each cell that is there, row by row, until false. */
typedef bool (*nt_cell_visit_t)(void *arg, xmlNode *cell, long row,
                                long column);
bool nt_sheet_visit(const nt_sheet_t *sheet, nt_cell_visit_t visit, void *arg);

/* --- values.c --- */

/* What values of cells are read with. */
typedef struct {
    char **strings; /* shared, malloc'ed */
    size_t n_strings;
    bool  *dates; /* by style: is it a date? */
    size_t n_styles;
    bool   from_1904;
} nt_values_t;

bool nt_values_open(nt_package_t *package, nt_values_t *values);
void nt_values_close(nt_values_t *values);

/* The value of a cell: a text, number, bool or null; a date as a text, and
 * *date is set.  A new reference; NULL when memory is out. */
json_t *nt_cell_value(const nt_values_t *values, const xmlNode *cell,
                      bool *date);

/* --- word.c --- */

/* The body of a document, to be added to in front of its last section's
 * description.  NULL after nt_call_fail. */
xmlNode *nt_word_body(nt_package_t *package);
bool     nt_word_append(xmlNode *body, xmlNode *node);
/* A paragraph with one run; NULL when memory is out. */
xmlNode *nt_word_paragraph(xmlNode *body, xmlNode **run);
bool     nt_word_text(xmlNode *run, nt_str_t text);

/* --- node types --- */

extern const nt_node_type_t nt_excel_create;
extern const nt_node_type_t nt_excel_write;
extern const nt_node_type_t nt_excel_read;
extern const nt_node_type_t nt_excel_format;
extern const nt_node_type_t nt_excel_fit;
extern const nt_node_type_t nt_excel_save;
extern const nt_node_type_t nt_docx_create;
extern const nt_node_type_t nt_docx_load;
extern const nt_node_type_t nt_docx_heading;
extern const nt_node_type_t nt_docx_paragraph;
extern const nt_node_type_t nt_docx_table;
extern const nt_node_type_t nt_docx_image;
extern const nt_node_type_t nt_docx_break;
extern const nt_node_type_t nt_docx_properties;
extern const nt_node_type_t nt_docx_save;

#endif
