/*
 * engine/nodes/agents.h - what the files of nodetool.agents.*,
 * nodetool.generators.* and anthropic.agents.* share.
 */

#ifndef NT_AGENTS_H
#define NT_AGENTS_H

#include "engine/agents/agent.h"
#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"

#define NT_PROP_MODEL(text)                                                    \
    NT_PROP("model", "language_model", NT_DEFAULT_LANGUAGE_MODEL, text)
#define NT_PROP_IMAGE(text) NT_PROP("image", "image", NT_DEFAULT_IMAGE, text)
#define NT_PROP_AUDIO(text) NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, text)
#define NT_PROP_TOKENS(standard, most)                                         \
    {                                                                          \
        .name = "max_tokens", .type = "int", .default_json = standard,         \
        .min = &nt_agents_one, .max = &(most),                                 \
        .description = "Tokens that an answer may have"                        \
    }

extern const double nt_agents_one, nt_agents_tokens; /* 1; 100,000 */

/* Asks for the node's dynamic outputs as the fields of a structured result;
 * false after nt_call_fail, also when there are none. */
bool nt_agents_want_outputs(nt_agent_t *agent, const char *title);

extern const nt_node_type_t nt_agent_node, nt_research_agent, nt_control_agent;
extern const nt_node_type_t nt_summarizer, nt_classifier, nt_extractor,
    nt_create_thread;
extern const nt_node_type_t nt_list_generator, nt_data_generator;
extern const nt_node_type_t nt_structured_generator, nt_chart_generator,
    nt_svg_generator;
extern const nt_node_type_t nt_claude_agent;

#endif
