// The console: its frame, its views, the way between them.

import { call, findSurface, surface } from './api.js';
import { onToken, signOut } from './auth.js';
import * as chat from './chat.js';
import { fill, h, repeat } from './dom.js';
import { icon } from './icons.js';
import * as jobs from './jobs.js';
import { listen, showShortcuts } from './shortcuts.js';
import * as storage from './storage.js';
import { token } from './store.js';
import { errorBox, iconButton, spinner } from './ui.js';
import * as usage from './usage.js';
import * as workflows from './workflows.js';

/**
 * @typedef {object} View
 * @property {string} label
 * @property {(main: HTMLElement, path: string[], signal: AbortSignal) =>
 *     Promise<void>} view
 * @property {boolean} engine whether it needs a server with workflows
 */

/** @type {Object<string, View>} */
const VIEWS = {
    chat: { label: 'Chat', view: chat.view, engine: false },
    workflows: { label: 'Workflows', view: workflows.view, engine: true },
    jobs: { label: 'Jobs', view: jobs.view, engine: true },
    storage: { label: 'Storage', view: storage.view, engine: true },
    usage: { label: 'Usage', view: usage.view, engine: false },
};

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
let showing = new AbortController();

function views() {
    return Object.entries(VIEWS).filter(([, { engine }]) =>
        !engine || surface.name !== 'chat');
}

function drawNav() {
    fill(/** @type {Element} */ (document.getElementById('nav')),
        h('ul', null, views().map(([name, { label }]) => h('li', null,
            h('a', { href: `#/${name}`, dataset: { view: name },
                title: label },
                icon(/** @type {any} */ (name)), h('span', null, label))))));
}

/** @param {boolean} moved whether the user came from another view */
async function show(moved) {
    const [name, ...path] = location.hash.replace(/^#\/?/, '').split('/')
        .map(decode);
    const view = views().find(([known]) => known === name)?.[1] ?? VIEWS.chat;

    showing.abort();
    showing = new AbortController();
    for (const link of document.querySelectorAll('#nav a')) {
        const here = VIEWS[/** @type {HTMLElement} */ (link).dataset.view ?? '']
            === view;

        link.toggleAttribute('aria-current', false);
        if (here) {
            link.setAttribute('aria-current', 'page');
        }
    }
    main.className = `view-${view.label.toLowerCase()}`;
    document.title = `${view.label} – NodeTool`;
    try {
        const drawn = view.view(main, path, showing.signal);

        if (moved) {
            focusTitle();
        }
        await drawn;
        const title = main.querySelector('h1')?.textContent;
        if (title && title !== view.label) {
            document.title = `${title} – ${view.label} – NodeTool`;
        }
        if (moved && document.activeElement === main) {
            focusTitle();
        }
    } catch (error) {
        fill(main, errorBox(error));
    }
}

/** The view's title, or main while there is none. */
function focusTitle() {
    const title = /** @type {HTMLElement|null} */ (main.querySelector('h1'));

    (title ?? main).focus({ preventScroll: true });
}

/** @param {string} part */
function decode(part) {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

// --- the foot: the server's state, the theme, signing out --------------------

const THEMES = /** @type {const} */ (['auto', 'light', 'dark']);

function theme() {
    return THEMES.find((name) => name
        === document.documentElement.dataset.theme) ?? 'auto';
}

function nextTheme() {
    const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];

    document.documentElement.dataset.theme = next;
    try {
        localStorage.setItem('nodetool.theme', next);
    } catch {
        // it lasts as long as the page
    }
    drawFoot();
    /** @type {HTMLElement|null} */ (document.querySelector('#theme'))?.focus();
}

const health = h('span.health', { role: 'status' });

function drawFoot() {
    const themeButton = iconButton(theme(), `Theme: ${theme()}`, nextTheme);

    themeButton.id = 'theme';
    fill(/** @type {Element} */ (document.getElementById('side-foot')), health,
        themeButton,
        iconButton('help', 'Keyboard shortcuts', showShortcuts),
        token.value && iconButton('out', 'Sign out', signOut));
}

async function drawHealth() {
    let state = 'ready';

    try {
        await call(surface.name === 'chat' ? '/health' : '/health/ready');
    } catch (error) {
        state = /** @type {any} */ (error).status ? 'engine away' : 'offline';
    }
    if (health.textContent !== state) {
        health.className = `health ${state === 'ready' ? 'good' : 'bad'}`;
        fill(health, h('span.dot'), h('span', null, state));
        health.title = `The server is ${state}`;
    }
    return 15000;
}

async function start() {
    token.read();
    drawFoot();
    onToken(drawFoot);
    listen();
    document.getElementById('skip')?.addEventListener('click', (event) => {
        event.preventDefault();
        focusTitle();
    });
    fill(main, spinner('Connecting…'));
    try {
        await findSurface();
    } catch (error) {
        fill(main, errorBox(error, () => location.reload()));
        return;
    }
    drawNav();
    addEventListener('hashchange', () => show(true));
    await show(false);
    await repeat(drawHealth, new AbortController().signal);
}

start();
