#include "core/nt_id.h"
#include "t/core/tap.h"

#include <time.h>


static void
test_ids(void)
{
    char          id[130];
    unsigned char random[16];
    char          hex[NT_ID_HEX_LEN];

    memset(id, 'a', sizeof(id));

    ok(nt_request_id_valid(NT_STR("aZ09._:/+=@-")), "request id");
    ok(nt_request_id_valid((nt_str_t) { id, 128 }), "of 128 characters");
    ok(!nt_request_id_valid((nt_str_t) { id, 129 }), "of 129");
    ok(!nt_request_id_valid(NT_STR("")), "empty");
    ok(!nt_request_id_valid(NT_STR("a b")), "with a space");
    ok(!nt_request_id_valid(NT_STR("a\r\nb")), "with CRLF");
    ok(!nt_request_id_valid(NT_STR("a\0b")), "with NUL");
    ok(!nt_request_id_valid(NT_STR("\xc3\xa9")), "not ASCII");

    ok(nt_workflow_id_valid(NT_STR("My_flow-1.0")), "workflow id");
    ok(nt_workflow_id_valid(NT_STR("Agent Google Search")), "with spaces");
    ok(!nt_workflow_id_valid(NT_STR(" a")), "starting with a space");
    ok(!nt_workflow_id_valid(NT_STR("a ")), "ending with a space");
    ok(!nt_workflow_id_valid(NT_STR(".hidden")), "starting with a dot");
    ok(!nt_workflow_id_valid(NT_STR("..")), "dots");
    ok(!nt_workflow_id_valid(NT_STR("a/b")), "with a slash");
    ok(!nt_workflow_id_valid(NT_STR("a%2fb")), "with a percent sign");
    ok(!nt_workflow_id_valid(NT_STR("")), "empty");
    ok(!nt_workflow_id_valid((nt_str_t) { id, 129 }), "of 129");

    for (int i = 0; i < 16; i++) {
        random[i] = (unsigned char) (i * 17);
    }

    nt_id_hex(hex, random);
    is_str((nt_str_t) { hex, sizeof(hex) }, "00112233445566778899aabbccddeeff",
           "hex");
}


static void
test_time(void)
{
    static const struct {
        int64_t     msec;
        const char *text;
    } rows[] = { { 0, "1970-01-01T00:00:00.000Z" },
                 { INT64_C(1795507200123), "2026-11-24T08:00:00.123Z" },
                 { INT64_C(951827696000), "2000-02-29T12:34:56.000Z" },
                 { INT64_C(4107542399999), "2100-02-28T23:59:59.999Z" },
                 { INT64_C(4107542400000), "2100-03-01T00:00:00.000Z" },
                 { INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" } };

    char     out[NT_TIME_LEN], want[64];
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_time_iso8601(out, rows[i].msec);
        is_str((nt_str_t) { out, sizeof(out) }, rows[i].text, rows[i].text);
    }

    for (time_t day = 0; day < 366 * 500; day++) {
        time_t    t = day * 86400 + day % 86400;
        struct tm tm;

        nt_time_iso8601(out, (int64_t) t * 1000);
        gmtime_r(&t, &tm);
        strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
        wrong += memcmp(out, want, NT_TIME_LEN) != 0;
    }

    is_int(wrong, 0, "each day of 500 years is as gmtime has it");
}


int
main(void)
{
    test_ids();
    test_time();

    return done();
}
