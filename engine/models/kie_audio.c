/*
 * engine/models/kie_audio.c - kie.audio.*.
 */

#include "engine/models/kie.h"
#include "engine/nodes/registry.h"

static const double n0_5 = 0.5;
static const double n1_5 = 1.5;
static const double n22 = 22;

#define AUDIO         NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, "The sound")
#define TITLE         NT_PROP("title", "str", "\"\"", "The title of the track")
#define TAGS          NT_PROP("tags", "str", "\"\"", "Styles of the music")
#define NEGATIVE_TAGS NT_PROP("negative_tags", "str", "\"\"", "Styles to avoid")
#define MODEL                                                                  \
    NT_KIE_ENUM("model", "\"V4_5PLUS\"", "The model", "V4_5PLUS", "V5")
#define VOCAL_GENDER                                                           \
    NT_KIE_ENUM("vocal_gender", "\"\"", "Who sings", "", "m", "f")
#define STYLE_WEIGHT                                                           \
    NT_PROP("style_weight", "float", "0.0",                                    \
            "How much the style counts, 0 to 1; 0 for the default")
#define WEIRDNESS_CONSTRAINT                                                   \
    NT_PROP("weirdness_constraint", "float", "0.0",                            \
            "How far to go from the usual, 0 to 1; 0 for the default")
#define AUDIO_WEIGHT                                                           \
    NT_PROP("audio_weight", "float", "0.0",                                    \
            "How much the sound counts, 0 to 1; 0 for the default")
#define PROMPT NT_PROP("prompt", "str", "\"\"", "What to make")
#define STYLE  NT_PROP("style", "str", "\"\"", "The style")
#define CUSTOM_MODE                                                            \
    NT_PROP(                                                                   \
        "custom_mode", "bool", "false",                                        \
        "Take style and title as they are given, and the prompt as lyrics")
#define INSTRUMENTAL NT_PROP("instrumental", "bool", "false", "Without voices")
#define MODEL_2                                                                \
    NT_KIE_ENUM("model", "\"V4_5PLUS\"", "The model", "V4", "V4_5",            \
                "V4_5PLUS", "V4_5ALL", "V5")
#define PERSONA_ID                                                             \
    NT_PROP("persona_id", "str", "\"\"", "The persona whose style to take")
#define TEXT NT_PROP("text", "str", "\"\"", "What to say")
#define LANGUAGE_CODE                                                          \
    NT_PROP("language_code", "str", "\"\"", "The language (ISO 639-1)")
#define VOICE NT_PROP("voice", "str", "\"Rachel\"", "The voice's name")
#define STABILITY                                                              \
    NT_PROP_FLOAT("stability", "0.5", &nt_zero, &nt_one,                       \
                  "How even the voice is, 0 to 1")
#define SIMILARITY_BOOST                                                       \
    NT_PROP_FLOAT("similarity_boost", "0.75", &nt_zero, &nt_one,               \
                  "How close to keep to the voice, 0 to 1")
#define STYLE_2 NT_PROP_FLOAT("style", "0.0", &nt_zero, &nt_one, "The style")
#define SPEED   NT_PROP_FLOAT("speed", "1.0", &n0_5, &n1_5, "How fast to speak")
#define AUDIO_ID                                                               \
    NT_PROP("audio_id", "str", "\"\"",                                         \
            "The track's id, which the task that made it has told")


NT_KIE_NODE(add_instrumental, "audio.AddInstrumental", "Add Instrumental",
            "Instruments for a recorded voice, by Suno.", audio, NT_KIE_SUNO,
            "/api/v1/generate/add-instrumental",
            NT_KIE_RULES({ "", "callBackUrl", "https://example.com/callback",
                           0 }),
            AUDIO, TITLE, TAGS, NEGATIVE_TAGS, MODEL, VOCAL_GENDER,
            STYLE_WEIGHT, WEIRDNESS_CONSTRAINT, AUDIO_WEIGHT);


NT_KIE_NODE(add_vocals, "audio.AddVocals", "Add Vocals",
            "A voice for recorded music, by Suno.", audio, NT_KIE_SUNO,
            "/api/v1/generate/add-vocals",
            NT_KIE_RULES({ "", "callBackUrl", "https://example.com/callback",
                           0 }),
            AUDIO, PROMPT, TITLE, STYLE, TAGS, NEGATIVE_TAGS, MODEL,
            VOCAL_GENDER, STYLE_WEIGHT, WEIRDNESS_CONSTRAINT, AUDIO_WEIGHT);


NT_KIE_NODE(cover_audio, "audio.CoverAudio", "Cover Audio",
            "The melody of a recording in another style, by Suno.", audio,
            NT_KIE_SUNO, "/api/v1/generate/upload-cover",
            NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL },
                         { "", "callBackUrl", "https://example.com/callback",
                           0 }),
            CUSTOM_MODE, AUDIO, PROMPT, STYLE, TITLE, INSTRUMENTAL, MODEL_2,
            NEGATIVE_TAGS, VOCAL_GENDER, STYLE_WEIGHT, WEIRDNESS_CONSTRAINT,
            AUDIO_WEIGHT, PERSONA_ID);


NT_KIE_NODE(eleven_labs_audio_isolation, "audio.ElevenLabsAudioIsolation",
            "ElevenLabs Audio Isolation",
            "A recording without its noise, by ElevenLabs.", audio, NT_KIE_JOBS,
            "elevenlabs/audio-isolation", NULL, AUDIO);


NT_KIE_NODE(eleven_labs_sound_effect, "audio.ElevenLabsSoundEffect",
            "ElevenLabs Sound Effect",
            "A sound of what a text says, by ElevenLabs.", audio, NT_KIE_JOBS,
            "elevenlabs/sound-effect", NULL, TEXT,
            NT_PROP_FLOAT("duration_seconds", "5.0", &n0_5, &n22, "Seconds"),
            NT_PROP_FLOAT("prompt_influence", "0.3", &nt_zero, &nt_one,
                          "How close to keep to the text, 0 to 1"));


NT_KIE_NODE(eleven_labs_speech_to_text, "audio.ElevenLabsSpeechToText",
            "ElevenLabs Speech To Text",
            "What is said in a recording, by ElevenLabs.", text, NT_KIE_JOBS,
            "elevenlabs/speech-to-text", NULL, AUDIO, LANGUAGE_CODE,
            NT_PROP("diarization", "bool", "false", "Tell who speaks"));


NT_KIE_NODE(eleven_labs_text_to_speech, "audio.ElevenLabsTextToSpeech",
            "ElevenLabs Text To Speech",
            "A text, spoken by a voice of ElevenLabs.", audio, NT_KIE_JOBS,
            "elevenlabs/", NT_KIE_RULES({ "model", NULL, NULL, NT_KIE_MODEL }),
            TEXT, VOICE, STABILITY, SIMILARITY_BOOST, STYLE_2, SPEED,
            LANGUAGE_CODE,
            NT_KIE_ENUM("model", "\"text-to-speech-turbo-2-5\"", "The model",
                        "text-to-speech-turbo-2-5",
                        "text-to-speech-multilingual-v2"));


NT_KIE_NODE(eleven_labs_v3_dialogue, "audio.ElevenLabsV3Dialogue",
            "ElevenLabs V3 Dialogue",
            "A dialogue, spoken by voices of ElevenLabs.", audio, NT_KIE_JOBS,
            "elevenlabs/text-to-dialogue-v3", NULL, TEXT, VOICE, STABILITY,
            SIMILARITY_BOOST, STYLE_2, SPEED, LANGUAGE_CODE);


NT_KIE_NODE(extend_music, "audio.ExtendMusic", "Extend Music",
            "A track of Suno's, made longer.", audio, NT_KIE_SUNO,
            "/api/v1/generate/extend",
            NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL },
                         { "", "callBackUrl", "https://example.com/callback",
                           0 }),
            NT_PROP("default_param_flag", "bool", "false",
                    "Take the parameters that are given here instead of those "
                    "of the track"),
            AUDIO_ID, PROMPT, STYLE, TITLE,
            NT_PROP_FLOAT("continue_at", "0.0", &nt_zero, NULL,
                          "Seconds into the track where the new part begins"),
            MODEL_2, NEGATIVE_TAGS, VOCAL_GENDER, STYLE_WEIGHT,
            WEIRDNESS_CONSTRAINT, AUDIO_WEIGHT, PERSONA_ID);


NT_KIE_NODE(generate_music, "audio.GenerateMusic", "Generate Music",
            "Music of what a text says, by Suno.", audio, NT_KIE_SUNO,
            "/api/v1/generate",
            NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL },
                         { "", "callBackUrl", "https://example.com/callback",
                           0 }),
            CUSTOM_MODE, PROMPT, STYLE, TITLE, INSTRUMENTAL, MODEL_2,
            NEGATIVE_TAGS, VOCAL_GENDER, STYLE_WEIGHT, WEIRDNESS_CONSTRAINT,
            AUDIO_WEIGHT, PERSONA_ID);


NT_KIE_NODE(replace_music_section, "audio.ReplaceMusicSection",
            "Replace Music Section",
            "A track of Suno's with a part of it made anew.", audio,
            NT_KIE_SUNO, "/api/v1/generate/replace-section", NULL,
            NT_PROP("task_id", "str", "\"\"",
                    "The id of the task that made the track"),
            AUDIO_ID, PROMPT, TAGS, TITLE,
            NT_PROP_FLOAT("infill_start_s", "0.0", &nt_zero, NULL,
                          "Seconds into the track where the new part begins"),
            NT_PROP_FLOAT("infill_end_s", "0.0", &nt_zero, NULL,
                          "Seconds into the track where the new part ends"),
            NEGATIVE_TAGS,
            NT_PROP("full_lyrics", "str", "\"\"",
                    "All of the lyrics, with the new part"));


static const nt_node_type_t *const types[] = { &add_instrumental,
                                               &add_vocals,
                                               &cover_audio,
                                               &eleven_labs_audio_isolation,
                                               &eleven_labs_sound_effect,
                                               &eleven_labs_speech_to_text,
                                               &eleven_labs_text_to_speech,
                                               &eleven_labs_v3_dialogue,
                                               &extend_music,
                                               &generate_music,
                                               &replace_music_section,
                                               NULL };

const nt_node_library_t nt_nodes_kie_audio = { .abi = NODETOOL_NODE_ABI,
                                               .name = "kie-audio",
                                               .types = types };
