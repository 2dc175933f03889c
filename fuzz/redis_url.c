/*
 * URLs of Redis: whatever comes, it is refused with a sentence that does not
 * hold the password, or leads somewhere.
 */

#include <stdlib.h>
#include <string.h>

#include "core/nt_redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nt_redis_url_t url;
    char           error[256] = "";
    char          *text = malloc(size + 1);

    if (text == NULL) {
        return 0;
    }

    memcpy(text, data, size);
    text[size] = '\0';

    if (nt_redis_url_parse(&url, text, error, sizeof(error))) {
        if ((url.path == NULL) == (url.n_hosts == 0) ||
            (url.user && url.password == NULL) ||
            (url.cert == NULL) != (url.key == NULL))
        {
            abort();
        }

        for (unsigned i = 0; i < url.n_hosts; i++) {
            if (url.hosts[i].port < 1 || url.hosts[i].port > 65535) {
                abort();
            }
        }
    } else if (error[0] == '\0' || url.path || url.n_hosts) {
        abort();
    }

    nt_redis_url_free(&url);
    free(text);

    return 0;
}
