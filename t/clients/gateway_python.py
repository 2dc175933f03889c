"""OpenAI's SDK for Python against providers of each dialect."""

import asyncio
import json
import os

import openai
from pydantic import BaseModel

base_url = os.environ["NODETOOL_URL"] + "/v1"
client = openai.OpenAI(base_url=base_url, api_key="secret-token", max_retries=0)
calls = {"tool_calls": [{"name": "Weather", "arguments": {"city": c}} for c in ("Zürich", '東京 "x"')]}


class Weather(BaseModel):
    """The weather"""

    city: str


def is_(got, want, name):
    print(f"{'ok' if got == want else 'not ok'} - {name}", flush=True)
    if got != want:
        print(f"got {got!r}, want {want!r}", flush=True)


def user(content):
    return [{"role": "user", "content": content if isinstance(content, str) else "mock " + json.dumps(content)}]


def checks(dialect):
    model = f"{dialect}/mock"

    def create(content, who=client, model=model, **more):
        return who.chat.completions.create(model=model, messages=user(content), **more)

    def parse(content, **more):
        return client.chat.completions.parse(model=model, messages=user(content), **more).choices[0].message

    reply = create("hi é 😀")
    is_(reply.choices[0].message.content, "You said: hi é 😀", f"{model}: create")
    is_(reply.usage.total_tokens, 18, "usage")

    with client.chat.completions.stream(model=model, messages=user({"text": "one two é 😀"}), stream_options={"include_usage": True}) as stream:
        deltas = [e.delta for e in stream if e.type == "content.delta"]
        final = stream.get_final_completion()
    is_(("".join(deltas), final.choices[0].message.content), ("one two é 😀", "one two é 😀"), f"{model}: .stream()")
    is_((final.usage.prompt_tokens, final.usage.completion_tokens), (11, 7), "its usage")

    is_(parse("x", response_format=Weather).parsed, Weather(city="sample"), f"{model}: parse() with a class")
    tool = openai.pydantic_function_tool(Weather)
    found = parse(calls, tools=[tool]).tool_calls
    is_([c.function.parsed_arguments.city for c in found], ["Zürich", '東京 "x"'], f"{model}: parse() with a tool")
    with client.chat.completions.stream(model=model, messages=user(calls), tools=[tool]) as stream:
        message = stream.get_final_completion().choices[0].message
    is_([c.function.parsed_arguments.city for c in message.tool_calls], ["Zürich", '東京 "x"'], f"{model}: .stream() with a tool")

    for status, kind in (400, openai.BadRequestError), (429, openai.RateLimitError), (503, openai.InternalServerError):
        try:
            # a model of its own: one that asked for a pause gets it
            create({"status": status, "error": "sorry", "headers": {"Retry-After": "3"}}, model=f"{model}-{status}")
            is_("no error", kind, f"{model}: an error {status}")
        except openai.APIStatusError as e:
            is_((type(e), "sorry" in e.message), (kind, True), f"{model}: an error {status}")
    try:
        list(create({"text": "a b c d e f g h", "cut": 6, "fail": "overloaded"}, stream=True))
        is_("no error", "APIError", f"{model}: an error within a stream")
    except openai.APIError as e:
        is_("overloaded" in e.message, True, f"{model}: an error within a stream")
    again = create({"status": 503, "times": 1, "id": f"python-{dialect}", "headers": {"Retry-After": "0"}}, client.with_options(max_retries=2))
    is_(again.choices[0].message.content, "At last", f"{model}: tried again")

    if dialect != "anthropic":
        reply = client.embeddings.create(model=model, input=["a e", "hello"])
        is_([d.embedding for d in reply.data], [[1.5, 2, 0.5], [2.5, 1, 0.5]], f"{model}: embeddings")


async def together(dialect):
    """Many streams on few connections."""
    other = openai.AsyncOpenAI(base_url=base_url, api_key="secret-token", max_retries=0)

    async def one(i):
        text = f"{i} " * 20
        stream = await other.chat.completions.create(model=f"{dialect}/mock", messages=user({"text": text}), stream=True)
        return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices]) == text

    is_(all(await asyncio.gather(*[one(i) for i in range(20)])), True, f"{dialect}/mock: 20 streams at once")
    await other.close()


for name in os.environ["NODETOOL_DIALECTS"].split():
    checks(name)
    asyncio.run(together(name))
