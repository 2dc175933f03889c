/*
 * engine/nodes/search_travel.c - search.google_extra: flights and hotels.
 */

#include "engine/nodes/search_table.h"
#include "engine/nodes/ustr.h"

#define ROUND_TRIP 1


static nt_node_rc_t
run_flights(nt_node_call_t *call)
{
    if (nt_call_int(call, "trip_type") == ROUND_TRIP &&
        nt_ustr(nt_call_input(call, "return_date")).len == 0)
    {
        return nt_call_fail(call, "a round trip needs a 'return_date'; "
                                  "'trip_type' 2 is one way");
    }

    return nt_search_run(call);
}


/* One leg of a flight. */
#define LEGS                                                                   \
    LINES(LINE_MORE("From: ", "departure_airport.name", " (",                  \
                    "departure_airport.id", ")"),                              \
          LINE("  at ", "departure_airport.time"),                             \
          LINE_MORE("To: ", "arrival_airport.name", " (",                      \
                    "arrival_airport.id", ")"),                                \
          LINE("  at ", "arrival_airport.time"),                               \
          LINE_MORE("  Airline: ", "airline", " ", "flight_number", ""),       \
          LINE_END("  Duration: ", "duration", " min"),                        \
          LINE("  Class: ", "travel_class"))

const nt_search_t nt_search_travel[] = {
    { NODE_AS("google_extra.GoogleFlights", "Google Flights",
              "Finds flights and their prices.", nt_search_out_list,
              run_flights, nt_search_emit_list,
              NT_SEARCH_QUERY("departure_id",
                              "The airport's code, such as JFK"),
              NT_SEARCH_QUERY("arrival_id", "The airport's code, such as LHR"),
              NT_SEARCH_QUERY("outbound_date", "As YYYY-MM-DD"),
              NT_SEARCH_QUERY("return_date", "As YYYY-MM-DD"),
              NT_PROP("trip_type", "int", "1", "1 there and back, 2 one way"),
              NT_PROP("adults", "int", "1", "Adults"),
              NT_PROP("travel_class", "int", "1",
                      "1 economy, 2 premium economy, 3 business, "
                      "4 first"),
              NT_PROP("currency", "str", "\"USD\"", "Of the prices"),
              NT_PROP("stops", "int", "0",
                      "0 any, 1 none, 2 at most one, 3 at most two"),
              NT_PROP("sort_by", "int", "1",
                      "1 top, 2 price, 3 departure, 4 arrival, "
                      "5 duration, 6 emissions")),
      .engine = "google_flights", .flags = GOOGLE | NT_SEARCH_ALL,
      REQUIRED("departure_id", "arrival_id", "outbound_date"),
      PARAMS(FROM("departure_id", "departure_id"),
             FROM("arrival_id", "arrival_id"),
             FROM("outbound_date", "outbound_date"),
             FROM("return_date", "return_date"), FROM("type", "trip_type"),
             FROM("adults", "adults"), FROM("travel_class", "travel_class"),
             FROM("currency", "currency"), FROM("stops", "stops"),
             FROM("sort_by", "sort_by")),
      RESULTS("best_flights", "other_flights"),
      .head = LINE_MORE("", "type", " for ", "price", ""),
      .lines =
          LINES(LINE("Price: ", "price"),
                LINE_END("Total Duration: ", "total_duration", " min"),
                LINE_END("CO2 Emissions: ", "carbon_emissions.this_flight",
                         " g"),
                LINE_EACH("flights", LEGS),
                LINE_EACH("layovers", LINES(LINE_MORE("Layover: ", "name", ", ",
                                                      "duration", " min")))),
      .bottom = LINES(LINE("Lowest Price: ", "price_insights.lowest_price"),
                      LINE("Typical Range: ",
                           "price_insights.typical_price_range")) },

    { NODE("google_extra.GoogleHotels", "Google Hotels",
           "Finds hotels and their prices.",
           NT_SEARCH_QUERY("query", "Such as hotels in Paris"),
           NT_SEARCH_QUERY("check_in_date", "As YYYY-MM-DD"),
           NT_SEARCH_QUERY("check_out_date", "As YYYY-MM-DD"),
           NT_PROP("adults", "int", "2", "Adults"),
           NT_PROP("children", "int", "0", "Children"),
           NT_PROP("currency", "str", "\"USD\"", "Of the prices"),
           NT_PROP("sort_by", "int", "0",
                   "0 relevance, 3 lowest price, 8 highest rating, 13 most "
                   "reviews"),
           NT_PROP("min_price", "int", "0", "A night's lowest; 0 for any"),
           NT_PROP("max_price", "int", "0", "A night's highest; 0 for any"),
           NT_PROP("hotel_class", "int", "0", "Stars, 2 to 5; 0 for any")),
      .engine = "google_hotels", .flags = GOOGLE,
      REQUIRED("query", "check_in_date", "check_out_date"),
      PARAMS(FROM("q", "query"), FROM("check_in_date", "check_in_date"),
             FROM("check_out_date", "check_out_date"), FROM("adults", "adults"),
             FROM("children", "children"), FROM("currency", "currency"),
             FROM("sort_by", "sort_by"), FROM("min_price", "min_price"),
             FROM("max_price", "max_price"),
             FROM("hotel_class", "hotel_class")),
      RESULTS("properties"), .head = LINE("", "name"),
      .lines = LINES(LINE("Type: ", "type"), LINE("Class: ", "hotel_class"),
                     LINE_MORE("Rating: ", "overall_rating", " (", "reviews",
                               " reviews)"),
                     LINE_END("Price: ", "rate_per_night.lowest", "/night"),
                     LINE("Total: ", "total_rate.lowest"),
                     LINE_CUT("", "description", 200),
                     LINE("Check-in: ", "check_in_time"),
                     LINE("Check-out: ", "check_out_time")) },

    END
};
