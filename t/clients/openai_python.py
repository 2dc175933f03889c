"""What a program does with OpenAI's SDK, against the echo model and a mock
provider."""

import json
import os

import openai

base_url = os.environ["NODETOOL_URL"]
client = openai.OpenAI(base_url=base_url, api_key="secret-token", max_retries=0)


def is_(got, want, name):
    print(f"{'ok' if got == want else 'not ok'} - {name}", flush=True)
    if got != want:
        print(f"got {got!r}, want {want!r}", flush=True)


def fails(kind, status, name, call):
    try:
        call()
        is_("no error", kind.__name__, name)
    except openai.APIStatusError as e:
        is_((type(e), e.status_code), (kind, status), name)
        return e


def user(content):
    return [{"role": "user", "content": content}]


def create(model, content="x", who=client, **more):
    return who.chat.completions.create(model=model, messages=user(content), **more)


# models

is_([m.id for m in client.models.list()], ["mock-1", "mock-2", "echo"], "models.list")
is_(client.models.retrieve("mock-1").owned_by, "mock", "models.retrieve")
is_(client.models.retrieve("mock/mock-1").id, "mock/mock-1", "models.retrieve with a provider")

# replies

for model, text in ("echo", "You said: hi"), ("mock-1", "one two three"), ("mock/mock-2", "one two three"):
    reply = create(model, "hi")
    is_(reply.choices[0].message.content, text, f"{model}: create")
    is_(reply.choices[0].finish_reason, "stop", f"{model}: finish_reason")
    is_(type(reply._request_id), str, f"{model}: _request_id")

    chunks = list(create(model, "hi", stream=True))
    is_("".join(c.choices[0].delta.content or "" for c in chunks).strip(), text, f"{model}: create with stream")

    chunks = list(create(model, "hi", stream=True, stream_options={"include_usage": True}))
    is_(chunks[-1].usage.total_tokens, 4 if model == "echo" else 12, f"{model}: usage of a stream")
    is_(chunks[-1].choices, [], f"{model}: in a last chunk without choices")

    with client.chat.completions.stream(model=model, messages=user("hi")) as stream:
        final = stream.get_final_completion()
    is_(final.choices[0].message.content.strip(), text, f"{model}: .stream()")
    is_(final.choices[0].message.role, "assistant", f"{model}: one role")

is_(len(create("echo", n=2).choices), 2, "n")

raw = client.chat.completions.with_raw_response.create(model="echo", messages=user("x"))
is_(raw.headers["content-type"], "application/json", "with_raw_response")

# tools

tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}]
reply = create("echo", 'call add {"a": 1, "b": 2}', tools=tools)
is_(reply.choices[0].finish_reason, "tool_calls", "a call")
call = reply.choices[0].message.tool_calls[0]
is_(json.loads(call.function.arguments), {"a": 1, "b": 2}, "its arguments")

history = user('call add {"a": 1, "b": 2}') + [
    reply.choices[0].message.model_dump(exclude_none=True),
    {"role": "tool", "tool_call_id": call.id, "content": "3"},
]
reply = client.chat.completions.create(model="echo", messages=history, tools=tools)
is_(reply.choices[0].message.content, "add returned: 3", "and its result")

with client.chat.completions.stream(
    model="echo", messages=user('call add {"a": 1}\ncall add {"a": 2}'), tools=tools
) as stream:
    calls = stream.get_final_completion().choices[0].message.tool_calls
is_([c.function.arguments for c in calls], ['{"a": 1}', '{"a": 2}'], "parallel calls in a stream")
is_(len({c.id for c in calls}), 2, "with ids of their own")

reply = create("echo", response_format={"type": "json_object"})
is_(json.loads(reply.choices[0].message.content), {"you_said": "x"}, "response_format json_object")

# errors

stranger = openai.OpenAI(base_url=base_url, api_key="wrong", max_retries=0)
fails(openai.AuthenticationError, 401, "a wrong token", lambda: create("echo", who=stranger))
fails(openai.NotFoundError, 404, "no such model", lambda: create("nope"))
fails(openai.NotFoundError, 404, "no such model to retrieve", lambda: client.models.retrieve("nope"))
fails(openai.UnprocessableEntityError, 422, "a bad parameter", lambda: create("echo", temperature=9))
fails(openai.BadRequestError, 400, "what echo has not", lambda: create("echo", logprobs=True))
e = fails(openai.RateLimitError, 429, "a limit of the provider", lambda: create("error-429"))
is_(e.response.headers["retry-after"], "7", "with its Retry-After")
fails(openai.InternalServerError, 500, "an error of the provider", lambda: create("error-500"))
fails(openai.InternalServerError, 502, "a refused key of the gateway", lambda: create("error-401"))
fails(openai.RateLimitError, 429, "an error instead of a stream", lambda: create("error-429", stream=True))

try:
    list(create("error-stream", stream=True))
    is_("no error", "APIError", "a stream that breaks off")
except openai.APIError as e:
    is_(e.message, 'The provider "mock" ended before its stream was complete', "a stream that breaks off")
