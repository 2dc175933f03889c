/*
 * Messages: of clients, of threads, of models.
 */

#include "engine/chat/chat_int.h"

#include <stdlib.h>

#include "engine/json.h"
#include "engine/models/models.h"
#include "engine/models/provider.h"
#include "engine/nodes/ustr.h"

#define TITLE_MAX       60 /* bytes of a title that is made */
#define COLLECTIONS_MAX 16


/* --- what a client may send --- */

static bool
is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}


static bool
check_texts(const json_t *message, nt_buf_t *error)
{
    size_t                   i;
    const json_t            *value;
    static const char *const members[] = { "model", "provider", "workflow_id",
                                           "thread_id", "name" };

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        value = json_object_get(message, members[i]);

        if (!is_absent(value) && !json_is_string(value)) {
            nt_buf_printf(error, "%s must be a text", members[i]);
            return false;
        }
    }

    value = json_object_get(message, "thread_id");

    if (json_string_length(value) > 0 &&
        !nt_threads_id_valid(json_string_value(value)))
    {
        nt_buf_printf(error,
                      "thread_id must be 1 to 128 letters, digits, \"-\", "
                      "\"_\" and \".\", and start with a letter or digit");
        return false;
    }

    return true;
}


static bool
check_flags(const json_t *message, nt_buf_t *error)
{
    size_t                   i;
    const json_t            *value;
    static const char *const members[] = { "agent_mode", "help_mode" };

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        value = json_object_get(message, members[i]);

        if (!is_absent(value) && !json_is_boolean(value)) {
            nt_buf_printf(error, "%s must be true or false", members[i]);
            return false;
        }
    }

    return true;
}


/* The name of an entry of a list of names or of {"name"} objects; NULL for
 * none. */
static const char *
name_of(const json_t *entry)
{
    const char *name = json_string_value(
        json_is_object(entry) ? json_object_get(entry, "name") : entry);

    return name != NULL && *name != '\0' ? name : NULL;
}


static bool
check_names(const json_t *message, const char *member, size_t max,
            nt_buf_t *error)
{
    size_t        i;
    const json_t *entry, *list = json_object_get(message, member);

    if (is_absent(list)) {
        return true;
    }

    if (!json_is_array(list) || json_array_size(list) > max) {
        nt_buf_printf(error, "%s must be a list of at most %zu names", member,
                      max);
        return false;
    }

    json_array_foreach(list, i, entry)
    {
        if (name_of(entry) == NULL) {
            nt_buf_printf(error, "%s must be a list of names", member);
            return false;
        }
    }

    return true;
}


static bool
check_content(const json_t *message, nt_buf_t *error)
{
    size_t        i;
    const json_t *part, *content = json_object_get(message, "content");

    if (json_string_length(content) > 0) {
        return true;
    }

    if (json_array_size(content) == 0) {
        nt_buf_printf(error, "content must be a text, or a list of parts, and "
                             "not empty");
        return false;
    }

    json_array_foreach(content, i, part)
    {
        if (!json_is_string(json_object_get(part, "type"))) {
            nt_buf_printf(error,
                          "part %zu of the content must be an object with a "
                          "type",
                          i + 1);
            return false;
        }
    }

    return true;
}


bool
nt_chat_check(const json_t *message, bool regenerate, nt_buf_t *error)
{
    const json_t *role = json_object_get(message, "role");

    if (!is_absent(role) &&
        (!json_is_string(role) || strcmp(json_string_value(role), "user") != 0))
    {
        nt_buf_printf(error, "role must be \"user\"");
        return false;
    }

    if (!check_texts(message, error) || !check_flags(message, error) ||
        !check_names(message, "tools", NT_CHAT_TOOLS_MAX, error) ||
        !check_names(message, "collections", COLLECTIONS_MAX, error))
    {
        return false;
    }

    if (!regenerate) {
        return check_content(message, error);
    }

    if (json_string_length(json_object_get(message, "thread_id")) == 0) {
        nt_buf_printf(error, "thread_id is required");
        return false;
    }

    return true;
}


static bool
is_tool_name(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len <= NT_CHAT_TOOL_NAME_MAX &&
           strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == len;
}


json_t *
nt_chat_check_tools(const json_t *list, nt_buf_t *error)
{
    size_t        i;
    json_t       *tools, *tool;
    const char   *name;
    const json_t *parameters;

    if (!json_is_array(list) || json_array_size(list) > NT_CHAT_TOOLS_MAX) {
        nt_buf_printf(error, "tools must be a list of at most %d tools",
                      NT_CHAT_TOOLS_MAX);
        return NULL;
    }

    tools = json_object();

    json_array_foreach(list, i, tool)
    {
        name = json_string_value(json_object_get(tool, "name"));
        parameters = json_object_get(tool, "parameters");

        if (name == NULL || !is_tool_name(name) ||
            (!is_absent(parameters) && !json_is_object(parameters)))
        {
            nt_buf_printf(error,
                          "tool %zu must have a name of 1 to %d letters, "
                          "digits, \"_\" and \"-\", and parameters that are a "
                          "JSON Schema",
                          i + 1, NT_CHAT_TOOL_NAME_MAX);
            json_decref(tools);
            return NULL;
        }

        if (json_object_set(tools, name, tool) != 0) {
            nt_buf_printf(error, "the server is out of memory");
            json_decref(tools);
            return NULL;
        }
    }

    return tools;
}


/* --- for the thread --- */

/* The names alone; null for none. New reference. */
static json_t *
names_json(const json_t *list)
{
    size_t        i;
    json_t       *names;
    const json_t *entry;

    if (!json_is_array(list)) {
        return json_null();
    }

    names = json_array();

    json_array_foreach(list, i, entry)
    {
        if (json_array_append_new(names, json_string(name_of(entry))) != 0) {
            json_decref(names);
            return NULL;
        }
    }

    return names;
}


json_t *
nt_chat_user_message(const nt_turn_t *turn)
{
    int                      rc;
    size_t                   i;
    json_t                  *message, *value;
    static const char *const members[] = { "content",    "name",
                                           "model",      "provider",
                                           "agent_mode", "help_mode",
                                           "input_files" };

    message =
        json_pack("{s:s, s:s, s:O?}", "role", "user", "user_id", turn->user,
                  "workflow_id", json_object_get(turn->request, "workflow_id"));
    rc = json_object_set_new(message, "tools",
                             names_json(
                                 json_object_get(turn->request, "tools")));
    rc |= json_object_set_new(message, "collections",
                              names_json(json_object_get(turn->request,
                                                         "collections")));

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        value = json_object_get(turn->request, members[i]);

        if (value != NULL) {
            rc |= json_object_set(message, members[i], value);
        }
    }

    if (rc != 0) {
        json_decref(message);
        return NULL;
    }

    return message;
}


void
nt_chat_text(const json_t *message, nt_buf_t *text)
{
    size_t        i;
    const json_t *part, *content = json_object_get(message, "content");

    if (json_is_string(content)) {
        nt_buf_append_str(text, nt_ustr(content));
        return;
    }

    json_array_foreach(content, i, part)
    {
        part = json_object_get(part, "text");

        if (json_string_length(part) > 0) {
            if (text->len > 0) {
                nt_buf_append_char(text, '\n');
            }

            nt_buf_append_str(text, nt_ustr(part));
        }
    }
}


void
nt_chat_title(const json_t *message, nt_buf_t *title)
{
    size_t   len;
    nt_buf_t text = { 0 };
    nt_str_t line;

    nt_chat_text(message, &text);
    line =
        nt_ustr_strip((nt_str_t) { text.data, text.len }, NT_USTR_BOTH, NULL);

    for (len = 0; len < line.len && (unsigned char) line.data[len] >= ' ';
         len++) {
        if (len == TITLE_MAX) {
            break;
        }
    }

    while (len > 0 && len < line.len && (line.data[len] & 0xC0) == 0x80) {
        len--; /* not in the middle of a character */
    }

    nt_buf_append(title, line.data, len);
    nt_buf_free(&text);
}


json_t *
nt_chat_message(const nt_turn_t *turn, const char *role, json_t *content)
{
    const json_t *user = turn->message;

    return json_pack("{s:s, s:s, s:o, s:O?, s:O?, s:O?, s:O?, s:O?}", "role",
                     role, "user_id", turn->user, "content", content,
                     "workflow_id", json_object_get(user, "workflow_id"),
                     "provider", json_object_get(user, "provider"), "model",
                     json_object_get(user, "model"), "agent_mode",
                     json_object_get(user, "agent_mode"), "help_mode",
                     json_object_get(user, "help_mode"));
}


/* NodeTool's calls of canonical ones; a new reference. */
static json_t *
calls_json(const json_t *calls)
{
    size_t  i;
    char   *error;
    json_t *list, *call, *args;

    list = json_array();

    json_array_foreach(calls, i, call)
    {
        args = nt_model_arguments(call, &error);
        free(error);

        if (args == NULL) {
            args = json_object(); /* the model was told */
        }

        call = json_pack("{s:O?, s:O?, s:o, s:n, s:O*}", "id",
                         json_object_get(call, "id"), "name",
                         json_object_get(json_object_get(call, "function"),
                                         "name"),
                         "args", args, "result", "extra_content",
                         json_object_get(call, "extra_content"));

        if (json_array_append_new(list, call) != 0) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


/* What later turns need of a model's message, as it is. */
static bool
copy_extras(json_t *to, const json_t *from)
{
    size_t                   i;
    json_t                  *value;
    static const char *const members[] = { "thinking_blocks", "extra_content",
                                           "tool_call_id" };

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        value = json_object_get(from, members[i]);

        if (value != NULL && json_object_set(to, members[i], value) != 0) {
            return false;
        }
    }

    return true;
}


json_t *
nt_chat_from_model(const nt_turn_t *turn, const json_t *message)
{
    int           rc = 0;
    json_t       *kept, *content = json_object_get(message, "content");
    const char   *role = json_string_value(json_object_get(message, "role"));
    const json_t *calls = json_object_get(message, "tool_calls");

    if (content == NULL || json_is_null(content)) {
        content = json_object_get(message, "refusal");
    }

    kept =
        nt_chat_message(turn, role != NULL ? role : "assistant",
                        content != NULL ? json_incref(content) : json_null());

    if (json_array_size(calls) > 0) {
        rc = json_object_set_new(kept, "tool_calls", calls_json(calls));
    }

    if (rc != 0 || !copy_extras(kept, message)) {
        json_decref(kept);
        return NULL;
    }

    return kept;
}


/* --- models --- */

/* The provider that a model is named after, "" for none. */
static const char *
provider_of(const char *model)
{
    size_t i;
    static const struct {
        const char *prefix;
        const char *provider;
    } rules[] = {
        { "echo", "nodetool" },      { "gpt-oss", "ollama" },
        { "gpt-", "openai" },        { "chatgpt-", "openai" },
        { "o1", "openai" },          { "o3", "openai" },
        { "o4", "openai" },          { "claude-", "anthropic" },
        { "gemini-", "gemini" },     { "gemma-", "gemini" },
        { "mistral-", "mistral" },   { "ministral-", "mistral" },
        { "magistral-", "mistral" }, { "codestral-", "mistral" },
        { "pixtral-", "mistral" },   { "deepseek-", "deepseek" },
        { "grok-", "xai" },          { "kimi-", "moonshot" },
        { "llama", "ollama" },       { "MiniMax-", "minimax" },
    };

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strncmp(model, rules[i].prefix, strlen(rules[i].prefix)) == 0) {
            return rules[i].provider;
        }
    }

    /* "qwen3:8b"; "org/model" */
    if (strchr(model, '/') != NULL) {
        return "openrouter";
    }

    return strchr(model, ':') != NULL ? "ollama" : "";
}


json_t *
nt_chat_model(const json_t *message)
{
    char        name[32];
    size_t      len;
    const char *provider, *model, *slash;

    provider = json_string_value(json_object_get(message, "provider"));
    model = json_string_value(json_object_get(message, "model"));

    if (model == NULL) {
        model = "";
    }

    if (provider != NULL && *provider != '\0' && strcmp(provider, "empty") != 0)
    {
        return json_pack("{s:s, s:s, s:s}", "type", "language_model",
                         "provider", provider, "id", model);
    }

    /* "openai/gpt-4o-mini" */
    slash = strchr(model, '/');
    len = slash != NULL ? (size_t) (slash - model) : sizeof(name);

    if (len < sizeof(name)) {
        memcpy(name, model, len);
        name[len] = '\0';

        if (nt_provider_find(name) != NULL) {
            return json_pack("{s:s, s:s, s:s}", "type", "language_model",
                             "provider", name, "id", slash + 1);
        }
    }

    return json_pack("{s:s, s:s, s:s}", "type", "language_model", "provider",
                     provider_of(model), "id", model);
}
