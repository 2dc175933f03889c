// Files for workflows: small ones travel in the request, others are stored.

import { keyPath, request, surface, url } from './api.js';

const INLINE_MAX = 64 * 1024;

/**
 * A random name, so that two uploads of one name do not meet.
 *
 * @param {string} name
 */
function keyOf(name) {
    const safe = name.replace(/[^\w.-]+/g, '_').slice(-80);
    const part = crypto.getRandomValues(new Uint32Array(2)).join('');

    return `uploads/${part}/${safe || 'file'}`;
}

/**
 * @param {Blob} file
 * @returns {Promise<string>}
 */
function dataUri(file) {
    return new Promise((resolve, reject) => {
        const reader = new FileReader();

        reader.onload = () => resolve(String(reader.result));
        reader.onerror = () => reject(reader.error);
        reader.readAsDataURL(file);
    });
}

/**
 * Where a file is put, and by which URI a workflow finds it then. What a
 * worker gets is kept with its temporary objects.
 *
 * @param {string} key
 */
function target(key) {
    const path = keyPath(key);

    return surface.name === 'editor'
        ? { put: `/api/storage/${path}`, uri: url(`/storage/assets/${path}`) }
        : { put: `/admin/storage/temp/${path}`,
            uri: url(`/storage/temp/${path}`) };
}

/**
 * A reference to a file, for a parameter.
 *
 * @param {File} file
 * @param {string} type image, audio, …
 * @param {AbortSignal} [signal]
 * @returns {Promise<{type: string, uri: string}>}
 */
export async function upload(file, type, signal) {
    if (file.size <= INLINE_MAX) {
        return { type, uri: await dataUri(file) };
    }
    const { put, uri } = target(keyOf(file.name));

    await request(put, { method: 'PUT', body: file, signal });
    return { type, uri };
}
