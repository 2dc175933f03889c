#include "engine/nodes/defaults.h"
#include "engine/nodes/registry.h"

/*
 * nodetool.constant.*: values that stand in the workflow.
 */

static nt_node_rc_t
emit_value(nt_node_call_t *call)
{
    return nt_call_emit(call, "output",
                        json_incref(nt_call_input(call, "value")));
}

/* A constant with one value and one output of its type. */
#define CONSTANT(id, node, label, kind, json, needed, text)                    \
    static const nt_property_t  id##_properties[] = { { .name = "value",       \
                                                        .type = kind,          \
                                                        .default_json = json,  \
                                                        .required = needed,    \
                                                        .description =         \
                                                            "The value" },     \
                                                      { .name = NULL } };      \
    static const nt_output_t    id##_outputs[] = { { "output", kind },         \
                                                   { NULL, NULL } };           \
    static const nt_node_type_t id = { .type = "nodetool.constant." node,      \
                                       .title = label,                         \
                                       .description = text,                    \
                                       .properties = id##_properties,          \
                                       .outputs = id##_outputs,                \
                                       .run = emit_value }

CONSTANT(boolean, "Bool", "Bool", "bool", "false", false, "True or false");
CONSTANT(integer, "Integer", "Integer", "int", "0", false, "A whole number");
CONSTANT(real, "Float", "Float", "float", "0.0", false, "A number");
CONSTANT(string, "String", "String", "str", "\"\"", false, "A text");
CONSTANT(list, "List", "List", "list[any]", "[]", false, "A list");
CONSTANT(dict, "Dict", "Dict", "dict[str,any]", "{}", false, "A dictionary");
CONSTANT(text_list, "TextList", "Text List", "list[str]", NULL, true,
         "A list of texts");
CONSTANT(image, "Image", "Image", "image", NT_DEFAULT_IMAGE, false, "An image");
CONSTANT(audio, "Audio", "Audio", "audio", NT_DEFAULT_AUDIO, false, "A sound");
CONSTANT(video, "Video", "Video", "video", NT_DEFAULT_VIDEO, false, "A video");
CONSTANT(document, "Document", "Document", "document", NT_DEFAULT_DOCUMENT,
         false, "A document");
CONSTANT(dataframe, "DataFrame", "Data Frame", "dataframe",
         NT_DEFAULT_DATAFRAME, false, "A table");
CONSTANT(json, "JSON", "JSON", "json", NT_DEFAULT_JSON, false,
         "A JSON document");
CONSTANT(model_3d, "Model3D", "Model 3D", "model_3d", NT_DEFAULT_MODEL_3D,
         false, "A 3D model");
CONSTANT(image_list, "ImageList", "Image List", "list[image]", NULL, true,
         "A list of images");
CONSTANT(audio_list, "AudioList", "Audio List", "list[audio]", NULL, true,
         "A list of sounds");
CONSTANT(video_list, "VideoList", "Video List", "list[video]", NULL, true,
         "A list of videos");
CONSTANT(language_model, "LanguageModelConstant", "Language Model Constant",
         "language_model", NULL, true, "The name of a language model");
CONSTANT(image_model, "ImageModelConstant", "Image Model Constant",
         "image_model", NULL, true, "The name of an image model");
CONSTANT(video_model, "VideoModelConstant", "Video Model Constant",
         "video_model", NULL, true, "The name of a video model");
CONSTANT(tts_model, "TTSModelConstant", "TTSModel Constant", "tts_model", NULL,
         true, "The name of a model that speaks");
CONSTANT(asr_model, "ASRModelConstant", "ASRModel Constant", "asr_model", NULL,
         true, "The name of a model that hears");
CONSTANT(embedding_model, "EmbeddingModelConstant", "Embedding Model Constant",
         "embedding_model", NULL, true, "The name of an embedding model");

/* --- Constant: what the others are kinds of --- */

static nt_node_rc_t
emit_nothing(nt_node_call_t *call)
{
    (void) call;
    return NT_NODE_DONE;
}

static const nt_node_type_t constant = {
    .type = "nodetool.constant.Constant",
    .title = "Constant",
    .description = "The kind that all constants are of; has no value itself",
    .run = emit_nothing
};

/* --- Select --- */

static const nt_property_t select_properties[] = {
    { .name = "value",
      .type = "str",
      .default_json = "\"\"",
      .description = "The option that is chosen" },
    { .name = "options",
      .type = "list[str]",
      .default_json = "[]",
      .description = "Values to choose from" },
    { .name = "enum_type_name",
      .type = "str",
      .default_json = "\"\"",
      .description = "Name of the enumeration that the options are of" },
    { .name = NULL }
};

static const nt_output_t select_outputs[] = { { "output", "str" },
                                              { NULL, NULL } };

static const nt_node_type_t choice = { .type = "nodetool.constant.Select",
                                       .title = "Select",
                                       .description = "One of some texts",
                                       .properties = select_properties,
                                       .outputs = select_outputs,
                                       .run = emit_value };

/* --- ImageSize --- */

static const nt_property_t image_size_properties[] = {
    { .name = "value",
      .type = "image_size",
      .required = true,
      .description = "Width and height" },
    { .name = NULL }
};

static const nt_output_t image_size_outputs[] = { { "image_size",
                                                    "image_size" },
                                                  { "width", "int" },
                                                  { "height", "int" },
                                                  { NULL, NULL } };

static nt_node_rc_t
emit_member(nt_node_call_t *call, const json_t *value, const char *name)
{
    json_t *member = json_object_get(value, name);

    if (!json_is_integer(member)) {
        return nt_call_fail(call,
                            "input \"value\" needs \"%s\", a whole number",
                            name);
    }
    return nt_call_emit(call, name, json_incref(member));
}

static nt_node_rc_t
emit_image_size(nt_node_call_t *call)
{
    json_t *value = nt_call_input(call, "value");

    if (nt_call_emit(call, "image_size", json_incref(value)) ||
        emit_member(call, value, "width"))
    {
        return NT_NODE_FAIL;
    }
    return emit_member(call, value, "height");
}

static const nt_node_type_t image_size = { .type =
                                               "nodetool.constant.ImageSize",
                                           .title = "Image Size",
                                           .description =
                                               "Width and height of an image",
                                           .properties = image_size_properties,
                                           .outputs = image_size_outputs,
                                           .run = emit_image_size };

/* --- Date, DateTime --- */

static const double year_min = 1, year_max = 9999;
static const double month_min = 1, month_max = 12;
static const double day_min = 1, day_max = 31;
static const double from_zero = 0, hour_max = 23, sixty_max = 59;
static const double thousand_max = 999;
static const double offset_min = -720, offset_max = 840;

#define NUMBER(id, json, least, most, text)                                    \
    {                                                                          \
        .name = id, .type = "int", .default_json = json, .min = &least,        \
        .max = &most, .description = text                                      \
    }

static const nt_property_t date_properties[] = {
    NUMBER("year", "1900", year_min, year_max, "Year"),
    NUMBER("month", "1", month_min, month_max, "Month"),
    NUMBER("day", "1", day_min, day_max, "Day of the month"),
    { .name = NULL }
};

static const nt_property_t datetime_properties[] = {
    NUMBER("year", "1900", year_min, year_max, "Year"),
    NUMBER("month", "1", month_min, month_max, "Month"),
    NUMBER("day", "1", day_min, day_max, "Day of the month"),
    NUMBER("hour", "0", from_zero, hour_max, "Hour"),
    NUMBER("minute", "0", from_zero, sixty_max, "Minute"),
    NUMBER("second", "0", from_zero, sixty_max, "Second"),
    NUMBER("millisecond", "0", from_zero, thousand_max, "Millisecond"),
    { .name = "tzinfo",
      .type = "str",
      .default_json = "\"UTC\"",
      .description = "Name of the time zone" },
    NUMBER("utc_offset", "0", offset_min, offset_max,
           "Minutes that the time zone is ahead of UTC"),
    { .name = NULL }
};

static const nt_output_t date_outputs[] = { { "output", "date" },
                                            { NULL, NULL } };
static const nt_output_t datetime_outputs[] = { { "output", "datetime" },
                                                { NULL, NULL } };

/* NULL after nt_call_fail. */
static json_t *
read_numbers(nt_node_call_t *call, const char *type,
             const nt_property_t *properties)
{
    json_t *value, *number;
    int64_t n;

    value = json_pack("{s:s}", "type", type);
    if (value == NULL) {
        (void) nt_call_fail(call, "the server is out of memory");
        return NULL;
    }
    for (; properties->name != NULL; properties++) {
        number = nt_call_input(call, properties->name);
        n = json_integer_value(number);
        if (properties->min != NULL &&
            ((double) n < *properties->min || (double) n > *properties->max))
        {
            (void) nt_call_fail(call,
                                "input \"%s\" takes %.0f to %.0f, %lld came",
                                properties->name, *properties->min,
                                *properties->max, (long long) n);
            json_decref(value);
            return NULL;
        }
        if (json_object_set(value, properties->name, number) != 0) {
            (void) nt_call_fail(call, "the server is out of memory");
            json_decref(value);
            return NULL;
        }
    }
    return value;
}

static int
days_in_month(int64_t year, int64_t month)
{
    static const int days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static nt_node_rc_t
emit_time(nt_node_call_t *call, const char *type,
          const nt_property_t *properties)
{
    json_t *value;

    value = read_numbers(call, type, properties);
    if (value == NULL) {
        return NT_NODE_FAIL;
    }
    if (nt_call_int(call, "day") >
        days_in_month(nt_call_int(call, "year"), nt_call_int(call, "month")))
    {
        json_decref(value);
        return nt_call_fail(call,
                            "input \"day\": there is no day %lld in "
                            "month %lld of %lld",
                            (long long) nt_call_int(call, "day"),
                            (long long) nt_call_int(call, "month"),
                            (long long) nt_call_int(call, "year"));
    }
    return nt_call_emit(call, "output", value);
}

static nt_node_rc_t
emit_date(nt_node_call_t *call)
{
    return emit_time(call, "date", date_properties);
}

static nt_node_rc_t
emit_datetime(nt_node_call_t *call)
{
    return emit_time(call, "datetime", datetime_properties);
}

static const nt_node_type_t date = { .type = "nodetool.constant.Date",
                                     .title = "Date",
                                     .description = "A day of the calendar",
                                     .properties = date_properties,
                                     .outputs = date_outputs,
                                     .run = emit_date };

static const nt_node_type_t datetime = {
    .type = "nodetool.constant.DateTime",
    .title = "Date Time",
    .description = "A day and time of day in a time zone",
    .properties = datetime_properties,
    .outputs = datetime_outputs,
    .run = emit_datetime
};

static const nt_node_type_t *const types[] = { &boolean,
                                               &integer,
                                               &real,
                                               &string,
                                               &list,
                                               &dict,
                                               &text_list,
                                               &image,
                                               &audio,
                                               &video,
                                               &document,
                                               &dataframe,
                                               &json,
                                               &model_3d,
                                               &image_list,
                                               &audio_list,
                                               &video_list,
                                               &language_model,
                                               &image_model,
                                               &video_model,
                                               &tts_model,
                                               &asr_model,
                                               &embedding_model,
                                               &constant,
                                               &choice,
                                               &image_size,
                                               &date,
                                               &datetime,
                                               NULL };

const nt_node_library_t nt_nodes_constant = { NODETOOL_NODE_ABI, "constant",
                                              types };
