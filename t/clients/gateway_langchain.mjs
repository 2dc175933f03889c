// LangChain against providers of each dialect.

import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { calls, dialects, fails, is, part, url, weather, wish } from './checks.mjs';

const configuration = { baseURL: `${url}/v1` };

async function checks(dialect) {
    const model = `${dialect}/mock`;
    const chat = new ChatOpenAI({ model, apiKey: 'secret-token', configuration, maxRetries: 0, streamUsage: true });

    const reply = await chat.invoke('hi 😀');
    is([reply.content, reply.usage_metadata.total_tokens], ['You said: hi 😀', 18], `${model}: invoke`);

    let all;
    for await (const chunk of await chat.stream(wish({ text: 'one two three' }))) all = all ? all.concat(chunk) : chunk;
    is([all.content, all.usage_metadata.output_tokens], ['one two three', 7], `${model}: stream`);

    const tools = [{ type: 'function', function: { name: 'weather', description: 'The weather', parameters: weather } }];
    const question = new HumanMessage(wish(calls));
    const called = await chat.bindTools(tools).invoke([question]);
    is(called.tool_calls.map((c) => c.args.city), ['Zürich', '東京 "x"'], `${model}: bindTools`);
    const answer = await chat.bindTools(tools).invoke([question, called,
        ...called.tool_calls.map((c) => new ToolMessage({ tool_call_id: c.id, content: `sun in ${c.args.city}` }))]);
    is(/^It returned: .*sun in Zürich.*sun in 東京/.test(answer.content), true, 'and what the tools returned');

    let streamed;
    for await (const chunk of await chat.bindTools(tools).stream([question])) streamed = streamed ? streamed.concat(chunk) : chunk;
    is(streamed.tool_calls.map((c) => c.args.city), ['Zürich', '東京 "x"'], `${model}: tool calls of a stream`);

    is(await chat.withStructuredOutput({ title: 'place', ...weather }, { method: 'jsonSchema' }).invoke('x'), { city: 'sample' },
        `${model}: withStructuredOutput`);

    await fails(chat.invoke(wish({ status: 429, error: 'sorry' })), (e) => e.status, 429, `${model}: an error`);

    if (dialect !== 'anthropic') {
        const embeddings = new OpenAIEmbeddings({ model, apiKey: 'secret-token', configuration, maxRetries: 0 });
        is(await embeddings.embedDocuments(['a e', 'hello']), [[1.5, 2, 0.5], [2.5, 1, 0.5]], `${model}: embedDocuments`);
    }
}

for (const dialect of dialects) await part(dialect, () => checks(dialect));
