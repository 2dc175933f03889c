/*
 * What a workflow gets of a conversation, by the inputs that it has.
 */

#include "engine/chat/chat_int.h"

#include "engine/json.h"


static bool
is_input(const json_t *node, const char *kind)
{
    static const char prefix[] = "nodetool.input.";
    const char       *type = nt_chat_member(node, "type");

    return strncmp(type, prefix, sizeof(prefix) - 1) == 0 &&
           strcmp(type + sizeof(prefix) - 1, kind) == 0;
}


static size_t
count_inputs(const json_t *nodes, const char *kind)
{
    size_t        i, n = 0;
    const json_t *node;

    json_array_foreach(nodes, i, node)
    {
        n += is_input(node, kind);
    }

    return n;
}


/* Is this the text input that the message is for?  The only one, or one that
 * is called as such inputs are. */
static bool
takes_text(const json_t *nodes, const json_t *node, const char *name)
{
    size_t                   i;
    static const char *const names[] = { "message",   "prompt",   "text",
                                         "input",     "question", "query",
                                         "chat_input" };

    if (!is_input(node, "StringInput")) {
        return false;
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }

    return count_inputs(nodes, "StringInput") == 1;
}


/* The media of the message for an input that is the only one of its kind;
 * borrowed, or NULL. */
static json_t *
media_for(const json_t *nodes, const json_t *node, const json_t *message)
{
    size_t        i, j;
    json_t       *ref;
    const json_t *part;
    static const struct {
        const char *input;
        const char *member;
    } kinds[] = { { "ImageInput", "image" },
                  { "AudioInput", "audio" },
                  { "VideoInput", "video" },
                  { "DocumentInput", "document" } };

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!is_input(node, kinds[i].input) ||
            count_inputs(nodes, kinds[i].input) != 1) {
            continue;
        }

        json_array_foreach(json_object_get(message, "content"), j, part)
        {
            ref = json_object_get(part, kinds[i].member);

            if (json_is_object(ref)) {
                return ref;
            }
        }
    }

    return NULL;
}


json_t *
nt_chat_params(const json_t *nodes, json_t *message, json_t *history)
{
    int           rc = 0;
    size_t        i;
    json_t       *params = json_object(), *media;
    nt_buf_t      text = { 0 };
    const char   *name;
    const json_t *node;

    nt_chat_text(message, &text);

    json_array_foreach(nodes, i, node)
    {
        name = nt_chat_member(json_object_get(node, "data"), "name");
        media = media_for(nodes, node, message);

        if (is_input(node, "MessageInput")) {
            rc |= json_object_set(params, name, message);

        } else if (is_input(node, "MessageListInput")) {
            rc |= json_object_set(params, name, history);

        } else if (media != NULL) {
            rc |= json_object_set(params, name, media);

        } else if (text.len > 0 && takes_text(nodes, node, name)) {
            rc |= json_object_set_new(params, name,
                                      json_stringn(text.data, text.len));
        }
    }

    if (rc != 0 || text.failed) {
        json_decref(params);
        params = NULL;
    }

    nt_buf_free(&text);
    return params;
}
