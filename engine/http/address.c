#include "engine/http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NT_LIST_SEPARATORS ", \t"

/* All addresses are compared as IPv6, those of IPv4 mapped into it. */
typedef struct {
    uint8_t  bytes[16];
    unsigned bits; /* of the prefix */
} nt_block_t;

struct nt_http_networks {
    bool private;
    size_t      n_blocks;
    nt_block_t *blocks;
};

#define V4(a, b, c, d, n)                                                      \
    {                                                                          \
        { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d }, 96 + (n)     \
    }
#define V6(a, b, c, d, n)                                                      \
    {                                                                          \
        { (a) >> 8, (a) &0xff, (b) >> 8, (b) &0xff,                            \
          (c) >> 8, (c) &0xff, (d) >> 8, (d) &0xff },                          \
            n                                                                  \
    }

static const nt_block_t mapped = V4(0, 0, 0, 0, 0);
static const nt_block_t nat64 = V6(0x64, 0xff9b, 0, 0, 96); /* RFC 6052 */
static const nt_block_t unicast = V6(0x2000, 0, 0, 0, 3); /* of the Internet */

/* What "private" opens. */
static const nt_block_t private_blocks[] = {
    V4(10, 0, 0, 0, 8),
    V4(127, 0, 0, 0, 8),
    V4(172, 16, 0, 0, 12),
    V4(192, 168, 0, 0, 16),
    V6(0xfc00, 0, 0, 0, 7),
    { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 128 }
};

/* Services that tell a machine its credentials; "private" does not open
 * them. */
static const nt_block_t metadata_blocks[] = {
    V4(169, 254, 0, 0, 16),     /* AWS, Azure, Google and others */
    V4(100, 100, 100, 200, 32), /* Alibaba */
    V4(168, 63, 129, 16, 32),   /* Azure's host */
    V4(192, 0, 0, 192, 32),     /* Oracle */
    V6(0xfd00, 0xec2, 0, 0, 32) /* AWS: fd00:ec2::254 */
};

/* Not of the Internet, beside the above. */
static const nt_block_t special_blocks[] = {
    V4(0, 0, 0, 0, 8),           /* this network */
    V4(100, 64, 0, 0, 10),       /* between carrier and customer, RFC 6598 */
    V4(192, 0, 0, 0, 24),        /* protocol assignments */
    V4(192, 0, 2, 0, 24),        /* documentation */
    V4(192, 88, 99, 0, 24),      /* relays of 6to4 */
    V4(198, 18, 0, 0, 15),       /* benchmarks */
    V4(198, 51, 100, 0, 24),     /* documentation */
    V4(203, 0, 113, 0, 24),      /* documentation */
    V4(224, 0, 0, 0, 3),         /* multicast, reserved, broadcast */
    V6(0x2001, 0, 0, 0, 23),     /* protocol assignments, Teredo */
    V6(0x2001, 0xdb8, 0, 0, 32), /* documentation */
    V6(0x2002, 0, 0, 0, 16),     /* 6to4: IPv4 within */
    V6(0x3fff, 0, 0, 0, 20)      /* documentation, RFC 9637 */
};

#define COUNT(blocks) (sizeof(blocks) / sizeof((blocks)[0]))


static bool
within(const nt_block_t *block, const uint8_t *address)
{
    unsigned whole = block->bits / 8, rest = block->bits % 8;

    if (memcmp(block->bytes, address, whole) != 0) {
        return false;
    }

    return rest == 0 ||
           ((block->bytes[whole] ^ address[whole]) >> (8 - rest)) == 0;
}


static bool
within_any(const nt_block_t *blocks, size_t n, const uint8_t *address)
{
    for (size_t i = 0; i < n; i++) {
        if (within(&blocks[i], address)) {
            return true;
        }
    }

    return false;
}


static void
map_v4(uint8_t *to, const void *v4)
{
    memcpy(to, mapped.bytes, 12);
    memcpy(to + 12, v4, 4);
}


/* --- lists ----------------------------------------------------------------*/

/* "ADDRESS" or "ADDRESS/BITS" */
static bool
parse_block(nt_block_t *block, const char *text)
{
    bool           v4;
    char           address[INET6_ADDRSTRLEN], *end;
    size_t         len = strcspn(text, "/");
    unsigned long  bits, most;
    struct in_addr in;

    if (len >= sizeof(address)) {
        return false;
    }

    memcpy(address, text, len);
    address[len] = '\0';
    v4 = inet_pton(AF_INET, address, &in) == 1;

    if (v4) {
        map_v4(block->bytes, &in);
    } else if (inet_pton(AF_INET6, address, block->bytes) != 1) {
        return false;
    }

    most = v4 ? 32 : 128;
    bits = most;

    if (text[len] == '/') {
        bits = strtoul(text + len + 1, &end, 10);
        if (text[len + 1] < '0' || text[len + 1] > '9' || *end != '\0' ||
            bits > most) {
            return false;
        }
    }

    block->bits = (unsigned) bits + (v4 ? 96 : 0);

    return true;
}


static bool
add_word(nt_http_networks_t *networks, const char *word)
{
    if (strcmp(word, "private") == 0) {
        networks->private = true;
        return true;
    }

    if (!parse_block(&networks->blocks[networks->n_blocks], word)) {
        return false;
    }

    networks->n_blocks++;

    return true;
}


nt_http_networks_t *
nt_http_networks_new(const char *list, char *error, size_t size)
{
    char               *copy, *word, *rest;
    size_t              most = 1;
    nt_http_networks_t *networks;

    list = list != NULL ? list : "";
    for (const char *p = list; *p != '\0'; p++) {
        most += strchr(NT_LIST_SEPARATORS, *p) != NULL;
    }

    copy = strdup(list);
    networks = calloc(1, sizeof(*networks));
    if (networks != NULL) {
        networks->blocks = calloc(most, sizeof(*networks->blocks));
    }

    if (copy == NULL || networks == NULL || networks->blocks == NULL) {
        (void) snprintf(error, size, "out of memory");
        goto failed;
    }

    for (word = strtok_r(copy, NT_LIST_SEPARATORS, &rest); word != NULL;
         word = strtok_r(NULL, NT_LIST_SEPARATORS, &rest))
    {
        if (!add_word(networks, word)) {
            (void) snprintf(error, size,
                            "\"%.64s\" is neither \"private\" nor a network "
                            "such as 10.0.0.0/8 or fd00::/8",
                            word);
            goto failed;
        }
    }

    free(copy);

    return networks;

failed:

    free(copy);
    nt_http_networks_free(networks);

    return NULL;
}


void
nt_http_networks_free(nt_http_networks_t *networks)
{
    if (networks != NULL) {
        free(networks->blocks);
        free(networks);
    }
}


bool
nt_http_networks_valid(const char *list, char *error, size_t size)
{
    nt_http_networks_t *networks = nt_http_networks_new(list, error, size);

    nt_http_networks_free(networks);

    return networks != NULL;
}


/* --- addresses ------------------------------------------------------------*/

static bool
allowed(const nt_http_networks_t *networks, const uint8_t *address)
{
    uint8_t v4[16];

    if (within_any(networks->blocks, networks->n_blocks, address)) {
        return true;
    }

    if (within(&nat64, address)) {
        map_v4(v4, address + 12);
        return allowed(networks, v4);
    }

    if (within_any(metadata_blocks, COUNT(metadata_blocks), address)) {
        return false;
    }

    if (within_any(private_blocks, COUNT(private_blocks), address)) {
        return networks->private;
    }

    return (within(&mapped, address) || within(&unicast, address)) &&
           !within_any(special_blocks, COUNT(special_blocks), address);
}


bool
nt_http_address_allowed(const nt_http_networks_t *networks,
                        const struct sockaddr    *address)
{
    uint8_t bytes[16];

    switch (address->sa_family) {
    case AF_INET:
        map_v4(bytes, &((const struct sockaddr_in *) address)->sin_addr);
        return allowed(networks, bytes);

    case AF_INET6:
        memcpy(bytes, &((const struct sockaddr_in6 *) address)->sin6_addr, 16);
        return allowed(networks, bytes);

    default:
        return false;
    }
}


bool
nt_http_address_text_allowed(const nt_http_networks_t *networks,
                             const char               *address)
{
    nt_block_t block;

    return strchr(address, '/') == NULL && parse_block(&block, address) &&
           allowed(networks, block.bytes);
}
