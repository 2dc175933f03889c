// The server's HTTP API: its paths, its errors, its token.

import { askToken } from './auth.js';
import { sleep } from './dom.js';
import { readEvents } from './sse.js';
import { token } from './store.js';

/** The server, as the page sees it: what stands before "console/". */
const ROOT = new URL('../', document.baseURI);

const RETRIES = 8;

/**
 * Which of its surfaces the server has here: a worker has /workflows, an
 * editor /api/workflows, a chat server neither.
 *
 * @type {{name: 'worker'|'editor'|'chat'|'', api: string}}
 */
export const surface = { name: '', api: '' };

/** An error as the API says it, or that of a connection (status 0). */
export class ApiError extends Error {
    /**
     * @param {number} status
     * @param {string} message
     * @param {string} [type]
     * @param {string} [requestId]
     */
    constructor(status, message, type = '', requestId = '') {
        super(message);
        this.status = status;
        this.type = type;
        this.requestId = requestId;
    }
}

/**
 * @param {string} path with a leading slash
 * @returns {string}
 */
export function url(path) {
    return new URL(path.slice(1), ROOT).href;
}

/**
 * The path of a storage key: its slashes stay.
 *
 * @param {string} key
 */
export function keyPath(key) {
    return key.split('/').map(encodeURIComponent).join('/');
}

/**
 * A query of what is set; a space is "%20", as not every server takes a plus.
 *
 * @param {Object<string, string|number|null|undefined>} args
 */
export function query(args) {
    return Object.entries(args).filter(([, value]) => value !== null
        && value !== undefined && value !== '').map(([name, value]) =>
        `${name}=${encodeURIComponent(String(value))}`).join('&');
}

/** @param {Response} response */
async function failure(response) {
    let error = null;

    try {
        error = (await response.json()).error;
    } catch {
        // not a NodeTool server, or something between
    }
    return new ApiError(response.status, error?.message
        ?? `The server answered ${response.status} ${response.statusText}`,
    error?.type, response.headers.get('x-request-id') ?? '');
}

/**
 * One request; an answer that is no success is thrown. A 401 asks the user
 * for a token, once for each that turns out wrong.
 *
 * @param {string} path
 * @param {RequestInit & {json?: unknown}} [options]
 * @returns {Promise<Response>}
 */
export async function request(path, options = {}) {
    for (;;) {
        const { json, ...init } = options;
        const headers = new Headers(init.headers);
        const sent = token.value;

        if (sent) {
            headers.set('Authorization', `Bearer ${sent}`);
        }
        if (json !== undefined) {
            init.body = JSON.stringify(json);
            headers.set('Content-Type', 'application/json');
        }

        let response;
        try {
            response = await fetch(url(path),
                { ...init, headers, cache: 'no-store' });
        } catch (error) {
            if (init.signal?.aborted) {
                throw error;
            }
            throw new ApiError(0, 'The server cannot be reached');
        }
        if (response.ok) {
            return response;
        }

        const error = await failure(response);

        // another request may have asked meanwhile
        if (error.status !== 401
            || (token.value === sent && !(await askToken(error.message))))
        {
            throw error;
        }
    }
}

/**
 * @param {string} path
 * @param {RequestInit & {json?: unknown}} [options]
 * @returns {Promise<any>} the reply's JSON, null when it has none
 */
export async function call(path, options) {
    const response = await request(path, options);

    return response.status === 204 ? null : response.json();
}

/** Finds out what this server is. */
export async function findSurface() {
    for (const [name, api] of /** @type {const} */ ([['worker', ''],
        ['editor', '/api']])) {
        try {
            await call(`${api}/workflows?limit=1`);
        } catch (error) {
            if (error instanceof ApiError && error.status === 404) {
                continue;
            }
            // an engine that is away is a surface, too
            if (!(error instanceof ApiError) || error.status < 500) {
                throw error;
            }
        }
        surface.name = name;
        surface.api = api;
        return;
    }
    surface.name = 'chat';
}

/** @param {string} id */
export function jobPath(id) {
    return `${surface.api}/jobs/${encodeURIComponent(id)}`;
}

/** @param {string} id */
export function workflowPath(id) {
    return `${surface.api}/workflows/${encodeURIComponent(id)}`;
}

/**
 * @typedef {object} Follow
 * @property {string} [jobId] of a job that there is
 * @property {string} [after] the number of the last event that is known
 * @property {string} [workflowId] of a workflow to run otherwise
 * @property {object} [params]
 * @property {AbortSignal} signal
 * @property {(event: any, number: number) => void} onEvent
 * @property {(live: boolean) => void} onLive whether it is connected
 */

/**
 * Follows a job to its end, over as many connections as that takes: each goes
 * on behind the last event. A run that was started twice because its first
 * answer got lost is one job, by its Idempotency-Key.
 *
 * @param {Follow} follow
 */
export async function followJob(follow) {
    const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
    const state = { jobId: follow.jobId ?? '', after: follow.after ?? '' };
    let error = null;

    for (let attempt = 0; attempt <= RETRIES; attempt += 1) {
        if (attempt > 0) {
            follow.onLive(false);
            await sleep(Math.min(250 * 2 ** attempt, 8000), follow.signal);
        }
        try {
            const before = state.after;

            if (await followOnce(follow, state, key)) {
                return;
            }
            if (state.after !== before) {
                attempt = 0;
            }
        } catch (e) {
            const passing = e instanceof ApiError
                && (e.status === 0 || e.status >= 502);

            if (follow.signal.aborted || !passing) {
                throw e;
            }
            error = e;
        }
    }
    throw error ?? new ApiError(0, 'The connection was lost');
}

/**
 * One connection; true when the job's end was seen.
 *
 * @param {Follow} follow
 * @param {{jobId: string, after: string}} state
 * @param {string} key
 */
async function followOnce(follow, state, key) {
    const { signal } = follow;
    const response = state.jobId
        ? await request(`${jobPath(state.jobId)}/events`, { signal,
            headers: state.after ? { 'Last-Event-ID': state.after } : {} })
        : await request(`${workflowPath(follow.workflowId ?? '')}/run/stream`,
            { method: 'POST', signal, json: { params: follow.params },
                headers: { 'Idempotency-Key': key } });

    follow.onLive(true);
    try {
        for await (const { id, data } of readEvents(
            /** @type {ReadableStream} */ (response.body))) {
            if (data === '[DONE]') {
                return true;
            }
            const event = JSON.parse(data);

            // the stream broke between server and engine; the job goes on
            if (event.error && !event.type) {
                return false;
            }
            state.jobId ||= event.job_id ?? '';
            state.after = id;
            follow.onEvent(event, Number(id));
        }
    } catch (error) {
        if (signal.aborted || !(error instanceof TypeError)) {
            throw error;
        }
    }
    return false;
}
