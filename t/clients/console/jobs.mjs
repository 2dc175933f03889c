// Jobs: the list with live states and pages, one with its events, cancel.

import { api, flow, is, like, look, ok, runJob, startJob } from './harness.mjs';

const JOBS = 35;

export async function run(browser) {
    for (let i = 0; i < JOBS; i += 1) {
        await runJob('greeting', { name: `Job ${i}` });
    }
    const long = await startJob('long');

    await flow(browser, 'jobs', '#/jobs', {}, (page) => list(page, long));
    await flow(browser, 'job', '#/jobs', {}, one);
}

async function list(page, long) {
    const row = page.locator(`[data-id="${long}"]`);

    await row.locator('.status.running').waitFor();
    ok(true, 'a job that runs');
    await look(page, 'jobs');
    is(await page.locator('.job-row').count(), 30, 'a page of jobs');
    await page.getByRole('button', { name: 'Load more' }).click();
    await page.waitForFunction(() =>
        document.querySelectorAll('.job-row').length > 30);
    ok(true, 'and more');

    await row.getByRole('button', { name: 'Cancel' }).click();
    await row.locator('.status.cancelled').waitFor();
    ok(true, 'it is cancelled');
    const fresh = await startJob('long');
    const live = page.locator(`[data-id="${fresh}"]`);
    await live.locator('.status.running').waitFor();
    await api(`/jobs/${fresh}/cancel`, { method: 'POST' });
    await live.locator('.status.cancelled').waitFor();
    ok(true, 'a new job comes by itself, and ends');

    await page.getByLabel('Show jobs by state').selectOption('cancelled');
    is(await page.locator('.job-row .status').allTextContents().then((all) =>
        Array.from(new Set(all))), ['cancelled'], 'by state');
    await page.getByLabel('Show jobs by state').selectOption('');
    await page.getByLabel('Show jobs of a workflow').selectOption('greeting');
    await page.waitForFunction(() => Array.from(document.querySelectorAll(
        '.job-name'), (name) => name.textContent).every((name) =>
        name === 'Greeting') && document.querySelector('.job-row'));
    ok(true, 'by workflow');
}

async function one(page) {
    await page.locator('.job-row').first().waitFor();
    const ticks = await startJob('ticks');
    await page.evaluate((id) => {
        location.hash = `#/jobs/${id}`;
    }, ticks);
    await page.locator('.node.running').first().waitFor();
    ok(true, 'a job is watched as it runs');
    await page.locator('.run-state .status.completed').waitFor();
    like(await page.locator('.results').textContent(), /25 values/,
        'its result');
    await page.reload();
    await page.locator('.run-state .status.completed').waitFor();
    await page.getByRole('tab', { name: 'Events' }).click();
    const numbers = await page.locator('.event-number').allTextContents();
    is(numbers, numbers.map((_, i) => String(i + 1)), 'replayed from the start');
    await look(page, 'job');
}
