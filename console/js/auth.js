// The token: asked for when the server wants one, kept in this browser.

import { h } from './dom.js';
import { token } from './store.js';

/** @type {Promise<boolean>|null} */
let asking = null;

/** @type {Set<() => void>} */
const watchers = new Set();

/** @param {() => void} watcher called when there is, or is no more, a token */
export function onToken(watcher) {
    watchers.add(watcher);
}

function changed() {
    watchers.forEach((watcher) => watcher());
}

export function signOut() {
    token.clear();
    changed();
    location.reload();
}

/**
 * Asks for a token; one dialog for all requests that want one. False when the
 * user does not give one.
 *
 * @param {string} message what the server says
 * @returns {Promise<boolean>}
 */
export function askToken(message) {
    asking ??= dialog(message).finally(() => {
        asking = null;
    });
    return asking;
}

/**
 * @param {string} message
 * @returns {Promise<boolean>}
 */
function dialog(message) {
    const refused = token.value !== '';
    const input = h('input', { type: 'password', id: 'token', required: true,
        autocomplete: 'current-password', spellcheck: 'false',
        'aria-describedby': 'token-note' });
    const remember = h('input', { type: 'checkbox', id: 'token-remember' });
    const box = h('dialog.dialog', { 'aria-labelledby': 'token-title' },
        h('form', null,
            h('h2', { id: 'token-title' }, 'Sign in'),
            h('p', { id: 'token-note',
                class: refused ? 'error-text' : 'muted' },
            refused ? message : 'This server asks for a token. It was '
                    + 'shown when the server first started.'),
            h('label.label', { for: 'token' }, 'Token'), input,
            h('label.check', null, remember,
                'Remember on this device'),
            h('p.hint', null, 'Without this it is forgotten when the tab '
                + 'closes.'),
            h('div.actions', null,
                h('button.button', { type: 'button',
                    click: () => box.close('') }, 'Not now'),
                h('button.button.primary', { type: 'submit' }, 'Sign in'))));

    return new Promise((resolve) => {
        box.querySelector('form').addEventListener('submit', (
            /** @type {Event} */ event) => {
            event.preventDefault();
            token.set(input.value.trim(), remember.checked);
            box.close('token');
        });
        box.addEventListener('close', () => {
            const given = box.returnValue === 'token';

            box.remove();
            resolve(given);
            changed();
        });
        document.body.append(box);
        box.showModal();
        input.focus();
    });
}
