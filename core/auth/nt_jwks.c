#include "core/auth/nt_jwks.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

#include "core/nt_token.h"

#define NT_RSA_MIN_BITS 2048
#define NT_RSA_MAX_BITS 8192
#define NT_RSA_E_MAX    4  /* bytes */
#define NT_EC_SIZE      32 /* bytes of a number of P-256 */

typedef struct {
    EVP_PKEY    *pkey; /* owned */
    nt_jwt_alg_t alg;
    bool         has_kid;
    size_t       kid_len;
    char         kid[NT_JWKS_KID_MAX];
} nt_jwk_t;

struct nt_jwks {
    size_t   n;
    nt_jwk_t keys[NT_JWKS_KEYS];
};


/* A member that is base64url; 0 when it is not, or does not fit. */
static size_t
nt_jwk_bytes(const json_t *jwk, const char *name, unsigned char *out,
             size_t size)
{
    const json_t *text = json_object_get(jwk, name);
    size_t        len;
    nt_str_t      str;

    if (!json_is_string(text)) {
        return 0;
    }

    str.data = json_string_value(text);
    str.len = json_string_length(text);

    return nt_base64url_decode(str, out, size, &len) == NT_OK ? len : 0;
}


static bool
nt_jwk_is(const json_t *jwk, const char *name, const char *value)
{
    const char *text = json_string_value(json_object_get(jwk, name));

    return text != NULL && strcmp(text, value) == 0;
}


/* Whether a key is there to verify signatures of this algorithm. */
static bool
nt_jwk_is_for(const json_t *jwk, const char *alg)
{
    const json_t *ops = json_object_get(jwk, "key_ops"), *op;
    size_t        i;
    bool          verify = ops == NULL;

    json_array_foreach(ops, i, op)
    {
        verify = verify || (json_is_string(op) &&
                            strcmp(json_string_value(op), "verify") == 0);
    }

    return verify &&
           (json_object_get(jwk, "use") == NULL ||
            nt_jwk_is(jwk, "use", "sig")) &&
           (json_object_get(jwk, "alg") == NULL || nt_jwk_is(jwk, "alg", alg));
}


static EVP_PKEY *
nt_jwk_make(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY     *pkey = NULL;
    OSSL_PARAM   *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
    {
        pkey = NULL;
    }

    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);

    return pkey;
}


static EVP_PKEY *
nt_jwk_rsa(const json_t *jwk)
{
    unsigned char   n[NT_RSA_MAX_BITS / 8], e[NT_RSA_E_MAX];
    size_t          n_len = nt_jwk_bytes(jwk, "n", n, sizeof(n));
    size_t          e_len = nt_jwk_bytes(jwk, "e", e, sizeof(e));
    EVP_PKEY       *pkey = NULL;
    BIGNUM         *bn_n, *bn_e;
    OSSL_PARAM_BLD *build;

    if (n_len == 0 || e_len == 0) {
        return NULL;
    }

    bn_n = BN_bin2bn(n, (int) n_len, NULL);
    bn_e = BN_bin2bn(e, (int) e_len, NULL);
    build = OSSL_PARAM_BLD_new();

    if (bn_n != NULL && bn_e != NULL && build != NULL &&
        BN_num_bits(bn_n) >= NT_RSA_MIN_BITS && BN_is_odd(bn_n) &&
        BN_is_odd(bn_e) && !BN_is_one(bn_e) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, bn_n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, bn_e) == 1)
    {
        pkey = nt_jwk_make("RSA", build);
    }

    OSSL_PARAM_BLD_free(build);
    BN_free(bn_n);
    BN_free(bn_e);

    return pkey;
}


/* A point that is not on the curve is refused by OpenSSL. */
static EVP_PKEY *
nt_jwk_ec(const json_t *jwk)
{
    unsigned char   point[1 + 2 * NT_EC_SIZE];
    unsigned char  *x = point + 1, *y = x + NT_EC_SIZE;
    EVP_PKEY       *pkey = NULL;
    OSSL_PARAM_BLD *build;

    if (!nt_jwk_is(jwk, "crv", "P-256") ||
        nt_jwk_bytes(jwk, "x", x, NT_EC_SIZE) != NT_EC_SIZE ||
        nt_jwk_bytes(jwk, "y", y, NT_EC_SIZE) != NT_EC_SIZE)
    {
        return NULL;
    }

    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    build = OSSL_PARAM_BLD_new();

    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                        "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         sizeof(point)) == 1)
    {
        pkey = nt_jwk_make("EC", build);
    }

    OSSL_PARAM_BLD_free(build);

    return pkey;
}


static bool
nt_jwk_import(nt_jwk_t *key, const json_t *jwk)
{
    const json_t *kid = json_object_get(jwk, "kid");

    key->pkey = NULL;
    key->has_kid = kid != NULL;
    key->kid_len = 0;

    if (kid != NULL) {
        if (!json_is_string(kid) || json_string_length(kid) > sizeof(key->kid))
        {
            return false;
        }

        key->kid_len = json_string_length(kid);
        memcpy(key->kid, json_string_value(kid), key->kid_len);
    }

    /* a private key that is published is nobody's any more */

    if (json_object_get(jwk, "d") != NULL) {
        return false;
    }

    if (nt_jwk_is(jwk, "kty", "RSA") && nt_jwk_is_for(jwk, "RS256")) {
        key->alg = NT_JWT_RS256;
        key->pkey = nt_jwk_rsa(jwk);

    } else if (nt_jwk_is(jwk, "kty", "EC") && nt_jwk_is_for(jwk, "ES256")) {
        key->alg = NT_JWT_ES256;
        key->pkey = nt_jwk_ec(jwk);
    }

    return key->pkey != NULL;
}


nt_rc_t
nt_jwks_parse(nt_str_t json, nt_jwks_t **keys, const char **why)
{
    size_t     i;
    json_t    *root = NULL, *array, *jwk;
    nt_jwks_t *set;

    *keys = NULL;

    if (json.len <= NT_JWKS_MAX) {
        root = json_loadb(json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
    }

    array = json_object_get(root, "keys");

    if (!json_is_array(array)) {
        json_decref(root);
        *why = "it is no JWK set";
        return NT_ERROR;
    }

    set = calloc(1, sizeof(*set));
    if (set == NULL) {
        json_decref(root);
        *why = "out of memory";
        return NT_NOMEM;
    }

    json_array_foreach(array, i, jwk)
    {
        if (set->n < NT_JWKS_KEYS && nt_jwk_import(&set->keys[set->n], jwk)) {
            set->n++;
        }
    }

    json_decref(root);
    ERR_clear_error();

    if (set->n == 0) {
        free(set);
        *why = "it has no key that verifies RS256 or ES256";
        return NT_ERROR;
    }

    *keys = set;

    return NT_OK;
}


void
nt_jwks_free(nt_jwks_t *keys)
{
    if (keys == NULL) {
        return;
    }

    for (size_t i = 0; i < keys->n; i++) {
        EVP_PKEY_free(keys->keys[i].pkey);
    }

    free(keys);
}


size_t
nt_jwks_count(const nt_jwks_t *keys)
{
    return keys != NULL ? keys->n : 0;
}


/* JWS has the two numbers of an ECDSA signature side by side (RFC 7518,
 * 3.4), OpenSSL wants them in DER; to be freed by OPENSSL_free(). */
static unsigned char *
nt_jwks_ecdsa_der(nt_str_t signature, size_t *len)
{
    int                  n;
    BIGNUM              *r, *s;
    ECDSA_SIG           *sig;
    unsigned char       *der = NULL;
    const unsigned char *raw = (const unsigned char *) signature.data;

    sig = ECDSA_SIG_new();
    r = BN_bin2bn(raw, NT_EC_SIZE, NULL);
    s = BN_bin2bn(raw + NT_EC_SIZE, NT_EC_SIZE, NULL);

    if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1)
    {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return NULL;
    }

    n = i2d_ECDSA_SIG(sig, &der);
    ECDSA_SIG_free(sig);

    if (n <= 0) {
        return NULL;
    }

    *len = (size_t) n;

    return der;
}


static nt_rc_t
nt_jwk_verify(const nt_jwk_t *key, nt_str_t text, nt_str_t signature)
{
    int                  rc = -1;
    size_t               len = signature.len;
    EVP_MD_CTX          *ctx;
    unsigned char       *der = NULL;
    const unsigned char *sig = (const unsigned char *) signature.data;

    if (key->alg == NT_JWT_ES256) {
        if (signature.len != 2 * NT_EC_SIZE) {
            return NT_ERROR;
        }

        der = nt_jwks_ecdsa_der(signature, &len);
        if (der == NULL) {
            return NT_NOMEM;
        }

        sig = der;
    }

    ctx = EVP_MD_CTX_new();

    if (ctx != NULL &&
        EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1)
    {
        rc = EVP_DigestVerify(ctx, sig, len, (const unsigned char *) text.data,
                              text.len);
        rc = rc == 1 ? 1 : 0;
    }

    EVP_MD_CTX_free(ctx);
    OPENSSL_free(der);

    /* nginx takes what is left there for a fault of its own connections */
    ERR_clear_error();

    return rc == 1 ? NT_OK : rc == 0 ? NT_ERROR : NT_NOMEM;
}


nt_rc_t
nt_jwks_verify(const nt_jwks_t *keys, nt_jwt_alg_t alg, nt_str_t kid,
               nt_str_t signed_text, nt_str_t signature)
{
    size_t          same = 0;
    nt_rc_t         rc = NT_AGAIN;
    const nt_jwk_t *key;

    for (size_t i = 0; kid.data == NULL && i < nt_jwks_count(keys); i++) {
        same += keys->keys[i].alg == alg;
    }

    if (same > 1) {
        return NT_AGAIN;
    }

    for (size_t i = 0; i < nt_jwks_count(keys); i++) {
        key = &keys->keys[i];

        if (key->alg != alg) {
            continue;
        }

        if (kid.data != NULL &&
            (!key->has_kid ||
             !nt_str_eq(kid, (nt_str_t) { key->kid, key->kid_len })))
        {
            continue;
        }

        rc = nt_jwk_verify(key, signed_text, signature);

        if (rc != NT_ERROR) {
            return rc;
        }
    }

    return rc;
}
