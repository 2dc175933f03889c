// Workflows: the list, and one with its graph and form.

import { ApiError, call, query, surface, workflowPath } from './api.js';
import { fill, h } from './dom.js';
import { ago, plural } from './format.js';
import { Form } from './form.js';
import { RunView } from './runview.js';
import { button, empty, loadInto, roving, toast, viewHead } from './ui.js';

const PAGE = 50;

/**
 * @param {HTMLElement} main
 * @param {string[]} path
 * @param {AbortSignal} signal
 */
export async function view(main, [id], signal) {
    if (id) {
        await loadInto(main, async () => one(await call(workflowPath(id),
            { signal }), signal), signal);
    } else {
        list(main, signal);
    }
}

/**
 * @param {HTMLElement} main
 * @param {AbortSignal} signal
 */
function list(main, signal) {
    const cards = h('ul.cards', { 'aria-label': 'Workflows' });
    const more = h('div.more');
    const search = h('input.search', { type: 'search', placeholder: 'Filter',
        'aria-label': 'Filter workflows', input: () => filter() });
    const body = h('div');

    const filter = () => {
        const words = search.value.toLowerCase();

        for (const card of cards.children) {
            card.hidden = !card.textContent.toLowerCase().includes(words);
        }
    };
    const page = async (/** @type {string} */ cursor) => {
        const { workflows, next } = await call(`${surface.api}/workflows?${
            query({ limit: PAGE, cursor })}`, { signal });

        cards.append(...workflows.map(card));
        fill(more, next && button(null, 'Load more', () => page(next)
            .catch((error) => toast(error.message, 'error'))));
        filter();
        return cards.childElementCount === 0 ? nothing() : [cards, more];
    };

    roving(cards, 'a');
    fill(main, viewHead('Workflows', 'What this server runs', search), body);
    loadInto(body, () => {
        fill(cards);
        return page('');
    }, signal);
}

function nothing() {
    return empty('workflows', 'No workflows yet',
        h('p.muted', null, 'Put one with the HTTP API, or start the server '
            + 'with a file:'),
        h('pre', { tabindex: '0' }, h('code', null,
            'nodetool worker --workflow my-workflow.json')));
}

/** @param {any} workflow */
function card(workflow) {
    const nodes = workflow.graph?.nodes?.length ?? 0;
    const inputs = Object.keys(workflow.input_schema?.properties ?? {}).length;

    return h('li', null, h('a.card', {
        href: `#/workflows/${encodeURIComponent(workflow.id)}` },
    h('span.card-title', null, workflow.name || workflow.id),
    h('span.card-text', null, workflow.description || 'No description'),
    h('span.card-foot', null, [plural(nodes, 'node'),
        plural(inputs, 'input'), workflow.updated_at
            && ago(workflow.updated_at)].filter(Boolean).join(' · '),
    (workflow.tags ?? []).slice(0, 3).map((/** @type {string} */ tag) =>
        h('span.badge', null, tag)))));
}

/**
 * @param {any} workflow
 * @param {AbortSignal} signal
 */
function one(workflow, signal) {
    const submit = button('play', 'Run', () => start(), 'primary');
    const form = new Form(workflow, () => start());
    const run = new RunView(workflow, signal, h('div.form-panel', null,
        form.element, h('div.actions', null, submit,
            h('span.hint', null, h('kbd', null, 'Ctrl'), '+',
                h('kbd', null, 'Enter')))));

    submit.dataset.shortcut = 'run';
    const start = async () => {
        if (submit.disabled) {
            return;
        }
        submit.disabled = true;
        try {
            const params = await form.read();

            if (params) {
                await run.follow({ workflowId: workflow.id, params });
            }
        } catch (error) {
            if (!signal.aborted) {
                refused(error);
            }
        } finally {
            submit.disabled = false;
        }
    };
    const refused = (/** @type {any} */ error) => {
        run.clear();
        run.tabs.select('inputs');
        form.refuse(error.message);
        if (!(error instanceof ApiError)) {
            console.error(error);
        }
    };

    return [viewHead(workflow.name || workflow.id, workflow.description,
        h('a.button', { href: '#/workflows' }, 'All workflows')), run.element];
}
