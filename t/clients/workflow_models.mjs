// OpenAI's SDK for Node and Anthropic's: workflows as models, and as tools.

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { fails, is, part, url } from './checks.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'x', maxRetries: 0 });
const model = 'workflow/parrot';
const user = (content) => [{ role: 'user', content }];
const shout = [{ type: 'workflow', tool_name: 'shout' }];
const call = 'call workflow_shout {"text":"loud é"}';

await part('models', async () => {
    const ids = [];
    for await (const m of client.models.list()) ids.push(m.id);
    is(ids.includes(model), true, 'a workflow is among the models');
    is((await client.models.retrieve(model)).owned_by, 'nodetool', 'and is retrieved');
});

await part('chat', async () => {
    const reply = await client.chat.completions.create({ model, messages: user('hi é 😀') });
    is(reply.choices[0].message.content, 'hi é 😀', 'create');
    is([reply.object, reply.model, reply.choices[0].finish_reason], ['chat.completion', model, 'stop'], 'as documented');

    let text = '';
    let role;
    for await (const chunk of await client.chat.completions.create({ model, messages: user('one two'), stream: true })) {
        role ??= chunk.choices[0]?.delta.role;
        text += chunk.choices[0]?.delta.content ?? '';
    }
    is([role, text], ['assistant', 'one two'], 'a stream');

    const final = await client.chat.completions.stream({ model, messages: user('three') }).finalChatCompletion();
    is(final.choices[0].message.content, 'three', '.stream()');

    await fails(client.chat.completions.create({ model: 'workflow/none', messages: user('x') }),
        (e) => [e.constructor.name, e.status], ['NotFoundError', 404], 'one that is not there');
    await fails(client.chat.completions.create({ model, messages: user('x'), n: 2 }),
        (e) => e.constructor.name, 'BadRequestError', 'what none can do');
});

await part('tools', async () => {
    const reply = await client.chat.completions.create({ model: 'echo', messages: user(call), tools: shout });
    is(/LOUD É/.test(reply.choices[0].message.content), true, 'a workflow is called');
    is(reply.choices[0].message.tool_calls, undefined, 'which is not seen');

    const stream = client.chat.completions.stream({ model: 'echo', messages: user(call), tools: shout, stream_options: { include_usage: true } });
    const final = await stream.finalChatCompletion();
    is(/LOUD É/.test(final.choices[0].message.content), true, '.stream()');
    is(final.usage.total_tokens > 0, true, 'its usage');

    const f = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };
    const mixed = await client.chat.completions.create({ model: 'echo', messages: user(`call f {}\n${call}`), tools: [f, ...shout] });
    is(mixed.choices[0].message.tool_calls.map((c) => c.function.name), ['f'], 'a call of the client\'s own');
});

await part('responses', async () => {
    const reply = await client.responses.create({ model, input: 'hello' });
    is(reply.output_text, 'hello', 'responses');
    const stream = client.responses.stream({ model, input: 'hello again' });
    is((await stream.finalResponse()).output[0].content[0].text, 'hello again', 'as a stream');
});

await part('messages', async () => {
    const anthropic = new Anthropic({ baseURL: url, apiKey: 'x', maxRetries: 0 });
    const ask = { model, max_tokens: 100, messages: user('hello') };
    is((await anthropic.messages.create(ask)).content[0].text, 'hello', 'Anthropic\'s messages');
    is(await anthropic.messages.stream(ask).finalText(), 'hello', 'as a stream');
    await fails(anthropic.messages.create({ ...ask, model: 'workflow/none' }), (e) => e.status, 404, 'errors');
    const called = await anthropic.messages.create({ ...ask, model: 'echo', messages: user(call), tools: shout });
    is(/LOUD É/.test(called.content[0].text), true, 'a workflow as a tool');
});
