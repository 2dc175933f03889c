/*
 * engine/chat/context.c - what a model is told beside the conversation: what
 * collections know about the question, and the workflow that is open.
 */

#include "engine/chat/chat_int.h"

#include <stdlib.h>

#include "engine/json.h"
#include "engine/nodes/args.h"
#include "engine/nodes/ustr.h"

#define QUERY_TYPE   "vector.chroma.QueryText"
#define QUERY_ID     "collection"
#define QUERY_TOOL   "query_collection"
#define RESULTS      5
#define DOCUMENT_MAX 2000             /* bytes of one */
#define GRAPH_MAX    ((size_t) 65536) /* bytes of a graph */


/* --- collections --- */

bool
nt_chat_has_collections(const nt_turn_t *turn)
{
    return json_array_size(json_object_get(turn->message, "collections")) > 0;
}


bool
nt_chat_add_query(json_t *nodes, json_t *edges)
{
    return nt_chat_add_node(nodes, edges, QUERY_ID, QUERY_TYPE, QUERY_TOOL);
}


/* Appends what a collection has; `result` is the query node's. */
static void
append_documents(nt_buf_t *text, const char *name, const json_t *result)
{
    size_t        i, len;
    nt_str_t      document;
    const json_t *entry;

    json_array_foreach(json_object_get(result, "documents"), i, entry)
    {
        document = nt_ustr(entry);

        if (document.len == 0) {
            continue;
        }

        len = document.len;

        if (len > DOCUMENT_MAX) {
            len = DOCUMENT_MAX;

            while (len > 0 && (document.data[len] & 0xC0) == 0x80) {
                len--;
            }
        }

        if (i == 0) {
            nt_buf_printf(text, "\n\n### %s\n", name);
        }

        nt_buf_append_str(text, NT_STR("\n- "));
        nt_buf_append(text, document.data, len);
        nt_buf_append_str(text,
                          len < document.len ? NT_STR("...") : NT_STR(""));
    }
}


static bool
query(nt_turn_t *turn, const char *name, nt_str_t question, nt_buf_t *text)
{
    char   *error = NULL;
    json_t *args, *result;

    args = json_pack("{s:{s:s, s:s}, s:s%, s:i}", "collection", "type",
                     "collection", "name", name, "text", question.data,
                     question.len, "n_results", RESULTS);
    result = args != NULL ? nt_call_tool(turn->call, QUERY_TOOL, args, &error)
                          : NULL;
    json_decref(args);

    if (result == NULL) {
        turn->error_type = "collection_error";
        (void) nt_call_fail(turn->call, "the collection \"%.100s\": %s", name,
                            error != NULL ? error
                                          : "the server is out of memory");
        free(error);
        return false;
    }

    append_documents(text, name, result);
    json_decref(result);
    return true;
}


/* Puts it in front of the question. */
static bool
insert(nt_turn_t *turn, json_t *messages, const nt_buf_t *text)
{
    json_t *message;
    size_t  n = json_array_size(messages);

    message = json_pack("{s:s, s:s%}", "role", "system", "content", text->data,
                        text->len);

    if (text->failed ||
        json_array_insert_new(messages, n > 0 ? n - 1 : 0, message) != 0)
    {
        (void) nt_arg_nomem(turn->call);
        return false;
    }

    return true;
}


bool
nt_chat_query(nt_turn_t *turn, json_t *messages)
{
    bool          good = true;
    size_t        i, start;
    nt_buf_t      question = { 0 }, text = { 0 };
    const json_t *name;

    if (!nt_chat_has_collections(turn)) {
        return true;
    }

    nt_chat_text(turn->message, &question);
    nt_buf_append_str(&text, NT_STR("What the user's collections have about "
                                    "this:"));
    start = text.len;

    json_array_foreach(json_object_get(turn->message, "collections"), i, name)
    {
        good = good && question.len > 0 &&
               query(turn, json_string_value(name),
                     (nt_str_t) { question.data, question.len }, &text);
    }

    good = question.len == 0 ||
           (good && (text.len == start || insert(turn, messages, &text)));
    nt_buf_free(&question);
    nt_buf_free(&text);
    return good;
}


/* --- the open workflow --- */

/* Those members of each entry that say what the graph does.  New reference;
 * NULL when memory is out. */
static json_t *
pick(const json_t *list, const char *const *members)
{
    size_t             i;
    json_t            *entry, *value, *copy, *out = json_array();
    const char *const *m;

    json_array_foreach(list, i, entry)
    {
        copy = json_object();

        for (m = members; *m != NULL; m++) {
            value = json_object_get(entry, *m);

            if (value != NULL) {
                (void) json_object_set(copy, *m, value);
            }
        }

        if (json_array_append_new(out, copy) != 0) {
            json_decref(out);
            return NULL;
        }
    }

    return out;
}


void
nt_chat_graph(const nt_turn_t *turn, nt_buf_t *text)
{
    json_t                  *graph, *compact;
    nt_buf_t                 json = { 0 };
    static const char *const nodes[] = { "id", "type", "data",
                                         "dynamic_properties", NULL };
    static const char *const edges[] = { "source",    "sourceHandle",
                                         "target",    "targetHandle",
                                         "edge_type", NULL };

    graph = json_object_get(turn->request, "graph");

    if (!json_is_object(graph)) {
        return;
    }

    compact = json_pack("{s:o, s:o}", "nodes",
                        pick(json_object_get(graph, "nodes"), nodes), "edges",
                        pick(json_object_get(graph, "edges"), edges));
    nt_json_append(&json, compact);
    json_decref(compact);

    if (compact != NULL && !json.failed && json.len <= GRAPH_MAX) {
        nt_buf_append_str(text, NT_STR("\n\nThe workflow that the user has "
                                       "open:\n```json\n"));
        nt_buf_append(text, json.data, json.len);
        nt_buf_append_str(text, NT_STR("\n```"));
    }

    nt_buf_free(&json);
}
