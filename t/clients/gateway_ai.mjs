// Vercel's AI SDK against providers of each dialect.

import { Output, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { calls, dialects, fails, is, part, url, weather, wish } from './checks.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;

const settings = { baseURL: `${url}/v1`, apiKey: 'secret-token' };
const apis = {
    openai: createOpenAI(settings).chat,
    compatible: createOpenAICompatible({ ...settings, name: 'nodetool', includeUsage: true, supportsStructuredOutputs: true }),
    anthropic: createAnthropic(settings),
    responses: createOpenAI(settings).responses,
};

async function checks(api, dialect) {
    const name = `${api} ${dialect}/mock`;
    const model = apis[api](`${dialect}/mock`);
    const options = { model, maxRetries: 0 };

    const reply = await generateText({ ...options, prompt: 'hi 😀' });
    is([reply.text, reply.finishReason], ['You said: hi 😀', 'stop'], `${name}: generateText`);
    is([reply.usage.inputTokens, reply.usage.outputTokens], [11, 7], 'usage');

    const stream = streamText({ ...options, prompt: wish({ text: 'one two three' }), onError() {} });
    let text = '';
    for await (const delta of stream.textStream) text += delta;
    is([text, await stream.finishReason], ['one two three', 'stop'], `${name}: streamText`);
    is((await stream.usage).outputTokens, 7, 'usage');

    for (const streams of [false, true]) {
        const seen = [];
        const tools = { weather: tool({ description: 'The weather', inputSchema: jsonSchema(weather), execute: async ({ city }) => {
            seen.push(city);
            return `sun in ${city}`;
        } }) };
        const task = { ...options, tools, stopWhen: stepCountIs(3), prompt: wish(calls), onError() {} };
        const answer = streams ? await streamText(task).text : (await generateText(task)).text;
        is(seen.sort(), ['Zürich', '東京 "x"'], `${name}: tools, stream ${streams}`);
        is(/^It returned: .*sun in Zürich.*sun in 東京/.test(answer), true, 'what they returned') || console.log(answer);
    }

    if (api !== 'anthropic') {
        const { output } = await generateText({ ...options, output: Output.object({ schema: jsonSchema(weather) }), prompt: 'x' });
        is(output, { city: 'sample' }, `${name}: an object by its schema`);
    }

    await fails(generateText({ ...options, prompt: wish({ status: 429, error: 'sorry' }) }), (e) => [e.statusCode, e.isRetryable, /sorry/.test(e.message)],
        [429, true, true], `${name}: an error`);
    const broken = streamText({ ...options, prompt: wish({ text: 'a b c d e f g h', cut: 6 }), onError() {} });
    const kinds = [];
    for await (const chunk of broken.fullStream) kinds.push(chunk.type);
    is(kinds.includes('error'), true, `${name}: a stream that breaks off`) || console.log(kinds);
}

for (const api of Object.keys(apis)) for (const dialect of dialects) await part(`${api} ${dialect}`, () => checks(api, dialect));
