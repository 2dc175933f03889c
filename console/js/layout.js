// Where the nodes of a graph are drawn: as the workflow says, or in layers
// from left to right.

/**
 * @typedef {object} Box
 * @property {string} id
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 *
 * @typedef {{source: string, target: string}} Link
 */

const GAP_X = 90;
const GAP_Y = 36;
const SWEEPS = 6;

/**
 * Layers by the longest way from a source; within a layer, nodes go near to
 * their neighbours (barycentres). Edges that close a circle do not count.
 *
 * @param {Box[]} boxes whose x and y are set
 * @param {Link[]} links
 */
export function layered(boxes, links) {
    const byId = new Map(boxes.map((box) => [box.id, box]));
    const known = links.filter(({ source, target }) => byId.has(source)
        && byId.has(target) && source !== target);
    const layers = toLayers(boxes, forward(boxes, known));

    orderLayers(layers, known);
    place(layers, known, byId);
}

/**
 * Editors draw larger nodes than this page: they move together as far as none
 * gets in another's way.
 *
 * @param {Box[]} boxes
 */
export function tighten(boxes) {
    const near = (/** @type {number} */ f) => boxes.some((a, i) =>
        boxes.slice(i + 1).some((b) =>
            Math.abs(a.x - b.x) * f < Math.max(a.width, b.width) + 40
            && f * (a.y < b.y ? b.y - a.y : a.y - b.y)
                < (a.y < b.y ? a : b).height + 28));
    let factor = 1;

    while (factor > 0.5 && boxes.length < 200 && !near(factor - 0.05)) {
        factor -= 0.05;
    }
    for (const box of boxes) {
        box.x *= factor;
        box.y *= factor;
    }
}

/**
 * Without the edges that lead back, found by depth.
 *
 * @param {Box[]} boxes
 * @param {Link[]} links
 */
function forward(boxes, links) {
    /** @type {Map<string, Link[]>} */
    const out = new Map(boxes.map(({ id }) => [id, []]));
    const state = new Map();
    /** @type {Link[]} */
    const kept = [];

    links.forEach((link) => out.get(link.source)?.push(link));
    for (const { id } of boxes) {
        const stack = state.has(id) ? [] : [{ id, next: 0 }];

        state.set(id, state.get(id) ?? 'open');
        while (stack.length > 0) {
            const top = stack[stack.length - 1];
            const link = out.get(top.id)?.[top.next];

            top.next += 1;
            if (!link) {
                state.set(top.id, 'done');
                stack.pop();
            } else if (state.get(link.target) !== 'open') {
                kept.push(link);
                if (!state.has(link.target)) {
                    state.set(link.target, 'open');
                    stack.push({ id: link.target, next: 0 });
                }
            }
        }
    }
    return kept;
}

/**
 * @param {Box[]} boxes
 * @param {Link[]} links without circles
 * @returns {Box[][]}
 */
function toLayers(boxes, links) {
    const waits = new Map(boxes.map(({ id }) => [id, 0]));
    const depth = new Map(boxes.map(({ id }) => [id, 0]));
    /** @type {Map<string, string[]>} */
    const out = new Map(boxes.map(({ id }) => [id, []]));

    for (const { source, target } of links) {
        waits.set(target, (waits.get(target) ?? 0) + 1);
        out.get(source)?.push(target);
    }
    const ready = boxes.map(({ id }) => id).filter((id) => !waits.get(id));
    for (const id of ready) {
        for (const target of out.get(id) ?? []) {
            depth.set(target, Math.max(depth.get(target) ?? 0,
                (depth.get(id) ?? 0) + 1));
            waits.set(target, (waits.get(target) ?? 0) - 1);
            if (waits.get(target) === 0) {
                ready.push(target);
            }
        }
    }
    /** @type {Box[][]} */
    const layers = [];
    for (const box of boxes) {
        (layers[depth.get(box.id) ?? 0] ??= []).push(box);
    }
    return Array.from(layers, (layer) => layer ?? []);
}

/**
 * @param {Box[][]} layers
 * @param {Link[]} links
 */
function orderLayers(layers, links) {
    const neighbours = toNeighbours(links);
    const at = new Map();

    const number = () => layers.forEach((layer) => layer.forEach((box, i) =>
        at.set(box.id, (i + 0.5) / layer.length)));

    for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
        number();
        const order = sweep % 2 === 0 ? layers : [...layers].reverse();
        for (const layer of order) {
            const weight = new Map(layer.map(({ id }) => [id,
                mean((neighbours.get(id) ?? []).map((other) => at.get(other)))
                    ?? at.get(id)]));

            layer.sort((a, b) => weight.get(a.id) - weight.get(b.id));
            layer.forEach((box, i) => at.set(box.id, (i + 0.5) / layer.length));
        }
    }
}

/**
 * @param {Box[][]} layers
 * @param {Link[]} links
 * @param {Map<string, Box>} byId
 */
function place(layers, links, byId) {
    const neighbours = toNeighbours(links);
    let x = 0;

    for (const layer of layers) {
        let y = 0;
        for (const box of layer) {
            box.x = x;
            box.y = y;
            y += box.height + GAP_Y;
        }
        // the layer moves to where its neighbours are, and spreads from there
        const middle = mean(layer.flatMap(({ id }) => (neighbours.get(id) ?? [])
            .map((other) => byId.get(other))
            .filter((other) => other !== undefined && other.x < x)
            .map((other) => other.y + other.height / 2)));
        const shift = (middle ?? (y - GAP_Y) / 2) - (y - GAP_Y) / 2;
        layer.forEach((box) => {
            box.y += shift;
        });
        x += Math.max(0, ...layer.map(({ width }) => width)) + GAP_X;
    }
}

/**
 * @param {Link[]} links
 * @returns {Map<string, string[]>}
 */
function toNeighbours(links) {
    const neighbours = new Map();

    for (const { source, target } of links) {
        neighbours.set(source, [...(neighbours.get(source) ?? []), target]);
        neighbours.set(target, [...(neighbours.get(target) ?? []), source]);
    }
    return neighbours;
}

/** @param {number[]} numbers */
function mean(numbers) {
    return numbers.length === 0 ? null
        : numbers.reduce((a, b) => a + b, 0) / numbers.length;
}
