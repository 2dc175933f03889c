/*
 * engine/models/search.c - openai.text.WebSearch and Moderation,
 * gemini.text.GroundedSearch.
 */

#include "engine/models/node.h"

#define SEARCH_MODEL "gpt-4o-search-preview"


static nt_node_rc_t
run_web_search(nt_node_call_t *call)
{
    nt_ask_t ask = { .provider = "openai", .id = SEARCH_MODEL };

    if (!nt_arg_filled(call, "query", &ask.prompt)) {
        return NT_NODE_FAIL;
    }

    return nt_emit_reply(call,
                         nt_ask(call, &ask,
                                json_pack("{s:{}}", "web_search_options")));
}


static const nt_property_t web_search_properties[] = {
    NT_PROP("query", "str", "\"\"", "What to search for"), NT_PROP_END
};

const nt_node_type_t nt_openai_web_search = {
    .type = "openai.text.WebSearch",
    .title = "Web Search",
    .description = "Answers a question with what a model of OpenAI finds on "
                   "the web.",
    .properties = web_search_properties,
    .outputs = nt_out_str,
    .flags = NT_MODEL_NODE,
    .run = run_web_search
};


/* --- moderation --- */

static nt_node_rc_t
emit_moderation(nt_node_call_t *call, const json_t *result)
{
    json_t *flagged = json_object_get(result, "flagged");
    json_t *categories = json_object_get(result, "categories");
    json_t *scores = json_object_get(result, "category_scores");

    if (!json_is_boolean(flagged) || !json_is_object(categories) ||
        !json_is_object(scores))
    {
        return nt_call_fail(call, "OpenAI sent no result of the moderation");
    }

    if (nt_call_emit(call, "flagged", json_incref(flagged)) != NT_NODE_DONE ||
        nt_call_emit(call, "categories", json_incref(categories)) !=
            NT_NODE_DONE)
    {
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "category_scores", json_incref(scores));
}


static nt_node_rc_t
run_moderation(nt_node_call_t *call)
{
    json_t      *body, *reply;
    nt_str_t     input;
    nt_model_t   model;
    nt_node_rc_t rc;

    if (!nt_arg_filled(call, "input", &input) ||
        !nt_use_model(call, "openai", nt_call_string(call, "model", NULL),
                      &model))
    {
        return NT_NODE_FAIL;
    }

    body = json_pack("{s:s,s:s%}", "model", model.id, "input", input.data,
                     input.len);
    if (body == NULL) {
        return nt_arg_nomem(call);
    }

    reply = nt_provider_json(call, &model, "/moderations", body, 0);
    json_decref(body);
    if (reply == NULL) {
        return NT_NODE_FAIL;
    }

    rc = emit_moderation(call,
                         json_array_get(json_object_get(reply, "results"), 0));
    json_decref(reply);

    return rc;
}


static const char *const moderation_models[] = {
    "omni-moderation-latest", "omni-moderation-2024-09-26",
    "text-moderation-latest", "text-moderation-stable", NULL
};

static const nt_property_t moderation_properties[] = {
    NT_PROP("input", "str", "\"\"", "The text to look at"),
    NT_PROP_ENUM("model", moderation_models, "\"omni-moderation-latest\"",
                 "The model"),
    NT_PROP_END
};

static const nt_output_t moderation_outputs[] = {
    { "flagged", "bool" },
    { "categories", "dict[str,bool]" },
    { "category_scores", "dict[str,float]" },
    { NULL, NULL }
};

const nt_node_type_t nt_openai_moderation = {
    .type = "openai.text.Moderation",
    .title = "Moderation",
    .description = "Says whether a text is hateful, violent, sexual ..., and "
                   "how sure OpenAI's model is of it.",
    .properties = moderation_properties,
    .outputs = moderation_outputs,
    .flags = NT_MODEL_NODE,
    .run = run_moderation
};


/* --- Gemini --- */

/* [{"type": "source", "title", "url"}], each URL once.  New reference. */
static json_t *
sources_of(const json_t *reply)
{
    size_t  i;
    bool    good = true;
    json_t *item, *citation, *url, *seen = json_object(), *list = json_array();

    json_array_foreach(json_object_get(nt_model_message(reply), "annotations"),
                       i, item)
    {
        citation = json_object_get(item, "url_citation");
        url = json_object_get(citation, "url");

        if (json_string_length(url) == 0 ||
            json_object_get(seen, json_string_value(url)) != NULL)
        {
            continue;
        }

        good =
            good &&
            json_object_set_new(seen, json_string_value(url), json_true()) ==
                0 &&
            json_array_append_new(list,
                                  json_pack("{s:s,s:O,s:O}", "type", "source",
                                            "title",
                                            json_object_get(citation, "title"),
                                            "url", url)) == 0;
    }

    json_decref(seen);
    if (!good) {
        json_decref(list);
        return NULL;
    }

    return list;
}


static nt_node_rc_t
run_grounded_search(nt_node_call_t *call)
{
    json_t  *reply, *results, *sources;
    nt_str_t text;
    nt_ask_t ask = { .provider = "gemini",
                     .id = nt_call_string(call, "model", NULL) };

    if (!nt_arg_filled(call, "query", &ask.prompt)) {
        return NT_NODE_FAIL;
    }

    reply = nt_ask(call, &ask, json_pack("{s:{}}", "web_search_options"));
    if (reply == NULL) {
        return NT_NODE_FAIL;
    }

    text = nt_model_text(reply);
    results =
        text.len != 0 ? json_pack("[s%]", text.data, text.len) : json_array();
    sources = sources_of(reply);
    json_decref(reply);

    if (nt_call_emit(call, "results", results) != NT_NODE_DONE) {
        json_decref(sources);
        return NT_NODE_FAIL;
    }

    return nt_call_emit(call, "sources", sources);
}


static const char *const gemini_models[] = { "gemini-2.5-pro",
                                             "gemini-2.5-flash",
                                             "gemini-2.0-flash", NULL };

static const nt_property_t grounded_properties[] = {
    NT_PROP("query", "str", "\"\"", "What to search for"),
    NT_PROP_ENUM("model", gemini_models, "\"gemini-2.0-flash\"", "The model"),
    NT_PROP_END
};

static const nt_output_t grounded_outputs[] = { { "results", "list[str]" },
                                                { "sources", "list[source]" },
                                                { NULL, NULL } };

const nt_node_type_t nt_gemini_grounded_search = {
    .type = "gemini.text.GroundedSearch",
    .title = "Grounded Search",
    .description = "Answers a question with what a model of Google finds by "
                   "Google Search, and says where.",
    .properties = grounded_properties,
    .outputs = grounded_outputs,
    .flags = NT_MODEL_NODE,
    .run = run_grounded_search
};
