// One chat completion, streamed.

import { ApiError, request } from './api.js';
import { readEvents } from './sse.js';

/**
 * @typedef {object} Answer
 * @property {string} content
 * @property {string} reasoning
 * @property {string} model
 * @property {{prompt_tokens: number, completion_tokens: number}} [usage]
 * @property {string} finish
 */

/**
 * Asks for an answer; `answer` grows as it comes, and `changed` is told. What
 * came before a failure stays in it.
 *
 * @param {{model: string, messages: object[]}} body
 * @param {Answer} answer
 * @param {AbortSignal} signal
 * @param {() => void} changed
 */
export async function complete(body, answer, signal, changed) {
    const response = await request('/v1/chat/completions', {
        method: 'POST', signal,
        json: { ...body, stream: true,
            stream_options: { include_usage: true } },
    });

    for await (const { data } of readEvents(
        /** @type {ReadableStream} */ (response.body))) {
        if (data === '[DONE]') {
            return;
        }
        const chunk = JSON.parse(data);

        if (chunk.error) {
            throw new ApiError(chunk.error.code ?? 0, chunk.error.message,
                chunk.error.type, response.headers.get('x-request-id') ?? '');
        }
        take(chunk, answer);
        changed();
    }
    throw new ApiError(0, 'The answer broke off before its end');
}

/**
 * @param {any} chunk
 * @param {Answer} answer
 */
function take(chunk, answer) {
    const choice = chunk.choices?.[0];

    answer.model = chunk.model || answer.model;
    answer.usage = chunk.usage ?? answer.usage;
    answer.content += choice?.delta?.content ?? '';
    answer.reasoning += choice?.delta?.reasoning_content
        ?? choice?.delta?.reasoning ?? '';
    answer.finish = choice?.finish_reason ?? answer.finish;
}
