/*
 * engine/nodes/uuid.c - lib.uuid.* (RFC 9562)
 */

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <strings.h>
#include <time.h>

#include "core/nt_hex.h"
#include "engine/nodes/args.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"

#define NT_UUID_LEN 36 /* xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx */

typedef struct {
    unsigned char bytes[16];
} uuid_t;


/* --- texts --- */

static void
to_text(const uuid_t *uuid, char text[NT_UUID_LEN + 1])
{
    char  *p = text;
    size_t i;

    static const char digits[] = "0123456789abcdef";

    for (i = 0; i < sizeof(uuid->bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *p++ = '-';
        }

        *p++ = digits[uuid->bytes[i] >> 4];
        *p++ = digits[uuid->bytes[i] & 15];
    }

    *p = '\0';
}


/* The number of 128 bits in decimal digits: too large for a JSON integer. */
static void
to_decimal(const uuid_t *uuid, char text[40])
{
    int      remainder, digit;
    char    *p = text + 39;
    size_t   i;
    uuid_t   rest = *uuid;
    unsigned any;

    *p = '\0';

    do {
        for (remainder = 0, any = 0, i = 0; i < sizeof(rest.bytes); i++) {
            digit = remainder * 256 + rest.bytes[i];
            rest.bytes[i] = (unsigned char) (digit / 10);
            remainder = digit % 10;
            any |= rest.bytes[i];
        }

        *--p = (char) ('0' + remainder);
    } while (any != 0);

    memmove(text, p, strlen(p) + 1);
}


/* As Python takes them: 32 hexadecimal digits, whatever hyphens stand
 * between them, in braces or behind "urn:uuid:". */
static bool
from_text(nt_str_t text, uuid_t *uuid)
{
    int    digit;
    size_t i, n = 0;

    if (text.len > 9 && strncasecmp(text.data, "urn:uuid:", 9) == 0) {
        text.data += 9;
        text.len -= 9;
    }

    if (text.len > 2 && text.data[0] == '{' && text.data[text.len - 1] == '}') {
        text.data++;
        text.len -= 2;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '-') {
            continue;
        }

        digit = nt_hex_digit(text.data[i]);

        if (digit < 0 || n == 32) {
            return false;
        }

        uuid->bytes[n / 2] = n % 2 == 0
                                 ? (unsigned char) (digit << 4)
                                 : (unsigned char) (uuid->bytes[n / 2] | digit);
        n++;
    }

    return n == 32;
}


static nt_node_rc_t
emit_uuid(nt_node_call_t *call, const uuid_t *uuid)
{
    char text[NT_UUID_LEN + 1];

    to_text(uuid, text);
    return nt_emit(call, json_string(text));
}


/* Sets the version and the variant of RFC 9562. */
static void
mark(uuid_t *uuid, int version)
{
    uuid->bytes[6] = (unsigned char) ((uuid->bytes[6] & 0x0f) | version << 4);
    uuid->bytes[8] = (unsigned char) ((uuid->bytes[8] & 0x3f) | 0x80);
}


/* --- GenerateUUID1, GenerateUUID4 --- */

static bool
randomize(nt_node_call_t *call, uuid_t *uuid)
{
    if (RAND_bytes(uuid->bytes, sizeof(uuid->bytes)) != 1) {
        (void) nt_call_fail(call, "the server has no random numbers");
        return false;
    }

    return true;
}


static nt_node_rc_t
run_uuid4(nt_node_call_t *call)
{
    uuid_t uuid;

    if (!randomize(call, &uuid)) {
        return NT_NODE_FAIL;
    }

    mark(&uuid, 4);
    return emit_uuid(call, &uuid);
}


/* With a random node, which the RFC allows, instead of a network address. */
static nt_node_rc_t
run_uuid1(nt_node_call_t *call)
{
    int             i;
    uuid_t          uuid;
    uint64_t        ticks; /* of 100 ns since 1582-10-15 */
    struct timespec now;

    if (!randomize(call, &uuid)) {
        return NT_NODE_FAIL;
    }

    (void) clock_gettime(CLOCK_REALTIME, &now);
    ticks = (uint64_t) now.tv_sec * 10000000 + (uint64_t) now.tv_nsec / 100 +
            0x01b21dd213814000;

    for (i = 0; i < 4; i++) {
        uuid.bytes[i] = (unsigned char) (ticks >> (24 - 8 * i));
    }

    uuid.bytes[4] = (unsigned char) (ticks >> 40);
    uuid.bytes[5] = (unsigned char) (ticks >> 32);
    uuid.bytes[6] = (unsigned char) (ticks >> 56);
    uuid.bytes[7] = (unsigned char) (ticks >> 48);
    uuid.bytes[10] |= 1; /* a multicast address is nobody's */
    mark(&uuid, 1);
    return emit_uuid(call, &uuid);
}


static const nt_node_type_t uuid1 = {
    .type = "lib.uuid.GenerateUUID1",
    .title = "Generate UUID1",
    .description = "Makes a UUID of the time (version 1).",
    .outputs = nt_out_str,
    .run = run_uuid1
};

static const nt_node_type_t uuid4 = { .type = "lib.uuid.GenerateUUID4",
                                      .title = "Generate UUID4",
                                      .description =
                                          "Makes a random UUID (version 4).",
                                      .outputs = nt_out_str,
                                      .run = run_uuid4 };


/* --- GenerateUUID3, GenerateUUID5 --- */

/* dns, url, oid and x500 of RFC 9562, appendix, differ in one byte. */
static bool
read_namespace(nt_str_t name, uuid_t *uuid)
{
    size_t i;

    static const struct {
        const char   *name;
        unsigned char byte;
    } namespaces[] = {
        { "dns", 0x10 }, { "url", 0x11 }, { "oid", 0x12 }, { "x500", 0x14 }
    };
    static const uuid_t base = { { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11,
                                   0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4,
                                   0x30, 0xc8 } };

    for (i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
        if (name.len == strlen(namespaces[i].name) &&
            strncasecmp(name.data, namespaces[i].name, name.len) == 0)
        {
            *uuid = base;
            uuid->bytes[3] = namespaces[i].byte;
            return true;
        }
    }

    return from_text(name, uuid);
}


static nt_node_rc_t
run_named(nt_node_call_t *call, const EVP_MD *md, int version)
{
    bool     ok;
    uuid_t   uuid;
    nt_buf_t text = { 0 };
    nt_str_t namespace, name;
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (!nt_arg_str(call, "namespace", &namespace) ||
        !nt_arg_str(call, "name", &name))
    {
        return NT_NODE_FAIL;
    }

    if (!read_namespace(namespace, &uuid)) {
        return nt_call_fail(call, "'namespace' must be dns, url, oid, x500, or "
                                  "a UUID");
    }

    nt_buf_append(&text, uuid.bytes, sizeof(uuid.bytes));
    nt_buf_append_str(&text, name);
    ok = !text.failed &&
         EVP_Digest(text.data, text.len, digest, NULL, md, NULL) == 1;
    nt_buf_free(&text);

    if (!ok) {
        return nt_call_fail(call, "the server cannot compute the hash");
    }

    memcpy(uuid.bytes, digest, sizeof(uuid.bytes));
    mark(&uuid, version);
    return emit_uuid(call, &uuid);
}


static nt_node_rc_t
run_uuid3(nt_node_call_t *call)
{
    return run_named(call, EVP_md5(), 3);
}


static nt_node_rc_t
run_uuid5(nt_node_call_t *call)
{
    return run_named(call, EVP_sha1(), 5);
}


static const nt_property_t named_properties[] = {
    NT_PROP("namespace", "str", "\"dns\"", "dns, url, oid, x500, or a UUID"),
    NT_PROP("name", "str", "\"\"", "The name"), NT_PROP_END
};

static const nt_node_type_t uuid3 = {
    .type = "lib.uuid.GenerateUUID3",
    .title = "Generate UUID3",
    .description = "Makes the UUID of a name, by MD5 (version 3).",
    .properties = named_properties,
    .outputs = nt_out_str,
    .run = run_uuid3
};

static const nt_node_type_t uuid5 = {
    .type = "lib.uuid.GenerateUUID5",
    .title = "Generate UUID5",
    .description = "Makes the UUID of a name, by SHA-1 (version 5).",
    .properties = named_properties,
    .outputs = nt_out_str,
    .run = run_uuid5
};


/* --- IsValidUUID, ParseUUID --- */

static nt_node_rc_t
run_is_valid(nt_node_call_t *call)
{
    uuid_t uuid;

    return nt_emit(call,
                   json_boolean(
                       from_text(nt_ustr(nt_call_input(call, "uuid_string")),
                                 &uuid)));
}


static const nt_property_t check_properties[] = {
    NT_PROP("uuid_string", "str", "\"\"", "The text to check"), NT_PROP_END
};

static const nt_node_type_t is_valid = { .type = "lib.uuid.IsValidUUID",
                                         .title = "Is Valid UUID",
                                         .description =
                                             "Says whether a text is a UUID.",
                                         .properties = check_properties,
                                         .outputs = nt_out_bool,
                                         .run = run_is_valid };


static const char *
variant(const uuid_t *uuid)
{
    unsigned char byte = uuid->bytes[8];

    return byte < 0x80   ? "reserved for NCS compatibility"
           : byte < 0xc0 ? "specified in RFC 4122"
           : byte < 0xe0 ? "reserved for Microsoft compatibility"
                         : "reserved for future definition";
}


/* The digits without hyphens. */
static void
to_hex(const uuid_t *uuid, char text[NT_UUID_LEN + 1])
{
    char  *to = text;
    size_t i;

    to_text(uuid, text);

    for (i = 0; text[i] != '\0'; i++) {
        if (text[i] != '-') {
            *to++ = text[i];
        }
    }

    *to = '\0';
}


static nt_node_rc_t
run_parse(nt_node_call_t *call)
{
    char     text[NT_UUID_LEN + 1], hex[NT_UUID_LEN + 1], decimal[40];
    bool     versioned;
    uuid_t   uuid;
    nt_str_t string;

    if (!nt_arg_str(call, "uuid_string", &string)) {
        return NT_NODE_FAIL;
    }

    if (!from_text(string, &uuid)) {
        return nt_emit(call, json_pack("{s:s%, s:b, s:s}", "uuid", string.data,
                                       string.len, "is_valid", 0, "error",
                                       "badly formed hexadecimal UUID "
                                       "string"));
    }

    to_text(&uuid, text);
    to_hex(&uuid, hex);
    to_decimal(&uuid, decimal);
    versioned = (uuid.bytes[8] & 0xc0) == 0x80;

    return nt_emit(call, json_pack("{s:s, s:o, s:s, s:s, s:s, s:b}", "uuid",
                                   text, "version",
                                   versioned ? json_integer(uuid.bytes[6] >> 4)
                                             : json_null(),
                                   "variant", variant(&uuid), "hex", hex, "int",
                                   decimal, "is_valid", 1));
}


static const nt_property_t parse_properties[] = {
    NT_PROP("uuid_string", "str", "\"\"", "The UUID"), NT_PROP_END
};

static const nt_node_type_t parse_uuid = {
    .type = "lib.uuid.ParseUUID",
    .title = "Parse UUID",
    .description = "Takes a UUID apart; its int is a string of digits, being "
                   "too large for a JSON number.",
    .properties = parse_properties,
    .outputs = nt_out_dict,
    .run = run_parse
};


/* --- FormatUUID --- */

static nt_node_rc_t
run_format(nt_node_call_t *call)
{
    char     text[sizeof("urn:uuid:") + NT_UUID_LEN] = "";
    uuid_t   uuid;
    nt_str_t string, format;

    if (!nt_arg_str(call, "uuid_string", &string) ||
        !nt_arg_str(call, "format", &format))
    {
        return NT_NODE_FAIL;
    }

    if (!from_text(string, &uuid)) {
        return nt_call_fail(call, "'uuid_string' is no UUID");
    }

    if (nt_str_eq(format, NT_STR("hex")) ||
        nt_str_eq(format, NT_STR("bytes_hex"))) {
        to_hex(&uuid, text);

    } else if (nt_str_eq(format, NT_STR("urn"))) {
        memcpy(text, "urn:uuid:", 9);
        to_text(&uuid, text + 9);

    } else if (nt_str_eq(format, NT_STR("int"))) {
        to_decimal(&uuid, text);

    } else {
        to_text(&uuid, text);
    }

    return nt_emit(call, json_string(text));
}


static const char *const formats[] = { "standard", "hex",       "urn",
                                       "int",      "bytes_hex", NULL };

static const nt_property_t format_properties[] = {
    NT_PROP("uuid_string", "str", "\"\"", "The UUID"),
    NT_PROP_ENUM("format", formats, "\"standard\"", "How to write it"),
    NT_PROP_END
};

static const nt_node_type_t format_uuid = {
    .type = "lib.uuid.FormatUUID",
    .title = "Format UUID",
    .description = "Writes a UUID in another form.",
    .properties = format_properties,
    .outputs = nt_out_str,
    .run = run_format
};


static const nt_node_type_t *const types[] = {
    &uuid1, &uuid3, &uuid4, &uuid5, &is_valid, &parse_uuid, &format_uuid, NULL
};

const nt_node_library_t nt_nodes_uuid = { .abi = NODETOOL_NODE_ABI,
                                          .name = "uuid",
                                          .types = types };
