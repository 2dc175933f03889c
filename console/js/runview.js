// A run: the graph that lights up, its results, its log, a node's details.

import { ApiError, call, followJob, jobPath } from './api.js';
import { announce, fill, h } from './dom.js';
import { plural } from './format.js';
import { GraphView, nodeTitle } from './graph.js';
import { ENDED, Run } from './run.js';
import { button, empty, errorBox, statusBadge, tabs, toast } from './ui.js';
import { jsonTree, showValue } from './values.js';

const EVENTS_MAX = 1000;

export class RunView {
    /**
     * @param {any} workflow with a graph; null when there is none any more
     * @param {AbortSignal} signal
     * @param {HTMLElement|null} form what stands in the first tab
     */
    constructor(workflow, signal, form) {
        this.form = form;
        this.signal = signal;
        this.run = new Run();
        this.selected = '';
        this.frame = 0;
        /** @type {AbortController|null} */
        this.following = null;
        this.onEnd = () => {};

        this.graph = new GraphView(workflow?.graph, (id) => this.select(id));
        this.state = h('div.run-state', { 'aria-live': 'polite' });
        this.results = h('div.results');
        this.details = h('div.details');
        this.log = h('div.log');
        this.tabs = tabs('Run', [
            ...(form ? [{ id: 'inputs', label: 'Inputs', panel: form }] : []),
            { id: 'results', label: 'Results', panel: this.results },
            { id: 'node', label: 'Node', panel: this.details },
            { id: 'log', label: 'Events', panel: this.log },
        ]);
        this.element = h('div.run', null, this.graph.element,
            h('section.panel', { 'aria-label': 'Run' }, this.state,
                this.tabs.list, h('div.panel-body', null, form, this.results,
                    this.details, this.log)));
        this.clear();
    }

    /** As before a run. */
    clear() {
        this.run = new Run();
        this.shown = new Map();
        this.graph.reset();
        fill(this.state);
        fill(this.results, empty('play', 'No results yet',
            h('p.muted', null, 'They stand here when the workflow has run.')));
        fill(this.log, h('ol.events', { tabindex: '0', 'aria-label':
            'Events' }));
        this.drawDetails();
    }

    /**
     * Follows a job: one that there is, or a new run with these parameters.
     *
     * @param {{jobId?: string, workflowId?: string, params?: object}} what
     */
    async follow(what) {
        const following = this.following = new AbortController();
        const signal = AbortSignal.any([this.signal, following.signal]);

        this.clear();
        fill(this.state, statusBadge('starting'));
        try {
            await followJob({ ...what, signal,
                onLive: (live) => this.live(live),
                onEvent: (event, number) => this.take(event, number) });
        } finally {
            this.following = null;
            if (!this.signal.aborted) {
                this.paint();
                this.onEnd();
            }
        }
    }

    /** @param {boolean} live */
    live(live) {
        this.state.classList.toggle('lost', !live);
        if (!live) {
            announce('The connection was lost, trying again');
        }
    }

    /**
     * @param {any} event
     * @param {number} number
     */
    take(event, number) {
        const before = this.run.status;

        this.run.take(event, number);
        this.addEvent(event, number);
        if (this.run.status !== before) {
            this.tell();
        }
        this.frame ||= requestAnimationFrame(() => {
            this.frame = 0;
            this.paint();
        });
    }

    tell() {
        const { status, error } = this.run;

        announce(`Job ${status}${error ? `: ${error}` : ''}`);
        if (ENDED.includes(status) && status !== 'cancelled') {
            this.tabs.select('results');
        }
    }

    paint() {
        const { run } = this;

        for (const [id, state] of run.nodes) {
            this.graph.setNode(id, state);
        }
        for (const [id, state] of run.edges) {
            this.graph.setEdge(id, state);
        }
        this.drawState();
        this.drawResults();
        if (this.selected) {
            this.drawDetails();
        }
    }

    drawState() {
        const { run } = this;
        const done = Array.from(run.nodes.values())
            .filter(({ status }) => status === 'completed').length;

        if (!run.status) {
            return;
        }
        fill(this.state, statusBadge(run.status),
            h('span.muted', null, plural(done, 'node'), ' done, ',
                plural(run.events, 'event')),
            h('span.grow'),
            run.jobId && this.form && h('a', { href: `#/jobs/${run.jobId}` },
                'Job'),
            !run.ended() && button('stop', 'Cancel', () => this.cancel(),
                'danger'));
    }

    async cancel() {
        try {
            await call(`${jobPath(this.run.jobId)}/cancel`,
                { method: 'POST' });
        } catch (error) {
            toast(/** @type {Error} */ (error).message, 'error');
        }
    }

    /** Draws only what is new: a value may be a player that plays. */
    drawResults() {
        const { run } = this;
        const results = Object.entries(run.result?.results ?? {});
        const values = new Map([...Array.from(run.outputs, ([name, all]) =>
            /** @type {[string, any]} */ ([name, all.at(-1)])), ...results]);
        const previews = Array.from(run.nodes).filter(([, { previews: p }]) =>
            p.length > 0);

        for (const [id, { previews: all }] of previews) {
            values.set(`Preview of ${this.title(id)}`, all.at(-1));
        }
        if (run.error || run.status === 'cancelled') {
            values.set('', new ApiError(0, run.error || 'Cancelled'));
        }
        if (values.size === 0) {
            if (run.status === 'running') {
                fill(this.results, h('p.muted', null, 'Running…'));
            }
            return;
        }
        if (this.shown.size === 0) {
            fill(this.results);
        }
        for (const [name, value] of values) {
            this.drawResult(name, value, run.outputs.get(name)?.length ?? 0);
        }
    }

    /**
     * @param {string} name
     * @param {any} value
     * @param {number} count of values that the output had
     */
    drawResult(name, value, count) {
        const key = value instanceof Error ? value.message
            : JSON.stringify(value);
        const old = this.shown.get(name);

        if (old?.key === key && old.count === count) {
            return;
        }
        const element = value instanceof Error ? errorBox(value)
            : h('section.result', null, h('h2', null, name,
                count > 1 && h('span.badge', null, `${count} values`)),
            showValue(value));
        if (old) {
            old.element.replaceWith(element);
        } else {
            this.results.append(element);
        }
        this.shown.set(name, { key, count, element });
    }

    /** @param {string} id of a node */
    title(id) {
        const node = this.graph.nodes.get(id)?.node;

        return node ? nodeTitle(node).title : id;
    }

    /** @param {string} id */
    select(id) {
        this.selected = id;
        this.graph.select(id);
        this.drawDetails();
        this.tabs.select('node');
    }

    drawDetails() {
        const node = this.graph.nodes.get(this.selected)?.node;
        const state = this.run.nodes.get(this.selected);

        if (!node) {
            fill(this.details, empty('workflows', 'No node chosen',
                h('p.muted', null, 'Choose a node of the graph to see its '
                    + 'properties and what it made.')));
            return;
        }
        const log = this.run.log.filter(({ nodeId }) => nodeId === node.id);
        const data = { ...node.data, ...node.dynamic_properties };

        fill(this.details,
            h('h2', null, this.title(node.id)),
            h('p.muted', null, h('code', null, node.type), ' · ', node.id),
            state?.status && statusBadge(state.status),
            state?.error && h('p.error-text', null, state.error),
            state?.text && [h('h3', null, 'Text'),
                h('p.plain', null, state.text)],
            state?.result && [h('h3', null, 'Outputs'),
                Object.entries(state.result).map(([name, value]) =>
                    h('section.result', null, h('h4', null, name),
                        showValue(value)))],
            log.length > 0 && [h('h3', null, 'Log'), h('ul.plain-list', null,
                log.map(({ severity, text }) => h(`li.${severity}`, null,
                    text)))],
            h('h3', null, 'Properties'),
            Object.keys(data).length > 0 ? jsonTree(data)
                : h('p.muted', null, 'None is set.'));
    }

    /**
     * @param {any} event
     * @param {number} number
     */
    addEvent(event, number) {
        const list = this.log.querySelector('ol');
        const { type, ...rest } = event;
        const what = event.node_id ? this.title(event.node_id)
            : event.edge_id ?? '';

        if (!list) {
            return;
        }
        const details = h('details.event', null, h('summary', null,
            h('span.event-number', null, number || ''),
            h('code', null, type), ' ', h('span', null, [what, event.status,
                event.content ?? event.message].filter(Boolean).join(' · ')
                .slice(0, 120))));
        details.addEventListener('toggle', () => {
            if (details.open && details.childElementCount === 1) {
                details.append(jsonTree(rest));
            }
        });
        list.append(h('li', null, details));
        while (list.childElementCount > EVENTS_MAX) {
            list.firstElementChild?.remove();
        }
    }
}
