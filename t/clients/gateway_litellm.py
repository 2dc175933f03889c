"""LiteLLM's client against providers of each dialect."""

import json
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

litellm.suppress_debug_info = True

settings = {"api_base": os.environ["NODETOOL_URL"] + "/v1", "api_key": "secret-token", "max_retries": 0}
weather = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
tools = [{"type": "function", "function": {"name": "weather", "description": "The weather", "parameters": weather}}]
calls = {"tool_calls": [{"name": "weather", "arguments": {"city": c}} for c in ("Zürich", '東京 "x"')]}


def is_(got, want, name):
    print(f"{'ok' if got == want else 'not ok'} - {name}", flush=True)
    if got != want:
        print(f"got {got!r}, want {want!r}", flush=True)


def fails(kind, name, call):
    try:
        call()
        is_("no error", kind.__name__, name)
    except kind as e:
        is_(type(e), kind, name)
        return e


def user(content):
    return [{"role": "user", "content": content if isinstance(content, str) else "mock " + json.dumps(content)}]


def checks(dialect):
    model = f"openai/{dialect}/mock"

    def create(content, **more):
        return litellm.completion(model=model, messages=user(content), **settings, **more)

    reply = create("hi 😀")
    is_(reply.choices[0].message.content, "You said: hi 😀", f"{model}: completion")
    is_(reply.usage.total_tokens, 18, "usage")

    chunks = list(create({"text": "one two three"}, stream=True, stream_options={"include_usage": True}))
    is_("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), "one two three", f"{model}: a stream")
    is_(litellm.stream_chunk_builder(chunks).usage.total_tokens, 18, "its usage")

    for stream in False, True:
        reply = create(calls, tools=tools, stream=stream)
        if stream:
            reply = litellm.stream_chunk_builder(list(reply))
        found = reply.choices[0].message.tool_calls
        is_([json.loads(c.function.arguments)["city"] for c in found], ["Zürich", '東京 "x"'], f"{model}: tools, stream {stream}")

    history = user(calls) + [reply.choices[0].message.model_dump(exclude_none=True)]
    history += [{"role": "tool", "tool_call_id": c.id, "content": "sun"} for c in found]
    reply = litellm.completion(model=model, messages=history, tools=tools, **settings)
    is_(reply.choices[0].message.content.count("sun"), 2, "and what they returned")

    e = fails(litellm.RateLimitError, f"{model}: an error", lambda: create({"status": 429, "error": "sorry"}))
    is_("sorry" in str(e), True, "and what it says")
    fails(litellm.exceptions.MidStreamFallbackError, f"{model}: an error within a stream", lambda: list(create({"text": "a b c d e f g h", "cut": 6, "fail": "overloaded"}, stream=True)))

    if dialect != "anthropic":
        reply = litellm.embedding(model=model, input=["a e", "hello"], encoding_format="float", **settings)
        is_([d["embedding"] for d in reply.data], [[1.5, 2, 0.5], [2.5, 1, 0.5]], f"{model}: embedding")


for name in os.environ["NODETOOL_DIALECTS"].split():
    checks(name)
