// The form of a workflow, from its input_schema.

import { fill, h } from './dom.js';
import { boundsText, fieldNames, makeField } from './fields.js';

export class Form {
    /**
     * @param {any} workflow with input_schema and graph
     * @param {() => void} onSubmit
     */
    constructor(workflow, onSubmit) {
        /** @type {Map<string, import('./fields.js').Field
         *     & {note: HTMLElement, hint: string}>} */
        this.fields = new Map();
        this.fault = h('div.form-fault', { role: 'alert' });
        this.element = h('form.form', { novalidate: true });
        this.element.addEventListener('submit', (
            /** @type {Event} */ event) => {
            event.preventDefault();
            onSubmit();
        });
        this.element.addEventListener('keydown', (
            /** @type {KeyboardEvent} */ event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                onSubmit();
            }
        });
        this.build(workflow);
    }

    /** @param {any} workflow */
    build(workflow) {
        const schema = workflow.input_schema ?? {};
        const properties = Object.entries(schema.properties ?? {});

        for (const [name, property] of properties) {
            const node = workflow.graph?.nodes?.find((/** @type {any} */ n) =>
                n.data?.name === name && /\.input\./.test(n.type));

            this.element.append(this.row(name, property,
                schema.required?.includes(name), { multiline:
                    node?.data?.line_mode === 'multiline'
                    || /Text(Area)?Input$/.test(node?.type ?? '') }));
        }
        if (properties.length === 0) {
            this.element.append(h('p.muted', null,
                'This workflow takes no parameters.'));
        }
        this.element.append(this.fault);
    }

    /**
     * @param {string} name
     * @param {any} schema
     * @param {boolean} required
     * @param {{multiline: boolean}} hints
     */
    row(name, schema, required, hints) {
        const names = fieldNames();
        const field = makeField(schema, hints, names);
        const bounds = boundsText(schema);
        const hint = [schema.description, bounds && `A number ${bounds}.`]
            .filter(Boolean).join(' · ');
        const note = h('p.hint', { id: names.described }, hint);

        this.fields.set(name, { ...field, note, hint });
        field.control.addEventListener('input', () => this.mark(name, ''));
        field.control.addEventListener('change', () => this.mark(name, ''));
        return h('div.field', { dataset: { name } },
            h('label.label', { for: names.id }, name,
                required && h('span.required', null, 'required')),
            field.element, note);
    }

    /**
     * Shows what is wrong with a field; nothing, when the message is empty.
     *
     * @param {string} name
     * @param {string} message
     */
    mark(name, message) {
        const field = this.fields.get(name);

        if (!field) {
            return;
        }
        field.note.textContent = message || field.hint;
        field.note.classList.toggle('error-text', message !== '');
        if (message) {
            field.control.setAttribute('aria-invalid', 'true');
        } else {
            field.control.removeAttribute('aria-invalid');
        }
    }

    /**
     * The parameters; null when a field has something wrong, which is marked
     * then.
     *
     * @returns {Promise<object|null>}
     */
    async read() {
        /** @type {Object<string, any>} */
        const params = {};
        let wrong = '';

        fill(this.fault);
        for (const [name, field] of this.fields) {
            this.mark(name, '');
            try {
                const value = await field.read();

                if (value !== undefined) {
                    params[name] = value;
                }
            } catch (error) {
                this.mark(name, /** @type {Error} */ (error).message);
                wrong ||= name;
            }
        }
        this.fields.get(wrong)?.control.focus();
        return wrong ? null : params;
    }

    /**
     * Shows an error of the API: at the field that it names, if it does.
     *
     * @param {string} message
     */
    refuse(message) {
        const named = /[Pp]arameter "([^"]*)"/.exec(message)?.[1] ?? '';

        if (this.fields.has(named)) {
            this.mark(named, message);
            this.fields.get(named)?.control.focus();
        } else {
            fill(this.fault, h('p.error-text', null, message));
        }
    }
}
