// The chat: streams, stop, again, Markdown, errors, what is kept.

import { flow, is, like, look, ok } from './harness.mjs';

async function ask(page, model, text) {
    await page.getByLabel('Model', { exact: true }).selectOption(model);
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.keyboard.press('Enter');
}

const answers = (page) => page.locator('.message.assistant .message-body');
const done = (page) => page.getByRole('button', { name: 'Answer again' })
    .waitFor();

export async function run(browser) {
    await flow(browser, 'chat', '', {}, talk);
    await flow(browser, 'chat errors', '', { allow: [/status of 429/] }, errors);
}

async function talk(page) {
    await look(page, 'chat-empty');
    await ask(page, 'echo', 'Hello there');
    await done(page);
    is(await answers(page).textContent(), 'You said: Hello there', 'an answer');
    like(await page.locator('.message-facts').textContent(),
        /echo · \d+ \+ \d+ tokens/, 'what it cost');
    like(await page.locator('#live').textContent(), /You said: Hello there/,
        'it is read out');
    is(await page.locator('.rows a[aria-current]').textContent()
        .then((text) => text.replace(/just now/, '')), 'Hello there',
    'the conversation has a name');

    await ask(page, 'slow', 'Count');
    await answers(page).getByText('word 3.').waitFor();
    ok(!(await answers(page).last().textContent()).includes('word 100.'),
        'words are there before the end');
    is(await page.locator('.message[aria-busy]').count(), 1, 'busy');
    await page.getByRole('button', { name: 'Stop' }).click();
    await done(page);
    like(await page.locator('.message-facts').last().textContent(), /^stopped/,
        'stopped');
    const words = await answers(page).last().textContent();
    ok(words.includes('word 3.') && !words.includes('word 200.'),
        'what came so far stays');

    await page.getByLabel('Model', { exact: true }).selectOption('markdown');
    await page.getByRole('button', { name: 'Answer again' }).click();
    await page.locator('.message table').waitFor();
    await done(page);
    is(await answers(page).count(), 2, 'answered again, in its place');
    const body = answers(page).last();
    is(await body.evaluate((element) => Array.from(
        element.querySelectorAll('h2, em, strong, ol > li, ul > li, th, pre,'
            + 'blockquote, a'), ({ localName }) => localName).join(' ')),
    'h2 em strong li li li th th pre blockquote a', 'Markdown is drawn');
    is(await body.locator('img, script').count(), 0, 'HTML in it is text');
    is(await body.locator('a').getAttribute('href'), 'https://example.org/',
        'a script is no link');
    await look(page, 'chat');

    const path = await page.evaluate(() => location.hash);
    await page.reload();
    await page.locator('.message table').waitFor();
    is([await page.evaluate(() => location.hash),
        await page.locator('.message').count()], [path, 4],
    'the conversation is kept');

    await page.locator('.system summary').click();
    await page.getByLabel('Instructions to the model').fill('Be brief.');
    await page.keyboard.press('Tab');
    await ask(page, 'echo', 'Again');
    await done(page);
    is(await page.evaluate(() => JSON.parse(localStorage.getItem(
        `nodetool.chat.${location.hash.split('/')[2]}`)).system), 'Be brief.',
    'instructions are kept');

    await page.getByRole('link', { name: 'New chat' }).click();
    await page.getByText('What can I do for you?').waitFor();
    await page.locator('.rows a').click();
    await page.locator('.message table').waitFor();
    await page.getByRole('button', { name: 'Delete this conversation' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' })
        .click();
    await page.getByText('What can I do for you?').waitFor();
    is(await page.locator('.rows a').count(), 0, 'a conversation is deleted');
}

async function errors(page) {
    await ask(page, 'error-429', 'Hello');
    const box = page.locator('.error-box');
    await box.waitFor();
    like(await box.textContent(), /mock error 429.*429.*request \w+/,
        'an error, as the API says it');
    await look(page, 'chat-error');
    await page.getByLabel('Model', { exact: true }).selectOption('broken');
    await box.getByRole('button', { name: 'Try again' }).click();
    await answers(page).getByText('Half a sent').waitFor();
    await box.waitFor();
    ok(true, 'what came before a break is shown, and the error');
    is(await page.locator('.message.user').count(), 1, 'one question');
}
