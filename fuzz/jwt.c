/*
 * Tokens as they come; and headers and claims behind a good signature: the
 * input is a header, a line feed, and a payload.
 */

#include "core/auth/nt_jwt.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "core/nt_buf.h"
#include "core/nt_token.h"

#define SECRET "0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
verify(nt_str_t token)
{
    static const nt_str_t       secret = { SECRET, sizeof(SECRET) - 1 };
    static const nt_str_t       audience = { "authenticated", 13 };
    static const nt_jwt_rules_t rules = { .secrets = &secret,
                                          .n_secrets = 1,
                                          .issuer = { "i", 1 },
                                          .audiences = &audience,
                                          .n_audiences = 1,
                                          .leeway = 30,
                                          .admin_claim = { "a.b", 3 },
                                          .admin_value = { "c", 1 },
                                          .service_user = { "1", 1 } };

    nt_jwt_t jwt;
    nt_str_t user;

    if (nt_jwt_verify(token, &rules, 1800000000, &jwt) != NT_JWT_OK) {
        return;
    }

    user = (nt_str_t) { jwt.user, jwt.user_len };

    if (jwt.exp <= 1800000000 - 30 ||
        (!nt_jwt_user_valid(user) && !(jwt.admin && user.len == 1)))
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
    unsigned       len;
    unsigned char  mac[EVP_MAX_MD_SIZE];
    nt_buf_t       token = { 0 };

    verify((nt_str_t) { (const char *) data, size });

    if (line == NULL) {
        return 0;
    }

    nt_base64url(&token, data, (size_t) (line - data));
    nt_buf_append_char(&token, '.');
    nt_base64url(&token, line + 1, size - (size_t) (line - data) - 1);

    HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1,
         (const unsigned char *) token.data, token.len, mac, &len);

    nt_buf_append_char(&token, '.');
    nt_base64url(&token, mac, len);
    verify((nt_str_t) { token.data, token.len });
    nt_buf_free(&token);

    return 0;
}
