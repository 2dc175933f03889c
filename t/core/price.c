#include "core/llm/nt_estimate.h"
#include "core/llm/nt_price.h"
#include "core/nt_glob.h"
#include "core/nt_money.h"
#include "t/core/tap.h"


static void
test_money(void)
{
    static const struct {
        const char *text;
        long long   nano; /* -1: faulty */
        const char *back;
    } rows[] = { { "0", 0, "0" },
                 { "1", 1000000000, "1" },
                 { "0.5", 500000000, "0.5" },
                 { ".5", 500000000, "0.5" },
                 { "5.", 5000000000, "5" },
                 { "00.10", 100000000, "0.1" },
                 { "0.000000001", 1, "0.000000001" },
                 { "1000000000", 1000000000000000000, "1000000000" },
                 { "1000000000.000000001", -1, NULL },
                 { "10000000000000000000000", -1, NULL },
                 { "0.0000000001", -1, NULL },
                 { "", -1, NULL },
                 { ".", -1, NULL },
                 { "1.2.3", -1, NULL },
                 { "-1", -1, NULL },
                 { "1e3", -1, NULL },
                 { " 1", -1, NULL } };

    int64_t  nano;
    nt_buf_t buf = { 0 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool good = nt_money_parse(nt_str(rows[i].text), &nano);

        is_int(good ? nano : -1, rows[i].nano, rows[i].text);

        if (good) {
            nt_buf_reset(&buf);
            nt_money_append(&buf, nano);
            is_str((nt_str_t) { buf.data, buf.len }, rows[i].back, "and back");
        }
    }

    nt_buf_reset(&buf);
    nt_money_append(&buf, -1500000000);
    is_str((nt_str_t) { buf.data, buf.len }, "-1.5", "a debt");
    nt_buf_free(&buf);
}


static void
test_globs(void)
{
    static const struct {
        const char *pattern;
        const char *text;
        bool        match;
    } rows[] = { { "a", "a", true },          { "a", "b", false },
                 { "*", "", true },           { "", "", true },
                 { "", "a", false },          { "a*", "abc", true },
                 { "*c", "abc", true },       { "a*c", "abbc", true },
                 { "a*c", "abcd", false },    { "*b*", "abc", true },
                 { "**a**", "a", true },      { "a*b*c", "a-b-b-c", true },
                 { "a*a*a*b", "aaaa", false } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ok(nt_glob_match(nt_str(rows[i].pattern), nt_str(rows[i].text)) ==
               rows[i].match,
           "\"%s\" and \"%s\"", rows[i].pattern, rows[i].text);
    }

    ok(nt_glob_among(NT_STR("x,a*,y"), NT_STR("abc")), "one of a list");
    ok(nt_glob_among(NT_STR(" x  abc "), NT_STR("abc")), "with spaces");
    ok(!nt_glob_among(NT_STR("x,,y"), NT_STR("")), "an empty one is none");
    ok(!nt_glob_among(NT_STR("x,ab"), NT_STR("abc")), "none of them");
}


static void
test_prices(void)
{
    static const char text[] = "# a comment\n\n"
                               "mock/a*  1 2\r\n"
                               "a*       3\t4   0.5\n"
                               "or/a     5 6\n"
                               "free 0 0\n"
                               "* 7 8";

    static const struct {
        const char *provider;
        const char *model;
        long long   input; /* dollars */
    } rows[] = { { "mock", "abc", 1 },   { "other", "abc", 3 },
                 { "", "abc", 3 },       { "or", "or/a", 5 },
                 { "x", "or/a", 5 },     { "or", "b", 7 },
                 { "mock", "b", 7 },     { "x", "free", 0 },
                 { "mock", "mock/a", 1 } };

    static const char *const wrong[] = { "a",       "a 1",   "a 1 2 3 4",
                                         "a -1 2",  "a 1 x", "a 1 2 x",
                                         "a 1e3 2", "* * *" };

    nt_prices_t       set;
    const nt_price_t *price;

    is_int(nt_prices_parse(&set, NT_STR(text)), NT_OK, "a file");
    is_int((long long) set.n, 5, "five prices");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        price = nt_prices_find(&set, nt_str(rows[i].provider),
                               nt_str(rows[i].model));
        is_int(price != NULL ? price->input / NT_MONEY_DOLLAR : -1,
               rows[i].input, rows[i].model);
    }

    nt_prices_free(&set);

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        nt_buf_t buf = { 0 };

        nt_buf_printf(&buf, "#\nx 1 1\n%s\n", wrong[i]);
        is_int(nt_prices_parse(&set, (nt_str_t) { buf.data, buf.len }),
               NT_ERROR, wrong[i]);
        is_int(set.line, 3, "its line");
        ok(set.error != NULL, "what is wrong");
        nt_prices_free(&set);
        nt_buf_free(&buf);
    }

    is_int(nt_prices_parse(&set, NT_STR("")), NT_OK, "an empty file");
    ok(nt_prices_find(&set, NT_STR("a"), NT_STR("b")) == NULL, "has none");
    nt_prices_free(&set);
}


static void
test_costs(void)
{
    /* $2.50, $10 and $1.25 for a million */
    static const nt_price_t price = { .input = 2500000000,
                                      .output = 10000000000,
                                      .cached = 1250000000 };
    static const nt_price_t dear = { .input = NT_MONEY_MAX,
                                     .output = NT_MONEY_MAX };
    static const nt_price_t cheap = { .input = 1499999, .output = 1500000 };

    nt_llm_usage_t usage = { 1000, 100, 1100, 400, 0 };

    is_int(nt_price_cost(&price, &usage), 3000000,
           "600 new, 400 cached, 100 made: $0.003");

    usage = (nt_llm_usage_t) { 10, -1, -1, 20, -1 };
    is_int(nt_price_cost(&price, &usage), 12500,
           "not more are cached than there are");

    usage = (nt_llm_usage_t) { -1, -1, -1, -1, -1 };
    is_int(nt_price_cost(&price, &usage), 0, "nothing is known");

    usage = (nt_llm_usage_t) { INT64_MAX, INT64_MAX, 0, INT64_MAX, 0 };
    is_int(nt_price_cost(&dear, &usage), NT_MONEY_MAX, "no overflow");

    usage = (nt_llm_usage_t) { 1, 0, 1, 0, 0 };
    is_int(nt_price_cost(&cheap, &usage), 1, "rounded down");
    usage = (nt_llm_usage_t) { 0, 1, 1, 0, 0 };
    is_int(nt_price_cost(&cheap, &usage), 2, "rounded up");
}


static int64_t
estimate(const char *text, size_t piece)
{
    size_t        len = strlen(text);
    nt_estimate_t e = { 0 };

    for (size_t i = 0; i < len; i += piece) {
        nt_estimate_feed(&e, text + i, len - i < piece ? len - i : piece);
    }

    return nt_estimate_tokens(&e);
}


static void
test_estimates(void)
{
    char        *image = malloc(100000), *prose = malloc(100000);
    const size_t pieces[] = { 1, 3, 64, 65, 1000, 100000 };

    if (image == NULL || prose == NULL) {
        free(image);
        free(prose);
        return;
    }

    memset(image, 'A', 99999);
    memcpy(image, "{\"url\":\"data:image/png;base64,", 30);
    memcpy(image + 99996, "\"}", 3);
    memset(prose, 'b', 99999);
    memcpy(prose, "{\"content\":\"many words ", 23);
    memcpy(prose + 99996, "\"}", 3);

    is_int(estimate("", 1), 0, "nothing");
    is_int(estimate("12345678", 8), 2, "four bytes a token");
    is_int(estimate("123456789", 9), 3, "rounded up");

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        is_int(estimate(image, pieces[i]), 1026, "an image");
        is_int(estimate(prose, pieces[i]), 24999, "prose");
    }

    free(image);
    free(prose);
}


int
main(void)
{
    test_money();
    test_globs();
    test_prices();
    test_costs();
    test_estimates();

    return done();
}
