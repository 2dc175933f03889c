// What is kept in this browser. Storage may be blocked or full: then things
// last as long as the page.

const PREFIX = 'nodetool.';

/** @type {Map<string, string>} */
const memory = new Map();

/**
 * @param {string} key
 * @param {any} [fallback]
 * @returns {any}
 */
export function load(key, fallback = null) {
    let text = memory.get(key) ?? null;

    try {
        text ??= localStorage.getItem(PREFIX + key);
        return text === null ? fallback : JSON.parse(text);
    } catch {
        return fallback;
    }
}

/**
 * False when it could not be kept beyond this page.
 *
 * @param {string} key
 * @param {any} value
 */
export function save(key, value) {
    const text = JSON.stringify(value);

    try {
        localStorage.setItem(PREFIX + key, text);
        memory.delete(key);
        return true;
    } catch {
        memory.set(key, text);
        return false;
    }
}

/** @param {string} key */
export function drop(key) {
    memory.delete(key);
    try {
        localStorage.removeItem(PREFIX + key);
    } catch {
        // nothing was kept
    }
}

/**
 * The token, in one of the browser's two storages.
 */
export const token = {
    value: '',

    read() {
        try {
            this.value = sessionStorage.getItem(PREFIX + 'token')
                ?? localStorage.getItem(PREFIX + 'token') ?? '';
        } catch {
            this.value = '';
        }
    },

    /**
     * @param {string} value
     * @param {boolean} remember beyond this tab
     */
    set(value, remember) {
        this.clear();
        this.value = value;
        try {
            (remember ? localStorage : sessionStorage)
                .setItem(PREFIX + 'token', value);
        } catch {
            // it lasts as long as the page
        }
    },

    clear() {
        this.value = '';
        try {
            sessionStorage.removeItem(PREFIX + 'token');
            localStorage.removeItem(PREFIX + 'token');
        } catch {
            // nothing was kept
        }
    },
};
