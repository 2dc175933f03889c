// A conversation over /chat and /ws, as NodeTool's clients have it.

import { decode, encode } from '@msgpack/msgpack';
import WebSocket from 'ws';

const base = process.env.NODETOOL_URL;
const model = { model: 'gpt-4o-mini', provider: 'openai' };

function ok(good, name) {
    console.log(`${good ? 'ok' : 'not ok'} - ${name}`);
}

class Client {
    constructor(path, binary) {
        this.binary = binary;
        this.events = [];
        this.waiting = null;
        this.socket = new WebSocket(`ws://${base}${path}`);
        this.socket.on('message', (data, isBinary) => {
            this.sawBinary = isBinary;
            this.take(isBinary ? decode(data) : JSON.parse(data.toString()));
        });
        this.opened = new Promise((resolve, reject) => {
            this.socket.on('open', resolve);
            this.socket.on('error', reject);
        });
        this.closed = new Promise((resolve) => {
            this.socket.on('close', (code) => resolve(code));
        });
    }

    take(event) {
        this.events.push(event);
        if (event.type === 'tool_call') {
            this.called = event;
            this.send({ type: 'tool_result', ok: true, result: 'b',
                        tool_call_id: event.tool_call_id });
        }
        if (this.waiting && this.waiting.until(event)) {
            const { resolve } = this.waiting;
            this.waiting = null;
            resolve(this.events.splice(0));
        }
    }

    send(message) {
        this.socket.send(this.binary ? encode(message)
                                     : JSON.stringify(message));
    }

    wait(until, name) {
        return new Promise((resolve, reject) => {
            const timer = setTimeout(
                () => reject(new Error(`${name}: nothing came`)), 10000);
            this.waiting = { until, resolve: (events) => {
                clearTimeout(timer);
                resolve(events);
            } };
        });
    }

    // What comes of a message, up to the assistant's last one.
    turn(message, name) {
        const done = this.wait((event) => event.type === 'generation_stopped'
            || (event.type === 'message' && event.role === 'assistant'
                && !event.tool_calls), name);
        this.send(message);
        return done;
    }
}

const text = (events) => events.filter((e) => e.type === 'chunk')
    .map((e) => e.content).join('');

async function get(path) {
    const response = await fetch(`http://${base}${path}`);
    return response.json();
}

async function converse(path, binary, wrap) {
    const name = `${path} ${binary ? 'MessagePack' : 'JSON'}`;
    const thread = `client-${path.slice(1)}-${binary ? 'b' : 't'}`;
    const client = new Client(path, binary);
    const say = (content, more = {}) => client.turn(wrap({ role: 'user',
        content, thread_id: thread, ...model, ...more }), `${name}: ${content}`);
    await client.opened;

    let events = await say('Hello, I am Ada');
    let last = events.at(-1);
    ok(text(events) === 'Hello, Ada.', `${name}: the chunks`);
    ok(events.filter((e) => e.type === 'chunk').at(-1).done === true,
       `${name}: the last one is done`);
    ok(last.content === 'Hello, Ada.' && last.thread_id === thread,
       `${name}: the message`);
    ok(last.usage.prompt_tokens === 9, `${name}: the tokens`);
    ok(client.sawBinary === binary, `${name}: answered in its mode`);

    events = await say('How much is 6 * 7?', { tools: ['calculator'] });
    ok(events.find((e) => e.type === 'tool_call_update')?.name
        === 'calculator', `${name}: a tool is called`);
    ok(events.find((e) => e.type === 'tool_result')?.result.result === 42,
       `${name}: its result`);
    ok(events.at(-1).content === 'It is 42.', `${name}: the answer`);

    client.send({ type: 'client_tools_manifest', tools: [{ name: 'pick',
        description: 'Lets the user pick', parameters: { type: 'object',
            properties: { of: { type: 'array' } } } }] });
    events = await say('Let me pick');
    ok(client.called?.name === 'pick' && client.called.args.of[1] === 'b',
       `${name}: a tool of the client's`);
    ok(events.at(-1).content === 'You picked b.', `${name}: with its result`);

    const begun = client.wait((e) => e.type === 'chunk' && e.content,
                              `${name}: begin`);
    client.send(wrap({ role: 'user', content: 'Count', thread_id: thread,
                       ...model }));
    const seen = await begun;
    events = await client.turn(wrap === plain ? { type: 'stop' }
        : { command: 'stop', data: { thread_id: thread } }, `${name}: stop`);
    ok(events.at(-1).type === 'generation_stopped', `${name}: stopped`);
    const said = text([...seen, ...events]);

    events = await client.turn({ type: 'regenerate', thread_id: thread },
                               `${name}: regenerate`);
    ok(events.at(-1).content === 'Another answer.', `${name}: regenerated`);
    ok(said.startsWith('1 2') || said.startsWith('1 '),
       `${name}: what had been said`);

    const pong = client.wait((e) => e.type === 'pong', `${name}: ping`);
    client.send({ type: 'ping' });
    ok(typeof (await pong).at(-1).ts === 'number', `${name}: pong`);

    client.socket.close(1000);
    ok(await client.closed === 1000, `${name}: closed`);

    const { messages } = await get(`/api/messages/?thread_id=${thread}`);
    ok(messages.map((m) => m.role).join(' ')
        === 'user assistant user assistant tool assistant '
        + 'user assistant tool assistant user assistant',
       `${name}: the thread has it all`);
    const threads = await get('/api/threads/');
    ok(threads.threads.some((t) => t.id === thread
        && t.title === 'Hello, I am Ada'), `${name}: the thread is listed`);
}

const plain = (message) => message;
const command = (message) => ({ command: 'chat_message', data: message });

await converse('/chat', false, plain);
await converse('/chat', true, plain);
await converse('/ws', true, command);
