// Media of the server: shown where the page may, led to where it may not.

import { request } from './api.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { errorBox } from './ui.js';

/**
 * @typedef {'image'|'audio'|'video'|'document'|'text'} Kind
 */

const EXTENSIONS = {
    image: /\.(png|jpe?g|gif|webp|avif|svg|bmp)$/i,
    audio: /\.(mp3|wav|ogg|opus|flac|aac|m4a)$/i,
    video: /\.(mp4|webm|mov|m4v|ogv)$/i,
    text: /\.(txt|md|csv|json|jsonl|log|xml|ya?ml|html?|css|js|py|srt|vtt)$/i,
};

/**
 * What an object is, by its type or name.
 *
 * @param {string} name
 * @param {string} [type]
 * @returns {Kind}
 */
export function kindOf(name, type = '') {
    const major = type.split('/')[0];

    if (major === 'image' || major === 'audio' || major === 'video'
        || major === 'text')
    {
        return major;
    }
    for (const [kind, pattern] of Object.entries(EXTENSIONS)) {
        if (pattern.test(name)) {
            return /** @type {Kind} */ (kind);
        }
    }
    return type === 'application/json' ? 'text' : 'document';
}

/**
 * Where a URI leads: `here` for what the page may show itself, `open` for
 * what needs no token. Null when it is none that a browser should follow.
 *
 * @param {string} uri
 */
export function resolve(uri) {
    let target;

    try {
        target = new URL(uri, document.baseURI);
    } catch {
        return null;
    }
    if (target.protocol === 'data:') {
        return { href: uri, here: true, open: true };
    }
    if (target.protocol !== 'http:' && target.protocol !== 'https:') {
        return null;
    }
    return { href: target.href, here: target.origin === location.origin,
        open: /\/storage\//.test(target.pathname)
            && !/\/(admin|api)\/storage\//.test(target.pathname) };
}

/**
 * Shows a medium. What needs the token is fetched with it.
 *
 * @param {Kind} kind
 * @param {string} uri
 * @param {string} name
 */
export function media(kind, uri, name) {
    const target = resolve(uri);

    if (target === null) {
        return h('p.muted', null, `${name}: ${uri}`);
    }
    if (!target.here) {
        return h('a.file-link', { href: target.href, target: '_blank',
            rel: 'noopener noreferrer' }, icon('link'),
        h('span', null, target.href));
    }

    const figure = h(`figure.media.${kind}`);
    if (target.open || kind === 'document') {
        figure.append(...player(kind, target.href, name));
    } else {
        fetchInto(figure, kind, target.href, name);
    }
    return figure;
}

/**
 * @param {HTMLElement} figure
 * @param {Kind} kind
 * @param {string} href
 * @param {string} name
 */
async function fetchInto(figure, kind, href, name) {
    try {
        const response = await request(new URL(href).pathname);
        const blob = URL.createObjectURL(await response.blob());

        figure.append(...player(kind, blob, name));
    } catch (error) {
        figure.append(errorBox(error));
    }
}

/**
 * @param {Kind} kind
 * @param {string} src
 * @param {string} name
 * @returns {Element[]}
 */
function player(kind, src, name) {
    const save = h('a.file-link', { href: src, download: name },
        icon(kind === 'document' || kind === 'text' ? 'file' : 'download'),
        h('span', null, name));

    switch (kind) {
    case 'image':
        return [h('img', { src, alt: name, loading: 'lazy' }),
            h('figcaption', null, save)];
    case 'audio':
        return [h('audio', { src, controls: true, preload: 'metadata',
            'aria-label': name }), h('figcaption', null, save)];
    case 'video':
        return [h('video', { src, controls: true, preload: 'metadata',
            'aria-label': name }), h('figcaption', null, save)];
    default:
        return [save];
    }
}
