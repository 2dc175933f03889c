/*
 * engine/nodes/search_media.c - search.*: YouTube.
 */

#include "engine/nodes/search_table.h"
#include "engine/nodes/ustr.h"

static const nt_output_t out_transcript[] = { { "text", "str" },
                                              { "segments", "list[dict]" },
                                              { NULL, NULL } };


/* The parts of a transcript, and their texts as one. */
static nt_node_rc_t
emit_transcript(nt_node_call_t *call, const nt_search_t *search, json_t *reply)
{
    size_t       i;
    json_t      *segments, *segment;
    nt_buf_t     text = { 0 };
    nt_str_t     part;
    nt_node_rc_t rc;

    segments = nt_search_results(call, search, reply);

    json_array_foreach(segments, i, segment)
    {
        part = nt_ustr_strip(nt_ustr(json_object_get(segment, "snippet")),
                             NT_USTR_BOTH, NULL);
        nt_buf_append(&text, " ", text.len > 0 && part.len > 0 ? 1 : 0);
        nt_buf_append_str(&text, part);
    }

    rc = nt_call_emit(call, "text", nt_ustr_take(&text));

    if (rc != NT_NODE_DONE) {
        json_decref(segments);
        return rc;
    }

    return nt_call_emit(call, "segments", segments);
}


/* Only how many, of the related videos. */
static nt_node_rc_t
emit_video(nt_node_call_t *call, const nt_search_t *search, json_t *reply)
{
    size_t n = json_array_size(json_object_get(reply, "related_videos"));

    if (n > 0 && json_object_set_new(reply, "related_video_count",
                                     json_integer((json_int_t) n)) != 0)
    {
        return nt_arg_nomem(call);
    }

    return nt_search_emit_some(call, search, reply);
}


const nt_search_t nt_search_media[] = {
    { NODE("youtube.YouTubeSearch", "You Tube Search",
           "Finds videos of YouTube.",
           NT_SEARCH_QUERY("query", "What to look for"),
           NT_SEARCH_NUMBER("10")),
      .engine = "youtube", .flags = GOOGLE, REQUIRED("query"),
      PARAMS(FROM("search_query", "query")), RESULTS("video_results"), TITLE,
      .lines =
          LINES(LINE("Channel: ", "channel.name|channel"),
                LINE("Views: ", "views"), LINE("Published: ", "published_date"),
                LINE("Duration: ", "length"), LINE("", "link")) },

    { NODE_DICT("extended.YouTubeVideo", "You Tube Video",
                "Tells of a video of YouTube.", emit_video,
                NT_SEARCH_QUERY("video_id", "What stands behind v= in its "
                                            "URL")),
      .engine = "youtube_video", .flags = GOOGLE, REQUIRED("video_id"),
      PARAMS(FROM("v", "video_id")),
      RESULTS("title", "thumbnail", "views", "extracted_views", "likes",
              "extracted_likes", "published_date", "live", "description",
              "comment_count", "extracted_comment_count", "channel", "chapters",
              "related_video_count") },

    { NODE_AS("more_engines.YouTubeTranscript", "You Tube Transcript",
              "Reads what is said in a video of YouTube.", out_transcript,
              nt_search_run, emit_transcript,
              NT_SEARCH_QUERY("video_id", "What stands behind v= in "
                                          "its URL"),
              NT_PROP("lang", "str", "\"en\"", "The language, by two letters")),
      .engine = "youtube_video_transcript", REQUIRED("video_id"),
      PARAMS(FROM("v", "video_id"), FROM("language_code", "lang")),
      RESULTS("transcript") },

    END
};
