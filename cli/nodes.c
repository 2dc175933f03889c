/*
 * cli/nodes.c - `nodetool nodes`: what node types there are.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/nt_buf.h"
#include "engine/json.h"
#include "engine/nodes/packs.h"
#include "engine/nodes/registry.h"

static const char usage[] =
    "Usage: nodetool nodes [PREFIX] [OPTION]...\n"
    "Lists the node types that workflows can use here, or those whose type\n"
    "begins with PREFIX.\n"
    "\n"
    "  --json        their descriptions, as GET /api/nodes/metadata has them\n"
    "  --markdown    a page of documentation\n"
    "  --nodes DIR   those of the libraries (*.so) of this folder, too\n"
    "  --help\n";

enum { OPT_JSON = 256, OPT_MARKDOWN, OPT_NODES, OPT_HELP };

static const struct option long_options[] = {
    { "json", no_argument, NULL, OPT_JSON },
    { "markdown", no_argument, NULL, OPT_MARKDOWN },
    { "nodes", required_argument, NULL, OPT_NODES },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 }
};


static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}


/* Into a cell of a table: no line ends and no bars. */
static void
print_cell(const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '\n':
            (void) putchar(' ');
            break;
        case '|':
            (void) fputs("\\|", stdout);
            break;
        case '<':
            (void) fputs("&lt;", stdout);
            break;
        default:
            (void) putchar(*text);
        }
    }
}


/* list[str], dict[str, any], union[int, float], "a" or "b" ... */
static void
print_type(const json_t *type)
{
    size_t  i;
    json_t *part, *values = json_object_get(type, "values");
    json_t *args = json_object_get(type, "type_args");

    if (json_array_size(values) > 0) {
        json_array_foreach(values, i, part)
        {
            (void) printf("%s\"", i > 0 ? ", " : "");
            print_cell(json_is_string(part) ? json_string_value(part) : "");
            (void) putchar('"');
        }
        return;
    }

    (void) fputs(text_of(type, "type"), stdout);
    if (json_array_size(args) > 0) {
        (void) putchar('[');
        json_array_foreach(args, i, part)
        {
            (void) fputs(i > 0 ? ", " : "", stdout);
            print_type(part);
        }
        (void) putchar(']');
    }
    if (json_is_true(json_object_get(type, "optional"))) {
        (void) putchar('?');
    }
}


static void
print_default(const json_t *property)
{
    char         *text;
    const json_t *value = json_object_get(property, "default");

    if (json_is_true(json_object_get(property, "required"))) {
        (void) fputs("required", stdout);
        return;
    }

    /* an empty ref says nothing that its type does not */
    if (json_is_null(value) ||
        (json_is_object(value) && json_object_get(value, "type") != NULL))
    {
        return;
    }

    text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    print_cell(text != NULL ? text : "");
    free(text);
}


static void
print_properties(const json_t *properties)
{
    size_t        i;
    const json_t *property;

    if (json_array_size(properties) == 0) {
        return;
    }

    (void) puts("| input | type | default | |\n|---|---|---|---|");
    json_array_foreach(properties, i, property)
    {
        (void) printf("| `%s` | ", text_of(property, "name"));
        print_type(json_object_get(property, "type"));
        (void) fputs(" | ", stdout);
        print_default(property);
        (void) fputs(" | ", stdout);
        print_cell(text_of(property, "description"));
        (void) puts(" |");
    }
    (void) putchar('\n');
}


static void
print_outputs(const json_t *node)
{
    size_t        i;
    const json_t *output, *outputs = json_object_get(node, "outputs");

    json_array_foreach(outputs, i, output)
    {
        (void) printf("%s`%s` ",
                      i > 0 ? ", " : "Outputs: ", text_of(output, "name"));
        print_type(json_object_get(output, "type"));
    }
    if (json_array_size(outputs) > 0) {
        (void) puts(json_is_true(json_object_get(node, "is_streaming_output"))
                        ? "; a stream.\n"
                        : ".\n");
    }
    if (json_is_true(json_object_get(node, "is_dynamic"))) {
        (void) puts("Takes further inputs by any name.\n");
    }
    if (json_is_true(json_object_get(node, "supports_dynamic_outputs"))) {
        (void) puts("Outputs can be added.\n");
    }
}


static bool
ends_sentence(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && strchr(".!?", text[len - 1]) != NULL;
}


static void
print_markdown(const json_t *nodes)
{
    size_t           i;
    const json_t    *node;
    const nt_pack_t *pack;
    const char *namespace = "", *type;

    (void) puts("# Node types\n\n"
                "Generated by `make docs` from the descriptions that the "
                "engine checks workflows\nby and that `GET "
                "/api/nodes/metadata` sends; do not edit.\n");

    json_array_foreach(nodes, i, node)
    {
        type = text_of(node, "node_type");
        if (strcmp(namespace, text_of(node, "namespace")) != 0) {
            namespace = text_of(node, "namespace");
            (void) printf("## %s\n\n", namespace);
            if (nt_pack_of(type) < nt_packs_count) {
                pack = &nt_packs[nt_pack_of(type)];
                (void) printf("In the %s pack, which needs %s.\n\n", pack->name,
                              pack->run);
            }
        }
        (void) printf("### %s\n\n", type);
        print_cell(text_of(node, "description"));
        (void) puts(ends_sentence(text_of(node, "description")) ? "\n" : ".\n");
        print_properties(json_object_get(node, "properties"));
        print_outputs(node);
    }
}


static void
print_list(const json_t *nodes)
{
    size_t        i;
    const json_t *node;

    json_array_foreach(nodes, i, node)
    {
        (void) printf("%-48s %s\n", text_of(node, "node_type"),
                      text_of(node, "description"));
    }
}


static void
print_json(const json_t *nodes)
{
    nt_buf_t text = { 0 };

    nt_json_append_pretty(&text, nodes);
    if (text.failed) {
        nt_cli_no_memory();
    }
    (void) fwrite(text.data, 1, text.len, stdout);
    (void) putchar('\n');
    nt_buf_free(&text);
}


/* Those whose type begins with the prefix. New reference. */
static json_t *
select_nodes(const json_t *all, const char *prefix)
{
    size_t  i;
    json_t *node, *some = json_array();

    json_array_foreach(all, i, node)
    {
        if (strncmp(text_of(node, "node_type"), prefix, strlen(prefix)) == 0 &&
            json_array_append(some, node) != 0)
        {
            nt_cli_no_memory();
        }
    }
    return some;
}


static void
log_library(const char *message)
{
    nt_cli_say("%s", message);
}


static int
print_nodes(const char *prefix, const char *folder,
            void (*print)(const json_t *nodes))
{
    int            rc = NT_CLI_FAILED;
    char          *packs = nt_packs_folder();
    json_t        *all, *nodes;
    nt_registry_t *registry = nt_registry_new();

    if (registry == NULL || !nt_registry_packs(registry, packs, log_library)) {
        nt_cli_no_memory();
    }
    free(packs);

    if (folder != NULL && nt_registry_load(registry, folder, log_library) < 0) {
        nt_cli_say("%s cannot be read", folder);
        nt_registry_free(registry);
        return NT_CLI_FAILED;
    }

    all = nt_registry_metadata(registry);
    nodes = select_nodes(all, prefix);
    if (all == NULL || nodes == NULL) {
        nt_cli_no_memory();
    }

    if (json_array_size(nodes) == 0) {
        nt_cli_say("no node type begins with \"%s\"", prefix);
    } else {
        print(nodes);
        rc = NT_CLI_OK;
    }

    json_decref(nodes);
    json_decref(all);
    nt_registry_free(registry);

    return rc;
}


int
nt_cli_nodes(int argc, char **argv)
{
    int         opt;
    const char *folder = NULL;
    void (*print)(const json_t *nodes) = print_list;

    while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (opt) {
        case OPT_JSON:
            print = print_json;
            break;
        case OPT_MARKDOWN:
            print = print_markdown;
            break;
        case OPT_NODES:
            folder = optarg;
            break;
        case OPT_HELP:
            (void) fputs(usage, stdout);
            return NT_CLI_OK;
        default:
            nt_cli_say("wrong usage; see nodetool nodes --help");
            return NT_CLI_USAGE;
        }
    }

    if (argc - optind > 1) {
        nt_cli_say("say at most one prefix; see nodetool nodes --help");
        return NT_CLI_USAGE;
    }

    return print_nodes(argc > optind ? argv[optind] : "", folder, print);
}
