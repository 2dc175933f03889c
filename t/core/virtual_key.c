#include "core/auth/nt_virtual_key.h"
#include "t/core/tap.h"

#define A                                                                      \
    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B                                                                      \
    "sha256:BBbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C                                                                      \
    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"


static void
test_lines(void)
{
    static const struct {
        const char *line;
        nt_rc_t     rc;
    } rows[] = { { "", NT_AGAIN },
                 { " \t\r", NT_AGAIN },
                 { "# " A " name=x", NT_AGAIN },
                 { A " name=x", NT_OK },
                 { "  " A "\tname=x\r", NT_OK },
                 { A " name=x rpm=0 tpm=999999999999999", NT_OK },
                 { A " name=x rpm=1000000000000000", NT_ERROR },
                 { A " name=x budget_day=0 budget_month=.5", NT_OK },
                 { A " name=x budget_day=1000000001", NT_ERROR },
                 { A " name=x budget_day=0.0000000001", NT_ERROR },
                 { A " name=x budget_day=.", NT_ERROR },
                 { A " name=x user=b@c.de role=admin", NT_OK },
                 { A " name=x role=Admin", NT_ERROR },
                 { A " name=x models=a,*", NT_OK },
                 { A " name=x models", NT_ERROR },
                 { A " name=x =y", NT_ERROR },
                 { A " rpm=1", NT_ERROR },
                 { A "a name=x", NT_ERROR },
                 { "sha255" A, NT_ERROR },
                 { A " name=x\xff", NT_ERROR } };

    nt_virtual_key_t key;
    const char      *error;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        error = NULL;
        is_int(nt_virtual_key_line(&key, nt_str(rows[i].line), &error),
               rows[i].rc, rows[i].line);
        ok((rows[i].rc != NT_ERROR) || error != NULL, "an error has a text");
    }

    (void) nt_virtual_key_line(&key, NT_STR(A " name=x rpm=1 models=a,b"),
                               &error);
    is_str(key.name, "x", "name");
    is_str(key.user, "x", "the user is the name");
    is_str(key.rpm, "1", "rpm");
    is_str(key.models, "a,b", "models");
    is_int((long long) key.tpm.len, 0, "no tpm");
    is_int(key.digest[31], 0xaa, "digest");
    ok(!key.admin, "a user");
}


static void
test_times(void)
{
    static const struct {
        const char *text;
        long long   seconds; /* -1: faulty */
    } rows[] = { { "1971-01-01", 31536000 },
                 { "2000-02-29", 951782400 },
                 { "2000-03-01", 951868800 },
                 { "2024-12-31T23:59:59Z", 1735689599 },
                 { "2100-01-01", 4102444800 },
                 { "9999-12-31", 253402214400 },
                 { "1970-01-01", -1 },
                 { "2023-02-29", -1 },
                 { "2100-02-29", -1 },
                 { "2024-13-01", -1 },
                 { "2024-00-01", -1 },
                 { "2024-01-00", -1 },
                 { "2024-01-32", -1 },
                 { "2024-1-1", -1 },
                 { "2024-01-01T", -1 },
                 { "2024-01-01T24:00:00Z", -1 },
                 { "2024-01-01T00:60:00Z", -1 },
                 { "2024-01-01T00:00:00+", -1 },
                 { "2024/01/01", -1 },
                 { "20x4-01-01", -1 },
                 { "", -1 } };

    int64_t seconds;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool good = nt_virtual_key_time(nt_str(rows[i].text), &seconds);

        is_int(good ? seconds : -1, rows[i].seconds, rows[i].text);
    }
}


static void
test_files(void)
{
    static const struct {
        const char *text;
        int         n; /* -1: faulty ... */
        unsigned    line;
    } rows[] = { { "", 0, 0 },
                 { "\n\n#\n", 0, 0 },
                 { A " name=a", 1, 0 },
                 { A " name=a\n" B " name=b\n" C " name=c", 3, 0 },
                 { A " name=a\n\n" A " name=b\n", -1, 3 },
                 { A " name=a\n" B " name=a", -1, 2 },
                 { B " name=a\n#\n" A " name=a\n" C " name=a", -1, 3 },
                 { A " name=a\n" B " name=b rpm=x\nx", -1, 2 } };

    nt_rc_t           rc;
    unsigned char     digest[NT_VIRTUAL_KEY_DIGEST];
    nt_virtual_keys_t set;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rc = nt_virtual_keys_parse(&set, nt_str(rows[i].text));

        ok((rc == NT_OK ? (int) set.n : -1) == rows[i].n, "file %zu", i);
        if (rc != NT_OK) {
            is_int(set.line, rows[i].line, set.error);
        }

        nt_virtual_keys_free(&set);
    }

    rc = nt_virtual_keys_parse(&set,
                               NT_STR(A " name=a\n" B " name=b\n" C " name=c"));
    is_int(rc, NT_OK, "three keys");

    memset(digest, 0xaa, sizeof(digest));
    is_str(nt_virtual_keys_find(&set, digest)->name, "a", "found");
    digest[31] = 0xab;
    ok(nt_virtual_keys_find(&set, digest) == NULL ||
           nt_str_eq(nt_virtual_keys_find(&set, digest)->name, NT_STR("c")),
       "one with the same first half is itself, or nobody");
    digest[31] = 0xac;
    ok(nt_virtual_keys_find(&set, digest) == NULL, "the last byte differs");
    memset(digest, 0xbb, sizeof(digest));
    is_str(nt_virtual_keys_find(&set, digest)->name, "b", "the last one");
    digest[0] = 0xff;
    ok(nt_virtual_keys_find(&set, digest) == NULL, "behind all");
    digest[0] = 0;
    ok(nt_virtual_keys_find(&set, digest) == NULL, "before all");

    nt_virtual_keys_free(&set);
    ok(nt_virtual_keys_find(&set, digest) == NULL, "in none");
}


int
main(void)
{
    test_lines();
    test_times();
    test_files();

    return done();
}
