/*
 * engine/nodes/beautifulsoup_links.c - lib.beautifulsoup.*: links and media
 * of HTML.
 */

#include "engine/nodes/beautifulsoup.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/items.h"
#include "engine/nodes/ustr.h"


/* The item of an element; NULL without *nomem for one that makes none. */
typedef json_t *(*item_t)(xmlNode *node, const char *base_url, bool *nomem);

static json_t *
make_items(nt_node_call_t *call, const char *const *names, item_t make)
{
    bool     nomem = false;
    json_t  *items, *item;
    xmlDoc  *doc;
    xmlNode *root, *node;
    nt_str_t base;

    if (!nt_arg_str(call, "base_url", &base)) {
        return NULL;
    }

    doc = nt_soup_parse(call, "html");

    if (doc == NULL) {
        return NULL;
    }

    items = json_array();
    root = xmlDocGetRootElement(doc);

    for (node = root; node != NULL && !nomem;
         node = nt_html_next(root, node, false))
    {
        if (!nt_html_is(node, names)) {
            continue;
        }

        item = make(node, base.data, &nomem);
        nomem =
            nomem || (item != NULL && json_array_append_new(items, item) != 0);
    }

    xmlFreeDoc(doc);

    if (nomem || items == NULL) {
        json_decref(items);
        (void) nt_arg_nomem(call);
        return NULL;
    }

    return items;
}


/* --- ExtractLinks --- */

/* A path of the same host, or a URL below the base. */
static bool
is_internal(const char *href, const char *base_url)
{
    return strncmp(href, base_url, strlen(base_url)) == 0 ||
           (href[0] == '/' && href[1] != '/');
}


static json_t *
link_item(xmlNode *node, const char *base_url, bool *nomem)
{
    json_t               *item;
    nt_buf_t              buf = { 0 };
    nt_str_t              text;
    xmlChar              *href;
    const nt_html_plain_t options = { .hidden = nt_soup_hidden };

    href = xmlGetProp(node, (const xmlChar *) "href");

    if (href == NULL) {
        return NULL;
    }

    nt_html_plain(&buf, node, &options);
    text = nt_ustr_strip((nt_str_t) { buf.data, buf.len }, NT_USTR_BOTH, NULL);
    item = buf.failed ? NULL
                      : json_pack("{s:s, s:o, s:s}", "href", href, "text",
                                  nt_ustr_json(text), "type",
                                  is_internal((const char *) href, base_url)
                                      ? "internal"
                                      : "external");
    *nomem = item == NULL;
    nt_buf_free(&buf);
    xmlFree(href);

    return item;
}


static json_t *
make_links(nt_node_call_t *call)
{
    static const char *const names[] = { "a", NULL };

    return make_items(call, names, link_item);
}


static nt_node_rc_t
run_links(nt_node_call_t *call)
{
    return nt_items_run(call, make_links);
}


#define SOUP_PROPERTIES(variable, text)                                        \
    static const nt_property_t variable[] = {                                  \
        NT_PROP("html", "str", "\"\"", "The HTML of a page"),                  \
        NT_PROP("base_url", "str", "\"\"", text), NT_PROP_END                  \
    }

SOUP_PROPERTIES(link_properties, "What the URLs of internal links start with");
SOUP_PROPERTIES(media_properties, "What relative URLs are relative to");

static const nt_output_t link_outputs[] = {
    { "href", "str" }, { "text", "str" }, { "type", "str" }, { NULL, NULL }
};

const nt_node_type_t nt_soup_links = {
    .type = "lib.beautifulsoup.ExtractLinks",
    .title = "Extract Links",
    .description = "Sends each link of a page and whether it is internal or "
                   "external.",
    .properties = link_properties,
    .outputs = link_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_links
};


/* --- ExtractImages, ExtractVideos, ExtractAudio --- */

/* {output: ref}; `json` is the ref without its URI. */
static json_t *
media_item(const xmlNode *node, const char *base_url, const char *output,
           const char *json, bool *nomem)
{
    bool     empty;
    char    *url;
    json_t  *ref, *item = NULL;
    xmlChar *src;

    src = xmlGetProp(node, (const xmlChar *) "src");
    empty = src == NULL || src[0] == '\0';
    xmlFree(src);

    if (empty) {
        return NULL;
    }

    url = nt_html_url(node, "src", base_url);
    ref = json_loads(json, 0, NULL);

    if (url != NULL && json_object_set_new(ref, "uri", json_string(url)) == 0) {
        item = json_pack("{s:O}", output, ref);
    }

    json_decref(ref);
    xmlFree(url);
    *nomem = item == NULL;
    return item;
}


static json_t *
image_item(xmlNode *node, const char *base_url, bool *nomem)
{
    return media_item(node, base_url, "image", NT_DEFAULT_IMAGE, nomem);
}


static json_t *
make_images(nt_node_call_t *call)
{
    static const char *const names[] = { "img", NULL };

    return make_items(call, names, image_item);
}


static nt_node_rc_t
run_images(nt_node_call_t *call)
{
    return nt_items_run(call, make_images);
}


static const nt_output_t image_outputs[] = { { "image", "image" },
                                             { NULL, NULL } };

const nt_node_type_t nt_soup_images = {
    .type = "lib.beautifulsoup.ExtractImages",
    .title = "Extract Images",
    .description = "Sends each image of a page.",
    .properties = media_properties,
    .outputs = image_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_images
};


/* The first <source> in an element that has no src itself. */
static const xmlNode *
source_of(xmlNode *element)
{
    xmlNode                 *node;
    static const char *const names[] = { "source", NULL };

    if (xmlHasProp(element, (const xmlChar *) "src") != NULL) {
        return element;
    }

    for (node = element; node != NULL;
         node = nt_html_next(element, node, false)) {
        if (nt_html_is(node, names)) {
            return node;
        }
    }

    return element;
}


static json_t *
video_item(xmlNode *node, const char *base_url, bool *nomem)
{
    return media_item(source_of(node), base_url, "video", NT_DEFAULT_VIDEO,
                      nomem);
}


static json_t *
make_videos(nt_node_call_t *call)
{
    static const char *const names[] = { "video", "iframe", NULL };

    return make_items(call, names, video_item);
}


static nt_node_rc_t
run_videos(nt_node_call_t *call)
{
    return nt_items_run(call, make_videos);
}


static const nt_output_t video_outputs[] = { { "video", "video" },
                                             { NULL, NULL } };

const nt_node_type_t nt_soup_videos = {
    .type = "lib.beautifulsoup.ExtractVideos",
    .title = "Extract Videos",
    .description = "Sends each video of a page, those in frames, too.",
    .properties = media_properties,
    .outputs = video_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_videos
};


/* A <source> may be that of a video or picture. */
static json_t *
audio_item(xmlNode *node, const char *base_url, bool *nomem)
{
    const xmlNode           *parent;
    static const char *const others[] = { "video", "picture", NULL };

    for (parent = node->parent; parent != NULL; parent = parent->parent) {
        if (nt_html_is(parent, others)) {
            return NULL;
        }
    }

    return media_item(node, base_url, "audio", NT_DEFAULT_AUDIO, nomem);
}


static json_t *
make_audio(nt_node_call_t *call)
{
    static const char *const names[] = { "audio", "source", NULL };

    return make_items(call, names, audio_item);
}


static nt_node_rc_t
run_audio(nt_node_call_t *call)
{
    return nt_items_run(call, make_audio);
}


static const nt_output_t audio_outputs[] = { { "audio", "audio" },
                                             { NULL, NULL } };

const nt_node_type_t nt_soup_audio = {
    .type = "lib.beautifulsoup.ExtractAudio",
    .title = "Extract Audio",
    .description = "Sends each sound of a page.",
    .properties = media_properties,
    .outputs = audio_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_audio
};
