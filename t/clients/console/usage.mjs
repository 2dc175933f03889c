// Usage figures.

import { flow, like, look, ok } from './harness.mjs';

export async function run(browser) {
    await flow(browser, 'usage', '', {}, async (page) => {
        await page.getByLabel('Model', { exact: true }).selectOption('echo');
        await page.getByLabel('Message', { exact: true }).fill('one two three');
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: 'Answer again' }).waitFor();
        await page.getByRole('link', { name: 'Usage' }).click();

        const tile = (name) => page.getByRole('region', { name, exact: true });
        await tile('Engine').getByText('ready').waitFor();
        like(await tile('Chats').textContent(), /1requests\d+prompt tokens/,
            'requests and tokens');
        like(await tile('Chats').locator('tbody').textContent(), /^echo1\d+/,
            'by model');
        like(await tile('Engine').textContent(),
            /\d of 64running0 of 1,000waitingJobs are kept in Redis/,
            'the engine');
        await tile('Jobs').getByText('median').waitFor();
        like(await tile('Jobs').textContent(), /completed\d+.*failed\d+/,
            'jobs by state');
        ok(await tile('Chats').locator('rect.full').count() === 1,
            'tokens of today');
        await look(page, 'usage');
    });
}
