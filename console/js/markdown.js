// The Markdown that models write, as elements: headings, lists, quotes, code,
// tables, emphasis, links. HTML in it stays text; a link leads to http, https
// or mail, or is text; an image is a link to it.

import { h } from './dom.js';
import { iconButton, copy } from './ui.js';

const DEPTH = 8;

/**
 * @param {string} text
 * @param {number} [top] the level of its highest headings in the page
 * @returns {DocumentFragment}
 */
export function markdown(text, top = 2) {
    const fragment = document.createDocumentFragment();

    fragment.append(...blocks(text.replace(/\r\n?/g, '\n').split('\n'), 0));
    levelHeadings(fragment, top);
    return fragment;
}

/**
 * Gives the headings the levels from `top` on, without gaps.
 *
 * @param {DocumentFragment} fragment
 * @param {number} top
 */
function levelHeadings(fragment, top) {
    const headings = Array.from(fragment.querySelectorAll('[data-level]'));
    const levels = [...new Set(headings.map((heading) =>
        /** @type {HTMLElement} */ (heading).dataset.level))].sort();

    for (const heading of headings) {
        const rank = levels.indexOf(
            /** @type {HTMLElement} */ (heading).dataset.level);

        heading.replaceWith(h(`h${Math.min(6, top + rank)}`, null,
            Array.from(heading.childNodes)));
    }
}

/**
 * Whether a text means to be Markdown.
 *
 * @param {string} text
 */
export function looksLikeMarkdown(text) {
    return /^(#{1,6} |[-*] |\d+\. |> |```|\|.+\|$)/m.test(text)
        || /\*\*[^*\n]+\*\*|\[[^\]\n]+\]\(https?:|`[^`\n]+`/.test(text);
}

const RULES = [fence, heading, rule, quote, table, list];

/**
 * @param {string[]} lines
 * @param {number} depth
 * @returns {Element[]}
 */
function blocks(lines, depth) {
    const out = [];
    let i = 0;

    while (i < lines.length) {
        if (lines[i].trim() === '') {
            i += 1;
            continue;
        }
        let block = null;
        for (const find of depth < DEPTH ? RULES : []) {
            block = find(lines, i, depth);
            if (block) {
                break;
            }
        }
        block ??= paragraph(lines, i);
        out.push(block.element);
        i = block.next;
    }
    return out;
}

/**
 * @typedef {{element: Element, next: number}|null} Block
 * @typedef {(lines: string[], i: number, depth: number) => Block} Rule
 */

/** @type {Rule} */
function fence(lines, i) {
    const open = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/.exec(lines[i]);

    if (!open) {
        return null;
    }
    let end = i + 1;
    while (end < lines.length && !lines[end].trim().startsWith(open[1])) {
        end += 1;
    }
    const code = lines.slice(i + 1, end).join('\n');
    return {
        element: h('figure.code', null,
            h('figcaption', null, h('span', null, open[2] || 'text'),
                iconButton('copy', 'Copy the code', () => copy(code))),
            h('pre', { tabindex: '0' }, h('code', null, code))),
        next: end + 1,
    };
}

/** @type {Rule} */
function heading(lines, i) {
    const match = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/.exec(lines[i]);

    return match && { element: h('div', { dataset: { level: match[1].length } },
        inline(match[2])), next: i + 1 };
}

/** @type {Rule} */
function rule(lines, i) {
    return /^ {0,3}([-*_])( *\1){2,} *$/.test(lines[i])
        ? { element: h('hr'), next: i + 1 } : null;
}

/** @type {Rule} */
function quote(lines, i, depth) {
    let end = i;

    while (end < lines.length && /^ {0,3}>/.test(lines[end])) {
        end += 1;
    }
    return end === i ? null : { element: h('blockquote', null,
        blocks(lines.slice(i, end).map((line) => line.replace(/^ {0,3}> ?/,
            '')), depth + 1)), next: end };
}

/** @param {string} line */
function cells(line) {
    return line.trim().replace(/^\||\|$/g, '').split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replace(/\\\|/g, '|'));
}

/** @type {Rule} */
function table(lines, i) {
    if (!lines[i].includes('|') || !/^[\s|:-]+$/.test(lines[i + 1] ?? '')
        || !lines[i + 1].includes('-') || !lines[i + 1].includes('|'))
    {
        return null;
    }
    let end = i + 2;
    while (end < lines.length && lines[end].includes('|')) {
        end += 1;
    }
    return {
        element: h('div.table-wrap', { tabindex: '0', role: 'group',
            'aria-label': 'Table' }, h('table', null,
            h('thead', null, h('tr', null, cells(lines[i]).map((cell) =>
                h('th', { scope: 'col' }, inline(cell))))),
            h('tbody', null, lines.slice(i + 2, end).map((line) =>
                h('tr', null, cells(line).map((cell) =>
                    h('td', null, inline(cell)))))))),
        next: end,
    };
}

const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)(.*)$/;

/** @type {Rule} */
function list(lines, i, depth) {
    const first = ITEM.exec(lines[i]);

    if (!first) {
        return null;
    }
    const ordered = /\d/.test(first[2]);
    const start = Number.parseInt(first[2], 10);
    const items = [];
    /** @type {string[]} */
    let item = [];
    let end = i;

    for (; end < lines.length; end += 1) {
        const line = lines[end];
        const match = ITEM.exec(line);

        if (match && /\d/.test(match[2]) === ordered) {
            item = [match[4]];
            items.push(item);
        } else if (match || (line.trim() !== '' && !/^ {2,}|\t/.test(line)
            && item.at(-1)?.trim() === '')) {
            break;
        } else {
            item.push(line.replace(/^( {1,4}|\t)/, ''));
        }
    }
    return {
        element: h(ordered ? 'ol' : 'ul', ordered && start !== 1
            ? { start } : null, items.map((content) => listItem(content,
            depth))),
        next: end,
    };
}

/**
 * @param {string[]} content
 * @param {number} depth
 */
function listItem(content, depth) {
    const inner = blocks(content, depth + 1);

    // a tight list has no paragraphs
    if (inner[0]?.tagName === 'P') {
        inner.splice(0, 1, ...(/** @type {any[]} */ (
            Array.from(inner[0].childNodes))));
    }
    return h('li', null, inner);
}

/**
 * @param {string[]} lines
 * @param {number} i
 */
function paragraph(lines, i) {
    let end = i + 1;

    while (end < lines.length && lines[end].trim() !== ''
        && !/^ {0,3}(#{1,6}\s|>|`{3}|~{3}|[-*+] |\d{1,9}[.)] )/.test(
            lines[end]))
    {
        end += 1;
    }
    return { element: h('p', null, inline(lines.slice(i, end).join('\n'))),
        next: end };
}

const INLINE = new RegExp([
    /\\([\\`*_{}[\]()#+\-.!|~>])/,                      // 1 escaped
    /(`+)([\s\S]*?[^`])\2(?!`)/,                        // 2, 3 code
    /!?\[([^\]\n]*)\]\(<?([^\s()<>]*)>?(?:\s+"[^"\n]*")?\)/, // 4, 5 a link
    /\*\*([^\s*](?:[\s\S]*?[^\s])?)\*\*/,               // 6 strong
    /(?<![*\w])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![*\w])/,  // 7 emphasis
    /(?<![_\w])_([^\s_](?:[^_\n]*[^\s_])?)_(?![_\w])/,  // 8 emphasis
    /~~([^\s~][^~\n]*)~~/,                              // 9 deleted
    /(https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]*_])/,    // 10 a bare link
    /( {2,}|\\)\n/,                                     // 11 a line break
].map((part) => part.source).join('|'), 'g');

/**
 * @param {string} text
 * @param {number} [depth]
 * @returns {(Node|string)[]}
 */
function inline(text, depth = 0) {
    const out = [];
    let last = 0;

    if (depth > DEPTH) {
        return [text];
    }
    for (const match of text.matchAll(INLINE)) {
        out.push(text.slice(last, match.index), span(match, depth + 1));
        last = match.index + match[0].length;
    }
    out.push(text.slice(last));
    return out.filter((part) => part !== '');
}

/**
 * @param {RegExpMatchArray} m
 * @param {number} depth
 * @returns {Node|string}
 */
function span(m, depth) {
    if (m[1] !== undefined) {
        return m[1];
    }
    if (m[2] !== undefined) {
        return h('code', null, m[3].trim() || m[3]);
    }
    if (m[5] !== undefined) {
        return link(m[5], inline(m[4] || m[5], depth));
    }
    if (m[6] !== undefined) {
        return h('strong', null, inline(m[6], depth));
    }
    if (m[7] !== undefined || m[8] !== undefined) {
        return h('em', null, inline(m[7] ?? m[8], depth));
    }
    if (m[9] !== undefined) {
        return h('del', null, inline(m[9], depth));
    }
    return m[10] !== undefined ? link(m[10], [m[10]]) : h('br');
}

/**
 * @param {string} href
 * @param {(Node|string)[]} children
 */
function link(href, children) {
    return /^(https?:\/\/|mailto:)/i.test(href)
        ? h('a', { href, target: '_blank', rel: 'noopener noreferrer' },
            children)
        : h('span', null, children);
}
