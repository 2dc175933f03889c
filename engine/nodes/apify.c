/*
 * engine/nodes/apify.c - apify.scraping.*: actors of Apify
 * (https://docs.apify.com/api/v2): a run is started, waited for, and what it
 * put into its data set is read.
 *
 * Settings: APIFY_API_TOKEN (or APIFY_API_KEY); APIFY_BASE_URL
 * (https://api.apify.com).
 */

#include <stdlib.h>
#include <time.h>

#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/web.h"

#define BASE_URL     "https://api.apify.com"
#define WAIT_SECONDS 60 /* that one request may wait; Apify's limit */
#define WAIT_MAX     86400
#define SECONDS      (WAIT_SECONDS + 60)
#define ITEMS_LIMIT  ((size_t) 256 << 20) /* bytes of a data set */

enum {
    AS_IT_IS,
    AS_LINES,    /* a list as one text */
    AS_URLS,     /* a list as [{"url": ...}] */
    AS_PLAIN,    /* a list as URLs, plain */
    AS_SCRIPT,   /* a text, or the function that does nothing */
    AS_PAGE_SIZE /* a number from 10 to 100 */
};

/* A property, and the member of the input that it is added to. */
typedef struct {
    const char *property;
    const char *member;
    int         how;
    const char *prefix; /* of each URL, with the item escaped; or NULL */
} field_t;

typedef struct {
    nt_node_type_t     node; /* first: nt_call_type finds the rest */
    const char        *actor;
    const field_t     *fields;   /* ended by a NULL property */
    const char *const *required; /* one of these; ended by NULL */
} actor_t;

static const char no_script[] =
    "async function pageFunction(context) { return context.request.loadedUrl; "
    "}";


/* --- the input --- */

/* An item of a list as the actor takes it; a new reference. */
static json_t *
make_item(const field_t *field, const json_t *item)
{
    json_t  *url;
    nt_buf_t text = { 0 };

    if (field->prefix != NULL) {
        nt_buf_append_str(&text, nt_str(field->prefix));
        nt_buf_append_percent(&text, nt_ustr(item), "");
    } else {
        nt_buf_append_str(&text, nt_ustr(item));
    }

    url = nt_ustr_take(&text);
    return field->how == AS_URLS ? json_pack("{s:o}", "url", url) : url;
}


static json_t *
join_lines(const json_t *list)
{
    size_t   i;
    json_t  *item;
    nt_buf_t text = { 0 };

    json_array_foreach(list, i, item)
    {
        nt_buf_append(&text, "\n", i > 0 ? 1 : 0);
        nt_buf_append_str(&text, nt_ustr(item));
    }

    return nt_ustr_take(&text);
}


/* Adds the items of a list to those that are there; false when memory is
 * out. */
static bool
add_items(json_t *input, const field_t *field, const json_t *list)
{
    size_t  i;
    json_t *all = json_object_get(input, field->member), *item;

    if (all == NULL) {
        all = json_array();
        if (json_object_set_new(input, field->member, all) != 0) {
            return false;
        }
    }

    json_array_foreach(list, i, item)
    {
        if (json_array_append_new(all, make_item(field, item)) != 0) {
            return false;
        }
    }

    return true;
}


static json_t *
page_size(const json_t *value)
{
    json_int_t n = json_integer_value(value);

    return json_integer(n < 10 ? 10 : n > 100 ? 100 : n);
}


static bool
add_field(json_t *input, const field_t *field, json_t *value)
{
    switch (field->how) {
    case AS_LINES:
        return json_object_set_new(input, field->member, join_lines(value)) ==
               0;
    case AS_URLS:
    case AS_PLAIN:
        return add_items(input, field, value);
    case AS_SCRIPT:
        return json_object_set_new(input, field->member,
                                   json_string_length(value) > 0
                                       ? json_incref(value)
                                       : json_string(no_script)) == 0;
    case AS_PAGE_SIZE:
        return json_object_set_new(input, field->member, page_size(value)) == 0;
    default:
        /* actors take an empty list for one of no results */
        return (json_is_array(value) && json_array_size(value) == 0) ||
               json_is_null(value) ||
               json_object_set(input, field->member, value) == 0;
    }
}


/* Lists have to be of texts; a null is an empty one. */
static bool
check_list(nt_node_call_t *call, const char *name)
{
    size_t  i;
    json_t *list = nt_call_input(call, name), *item;

    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item)) {
            (void) nt_call_fail(call,
                                "'%s' must hold texts; number %zu is "
                                "none",
                                name, i + 1);
            return false;
        }
    }

    return true;
}


/* A new reference; NULL after nt_call_fail. */
static json_t *
make_input(nt_node_call_t *call, const actor_t *actor)
{
    bool               some = false;
    json_t            *input = json_object();
    const field_t     *field;
    const char *const *name;

    for (name = actor->required; *name != NULL; name++) {
        some = some || json_array_size(nt_call_input(call, *name)) > 0;
    }

    if (!some) {
        (void) nt_call_fail(call, "'%s'%s must not be empty",
                            actor->required[0],
                            actor->required[1] != NULL ? " or another list"
                                                       : "");
        json_decref(input);
        return NULL;
    }

    for (field = actor->fields; field->property != NULL; field++) {
        if (!check_list(call, field->property)) {
            json_decref(input);
            return NULL;
        }

        if (!add_field(input, field, nt_call_input(call, field->property))) {
            (void) nt_arg_nomem(call);
            json_decref(input);
            return NULL;
        }
    }

    return input;
}


/* --- requests --- */

/* Asks Apify; the answer, a new reference, or NULL after nt_call_fail. */
static json_t *
ask(nt_node_call_t *call, const char *method, const char *path,
    const json_t *body)
{
    int               status = 0;
    json_t           *answer = NULL;
    nt_buf_t          url = { 0 }, key = { 0 };
    const char       *headers[3] = { NULL }, *token, *base, *message;
    nt_http_request_t request = { .method = method,
                                  .headers = headers,
                                  .timeout = SECONDS,
                                  .limit = ITEMS_LIMIT,
                                  .flags = NT_HTTP_TRUSTED };

    token = nt_call_setting(call, "APIFY_API_TOKEN");
    token = token != NULL ? token : nt_call_setting(call, "APIFY_API_KEY");
    base = nt_call_setting(call, "APIFY_BASE_URL");

    if (token == NULL) {
        (void) nt_call_fail(call, "scraping needs an account of Apify: the "
                                  "server's operator has to set "
                                  "APIFY_API_TOKEN");
        return NULL;
    }

    nt_buf_printf(&url, "%s%s%c", base != NULL ? base : BASE_URL, path, '\0');
    nt_buf_printf(&key, "Authorization: Bearer %s%c", token, '\0');

    if (url.failed || key.failed) {
        (void) nt_arg_nomem(call);
    } else {
        request.url = url.data;
        headers[0] = key.data;
        headers[1] = body != NULL ? "Content-Type: application/json" : NULL;
        answer = nt_web_call(call, &request, body, &status);
    }

    if (answer != NULL && (status < 200 || status > 299)) {
        message = json_string_value(
            json_object_get(json_object_get(answer, "error"), "message"));
        (void) nt_call_fail(call, "Apify answered with status %d: %.500s",
                            status, message != NULL ? message : "no reason");
        json_decref(answer);
        answer = NULL;
    }

    nt_buf_free(&url);
    nt_buf_free(&key);
    return answer;
}


static bool
is_over(const char *status)
{
    return strcmp(status, "SUCCEEDED") == 0 || strcmp(status, "FAILED") == 0 ||
           strcmp(status, "ABORTED") == 0 || strcmp(status, "TIMED-OUT") == 0;
}


/* Waits until the run is over or the time is; takes `run` over.  A new
 * reference, NULL after nt_call_fail. */
static json_t *
wait_run(nt_node_call_t *call, json_t *run, time_t until)
{
    char        path[256];
    time_t      left;
    const char *id, *status;
    json_t     *data;

    for (;;) {
        data = json_object_get(run, "data");
        id = json_string_value(json_object_get(data, "id"));
        status = json_string_value(json_object_get(data, "status"));

        if (id == NULL || status == NULL) {
            (void) nt_call_fail(call, "Apify's answer is not understood");
            json_decref(run);
            return NULL;
        }

        left = until - time(NULL);

        if (is_over(status) || left <= 0) {
            return run;
        }

        (void) snprintf(path, sizeof(path),
                        "/v2/actor-runs/%.100s?waitForFinish=%d", id,
                        left < WAIT_SECONDS ? (int) left : WAIT_SECONDS);
        json_decref(run);
        run = ask(call, "GET", path, NULL);

        if (run == NULL) {
            return NULL;
        }
    }
}


/* What a run has put into its data set so far; NULL after nt_call_fail. */
static json_t *
read_items(nt_node_call_t *call, const json_t *run)
{
    char          path[256];
    const json_t *data = json_object_get(run, "data");
    const char   *id, *status, *message;

    id = json_string_value(json_object_get(data, "defaultDatasetId"));
    status = json_string_value(json_object_get(data, "status"));

    if (strcmp(status, "FAILED") == 0 || strcmp(status, "ABORTED") == 0) {
        message = json_string_value(json_object_get(data, "statusMessage"));
        (void) nt_call_fail(call, "Apify's run ended as %s: %.500s", status,
                            message != NULL ? message : "no reason");
        return NULL;
    }

    if (id == NULL) {
        return json_array();
    }

    (void) snprintf(path, sizeof(path),
                    "/v2/datasets/%.100s/items?format=json&clean=true", id);
    return ask(call, "GET", path, NULL);
}


static nt_node_rc_t
run_actor(nt_node_call_t *call)
{
    char           path[256];
    json_t        *input, *run, *items;
    int64_t        seconds;
    const actor_t *actor = (const actor_t *) nt_call_type(call);

    if (!nt_arg_int(call, "wait_for_finish", &seconds)) {
        return NT_NODE_FAIL;
    }

    if (seconds < 1 || seconds > WAIT_MAX) {
        return nt_call_fail(call,
                            "'wait_for_finish' must be from 1 to %d "
                            "seconds",
                            WAIT_MAX);
    }

    input = make_input(call, actor);

    if (input == NULL) {
        return NT_NODE_FAIL;
    }

    (void) snprintf(path, sizeof(path), "/v2/acts/%s/runs?waitForFinish=%d",
                    actor->actor,
                    seconds < WAIT_SECONDS ? (int) seconds : WAIT_SECONDS);
    run = ask(call, "POST", path, input);
    json_decref(input);
    run =
        run != NULL ? wait_run(call, run, time(NULL) + (time_t) seconds) : NULL;
    items = run != NULL ? read_items(call, run) : NULL;
    json_decref(run);
    return items != NULL ? nt_emit(call, items) : NT_NODE_FAIL;
}


/* --- actors --- */

static const nt_output_t out_items[] = { { "output", "list[dict[str,any]]" },
                                         { NULL, NULL } };

#define ACTOR(name, label, text, ...)                                          \
    .node = { .type = "apify.scraping." name,                                  \
              .title = label,                                                  \
              .description = text,                                             \
              .properties =                                                    \
                  (const nt_property_t[]) { __VA_ARGS__, NT_PROP_END },        \
              .outputs = out_items,                                            \
              .flags = NT_NODE_ASYNC | NT_NODE_ONCE,                           \
              .run = run_actor }
#define FIELDS(...)                                                            \
    .fields = (const field_t[])                                                \
    {                                                                          \
        __VA_ARGS__,                                                           \
        {                                                                      \
            .property = NULL                                                   \
        }                                                                      \
    }
#define FIELD(name, to)                                                        \
    {                                                                          \
        .property = name, .member = to                                         \
    }
#define FIELD_AS(name, to, form)                                               \
    {                                                                          \
        .property = name, .member = to, .how = form                            \
    }
#define FIELD_URL(name, to, form, before)                                      \
    {                                                                          \
        .property = name, .member = to, .how = form, .prefix = before          \
    }
#define REQUIRED(...)                                                          \
    .required = (const char *const[])                                          \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }

#define LIST(name, text)         NT_PROP(name, "list[str]", NULL, text)
#define TEXT(name, json, text)   NT_PROP(name, "str", json, text)
#define NUMBER(name, json, text) NT_PROP(name, "int", json, text)
#define FLAG(name, text)         NT_PROP(name, "bool", "false", text)
#define WAIT(json)                                                             \
    NT_PROP("wait_for_finish", "int", json,                                    \
            "Seconds to wait for the end; then what is there is taken")

static const actor_t actors[] = {
    { ACTOR("ApifyWebScraper", "Apify Web Scraper",
            "Reads pages and those that they link to.",
            LIST("start_urls", "The pages to begin with"),
            TEXT("link_selector", "\"a[href]\"", "Which links to follow"),
            TEXT("page_function", "\"\"", "What to do with a page"),
            NUMBER("max_pages", "10", "Pages at most"), WAIT("300")),
      .actor = "apify~web-scraper", REQUIRED("start_urls"),
      FIELDS(FIELD_AS("start_urls", "startUrls", AS_URLS),
             FIELD("link_selector", "linkSelector"),
             FIELD_AS("page_function", "pageFunction", AS_SCRIPT),
             FIELD("max_pages", "maxPagesPerCrawl")) },

    { ACTOR("ApifyGoogleSearchScraper", "Apify Google Search Scraper",
            "Finds pages by Google.", LIST("queries", "What to look for"),
            TEXT("country_code", "\"us\"", "The country"),
            TEXT("language_code", "\"en\"", "The language"),
            NUMBER("max_pages", "1", "Pages of results for each"),
            NUMBER("results_per_page", "100", "Results on a page, 10 to 100"),
            WAIT("300")),
      .actor = "apify~google-search-scraper", REQUIRED("queries"),
      FIELDS(FIELD_AS("queries", "queries", AS_LINES),
             FIELD("country_code", "countryCode"),
             FIELD("language_code", "languageCode"),
             FIELD("max_pages", "maxPagesPerQuery"),
             FIELD_AS("results_per_page", "resultsPerPage", AS_PAGE_SIZE)) },

    { ACTOR("ApifyInstagramScraper", "Apify Instagram Scraper",
            "Reads profiles and posts of Instagram.",
            LIST("usernames", "Whose posts"),
            LIST("hashtags", "Of which hashtags"),
            NUMBER("results_limit", "50", "Posts at most, for each"),
            FLAG("scrape_comments", "Comments, too"),
            FLAG("scrape_likes", "Likes, too"), WAIT("600")),
      .actor = "apify~instagram-scraper", REQUIRED("usernames", "hashtags"),
      FIELDS(FIELD("usernames", "usernames"), FIELD("hashtags", "hashtags"),
             FIELD("results_limit", "resultsLimit"),
             FIELD("scrape_comments", "scrapeComments"),
             FIELD("scrape_likes", "scrapeLikes")) },

    { ACTOR("ApifyAmazonScraper", "Apify Amazon Scraper",
            "Reads goods of Amazon.",
            LIST("search_queries", "What to look for"),
            LIST("product_urls", "Their pages"),
            TEXT("country_code", "\"US\"", "The country of the shop"),
            NUMBER("max_items", "20", "Goods at most, for each search"),
            FLAG("scrape_reviews", "Reviews, too"), WAIT("600")),
      .actor = "apify~amazon-product-scraper",
      REQUIRED("search_queries", "product_urls"),
      FIELDS(FIELD("search_queries", "searchQueries"),
             FIELD("product_urls", "productUrls"),
             FIELD("country_code", "countryCode"),
             FIELD("max_items", "maxItems"),
             FIELD("scrape_reviews", "scrapeReviews")) },

    { ACTOR("ApifyYouTubeScraper", "Apify You Tube Scraper",
            "Reads videos and channels of YouTube.",
            LIST("search_queries", "What to look for"),
            LIST("video_urls", "Videos"), LIST("channel_urls", "Channels"),
            NUMBER("max_results", "50", "Videos at most"),
            FLAG("scrape_comments", "Comments, too"), WAIT("600")),
      .actor = "apify~youtube-scraper",
      REQUIRED("search_queries", "video_urls", "channel_urls"),
      FIELDS(FIELD_URL("search_queries", "startUrls", AS_URLS,
                       "https://www.youtube.com/results?search_query="),
             FIELD_AS("video_urls", "startUrls", AS_URLS),
             FIELD_AS("channel_urls", "startUrls", AS_URLS),
             FIELD("max_results", "maxResults"),
             FIELD("scrape_comments", "scrapeComments")) },

    { ACTOR("ApifyTwitterScraper", "Apify Twitter Scraper",
            "Reads posts and profiles of Twitter.",
            LIST("search_terms", "What to look for"),
            LIST("usernames", "Whose posts"), LIST("tweet_urls", "Posts"),
            NUMBER("max_tweets", "100", "Posts at most"), WAIT("600")),
      .actor = "apify~twitter-scraper",
      REQUIRED("search_terms", "usernames", "tweet_urls"),
      FIELDS(FIELD_URL("search_terms", "startUrls", AS_PLAIN,
                       "https://twitter.com/search?q="),
             FIELD_URL("usernames", "startUrls", AS_PLAIN,
                       "https://twitter.com/"),
             FIELD_AS("tweet_urls", "startUrls", AS_PLAIN),
             FIELD("max_tweets", "maxItems")) },

    { ACTOR("ApifyLinkedInScraper", "Apify Linked In Scraper",
            "Reads profiles, companies and jobs of LinkedIn.",
            LIST("profile_urls", "Profiles"), LIST("company_urls", "Companies"),
            LIST("job_search_urls", "Searches for jobs"),
            NUMBER("max_results", "50", "Results at most"), WAIT("600")),
      .actor = "apify~linkedin-profile-scraper",
      REQUIRED("profile_urls", "company_urls", "job_search_urls"),
      FIELDS(FIELD_AS("profile_urls", "startUrls", AS_URLS),
             FIELD_AS("company_urls", "startUrls", AS_URLS),
             FIELD_AS("job_search_urls", "startUrls", AS_URLS),
             FIELD("max_results", "maxResults")) }
};

static const nt_node_type_t *const types[] = { &actors[0].node, &actors[1].node,
                                               &actors[2].node, &actors[3].node,
                                               &actors[4].node, &actors[5].node,
                                               &actors[6].node, NULL };

const nt_node_library_t nt_nodes_apify = { NODETOOL_NODE_ABI, "apify", types };
