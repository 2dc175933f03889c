/* Threads and messages over each store: bounds, pages, repeated calls. */

#include "engine/log.h"
#include "engine/threads/threads_int.h"
#include "t/core/tap.h"
#include "t/engine/redis_server.h"

static uv_loop_t    *loop;
static nt_threads_t *threads;
static const char   *store_name;

#define NAME(text) name(text)

/* --- calls that wait --- */

typedef struct {
    int     n;
    int     status;
    json_t *value; /* owned */
} answer_t;

typedef struct {
    int             n;
    nt_threads_rc_t rc;
    uint64_t        number;
} result_t;

static const char *
name(const char *text)
{
    static char whole[256];

    snprintf(whole, sizeof(whole), "%s: %s", store_name, text);
    return whole;
}

static void
on_value(void *arg, int status, const char *message, json_t *value)
{
    answer_t *answer = arg;

    answer->n++;
    answer->status = status;
    json_decref(answer->value);
    answer->value = json_incref(value);
}

static void
on_result(void *arg, const nt_threads_result_t *result)
{
    result_t *r = arg;

    r->n++;
    r->rc = result->rc;
    r->number = result->number;
}

static void
wait_for(const int *n, int count)
{
    while (*n < count) {
        uv_run(loop, UV_RUN_ONCE);
    }
}

/* Appends `count` messages of so many bytes; the status of the last. */
static int
append(const char *user, const char *id, int count, size_t size, json_t **value)
{
    int      status;
    char    *text = malloc(size + 1);
    answer_t answer = { 0 };
    json_t  *message;

    memset(text, 'x', size);
    text[size] = '\0';
    message = json_pack("{s:s, s:s}", "role", "user", "content", text);

    for (int i = 0; i < count; i++) {
        nt_messages_append(threads, user, id, NULL, message, on_value, &answer);

        if (i % 100 == 99) {
            wait_for(&answer.n, i + 1);
        }
    }

    wait_for(&answer.n, count);
    status = answer.status;

    if (value != NULL) {
        *value = json_incref(answer.value);
    }

    json_decref(answer.value);
    json_decref(message);
    free(text);
    return status;
}

static size_t
count_page(const nt_messages_page_t *page, bool *more)
{
    size_t   n;
    answer_t answer = { 0 };

    nt_messages_list(threads, "u", page, on_value, &answer);
    wait_for(&answer.n, 1);
    n = json_array_size(json_object_get(answer.value, "messages"));

    if (more != NULL) {
        *more = json_is_string(json_object_get(answer.value, "next"));
    }

    json_decref(answer.value);
    return n;
}

/* --- tests --- */

static void
test_append(void)
{
    json_t     *first, *second;
    const char *a, *b;

    is_int(append("u", "a", 1, 10, &first), 200, NAME("a message"));
    is_int(append("u", "a", 1, 10, &second), 200, NAME("another"));
    a = json_string_value(json_object_get(first, "id"));
    b = json_string_value(json_object_get(second, "id"));
    ok(strcmp(a, b) < 0, "%s", NAME("ids in order"));
    is_int(append("v", "a", 1, 10, NULL), 403, NAME("another user"));
    is_int(append("u", "../a", 1, 10, NULL), 422, NAME("a strange thread"));
    is_int(append("u", "a", 1, NT_MESSAGE_BYTES_MAX, NULL), 422,
           NAME("a message that is too large"));
    json_decref(first);
    json_decref(second);
}

/* A call whose reply was lost is sent again: it is made once. */
static void
test_again(void)
{
    result_t           r = { 0 };
    nt_thread_record_t thread = {
        .id = "again", .user = "u", .created_at = 1, .updated_at = 1
    };
    nt_message_record_t message = { .token = "00112233445566aa",
                                    .role = "user",
                                    .text = NT_STR("{}") };
    nt_message_record_t other = message;

    memcpy(other.token, "00112233445566bb", NT_MESSAGE_TOKEN);
    threads->append(threads, &thread, &message, on_result, &r);
    wait_for(&r.n, 1);
    is_int((long long) r.number, 1, NAME("appended"));
    threads->append(threads, &thread, &other, on_result, &r);
    wait_for(&r.n, 2);
    is_int((long long) r.number, 2, NAME("another one behind it"));

    if (strcmp(store_name, "memory") == 0) {
        return; /* its calls are never made again */
    }

    threads->append(threads, &thread, &message, on_result, &r);
    wait_for(&r.n, 3);
    is_int((long long) r.number, 1, NAME("the first again: known"));
    ok(count_page(&(nt_messages_page_t) { .thread_id = "again",
                                          .limit = 10,
                                          .max_bytes = 1000 },
                  NULL) == 2,
       "%s", NAME("... and not made twice"));
}

static void
test_pages(void)
{
    bool               more;
    nt_messages_page_t page = { .thread_id = "pages",
                                .limit = 100,
                                .max_bytes = 1 << 20 };

    append("u", "pages", 50, 1000, NULL);
    is_int((long long) count_page(&page, &more), 50, NAME("all on a page"));
    ok(!more, "%s", NAME("... which is the last"));

    page.limit = 50;
    is_int((long long) count_page(&page, &more), 50, NAME("just as many"));
    ok(!more, "%s", NAME("... with nothing behind"));

    page.limit = 49;
    is_int((long long) count_page(&page, &more), 49, NAME("one less"));
    ok(more, "%s", NAME("... and more"));

    page.limit = 100;
    page.max_bytes = 10000;
    ok(count_page(&page, &more) < 10 && more, "%s", NAME("bounded by bytes"));
    page.reverse = true;
    ok(count_page(&page, &more) < 10 && more, "%s", NAME("... also backwards"));
    page.max_bytes = 1;
    is_int((long long) count_page(&page, &more), 1, NAME("one at least"));
}

static void
test_bounds(void)
{
    nt_messages_page_t page = { .thread_id = "many",
                                .limit = 20000,
                                .max_bytes = 64 << 20 };

    is_int(append("u", "many", NT_THREAD_MESSAGES_MAX + 5, 10, NULL), 200,
           NAME("many messages"));
    is_int((long long) count_page(&page, NULL), NT_THREAD_MESSAGES_MAX,
           NAME("... of which the newest are kept"));
    page.thread_id = "large";
    page.max_bytes = 200 << 20;
    append("u", "large", 20, 4 << 20, NULL);
    ok(count_page(&page, NULL) == NT_THREAD_BYTES_MAX / (4 << 20) - 1 ||
           count_page(&page, NULL) == NT_THREAD_BYTES_MAX / (4 << 20),
       "%s", NAME("large messages: the oldest have gone"));
}

static void
test_drop(void)
{
    answer_t answer = { 0 };
    json_t  *reply =
        json_pack("{s:s, s:s}", "role", "assistant", "content", "x");

    append("u", "drop", 2, 10, NULL);

    for (int i = 0; i < 20; i++) {
        nt_messages_append(threads, "u", "drop", NULL, reply, on_value,
                           &answer);
    }

    wait_for(&answer.n, 20);
    nt_messages_drop(threads, "u", "drop", on_value, &answer);
    wait_for(&answer.n, 21);
    is_int(json_integer_value(json_object_get(answer.value, "dropped")), 20,
           NAME("what follows the user's last message is dropped"));
    nt_messages_drop(threads, "u", "drop", on_value, &answer);
    wait_for(&answer.n, 22);
    is_int(json_integer_value(json_object_get(answer.value, "dropped")), 0,
           NAME("... once"));
    is_int((long long) count_page(&(nt_messages_page_t) { .thread_id = "drop",
                                                          .limit = 10,
                                                          .max_bytes = 1000 },
                                  NULL),
           2, NAME("... and the rest is left"));

    nt_messages_append(threads, "u", "dull", NULL, reply, on_value, &answer);
    nt_messages_drop(threads, "u", "dull", on_value, &answer);
    wait_for(&answer.n, 24);
    is_int(answer.status, 409, NAME("nothing of the user's"));
    json_decref(answer.value);
    json_decref(reply);
}

static void
test_users(void)
{
    int      status = 0;
    answer_t answer = { 0 };

    for (int i = 0; i < NT_THREADS_MAX; i++) {
        nt_threads_create(threads, "busy", "t", on_value, &answer);

        if (i % 100 == 99) {
            wait_for(&answer.n, i + 1);
            status = answer.status;
        }
    }

    is_int(status, 200, NAME("as many threads as a user may have"));
    nt_threads_create(threads, "busy", "t", on_value, &answer);
    wait_for(&answer.n, NT_THREADS_MAX + 1);
    is_int(answer.status, 409, NAME("one more is refused"));
    is_int(append("busy", "new", 1, 10, NULL), 409,
           NAME("... by a message, too"));
    is_int(append("u", "new", 1, 10, NULL), 200, NAME("... others may"));
    json_decref(answer.value);
}

static void
run_all(void)
{
    test_append();
    test_again();
    test_pages();
    test_drop();
    test_bounds();
    test_users();
}

/* Memory that is full: what was not written to for the longest time goes. */
static void
test_full(void)
{
    answer_t answer = { 0 };

    store_name = "memory";
    threads = nt_threads_memory_new(10 << 20);
    append("u", "old", 1, 1 << 20, NULL);
    append("u", "mine", 1, 1 << 20, NULL);
    append("u", "old", 1, 1 << 20, NULL);
    append("u", "new", 2, 4 << 20, NULL);
    nt_threads_get(threads, "u", "mine", on_value, &answer);
    is_int(answer.status, 404, NAME("full: the one untouched has gone"));
    nt_threads_get(threads, "u", "new", on_value, &answer);
    is_int(answer.status, 200, NAME("... not the newest"));
    json_decref(answer.value);
    nt_threads_close(threads);
}

int
main(void)
{
    char url[128], error[256] = "";

    signal(SIGPIPE, SIG_IGN);
    nt_log_set_level(NT_LOG_ERROR);
    loop = uv_default_loop();

    store_name = "memory";
    threads = nt_threads_memory_new((size_t) 1 << 30);
    run_all();
    nt_threads_close(threads);
    test_full();

    store_name = "redis";

    if (ok(redis_start(), "redis-server starts")) {
        uv_update_time(loop); /* the memory's tests did not run it */
        snprintf(url, sizeof(url), "unix://%s/redis.sock", redis_dir);
        threads = nt_threads_redis_new(loop, url, error, sizeof(error));
        run_all();
        nt_threads_close(threads);
        uv_run(loop, UV_RUN_DEFAULT);
        redis_stop();
    }

    ok(nt_threads_redis_new(loop, "nonsense://x", error, sizeof(error)) == NULL,
       "a bad URL");
    uv_run(loop, UV_RUN_DEFAULT);
    return done();
}
