#include "engine/http/http_int.h"

#include <stdlib.h>
#include <sys/random.h>

#define NT_PAUSE_MS     500   /* before the second try; doubles */
#define NT_PAUSE_MAX_MS 60000 /* what a server may ask for */


bool
nt_http_status_again(int status)
{
    switch (status) {
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
    case 529: /* Anthropic's: overloaded */
        return true;
    default:
        return false;
    }
}


/* A number of `unit` milliseconds; -1: it is none. */
static double
number(const char *text, double unit)
{
    char  *end;
    double value;

    if (text[0] < '0' || text[0] > '9') {
        return -1;
    }

    value = strtod(text, &end);

    return *end == '\0' ? value * unit : -1;
}


/* What the server asks for; -1: nothing that can be read. */
static double
asked_ms(const char *retry_after_ms, const char *retry_after)
{
    time_t date;
    double ms = -1;

    if (retry_after_ms != NULL) {
        ms = number(retry_after_ms, 1);
    }

    if (ms < 0 && retry_after != NULL) {
        ms = number(retry_after, 1000);

        if (ms < 0) {
            date = curl_getdate(retry_after, NULL);
            ms = date != -1 ? difftime(date, time(NULL)) * 1000 : -1;
        }
    }

    return ms;
}


/* Half to all of the pause, so that many that failed at once do not come back
 * at once. */
int64_t
nt_http_retry_ms(unsigned attempt, const char *retry_after_ms,
                 const char *retry_after)
{
    double   asked = asked_ms(retry_after_ms, retry_after);
    int64_t  ms = (int64_t) NT_PAUSE_MS << (attempt - 1);
    uint32_t random = 0;

    if (asked > NT_PAUSE_MAX_MS) {
        return -1;
    }

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) == -1) {
        random = 0;
    }

    ms = ms / 2 + (int64_t) (random % (uint32_t) (ms / 2 + 1));

    /* all who were told the same time come a little apart, too */
    return asked > 0 ? (int64_t) asked + ms / 4 : ms;
}
