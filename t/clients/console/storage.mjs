// Storage: folders, pages, upload, what an object looks like, delete.

import { api, flow, is, like, look, ok } from './harness.mjs';

export async function run(browser) {
    const png = Buffer.from(process.env.NODETOOL_PNG, 'base64');
    const put = (key, body) => api(`/admin/storage/assets/${key}`,
        { method: 'PUT', body });

    await flow(browser, 'empty storage', '#/storage/assets', {},
        async (page) => {
            await page.getByText('Nothing is stored here').waitFor();
            await look(page, 'storage-empty');
        });
    await put('pictures/dot.png', png);
    await put('readme.md', '# Read me\n');
    await put('odd%20n%C3%A4me%20%231%3F.txt', 'odd');
    for (let i = 0; i < 120; i += 1) {
        await put(`many/${String(i).padStart(3, '0')}`, 'x');
    }
    await flow(browser, 'storage', '#/storage/assets', {}, browse);
}

async function browse(page) {
    const names = () => page.locator('.object-name').allTextContents();

    await page.getByText('readme.md').waitFor();
    is(await names(), ['many/', 'pictures/', 'odd näme #1?.txt', 'readme.md'],
        'folders, then objects');
    await look(page, 'storage');

    await page.getByRole('link', { name: 'many/' }).click();
    await page.getByText('099').waitFor();
    is((await names()).length, 100, 'a page of objects');
    await page.getByRole('button', { name: 'Load more' }).click();
    await page.getByText('119').waitFor();
    is((await names()).length, 120, 'and the rest');

    await page.getByRole('navigation', { name: 'Folder' })
        .getByRole('link', { name: 'assets' }).click();
    await page.getByRole('link', { name: 'pictures/' }).click();
    await page.getByText('dot.png').click();
    await page.waitForFunction(() => document.querySelector('dialog img')
        ?.naturalWidth > 0);
    ok(true, 'an image is shown');
    await look(page, 'storage-object');
    await page.keyboard.press('Escape');
    await page.goBack();

    await page.getByText('odd näme #1?.txt').click();
    await page.locator('dialog pre').getByText('odd').waitFor();
    ok(true, 'a text is shown, whatever its name');
    await page.getByRole('button', { name: 'Close' }).click();

    await page.locator('input[type=file]').setInputFiles([
        { name: 'new one.txt', mimeType: 'text/plain',
            buffer: Buffer.from('new') },
        { name: 'second.txt', mimeType: 'text/plain',
            buffer: Buffer.from('second') }]);
    await page.getByText('2 files uploaded').waitFor();
    await page.locator('.object-name').getByText('new one.txt').waitFor();
    ok(true, 'uploaded');
    like(await (await api('/storage/assets/new%20one.txt')).text(), /^new$/,
        'and stored');

    await page.getByRole('button', { name: 'Delete new one.txt' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' })
        .click();
    await page.getByText('new one.txt was deleted').waitFor();
    is((await api('/storage/assets/new%20one.txt')).status, 404, 'deleted');

    await page.getByRole('link', { name: 'Temporary' }).click();
    await page.getByText('Files that the server removes').waitFor();
    ok(true, 'the other store');
}
