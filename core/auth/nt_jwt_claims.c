/*
 * core/auth/nt_jwt_claims.c - what a token claims (RFC 7519, section 4.1).
 */

#include <jansson.h>

#include "core/auth/nt_jwt_private.h"

/* The last second of the year 9999; what is beyond is no time. */
#define NT_JWT_TIME_MAX 253402300799

/* The issuer of Supabase's own keys: not an URL. */
#define NT_JWT_SERVICE_ISSUER "supabase"

typedef enum {
    NT_JWT_TIME_ABSENT,
    NT_JWT_TIME_GOOD,
    NT_JWT_TIME_BAD
} nt_jwt_time_t;


/* NumericDate: a number, fractions allowed, which are cut off. */
static nt_jwt_time_t
nt_jwt_time(const json_t *payload, const char *name, int64_t *time)
{
    double        number;
    const json_t *value = json_object_get(payload, name);

    if (value == NULL) {
        return NT_JWT_TIME_ABSENT;
    }

    if (!json_is_number(value)) {
        return NT_JWT_TIME_BAD;
    }

    number = json_number_value(value);

    if (!(number >= 0 && number <= (double) NT_JWT_TIME_MAX)) {
        return NT_JWT_TIME_BAD;
    }

    *time = (int64_t) number;

    return NT_JWT_TIME_GOOD;
}


static nt_jwt_rc_t
nt_jwt_times(const json_t *payload, int64_t leeway, int64_t now, nt_jwt_t *jwt)
{
    int64_t       nbf = 0, iat = 0;
    nt_jwt_time_t has_nbf, has_iat;

    has_nbf = nt_jwt_time(payload, "nbf", &nbf);
    has_iat = nt_jwt_time(payload, "iat", &iat);

    if (nt_jwt_time(payload, "exp", &jwt->exp) != NT_JWT_TIME_GOOD ||
        has_nbf == NT_JWT_TIME_BAD || has_iat == NT_JWT_TIME_BAD)
    {
        return NT_JWT_CLAIMS;
    }

    if (now >= jwt->exp + leeway) {
        return NT_JWT_EXPIRED;
    }

    if (nbf > now + leeway || iat > now + leeway) {
        return NT_JWT_EARLY;
    }

    return NT_JWT_OK;
}


static nt_str_t
nt_jwt_str(const json_t *value)
{
    return (nt_str_t) { json_string_value(value), json_string_length(value) };
}


/* Whether a value is this text, or a list that has it. */
static bool
nt_jwt_has(const json_t *value, nt_str_t text)
{
    size_t        i;
    const json_t *element;

    if (json_is_string(value)) {
        return nt_str_eq(nt_jwt_str(value), text);
    }

    json_array_foreach(value, i, element)
    {
        if (json_is_string(element) && nt_str_eq(nt_jwt_str(element), text)) {
            return true;
        }
    }

    return false;
}


static bool
nt_jwt_audience(const json_t *payload, const nt_jwt_rules_t *rules)
{
    const json_t *aud = json_object_get(payload, "aud");

    for (size_t i = 0; i < rules->n_audiences; i++) {
        if (nt_jwt_has(aud, rules->audiences[i])) {
            return true;
        }
    }

    return false;
}


static const json_t *
nt_jwt_member(const json_t *object, nt_str_t name)
{
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *) object, key, value)
    {
        if (nt_str_eq(nt_str(key), name)) {
            return value;
        }
    }

    return NULL;
}


/* A name may have dots itself: names of claims are often URLs. */
static bool
nt_jwt_admin(const json_t *payload, const nt_jwt_rules_t *rules)
{
    nt_str_t      rest = rules->admin_claim, name;
    const char   *dot;
    const json_t *value = payload;

    if (rest.len == 0) {
        return false;
    }

    if (nt_jwt_has(nt_jwt_member(payload, rest), rules->admin_value)) {
        return true;
    }

    while (value != NULL && rest.len != 0) {
        dot = memchr(rest.data, '.', rest.len);
        name.data = rest.data;
        name.len = dot != NULL ? (size_t) (dot - rest.data) : rest.len;
        rest.data += name.len + (dot != NULL);
        rest.len -= name.len + (dot != NULL);

        value = nt_jwt_member(value, name);
    }

    return nt_jwt_has(value, rules->admin_value);
}


/* A key of Supabase's, which the project's secret has signed. */
static bool
nt_jwt_is_service(const json_t *payload, const nt_jwt_rules_t *rules,
                  nt_jwt_alg_t alg)
{
    return rules->service_user.len != 0 && alg == NT_JWT_HS256 &&
           nt_jwt_has(json_object_get(payload, "iss"),
                      NT_STR(NT_JWT_SERVICE_ISSUER)) &&
           json_object_get(payload, "sub") == NULL &&
           json_object_get(payload, "aud") == NULL;
}


bool
nt_jwt_user_valid(nt_str_t user)
{
    if (user.len == 0 || user.len > NT_JWT_USER_MAX || user.data[0] == '.' ||
        nt_str_eq(user, NT_STR("1")))
    {
        return false;
    }

    for (size_t i = 0; i < user.len; i++) {
        char c = user.data[i];

        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '/' || c == '\\') {
            return false;
        }
    }

    return true;
}


nt_jwt_rc_t
nt_jwt_claims(const json_t *payload, const nt_jwt_rules_t *rules,
              nt_jwt_alg_t alg, int64_t now, nt_jwt_t *jwt)
{
    nt_str_t      user;
    nt_jwt_rc_t   rc;
    const json_t *iss = json_object_get(payload, "iss");

    rc = nt_jwt_times(payload, rules->leeway, now, jwt);
    if (rc != NT_JWT_OK) {
        return rc;
    }

    jwt->admin = nt_jwt_admin(payload, rules);

    if (nt_jwt_is_service(payload, rules, alg)) {
        if (!jwt->admin) {
            return NT_JWT_CLAIMS;
        }

        user = rules->service_user;

    } else {
        if (!json_is_string(iss) || !nt_str_eq(nt_jwt_str(iss), rules->issuer))
        {
            return NT_JWT_ISSUER;
        }

        if (!nt_jwt_audience(payload, rules)) {
            return NT_JWT_AUDIENCE;
        }

        user = nt_jwt_str(json_object_get(payload, "sub"));

        if (!nt_jwt_user_valid(user)) {
            return NT_JWT_CLAIMS;
        }
    }

    jwt->user_len = user.len;
    memcpy(jwt->user, user.data, user.len);

    return NT_JWT_OK;
}


nt_jwt_rc_t
nt_jwt_userinfo(const json_t *info, const nt_jwt_rules_t *rules, nt_jwt_t *jwt)
{
    nt_str_t      user;
    const json_t *id = json_object_get(info, "sub");

    user = nt_jwt_str(id != NULL ? id : json_object_get(info, "id"));

    if (!nt_jwt_user_valid(user)) {
        return NT_JWT_CLAIMS;
    }

    if (json_object_get(info, "aud") != NULL && !nt_jwt_audience(info, rules)) {
        return NT_JWT_AUDIENCE;
    }

    jwt->exp = INT64_MAX;
    jwt->admin = nt_jwt_admin(info, rules);
    jwt->user_len = user.len;
    memcpy(jwt->user, user.data, user.len);

    return NT_JWT_OK;
}
