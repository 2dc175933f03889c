// The token: asked for, refused, kept, forgotten.

import { flow, is, like, look, ok, token } from './harness.mjs';

const REFUSED = [/status of 401/];

export async function run(browser) {
    await flow(browser, 'sign in', '', { signedIn: false, allow: REFUSED },
        async (page) => {
            const dialog = page.getByRole('dialog', { name: 'Sign in' });

            await dialog.waitFor();
            await look(page, 'sign-in');
            await page.getByLabel('Token').fill('wrong');
            await page.keyboard.press('Enter');
            await dialog.locator('.error-text').waitFor();
            like(await dialog.locator('.error-text').textContent(), /token/i,
                'a wrong token is refused, in the words of the API');
            await page.getByLabel('Token').fill(token);
            await page.keyboard.press('Enter');
            await page.getByRole('heading', { name: 'New chat' }).waitFor();
            ok(true, 'the right one is taken');
            is(await page.evaluate(() =>
                [sessionStorage.getItem('nodetool.token'),
                    localStorage.getItem('nodetool.token')]), [token, null],
            'and kept with the tab');

            await page.reload();
            await page.getByRole('heading', { name: 'New chat' }).waitFor();
            await page.getByRole('button', { name: 'Sign out' }).click();
            await dialog.waitFor();
            ok(true, 'signing out forgets it');

            await page.getByLabel('Token').fill(token);
            await page.getByLabel('Remember on this device').check();
            await page.getByRole('button', { name: 'Sign in' }).click();
            await page.getByRole('heading', { name: 'New chat' }).waitFor();
            is(await page.evaluate(() => localStorage.getItem(
                'nodetool.token')), token, 'it is remembered when asked to');
        });

    await flow(browser, 'no sign in', '', { signedIn: false, allow: REFUSED },
        async (page) => {
            await page.getByRole('button', { name: 'Not now' }).click();
            await page.getByText('Try again').waitFor();
            ok(true, 'without a token, the error stands there');
        });
}
