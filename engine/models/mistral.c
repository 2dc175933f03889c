/*
 * engine/models/mistral.c - mistral.text.* and mistral.vision.*.
 */

#include "engine/models/node.h"

#define CODE_MODEL "codestral-latest"

/* More than a page has. */
#define OCR_TOKENS 8192
#define OCR_PROMPT                                                             \
    "Write down all text that can be seen in this image, laid out as it is "   \
    "there, and nothing else."

static const double most_tokens = 32768, most_vision_tokens = 16384;


static json_t *
options_of(nt_node_call_t *call)
{
    return json_pack("{s:f,s:I}", "temperature",
                     nt_call_float(call, "temperature"), "max_tokens",
                     (json_int_t) nt_call_int(call, "max_tokens"));
}


/* --- text --- */

static nt_node_rc_t
run_chat(nt_node_call_t *call)
{
    nt_ask_t ask = { .provider = "mistral",
                     .id = nt_call_string(call, "model", NULL) };

    if (!nt_arg_filled(call, "prompt", &ask.prompt) ||
        !nt_arg_str(call, "system_prompt", &ask.system))
    {
        return NT_NODE_FAIL;
    }

    return nt_emit_reply(call, nt_ask(call, &ask, options_of(call)));
}


static const char *const chat_models[] = {
    "mistral-large-latest", "mistral-medium-latest",
    "mistral-small-latest", "pixtral-large-latest",
    "codestral-latest",     "ministral-8b-latest",
    "ministral-3b-latest",  NULL
};

static const nt_property_t chat_properties[] = {
    NT_PROP_ENUM("model", chat_models, "\"mistral-small-latest\"", "The model"),
    NT_PROP("prompt", "str", "\"\"", "What to say to the model"),
    NT_PROP("system_prompt", "str", "\"\"", "How the model is to behave"),
    NT_PROP_FLOAT("temperature", "0.7", &nt_zero, &nt_one,
                  "How much chance there is in the answer"),
    NT_PROP_INT("max_tokens", "1024", &nt_one, &most_tokens,
                "Tokens of the answer at most"),
    NT_PROP_END
};

const nt_node_type_t nt_mistral_chat = {
    .type = "mistral.text.ChatComplete",
    .title = "Chat Complete",
    .description = "The answer of a model of Mistral.",
    .properties = chat_properties,
    .outputs = nt_out_str,
    .flags = NT_MODEL_NODE,
    .run = run_chat
};


/* Fills the middle between two texts. */
static nt_node_rc_t
fill_in(nt_node_call_t *call, nt_str_t prompt, nt_str_t suffix)
{
    json_t    *reply, *body = options_of(call);
    nt_model_t model;

    if (!nt_use_model(call, "mistral", CODE_MODEL, &model)) {
        json_decref(body);
        return NT_NODE_FAIL;
    }

    if (body == NULL ||
        json_object_set_new(body, "model", json_string(CODE_MODEL)) != 0 ||
        json_object_set_new(body, "prompt",
                            json_stringn(prompt.data, prompt.len)) != 0 ||
        json_object_set_new(body, "suffix",
                            json_stringn(suffix.data, suffix.len)) != 0)
    {
        json_decref(body);
        return nt_arg_nomem(call);
    }

    reply = nt_provider_json(call, &model, "/fim/completions", body, 0);
    json_decref(body);

    if (reply != NULL && nt_model_message(reply) == NULL) {
        json_decref(reply);
        return nt_call_fail(call, "Mistral sent no answer");
    }

    return nt_emit_reply(call, reply);
}


static nt_node_rc_t
run_code(nt_node_call_t *call)
{
    nt_str_t suffix;
    nt_ask_t ask = { .provider = "mistral", .id = CODE_MODEL };

    if (!nt_arg_filled(call, "prompt", &ask.prompt) ||
        !nt_arg_str(call, "suffix", &suffix))
    {
        return NT_NODE_FAIL;
    }

    if (suffix.len != 0) {
        return fill_in(call, ask.prompt, suffix);
    }

    return nt_emit_reply(call, nt_ask(call, &ask, options_of(call)));
}


static const nt_property_t code_properties[] = {
    NT_PROP("prompt", "str", "\"\"",
            "What to write, or the code in front of the gap"),
    NT_PROP("suffix", "str", "\"\"",
            "The code behind the gap, if there is one"),
    NT_PROP_FLOAT("temperature", "0.0", &nt_zero, &nt_one,
                  "How much chance there is in the answer"),
    NT_PROP_INT("max_tokens", "2048", &nt_one, &most_tokens,
                "Tokens of the answer at most"),
    NT_PROP_END
};

const nt_node_type_t nt_mistral_code = {
    .type = "mistral.text.CodeComplete",
    .title = "Code Complete",
    .description = "Code by Mistral's Codestral: what a prompt asks for, or "
                   "what stands between two pieces of code.",
    .properties = code_properties,
    .outputs = nt_out_str,
    .flags = NT_MODEL_NODE,
    .run = run_code
};


/* --- vision --- */

static nt_node_rc_t
look_at(nt_node_call_t *call, nt_ask_t *ask, json_t *options)
{
    ask->provider = "mistral";
    ask->id = nt_call_string(call, "model", NULL);
    ask->image = nt_call_input(call, "image");

    if (!nt_arg_is_set(call, "image")) {
        json_decref(options);
        return nt_call_fail(call, "'image' is not set: it needs an image");
    }

    return nt_emit_reply(call, nt_ask(call, ask, options));
}


static nt_node_rc_t
run_image_to_text(nt_node_call_t *call)
{
    nt_ask_t ask = { 0 };

    if (!nt_arg_filled(call, "prompt", &ask.prompt)) {
        return NT_NODE_FAIL;
    }

    return look_at(call, &ask, options_of(call));
}


static nt_node_rc_t
run_ocr(nt_node_call_t *call)
{
    nt_ask_t ask = { .prompt = NT_STR(OCR_PROMPT) };

    return look_at(call, &ask,
                   json_pack("{s:f,s:i}", "temperature", 0.0, "max_tokens",
                             OCR_TOKENS));
}


static const char *const vision_models[] = { "pixtral-large-latest",
                                             "pixtral-12b-2409", NULL };

#define IMAGE NT_PROP("image", "image", NT_DEFAULT_IMAGE, "The image")
#define VISION_MODEL                                                           \
    NT_PROP_ENUM("model", vision_models, "\"pixtral-large-latest\"",           \
                 "The model")

static const nt_property_t image_to_text_properties[] = {
    IMAGE,
    NT_PROP("prompt", "str", "\"Describe this image in detail.\"",
            "What to say about the image"),
    VISION_MODEL,
    NT_PROP_FLOAT("temperature", "0.3", &nt_zero, &nt_one,
                  "How much chance there is in the answer"),
    NT_PROP_INT("max_tokens", "1024", &nt_one, &most_vision_tokens,
                "Tokens of the answer at most"),
    NT_PROP_END
};

const nt_node_type_t nt_mistral_image_to_text = {
    .type = "mistral.vision.ImageToText",
    .title = "Image To Text",
    .description = "What a model of Mistral says about an image.",
    .properties = image_to_text_properties,
    .outputs = nt_out_str,
    .flags = NT_MODEL_NODE,
    .run = run_image_to_text
};


static const nt_property_t ocr_properties[] = { IMAGE, VISION_MODEL,
                                                NT_PROP_END };

const nt_node_type_t nt_mistral_ocr = {
    .type = "mistral.vision.OCR",
    .title = "OCR",
    .description = "The text in an image, read by a model of Mistral.",
    .properties = ocr_properties,
    .outputs = nt_out_str,
    .flags = NT_MODEL_NODE,
    .run = run_ocr
};
