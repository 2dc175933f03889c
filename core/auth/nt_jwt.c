#include "core/auth/nt_jwt.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <strings.h>

#include "core/auth/nt_jwt_private.h"
#include "core/nt_token.h"

#define NT_JWT_PART_MAX      (NT_TOKEN_MAX * 3 / 4) /* bytes, decoded */
#define NT_JWT_SIGNATURE_MAX 1024                   /* RSA with 8192 bits */
#define NT_JWT_HMAC_LEN      32

typedef struct {
    nt_str_t header; /* in base64url, as the next ones */
    nt_str_t payload;
    nt_str_t signature;
    nt_str_t text; /* header and payload: what is signed */
} nt_jwt_parts_t;


/* The three parts; false when there are more or fewer. */
static bool
nt_jwt_split(nt_str_t token, nt_jwt_parts_t *parts)
{
    const char *end = token.data + token.len, *first, *second;

    first = memchr(token.data, '.', token.len);
    if (first == NULL) {
        return false;
    }

    second = memchr(first + 1, '.', (size_t) (end - first - 1));
    if (second == NULL ||
        memchr(second + 1, '.', (size_t) (end - second - 1)) != NULL)
    {
        return false;
    }

    parts->header = (nt_str_t) { token.data, (size_t) (first - token.data) };
    parts->payload = (nt_str_t) { first + 1, (size_t) (second - first - 1) };
    parts->signature = (nt_str_t) { second + 1, (size_t) (end - second - 1) };
    parts->text = (nt_str_t) { token.data, (size_t) (second - token.data) };

    return true;
}


/* A part that is a JSON object; a member that stands twice makes it none
 * (RFC 8725, 2.4: parsers must not differ about which one counts). */
static json_t *
nt_jwt_object(nt_str_t part)
{
    size_t        len;
    json_t       *object;
    unsigned char bytes[NT_JWT_PART_MAX];

    if (nt_base64url_decode(part, bytes, sizeof(bytes), &len) != NT_OK) {
        return NULL;
    }

    object = json_loadb((char *) bytes, len, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }

    return object;
}


/* An access token, or one that does not say what it is: not an ID token for
 * somebody else's logout, say (RFC 8725, 3.11; RFC 9068, 2.1). */
static bool
nt_jwt_type_good(const json_t *type)
{
    const char *name = json_string_value(type);

    if (type == NULL) {
        return true;
    }

    if (name != NULL && strncasecmp(name, "application/", 12) == 0) {
        name += 12;
    }

    return name != NULL &&
           (strcasecmp(name, "JWT") == 0 || strcasecmp(name, "at+jwt") == 0);
}


/* What the header has to be whoever signed; *alg and *kid (of which data
 * stays NULL without one) live as long as the header. */
static nt_jwt_rc_t
nt_jwt_header(const json_t *header, nt_jwt_alg_t *alg, nt_str_t *kid)
{
    const json_t *name = json_object_get(header, "alg");
    const json_t *key = json_object_get(header, "kid");

    *kid = (nt_str_t) { NULL, 0 };

    if (!json_is_string(name) ||
        strcasecmp(json_string_value(name), "none") == 0 ||
        json_object_get(header, "crit") != NULL ||
        json_object_get(header, "b64") != NULL ||
        json_object_get(header, "cty") != NULL ||
        !nt_jwt_type_good(json_object_get(header, "typ")))
    {
        return NT_JWT_MALFORMED;
    }

    if (key != NULL) {
        if (!json_is_string(key) || json_string_length(key) > NT_JWKS_KID_MAX) {
            return NT_JWT_MALFORMED;
        }

        kid->data = json_string_value(key);
        kid->len = json_string_length(key);
    }

    if (strcmp(json_string_value(name), "HS256") == 0) {
        *alg = NT_JWT_HS256;

    } else if (strcmp(json_string_value(name), "RS256") == 0) {
        *alg = NT_JWT_RS256;

    } else if (strcmp(json_string_value(name), "ES256") == 0) {
        *alg = NT_JWT_ES256;

    } else {
        return NT_JWT_ALG;
    }

    return NT_JWT_OK;
}


/* All secrets are tried: a token's kid does not tell which one it is. */
static nt_rc_t
nt_jwt_hmac(const nt_jwt_rules_t *rules, nt_str_t text, nt_str_t signature)
{
    bool          good = false;
    unsigned      len;
    unsigned char mac[EVP_MAX_MD_SIZE];

    if (signature.len != NT_JWT_HMAC_LEN) {
        return NT_ERROR;
    }

    for (size_t i = 0; i < rules->n_secrets; i++) {
        if (HMAC(EVP_sha256(), rules->secrets[i].data,
                 (int) rules->secrets[i].len, (const unsigned char *) text.data,
                 text.len, mac, &len) == NULL)
        {
            return NT_NOMEM;
        }

        good |=
            nt_token_equal((nt_str_t) { (const char *) mac, len }, signature);
    }

    return good ? NT_OK : NT_ERROR;
}


static nt_jwt_rc_t
nt_jwt_signature(const nt_jwt_parts_t *parts, const nt_jwt_rules_t *rules,
                 nt_jwt_alg_t alg, nt_str_t kid)
{
    nt_rc_t       rc;
    nt_str_t      signature;
    unsigned char bytes[NT_JWT_SIGNATURE_MAX];

    if (nt_base64url_decode(parts->signature, bytes, sizeof(bytes),
                            &signature.len) != NT_OK)
    {
        return NT_JWT_MALFORMED;
    }

    signature.data = (const char *) bytes;

    if (alg == NT_JWT_HS256) {
        if (rules->n_secrets == 0) {
            return NT_JWT_ALG;
        }

        rc = nt_jwt_hmac(rules, parts->text, signature);

    } else {
        rc = nt_jwks_verify(rules->keys, alg, kid, parts->text, signature);
    }

    switch (rc) {
    case NT_OK:
        return NT_JWT_OK;
    case NT_AGAIN:
        return NT_JWT_KEY;
    case NT_NOMEM:
        return NT_JWT_NOMEM;
    default:
        return NT_JWT_SIGNATURE;
    }
}


nt_jwt_rc_t
nt_jwt_verify(nt_str_t token, const nt_jwt_rules_t *rules, int64_t now,
              nt_jwt_t *jwt)
{
    json_t        *header, *payload;
    nt_str_t       kid;
    nt_jwt_rc_t    rc;
    nt_jwt_alg_t   alg = NT_JWT_HS256; /* gcc -O sees no further */
    nt_jwt_parts_t parts;

    if (token.len > NT_TOKEN_MAX || !nt_jwt_split(token, &parts)) {
        return NT_JWT_OPAQUE;
    }

    header = nt_jwt_object(parts.header);
    if (header == NULL) {
        return NT_JWT_OPAQUE;
    }

    rc = nt_jwt_header(header, &alg, &kid);

    if (rc == NT_JWT_OK) {
        rc = nt_jwt_signature(&parts, rules, alg, kid);
    }

    json_decref(header);

    if (rc != NT_JWT_OK) {
        return rc;
    }

    payload = nt_jwt_object(parts.payload);
    if (payload == NULL) {
        return NT_JWT_MALFORMED;
    }

    rc = nt_jwt_claims(payload, rules, alg, now, jwt);

    json_decref(payload);

    return rc;
}


nt_jwt_rc_t
nt_jwt_vouched(nt_str_t token, nt_str_t userinfo, const nt_jwt_rules_t *rules,
               int64_t now, nt_jwt_t *jwt)
{
    json_t        *info, *payload = NULL;
    nt_jwt_t       claimed;
    nt_jwt_rc_t    rc;
    nt_jwt_parts_t parts;

    info =
        json_loadb(userinfo.data, userinfo.len, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(info)) {
        json_decref(info);
        return NT_JWT_NOMEM; /* no answer of an issuer's */
    }

    rc = nt_jwt_userinfo(info, rules, jwt);
    json_decref(info);

    if (token.len <= NT_TOKEN_MAX && nt_jwt_split(token, &parts)) {
        payload = nt_jwt_object(parts.payload);
    }

    if (payload == NULL || rc != NT_JWT_OK) {
        json_decref(payload);
        return rc;
    }

    rc = nt_jwt_claims(payload, rules, NT_JWT_RS256, now, &claimed);
    json_decref(payload);

    if (rc != NT_JWT_OK) {
        return rc;
    }

    if (!nt_str_eq((nt_str_t) { claimed.user, claimed.user_len },
                   (nt_str_t) { jwt->user, jwt->user_len }))
    {
        return NT_JWT_CLAIMS;
    }

    claimed.admin |= jwt->admin;
    *jwt = claimed;

    return NT_JWT_OK;
}


const char *
nt_jwt_message(nt_jwt_rc_t rc)
{
    switch (rc) {
    case NT_JWT_OK:
        return "The token is valid.";
    case NT_JWT_NOMEM:
        return "The token could not be checked.";
    case NT_JWT_EXPIRED:
        return "The token has expired. Log in again.";
    case NT_JWT_EARLY:
        return "The token is not valid yet.";
    case NT_JWT_ISSUER:
    case NT_JWT_AUDIENCE:
        return "The token was not made for this server.";
    case NT_JWT_CLAIMS:
        return "The token lacks a claim, or has one that does not do.";
    default:
        return "The token is not valid.";
    }
}
