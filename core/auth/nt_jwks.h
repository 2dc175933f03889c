/*
 * core/auth/nt_jwks.h - the public keys of an issuer of tokens, as a JWK set
 * (RFC 7517) has them.
 *
 * A key says by itself which algorithm it verifies: RSA keys RS256, keys on
 * the curve P-256 ES256 (RFC 7518).  A token's header only picks one.
 */

#ifndef NT_JWKS_H
#define NT_JWKS_H

#include "core/nt_base.h"

#define NT_JWKS_MAX     (256 * 1024) /* bytes of a set */
#define NT_JWKS_KEYS    32           /* keys that are used; more are not */
#define NT_JWKS_KID_MAX 256          /* bytes of a key's name */

typedef enum { NT_JWT_HS256 = 0, NT_JWT_RS256, NT_JWT_ES256 } nt_jwt_alg_t;

typedef struct nt_jwks nt_jwks_t;

NT_BEGIN_DECLS

/*
 * The keys of a set that can verify tokens; to be freed by nt_jwks_free().
 * Left out are keys for something else (use, key_ops, alg), those with
 * private members or symmetric ones, which nobody may publish, RSA keys
 * under 2048 and over 8192 bits, and curves other than P-256.  NT_ERROR when
 * the text is no set, has a member twice, or no key is left; *why is a phrase
 * for the log (static).
 */
nt_rc_t nt_jwks_parse(nt_str_t json, nt_jwks_t **keys, const char **why);

/* NULL is allowed. */
void nt_jwks_free(nt_jwks_t *keys);

size_t nt_jwks_count(const nt_jwks_t *keys);

/*
 * Verifies a signature with the keys of this name and algorithm; without a
 * name (kid.data NULL) with the only key of the algorithm.  NT_OK, NT_ERROR
 * (no such signature), NT_AGAIN (no such key; also when `keys` is NULL), or
 * NT_NOMEM.
 */
nt_rc_t nt_jwks_verify(const nt_jwks_t *keys, nt_jwt_alg_t alg, nt_str_t kid,
                       nt_str_t signed_text, nt_str_t signature);

NT_END_DECLS

#endif
