// Usage: the tokens of this browser's chats, jobs, the engine, the machine.

import { call, surface, url } from './api.js';
import { spent } from './chats.js';
import { fill, h, repeat, s, sleep } from './dom.js';
import { count, duration, plural } from './format.js';
import { token } from './store.js';
import { errorBox, spinner, statusBadge, viewHead } from './ui.js';

const DAYS = 14;
const JOBS = 500;

/**
 * @param {HTMLElement} main
 * @param {string[]} path
 * @param {AbortSignal} signal
 */
export async function view(main, path, signal) {
    const engine = h('section.tile', { 'aria-label': 'Engine' }, spinner());
    const jobs = h('section.tile', { 'aria-label': 'Jobs' }, spinner());
    const system = h('section.tile', { 'aria-label': 'System' });

    fill(main, viewHead('Usage',
        'What was asked of this server, and how it is'),
    h('div.tiles', null, tokens(),
            surface.name !== 'chat' && [engine, jobs],
            surface.name === 'editor' && system));
    if (surface.name !== 'chat') {
        repeat(() => drawEngine(engine, signal), signal);
        drawJobs(jobs, signal);
    }
    if (surface.name === 'editor') {
        watchSystem(system, signal);
    }
}

/**
 * @param {string} label
 * @param {string} value
 */
function figure(label, value) {
    return h('div.figure', null, h('span.figure-value', null, value),
        h('span.hint', null, label));
}

function tokens() {
    const all = spent();
    const days = Array.from({ length: DAYS }, (_, i) => {
        const date = new Date();

        date.setDate(date.getDate() - (DAYS - 1 - i));
        return date.toLocaleDateString('sv');
    });
    /** @type {Object<string, {requests: number, prompt: number,
     *     completion: number}>} */
    const models = {};

    for (const day of Object.values(all)) {
        for (const [model, sum] of Object.entries(day)) {
            const total = models[model] ??= { requests: 0, prompt: 0,
                completion: 0 };

            total.requests += sum.requests;
            total.prompt += sum.prompt;
            total.completion += sum.completion;
        }
    }
    const sums = Object.values(models);
    const sum = (/** @type {'requests'|'prompt'|'completion'} */ what) =>
        sums.reduce((n, model) => n + model[what], 0);

    return h('section.tile.wide', { 'aria-label': 'Chats' },
        h('h2', null, 'Chats of this browser'),
        h('div.figures', null, figure('requests', count(sum('requests'))),
            figure('prompt tokens', count(sum('prompt'))),
            figure('answer tokens', count(sum('completion')))),
        sums.length === 0 ? h('p.muted', null,
            'Nothing yet: ask a model, and its tokens are counted here.')
            : bars(days, days.map((day) => Object.values(all[day] ?? {}).reduce(
            (n, model) => n + model.prompt + model.completion, 0))),
        sums.length > 0 && h('div.table-wrap', { tabindex: '0', role: 'group',
            'aria-label': 'Tokens by model' }, h('table', null,
            h('thead', null, h('tr', null, ['Model', 'Requests', 'Prompt',
                'Answer'].map((name) => h('th', { scope: 'col' }, name)))),
            h('tbody', null, Object.entries(models).sort(([, a], [, b]) =>
                b.requests - a.requests).map(([model, total]) => h('tr', null,
                h('th', { scope: 'row' }, model),
                h('td.number', null, count(total.requests)),
                h('td.number', null, count(total.prompt)),
                h('td.number', null, count(total.completion))))))));
}

/**
 * @param {string[]} days
 * @param {number[]} values
 */
function bars(days, values) {
    const max = Math.max(1, ...values);

    return h('figure.chart', null, s('svg', { viewBox: `0 0 ${DAYS * 20} 64`,
        role: 'img', 'aria-label': `Tokens a day: ${days.map((day, i) =>
            `${day} ${values[i]}`).join(', ')}`, preserveAspectRatio: 'none' },
    values.map((value, i) => {
        const height = Math.max(value > 0 ? 3 : 1, value / max * 60);

        return s(`rect${value > 0 ? '.full' : ''}`, { x: i * 20 + 3, width: 14,
            y: 62 - height, height, rx: 2 }, s('title', null,
            `${days[i]}: ${count(value)} tokens`));
    })),
    h('figcaption.hint', null, `Tokens a day, last ${DAYS} days`));
}

/**
 * @param {HTMLElement} tile
 * @param {AbortSignal} signal
 */
async function drawEngine(tile, signal) {
    let state = null;
    let error = null;

    try {
        state = await call('/health/ready', { signal });
    } catch (e) {
        error = e;
    }
    if (!signal.aborted) {
        fill(tile, h('h2', null, 'Engine', statusBadge(state ? state.status
            : 'away')), state ? [h('div.figures', null,
            figure('running', `${count(state.running)} of ${
                count(state.max_running)}`),
            figure('waiting', `${count(state.queued)} of ${
                count(state.max_queued)}`)),
        h('p.hint', null, `Jobs are kept in ${state.store === 'redis'
            ? 'Redis' : 'memory'}.`)] : errorBox(error));
    }
    return 4000;
}

/**
 * @param {HTMLElement} tile
 * @param {AbortSignal} signal
 */
async function drawJobs(tile, signal) {
    try {
        const { jobs } = await call(`${surface.api}/jobs?limit=${JOBS}`,
            { signal });

        fill(tile, h('h2', null, 'Jobs'), jobs.length === 0
            ? h('p.muted', null, 'None has run yet.') : jobFigures(jobs));
    } catch (error) {
        if (!signal.aborted) {
            fill(tile, h('h2', null, 'Jobs'), errorBox(error));
        }
    }
}

/** @param {import('./jobs.js').Job[]} jobs */
function jobFigures(jobs) {
    /** @type {Object<string, number>} */
    const states = {};
    const times = jobs.filter((job) => job.status === 'completed'
        && job.started_at && job.finished_at).map((job) =>
        new Date(job.finished_at ?? 0).getTime()
            - new Date(job.started_at ?? 0).getTime()).sort((a, b) => a - b);
    const at = (/** @type {number} */ share) => times.length === 0 ? '–'
        : duration(times[Math.floor((times.length - 1) * share)]);

    for (const { status } of jobs) {
        states[status] = (states[status] ?? 0) + 1;
    }
    return [h('ul.states', null, Object.entries(states).map(([status, n]) =>
        h('li', null, statusBadge(status), h('b', null, count(n))))),
    h('div.figures', null, figure('median', at(0.5)),
        figure('95 of 100', at(0.95)), figure('longest', at(1))),
    h('p.hint', null, `Of the last ${plural(jobs.length, 'job')}; times of `
        + 'those that completed.')];
}

/**
 * What an editor says once a second.
 *
 * @param {HTMLElement} tile
 * @param {AbortSignal} signal
 */
async function watchSystem(tile, signal) {
    fill(tile, h('h2', null, 'System'), spinner());
    try {
        for (let wait = 1000; ; wait = Math.min(wait * 2, 30000)) {
            await watchOnce(tile, signal);
            fill(tile, h('h2', null, 'System'), h('p.muted', null,
                'No figures at the moment.'));
            await sleep(wait, signal);
        }
    } catch (error) {
        if (!signal.aborted) {
            throw error;
        }
    }
}

/**
 * @param {HTMLElement} tile
 * @param {AbortSignal} signal
 * @returns {Promise<void>} when the connection has ended
 */
function watchOnce(tile, signal) {
    const address = new URL(url('/ws/updates'));

    address.protocol = address.protocol.replace('http', 'ws');
    if (token.value) {
        address.searchParams.set('token', token.value);
    }
    return new Promise((resolve) => {
        const socket = new WebSocket(address);
        const close = () => socket.close();

        signal.addEventListener('abort', close);
        socket.addEventListener('message', ({ data }) => {
            const message = typeof data === 'string' ? JSON.parse(data) : {};

            if (message.type === 'system_stats') {
                drawSystem(tile, message.stats);
            }
        });
        socket.addEventListener('close', () => {
            signal.removeEventListener('abort', close);
            resolve();
        });
    });
}

/**
 * @param {HTMLElement} tile
 * @param {any} stats
 */
function drawSystem(tile, stats) {
    const gib = (/** @type {number} */ used, /** @type {number} */ total) =>
        `${used.toFixed(1)} of ${total.toFixed(1)} GB`;

    fill(tile, h('h2', null, 'System'),
        gauge('CPU', stats.cpu_percent, ''),
        gauge('Memory', stats.memory_percent, gib(stats.memory_used_gb,
            stats.memory_total_gb)),
        stats.vram_percent !== null && stats.vram_percent !== undefined
            && gauge('GPU memory', stats.vram_percent, gib(stats.vram_used_gb,
                stats.vram_total_gb)));
}

/**
 * @param {string} name
 * @param {number} percent
 * @param {string} note
 */
function gauge(name, percent, note) {
    return h('div.gauge', null, h('span', null, name),
        h('meter', { min: 0, max: 100, value: percent, 'aria-label': name }),
        h('span.number', null, `${Math.round(percent)} %`),
        note && h('span.hint', null, note));
}
