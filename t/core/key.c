#include "core/nt_key.h"
#include "t/core/tap.h"


int
main(void)
{
    static const nt_str_t good[] = { NT_STR("a"),        NT_STR("a/b/c.png"),
                                     NT_STR("...a"),     NT_STR(".hidden"),
                                     NT_STR("a b"),      NT_STR("é/😀.txt"),
                                     NT_STR("a/..b/c"),  NT_STR("..."),
                                     NT_STR("%2e%2e/a"), NT_STR("a.."),
                                     NT_STR("a:b*?") };

    static const nt_str_t bad[] = { NT_STR(""),
                                    NT_STR("/"),
                                    NT_STR("/a"),
                                    NT_STR("a/"),
                                    NT_STR("a//b"),
                                    NT_STR("."),
                                    NT_STR(".."),
                                    NT_STR("a/.."),
                                    NT_STR("../a"),
                                    NT_STR("a/./b"),
                                    NT_STR("a/../b"),
                                    NT_STR("a\0b"),
                                    NT_STR("a\nb"),
                                    NT_STR("a\x7f"),
                                    NT_STR("a\\b"),
                                    NT_STR("..\\a"),
                                    NT_STR("\xff"),
                                    NT_STR("a\xc0\xae"),
                                    NT_STR("\xed\xa0\x80"),
                                    NT_STR("a\xe2\x82") };

    char long_key[NT_KEY_MAX + 1];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const char *fault = nt_key_check(good[i]);

        ok(fault == NULL, "good: %s", good[i].data);
        if (fault != NULL) {
            diag("%s", fault);
        }
    }

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *fault = nt_key_check(bad[i]);

        ok(fault != NULL, "bad, number %zu: %s", i, fault ? fault : "");
    }

    memset(long_key, 'a', sizeof(long_key));
    for (size_t i = NT_KEY_SEGMENT_MAX; i < NT_KEY_MAX;
         i += NT_KEY_SEGMENT_MAX + 1) {
        long_key[i] = '/';
    }
    long_key[NT_KEY_MAX - 1] = 'a';

    ok(nt_key_check((nt_str_t) { long_key, 255 }) == NULL, "longest segment");
    ok(nt_key_check((nt_str_t) { long_key, NT_KEY_MAX + 1 }) != NULL,
       "too long a key");
    long_key[255] = 'a';
    ok(nt_key_check((nt_str_t) { long_key, 256 }) != NULL,
       "too long a segment");
    long_key[255] = '/';
    long_key[1023] = '\0';
    ok(nt_key_check((nt_str_t) { long_key, 1023 }) == NULL, "long key");

    return done();
}
