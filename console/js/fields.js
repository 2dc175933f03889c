// The fields of a form, one kind each: what a JSON Schema asks for.

import { fill, h, uid } from './dom.js';
import { bytes, cut } from './format.js';
import { icon } from './icons.js';
import { kindOf } from './media.js';
import { upload } from './uploads.js';

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {HTMLElement} control that gets the focus
 * @property {() => any} read the value, undefined for "not given"; throws an
 *     Error whose message is for the user
 * @property {boolean} [block] the label is a group's, not a control's
 *
 * @typedef {any} Schema
 * @typedef {{id: string, described: string}} Names
 */

const REFS = ['image', 'audio', 'video', 'document', 'model_3d', 'folder'];

const ACCEPT = { image: 'image/*', audio: 'audio/*', video: 'video/*' };

/**
 * The type of reference that a schema wants, if it wants one with a URI.
 *
 * @param {Schema} schema
 * @returns {string}
 */
function refOf(schema) {
    const name = schema?.properties?.type?.const;

    return REFS.includes(name) ? name : '';
}

/**
 * @param {Schema} schema
 * @param {{multiline: boolean}} hints
 * @param {Names} names
 * @returns {Field}
 */
export function makeField(schema, hints, names) {
    if (Array.isArray(schema.enum)) {
        return choice(schema, names);
    }
    if (refOf(schema)) {
        return file(schema, refOf(schema), false, names);
    }
    if (schema.type === 'array' && refOf(schema.items)) {
        return file(schema, refOf(schema.items), true, names);
    }
    switch (schema.type) {
    case 'string':
        return text(schema, hints, names);
    case 'integer':
    case 'number':
        return number(schema, names);
    case 'boolean':
        return flag(schema, names);
    default:
        return json(schema, names);
    }
}

/** @param {Names} names */
function common({ id, described }) {
    return { id, 'aria-describedby': described };
}

/**
 * @param {Schema} schema
 * @param {Names} names
 * @returns {Field}
 */
function choice(schema, names) {
    const control = h('select', common(names), schema.enum.map(
        (/** @type {any} */ option, /** @type {number} */ i) =>
            h('option', { value: i, selected: option === schema.default },
                String(option))));

    return { element: control, control,
        read: () => schema.enum[Number(control.value)] };
}

/**
 * @param {Schema} schema
 * @param {{multiline: boolean}} hints
 * @param {Names} names
 * @returns {Field}
 */
function text(schema, hints, names) {
    const value = String(schema.default ?? '');
    const long = hints.multiline || value.includes('\n') || value.length > 60;
    const control = h(long ? 'textarea' : 'input', { ...common(names), value,
        type: long ? null : 'text', rows: long ? 4 : null,
        maxlength: schema.maxLength, autocomplete: 'off' });

    return { element: control, control, read: () => control.value };
}

/**
 * @param {Schema} schema
 * @param {Names} names
 * @returns {Field}
 */
function number(schema, names) {
    const { minimum, maximum } = schema;
    const whole = schema.type === 'integer';
    const control = h('input', { ...common(names), type: 'number',
        value: schema.default ?? '', min: minimum, max: maximum,
        step: whole ? 1 : 'any', inputmode: whole ? 'numeric' : 'decimal' });
    const bounded = Number.isFinite(minimum) && Number.isFinite(maximum);
    const range = bounded && h('input', { type: 'range', min: minimum,
        max: maximum, step: whole ? 1 : stepOf(maximum - minimum),
        value: schema.default ?? minimum, tabindex: '-1',
        'aria-hidden': 'true', input: () => {
            control.value = range.value;
        } });

    control.addEventListener('input', () => {
        if (range && control.value !== '') {
            range.value = control.value;
        }
    });
    const element = h('div.number', null, control, range);

    return { element, control, read: () => {
        if (control.validity.badInput) {
            throw new Error(whole ? 'A whole number is expected'
                : 'A number is expected');
        }
        if (control.value === '') {
            return undefined;
        }
        const value = Number(control.value);
        if (whole && !Number.isInteger(value)) {
            throw new Error('A whole number is expected');
        }
        if (value < (minimum ?? -Infinity) || value > (maximum ?? Infinity)) {
            throw new Error(`A number ${boundsText(schema)} is expected`);
        }
        return value;
    } };
}

/** @param {number} span */
function stepOf(span) {
    return 10 ** Math.floor(Math.log10(span / 100));
}

/** @param {Schema} schema */
export function boundsText({ minimum, maximum }) {
    if (Number.isFinite(minimum) && Number.isFinite(maximum)) {
        return `from ${minimum} to ${maximum}`;
    }
    return Number.isFinite(minimum) ? `of at least ${minimum}`
        : Number.isFinite(maximum) ? `of at most ${maximum}` : '';
}

/**
 * @param {Schema} schema
 * @param {Names} names
 * @returns {Field}
 */
function flag(schema, names) {
    const control = h('input.switch', { ...common(names), type: 'checkbox',
        role: 'switch', checked: schema.default === true });

    return { element: control, control, read: () => control.checked };
}

/**
 * @param {Schema} schema
 * @param {Names} names
 * @returns {Field}
 */
function json(schema, names) {
    const value = schema.default === undefined ? ''
        : JSON.stringify(schema.default, null, 2);
    const control = h('textarea.mono', { ...common(names), value, rows:
        Math.min(10, Math.max(3, value.split('\n').length)),
    spellcheck: 'false', placeholder: schema.type === 'array' ? '[]'
        : schema.type === 'object' ? '{}' : 'JSON' });

    return { element: control, control, read: () => {
        if (control.value.trim() === '') {
            return undefined;
        }
        let read;
        try {
            read = JSON.parse(control.value);
        } catch (error) {
            throw new Error(`This is not JSON: ${
                /** @type {Error} */ (error).message}`);
        }
        const is = Array.isArray(read) ? 'array' : typeof read;
        if ((schema.type === 'array' || schema.type === 'object')
            && is !== schema.type)
        {
            throw new Error(schema.type === 'array'
                ? 'A list is expected: [ … ]'
                : 'An object is expected: { … }');
        }
        return read;
    } };
}

/**
 * @param {Schema} schema
 * @param {string} type
 * @param {boolean} several
 * @param {Names} names
 * @returns {Field}
 */
function file(schema, type, several, names) {
    const given = several ? schema.default ?? []
        : schema.default?.uri ? [schema.default] : [];
    /** @type {(File|{type: string, uri: string})[]} */
    let chosen = given;
    const preview = h('div.file-preview');
    const picker = h('input', { ...common(names), type: 'file',
        multiple: several, accept: ACCEPT[/** @type {'image'} */ (type)] });
    const address = h('input', { type: 'text', inputmode: 'url',
        placeholder: 'or an address: https://…', 'aria-label':
            `Address of the ${type}`, autocomplete: 'off' });
    const drop = h('div.drop', null, icon(type === 'image' ? 'image'
        : type === 'audio' ? 'audio' : type === 'video' ? 'video' : 'file'),
    picker, address, preview);

    /** @param {any[]} items */
    const choose = (items) => {
        chosen = several ? items : items.slice(0, 1);
        fill(preview, chosen.map((item) => show(item, type)));
    };

    picker.addEventListener('change', () => {
        address.value = '';
        choose(Array.from(picker.files));
    });
    address.addEventListener('change', () => choose(address.value.trim()
        .split(/\s+/).filter(Boolean).map((/** @type {string} */ uri) =>
            ({ type, uri }))));
    onDrop(drop, choose);
    choose(given);
    return { element: drop, control: picker, read: () => {
        if (chosen.length === 0) {
            return undefined;
        }
        const refs = Promise.all(chosen.map((item) => item instanceof File
            ? upload(item, type) : item));
        return several ? refs : refs.then(([ref]) => ref);
    } };
}

/**
 * @param {File|{uri: string}} item
 * @param {string} type
 */
function show(item, type) {
    if (!(item instanceof File)) {
        return h('span.hint', null, cut(item.uri, 60));
    }
    const kind = kindOf(item.name, item.type);

    return [h('span.hint', null, `${item.name}, ${bytes(item.size)}`),
        kind === type && (kind === 'image' || kind === 'audio')
        && preview(kind, item)];
}

/**
 * @param {'image'|'audio'} kind
 * @param {File} item
 */
function preview(kind, item) {
    const src = URL.createObjectURL(item);

    return kind === 'image' ? h('img', { src, alt: item.name })
        : h('audio', { src, controls: true, 'aria-label': item.name });
}

/**
 * Takes files that are dropped on an element.
 *
 * @param {HTMLElement} element
 * @param {(files: File[]) => void} take
 */
export function onDrop(element, take) {
    element.addEventListener('dragover', (event) => {
        event.preventDefault();
        element.classList.add('over');
    });
    element.addEventListener('dragleave', () =>
        element.classList.remove('over'));
    element.addEventListener('drop', (event) => {
        event.preventDefault();
        element.classList.remove('over');
        if (event.dataTransfer && event.dataTransfer.files.length > 0) {
            take(Array.from(event.dataTransfer.files));
        }
    });
}

/** @param {string} [prefix] */
export function fieldNames(prefix = 'field') {
    const id = uid(prefix);

    return { id, described: `${id}-note` };
}
