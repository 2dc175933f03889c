/*
 * engine/models/library.c - the nodes that are about models.
 */

#include "engine/models/node.h"
#include "engine/nodes/registry.h"

static const nt_node_type_t *const types[] = { &nt_embedding,
                                               &nt_openai_embedding,
                                               &nt_gemini_embedding,
                                               &nt_mistral_embedding,
                                               &nt_openai_web_search,
                                               &nt_openai_moderation,
                                               &nt_gemini_grounded_search,
                                               &nt_mistral_chat,
                                               &nt_mistral_code,
                                               &nt_mistral_image_to_text,
                                               &nt_mistral_ocr,
                                               NULL };

const nt_node_library_t nt_nodes_models = { .abi = NODETOOL_NODE_ABI,
                                            .name = "models",
                                            .types = types };
