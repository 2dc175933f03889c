#include "engine/graph/graph.h"
#include "engine/json.h"
#include "engine/workflows/document.h"
#include "engine/workflows/required.h"

typedef enum {
    NT_FIELD_STRING, /* or null, or absent; so are the others */
    NT_FIELD_ARRAY,
    NT_FIELD_OBJECT
} nt_field_kind_t;

static const struct {
    const char     *name;
    nt_field_kind_t kind;
} fields[] = {
    { "id", NT_FIELD_STRING },          { "name", NT_FIELD_STRING },
    { "description", NT_FIELD_STRING }, { "tags", NT_FIELD_ARRAY },
    { "access", NT_FIELD_STRING },      { "created_at", NT_FIELD_STRING },
    { "updated_at", NT_FIELD_STRING },  { "run_mode", NT_FIELD_STRING },
    { "settings", NT_FIELD_OBJECT },
};

static const char *const kinds[] = { "a string", "an array", "an object" };

/* Fields that NodeTool's clients expect in every workflow. */
static const char *const nullable[] = {
    "tool_name", "thumbnail", "thumbnail_url", "settings", "package_name",
    "path",      "run_mode",  "workspace_id",  "html_app"
};

/* Fields of a view that are made of the graph, and so are not stored. */
static const char *const derived[] = { "input_schema", "output_schema",
                                       "required_providers",
                                       "required_models" };

#define NT_COUNT(array) (sizeof(array) / sizeof((array)[0]))


static bool
is_kind(const json_t *value, nt_field_kind_t kind)
{
    switch (kind) {
    case NT_FIELD_STRING:
        return json_is_string(value);
    case NT_FIELD_ARRAY:
        return json_is_array(value);
    default:
        return json_is_object(value);
    }
}


static bool
check_members(const json_t *list, const char *what, const char *const *required,
              nt_buf_t *error)
{
    size_t  i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        if (!json_is_object(item)) {
            nt_buf_printf(error, "graph.%s[%zu] must be an object.", what, i);
            return false;
        }

        for (const char *const *name = required; *name != NULL; name++) {
            if (!json_is_string(json_object_get(item, *name))) {
                nt_buf_printf(error, "graph.%s[%zu].%s must be a string.", what,
                              i, *name);
                return false;
            }
        }
    }

    return true;
}


static bool
check_graph(const json_t *graph, nt_buf_t *error)
{
    static const char *const node[] = { "id", "type", NULL };
    static const char *const edge[] = { "source", "target", NULL };

    json_t *nodes = json_object_get(graph, "nodes");
    json_t *edges = json_object_get(graph, "edges");

    if (!json_is_object(graph)) {
        nt_buf_printf(error, "graph must be an object with the arrays nodes "
                             "and edges.");
        return false;
    }

    if (!json_is_array(nodes)) {
        nt_buf_printf(error, "graph.nodes must be an array.");
        return false;
    }

    if (!json_is_array(edges)) {
        nt_buf_printf(error, "graph.edges must be an array.");
        return false;
    }

    return check_members(nodes, "nodes", node, error) &&
           check_members(edges, "edges", edge, error);
}


bool
nt_document_check(const json_t *document, nt_buf_t *error)
{
    if (!json_is_object(document)) {
        nt_buf_printf(error, "A workflow must be a JSON object.");
        return false;
    }

    for (size_t i = 0; i < NT_COUNT(fields); i++) {
        json_t *value = json_object_get(document, fields[i].name);

        if (value != NULL && !json_is_null(value) &&
            !is_kind(value, fields[i].kind)) {
            nt_buf_printf(error, "%s must be %s.", fields[i].name,
                          kinds[fields[i].kind]);
            return false;
        }
    }

    return check_graph(json_object_get(document, "graph"), error);
}


static bool
has_text(const json_t *object, const char *name)
{
    return json_string_length(json_object_get(object, name)) > 0;
}


bool
nt_document_prepare(json_t *document, const char *id, const char *user,
                    const json_t *old)
{
    json_t *created;
    /* a file that was put there by hand stays everyone's */
    const char *owner = old != NULL ? nt_document_owner(old) : user;

    if (old != NULL && has_text(old, "created_at")) {
        created = json_incref(json_object_get(old, "created_at"));

    } else if (has_text(document, "created_at")) {
        created = json_incref(json_object_get(document, "created_at"));

    } else {
        created = nt_json_now();
    }

    (void) json_object_del(document, "user_id");

    for (size_t i = 0; i < NT_COUNT(derived); i++) {
        (void) json_object_del(document, derived[i]);
    }

    if (json_object_set_new(document, "id", json_string(id)) != 0 ||
        json_object_set_new(document, "created_at", created) != 0 ||
        json_object_set_new(document, "updated_at", nt_json_now()) != 0)
    {
        return false;
    }

    if (!has_text(document, "name") &&
        json_object_set_new(document, "name", json_string(id)) != 0)
    {
        return false;
    }

    return owner == NULL ||
           json_object_set_new(document, "user_id", json_string(owner)) == 0;
}


/* Sets a member that is not there; takes the reference. */
static bool
set_default(json_t *object, const char *name, json_t *value)
{
    if (json_object_get(object, name) != NULL) {
        json_decref(value);
        return true;
    }

    return json_object_set_new(object, name, value) == 0;
}


json_t *
nt_document_view(json_t *document, const char *id,
                 const nt_registry_t *registry)
{
    json_t *graph = json_object_get(document, "graph");
    json_t *view = json_copy(document);
    bool    ok = view != NULL;

    if (!ok) {
        return NULL;
    }

    (void) json_object_del(view, "user_id");

    /* a file's name is its id, whatever stands in it */
    ok = json_object_set_new(view, "id", json_string(id)) == 0 &&
         set_default(view, "name", json_string(id)) &&
         set_default(view, "access", json_string("private")) &&
         set_default(view, "description", json_string("")) &&
         set_default(view, "tags", json_array()) &&
         set_default(view, "created_at", json_null()) &&
         set_default(view, "updated_at", json_null());

    for (size_t i = 0; ok && i < NT_COUNT(nullable); i++) {
        ok = set_default(view, nullable[i], json_null());
    }

    ok = ok &&
         json_object_set_new(view, "input_schema",
                             nt_graph_input_schema(graph, registry)) == 0 &&
         json_object_set_new(view, "output_schema",
                             nt_graph_output_schema(graph, registry)) == 0 &&
         nt_required_set(view, graph);

    if (!ok) {
        json_decref(view);
        return NULL;
    }

    return view;
}


const char *
nt_document_owner(const json_t *document)
{
    const char *owner;

    owner = json_string_value(json_object_get(document, "user_id"));

    return owner != NULL && owner[0] != '\0' ? owner : NULL;
}


const char *
nt_document_package(const json_t *document)
{
    const char *name;

    name = json_string_value(json_object_get(document, "package_name"));

    return name != NULL && name[0] != '\0' ? name : "nodetool";
}
