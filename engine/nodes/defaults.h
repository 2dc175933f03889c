/*
 * engine/nodes/defaults.h - the empty values of NodeTool's object types, as
 * default_json texts.
 */

#ifndef NT_DEFAULTS_H
#define NT_DEFAULTS_H

#define NT_ASSET_FIELDS                                                        \
    "\"uri\":\"\",\"asset_id\":null,\"data\":null,\"metadata\":null"

#define NT_DEFAULT_AUDIO    "{\"type\":\"audio\"," NT_ASSET_FIELDS "}"
#define NT_DEFAULT_DOCUMENT "{\"type\":\"document\"," NT_ASSET_FIELDS "}"
#define NT_DEFAULT_FOLDER   "{\"type\":\"folder\"," NT_ASSET_FIELDS "}"
#define NT_DEFAULT_IMAGE    "{\"type\":\"image\"," NT_ASSET_FIELDS "}"
#define NT_DEFAULT_JSON     "{\"type\":\"json\"," NT_ASSET_FIELDS "}"
#define NT_DEFAULT_DATAFRAME                                                   \
    "{\"type\":\"dataframe\"," NT_ASSET_FIELDS ",\"columns\":null}"
#define NT_DEFAULT_VIDEO                                                       \
    "{\"type\":\"video\"," NT_ASSET_FIELDS ",\"duration\":null,\"format\":"    \
    "null}"
#define NT_DEFAULT_MODEL_3D                                                    \
    "{\"type\":\"model_3d\"," NT_ASSET_FIELDS                                  \
    ",\"format\":null,\"material_file\":null,\"texture_files\":[]}"

#define NT_DEFAULT_DATE "{\"type\":\"date\",\"year\":0,\"month\":0,\"day\":0}"
#define NT_DEFAULT_DATETIME                                                    \
    "{\"type\":\"datetime\",\"year\":0,\"month\":0,\"day\":0,"                 \
    "\"hour\":0,\"minute\":0,\"second\":0,\"microsecond\":0,"                  \
    "\"tzinfo\":\"UTC\",\"utc_offset\":0}"
#define NT_DEFAULT_RECORD_TYPE "{\"type\":\"record_type\",\"columns\":[]}"

#define NT_DEFAULT_NP_ARRAY                                                    \
    "{\"type\":\"np_array\",\"value\":null,\"dtype\":\"<i8\",\"shape\":[1]}"

#define NT_DEFAULT_COLOR "{\"type\":\"color\",\"value\":null}"

#define NT_MODEL_FIELDS                                                        \
    "\"provider\":\"empty\",\"id\":\"\",\"name\":\"\",\"path\":null"

#define NT_DEFAULT_ASR_MODEL "{\"type\":\"asr_model\"," NT_MODEL_FIELDS "}"
#define NT_DEFAULT_LANGUAGE_MODEL                                              \
    "{\"type\":\"language_model\"," NT_MODEL_FIELDS ",\"supported_tasks\":[]}"
#define NT_DEFAULT_IMAGE_MODEL                                                 \
    "{\"type\":\"image_model\"," NT_MODEL_FIELDS ",\"supported_tasks\":[]}"
#define NT_DEFAULT_VIDEO_MODEL                                                 \
    "{\"type\":\"video_model\"," NT_MODEL_FIELDS ",\"supported_tasks\":[]}"
#define NT_DEFAULT_TTS_MODEL                                                   \
    "{\"type\":\"tts_model\"," NT_MODEL_FIELDS                                 \
    ",\"voices\":[],\"selected_voice\":\"\"}"
#define NT_DEFAULT_EMBEDDING_MODEL                                             \
    "{\"type\":\"embedding_model\",\"provider\":\"empty\","                    \
    "\"id\":\"\",\"name\":\"\",\"dimensions\":0}"
#define NT_DEFAULT_HF_MODEL                                                    \
    "{\"type\":\"hf.model\",\"repo_id\":\"\",\"path\":null,"                   \
    "\"variant\":null,\"allow_patterns\":null,\"ignore_patterns\":null}"

#define NT_DEFAULT_MESSAGE                                                     \
    "{\"type\":\"message\",\"id\":null,\"workflow_id\":null,"                  \
    "\"graph\":null,\"thread_id\":null,\"tools\":null,"                        \
    "\"tool_call_id\":null,\"role\":\"\",\"name\":null,"                       \
    "\"content\":null,\"tool_calls\":null,\"collections\":null,"               \
    "\"input_files\":null,\"created_at\":null,\"provider\":null,"              \
    "\"model\":null,\"agent_mode\":null,\"help_mode\":null,"                   \
    "\"agent_execution_id\":null,\"execution_event_type\":null,"               \
    "\"workflow_target\":null,\"workflow_message_input_name\":null,"           \
    "\"workflow_messages_input_name\":null}"

#endif
