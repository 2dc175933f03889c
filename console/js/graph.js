// A workflow's graph, drawn as SVG; nodes and edges show what a run does.

import { fill, h, s } from './dom.js';
import { cut, typeName } from './format.js';
import { layered, tighten } from './layout.js';
import { iconButton } from './ui.js';
import { Viewport } from './viewport.js';

const WIDTH = 208;
const HEAD = 46;
const ROW = 20;
const FOOT = 10;
const CONTROL = '__control__';

/**
 * @typedef {object} GraphNode
 * @property {string} id
 * @property {string} type
 * @property {string|null} [parent_id]
 * @property {Object<string, any>} [data]
 * @property {Object<string, any>} [dynamic_properties]
 * @property {Object<string, any>} [ui_properties]
 *
 * @typedef {object} GraphEdge
 * @property {string} id
 * @property {string} source
 * @property {string} sourceHandle
 * @property {string} target
 * @property {string} targetHandle
 *
 * @typedef {{nodes: GraphNode[], edges: GraphEdge[]}} Graph
 *
 * @typedef {object} Drawn
 * @property {GraphNode} node
 * @property {import('./layout.js').Box} box
 * @property {string[]} inputs
 * @property {string[]} outputs
 * @property {string} title
 * @property {string} subtitle
 * @property {any} element
 * @property {any} info
 * @property {any} bar
 */

/** @param {GraphNode} node */
export function nodeTitle(node) {
    const { title, namespace } = typeName(node.type);
    const own = node.ui_properties?.title ?? node.data?.title;
    const name = /^nodetool\.(input|output)\./.test(node.type)
        ? node.data?.name : '';

    return { title: String(own || name || title),
        subtitle: name || own ? title : namespace };
}

/**
 * What a node is for screen readers: what stands on it.
 *
 * @param {Drawn} drawn
 */
function nameOf({ title, subtitle, inputs, outputs }) {
    return [cut(title, 24), cut(subtitle, 32), ...inputs, ...outputs]
        .join(', ');
}

/** @param {GraphNode} node */
function isNote(node) {
    return /\.(Comment|Group)$/.test(node.type);
}

export class GraphView {
    /**
     * @param {Graph} graph
     * @param {(id: string) => void} onSelect
     */
    constructor(graph, onSelect) {
        this.graph = { nodes: graph?.nodes ?? [], edges: graph?.edges ?? [] };
        this.onSelect = onSelect;
        this.touched = false;   // the user has moved it
        /** @type {Map<string, Drawn>} */
        this.nodes = new Map();
        /** @type {Map<string, {element: any, count: any}>} */
        this.edges = new Map();
        this.build();
    }

    build() {
        const count = this.graph.nodes.filter((node) => !isNote(node)).length;

        this.content = s('g');
        this.svg = s('svg.graph', { role: 'group', tabindex: '-1',
            'aria-roledescription': 'graph', 'aria-label':
                `Graph of ${count} nodes. Arrow keys move between nodes, Enter `
                + 'shows one, plus and minus zoom, zero shows all.' },
        this.content);
        this.viewport = new Viewport(this.svg, this.content);
        this.element = h('div.graph-box', null, this.svg,
            h('div.graph-tools', { role: 'group', 'aria-label': 'View' },
                iconButton('plus', 'Zoom in', () => this.viewport.zoom(1.25)),
                iconButton('minus', 'Zoom out', () => this.viewport.zoom(0.8)),
                iconButton('fit', 'Show all', () => this.viewport.fit())));

        this.measure();
        this.arrange();
        this.draw();
        this.svg.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) =>
            this.key(e));
        // a view that gets its size later fits itself then
        new ResizeObserver(() => {
            if (!this.touched) {
                this.viewport.fit();
            }
        }).observe(this.svg);
        for (const name of ['wheel', 'pointermove', 'keydown']) {
            this.svg.addEventListener(name, () => {
                this.touched ||= name !== 'pointermove' || this.viewport.moved;
            });
        }
    }

    measure() {
        for (const node of this.graph.nodes) {
            const ends = (/** @type {'source'|'target'} */ end,
                /** @type {'sourceHandle'|'targetHandle'} */ handle) =>
                [...new Set(this.graph.edges.filter((edge) => edge[end]
                    === node.id && edge[handle] !== CONTROL)
                    .map((edge) => edge[handle]))];
            const inputs = ends('target', 'targetHandle');
            const outputs = ends('source', 'sourceHandle');
            const size = node.ui_properties ?? {};
            const note = isNote(node);

            this.nodes.set(node.id, { node, inputs, outputs,
                ...nodeTitle(node),
                element: null, info: null, bar: null, box: {
                    id: node.id, x: 0, y: 0,
                    width: note ? number(size.width, 240) : WIDTH,
                    height: note ? number(size.height, 120) : HEAD + FOOT
                        + ROW * Math.max(inputs.length, outputs.length),
                } });
        }
    }

    /** Positions of a node in a group count from that. */
    arrange() {
        const all = Array.from(this.nodes.values());
        const given = all.every(({ node }) =>
            Number.isFinite(node.ui_properties?.position?.x)
            && Number.isFinite(node.ui_properties?.position?.y));
        const spread = new Set(all.map(({ node }) => JSON.stringify(
            node.ui_properties?.position))).size > all.length / 2;

        if (!given || !spread) {
            layered(all.filter(({ node }) => !isNote(node))
                .map(({ box }) => box), this.graph.edges);
            return;
        }
        for (const { node, box } of all) {
            let parent = node;

            for (let depth = 0; parent && depth < 10; depth += 1) {
                box.x += parent.ui_properties?.position?.x ?? 0;
                box.y += parent.ui_properties?.position?.y ?? 0;
                parent = /** @type {any} */ (
                    this.nodes.get(parent.parent_id ?? '')?.node);
            }
        }
        if (!all.some(({ node }) => isNote(node))) {
            tighten(all.map(({ box }) => box));
        }
    }

    draw() {
        const notes = s('g');
        const edges = s('g');
        const nodes = s('g');
        const order = Array.from(this.nodes.values()).sort((a, b) =>
            a.box.x - b.box.x || a.box.y - b.box.y);

        for (const drawn of order) {
            if (isNote(drawn.node)) {
                notes.append(this.drawNote(drawn));
            } else {
                nodes.append(this.drawNode(drawn));
            }
        }
        for (const edge of this.graph.edges) {
            const element = this.drawEdge(edge);

            if (element) {
                edges.append(element);
            }
        }
        nodes.firstElementChild?.setAttribute('tabindex', '0');
        this.content.append(notes, edges, nodes);
    }

    /** @param {Drawn} drawn */
    drawNote({ node, box }) {
        const text = noteText(node.data);

        return s('g.note', { transform: `translate(${box.x} ${box.y})` },
            s('rect', { width: box.width, height: box.height, rx: 10 }),
            wrap(text, box.width / 7).slice(0, Math.floor(box.height / 18))
                .map((line, i) => s('text', { x: 12, y: 24 + i * 18 }, line)));
    }

    /** @param {Drawn} drawn */
    drawNode(drawn) {
        const { node, box, inputs, outputs, title, subtitle } = drawn;
        const kind = /^nodetool\.(input|output)\./.exec(node.type)?.[1] ?? '';

        drawn.info = s('text.node-info', { x: 12, y: box.height + 15 });
        drawn.bar = s('rect.node-bar', { x: 0, y: box.height - 4, height: 3,
            width: 0, rx: 1.5 });
        drawn.element = s(`g.node${kind && `.${kind}`}`, {
            transform: `translate(${box.x} ${box.y})`, role: 'button',
            tabindex: '-1', 'aria-label': nameOf(drawn),
            dataset: { id: node.id }, click: () => this.click(node.id) },
        s('g', { 'aria-hidden': 'true' },
            s('rect.node-box', { width: box.width, height: box.height,
                rx: 10 }),
            s('circle.node-dot', { cx: box.width - 16, cy: 18, r: 4.5 }),
            s('text.node-title', { x: 12, y: 22 }, cut(title, 24)),
            s('text.node-type', { x: 12, y: 38 }, cut(subtitle, 32)),
            inputs.map((name, i) => port(name, 0, HEAD + ROW * i + 9,
                'start')),
            outputs.map((name, i) => port(name, box.width, HEAD + ROW * i + 9,
                'end')),
            drawn.bar, drawn.info));
        drawn.element.addEventListener('focus', () => this.rove(node.id));
        return drawn.element;
    }

    /** @param {GraphEdge} edge */
    drawEdge(edge) {
        const source = this.nodes.get(edge.source);
        const target = this.nodes.get(edge.target);

        if (!source || !target) {
            return null;
        }
        const control = edge.targetHandle === CONTROL;
        const from = end(source.box, source.outputs.indexOf(edge.sourceHandle),
            true);
        const to = control ? { x: target.box.x + target.box.width / 2,
            y: target.box.y } : end(target.box,
            target.inputs.indexOf(edge.targetHandle), false);
        const path = curve(from, to);
        const count = s('g.edge-count', { transform:
            `translate(${(from.x + to.x) / 2} ${(from.y + to.y) / 2})` });
        const element = s('g', { class: control ? 'edge control' : 'edge' },
            s('path.edge-line', { d: path }), s('path.edge-flow', { d: path }),
            count);

        this.edges.set(edge.id, { element, count });
        return element;
    }

    /** @param {string} id */
    click(id) {
        if (!this.viewport.moved) {
            this.onSelect(id);
        }
        this.viewport.moved = false;
    }

    /** @param {string} id the one node that Tab leads to */
    rove(id) {
        for (const [other, { element }] of this.nodes) {
            element?.setAttribute('tabindex', other === id ? '0' : '-1');
        }
        const drawn = this.nodes.get(id);
        if (drawn && drawn.element.matches(':focus-visible')) {
            this.viewport.reveal(drawn.box);
        }
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        const id = /** @type {any} */ (event.target).closest?.('.node')
            ?.dataset.id;
        const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0],
            ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];

        if (!id || event.shiftKey || event.defaultPrevented) {
            return;
        }
        if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            this.onSelect(id);
        } else if (step) {
            event.preventDefault();
            this.nearest(id, step[0], step[1])?.element.focus();
        }
    }

    /**
     * The node that a step in a direction leads to.
     *
     * @param {string} id
     * @param {number} dx
     * @param {number} dy
     */
    nearest(id, dx, dy) {
        const here = /** @type {Drawn} */ (this.nodes.get(id)).box;
        const found = Array.from(this.nodes.values(), (drawn) => {
            const x = drawn.box.x + drawn.box.width / 2 - here.x
                - here.width / 2;
            const y = drawn.box.y + drawn.box.height / 2 - here.y
                - here.height / 2;
            const along = x * dx + y * dy;
            const across = Math.abs(x * dy) + Math.abs(y * dx);

            return { drawn, along, cost: along + 2 * across };
        }).filter(({ drawn, along }) => drawn.element && along > 1)
            .sort((a, b) => a.cost - b.cost);

        return found[0]?.drawn;
    }

    /** @param {string|null} id */
    select(id) {
        for (const [other, { element }] of this.nodes) {
            element?.classList.toggle('selected', other === id);
        }
    }

    /**
     * @param {string} id
     * @param {import('./run.js').NodeState} state
     */
    setNode(id, state) {
        const drawn = this.nodes.get(id);

        if (!drawn?.element) {
            return;
        }
        const { element, box } = drawn;
        for (const status of ['running', 'completed', 'error', 'waiting']) {
            element.classList.toggle(status, state.status === status);
        }
        const share = state.total ? Math.min(1, state.progress / state.total)
            : 0;
        drawn.bar.setAttribute('width', share * box.width);
        drawn.info.textContent = cut(state.error || state.note, 32);
        element.setAttribute('aria-label', [nameOf(drawn),
            drawn.info.textContent, state.status].filter(Boolean).join(', '));
    }

    /**
     * @param {string} id
     * @param {import('./run.js').EdgeState} state
     */
    setEdge(id, state) {
        const edge = this.edges.get(id);

        if (!edge) {
            return;
        }
        edge.element.classList.toggle('sent', state.counter > 0);
        edge.element.classList.toggle('flowing', state.status
            === 'message_sent');
        if (state.counter > 1) {
            const text = String(state.counter);
            const width = 12 + text.length * 7;

            fill(edge.count, s('rect', { x: -width / 2, y: -9, width,
                height: 18, rx: 9 }), s('text', { y: 4 }, text));
        }
    }

    /** As before a run. */
    reset() {
        const node = { status: '', progress: 0, total: 0, error: '', note: '' };

        for (const id of this.nodes.keys()) {
            this.setNode(id, /** @type {any} */ (node));
        }
        for (const [id, { count }] of this.edges) {
            this.setEdge(id, { counter: 0, status: '' });
            fill(count);
        }
    }
}

/**
 * @param {any} value
 * @param {number} fallback
 */
function number(value, fallback) {
    return Number.isFinite(value) ? value : fallback;
}

/**
 * @param {string} name
 * @param {number} x
 * @param {number} y
 * @param {'start'|'end'} anchor
 */
function port(name, x, y, anchor) {
    return [s('circle.port', { cx: x, cy: y, r: 4 }),
        s('text.port-name', { x: x + (anchor === 'start' ? 12 : -12), y: y + 4,
            'text-anchor': anchor }, cut(name, 14))];
}

/**
 * @param {import('./layout.js').Box} box
 * @param {number} row
 * @param {boolean} right
 */
function end(box, row, right) {
    return { x: box.x + (right ? box.width : 0),
        y: box.y + (row < 0 ? HEAD / 2 : HEAD + ROW * row + 9) };
}

/**
 * @param {{x: number, y: number}} from
 * @param {{x: number, y: number}} to
 */
function curve(from, to) {
    const bend = Math.max(40, Math.min(160, Math.abs(to.x - from.x) / 2));

    return `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${
        to.x - bend} ${to.y} ${to.x} ${to.y}`;
}

/**
 * The text of a comment: plain, or of the editor's document.
 *
 * @param {any} data
 * @returns {string}
 */
function noteText(data) {
    const comment = data?.comment ?? data?.headline ?? data?.title ?? '';

    if (typeof comment === 'string') {
        return comment;
    }
    const texts = (/** @type {any} */ part) => part?.text ?? (part?.children
        ?? part?.root?.children ?? (Array.isArray(part) ? part : []))
        .map(texts).join(' ');

    return texts(comment);
}

/**
 * @param {string} text
 * @param {number} columns
 * @returns {string[]}
 */
function wrap(text, columns) {
    const lines = [''];

    for (const word of text.split(/\s+/)) {
        if (lines[lines.length - 1].length + word.length + 1 > columns) {
            lines.push('');
        }
        lines[lines.length - 1] += `${lines[lines.length - 1] && ' '}${word}`;
    }
    return lines;
}
