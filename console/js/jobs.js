// Jobs: the list, and one with its graph, events and result.

import { call, jobPath, query, surface, workflowPath } from './api.js';
import { fill, h, repeat } from './dom.js';
import { ago, duration, time } from './format.js';
import { ENDED } from './run.js';
import { RunView } from './runview.js';
import { button, empty, errorBox, loadInto, roving, spinner,
    statusBadge, toast, viewHead } from './ui.js';

const PAGE = 30;
const LIVE = 1500;      // msec between looks, while something runs
const IDLE = 8000;

/**
 * @typedef {object} Job
 * @property {string} id
 * @property {string} workflow_id
 * @property {string} status
 * @property {string} created_at
 * @property {string|null} started_at
 * @property {string|null} finished_at
 * @property {string|null} error
 */

/**
 * @param {HTMLElement} main
 * @param {string[]} path
 * @param {AbortSignal} signal
 */
export async function view(main, [id], signal) {
    if (id) {
        await loadInto(main, () => one(id, signal), signal);
    } else {
        new JobList(main, signal).start();
    }
}

/** @param {Job} job */
function took(job) {
    if (!job.started_at) {
        return '';
    }
    const end = job.finished_at ? new Date(job.finished_at) : new Date();

    return duration(Math.max(0, end.getTime()
        - new Date(job.started_at).getTime()));
}

/** @param {string} id */
async function cancel(id) {
    try {
        await call(`${jobPath(id)}/cancel`, { method: 'POST' });
        toast('The job was cancelled');
    } catch (error) {
        toast(/** @type {Error} */ (error).message, 'error');
    }
}

class JobList {
    /**
     * @param {HTMLElement} main
     * @param {AbortSignal} signal
     */
    constructor(main, signal) {
        this.signal = signal;
        /** @type {Map<string, Job>} */
        this.jobs = new Map();
        /** @type {string|null} */
        this.next = null;
        /** @type {Object<string, string>} */
        this.names = {};
        this.status = h('select', { 'aria-label': 'Show jobs by state',
            change: () => this.draw() }, h('option', { value: '' },
            'All states'), ['queued', 'running', ...ENDED].map((status) =>
            h('option', { value: status }, status)));
        this.workflow = h('select', { 'aria-label': 'Show jobs of a workflow',
            change: () => this.restart() },
        h('option', { value: '' }, 'All workflows'));
        this.rows = h('ul.job-rows', { 'aria-label': 'Jobs' });
        this.more = h('div.more');
        this.body = h('div', null, spinner());
        roving(this.rows, 'a');
        fill(main, viewHead('Jobs', 'Newest first, live', this.workflow,
            this.status), this.body);
    }

    start() {
        this.loadNames();
        repeat(() => this.look(), this.signal);
    }

    async loadNames() {
        try {
            const { workflows } = await call(
                `${surface.api}/workflows?limit=200`, { signal: this.signal });

            for (const { id, name } of workflows) {
                this.names[id] = name || id;
                this.workflow.append(h('option', { value: id }, name || id));
            }
            this.draw();
        } catch {
            // their ids are shown
        }
    }

    /** @param {string|null} [startKey] */
    page(startKey) {
        return call(`${surface.api}/jobs?${query({ limit: PAGE,
            start_key: startKey, workflow_id: this.workflow.value })}`,
        { signal: this.signal });
    }

    restart() {
        this.jobs.clear();
        this.next = null;
        fill(this.body, spinner());
        this.look();
    }

    /**
     * Looks at the newest jobs, and at older ones that were not over. Returns
     * how long to wait for the next look.
     */
    async look() {
        try {
            const first = this.jobs.size === 0;
            const { jobs, next_start_key: next } = await this.page();
            const seen = new Set(jobs.map((/** @type {Job} */ job) => job.id));
            const open = Array.from(this.jobs.values()).filter((job) =>
                !ENDED.includes(job.status) && !seen.has(job.id));

            this.add(jobs);
            for (const { id } of open.slice(0, 10)) {
                this.add([await call(jobPath(id), { signal: this.signal })]);
            }
            if (first) {
                this.next = next;
            }
            this.failed = null;
        } catch (error) {
            this.failed = error;
        }
        if (!this.signal.aborted) {
            this.draw();
        }
        return Array.from(this.jobs.values()).some(({ status }) =>
            !ENDED.includes(status)) ? LIVE : IDLE;
    }

    /** @param {Job[]} jobs */
    add(jobs) {
        for (const job of jobs) {
            this.jobs.set(job.id, job);
        }
    }

    async loadMore() {
        try {
            const { jobs, next_start_key: next } = await this.page(this.next);

            this.add(jobs);
            this.next = next;
            this.draw();
        } catch (error) {
            toast(/** @type {Error} */ (error).message, 'error');
        }
    }

    draw() {
        const wanted = this.status.value;
        const jobs = Array.from(this.jobs.values())
            .filter(({ status }) => !wanted || status === wanted)
            .sort((a, b) => b.created_at.localeCompare(a.created_at));

        if (this.failed) {
            fill(this.body, errorBox(this.failed, () => this.look()));
            return;
        }
        if (jobs.length === 0) {
            fill(this.body, empty('jobs', 'No jobs here',
                h('p.muted', null, 'A job starts when a workflow runs.'),
                h('a.button.primary', { href: '#/workflows' },
                    'Run a workflow')));
            return;
        }
        this.update(jobs);
        fill(this.more, this.next && button(null, 'Load more', () =>
            this.loadMore()));
        if (!this.rows.isConnected) {
            fill(this.body, this.rows, this.more);
        }
    }

    /**
     * Changes what has changed, so that the focus stays where it is.
     *
     * @param {Job[]} jobs
     */
    update(jobs) {
        const old = new Map(Array.from(this.rows.children, (row) =>
            [row.dataset.id, row]));

        jobs.forEach((job, i) => {
            const key = `${job.status} ${this.names[job.workflow_id]}`;
            let row = old.get(job.id);

            if (!row || row.dataset.key !== key) {
                const fresh = this.row(job, key);
                const focused = row?.contains(document.activeElement);

                row?.replaceWith(fresh);
                row = fresh;
                if (focused) {
                    row.querySelector('a').focus();
                }
            }
            row.querySelector('.job-time').textContent = [ago(job.created_at),
                took(job)].filter(Boolean).join(' · ');
            if (this.rows.children[i] !== row) {
                this.rows.insertBefore(row, this.rows.children[i] ?? null);
            }
        });
        while (this.rows.childElementCount > jobs.length) {
            this.rows.lastElementChild.remove();
        }
    }

    /**
     * @param {Job} job
     * @param {string} key
     */
    row(job, key) {
        return h('li.job-row', { dataset: { id: job.id, key } },
            h('a.job-link', { href: `#/jobs/${job.id}` },
                statusBadge(job.status),
                h('span.job-name', null, this.names[job.workflow_id]
                    ?? (job.workflow_id || 'Inline graph')),
                h('span.job-error', null, job.error ?? ''),
                h('span.job-time', { title: time(job.created_at) })),
            !ENDED.includes(job.status) && button('stop', 'Cancel',
                async () => {
                    await cancel(job.id);
                    await this.look();
                }, 'small'));
    }
}

/**
 * @param {string} id
 * @param {AbortSignal} signal
 */
async function one(id, signal) {
    const job = await call(jobPath(id), { signal });
    const workflow = await call(workflowPath(job.workflow_id), { signal })
        .catch(() => null);
    const facts = h('div.facts');
    const run = new RunView(workflow, signal, null);

    const draw = (/** @type {Job} */ now) => fill(facts,
        [['Job', h('code', null, now.id)], ['Workflow', workflow
            ? h('a', { href: `#/workflows/${encodeURIComponent(
                now.workflow_id)}` }, workflow.name || now.workflow_id)
            : now.workflow_id || 'Inline graph'],
        ['Started', time(now.started_at ?? now.created_at)],
        ['Took', took(now)]].map(([name, value]) => h('div', null,
            h('span.hint', null, name), h('span', null, value))));

    run.onEnd = async () => draw(await call(jobPath(id), { signal })
        .catch(() => job));
    draw(job);
    run.follow({ jobId: id }).catch((error) => {
        if (!signal.aborted) {
            fill(run.results, errorBox(error));
        }
    });
    return [viewHead(workflow?.name || 'Job', null,
        h('a.button', { href: '#/jobs' }, 'All jobs')), facts, run.element];
}
