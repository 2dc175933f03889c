/*
 * core/auth/nt_jwt.h - JSON Web Tokens (RFC 7519) as bearer tokens: signed
 * (RFC 7515, compact), never encrypted or nested, by RFC 8725's advice.
 *
 * What verifies a token is the caller's: secrets for HS256, an issuer's keys
 * for RS256 and ES256.  Nothing of a token's header says where a key is to
 * be had: jku, jwk, x5u and x5c are not looked at.
 */

#ifndef NT_JWT_H
#define NT_JWT_H

#include "core/auth/nt_jwks.h"

#define NT_JWT_USER_MAX   255 /* bytes of a user's id */
#define NT_JWT_SECRET_MIN 32  /* bytes of a secret (RFC 7518, 3.2) */

typedef enum {
    NT_JWT_OK = 0,
    NT_JWT_NOMEM,     /* also for a library that cannot do its work */
    NT_JWT_OPAQUE,    /* no signed JWT: only who gave it away knows it */
    NT_JWT_ALG,       /* one that is signed in a way that is not known here,
                       * or by a secret of which there is none */
    NT_JWT_KEY,       /* no key of its name: there may be a newer set */
    NT_JWT_MALFORMED, /* looks like one, and is against the rules */
    NT_JWT_SIGNATURE,
    NT_JWT_EXPIRED,
    NT_JWT_EARLY, /* not valid yet */
    NT_JWT_ISSUER,
    NT_JWT_AUDIENCE,
    NT_JWT_CLAIMS /* a claim is missing, or not of its type or bounds */
} nt_jwt_rc_t;

/* What a token is judged by; all of it is borrowed. */
typedef struct {
    const nt_str_t  *secrets; /* for HS256; none: HS256 is NT_JWT_ALG */
    size_t           n_secrets;
    const nt_jwks_t *keys;      /* for RS256, ES256; NULL: none yet */
    nt_str_t         issuer;    /* what `iss` has to be */
    const nt_str_t  *audiences; /* one of which `aud` has to name */
    size_t           n_audiences;
    int64_t          leeway; /* seconds that clocks may differ by */

    /* Who administers: a claim's value, or one of a list of values.  The
     * name is a member's, or members' names joined by dots; empty: nobody. */
    nt_str_t admin_claim;
    nt_str_t admin_value;

    /* Supabase's own keys pass: HS256, iss "supabase", an administrator's
     * role, neither sub nor aud.  Their user is `service_user`; empty: no. */
    nt_str_t service_user;
} nt_jwt_rules_t;

typedef struct {
    int64_t exp; /* seconds since the epoch; the leeway is not in it */
    bool    admin;
    size_t  user_len;
    char    user[NT_JWT_USER_MAX]; /* visible ASCII, see nt_jwt_user_valid() */
} nt_jwt_t;

NT_BEGIN_DECLS

/* `now` is seconds since the epoch; *jwt is set for NT_JWT_OK only. */
nt_jwt_rc_t nt_jwt_verify(nt_str_t token, const nt_jwt_rules_t *rules,
                          int64_t now, nt_jwt_t *jwt);

/*
 * What an issuer says of a token that it was asked about: `userinfo` is a JSON
 * object with the user's id in `sub` (OpenID Connect) or `id` (Supabase).  A
 * token that is a JWT has to make the same claims as one that is verified
 * here, for the same user; of another one, exp is INT64_MAX.
 */
nt_jwt_rc_t nt_jwt_vouched(nt_str_t token, nt_str_t userinfo,
                           const nt_jwt_rules_t *rules, int64_t now,
                           nt_jwt_t *jwt);

/* Why a token does not do, a sentence for its bearer (static). */
const char *nt_jwt_message(nt_jwt_rc_t rc);

/* Whether a subject may be a user here: 1 to NT_JWT_USER_MAX bytes of visible
 * ASCII but for " / and \, not starting with a dot, and not "1", whose name
 * is that of the user without a token of his own. */
bool nt_jwt_user_valid(nt_str_t user);

NT_END_DECLS

#endif
