/*
 * engine/nodes/search_shops.c - search.*: shops and stores.
 */

#include "engine/nodes/search_table.h"

static const char *const conditions[][2] = { { "new", "1000" },
                                             { "used", "3000" },
                                             { NULL, NULL } };
static const char *const best_match[][2] = { { "best_match", "" },
                                             { NULL, NULL } };

#define PRODUCTS RESULTS("product_results", "product_result")

const nt_search_t nt_search_shops[] = {
    { NODE("amazon.AmazonSearch", "Amazon Search", "Finds goods of Amazon.",
           NT_SEARCH_QUERY("query", "What to buy"),
           NT_PROP("amazon_domain", "str", "\"amazon.com\"",
                   "Such as amazon.co.uk"),
           NT_SEARCH_NUMBER("10")),
      .engine = "amazon", REQUIRED("query"),
      PARAMS(FROM("k", "query"), FROM("amazon_domain", "amazon_domain")),
      RESULTS("organic_results"), TITLE,
      .lines = LINES(LINE("ASIN: ", "asin"), LINE("Price: ", "price.raw|price"),
                     LINE_RATING, LINE("", "link_clean|link")) },

    { NODE_DICT("amazon.AmazonProduct", "Amazon Product",
                "Tells of a thing that Amazon sells.", nt_search_emit_one,
                NT_SEARCH_QUERY("product_id", "Its ASIN"),
                NT_PROP("amazon_domain", "str", "\"amazon.com\"",
                        "Such as amazon.co.uk")),
      .engine = "amazon_product", REQUIRED("product_id"),
      PARAMS(FROM("asin", "product_id"),
             FROM("amazon_domain", "amazon_domain")),
      PRODUCTS },

    { NODE("ebay.EbaySearch", "Ebay Search", "Finds goods of eBay.",
           NT_SEARCH_QUERY("query", "What to buy"),
           NT_PROP("ebay_domain", "str", "\"ebay.com\"", "Such as ebay.de"),
           NT_SEARCH_NUMBER("10"),
           NT_SEARCH_QUERY("condition", "new, used, or a number of eBay's"),
           NT_PROP("min_price", "float?", NULL, "The lowest price"),
           NT_PROP("max_price", "float?", NULL, "The highest price")),
      .engine = "ebay", REQUIRED("query"),
      PARAMS(FROM("_nkw", "query"), FROM("ebay_domain", "ebay_domain"),
             FROM_MAP("LH_ItemCondition", "condition", conditions),
             FROM("_udlo", "min_price"), FROM("_udhi", "max_price")),
      RESULTS("organic_results"), TITLE,
      .lines =
          LINES(LINE("ID: ", "product_id"), LINE("Price: ", "price.raw|price"),
                LINE("Condition: ", "condition"), LINE_RATING,
                LINE("Shipping: ", "shipping.raw|shipping"),
                LINE("", "link")) },

    { NODE_DICT("ebay.EbayProduct", "Ebay Product",
                "Tells of a thing that is sold at eBay.", nt_search_emit_one,
                NT_SEARCH_QUERY("product_id", "Its number"),
                NT_PROP("ebay_domain", "str", "\"ebay.com\"",
                        "Such as ebay.de")),
      .engine = "ebay_product", REQUIRED("product_id"),
      PARAMS(FROM("product_id", "product_id"),
             FROM("ebay_domain", "ebay_domain")),
      PRODUCTS },

    { NODE("walmart.WalmartSearch", "Walmart Search", "Finds goods of Walmart.",
           NT_SEARCH_QUERY("query", "What to buy"), NT_SEARCH_NUMBER("10"),
           NT_PROP("sort_by", "str", "\"best_match\"",
                   "best_match, best_seller, price_low, price_high, "
                   "rating_high or new"),
           NT_PROP("min_price", "float?", NULL, "The lowest price"),
           NT_PROP("max_price", "float?", NULL, "The highest price")),
      .engine = "walmart", REQUIRED("query"),
      PARAMS(FROM("query", "query"), FROM_MAP("sort", "sort_by", best_match),
             FROM("min_price", "min_price"), FROM("max_price", "max_price")),
      RESULTS("organic_results"), TITLE,
      .lines = LINES(LINE("ID: ", "us_item_id"),
                     LINE("Price: $", "primary_offer.offer_price"), LINE_RATING,
                     LINE("Seller: ", "seller_name"),
                     LINE("", "product_page_url")) },

    { NODE_DICT("walmart.WalmartProduct", "Walmart Product",
                "Tells of a thing that Walmart sells.", nt_search_emit_one,
                NT_SEARCH_QUERY("product_id",
                                "Its number, as in walmart.com/ip/NUMBER")),
      .engine = "walmart_product", REQUIRED("product_id"),
      PARAMS(FROM("product_id", "product_id")), PRODUCTS },

    { NODE("retail.HomeDepotSearch", "Home Depot Search",
           "Finds goods of The Home Depot.",
           NT_SEARCH_QUERY("query", "What to buy"), NT_SEARCH_NUMBER("10")),
      .engine = "home_depot", REQUIRED("query"),
      PARAMS(FROM("q", "query"), FROM_MOST("ps", "num_results", 48)),
      RESULTS("products"), TITLE,
      .lines = LINES(LINE("Brand: ", "brand"), LINE("Price: ", "price"),
                     LINE("Rating: ", "rating"),
                     LINE("Model: ", "model_number"), LINE("", "link")) },

    { NODE_DICT("retail.HomeDepotProduct", "Home Depot Product",
                "Tells of a thing that The Home Depot sells.",
                nt_search_emit_one,
                NT_SEARCH_QUERY("product_id", "Its number")),
      .engine = "home_depot_product", REQUIRED("product_id"),
      PARAMS(FROM("product_id", "product_id")), PRODUCTS },

    { NODE("retail.AppleAppStore", "Apple App Store",
           "Finds apps for Apple's devices.",
           NT_SEARCH_QUERY("query", "What to look for"), NT_SEARCH_NUMBER("10"),
           NT_PROP("country", "str", "\"us\"", "The store, by two letters")),
      .engine = "apple_app_store", REQUIRED("query"),
      PARAMS(FROM("term", "query"), FROM("country", "country"),
             FROM_MOST("num", "num_results", 200)),
      RESULTS("organic_results"), TITLE,
      .lines =
          LINES(LINE("Developer: ", "developer.name|developer"),
                LINE("Price: ", "price.type|price"), LINE("Rating: ", "rating"),
                LINE_CUT("Description: ", "description", 300),
                LINE("", "link")) },

    { NODE("more_engines.BingShopping", "Bing Shopping", "Finds goods by Bing.",
           NT_SEARCH_QUERY("query", "What to buy"), NT_SEARCH_NUMBER("10")),
      .engine = "bing_shopping", REQUIRED("query"), PARAMS(FROM("q", "query")),
      RESULTS("shopping_results"), TITLE,
      .lines =
          LINES(LINE("Price: ", "price"), LINE("Seller: ", "seller"),
                LINE("Source: ", "source"), LINE_RATING, LINE("", "link")) },

    END
};
