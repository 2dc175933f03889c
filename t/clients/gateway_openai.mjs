// OpenAI's SDK for Node against providers of each dialect.

import OpenAI from 'openai';
import { calls, dialects, fails, is, part, url, user, weather, wish } from './checks.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'secret-token', maxRetries: 0 });
const tools = [{ type: 'function', function: { name: 'weather', description: 'The weather', parameters: weather } }];
const kind = (e) => [e.constructor.name, e.status];

async function chat(dialect) {
    const model = `${dialect}/mock`;
    const create = (content, more = {}) => client.chat.completions.create({ model, messages: user(content), ...more });

    const reply = await create('hi é 😀');
    is(reply.choices[0].message.content, 'You said: hi é 😀', `${model}: create`);
    is([reply.object, reply.choices[0].finish_reason, reply.choices[0].message.role], ['chat.completion', 'stop', 'assistant'], 'as documented');
    is([reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens], [11, 7, 18], 'usage');
    if (dialect !== 'openai' && dialect !== 'mistral') is(reply.model, model, 'the model that was asked for');

    let text = '';
    let usage;
    const ids = new Set();
    const stream = await create({ text: 'one two é 😀 three' }, { stream: true, stream_options: { include_usage: true } });
    for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        ids.add(chunk.id);
        if (chunk.usage) usage = [chunk.choices.length, chunk.usage.prompt_tokens, chunk.usage.completion_tokens];
    }
    is(text, 'one two é 😀 three', `${model}: a stream`);
    is(usage?.slice(1), [11, 7], 'its usage');
    is(ids.size, 1, 'with one id');

    const final = await client.chat.completions.stream({ model, messages: user({ text: 'x y', finish: 'length' }) }).finalChatCompletion();
    is([final.choices[0].message.content, final.choices[0].finish_reason], ['x y', 'length'], `${model}: .stream(), cut off by its length`);

    const called = await create(calls, { tools });
    is(called.choices[0].finish_reason, 'tool_calls', `${model}: tool calls`);
    is(called.choices[0].message.tool_calls.map((c) => JSON.parse(c.function.arguments).city), ['Zürich', '東京 "x"'], 'both of them');

    const helper = await client.chat.completions.stream({ model, messages: user({ text: 'Let me see.', ...calls }), tools }).finalChatCompletion();
    const message = helper.choices[0].message;
    is(message.tool_calls.map((c) => [c.function.name, JSON.parse(c.function.arguments).city]),
        [['weather', 'Zürich'], ['weather', '東京 "x"']], `${model}: tool calls of a stream`);
    is([message.content, helper.choices[0].finish_reason], ['Let me see.', 'tool_calls'], 'behind a text');
    is(new Set(message.tool_calls.map((c) => c.id)).size, 2, 'with ids of their own');

    for (const streams of [false, true]) {
        const seen = [];
        const runner = client.chat.completions.runTools({ model, stream: streams, messages: user(calls), tools: [{ type: 'function', function: {
            name: 'weather', description: 'The weather', parameters: weather, parse: JSON.parse,
            function: ({ city }) => { seen.push(city); return `sun in ${city}`; } } }] });
        const answer = await runner.finalContent();
        is(seen, ['Zürich', '東京 "x"'], `${model}: runTools, stream ${streams}`);
        is(/It returned: .*sun in Zürich.*sun in 東京/.test(answer), true, 'what the tools returned') || console.log(answer);
    }

    const forced = await create('x', { tools, tool_choice: 'required' }).catch((e) => e);
    if (dialect === 'ollama') is(forced.status ?? forced.choices?.length, 400, `${model}: tool_choice is a 400`);
    else is(JSON.parse(forced.choices[0].message.tool_calls[0].function.arguments), { city: 'sample' }, `${model}: tool_choice`);

    const format = { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: weather } };
    const parsed = await client.chat.completions.parse({ model, messages: user('x'), response_format: {
        ...format, $brand: 'auto-parseable-response-format', $parseRaw: (s) => JSON.parse(s) } });
    is(parsed.choices[0].message.parsed, { city: 'sample' }, `${model}: parse()`);
}

async function errors(dialect) {
    const model = `${dialect}/mock`;
    const create = (content, more = {}, options = {}) => client.chat.completions.create({ model, messages: user(content), ...more }, options);

    for (const stream of [false, true]) {
        for (const [status, name, told] of [[400, 'BadRequestError', 400], [429, 'RateLimitError', 429], [500, 'InternalServerError', 500],
            [401, 'InternalServerError', 502], [404, 'NotFoundError', 404]]) {
            // a model of its own: one that asked for a pause gets it
            const e = await fails(create({ status, error: `sorry ${status}`, headers: { 'Retry-After': '3' } }, { stream, model: `${dialect}/${status}-${stream}` }), kind, [name, told],
                `${model}: an error ${status}, stream ${stream}`);
            if (status === 429) is([e?.headers?.get('retry-after'), /sorry 429/.test(e?.message)], ['3', true], 'with its text and Retry-After');
        }
    }
    const again = await create({ status: 429, times: 1, id: `openai-${dialect}`, headers: { 'Retry-After': '0' } }, {}, { maxRetries: 2 });
    is(again.choices[0].message.content, 'At last', `${model}: tried again`);

    for (const [name, reply] of [['a stream that breaks off', { text: 'a b c d e f g h', cut: 6 }],
        ['one that ends in good order too early', { text: 'a b c d e f g h', cut: 6, ends: true }],
        ['an error within a stream', { text: 'a b c d e f g h', cut: 6, fail: 'overloaded' }]]) {
        await fails(async () => {
            for await (const chunk of await create(reply, { stream: true })) void chunk;
        }, (e) => e instanceof OpenAI.APIError && e.status === undefined, true, `${model}: ${name}`);
    }
}

async function responses(dialect) {
    const model = `${dialect}/mock`;
    const body = (input, more = {}) => ({ model, input: typeof input === 'object' && !Array.isArray(input) ? wish(input) : input, ...more });
    const functions = [{ type: 'function', name: 'weather', description: 'The weather', parameters: weather, strict: true }];

    const reply = await client.responses.create(body('hi é 😀', { instructions: 'Be brief.' }));
    is([reply.object, reply.status, reply.output_text], ['response', 'completed', 'You said: hi é 😀'], `${model}: responses.create`);
    is([reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.total_tokens], [11, 7, 18], 'usage');

    const stream = await client.responses.create(body({ text: 'one two é 😀' }, { stream: true }));
    const types = [];
    let text = '';
    let numbers = 0;
    for await (const event of stream) {
        types.push(event.type);
        numbers += event.sequence_number === types.length - 1 ? 1 : 0;
        if (event.type === 'response.output_text.delta') text += event.delta;
    }
    is([text, types[0], types.at(-1)], ['one two é 😀', 'response.created', 'response.completed'], `${model}: a stream of a response`);
    is(numbers, types.length, 'its events are numbered');

    const helper = client.responses.stream(body({ text: 'Let me see.', ...calls }, { tools: functions }));
    const final = await helper.finalResponse();
    const found = final.output.filter((o) => o.type === 'function_call');
    is(found.map((c) => [c.name, JSON.parse(c.arguments).city]), [['weather', 'Zürich'], ['weather', '東京 "x"']], `${model}: responses.stream() with calls`);
    is(final.output[0].content?.[0].text, 'Let me see.', 'behind a text');

    const history = [{ role: 'user', content: wish({ text: 'Let me see.', ...calls }) }, ...final.output.map(({ parsed, ...item }) => item),
        ...found.map((c) => ({ type: 'function_call_output', call_id: c.call_id, output: `sun in ${JSON.parse(c.arguments).city}` }))];
    const answer = await client.responses.create(body(history, { tools: functions }));
    is(/It returned: .*sun in Zürich.*sun in 東京/.test(answer.output_text), true, 'what they returned') || console.log(answer.output_text);

    const parsed = await client.responses.parse(body('x', { text: { format: { type: 'json_schema', name: 'place', strict: true, schema: weather,
        $brand: 'auto-parseable-response-format', $parseRaw: (s) => JSON.parse(s) } } }));
    is(parsed.output_parsed, { city: 'sample' }, `${model}: responses.parse()`);

    await fails(client.responses.create(body({ status: 429, error: 'sorry' })), kind, ['RateLimitError', 429], `${model}: an error of a response`);
    const broken = [];
    await client.responses.create(body({ text: 'a b c d e f g h', cut: 6 }, { stream: true })).then(async (events) => {
        for await (const event of events) broken.push(event.type);
    }).catch(() => broken.push('error'));
    is(['error', 'response.failed'].includes(broken.at(-1)), true, `${model}: a response that breaks off`) || console.log(broken);
}

async function embeddings(dialect) {
    const model = `${dialect}/mock`;
    for (const format of [undefined, 'float']) {
        const reply = await client.embeddings.create({ model, input: ['a e', 'hello'], encoding_format: format });
        is(reply.data.map((d) => Array.from(d.embedding)), [[1.5, 2, 0.5], [2.5, 1, 0.5]], `${model}: embeddings, ${format ?? 'as the SDK asks'}`);
    }
}

for (const dialect of dialects) {
    await part(dialect, () => chat(dialect));
    await part(dialect, () => errors(dialect));
    await part(dialect, () => responses(dialect));
    if (dialect !== 'anthropic') await part(dialect, () => embeddings(dialect));
}
