// The storage browser: folders and objects of a store, upload, delete.

import { call, keyPath, query, request, surface, url } from './api.js';
import { fill, h } from './dom.js';
import { onDrop } from './fields.js';
import { ago, bytes, plural, time } from './format.js';
import { icon } from './icons.js';
import { kindOf, media } from './media.js';
import { button, confirm, copy, empty, iconButton, loadInto, roving,
    showDialog, toast, viewHead } from './ui.js';
import { createAsset } from './uploads.js';

const PAGE = 100;
const TEXT_MAX = 200 * 1024;

/**
 * @typedef {object} StoredObject
 * @property {string} key
 * @property {string} name as it is shown
 * @property {number} size
 * @property {string} changed
 * @property {string} type
 * @property {string} path for requests with the token
 * @property {string} link for everybody who knows it
 *
 * @typedef {{folders: string[], objects: StoredObject[], next: string|null}}
 *     Page
 */

/**
 * What the stores are called, what is in them, and where they are. The assets
 * of an editor are the user's own; its files are all of them, and for
 * administrators.
 *
 * @type {Object<string, Object<string, {label: string, note: string,
 *     root: string, open: string}>>}
 */
const STORES = {
    worker: {
        assets: { label: 'Assets', note: 'Files that workflows read and make',
            root: '/admin/storage/assets/', open: '/storage/assets/' },
        temp: { label: 'Temporary',
            note: 'Files that the server removes after a while',
            root: '/admin/storage/temp/', open: '/storage/temp/' },
    },
    editor: {
        assets: { label: 'Assets', note: 'Your files for workflows',
            root: '', open: '' },
        files: { label: 'All files', note: 'What all users have stored',
            root: '/api/storage/', open: '/storage/assets/' },
    },
};

/**
 * @param {HTMLElement} main
 * @param {string[]} path the store, and the folders in it
 * @param {AbortSignal} signal
 */
export async function view(main, [store, ...folders], signal) {
    const stores = STORES[surface.name];
    const name = store in stores ? store : 'assets';
    const prefix = folders.filter(Boolean).map((folder) => `${folder}/`)
        .join('');

    new Browser(main, signal, stores[name].root
        ? new FileStore(name, stores[name], prefix)
        : new AssetStore()).start();
}

/** A store of the storage module: keys with folders. */
class FileStore {
    /**
     * @param {string} name
     * @param {{root: string, open: string}} paths
     * @param {string} prefix
     */
    constructor(name, { root, open }, prefix) {
        this.name = name;
        this.prefix = prefix;
        this.root = root;
        this.open = open;
    }

    /**
     * @param {string|null} cursor
     * @param {AbortSignal} signal
     * @returns {Promise<Page>}
     */
    async list(cursor, signal) {
        const page = await call(`${this.root}?${query({ prefix: this.prefix,
            delimiter: '/', limit: PAGE, cursor })}`, { signal });

        return { folders: page.prefixes, next: page.next,
            objects: page.objects.map((/** @type {any} */ object) => ({
                key: object.key, name: object.key.slice(this.prefix.length),
                size: object.size, changed: object.last_modified,
                type: object.content_type,
                path: this.root + keyPath(object.key),
                link: url(this.open + keyPath(object.key)),
            })) };
    }

    /** @param {File} file */
    async upload(file) {
        await request(this.root + keyPath(this.prefix + file.name),
            { method: 'PUT', body: file });
    }

    /** @param {StoredObject} object */
    async remove(object) {
        await request(object.path, { method: 'DELETE' });
    }

    /** @param {string} prefix */
    href(prefix) {
        return `#/storage/${this.name}/${keyPath(prefix)}`;
    }
}

/** An editor's assets: a flat list. */
class AssetStore {
    constructor() {
        this.name = 'assets';
        this.prefix = '';
    }

    /**
     * @param {string|null} cursor
     * @param {AbortSignal} signal
     * @returns {Promise<Page>}
     */
    async list(cursor, signal) {
        const page = await call(`/api/assets?${query({ limit: PAGE,
            cursor })}`, { signal });

        return { folders: [], next: page.next ?? null,
            objects: page.assets.map((/** @type {any} */ asset) => {
                const link = asset.get_url ? new URL(asset.get_url,
                    url('/')).href : '';

                return { key: asset.id, name: asset.name || asset.id,
                    size: asset.size ?? 0, changed: asset.created_at,
                    type: asset.content_type ?? '', link,
                    path: link && new URL(link).pathname };
            }) };
    }

    /** @param {File} file */
    async upload(file) {
        await createAsset(file);
    }

    /** @param {StoredObject} object */
    async remove(object) {
        await request(`/api/assets/${encodeURIComponent(object.key)}`,
            { method: 'DELETE' });
    }

    href() {
        return '#/storage';
    }
}

class Browser {
    /**
     * @param {HTMLElement} main
     * @param {AbortSignal} signal
     * @param {FileStore|AssetStore} store
     */
    constructor(main, signal, store) {
        this.main = main;
        this.signal = signal;
        this.store = store;
        this.rows = h('ul.object-rows', { 'aria-label': 'Objects' });
        this.more = h('div.more');
        this.body = h('div.drop-zone');
        this.picker = h('input', { type: 'file', multiple: true, hidden: true,
            change: () => {
                this.upload(Array.from(this.picker.files));
                this.picker.value = '';
            } });
        roving(this.rows, '.object-open');
        onDrop(this.body, (files) => this.upload(files));
    }

    start() {
        fill(this.main, viewHead('Storage', this.note(), this.switcher(),
            this.picker, button('upload', 'Upload', () => this.picker.click(),
                'primary')), this.crumbs(), this.body);
        this.load();
    }

    note() {
        return STORES[surface.name][this.store.name].note;
    }

    switcher() {
        return h('div.segments', { role: 'group', 'aria-label': 'Store' },
            Object.entries(STORES[surface.name]).map(([name, { label }]) =>
                h('a.segment', { href: `#/storage/${name}`, 'aria-current':
                    name === this.store.name ? 'true' : null }, label)));
    }

    crumbs() {
        const parts = this.store.prefix.split('/').filter(Boolean);

        return parts.length > 0 && h('nav.crumbs', { 'aria-label': 'Folder' },
            h('ol', null, h('li', null, h('a', { href: this.store.href('') },
                this.store.name)), parts.map((part, i) => h('li', null,
                i === parts.length - 1
                    ? h('span', { 'aria-current': 'page' }, part)
                    : h('a', { href: this.store.href(parts.slice(0, i + 1)
                        .join('/')) }, part)))));
    }

    load() {
        fill(this.rows);
        return loadInto(this.body, () => this.page(null), this.signal);
    }

    /** @param {string|null} cursor */
    async page(cursor) {
        const { folders, objects, next } = await this.store.list(cursor,
            this.signal);

        this.rows.append(...folders.map((folder) => this.folder(folder)),
            ...objects.map((object) => this.object(object)));
        fill(this.more, next && button(null, 'Load more', () =>
            this.page(next).catch((error) => toast(error.message, 'error'))));
        return this.rows.childElementCount > 0 ? [this.rows, this.more]
            : empty('storage', 'Nothing is stored here',
                h('p.muted', null, 'Drop files here, or choose some.'),
                button('upload', 'Upload files', () => this.picker.click()));
    }

    /** @param {string} prefix */
    folder(prefix) {
        return h('li.object-row', null, h('a.object-open', {
            href: this.store.href(prefix.replace(/\/$/, '')) }, icon('folder'),
        h('span.object-name', null, prefix.slice(this.store.prefix.length))));
    }

    /** @param {StoredObject} object */
    object(object) {
        const kind = kindOf(object.name, object.type);
        const row = h('li.object-row', null,
            h('button.object-open', { type: 'button', click: () =>
                this.open(object) },
            icon(kind === 'document' || kind === 'text' ? 'file' : kind),
            h('span.object-name', null, object.name),
            h('span.object-note', { title: time(object.changed) },
                [bytes(object.size), ago(object.changed)].filter(Boolean)
                    .join(' · '))),
            iconButton('link', `Copy the link of ${object.name}`, () =>
                copy(object.link, 'Link copied')),
            iconButton('trash', `Delete ${object.name}`, () =>
                this.remove(object, row)));

        return row;
    }

    /** @param {StoredObject} object */
    async open(object) {
        const kind = kindOf(object.name, object.type);
        const facts = h('p.hint', null, [object.type, bytes(object.size),
            time(object.changed)].filter(Boolean).join(' · '));
        const body = h('div', null);

        showDialog(object.name, [body, facts]);
        if (kind === 'text' && object.size <= TEXT_MAX) {
            await loadInto(body, async () => h('pre', { tabindex: '0' },
                h('code', null, await (await request(object.path)).text())),
            this.signal);
        } else {
            fill(body, media(kind, object.link, object.name));
        }
    }

    /**
     * @param {StoredObject} object
     * @param {HTMLElement} row
     */
    async remove(object, row) {
        if (!await confirm(`Delete ${object.name}?`, 'Workflows and links that '
            + 'name it find nothing then.', 'Delete'))
        {
            return;
        }
        try {
            await this.store.remove(object);
            row.remove();
            toast(`${object.name} was deleted`);
            if (this.rows.childElementCount === 0) {
                await this.load();
            }
        } catch (error) {
            toast(/** @type {Error} */ (error).message, 'error');
        }
    }

    /** @param {File[]} files */
    async upload(files) {
        let done = 0;

        for (const file of files) {
            toast(`Uploading ${file.name}`);
            try {
                await this.store.upload(file);
                done += 1;
            } catch (error) {
                toast(`${file.name}: ${/** @type {Error} */ (error).message}`,
                    'error');
            }
        }
        if (done > 0) {
            toast(`${plural(done, 'file')} uploaded`);
            await this.load();
        }
    }
}
