#include "core/llm/nt_echo.h"
#include "t/core/tap.h"

#include <jansson.h>

#define USER(text) "\"messages\":[{\"role\":\"user\",\"content\":\"" text "\"}]"

#define TOOLS                                                                  \
    ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"add\"}},"     \
    "{\"type\":\"function\",\"function\":{\"name\":\"now\"}}]"


static nt_echo_t *
create(const char *request, int *status, nt_buf_t *message)
{
    nt_echo_t        *echo = NULL;
    nt_echo_options_t options = { .model = NT_STR("echo"),
                                  .id = NT_STR("1a"),
                                  .created = 5 };

    *status = 0;

    return nt_echo_create(&echo, nt_str(request), &options, status, message) ==
                   NT_OK
               ? echo
               : NULL;
}


/* Requests that are refused: status and the whole message. */
static void
refused(void)
{
    size_t     i;
    int        status;
    nt_echo_t *echo;
    nt_buf_t   message = { 0 };

    static const struct {
        const char *request;
        int         status;
        const char *message;
    } cases[] = {
        { "[]", 400, "The request body is not a JSON object" },
        { "{}", 422, "messages: expected an array of messages, got nothing" },
        { "{\"messages\":[]}", 422,
          "messages: expected an array of messages, got an empty one" },
        { "{\"messages\":[1]}", 422,
          "messages[0].role: expected a string, got nothing" },
        { "{\"messages\":[{\"role\":\"king\"}]}", 422,
          "messages[0].role: expected system, developer, user, assistant or "
          "tool, got \"king\"" },
        { "{\"messages\":[{\"role\":\"user\"}]}", 422,
          "messages[0].content: expected a string or an array of parts, got "
          "nothing" },
        { "{\"messages\":[{\"role\":\"user\",\"content\":[{}]}]}", 422,
          "messages[0].content[0].type: expected a string, got nothing" },
        { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
          "\"text\":1}]}]}",
          422, "messages[0].content[0].text: expected a string, got a number" },
        { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
          "\"image_url\",\"image_url\":{}}]}]}",
          422, "messages[0].content[0].image_url.url: expected a string" },
        { "{\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}", 422,
          "messages[0].tool_call_id: expected a string, got nothing" },
        { "{" USER("x") ",\"n\":\"2\"}", 422,
          "n: expected an integer, got a string" },
        { "{" USER("x") ",\"n\":0}", 422, "n: expected 1 to 16, got 0" },
        { "{" USER("x") ",\"temperature\":3}", 422,
          "temperature: expected 0 to 2, got 3" },
        { "{" USER("x") ",\"top_p\":true}", 422,
          "top_p: expected a number, got a boolean" },
        { "{" USER("x") ",\"stream\":1}", 422,
          "stream: expected true or false, got a number" },
        { "{" USER("x") ",\"stop\":{}}", 422,
          "stop: expected a string or an array of strings, got an object" },
        { "{" USER("x") ",\"stop\":[\"a\",null]}", 422,
          "stop[1]: expected a string, got null" },
        { "{" USER("x") ",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}", 422,
          "stop: expected at most 4 strings, got 5" },
        { "{" USER("x") ",\"logprobs\":true}", 400,
          "logprobs: the echo model has no probabilities" },
        { "{" USER("x") ",\"response_format\":{\"type\":\"json_schema\"}}", 400,
          "response_format.type: the echo model has text and json_object, not "
          "\"json_schema\"" },
        { "{" USER("x") TOOLS
          ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":"
          "\"sub\"}}}",
          422, "tool_choice: there is no such tool in tools" },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        nt_buf_reset(&message);
        echo = create(cases[i].request, &status, &message);

        ok(echo == NULL && status == cases[i].status, "%d for %s",
           cases[i].status, cases[i].request);
        is_str((nt_str_t) { message.data, message.len }, cases[i].message,
               "it says why");
        nt_echo_free(echo);
    }

    nt_buf_free(&message);
}


/* What the model says: content or, for calls, "name arguments" by line. */
static void
answers(void)
{
    size_t     i, k, c;
    int        status;
    json_t    *reply, *choice, *message, *call, *function;
    nt_str_t   text;
    nt_buf_t   out = { 0 }, said = { 0 };
    nt_echo_t *echo;

    static const struct {
        const char *request;
        const char *said;
        const char *finish_reason;
        int         prompt_tokens;
        int         completion_tokens;
    } cases[] = {
        { "{" USER("hello  big\\nworld ") "}", "You said: hello  big\nworld ",
          "stop", 4, 6 },
        { "{" USER("") "}", "You said: ", "stop", 0, 3 },
        { "{" USER("a b c d") ",\"max_tokens\":4}", "You said: a b", "length",
          4, 4 },
        { "{" USER("a b") ",\"max_completion_tokens\":4}", "You said: a b",
          "stop", 2, 4 },
        { "{" USER("a b c") ",\"stop\":\" c\"}", "You said: a b", "stop", 3,
          4 },
        { "{" USER("a b c") ",\"stop\":[\" c\",\" b\",\"\"]}", "You said: a",
          "stop", 3, 3 },
        { "{" USER("hi") ",\"n\":2}", "You said: hi\nYou said: hi", "stop", 1,
          6 },
        { "{\"messages\":[{\"role\":\"system\",\"content\":\"be kind\"},"
          "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"}"
          ",{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:x\"}}]}]}",
          "You said: see (and 1 attachment)", "stop", 3, 6 },
        { "{" USER("say \\\"x\\\"") ",\"response_format\":{\"type\":\"json_"
                                    "object\"}}",
          "{\"you_said\": \"say \\\"x\\\"\"}", "stop", 2, 3 },
        { "{" USER("caf\\u00e9 \\u0000 \\ud83d\\ude00") "}", NULL, "stop", 3,
          5 },

        { "{" USER("call add {\\\"a\\\": 1}") TOOLS "}", "add {\"a\": 1}",
          "tool_calls", 4, 3 },
        { "{" USER("call add {\\\"a\\\":1}\\ncall now") TOOLS "}",
          "add {\"a\":1}\nnow {}", "tool_calls", 5, 4 },
        { "{" USER("call add {}\\ncall now") TOOLS
          ",\"parallel_tool_calls\":false}",
          "add {}", "tool_calls", 5, 2 },
        { "{" USER("call add {}\\nplease") TOOLS "}",
          "You said: call add {}\nplease", "stop", 4, 6 },
        { "{" USER("call sub {}") TOOLS "}", "You said: call sub {}", "stop", 3,
          5 },
        { "{" USER("call add [1]") TOOLS "}", "You said: call add [1]", "stop",
          3, 5 },
        { "{" USER("call add {}") "}", "You said: call add {}", "stop", 3, 5 },
        { "{" USER("call add {}") TOOLS ",\"tool_choice\":\"none\"}",
          "You said: call add {}", "stop", 3, 5 },
        { "{" USER("hi") TOOLS ",\"tool_choice\":\"required\"}", "add {}",
          "tool_calls", 1, 2 },
        { "{" USER("hi") TOOLS
          ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":"
          "\"now\"}}}",
          "now {}", "tool_calls", 1, 2 },
        { "{\"messages\":[{\"role\":\"user\",\"content\":\"call add {}\"},"
          "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c1\","
          "\"function\":{\"name\":\"add\",\"arguments\":\"{}\"}}]},"
          "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"3\"},"
          "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"4\"}]" TOOLS
          "}",
          "add returned: 3\nThe tool returned: 4", "stop", 5, 7 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        nt_buf_reset(&out);
        nt_buf_reset(&said);

        echo = create(cases[i].request, &status, &out);
        if (!ok(echo != NULL, "%s", cases[i].request)) {
            diag("%.*s", (int) out.len, out.data);
            continue;
        }

        nt_echo_reply(echo, &out);
        reply = json_loadb(out.data, out.len, JSON_ALLOW_NUL, NULL);

        json_array_foreach(json_object_get(reply, "choices"), c, choice)
        {
            message = json_object_get(choice, "message");

            if (said.len > 0) {
                nt_buf_append_char(&said, '\n');
            }

            text.data = json_string_value(json_object_get(message, "content"));
            text.len = json_string_length(json_object_get(message, "content"));
            nt_buf_append_str(&said, text);

            json_array_foreach(json_object_get(message, "tool_calls"), k, call)
            {
                function = json_object_get(call, "function");
                nt_buf_printf(&said, "%s%s %s", k ? "\n" : "",
                              json_string_value(
                                  json_object_get(function, "name")),
                              json_string_value(
                                  json_object_get(function, "arguments")));
            }

            ok(strcmp(json_string_value(
                          json_object_get(choice, "finish_reason")),
                      cases[i].finish_reason) == 0,
               "finish_reason is %s", cases[i].finish_reason);
        }

        if (cases[i].said != NULL) {
            is_str((nt_str_t) { said.data, said.len }, cases[i].said,
                   "the answer");
        }

        message = json_object_get(reply, "usage");
        is_int(json_integer_value(json_object_get(message, "prompt_tokens")),
               cases[i].prompt_tokens, "prompt_tokens");
        is_int(json_integer_value(
                   json_object_get(message, "completion_tokens")),
               cases[i].completion_tokens, "completion_tokens");
        is_int(nt_echo_usage(echo).completion_tokens,
               cases[i].completion_tokens, "the same as told to the caller");

        json_decref(reply);
        nt_echo_free(echo);
    }

    nt_buf_free(&out);
    nt_buf_free(&said);
}


/* The events of a stream, each without what is the same in all. */
static void
streams(void)
{
    size_t     i;
    int        status;
    char      *json;
    json_t    *event, *choices, *usage;
    nt_buf_t   out = { 0 }, all = { 0 };
    nt_echo_t *echo;

    static const struct {
        const char *request;
        const char *events;
    } cases[] = {
        { "{" USER("hi") ",\"stream\":true}",
          "[{\"delta\":{\"content\":\"\",\"role\":\"assistant\"},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}]\n"
          "[{\"delta\":{\"content\":\"You\"},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}]\n"
          "[{\"delta\":{\"content\":\" said:\"},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}]\n"
          "[{\"delta\":{\"content\":\" hi\"},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}]\n"
          "[{\"delta\":{},"
          "\"finish_reason\":\"stop\",\"index\":0,\"logprobs\":null}]\n"
          "[DONE]\n" },
        { "{" USER("call add {\\\"a\\\": 1}\\ncall now") TOOLS
          ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
          "[{\"delta\":{\"content\":null,\"role\":\"assistant\"},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}] null\n"
          "[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"\","
          "\"name\":\"add\"},\"id\":\"call_1a00\",\"index\":0,"
          "\"type\":\"function\"}]},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}] null\n"
          "[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":"
          "\"{\\\"a\\\":\"},\"index\":0}]},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}] null\n"
          "[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":"
          "\" 1}\"},\"index\":0}]},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}] null\n"
          "[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"\","
          "\"name\":\"now\"},\"id\":\"call_1a01\",\"index\":1,"
          "\"type\":\"function\"}]},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}] null\n"
          "[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":"
          "\"{}\"},\"index\":1}]},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}] null\n"
          "[{\"delta\":{},"
          "\"finish_reason\":\"tool_calls\",\"index\":0,"
          "\"logprobs\":null}] null\n"
          "[] {\"completion_tokens\":5,\"prompt_tokens\":6,"
          "\"total_tokens\":11}\n"
          "[DONE]\n" },
        { "{" USER("") ",\"stream\":true,\"n\":2,\"max_tokens\":1}",
          "[{\"delta\":{\"content\":\"\",\"role\":\"assistant\"},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}]\n"
          "[{\"delta\":{\"content\":\"You\"},"
          "\"finish_reason\":null,\"index\":0,\"logprobs\":null}]\n"
          "[{\"delta\":{},"
          "\"finish_reason\":\"length\",\"index\":0,\"logprobs\":null}]\n"
          "[{\"delta\":{\"content\":\"\",\"role\":\"assistant\"},"
          "\"finish_reason\":null,\"index\":1,\"logprobs\":null}]\n"
          "[{\"delta\":{\"content\":\"You\"},"
          "\"finish_reason\":null,\"index\":1,\"logprobs\":null}]\n"
          "[{\"delta\":{},"
          "\"finish_reason\":\"length\",\"index\":1,\"logprobs\":null}]\n"
          "[DONE]\n" },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        nt_buf_reset(&all);
        nt_buf_reset(&out);

        echo = create(cases[i].request, &status, &out);
        ok(echo != NULL && nt_echo_is_stream(echo), "%s", cases[i].request);

        while (nt_echo_next(echo, &out)) {
            event = json_loadb(out.data + 6, out.len - 6,
                               JSON_DISABLE_EOF_CHECK, NULL);
            choices = json_object_get(event, "choices");

            if (choices == NULL) {
                nt_buf_append(&all, out.data + 6, out.len - 7);

            } else {
                json = json_dumps(choices, JSON_COMPACT | JSON_SORT_KEYS);
                nt_buf_append_str(&all, nt_str(json));
                free(json);

                usage = json_object_get(event, "usage");
                if (usage != NULL) {
                    json = json_dumps(usage, JSON_COMPACT | JSON_SORT_KEYS |
                                                 JSON_ENCODE_ANY);
                    nt_buf_printf(&all, " %s", json);
                    free(json);
                }

                nt_buf_append_char(&all, '\n');
            }

            if (memcmp(out.data, "data: ", 6) != 0 ||
                memcmp(out.data + out.len - 2, "\n\n", 2) != 0)
            {
                ok(false, "an event is \"data: ...\" and a blank line");
            }

            json_decref(event);
            nt_buf_reset(&out);
        }

        is_str((nt_str_t) { all.data, all.len }, cases[i].events, "the events");
        nt_echo_free(echo);
    }

    nt_buf_free(&out);
    nt_buf_free(&all);
}


int
main(void)
{
    refused();
    answers();
    streams();

    return done();
}
