/*
 * engine/nodes/search_google.c - search.google.* and what else Google knows.
 */

#include <stdlib.h>

#include "engine/nodes/search_table.h"
#include "engine/nodes/ustr.h"

static const nt_output_t out_images[] = { { "output", "list[image]" },
                                          { NULL, NULL } };
static const nt_output_t out_lens[] = { { "results", "list[dict]" },
                                        { "images", "list[image]" },
                                        { NULL, NULL } };

static const char *const all_categories[][2] = { { "all", "" },
                                                 { NULL, NULL } };
static const char *const frequencies[] = { "realtime", "daily", NULL };
static const char *const review_orders[] = { "qualityScore", "newestFirst",
                                             "ratingHigh", "ratingLow", NULL };


/* --- images: by words, or by an image --- */

static nt_node_rc_t
emit_images(nt_node_call_t *call, const nt_search_t *search, json_t *reply)
{
    json_t *results = nt_search_results(call, search, reply), *images;

    images = results != NULL ? nt_search_images(search, results) : NULL;
    json_decref(results);
    return nt_emit(call, images);
}


static nt_node_rc_t
run_images(nt_node_call_t *call)
{
    static const nt_search_param_t by_image[] = {
        FROM("image_url", "image_url"), { .name = NULL }
    };

    nt_str_t    words, image;
    nt_search_t search = *(const nt_search_t *) nt_call_type(call);

    if (!nt_arg_str(call, "keyword", &words) ||
        !nt_arg_str(call, "image_url", &image))
    {
        return NT_NODE_FAIL;
    }

    if (words.len == 0 && image.len == 0) {
        return nt_call_fail(call, "'keyword' or 'image_url' must not be empty");
    }

    if (image.len > 0) {
        search.engine = "google_reverse_image";
        search.params = by_image;
    }

    return nt_search_with(call, &search);
}


/* --- shopping: filters are a list of "name:value" in one parameter (tbs) --- */

static const char *const orders[][2] = { { "price_low_to_high", "p" },
                                         { "price_high_to_low", "pd" },
                                         { "review_score", "rv" } };


static void
add_filter(nt_buf_t *out, const char *name, nt_str_t value)
{
    nt_buf_append(out, ",", out->len > 0 ? 1 : 0);
    nt_buf_append_str(out, nt_str(name));
    nt_buf_append_str(out, value);
}


static void
add_price(nt_buf_t *out, nt_node_call_t *call, const char *name,
          const char *property)
{
    int64_t price = nt_call_int(call, property);

    if (price > 0) {
        add_filter(out, name, NT_STR(""));
        nt_buf_printf(out, "%lld", (long long) price);
    }
}


static void
add_filters(nt_buf_t *out, nt_node_call_t *call)
{
    size_t   i;
    nt_str_t condition, order;

    condition = nt_ustr(nt_call_input(call, "condition"));
    order = nt_ustr(nt_call_input(call, "sort_by"));

    if (nt_call_int(call, "min_price") > 0 ||
        nt_call_int(call, "max_price") > 0) {
        nt_buf_append_str(out, NT_STR("mr:1,price:1"));
        add_price(out, call, "ppr_min:", "min_price");
        add_price(out, call, "ppr_max:", "max_price");
    }

    if (condition.len > 0) {
        add_filter(out, "p_cond:", condition);
    }

    for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (nt_str_eq(order, nt_str(orders[i][0]))) {
            order = nt_str(orders[i][1]);
        }
    }

    if (order.len > 0) {
        add_filter(out, "p_ord:", order);
    }
}


static nt_node_rc_t
run_shopping(nt_node_call_t *call)
{
    nt_buf_t     filters = { 0 };
    nt_search_t  search = *(const nt_search_t *) nt_call_type(call);
    nt_node_rc_t rc;

    add_filters(&filters, call);
    nt_buf_append_char(&filters, '\0');

    nt_search_param_t params[] = { FROM("q", "query"),
                                   FROM("gl", "country"),
                                   FIXED("tbs", filters.data),
                                   { .name = NULL } };

    if (filters.failed) {
        return nt_arg_nomem(call);
    }

    search.params = params;
    rc = nt_search_with(call, &search);
    nt_buf_free(&filters);
    return rc;
}


/* --- the tables --- */

const nt_search_t nt_search_google[] = {
    { NODE("google.GoogleSearch", "Google Search", "Finds pages by Google.",
           NT_SEARCH_QUERY("keyword", "What to look for"),
           NT_SEARCH_NUMBER("10")),
      .engine = "google_light", .flags = GOOGLE, REQUIRED("keyword"),
      PARAMS(FROM("q", "keyword"), FROM("num", "num_results")),
      RESULTS("organic_results"), TITLE,
      .lines = LINES(LINE("", "link"), LINE("Date: ", "date"),
                     LINE("", "snippet")) },

    { NODE("google.GoogleNews", "Google News", "Finds news by Google.",
           NT_SEARCH_QUERY("keyword", "What the news are to be about"),
           NT_SEARCH_NUMBER("10")),
      .engine = "google_news", .flags = GOOGLE, REQUIRED("keyword"),
      PARAMS(FROM("q", "keyword")), RESULTS("news_results"), TITLE,
      .lines = LINES(LINE("", "link"), LINE("Source: ", "source.name"),
                     LINE("Date: ", "date")) },

    { NODE_AS("google.GoogleImages", "Google Images",
              "Finds images by words, or by an image.", out_images, run_images,
              emit_images, NT_SEARCH_QUERY("keyword", "What they are to show"),
              NT_SEARCH_QUERY("image_url", "An image that they resemble; goes "
                                           "before the words"),
              NT_SEARCH_NUMBER("20")),
      .engine = "google_images", .flags = GOOGLE,
      .required = (const char *const[]) { NULL }, PARAMS(FROM("q", "keyword")),
      RESULTS("images_results", "inline_images", "image_results"),
      .image = "original|thumbnail" },

    { NODE_AS("google.GoogleFinance", "Google Finance",
              "Tells of a stock, an index or a currency.", nt_out_dict_any,
              nt_search_run, nt_search_emit_one,
              NT_SEARCH_QUERY("query", "A symbol such as GOOGL:NASDAQ"),
              NT_SEARCH_QUERY("window",
                              "The time of the graph: 1D, 5D, 1M, 6M, YTD, "
                              "1Y, 5Y or MAX")),
      .engine = "google_finance", .flags = GOOGLE, REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM("window", "window")),
      .results = (const char *const[]) { NULL } },

    { NODE("google.GoogleJobs", "Google Jobs", "Finds jobs by Google.",
           NT_SEARCH_QUERY("query", "The job, its skills or the company"),
           NT_SEARCH_QUERY("location", "Where it is to be"),
           NT_SEARCH_NUMBER("10")),
      .engine = "google_jobs", .flags = GOOGLE, REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM("location", "location")),
      RESULTS("jobs_results"), TITLE,
      .lines = LINES(LINE("Company: ", "company_name"),
                     LINE("Location: ", "location"), LINE("Via: ", "via"),
                     LINE("Details: ", "extensions")) },

    { NODE_AS("google.GoogleLens", "Google Lens",
              "Finds what looks like an image.", out_lens, nt_search_run,
              nt_search_emit_list,
              NT_SEARCH_QUERY("image_url", "The URL of the image"),
              NT_SEARCH_NUMBER("10")),
      .engine = "google_lens", .flags = NT_SEARCH_HL, REQUIRED("image_url"),
      PARAMS(FROM("url", "image_url")), RESULTS("visual_matches"),
      .image = "image|thumbnail" },

    { NODE("google.GoogleMaps", "Google Maps", "Finds places by Google.",
           NT_SEARCH_QUERY("query", "The place, its kind or its address"),
           NT_SEARCH_NUMBER("10")),
      .engine = "google_maps", .flags = GOOGLE, REQUIRED("query"),
      PARAMS(FIXED("type", "search"), FROM("q", "query")),
      RESULTS("local_results"), TITLE,
      .lines = LINES(LINE("", "address"), LINE_RATING, LINE("Price: ", "price"),
                     LINE("", "open_state")) },

    { NODE_AS("google.GoogleShopping", "Google Shopping",
              "Finds goods by Google.", nt_search_out_list, run_shopping,
              nt_search_emit_list, NT_SEARCH_QUERY("query", "What to buy"),
              NT_PROP("country", "str", "\"us\"",
                      "The country, by two letters"),
              NT_PROP("min_price", "int", "0", "The lowest price; 0 for any"),
              NT_PROP("max_price", "int", "0", "The highest price; 0 for any"),
              NT_SEARCH_QUERY("condition", "new, used or refurbished"),
              NT_SEARCH_QUERY("sort_by", "price_low_to_high, price_high_to_low "
                                         "or review_score"),
              NT_SEARCH_NUMBER("10")),
      .engine = "google_shopping", .flags = GOOGLE, REQUIRED("query"),
      RESULTS("shopping_results"), TITLE,
      .lines = LINES(LINE_MORE("Price: ", "price", " (was ", "old_price", ")"),
                     LINE("Source: ", "source"), LINE("", "link|product_link"),
                     LINE_RATING) },

    { NODE("google_extra.GoogleEvents", "Google Events",
           "Finds events by Google.",
           NT_SEARCH_QUERY("query", "What and where, such as concerts in "
                                    "Austin"),
           NT_SEARCH_QUERY("location", "Where the search is made from"),
           NT_SEARCH_NUMBER("10")),
      .engine = "google_events", .flags = GOOGLE, REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM("location", "location")),
      RESULTS("events_results"), TITLE,
      .lines =
          LINES(LINE("Date: ", "date.when|date.start_date|date"),
                LINE("Address: ", "address"), LINE("", "link"),
                LINE("", "description"), LINE("Venue: ", "venue.name|venue")) },

    { NODE("google_extra.GooglePatents", "Google Patents",
           "Finds patents by Google.",
           NT_SEARCH_QUERY("query", "Words or numbers of patents"),
           NT_SEARCH_NUMBER("10"),
           NT_SEARCH_QUERY("sort", "new or old first; empty by relevance"),
           NT_SEARCH_QUERY("inventor", "Inventors, with commas"),
           NT_SEARCH_QUERY("assignee", "Whose they are, with commas"),
           NT_SEARCH_QUERY("country", "Country codes, with commas"),
           NT_SEARCH_QUERY("status", "GRANT or APPLICATION"),
           NT_SEARCH_QUERY("language", "Such as ENGLISH, with commas"),
           NT_SEARCH_QUERY("before_date",
                           "The latest date, such as publication:20230101"),
           NT_SEARCH_QUERY("after_date",
                           "The earliest date, such as filing:20200101")),
      .engine = "google_patents", REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM_MOST("num", "num_results", 100),
             FROM("sort", "sort"), FROM("inventor", "inventor"),
             FROM("assignee", "assignee"), FROM("country", "country"),
             FROM("status", "status"), FROM("language", "language"),
             FROM("before", "before_date"), FROM("after", "after_date")),
      RESULTS("organic_results"), TITLE,
      .lines =
          LINES(LINE("Patent ID: ", "patent_id"),
                LINE("Assignee: ", "assignee"), LINE("Inventor: ", "inventor"),
                LINE("Filing Date: ", "filing_date"),
                LINE("Grant Date: ", "grant_date"),
                LINE("Priority Date: ", "priority_date"),
                LINE_CUT("", "snippet", 200), LINE("", "patent_link")) },

    { NODE("google_extra.GoogleVideos", "Google Videos",
           "Finds videos by Google.",
           NT_SEARCH_QUERY("query", "What to look for"), NT_SEARCH_NUMBER("10"),
           NT_SEARCH_QUERY("location", "Where the search is made from")),
      .engine = "google_videos", .flags = GOOGLE, REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM("location", "location")),
      RESULTS("video_results"), TITLE,
      .lines = LINES(LINE("", "link"), LINE("Source: ", "displayed_link"),
                     LINE("Duration: ", "duration"), LINE("Date: ", "date"),
                     LINE("", "snippet")) },

    { NODE("google_extra.GoogleAutocomplete", "Google Autocomplete",
           "Says how Google would complete a query.",
           NT_SEARCH_QUERY("query", "The beginning of a query"),
           NT_SEARCH_QUERY("language", "By two letters"),
           NT_SEARCH_QUERY("country", "By two letters")),
      .engine = "google_autocomplete", .flags = GOOGLE | NT_SEARCH_TIGHT,
      REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM("hl", "language"), FROM("gl", "country")),
      RESULTS("suggestions"),
      .head = LINE_MORE("", "value", " (relevance: ", "relevance", ")") },

    { NODE("google_play.GooglePlaySearch", "Google Play Search",
           "Finds apps and games for Android.",
           NT_SEARCH_QUERY("query", "What to look for"),
           NT_PROP("store", "str", "\"apps\"", "apps or games"),
           NT_SEARCH_NUMBER("10")),
      .engine = "google_play", .flags = GOOGLE | NT_SEARCH_ITEMS,
      REQUIRED("query"), PARAMS(FROM("q", "query"), FROM("store", "store")),
      RESULTS("organic_results"), TITLE,
      .lines =
          LINES(LINE("ID: ", "product_id"), LINE("Rating: ", "rating"),
                LINE("Developer: ", "author"), LINE("Category: ", "category"),
                LINE("Downloads: ", "downloads"),
                LINE("Price: ", "price|extracted_price"),
                LINE_CUT("", "description", 147), LINE("", "link")) },

    { NODE("google_trends_extra.GoogleTrendingNow", "Google Trending Now",
           "Tells what many look for just now.",
           NT_PROP("geo", "str", "\"US\"", "The country, by two letters"),
           NT_PROP("category", "str", "\"all\"", "all, or a category's number"),
           NT_PROP_ENUM("frequency", frequencies, "\"realtime\"",
                        "realtime for the hours, daily for the last day"),
           NT_PROP("hours", "int", "24", "4, 24, 48 or 168")),
      .engine = "google_trends_trending_now", .flags = NT_SEARCH_HL,
      .required = (const char *const[]) { NULL },
      PARAMS(FROM("geo", "geo"), FROM("hours", "hours"),
             FROM_MAP("category_id", "category", all_categories)),
      RESULTS("trending_searches", "realtime_searches", "daily_searches"),
      .head = LINE("", "query|title"),
      .lines = LINES(LINE_END("Traffic: ", "search_volume", "+ searches"),
                     LINE_END("Increase: ", "increase_percentage", "%"),
                     LINE_EACH("categories", LINES(LINE("Category: ", "name"))),
                     LINE_CUT("Related: ", "trend_breakdown", 200)) },

    { NODE_DICT("trends.GoogleTrends", "Google Trends",
                "Tells how often something was looked for.", nt_search_emit_one,
                NT_SEARCH_QUERY("query", "What was looked for"),
                NT_SEARCH_QUERY("date",
                                "The time, such as today 12-m, or two dates"),
                NT_SEARCH_QUERY("geo", "Where, such as US; empty for all")),
      .engine = "google_trends", REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM("date", "date"), FROM("geo", "geo")),
      .results = (const char *const[]) { NULL } },

    { NODE("scholar.GoogleScholar", "Google Scholar",
           "Finds papers by Google Scholar.",
           NT_SEARCH_QUERY("query", "What to look for"),
           NT_SEARCH_NUMBER("10")),
      .engine = "google_scholar", .flags = NT_SEARCH_HL, REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM_MOST("num", "num_results", 20)),
      RESULTS("organic_results"), TITLE,
      .lines = LINES(LINE("", "publication_info.summary|publication_info"),
                     LINE("", "snippet"),
                     LINE("Cited by: ", "inline_links.cited_by.total"),
                     LINE("", "link")) },

    { NODE_DICT("extended.GoogleScholarAuthor", "Google Scholar Author",
                "Tells of an author of papers: articles and citations.",
                nt_search_emit_some,
                NT_SEARCH_QUERY("author_id", "As in the profile's URL")),
      .engine = "google_scholar_author", .flags = NT_SEARCH_HL,
      REQUIRED("author_id"), PARAMS(FROM("author_id", "author_id")),
      RESULTS("author", "articles", "cited_by", "public_access",
              "co_authors") },

    { NODE("more_engines.GoogleMapsReviews", "Google Maps Reviews",
           "Reads what people say about a place.",
           NT_SEARCH_QUERY("data_id", "As Google Maps gives it"),
           NT_PROP_ENUM("sort_by", review_orders, "\"qualityScore\"",
                        "Which come first"),
           { .name = "num_results",
             .type = "int",
             .default_json = "10",
             .description = "Reviews at most",
             .min = (const double[]) { 1 },
             .max = (const double[]) { 20 } }),
      .engine = "google_maps_reviews", .flags = NT_SEARCH_HL,
      REQUIRED("data_id"),
      PARAMS(FROM("data_id", "data_id"), FROM("sort_by", "sort_by")),
      RESULTS("reviews"),
      .head = LINE_MORE("", "user.name", " - ", "rating", "/5"),
      .lines = LINES(LINE("Date: ", "date|iso_date"), LINE("", "snippet"),
                     LINE("Source: ", "source")),
      .top = LINES(LINE_MORE("Place: ", "place_info.title",
                             " | Rating: ", "place_info.rating", ""),
                   LINE("Total reviews: ", "place_info.reviews")) },

    END
};
