// NodeTool's documented WebSocket clients, on the npm packages that they use:
// what its README, its websocket-api page, its example of a workflow over a
// WebSocket, its command line and its generated pages do with a server.
//
//   node ws.mjs MODULES URL TOKEN
//
// Prints "ok - ..." and "not ok - ..." lines.

import { createRequire } from "node:module";

const [modules, url, token] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const WebSocket = require("ws");
const msgpack = require("@msgpack/msgpack");

const auth = { headers: { Authorization: `Bearer ${token}` } };

function ok(good, name) {
  console.log(`${good ? "ok" : "not ok"} - ${name}`);
}

function same(got, want, name) {
  const good = JSON.stringify(got) === JSON.stringify(want);
  ok(good, name);
  if (!good) {
    console.log(`# got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }
}

// --- README: MessagePack on /predict, one handler for all messages -----------

function runPacked(params) {
  return new Promise((resolve, reject) => {
    const seen = { updates: [], binary: true };
    const socket = new WebSocket(`${url}/predict`, auth);

    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(msgpack.encode({
      command: "run_job",
      data: { type: "run_job_request", workflow_id: "greet", params },
    }));
    socket.onerror = reject;
    socket.onmessage = (event) => {
      seen.binary &&= typeof event.data !== "string";
      const data = msgpack.decode(new Uint8Array(event.data));
      if (data.type === "job_update" && data.status === "completed") {
        seen.result = data.result;
        socket.close();
      } else if (data.type === "node_update") {
        seen.updates.push(data.status);
      }
    };
    socket.onclose = (event) => resolve({ ...seen, code: event.code });
  });
}

const packed = await runPacked({ name: "MessagePack" });
same(packed.result?.output, "Hello, MessagePack!", "README: the result");
ok(packed.updates.includes("running") && packed.updates.includes("completed"),
  "README: nodes tell how they go");
ok(packed.binary, "README: in binary frames");

// Bytes of media, both ways.
await new Promise((resolve) => {
  const bytes = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
    "base64");
  const socket = new WebSocket(`${url}/predict`, auth);

  socket.on("open", () => socket.send(msgpack.encode({
    command: "run_job",
    data: { workflow_id: "image",
            params: { picture: { type: "image", uri: "", data: bytes } } },
  })));
  socket.on("message", (frame, binary) => {
    const data = msgpack.decode(frame);
    if (data.type === "output_update") {
      ok(Buffer.compare(Buffer.from(data.value.data ?? []), bytes) === 0,
        "bytes of an image, there and back");
    } else if (data.type === "job_update" && data.status !== "running") {
      same(data.status, "completed", "... of a whole job");
      socket.close();
    }
  });
  socket.on("close", resolve);
});

// --- the example: text mode, cancelling -----------------------------------------

class WorkflowRunner {
  constructor() {
    this.statuses = [];
    this.jobId = null;
  }

  connect() {
    this.socket = new WebSocket(`${url}/predict`, auth);
    this.socket.on("message", (data) => this.handleMessage(JSON.parse(data)));
    this.ended = new Promise((resolve) => this.socket.on("close", resolve));
    return new Promise((resolve) => this.socket.on("open", () => {
      this.socket.send(JSON.stringify({
        command: "set_mode", data: { mode: "text" } }));
      resolve();
    }));
  }

  handleMessage(message) {
    if (message.type !== "job_update") {
      return;
    }
    this.jobId = message.job_id;
    this.statuses.push(message.status);
    if (message.status === "running") {
      this.started?.();
    } else {
      this.result = message.result;
      this.socket.close();
    }
  }

  async run(workflowId, params = {}) {
    await this.connect();
    const running = new Promise((resolve) => { this.started = resolve; });
    this.socket.send(JSON.stringify({
      command: "run_job",
      data: { type: "run_job_request", api_url: "http://localhost:8000/api",
              workflow_id: workflowId, auth_token: "local_token", params },
    }));
    await running;
  }

  cancel() {
    this.socket.send(JSON.stringify({
      command: "cancel_job", data: { job_id: this.jobId } }));
  }
}

const runner = new WorkflowRunner();
await runner.run("greet", { name: "text" });
await runner.ended;
same(runner.statuses, ["running", "completed"], "example: a run");
same(runner.result.output, "Hello, text!", "example: its result");

const cancelled = new WorkflowRunner();
await cancelled.run("slow");
cancelled.cancel();
await cancelled.ended;
same(cancelled.statuses, ["running", "cancelled"], "example: cancelled");

// --- websocket-api: one socket for jobs and chat ----------------------------------

class NodeToolWebSocket {
  constructor() {
    this.handlers = new Map();
    this.all = [];
  }

  connect(path, options) {
    this.ws = new WebSocket(path, options);
    this.ws.on("message", (data, binary) => {
      const msg = binary ? msgpack.decode(data) : JSON.parse(data);
      this.all.push(msg);
      this.handlers.get(msg.type)?.(msg);
      if (msg.message && !msg.type) {
        this.handlers.get("reply")?.(msg);
      }
    });
    return new Promise((resolve, reject) => {
      this.ws.on("open", resolve);
      this.ws.on("error", reject);
    });
  }

  on(type, handler) { this.handlers.set(type, handler); }

  // The first message of this type that `good` accepts.
  when(type, good = () => true) {
    return new Promise((resolve) => this.on(type, (msg) => {
      if (good(msg)) {
        resolve(msg);
      }
    }));
  }

  send(command, data) { this.ws.send(JSON.stringify({ command, data })); }
}

const ended = (msg) => !["queued", "running"].includes(msg.status);

const client = new NodeToolWebSocket();
await client.connect(`${url}/ws?token=${token}`);
let done = client.when("job_update", ended);
client.send("run_job",
  { workflow_id: "greet", params: { name: "ws" }, job_type: "workflow" });
same((await done).result.output, "Hello, ws!", "websocket-api: runJob");

let said = client.when("message", (msg) => msg.role === "assistant");
client.send("chat_message", { role: "user", content: "Hello, world!",
  thread_id: "thread-uuid", model: "echo" });
same((await said).content, "You said: Hello, world!",
  "websocket-api: sendChat");
ok(client.all.some((msg) => msg.type === "chunk" && msg.content),
  "websocket-api: in chunks");

let stopped = client.when("generation_stopped");
client.send("stop", { thread_id: "thread-uuid" });
same((await stopped).thread_id, "thread-uuid", "websocket-api: stopChat");

let running = client.when("job_update", (msg) => msg.status === "running");
client.send("run_job", { workflow_id: "slow", params: {} });
const id = (await running).job_id;
done = client.when("job_update", ended);
stopped = client.when("generation_stopped");
client.send("stop", { job_id: id });
same((await stopped).job_id, id, "websocket-api: stopJob");
same((await done).status, "cancelled", "websocket-api: and it is cancelled");

const pong = client.when("pong");
client.ws.send(JSON.stringify({ type: "ping" }));
ok(typeof (await pong).ts === "number", "websocket-api: ping");
ok((await client.when("system_stats")).stats.memory_total_gb > 0,
  "websocket-api: system_stats");
client.ws.close();

// --- two tabs, one of which comes late and comes back -----------------------------

const first = new NodeToolWebSocket(), second = new NodeToolWebSocket();
await first.connect(`${url}/predict`, auth);
const firstDone = first.when("job_update", ended);
const begun = first.when("output_update");
first.send("run_job", { workflow_id: "ticks" });
const jobId = (await begun).job_id;

await second.connect(`${url}/predict`, auth);
const seen = second.when("output_update");
second.send("reconnect_job", { job_id: jobId });
await seen;
second.ws.terminate();
const before = second.all.filter((msg) => msg.job_seq).map((msg) => msg.job_seq);

const third = new NodeToolWebSocket();
await third.connect(`${url}/predict`, auth);
const thirdDone = third.when("job_update", ended);
third.send("reconnect_job", { job_id: jobId, last_seq: before.at(-1) });
await Promise.all([firstDone, thirdDone]);

const numbers = (all) => all.filter((msg) => msg.job_seq)
  .map((msg) => msg.job_seq);
same([...before, ...numbers(third.all)], numbers(first.all),
  "two tabs: neither gap nor double over a reconnect");
ok(third.all.some((msg) => msg.type === "job_resumed"
  && msg.replay_count >= 0), "two tabs: job_resumed");
first.ws.close();
third.ws.close();

// --- who may not ---------------------------------------------------------------------

for (const [name, path, options] of [
  ["no token", "/predict", {}],
  ["a wrong header", "/predict", { headers: { Authorization: "Bearer no" } }],
  ["a wrong query", "/ws?token=no", {}],
]) {
  const code = await new Promise((resolve) => {
    const socket = new WebSocket(`${url}${path}`, options);
    socket.on("close", resolve);
    socket.on("error", () => resolve("error"));
  });
  same(code, 1008, `${name}: closed with 1008`);
}

// --- a large message, in fragments ----------------------------------------------------

await new Promise((resolve) => {
  const socket = new WebSocket(`${url}/predict`, auth);
  const name = "x".repeat(300000);
  const text = JSON.stringify({ command: "run_job",
    data: { workflow_id: "greet", params: { name } } });

  socket.on("open", () => {
    for (let at = 0; at < text.length; at += 65536) {
      socket.send(text.slice(at, at + 65536),
        { fin: at + 65536 >= text.length });
    }
  });
  socket.on("message", (data) => {
    const msg = JSON.parse(data);
    if (msg.type === "job_update" && ended(msg)) {
      same(msg.result?.output, `Hello, ${name}!`, "a message in fragments");
      socket.close();
    }
  });
  socket.on("close", resolve);
});
