/*
 * engine/http/curl.h - libcurl, loaded when it is first needed.
 *
 * libcurl brings thirty libraries with it (Kerberos, LDAP, a second TLS ...),
 * which are a third of an idle engine's memory and start-up time; most engines
 * that serve only text need none of it.  So it is not linked, and the names of
 * its functions lead to pointers, which are good once nt_curl_load has
 * returned true.
 */

#ifndef NT_CURL_H
#define NT_CURL_H

#define CURL_DISABLE_TYPECHECK /* it would name the functions */
#include <curl/curl.h>
#include <stdbool.h>

#define NT_CURL_FUNCTIONS(X)                                                   \
    X(easy_cleanup)                                                            \
    X(easy_getinfo)                                                            \
    X(easy_init)                                                               \
    X(easy_pause)                                                              \
    X(easy_reset)                                                              \
    X(easy_setopt)                                                             \
    X(easy_strerror)                                                           \
    X(free)                                                                    \
    X(getdate)                                                                 \
    X(global_cleanup)                                                          \
    X(global_init)                                                             \
    X(multi_add_handle)                                                        \
    X(multi_assign)                                                            \
    X(multi_cleanup)                                                           \
    X(multi_info_read)                                                         \
    X(multi_init)                                                              \
    X(multi_remove_handle)                                                     \
    X(multi_setopt)                                                            \
    X(multi_socket_action)                                                     \
    X(slist_append)                                                            \
    X(slist_free_all)                                                          \
    X(url)                                                                     \
    X(url_cleanup)                                                             \
    X(url_dup)                                                                 \
    X(url_get)                                                                 \
    X(url_set)

#undef curl_easy_getinfo /* macros that check the number of arguments */
#undef curl_easy_setopt
#undef curl_multi_setopt

typedef struct {
#define NT_CURL_POINTER(name) __typeof__(curl_##name) *name;
    NT_CURL_FUNCTIONS(NT_CURL_POINTER)
#undef NT_CURL_POINTER
} nt_curl_t;

extern nt_curl_t nt_curl;

/* False when it cannot be loaded, which the engine's log says once.  On any
 * thread. */
bool nt_curl_load(void);

#define curl_easy_cleanup        nt_curl.easy_cleanup
#define curl_easy_getinfo        nt_curl.easy_getinfo
#define curl_easy_init           nt_curl.easy_init
#define curl_easy_pause          nt_curl.easy_pause
#define curl_easy_reset          nt_curl.easy_reset
#define curl_easy_setopt         nt_curl.easy_setopt
#define curl_easy_strerror       nt_curl.easy_strerror
#define curl_free                nt_curl.free
#define curl_getdate             nt_curl.getdate
#define curl_global_cleanup      nt_curl.global_cleanup
#define curl_global_init         nt_curl.global_init
#define curl_multi_add_handle    nt_curl.multi_add_handle
#define curl_multi_assign        nt_curl.multi_assign
#define curl_multi_cleanup       nt_curl.multi_cleanup
#define curl_multi_info_read     nt_curl.multi_info_read
#define curl_multi_init          nt_curl.multi_init
#define curl_multi_remove_handle nt_curl.multi_remove_handle
#define curl_multi_setopt        nt_curl.multi_setopt
#define curl_multi_socket_action nt_curl.multi_socket_action
#define curl_slist_append        nt_curl.slist_append
#define curl_slist_free_all      nt_curl.slist_free_all
#define curl_url                 nt_curl.url
#define curl_url_cleanup         nt_curl.url_cleanup
#define curl_url_dup             nt_curl.url_dup
#define curl_url_get             nt_curl.url_get
#define curl_url_set             nt_curl.url_set

#endif
