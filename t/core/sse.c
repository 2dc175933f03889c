#include "core/nt_sse.h"
#include "t/core/tap.h"

/* What a parser made of an input is written down as text:
 * [event|id|data] for each event. */

typedef struct {
    nt_buf_t text;
    nt_rc_t  rc; /* of the last call */
} outcome_t;

/* The whole input, cut at `a` and `b`, or in pieces of one byte when
 * `single`. */
typedef struct {
    size_t a;
    size_t b;
    bool   single;
} cuts_t;


static void
note(outcome_t *out, const nt_sse_event_t *event)
{
    nt_buf_append_char(&out->text, '[');
    nt_buf_append_str(&out->text, event->event);
    nt_buf_append_char(&out->text, '|');
    nt_buf_append_str(&out->text, event->id);
    nt_buf_append_char(&out->text, '|');
    nt_buf_append_str(&out->text, event->data);
    nt_buf_append_char(&out->text, ']');
}


/* A piece in a block of its own, so that ASan sees a read beyond it. */
static nt_rc_t
feed(nt_sse_t *sse, outcome_t *out, const char *data, size_t len)
{
    char          *piece = malloc(len != 0 ? len : 1);
    size_t         used = 0, taken;
    nt_rc_t        rc = NT_AGAIN;
    nt_sse_event_t event;

    if (piece == NULL) {
        abort();
    }

    memcpy(piece, data, len);

    do {
        rc = nt_sse_next(sse, piece + used, len - used, &taken, &event);
        used += taken;
        if (rc == NT_OK) {
            note(out, &event);
        }
    } while (rc == NT_OK && used < len);

    free(piece);

    return rc == NT_OK ? NT_AGAIN : rc;
}


static void
parse(outcome_t *out, nt_str_t in, size_t max, cuts_t cuts)
{
    nt_sse_t       sse;
    size_t         pos = 0;
    nt_sse_event_t event;

    nt_sse_init(&sse);
    if (max != 0) {
        sse.max = max;
    }

    do {
        size_t end = cuts.single    ? pos + 1
                     : pos < cuts.a ? cuts.a
                     : pos < cuts.b ? cuts.b
                                    : in.len;

        if (end > in.len) {
            end = in.len;
        }

        out->rc = feed(&sse, out, in.data + pos, end - pos);
        pos = end;
    } while (pos < in.len && out->rc == NT_AGAIN);

    if (out->rc == NT_AGAIN) {
        out->rc = nt_sse_end(&sse, &event);
        if (out->rc == NT_OK) {
            nt_buf_append_char(&out->text, '+');
            note(out, &event);
        }
    }

    nt_sse_free(&sse);
}


static bool
same(nt_str_t in, size_t max, cuts_t cuts, const char *want, nt_rc_t rc)
{
    outcome_t out = { 0 };
    nt_str_t  text;
    bool      good;

    parse(&out, in, max, cuts);
    text = (nt_str_t) { out.text.data, out.text.len };
    good = nt_str_eq(text, nt_str(want)) && (out.rc == rc);

    if (!good) {
        diag("cut at %zu and %zu: got %.*s (%d), want %s (%d)", cuts.a, cuts.b,
             (int) text.len, text.data, out.rc, want, rc);
    }

    nt_buf_free(&out.text);

    return good;
}


static const struct {
    const char *name;
    nt_str_t    in;
    const char *out;
} rows[] = {
    { "LF", NT_STR("data: a\n\ndata: b\n\n"), "[||a][||b]" },
    { "CRLF", NT_STR("data: a\r\n\r\ndata: b\r\n\r\n"), "[||a][||b]" },
    { "CRLF within an event", NT_STR("data: a\r\ndata: b\r\n\r\n"),
      "[||a\nb]" },
    { "CR", NT_STR("data: a\r\rdata: b\r\r"), "[||a][||b]" },
    { "mixed line ends", NT_STR("data: a\r\n\ndata: b\n\r"), "[||a][||b]" },
    { "no space", NT_STR("data:a\n\n"), "[||a]" },
    { "two spaces", NT_STR("data:  a\n\n"), "[|| a]" },
    { "several lines", NT_STR("data: a\ndata:\ndata: b\n\n"), "[||a\n\nb]" },
    { "empty data", NT_STR("data\n\ndata:\n\n"), "[||][||]" },
    { "event and id", NT_STR("event: e\nid: 1\ndata: a\n\ndata: b\n\n"),
      "[e|1|a][|1|b]" },
    { "id taken back", NT_STR("id: 1\ndata: a\n\nid\ndata: b\n\n"),
      "[|1|a][||b]" },
    { "id with NUL", NT_STR("id: 1\nid: \0002\ndata: a\n\n"), "[|1|a]" },
    { "comments", NT_STR(": hi\n\n:\n\ndata: a\n: x\ndata: b\n\n"),
      "[||a\nb]" },
    { "event without data", NT_STR("event: e\n\ndata: a\n\n"), "[||a]" },
    { "BOM",
      NT_STR("\xef\xbb\xbf"
             "data: a\n\n"),
      "[||a]" },
    { "BOM, late",
      NT_STR("data: a\n\n\xef\xbb\xbf"
             "data: b\n\n"),
      "[||a]" },
    { "half a BOM",
      NT_STR("\xef\xbb"
             "data: a\n\n"),
      "" },
    { "unknown fields", NT_STR("retry: 5\nDATA: x\n data: y\ndata: a\n\n"),
      "[||a]" },
    { "colons in data", NT_STR("data: {\"a\": \"b:c\"}\n\n"),
      "[||{\"a\": \"b:c\"}]" },
    { "end without blank line", NT_STR("data: a\n\ndata: [DONE]\n"),
      "[||a]+[||[DONE]]" },
    { "end without newline", NT_STR("data: a\r\n\r\ndata: b"), "[||a]+[||b]" },
    { "end with CR", NT_STR("data: a\r"), "+[||a]" },
    { "nothing", NT_STR(""), "" },
    { "blank lines", NT_STR("\n\n\r\n\r\r\n"), "" }
};


static void
test_vectors(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_str_t    in = rows[i].in;
        const char *out = rows[i].out;
        bool        good;
        nt_rc_t     rc;

        rc = strchr(out, '+') != NULL ? NT_OK : NT_AGAIN;
        good = same(in, 0, (cuts_t) { .single = true }, out, rc);

        for (size_t a = 0; good && a <= in.len; a++) {
            for (size_t b = a; good && b <= in.len; b++) {
                good = same(in, 0, (cuts_t) { a, b, false }, out, rc);
            }
        }

        ok(good, "%s, at every two cuts", rows[i].name);
    }
}


static void
test_limit(void)
{
    nt_str_t in = NT_STR("data: 12345\n\ndata: 1234567890123456789\n\n");
    bool     good = true;

    for (size_t a = 0; a <= in.len; a++) {
        good &= same(in, 20, (cuts_t) { a, a, false }, "[||12345]", NT_LIMIT);
    }

    ok(good, "an event beyond the limit");
    ok(same(in, 20, (cuts_t) { .single = true }, "[||12345]", NT_LIMIT),
       "the same, byte by byte");

    in = NT_STR("data: 1234\ndata: 1234\ndata: 1234\ndata: 1234\n\n");
    ok(same(in, 20, (cuts_t) { 0 }, "", NT_LIMIT), "many lines");

    in = NT_STR(": 1234\n: 1234\n: 1234\n: 1234\ndata: 1\n\n");
    ok(same(in, 20, (cuts_t) { 0 }, "[||1]", NT_AGAIN),
       "comments do not add up");
}


static void
test_taken(void)
{
    nt_sse_t       sse;
    size_t         taken;
    nt_sse_event_t event;

    nt_sse_init(&sse);

    is_int(nt_sse_next(&sse, "data: a\r\n\r\ndata: b", 18, &taken, &event),
           NT_OK, "an event ends");
    is_int((long long) taken, 11, "its bytes, with the LF of the last CRLF");
    is_int(nt_sse_next(&sse, "data: b", 7, &taken, &event), NT_AGAIN, "rest");
    is_int((long long) taken, 7, "is taken");
    is_int(nt_sse_next(&sse, "\r\n\r", 3, &taken, &event), NT_OK, "CR ends");
    is_str(event.data, "b", "the event");
    is_int(nt_sse_next(&sse, "\n", 1, &taken, &event), NT_AGAIN,
           "the LF that comes later makes no event");
    is_int(nt_sse_end(&sse, &event), NT_AGAIN, "and none at the end");

    nt_sse_free(&sse);
}


int
main(void)
{
    outcome_t out = { 0 };

    test_vectors();
    test_limit();
    test_taken();

    parse(&out, NT_STR("data: a\0b\n\n"), 0, (cuts_t) { 0 });
    ok(out.text.len == 7 && memcmp(out.text.data, "[||a\0b]", 7) == 0,
       "NUL in data is kept");
    nt_buf_free(&out.text);

    return done();
}
