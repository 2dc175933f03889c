#include "engine/settings/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/assets/media.h"
#include "engine/assets/uri.h"

#define NT_NONCE 12
#define NT_TAG   16

/* What keys are derived for: other uses of a master key get other keys. */
static const char key_info[] = "nodetool secrets aes-256-gcm";
static const char id_info[] = "nodetool secrets key id";


static bool
derive(nt_str_t master, const char *info, unsigned char *out, size_t len)
{
    bool          ok;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);

    ok = ctx != NULL && EVP_PKEY_derive_init(ctx) > 0 &&
         EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha256()) > 0 &&
         EVP_PKEY_CTX_set1_hkdf_key(ctx, (const unsigned char *) master.data,
                                    (int) master.len) > 0 &&
         EVP_PKEY_CTX_add1_hkdf_info(ctx, (const unsigned char *) info,
                                     (int) strlen(info)) > 0 &&
         EVP_PKEY_derive(ctx, out, &len) > 0;

    EVP_PKEY_CTX_free(ctx);

    return ok;
}


bool
nt_seal_key(nt_seal_key_t *key, nt_str_t master)
{
    unsigned char id[NT_SEAL_ID_LEN / 2];

    if (!derive(master, key_info, key->key, sizeof(key->key)) ||
        !derive(master, id_info, id, sizeof(id)))
    {
        return false;
    }

    for (size_t i = 0; i < sizeof(id); i++) {
        (void) snprintf(key->id + 2 * i, 3, "%02x", id[i]);
    }

    return true;
}


const nt_seal_key_t *
nt_seal_keys_find(const nt_seal_keys_t *keys, const char *id)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (strcmp(keys->keys[i].id, id) == 0) {
            return &keys->keys[i];
        }
    }

    return NULL;
}


void
nt_seal_keys_clear(nt_seal_keys_t *keys)
{
    OPENSSL_cleanse(keys, sizeof(*keys));
}


void
nt_seal_buf_free(nt_buf_t *buf)
{
    if (buf->data != NULL) {
        OPENSSL_cleanse(buf->data, buf->cap);
    }

    nt_buf_free(buf);
}


static bool
encrypt(EVP_CIPHER_CTX *ctx, const nt_seal_key_t *key, nt_str_t context,
        nt_str_t value, unsigned char *out)
{
    int            n;
    unsigned char *tag = out + NT_NONCE + value.len;

    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->key, out) >
               0 &&
           EVP_EncryptUpdate(ctx, NULL, &n,
                             (const unsigned char *) context.data,
                             (int) context.len) > 0 &&
           EVP_EncryptUpdate(ctx, out + NT_NONCE, &n,
                             (const unsigned char *) value.data,
                             (int) value.len) > 0 &&
           EVP_EncryptFinal_ex(ctx, out + NT_NONCE + n, &n) > 0 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, NT_TAG, tag) > 0;
}


bool
nt_seal(const nt_seal_key_t *key, nt_str_t context, nt_str_t value,
        nt_buf_t *text)
{
    bool            ok = false;
    size_t          len = NT_NONCE + value.len + NT_TAG;
    unsigned char  *sealed = malloc(len);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (sealed != NULL && ctx != NULL && RAND_bytes(sealed, NT_NONCE) == 1 &&
        encrypt(ctx, key, context, value, sealed))
    {
        nt_base64_append(text, (nt_str_t) { (char *) sealed, len });
        ok = !text->failed;
    }

    EVP_CIPHER_CTX_free(ctx);
    free(sealed);

    return ok;
}


/* The last step says whether key, context and text go together: until then
 * `out` is not to be looked at. */
static bool
decrypt(EVP_CIPHER_CTX *ctx, const nt_seal_key_t *key, nt_str_t context,
        const unsigned char *sealed, size_t len, unsigned char *out)
{
    int                  n;
    unsigned char        tag[NT_TAG];
    const unsigned char *value = sealed + NT_NONCE;

    memcpy(tag, value + len, NT_TAG);

    return EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->key, sealed) >
               0 &&
           EVP_DecryptUpdate(ctx, NULL, &n,
                             (const unsigned char *) context.data,
                             (int) context.len) > 0 &&
           EVP_DecryptUpdate(ctx, out, &n, value, (int) len) > 0 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, NT_TAG, tag) > 0 &&
           EVP_DecryptFinal_ex(ctx, out + n, &n) > 0;
}


nt_rc_t
nt_unseal(const nt_seal_key_t *key, nt_str_t context, nt_str_t text,
          nt_buf_t *value)
{
    char           *out;
    size_t          len;
    nt_rc_t         rc;
    nt_buf_t        sealed = { 0 };
    EVP_CIPHER_CTX *ctx;

    rc = nt_base64_decode(&sealed, text);
    if (rc != NT_OK || sealed.len < NT_NONCE + NT_TAG) {
        nt_buf_free(&sealed);
        return rc == NT_NOMEM ? NT_NOMEM : NT_ERROR;
    }

    len = sealed.len - NT_NONCE - NT_TAG;
    out = nt_buf_reserve(value, len + 1);
    ctx = EVP_CIPHER_CTX_new();

    if (out == NULL || ctx == NULL) {
        rc = NT_NOMEM;

    } else if (decrypt(ctx, key, context, (unsigned char *) sealed.data, len,
                       (unsigned char *) out))
    {
        value->len += len;

    } else {
        OPENSSL_cleanse(out, len);
        rc = NT_ERROR;
    }

    EVP_CIPHER_CTX_free(ctx);
    nt_buf_free(&sealed);

    return rc;
}
