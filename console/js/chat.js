// The chat: conversations, their messages, the answer that is coming.

import { call } from './api.js';
import { deleteChat, listChats, loadChat, newChat, saveChat, spend }
    from './chats.js';
import { complete } from './completion.js';
import { announce, fill, h } from './dom.js';
import { ago, count, cut, duration, plural } from './format.js';
import { icon } from './icons.js';
import { markdown } from './markdown.js';
import { load, save } from './store.js';
import { button, confirm, copy, errorBox, iconButton, roving } from './ui.js';

/** @typedef {import('./chats.js').Message} Message */

/**
 * @param {HTMLElement} main
 * @param {string[]} path of the conversation
 * @param {AbortSignal} signal
 */
export async function view(main, [id], signal) {
    const chat = new ChatView((id && loadChat(id)) || newChat(), signal);

    fill(main, chat.element);
    await chat.loadModels();
}

const IDEAS = ['Explain what a workflow is, in two sentences.',
    'Write a haiku about the sea.',
    'Make a table of three programming languages and what they are good at.'];

class ChatView {
    /**
     * @param {import('./chats.js').Chat} chat
     * @param {AbortSignal} signal
     */
    constructor(chat, signal) {
        this.chat = chat;
        this.signal = signal;
        /** @type {AbortController|null} */
        this.running = null;
        signal.addEventListener('abort', () => this.running?.abort());
        this.build();
        this.drawList();
        this.drawMessages();
    }

    build() {
        this.title = h('h1', { tabindex: '-1' });
        this.list = h('ul.rows', { 'aria-label': 'Conversations' });
        this.messages = h('div.messages', { role: 'log', 'aria-live': 'off',
            'aria-label': 'Messages' });
        this.scroll = h('div.chat-scroll', { tabindex: '0', role: 'group',
            'aria-label': 'Conversation' }, this.messages);
        this.model = h('select', { id: 'chat-model', 'aria-label': 'Model',
            change: () => save('model', this.model.value) });
        this.input = h('textarea', { id: 'chat-input', rows: '1',
            'aria-label': 'Message', placeholder: 'Message the model',
            input: () => this.resize(),
            keydown: (/** @type {KeyboardEvent} */ e) => this.key(e) });
        this.system = h('textarea', { id: 'chat-system', rows: '3',
            value: this.chat.system, change: () => {
                this.chat.system = this.system.value;
                if (this.chat.messages.length > 0) {
                    saveChat(this.chat);
                }
            } });
        this.send = h('button.send', { type: 'submit' });
        this.past = h('details.past', null,
            h('summary', null, icon('menu'), h('span', null, 'Conversations')),
            this.list);
        roving(this.list, 'a');

        const form = h('form.composer', null, this.input,
            h('div.composer-bar', null, this.model,
                h('details.system', null, h('summary', null, 'Instructions'),
                    h('div.popover', null, h('label.label',
                        { for: 'chat-system' }, 'Instructions to the model'),
                    this.system, h('p.hint', null,
                        'Sent before the messages of this conversation.'))),
                h('span.grow'), this.send));
        form.addEventListener('submit', (/** @type {Event} */ event) => {
            event.preventDefault();
            this.submit();
        });
        this.element = h('div.chat', null,
            h('aside.chat-side', { 'aria-label': 'Conversations' },
                h('a.button.wide', { href: '#/chat/new' }, icon('plus'),
                    h('span', null, 'New chat')), this.past),
            h('section.chat-main', { 'aria-label': 'Chat' },
                h('div.chat-head', null, this.title,
                    h('span.grow'), this.deleteButton = iconButton('trash',
                        'Delete this conversation', () => this.remove())),
                this.scroll, form));
        // beside the chat there is room for them
        const wide = matchMedia('(min-width: 60rem)');
        this.past.open = wide.matches;
        wide.addEventListener('change', () => {
            this.past.open = wide.matches;
        }, { signal: this.signal });
        this.drawSend();
    }

    async loadModels() {
        const wanted = load('model', '');

        try {
            const { data } = await call('/v1/models', { signal: this.signal });

            fill(this.model, data.map((/** @type {any} */ model) =>
                h('option', { value: model.id }, model.id)));
            if (data.some((/** @type {any} */ model) => model.id === wanted)) {
                this.model.value = wanted;
            }
            if (data.length === 0) {
                fill(this.model, h('option', { value: '' }, 'Default model'));
            }
        } catch (error) {
            if (!this.signal.aborted) {
                fill(this.model, h('option', { value: '' }, 'Default model'));
                this.messages.append(errorBox(error, () => this.reload()));
            }
        }
    }

    reload() {
        this.drawMessages();
        this.loadModels();
    }

    drawList() {
        const chats = listChats();

        fill(this.list, chats.map(({ id, title, updated }) => h('li', null,
            h('a.row', { href: `#/chat/${id}`, 'aria-current':
                id === this.chat.id ? 'page' : null },
            h('span.row-title', null, title || 'Untitled'),
            h('span.row-note', null, ago(updated))))),
        chats.length === 0 && h('li.hint', null,
            'They are kept in this browser only.'));
    }

    drawMessages() {
        const { messages } = this.chat;

        this.title.textContent = this.chat.title || 'New chat';
        this.deleteButton.hidden = messages.length === 0;
        fill(this.messages, messages.length === 0 ? this.welcome()
            : messages.map((message, i) => this.draw(message,
                i === messages.length - 1)));
        if (messages.at(-1)?.role === 'user' && !this.running) {
            this.messages.append(h('div.actions', null, button('refresh',
                'Ask again', () => this.answer())));
        }
        this.toEnd(true);
    }

    welcome() {
        return h('div.welcome', null,
            h('h2', null, 'What can I do for you?'),
            h('p.muted', null, 'Ask a model of this server. Conversations '
                + 'stay in this browser.'),
            h('ul.ideas', null, IDEAS.map((idea) => h('li', null,
                h('button.idea', { type: 'button', click: () => {
                    this.input.value = idea;
                    this.resize();
                    this.input.focus();
                } }, idea)))));
    }

    /**
     * @param {Message} message
     * @param {boolean} last
     */
    draw(message, last) {
        const { role, content, reasoning } = message;

        return h(`article.message.${role}`, { 'aria-label':
            role === 'user' ? 'You' : 'Answer' },
        reasoning && h('details.reasoning', null,
            h('summary', null, 'Reasoning'), h('p', null, reasoning)),
        h('div.message-body', null, role === 'user' ? content
            : markdown(content)),
        h('div.message-foot', null,
            role === 'assistant' && this.facts(message),
            iconButton('copy', 'Copy the message', () => copy(content)),
            last && role === 'assistant' && iconButton('refresh',
                'Answer again', () => this.regenerate())));
    }

    /** @param {Message} message */
    facts({ model, usage, ms, stopped }) {
        const seconds = (ms ?? 0) / 1000;

        return h('span.message-facts', null, [stopped && 'stopped', model,
            usage && `${count(usage.prompt_tokens)} + ${
                plural(usage.completion_tokens, 'token')}`,
            ms && duration(ms),
            usage && seconds > 0.5 && `${
                (usage.completion_tokens / seconds).toFixed(1)} tokens/s`,
        ].filter(Boolean).join(' · '));
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            this.submit();
        } else if (event.key === 'Escape' && this.running) {
            event.preventDefault();
            this.running.abort();
        }
    }

    resize() {
        this.input.style.height = 'auto';
        this.input.style.height = `${Math.min(this.input.scrollHeight, 220)}px`;
    }

    drawSend() {
        const label = this.running ? 'Stop' : 'Send';

        this.send.classList.toggle('stop', this.running !== null);
        this.send.setAttribute('aria-label', label);
        this.send.title = label;
        fill(this.send, icon(this.running ? 'stop' : 'send'));
    }

    submit() {
        const content = this.input.value.trim();

        if (this.running) {
            this.running.abort();
            return;
        }
        if (content === '') {
            return;
        }
        this.chat.title ||= cut(content.replace(/\s+/g, ' '), 48);
        this.chat.messages.push({ role: 'user', content });
        this.input.value = '';
        this.resize();
        this.answer();
    }

    regenerate() {
        if (this.running === null) {
            this.chat.messages.pop();
            this.answer();
        }
    }

    /** Has the conversation answered. */
    async answer() {
        const running = this.running = new AbortController();
        const answer = { content: '', reasoning: '', finish: '',
            model: this.model.value };
        const started = performance.now();

        saveChat(this.chat);
        history.replaceState(null, '', `#/chat/${this.chat.id}`);
        this.drawSend();
        this.drawMessages();
        this.drawList();

        const stream = new StreamingMessage(answer, () => this.toEnd());
        this.messages.append(stream.element);
        this.toEnd(true);

        let failure = null;
        try {
            await complete({ model: this.model.value || undefined,
                messages: this.request() }, answer, running.signal,
            () => stream.changed());
        } catch (error) {
            failure = running.signal.aborted ? null : error;
        }
        this.running = null;
        stream.end();
        if (answer.content || !failure) {
            this.keep(answer, performance.now() - started,
                running.signal.aborted);
        }
        if (this.signal.aborted) {
            return;
        }
        this.drawSend();
        this.drawMessages();
        if (failure) {
            this.messages.querySelector(':scope > .actions')?.remove();
            this.messages.append(errorBox(failure, () => this.answer()));
            this.toEnd(true);
        }
    }

    /** @returns {object[]} */
    request() {
        const messages = this.chat.messages.map(({ role, content }) =>
            ({ role, content }));

        return this.chat.system
            ? [{ role: 'system', content: this.chat.system }, ...messages]
            : messages;
    }

    /**
     * @param {import('./completion.js').Answer} answer
     * @param {number} ms
     * @param {boolean} stopped
     */
    keep(answer, ms, stopped) {
        const { content, reasoning, model, usage } = answer;

        spend(model || 'default', usage);
        if (content || reasoning) {
            this.chat.messages.push({ role: 'assistant', content, reasoning,
                model, usage, ms, stopped });
            saveChat(this.chat);
        }
    }

    async remove() {
        if (await confirm('Delete this conversation?', 'It is kept in this '
            + 'browser only, and cannot be brought back.', 'Delete'))
        {
            this.running?.abort();
            deleteChat(this.chat.id);
            location.hash = '#/chat/new';
        }
    }

    /** @param {boolean} [always] also when the reader has scrolled up */
    toEnd(always = false) {
        const { scrollHeight, scrollTop, clientHeight } = this.scroll;

        if (always || scrollHeight - scrollTop - clientHeight < 120) {
            this.scroll.scrollTop = scrollHeight;
        }
    }
}

/** The message that is coming: drawn once a frame, read out by sentences. */
class StreamingMessage {
    /**
     * @param {import('./completion.js').Answer} answer
     * @param {() => void} drawn
     */
    constructor(answer, drawn) {
        this.answer = answer;
        this.drawn = drawn;
        this.said = 0;
        this.frame = 0;
        this.body = h('div.message-body', null,
            h('span.typing', { role: 'img', 'aria-label': 'Waiting' },
                h('i'), h('i'), h('i')));
        this.element = h('article.message.assistant', { 'aria-label': 'Answer',
            'aria-busy': 'true' }, this.body);
    }

    changed() {
        this.frame ||= requestAnimationFrame(() => {
            this.frame = 0;
            this.paint();
        });
    }

    paint() {
        const { content, reasoning } = this.answer;

        if (content) {
            fill(this.body, markdown(content));
        } else if (reasoning) {
            fill(this.body, h('p.muted', null, reasoning));
        }
        this.say(/[.!?:]\s|\n/g);
        this.drawn();
    }

    /** @param {RegExp} end of what is read out */
    say(end) {
        const rest = this.answer.content.slice(this.said);
        const last = Array.from(rest.matchAll(end)).at(-1);

        if (last) {
            const to = last.index + last[0].length;

            announce(rest.slice(0, to));
            this.said += to;
        }
    }

    end() {
        cancelAnimationFrame(this.frame);
        this.say(/[\s\S]$/g);
    }
}
