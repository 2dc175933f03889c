/* Byte pair encoding: merges by rank, the leftmost first; vocabularies. */

#include "engine/nodes/bpe.h"
#include "t/core/tap.h"


/* a b c are 0 1 2, ab is 3, bc is 4, abc is 5, aa is 6, aaaa is 7 */
static const char ranks[] = "YQ== 0\nYg== 1\r\nYw== 2\n\nYWI= 3\nYmM= 4\n"
                            "YWJj 5\nYWE= 6\nYWFhYQ== 7";

static const struct {
    const char *piece;
    size_t      count;
} pieces[] = { { "", 0 },       { "a", 1 },      { "ab", 1 },
               { "abc", 1 },    { "bca", 2 },    { "cba", 3 },
               { "aab", 2 },    { "aaa", 2 },    { "aaaaa", 2 },
               { "abcabc", 2 }, { "aabbcc", 4 }, { "aaaaaaaa", 2 } };

static const struct {
    const char *name;
    const char *ranks;
    size_t      line;
} bad[] = { { "no rank", "YQ== 0\nYg==\n", 2 },
            { "no number", "YQ== x", 1 },
            { "no base64", "Y!== 0", 1 },
            { "no token", " 0", 1 },
            { "a rank too long", "YQ== 12345678901234", 1 },
            { "a space behind", "YQ== 1 ", 1 } };


int
main(void)
{
    char     *text;
    size_t    i, n, line;
    nt_bpe_t *bpe;

    bpe = nt_bpe_new(NT_STR(ranks), &line);
    ok(bpe != NULL, "a vocabulary");

    for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        ok(nt_bpe_count(bpe, nt_str(pieces[i].piece), &n) == NT_OK &&
               n == pieces[i].count,
           "\"%s\" is %zu tokens", pieces[i].piece, pieces[i].count);
    }

    ok(nt_bpe_count(bpe, NT_STR("abx"), &n) == NT_ERROR, "an unknown byte");

    text = malloc(1000000);
    memset(text, 'a', 1000000);
    ok(nt_bpe_count(bpe, (nt_str_t) { text, 1000000 }, &n) == NT_OK &&
           n == 250000,
       "a word of a million bytes");
    free(text);
    nt_bpe_free(bpe);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        bpe = nt_bpe_new(nt_str(bad[i].ranks), &line);
        ok(bpe == NULL, "%s is refused", bad[i].name);
        is_int((long long) line, (long long) bad[i].line, "and its line");
    }

    return done();
}
