// Values of workflows: text, Markdown, numbers, media, tables, JSON trees.

import { fill, h } from './dom.js';
import { bytes, cut, plural } from './format.js';
import { looksLikeMarkdown, markdown } from './markdown.js';
import { kindOf, media } from './media.js';
import { button, copy, iconButton } from './ui.js';

const ROWS = 50;
const CHILDREN = 100;
const TEXT = 20000;

/**
 * A value as it is best seen, with other ways to see it.
 *
 * @param {any} value
 * @returns {HTMLElement}
 */
export function showValue(value) {
    const ways = waysOf(value);
    const body = h('div.value-body');
    const bar = h('div.value-bar', null);

    ways.forEach(({ name, make }, i) => {
        const way = h('button.way', { type: 'button', 'aria-pressed':
            String(i === 0), click: () => {
            for (const other of bar.querySelectorAll('.way')) {
                other.setAttribute('aria-pressed', String(other === way));
            }
            fill(body, make());
        } }, name);

        if (ways.length > 1) {
            bar.append(way);
        }
    });
    bar.append(iconButton('copy', 'Copy the value', () => copy(
        typeof value === 'string' ? value : JSON.stringify(value, null, 2))));
    fill(body, ways[0].make());
    return h(ways.length > 1 ? 'div.value' : 'div.value.single', null, body,
        bar);
}

/**
 * @typedef {{name: string, make: () => import('./dom.js').Child}} Way
 *
 * @param {any} value
 * @returns {Way[]}
 */
function waysOf(value) {
    const tree = { name: 'JSON', make: () => jsonTree(value) };

    if (typeof value === 'string') {
        const plain = { name: 'Text', make: () => text(value) };

        if (/^data:(image|audio|video)\//.test(value)) {
            return [{ name: 'Media', make: () => media(kindOf('',
                value.slice(5)), value, 'value') }, plain];
        }
        return looksLikeMarkdown(value) ? [{ name: 'Formatted', make: () =>
            h('div.prose', null, markdown(value, 3)) }, plain] : [plain];
    }
    if (value === null || typeof value !== 'object') {
        return [{ name: 'Value', make: () => h('code.scalar', null,
            String(value)) }];
    }
    const special = mediaOf(value) ?? tableOf(value) ?? galleryOf(value);
    return special ? [special, tree] : [tree];
}

/** @param {string} value */
function text(value) {
    if (value === '') {
        return h('p.muted', null, 'An empty text');
    }
    return value.length <= TEXT ? h('p.plain', null, value)
        : [h('p.plain', null, cut(value, TEXT)),
            h('p.hint', null, `${bytes(value.length)} in all; copy it to see `
                + 'the rest.')];
}

const MEDIA = new Set(['image', 'audio', 'video', 'document', 'model_3d',
    'text', 'folder', 'asset']);

/**
 * @param {any} value
 * @returns {Way|null}
 */
function mediaOf(value) {
    if (!MEDIA.has(value.type) || typeof value.uri !== 'string'
        || value.uri === '')
    {
        return null;
    }
    const name = decodeURIComponent(value.uri.startsWith('data:') ? value.type
        : value.uri.split(/[?#]/)[0].split('/').at(-1) || value.type);
    const kind = ['image', 'audio', 'video'].includes(value.type) ? value.type
        : 'document';

    return { name: 'Media', make: () => media(kind, value.uri, name) };
}

/**
 * @param {any} value
 * @returns {Way|null}
 */
function galleryOf(value) {
    const items = Array.isArray(value) && value.length > 0 && value.length < 50
        ? value.map((item) => item !== null && typeof item === 'object'
            ? mediaOf(item) : null) : [null];

    return items.includes(null) ? null : { name: 'Media', make: () =>
        h('div.gallery', null, items.map((item) => item?.make())) };
}

/**
 * A dataframe, or a list of objects that look alike.
 *
 * @param {any} value
 * @returns {Way|null}
 */
function tableOf(value) {
    if (value.type === 'dataframe' && Array.isArray(value.data)) {
        const columns = (value.columns ?? []).map((/** @type {any} */ column) =>
            column?.name ?? String(column));

        return { name: 'Table', make: () => table(columns, value.data) };
    }
    if (!Array.isArray(value) || value.length === 0
        || !value.every((row) => row !== null && typeof row === 'object'
            && !Array.isArray(row) && !MEDIA.has(row.type)))
    {
        return null;
    }
    const columns = [...new Set(value.slice(0, ROWS).flatMap(Object.keys))];

    return columns.length === 0 || columns.length > 30 ? null
        : { name: 'Table', make: () => table(columns, value.map((row) =>
            columns.map((column) => row[column]))) };
}

/**
 * @param {string[]} columns
 * @param {any[][]} rows
 */
function table(columns, rows) {
    const body = h('tbody');
    const more = h('p.hint');

    const grow = () => {
        const from = body.childElementCount;

        body.append(...rows.slice(from, from + ROWS).map((row) => h('tr', null,
            columns.map((_, i) => h('td', { class: typeof row?.[i] === 'number'
                ? 'number' : null }, cell(row?.[i]))))));
        const left = rows.length - body.childElementCount;
        fill(more, plural(rows.length, 'row'),
            left > 0 && button(null, `Show ${Math.min(left, ROWS)} more`, grow,
                'quiet'));
    };

    grow();
    return [h('div.table-wrap', { tabindex: '0', role: 'group',
        'aria-label': 'Table' }, h('table', null, h('thead', null, h('tr', null,
        columns.map((name) => h('th', { scope: 'col' }, name)))), body)), more];
}

/** @param {any} value */
function cell(value) {
    if (value === null || value === undefined) {
        return '';
    }
    return cut(typeof value === 'object' ? JSON.stringify(value)
        : String(value), 300);
}

/**
 * A tree that opens on demand.
 *
 * @param {any} value
 * @param {string} [key]
 * @param {number} [depth]
 * @returns {HTMLElement}
 */
export function jsonTree(value, key, depth = 0) {
    const label = key === undefined ? null
        : h('span.json-key', null, `${key}: `);

    if (value === null || typeof value !== 'object') {
        return h('div.json-leaf', null, label, h(`span.json-${
            value === null ? 'null' : typeof value}`, null,
        cut(JSON.stringify(value) ?? 'undefined', 2000)));
    }

    const entries = Object.entries(value);
    const note = Array.isArray(value) ? `[${entries.length}]`
        : `{${entries.length}}`;
    if (entries.length === 0) {
        return h('div.json-leaf', null, label, h('span.json-null', null,
            Array.isArray(value) ? '[]' : '{}'));
    }
    const details = h('details.json', { open: depth === 0
        || (depth < 2 && entries.length <= 12) },
    h('summary', null, label, h('span.json-null', null, note)));
    const children = h('div.json-children');

    const open = () => {
        if (details.open && children.childElementCount === 0) {
            addChildren(children, entries, depth);
        }
    };
    details.addEventListener('toggle', open);
    details.append(children);
    open();
    return details;
}

/**
 * @param {HTMLElement} children
 * @param {[string, any][]} entries
 * @param {number} depth
 */
function addChildren(children, entries, depth) {
    const from = children.childElementCount;

    children.append(...entries.slice(from, from + CHILDREN)
        .map(([key, value]) => jsonTree(value, key, depth + 1)));
    const left = entries.length - from - CHILDREN;
    if (left > 0) {
        const more = button(null, `${left} more`, () => {
            more.remove();
            addChildren(children, entries, depth);
        }, 'quiet');
        children.append(more);
    }
}
