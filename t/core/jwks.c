/* Which keys of a JWK set are used. */

#include "core/auth/nt_jwks.h"

#include "t/core/jwt.h"

static EVP_PKEY *rsa, *ec;


static long long
count(nt_str_t json)
{
    const char *why = NULL;
    nt_jwks_t  *keys;
    long long   n = -1;

    if (nt_jwks_parse(json, &keys, &why) == NT_OK) {
        n = (long long) nt_jwks_count(keys);
        nt_jwks_free(keys);
    }

    return n;
}


/* A set of one key with more members is used, or not. */
static void
is_used(EVP_PKEY *key, const char *more, bool used, const char *name)
{
    nt_buf_t json = { 0 };

    nt_buf_append_str(&json, NT_STR("{\"keys\":["));
    jwk_append(&json, key, "k", more);
    nt_buf_append_str(&json, NT_STR("]}"));
    is_int(count(jwt_buf(&json)), used ? 1 : -1, name);
    nt_buf_free(&json);
}


static void
test_uses(void)
{
    EVP_PKEY *other;

    is_used(rsa, "", true, "RSA");
    is_used(rsa, "\"alg\":\"RS256\"", true, "RSA, RS256");
    is_used(rsa, "\"alg\":\"RS512\"", false, "RSA, RS512");
    is_used(rsa, "\"alg\":\"HS256\"", false, "RSA, HS256");
    is_used(rsa, "\"alg\":\"RSA-OAEP\"", false, "RSA to encrypt");
    is_used(rsa, "\"use\":\"enc\"", false, "use: enc");
    is_used(rsa, "\"use\":7", false, "use: a number");
    is_used(rsa, "\"key_ops\":[\"encrypt\",\"verify\"]", true, "key_ops");
    is_used(rsa, "\"key_ops\":[\"encrypt\"]", false, "key_ops: encrypt");
    is_used(rsa, "\"key_ops\":\"verify\"", false, "key_ops: no list");
    is_used(rsa, "\"d\":\"AQAB\"", false, "a private key");
    is_used(rsa, "\"x5c\":[\"xx\"],\"x5u\":\"http://evil.example/\"", true,
            "certificates are not looked at");
    is_used(ec, "", true, "EC");
    is_used(ec, "\"alg\":\"ES256\",\"use\":\"sig\"", true, "EC, ES256");
    is_used(ec, "\"alg\":\"ES384\"", false, "EC, ES384");
    is_used(ec, "\"alg\":\"RS256\"", false, "EC, RS256");

    other = EVP_EC_gen("P-384");
    is_used(other, "", false, "P-384");
    EVP_PKEY_free(other);
    other = EVP_RSA_gen(1024);
    is_used(other, "", false, "RSA with 1024 bits");
    EVP_PKEY_free(other);
    other = EVP_RSA_gen(2047);
    is_used(other, "", false, "RSA with 2047 bits");
    EVP_PKEY_free(other);
}


static void
test_texts(void)
{
    /* The example of RFC 7517, A.1, which has a P-256 and an RSA key. */
    static const char rfc[] =
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
        "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\","
        "\"use\":\"enc\",\"kid\":\"1\"},"
        "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM"
        "78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3oknjhMst"
        "n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368"
        "QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
        "bF"
        "TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8"
        "awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\","
        "\"kid\":\"2011-04-29\"}]}";

    static const struct {
        const char *json;
        const char *name;
    } bad[] = {
        { "", "nothing" },
        { "{}", "no keys" },
        { "[]", "a list" },
        { "{\"keys\":{}}", "keys are no list" },
        { "{\"keys\":[]}", "no key" },
        { "{\"keys\":[1,null,[],\"x\",{}]}", "no objects" },
        { "{\"keys\":[{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZg\"}]}",
          "a symmetric key" },
        { "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}]}",
          "Ed25519" },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
          "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
          "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyA\"}]}",
          "a point that is not on the curve" },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
          "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4=\","
          "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM=\"}]}",
          "padding" },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\","
          "\"y\":\"AA\"}]}",
          "short coordinates" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
          "a tiny modulus" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\"}]}", "no modulus" },
    };

    size_t   len = sizeof(rfc) - 1, taken = 0;
    nt_buf_t copy = { 0 };

    is_int(count(nt_str(rfc)), 1, "RFC 7517, A.1: the one to verify with");

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_int(count(nt_str(bad[i].json)), -1, bad[i].name);
    }

    for (size_t n = 0; n < len; n++) {
        char *cut = malloc(n + 1);

        memcpy(cut, rfc, n);
        taken += count((nt_str_t) { cut, n }) != -1;
        free(cut);
    }

    is_int((long long) taken, 0, "no beginning of a set is one");

    nt_buf_append_str(&copy, NT_STR("{\"keys\":[],"));
    nt_buf_append(&copy, rfc + 1, len - 1);
    is_int(count(jwt_buf(&copy)), -1, "a member that stands twice");
    nt_buf_free(&copy);
}


/* Exponents: 1 signs nothing, an even one is none, a long one is slow. */
static void
test_exponents(void)
{
    static const struct {
        const char *e;
        long long   n;
    } rows[] = { { "AQAB", 1 },      { "Aw", 1 }, { "AQ", -1 }, { "Ag", -1 },
                 { "AQAAAAAB", -1 }, { "", -1 },  { "AA", -1 }, { "A", -1 } };

    nt_buf_t json = { 0 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_buf_reset(&json);
        nt_buf_append_str(&json, NT_STR("{\"keys\":[{\"kty\":\"RSA\","));
        jwk_number(&json, rsa, OSSL_PKEY_PARAM_RSA_N, "n", 0);
        nt_buf_printf(&json, "\"e\":\"%s\"}]}", rows[i].e);
        is_int(count(jwt_buf(&json)), rows[i].n, rows[i].e);
    }

    nt_buf_free(&json);
}


static void
test_many(void)
{
    nt_buf_t json = { 0 };

    nt_buf_append_str(&json, NT_STR("{\"keys\":["));

    for (size_t i = 0; i < NT_JWKS_KEYS + 5; i++) {
        if (i > 0) {
            nt_buf_append_char(&json, ',');
        }

        jwk_append(&json, i % 2 ? rsa : ec, "k", "");
    }

    nt_buf_append_str(&json, NT_STR("]}"));
    is_int(count(jwt_buf(&json)), NT_JWKS_KEYS, "more keys than are used");

    nt_buf_reset(&json);
    nt_buf_append_str(&json, NT_STR("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\","
                                    "\"kid\":\"a\"},"));
    jwk_append(&json, ec, "a", "");
    nt_buf_append_str(&json, NT_STR("]}"));
    is_int(count(jwt_buf(&json)), 1, "a symmetric key is left out");

    nt_buf_reset(&json);
    nt_buf_append_str(&json, NT_STR("{\"keys\":["));
    jwk_append(&json, ec, "a", "");
    nt_buf_append_str(&json, NT_STR("],\"x\":\""));
    for (size_t i = 0; i < NT_JWKS_MAX; i++) {
        nt_buf_append_char(&json, 'x');
    }
    nt_buf_append_str(&json, NT_STR("\"}"));
    is_int(count(jwt_buf(&json)), -1, "too long a set");
    nt_buf_free(&json);
}


/* Several keys of one algorithm: a token has to say which. */
static void
test_verify(void)
{
    EVP_PKEY     *second = EVP_EC_gen("P-256");
    nt_buf_t      json = { 0 };
    nt_jwks_t    *keys;
    const char   *why;
    unsigned char sig[256];
    nt_str_t      text = NT_STR("a text"), none = { NULL, 0 }, signature;

    nt_buf_append_str(&json, NT_STR("{\"keys\":["));
    jwk_append(&json, ec, "a", "");
    nt_buf_append_char(&json, ',');
    jwk_append(&json, second, "a", "");
    nt_buf_append_str(&json, NT_STR("]}"));

    ok(nt_jwks_parse(jwt_buf(&json), &keys, &why) == NT_OK, "two of a name");

    signature.data = (const char *) sig;
    signature.len = jwt_sign(sig, sizeof(sig), text, second, false);

    is_int(nt_jwks_verify(keys, NT_JWT_ES256, NT_STR("a"), text, signature),
           NT_OK, "both are tried");
    is_int(nt_jwks_verify(keys, NT_JWT_ES256, none, text, signature), NT_AGAIN,
           "without a name, which one is not clear");
    is_int(nt_jwks_verify(keys, NT_JWT_RS256, NT_STR("a"), text, signature),
           NT_AGAIN, "another algorithm");
    is_int(nt_jwks_verify(keys, NT_JWT_ES256, NT_STR("a"), NT_STR("a tex"),
                          signature),
           NT_ERROR, "another text");
    is_int(nt_jwks_verify(NULL, NT_JWT_ES256, NT_STR("a"), text, signature),
           NT_AGAIN, "no keys");

    nt_jwks_free(keys);
    EVP_PKEY_free(second);
    nt_buf_free(&json);
}


int
main(void)
{
    rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");

    test_uses();
    test_texts();
    test_exponents();
    test_many();
    test_verify();

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);

    return done();
}
