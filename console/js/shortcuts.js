// Keyboard shortcuts: two keys one after the other, so that none is hit by
// chance; they can be switched off.

import { h } from './dom.js';
import { load, save } from './store.js';
import { showDialog } from './ui.js';

const GO = { c: '#/chat', w: '#/workflows', j: '#/jobs', s: '#/storage',
    u: '#/usage' };

const LIST = [
    ['g c', 'Chat'], ['g w', 'Workflows'], ['g j', 'Jobs'],
    ['g s', 'Storage'], ['g u', 'Usage'], ['n', 'New chat'],
    ['/', 'Filter, or write a message'], ['Ctrl Enter', 'Run the workflow'],
    ['Esc', 'Stop the answer, close a dialog'],
    ['↑ ↓', 'Move in a list'], ['← ↑ → ↓', 'Move between nodes'],
    ['Shift ← ↑ → ↓', 'Move the graph'], ['+ − 0', 'Zoom, show all'],
    ['?', 'This list'],
];

export function showShortcuts() {
    const on = h('input.switch', { type: 'checkbox', role: 'switch',
        checked: load('shortcuts', true),
        change: () => save('shortcuts', on.checked) });

    showDialog('Keyboard', [h('dl.keys', null, LIST.map(([keys, what]) =>
        h('div', null, h('dt', null, keys.split(' ').map((key) =>
            h('kbd', null, key))), h('dd', null, what)))),
    h('label.check', null, on, 'Shortcuts of one key')]);
}

/** @param {Element|null} element */
function writes(element) {
    return element !== null && element.matches('input, textarea, select');
}

export function listen() {
    let first = '';

    document.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)
            && !event.defaultPrevented)
        {
            /** @type {HTMLElement|null} */ (document.querySelector(
                '[data-shortcut=run]'))?.click();
            return;
        }
        if (event.ctrlKey || event.metaKey || event.altKey
            || writes(document.activeElement) || !load('shortcuts', true)
            || document.querySelector('dialog[open]'))
        {
            return;
        }
        const before = first;
        first = event.key === 'g' ? 'g' : '';
        if (before === 'g' && event.key in GO) {
            event.preventDefault();
            location.hash = GO[/** @type {keyof typeof GO} */ (event.key)];
        } else if (event.key === 'n') {
            event.preventDefault();
            location.hash = '#/chat/new';
        } else if (event.key === '?') {
            event.preventDefault();
            showShortcuts();
        } else if (event.key === '/') {
            event.preventDefault();
            /** @type {HTMLElement|null} */ (document.querySelector(
                '.search, #chat-input, .form input, .form textarea'))?.focus();
        }
    });
}
