// The console in a real browser, flow by flow.

import { failures, launch, ok } from './harness.mjs';
import * as access from './access.mjs';
import * as chat from './chat.mjs';
import * as editor from './editor.mjs';
import * as jobs from './jobs.mjs';
import * as signIn from './sign_in.mjs';
import * as storage from './storage.mjs';
import * as usage from './usage.mjs';
import * as workflows from './workflows.mjs';

const browser = await launch();

if (browser) {
    const only = process.argv[2];
    const start = async (flows) => {
        for (const [name, run] of Object.entries(flows)) {
            const started = Date.now();

            if (!only || only === name) {
                await run(browser).catch((error) =>
                    ok(false, name, error.stack));
                console.log(`# ${name}: ${Date.now() - started} ms`);
            }
        }
    };

    // pages wait more than they work
    await Promise.all([start({ workflows: workflows.run }),
        start({ signIn: signIn.run, chat: chat.run, access: access.run }),
        start({ jobs: jobs.run, storage: storage.run })]);
    await start({ editor: editor.run, usage: usage.run, broken: workflows.runBroken });
    await browser.close();
}
process.exitCode = failures() > 0 ? 1 : 0;
