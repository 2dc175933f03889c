/* t/engine/settings.c - secrets as they are stored, and files of users. */

#include <stdio.h>
#include <stdlib.h>

#include "engine/settings/file.h"
#include "t/core/tap.h"

static nt_seal_key_t
make_key(const char *master)
{
    nt_seal_key_t key;

    ok(nt_seal_key(&key, nt_str(master)), "a key of %s", master);

    return key;
}


/* HKDF-SHA256 of "0123…" with no salt, worked out with Python's hmac. */
static void
test_derivation(void)
{
    static const unsigned char expected[] = {
        0x30, 0x90, 0x7f, 0x86, 0x95, 0x7a, 0x99, 0x96, 0xc8, 0x09, 0x76,
        0x16, 0xd9, 0xae, 0x15, 0x56, 0xa9, 0x69, 0x22, 0x29, 0x67, 0x04,
        0x33, 0xe4, 0x58, 0xb0, 0xd9, 0x44, 0xbc, 0x6e, 0x1e, 0x0a
    };

    nt_seal_key_t key = make_key("0123456789abcdef0123456789abcdef");

    ok(memcmp(key.key, expected, sizeof(expected)) == 0, "RFC 5869");
    is_str(nt_str(key.id), "44dd3104ef05319a", "its id");
}


static void
test_seal(void)
{
    size_t   i;
    char    *copy;
    nt_buf_t text = { 0 }, again = { 0 }, value = { 0 };
    nt_str_t context = NT_STR("1\0OPENAI_API_KEY"), plain = NT_STR("sk-a1");
    unsigned taken = 0;
    nt_seal_key_t key = make_key("master key of thirty-two letters");
    nt_seal_key_t other = make_key("another key of thirty-two letter");

    ok(nt_seal(&key, context, plain, &text), "seals");
    ok(nt_seal(&key, context, plain, &again), "and again");
    ok(text.len == again.len && memcmp(text.data, again.data, text.len) != 0,
       "equal values look different");

    ok(nt_unseal(&key, context, (nt_str_t) { text.data, text.len }, &value) ==
               NT_OK &&
           value.len == plain.len &&
           memcmp(value.data, plain.data, plain.len) == 0,
       "opens");
    nt_seal_buf_free(&value);

    ok(nt_unseal(&other, context, (nt_str_t) { text.data, text.len }, &value) ==
           NT_ERROR,
       "not with another key");
    ok(nt_unseal(&key, NT_STR("2\0OPENAI_API_KEY"),
                 (nt_str_t) { text.data, text.len }, &value) == NT_ERROR,
       "not for another user");
    ok(nt_unseal(&key, NT_STR("1\0OPENAI_API_KEX"),
                 (nt_str_t) { text.data, text.len }, &value) == NT_ERROR,
       "not under another name");

    for (i = 0; i < text.len; i++) {
        taken += nt_unseal(&key, context, (nt_str_t) { text.data, i },
                           &value) == NT_OK;
    }
    ok(taken == 0, "cut off at every position");

    copy = malloc(text.len);
    for (i = 0; copy != NULL && i < text.len; i++) {
        memcpy(copy, text.data, text.len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        taken += nt_unseal(&key, context, (nt_str_t) { copy, text.len },
                           &value) == NT_OK;
    }
    ok(taken == 0, "changed at every position");
    ok(value.len == 0, "what does not open gives nothing");

    free(copy);
    nt_seal_buf_free(&value);
    nt_buf_free(&text);
    nt_buf_free(&again);
}


static void
test_file(void)
{
    nt_buf_t       error = { 0 };
    json_t        *file = nt_settings_file_new("1");
    nt_values_t   *values;
    const char    *value;
    nt_seal_keys_t keys = { .n = 2 };
    nt_seal_keys_t old = { .n = 1 };

    keys.keys[0] = make_key("the new key has thirty-two chars");
    keys.keys[1] = old.keys[0] = make_key("the old key has thirty-two chars");

    ok(nt_settings_file_set(file, "A", NT_STR("a"), NULL, &old.keys[0]) &&
           nt_settings_file_set(file, "B", NT_STR("b"), "its", &keys.keys[0]),
       "secrets of two keys");
    ok(nt_settings_file_fault(file, "B", &old) != NULL, "one cannot be read");
    ok(nt_settings_file_fault(file, "A", &keys) == NULL, "one can");

    values = nt_settings_file_values(file, &old);
    ok(nt_values_find(values, "A", &value) && strcmp(value, "a") == 0,
       "its value");
    ok(nt_values_find(values, "B", &value) && value == NULL,
       "what cannot be read is there, without a value");
    ok(!nt_values_find(values, "C", &value), "what is not there is not");
    nt_values_break(values);
    ok(nt_values_find(values, "C", &value) && value == NULL,
       "in a broken one all are, without a value");
    nt_values_unref(values);

    ok(nt_settings_file_rotate(file, &keys) == 1, "one is encrypted anew");
    keys.n = 1;
    ok(nt_settings_file_fault(file, "A", &keys) == NULL,
       "and needs no old key any more");
    ok(nt_settings_file_rotate(file, &keys) == 0, "once");

    json_decref(file);
    nt_buf_free(&error);
}


static void
test_parse(void)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "null",
        "{\"version\": 1}",
        "{\"version\": 2, \"user\": \"1\", \"settings\": {}, \"secrets\": {}}",
        "{\"version\": 1, \"user\": \"2\", \"settings\": {}, \"secrets\": {}}",
        "{\"version\": 1, \"user\": \"1\", \"settings\": [], \"secrets\": {}}",
        "{\"version\": 1, \"user\": \"1\", \"settings\": {}}",
        "{\"version\": 1, \"user\": \"1\", \"settings\": {\"a\": 1}, "
        "\"secrets\": {}}",
        "{\"version\": 1, \"user\": \"1\", \"settings\": {}, \"secrets\": "
        "{\"A\": {\"id\": \"\", \"key\": \"\", \"created_at\": \"\", "
        "\"updated_at\": \"\", \"description\": null}}}",
        "{\"version\": 1, \"user\": \"1\", \"settings\": {}, \"secrets\": "
        "{\"A\": \"plain\"}}"
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        nt_buf_t error = { 0 };
        json_t  *file =
            nt_settings_file_parse(bad[i], strlen(bad[i]), "1", &error);

        ok(file == NULL && error.len > 0, "no file of settings: %s", bad[i]);
        json_decref(file);
        nt_buf_free(&error);
    }
}


int
main(void)
{
    test_derivation();
    test_seal();
    test_file();
    test_parse();

    return done();
}
