/*
 * core/llm/nt_llm_api_embeddings.c - OpenAI's embeddings, as clients have it
 * (https://platform.openai.com/docs/api-reference/embeddings).
 *
 * OpenAI's SDKs ask for base64 of 32-bit floats unless told otherwise, and
 * decode it whatever came.
 */

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_llm_api_private.h"


/* --- requests --- */

static nt_rc_t
put_input(const json_t *request, json_t *out, nt_llm_error_t *error)
{
    size_t  i;
    json_t *item, *input = nt_llm_get(request, "input");

    if (json_is_string(input)) {
        return nt_llm_set(out, "input", json_pack("[O]", input));
    }

    if (json_array_size(input) == 0) {
        return nt_llm_fail(error, "input",
                           "'input' must be a text or a list of texts.");
    }

    json_array_foreach(input, i, item)
    {
        if (!json_is_string(item)) {
            return nt_llm_fail(error, "input",
                               "'input' must be texts: tokens are known to "
                               "OpenAI's models only.");
        }
    }

    return nt_llm_set(out, "input", json_incref(input));
}


static nt_rc_t
embeddings_request(const json_t *request, json_t *out, nt_llm_error_t *error)
{
    const char *name;
    json_t     *value, *r = (json_t *) (uintptr_t) request; /* only read */
    nt_str_t    format;

    json_object_foreach(r, name, value)
    {
        if (strcmp(name, "model") == 0 || strcmp(name, "dimensions") == 0) {
            if (!json_is_null(value) &&
                nt_llm_set(out, name, json_incref(value)) != NT_OK) {
                return NT_NOMEM;
            }
        } else if (!json_is_null(value) && strcmp(name, "input") != 0 &&
                   strcmp(name, "encoding_format") != 0 &&
                   strcmp(name, "user") != 0)
        {
            return nt_llm_fail(error, name,
                               "The parameter '%.64s' is not known to this "
                               "model's provider: leave it out.",
                               name);
        }
    }

    format = nt_llm_get_str(request, "encoding_format");
    if (nt_llm_get(request, "encoding_format") != NULL &&
        !nt_str_eq(format, NT_STR("float")) &&
        !nt_str_eq(format, NT_STR("base64")))
    {
        return nt_llm_fail(error, "encoding_format",
                           "'encoding_format' must be float or base64.");
    }

    return put_input(request, out, error);
}


/* --- replies --- */

/* Base64 (RFC 4648, section 4) of 32-bit floats, little-endian. */
static void
write_base64(nt_buf_t *out, const json_t *vector)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";

    size_t   i, n = 0;
    float    number;
    json_t  *item;
    uint32_t bits, group = 0;

    nt_buf_append_char(out, '"');

    json_array_foreach(vector, i, item)
    {
        number = (float) json_number_value(item);
        memcpy(&bits, &number, sizeof(bits));

        for (int b = 0; b < 4; b++, bits >>= 8) {
            group = group << 8 | (bits & 0xff);
            if (++n % 3 == 0) {
                for (int shift = 18; shift >= 0; shift -= 6) {
                    nt_buf_append_char(out, digits[group >> shift & 63]);
                }

                group = 0;
            }
        }
    }

    if (n % 3 != 0) {
        group <<= n % 3 == 1 ? 16 : 8;
        nt_buf_append_char(out, digits[group >> 18]);
        nt_buf_append_char(out, digits[group >> 12 & 63]);
        nt_buf_append_char(out, n % 3 == 1 ? '=' : digits[group >> 6 & 63]);
        nt_buf_append_char(out, '=');
    }

    nt_buf_append_char(out, '"');
}


static nt_rc_t
embeddings_reply(const json_t *reply, const nt_llm_reply_options_t *options,
                 nt_buf_t *out)
{
    bool     base64;
    size_t   i;
    json_t  *item, *vector, *usage = nt_llm_get(reply, "usage");
    uint64_t prompt;
    nt_str_t format = nt_llm_get_str(options->request, "encoding_format");

    base64 = nt_str_eq(format, NT_STR("base64"));
    nt_buf_append_str(out, NT_STR("{\"object\":\"list\",\"data\":["));

    json_array_foreach(json_object_get(reply, "data"), i, item)
    {
        nt_buf_append(out, ",", i != 0);
        nt_buf_append_str(out, NT_STR("{\"object\":\"embedding\",\"index\":"));
        nt_buf_append_uint(out, i);
        nt_buf_append_str(out, NT_STR(",\"embedding\":"));

        vector = json_object_get(item, "embedding");
        if (base64) {
            write_base64(out, vector);
        } else {
            nt_json_append(out, vector);
        }

        nt_buf_append_char(out, '}');
    }

    nt_buf_append_char(out, ']');
    nt_llm_write_member(out, true, "model", options->model);

    /* The SDKs rely on usage; Gemini does not tell it. */
    prompt = (uint64_t) nt_llm_get_int(usage, "prompt_tokens", 0);
    nt_buf_append_str(out, NT_STR(",\"usage\":{\"prompt_tokens\":"));
    nt_buf_append_uint(out, prompt);
    nt_buf_append_str(out, NT_STR(",\"total_tokens\":"));
    nt_buf_append_uint(out, prompt);
    nt_buf_append_str(out, NT_STR("}}"));

    return NT_OK;
}


static void
embeddings_error(const nt_llm_error_t *error, nt_buf_t *out)
{
    nt_llm_api_chat.error(error, out);
}


const nt_llm_api_t nt_llm_api_embeddings = { .name = "embeddings",
                                             .request = embeddings_request,
                                             .reply = embeddings_reply,
                                             .error = embeddings_error };
