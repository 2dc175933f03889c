// The providers' own SDKs against the mocks, which so are shown to speak as the
// providers do.

import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { calls, fails, is, mock, part, user, weather, wish } from './checks.mjs';

const want = [['weather', 'Zürich'], ['weather', '東京 "x"']];

await part('openai', async () => {
    const client = new OpenAI({ baseURL: `${mock}/openai/v1`, apiKey: 'k', maxRetries: 0 });
    const final = await client.chat.completions.stream({ model: 'm', messages: user(calls) }).finalChatCompletion();
    is(final.choices[0].message.tool_calls.map((c) => [c.function.name, JSON.parse(c.function.arguments).city]), want, 'OpenAI: a stream with calls');
    await fails(client.chat.completions.create({ model: 'm', messages: user({ status: 429 }) }), (e) => e.constructor.name, 'RateLimitError', 'an error');
});

await part('anthropic', async () => {
    const client = new Anthropic({ baseURL: `${mock}/anthropic`, apiKey: 'k', maxRetries: 0 });
    const create = (reply, more) => ({ model: 'm', max_tokens: 9, messages: user(reply), ...more });
    const message = await client.messages.create(create({ text: 'hi', reasoning: 'hm' }));
    is(message.content.map((b) => b.type), ['thinking', 'text'], 'Anthropic: a message');
    const final = await client.messages.stream(create(calls)).finalMessage();
    is(final.content.map((b) => [b.name, b.input.city]), want, 'a stream with calls');
    is([final.stop_reason, final.usage.output_tokens], ['tool_use', 7], 'its end');
    await fails(client.messages.stream(create({ text: 'a b c', cut: 4, fail: 'overloaded' })).finalMessage(),
        (e) => [e.constructor.name, e.error?.error?.type], ['APIError', 'overloaded_error'], 'an error within a stream');
    await fails(client.messages.create(create({ status: 429 })), (e) => [e.constructor.name, e.error?.error?.type],
        ['RateLimitError', 'rate_limit_error'], 'an error');
});

await part('gemini', async () => {
    const client = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: `${mock}/gemini` } });
    const ask = (reply, config) => ({ model: 'm', contents: typeof reply === 'string' ? reply : wish(reply), config });
    const reply = await client.models.generateContent(ask({ text: 'one two', reasoning: 'hm' }));
    is([reply.text, reply.usageMetadata.totalTokenCount, reply.candidates[0].finishReason], ['one two', 18, 'STOP'], 'Gemini: a reply');
    let text = '';
    const found = [];
    for await (const chunk of await client.models.generateContentStream(ask({ text: 'one two three', ...calls },
        { tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: weather }] }] }))) {
        for (const p of chunk.candidates?.[0]?.content?.parts ?? []) text += p.text ?? '';
        found.push(...(chunk.functionCalls ?? []));
    }
    is([text, found.map((c) => [c.name, c.args.city])], ['one two three', want], 'a stream with calls');
    await fails(client.models.generateContent(ask({ status: 429, error: 'sorry' })), (e) => e.status, 429, 'an error');
    const embedded = await client.models.embedContent({ model: 'm', contents: ['a e', 'hello'] });
    is(embedded.embeddings.map((e) => e.values), [[1.5, 2, 0.5], [2.5, 1, 0.5]], 'embeddings');
});
