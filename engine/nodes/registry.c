#include "engine/nodes/registry.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/graph/arena.h"
#include "engine/graph/types.h"
#include "engine/nodes/aliases.h"
#include "engine/nodes/metadata.h"
#include "engine/nodes/packs.h"

#define LIBRARY_SYMBOL "nodetool_node_library"
#define NAME_MAX_LEN   256 /* of a type's name under an alias */

typedef enum {
    PACK_UNSEEN,
    PACK_LOADED,
    PACK_ABSENT, /* there is no such file */
    PACK_BROKEN
} pack_state_t;

struct nt_registry {
    const nt_node_type_t **types; /* sorted by name */
    size_t                 n_types;
    void                 **plugins; /* dlopen handles */
    size_t                 n_plugins;
    char                  *packs; /* folder, or NULL */
    pack_state_t          *pack_states;
    void (*log)(const char *message); /* of packs that cannot be loaded */
};

/* clang-format off: one a line, so that additions do not meet */
static const nt_node_library_t *const builtin[] = {
    &nt_nodes_models,
    &nt_nodes_audio,
    &nt_nodes_kie_audio,
    &nt_nodes_kie_image,
    &nt_nodes_kie_image_edit,
    &nt_nodes_kie_video,
    &nt_nodes_kie_video_image,
    &nt_nodes_code,
    &nt_nodes_pandoc,
    &nt_nodes_video,
    &nt_nodes_agents,
    &nt_nodes_generators,
    &nt_nodes_claude,
    &nt_nodes_sqlite,
    &nt_nodes_document,
    &nt_nodes_markdown,
    &nt_nodes_http,
    &nt_nodes_rss,
    &nt_nodes_mail,
    &nt_nodes_apify,
    &nt_nodes_messaging,
    &nt_nodes_supabase,
    &nt_nodes_search,
    &nt_nodes_beautifulsoup,
    &nt_nodes_base,
    &nt_nodes_workflow,
    &nt_nodes_input,
    &nt_nodes_output,
    &nt_nodes_constant,
    &nt_nodes_boolean,
    &nt_nodes_text,
    &nt_nodes_text_regex,
    &nt_nodes_text_files,
    &nt_nodes_template,
    &nt_nodes_list,
    &nt_nodes_dictionary,
    &nt_nodes_control,
    &nt_nodes_numbers,
    &nt_nodes_math,
    &nt_nodes_json,
    &nt_nodes_uuid,
    &nt_nodes_date,
    &nt_nodes_data,
    &nt_nodes_workspace,
    &nt_nodes_os,
    &nt_nodes_compare,
    &nt_nodes_numpy,
    &nt_nodes_numpy_arithmetic,
    &nt_nodes_numpy_math,
    &nt_nodes_numpy_reshape,
    &nt_nodes_numpy_shape,
    &nt_nodes_numpy_statistics,
    &nt_nodes_faiss,
    &nt_nodes_chroma,
    &nt_nodes_browser,
    &nt_nodes_secret,
    &nt_nodes_image,
    &nt_nodes_svg,
};
/* clang-format on */

static int
compare_types(const void *a, const void *b)
{
    const nt_node_type_t *const *left = a;
    const nt_node_type_t *const *right = b;

    return strcmp((*left)->type, (*right)->type);
}

static int
compare_name(const void *name, const void *type)
{
    const nt_node_type_t *const *right = type;

    return strcmp(name, (*right)->type);
}

static const nt_node_type_t *
find_exact(const nt_registry_t *registry, const char *name)
{
    const nt_node_type_t **found;

    if (registry->n_types == 0) {
        return NULL;
    }
    found = bsearch(name, registry->types, registry->n_types,
                    sizeof(*registry->types), compare_name);
    return found != NULL ? *found : NULL;
}

/* NULL, or what is wrong with the properties or outputs of a type. */
static const char *
check_members(nt_arena_t *arena, const nt_node_type_t *type)
{
    const nt_property_t *property;
    const nt_output_t   *output;
    json_t              *value;

    for (property = type->properties;
         property != NULL && property->name != NULL; property++)
    {
        if (property->type == NULL ||
            nt_type_parse(arena, property->type, property->values) == NULL)
        {
            return "has a property of a malformed type";
        }
        if (property->default_json != NULL) {
            value = json_loads(property->default_json, JSON_DECODE_ANY, NULL);
            if (value == NULL) {
                return "has a property whose default is not JSON";
            }
            json_decref(value);
        }
    }
    for (output = type->outputs; output != NULL && output->name != NULL;
         output++) {
        if (output->type == NULL ||
            nt_type_parse(arena, output->type, NULL) == NULL) {
            return "has an output of a malformed type";
        }
    }
    return NULL;
}

/* A type that cannot be run, or whose name is taken, is a fault of the
 * library: NULL, or what is wrong. */
static const char *
check_type(const nt_registry_t *registry, const nt_node_type_t *const *types,
           size_t i)
{
    const nt_node_type_t *type = types[i];
    const char           *fault;
    nt_arena_t            arena = { 0 };

    if (type->type == NULL || type->title == NULL) {
        return "has no type or title";
    }
    if (find_exact(registry, type->type) != NULL) {
        return "is there already";
    }
    while (i-- > 0) {
        if (strcmp(types[i]->type, type->type) == 0) {
            return "is there twice";
        }
    }
    if (type->run == NULL && type->item == NULL &&
        !(type->flags & (NT_NODE_OUTPUT | NT_NODE_PREVIEW | NT_NODE_INERT)))
    {
        return "has neither run nor item";
    }
    if (type->run == NULL && (type->flags & NT_NODE_INPUT)) {
        return "is an input without run";
    }

    fault = check_members(&arena, type);
    nt_arena_free(&arena);
    return fault;
}

/* Adds all types of a library or none. */
static bool
add_library(nt_registry_t *registry, const nt_node_library_t *library,
            char *error, size_t size)
{
    const nt_node_type_t **types;
    const char            *fault;
    size_t                 i, n;

    for (n = 0; library->types[n] != NULL; n++) {
        fault = check_type(registry, library->types, n);
        if (fault != NULL) {
            (void) snprintf(error, size, "node type %s %s",
                            library->types[n]->type != NULL
                                ? library->types[n]->type
                                : "?",
                            fault);
            return false;
        }
    }

    types =
        realloc(registry->types, (registry->n_types + n + 1) * sizeof(*types));
    if (types == NULL) {
        (void) snprintf(error, size, "memory is out");
        return false;
    }
    registry->types = types;
    for (i = 0; i < n; i++) {
        types[registry->n_types + i] = library->types[i];
    }
    registry->n_types += n;
    qsort(types, registry->n_types, sizeof(*types), compare_types);
    return true;
}

nt_registry_t *
nt_registry_new(void)
{
    nt_registry_t *registry;
    char           error[256];
    size_t         i;

    registry = calloc(1, sizeof(*registry));
    if (registry == NULL) {
        return NULL;
    }
    registry->pack_states =
        calloc(nt_packs_count, sizeof(*registry->pack_states));
    if (registry->pack_states == NULL) {
        free(registry);
        return NULL;
    }
    for (i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++) {
        if (builtin[i] == NULL) {
            continue;
        }
        if (!add_library(registry, builtin[i], error, sizeof(error))) {
            (void) fprintf(stderr, "nodetool: library %s: %s\n",
                           builtin[i]->name, error);
            nt_registry_free(registry);
            return NULL;
        }
    }
    return registry;
}

void
nt_registry_free(nt_registry_t *registry)
{
    size_t i;

    if (registry == NULL) {
        return;
    }
    free(registry->types);
    for (i = 0; i < registry->n_plugins; i++) {
        (void) dlclose(registry->plugins[i]);
    }
    free(registry->plugins);
    free(registry->packs);
    free(registry->pack_states);
    free(registry);
}

/* --- shared objects --- */

typedef void (*function_t)(void);

/* Plugins call these; a program linked from an archive has them only if
 * something in it does. */
static const function_t api[] __attribute__((
    used)) = { (function_t) nt_call_input,       (function_t) nt_call_open,
               (function_t) nt_call_load,        (function_t) nt_call_store,
               (function_t) nt_call_list_assets, (function_t) nt_call_process };

static bool
load_plugin(nt_registry_t *registry, const char *path, int mode, char *error,
            size_t size)
{
    const nt_node_library_t *library;
    void                   **plugins, *handle;

    plugins = realloc(registry->plugins,
                      (registry->n_plugins + 1) * sizeof(*plugins));
    if (plugins == NULL) {
        (void) snprintf(error, size, "memory is out");
        return false;
    }
    registry->plugins = plugins;

    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | mode);
    if (handle == NULL) {
        (void) snprintf(error, size, "%s", dlerror());
        return false;
    }

    library = dlsym(handle, LIBRARY_SYMBOL);
    if (library == NULL) {
        (void) snprintf(error, size, "has no symbol %s", LIBRARY_SYMBOL);
    } else if (library->abi != NODETOOL_NODE_ABI) {
        (void) snprintf(error, size,
                        "is built for version %u of nodetool_node.h, this is "
                        "version %u; build it again",
                        library->abi, (unsigned) NODETOOL_NODE_ABI);
    } else if (library->types == NULL) {
        (void) snprintf(error, size, "has no node types");
    } else if (add_library(registry, library, error, size)) {
        registry->plugins[registry->n_plugins++] = handle;
        return true;
    }
    (void) dlclose(handle);
    return false;
}

static int
is_shared_object(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0;
}

int
nt_registry_load(nt_registry_t *registry, const char *folder,
                 void (*log)(const char *message))
{
    struct dirent **entries;
    char            error[512], message[1024], *path;
    int             i, n, loaded = 0;

    n = scandir(folder, &entries, is_shared_object, alphasort);
    if (n < 0) {
        (void) snprintf(message, sizeof(message), "nodes: %s: %s", folder,
                        strerror(errno));
        log(message);
        return -1;
    }

    for (i = 0; i < n; i++) {
        if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0) {
            path = NULL;
        }
        if (path != NULL &&
            load_plugin(registry, path, 0, error, sizeof(error))) {
            loaded++;
        } else {
            (void) snprintf(message, sizeof(message),
                            "nodes: %s is left out: %s", entries[i]->d_name,
                            path != NULL ? error : "memory is out");
            log(message);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    return loaded;
}

/* --- packs --- */

bool
nt_registry_packs(nt_registry_t *registry, const char *folder,
                  void (*log)(const char *message))
{
    registry->log = log;
    if (folder == NULL) {
        return true;
    }
    registry->packs = strdup(folder);
    return registry->packs != NULL;
}

static pack_state_t
load_pack(nt_registry_t *registry, const nt_pack_t *pack)
{
    char         error[512], message[1024], *path;
    pack_state_t state = PACK_BROKEN;

    if (registry->packs == NULL) {
        return PACK_ABSENT;
    }
    if (asprintf(&path, "%s/%s.so", registry->packs, pack->name) < 0) {
        return PACK_UNSEEN;
    }

    /* Libraries as large as these leave threads, handlers of exit and the
     * like behind, whose code must not go away. */
    if (access(path, F_OK) == -1) {
        state = PACK_ABSENT;
    } else if (load_plugin(registry, path, RTLD_NODELETE, error, sizeof(error)))
    {
        state = PACK_LOADED;
    } else {
        (void) snprintf(message, sizeof(message),
                        "nodes: the %s pack is left out: %s", pack->name,
                        error);
        registry->log(message);
    }
    free(path);
    return state;
}

/* Loading adds types and changes none that was found before, so to those who
 * only look types up the registry stays what it is. */
static pack_state_t
see_pack(const nt_registry_t *registry, size_t i)
{
    if (registry->pack_states[i] == PACK_UNSEEN) {
        registry->pack_states[i] =
            load_pack((nt_registry_t *) registry, &nt_packs[i]);
    }
    return registry->pack_states[i];
}

static const nt_node_type_t *
find(const nt_registry_t *registry, const char *type)
{
    const nt_node_type_t *found;
    size_t                i;

    found = find_exact(registry, type);
    if (found != NULL) {
        return found;
    }
    i = nt_pack_of(type);
    if (i == nt_packs_count || registry->pack_states[i] != PACK_UNSEEN ||
        see_pack(registry, i) != PACK_LOADED)
    {
        return NULL;
    }
    return find_exact(registry, type);
}

const nt_node_type_t *
nt_registry_find(const nt_registry_t *registry, const char *type)
{
    const nt_node_type_t *found;
    char                  now[NAME_MAX_LEN];

    found = find(registry, type);
    if (found == NULL && nt_alias_find(type, now, sizeof(now))) {
        found = find(registry, now);
    }
    return found;
}

void
nt_node_tool_name(char *name, size_t size, const char *type)
{
    size_t i, len = strlen(type);

    if (len > 4 && strcmp(type + len - 4, "Node") == 0) {
        len -= 4;
    }
    if (len >= size) {
        len = size - 1;
    }
    for (i = 0; i < len; i++) {
        name[i] = isalnum((unsigned char) type[i]) ? type[i] : '_';
    }
    name[len] = '\0';
}

bool
nt_node_is_tool(const nt_node_type_t *type)
{
    return type->run != NULL && type->outputs != NULL &&
           type->outputs[0].name != NULL &&
           !(type->flags &
             (NT_NODE_INPUT | NT_NODE_OUTPUT | NT_NODE_INERT | NT_NODE_PREVIEW |
              NT_NODE_DYNAMIC_OUTPUTS | NT_NODE_TOOLS));
}

/* Loads the packs that may have the tool. */
static void
see_packs_of(const nt_registry_t *registry, const char *name)
{
    const char *const *prefix;
    char               text[NAME_MAX_LEN];
    size_t             i;

    for (i = 0; i < nt_packs_count; i++) {
        for (prefix = nt_packs[i].prefixes; *prefix != NULL; prefix++) {
            nt_node_tool_name(text, sizeof(text), *prefix);
            if (strncmp(name, text, strlen(text)) == 0) {
                (void) see_pack(registry, i);
            }
        }
    }
}

const nt_node_type_t *
nt_registry_find_tool(const nt_registry_t *registry, const char *name)
{
    const nt_node_type_t *type = nt_registry_find(registry, name);
    char                  text[NT_NODE_TOOL_NAME];
    size_t                i;

    if (type == NULL) {
        see_packs_of(registry, name);
    }
    for (i = 0; type == NULL && i < registry->n_types; i++) {
        nt_node_tool_name(text, sizeof(text), registry->types[i]->type);
        if (strcmp(text, name) == 0) {
            type = registry->types[i];
        }
    }
    return type != NULL && nt_node_is_tool(type) ? type : NULL;
}

bool
nt_registry_missing(const nt_registry_t *registry, const char *type, char *text,
                    size_t size)
{
    char             now[NAME_MAX_LEN];
    const nt_pack_t *pack;
    size_t           i;

    i = nt_pack_of(type);
    if (i == nt_packs_count && nt_alias_find(type, now, sizeof(now))) {
        i = nt_pack_of(now);
    }
    if (i == nt_packs_count || registry->pack_states[i] == PACK_LOADED) {
        return false;
    }

    pack = &nt_packs[i];
    if (registry->pack_states[i] == PACK_BROKEN) {
        (void) snprintf(text, size,
                        "needs the %s pack: install %s, and start the server "
                        "again",
                        pack->name, pack->run);
    } else {
        (void) snprintf(text, size,
                        "needs the %s pack: install %s, and build and install "
                        "the server again",
                        pack->name, pack->build);
    }
    return true;
}

void
nt_registry_each(const nt_registry_t *registry,
                 void (*tell)(void *arg, const nt_node_type_t *type), void *arg)
{
    size_t i;

    for (i = 0; i < nt_packs_count; i++) {
        (void) see_pack(registry, i);
    }
    for (i = 0; i < registry->n_types; i++) {
        tell(arg, registry->types[i]);
    }
}

static void
add_metadata(void *arg, const nt_node_type_t *type)
{
    json_t **list = arg, *metadata = nt_node_metadata(type);

    if (metadata == NULL || !nt_node_metadata_complete(metadata)) {
        json_decref(metadata);
        metadata = NULL;
    }
    if (json_array_append_new(*list, metadata) != 0) {
        json_decref(*list);
        *list = NULL;
    }
}

json_t *
nt_registry_metadata(const nt_registry_t *registry)
{
    json_t *list = json_array();

    nt_registry_each(registry, add_metadata, &list);
    return list;
}
