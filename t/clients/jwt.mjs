// Tokens made by the npm package jose: {"keys":[...], "tokens":[{"name",
// "token","status"},...]} on stdout. Arguments: the issuer, a secret.

import { SignJWT, EncryptJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';

const [issuer, secret] = process.argv.slice(2);
const bytes = new TextEncoder().encode(secret);
const keys = [];
const tokens = [];

const claims = (jwt) => jwt.setIssuer(issuer).setAudience('authenticated')
    .setSubject('user-jose').setIssuedAt().setExpirationTime('10m');

async function make(name, status, alg, kid, key, change = (jwt) => jwt) {
    const jwt = claims(new SignJWT({ role: 'authenticated' }))
        .setProtectedHeader({ alg, typ: 'JWT', ...(kid && { kid }) });
    tokens.push({ name, status, token: await change(jwt).sign(key) });
}

for (const [alg, status] of [['RS256', 200], ['ES256', 200], ['PS256', 401],
    ['RS512', 401], ['ES384', 401], ['EdDSA', 401]])
{
    const kid = `jose-${alg}`;
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    keys.push({ ...await exportJWK(publicKey), kid, alg, use: 'sig' });
    await make(alg, status, alg, kid, privateKey);
    if (status === 200) {
        await make(`${alg}, expired`, 401, alg, kid, privateKey,
            (jwt) => jwt.setExpirationTime('-10m'));
        await make(`${alg}, early`, 401, alg, kid, privateKey, (jwt) => jwt.setNotBefore('10m'));
        await make(`${alg}, a list of audiences`, 200, alg, kid, privateKey,
            (jwt) => jwt.setAudience(['x', 'authenticated']));
        await make(`${alg}, without a kid`, 200, alg, undefined, privateKey);
    }
}
await make('HS256', 200, 'HS256', undefined, bytes);
await make('HS384', 401, 'HS384', undefined, bytes);
tokens.push({ name: 'none', status: 401, token: claims(new UnsecuredJWT({})).encode() });
tokens.push({ name: 'encrypted', status: 401,
    token: await claims(new EncryptJWT({})).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .encrypt(bytes.slice(0, 32)) });

console.log(JSON.stringify({ keys, tokens }));
