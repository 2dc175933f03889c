#include "core/auth/nt_virtual_key.h"

#include <stdlib.h>

#include "core/auth/nt_jwt.h"
#include "core/nt_hex.h"
#include "core/nt_money.h"
#include "core/nt_token.h"

#define NT_VIRTUAL_KEY_COUNT_DIGITS 15

typedef bool (*nt_virtual_key_check_pt)(nt_virtual_key_t *key, nt_str_t value);

typedef struct {
    const char             *name;
    size_t                  offset; /* of the nt_str_t that keeps it; 0: none */
    nt_virtual_key_check_pt check;
    const char             *error;
} nt_virtual_key_field_t;


static nt_str_t
nt_virtual_key_word(nt_str_t *line)
{
    size_t   i = 0;
    nt_str_t word;

    while (line->len != 0 && (line->data[0] == ' ' || line->data[0] == '\t')) {
        line->data++;
        line->len--;
    }

    while (i < line->len && line->data[i] != ' ' && line->data[i] != '\t') {
        i++;
    }

    word = (nt_str_t) { line->data, i };
    line->data += i;
    line->len -= i;

    return word;
}


static bool
nt_virtual_key_digest(nt_virtual_key_t *key, nt_str_t word)
{
    static const char prefix[] = "sha256:";

    const char *hex = word.data + sizeof(prefix) - 1;

    if (word.len != sizeof(prefix) - 1 + 2 * NT_VIRTUAL_KEY_DIGEST ||
        memcmp(word.data, prefix, sizeof(prefix) - 1) != 0)
    {
        return false;
    }

    for (size_t i = 0; i < NT_VIRTUAL_KEY_DIGEST; i++) {
        int high = nt_hex_digit(hex[2 * i]);
        int low = nt_hex_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }

        key->digest[i] = (unsigned char) (high << 4 | low);
    }

    return true;
}


/* --- what the fields may be --- */

static bool
nt_virtual_key_is_name(nt_virtual_key_t *key, nt_str_t value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-') ||
            (i == 0 && c == '.'))
        {
            return false;
        }
    }

    return value.len != 0 && value.len <= NT_VIRTUAL_KEY_NAME_MAX;
}


static bool
nt_virtual_key_is_user(nt_virtual_key_t *key, nt_str_t value)
{
    return nt_jwt_user_valid(value);
}


static bool
nt_virtual_key_is_role(nt_virtual_key_t *key, nt_str_t value)
{
    key->admin = nt_str_eq(value, NT_STR("admin"));

    return key->admin || nt_str_eq(value, NT_STR("user"));
}


static bool
nt_virtual_key_is_models(nt_virtual_key_t *key, nt_str_t value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] <= ' ' || value.data[i] == 0x7f) {
            return false;
        }
    }

    return value.len != 0;
}


static bool
nt_virtual_key_is_count(nt_virtual_key_t *key, nt_str_t value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return false;
        }
    }

    return value.len != 0 && value.len <= NT_VIRTUAL_KEY_COUNT_DIGITS;
}


static bool
nt_virtual_key_is_money(nt_virtual_key_t *key, nt_str_t value)
{
    int64_t nano;

    return nt_money_parse(value, &nano);
}


static bool
nt_virtual_key_is_time(nt_virtual_key_t *key, nt_str_t value)
{
    return nt_virtual_key_time(value, &key->expires);
}


#define NT_COUNT_ERROR(name)                                                   \
    name ": expected a whole number of at most 15 digits"
#define NT_MONEY_ERROR(name)                                                   \
    name ": expected dollars, such as 5 or 0.25, with at most nine digits "    \
         "behind the point"

static const nt_virtual_key_field_t nt_virtual_key_fields[] = {
    { "name", offsetof(nt_virtual_key_t, name), nt_virtual_key_is_name,
      "name: expected 1 to 64 letters, digits or ._-, the first one no dot" },
    { "user", offsetof(nt_virtual_key_t, user), nt_virtual_key_is_user,
      "user: expected 1 to 255 visible ASCII characters but \", / and \\, the "
      "first one no dot; and not 1, this server's owner" },
    { "role", 0, nt_virtual_key_is_role, "role: expected user or admin" },
    { "models", offsetof(nt_virtual_key_t, models), nt_virtual_key_is_models,
      "models: expected patterns, with commas between them" },
    { "rpm", offsetof(nt_virtual_key_t, rpm), nt_virtual_key_is_count,
      NT_COUNT_ERROR("rpm") },
    { "tpm", offsetof(nt_virtual_key_t, tpm), nt_virtual_key_is_count,
      NT_COUNT_ERROR("tpm") },
    { "budget_day", offsetof(nt_virtual_key_t, budget_day),
      nt_virtual_key_is_money, NT_MONEY_ERROR("budget_day") },
    { "budget_month", offsetof(nt_virtual_key_t, budget_month),
      nt_virtual_key_is_money, NT_MONEY_ERROR("budget_month") },
    { "expires", 0, nt_virtual_key_is_time,
      "expires: expected a date, 2027-01-31 or 2027-01-31T18:00:00Z" }
};

#define NT_FIELDS                                                              \
    (sizeof(nt_virtual_key_fields) / sizeof(nt_virtual_key_fields[0]))


/* A name=value; *seen has a bit for each field that has been there. */
static nt_rc_t
nt_virtual_key_field(nt_virtual_key_t *key, nt_str_t word, unsigned *seen,
                     const char **error)
{
    nt_str_t                      name, value;
    const char                   *equals = memchr(word.data, '=', word.len);
    const nt_virtual_key_field_t *field;

    *error = "expected name=value behind the hash";
    if (equals == NULL) {
        return NT_ERROR;
    }

    name = (nt_str_t) { word.data, (size_t) (equals - word.data) };
    value = (nt_str_t) { equals + 1, word.len - name.len - 1 };

    for (unsigned i = 0; i < NT_FIELDS; i++) {
        field = &nt_virtual_key_fields[i];

        if (!nt_str_eq(name, nt_str(field->name))) {
            continue;
        }

        if ((*seen & 1u << i) != 0) {
            *error = "a field stands there twice";
            return NT_ERROR;
        }

        *seen |= 1u << i;
        *error = field->error;

        if (!field->check(key, value)) {
            return NT_ERROR;
        }

        if (field->offset != 0) {
            *(nt_str_t *) (void *) ((char *) key + field->offset) = value;
        }

        return NT_OK;
    }

    *error = "there is no such field; there are name, user, role, models, rpm, "
             "tpm, budget_day, budget_month and expires";

    return NT_ERROR;
}


nt_rc_t
nt_virtual_key_line(nt_virtual_key_t *key, nt_str_t line, const char **error)
{
    nt_str_t word;
    unsigned seen = 0;

    *key = (nt_virtual_key_t) { .admin = false };

    if (line.len != 0 && line.data[line.len - 1] == '\r') {
        line.len--;
    }

    word = nt_virtual_key_word(&line);

    if (word.len == 0 || word.data[0] == '#') {
        return NT_AGAIN;
    }

    if (!nt_virtual_key_digest(key, word)) {
        *error = "expected sha256: and 64 hexadecimal digits, the hash of a "
                 "key";
        return NT_ERROR;
    }

    while ((word = nt_virtual_key_word(&line)).len != 0) {
        if (nt_virtual_key_field(key, word, &seen, error) != NT_OK) {
            return NT_ERROR;
        }
    }

    if (key->name.len == 0) {
        *error = "the key has no name=";
        return NT_ERROR;
    }

    if (key->user.len == 0) {
        key->user = key->name;
    }

    if (nt_str_eq(key->user, NT_STR("1"))) {
        *error = "a key that is named 1 needs user=: 1 is this server's owner";
        return NT_ERROR;
    }

    return NT_OK;
}


/* --- a file of them --- */

static int
nt_virtual_key_by_digest(const void *a, const void *b)
{
    const nt_virtual_key_t *x = a, *y = b;

    return memcmp(x->digest, y->digest, NT_VIRTUAL_KEY_DIGEST);
}


static int
nt_virtual_key_by_name(const void *a, const void *b)
{
    nt_str_t x = ((const nt_virtual_key_t *) a)->name;
    nt_str_t y = ((const nt_virtual_key_t *) b)->name;
    int      rc = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);

    return rc != 0 ? rc : (x.len > y.len) - (x.len < y.len);
}


/* Sorts, and finds two neighbours that are the same; the later line is the
 * one at fault. */
static bool
nt_virtual_keys_sort(nt_virtual_keys_t *set,
                     int (*compare)(const void *, const void *),
                     const char *error)
{
    unsigned later;

    if (set->n < 2) {
        return true;
    }

    qsort(set->keys, set->n, sizeof(nt_virtual_key_t), compare);

    for (size_t i = 1; i < set->n; i++) {
        if (compare(&set->keys[i - 1], &set->keys[i]) != 0) {
            continue;
        }

        later = set->keys[i].line > set->keys[i - 1].line
                    ? set->keys[i].line
                    : set->keys[i - 1].line;

        if (set->error == NULL || later < set->line) {
            set->line = later;
            set->error = error;
        }
    }

    return set->error == NULL;
}


static nt_rc_t
nt_virtual_keys_add(nt_virtual_keys_t *set, const nt_virtual_key_t *key)
{
    nt_virtual_key_t *more;

    /* its room doubles when it is full: at powers of two */
    if ((set->n & (set->n - 1)) == 0) {
        more =
            realloc(set->keys, (set->n != 0 ? 2 * set->n : 1) * sizeof(*more));
        if (more == NULL) {
            return NT_NOMEM;
        }

        set->keys = more;
    }

    set->keys[set->n++] = *key;

    return NT_OK;
}


static nt_rc_t
nt_virtual_keys_read(nt_virtual_keys_t *set, nt_str_t text)
{
    nt_rc_t          rc = NT_OK;
    nt_virtual_key_t key;

    for (unsigned n = 1; text.len != 0 && rc == NT_OK; n++) {
        rc = nt_virtual_key_line(&key, nt_str_line(&text), &set->error);
        key.line = n;

        if (rc == NT_OK) {
            set->error = NULL;
            rc = nt_virtual_keys_add(set, &key);
        } else if (rc == NT_AGAIN) {
            rc = NT_OK;
        } else {
            set->line = n;
        }
    }

    return rc;
}


nt_rc_t
nt_virtual_keys_parse(nt_virtual_keys_t *set, nt_str_t text)
{
    nt_rc_t rc;

    *set = (nt_virtual_keys_t) { .n = 0 };

    rc = nt_virtual_keys_read(set, text);

    if (rc == NT_OK &&
        (!nt_virtual_keys_sort(set, nt_virtual_key_by_name,
                               "another line has the same name") ||
         !nt_virtual_keys_sort(set, nt_virtual_key_by_digest,
                               "another line has the same hash")))
    {
        rc = NT_ERROR;
    }

    if (rc != NT_OK) {
        nt_virtual_keys_free(set);
    }

    return rc;
}


void
nt_virtual_keys_free(nt_virtual_keys_t *set)
{
    free(set->keys);
    set->keys = NULL;
    set->n = 0;
}


const nt_virtual_key_t *
nt_virtual_keys_find(const nt_virtual_keys_t *set,
                     const unsigned char      digest[NT_VIRTUAL_KEY_DIGEST])
{
    int    rc;
    size_t low = 0, high = set->n, middle;

    /* by the first half; no two keys have the same one */
    while (low < high) {
        middle = low + (high - low) / 2;
        rc =
            memcmp(set->keys[middle].digest, digest, NT_VIRTUAL_KEY_DIGEST / 2);

        if (rc < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }

    if (low == set->n ||
        !nt_token_equal((nt_str_t) { (const char *) set->keys[low].digest,
                                     NT_VIRTUAL_KEY_DIGEST },
                        (nt_str_t) { (const char *) digest,
                                     NT_VIRTUAL_KEY_DIGEST }))
    {
        return NULL;
    }

    return &set->keys[low];
}


/* --- time --- */

/* Two or four digits; -1 for what are none. */
static int
nt_virtual_key_digits(const char *p, size_t n)
{
    int value = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return -1;
        }

        value = value * 10 + (p[i] - '0');
    }

    return value;
}


/* Days from 1970-01-01 on, of the Gregorian calendar. */
static int64_t
nt_virtual_key_days(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int     m = (month + 9) % 12; /* from March on: leap days are at the end */

    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 -
           719468;
}


static bool
nt_virtual_key_date(const char *p, int64_t *days)
{
    static const int lengths[] = { 31, 29, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31 };

    int  year = nt_virtual_key_digits(p, 4);
    int  month = nt_virtual_key_digits(p + 5, 2);
    int  day = nt_virtual_key_digits(p + 8, 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    if (p[4] != '-' || p[7] != '-' || year < 1971 || month < 1 || month > 12 ||
        day < 1 || day > lengths[month - 1] ||
        (month == 2 && day == 29 && !leap))
    {
        return false;
    }

    *days = nt_virtual_key_days(year, month, day);

    return true;
}


bool
nt_virtual_key_time(nt_str_t text, int64_t *seconds)
{
    int         hour = 0, minute = 0, second = 0;
    int64_t     days;
    const char *p = text.data;

    if ((text.len != 10 && text.len != 20) || !nt_virtual_key_date(p, &days)) {
        return false;
    }

    if (text.len == 20) {
        hour = nt_virtual_key_digits(p + 11, 2);
        minute = nt_virtual_key_digits(p + 14, 2);
        second = nt_virtual_key_digits(p + 17, 2);

        if (p[10] != 'T' || p[13] != ':' || p[16] != ':' || p[19] != 'Z' ||
            hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
            second > 60)
        {
            return false;
        }
    }

    *seconds = days * 86400 + hour * 3600 + minute * 60 + second;

    return true;
}
