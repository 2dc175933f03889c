#include "core/llm/nt_price.h"

#include <stdlib.h>

#include "core/nt_glob.h"
#include "core/nt_money.h"

#define NT_PRICE_UNIT 1000000 /* tokens that a price is for */


static bool
nt_price_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}


static nt_str_t
nt_price_word(nt_str_t *line)
{
    size_t   i = 0;
    nt_str_t word;

    while (line->len != 0 && nt_price_space(line->data[0])) {
        line->data++;
        line->len--;
    }

    while (i < line->len && !nt_price_space(line->data[i])) {
        i++;
    }

    word = (nt_str_t) { line->data, i };
    line->data += i;
    line->len -= i;

    return word;
}


/* NT_OK; NT_AGAIN: it has no price; NT_ERROR with *error. */
static nt_rc_t
nt_price_line(nt_price_t *price, nt_str_t line, const char **error)
{
    nt_str_t word;

    price->pattern = nt_price_word(&line);

    if (price->pattern.len == 0 || price->pattern.data[0] == '#') {
        return NT_AGAIN;
    }

    *error = "expected a pattern, then the dollars that a million tokens of "
             "input, of output and, maybe, of cached input cost";

    if (!nt_money_parse(nt_price_word(&line), &price->input) ||
        !nt_money_parse(nt_price_word(&line), &price->output))
    {
        return NT_ERROR;
    }

    price->cached = price->input;
    word = nt_price_word(&line);

    if (word.len != 0 && !nt_money_parse(word, &price->cached)) {
        return NT_ERROR;
    }

    return nt_price_word(&line).len == 0 ? NT_OK : NT_ERROR;
}


static nt_rc_t
nt_prices_add(nt_prices_t *set, const nt_price_t *price)
{
    nt_price_t *more;

    /* its room doubles when it is full: at powers of two */
    if ((set->n & (set->n - 1)) == 0) {
        more = realloc(set->prices,
                       (set->n != 0 ? 2 * set->n : 1) * sizeof(*more));
        if (more == NULL) {
            return NT_NOMEM;
        }

        set->prices = more;
    }

    set->prices[set->n++] = *price;

    return NT_OK;
}


nt_rc_t
nt_prices_parse(nt_prices_t *set, nt_str_t text)
{
    nt_rc_t    rc = NT_OK;
    nt_price_t price;

    *set = (nt_prices_t) { .n = 0 };

    while (text.len != 0 && rc == NT_OK) {
        set->line++;

        rc = nt_price_line(&price, nt_str_line(&text), &set->error);

        if (rc == NT_OK) {
            rc = nt_prices_add(set, &price);
        } else if (rc == NT_AGAIN) {
            rc = NT_OK;
        }
    }

    if (rc != NT_OK) {
        nt_prices_free(set);
    }

    return rc;
}


void
nt_prices_free(nt_prices_t *set)
{
    free(set->prices);
    set->prices = NULL;
    set->n = 0;
}


/* Whether a pattern matches PROVIDER/MODEL, which nobody has to put together:
 * the provider's name has no star, and the pattern neither before its end. */
static bool
nt_price_of(nt_str_t pattern, nt_str_t provider, nt_str_t model)
{
    nt_str_t rest;

    if (provider.len == 0 || pattern.len <= provider.len ||
        pattern.data[provider.len] != '/' ||
        memcmp(pattern.data, provider.data, provider.len) != 0)
    {
        return false;
    }

    rest.data = pattern.data + provider.len + 1;
    rest.len = pattern.len - provider.len - 1;

    return nt_glob_match(rest, model);
}


const nt_price_t *
nt_prices_find(const nt_prices_t *set, nt_str_t provider, nt_str_t model)
{
    for (size_t i = 0; i < set->n; i++) {
        nt_str_t pattern = set->prices[i].pattern;

        if (nt_glob_match(pattern, model) ||
            nt_price_of(pattern, provider, model)) {
            return &set->prices[i];
        }
    }

    return NULL;
}


static int64_t
nt_price_tokens(int64_t n)
{
    return n < 0 ? 0 : n < NT_LLM_TOKENS_MAX ? n : NT_LLM_TOKENS_MAX;
}


int64_t
nt_price_cost(const nt_price_t *price, const nt_llm_usage_t *usage)
{
    __int128 cost;
    int64_t  prompt = nt_price_tokens(usage->prompt);
    int64_t  cached = nt_price_tokens(usage->cached);

    if (cached > prompt) {
        cached = prompt;
    }

    cost = (__int128) (prompt - cached) * price->input +
           (__int128) cached * price->cached +
           (__int128) nt_price_tokens(usage->completion) * price->output;

    cost = (cost + NT_PRICE_UNIT / 2) / NT_PRICE_UNIT;

    return cost < NT_MONEY_MAX ? (int64_t) cost : NT_MONEY_MAX;
}
