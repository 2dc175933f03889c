/*
 * engine/workflows/list.c - lists of workflows: which ones, which of their
 * fields, and how many at a time.
 */

#include <errno.h>
#include <string.h>

#include "engine/log.h"
#include "engine/nodes/ustr.h"
#include "engine/workflows/access.h"
#include "engine/workflows/document.h"
#include "engine/workflows/workflows_int.h"

typedef enum {
    NT_SCOPE_OWN,
    NT_SCOPE_PUBLIC,
    NT_SCOPE_TOOLS,
    NT_SCOPE_EXAMPLES
} nt_scope_t;

static const char *const scopes[] = { "", "public", "tools", "examples" };

static const char *const columns[] = { "id",
                                       "access",
                                       "created_at",
                                       "updated_at",
                                       "name",
                                       "tool_name",
                                       "description",
                                       "tags",
                                       "thumbnail",
                                       "thumbnail_url",
                                       "graph",
                                       "input_schema",
                                       "output_schema",
                                       "settings",
                                       "package_name",
                                       "path",
                                       "run_mode",
                                       "workspace_id",
                                       "html_app",
                                       "required_providers",
                                       "required_models" };

#define NT_N_SCOPES  (sizeof(scopes) / sizeof(scopes[0]))
#define NT_N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* What NodeTool's list of tools has, and the id. */
#define NT_TOOL_COLUMNS "id,name,tool_name,description"

typedef struct {
    const nt_workflows_query_t *query;
    const nt_registry_t        *registry;
    nt_scope_t                  scope;
    nt_buf_t                    needle; /* the query in lower case */
    bool                        all;    /* the columns */
    bool                        with[NT_N_COLUMNS];
    json_t                     *entries;
    size_t                      bytes; /* of them, about */
} nt_list_t;


/* --- what is asked for ----------------------------------------------------*/

static bool
parse_scope(nt_list_t *list, nt_buf_t *error)
{
    size_t      i;
    const char *name = list->query->scope;

    for (i = 0; i < NT_N_SCOPES; i++) {
        if (strcmp(name != NULL ? name : "", scopes[i]) == 0) {
            list->scope = (nt_scope_t) i;
            return true;
        }
    }

    nt_buf_printf(error,
                  "scope must be public, tools or examples, not \"%.100s\".",
                  name);
    return false;
}


static void
unknown_column(const char *name, size_t len, nt_buf_t *error)
{
    nt_buf_printf(error, "There is no column \"%.*s\"; the columns are ",
                  (int) (len < 100 ? len : 100), name);

    for (size_t i = 0; i < NT_N_COLUMNS; i++) {
        nt_buf_printf(error, "%s%s", i > 0 ? ", " : "", columns[i]);
    }

    nt_buf_append_char(error, '.');
}


static bool
parse_columns(nt_list_t *list, nt_buf_t *error)
{
    const char *text = list->query->columns;

    if (text == NULL && list->scope == NT_SCOPE_TOOLS) {
        text = NT_TOOL_COLUMNS;
    }

    list->all = text == NULL;
    list->with[0] = true; /* the id, which a cursor needs */

    while (text != NULL && *text != '\0') {
        size_t i, len;

        text += strspn(text, " ");
        len = strcspn(text, ",");

        for (i = 0; i < NT_N_COLUMNS; i++) {
            if (strlen(columns[i]) == len && memcmp(columns[i], text, len) == 0)
            {
                break;
            }
        }

        if (i == NT_N_COLUMNS) {
            unknown_column(text, len, error);
            return false;
        }

        list->with[i] = true;
        text += len;
        text += *text == ',';
    }

    return true;
}


/* --- which workflows ------------------------------------------------------*/

static bool
contains(const nt_list_t *list, const char *text)
{
    bool     found;
    nt_buf_t lower = { 0 };

    if (text == NULL) {
        return false;
    }

    nt_ustr_lower(&lower, nt_str(text));
    found = !lower.failed && memmem(lower.data, lower.len, list->needle.data,
                                    list->needle.len) != NULL;
    nt_buf_free(&lower);

    return found;
}


static bool
contains_member(const nt_list_t *list, const json_t *object, const char *name)
{
    return contains(list, json_string_value(json_object_get(object, name)));
}


static bool
found_in_nodes(const nt_list_t *list, const json_t *view)
{
    size_t  i;
    json_t *node, *nodes;

    nodes = json_object_get(json_object_get(view, "graph"), "nodes");

    json_array_foreach(nodes, i, node)
    {
        const char           *name;
        const nt_node_type_t *type;

        name = json_string_value(json_object_get(node, "type"));
        type = nt_registry_find(list->registry, name);

        if (contains(list, name) ||
            (type != NULL && contains(list, type->title))) {
            return true;
        }
    }

    return false;
}


static bool
found(const nt_list_t *list, const json_t *view)
{
    size_t  i;
    json_t *tag;

    if (list->needle.len == 0 || contains_member(list, view, "name") ||
        contains_member(list, view, "description"))
    {
        return true;
    }

    json_array_foreach(json_object_get(view, "tags"), i, tag)
    {
        if (contains(list, json_string_value(tag))) {
            return true;
        }
    }

    return list->scope == NT_SCOPE_EXAMPLES && found_in_nodes(list, view);
}


static bool
is_text(const json_t *view, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(view, name));

    return value != NULL && strcmp(value, text) == 0;
}


static bool
in_scope(const nt_list_t *list, const nt_workflow_t *item)
{
    switch (list->scope) {
    case NT_SCOPE_EXAMPLES:
        return true;

    case NT_SCOPE_PUBLIC:
        return nt_access_public(item->document);

    case NT_SCOPE_TOOLS:
        return nt_access_listed(item->document, list->query->user) &&
               is_text(item->view, "run_mode", "tool") &&
               json_string_length(json_object_get(item->view, "tool_name")) > 0;

    default:
        return nt_access_listed(item->document, list->query->user);
    }
}


static bool
is_wanted(const nt_list_t *list, const nt_workflow_t *item)
{
    const char *mode = list->query->run_mode;

    return item->view != NULL && in_scope(list, item) &&
           (mode == NULL || is_text(item->view, "run_mode", mode)) &&
           found(list, item->view);
}


/* --- their entries --------------------------------------------------------*/

/* New reference; NULL when memory is out. */
static json_t *
make_entry(const nt_list_t *list, const nt_workflow_t *item)
{
    json_t *view, *entry;

    view = list->scope == NT_SCOPE_EXAMPLES ? nt_workflows_example_view(item)
                                            : json_incref(item->view);
    if (view == NULL || list->all) {
        return view;
    }

    entry = json_object();

    for (size_t i = 0; entry != NULL && i < NT_N_COLUMNS; i++) {
        if (list->with[i] &&
            json_object_set(entry, columns[i],
                            json_object_get(view, columns[i])) != 0)
        {
            json_decref(entry);
            entry = NULL;
        }
    }

    json_decref(view);

    return entry;
}


static bool
has_graph(const nt_list_t *list)
{
    for (size_t i = 0; i < NT_N_COLUMNS; i++) {
        if (list->with[i] && strcmp(columns[i], "graph") == 0) {
            return true;
        }
    }

    return list->all;
}


/* False when it is for the next list; *nomem when memory is out. */
static bool
add_entry(nt_list_t *list, const nt_workflow_t *item, bool *nomem)
{
    size_t  size;
    json_t *entry;

    if (json_array_size(list->entries) == list->query->limit) {
        return false;
    }

    entry = make_entry(list, item);
    size = has_graph(list) ? (size_t) item->st.st_size
                           : json_dumpb(entry, NULL, 0, JSON_COMPACT);

    if (json_array_size(list->entries) > 0 &&
        list->bytes + size > NT_WORKFLOWS_LIST_BYTES)
    {
        json_decref(entry);
        return false;
    }

    list->bytes += size;

    if (json_array_append_new(list->entries, entry) != 0) {
        *nomem = true;
        return false;
    }

    return true;
}


static int
collect(nt_list_t *list, nt_cache_t *cache, json_t **reply, nt_buf_t *error)
{
    size_t      i = 0;
    bool        nomem = false;
    const char *last = NULL, *next = NULL, *cursor = list->query->cursor;

    list->entries = json_array();
    if (list->entries == NULL) {
        return nt_workflows_nomem(error);
    }

    if (cursor != NULL && cursor[0] != '\0') {
        i = nt_cache_after(cache, cursor);
    }

    for (/* void */; i < cache->n; i++) {
        if (!is_wanted(list, cache->items[i])) {
            continue;
        }

        if (!add_entry(list, cache->items[i], &nomem)) {
            next = last;
            break;
        }

        last = cache->items[i]->id;
    }

    if (nomem) {
        json_decref(list->entries);
        return nt_workflows_nomem(error);
    }

    *reply = json_pack("{s:s?, s:o}", "next", next, "workflows", list->entries);

    return *reply != NULL ? 200 : nt_workflows_nomem(error);
}


int
nt_workflows_list(nt_workflows_t *w, const nt_workflows_query_t *query,
                  json_t **reply, nt_buf_t *error)
{
    int         err, status;
    nt_list_t   list = { .query = query, .registry = w->cache.registry };
    nt_cache_t *cache;

    if (!parse_scope(&list, error) || !parse_columns(&list, error)) {
        return 422;
    }

    cache = list.scope == NT_SCOPE_EXAMPLES ? &w->examples : &w->cache;

    err = cache->dir != -1 ? nt_cache_scan(cache) : 0;
    if (err != 0) {
        nt_log(NT_LOG_ERROR, "workflows: cannot read the folder: %s",
               strerror(err));
        nt_buf_printf(error, "The stored workflows cannot be read.");
        return 500;
    }

    if (query->query != NULL) {
        nt_ustr_lower(&list.needle, nt_str(query->query));
    }

    status = list.needle.failed ? nt_workflows_nomem(error)
                                : collect(&list, cache, reply, error);
    nt_buf_free(&list.needle);

    return status;
}
