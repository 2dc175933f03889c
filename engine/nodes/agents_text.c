/*
 * engine/nodes/agents_text.c - nodetool.agents.*: nodes that ask a model once
 * about a text, and CreateThread.
 */

#include "engine/agents/answer.h"
#include "engine/agents/thread.h"
#include "engine/nodes/agent_prompts.h"
#include "engine/nodes/agents.h"
#include "engine/nodes/ustr.h"

#define TITLE_MAX 1000 /* bytes */


/* --- Summarizer --- */

/* The default prompt names a property that the node does not have. */
static bool
add_summary_prompt(nt_agent_t *agent)
{
    nt_buf_t text = { 0 };

    nt_ustr_replace(&text, nt_agent_property(agent->call, "system_prompt"),
                    NT_STR("{self.max_tokens}"), NT_STR("a few hundred"), -1,
                    SIZE_MAX);
    return nt_agent_system_buf(agent, &text);
}


static nt_node_rc_t
run_summarizer(nt_node_call_t *call)
{
    nt_agent_t   agent = { .shows = NT_SHOW_CHUNKS | NT_SHOW_OUTPUT };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_agent_init(&agent, call) && add_summary_prompt(&agent) &&
        nt_agent_user(&agent, nt_agent_property(call, "text"), true) &&
        nt_agent_run(&agent))
    {
        rc = nt_call_emit(call, "text",
                          nt_ustr_json(
                              (nt_str_t) { agent.text.data, agent.text.len }));
    }

    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t summarizer_properties[] = {
    NT_PROP("system_prompt", "str", NT_PROMPT_SUMMARIZER,
            "How the summary is to be made"),
    NT_PROP_MODEL("The model that sums up"),
    NT_PROP("text", "str", "\"\"", "The text to sum up"),
    NT_PROP_IMAGE("An image that goes with the text"),
    NT_PROP_AUDIO("A sound that goes with the text"),
    NT_PROP_END
};

static const nt_output_t summarizer_outputs[] = { { "text", "str" },
                                                  { "chunk", "chunk" },
                                                  { NULL, NULL } };

const nt_node_type_t nt_summarizer = {
    .type = "nodetool.agents.Summarizer",
    .title = "Summarizer",
    .description = "Has a language model sum up a text, as it streams in.",
    .properties = summarizer_properties,
    .outputs = summarizer_outputs,
    .flags = NT_NODE_ASYNC | NT_NODE_STREAMING_OUTPUT,
    .run = run_summarizer
};


/* --- Classifier --- */

/* Names the categories, and the text. */
static bool
add_question(nt_agent_t *agent, const json_t *categories)
{
    size_t   i;
    json_t  *name;
    nt_buf_t text = { 0 };

    nt_buf_append_str(&text, NT_STR("Put this into exactly one of the "
                                    "categories.\nAllowed categories: "));

    json_array_foreach(categories, i, name)
    {
        if (i > 0) {
            nt_buf_append_str(&text, NT_STR(", "));
        }

        nt_buf_append_str(&text, nt_ustr(name));
    }

    nt_buf_append_str(&text, NT_STR("\n\nText: "));
    nt_buf_append_str(&text, nt_agent_property(agent->call, "text"));
    return nt_agent_user_buf(agent, &text, true);
}


static nt_node_rc_t
classify(nt_agent_t *agent, const json_t *categories)
{
    const char *found;

    agent->schema = json_pack("{s:s, s:{s:{s:s, s:O}}, s:[s], s:b}", "type",
                              "object", "properties", "category", "type",
                              "string", "enum", categories, "required",
                              "category", "additionalProperties", 0);
    agent->by_format = true;
    agent->strict = true;
    agent->as_is = true; /* any answer means some category */

    if (agent->schema == NULL) {
        return nt_arg_nomem(agent->call);
    }

    if (!nt_agent_system(agent,
                         nt_agent_property(agent->call, "system_prompt")) ||
        !add_question(agent, categories) || !nt_agent_run(agent))
    {
        return NT_NODE_FAIL;
    }

    found = nt_answer_category((nt_str_t) { agent->text.data, agent->text.len },
                               categories);
    return nt_emit(agent->call, json_string(found));
}


static nt_node_rc_t
run_classifier(nt_node_call_t *call)
{
    size_t       i;
    json_t      *categories, *name;
    nt_agent_t   agent = { 0 };
    nt_node_rc_t rc = NT_NODE_FAIL;

    categories = nt_arg_list(call, "categories");

    if (categories == NULL) {
        return NT_NODE_FAIL;
    }

    if (json_array_size(categories) < 2) {
        return nt_call_fail(call,
                            "'categories' must have at least two of them");
    }

    json_array_foreach(categories, i, name)
    {
        if (!json_is_string(name)) {
            return nt_call_fail(call, "'categories' must be a list of texts");
        }
    }

    if (nt_agent_init(&agent, call)) {
        rc = classify(&agent, categories);
    }

    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t classifier_properties[] = {
    NT_PROP("system_prompt", "str", NT_PROMPT_CLASSIFIER,
            "How it is to be decided"),
    NT_PROP_MODEL("The model that decides"),
    NT_PROP("text", "str", "\"\"", "The text to classify"),
    NT_PROP_IMAGE("An image that goes with the text"),
    NT_PROP_AUDIO("A sound that goes with the text"),
    NT_PROP("categories", "list[str]", "[]",
            "The categories, at least two of them"),
    NT_PROP_END
};

const nt_node_type_t nt_classifier = {
    .type = "nodetool.agents.Classifier",
    .title = "Classifier",
    .description = "Has a language model choose one of several categories for "
                   "a text.",
    .properties = classifier_properties,
    .outputs = nt_out_str,
    .flags = NT_NODE_ASYNC | NT_NODE_CACHE,
    .run = run_classifier
};


/* --- Extractor --- */

static nt_node_rc_t
run_extractor(nt_node_call_t *call)
{
    nt_agent_t   agent = { .by_format = true };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (nt_agent_init(&agent, call) &&
        nt_agents_want_outputs(&agent, "Extraction Results") &&
        nt_agent_system(&agent, nt_agent_property(call, "system_prompt")) &&
        nt_agent_user(&agent, nt_agent_property(call, "text"), true) &&
        nt_agent_run(&agent))
    {
        rc = nt_agent_emit_result(&agent);
    }

    nt_agent_free(&agent);
    return rc;
}


static const nt_property_t extractor_properties[] = {
    NT_PROP("system_prompt", "str", NT_PROMPT_EXTRACTOR,
            "How the fields are to be found"),
    NT_PROP_MODEL("The model that reads"),
    NT_PROP("text", "str", "\"\"", "The text to read"),
    NT_PROP_IMAGE("An image that goes with the text"),
    NT_PROP_AUDIO("A sound that goes with the text"),
    NT_PROP_END
};

const nt_node_type_t nt_extractor = {
    .type = "nodetool.agents.Extractor",
    .title = "Extractor",
    .description = "Has a language model find in a text what the dynamic "
                   "outputs name.",
    .properties = extractor_properties,
    .flags = NT_NODE_ASYNC | NT_NODE_DYNAMIC_OUTPUTS,
    .run = run_extractor
};


/* --- CreateThread --- */

static nt_node_rc_t
run_create_thread(nt_node_call_t *call)
{
    nt_str_t title = nt_agent_property(call, "title");

    if (title.len > TITLE_MAX) {
        return nt_call_fail(call, "'title' must have at most %d bytes",
                            TITLE_MAX);
    }

    return nt_call_emit(call, "thread_id",
                        nt_thread_create(call,
                                         nt_agent_property(call, "thread_id"),
                                         title));
}


static const nt_property_t thread_properties[] = {
    NT_PROP("title", "str?", "\"Agent Conversation\"", "What it is about"),
    NT_PROP("thread_id", "str", "\"\"",
            "The id of a thread that is to be used again, or made under it; "
            "empty for a new one"),
    NT_PROP_END
};

static const nt_output_t thread_outputs[] = { { "thread_id", "str" },
                                              { NULL, NULL } };

const nt_node_type_t nt_create_thread = {
    .type = "nodetool.agents.CreateThread",
    .title = "Create Thread",
    .description = "Makes a conversation that Agent nodes of this and later "
                   "runs of the workflow can go on with.",
    .properties = thread_properties,
    .outputs = thread_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_create_thread
};
