/*
 * core/llm/nt_llm_json.c - jansson's values, in fewer words.
 */

#include "core/llm/nt_json_read.h"
#include "core/llm/nt_llm_private.h"


nt_rc_t
nt_llm_set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0 ? NT_OK : NT_NOMEM;
}


nt_rc_t
nt_llm_append(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0 ? NT_OK : NT_NOMEM;
}


json_t *
nt_llm_get(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);

    return json_is_null(value) ? NULL : value;
}


nt_str_t
nt_llm_text(nt_str_t json)
{
    if (json.len >= 3 && memcmp(json.data, "\xef\xbb\xbf", 3) == 0) {
        json.data += 3;
        json.len -= 3;
    }

    return json;
}


nt_str_t
nt_llm_str(const json_t *string)
{
    if (!json_is_string(string)) {
        return NT_STR("");
    }

    return (nt_str_t) { json_string_value(string), json_string_length(string) };
}


nt_str_t
nt_llm_get_str(const json_t *object, const char *name)
{
    return nt_llm_str(json_object_get(object, name));
}


const char *
nt_llm_get_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}


int64_t
nt_llm_get_int(const json_t *object, const char *name, int64_t otherwise)
{
    json_t *value = json_object_get(object, name);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}


int64_t
nt_llm_count(int64_t n)
{
    return n < 0 ? -1 : n < NT_LLM_TOKENS_MAX ? n : NT_LLM_TOKENS_MAX;
}


int64_t
nt_llm_get_count(const json_t *object, const char *name)
{
    return nt_llm_count(nt_llm_get_int(object, name, -1));
}


json_t *
nt_llm_json_str(nt_str_t text)
{
    return json_stringn(text.data != NULL ? text.data : "", text.len);
}


json_t *
nt_llm_object(nt_str_t text, nt_rc_t *rc)
{
    json_t      *value = nt_json_read(text.data, text.len);
    json_error_t e;

    *rc = NT_OK;
    if (value == NULL) {
        value = json_loadb(text.data != NULL ? text.data : "", text.len,
                           JSON_ALLOW_NUL, &e);
        *rc = value == NULL && json_error_code(&e) == json_error_out_of_memory
                  ? NT_NOMEM
                  : NT_ERROR;
    }

    if (json_is_object(value)) {
        *rc = NT_OK;
        return value;
    }

    *rc = *rc == NT_NOMEM ? NT_NOMEM : NT_ERROR;
    json_decref(value);

    return NULL;
}
