/*
 * t/core/jwt.h - keys and tokens for tests, made with OpenSSL alone.
 */

#ifndef JWT_H
#define JWT_H

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/nt_buf.h"
#include "core/nt_token.h"
#include "t/core/tap.h"

static inline nt_str_t
jwt_buf(const nt_buf_t *buf)
{
    return (nt_str_t) { buf->data, buf->len };
}

static inline void
jwt_part(nt_buf_t *buf, const char *json)
{
    nt_base64url(buf, (const unsigned char *) json, strlen(json));
}

/* A number of a key as a member of its JWK: "n":"...", */
static inline void
jwk_number(nt_buf_t *buf, const EVP_PKEY *key, const char *param,
           const char *name, int size)
{
    int           len;
    BIGNUM       *bn = NULL;
    unsigned char bytes[1024];

    EVP_PKEY_get_bn_param(key, param, &bn);
    len = size > 0 ? BN_bn2binpad(bn, bytes, size) : BN_bn2bin(bn, bytes);
    BN_free(bn);

    nt_buf_printf(buf, "\"%s\":\"", name);
    nt_base64url(buf, bytes, (size_t) len);
    nt_buf_append_str(buf, NT_STR("\","));
}

/* {"kty":...,"kid":...}, with more members, written as "\"use\":\"sig\"". */
static inline void
jwk_append(nt_buf_t *buf, const EVP_PKEY *key, const char *kid,
           const char *more)
{
    if (EVP_PKEY_is_a(key, "RSA")) {
        nt_buf_append_str(buf, NT_STR("{\"kty\":\"RSA\","));
        jwk_number(buf, key, OSSL_PKEY_PARAM_RSA_N, "n", 0);
        jwk_number(buf, key, OSSL_PKEY_PARAM_RSA_E, "e", 0);

    } else {
        int size = (EVP_PKEY_get_bits(key) + 7) / 8;

        nt_buf_printf(buf, "{\"kty\":\"EC\",\"crv\":\"P-%d\",",
                      EVP_PKEY_get_bits(key));
        jwk_number(buf, key, OSSL_PKEY_PARAM_EC_PUB_X, "x", size);
        jwk_number(buf, key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", size);
    }

    nt_buf_printf(buf, "%s%s\"kid\":\"%s\"}", more, more[0] ? "," : "", kid);
}

/* The signature as a JWS has it: of ECDSA r and s, or as OpenSSL has it. */
static inline size_t
jwt_sign(unsigned char *out, size_t size, nt_str_t text, EVP_PKEY *key,
         bool der)
{
    size_t         len = size;
    EVP_MD_CTX    *ctx = EVP_MD_CTX_new();
    ECDSA_SIG     *sig;
    int            half = (EVP_PKEY_get_bits(key) + 7) / 8;
    const uint8_t *p = out;

    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key);
    EVP_DigestSign(ctx, out, &len, (const unsigned char *) text.data, text.len);
    EVP_MD_CTX_free(ctx);

    if (EVP_PKEY_is_a(key, "EC") && !der) {
        sig = d2i_ECDSA_SIG(NULL, &p, (long) len);
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half);
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half);
        ECDSA_SIG_free(sig);
        len = 2 * (size_t) half;
    }

    return len;
}

static inline void
jwt_make(nt_buf_t *token, const char *header, const char *payload,
         EVP_PKEY *key)
{
    unsigned char sig[2048];

    nt_buf_reset(token);
    jwt_part(token, header);
    nt_buf_append_char(token, '.');
    jwt_part(token, payload);

    size_t len = jwt_sign(sig, sizeof(sig), jwt_buf(token), key, false);

    nt_buf_append_char(token, '.');
    nt_base64url(token, sig, len);
}

static inline void
jwt_make_hs256(nt_buf_t *token, const char *header, const char *payload,
               nt_str_t secret)
{
    unsigned      len;
    unsigned char mac[EVP_MAX_MD_SIZE];

    nt_buf_reset(token);
    jwt_part(token, header);
    nt_buf_append_char(token, '.');
    jwt_part(token, payload);

    HMAC(EVP_sha256(), secret.data, (int) secret.len,
         (const unsigned char *) token->data, token->len, mac, &len);

    nt_buf_append_char(token, '.');
    nt_base64url(token, mac, len);
}

#endif
