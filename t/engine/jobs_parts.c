/* The parts of jobs that need no loop: URLs, lines, batches, the table. */

#include "engine/jobs/job_events.h"
#include "core/nt_redis_url.h"
#include "engine/jobs/table.h"
#include "t/core/tap.h"

typedef struct {
    const char *text;
    const char *path, *host, *user, *password;
    int         port;
    unsigned    db;
    const char *master, *last; /* the last host */
    const char *ca, *sentinel_password;
    bool        tls, unverified;
    bool        bad;
} url_t;

static const url_t urls[] = {
    { "redis://h", .host = "h", .port = 6379 },
    { "redis://", .host = "127.0.0.1", .port = 6379 },
    { "redis://h:7000/3", .host = "h", .port = 7000, .db = 3 },
    { "redis://h/", .host = "h", .port = 6379 },
    { "redis://:p%40:x@h:1", .host = "h", .port = 1, .password = "p@:x" },
    { "redis://u:p@h", .host = "h", .port = 6379, .user = "u",
      .password = "p" },
    { "redis://:a@b@h", .host = "h", .port = 6379, .password = "a@b" },
    { "redis://[::1]:7000", .host = "::1", .port = 7000 },
    { "redis://[::1]", .host = "::1", .port = 6379 },
    { "unix:///a/b.sock", .path = "/a/b.sock" },
    { "unix:///a%20b?db=5", .path = "/a b", .db = 5 },
    { "", .bad = true },
    { "h:6379", .bad = true },
    { "http://h", .bad = true },
    { "rediss://h", .host = "h", .port = 6379, .tls = true },
    { "rediss://h:1/2?ca=/a%20b&verify=no", .host = "h", .port = 1, .db = 2,
      .ca = "/a b", .tls = true, .unverified = true },
    { "rediss://h?cert=/c&key=/k&verify=yes", .host = "h", .port = 6379,
      .tls = true },
    { "sentinel://a,b:7/m", .host = "a", .port = 26379, .last = "b",
      .master = "m" },
    { "redis+sentinel://u:p@a:1,[::1]:2,c/m%2f/4?sentinel_password=x",
      .host = "a", .port = 1, .last = "c", .master = "m/", .user = "u",
      .password = "p", .db = 4, .sentinel_password = "x" },
    { "sentinels://a/m", .host = "a", .port = 26379, .master = "m",
      .tls = true },
    { "sentinel://a", .bad = true },
    { "sentinel://a/", .bad = true },
    { "sentinel://a/m/x", .bad = true },
    { "sentinel://a,b:0/m", .bad = true },
    { "sentinel://a/m?ca=/x", .bad = true },
    { "sentinel://1,2,3,4,5,6,7,8,9/m", .bad = true },
    { "redis://a,b", .bad = true },
    { "redis://h?ca=/x", .bad = true },
    { "redis://h?sentinel_password=x", .bad = true },
    { "rediss://h?cert=/c", .bad = true },
    { "rediss://h?verify=maybe", .bad = true },
    { "rediss://h?ca=/x&ca=/y", .bad = true },
    { "rediss://h?ca=", .bad = true },
    { "rediss://h#x", .bad = true },
    { "redis://h:0", .bad = true },
    { "redis://h:65536", .bad = true },
    { "redis://h:x", .bad = true },
    { "redis://h:", .bad = true },
    { "redis://h:123456789", .bad = true },
    { "redis://h/x", .bad = true },
    { "redis://h?db=1", .bad = true },
    { "redis://user@h", .bad = true },
    { "redis://[::1", .bad = true },
    { "redis://[::1]x", .bad = true },
    { "redis://:a%00b@h", .bad = true },
    { "unix://", .bad = true },
    { "unix:///a?db=x", .bad = true },
    { "unix:///a?x=1", .bad = true },
};

static bool
same(const char *got, const char *want)
{
    return got && want ? strcmp(got, want) == 0 : got == want;
}

static void
test_urls(void)
{
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        const url_t   *want = &urls[i];
        nt_redis_url_t url;
        char           error[256] = "";
        bool good = nt_redis_url_parse(&url, want->text, error, sizeof(error));

        if (want->bad) {
            ok(!good && error[0], "bad URL: %s", want->text);
            continue;
        }

        ok(good && same(url.path, want->path) &&
               same(url.hosts[0].host, want->host) &&
               same(url.user, want->user) &&
               same(url.password, want->password) &&
               url.hosts[0].port == want->port && url.db == want->db &&
               same(url.master, want->master) && same(url.ca, want->ca) &&
               same(url.sentinel_password, want->sentinel_password) &&
               url.tls == want->tls && url.verify == !want->unverified,
           "URL: %s", want->text);
        ok(want->last == NULL ||
               (good && url.n_hosts > 1 &&
                same(url.hosts[url.n_hosts - 1].host, want->last)),
           "its hosts: %s", want->text);
        nt_redis_url_free(&url);
    }
}

static bool
has(const nt_buf_t *line, const char *text)
{
    return memmem(line->data, line->len, text, strlen(text)) != NULL;
}

static const struct {
    const char *text;
    size_t      max;
    const char *want;
    const char *name;
} texts[] = {
    { "abc", 2, "ab", "clean: cut" },
    { "abc", 9, "abc", "clean: nothing to cut" },
    { "", 1, "", "clean: nothing" },
    { "\xe2\x82\xac\xe2\x82\xac", 1, "\xe2\x82\xac",
      "clean: cut at a character's border" },
    { "\xff\xff\xff", 2, "\xef\xbf\xbd\xef\xbf\xbd",
      "clean: what is no UTF-8 is replaced, and counts" },
};

static void
test_lines(void)
{
    nt_buf_t        line = { 0 };
    nt_job_record_t job = { .id = "j\"1", .workflow_id = "w" };

    job.status = "running";
    nt_job_update_line(&line, &job);
    is_str((nt_str_t) { line.data, line.len },
           "{\"type\":\"job_update\",\"status\":\"running\",\"job_id\":"
           "\"j\\\"1\",\"workflow_id\":\"w\"}",
           "running");
    ok(!nt_job_update_ends(line.data, line.len), "running is not the end");

    job.status = "completed";
    job.result = "{\"output\":1}";
    nt_job_update_line(&line, &job);
    ok(has(&line, ",\"result\":{\"output\":1}}"), "the result is a member");
    ok(nt_job_update_ends(line.data, line.len), "completed is the end");
    for (size_t i = 0; i < 40; i++) {
        if (nt_job_update_ends(line.data, i)) {
            ok(false, "an end of %zu bytes", i);
        }
    }

    job.status = "queued";
    job.result = NULL;
    nt_job_update_line(&line, &job);
    ok(line.data[line.len - 1] == ':', "queued is left open");

    job.status = "failed";
    job.error = "bad \xff\xe2\x82\xac\n";
    nt_job_update_line(&line, &job);
    ok(has(&line, "\"error\":\"bad \xef\xbf\xbd\xe2\x82\xac\\n\""),
       "an error that is no UTF-8 becomes some");
    nt_buf_free(&line);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char *clean = nt_job_text_clean(texts[i].text, texts[i].max);

        is_str(nt_str(clean ? clean : "(null)"), texts[i].want, texts[i].name);
        free(clean);
    }
}

static void
test_batch(void)
{
    nt_batch_t        batch = { 0 };
    const nt_event_t *events;
    bool              good = true;
    char              text[32];

    for (int i = 1; i <= 1000; i++) {
        snprintf(text, sizeof(text), "line %d", i);
        good = good && nt_batch_add(&batch, (uint64_t) i, text, strlen(text));
    }

    events = nt_batch_events(&batch);
    for (int i = 1; i <= 1000; i++) {
        snprintf(text, sizeof(text), "line %d", i);
        good = good && events[i - 1].seq == (uint64_t) i &&
               events[i - 1].len == strlen(text) &&
               memcmp(events[i - 1].line, text, strlen(text)) == 0;
    }

    ok(good, "a batch keeps its lines");
    nt_batch_reset(&batch);
    ok(batch.n == 0 && batch.text.len == 0, "reset empties it");
    nt_batch_free(&batch);
}

typedef struct {
    nt_link_t link;
    char      key[32];
} entry_t;

static void
test_table(void)
{
    enum { N = 1000 };
    static entry_t entries[N];
    nt_table_t     table = { 0 };
    bool           good = true;

    ok(nt_table_find(&table, "x") == NULL, "an empty table has nothing");

    for (int i = 0; i < N; i++) {
        snprintf(entries[i].key, sizeof(entries[i].key), "key %d", i);
        good = good && nt_table_add(&table, &entries[i].link, entries[i].key);
    }

    for (int i = 0; i < N; i += 2) {
        nt_table_remove(&table, &entries[i].link);
    }

    for (int i = 0; i < N; i++) {
        nt_link_t *link = nt_table_find(&table, entries[i].key);

        good = good && (i % 2 ? link && nt_table_entry(link, entry_t, link) ==
                                            &entries[i]
                              : link == NULL);
    }

    ok(good && table.n == N / 2, "finds what is in it, and nothing else");
    nt_table_free(&table);
}

int
main(void)
{
    test_urls();
    test_lines();
    test_batch();
    test_table();

    return done();
}
