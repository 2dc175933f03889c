// What the programs of checks share.

import { isDeepStrictEqual } from 'node:util';

export const url = process.env.NODETOOL_URL;
export const mock = process.env.NODETOOL_MOCK;
export const dialects = (process.env.NODETOOL_DIALECTS ?? '').split(' ');

export function is(got, want, name) {
    const same = isDeepStrictEqual(got, want);
    console.log(`${same ? 'ok' : 'not ok'} - ${name}`);
    if (!same) console.log(`got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
    return same;
}

// Checks `what` of the error that a promise, or a function, ends with.
export async function fails(promise, what, want, name) {
    try {
        await (typeof promise === 'function' ? promise() : promise);
    } catch (e) {
        is(what(e), want, name);
        return e;
    }
    is('no error', want, name);
}

// What follows, unless it throws.
export async function part(name, code) {
    try {
        await code();
    } catch (e) {
        console.log(`not ok - ${name}: ${e.stack}`);
    }
}

// A message that says what the model is to reply.
export const wish = (reply) => `mock ${JSON.stringify(reply)}`;

export const user = (content) => [{ role: 'user', content: typeof content === 'string' ? content : wish(content) }];

export const weather = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };

export const calls = { tool_calls: [
    { name: 'weather', arguments: { city: 'Zürich' } }, { name: 'weather', arguments: { city: '東京 "x"' } }] };
