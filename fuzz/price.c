/* Files of prices, and what anything costs by them; estimates do not depend on
 * how a text is cut. */

#include <stdlib.h>

#include "core/llm/nt_estimate.h"
#include "core/llm/nt_price.h"
#include "core/nt_money.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check_estimate(nt_str_t text)
{
    nt_estimate_t whole = { 0 }, pieces = { 0 };

    nt_estimate_feed(&whole, text.data, text.len);

    for (size_t i = 0; i < text.len; i++) {
        nt_estimate_feed(&pieces, text.data + i, 1);
    }

    if (nt_estimate_tokens(&whole) != nt_estimate_tokens(&pieces) ||
        nt_estimate_tokens(&whole) < 0)
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t        cost;
    nt_str_t       text = { (const char *) data, size };
    nt_prices_t    set;
    nt_llm_usage_t usage = { 0 };

    check_estimate(text);

    if (nt_prices_parse(&set, text) != NT_OK) {
        if (set.error == NULL || set.line == 0 || set.prices != NULL) {
            abort();
        }

        return 0;
    }

    for (size_t i = 0; i < set.n; i++) {
        memcpy(&usage, data, size < sizeof(usage) ? size : sizeof(usage));
        cost = nt_price_cost(&set.prices[i], &usage);

        if (cost < 0 || cost > NT_MONEY_MAX) {
            abort();
        }
    }

    (void) nt_prices_find(&set, text, text);
    nt_prices_free(&set);

    return 0;
}
