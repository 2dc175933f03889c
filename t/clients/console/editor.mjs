// The same page at an editor: its paths, its assets, the system's figures.

import { flow, is, like, ok } from './harness.mjs';

const server = process.env.NODETOOL_EDITOR;

// no worker answers, so the page asks for an editor
const options = { server, signedIn: false, allow: [/404.*\/workflows\?/] };

export async function run(browser) {
    await flow(browser, 'editor', '#/workflows/greeting', options, workflow);
    await flow(browser, 'assets', '#/storage', options, assets);
    await flow(browser, 'system', '#/usage', options, async (page) => {
        const tile = page.getByRole('region', { name: 'System' });

        await tile.getByText('CPU').waitFor();
        like(await tile.textContent(), /CPU\d+ %.*Memory\d+ %.*of .* GB/,
            'figures of the system, by WebSocket');
    });
}

async function workflow(page) {
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('.results').getByText('Hello, World!').waitFor();
    ok(true, 'a workflow runs at an editor');
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page.locator('.job-row .status.completed').first().waitFor();
    ok(true, 'its job is there');

    await page.goto(`${server}/console/#/workflows/picture`);
    await page.getByLabel('value', { exact: true }).setInputFiles({
        name: 'large.png', mimeType: 'image/png', buffer: Buffer.concat(
            [Buffer.from(process.env.NODETOOL_PNG, 'base64'),
                Buffer.alloc(100_000)]) });
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForFunction(() => document.querySelector('.results img')
        ?.naturalWidth > 0);
    ok(true, 'a file for it is an asset');
}

async function assets(page) {
    const names = () => page.locator('.object-name').allTextContents();

    await page.getByText('large.png').waitFor();
    await page.locator('input[type=file]').setInputFiles({ name: 'dot.png',
        mimeType: 'image/png',
        buffer: Buffer.from(process.env.NODETOOL_PNG, 'base64') });
    await page.locator('.object-name').getByText('dot.png').waitFor();
    is((await names()).sort(), ['dot.png', 'large.png'], 'uploaded');
    await page.locator('.object-open', { hasText: 'dot.png' }).click();
    await page.waitForFunction(() => document.querySelector('dialog img')
        ?.naturalWidth > 0);
    ok(true, 'shown');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Delete dot.png' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' })
        .click();
    await page.getByText('dot.png was deleted').waitFor();
    is(await names(), ['large.png'], 'deleted');
    await page.getByRole('link', { name: 'All files' }).click();
    await page.getByText('What all users have stored').waitFor();
    await page.locator('.object-row').first().waitFor();
    ok(true, 'the files of all, for administrators');
}
