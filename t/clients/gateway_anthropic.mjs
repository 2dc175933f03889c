// Anthropic's SDK against providers of each dialect.

import Anthropic from '@anthropic-ai/sdk';
import { calls, dialects, fails, is, part, url, user, weather } from './checks.mjs';

const client = new Anthropic({ baseURL: url, apiKey: 'secret-token', maxRetries: 0 });
const tools = [{ name: 'weather', description: 'The weather', input_schema: weather }];
const want = [['weather', 'Zürich'], ['weather', '東京 "x"']];
const kind = (e) => [e.constructor.name, e.status];

async function checks(dialect) {
    const model = `${dialect}/mock`;
    const body = (reply, more = {}) => ({ model, max_tokens: 99, messages: user(reply), ...more });
    const create = (reply, more, options) => client.messages.create(body(reply, more), options);

    const reply = await create('hi 😀', { system: 'Be brief.' });
    is([reply.type, reply.role, reply.content.map((b) => b.text).join(''), reply.stop_reason],
        ['message', 'assistant', 'You said: hi 😀', 'end_turn'], `${model}: create`);
    is([reply.usage.input_tokens, reply.usage.output_tokens], [11, 7], 'usage');

    const helper = client.messages.stream(body({ text: 'one two é 😀', finish: 'length' }));
    const texts = [];
    helper.on('text', (delta) => texts.push(delta));
    const final = await helper.finalMessage();
    is([texts.join(''), final.content[0].text, final.stop_reason], ['one two é 😀', 'one two é 😀', 'max_tokens'], `${model}: stream`);
    is([final.usage.input_tokens, final.usage.output_tokens], [11, 7], 'its usage') || console.log(final.usage);

    for (const streams of [false, true]) {
        const message = streams ? await client.messages.stream(body({ text: 'Let me see.', ...calls }, { tools })).finalMessage()
            : await create({ text: 'Let me see.', ...calls }, { tools });
        const used = message.content.filter((b) => b.type === 'tool_use');
        is([message.stop_reason, message.content[0].text], ['tool_use', 'Let me see.'], `${model}: tools, stream ${streams}`);
        is(used.map((b) => [b.name, b.input.city]), want, 'the calls');
        const answer = await client.messages.create({ model, max_tokens: 99, tools, messages: [...user({ text: 'Let me see.', ...calls }),
            { role: 'assistant', content: message.content },
            { role: 'user', content: used.map((b) => ({ type: 'tool_result', tool_use_id: b.id, content: `sun in ${b.input.city}` })) }] });
        is(/^It returned: .*sun in Zürich.*sun in 東京/.test(answer.content[0].text), true, 'what they returned');
    }

    for (const stream of [false, true]) {
        for (const [status, name, type] of [[400, 'BadRequestError', 'invalid_request_error'], [429, 'RateLimitError', 'rate_limit_error'],
            [500, 'InternalServerError', 'api_error']]) {
            const e = await fails(create({ status, error: `sorry ${status}`, headers: { 'Retry-After': '3' } }, { stream, model: `${dialect}/${status}-${stream}` }), kind, [name, status],
                `${model}: an error ${status}, stream ${stream}`);
            is([e?.error?.type, e?.error?.error?.type, /sorry/.test(e?.error?.error?.message)], ['error', type, true], "as Anthropic's");
        }
    }
    const again = await create({ status: 429, times: 1, id: `messages-${dialect}`, headers: { 'Retry-After': '0' } }, {}, { maxRetries: 2 });
    is(again.content[0].text, 'At last', `${model}: tried again`);

    for (const [name, reply] of [['a stream that breaks off', { text: 'a b c d e f g h', cut: 6 }],
        ['an error within a stream', { text: 'a b c d e f g h', cut: 6, fail: 'overloaded' }]]) {
        await fails(client.messages.stream(body(reply)).finalMessage(), (e) => e instanceof Anthropic.APIError && e.status === undefined, true,
            `${model}: ${name}`);
    }
}

for (const dialect of dialects) await part(dialect, () => checks(dialect));
await fails(new Anthropic({ baseURL: url, apiKey: 'wrong', maxRetries: 0 }).messages.create({ model: 'openai/mock', max_tokens: 9, messages: user('x') }),
    (e) => [e.constructor.name, e.error?.error?.type], ['AuthenticationError', 'authentication_error'], 'a wrong key');
