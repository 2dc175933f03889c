// A browser for the console's tests: each page fails its test by an error in
// its console, an exception, or a violation of its content security policy.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';

import { chromium } from 'playwright-core';

export const base = process.env.NODETOOL_URL;
export const token = process.env.NODETOOL_TOKEN;
const shots = process.env.NODETOOL_SHOTS;

const axe = readFileSync(createRequire(import.meta.url).resolve(
    'axe-core/axe.min.js'), 'utf8');

let failed = 0;

export function ok(good, name, detail = '') {
    console.log(`${good ? 'ok' : 'not ok'} - ${name}`);
    if (!good) {
        failed += 1;
        console.log(`    ${detail}`);
    }
    return good;
}

export function is(got, want, name) {
    return ok(isDeepStrictEqual(got, want), name,
        `got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

export function like(got, want, name) {
    return ok(want.test(got), name, `got ${JSON.stringify(got)}, want ${want}`);
}

// Chromium, or null where the system does not let it start.
export async function launch() {
    const args = ['--disable-dev-shm-usage', '--disable-gpu',
        '--force-color-profile=srgb'];

    // its sandbox refuses to work for root
    if (process.getuid() === 0) {
        args.push('--no-sandbox');
    }
    try {
        return await chromium.launch({ args, timeout: 20000,
            executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
    } catch (error) {
        console.log(`skip - Chromium does not start: ${
            error.message.split('\n').slice(0, 3).join(' ')}`);
        return null;
    }
}

// A page of its own: signed in, unless `signedIn` is false. What it may
// complain of: `allow`, patterns of messages.
export async function open(browser, path = '', options = {}) {
    const { signedIn = true, allow = [], server = base, ...rest } = options;
    const context = await browser.newContext({
        viewport: { width: 1280, height: 800 }, locale: 'en-GB',
        reducedMotion: 'no-preference', colorScheme: 'light', ...rest });

    context.setDefaultTimeout(15000);
    await context.addInitScript(() => {
        addEventListener('securitypolicyviolation', (event) =>
            console.error(`CSP: ${event.violatedDirective} ${
                event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
    });
    if (signedIn) {
        await context.addInitScript((value) => {
            if (!sessionStorage.getItem('signed-out')) {
                sessionStorage.setItem('nodetool.token', value);
            }
        }, token);
    }
    const page = await context.newPage();

    page.complaints = [];
    page.allow = [...allow];
    page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') {
            page.complaints.push(`${message.text()} ${message.location().url}`);
        }
    });
    page.on('pageerror', (error) => page.complaints.push(error.stack));
    await page.goto(`${server}/console/${path}`);
    return page;
}

export async function close(page, name) {
    const bad = page.complaints.filter((text) =>
        !page.allow.some((pattern) => pattern.test(text)));

    is(bad, [], `${name}: nothing in the browser's console`);
    await page.context().close();
}

// Runs one flow: its page is closed and looked at, whatever happens.
export async function flow(browser, name, path, options, work) {
    const page = await open(browser, path, options);

    try {
        await work(page);
    } catch (error) {
        ok(false, name, error.stack);
        await page.screenshot({ path: `${shots}/failed-${
            name.replace(/\W+/g, '-')}.png` }).catch(() => {});
    }
    await close(page, name);
}

// What axe-core finds wrong with the page as it is: by all rules, or some.
export async function accessible(page, name, rules = null) {
    const loaded = await page.evaluate(() => 'axe' in window);

    if (!loaded) {
        await page.evaluate(axe);
    }
    const found = await page.evaluate(async (only) => {
        const { violations } = await window.axe.run(document, {
            resultTypes: ['violations'],
            runOnly: only ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',
                'wcag22aa', 'best-practice'],
            // it joins what stands on a node of a graph without spaces
            rules: { 'label-content-name-mismatch': { enabled: false } } });

        return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3)
            .map(({ target, failureSummary }) =>
                `${target} ${failureSummary}`).join(' ')}`);
    }, rules);

    is(found, [], `${name}: accessible`);
}

// What is other in the dark, or on a phone, is looked at there.
const LOOKS = [
    ['light', { width: 1280, height: 800 }, 'light', null],
    ['dark', { width: 1280, height: 800 }, 'dark', ['color-contrast']],
    ['phone', { width: 360, height: 740 }, 'light', ['target-size',
        'scrollable-region-focusable']],
];

// Pictures of a view, light, dark and on a phone, which axe looks at; on a
// phone nothing is wider than it.
export async function look(page, name) {
    mkdirSync(shots, { recursive: true });
    for (const [kind, viewport, colorScheme, rules] of LOOKS) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        // a frame for the size, one for what watches it
        await page.evaluate(() => new Promise((resolve) =>
            requestAnimationFrame(() => requestAnimationFrame(resolve))));
        await page.screenshot({ path: `${shots}/${name}-${kind}.png` });
        await accessible(page, `${name}, ${kind}`, rules);
        if (kind === 'phone') {
            is(await page.evaluate(() => [document.documentElement,
                document.getElementById('main')].map((element) =>
                [element.clientWidth, element.scrollWidth])),
            [[360, 360], [360, 360]], `${name}: as wide as a phone`);
        }
    }
    await page.setViewportSize(LOOKS[0][1]);
    await page.emulateMedia({ colorScheme: 'light',
        reducedMotion: 'no-preference' });
}

// One request of the API, as a client of it.
export function api(path, options = {}) {
    return fetch(base + path, { ...options,
        headers: { Authorization: `Bearer ${token}`,
            'Content-Type': 'application/json', ...options.headers } });
}

export async function runJob(workflow, params = {}) {
    const response = await api(`/workflows/${workflow}/run`, { method: 'POST',
        body: JSON.stringify({ params }) });

    return response.json();
}

// Starts a job and leaves it to itself; its id.
export async function startJob(workflow) {
    const response = await api(`/workflows/${workflow}/run/stream`,
        { method: 'POST', body: '{"params":{}}' });
    const decoder = new TextDecoder();
    let text = '';

    for await (const bytes of response.body) {
        const [, id] = /"job_id":"([^"]+)"/.exec(text += decoder.decode(bytes))
            ?? [];

        if (id) {
            return id;  // which leaves the stream
        }
    }
    throw new Error(`no job of ${workflow}: ${response.status} ${text}`);
}

export const failures = () => failed;
