// Conversations, kept in this browser: an index, and one entry for each.

import { drop, load, save } from './store.js';

const MAX = 100;

/**
 * @typedef {object} Message
 * @property {'user'|'assistant'} role
 * @property {string} content
 * @property {string} [reasoning]
 * @property {string} [model]
 * @property {{prompt_tokens: number, completion_tokens: number}} [usage]
 * @property {number} [ms] from the request to the end
 * @property {boolean} [stopped]
 *
 * @typedef {object} Chat
 * @property {string} id
 * @property {string} title
 * @property {number} updated
 * @property {string} system
 * @property {Message[]} messages
 */

/** @returns {{id: string, title: string, updated: number}[]} newest first */
export function listChats() {
    return load('chats', []);
}

/** @returns {Chat} */
export function newChat() {
    return { id: crypto.getRandomValues(new Uint32Array(2)).join(''),
        title: '', updated: Date.now(), system: '', messages: [] };
}

/**
 * @param {string} id
 * @returns {Chat|null}
 */
export function loadChat(id) {
    return load(`chat.${id}`);
}

/**
 * When the browser's storage is full, the oldest conversations go.
 *
 * @param {Chat} chat
 */
export function saveChat(chat) {
    chat.updated = Date.now();
    const index = [{ id: chat.id, title: chat.title, updated: chat.updated },
        ...listChats().filter(({ id }) => id !== chat.id)];

    for (const { id } of index.splice(MAX)) {
        drop(`chat.${id}`);
    }
    while (!save(`chat.${chat.id}`, chat) && index.length > 1) {
        drop(`chat.${index.pop()?.id}`);
    }
    save('chats', index);
}

/** @param {string} id */
export function deleteChat(id) {
    drop(`chat.${id}`);
    save('chats', listChats().filter((chat) => chat.id !== id));
}

/**
 * What the answers cost, by day and model: a day is "2026-11-24".
 *
 * @typedef {Object<string, Object<string,
 *     {requests: number, prompt: number, completion: number}>>} Spent
 *
 * @returns {Spent}
 */
export function spent() {
    return load('usage', {});
}

/**
 * @param {string} model
 * @param {{prompt_tokens?: number, completion_tokens?: number}|undefined} usage
 */
export function spend(model, usage) {
    const all = spent();
    const day = new Date().toLocaleDateString('sv');
    const models = all[day] ??= {};
    const sum = models[model] ??= { requests: 0, prompt: 0, completion: 0 };

    sum.requests += 1;
    sum.prompt += usage?.prompt_tokens ?? 0;
    sum.completion += usage?.completion_tokens ?? 0;
    for (const old of Object.keys(all).sort().slice(0, -90)) {
        delete all[old];
    }
    save('usage', all);
}
