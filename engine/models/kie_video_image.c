/*
 * engine/models/kie_video_image.c - kie.video.*: videos of images, sounds and
 * videos.
 */

#include "engine/models/kie.h"
#include "engine/nodes/registry.h"


#define PROMPT                                                                 \
    NT_PROP("prompt", "str",                                                   \
            "\"A cinematic video with smooth motion, natural lighting, and "   \
            "high detail.\"",                                                  \
            "What to make")
#define IMAGE    NT_PROP("image", "image", NT_DEFAULT_IMAGE, "The image")
#define DURATION NT_KIE_ENUM("duration", "\"5\"", "Seconds", "5", "10")
#define RESOLUTION                                                             \
    NT_KIE_ENUM("resolution", "\"720p\"", "How large", "720p", "1080p")
#define DURATION_2 NT_KIE_ENUM("duration", "\"6\"", "Seconds", "6", "10")
#define RESOLUTION_2                                                           \
    NT_KIE_ENUM("resolution", "\"768P\"", "How large", "768P", "1080P")
#define AUDIO      NT_PROP("audio", "audio", NT_DEFAULT_AUDIO, "The sound")
#define IMAGE1     NT_PROP("image1", "image", NT_DEFAULT_IMAGE, "An image")
#define IMAGE2     NT_PROP("image2", "image", NT_DEFAULT_IMAGE, "A second image")
#define IMAGE3     NT_PROP("image3", "image", NT_DEFAULT_IMAGE, "A third image")
#define SOUND      NT_PROP("sound", "bool", "false", "Also make the sound")
#define DURATION_3 NT_PROP("duration", "int", "5", "Seconds")
#define MODE                                                                   \
    NT_KIE_ENUM("mode", "\"standard\"", "How the model works", "standard",     \
                "pro")
#define VIDEO NT_PROP("video", "video", NT_DEFAULT_VIDEO, "The video")
#define CALL_BACK_URL                                                          \
    NT_PROP("call_back_url", "str", "\"\"",                                    \
            "An address that Kie.ai tells when it is through")
#define ASPECT_RATIO                                                           \
    NT_KIE_ENUM("aspect_ratio", "\"16:9\"", "Width to height", "1:1", "16:9",  \
                "9:16", "4:3", "3:4", "21:9", "9:21")
#define RESOLUTION_3 NT_KIE_ENUM("resolution", "\"720p\"", "How large", "720p")
#define REMOVE_WATERMARK                                                       \
    NT_PROP("remove_watermark", "bool", "true", "Without a watermark")
#define ASPECT_RATIO_2                                                         \
    NT_KIE_ENUM("aspect_ratio", "\"landscape\"", "Width to height",            \
                "landscape", "portrait", "square")
#define MODEL                                                                  \
    NT_KIE_ENUM("model", "\"veo3_fast\"", "The model", "veo3", "veo3_fast")
#define ASPECT_RATIO_3                                                         \
    NT_KIE_ENUM("aspect_ratio", "\"16:9\"", "Width to height", "16:9", "9:16")
#define DURATION_4 NT_KIE_ENUM("duration", "\"3\"", "Seconds", "3", "5")
#define RESOLUTION_4                                                           \
    NT_KIE_ENUM("resolution", "\"1080p\"", "How large", "1080p", "720p")


NT_KIE_NODE(grok_imagine_image_to_video, "video.GrokImagineImageToVideo",
            "Grok Imagine Image To Video",
            "A video that begins with images, by Grok Imagine.", video,
            NT_KIE_JOBS, "grok-imagine/image-to-video",
            NT_KIE_RULES({ "image", "image", NULL, 0 }), PROMPT, IMAGE,
            NT_KIE_ENUM("duration", "\"medium\"", "Seconds", "short", "medium",
                        "long"));


NT_KIE_NODE(hailuo02_image_to_video, "video.Hailuo02ImageToVideo",
            "Hailuo 02 Image To Video",
            "A video that begins with images, by Hailuo 02.", video,
            NT_KIE_JOBS, "hailuo/02-image-to-video", NULL, PROMPT, IMAGE,
            DURATION, RESOLUTION);


NT_KIE_NODE(hailuo_image_to_video_pro, "video.HailuoImageToVideoPro",
            "Hailuo 2.3 Pro Image To Video",
            "A video that begins with images, by Hailuo 2.3 Pro.", video,
            NT_KIE_JOBS, "hailuo/2-3-image-to-video-pro", NULL, IMAGE, PROMPT,
            DURATION_2, RESOLUTION_2);


NT_KIE_NODE(hailuo_image_to_video_standard, "video.HailuoImageToVideoStandard",
            "Hailuo 2.3 Standard Image To Video",
            "A video that begins with images, by Hailuo 2.3 Standard.", video,
            NT_KIE_JOBS, "hailuo/2-3-image-to-video-standard", NULL, IMAGE,
            PROMPT, DURATION_2, RESOLUTION_2);


NT_KIE_NODE(infinitalk_v1, "video.InfinitalkV1", "Infinitalk V1",
            "A video of a face that says what a recording says, by Infinitalk.",
            video, NT_KIE_JOBS, "infinitalk/from-audio", NULL, PROMPT, IMAGE,
            AUDIO, NT_KIE_ENUM("resolution", "\"480p\"", "How large", "480p"));


NT_KIE_NODE(kling21_image_to_video, "video.Kling21ImageToVideo",
            "Kling 2.1 Image To Video",
            "A video that begins with images, by Kling 2.1.", video,
            NT_KIE_JOBS, "kling/v2-1-image-to-video",
            NT_KIE_RULES({ "duration", NULL, NULL, NT_KIE_TEXT }), PROMPT,
            IMAGE1, IMAGE2, IMAGE3, SOUND, DURATION_3, MODE);


NT_KIE_NODE(
    kling25_turbo_image_to_video, "video.Kling25TurboImageToVideo",
    "Kling 2.5 Turbo Image To Video",
    "A video that begins with images, by Kling 2.5 Turbo.", video, NT_KIE_JOBS,
    "kling/v2-5-turbo-image-to-video-pro",
    NT_KIE_RULES({ "tail_image", "tail_image_url", NULL, NT_KIE_OPTIONAL }),
    PROMPT, IMAGE,
    NT_PROP("tail_image", "image", NT_DEFAULT_IMAGE, "The last picture"),
    DURATION, NT_PROP("negative_prompt", "str", "\"\"", "What not to show"),
    NT_PROP_FLOAT("cfg_scale", "0.5", &nt_zero, &nt_one,
                  "How close to keep to the prompt"));


NT_KIE_NODE(kling_aiavatar_pro, "video.KlingAIAvatarPro", "Kling AIAvatar Pro",
            "A video of a face that says what a recording says, by Kling.",
            video, NT_KIE_JOBS, "kling/v1-avatar-pro",
            NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL }), IMAGE,
            AUDIO, PROMPT, MODE);


NT_KIE_NODE(kling_aiavatar_standard, "video.KlingAIAvatarStandard",
            "Kling AIAvatar Standard",
            "A video of a face that says what a recording says, by Kling.",
            video, NT_KIE_JOBS, "kling/v1-avatar-standard",
            NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL }), IMAGE,
            AUDIO, PROMPT, MODE);


NT_KIE_NODE(kling_image_to_video, "video.KlingImageToVideo",
            "Kling 2.6 Image To Video",
            "A video that begins with images, by Kling 2.6.", video,
            NT_KIE_JOBS, "kling-2.6/image-to-video",
            NT_KIE_RULES({ "duration", NULL, NULL, NT_KIE_TEXT }), PROMPT,
            IMAGE1, IMAGE2, IMAGE3, SOUND, DURATION_3);


NT_KIE_NODE(
    kling_motion_control, "video.KlingMotionControl",
    "Kling 2.6 Motion Control",
    "A video of the figure of an image that moves as in a video, by Kling 2.6.",
    video, NT_KIE_JOBS, "kling-2.6/motion-control",
    NT_KIE_RULES({ "image", "input_urls[]", NULL, 0 },
                 { "video", "video_urls[]", NULL, 0 },
                 { "prompt", NULL, NULL, NT_KIE_OPTIONAL }),
    NT_PROP("prompt", "str", "\"The cartoon character is dancing.\"",
            "What to make"),
    IMAGE, VIDEO,
    NT_KIE_ENUM("character_orientation", "\"video\"",
                "Whether the figure stands as in the image or as in the video",
                "image", "video"),
    NT_KIE_ENUM("mode", "\"720p\"", "How the model works", "720p", "1080p"));


NT_KIE_NODE(luma_modify_video, "video.LumaModifyVideo", "Luma Modify Video",
            "A video, changed as a text says, by Luma Modify Video.", video,
            NT_KIE_JOBS, "luma/generate-luma-modify-video",
            NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL }), VIDEO,
            NT_PROP("prompt", "str",
                    "\"Enhance the video quality and add smooth motion.\"",
                    "What to make"),
            NT_KIE_ENUM("aspect_ratio", "\"16:9\"", "Width to height", "16:9",
                        "9:16", "1:1"),
            DURATION);


NT_KIE_NODE(runway_gen3_alpha_image_to_video,
            "video.RunwayGen3AlphaImageToVideo",
            "Runway Gen-3 Alpha Image To Video",
            "A video that begins with images, by Runway Gen-3 Alpha.", video,
            NT_KIE_RUNWAY, "/api/v1/runway/generate",
            NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL },
                         { "duration", NULL, NULL, NT_KIE_NUMBER }),
            IMAGE, PROMPT, NT_KIE_ENUM("duration", "5", "Seconds", "5", "10"),
            NT_KIE_ENUM("quality", "\"720p\"", "How fine", "720p", "1080p"),
            NT_PROP("water_mark", "str", "\"\"", "A text to put on the video"),
            CALL_BACK_URL);


NT_KIE_NODE(seedance_v1_lite_image_to_video, "video.SeedanceV1LiteImageToVideo",
            "Seedance V1 Lite Image To Video",
            "A video that begins with images, by Seedance V1 Lite.", video,
            NT_KIE_JOBS, "seedance/v1-lite-image-to-video", NULL, ASPECT_RATIO,
            RESOLUTION_3, DURATION, REMOVE_WATERMARK, PROMPT, IMAGE1, IMAGE2,
            IMAGE3);


NT_KIE_NODE(seedance_v1_pro_fast_image_to_video,
            "video.SeedanceV1ProFastImageToVideo",
            "Seedance V1 Pro Fast Image To Video",
            "A video that begins with images, by Seedance V1 Pro Fast.", video,
            NT_KIE_JOBS, "seedance/v1-pro-fast-image-to-video",
            NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL }),
            ASPECT_RATIO, RESOLUTION_3, DURATION, REMOVE_WATERMARK, IMAGE1,
            IMAGE2, IMAGE3);


NT_KIE_NODE(seedance_v1_pro_image_to_video, "video.SeedanceV1ProImageToVideo",
            "Seedance V1 Pro Image To Video",
            "A video that begins with images, by Seedance V1 Pro.", video,
            NT_KIE_JOBS, "seedance/v1-pro-image-to-video", NULL, ASPECT_RATIO,
            RESOLUTION_3, DURATION, REMOVE_WATERMARK, PROMPT, IMAGE1, IMAGE2,
            IMAGE3);


NT_KIE_NODE(sora2_pro_image_to_video, "video.Sora2ProImageToVideo",
            "Sora 2 Pro Image To Video",
            "A video that begins with images, by Sora 2 Pro.", video,
            NT_KIE_JOBS, "sora-2-pro-image-to-video", NULL, ASPECT_RATIO_2,
            REMOVE_WATERMARK,
            NT_KIE_ENUM("n_frames", "\"10\"", "Seconds", "10", "15"), PROMPT,
            IMAGE);


NT_KIE_NODE(
    sora2_pro_storyboard, "video.Sora2ProStoryboard", "Sora 2 Pro Storyboard",
    "A video of scenes one after the other, by Sora 2 Pro.", video, NT_KIE_JOBS,
    "sora-2-pro-storyboard",
    NT_KIE_RULES({ "images", NULL, NULL, NT_KIE_OPTIONAL }), ASPECT_RATIO_2,
    REMOVE_WATERMARK,
    NT_KIE_ENUM("n_frames", "\"10\"", "Seconds", "10", "15", "25"),
    NT_PROP("shots", "dataframe", NT_DEFAULT_DATAFRAME,
            "The scenes: a data frame with the columns scene and duration"),
    NT_PROP("images", "list[image]", "[]", "The images"));


NT_KIE_NODE(sora2_watermark_remover, "video.Sora2WatermarkRemover",
            "Sora 2 Watermark Remover",
            "A video of Sora's without its watermark.", video, NT_KIE_JOBS,
            "sora-2-watermark-remover", NULL, VIDEO);


NT_KIE_NODE(topaz_video_upscale, "video.TopazVideoUpscale",
            "Topaz Video Upscale", "The video, larger and clearer, by Topaz.",
            video, NT_KIE_JOBS, "topaz-video-upscaler",
            NT_KIE_RULES({ "video", "video", NULL, 0 }), VIDEO,
            NT_KIE_ENUM("resolution", "\"1080p\"", "How large", "1080p", "4k"),
            NT_PROP("denoise", "bool", "true", "Take noise out"));


NT_KIE_NODE(veo31_image_to_video, "video.Veo31ImageToVideo",
            "Veo 3.1 Image To Video",
            "A video that begins with images, by Veo 3.1.", video, NT_KIE_VEO,
            "/api/v1/veo/generate",
            NT_KIE_RULES({ "aspect_ratio", "aspect_ratio", NULL, 0 },
                         { "prompt", NULL, NULL, NT_KIE_OPTIONAL }),
            MODEL, ASPECT_RATIO_3, CALL_BACK_URL, PROMPT, IMAGE1, IMAGE2);


NT_KIE_NODE(veo31_reference_to_video, "video.Veo31ReferenceToVideo",
            "Veo 3.1 Reference To Video",
            "A video that begins with images, by Veo 3.1.", video, NT_KIE_VEO,
            "/api/v1/veo/generate",
            NT_KIE_RULES({ "aspect_ratio", "aspect_ratio", NULL, 0 }), MODEL,
            ASPECT_RATIO_3, CALL_BACK_URL, PROMPT, IMAGE1, IMAGE2, IMAGE3);


NT_KIE_NODE(wan22_image_to_video, "video.Wan22ImageToVideo",
            "Wan 2.2 Image To Video",
            "A video that begins with images, by Wan 2.2.", video, NT_KIE_JOBS,
            "wan/v2-2-image-to-video", NULL, PROMPT, IMAGE, DURATION_4,
            RESOLUTION_3);


NT_KIE_NODE(wan25_image_to_video, "video.Wan25ImageToVideo",
            "Wan 2.5 Image To Video",
            "A video that begins with images, by Wan 2.5.", video, NT_KIE_JOBS,
            "wan/2-5-image-to-video", NULL, PROMPT, IMAGE1, IMAGE2, IMAGE3,
            NT_KIE_ENUM("duration", "\"5s\"", "Seconds", "5s", "10s"),
            RESOLUTION_4);


NT_KIE_NODE(wan26_image_to_video, "video.Wan26ImageToVideo",
            "Wan 2.6 Image To Video",
            "A video that begins with images, by Wan 2.6.", video, NT_KIE_JOBS,
            "wan/2-6-image-to-video", NULL, PROMPT, IMAGE1, IMAGE2, IMAGE3,
            DURATION, RESOLUTION_4);


NT_KIE_NODE(wan26_video_to_video, "video.Wan26VideoToVideo",
            "Wan 2.6 Video To Video",
            "A video, changed as a text says, by Wan 2.6.", video, NT_KIE_JOBS,
            "wan/2-6-video-to-video", NULL, PROMPT,
            NT_PROP("video1", "video", NT_DEFAULT_VIDEO, "A video"),
            NT_PROP("video2", "video", NT_DEFAULT_VIDEO, "A second video"),
            NT_PROP("video3", "video", NT_DEFAULT_VIDEO, "A third video"),
            DURATION, RESOLUTION_4);


NT_KIE_NODE(
    wan_animate, "video.WanAnimate", "Wan 2.2 Animate",
    "A video of the figure of an image, by Wan.", video, NT_KIE_JOBS,
    "wan/animate", NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL }),
    NT_PROP("prompt", "str",
            "\"The character is moving naturally with realistic expressions.\"",
            "What to make"),
    IMAGE, DURATION_4, RESOLUTION);


NT_KIE_NODE(wan_speech_to_video, "video.WanSpeechToVideo",
            "Wan 2.2 Speech To Video",
            "A video of a face that says what a recording says, by Wan.", video,
            NT_KIE_JOBS, "wan/speech-to-video-turbo",
            NT_KIE_RULES({ "prompt", NULL, NULL, NT_KIE_OPTIONAL }), IMAGE,
            AUDIO, RESOLUTION);


static const nt_node_type_t *const types[] = {
    &grok_imagine_image_to_video,
    &hailuo02_image_to_video,
    &hailuo_image_to_video_pro,
    &hailuo_image_to_video_standard,
    &infinitalk_v1,
    &kling21_image_to_video,
    &kling25_turbo_image_to_video,
    &kling_aiavatar_pro,
    &kling_aiavatar_standard,
    &kling_image_to_video,
    &kling_motion_control,
    &luma_modify_video,
    &runway_gen3_alpha_image_to_video,
    &seedance_v1_lite_image_to_video,
    &seedance_v1_pro_fast_image_to_video,
    &seedance_v1_pro_image_to_video,
    &sora2_pro_image_to_video,
    &sora2_pro_storyboard,
    &sora2_watermark_remover,
    &topaz_video_upscale,
    &veo31_image_to_video,
    &veo31_reference_to_video,
    &wan22_image_to_video,
    &wan25_image_to_video,
    &wan26_image_to_video,
    &wan26_video_to_video,
    &wan_animate,
    &wan_speech_to_video,
    NULL
};

const nt_node_library_t nt_nodes_kie_video_image = { .abi = NODETOOL_NODE_ABI,
                                                     .name = "kie-video-image",
                                                     .types = types };
