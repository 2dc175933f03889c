/*
 * engine/nodes/messaging.c - messaging.*: sending to Discord
 * (https://discord.com/developers/docs/resources/message) and Telegram
 * (https://core.telegram.org/bots/api#sendmessage).
 *
 * Settings: DISCORD_BASE_URL (https://discord.com), TELEGRAM_BASE_URL
 * (https://api.telegram.org).
 */

#include <ctype.h>
#include <stdlib.h>

#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/web.h"

#define SECONDS 60

static const double one[] = { 1 };


/* A token of a bot: it goes into a URL or a header; false after
 * nt_call_fail. */
static bool
arg_token(nt_node_call_t *call, nt_str_t *token)
{
    size_t i;

    if (!nt_arg_name(call, "token", token)) {
        return false;
    }

    for (i = 0; i < token->len; i++) {
        if (!isalnum((unsigned char) token->data[i]) &&
            strchr("-._:", token->data[i]) == NULL)
        {
            (void) nt_call_fail(call, "'token' must be the token of a bot");
            return false;
        }
    }

    return true;
}


/* Sends `body` (taken over); the answer, a new reference, or NULL after
 * nt_call_fail. */
static json_t *
post(nt_node_call_t *call, const nt_buf_t *url, const nt_buf_t *header,
     json_t *body, int *status)
{
    json_t           *answer = NULL;
    const char       *headers[3] = { "Content-Type: application/json", NULL };
    nt_http_request_t request = { .method = "POST",
                                  .headers = headers,
                                  .timeout = SECONDS,
                                  .flags = NT_HTTP_TRUSTED };

    if (url->failed || header->failed || body == NULL) {
        (void) nt_arg_nomem(call);
    } else {
        headers[1] = header->data;
        request.url = url->data;
        answer = nt_web_call(call, &request, body, status);
    }

    json_decref(body);
    return answer;
}


static const char *
base_url(nt_node_call_t *call, const char *setting, const char *usual)
{
    const char *base = nt_call_setting(call, setting);

    return base != NULL ? base : usual;
}


/* --- Discord --- */

/* A number, also of 64 bits: those are texts. */
static bool
arg_channel(nt_node_call_t *call, nt_str_t *id)
{
    size_t i;

    if (!nt_arg_name(call, "channel_id", id)) {
        return false;
    }

    for (i = 0; i < id->len && isdigit((unsigned char) id->data[i]); i++) {
    }

    if (i < id->len) {
        (void) nt_call_fail(call, "'channel_id' must be a number, as Discord "
                                  "gives it");
        return false;
    }

    return true;
}


static nt_node_rc_t
run_discord(nt_node_call_t *call)
{
    int         status = 0;
    json_t     *body, *answer, *embeds = nt_call_input(call, "embeds");
    nt_buf_t    url = { 0 }, header = { 0 };
    nt_str_t    token, channel, content;
    const char *id;

    if (!arg_token(call, &token) || !arg_channel(call, &channel) ||
        !nt_arg_str(call, "content", &content))
    {
        return NT_NODE_FAIL;
    }

    if (content.len == 0 && json_array_size(embeds) == 0) {
        return nt_call_fail(call, "'content' or 'embeds' must not be empty");
    }

    nt_buf_printf(&url, "%s/api/v10/channels/%s/messages%c",
                  base_url(call, "DISCORD_BASE_URL", "https://discord.com"),
                  channel.data, '\0');
    nt_buf_printf(&header, "Authorization: Bot %s%c", token.data, '\0');
    body = json_pack("{s:s%, s:b, s:O*}", "content", content.data, content.len,
                     "tts", nt_call_bool(call, "tts"), "embeds",
                     json_array_size(embeds) > 0 ? embeds : NULL);
    answer = post(call, &url, &header, body, &status);
    nt_buf_free(&url);
    nt_buf_free(&header);

    if (answer == NULL) {
        return NT_NODE_FAIL;
    }

    id = json_string_value(
        json_object_get(answer, status < 300 ? "id" : "message"));

    if (status < 200 || status > 299 || id == NULL) {
        (void) nt_call_fail(call, "Discord answered with status %d: %.500s",
                            status, id != NULL ? id : "no reason");
        json_decref(answer);
        return NT_NODE_FAIL;
    }

    body = json_pack("{s:s}", "message_id", id);
    json_decref(answer);
    return nt_emit(call, body);
}


static const nt_property_t discord_properties[] = {
    NT_PROP("token", "str", "\"\"", "The token of the bot"),
    NT_PROP("channel_id", "str", "\"\"", "The channel"),
    NT_PROP("content", "str", "\"\"", "The text"),
    NT_PROP("tts", "bool", "false", "Have it read out"),
    NT_PROP("embeds", "list[dict[str,any]]", NULL,
            "Embeds, as Discord describes them"),
    NT_PROP_END
};

static const nt_node_type_t discord_send = {
    .type = "messaging.discord.DiscordSendMessage",
    .title = "Discord Send Message",
    .description = "Sends a message to a channel of Discord.",
    .properties = discord_properties,
    .outputs = nt_out_dict_any,
    .flags = NT_NODE_ASYNC | NT_NODE_ONCE,
    .run = run_discord
};


/* --- Telegram --- */

static json_t *
telegram_body(nt_node_call_t *call, int64_t chat, nt_str_t text,
              nt_str_t parse_mode)
{
    int     rc = 0;
    json_t *body, *reply = nt_call_input(call, "reply_to_message_id");

    body = json_pack("{s:I, s:s%, s:b, s:b}", "chat_id", (json_int_t) chat,
                     "text", text.data, text.len, "disable_web_page_preview",
                     nt_call_bool(call, "disable_web_page_preview"),
                     "disable_notification",
                     nt_call_bool(call, "disable_notification"));

    if (parse_mode.len > 0) {
        rc |= json_object_set_new(body, "parse_mode", nt_ustr_json(parse_mode));
    }

    if (json_is_integer(reply)) {
        rc |= json_object_set(body, "reply_to_message_id", reply);
    }

    if (rc != 0) {
        json_decref(body);
        return NULL;
    }

    return body;
}


static nt_node_rc_t
emit_telegram(nt_node_call_t *call, const json_t *answer, int status)
{
    const json_t *result = json_object_get(answer, "result");
    const char   *message;

    if (json_is_true(json_object_get(answer, "ok"))) {
        return nt_emit(call,
                       json_pack("{s:O?, s:O?, s:O?}", "message_id",
                                 json_object_get(result, "message_id"), "date",
                                 json_object_get(result, "date"), "chat_id",
                                 json_object_get(json_object_get(result,
                                                                 "chat"),
                                                 "id")));
    }

    message = json_string_value(json_object_get(answer, "description"));
    return nt_call_fail(call, "Telegram answered with status %d: %.500s",
                        status, message != NULL ? message : "no reason");
}


static nt_node_rc_t
run_telegram(nt_node_call_t *call)
{
    int          status = 0;
    json_t      *answer;
    int64_t      chat;
    nt_buf_t     url = { 0 }, none = { 0 };
    nt_str_t     token, text, parse_mode;
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (!arg_token(call, &token) || !nt_arg_int(call, "chat_id", &chat) ||
        !nt_arg_name(call, "text", &text) ||
        !nt_arg_str(call, "parse_mode", &parse_mode))
    {
        return NT_NODE_FAIL;
    }

    if (chat == 0) {
        return nt_call_fail(call, "'chat_id' must be the number of a chat");
    }

    nt_buf_printf(&url, "%s/bot%s/sendMessage%c",
                  base_url(call, "TELEGRAM_BASE_URL",
                           "https://api.telegram.org"),
                  token.data, '\0');
    answer = post(call, &url, &none,
                  telegram_body(call, chat, text, parse_mode), &status);
    nt_buf_free(&url);

    if (answer != NULL) {
        rc = emit_telegram(call, answer, status);
        json_decref(answer);
    }

    return rc;
}


static const nt_property_t telegram_properties[] = {
    NT_PROP("token", "str", "\"\"", "The token of the bot"),
    { .name = "chat_id",
      .type = "int",
      .default_json = "0",
      .description = "The chat",
      .min = one },
    NT_PROP("text", "str", "\"\"", "The text"),
    NT_PROP("parse_mode", "str", "\"\"", "MarkdownV2 or HTML; empty for none"),
    NT_PROP("disable_web_page_preview", "bool", "false",
            "Show no previews of links"),
    NT_PROP("disable_notification", "bool", "false", "Make no sound"),
    { .name = "reply_to_message_id",
      .type = "int?",
      .description = "The message that it answers",
      .min = one },
    NT_PROP_END
};

static const nt_node_type_t telegram_send = {
    .type = "messaging.telegram.TelegramSendMessage",
    .title = "Telegram Send Message",
    .description = "Sends a message to a chat of Telegram.",
    .properties = telegram_properties,
    .outputs = nt_out_dict_any,
    .flags = NT_NODE_ASYNC | NT_NODE_ONCE,
    .run = run_telegram
};


static const nt_node_type_t *const types[] = { &discord_send, &telegram_send,
                                               NULL };

const nt_node_library_t nt_nodes_messaging = { NODETOOL_NODE_ABI, "messaging",
                                               types };
