// Parts that several views use: buttons, dialogs, notes, roving lists.

import { announce, fill, h, uid } from './dom.js';
import { ApiError } from './api.js';
import { icon } from './icons.js';

/**
 * @param {import('./icons.js').IconName|null} name
 * @param {string} label
 * @param {(event: Event) => void} click
 * @param {string} [kind] classes: 'primary', 'danger', 'quiet'
 */
export function button(name, label, click, kind = '') {
    return h('button', { type: 'button', class: `button ${kind}`.trim(),
        click }, name && icon(name), h('span', null, label));
}

/**
 * A button that shows only its icon.
 *
 * @param {import('./icons.js').IconName} name
 * @param {string} label
 * @param {(event: Event) => void} click
 */
export function iconButton(name, label, click) {
    return h('button.icon-button', { type: 'button', 'aria-label': label,
        title: label, click }, icon(name));
}

/**
 * Says shortly that something was done, or went wrong.
 *
 * @param {string} text
 * @param {'note'|'error'} [kind]
 */
export function toast(text, kind = 'note') {
    const toasts = document.getElementById('toasts');
    const element = h('div', { class: `toast ${kind}` }, text);

    toasts?.append(element);
    setTimeout(() => element.remove(), kind === 'error' ? 8000 : 4000);
}

/**
 * An error, as the API says it.
 *
 * @param {any} error
 * @param {(() => void)|null} [again]
 */
export function errorBox(error, again = null) {
    const api = error instanceof ApiError ? error : null;
    const details = [api?.status ? `${api.status} ${api.type}`.trim() : '',
        api?.requestId ? `request ${api.requestId}` : '']
        .filter(Boolean).join(' · ');

    if (!api) {
        console.error(error);
    }
    return h('div.error-box', { role: 'alert' }, icon('alert'),
        h('div', null,
            h('p', null, error.message),
            details && h('p.hint', null, details)),
        again && button('refresh', 'Try again', again));
}

/**
 * What a list shows when it is empty: what it is, and what to do.
 *
 * @param {import('./icons.js').IconName} name
 * @param {string} title
 * @param {...import('./dom.js').Child} children
 */
export function empty(name, title, ...children) {
    return h('div.empty', null, icon(name), h('h2', null, title), children);
}

/** @param {string} [label] */
export function spinner(label = 'Loading…') {
    return h('div.spinner', { role: 'status' }, h('span.spin'),
        h('span', null, label));
}

/**
 * The head of a view.
 *
 * @param {string} title
 * @param {import('./dom.js').Child} [note]
 * @param {...import('./dom.js').Child} actions
 */
export function viewHead(title, note, ...actions) {
    return h('div.view-head', null,
        h('div.view-title', null, h('h1', { tabindex: '-1' }, title),
            note && h('p.muted', null, note)),
        actions.length > 0 && h('div.view-actions', null, actions));
}

/**
 * A question before something that cannot be taken back.
 *
 * @param {string} title
 * @param {string} text
 * @param {string} action
 * @returns {Promise<boolean>}
 */
export function confirm(title, text, action) {
    const id = uid('dialog');
    const box = h('dialog.dialog', { 'aria-labelledby': id },
        h('h2', { id }, title), h('p', null, text),
        h('div.actions', null,
            button(null, 'Cancel', () => box.close('')),
            button(null, action, () => box.close('yes'), 'danger')));

    return new Promise((resolve) => {
        box.addEventListener('close', () => {
            box.remove();
            resolve(box.returnValue === 'yes');
        });
        document.body.append(box);
        box.showModal();
    });
}

/**
 * A dialog that shows something, with a button to close it.
 *
 * @param {string} title
 * @param {import('./dom.js').Child[]} children
 */
export function showDialog(title, children) {
    const id = uid('dialog');
    const box = h('dialog.dialog.wide', { 'aria-labelledby': id },
        h('div.dialog-head', null, h('h2', { id }, title),
            iconButton('close', 'Close', () => box.close())),
        h('div.dialog-body', { tabindex: '0', role: 'group',
            'aria-labelledby': id }, children));

    box.addEventListener('close', () => box.remove());
    // a click on the backdrop is one on the dialog itself
    box.addEventListener('click', (/** @type {Event} */ event) => {
        if (event.target === box) {
            box.close();
        }
    });
    document.body.append(box);
    box.showModal();
    return box;
}

/**
 * One stop for the Tab key in a list of links or buttons; arrow keys move.
 *
 * @param {HTMLElement} list
 * @param {string} selector of what can have the focus
 */
export function roving(list, selector) {
    const items = () => /** @type {HTMLElement[]} */ (
        Array.from(list.querySelectorAll(selector)))
        .filter((item) => item.checkVisibility());

    const settle = () => {
        const all = items();
        const current = all.find((item) => item === document.activeElement)
            ?? all.find((item) => item.tabIndex === 0
                && item.hasAttribute('tabindex')) ?? all[0];

        all.forEach((item) => {
            item.tabIndex = item === current ? 0 : -1;
        });
    };

    list.addEventListener('keydown', (event) => {
        const all = items();
        const at = all.indexOf(/** @type {HTMLElement} */ (event.target));
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0,
            End: all.length - 1 }[event.key];

        if (at >= 0 && to !== undefined && all[to]) {
            event.preventDefault();
            all[to].focus();
        }
    });
    list.addEventListener('focusin', settle);
    new MutationObserver(settle).observe(list,
        { childList: true, subtree: true, attributeFilter: ['hidden'] });
    settle();
}

/**
 * Tabs: [{id, label, panel}]; arrow keys move between them.
 *
 * @param {string} label
 * @param {{id: string, label: string, panel: HTMLElement}[]} tabs
 */
export function tabs(label, tabs) {
    const prefix = uid('tabs');
    const list = h('div.tabs', { role: 'tablist', 'aria-label': label });

    /** @param {string} id */
    const select = (id) => {
        tabs.forEach((tab, i) => {
            const element = list.children[i];
            const on = tab.id === id;

            element.setAttribute('aria-selected', String(on));
            /** @type {HTMLElement} */ (element).tabIndex = on ? 0 : -1;
            tab.panel.hidden = !on;
        });
    };

    tabs.forEach((tab, i) => {
        list.append(h('button.tab', { type: 'button', role: 'tab',
            id: `${prefix}-${tab.id}`, 'aria-controls': `${prefix}-p${i}`,
            click: () => select(tab.id) }, tab.label));
        tab.panel.id = `${prefix}-p${i}`;
        tab.panel.setAttribute('role', 'tabpanel');
        tab.panel.setAttribute('aria-labelledby', `${prefix}-${tab.id}`);
    });
    list.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
        const at = Array.from(list.children).indexOf(
            /** @type {Element} */ (event.target));
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];

        if (at >= 0 && step) {
            const to = (at + step + tabs.length) % tabs.length;

            event.preventDefault();
            select(tabs[to].id);
            /** @type {HTMLElement} */ (list.children[to]).focus();
        }
    });
    select(tabs[0].id);
    return { list, select };
}

/**
 * The state of a job or node: a dot and its word.
 *
 * @param {string} status
 */
export function statusBadge(status) {
    return h('span', { class: `status ${status}` }, h('span.dot'), status);
}

/**
 * @param {string} text
 * @param {string} [said]
 */
export async function copy(text, said = 'Copied') {
    try {
        await navigator.clipboard.writeText(text);
        toast(said);
    } catch {
        toast('The browser does not let the page copy', 'error');
    }
}

/**
 * Loads what a part of a view shows: a spinner, then it or the error.
 *
 * @param {HTMLElement} element
 * @param {() => Promise<import('./dom.js').Child>} work
 * @param {AbortSignal} signal
 */
export async function loadInto(element, work, signal) {
    fill(element, spinner());
    try {
        const child = await work();

        if (!signal.aborted) {
            fill(element, child);
        }
    } catch (error) {
        if (!signal.aborted) {
            fill(element, errorBox(error,
                () => loadInto(element, work, signal)));
            announce(/** @type {Error} */ (error).message);
        }
    }
}
