/*
 * t/engine/ws_vectors.h - what clients may send by RFC 6455, and must not.
 *
 * A vector is a line of frames, with blanks between them:
 *
 *   text:Hello    a frame (text, bin, cont, close, ping, pong or op and a
 *                 number) with its payload; %XX is a byte, *N is N times x,
 *                 *N/M the same in frames of M bytes, the first as named
 *   text-:Hel     without FIN
 *   text/4:Hello  with reserved bits (4 is RSV1)
 *   text!:Hello   without a mask
 *   close:1000,x  a status code and a reason
 *   raw:%89%fe    bytes as they are
 *
 * and what comes of it is told in the same words: messages, then where it
 * ends `close:CODE,reason` of the peer or `fail:CODE`.
 *
 * Numbers behind names are cases of the Autobahn test suite.
 */

#ifndef WS_VECTORS_H
#define WS_VECTORS_H

#include <stdlib.h>

#include "core/nt_buf.h"

typedef struct {
    const char *name;
    const char *frames;
    const char *want;
} ws_vector_t;

#define KOSME      "%ce%ba%e1%bd%b9%cf%83%ce%bc%ce%b5"
#define SURROGATE  "%ed%a0%80"
#define TEN(frame) frame frame frame frame frame frame frame frame frame frame

static const ws_vector_t ws_vectors[] = {
    /* --- lengths --- */
    { "an empty text (1.1.1)", "text", "text" },
    { "125 bytes (1.1.2)", "text:*125", "text:*125" },
    { "126 bytes (1.1.3)", "text:*126", "text:*126" },
    { "127 bytes (1.1.4)", "text:*127", "text:*127" },
    { "128 bytes (1.1.5)", "text:*128", "text:*128" },
    { "65535 bytes (1.1.6)", "text:*65535", "text:*65535" },
    { "65536 bytes (1.1.7)", "text:*65536", "text:*65536" },
    { "an empty binary message (1.2.1)", "bin", "bin" },
    { "125 bytes (1.2.2)", "bin:*125", "bin:*125" },
    { "126 bytes (1.2.3)", "bin:*126", "bin:*126" },
    { "65535 bytes (1.2.6)", "bin:*65535", "bin:*65535" },
    { "65536 bytes (1.2.7)", "bin:*65536", "bin:*65536" },
    { "as much as a parser reads ahead", "bin:*4088 text:a bin:*4089 text:b",
      "bin:*4088 text:a bin:*4089 text:b" },
    { "the limit", "bin:*70000 ping", "bin:*70000 ping" },
    { "one above the limit", "bin:*70001", "fail:1009" },
    { "the limit, in fragments", "bin:*70000/1000 ping", "bin:*70000 ping" },
    { "above the limit by fragments", "bin-:*69999 cont-:a cont:b",
      "fail:1009" },
    { "far above the limit, nothing but a byte",
      "raw:%82%ff%7f%ff%ff%ff%ff%ff%ff%ff%00%00%00%00a", "fail:1009" },
    { "after a big message, one as big", "bin:*70000 bin:*70000",
      "bin:*70000 bin:*70000" },
    { "125 bytes in a 16-bit length", "raw:%81%fe%00%7d%00%00%00%00aaaaaaaaaa",
      "fail:1002" },
    { "65535 bytes in a 64-bit length",
      "raw:%82%ff%00%00%00%00%00%00%ff%ff%00%00%00%00a", "fail:1002" },
    { "no bytes in a 64-bit length",
      "raw:%82%ff%00%00%00%00%00%00%00%00%00%00%00%00", "fail:1002" },
    { "a 64-bit length with its topmost bit",
      "raw:%82%ff%80%00%00%00%00%01%00%00%00%00%00%00a", "fail:1002" },

    /* --- pings and pongs --- */
    { "an empty ping (2.1)", "ping", "ping" },
    { "a ping (2.2)", "ping:Hello", "ping:Hello" },
    { "a ping that is no text (2.3)", "ping:%00%ff%fe%fd%fc%fb%00%ff",
      "ping:%00%ff%fe%fd%fc%fb%00%ff" },
    { "a ping of 125 bytes (2.4)", "ping:*125", "ping:*125" },
    { "a ping of 126 bytes (2.5)", "ping:*126", "fail:1002" },
    { "a ping in a 16-bit length", "raw:%89%fe%00%05%00%00%00%00Hello",
      "fail:1002" },
    { "a pong nobody waits for (2.7)", "pong ping", "pong ping" },
    { "the same with a payload (2.8)", "pong:un ping", "pong:un ping" },
    { "and a ping (2.9)", "pong:un ping:a", "pong:un ping:a" },
    { "ten pings (2.10)", TEN("ping:payload "), TEN("ping:payload ") },
    { "a pong of 126 bytes", "pong:*126", "fail:1002" },

    /* --- reserved bits and masks --- */
    { "RSV3 (3.1)", "text/1:Hello", "fail:1002" },
    { "RSV2 behind a message (3.2)", "text:Hello text/2:Hello ping",
      "text:Hello fail:1002" },
    { "RSV2 and 3 (3.3)", "text:Hello text/3:Hello ping",
      "text:Hello fail:1002" },
    { "RSV1 (3.4)", "text:Hello text/4:Hello ping", "text:Hello fail:1002" },
    { "RSV1 and 3 (3.5)", "bin/5:%00%ff%fe", "fail:1002" },
    { "RSV1 and 2 of a ping (3.6)", "ping/6:Hello", "fail:1002" },
    { "all of a close frame (3.7)", "close/7:1000", "fail:1002" },
    { "RSV1 of a fragment", "text-:Hel cont/4:lo", "fail:1002" },
    { "no mask", "text!:Hello", "fail:1002" },
    { "no mask, empty", "text!", "fail:1002" },
    { "no mask on a ping", "ping!:Hello", "fail:1002" },
    { "no mask on a close frame", "close!:1000", "fail:1002" },
    { "no mask on a fragment", "text-:Hel cont!:lo", "fail:1002" },

    /* --- opcodes --- */
    { "opcode 3 (4.1.1)", "op3", "fail:1002" },
    { "opcode 4 (4.1.2)", "op4:reserved", "fail:1002" },
    { "opcode 5 (4.1.3)", "text:Hello op5 ping", "text:Hello fail:1002" },
    { "opcode 6 (4.1.4)", "text:Hello op6:payload ping",
      "text:Hello fail:1002" },
    { "opcode 7 (4.1.5)", "text:Hello op7:payload ping",
      "text:Hello fail:1002" },
    { "opcode 11 (4.2.1)", "op11", "fail:1002" },
    { "opcode 12 (4.2.2)", "op12:reserved", "fail:1002" },
    { "opcode 13 (4.2.3)", "text:Hello op13 ping", "text:Hello fail:1002" },
    { "opcode 14 (4.2.4)", "text:Hello op14:payload ping",
      "text:Hello fail:1002" },
    { "opcode 15 (4.2.5)", "text:Hello op15:payload ping",
      "text:Hello fail:1002" },
    { "opcode 3 between fragments", "text-:Hel op3:x cont:lo", "fail:1002" },

    /* --- fragments --- */
    { "a ping in fragments (5.1)", "ping-:frag1 cont:frag2", "fail:1002" },
    { "a pong in fragments (5.2)", "pong-:frag1 cont:frag2", "fail:1002" },
    { "a close frame in fragments", "close-:1000 cont:x", "fail:1002" },
    { "two fragments (5.3)", "text-:frag1 cont:frag2", "text:frag1frag2" },
    { "a ping between (5.6)", "text-:frag1 ping:p cont:frag2",
      "ping:p text:frag1frag2" },
    { "a pong between", "bin-:frag1 pong:p cont-:x cont:frag2",
      "pong:p bin:frag1xfrag2" },
    { "a last fragment of nothing (5.9)", "cont:non text:Hello", "fail:1002" },
    { "an empty one", "cont", "fail:1002" },
    { "a fragment of nothing (5.12)", "cont-:non text:Hello", "fail:1002" },
    { "one behind a message in fragments (5.15)",
      "text-:frag1 cont:frag2 cont-:x text:Hello",
      "text:frag1frag2 fail:1002" },
    { "again and again (5.16)", "cont-:a text-:b cont:c", "fail:1002" },
    { "a message within a message (5.18)", "text-:frag1 text:frag2",
      "fail:1002" },
    { "a binary one", "text-:frag1 bin-:frag2", "fail:1002" },
    { "five fragments with pings (5.19)",
      "text-:f1 cont-:f2 ping:p1 cont-:f3 cont-:f4 ping:p2 cont:f5",
      "ping:p1 ping:p2 text:f1f2f3f4f5" },
    { "a message in 16 frames (9.3)", "bin:*65536/4096", "bin:*65536" },
    { "a message in frames of 64 bytes (9.3)", "bin:*2048/64", "bin:*2048" },

    /* --- UTF-8 --- */
    { "three empty fragments (6.1.2)", "text- cont- cont", "text" },
    { "one of them is not empty (6.1.3)", "text- cont-:middle cont",
      "text:middle" },
    { "UTF-8 (6.2.1)", "text:Hello-%c2%b5@%c3%9f%c3%b6%c3%a4-UTF-8!!",
      "text:Hello-%c2%b5@%c3%9f%c3%b6%c3%a4-UTF-8!!" },
    { "split between characters (6.2.2)", "text-:Hello-%c2%b5@ cont:%c3%9f",
      "text:Hello-%c2%b5@%c3%9f" },
    { "split within each (6.2.3)",
      "text-:%ce cont-:%ba cont-:%e1 cont-:%bd cont-:%b9 cont:-",
      "text:%ce%ba%e1%bd%b9-" },
    { "a word (6.2.4)", "text:" KOSME, "text:" KOSME },
    { "a surrogate behind it (6.3.1)", "text:" KOSME SURROGATE "edited",
      "fail:1007" },
    { "in fragments (6.3.2)", "text-:" KOSME " cont-:%ed cont-:%a0 cont:%80",
      "fail:1007" },
    { "told as soon as it is known (6.4.1)",
      "text-:" KOSME " cont-:%f4%90%80%80", "fail:1007" },
    { "within a character (6.4.2)", "text-:" KOSME "%f4 cont-:%90",
      "fail:1007" },
    { "a character that does not end (6.6)", "text:%ce%ba%e1%bd", "fail:1007" },
    { "its end is in no fragment", "text-:%ce%ba%e1%bd cont", "fail:1007" },
    { "its end is in an empty frame", "text-:%e1%bd cont- cont:%b9",
      "text:%e1%bd%b9" },
    { "U+0000 (6.7.1)", "text:%00", "text:%00" },
    { "U+0080 (6.7.2)", "text:%c2%80", "text:%c2%80" },
    { "U+0800 (6.7.3)", "text:%e0%a0%80", "text:%e0%a0%80" },
    { "U+10000 (6.7.4)", "text:%f0%90%80%80", "text:%f0%90%80%80" },
    { "U+200000 (6.8.1)", "text:%f8%88%80%80%80", "fail:1007" },
    { "U+4000000 (6.8.2)", "text:%fc%84%80%80%80%80", "fail:1007" },
    { "U+007F (6.9.1)", "text:%7f", "text:%7f" },
    { "U+07FF (6.9.2)", "text:%df%bf", "text:%df%bf" },
    { "U+FFFF (6.9.3)", "text:%ef%bf%bf", "text:%ef%bf%bf" },
    { "U+10FFFF (6.9.4)", "text:%f4%8f%bf%bf", "text:%f4%8f%bf%bf" },
    { "U+1FFFFF (6.10.1)", "text:%f7%bf%bf%bf", "fail:1007" },
    { "U+D7FF (6.11.1)", "text:%ed%9f%bf", "text:%ed%9f%bf" },
    { "U+E000 (6.11.2)", "text:%ee%80%80", "text:%ee%80%80" },
    { "U+FFFD (6.11.3)", "text:%ef%bf%bd", "text:%ef%bf%bd" },
    { "U+110000 (6.11.5)", "text:%f4%90%80%80", "fail:1007" },
    { "a continuation byte (6.12.1)", "text:%80", "fail:1007" },
    { "the last one (6.12.2)", "text:%bf", "fail:1007" },
    { "a lead byte and a blank (6.13)", "text:%c3%20", "fail:1007" },
    { "an overlong slash of 2 (6.16.1)", "text:%c0%af", "fail:1007" },
    { "of 3 (6.16.2)", "text:%e0%80%af", "fail:1007" },
    { "of 4 (6.16.3)", "text:%f0%80%80%af", "fail:1007" },
    { "the longest overlong of 2 (6.17.1)", "text:%c1%bf", "fail:1007" },
    { "of 3 (6.17.2)", "text:%e0%9f%bf", "fail:1007" },
    { "of 4 (6.17.3)", "text:%f0%8f%bf%bf", "fail:1007" },
    { "an overlong NUL (6.18.1)", "text:%c0%80", "fail:1007" },
    { "the last high surrogate (6.19)", "text:%ed%af%bf", "fail:1007" },
    { "the last low surrogate (6.19)", "text:%ed%bf%bf", "fail:1007" },
    { "a pair of them (6.20)", "text:%ed%a0%80%ed%b0%80", "fail:1007" },
    { "FE", "text:%fe", "fail:1007" },
    { "FF behind ASCII", "text:0123456789abcdef%ff", "fail:1007" },
    { "none of it in binary messages", "bin:%ff%fe%c0%80", "bin:%ff%fe%c0%80" },

    /* --- the closing handshake --- */
    { "a message, then close (7.1.1)", "text:Hello close:1000",
      "text:Hello close:1000" },
    { "two close frames (7.1.2)", "close:1000 close:1000", "close:1000" },
    { "a ping behind it (7.1.3)", "close:1000 ping", "close:1000" },
    { "a text behind it (7.1.4)", "close:1000 text:x", "close:1000" },
    { "within a message (7.1.5)", "text-:frag1 close:1000 cont:frag2",
      "close:1000" },
    { "garbage behind it", "close:1000 raw:%ff%ff%ff%ff", "close:1000" },
    { "empty (7.3.1)", "close", "close:0" },
    { "one byte (7.3.2)", "op8:%03", "fail:1002" },
    { "a code (7.3.3)", "close:1000", "close:1000" },
    { "and a reason (7.3.4)", "close:1000,Hello%20World!",
      "close:1000,Hello%20World!" },
    { "a reason of 123 bytes (7.3.5)", "close:1000,*123", "close:1000,*123" },
    { "of 124 bytes (7.3.6)", "close:1000,*124", "fail:1002" },
    { "a reason that is not UTF-8 (7.5.1)",
      "close:1000," KOSME SURROGATE "edited", "fail:1007" },
    { "a reason that ends within a character", "close:1000,%ce%ba%e1%bd",
      "fail:1007" },
    { "a reason in UTF-8", "close:1000," KOSME, "close:1000," KOSME },
    { "1001 (7.7.2)", "close:1001", "close:1001" },
    { "1002 (7.7.3)", "close:1002", "close:1002" },
    { "1003 (7.7.4)", "close:1003", "close:1003" },
    { "1007 (7.7.5)", "close:1007", "close:1007" },
    { "1008 (7.7.6)", "close:1008", "close:1008" },
    { "1009 (7.7.7)", "close:1009", "close:1009" },
    { "1010 (7.7.8)", "close:1010", "close:1010" },
    { "1011 (7.7.9)", "close:1011", "close:1011" },
    { "3000 (7.7.10)", "close:3000", "close:3000" },
    { "3999 (7.7.11)", "close:3999", "close:3999" },
    { "4000 (7.7.12)", "close:4000", "close:4000" },
    { "4999 (7.7.13)", "close:4999", "close:4999" },
    { "1012, of the registry", "close:1012", "close:1012" },
    { "1014, of the registry", "close:1014", "close:1014" },
    { "0 (7.9.1)", "op8:%00%00", "fail:1002" },
    { "999 (7.9.2)", "close:999", "fail:1002" },
    { "1004 (7.9.3)", "close:1004", "fail:1002" },
    { "1005 (7.9.4)", "close:1005", "fail:1002" },
    { "1006 (7.9.5)", "close:1006", "fail:1002" },
    { "1015, which is never sent", "close:1015", "fail:1002" },
    { "1016", "close:1016", "fail:1002" },
    { "1100", "close:1100", "fail:1002" },
    { "2000", "close:2000", "fail:1002" },
    { "2999", "close:2999", "fail:1002" },
    { "5000 (7.13.1)", "close:5000", "fail:1002" },
    { "65535 (7.13.2)", "close:65535", "fail:1002" },
};

#define WS_VECTORS (sizeof(ws_vectors) / sizeof(ws_vectors[0]))
#define WS_LIMIT   70000 /* bytes of a message, with these vectors */

/* --- from words to bytes --- */

static inline void
ws_payload(nt_buf_t *out, nt_str_t text)
{
    char hex[3] = { 0 };

    if (text.len > 0 && text.data[0] == '*') {
        for (long n = atol(text.data + 1); n > 0; n--) {
            nt_buf_append_char(out, 'x');
        }
        return;
    }

    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '%') {
            memcpy(hex, text.data + i + 1, 2);
            nt_buf_append_char(out, (char) strtoul(hex, NULL, 16));
            i += 2;
        } else {
            nt_buf_append_char(out, text.data[i]);
        }
    }
}


static inline void
ws_frame(nt_buf_t *out, unsigned first, bool masked, nt_str_t payload)
{
    static const char mask[4] = { '\x37', '\xfa', '\x21', '\x3d' };
    size_t            len = payload.len;
    unsigned          n = len > 0xffff ? 8 : len > 125 ? 2 : 0;

    nt_buf_append_char(out, (char) first);
    nt_buf_append_char(out, (char) ((masked ? 0x80 : 0) |
                                    (n == 8   ? 127u
                                     : n == 2 ? 126u
                                              : (unsigned) len)));
    while (n-- > 0) {
        nt_buf_append_char(out, (char) (len >> 8 * n));
    }

    if (!masked) {
        nt_buf_append_str(out, payload);
        return;
    }

    nt_buf_append(out, mask, 4);
    for (size_t i = 0; i < len; i++) {
        nt_buf_append_char(out, (char) (payload.data[i] ^ mask[i % 4]));
    }
}


/* One word. */
static inline void
ws_word(nt_buf_t *out, nt_str_t word)
{
    static const char *const names[] = { "cont",  "text", "bin", NULL,
                                         NULL,    NULL,   NULL,  NULL,
                                         "close", "ping", "pong" };
    char                    *end;
    size_t                   step, colon = 0;
    unsigned                 first = 0x80;
    bool                     masked = true;
    nt_buf_t                 payload = { 0 };
    nt_str_t                 text;
    const char              *comma;

    while (colon < word.len && word.data[colon] != ':') {
        colon++;
    }
    text = colon < word.len
               ? (nt_str_t) { word.data + colon + 1, word.len - colon - 1 }
               : NT_STR("");

    if (strncmp(word.data, "raw", 3) == 0) {
        ws_payload(out, text);
        return;
    }

    if (strncmp(word.data, "op", 2) == 0) {
        first |= (unsigned) strtoul(word.data + 2, NULL, 10);
    }
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i] != NULL &&
            strncmp(word.data, names[i], strlen(names[i])) == 0) {
            first |= i;
        }
    }
    for (size_t i = 0; i < colon; i++) {
        if (word.data[i] == '-') {
            first &= 0x7f;
        } else if (word.data[i] == '!') {
            masked = false;
        } else if (word.data[i] == '/') {
            first |= (unsigned) (word.data[i + 1] - '0') << 4;
        }
    }

    if (strncmp(word.data, "close", 5) == 0 && text.len > 0) {
        unsigned long code = strtoul(text.data, NULL, 10);

        nt_buf_append_char(&payload, (char) (code >> 8));
        nt_buf_append_char(&payload, (char) code);
        comma = memchr(text.data, ',', text.len);
        text = comma != NULL
                   ? (nt_str_t) { comma + 1,
                                  (size_t) (text.data + text.len - comma - 1) }
                   : NT_STR("");
    }
    ws_payload(&payload, text);

    step = payload.len;
    if (text.len > 0 && text.data[0] == '*') {
        (void) strtol(text.data + 1, &end, 10);
        if (*end == '/') {
            step = strtoul(end + 1, NULL, 10);
        }
    }

    for (size_t at = 0; at == 0 || at < payload.len; at += step) {
        bool last = payload.len - at <= step;

        ws_frame(out, (at == 0 ? first : first & 0xf0) & (last ? 0xff : 0x7f),
                 masked,
                 (nt_str_t) { payload.data + at,
                              last ? payload.len - at : step });
        if (last) {
            break;
        }
    }
    nt_buf_free(&payload);
}


/* The bytes of a line of words. */
static inline void
ws_bytes(nt_buf_t *out, const char *line)
{
    size_t len;

    for (line += strspn(line, " "); *line != '\0'; line += strspn(line, " ")) {
        len = strcspn(line, " ");
        ws_word(out, (nt_str_t) { line, len });
        line += len;
    }
}


/* --- and back --- */

static inline void
ws_say(nt_buf_t *out, const char *name, nt_str_t payload)
{
    size_t xs = 0;

    nt_buf_printf(out, "%s%s", out->len > 0 ? " " : "", name);

    while (xs < payload.len && payload.data[xs] == 'x') {
        xs++;
    }
    if (payload.len > 100 && xs == payload.len) {
        nt_buf_printf(out, "*%zu", xs);
        return;
    }

    for (size_t i = 0; i < payload.len; i++) {
        unsigned char c = (unsigned char) payload.data[i];

        if (c > ' ' && c < 0x7f) {
            nt_buf_append_char(out, (char) c);
        } else {
            nt_buf_printf(out, "%%%02x", c);
        }
    }
}

#endif
