"""Tokens made by PyJWT, as jwt.mjs makes them."""

import json
import sys
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

issuer, secret = sys.argv[1:]
keys, tokens = [], []


def make(name, status, alg, key, kid=None, **changes):
    now = int(time.time())
    claims = {"iss": issuer, "aud": "authenticated", "sub": "user-pyjwt",
              "iat": now, "exp": now + 600, **changes}
    headers = {"kid": kid} if kid else {}
    tokens.append({"name": name, "status": status,
                   "token": jwt.encode(claims, key, algorithm=alg, headers=headers)})


RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()

for kid, algorithm, key in (("rsa", RSAAlgorithm, RSA), ("p256", ECAlgorithm, P256),
                            ("p384", ECAlgorithm, P384), ("ed", OKPAlgorithm, ED)):
    keys.append({**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid})

for alg, key, kid, status in (("RS256", RSA, "rsa", 200), ("ES256", P256, "p256", 200),
                              ("PS256", RSA, "rsa", 401), ("RS384", RSA, "rsa", 401),
                              ("ES384", P384, "p384", 401), ("EdDSA", ED, "ed", 401),
                              ("HS256", secret, None, 200), ("HS512", secret, None, 401)):
    make(alg, status, alg, key, kid)
    if status == 200:
        make(f"{alg}, expired", 401, alg, key, kid, exp=int(time.time()) - 600)
        make(f"{alg}, early", 401, alg, key, kid, nbf=int(time.time()) + 600)
        make(f"{alg}, another audience", 401, alg, key, kid, aud="x")
        make(f"{alg}, times with fractions", 200, alg, key, kid, exp=time.time() + 600)
make("none", 401, "none", None)

print(json.dumps({"keys": keys, "tokens": tokens}))
