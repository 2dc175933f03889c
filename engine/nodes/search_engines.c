/*
 * engine/nodes/search_engines.c - search.*: other engines than Google, and
 * Yelp.
 */

#include "engine/nodes/search_table.h"

static const nt_output_t out_bing_images[] = { { "results", "list[dict]" },
                                               { "text", "str" },
                                               { "images", "list[image]" },
                                               { NULL, NULL } };

#define QUERY_AND_NUMBER                                                       \
    NT_SEARCH_QUERY("query", "What to look for"), NT_SEARCH_NUMBER("10")

const nt_search_t nt_search_engines[] = {
    { NODE("bing.BingSearch", "Bing Search", "Finds pages by Bing.",
           QUERY_AND_NUMBER),
      .engine = "bing", REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM_MOST("count", "num_results", 50)),
      RESULTS("organic_results"), TITLE,
      .lines = LINES(LINE("", "link"), LINE("URL: ", "displayed_link"),
                     LINE("Date: ", "date"), LINE("", "snippet")) },

    { NODE("bing.BingNews", "Bing News", "Finds news by Bing.",
           QUERY_AND_NUMBER),
      .engine = "bing_news", REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM("count", "num_results")),
      RESULTS("organic_results", "news_results"), TITLE,
      .lines = LINES(LINE("", "link"), LINE("Source: ", "source"),
                     LINE("Date: ", "date"), LINE("", "snippet")) },

    { NODE_AS("bing.BingImages", "Bing Images", "Finds images by Bing.",
              out_bing_images, nt_search_run, nt_search_emit_list,
              NT_SEARCH_QUERY("query", "What they are to show"),
              NT_SEARCH_NUMBER("20")),
      .engine = "bing_images", REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM("count", "num_results")),
      RESULTS("images_results"), TITLE,
      .lines = LINES(LINE("Source: ", "source"), LINE("", "original"),
                     LINE("Size: ", "size")),
      .image = "original" },

    { NODE("more_engines.BingVideos", "Bing Videos", "Finds videos by Bing.",
           QUERY_AND_NUMBER),
      .engine = "bing_videos", REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM("count", "num_results")),
      RESULTS("video_results"), TITLE,
      .lines =
          LINES(LINE("Source: ", "source"), LINE("Channel: ", "channel"),
                LINE("Duration: ", "length|duration"), LINE("Views: ", "views"),
                LINE("Date: ", "date"), LINE("", "link")) },

    { NODE("duckduckgo.DuckDuckGoSearch", "Duck Duck Go Search",
           "Finds pages by DuckDuckGo.", QUERY_AND_NUMBER),
      .engine = "duckduckgo", REQUIRED("query"), PARAMS(FROM("q", "query")),
      RESULTS("organic_results"), TITLE,
      .lines = LINES(LINE("", "snippet"), LINE("", "displayed_link"),
                     LINE("", "link")) },

    { NODE("extended.DuckDuckGoNews", "Duck Duck Go News",
           "Finds news by DuckDuckGo.", QUERY_AND_NUMBER),
      .engine = "duckduckgo_news", REQUIRED("query"),
      PARAMS(FROM("q", "query")), RESULTS("news_results"), TITLE,
      .lines = LINES(LINE("Source: ", "source"), LINE("Date: ", "date"),
                     LINE("", "snippet"), LINE("", "link")) },

    { NODE("international.BaiduSearch", "Baidu Search", "Finds pages by Baidu.",
           QUERY_AND_NUMBER),
      .engine = "baidu", REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM_MOST("rn", "num_results", 50)),
      RESULTS("organic_results"), TITLE,
      .lines = LINES(LINE("", "link"), LINE("", "snippet")) },

    { NODE("international.NaverSearch", "Naver Search", "Finds pages by Naver.",
           QUERY_AND_NUMBER),
      .engine = "naver", REQUIRED("query"),
      PARAMS(FROM("query", "query"), FROM_MOST("num", "num_results", 100)),
      RESULTS("organic_results", "web_results"), TITLE,
      .lines = LINES(LINE("", "link"), LINE("", "snippet")) },

    { NODE("international.YahooSearch", "Yahoo Search", "Finds pages by Yahoo.",
           QUERY_AND_NUMBER),
      .engine = "yahoo", REQUIRED("query"), PARAMS(FROM("p", "query")),
      RESULTS("organic_results"), TITLE,
      .lines = LINES(LINE("", "link"), LINE("URL: ", "displayed_link"),
                     LINE("", "snippet")) },

    { NODE("yelp.YelpSearch", "Yelp Search", "Finds businesses by Yelp.",
           NT_SEARCH_QUERY("query", "Their kind or name"),
           NT_SEARCH_QUERY("location", "Where, such as San Francisco, CA"),
           NT_SEARCH_NUMBER("10")),
      .engine = "yelp", REQUIRED("query", "location"),
      PARAMS(FROM("find_desc", "query"), FROM("find_loc", "location")),
      RESULTS("organic_results"), TITLE,
      .lines =
          LINES(LINE_RATING, LINE("Price: ", "price"),
                LINE("Address: ", "address"),
                LINE_EACH("categories", LINES(LINE("Category: ", "title"))),
                LINE("", "link")) },

    { NODE("extended.YelpReviews", "Yelp Reviews",
           "Reads what people say about a business.",
           NT_SEARCH_QUERY("place_id", "As Yelp Search gives it"),
           NT_SEARCH_NUMBER("10")),
      .engine = "yelp_reviews", REQUIRED("place_id"),
      PARAMS(FROM("place_id", "place_id")), RESULTS("reviews"),
      .head = LINE("Review by ", "user.name"),
      .lines =
          LINES(LINE_END("Rating: ", "rating", "/5"), LINE("Date: ", "date"),
                LINE_CUT("", "comment.text|comment", 200),
                LINE("Tags: ", "tags"),
                LINE_EACH("owner_replies",
                          LINES(LINE_CUT("Owner: ", "comment", 200)))) },

    END
};
