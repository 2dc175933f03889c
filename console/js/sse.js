// Server-sent events, read from the body of a response: EventSource can
// neither POST nor send headers.

/**
 * @typedef {object} ServerEvent
 * @property {string} id the last one that the stream set
 * @property {string} data
 */

/**
 * The events of a stream, as the HTML standard has them; one that the end
 * cuts off is dropped.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* readEvents(body) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    const parser = new Parser();

    try {
        for (;;) {
            const { value, done } = await reader.read();

            if (done) {
                return;
            }
            yield* parser.feed(decoder.decode(value, { stream: true }));
        }
    } finally {
        reader.cancel().catch(() => {});
    }
}

export class Parser {
    constructor() {
        this.rest = '';
        this.id = '';
        /** @type {string[]} */
        this.data = [];
    }

    /**
     * @param {string} text
     * @returns {ServerEvent[]} that this text completes
     */
    feed(text) {
        const events = [];
        const all = this.rest + text;
        let start = 0;

        for (;;) {
            const match = /\r\n|\r|\n/g;
            match.lastIndex = start;
            const end = match.exec(all);

            // a "\n" may follow a "\r" that is the last so far
            if (!end || (end[0] === '\r' && match.lastIndex === all.length)) {
                break;
            }
            const event = this.line(all.slice(start, end.index));
            if (event) {
                events.push(event);
            }
            start = match.lastIndex;
        }
        this.rest = all.slice(start);
        return events;
    }

    /**
     * @param {string} line
     * @returns {ServerEvent|null}
     */
    line(line) {
        if (line === '') {
            const event = this.data.length > 0
                ? { id: this.id, data: this.data.join('\n') } : null;

            this.data = [];
            return event;
        }
        const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];

        if (field === 'data') {
            this.data.push(value);
        } else if (field === 'id' && !value.includes('\0')) {
            this.id = value;
        }
        return null;
    }
}
