// Exports the vocabularies of js-tiktoken as FOLDER/ENCODING.tiktoken, and
// prints [encoding, text, tokens] for each text, one JSON line each.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder, modules, texts] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { Tiktoken } = require('js-tiktoken/lite');

for (const name of ['cl100k_base', 'p50k_base', 'r50k_base']) {
    const found = require(`js-tiktoken/ranks/${name}`);
    const ranks = found.default || found;
    const lines = [];
    for (const block of ranks.bpe_ranks.split('\n').filter(Boolean)) {
        const [, offset, ...tokens] = block.split(' ');
        tokens.forEach((token, i) => lines.push(`${token} ${+offset + i}\n`));
    }
    writeFileSync(`${folder}/${name}.tiktoken`, lines.join(''));

    const encoding = new Tiktoken(ranks);
    for (const text of JSON.parse(readFileSync(texts, 'utf8'))) {
        console.log(JSON.stringify(
            [name, text, encoding.encode(text, [], []).length]));
    }
}
