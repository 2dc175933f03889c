/*
 * engine/workflows/document.h - a workflow as a JSON document: what is
 * taken in, and what is shown.
 */

#ifndef NT_WORKFLOW_DOCUMENT_H
#define NT_WORKFLOW_DOCUMENT_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/nodes/registry.h"

/* Whether `document` has a workflow's shape: types of the fields that we
 * know, nodes with id and type, edges with source and target.  Its node
 * types and handles are not looked at.  False with a sentence in `error`
 * that names the field. */
bool nt_document_check(const json_t *document, nt_buf_t *error);

/* Makes a document that was sent one to store, in place: sets its id, its
 * times and its owner, drops what is derived.  `old` is what it replaces, or
 * NULL. */
bool nt_document_prepare(json_t *document, const char *id, const char *user,
                         const json_t *old);

/* What replies show: the document without its owner, with the fields that
 * NodeTool's clients expect, and with its schemas.  New reference; NULL when
 * memory is out. */
json_t *nt_document_view(json_t *document, const char *id,
                         const nt_registry_t *registry);

/* The package that an example is of. */
const char *nt_document_package(const json_t *document);

/* Its owner; NULL when it has none. */
const char *nt_document_owner(const json_t *document);

#endif
