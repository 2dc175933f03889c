// Workflows: the list, the graph, the form, a run as it goes, its results.

import { flow, is, like, look, ok } from './harness.mjs';

const run_ = (page) => page.getByRole('button', { name: 'Run', exact: true })
    .click();
const status = (page, word) => page.locator(`.run-state .status.${word}`)
    .waitFor();
const counted = (page, n) => page.waitForFunction((least) =>
    Number(document.querySelector('.edge.flowing .edge-count')?.textContent)
        >= least, n);
const results = (page) => page.locator('.results');

export async function run(browser) {
    await flow(browser, 'list', '#/workflows', {}, list);
    await flow(browser, 'run', '#/workflows/greeting', {}, greeting);
    await flow(browser, 'live run', '#/workflows/ticks', {}, live);
    await flow(browser, 'failure', '#/workflows/fails', {}, failure);
    await flow(browser, 'cancel', '#/workflows/long', {}, cancel);
    await flow(browser, 'fields', '#/workflows/kinds',
        { allow: [/status of 422/] }, fields);
    await flow(browser, 'media', '#/workflows/picture', {}, media);
    await flow(browser, 'values', '#/workflows/data', {}, values);
    await flow(browser, 'no workflow', '#/workflows/none',
        { allow: [/status of 404/] }, async (page) => {
            await page.locator('#main').getByText('Workflow not found: none')
                .waitFor();
            ok(true, 'a workflow that is not there is said');
        });
}

// For the end: other pages would lose their connections, too.
export async function runBroken(browser) {
    await flow(browser, 'broken connection', '#/workflows/ticks',
        { allow: [/ERR_/] }, broken);
}

async function list(page) {
    await page.getByRole('link', { name: /^Greeting/ }).waitFor();
    await look(page, 'workflows');
    await page.getByLabel('Filter workflows').fill('temper');
    is(await page.locator('.card:visible .card-title').allTextContents(),
        ['Temperature check'], 'filtered');
    await page.locator('.card:visible').click();
    await page.getByRole('heading', { name: 'Temperature check' }).waitFor();
    is([await page.locator('.node').count(), await page.locator('.edge')
        .count()], [7, 8], 'its graph');
    await look(page, 'workflow');

    const place = () => page.locator('.graph > g').getAttribute('transform');
    const box = await page.locator('.graph').boundingBox();
    const fitted = await place();
    await page.mouse.move(box.x + 20, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + 80, box.y + 60, { steps: 3 });
    await page.mouse.up();
    const moved = await place();
    ok(moved !== fitted, 'dragged by the mouse');
    await page.mouse.wheel(0, -200);
    await page.waitForFunction((old) => document.querySelector('.graph > g')
        .getAttribute('transform') !== old, moved);
    ok(true, 'zoomed by the wheel');
    await page.getByRole('button', { name: 'Show all' }).click();
    is(await place(), fitted, 'and all is shown again');
}

async function greeting(page) {
    const name = page.getByLabel('name', { exact: true });

    await name.waitFor();
    is(await name.inputValue(), 'World', 'the default');
    like(await page.locator('.field .hint').textContent(), /Who is greeted/,
        'the description');
    await name.fill('Ada <b>');
    await run_(page);
    await status(page, 'completed');
    like(await results(page).textContent(), /Hello, Ada <b>!/, 'the result');
    is(await page.locator('.node.completed').count(), 2, 'nodes are done');
    is(await page.locator('.edge.sent').count(), 2, 'edges have sent');
    await page.locator('.node').nth(1).click();
    await page.getByRole('tab', { name: 'Node' }).waitFor();
    like(await page.locator('.details').textContent(),
        /Format Text.*completed.*Hello, Ada.*template/s, 'a node in detail');
    await page.getByRole('tab', { name: 'Events' }).click();
    like(await page.locator('.events').textContent(),
        /1job_update.*job_update completed/, 'its events');
}

async function live(page) {
    await run_(page);
    await page.locator('.node.running').first().waitFor();
    ok(true, 'a node lights up');
    await counted(page, 5);
    ok(true, 'an edge counts');
    is(await page.locator('.edge.flowing .edge-flow').evaluate((element) =>
        getComputedStyle(element).animationName), 'flow', 'and moves');
    await look(page, 'run-live');
    await status(page, 'completed');
    like(await results(page).textContent(), /25 values/,
        'the output has had its values');
    is(await page.locator('.node.running, .edge.flowing').count(), 0,
        'all is quiet at the end');
}

// The worker process dies in the middle; another one goes on.
async function broken(page) {
    await run_(page);
    await counted(page, 3);
    for (const pid of process.env.NODETOOL_WORKERS.split(' ')) {
        process.kill(Number(pid), 'SIGKILL');
    }
    await status(page, 'completed');
    const numbers = await page.locator('.event-number').allTextContents();
    is(numbers, numbers.map((_, i) => String(i + 1)),
        'over two connections, no event misses or comes twice');
    like(await results(page).textContent(), /25 values/, 'nor a value');
}

async function failure(page) {
    await run_(page);
    await status(page, 'failed');
    is(await page.locator('.node.error .node-info').textContent(),
        'the clock stopped', 'the error is at its node');
    like(await results(page).textContent(), /the clock stopped/,
        'and in the results');
    await look(page, 'run-failed');
}

async function cancel(page) {
    await run_(page);
    await page.locator('.node.running').waitFor();
    await page.locator('.run-state').getByRole('button', { name: 'Cancel' })
        .click();
    await status(page, 'cancelled');
    is(await page.locator('.node.running').count(), 0, 'cancelled');
}

async function fields(page) {
    const field = (name) => page.getByLabel(name, { exact: true });
    const note = (name) => page.locator(
        `.field[data-name=${name}] > .hint`).textContent();

    await field('text').waitFor();
    is(await page.locator('.field').evaluateAll((all) => all.map((row) =>
        [row.dataset.name, row.querySelector('textarea, select, input')
            .matches('textarea') ? 'textarea' : row.querySelector(
                'select, input').type].join(' '))),
    ['text textarea', 'count number', 'share number', 'sure checkbox',
        'colour select-one', 'list textarea'], 'a control for each kind');
    await look(page, 'form');

    await field('count').fill('11');
    await field('list').fill('{');
    await run_(page);
    await page.locator('[aria-invalid]').first().waitFor();
    is(await note('count'), 'A number from 1 to 10 is expected', 'bounds');
    like(await note('list'), /^This is not JSON/, 'JSON');
    ok(await field('count').evaluate((element) =>
        element === document.activeElement), 'the first one has the focus');

    await field('count').fill('4');
    await field('list').fill('[1]');
    await run_(page);
    await page.locator('.field[data-name=list] .error-text').waitFor();
    like(await note('list'), /Parameter "list" expects list/,
        'what the API refuses stands at its field');
    await look(page, 'form-refused');

    await field('list').fill('["x"]');
    await field('colour').selectOption('blue');
    await field('sure').uncheck();
    await run_(page);
    await status(page, 'completed');
    is(await page.locator('.result').evaluateAll((all) => all.map((result) =>
        result.querySelector('.value-body').textContent)),
    ['one\ntwo', '4', '0.5', 'false', 'blue', '[1]0: "x"'], 'all arrive');
}

async function media(page) {
    const png = Buffer.from(process.env.NODETOOL_PNG, 'base64');
    const large = Buffer.concat([png, Buffer.alloc(100_000)]);
    const shown = async (selector, property) => {
        const element = page.locator(`.results ${selector}`);

        await element.waitFor();
        await page.waitForFunction(([wanted, name]) => document.querySelector(
            `.results ${wanted}`)[name] > 0, [selector, property]);
        return element.getAttribute('src');
    };

    await page.getByLabel('value', { exact: true }).setInputFiles(
        { name: 'small.png', mimeType: 'image/png', buffer: png });
    await run_(page);
    like(await shown('img', 'naturalWidth'), /^data:image\/png/,
        'a small image travels with the request');
    await look(page, 'run-image');

    await page.getByRole('tab', { name: 'Inputs' }).click();
    await page.getByLabel('value', { exact: true }).setInputFiles(
        { name: 'large one.png', mimeType: 'image/png', buffer: large });
    await run_(page);
    await page.locator('.results img[src*="large_one"]').waitFor();
    like(await shown('img', 'naturalWidth'),
        /\/storage\/temp\/uploads\/\d+\/large_one\.png$/,
        'a large one by storage');

    await page.goto(`${page.url().split('#')[0]}#/workflows/sound`);
    await page.getByRole('heading', { name: 'Sound' }).waitFor();
    await page.getByLabel('value', { exact: true }).setInputFiles({
        name: 'a.wav', mimeType: 'audio/wav', buffer: wav() });
    await run_(page);
    await shown('audio', 'duration');
    ok(true, 'a sound can be played');

    await page.goto(`${page.url().split('#')[0]}#/workflows/paper`);
    await page.getByRole('heading', { name: 'Paper' }).waitFor();
    await page.getByLabel('value', { exact: true }).setInputFiles({
        name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('x') });
    await run_(page);
    await page.locator('.results a[download]').waitFor();
    ok(true, 'a document can be fetched');
}

// A tenth of a second of silence.
function wav() {
    const bytes = Buffer.alloc(44 + 1600);

    bytes.write('RIFF', 0);
    bytes.writeUInt32LE(36 + 1600, 4);
    bytes.write('WAVEfmt ', 8);
    bytes.writeUInt32LE(16, 16);
    bytes.writeUInt16LE(1, 20);
    bytes.writeUInt16LE(1, 22);
    bytes.writeUInt32LE(8000, 24);
    bytes.writeUInt32LE(16000, 28);
    bytes.writeUInt16LE(2, 32);
    bytes.writeUInt16LE(16, 34);
    bytes.write('data', 36);
    bytes.writeUInt32LE(1600, 40);
    return bytes;
}

async function values(page) {
    await run_(page);
    await status(page, 'completed');
    like(await results(page).locator('.json').first().textContent(),
        /born: 1815.*langs: \[2\].*name: "Ada"/, 'an object is a tree');

    await page.goto(`${page.url().split('#')[0]}#/workflows/table`);
    await page.getByRole('heading', { name: 'Table' }).waitFor();
    await page.getByLabel('value', { exact: true }).fill(JSON.stringify({
        type: 'dataframe', columns: [{ name: 'city', data_type: 'string' },
            { name: 'people', data_type: 'int' }],
        data: [['Oslo', 709037], ['Bergen', 291940]] }));
    await run_(page);
    await status(page, 'completed');
    is(await results(page).locator('th, td').allTextContents(),
        ['city', 'people', 'Oslo', '709037', 'Bergen', '291940'],
        'a dataframe is a table');
    await page.getByRole('button', { name: 'JSON' }).click();
    like(await results(page).textContent(), /type: "dataframe"/, 'or a tree');
}
