/*
 * engine/http/address.h - the addresses that workflows may reach.
 *
 * Workflows are written by users of the server, and their URLs come from
 * anywhere.  What is not an address of the public Internet is refused, so
 * that no workflow reaches what only this machine or its network can (server
 * side request forgery): the special-purpose registries of IANA (RFC 6890),
 * and the metadata services of clouds.  IPv4 within IPv6 (mapped, NAT64)
 * counts as what it leads to.
 *
 * An operator opens networks by a list: "private" (RFC 1918, RFC 4193 and
 * loopback, but no metadata service) and CIDR blocks, separated by commas or
 * spaces.
 */

#ifndef NT_HTTP_ADDRESS_H
#define NT_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

typedef struct nt_http_networks nt_http_networks_t;

/* Parses a list; NULL is an empty one.  NULL: `error` says what is wrong. */
nt_http_networks_t *nt_http_networks_new(const char *list, char *error,
                                         size_t size);
void                nt_http_networks_free(nt_http_networks_t *networks);

/* Whether a list can be parsed; else `error` says what is wrong. */
bool nt_http_networks_valid(const char *list, char *error, size_t size);

/* Whether a workflow may connect to this address. */
bool nt_http_address_allowed(const nt_http_networks_t *networks,
                             const struct sockaddr    *address);

/* The same for an address in text; what is none is not allowed. */
bool nt_http_address_text_allowed(const nt_http_networks_t *networks,
                                  const char               *address);

#endif
