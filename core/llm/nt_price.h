/*
 * core/llm/nt_price.h - what tokens cost.
 *
 *   # MODEL-PATTERN  INPUT  OUTPUT  [CACHED-INPUT]
 *   gpt-4o-mini*     0.15   0.60    0.075
 *   openai/gpt-4o*   2.50   10
 *   *                5      15
 *
 * in dollars per million tokens, one model a line; the first line whose
 * pattern matches counts.  A pattern is compared with the model's name, as
 * the provider is asked for it, and with that behind PROVIDER/.
 */

#ifndef NT_PRICE_H
#define NT_PRICE_H

#include "core/llm/nt_llm.h"

typedef struct {
    nt_str_t pattern;
    int64_t  input; /* nano-dollars per million tokens, these three */
    int64_t  output;
    int64_t  cached; /* of input that the provider had in its cache */
} nt_price_t;

typedef struct {
    nt_price_t *prices;
    size_t      n;
    unsigned    line;  /* of an error, from 1 */
    const char *error; /* static text */
} nt_prices_t;

NT_BEGIN_DECLS

/* Reads a whole text, which the patterns point into.  NT_OK; NT_ERROR with
 * line and error; NT_NOMEM. */
nt_rc_t nt_prices_parse(nt_prices_t *set, nt_str_t text);
void    nt_prices_free(nt_prices_t *set);

/* NULL: no line matches.  An empty provider is one that is not known yet. */
const nt_price_t *nt_prices_find(const nt_prices_t *set, nt_str_t provider,
                                 nt_str_t model);

/* Nano-dollars, rounded; from 0 to NT_MONEY_MAX.  Counts that are not known
 * (-1) count as none. */
int64_t nt_price_cost(const nt_price_t *price, const nt_llm_usage_t *usage);

NT_END_DECLS

#endif
