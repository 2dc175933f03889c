#include "core/nt_trace.h"
#include "t/core/tap.h"

#define ID     "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define GOOD   "00-" ID "-" PARENT "-01"


static void
parents(void)
{
    static const struct {
        const char *value;
        bool        good;
        const char *name;
    } rows[] = {
        { GOOD, true, "the specification's example" },
        { "cc-" ID "-" PARENT "-01", true, "a version to come" },
        { "cc-" ID "-" PARENT "-01-what-it-adds", true, "and what it adds" },
        { "cc-" ID "-" PARENT "-01.what", false, "but not without a dash" },
        { "cc-" ID "-" PARENT "-01-a b", false, "and nothing but a word" },
        { GOOD "-extra", false, "version 00 has no more" },
        { GOOD " ", false, "white space behind it" },
        { "ff-" ID "-" PARENT "-01", false, "version ff" },
        { "0-" ID "-" PARENT "-01", false, "a version of one digit" },
        { "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", false,
          "upper case" },
        { "00-00000000000000000000000000000000-" PARENT "-01", false,
          "an id of zeros" },
        { "00-" ID "-0000000000000000-01", false, "a parent of zeros" },
        { "00-0af7651916cd43dd8448eb211c80319z-" PARENT "-01", false,
          "a digit that is none" },
        { "00_" ID "-" PARENT "-01", false, "another separator" },
        { "00-" ID "-" PARENT "-0", false, "cut off" },
        { "", false, "nothing" },
    };

    nt_str_t id;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].value);
        char  *copy = malloc(len + 1); /* ASan sees a read beyond it */

        if (copy == NULL) {
            abort();
        }

        memcpy(copy, rows[i].value, len);
        id = (nt_str_t) { 0 };
        ok(nt_trace_parent((nt_str_t) { copy, len }, &id) == rows[i].good,
           "traceparent: %s", rows[i].name);

        if (rows[i].good) {
            is_str(id, ID, "its id");
        }

        free(copy);
    }

    for (size_t len = 0; len < strlen(GOOD); len++) {
        if (nt_trace_parent((nt_str_t) { GOOD, len }, &id)) {
            ok(false, "traceparent: its first %zu bytes", len);
        }
    }
}


static void
states(void)
{
    char   long_key[300], many[200];
    size_t n = 0;

    static const struct {
        const char *value;
        bool        good;
        const char *name;
    } rows[] = {
        { "congo=t61rcWkgMzE", true, "one member" },
        { "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true, "two" },
        { "a=1, b=2\t,c=3", true, "white space between them" },
        { "a=1,,b=2,", true, "empty ones" },
        { "tenant@system=1", true, "a key with @" },
        { "0a_-*/b=a b", true, "all characters of keys; a space within" },
        { "", false, "nothing" },
        { ",", false, "only empty members" },
        { "a", false, "no =" },
        { "=1", false, "no key" },
        { "a=", false, "no value" },
        { "a=1=2", false, "= in a value" },
        { "A=1", false, "upper case in a key" },
        { "@a=1", false, "a key that begins with @" },
        { "a=\x01", false, "a control character" },
        { "a=\xc3\xa4", false, "not ASCII" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ok(nt_trace_state(nt_str(rows[i].value)) == rows[i].good,
           "tracestate: %s", rows[i].name);
    }

    memset(long_key, 'k', sizeof(long_key));
    memcpy(long_key + 256, "=1", 2);
    ok(nt_trace_state((nt_str_t) { long_key, 258 }), "a key of 256 bytes");
    memcpy(long_key + 256, "k=1", 3);
    ok(!nt_trace_state((nt_str_t) { long_key, 259 }), "not of 257");

    for (unsigned i = 0; i < 33; i++) {
        memcpy(many + n, "a=1,", 4);
        n += 4;
    }

    ok(nt_trace_state((nt_str_t) { many, n - 4 }), "32 members");
    ok(!nt_trace_state((nt_str_t) { many, n }), "not 33");
}


int
main(void)
{
    parents();
    states();

    return done();
}
