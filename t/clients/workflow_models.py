"""OpenAI's SDK for Python: workflows as models, and as tools."""

import os

import openai

client = openai.OpenAI(base_url=os.environ["NODETOOL_URL"] + "/v1", api_key="x", max_retries=0)
MODEL = "workflow/parrot"
CALL = 'call workflow_shout {"text":"loud é"}'
SHOUT = [{"type": "workflow", "tool_name": "shout"}]


def is_(got, want, name):
    print(f"{'ok' if got == want else 'not ok'} - {name}", flush=True)
    if got != want:
        print(f"got {got!r}, want {want!r}", flush=True)


def user(content):
    return [{"role": "user", "content": content}]


is_(MODEL in [m.id for m in client.models.list()], True, "a workflow is among the models")
is_(client.models.retrieve(MODEL).object, "model", "and is retrieved")

reply = client.chat.completions.create(model=MODEL, messages=user("hi é 😀"))
is_(reply.choices[0].message.content, "hi é 😀", "create")
is_(reply.model, MODEL, "its model")

stream = client.chat.completions.create(model=MODEL, messages=user("one two"), stream=True)
is_("".join(c.choices[0].delta.content or "" for c in stream if c.choices), "one two", "a stream")

with client.chat.completions.stream(model=MODEL, messages=user("three")) as events:
    is_(events.get_final_completion().choices[0].message.content, "three", ".stream()")

try:
    client.chat.completions.create(model="workflow/none", messages=user("x"))
    is_("no error", "NotFoundError", "one that is not there")
except openai.NotFoundError as e:
    is_(e.status_code, 404, "one that is not there")

reply = client.chat.completions.create(model="echo", messages=user(CALL), tools=SHOUT)
is_("LOUD É" in reply.choices[0].message.content, True, "a workflow is called")

with client.chat.completions.stream(model="echo", messages=user(CALL), tools=SHOUT) as events:
    final = events.get_final_completion()
is_("LOUD É" in final.choices[0].message.content, True, ".stream()")
