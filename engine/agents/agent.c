#include "engine/agents/agent.h"

#include <stdlib.h>
#include <strings.h>

#include "engine/json.h"
#include "engine/nodes/ustr.h"

#define CORRECTIONS_MAX 2


static bool
fail_nomem(nt_agent_t *agent)
{
    (void) nt_call_fail(agent->call, "the server is out of memory");
    return false;
}


nt_str_t
nt_agent_property(nt_node_call_t *call, const char *name)
{
    nt_str_t text;

    text.data = nt_call_string(call, name, &text.len);
    return text;
}


bool
nt_agent_init(nt_agent_t *agent, nt_node_call_t *call)
{
    int     rc = 0;
    json_t *max_tokens = nt_call_input(call, "max_tokens");

    agent->call = call;
    agent->turns_max = NT_AGENT_TURNS_MAX;
    agent->model = json_incref(nt_call_input(call, "model"));
    agent->messages = json_array();
    agent->options = json_object();

    if (json_is_integer(max_tokens)) {
        rc = json_object_set(agent->options, "max_tokens", max_tokens);
    }

    return agent->messages != NULL && agent->options != NULL && rc == 0
               ? true
               : fail_nomem(agent);
}


void
nt_agent_free(nt_agent_t *agent)
{
    json_decref(agent->model);
    json_decref(agent->messages);
    json_decref(agent->options);
    json_decref(agent->schema);
    json_decref(agent->result);
    nt_toolbox_free(agent->tools);
    nt_buf_free(&agent->text);
    nt_buf_free(&agent->all);
}


static bool
append(nt_agent_t *agent, json_t *message)
{
    return json_array_append_new(agent->messages, message) == 0
               ? true
               : fail_nomem(agent);
}


static bool
append_text(nt_agent_t *agent, const char *role, nt_str_t text)
{
    return append(agent, nt_model_text_message(role, text));
}


bool
nt_agent_system(nt_agent_t *agent, nt_str_t text)
{
    bool     good;
    nt_buf_t whole = { 0 };

    nt_buf_append_str(&whole, text);

    if (agent->schema != NULL && !agent->as_is) {
        nt_buf_append_str(&whole, NT_STR("\n\n<JSON_SCHEMA>\n"));
        nt_json_append_pretty(&whole, agent->schema);
        nt_buf_append_str(&whole, NT_STR("\n</JSON_SCHEMA>\n"));
    }

    if (whole.failed) {
        good = fail_nomem(agent);

    } else {
        good =
            whole.len == 0 ||
            append_text(agent, "system", (nt_str_t) { whole.data, whole.len });
    }

    nt_buf_free(&whole);
    return good;
}


bool
nt_agent_user(nt_agent_t *agent, nt_str_t text, bool media)
{
    const json_t *image = media ? nt_call_input(agent->call, "image") : NULL;
    const json_t *audio = media ? nt_call_input(agent->call, "audio") : NULL;

    return nt_model_add_user(agent->messages, text, image, audio)
               ? true
               : fail_nomem(agent);
}


bool
nt_agent_system_buf(nt_agent_t *agent, nt_buf_t *text)
{
    bool good;

    good = text->failed
               ? fail_nomem(agent)
               : nt_agent_system(agent, (nt_str_t) { text->data, text->len });
    nt_buf_free(text);
    return good;
}


bool
nt_agent_user_buf(nt_agent_t *agent, nt_buf_t *text, bool media)
{
    bool good;

    good =
        text->failed
            ? fail_nomem(agent)
            : nt_agent_user(agent, (nt_str_t) { text->data, text->len }, media);
    nt_buf_free(text);
    return good;
}


/* --- one question --- */

/* Appends the schema to the options as OpenAI's response_format. */
static bool
add_format(nt_agent_t *agent, json_t *options)
{
    return json_object_set_new(options, "response_format",
                               json_pack("{s:s, s:{s:s, s:O, s:b}}", "type",
                                         "json_schema", "json_schema", "name",
                                         "result", "schema", agent->schema,
                                         "strict", agent->strict)) == 0;
}


static json_t *
ask_once(nt_agent_t *agent)
{
    json_t         *options, *reply;
    nt_model_chat_t chat = { .model = agent->model,
                             .messages = agent->messages,
                             .ctx = agent };

    options = json_copy(agent->options);

    if (options == NULL || (agent->by_format && !add_format(agent, options))) {
        json_decref(options);
        (void) fail_nomem(agent);
        return NULL;
    }

    chat.options = options;

    if (agent->tools != NULL &&
        json_array_size(nt_toolbox_list(agent->tools)) > 0) {
        chat.tools = nt_toolbox_list(agent->tools);
    }

    if (agent->shows != 0 || agent->piece != NULL) {
        chat.delta = nt_agent_show;
    }

    agent->shown = false;
    reply = nt_model_chat(agent->call, &chat);
    json_decref(options);
    return reply;
}


/* Is it the response_format that the model does not take?  Providers name the
 * member at fault, each in its own words: response_format, format,
 * response_schema, output_config.format, "response mime type". */
static bool
is_about_format(const char *error)
{
    return strcasestr(error, "format") != NULL ||
           strcasestr(error, "schema") != NULL ||
           strcasestr(error, "mime") != NULL;
}


/* Asks; without response_format, if the model takes none: the messages say
 * what the answer is to look like, and it is checked in any case. */
static json_t *
ask(nt_agent_t *agent)
{
    char   *error;
    json_t *reply;

    reply = ask_once(agent);

    if (reply != NULL || !agent->by_format || agent->shown ||
        nt_call_cancelled(agent->call))
    {
        return reply;
    }

    error = nt_call_take_error(agent->call);

    if (error == NULL || !is_about_format(error)) {
        (void) nt_call_fail(agent->call, "%s",
                            error != NULL ? error
                                          : "the server is out of memory");
        free(error);
        return NULL;
    }

    free(error);
    nt_call_log(agent->call, "info",
                "the model takes no response_format; its answer is checked "
                "instead");
    agent->by_format = false;
    return ask_once(agent);
}


/* --- turns --- */

/* What a reply says: as text, else in a voice, else why it says nothing. */
static nt_str_t
said(const json_t *reply)
{
    json_t  *message = nt_model_message(reply);
    nt_str_t text = nt_model_text(reply);

    if (text.len == 0) {
        text = nt_ustr(
            json_object_get(json_object_get(message, "audio"), "transcript"));
    }

    return text.len > 0 ? text : nt_ustr(json_object_get(message, "refusal"));
}


/* Puts a reply behind the messages and its text where it belongs.  Its tool
 * calls, borrowed from the messages, or NULL. */
static bool
take_reply(nt_agent_t *agent, const json_t *reply, const json_t **tool_calls)
{
    json_t     *message = nt_model_message(reply);
    const char *finish = nt_model_finish(reply);

    nt_buf_reset(&agent->text);
    nt_buf_append_str(&agent->text, said(reply));
    nt_buf_append(&agent->all, agent->text.data, agent->text.len);
    agent->cut = strcmp(finish, "length") == 0;

    if (agent->cut) {
        nt_call_log(agent->call, "warning",
                    "the answer ends at the limit of tokens (max_tokens)");

    } else if (strcmp(finish, "content_filter") == 0) {
        nt_call_log(agent->call, "warning",
                    "the provider's content filter has cut the answer off");
    }

    *tool_calls = json_object_get(message, "tool_calls");

    if (json_array_size(*tool_calls) == 0) {
        *tool_calls = NULL;
    }

    if (agent->text.failed || agent->all.failed) {
        return fail_nomem(agent);
    }

    return append(agent, json_incref(message)) &&
           nt_agent_show_turn(agent, message) &&
           (agent->heard == NULL ||
            agent->heard(agent->ctx, message, json_object_get(reply, "usage")));
}


/* Tells the model what is wrong with its result, or fails the node when it
 * has been told often enough. */
static bool
correct(nt_agent_t *agent, const nt_buf_t *error)
{
    nt_buf_t text = { 0 };

    if (agent->corrections == CORRECTIONS_MAX || agent->cut) {
        (void) nt_call_fail(agent->call,
                            "the model did not answer as it should: %.*s%s",
                            (int) error->len, error->data,
                            agent->cut ? "; its answer ends at the limit of "
                                         "tokens, raise max_tokens"
                                       : "");
        return false;
    }

    agent->corrections++;
    agent->by_format = true; /* it needs help; also where there are tools */
    nt_buf_printf(&text,
                  "That is not right: %.*s. Answer again, with nothing but the "
                  "JSON object.",
                  (int) error->len, error->data);
    return nt_agent_user_buf(agent, &text, false);
}


typedef enum { TURN_FAIL, TURN_AGAIN, TURN_DONE } turn_t;


static turn_t
take_turn(nt_agent_t *agent)
{
    bool          good;
    json_t       *reply;
    nt_buf_t      error = { 0 };
    const json_t *tool_calls;

    reply = ask(agent);

    if (reply == NULL) {
        return TURN_FAIL;
    }

    good = take_reply(agent, reply, &tool_calls);

    if (good && tool_calls != NULL) {
        good = nt_agent_call_tools(agent, tool_calls);
        json_decref(reply);
        return !good                   ? TURN_FAIL
               : agent->result != NULL ? TURN_DONE
                                       : TURN_AGAIN;
    }

    json_decref(reply);

    if (!good) {
        return TURN_FAIL;
    }

    if (agent->schema == NULL || agent->as_is ||
        nt_agent_take_text(agent, &error)) {
        nt_buf_free(&error);
        return TURN_DONE;
    }

    good = correct(agent, &error);
    nt_buf_free(&error);
    return good ? TURN_AGAIN : TURN_FAIL;
}


/* The turns are used up, by calls of tools. */
static bool
give_up(nt_agent_t *agent)
{
    if (agent->schema != NULL || agent->all.len == 0) {
        (void) nt_call_fail(agent->call,
                            "the model has used all of its %u turns for tools "
                            "and given no answer",
                            agent->turns_max);
        return false;
    }

    nt_call_log(agent->call, "warning",
                "the model has used all of its %u turns for tools; what it has "
                "said so far is its answer",
                agent->turns_max);
    return nt_agent_show_done(agent);
}


bool
nt_agent_run(nt_agent_t *agent)
{
    turn_t                turn;
    unsigned              i;
    static const nt_str_t last = NT_STR(
        "This is your last turn. Do not call any more tools; answer with what "
        "you have found out.");

    for (i = 0; i < agent->turns_max; i++) {
        if (i > 0 && i + 1 == agent->turns_max && agent->tools != NULL &&
            !append_text(agent, "user", last))
        {
            return false;
        }

        turn = take_turn(agent);

        if (turn != TURN_AGAIN) {
            return turn == TURN_DONE && nt_agent_show_done(agent);
        }
    }

    return give_up(agent);
}
