#include "engine/settings/file.h"

#include <stdlib.h>

#include "engine/json.h"
#include "engine/log.h"

#define NT_VERSION 1


json_t *
nt_settings_file_new(const char *user)
{
    return json_pack("{s:i, s:s, s:{}, s:{}}", "version", NT_VERSION, "user",
                     user, "settings", "secrets");
}


/* --- what is read ---------------------------------------------------------*/

static bool
check_secret(const json_t *secret)
{
    static const char *const required[] = { "id",         "key",        "value",
                                            "created_at", "updated_at", NULL };

    const json_t *description = json_object_get(secret, "description");

    for (const char *const *name = required; *name != NULL; name++) {
        if (!json_is_string(json_object_get(secret, *name))) {
            return false;
        }
    }

    return json_is_string(description) || json_is_null(description);
}


static bool
check_members(json_t *file, nt_buf_t *error)
{
    json_t     *settings = json_object_get(file, "settings");
    json_t     *secrets = json_object_get(file, "secrets"), *value;
    const char *name;

    if (!json_is_object(settings) || !json_is_object(secrets)) {
        nt_buf_printf(error, "settings and secrets are not objects");
        return false;
    }

    json_object_foreach(settings, name, value)
    {
        if (!json_is_string(value)) {
            nt_buf_printf(error, "the setting %.100s is not a string", name);
            return false;
        }
    }

    json_object_foreach(secrets, name, value)
    {
        if (!check_secret(value)) {
            nt_buf_printf(error, "the secret %.100s is not whole", name);
            return false;
        }
    }

    return true;
}


json_t *
nt_settings_file_parse(const char *text, size_t len, const char *user,
                       nt_buf_t *error)
{
    json_t     *file = nt_json_parse(text, len, error);
    const char *whose = json_string_value(json_object_get(file, "user"));

    if (file == NULL) {
        return NULL;
    }

    if (json_integer_value(json_object_get(file, "version")) != NT_VERSION) {
        nt_buf_printf(error, "its version is not %d", NT_VERSION);

    } else if (whose == NULL || strcmp(whose, user) != 0) {
        nt_buf_printf(error, "it is another user's");

    } else if (check_members(file, error)) {
        return file;
    }

    json_decref(file);

    return NULL;
}


/* --- secrets --------------------------------------------------------------*/

/* What a secret is encrypted for. */
static void
append_context(nt_buf_t *context, const json_t *file, const char *name)
{
    const char *user = json_string_value(json_object_get(file, "user"));

    nt_buf_append(context, user, strlen(user) + 1);
    nt_buf_append_str(context, nt_str(name));
}


static const char *
text_of(const json_t *secret, const char *name)
{
    const char *text = json_string_value(json_object_get(secret, name));

    return text != NULL ? text : "";
}


/* Appends its value.  NT_ERROR with *fault set when it cannot be read. */
static nt_rc_t
open_secret(const json_t *file, const char *name, const nt_seal_keys_t *keys,
            nt_buf_t *value, const char **fault)
{
    nt_rc_t              rc;
    nt_buf_t             context = { 0 };
    const json_t        *secret;
    const nt_seal_key_t *key;

    secret = json_object_get(json_object_get(file, "secrets"), name);
    key = nt_seal_keys_find(keys, text_of(secret, "key"));

    if (key == NULL) {
        *fault = "It was encrypted with a key that the server does not have: "
                 "give it to the engine as SECRETS_MASTER_KEY_OLD, or store "
                 "the secret again.";
        return NT_ERROR;
    }

    append_context(&context, file, name);
    rc = context.failed
             ? NT_NOMEM
             : nt_unseal(key, (nt_str_t) { context.data, context.len },
                         nt_str(text_of(secret, "value")), value);
    nt_buf_free(&context);

    if (rc == NT_ERROR) {
        *fault = "It was damaged or copied from elsewhere: store the secret "
                 "again.";
    }

    return rc;
}


const char *
nt_settings_file_fault(const json_t *file, const char *name,
                       const nt_seal_keys_t *keys)
{
    nt_buf_t    value = { 0 };
    const char *fault = NULL;

    if (open_secret(file, name, keys, &value, &fault) == NT_NOMEM) {
        fault = "The server is out of memory.";
    }

    nt_seal_buf_free(&value);

    return fault;
}


static bool
add_secret(nt_values_t *values, const json_t *file, const char *name,
           const nt_seal_keys_t *keys)
{
    bool        ok = false;
    nt_buf_t    value = { 0 };
    const char *fault = NULL;

    switch (open_secret(file, name, keys, &value, &fault)) {
    case NT_OK:
        ok = nt_values_add(values, name, (nt_str_t) { value.data, value.len });
        break;

    case NT_ERROR:
        nt_log(NT_LOG_WARN, "settings: secret %s of user %s: %s", name,
               text_of(file, "user"), fault);
        ok = nt_values_add(values, name, (nt_str_t) { NULL, 0 });
        break;

    default:
        break;
    }

    nt_seal_buf_free(&value);

    return ok;
}


nt_values_t *
nt_settings_file_values(const json_t *file, const nt_seal_keys_t *keys)
{
    bool         ok = true;
    json_t      *settings = json_object_get(file, "settings");
    json_t      *secrets = json_object_get(file, "secrets"), *value;
    const char  *name;
    nt_values_t *values = nt_values_new();

    if (values == NULL) {
        return NULL;
    }

    json_object_foreach(settings, name, value)
    {
        ok =
            ok && nt_values_add(values, name, nt_str(json_string_value(value)));
    }

    json_object_foreach(secrets, name, value)
    {
        ok = ok && add_secret(values, file, name, keys);
    }

    if (!ok) {
        nt_values_unref(values);
        return NULL;
    }

    return values;
}


/* Puts a value into a secret's record. */
static bool
seal_into(json_t *record, const json_t *file, const char *name, nt_str_t value,
          const nt_seal_key_t *key)
{
    bool     ok;
    nt_buf_t context = { 0 }, text = { 0 };

    append_context(&context, file, name);

    ok = !context.failed &&
         nt_seal(key, (nt_str_t) { context.data, context.len }, value, &text) &&
         json_object_set_new(record, "key", json_string(key->id)) == 0 &&
         json_object_set_new(record, "value",
                             json_stringn(text.data, text.len)) == 0;

    nt_buf_free(&context);
    nt_buf_free(&text);

    return ok;
}


bool
nt_settings_file_set(json_t *file, const char *name, nt_str_t value,
                     const char *description, const nt_seal_key_t *key)
{
    bool    ok;
    json_t *secrets = json_object_get(file, "secrets");
    json_t *record = json_object_get(secrets, name);

    if (record == NULL) {
        record = json_pack("{s:o, s:n, s:o}", "id", nt_json_id(), "description",
                           "created_at", nt_json_now());

    } else {
        json_incref(record);
    }

    ok = record != NULL && seal_into(record, file, name, value, key) &&
         json_object_set_new(record, "updated_at", nt_json_now()) == 0 &&
         (description == NULL ||
          json_object_set_new(record, "description",
                              json_string(description)) == 0) &&
         json_object_set(secrets, name, record) == 0;

    json_decref(record);

    return ok;
}


int
nt_settings_file_rotate(json_t *file, const nt_seal_keys_t *keys)
{
    int         n = 0;
    json_t     *secrets = json_object_get(file, "secrets"), *record;
    nt_rc_t     rc;
    const char *name, *fault;

    json_object_foreach(secrets, name, record)
    {
        nt_buf_t value = { 0 };

        if (keys->n == 0 ||
            strcmp(text_of(record, "key"), keys->keys[0].id) == 0) {
            continue;
        }

        rc = open_secret(file, name, keys, &value, &fault);

        if (rc == NT_OK) {
            rc = seal_into(record, file, name,
                           (nt_str_t) { value.data, value.len }, &keys->keys[0])
                     ? NT_OK
                     : NT_NOMEM;
            n++;
        }

        nt_seal_buf_free(&value);

        if (rc == NT_NOMEM) {
            return -1;
        }
    }

    return n;
}
