/*
 * core/auth/nt_jwt_private.h - what the files of core/auth share.
 */

#ifndef NT_JWT_PRIVATE_H
#define NT_JWT_PRIVATE_H

#include <jansson.h>

#include "core/auth/nt_jwt.h"

NT_BEGIN_DECLS

/* Judges the claims of a token whose signature is good. */
nt_jwt_rc_t nt_jwt_claims(const json_t *payload, const nt_jwt_rules_t *rules,
                          nt_jwt_alg_t alg, int64_t now, nt_jwt_t *jwt);

/* The user that an issuer tells of. */
nt_jwt_rc_t nt_jwt_userinfo(const json_t *info, const nt_jwt_rules_t *rules,
                            nt_jwt_t *jwt);

NT_END_DECLS

#endif
