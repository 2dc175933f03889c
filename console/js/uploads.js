// Files for workflows: small ones travel in the request, others are stored:
// with a worker's temporary objects, or as assets of an editor.

import { call, keyPath, request, surface, url } from './api.js';

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
 * An asset of the user, as an editor has them.
 *
 * @param {File} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function createAsset(file, signal) {
    const form = new FormData();

    form.append('json', JSON.stringify({ name: file.name,
        content_type: file.type || 'application/octet-stream' }));
    form.append('file', file);
    return call('/api/assets', { method: 'POST', body: form, signal });
}

/**
 * A reference to a file, for a parameter.
 *
 * @param {File} file
 * @param {string} type image, audio, …
 * @param {AbortSignal} [signal]
 * @returns {Promise<{type: string, uri: string, asset_id?: string}>}
 */
export async function upload(file, type, signal) {
    if (file.size <= INLINE_MAX) {
        return { type, uri: await dataUri(file) };
    }
    if (surface.name === 'editor') {
        const asset = await createAsset(file, signal);

        return { type, uri: asset.get_url, asset_id: asset.id };
    }
    const path = keyPath(keyOf(file.name));

    await request(`/admin/storage/temp/${path}`,
        { method: 'PUT', body: file, signal });
    return { type, uri: url(`/storage/temp/${path}`) };
}
