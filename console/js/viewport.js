// Pan and zoom of a drawing, by mouse, touch and keyboard.

const MIN = 0.1;
const MAX = 2.5;
const PAN = 60;

export class Viewport {
    /**
     * @param {SVGSVGElement} svg
     * @param {SVGGElement} content that is moved
     */
    constructor(svg, content) {
        this.svg = svg;
        this.content = content;
        this.x = 0;
        this.y = 0;
        this.scale = 1;
        this.moved = false;
        /** @type {Map<number, {x: number, y: number}>} */
        this.pointers = new Map();
        this.listen();
    }

    listen() {
        const { svg } = this;

        svg.addEventListener('wheel', (event) => {
            event.preventDefault();
            const { x, y } = this.local(event);
            this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)),
                x, y);
        }, { passive: false });
        svg.addEventListener('pointerdown', (event) => {
            if (event.button === 0) {
                this.pointers.set(event.pointerId, this.local(event));
                this.moved = this.pointers.size > 1;
            }
        });
        svg.addEventListener('pointermove', (event) => this.move(event));
        for (const name of /** @type {const} */ (['pointerup',
            'pointercancel', 'lostpointercapture'])) {
            svg.addEventListener(name, (event) =>
                this.pointers.delete(event.pointerId));
        }
        svg.addEventListener('keydown', (event) => this.key(event));
    }

    /**
     * @param {MouseEvent} event
     */
    local(event) {
        const box = this.svg.getBoundingClientRect();

        return { x: event.clientX - box.left, y: event.clientY - box.top };
    }

    /** @param {PointerEvent} event */
    move(event) {
        const old = this.pointers.get(event.pointerId);
        const now = this.local(event);

        if (!old) {
            return;
        }
        if (!this.moved && Math.hypot(now.x - old.x, now.y - old.y) < 4) {
            return;     // a click that trembles
        }
        this.moved = true;
        // not before: a captured pointer clicks on nothing
        this.svg.setPointerCapture(event.pointerId);
        const other = Array.from(this.pointers).find(([id]) =>
            id !== event.pointerId)?.[1];
        if (other) {
            this.zoom(Math.hypot(now.x - other.x, now.y - other.y)
                / Math.max(1, Math.hypot(old.x - other.x, old.y - other.y)),
            (now.x + other.x) / 2, (now.y + other.y) / 2);
        } else {
            this.pan(now.x - old.x, now.y - old.y);
        }
        this.pointers.set(event.pointerId, now);
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        const move = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0],
            ArrowUp: [0, PAN], ArrowDown: [0, -PAN] }[event.key];

        if (event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        if (move && event.shiftKey) {
            this.pan(move[0], move[1]);
        } else if (event.key === '+' || event.key === '=') {
            this.zoom(1.25);
        } else if (event.key === '-') {
            this.zoom(0.8);
        } else if (event.key === '0') {
            this.fit();
        } else {
            return;
        }
        event.preventDefault();
    }

    /**
     * @param {number} dx
     * @param {number} dy
     */
    pan(dx, dy) {
        this.x += dx;
        this.y += dy;
        this.apply();
    }

    /**
     * @param {number} factor
     * @param {number} [cx] what stays in its place
     * @param {number} [cy]
     */
    zoom(factor, cx = this.svg.clientWidth / 2,
        cy = this.svg.clientHeight / 2) {
        const scale = Math.min(MAX, Math.max(MIN, this.scale * factor));

        this.x = cx - (cx - this.x) * scale / this.scale;
        this.y = cy - (cy - this.y) * scale / this.scale;
        this.scale = scale;
        this.apply();
    }

    /** Shows all of it. */
    fit() {
        const box = this.content.getBBox();
        const { clientWidth, clientHeight } = this.svg;
        const margin = Math.min(28, clientWidth * 0.05);

        if (box.width === 0 || clientWidth === 0) {
            return;
        }
        this.scale = Math.max(MIN, Math.min(1.1,
            (clientWidth - 2 * margin) / box.width,
            (clientHeight - 2 * margin) / box.height));
        this.x = (clientWidth - box.width * this.scale) / 2
            - box.x * this.scale;
        this.y = (clientHeight - box.height * this.scale) / 2
            - box.y * this.scale;
        this.apply();
    }

    /**
     * Moves as little as is needed to show a part of the drawing.
     *
     * @param {{x: number, y: number, width: number, height: number}} box
     */
    reveal(box) {
        const margin = 16;
        const step = (/** @type {number} */ at, /** @type {number} */ size,
            /** @type {number} */ room) =>
            at < margin ? margin - at
                : at + size > room - margin ? room - margin - at - size : 0;

        this.pan(step(this.x + box.x * this.scale, box.width * this.scale,
            this.svg.clientWidth),
        step(this.y + box.y * this.scale, box.height * this.scale,
            this.svg.clientHeight));
    }

    apply() {
        this.content.setAttribute('transform',
            `translate(${this.x.toFixed(1)} ${this.y.toFixed(1)}) scale(${
                this.scale.toFixed(4)})`);
    }
}
