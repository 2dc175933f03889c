// By keyboard alone, by touch, in the dark, without motion.

import { flow, is, like, look, ok } from './harness.mjs';

export async function run(browser) {
    await flow(browser, 'keyboard', '', {}, keyboard);
    await flow(browser, 'touch', '#/workflows/greeting', { hasTouch: true,
        isMobile: true, viewport: { width: 360, height: 740 } }, touch);
    await flow(browser, 'dark', '', { colorScheme: 'dark' }, dark);
    await flow(browser, 'motion', '#/workflows/ticks',
        { reducedMotion: 'reduce' }, motion);
}

const focused = (page) => page.evaluate(() => {
    const element = document.activeElement;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element.matches('.node')
        ? element.querySelector('.node-box') : element);

    return { name: element.getAttribute('aria-label') ?? element.textContent,
        // what shows it: an outline, a node's border, the composer's
        visible: style.outlineStyle !== 'none' || element.matches('.node')
            || element.closest('.composer') !== null,
        inside: box.right > 0 && box.bottom > 0 && box.left < innerWidth
            && box.top < innerHeight };
});

async function keyboard(page) {
    await page.getByRole('heading', { name: 'New chat' }).waitFor();
    await page.keyboard.press('Tab');
    is((await focused(page)).name, 'Skip to content', 'first a skip link');
    await page.keyboard.press('Enter');
    is((await focused(page)).name, 'New chat', 'it skips');

    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await look(page, 'keyboard');
    await page.keyboard.press('Escape');

    await page.keyboard.press('g');
    await page.keyboard.press('w');
    await page.getByRole('heading', { name: 'Workflows' }).waitFor();
    await page.locator('.card').first().waitFor();
    is((await focused(page)).name, 'Workflows', 'a view has the focus');
    await page.keyboard.press('/');
    await page.keyboard.type('greet');
    await page.keyboard.press('Tab');
    like((await focused(page)).name, /^Greeting/, 'the list is one stop');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Greeting' }).waitFor();

    // round the view: each stop is seen
    const seen = [];
    for (let i = 0; i < 14; i += 1) {
        await page.keyboard.press('Tab');
        seen.push(await focused(page));
        if (seen.at(-1).name === 'Run') {
            break;
        }
    }
    is(seen.filter(({ visible, inside }) => !visible || !inside), [],
        'the focus is visible all the way');
    ok(seen.some(({ name }) => name === 'Run'), 'and comes to Run',
        JSON.stringify(seen.map(({ name }) => name)));

    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('Keyboard');
    await page.keyboard.press('Control+Enter');
    await page.locator('.results').getByText('Hello, Keyboard!').waitFor();
    ok(true, 'a workflow runs');

    await page.locator('.node').first().focus();
    await page.keyboard.press('ArrowRight');
    like((await focused(page)).name, /^Format Text.*completed/,
        'an arrow leads to the next node');
    await page.keyboard.press('Enter');
    like(await page.locator('.details').textContent(), /Format Text/,
        'Enter shows it');
    const place = () => page.locator('.graph > g').getAttribute('transform');
    const before = await place();
    await page.keyboard.press('+');
    const zoomed = await place();
    await page.keyboard.press('Shift+ArrowLeft');
    ok(before !== zoomed && zoomed !== await place(), 'zoomed and moved');

    await page.getByRole('tab', { name: 'Node' }).focus();
    await page.keyboard.press('ArrowRight');
    is((await focused(page)).name, 'Events', 'arrows move between tabs');
}

// Taps come first: right behind a gesture, Chromium takes one for a part of it.
async function touch(page) {
    await page.locator('.node').first().waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).tap();
    await page.locator('.results').getByText('Hello, World!').waitFor();
    ok(true, 'a workflow runs by touch');
    await page.getByRole('link', { name: 'Jobs' }).tap();
    await page.locator('.job-row').first().waitFor();
    ok(true, 'the bar leads to the views');
    await page.goBack();
    await page.locator('.graph > g[transform]').waitFor();
    const place = () => page.locator('.graph > g').getAttribute('transform');
    const box = await page.locator('.graph').boundingBox();
    const client = await page.context().newCDPSession(page);
    const send = (type, ...points) => client.send('Input.dispatchTouchEvent',
        { type, touchPoints: points.map(([x, y], id) => ({ x: box.x + x,
            y: box.y + y, id })) });
    const scale = (transform) => Number(/scale\((.*)\)/.exec(transform)[1]);

    const fitted = await place();
    await send('touchStart', [30, 30]);
    await send('touchMove', [60, 60]);
    await send('touchMove', [90, 80]);
    await send('touchEnd');
    const moved = await place();
    ok(moved !== fitted && scale(moved) === scale(fitted), 'a finger moves it');
    await send('touchStart', [100, 60], [140, 60]);
    await send('touchMove', [80, 60], [160, 60]);
    await send('touchMove', [60, 60], [180, 60]);
    await send('touchEnd');
    ok(scale(await place()) > scale(moved) * 1.5, 'two fingers zoom');
}

async function dark(page) {
    const paper = () => page.evaluate(() =>
        getComputedStyle(document.body).backgroundColor);
    const button = page.locator('#theme');

    await button.waitFor();
    is(await paper(), 'rgb(19, 20, 22)', 'dark as the system is');
    await button.click();
    is([await button.getAttribute('aria-label'), await paper()],
        ['Theme: light', 'rgb(251, 250, 248)'], 'or light');
    await page.reload();
    is(await paper(), 'rgb(251, 250, 248)', 'which is kept');
    await button.click();
    await page.emulateMedia({ colorScheme: 'light' });
    is(await paper(), 'rgb(19, 20, 22)', 'or always dark');
}

async function motion(page) {
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    const flowing = page.locator('.edge.flowing .edge-flow');
    await flowing.waitFor({ state: 'attached' });
    is(await flowing.evaluate((element) =>
        getComputedStyle(element).animationIterationCount), '1',
    'nothing keeps moving for who wants that');
    await page.locator('.run-state .status.completed').waitFor();
}
