// What is known of a job, from its events.

/**
 * @typedef {object} NodeState
 * @property {string} status '', running, completed, error, waiting
 * @property {string} error
 * @property {string} note what it says of itself, one line
 * @property {number} progress
 * @property {number} total
 * @property {string} text the chunks that it sent
 * @property {any} [result]
 * @property {any[]} previews
 *
 * @typedef {{counter: number, status: string}} EdgeState
 *
 * @typedef {object} LogLine
 * @property {string} nodeId
 * @property {string} severity
 * @property {string} text
 */

const LOG_MAX = 500;

export const ENDED = ['completed', 'failed', 'cancelled'];

export class Run {
    constructor() {
        this.jobId = '';
        this.status = '';
        this.error = '';
        /** @type {any} */
        this.result = null;
        this.events = 0;
        this.last = 0;
        /** @type {Map<string, NodeState>} */
        this.nodes = new Map();
        /** @type {Map<string, EdgeState>} */
        this.edges = new Map();
        /** @type {Map<string, any[]>} */
        this.outputs = new Map();
        /** @type {LogLine[]} */
        this.log = [];
    }

    /** @param {string} id */
    node(id) {
        let state = this.nodes.get(id);

        if (!state) {
            state = { status: '', error: '', note: '', progress: 0, total: 0,
                text: '', previews: [] };
            this.nodes.set(id, state);
        }
        return state;
    }

    ended() {
        return ENDED.includes(this.status);
    }

    /**
     * Takes an event; one that came already does nothing.
     *
     * @param {any} event
     * @param {number} number
     */
    take(event, number) {
        if (number && number <= this.last) {
            return;
        }
        this.last = number || this.last;
        this.events += 1;
        this.apply(event);
    }

    /** @param {any} event */
    apply(event) {
        switch (event.type) {
        case 'job_update':
            this.job(event);
            break;
        case 'node_update':
            this.nodeUpdate(event);
            break;
        case 'node_progress':
            Object.assign(this.node(event.node_id), {
                progress: event.progress ?? 0, total: event.total ?? 0,
                note: event.total ? `${event.progress} of ${event.total}`
                    : '' });
            break;
        case 'edge_update':
            this.edges.set(event.edge_id, { status: event.status,
                counter: event.counter
                    ?? this.edges.get(event.edge_id)?.counter ?? 0 });
            break;
        case 'output_update':
            this.output(event.output_name ?? event.node_name)
                .push(event.value);
            break;
        case 'chunk':
            this.chunk(event);
            break;
        case 'preview_update':
            this.node(event.node_id).previews.push(event.value);
            break;
        case 'log_update':
        case 'notification':
            this.say(event.node_id, event.severity ?? 'info', event.content);
            break;
        case 'tool_call_update':
            this.node(event.node_id).note = `calls ${event.name}`;
            this.say(event.node_id, 'info', event.message
                || `calls ${event.name}`);
            break;
        case 'error':
            this.say('', 'error', event.message);
            break;
        default:    // what this page does not know is in the events
        }
    }

    /** @param {any} event */
    job(event) {
        this.jobId = event.job_id ?? this.jobId;
        this.status = event.status;
        this.error = event.error ?? this.error;
        if (this.ended()) {
            this.result = event.result ?? null;
            this.stopNodes();
        }
    }

    /** A node that runs when its job ends tells no end. */
    stopNodes() {
        for (const state of this.nodes.values()) {
            if (state.status === 'running' || state.status === 'waiting') {
                state.status = '';
            }
        }
        for (const state of this.edges.values()) {
            state.status = 'drained';
        }
    }

    /** @param {any} event */
    nodeUpdate(event) {
        const state = this.node(event.node_id);

        if (event.status === 'running' && state.status !== 'running') {
            Object.assign(state, { progress: 0, total: 0, note: '' });
        }
        state.status = event.status;
        state.error = event.error ?? '';
        if (event.status === 'completed') {
            state.result = event.result ?? state.result;
            state.note = summary(state.result);
        } else if (event.status === 'error') {
            this.say(event.node_id, 'error', state.error);
        }
    }

    /** @param {any} event */
    chunk(event) {
        const state = this.node(event.node_id);

        if (event.content_type && event.content_type !== 'text') {
            return;
        }
        state.text += event.content ?? '';
        state.note = state.text.slice(-60).replace(/\s+/g, ' ').trim();
    }

    /** @param {string} name */
    output(name) {
        const values = this.outputs.get(name) ?? [];

        this.outputs.set(name, values);
        return values;
    }

    /**
     * @param {string} nodeId
     * @param {string} severity
     * @param {string} text
     */
    say(nodeId, severity, text) {
        this.log.push({ nodeId, severity, text: String(text ?? '') });
        if (this.log.length > LOG_MAX) {
            this.log.shift();
        }
    }
}

/**
 * The outputs of a node, in a line.
 *
 * @param {any} result
 */
function summary(result) {
    const values = Object.values(result ?? {});

    if (values.length !== 1) {
        return '';
    }
    const [value] = values;
    if (Array.isArray(value)) {
        return `${value.length} items`;
    }
    if (value !== null && typeof value === 'object') {
        return typeof value.type === 'string' ? value.type : '';
    }
    return String(value ?? '').slice(0, 60).replace(/\s+/g, ' ');
}
