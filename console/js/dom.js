// Elements, made without parsing HTML: a text is a text.

/** @typedef {Node|string|number|null|undefined|false|any[]} Child */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {Element} element
 * @param {Object<string, any>|null|undefined} props
 */
function setProps(element, props) {
    for (const [name, value] of Object.entries(props ?? {})) {
        if (value === null || value === undefined || value === false) {
            continue;
        }
        if (typeof value === 'function') {
            element.addEventListener(name.replace(/^on/, ''), value);
        } else if (name === 'dataset') {
            Object.assign(/** @type {HTMLElement} */ (element).dataset, value);
        } else if (name === 'value' || name === 'checked') {
            /** @type {any} */ (element)[name] = value;
        } else if (/^on/i.test(name)) {
            throw new TypeError(`${name} must be a function`);
        } else {
            element.setAttribute(name, value === true ? '' : String(value));
        }
    }
}

/**
 * @param {Element} element
 * @param {Child[]} children
 */
function append(element, children) {
    for (const child of children.flat(Infinity)) {
        if (child !== null && child !== undefined && child !== false) {
            element.append(child instanceof Node ? child : String(child));
        }
    }
}

/**
 * An HTML element: h('p.note', {id: 'x'}, 'Text', h('b', null, '!')).
 * Functions among the properties listen to the event of that name.
 *
 * @param {string} tag with classes behind dots
 * @param {Object<string, any>|null} [props]
 * @param {...Child} children
 * @returns {any}
 */
export function h(tag, props, ...children) {
    const [name, ...classes] = tag.split('.');
    const element = document.createElement(name);
    if (classes.length > 0) {
        element.classList.add(...classes);
    }
    setProps(element, props);
    append(element, children);
    return element;
}

/**
 * The same for SVG.
 *
 * @param {string} tag
 * @param {Object<string, any>|null} [props]
 * @param {...Child} children
 * @returns {any}
 */
export function s(tag, props, ...children) {
    const [name, ...classes] = tag.split('.');
    const element = document.createElementNS(SVG, name);
    if (classes.length > 0) {
        element.classList.add(...classes);
    }
    setProps(element, props);
    append(element, children);
    return element;
}

/**
 * Replaces all that is in an element.
 *
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
    element.replaceChildren();
    append(element, children);
}

/**
 * An id that no other element has.
 *
 * @param {string} prefix
 */
export function uid(prefix) {
    uid.last += 1;
    return `${prefix}-${uid.last}`;
}
uid.last = 0;

/**
 * Says a text to screen readers.
 *
 * @param {string} text
 */
export function announce(text) {
    const live = document.getElementById('live');

    live?.append(h('p', null, text));
    while (live && live.childElementCount > 20) {
        live.firstElementChild?.remove();
    }
}

/**
 * Waits; rejects when the signal aborts.
 *
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function sleep(ms, signal) {
    return new Promise((resolve, reject) => {
        if (signal?.aborted) {
            reject(signal.reason);
            return;
        }
        const stop = () => {
            clearTimeout(timer);
            reject(signal?.reason);
        };
        const timer = setTimeout(() => {
            signal?.removeEventListener('abort', stop);
            resolve();
        }, ms);
        signal?.addEventListener('abort', stop, { once: true });
    });
}

/**
 * Calls something again and again while the page is seen, until the signal
 * aborts; the function says how long to wait.
 *
 * @param {() => Promise<number>} work
 * @param {AbortSignal} signal
 */
export async function repeat(work, signal) {
    try {
        for (;;) {
            await sleep(document.hidden ? 5000 : await work(), signal);
        }
    } catch (error) {
        if (!signal.aborted) {
            throw error;
        }
    }
}
