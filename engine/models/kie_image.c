/*
 * engine/models/kie_image.c - kie.image.*: images of texts.
 */

#include "engine/models/kie.h"
#include "engine/nodes/registry.h"

static const double n4 = 4;

#define PROMPT NT_PROP("prompt", "str", "\"\"", "What to make")
#define ASPECT_RATIO                                                           \
    NT_KIE_ENUM("aspect_ratio", "\"1:1\"", "Width to height", "1:1", "4:3",    \
                "3:4", "16:9", "9:16", "3:2", "2:3", "auto")
#define RESOLUTION NT_KIE_ENUM("resolution", "\"1K\"", "How large", "1K", "2K")
#define ASPECT_RATIO_2                                                         \
    NT_KIE_ENUM("aspect_ratio", "\"1:1\"", "Width to height", "1:1", "16:9",   \
                "9:16", "4:3", "3:4")
#define NEGATIVE_PROMPT                                                        \
    NT_PROP("negative_prompt", "str", "\"\"", "What not to show")
#define SEED                                                                   \
    NT_PROP("seed", "int", "0",                                                \
            "The same seed makes the same; 0 or less for any")
#define QUALITY NT_KIE_ENUM("quality", "\"basic\"", "How fine", "basic", "high")


NT_KIE_NODE(flux2_flex_text_to_image, "image.Flux2FlexTextToImage",
            "Flux 2 Flex Text To Image",
            "An image of what a text says, by Flux 2 Flex.", image, NT_KIE_JOBS,
            "flux-2/flex-text-to-image", NULL, PROMPT, ASPECT_RATIO,
            RESOLUTION);


NT_KIE_NODE(flux2_pro_text_to_image, "image.Flux2ProTextToImage",
            "Flux 2 Pro Text To Image",
            "An image of what a text says, by Flux 2 Pro.", image, NT_KIE_JOBS,
            "flux-2/pro-text-to-image", NULL, PROMPT, ASPECT_RATIO, RESOLUTION);


NT_KIE_NODE(flux_kontext, "image.FluxKontext", "Flux Kontext",
            "An image of what a text says, by Flux Kontext.", image,
            NT_KIE_JOBS, "flux-kontext", NULL, PROMPT, ASPECT_RATIO_2,
            NT_KIE_ENUM("mode", "\"pro\"", "How the model works", "pro",
                        "max"));


NT_KIE_NODE(gptimage15_text_to_image, "image.GPTImage15TextToImage",
            "GPT Image 1.5 Text To Image",
            "An image of what a text says, by GPT Image 1.5.", image,
            NT_KIE_JOBS, "gpt-image/1.5-text-to-image", NULL, PROMPT,
            NT_KIE_ENUM("aspect_ratio", "\"1:1\"", "Width to height", "1:1",
                        "2:3", "3:2"),
            NT_KIE_ENUM("quality", "\"medium\"", "How fine", "medium", "high"));


NT_KIE_NODE(gptimage4o_text_to_image, "image.GPTImage4oTextToImage",
            "GPT 4o Image Text To Image",
            "An image of what a text says, by GPT 4o Image.", image,
            NT_KIE_JOBS, "4o-image-api",
            NT_KIE_RULES({ "n_variants", "nVariants", NULL, 0 },
                         { "is_enhance", "isEnhance", NULL, 0 }),
            PROMPT,
            NT_KIE_ENUM("size", "\"1:1\"", "Width to height", "1:1", "3:2",
                        "2:3"),
            NT_PROP_INT("n_variants", "1", &nt_one, &n4,
                        "How many images to make; the first one is given"),
            NT_PROP("is_enhance", "bool", "false",
                    "Let the model better the prompt"));


NT_KIE_NODE(grok_imagine_text_to_image, "image.GrokImagineTextToImage",
            "Grok Imagine Text To Image",
            "An image of what a text says, by Grok Imagine.", image,
            NT_KIE_JOBS, "grok-imagine/text-to-image", NULL, PROMPT,
            ASPECT_RATIO_2);


NT_KIE_NODE(ideogram_v3_text_to_image, "image.IdeogramV3TextToImage",
            "Ideogram V3 Text To Image",
            "An image of what a text says, by Ideogram V3.", image, NT_KIE_JOBS,
            "ideogram/v3-text-to-image", NULL, PROMPT, NEGATIVE_PROMPT,
            NT_KIE_ENUM("rendering_speed", "\"BALANCED\"", "Faster, or better",
                        "TURBO", "BALANCED", "QUALITY"),
            NT_KIE_ENUM("style", "\"AUTO\"", "The style", "AUTO", "GENERAL",
                        "REALISTIC", "DESIGN"),
            NT_KIE_ENUM("image_size", "\"square\"", "The shape of the image",
                        "square", "square_hd", "portrait_4_3", "portrait_16_9",
                        "landscape_4_3", "landscape_16_9"),
            NT_PROP("expand_prompt", "bool", "true",
                    "Let the model add to the prompt"),
            NT_PROP("seed", "int", "-1",
                    "The same seed makes the same; 0 or less for any"));


NT_KIE_NODE(imagen4, "image.Imagen4", "Imagen 4",
            "An image of what a text says, by Imagen 4.", image, NT_KIE_JOBS,
            "google/imagen4", NT_KIE_RULES({ "", "num_images", "1", 0 }),
            PROMPT, NEGATIVE_PROMPT, ASPECT_RATIO_2, SEED);


NT_KIE_NODE(imagen4_fast, "image.Imagen4Fast", "Imagen 4 Fast",
            "An image of what a text says, by Imagen 4 Fast.", image,
            NT_KIE_JOBS, "google/imagen4-fast",
            NT_KIE_RULES({ "", "num_images", "1", 0 }), PROMPT, NEGATIVE_PROMPT,
            ASPECT_RATIO_2);


NT_KIE_NODE(imagen4_ultra, "image.Imagen4Ultra", "Imagen 4 Ultra",
            "An image of what a text says, by Imagen 4 Ultra.", image,
            NT_KIE_JOBS, "google/imagen4-ultra", NULL, PROMPT, NEGATIVE_PROMPT,
            ASPECT_RATIO_2, SEED);


NT_KIE_NODE(nano_banana, "image.NanoBanana", "Nano Banana",
            "An image of what a text says, by Nano Banana.", image, NT_KIE_JOBS,
            "google/nano-banana",
            NT_KIE_RULES({ "", "output_format", "png", 0 }), PROMPT,
            NT_KIE_ENUM("image_size", "\"1:1\"", "The shape of the image",
                        "1:1", "9:16", "16:9", "3:4", "4:3", "3:2", "2:3",
                        "5:4", "4:5", "21:9", "auto"));


NT_KIE_NODE(qwen_text_to_image, "image.QwenTextToImage", "Qwen Text To Image",
            "An image of what a text says, by Qwen.", image, NT_KIE_JOBS,
            "qwen/text-to-image", NULL, PROMPT, ASPECT_RATIO_2);


NT_KIE_NODE(seedream40_text_to_image, "image.Seedream40TextToImage",
            "Seedream 4.0 Text To Image",
            "An image of what a text says, by Seedream 4.0.", image,
            NT_KIE_JOBS, "seedream/4.0-text-to-image", NULL, PROMPT,
            ASPECT_RATIO_2, QUALITY);


NT_KIE_NODE(seedream45_text_to_image, "image.Seedream45TextToImage",
            "Seedream 4.5 Text To Image",
            "An image of what a text says, by Seedream 4.5.", image,
            NT_KIE_JOBS, "seedream/4.5-text-to-image", NULL, PROMPT,
            ASPECT_RATIO_2, QUALITY);


NT_KIE_NODE(zimage, "image.ZImage", "Z-Image Turbo",
            "An image of what a text says, by Z-Image Turbo.", image,
            NT_KIE_JOBS, "z-image", NULL, PROMPT, ASPECT_RATIO_2);


static const nt_node_type_t *const types[] = { &flux2_flex_text_to_image,
                                               &flux2_pro_text_to_image,
                                               &flux_kontext,
                                               &gptimage15_text_to_image,
                                               &gptimage4o_text_to_image,
                                               &grok_imagine_text_to_image,
                                               &ideogram_v3_text_to_image,
                                               &imagen4,
                                               &imagen4_fast,
                                               &imagen4_ultra,
                                               &nano_banana,
                                               &qwen_text_to_image,
                                               &seedream40_text_to_image,
                                               &seedream45_text_to_image,
                                               &zimage,
                                               NULL };

const nt_node_library_t nt_nodes_kie_image = { .abi = NODETOOL_NODE_ABI,
                                               .name = "kie-image",
                                               .types = types };
