#include "engine/http/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#include "engine/log.h"

#define NT_CURL_LIBRARY "libcurl.so.4" /* its ABI since 2006 */

nt_curl_t nt_curl;

static bool loaded;

static void
load(void)
{
    static const struct {
        const char *name;
        size_t      offset;
    } functions[] = {
#define NT_CURL_PLACE(name) { "curl_" #name, offsetof(nt_curl_t, name) },
        NT_CURL_FUNCTIONS(NT_CURL_PLACE)
#undef NT_CURL_PLACE
    };
    void  *library, *function;
    size_t i;

    /* never closed: it leaves threads and exit handlers behind */
    library = dlopen(NT_CURL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        nt_log(NT_LOG_ERROR, "http: %s; install it and restart", dlerror());
        return;
    }
    for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        function = dlsym(library, functions[i].name);
        if (function == NULL) {
            nt_log(NT_LOG_ERROR, "http: %s; install a newer one and restart",
                   dlerror());
            return;
        }
        *(void **) ((char *) &nt_curl + functions[i].offset) = function;
    }
    loaded = true;
}

bool
nt_curl_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    return pthread_once(&once, load) == 0 && loaded;
}
