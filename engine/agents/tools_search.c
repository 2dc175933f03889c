#include "engine/agents/tool_run.h"

#include <stdlib.h>

#include "engine/http/serpapi.h"

/*
 * Tools that search, by SerpApi's engines.  An argument becomes the parameter
 * that the engine has for it.
 */

#define RESULTS_MAX 100

typedef struct {
    const char *argument;
    const char *parameter; /* SerpApi's */
} mapping_t;

typedef struct {
    const char *engine;
    const char *type;     /* the engine's "type", or NULL */
    const char *required; /* the argument that must be there */
    bool        country;  /* takes gl, and hl */
    mapping_t   map[6];   /* ended by NULL */

    /* members of the reply that a model can do without are left out; of
     * these lists only "num_results" entries stay */
    const char *lists[4];
} search_t;


/* Adds what an argument says; false when memory is out. */
static bool
add(json_t *query, const char *name, json_t *value)
{
    return json_object_set_new(query, name, value) == 0;
}


/* New reference; NULL when memory is out. */
static json_t *
make_query(const search_t *search, const json_t *args, int64_t count)
{
    bool             good;
    json_t          *query, *value;
    const mapping_t *map;

    query = json_pack("{s:s, s:s*}", "engine", search->engine, "type",
                      search->type);
    good = query != NULL &&
           (!search->country || (add(query, "gl", json_string("us")) &&
                                 add(query, "hl", json_string("en"))));

    for (map = search->map; map->argument != NULL && good; map++) {
        value = json_object_get(args, map->argument);

        if (strcmp(map->argument, "num_results") == 0) {
            good = add(query, map->parameter, json_integer(count));

        } else if (value != NULL && !json_is_null(value)) {
            good = add(query, map->parameter, json_incref(value));
        }
    }

    if (!good) {
        json_decref(query);
        return NULL;
    }

    return query;
}


/* Leaves of the reply what is worth its tokens. */
static void
trim(json_t *reply, const search_t *search, int64_t count)
{
    size_t                   i;
    json_t                  *list;
    static const char *const useless[] = { "search_metadata", "pagination",
                                           "serpapi_pagination",
                                           "search_parameters", "menu_links" };

    for (i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        (void) json_object_del(reply, useless[i]);
    }

    for (i = 0; search->lists[i] != NULL; i++) {
        list = json_object_get(reply, search->lists[i]);

        while (json_array_size(list) > (size_t) count) {
            (void) json_array_remove(list, json_array_size(list) - 1);
        }
    }
}


static json_t *
run_search(nt_node_call_t *call, const void *arg, const json_t *args,
           nt_buf_t *error)
{
    json_t         *query, *reply;
    int64_t         count;
    nt_str_t        required;
    const search_t *search = arg;

    if (!nt_tool_text(args, search->required, NULL, &required, error) ||
        !nt_tool_int(args, "num_results", 10, 1, RESULTS_MAX, &count, error))
    {
        return NULL;
    }

    query = make_query(search, args, count);

    if (query == NULL) {
        return NULL;
    }

    reply = nt_serpapi(call, query, error);
    json_decref(query);

    if (reply == NULL) {
        return NULL;
    }

    trim(reply, search, count);
    return json_pack("{s:b, s:o}", "success", 1, "results", reply);
}


/* --- engines --- */

static const search_t google = {
    .engine = "google",
    .required = "keyword",
    .country = true,
    .map = { { "keyword", "q" }, { "num_results", "num" } },
    .lists = { "organic_results", "related_searches" }
};

/* Claude Code's name for the argument. */
static const search_t google_query = { .engine = "google",
                                       .required = "query",
                                       .country = true,
                                       .map = { { "query", "q" } },
                                       .lists = { "organic_results",
                                                  "related_searches" } };

static const search_t news = { .engine = "google_news",
                               .required = "keyword",
                               .country = true,
                               .map = { { "keyword", "q" } },
                               .lists = { "news_results" } };

static const search_t images = { .engine = "google_images",
                                 .required = "keyword",
                                 .country = true,
                                 .map = { { "keyword", "q" } },
                                 .lists = { "images_results",
                                            "suggested_searches" } };

static const search_t reverse_image = { .engine = "google_reverse_image",
                                        .required = "image_url",
                                        .country = true,
                                        .map = { { "image_url", "image_url" } },
                                        .lists = { "image_results",
                                                   "inline_images" } };

static const search_t finance = { .engine = "google_finance",
                                  .required = "query",
                                  .map = { { "query", "q" },
                                           { "window", "window" } },
                                  .lists = { "news_results", "markets" } };

static const search_t jobs = { .engine = "google_jobs",
                               .required = "query",
                               .country = true,
                               .map = { { "query", "q" },
                                        { "location", "location" } },
                               .lists = { "jobs_results", "filters" } };

static const search_t lens = { .engine = "google_lens",
                               .required = "image_url",
                               .map = { { "image_url", "url" } },
                               .lists = { "visual_matches",
                                          "related_content" } };

static const search_t maps = { .engine = "google_maps",
                               .type = "search",
                               .required = "query",
                               .map = { { "query", "q" } },
                               .lists = { "local_results" } };

static const search_t shopping = { .engine = "google_shopping",
                                   .required = "query",
                                   .map = { { "query", "q" },
                                            { "country", "gl" },
                                            { "min_price", "min_price" },
                                            { "max_price", "max_price" },
                                            { "sort_by", "sort_by" } },
                                   .lists = { "shopping_results", "filters" } };


/* An image is searched for by words, or by its address. */
static json_t *
run_images(nt_node_call_t *call, const void *arg, const json_t *args,
           nt_buf_t *error)
{
    if (json_string_length(json_object_get(args, "image_url")) > 0) {
        arg = &reverse_image;
    }

    return run_search(call, arg, args, error);
}


json_t *
nt_tool_search(nt_node_call_t *call, const void *arg, const json_t *args,
               nt_buf_t *error)
{
    return run_search(call, &google_query, args, error);
}


/* --- the table --- */

static const nt_tool_param_t keyword_params[] = {
    { "keyword", "string", "What to search for", true },
    { "num_results", "integer", "How many results, 10 if missing", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t images_params[] = {
    { "keyword", "string", "What to search for", false },
    { "image_url", "string", "Or the address of an image to find again",
      false },
    { "num_results", "integer", "How many results, 10 if missing", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t finance_params[] = {
    { "query", "string", "A symbol, for example GOOGL:NASDAQ", true },
    { "window", "string", "How far back: 1D, 5D, 1M, 6M, YTD, 1Y, 5Y or MAX",
      false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t jobs_params[] = {
    { "query", "string", "The kind of job", true },
    { "location", "string", "Where, for example Austin, TX", false },
    { "num_results", "integer", "How many results, 10 if missing", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t lens_params[] = {
    { "image_url", "string", "The image's address", true },
    { "num_results", "integer", "How many results, 10 if missing", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t maps_params[] = {
    { "query", "string", "The place, or a kind of places somewhere", true },
    { "num_results", "integer", "How many results, 10 if missing", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t shopping_params[] = {
    { "query", "string", "The product", true },
    { "country", "string", "Code of the country, for example us", false },
    { "min_price", "integer", "Lowest price", false },
    { "max_price", "integer", "Highest price", false },
    { "sort_by", "integer", "1: cheapest first, 2: dearest first", false },
    { "num_results", "integer", "How many results, 10 if missing", false },
    { NULL, NULL, NULL, false }
};

#define SEARCH(tool, text, list, what, engine_of)                              \
    {                                                                          \
        .name = tool, .description = text, .params = list,                     \
        .message = "Searching " what, .run = run_search, .arg = &engine_of     \
    }

const nt_tool_t nt_tools_search[] = {
    SEARCH("google_search", "Searches the web with Google.", keyword_params,
           "for {keyword}", google),
    SEARCH("google_news", "Searches Google News for articles.", keyword_params,
           "the news for {keyword}", news),
    { .name = "google_images",
      .description = "Searches Google Images, by words or by an image.",
      .params = images_params,
      .message = "Searching images of {keyword}",
      .run = run_images,
      .arg = &images },
    SEARCH("google_finance",
           "Looks a share, index or currency up in Google "
           "Finance.",
           finance_params, "the markets for {query}", finance),
    SEARCH("google_jobs", "Searches Google for jobs.", jobs_params,
           "jobs for {query}", jobs),
    SEARCH("google_lens", "Finds what an image shows, and images like it.",
           lens_params, "for what {image_url} shows", lens),
    SEARCH("google_maps", "Searches Google Maps for places.", maps_params,
           "the map for {query}", maps),
    SEARCH("google_shopping", "Searches Google Shopping for products.",
           shopping_params, "shops for {query}", shopping),
    { .name = NULL }
};
