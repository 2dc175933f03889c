"""NodeTool's documented Python client, on the package `websockets`.

    python ws.py URL TOKEN

Prints "ok - ..." and "not ok - ..." lines.
"""

import asyncio
import json
import sys

import msgpack
import websockets


def same(got, want, name):
    print(f"{'ok' if got == want else 'not ok'} - {name}")
    if got != want:
        print(f"# got {got!r}, want {want!r}")


class NodeToolClient:
    """Text frames; replies are kept, events handed out."""

    def __init__(self, url, token):
        self.url = f"{url}?token={token}"

    async def __aenter__(self):
        self.ws = await websockets.connect(self.url)
        return self

    async def __aexit__(self, *error):
        await self.ws.close()

    async def send(self, command, **data):
        await self.ws.send(json.dumps({"command": command, "data": data}))

    async def receive(self):
        while True:
            message = json.loads(await asyncio.wait_for(self.ws.recv(), 20))
            if message.get("type") != "system_stats":
                return message

    async def until(self, good):
        while True:
            message = await self.receive()
            if good(message):
                return message


def ended(message):
    return message.get("type") == "job_update" and message["status"] not in (
        "queued", "running")


async def documented(url, token):
    async with NodeToolClient(f"{url}/ws", token) as client:
        await client.send("run_job", workflow_id="greet",
                          params={"name": "Python"}, job_type="workflow")
        same((await client.receive())["message"], "Job started", "run_job")
        done = await client.until(ended)
        same(done["result"]["output"], "Hello, Python!", "its result")

        await client.send("chat_message", role="user", content="Hi there",
                          thread_id="python", model="echo")
        said = await client.until(lambda m: m.get("role") == "assistant"
                                  and m.get("type") == "message")
        same(said["content"], "You said: Hi there", "a chat message")

        await client.send("get_status")
        same(await client.receive(), {"active_jobs": []}, "get_status")


async def packed(url, token):
    headers = {"Authorization": f"Bearer {token}"}
    try:
        ws = await websockets.connect(f"{url}/predict",
                                      additional_headers=headers)
    except TypeError:  # before version 14
        ws = await websockets.connect(f"{url}/predict", extra_headers=headers)

    async with ws:
        await ws.send(msgpack.packb({"command": "run_job", "data": {
            "workflow_id": "greet", "params": {"name": "bytes"}}}))
        while True:
            message = msgpack.unpackb(await ws.recv())
            if ended(message):
                break
        same(message["result"]["output"], "Hello, bytes!", "MessagePack")

        await ws.send(msgpack.packb({"command": "set_mode",
                                     "data": {"mode": "text"}}))
        same(json.loads(await ws.recv()), {"message": "Mode set to text"},
             "set_mode answers in the new mode")
        await ws.send(msgpack.packb({"command": "get_status", "data": {}}))
        same(json.loads(await ws.recv()), {"active_jobs": []},
             "and it stays, whatever comes")
        await ws.send(msgpack.packb({"command": "set_mode",
                                     "data": {"mode": "binary"}}))
        same(msgpack.unpackb(await ws.recv()), {"message": "Mode set to binary"},
             "and back")

        pong = await ws.ping(b"hello")
        await asyncio.wait_for(pong, 10)
        same(True, True, "a ping frame")


async def hidden(url):
    try:
        async with websockets.connect(f"{url}/predict") as ws:
            await ws.recv()
    except websockets.exceptions.ConnectionClosed as closed:
        same(closed.rcvd.code, 1008, "no token: closed with 1008")


asyncio.run(documented(sys.argv[1], sys.argv[2]))
asyncio.run(packed(sys.argv[1], sys.argv[2]))
asyncio.run(hidden(sys.argv[1]))
