/*
 * engine/models/kie_video.c - kie.video.*: videos of texts.
 */

#include "engine/models/kie.h"
#include "engine/nodes/registry.h"

static const double n10 = 10;

#define PROMPT                                                                 \
    NT_PROP("prompt", "str",                                                   \
            "\"A cinematic video with smooth motion, natural lighting, and "   \
            "high detail.\"",                                                  \
            "What to make")
#define RESOLUTION                                                             \
    NT_KIE_ENUM("resolution", "\"1080p\"", "How large", "720p", "1080p")
#define DURATION NT_KIE_ENUM("duration", "\"5\"", "Seconds", "5", "10")
#define ASPECT_RATIO                                                           \
    NT_KIE_ENUM("aspect_ratio", "\"16:9\"", "Width to height", "16:9", "9:16", \
                "1:1")
#define DURATION_2 NT_KIE_ENUM("duration", "\"6\"", "Seconds", "6", "10")
#define RESOLUTION_2                                                           \
    NT_KIE_ENUM("resolution", "\"768P\"", "How large", "768P", "1080P")
#define DURATION_3 NT_PROP_INT("duration", "5", &nt_one, &n10, "Seconds")
#define SEED                                                                   \
    NT_PROP("seed", "int", "-1",                                               \
            "The same seed makes the same; 0 or less for any")
#define DURATION_4 NT_KIE_ENUM("duration", "5", "Seconds", "5", "10")
#define QUALITY    NT_KIE_ENUM("quality", "\"720p\"", "How fine", "720p", "1080p")
#define WATER_MARK                                                             \
    NT_PROP("water_mark", "str", "\"\"", "A text to put on the video")
#define CALL_BACK_URL                                                          \
    NT_PROP("call_back_url", "str", "\"\"",                                    \
            "An address that Kie.ai tells when it is through")
#define ASPECT_RATIO_2                                                         \
    NT_KIE_ENUM("aspect_ratio", "\"16:9\"", "Width to height", "1:1", "16:9",  \
                "9:16", "4:3", "3:4", "21:9", "9:21")
#define RESOLUTION_3 NT_KIE_ENUM("resolution", "\"720p\"", "How large", "720p")
#define REMOVE_WATERMARK                                                       \
    NT_PROP("remove_watermark", "bool", "true", "Without a watermark")
#define ASPECT_RATIO_3                                                         \
    NT_KIE_ENUM("aspect_ratio", "\"landscape\"", "Width to height",            \
                "landscape", "portrait", "square")
#define N_FRAMES NT_KIE_ENUM("n_frames", "\"10\"", "Seconds", "10", "15")
#define RESOLUTION_4                                                           \
    NT_KIE_ENUM("resolution", "\"1080p\"", "How large", "1080p", "720p")


NT_KIE_NODE(grok_imagine_text_to_video, "video.GrokImagineTextToVideo",
            "Grok Imagine Text To Video",
            "A video of what a text says, by Grok Imagine.", video, NT_KIE_JOBS,
            "grok-imagine/text-to-video", NULL, PROMPT, RESOLUTION,
            NT_KIE_ENUM("duration", "\"medium\"", "Seconds", "short", "medium",
                        "long"));


NT_KIE_NODE(hailuo02_text_to_video, "video.Hailuo02TextToVideo",
            "Hailuo 02 Text To Video",
            "A video of what a text says, by Hailuo 02.", video, NT_KIE_JOBS,
            "hailuo/02-text-to-video", NULL, PROMPT, DURATION,
            NT_KIE_ENUM("resolution", "\"720p\"", "How large", "720p", "1080p"),
            ASPECT_RATIO);


NT_KIE_NODE(hailuo_text_to_video_pro, "video.HailuoTextToVideoPro",
            "Hailuo 2.3 Pro Text To Video",
            "A video of what a text says, by Hailuo 2.3 Pro.", video,
            NT_KIE_JOBS, "hailuo/2-3-text-to-video-pro", NULL, PROMPT,
            DURATION_2, RESOLUTION_2);


NT_KIE_NODE(hailuo_text_to_video_standard, "video.HailuoTextToVideoStandard",
            "Hailuo 2.3 Standard Text To Video",
            "A video of what a text says, by Hailuo 2.3 Standard.", video,
            NT_KIE_JOBS, "hailuo/2-3-text-to-video-standard", NULL, PROMPT,
            DURATION_2, RESOLUTION_2);


NT_KIE_NODE(kling21_text_to_video, "video.Kling21TextToVideo",
            "Kling 2.1 Text To Video",
            "A video of what a text says, by Kling 2.1.", video, NT_KIE_JOBS,
            "kling/v2-1-text-to-video",
            NT_KIE_RULES({ "duration", NULL, NULL, NT_KIE_TEXT }), PROMPT,
            ASPECT_RATIO, DURATION_3,
            NT_KIE_ENUM("resolution", "\"720P\"", "How large", "720P", "1080P"),
            NT_KIE_ENUM("mode", "\"standard\"", "How the model works",
                        "standard", "pro"),
            SEED);


NT_KIE_NODE(kling25_turbo_text_to_video, "video.Kling25TurboTextToVideo",
            "Kling 2.5 Turbo Text To Video",
            "A video of what a text says, by Kling 2.5 Turbo.", video,
            NT_KIE_JOBS, "kling/v2-5-turbo-text-to-video-pro", NULL, PROMPT,
            DURATION, ASPECT_RATIO,
            NT_PROP("negative_prompt", "str", "\"\"", "What not to show"),
            NT_PROP_FLOAT("cfg_scale", "0.5", &nt_zero, &nt_one,
                          "How close to keep to the prompt"));


NT_KIE_NODE(kling_text_to_video, "video.KlingTextToVideo",
            "Kling 2.6 Text To Video",
            "A video of what a text says, by Kling 2.6.", video, NT_KIE_JOBS,
            "kling-2.6/text-to-video",
            NT_KIE_RULES({ "duration", NULL, NULL, NT_KIE_TEXT }), PROMPT,
            ASPECT_RATIO, DURATION_3,
            NT_KIE_ENUM("resolution", "\"768P\"", "How large", "768P"), SEED);


NT_KIE_NODE(runway_aleph_video, "video.RunwayAlephVideo", "Runway Aleph Video",
            "A video of what a text says, by Runway Aleph Video.", video,
            NT_KIE_RUNWAY, "/api/v1/runway/generate",
            NT_KIE_RULES({ "duration", NULL, NULL, NT_KIE_NUMBER }), PROMPT,
            ASPECT_RATIO, DURATION_4, QUALITY, WATER_MARK, CALL_BACK_URL);


NT_KIE_NODE(
    runway_gen3_alpha_extend_video, "video.RunwayGen3AlphaExtendVideo",
    "Runway Gen-3 Alpha Extend Video",
    "A video that goes on where one ends, by Runway.", video, NT_KIE_RUNWAY,
    "/api/v1/runway/generate",
    NT_KIE_RULES({ "video_url", "video_url", NULL, 0 },
                 { "prompt", NULL, NULL, NT_KIE_OPTIONAL },
                 { "duration", NULL, NULL, NT_KIE_NUMBER }),
    NT_PROP("video_url", "str", "\"\"", "The address of the video"),
    NT_PROP("prompt", "str",
            "\"Continue the motion naturally with smooth transitions.\"",
            "What to make"),
    DURATION_4, QUALITY, WATER_MARK, CALL_BACK_URL);


NT_KIE_NODE(runway_gen3_alpha_text_to_video, "video.RunwayGen3AlphaTextToVideo",
            "Runway Gen-3 Alpha Text To Video",
            "A video of what a text says, by Runway Gen-3 Alpha.", video,
            NT_KIE_RUNWAY, "/api/v1/runway/generate",
            NT_KIE_RULES({ "duration", NULL, NULL, NT_KIE_NUMBER }), PROMPT,
            NT_KIE_ENUM("aspect_ratio", "\"16:9\"", "Width to height", "16:9",
                        "4:3", "1:1", "3:4", "9:16"),
            DURATION_4, QUALITY, WATER_MARK, CALL_BACK_URL);


NT_KIE_NODE(seedance_v1_lite_text_to_video, "video.SeedanceV1LiteTextToVideo",
            "Seedance V1 Lite Text To Video",
            "A video of what a text says, by Seedance V1 Lite.", video,
            NT_KIE_JOBS, "seedance/v1-lite-text-to-video", NULL, ASPECT_RATIO_2,
            RESOLUTION_3, DURATION, REMOVE_WATERMARK, PROMPT);


NT_KIE_NODE(seedance_v1_pro_text_to_video, "video.SeedanceV1ProTextToVideo",
            "Seedance V1 Pro Text To Video",
            "A video of what a text says, by Seedance V1 Pro.", video,
            NT_KIE_JOBS, "seedance/v1-pro-text-to-video", NULL, ASPECT_RATIO_2,
            RESOLUTION_3, DURATION, REMOVE_WATERMARK, PROMPT);


NT_KIE_NODE(sora2_pro_text_to_video, "video.Sora2ProTextToVideo",
            "Sora 2 Pro Text To Video",
            "A video of what a text says, by Sora 2 Pro.", video, NT_KIE_JOBS,
            "sora-2-pro-text-to-video", NULL, ASPECT_RATIO_3, REMOVE_WATERMARK,
            N_FRAMES, PROMPT);


NT_KIE_NODE(sora2_text_to_video, "video.Sora2TextToVideo",
            "Sora 2 Text To Video", "A video of what a text says, by Sora 2.",
            video, NT_KIE_JOBS, "sora-2-text-to-video", NULL, ASPECT_RATIO_3,
            REMOVE_WATERMARK, N_FRAMES, PROMPT);


NT_KIE_NODE(veo31_text_to_video, "video.Veo31TextToVideo",
            "Veo 31 Text To Video", "A video of what a text says, by Veo 31.",
            video, NT_KIE_VEO, "/api/v1/veo/generate",
            NT_KIE_RULES({ "aspect_ratio", "aspect_ratio", NULL, 0 }),
            NT_KIE_ENUM("model", "\"veo3_fast\"", "The model", "veo3",
                        "veo3_fast"),
            NT_KIE_ENUM("aspect_ratio", "\"16:9\"", "Width to height", "16:9",
                        "9:16"),
            CALL_BACK_URL, PROMPT);


NT_KIE_NODE(wan22_text_to_video, "video.Wan22TextToVideo",
            "Wan 2.2 Text To Video", "A video of what a text says, by Wan 2.2.",
            video, NT_KIE_JOBS, "wan/v2-2-text-to-video", NULL, PROMPT,
            NT_KIE_ENUM("duration", "\"3\"", "Seconds", "3", "5"), RESOLUTION_3,
            ASPECT_RATIO);


NT_KIE_NODE(wan25_text_to_video, "video.Wan25TextToVideo",
            "Wan 2.5 Text To Video", "A video of what a text says, by Wan 2.5.",
            video, NT_KIE_JOBS, "wan/2-5-text-to-video", NULL, PROMPT,
            NT_KIE_ENUM("duration", "\"5s\"", "Seconds", "5s", "10s"),
            RESOLUTION_4, ASPECT_RATIO);


NT_KIE_NODE(wan26_text_to_video, "video.Wan26TextToVideo",
            "Wan 2.6 Text To Video", "A video of what a text says, by Wan 2.6.",
            video, NT_KIE_JOBS, "wan/2-6-text-to-video", NULL, PROMPT,
            NT_KIE_ENUM("duration", "\"5s\"", "Seconds", "5s", "10"),
            RESOLUTION_4);


NT_KIE_NODE(wan_multi_shot_text_to_video_pro,
            "video.WanMultiShotTextToVideoPro",
            "Wan 2.1 Multi-Shot Text To Video",
            "A video of what a text says, by Wan 2.1 Multi-Shot.", video,
            NT_KIE_JOBS, "wan/v2-1-multi-shot-text-to-video-pro", NULL, PROMPT,
            NT_KIE_ENUM("aspect_ratio", "\"16:9\"", "Width to height", "16:9",
                        "9:16", "1:1", "4:3", "3:4"),
            RESOLUTION, DURATION, REMOVE_WATERMARK);


static const nt_node_type_t *const types[] = {
    &grok_imagine_text_to_video,
    &hailuo02_text_to_video,
    &hailuo_text_to_video_pro,
    &hailuo_text_to_video_standard,
    &kling21_text_to_video,
    &kling25_turbo_text_to_video,
    &kling_text_to_video,
    &runway_aleph_video,
    &runway_gen3_alpha_extend_video,
    &runway_gen3_alpha_text_to_video,
    &seedance_v1_lite_text_to_video,
    &seedance_v1_pro_text_to_video,
    &sora2_pro_text_to_video,
    &sora2_text_to_video,
    &veo31_text_to_video,
    &wan22_text_to_video,
    &wan25_text_to_video,
    &wan26_text_to_video,
    &wan_multi_shot_text_to_video_pro,
    NULL
};

const nt_node_library_t nt_nodes_kie_video = { .abi = NODETOOL_NODE_ABI,
                                               .name = "kie-video",
                                               .types = types };
