#include "core/llm/nt_estimate.h"

/* No word of a text is that long, and no piece of data as short. */
#define NT_ESTIMATE_WORD 64

/* What a string of data counts as, in bytes. */
#define NT_ESTIMATE_DATA 4096

#define NT_ESTIMATE_BYTES 4 /* a token */


/* Of base64, and of a data: URL, whose head comes before it. */
static bool
nt_estimate_is_data(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=' ||
           c == '-' || c == '_' || c == ':' || c == ';' || c == ',' || c == '.';
}


static void
nt_estimate_close(nt_estimate_t *estimate)
{
    uint64_t n = estimate->string;

    if (estimate->data && n > NT_ESTIMATE_DATA) {
        n = NT_ESTIMATE_DATA;
    }

    estimate->bytes += n;
    estimate->string = 0;
    estimate->data = true;
}


void
nt_estimate_feed(nt_estimate_t *estimate, const char *p, size_t len)
{
    size_t      n;
    const char *end = p + len, *quote;

    while (p < end) {
        quote = memchr(p, '"', (size_t) (end - p));
        n = (size_t) ((quote != NULL ? quote : end) - p);

        /* what follows a long run of such characters is data, too */
        for (size_t i = 0;
             i < n && estimate->data && estimate->string + i < NT_ESTIMATE_WORD;
             i++)
        {
            estimate->data = nt_estimate_is_data(p[i]);
        }

        estimate->string += n;
        p += n;

        if (quote != NULL) {
            p++;
            nt_estimate_close(estimate);
        }
    }
}


int64_t
nt_estimate_tokens(const nt_estimate_t *estimate)
{
    nt_estimate_t whole = *estimate;

    nt_estimate_close(&whole);

    return (int64_t) ((whole.bytes + NT_ESTIMATE_BYTES - 1) /
                      NT_ESTIMATE_BYTES);
}
