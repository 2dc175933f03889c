/*
 * engine/chat/help.c - tools by which a model finds its way about NodeTool:
 * node types and example workflows.
 */

#include "engine/chat/chat_int.h"

#include <stdlib.h>
#include <strings.h>

#include "engine/nodes/metadata.h"
#include "engine/nodes/ustr.h"

#define WORDS_MAX    16
#define RESULTS_MAX  50
#define EXAMPLES_MAX 10


/* --- node types --- */

typedef struct {
    const nt_node_type_t *type;
    unsigned              score;
} hit_t;

typedef struct {
    char       *words[WORDS_MAX]; /* NUL-terminated pieces of `text` */
    size_t      n_words;
    char       *text; /* malloc'ed */
    const char *input;
    const char *output;
    hit_t      *hits;
    size_t      n_hits;
    size_t      cap;
    bool        nomem;
} search_t;


static bool
split_words(search_t *search, nt_str_t query)
{
    char *word, *rest;

    search->text = strndup(query.data, query.len);

    if (search->text == NULL) {
        return false;
    }

    for (word = strtok_r(search->text, " \t\r\n,.;:/_-", &rest);
         word != NULL && search->n_words < WORDS_MAX;
         word = strtok_r(NULL, " \t\r\n,.;:/_-", &rest))
    {
        search->words[search->n_words++] = word;
    }

    return true;
}


/* "list" is the type of "list[str]" and "list[str]?". */
static bool
is_of_type(const char *type, const char *wanted)
{
    size_t len = strlen(wanted);

    return strncasecmp(type, wanted, len) == 0 &&
           strchr("[?", type[len]) != NULL;
}


static bool
has_types(const search_t *search, const nt_node_type_t *type)
{
    bool                 input = search->input == NULL;
    bool                 output = search->output == NULL;
    const nt_output_t   *o;
    const nt_property_t *p;

    for (p = type->properties; p != NULL && p->name != NULL; p++) {
        input = input || is_of_type(p->type, search->input);
    }

    for (o = type->outputs; o != NULL && o->name != NULL; o++) {
        output = output || is_of_type(o->type, search->output);
    }

    return input && output;
}


/* The more words it has, and in the more telling places, the better. */
static unsigned
score(const search_t *search, const nt_node_type_t *type)
{
    size_t   i;
    unsigned sum = 0;

    for (i = 0; i < search->n_words; i++) {
        if (strcasestr(type->title, search->words[i]) != NULL) {
            sum += 5;
        }

        if (strcasestr(type->type, search->words[i]) != NULL) {
            sum += 3;
        }

        if (type->description != NULL &&
            strcasestr(type->description, search->words[i]) != NULL)
        {
            sum += 1;
        }
    }

    return sum;
}


static void
look_at(void *arg, const nt_node_type_t *type)
{
    hit_t    *hits;
    search_t *search = arg;
    unsigned  points = score(search, type);

    if (points == 0 || !has_types(search, type)) {
        return;
    }

    if (search->n_hits == search->cap) {
        search->cap = search->cap > 0 ? 2 * search->cap : 64;
        hits = realloc(search->hits, search->cap * sizeof(*hits));

        if (hits == NULL) {
            search->nomem = true;
            search->cap = search->n_hits;
            return;
        }

        search->hits = hits;
    }

    search->hits[search->n_hits++] = (hit_t) { type, points };
}


static int
compare_hits(const void *a, const void *b)
{
    const hit_t *left = a, *right = b;

    return left->score != right->score
               ? (left->score < right->score ? 1 : -1)
               : strcmp(left->type->type, right->type->type);
}


/* Leaves those members that tell what the node does. */
static json_t *
describe(const nt_node_type_t *type, bool properties)
{
    json_t *all = nt_node_metadata(type), *entry;

    entry = json_pack("{s:O, s:O, s:O, s:O}", "type",
                      json_object_get(all, "node_type"), "title",
                      json_object_get(all, "title"), "description",
                      json_object_get(all, "description"), "outputs",
                      json_object_get(all, "outputs"));

    if (properties && json_object_set(entry, "properties",
                                      json_object_get(all, "properties")) != 0)
    {
        json_decref(entry);
        entry = NULL;
    }

    json_decref(all);
    return entry;
}


static json_t *
make_results(const search_t *search, size_t limit, bool properties)
{
    size_t  i;
    json_t *list = json_array();

    for (i = 0; i < search->n_hits && i < limit; i++) {
        if (json_array_append_new(list, describe(search->hits[i].type,
                                                 properties)) != 0)
        {
            json_decref(list);
            return NULL;
        }
    }

    return json_pack("{s:o, s:I}", "nodes", list, "found",
                     (json_int_t) search->n_hits);
}


static const char *
text_argument(const json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));

    return text != NULL && *text != '\0' && strcmp(text, "any") != 0 ? text
                                                                     : NULL;
}


static json_t *
search_nodes(nt_node_call_t *call, const void *arg, const json_t *args,
             nt_buf_t *error)
{
    int64_t    limit;
    json_t    *results = NULL;
    nt_str_t   query;
    nt_turn_t *turn = nt_call_owner(call);
    search_t   search = { .input = text_argument(args, "input_type"),
                          .output = text_argument(args, "output_type") };

    if (!nt_tool_text(args, "query", NULL, &query, error) ||
        !nt_tool_int(args, "n_results", 10, 1, RESULTS_MAX, &limit, error))
    {
        return NULL;
    }

    if (split_words(&search, query)) {
        nt_registry_each(turn->chat->options.registry, look_at, &search);
    }

    if (search.text != NULL && !search.nomem) {
        if (search.n_hits > 0) {
            qsort(search.hits, search.n_hits, sizeof(*search.hits),
                  compare_hits);
        }

        results =
            make_results(&search, (size_t) limit,
                         json_is_true(
                             json_object_get(args, "include_properties")));
    }

    free(search.hits);
    free(search.text);
    return results;
}


/* --- examples --- */

static json_t *
search_examples(nt_node_call_t *call, const void *arg, const json_t *args,
                nt_buf_t *error)
{
    int                  status;
    json_t              *list = NULL;
    nt_str_t             query;
    nt_turn_t           *turn = nt_call_owner(call);
    nt_workflows_query_t wanted = { .user = turn->user,
                                    .scope = "examples",
                                    .columns = "id,name,description,tags,graph",
                                    .limit = EXAMPLES_MAX };

    if (!nt_tool_text(args, "query", NULL, &query, error)) {
        return NULL;
    }

    wanted.query = query.data;
    status =
        nt_workflows_list(turn->chat->options.workflows, &wanted, &list, error);

    return status == 200 ? list : NULL;
}


static const nt_tool_param_t node_params[] = {
    { "query", "string", "Words that say what the node is to do", true },
    { "input_type", "string",
      "A type that it takes: str, int, float, bool, list, dict, image ...",
      false },
    { "output_type", "string", "A type that it gives", false },
    { "n_results", "integer", "At most so many (10)", false },
    { "include_properties", "boolean",
      "Whether its properties are told: names, types, defaults", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t example_params[] = {
    { "query", "string",
      "A word or phrase of the name, the description, or a node's title",
      true },
    { NULL, NULL, NULL, false }
};

const nt_tool_t nt_chat_help_tools[] = {
    { .name = "search_nodes",
      .description = "Finds node types by words in their names and "
                     "descriptions.",
      .params = node_params,
      .message = "Searching nodes for {query}",
      .run = search_nodes },
    { .name = "search_examples",
      .description = "Finds example workflows.",
      .params = example_params,
      .message = "Searching examples for {query}",
      .run = search_examples },
    { .name = NULL }
};
