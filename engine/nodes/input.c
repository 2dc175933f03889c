#include "engine/nodes/defaults.h"
#include "engine/nodes/registry.h"

/*
 * nodetool.input.*: where parameters enter a workflow.  The runner gives an
 * input node its parameter, or the value that stands in the workflow, as
 * "value".
 */

#define NAME                                                                   \
    {                                                                          \
        .name = "name", .type = "str", .default_json = "\"\"",                 \
        .description = "Name of the workflow's parameter"                      \
    }

#define VALUE(kind, json)                                                      \
    {                                                                          \
        .name = "value", .type = kind, .default_json = json,                   \
        .description = "Taken when a run gives no other value"                 \
    }

#define DESCRIPTION                                                            \
    {                                                                          \
        .name = "description", .type = "str", .default_json = "\"\"",          \
        .description = "What the parameter is for"                             \
    }

#define END_OF_LIST                                                            \
    {                                                                          \
        .name = NULL                                                           \
    }

static nt_node_rc_t
pass(nt_node_call_t *call)
{
    return nt_call_emit(call, "output",
                        json_incref(nt_call_input(call, "value")));
}

/* An input with one output of the type of its value. */
#define INPUT(id, node, label, kind, json, text)                               \
    static const nt_property_t  id##_properties[] = { NAME, VALUE(kind, json), \
                                                      DESCRIPTION,             \
                                                      END_OF_LIST };           \
    static const nt_output_t    id##_outputs[] = { { "output", kind },         \
                                                   { NULL, NULL } };           \
    static const nt_node_type_t id = { .type = "nodetool.input." node,         \
                                       .title = label,                         \
                                       .description = text,                    \
                                       .properties = id##_properties,          \
                                       .outputs = id##_outputs,                \
                                       .flags = NT_NODE_INPUT,                 \
                                       .run = pass }

INPUT(boolean, "BooleanInput", "Boolean Input", "bool", "false",
      "A parameter that is true or false");
INPUT(string_list, "StringListInput", "String List Input", "list[str]", "[]",
      "A parameter that is a list of strings");
INPUT(text_list, "TextListInput", "Text List Input", "list[str]", "[]",
      "A parameter that is a list of texts");
INPUT(folder_path, "FolderPathInput", "Folder Path Input", "str", "\"\"",
      "A parameter that is the path of a folder");
INPUT(file_path, "FilePathInput", "File Path Input", "str", "\"\"",
      "A parameter that is the path of a file");
INPUT(color, "ColorInput", "Color Input", "color", NT_DEFAULT_COLOR,
      "A parameter that is a color");
INPUT(image, "ImageInput", "Image Input", "image", NT_DEFAULT_IMAGE,
      "A parameter that is an image");
INPUT(audio, "AudioInput", "Audio Input", "audio", NT_DEFAULT_AUDIO,
      "A parameter that is a sound");
INPUT(video, "VideoInput", "Video Input", "video", NT_DEFAULT_VIDEO,
      "A parameter that is a video");
INPUT(document, "DocumentInput", "Document Input", "document",
      NT_DEFAULT_DOCUMENT, "A parameter that is a document");
INPUT(dataframe, "DataframeInput", "Dataframe Input", "dataframe",
      NT_DEFAULT_DATAFRAME, "A parameter that is a table");
INPUT(model_3d, "Model3DInput", "Model 3D Input", "model_3d",
      NT_DEFAULT_MODEL_3D, "A parameter that is a 3D model");
INPUT(asset_folder, "AssetFolderInput", "Asset Folder Input", "folder",
      NT_DEFAULT_FOLDER, "A parameter that is a folder of assets");
INPUT(image_list, "ImageListInput", "Image List Input", "list[image]", "[]",
      "A parameter that is a list of images");
INPUT(audio_list, "AudioListInput", "Audio List Input", "list[audio]", "[]",
      "A parameter that is a list of sounds");
INPUT(video_list, "VideoListInput", "Video List Input", "list[video]", "[]",
      "A parameter that is a list of videos");
INPUT(chat_message, "MessageInput", "Message Input", "message",
      NT_DEFAULT_MESSAGE, "A parameter that is a chat message");
INPUT(message_list, "MessageListInput", "Message List Input", "list[message]",
      "[]", "A parameter that is a list of chat messages");
INPUT(language_model, "LanguageModelInput", "Language Model Input",
      "language_model", NT_DEFAULT_LANGUAGE_MODEL,
      "A parameter that names a language model");
INPUT(image_model, "ImageModelInput", "Image Model Input", "image_model",
      NT_DEFAULT_IMAGE_MODEL, "A parameter that names an image model");
INPUT(video_model, "VideoModelInput", "Video Model Input", "video_model",
      NT_DEFAULT_VIDEO_MODEL, "A parameter that names a video model");
INPUT(tts_model, "TTSModelInput", "TTSModel Input", "tts_model",
      NT_DEFAULT_TTS_MODEL, "A parameter that names a model that speaks");
INPUT(asr_model, "ASRModelInput", "ASRModel Input", "asr_model",
      NT_DEFAULT_ASR_MODEL, "A parameter that names a model that hears");
INPUT(embedding_model, "EmbeddingModelInput", "Embedding Model Input",
      "embedding_model", NT_DEFAULT_EMBEDDING_MODEL,
      "A parameter that names an embedding model");
INPUT(hf_model, "HuggingFaceModelInput", "Hugging Face Model Input", "hf.model",
      NT_DEFAULT_HF_MODEL, "A parameter that names a model of Hugging Face");

/* --- with properties or outputs of their own --- */

static const nt_output_t str_output[] = { { "output", "str" }, { NULL, NULL } };

static const double no_length = 0;
static const double longest = 100000;

static const nt_property_t string_properties[] = {
    NAME,
    VALUE("str", "\"\""),
    DESCRIPTION,
    { .name = "max_length",
      .type = "int",
      .default_json = "0",
      .min = &no_length,
      .max = &longest,
      .description = "Most characters that the value may have; 0: any" },
    { .name = "line_mode",
      .type = "str",
      .default_json = "\"single_line\"",
      .description = "\"single_line\" or \"multiline\"" },
    END_OF_LIST
};

/* Bytes of the first `max` characters. */
static size_t
utf8_prefix(const char *text, size_t len, int64_t max)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (((unsigned char) text[i] & 0xc0) != 0x80 && max-- == 0) {
            break;
        }
    }
    return i;
}

/* A parameter that is too long has been refused; the value that stands in
 * the workflow is cut. */
static nt_node_rc_t
pass_string(nt_node_call_t *call)
{
    const char *text;
    int64_t     max;
    size_t      len, prefix;

    max = nt_call_int(call, "max_length");
    text = nt_call_string(call, "value", &len);
    prefix = max > 0 ? utf8_prefix(text, len, max) : len;
    if (prefix == len) {
        return pass(call);
    }
    return nt_call_emit(call, "output", json_stringn(text, prefix));
}

static const nt_node_type_t string = { .type = "nodetool.input.StringInput",
                                       .title = "String Input",
                                       .description = "A parameter that is a "
                                                      "text",
                                       .properties = string_properties,
                                       .outputs = str_output,
                                       .flags = NT_NODE_INPUT,
                                       .run = pass_string };

static const nt_property_t integer_properties[] = {
    NAME,
    VALUE("int", "0"),
    DESCRIPTION,
    { .name = "min",
      .type = "int",
      .default_json = "0",
      .description = "Least value" },
    { .name = "max",
      .type = "int",
      .default_json = "99999",
      .description = "Greatest value" },
    END_OF_LIST
};

static const nt_output_t int_output[] = { { "output", "int" }, { NULL, NULL } };

static const nt_node_type_t integer = { .type = "nodetool.input.IntegerInput",
                                        .title = "Integer Input",
                                        .description = "A parameter that is a "
                                                       "whole number",
                                        .properties = integer_properties,
                                        .outputs = int_output,
                                        .flags = NT_NODE_INPUT,
                                        .run = pass };

static const nt_property_t float_properties[] = {
    NAME,
    VALUE("float", "0.0"),
    DESCRIPTION,
    { .name = "min",
      .type = "float",
      .default_json = "0",
      .description = "Least value" },
    { .name = "max",
      .type = "float",
      .default_json = "99999",
      .description = "Greatest value" },
    END_OF_LIST
};

static const nt_output_t float_output[] = { { "output", "float" },
                                            { NULL, NULL } };

static const nt_node_type_t real = { .type = "nodetool.input.FloatInput",
                                     .title = "Float Input",
                                     .description = "A parameter that is a "
                                                    "number",
                                     .properties = float_properties,
                                     .outputs = float_output,
                                     .flags = NT_NODE_INPUT,
                                     .run = pass };

static const nt_property_t select_properties[] = {
    NAME,
    VALUE("str", "\"\""),
    DESCRIPTION,
    { .name = "options",
      .type = "list[str]",
      .default_json = "[]",
      .description = "Values to choose from; none: any" },
    { .name = "enum_type_name",
      .type = "str",
      .default_json = "\"\"",
      .description = "Name of the enumeration that the options are of" },
    END_OF_LIST
};

static const nt_node_type_t choice = { .type = "nodetool.input.SelectInput",
                                       .title = "Select Input",
                                       .description = "A parameter that is "
                                                      "one of some texts",
                                       .properties = select_properties,
                                       .outputs = str_output,
                                       .flags = NT_NODE_INPUT,
                                       .run = pass };

static const nt_property_t image_size_properties[] = {
    NAME,
    { .name = "value",
      .type = "image_size",
      .required = true,
      .description = "Taken when a run gives no other value" },
    DESCRIPTION,
    END_OF_LIST
};

static const nt_output_t image_size_output[] = { { "output", "image_size" },
                                                 { NULL, NULL } };

static const nt_node_type_t image_size = {
    .type = "nodetool.input.ImageSizeInput",
    .title = "Image Size Input",
    .description = "A parameter that is the width and height of an image",
    .properties = image_size_properties,
    .outputs = image_size_output,
    .flags = NT_NODE_INPUT,
    .run = pass
};

static const nt_property_t document_file_properties[] = {
    NAME, VALUE("str", "\"\""), DESCRIPTION, END_OF_LIST
};

static const nt_output_t document_file_outputs[] = { { "document", "document" },
                                                     { "path", "str" },
                                                     { NULL, NULL } };

static nt_node_rc_t
pass_document_file(nt_node_call_t *call)
{
    json_t *path = nt_call_input(call, "value");

    if (nt_call_emit(call, "document",
                     json_pack("{s:s, s:O, s:n, s:n, s:n}", "type", "document",
                               "uri", path, "asset_id", "data", "metadata")) !=
        NT_NODE_DONE)
    {
        return NT_NODE_FAIL;
    }
    return nt_call_emit(call, "path", json_incref(path));
}

static const nt_node_type_t document_file = {
    .type = "nodetool.input.DocumentFileInput",
    .title = "Document File Input",
    .description = "A parameter that is the path of a document",
    .properties = document_file_properties,
    .outputs = document_file_outputs,
    .flags = NT_NODE_INPUT,
    .run = pass_document_file
};

static const nt_property_t realtime_audio_properties[] = {
    NAME, VALUE("audio", NT_DEFAULT_AUDIO), DESCRIPTION, END_OF_LIST
};

static const nt_output_t chunk_output[] = { { "chunk", "chunk" },
                                            { NULL, NULL } };

/* A sound that is there as a whole is a stream of one chunk. */
static nt_node_rc_t
pass_realtime_audio(nt_node_call_t *call)
{
    const json_t *value = nt_call_input(call, "value");
    const char   *uri, *content;

    uri = json_string_value(json_object_get(value, "uri"));
    if (uri == NULL || *uri == '\0') {
        return NT_NODE_DONE;
    }
    if (strncmp(uri, "data:", 5) != 0 ||
        (content = strstr(uri, ";base64,")) == NULL)
    {
        return nt_call_fail(call,
                            "input \"%s\" takes audio as a data: URI in "
                            "base64",
                            nt_call_string(call, "name", NULL));
    }
    return nt_call_emit(call, "chunk",
                        json_pack("{s:s, s:s, s:s, s:b}", "type", "chunk",
                                  "content_type", "audio", "content",
                                  content + 8, "done", 1));
}

static const nt_node_type_t realtime_audio = {
    .type = "nodetool.input.RealtimeAudioInput",
    .title = "Realtime Audio Input",
    .description = "A parameter that is a stream of sound",
    .properties = realtime_audio_properties,
    .outputs = chunk_output,
    .flags = NT_NODE_INPUT | NT_NODE_STREAMING_OUTPUT,
    .run = pass_realtime_audio
};

/* --- MessageDeconstructor, no input node but of this namespace --- */

static const nt_property_t deconstructor_properties[] = {
    { .name = "value",
      .type = "message",
      .default_json = NT_DEFAULT_MESSAGE,
      .description = "The message to take apart" },
    END_OF_LIST
};

static const nt_output_t deconstructor_outputs[] = { { "id", "str" },
                                                     { "thread_id", "str" },
                                                     { "role", "str" },
                                                     { "text", "str" },
                                                     { "image", "image" },
                                                     { "audio", "audio" },
                                                     { "model",
                                                       "language_model" },
                                                     { NULL, NULL } };

/* The last part of a kind, as NodeTool takes it. */
static json_t *
find_part(const json_t *content, const char *type, const char *member)
{
    const char *text;
    json_t     *part, *found = NULL;
    size_t      i;

    for (i = 0; i < json_array_size(content); i++) {
        part = json_array_get(content, i);
        text = json_string_value(json_object_get(part, "type"));
        if (text != NULL && strcmp(text, type) == 0) {
            found = json_object_get(part, member);
        }
    }
    return found;
}

static nt_node_rc_t
emit_or_null(nt_node_call_t *call, const char *name, json_t *value)
{
    return nt_call_emit(call, name,
                        value != NULL ? json_incref(value) : json_null());
}

static nt_node_rc_t
emit_model(nt_node_call_t *call, const json_t *message)
{
    json_t *provider = json_object_get(message, "provider");
    json_t *model = json_object_get(message, "model");

    if (json_string_length(provider) == 0 || json_string_length(model) == 0) {
        return nt_call_emit(call, "model", json_null());
    }
    return nt_call_emit(call, "model",
                        json_pack("{s:s, s:O, s:O, s:s, s:n, s:[]}", "type",
                                  "language_model", "provider", provider, "id",
                                  model, "name", "", "path",
                                  "supported_tasks"));
}

static nt_node_rc_t
deconstruct(nt_node_call_t *call)
{
    const json_t *message = nt_call_input(call, "value");
    json_t       *content = json_object_get(message, "content");
    json_t       *text, *role = json_object_get(message, "role");

    text =
        json_is_string(content) ? content : find_part(content, "text", "text");

    if (emit_or_null(call, "id", json_object_get(message, "id")) ||
        emit_or_null(call, "thread_id",
                     json_object_get(message, "thread_id")) ||
        nt_call_emit(call, "role",
                     role != NULL ? json_incref(role) : json_string("")) ||
        nt_call_emit(call, "text",
                     text != NULL ? json_incref(text) : json_string("")) ||
        emit_or_null(call, "image", find_part(content, "image", "image")) ||
        emit_or_null(call, "audio", find_part(content, "audio", "audio")))
    {
        return NT_NODE_FAIL;
    }
    return emit_model(call, message);
}

static const nt_node_type_t deconstructor = {
    .type = "nodetool.input.MessageDeconstructor",
    .title = "Message Deconstructor",
    .description = "Takes a chat message apart",
    .properties = deconstructor_properties,
    .outputs = deconstructor_outputs,
    .run = deconstruct
};

static const nt_node_type_t *const types[] = {
    &boolean,       &string_list,  &text_list,      &folder_path,
    &file_path,     &color,        &image,          &audio,
    &video,         &document,     &dataframe,      &model_3d,
    &asset_folder,  &image_list,   &audio_list,     &video_list,
    &chat_message,  &message_list, &language_model, &image_model,
    &video_model,   &tts_model,    &asr_model,      &embedding_model,
    &hf_model,      &string,       &integer,        &real,
    &choice,        &image_size,   &document_file,  &realtime_audio,
    &deconstructor, NULL
};

const nt_node_library_t nt_nodes_input = { NODETOOL_NODE_ABI, "input", types };
