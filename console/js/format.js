// Numbers, times and names as people read them.

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat(undefined,
    { dateStyle: 'medium', timeStyle: 'medium' });

/** @param {number} n */
export function count(n) {
    return n.toLocaleString('en');
}

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export function plural(n, one, many = `${one}s`) {
    return `${count(n)} ${n === 1 ? one : many}`;
}

/** @param {number} n */
export function bytes(n) {
    const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
    let unit = 0;

    while (n >= 1024 && unit < units.length - 1) {
        n /= 1024;
        unit += 1;
    }
    return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} `
        + units[unit];
}

/** @param {number} ms */
export function duration(ms) {
    if (ms < 1000) {
        return `${Math.round(ms)} ms`;
    }
    if (ms < 60000) {
        return `${(ms / 1000).toFixed(ms < 10000 ? 1 : 0)} s`;
    }
    const minutes = Math.floor(ms / 60000);
    const rest = Math.round((ms % 60000) / 1000);
    return minutes < 60 ? `${minutes} min ${rest} s`
        : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {string|number|null|undefined} date */
export function time(date) {
    return date ? absolute.format(new Date(date)) : '';
}

/**
 * "2 minutes ago".
 *
 * @param {string|number|null|undefined} date
 */
export function ago(date) {
    if (!date) {
        return '';
    }
    /** @type {[number, Intl.RelativeTimeFormatUnit][]} */
    const units = [[60, 'second'], [60, 'minute'], [24, 'hour'], [30, 'day'],
        [12, 'month'], [Infinity, 'year']];
    let value = (new Date(date).getTime() - Date.now()) / 1000;

    if (Math.abs(value) < 5) {
        return 'just now';
    }
    for (const [size, unit] of units) {
        if (Math.abs(value) < size) {
            return relative.format(Math.round(value), unit);
        }
        value /= size;
    }
    return '';
}

/**
 * Cuts a text to a length, with an ellipsis.
 *
 * @param {string} text
 * @param {number} max
 */
export function cut(text, max) {
    const chars = Array.from(text);

    return chars.length <= max ? text
        : `${chars.slice(0, max - 1).join('')}…`;
}

/**
 * "nodetool.text.FormatText" is the Format Text of nodetool.text.
 *
 * @param {string} type
 */
export function typeName(type) {
    const at = type.lastIndexOf('.');

    return {
        title: type.slice(at + 1)
            .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
            .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2'),
        namespace: at > 0 ? type.slice(0, at) : '',
    };
}
