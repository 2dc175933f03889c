// What a program does with OpenAI's SDK, against the echo model and a mock
// provider.

import OpenAI from 'openai';
import { isDeepStrictEqual } from 'node:util';

const baseURL = process.env.NODETOOL_URL;
const client = new OpenAI({ baseURL, apiKey: 'secret-token', maxRetries: 0 });

function is(got, want, name) {
    const same = isDeepStrictEqual(got, want);
    console.log(`${same ? 'ok' : 'not ok'} - ${name}`);
    if (!same) console.log(`got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

async function fails(promise, kind, status, name) {
    try {
        await promise;
        is('no error', kind.name, name);
    } catch (e) {
        is([e.constructor.name, e.status], [kind.name, status], name);
        return e;
    }
}

const user = (content) => [{ role: 'user', content }];

// models

const ids = [];
for await (const model of client.models.list()) ids.push(model.id);
is(ids, ['mock-1', 'mock-2', 'echo'], 'models.list');
is((await client.models.retrieve('mock-1')).owned_by, 'mock', 'models.retrieve');
is((await client.models.retrieve('mock/mock-1')).id, 'mock/mock-1', 'models.retrieve with a provider');

// replies

for (const [model, text] of [['echo', 'You said: hi'], ['mock-1', 'one two three'], ['mock/mock-2', 'one two three']]) {
    const reply = await client.chat.completions.create({ model, messages: user('hi') });
    is(reply.choices[0].message.content, text, `${model}: create`);
    is(reply.choices[0].finish_reason, 'stop', `${model}: finish_reason`);
    is(typeof reply._request_id, 'string', `${model}: _request_id`);

    const stream = await client.chat.completions.create({ model, messages: user('hi'), stream: true });
    let all = '';
    for await (const chunk of stream) all += chunk.choices[0].delta.content ?? '';
    is(all.trim(), text, `${model}: create with stream`);

    let usage = 0;
    const counted = await client.chat.completions.create({ model, messages: user('hi'), stream: true,
        stream_options: { include_usage: true } });
    for await (const chunk of counted) usage += chunk.usage?.total_tokens ?? 0;
    is(usage, model === 'echo' ? 4 : 12, `${model}: usage of a stream`);

    const helper = client.chat.completions.stream({ model, messages: user('hi') });
    is((await helper.finalContent()).trim(), text, `${model}: .stream()`);
}

is((await client.chat.completions.create({ model: 'echo', messages: user('x'), n: 2 })).choices.length, 2, 'n');

// tools

const tool = { type: 'function', function: { name: 'add', parameters: { type: 'object', properties: {} } } };
const call = await client.chat.completions.create({ model: 'echo', tools: [tool], messages: user('call add {"a": 1, "b": 2}') });
is(call.choices[0].finish_reason, 'tool_calls', 'a call');
is(JSON.parse(call.choices[0].message.tool_calls[0].function.arguments), { a: 1, b: 2 }, 'its arguments');

const parallel = client.chat.completions.stream({ model: 'echo', tools: [tool], messages: user('call add {"a": 1}\ncall add {"a": 2}') });
const message = (await parallel.finalChatCompletion()).choices[0].message;
is(message.tool_calls.map((c) => c.function.arguments), ['{"a": 1}', '{"a": 2}'], 'parallel calls in a stream');
is(new Set(message.tool_calls.map((c) => c.id)).size, 2, 'with ids of their own');

for (const stream of [false, true]) {
    const seen = [];
    const runner = client.chat.completions.runTools({
        model: 'echo', stream, messages: user('call add {"a": 1, "b": 2}'),
        tools: [{ type: 'function', function: { name: 'add', parse: JSON.parse, description: 'adds',
            parameters: { type: 'object', properties: {} }, function: ({ a, b }) => { seen.push(a, b); return `${a + b}`; } } }],
    });
    is(await runner.finalContent(), 'add returned: 3', `runTools, stream ${stream}`);
    is(seen, [1, 2], 'the tool ran');
}

const object = await client.chat.completions.create({ model: 'echo', messages: user('x'), response_format: { type: 'json_object' } });
is(JSON.parse(object.choices[0].message.content), { you_said: 'x' }, 'response_format json_object');

// errors

const chat = (c, model, more = {}) => c.chat.completions.create({ model, messages: user('x'), ...more });
const stranger = new OpenAI({ baseURL, apiKey: 'wrong', maxRetries: 0 });
await fails(chat(stranger, 'echo'), OpenAI.AuthenticationError, 401, 'a wrong token');
await fails(chat(client, 'nope'), OpenAI.NotFoundError, 404, 'no such model');
await fails(client.models.retrieve('nope'), OpenAI.NotFoundError, 404, 'no such model to retrieve');
await fails(chat(client, 'echo', { temperature: 9 }), OpenAI.UnprocessableEntityError, 422, 'a bad parameter');
await fails(chat(client, 'echo', { logprobs: true }), OpenAI.BadRequestError, 400, 'what echo has not');
const limited = await fails(chat(client, 'error-429'), OpenAI.RateLimitError, 429, 'a limit of the provider');
is(limited.headers.get('retry-after'), '7', 'with its Retry-After');
await fails(chat(client, 'error-500'), OpenAI.InternalServerError, 500, 'an error of the provider');
await fails(chat(client, 'error-401'), OpenAI.InternalServerError, 502, 'a refused key of the gateway');
await fails(chat(client, 'error-429', { stream: true }), OpenAI.RateLimitError, 429, 'an error instead of a stream');

const broken = (async () => {
    for await (const chunk of await chat(client, 'error-stream', { stream: true })) void chunk;
})();
await fails(broken, OpenAI.APIError, undefined, 'a stream that breaks off');
