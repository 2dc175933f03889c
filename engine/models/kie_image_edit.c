/*
 * engine/models/kie_image_edit.c - kie.image.*: images of images.
 */

#include "engine/models/kie.h"
#include "engine/nodes/registry.h"

static const double n4 = 4;

#define PROMPT NT_PROP("prompt", "str", "\"\"", "What to make")
#define IMAGES NT_PROP("images", "list[image]", "[]", "The images")
#define ASPECT_RATIO                                                           \
    NT_KIE_ENUM("aspect_ratio", "\"1:1\"", "Width to height", "1:1", "4:3",    \
                "3:4", "16:9", "9:16", "3:2", "2:3", "auto")
#define RESOLUTION NT_KIE_ENUM("resolution", "\"1K\"", "How large", "1K", "2K")
#define IMAGE      NT_PROP("image", "image", NT_DEFAULT_IMAGE, "The image")
#define REFERENCE_IMAGES                                                       \
    NT_PROP("reference_images", "list[image]", "[]", "Images of the figure")
#define RENDERING_SPEED                                                        \
    NT_KIE_ENUM("rendering_speed", "\"BALANCED\"", "Faster, or better",        \
                "TURBO", "BALANCED", "QUALITY")
#define STYLE                                                                  \
    NT_KIE_ENUM("style", "\"AUTO\"", "The style", "AUTO", "REALISTIC",         \
                "FICTION")
#define EXPAND_PROMPT                                                          \
    NT_PROP("expand_prompt", "bool", "true", "Let the model add to the prompt")
#define IMAGE_SIZE                                                             \
    NT_KIE_ENUM("image_size", "\"square_hd\"", "The shape of the image",       \
                "square", "square_hd", "portrait_4_3", "portrait_16_9",        \
                "landscape_4_3", "landscape_16_9")
#define NEGATIVE_PROMPT                                                        \
    NT_PROP("negative_prompt", "str", "\"\"", "What not to show")
#define SEED                                                                   \
    NT_PROP_INT("seed", "0", &nt_zero, NULL,                                   \
                "The same seed makes the same; 0 or less for any")
#define STYLE_2                                                                \
    NT_KIE_ENUM("style", "\"AUTO\"", "The style", "AUTO", "GENERAL",           \
                "REALISTIC", "DESIGN")
#define IMAGE_INPUT NT_PROP("image_input", "list[image]", "[]", "Images to use")
#define ASPECT_RATIO_2                                                         \
    NT_KIE_ENUM("aspect_ratio", "\"1:1\"", "Width to height", "1:1", "16:9",   \
                "9:16", "4:3", "3:4")
#define QUALITY NT_KIE_ENUM("quality", "\"basic\"", "How fine", "basic", "high")


NT_KIE_NODE(flux2_flex_image_to_image, "image.Flux2FlexImageToImage",
            "Flux 2 Flex Image To Image",
            "An image made of images, as a text says, by Flux 2 Flex.", image,
            NT_KIE_JOBS, "flux-2/flex-image-to-image",
            NT_KIE_RULES({ "images", "input_urls", NULL, 0 }), PROMPT, IMAGES,
            ASPECT_RATIO, RESOLUTION);


NT_KIE_NODE(flux2_pro_image_to_image, "image.Flux2ProImageToImage",
            "Flux 2 Pro Image To Image",
            "An image made of images, as a text says, by Flux 2 Pro.", image,
            NT_KIE_JOBS, "flux-2/pro-image-to-image",
            NT_KIE_RULES({ "images", "input_urls", NULL, 0 }), PROMPT, IMAGES,
            ASPECT_RATIO, RESOLUTION);


NT_KIE_NODE(gptimage15_image_to_image, "image.GPTImage15ImageToImage",
            "GPT Image 1.5 Edit",
            "An image made of images, as a text says, by GPT Image 1.5.", image,
            NT_KIE_JOBS, "gpt-image/1.5-image-to-image",
            NT_KIE_RULES({ "images", "input_urls", NULL, 0 }), PROMPT, IMAGES,
            NT_KIE_ENUM("aspect_ratio", "\"1:1\"", "Width to height", "1:1",
                        "2:3", "3:2"),
            NT_KIE_ENUM("quality", "\"medium\"", "How fine", "medium", "high"));


NT_KIE_NODE(gptimage4o_image_to_image, "image.GPTImage4oImageToImage",
            "GPT 4o Image Edit",
            "An image made of images, as a text says, by GPT 4o.", image,
            NT_KIE_JOBS, "4o-image-api",
            NT_KIE_RULES({ "n_variants", "nVariants", NULL, 0 },
                         { "images", "filesUrl", NULL, 0 }),
            PROMPT, IMAGES,
            NT_KIE_ENUM("size", "\"1:1\"", "Width to height", "1:1", "3:2",
                        "2:3"),
            NT_PROP_INT("n_variants", "1", &nt_one, &n4,
                        "How many images to make; the first one is given"));


NT_KIE_NODE(grok_imagine_upscale, "image.GrokImagineUpscale",
            "Grok Imagine Upscale",
            "The image, larger and clearer, by Grok Imagine.", image,
            NT_KIE_JOBS, "grok-imagine/upscale",
            NT_KIE_RULES({ "image", NULL, NULL, NT_KIE_TASK }), IMAGE);


NT_KIE_NODE(ideogram_character, "image.IdeogramCharacter", "Ideogram Character",
            "An image of a figure that is known from others, by Ideogram.",
            image, NT_KIE_JOBS, "ideogram/character",
            NT_KIE_RULES({ "reference_images", "reference_image_urls", NULL,
                           0 },
                         { "", "num_images", "1", 0 }),
            PROMPT, REFERENCE_IMAGES, RENDERING_SPEED, STYLE, EXPAND_PROMPT,
            IMAGE_SIZE, NEGATIVE_PROMPT, SEED);


NT_KIE_NODE(
    ideogram_character_edit, "image.IdeogramCharacterEdit",
    "Ideogram Character Edit",
    "An image with a part of it made anew, of a figure that is known from "
    "others, by Ideogram.",
    image, NT_KIE_JOBS, "ideogram/character-edit",
    NT_KIE_RULES({ "reference_images", "reference_image_urls", NULL, 0 },
                 { "mask", "mask_url", NULL, 0 }, { "", "num_images", "1", 0 }),
    PROMPT, IMAGE,
    NT_PROP("mask", "image", NT_DEFAULT_IMAGE, "What of the image may change"),
    REFERENCE_IMAGES, RENDERING_SPEED, STYLE, EXPAND_PROMPT, SEED);


NT_KIE_NODE(
    ideogram_character_remix, "image.IdeogramCharacterRemix",
    "Ideogram Character Remix",
    "An image made anew of one, with a figure that is known from others, by "
    "Ideogram.",
    image, NT_KIE_JOBS, "ideogram/character-remix",
    NT_KIE_RULES({ "reference_images", "reference_image_urls", NULL, 0 },
                 { "additional_images", "image_urls", NULL, NT_KIE_OPTIONAL },
                 { "", "num_images", "1", 0 }),
    PROMPT, IMAGE, REFERENCE_IMAGES, RENDERING_SPEED, STYLE_2, EXPAND_PROMPT,
    IMAGE_SIZE,
    NT_PROP_FLOAT("strength", "0.8", &nt_zero, &nt_one,
                  "How much to change, 0 to 1"),
    NEGATIVE_PROMPT,
    NT_PROP("additional_images", "list[image]", "[]", "More images to use"),
    NT_PROP("reference_mask_urls", "str", "\"\"",
            "Addresses of masks for the images of the figure"));


NT_KIE_NODE(ideogram_v3_image_to_image, "image.IdeogramV3ImageToImage",
            "Ideogram V3 Image To Image",
            "An image made of images, as a text says, by Ideogram V3.", image,
            NT_KIE_JOBS, "ideogram/v3-image-to-image", NULL, PROMPT, IMAGE,
            NEGATIVE_PROMPT, RENDERING_SPEED, STYLE_2,
            NT_KIE_ENUM("image_size", "\"square\"", "The shape of the image",
                        "square", "square_hd", "portrait_4_3", "portrait_16_9",
                        "landscape_4_3", "landscape_16_9"),
            NT_PROP_FLOAT("strength", "0.5", &nt_zero, &nt_one,
                          "How much to change, 0 to 1"),
            EXPAND_PROMPT,
            NT_PROP("seed", "int", "-1",
                    "The same seed makes the same; 0 or less for any"));


NT_KIE_NODE(ideogram_v3_reframe, "image.IdeogramV3Reframe",
            "Ideogram V3 Reframe", "An image in another shape, by Ideogram V3.",
            image, NT_KIE_JOBS, "ideogram/v3-reframe",
            NT_KIE_RULES({ "", "num_images", "1", 0 }), IMAGE, IMAGE_SIZE,
            RENDERING_SPEED, STYLE_2,
            NT_PROP("seed", "int", "0",
                    "The same seed makes the same; 0 or less for any"));


NT_KIE_NODE(nano_banana_edit, "image.NanoBananaEdit", "Nano Banana Edit",
            "An image made of images, as a text says, by Nano Banana.", image,
            NT_KIE_JOBS, "google/nano-banana-edit",
            NT_KIE_RULES({ "", "output_format", "png", 0 }), PROMPT,
            IMAGE_INPUT,
            NT_KIE_ENUM("image_size", "\"1:1\"", "The shape of the image",
                        "1:1", "9:16", "16:9", "3:4", "4:3", "3:2", "2:3",
                        "5:4", "4:5", "21:9", "auto"));


NT_KIE_NODE(nano_banana_pro, "image.NanoBananaPro", "Nano Banana Pro",
            "An image made of images, as a text says, by Nano Banana Pro.",
            image, NT_KIE_JOBS, "nano-banana-pro",
            NT_KIE_RULES({ "image_input", "image_input", NULL,
                           NT_KIE_OPTIONAL },
                         { "", "output_format", "png", 0 }),
            PROMPT, IMAGE_INPUT, ASPECT_RATIO_2,
            NT_KIE_ENUM("resolution", "\"2K\"", "How large", "1K", "2K", "4K"));


NT_KIE_NODE(qwen_image_to_image, "image.QwenImageToImage",
            "Qwen Image To Image",
            "An image made of images, as a text says, by Qwen.", image,
            NT_KIE_JOBS, "qwen/image-to-image", NULL, PROMPT, IMAGE,
            ASPECT_RATIO_2);


NT_KIE_NODE(recraft_crisp_upscale, "image.RecraftCrispUpscale",
            "Recraft Crisp Upscale",
            "The image, larger and clearer, by Recraft.", image, NT_KIE_JOBS,
            "recraft/crisp-upscale",
            NT_KIE_RULES({ "image", "image", NULL, 0 }), IMAGE);


NT_KIE_NODE(recraft_remove_background, "image.RecraftRemoveBackground",
            "Recraft Remove Background",
            "What an image shows, without what is behind it, by Recraft.",
            image, NT_KIE_JOBS, "recraft/remove-background",
            NT_KIE_RULES({ "image", "image", NULL, 0 }), IMAGE);


NT_KIE_NODE(seedream40_image_to_image, "image.Seedream40ImageToImage",
            "Seedream 4.0 Edit",
            "An image made of images, as a text says, by Seedream 4.0.", image,
            NT_KIE_JOBS, "seedream/4.0-edit", NULL, PROMPT, IMAGE,
            ASPECT_RATIO_2, QUALITY);


NT_KIE_NODE(seedream45_edit, "image.Seedream45Edit", "Seedream 4.5 Edit",
            "An image made of images, as a text says, by Seedream 4.5.", image,
            NT_KIE_JOBS, "seedream/4.5-edit", NULL, PROMPT, IMAGE_INPUT,
            ASPECT_RATIO_2, QUALITY);


NT_KIE_NODE(topaz_image_upscale, "image.TopazImageUpscale",
            "Topaz Image Upscale", "The image, larger and clearer, by Topaz.",
            image, NT_KIE_JOBS, "topaz/image-upscale", NULL, IMAGE,
            NT_KIE_ENUM("upscale_factor", "\"2\"", "How many times larger", "2",
                        "4"));


static const nt_node_type_t *const types[] = { &flux2_flex_image_to_image,
                                               &flux2_pro_image_to_image,
                                               &gptimage15_image_to_image,
                                               &gptimage4o_image_to_image,
                                               &grok_imagine_upscale,
                                               &ideogram_character,
                                               &ideogram_character_edit,
                                               &ideogram_character_remix,
                                               &ideogram_v3_image_to_image,
                                               &ideogram_v3_reframe,
                                               &nano_banana_edit,
                                               &nano_banana_pro,
                                               &qwen_image_to_image,
                                               &recraft_crisp_upscale,
                                               &recraft_remove_background,
                                               &seedream40_image_to_image,
                                               &seedream45_edit,
                                               &topaz_image_upscale,
                                               NULL };

const nt_node_library_t nt_nodes_kie_image_edit = { .abi = NODETOOL_NODE_ABI,
                                                    .name = "kie-image-edit",
                                                    .types = types };
