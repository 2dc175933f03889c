/* What is a token, whose signature is good, and what its claims may be. */

#include "core/auth/nt_jwt.h"

#include "t/core/jwt.h"

#define NOW    1800000000
#define ISSUER "https://issuer.example/auth/v1"
#define SECRET "0123456789abcdef0123456789abcdef"
#define GOOD                                                                   \
    "\"iss\":\"" ISSUER "\",\"aud\":\"authenticated\",\"sub\":\"user-a\""
#define TIMES   "\"exp\":1800000600,\"iat\":1799999000"
#define PAYLOAD "{" GOOD "," TIMES "}"

static EVP_PKEY   *rsa, *ec;
static nt_jwks_t  *keys;
static nt_buf_t    token;
static const char *why;

static const nt_str_t secrets[] = {
    { "another secret, which is the older one", 38 }, { SECRET, 32 }
};
static const nt_str_t audiences[] = { { "authenticated", 13 },
                                      { "second", 6 } };

static nt_jwt_rules_t rules = { .secrets = secrets,
                                .n_secrets = 2,
                                .issuer = { ISSUER, sizeof(ISSUER) - 1 },
                                .audiences = audiences,
                                .n_audiences = 2,
                                .leeway = 30,
                                .admin_claim = { "role", 4 },
                                .admin_value = { "service_role", 12 },
                                .service_user = { "1", 1 } };


static nt_jwt_rc_t
verify(nt_jwt_t *jwt)
{
    return nt_jwt_verify(jwt_buf(&token), &rules, NOW, jwt);
}


static void
setup(void)
{
    nt_buf_t jwks = { 0 };

    rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");

    nt_buf_append_str(&jwks, NT_STR("{\"keys\":["));
    jwk_append(&jwks, rsa, "rsa-1", "\"use\":\"sig\",\"alg\":\"RS256\"");
    nt_buf_append_char(&jwks, ',');
    jwk_append(&jwks, ec, "ec-1", "\"key_ops\":[\"verify\"]");
    nt_buf_append_str(&jwks, NT_STR("]}"));

    ok(nt_jwks_parse(jwt_buf(&jwks), &keys, &why) == NT_OK, "keys");
    is_int((long long) nt_jwks_count(keys), 2, "two of them");
    rules.keys = keys;
    nt_buf_free(&jwks);
}


static void
test_good(void)
{
    nt_jwt_t jwt;

    jwt_make_hs256(&token, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", PAYLOAD,
                   secrets[1]);
    is_int(verify(&jwt), NT_JWT_OK, "HS256");
    is_str((nt_str_t) { jwt.user, jwt.user_len }, "user-a", "... user");
    is_int(jwt.exp, 1800000600, "... exp");
    ok(!jwt.admin, "... no administrator");

    jwt_make_hs256(&token, "{\"alg\":\"HS256\",\"kid\":\"x\"}", PAYLOAD,
                   secrets[0]);
    is_int(verify(&jwt), NT_JWT_OK, "HS256, the other secret, any kid");

    jwt_make(&token, "{\"alg\":\"RS256\",\"kid\":\"rsa-1\"}", PAYLOAD, rsa);
    is_int(verify(&jwt), NT_JWT_OK, "RS256");
    jwt_make(&token, "{\"alg\":\"RS256\"}", PAYLOAD, rsa);
    is_int(verify(&jwt), NT_JWT_OK, "RS256 without a kid: the only key");
    jwt_make(&token, "{\"alg\":\"ES256\",\"kid\":\"ec-1\"}", PAYLOAD, ec);
    is_int(verify(&jwt), NT_JWT_OK, "ES256");

    jwt_make(&token, "{\"alg\":\"RS256\",\"kid\":\"ec-1\"}", PAYLOAD, rsa);
    is_int(verify(&jwt), NT_JWT_KEY, "the kid of a key of another kind");
    jwt_make(&token, "{\"alg\":\"ES256\",\"kid\":\"rsa-1\"}", PAYLOAD, ec);
    is_int(verify(&jwt), NT_JWT_KEY, "... the other way round");
    jwt_make(&token, "{\"alg\":\"RS256\",\"kid\":\"rsa-2\"}", PAYLOAD, rsa);
    is_int(verify(&jwt), NT_JWT_KEY, "a kid that is not known");
    jwt_make(&token, "{\"alg\":\"RS256\",\"kid\":\"\"}", PAYLOAD, rsa);
    is_int(verify(&jwt), NT_JWT_KEY, "an empty kid");

    rules.keys = NULL;
    jwt_make(&token, "{\"alg\":\"RS256\",\"kid\":\"rsa-1\"}", PAYLOAD, rsa);
    is_int(verify(&jwt), NT_JWT_KEY, "no keys yet");
    rules.keys = keys;
}


static void
test_headers(void)
{
    static const struct {
        const char *header;
        nt_jwt_rc_t rc;
    } rows[] = {
        { "{\"alg\":\"HS256\"}", NT_JWT_OK },
        { "{\"typ\":\"jwt\",\"alg\":\"HS256\"}", NT_JWT_OK },
        { "{\"typ\":\"at+jwt\",\"alg\":\"HS256\"}", NT_JWT_OK },
        { "{\"typ\":\"application/at+JWT\",\"alg\":\"HS256\"}", NT_JWT_OK },
        { "{\"alg\":\"HS256\",\"jku\":\"http://evil.example/\",\"x5u\":\"x\","
          "\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},\"x5c\":[]}",
          NT_JWT_OK },
        { "{\"alg\":\"none\"}", NT_JWT_MALFORMED },
        { "{\"alg\":\"None\"}", NT_JWT_MALFORMED },
        { "{\"alg\":\"nOnE\"}", NT_JWT_MALFORMED },
        { "{\"alg\":\"NONE\"}", NT_JWT_MALFORMED },
        { "{\"alg\":\"\"}", NT_JWT_ALG },
        { "{\"alg\":\"hs256\"}", NT_JWT_ALG },
        { "{\"alg\":\"HS256 \"}", NT_JWT_ALG },
        { "{\"alg\":\"HS512\"}", NT_JWT_ALG },
        { "{\"alg\":\"PS256\"}", NT_JWT_ALG },
        { "{\"alg\":\"EdDSA\"}", NT_JWT_ALG },
        { "{\"alg\":null}", NT_JWT_MALFORMED },
        { "{\"alg\":[\"HS256\"]}", NT_JWT_MALFORMED },
        { "{\"alg\":256}", NT_JWT_MALFORMED },
        { "{\"typ\":\"JWT\"}", NT_JWT_MALFORMED },
        { "{}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", NT_JWT_OPAQUE },
        { "{\"alg\":\"none\",\"alg\":\"HS256\"}", NT_JWT_OPAQUE },
        { "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", NT_JWT_OPAQUE },
        { "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}",
          NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"crit\":[]}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"b64\":false}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"b64\":true}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"cty\":\"JWT\"}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"typ\":7}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"kid\":7}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"kid\":null}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"kid\":{}}", NT_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"kid\":\"a\\u0000b\"}", NT_JWT_OPAQUE },
        { "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}", NT_JWT_OK },
        { "{\"alg\":\"HS256\"} ", NT_JWT_OK },
        { "{\"alg\":\"HS256\"}x", NT_JWT_OPAQUE },
        { "{\"alg\":\"HS256\"", NT_JWT_OPAQUE },
        { "[\"HS256\"]", NT_JWT_OPAQUE },
        { "\"HS256\"", NT_JWT_OPAQUE },
        { "{\"alg\":\"HS256\",\"x\":\"\xff\"}", NT_JWT_OPAQUE },
        { "\xef\xbb\xbf{\"alg\":\"HS256\"}", NT_JWT_OPAQUE },
        { "", NT_JWT_OPAQUE },
    };

    nt_jwt_t jwt;
    char     kid[300] = { 0 }, header[400];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        jwt_make_hs256(&token, rows[i].header, PAYLOAD, secrets[1]);
        is_int(verify(&jwt), rows[i].rc, rows[i].header);
    }

    memset(kid, 'k', NT_JWKS_KID_MAX);
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kid);
    jwt_make_hs256(&token, header, PAYLOAD, secrets[1]);
    is_int(verify(&jwt), NT_JWT_OK, "the longest kid");
    kid[NT_JWKS_KID_MAX] = 'k';
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kid);
    jwt_make_hs256(&token, header, PAYLOAD, secrets[1]);
    is_int(verify(&jwt), NT_JWT_MALFORMED, "one that is too long");
}


static void
test_claims(void)
{
    static const struct {
        const char *payload;
        nt_jwt_rc_t rc;
    } rows[] = {
        { "{" GOOD ",\"exp\":1800000600}", NT_JWT_OK },
        { "{" GOOD ",\"exp\":1800000000}", NT_JWT_OK }, /* by the leeway */
        { "{" GOOD ",\"exp\":1799999971}", NT_JWT_OK },
        { "{" GOOD ",\"exp\":1799999970}", NT_JWT_EXPIRED },
        { "{" GOOD ",\"exp\":1800000600.5}", NT_JWT_OK },
        { "{" GOOD ",\"exp\":1.8000006e9}", NT_JWT_OK },
        { "{" GOOD ",\"exp\":0}", NT_JWT_EXPIRED },
        { "{" GOOD "}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":\"1800000600\"}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":-1}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":-1800000600}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":null}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":true}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":[1800000600]}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":253402300799}", NT_JWT_OK },
        { "{" GOOD ",\"exp\":253402300800}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":9223372036854775807}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":1e300}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":18446744073709551616}", NT_JWT_MALFORMED },
        { "{" GOOD ",\"exp\":1e999}", NT_JWT_MALFORMED },
        { "{" GOOD ",\"exp\":NaN}", NT_JWT_MALFORMED },
        { "{" GOOD ",\"exp\":1800000600,\"exp\":1}", NT_JWT_MALFORMED },
        { "{" GOOD "," TIMES ",\"sub\":\"user-b\"}", NT_JWT_MALFORMED },
        { "{" GOOD "," TIMES ",\"nbf\":1800000030}", NT_JWT_OK },
        { "{" GOOD "," TIMES ",\"nbf\":1800000031}", NT_JWT_EARLY },
        { "{" GOOD "," TIMES ",\"nbf\":\"0\"}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":1800000600,\"iat\":1800000031}", NT_JWT_EARLY },
        { "{" GOOD ",\"exp\":1800000600,\"iat\":\"now\"}", NT_JWT_CLAIMS },
        { "{\"iss\":\"" ISSUER "\",\"aud\":[\"x\",\"second\"],\"sub\":\"u\","
          "" TIMES "}",
          NT_JWT_OK },
        { "{\"iss\":\"" ISSUER "\",\"aud\":[\"x\",7],\"sub\":\"u\"," TIMES "}",
          NT_JWT_AUDIENCE },
        { "{\"iss\":\"" ISSUER "\",\"aud\":[],\"sub\":\"u\"," TIMES "}",
          NT_JWT_AUDIENCE },
        { "{\"iss\":\"" ISSUER "\",\"aud\":\"Authenticated\",\"sub\":\"u\","
          "" TIMES "}",
          NT_JWT_AUDIENCE },
        { "{\"iss\":\"" ISSUER "\",\"aud\":{\"authenticated\":1},"
          "\"sub\":\"u\"," TIMES "}",
          NT_JWT_AUDIENCE },
        { "{\"iss\":\"" ISSUER "\",\"sub\":\"u\"," TIMES "}", NT_JWT_AUDIENCE },
        { "{\"iss\":\"" ISSUER "/\",\"aud\":\"second\",\"sub\":\"u\"," TIMES
          "}",
          NT_JWT_ISSUER },
        { "{\"iss\":[\"" ISSUER "\"],\"aud\":\"second\",\"sub\":\"u\"," TIMES
          "}",
          NT_JWT_ISSUER },
        { "{\"aud\":\"second\",\"sub\":\"u\"," TIMES "}", NT_JWT_ISSUER },
        { "{\"iss\":\"" ISSUER "\",\"aud\":\"second\"," TIMES "}",
          NT_JWT_CLAIMS },
        { "[]", NT_JWT_MALFORMED },
        { "null", NT_JWT_MALFORMED },
        { "", NT_JWT_MALFORMED },
        { "eyJhbGciOiJIUzI1NiJ9.e30.x", NT_JWT_MALFORMED },
    };

    nt_jwt_t jwt;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", rows[i].payload,
                       secrets[1]);
        is_int(verify(&jwt), rows[i].rc, rows[i].payload);
    }
}


static void
test_users(void)
{
    static const char *const good[] = {
        "a",          "00000000-0000-4000-8000-0",
        "auth0|64b",  "me@example.com",
        "11",         "x.y",
        "a+b=c:d;e'f"
    };
    static const char *const bad[] = {
        "",    "1",     ".",      "..",      ".threads", "a/b", "a\\\\b",
        "a b", "a\\nb", "a\\\"b", "\\u00fc", "a\\u007f", "\\t"
    };

    nt_jwt_t jwt;
    char     payload[1024], user[NT_JWT_USER_MAX + 2] = { 0 };
    size_t   n_good = sizeof(good) / sizeof(good[0]);

    for (size_t i = 0; i < n_good + sizeof(bad) / sizeof(bad[0]); i++) {
        const char *sub = i < n_good ? good[i] : bad[i - n_good];

        snprintf(payload, sizeof(payload),
                 "{\"iss\":\"" ISSUER "\",\"aud\":\"second\",\"sub\":\"%s\","
                 "" TIMES "}",
                 sub);
        jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", payload, secrets[1]);
        ok(verify(&jwt) == (i < n_good ? NT_JWT_OK : NT_JWT_CLAIMS),
           "user '%s'", sub);
    }

    memset(user, 'u', NT_JWT_USER_MAX);
    ok(nt_jwt_user_valid(nt_str(user)), "the longest user");
    user[NT_JWT_USER_MAX] = 'u';
    ok(!nt_jwt_user_valid(nt_str(user)), "one that is too long");
}


static void
test_admin(void)
{
    static const struct {
        const char *claim; /* of the rule, with its value after a blank */
        const char *members;
        bool        admin;
    } rows[] = {
        { "role service_role", "\"role\":\"service_role\"", true },
        { "role service_role", "\"role\":\"authenticated\"", false },
        { "role service_role", "\"role\":[\"x\",\"service_role\"]", true },
        { "role service_role", "\"role\":{\"service_role\":true}", false },
        { "role service_role", "\"role\":true", false },
        { "role service_role", "\"x\":1", false },
        { "realm_access.roles admin",
          "\"realm_access\":{\"roles\":[\"user\",\"admin\"]}", true },
        { "realm_access.roles admin", "\"realm_access\":[\"admin\"]", false },
        { "realm_access.roles admin", "\"realm_access\":\"admin\"", false },
        { "https://a.example/roles admin",
          "\"https://a.example/roles\":\"admin\"", true },
        { "a.b.c admin", "\"a\":{\"b\":{\"c\":\"admin\"}}", true },
        { "a.b.c admin", "\"a\":{\"b.c\":\"admin\"}", false },
        { "a. admin", "\"a\":{\"\":\"admin\"}", false },
        { " admin", "\"\":\"admin\"", false },
    };

    nt_jwt_t       jwt;
    char           payload[512];
    nt_jwt_rules_t saved = rules;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *blank = strchr(rows[i].claim, ' ');

        rules.admin_claim.data = rows[i].claim;
        rules.admin_claim.len = (size_t) (blank - rows[i].claim);
        rules.admin_value = nt_str(blank + 1);

        snprintf(payload, sizeof(payload), "{" GOOD "," TIMES ",%s}",
                 rows[i].members);
        jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", payload, secrets[1]);
        ok(verify(&jwt) == NT_JWT_OK && jwt.admin == rows[i].admin, "%s: %s",
           rows[i].claim, rows[i].members);
    }

    rules = saved;
}


/* Supabase's own keys, as its dashboard shows them. */
static void
test_service(void)
{
#define SERVICE "\"iss\":\"supabase\",\"ref\":\"abc\","
    static const struct {
        const char *payload;
        nt_jwt_rc_t rc;
    } rows[] = {
        { "{" SERVICE "\"role\":\"service_role\"," TIMES "}", NT_JWT_OK },
        { "{" SERVICE "\"role\":\"anon\"," TIMES "}", NT_JWT_CLAIMS },
        { "{" SERVICE TIMES "}", NT_JWT_CLAIMS },
        { "{" SERVICE "\"role\":\"service_role\",\"exp\":1}", NT_JWT_EXPIRED },
        { "{" SERVICE "\"role\":\"service_role\",\"sub\":\"a\"," TIMES "}",
          NT_JWT_ISSUER },
        { "{" SERVICE "\"role\":\"service_role\",\"aud\":\"x\"," TIMES "}",
          NT_JWT_ISSUER },
    };

    nt_jwt_t jwt;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", rows[i].payload,
                       secrets[1]);
        is_int(verify(&jwt), rows[i].rc, rows[i].payload);
    }

    jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", rows[0].payload, secrets[1]);
    ok(verify(&jwt) == NT_JWT_OK && jwt.admin && jwt.user_len == 1,
       "a service key administers, as user 1");

    jwt_make(&token, "{\"alg\":\"ES256\",\"kid\":\"ec-1\"}", rows[0].payload,
             ec);
    is_int(verify(&jwt), NT_JWT_ISSUER, "the same, not signed by the secret");

    rules.service_user.len = 0;
    jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", rows[0].payload, secrets[1]);
    is_int(verify(&jwt), NT_JWT_ISSUER, "the same, not at Supabase");
    rules.service_user.len = 1;
}


static void
test_secrets(void)
{
    nt_jwt_t jwt;
    nt_buf_t pem = { 0 };
    char     text[2048];
    BIO     *bio = BIO_new(BIO_s_mem());
    int      len;
    uint8_t *der = NULL;
    nt_buf_t jwk = { 0 };
    nt_str_t public[3];

    PEM_write_bio_PUBKEY(bio, rsa);
    len = BIO_read(bio, text, sizeof(text));
    nt_buf_append(&pem, text, (size_t) len);
    BIO_free(bio);
    len = i2d_PUBKEY(rsa, &der);
    jwk_append(&jwk, rsa, "rsa-1", "\"use\":\"sig\",\"alg\":\"RS256\"");

    public[0] = jwt_buf(&pem);
    public[1] = (nt_str_t) { (char *) der, (size_t) len };
    public[2] = jwt_buf(&jwk);

    for (size_t i = 0; i < 3; i++) {
        jwt_make_hs256(&token, "{\"alg\":\"HS256\",\"kid\":\"rsa-1\"}", PAYLOAD,
                       public[i]);
        is_int(verify(&jwt), NT_JWT_SIGNATURE, "signed by a public key");

        rules.n_secrets = 0;
        is_int(verify(&jwt), NT_JWT_ALG, "... and there is no secret");
        rules.n_secrets = 2;
    }

    jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", PAYLOAD, NT_STR(""));
    is_int(verify(&jwt), NT_JWT_SIGNATURE, "signed by an empty secret");
    jwt_make_hs256(&token, "{\"alg\":\"RS256\",\"kid\":\"rsa-1\"}", PAYLOAD,
                   secrets[1]);
    is_int(verify(&jwt), NT_JWT_SIGNATURE, "an HMAC that says RS256");

    OPENSSL_free(der);
    nt_buf_free(&pem);
    nt_buf_free(&jwk);
}


/* What an issuer says that was asked. */
static void
test_vouched(void)
{
    static const struct {
        const char *payload; /* NULL: an opaque token */
        const char *info;
        nt_jwt_rc_t rc;
    } rows[] = {
        { NULL, "{\"id\":\"user-a\",\"aud\":\"authenticated\"}", NT_JWT_OK },
        { NULL, "{\"sub\":\"user-a\"}", NT_JWT_OK },
        { NULL, "{\"sub\":\"user-a\",\"id\":7}", NT_JWT_OK },
        { NULL, "{\"sub\":7,\"id\":\"user-a\"}", NT_JWT_CLAIMS },
        { NULL, "{\"id\":\"user-a\",\"aud\":\"x\"}", NT_JWT_AUDIENCE },
        { NULL, "{\"id\":\"1\"}", NT_JWT_CLAIMS },
        { NULL, "{\"id\":\"a/b\"}", NT_JWT_CLAIMS },
        { NULL, "{}", NT_JWT_CLAIMS },
        { NULL, "[]", NT_JWT_NOMEM },
        { NULL, "", NT_JWT_NOMEM },
        { NULL, "<html>", NT_JWT_NOMEM },
        { NULL, "{\"id\":\"b\",\"id\":\"user-a\"}", NT_JWT_NOMEM },
        { PAYLOAD, "{\"id\":\"user-a\"}", NT_JWT_OK },
        { PAYLOAD, "{\"id\":\"user-b\"}", NT_JWT_CLAIMS },
        { "{" GOOD ",\"exp\":1}", "{\"id\":\"user-a\"}", NT_JWT_EXPIRED },
        { "{" GOOD "}", "{\"id\":\"user-a\"}", NT_JWT_CLAIMS },
        { "{\"iss\":\"x\"," TIMES "}", "{\"id\":\"user-a\"}", NT_JWT_ISSUER },
        { "{" SERVICE "\"role\":\"service_role\"," TIMES "}",
          "{\"id\":\"user-a\"}", NT_JWT_ISSUER },
    };

    nt_jwt_t jwt;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_buf_reset(&token);
        nt_buf_append_str(&token, NT_STR("opaque.token.x"));

        if (rows[i].payload != NULL) {
            jwt_make_hs256(&token, "{\"alg\":\"HS512\"}", rows[i].payload,
                           secrets[1]);
        }

        is_int(nt_jwt_vouched(jwt_buf(&token), nt_str(rows[i].info), &rules,
                              NOW, &jwt),
               rows[i].rc, rows[i].info);

        if (rows[i].rc == NT_JWT_OK) {
            is_str((nt_str_t) { jwt.user, jwt.user_len }, "user-a", "... user");
            is_int(jwt.exp, rows[i].payload != NULL ? 1800000600 : INT64_MAX,
                   "... exp");
        }
    }

    nt_buf_reset(&token);
    nt_buf_append_str(&token, NT_STR("opaque"));
    ok(nt_jwt_vouched(jwt_buf(&token),
                      NT_STR("{\"id\":\"a\",\"role\":\"service_role\"}"),
                      &rules, NOW, &jwt) == NT_JWT_OK &&
           jwt.admin,
       "an administrator, by what the issuer says");
}


/* The token so far, up to its second dot, with another signature. */
static nt_jwt_rc_t
verify_with(const unsigned char *sig, size_t len)
{
    nt_jwt_t jwt;
    size_t   n = token.len;

    while (token.data[n - 1] != '.') {
        n--;
    }

    token.len = n;
    nt_base64url(&token, sig, len);

    return verify(&jwt);
}


static void
test_ecdsa(void)
{
    size_t        len;
    EVP_PKEY     *p384 = EVP_EC_gen("P-384");
    unsigned char sig[256], raw[256], zero[64] = { 0 };

    jwt_make(&token, "{\"alg\":\"ES256\",\"kid\":\"ec-1\"}", PAYLOAD, ec);
    token.len -= 87; /* with its dot: 64 bytes are 86 characters */

    len = jwt_sign(sig, sizeof(sig), jwt_buf(&token), ec, true);
    jwt_sign(raw, sizeof(raw), jwt_buf(&token), ec, false);
    nt_buf_append_char(&token, '.');

    is_int(verify_with(sig, len), NT_JWT_SIGNATURE, "a signature in DER");
    is_int(verify_with(zero, 64), NT_JWT_SIGNATURE, "r and s are zero");
    memcpy(sig, raw, 64);
    is_int(verify_with(sig, 64), NT_JWT_OK, "the right one");
    memset(sig, 0, 32);
    is_int(verify_with(sig, 64), NT_JWT_SIGNATURE, "r is zero");
    memcpy(sig, raw, 32);
    memset(sig + 32, 0, 32);
    is_int(verify_with(sig, 64), NT_JWT_SIGNATURE, "s is zero");
    memset(sig, 0xff, 64);
    is_int(verify_with(sig, 64), NT_JWT_SIGNATURE, "both beyond the order");
    is_int(verify_with(raw, 63), NT_JWT_SIGNATURE, "a byte is missing");
    is_int(verify_with(raw, 32), NT_JWT_SIGNATURE, "half of it");
    is_int(verify_with(raw, 0), NT_JWT_SIGNATURE, "no signature");

    memset(sig, 0, sizeof(sig));
    memcpy(sig + 1, raw, 32);
    memcpy(sig + 34, raw + 32, 32);
    is_int(verify_with(sig, 66), NT_JWT_SIGNATURE, "numbers with a zero more");

    jwt_make(&token, "{\"alg\":\"ES256\",\"kid\":\"ec-1\"}", PAYLOAD, p384);
    is_int(verify(&(nt_jwt_t) { 0 }), NT_JWT_SIGNATURE, "another curve's");
    EVP_PKEY_free(p384);
}


/* Every beginning of a token, and every character of it changed. */
static void
test_garbled(nt_str_t good, const char *name)
{
    static const char others[] = { 'A', 'z',  '0',  '_', '.', '=',
                                   ' ', '\0', '\n', '+', '/', '\xc3' };

    nt_jwt_t jwt;
    size_t   taken = 0;
    char    *copy = malloc(good.len);

    for (size_t n = 0; n < good.len; n++) {
        memcpy(copy, good.data, n);
        taken += nt_jwt_verify((nt_str_t) { copy, n }, &rules, NOW, &jwt) ==
                 NT_JWT_OK;
    }

    is_int((long long) taken, 0, name);
    taken = 0;

    for (size_t n = 0; n < good.len; n++) {
        for (size_t i = 0; i < sizeof(others); i++) {
            memcpy(copy, good.data, good.len);
            copy[n] = others[i];
            taken += others[i] != good.data[n] &&
                     nt_jwt_verify((nt_str_t) { copy, good.len }, &rules, NOW,
                                   &jwt) == NT_JWT_OK;
        }
    }

    is_int((long long) taken, 0, name);
    free(copy);
}


static void
test_shapes(void)
{
    static const char *const opaque[] = { "",        ".",
                                          "..",      "...",
                                          "a.b.c",   "sbp_0123456789abcdef",
                                          "e30.e30", "e30.e30.e30.e30.e30" };

    nt_jwt_t jwt;
    nt_buf_t giant = { 0 };

    for (size_t i = 0; i < sizeof(opaque) / sizeof(opaque[0]); i++) {
        nt_buf_reset(&token);
        nt_buf_append_str(&token, nt_str(opaque[i]));
        ok(verify(&jwt) == NT_JWT_OPAQUE, "opaque: '%s'", opaque[i]);
    }

    nt_buf_append_str(&giant, NT_STR("{" GOOD "," TIMES ",\"x\":\""));
    for (size_t i = 0; i < NT_TOKEN_MAX; i++) {
        nt_buf_append_char(&giant, 'x');
    }
    nt_buf_append(&giant, "\"}", 3);
    jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", giant.data, secrets[1]);
    is_int(verify(&jwt), NT_JWT_OPAQUE, "longer than any token");
    nt_buf_free(&giant);

    jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", PAYLOAD, secrets[1]);
    nt_buf_append_char(&token, '=');
    is_int(verify(&jwt), NT_JWT_MALFORMED, "padding");

    jwt_make_hs256(&token, "{\"alg\":\"HS256\"}", PAYLOAD, secrets[1]);
    test_garbled(jwt_buf(&token), "HS256: nothing garbled is taken");
    jwt_make(&token, "{\"alg\":\"ES256\",\"kid\":\"ec-1\"}", PAYLOAD, ec);
    test_garbled(jwt_buf(&token), "ES256: nothing garbled is taken");
}


int
main(void)
{
    setup();
    test_good();
    test_headers();
    test_claims();
    test_users();
    test_admin();
    test_service();
    test_vouched();
    test_secrets();
    test_ecdsa();
    test_shapes();

    nt_jwks_free(keys);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    nt_buf_free(&token);

    return done();
}
