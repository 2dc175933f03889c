/*
 * engine/settings/seal.h - secrets as they lie on the disk.
 *
 * A value is encrypted with AES-256-GCM (NIST SP 800-38D) under a random
 * nonce of 96 bits and bound to its context, the user and the name that it is
 * for: copied to another place it cannot be read.  The key is derived from a
 * master key, a text, with HKDF-SHA256 (RFC 5869).  Text:
 * base64(nonce, ciphertext, tag of 128 bits).
 */

#ifndef NT_SETTINGS_SEAL_H
#define NT_SETTINGS_SEAL_H

#include "core/nt_buf.h"

#define NT_SEAL_ID_LEN     16 /* hexadecimal digits */
#define NT_SEAL_MASTER_MIN 32 /* bytes of a master key */
#define NT_SEAL_KEYS_MAX   16

typedef struct {
    unsigned char key[32];
    char          id[NT_SEAL_ID_LEN + 1]; /* names it, tells nothing of it */
} nt_seal_key_t;

typedef struct {
    nt_seal_key_t keys[NT_SEAL_KEYS_MAX]; /* the first one encrypts */
    size_t        n;
} nt_seal_keys_t;

/* Derives a key; false when OpenSSL fails. */
bool nt_seal_key(nt_seal_key_t *key, nt_str_t master);

/*
 * Reads $SECRETS_MASTER_KEY and $SECRETS_MASTER_KEY_OLD, the latter a list
 * with commas of keys that were in use before.  A key is a text or
 * "file:PATH" of a file with it in the first line.  None is no error; false
 * with a sentence in `error` that shows nothing of a key.  Both variables are
 * then taken out of the environment.
 */
bool nt_seal_keys_read(nt_seal_keys_t *keys, nt_buf_t *error);

/* Overwrites them. */
void nt_seal_keys_clear(nt_seal_keys_t *keys);

const nt_seal_key_t *nt_seal_keys_find(const nt_seal_keys_t *keys,
                                       const char           *id);

/* Appends the text; false when OpenSSL or memory fails. */
bool nt_seal(const nt_seal_key_t *key, nt_str_t context, nt_str_t value,
             nt_buf_t *text);

/* Appends the value.  NT_ERROR when the text is not one of this key and
 * context, or was changed. */
nt_rc_t nt_unseal(const nt_seal_key_t *key, nt_str_t context, nt_str_t text,
                  nt_buf_t *value);

/* nt_buf_free, but what was in it is overwritten. */
void nt_seal_buf_free(nt_buf_t *buf);

#endif
