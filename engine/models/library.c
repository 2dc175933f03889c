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
                                               &nt_split_document,
                                               &nt_text_to_video,
                                               &nt_image_to_video,
                                               &nt_gemini_text_to_video,
                                               &nt_gemini_image_to_video,
                                               &nt_text_to_image,
                                               &nt_image_to_image,
                                               &nt_openai_create_image,
                                               &nt_openai_edit_image,
                                               &nt_gemini_image_generation,
                                               &nt_speech_recognition,
                                               &nt_openai_transcribe,
                                               &nt_openai_translate,
                                               &nt_gemini_transcribe,
                                               &nt_text_to_speech,
                                               &nt_openai_text_to_speech,
                                               &nt_gemini_text_to_speech,
                                               NULL };

const nt_node_library_t nt_nodes_models = { .abi = NODETOOL_NODE_ABI,
                                            .name = "models",
                                            .types = types };
