#include "core/nt_json_private.h"

/* States of numbers, counted from S_NUMBER. */
enum {
    N_MINUS,
    N_ZERO, /* a number may end here */
    N_INT,  /* here */
    N_DOT,
    N_FRAC, /* here */
    N_E,
    N_E_SIGN,
    N_EXP, /* and here */
    N_NONE
};

#define N_ENDS (1 << N_ZERO | 1 << N_INT | 1 << N_FRAC | 1 << N_EXP)

enum { C_OTHER, C_ZERO, C_DIGIT, C_DOT, C_E, C_PLUS, C_MINUS };

static const uint8_t nt_number_class[256] = {
    ['0'] = C_ZERO,  ['1'] = C_DIGIT, ['2'] = C_DIGIT, ['3'] = C_DIGIT,
    ['4'] = C_DIGIT, ['5'] = C_DIGIT, ['6'] = C_DIGIT, ['7'] = C_DIGIT,
    ['8'] = C_DIGIT, ['9'] = C_DIGIT, ['.'] = C_DOT,   ['e'] = C_E,
    ['E'] = C_E,     ['+'] = C_PLUS,  ['-'] = C_MINUS
};

static const uint8_t nt_number_next[][7] = {
    /*              other   zero    digit   dot     e       plus    minus */
    [N_MINUS] = { N_NONE, N_ZERO, N_INT, N_NONE, N_NONE, N_NONE, N_NONE },
    [N_ZERO] = { N_NONE, N_NONE, N_NONE, N_DOT, N_E, N_NONE, N_NONE },
    [N_INT] = { N_NONE, N_INT, N_INT, N_DOT, N_E, N_NONE, N_NONE },
    [N_DOT] = { N_NONE, N_FRAC, N_FRAC, N_NONE, N_NONE, N_NONE, N_NONE },
    [N_FRAC] = { N_NONE, N_FRAC, N_FRAC, N_NONE, N_E, N_NONE, N_NONE },
    [N_E] = { N_NONE, N_EXP, N_EXP, N_NONE, N_NONE, N_E_SIGN, N_E_SIGN },
    [N_E_SIGN] = { N_NONE, N_EXP, N_EXP, N_NONE, N_NONE, N_NONE, N_NONE },
    [N_EXP] = { N_NONE, N_EXP, N_EXP, N_NONE, N_NONE, N_NONE, N_NONE }
};


void
nt_json_scan_init(nt_json_scan_t *scan, nt_json_field_t *fields, size_t n)
{
    *scan = (nt_json_scan_t) { .fields = fields, .line = 1 };
    scan->n_fields =
        (uint16_t) (n < NT_JSON_FIELDS_MAX ? n : NT_JSON_FIELDS_MAX);

    for (size_t i = 0; i < scan->n_fields; i++) {
        const char *path = fields[i].path;

        /* without what has no meaning beyond value_len */
        memset(&fields[i], 0, offsetof(nt_json_field_t, value));
        fields[i].path = path;

        if (path == NULL) {
            scan->level[i] = UINT8_MAX; /* where no name leads to */
        }
    }
}


/* --- scalars --- */

static size_t
nt_json_literal(nt_json_scan_t *scan, const char *p)
{
    if (*p != *scan->literal) {
        nt_json_fail(scan, scan->offset, "expected true, false or null");
        return 0;
    }

    nt_json_bytes(scan, p, 1);

    if (*++scan->literal == '\0') {
        nt_json_value_end(scan, scan->offset + 1);
    }

    return 1;
}


static size_t
nt_json_number(nt_json_scan_t *scan, const char *p, size_t len)
{
    size_t   i;
    unsigned next, state = scan->state - (unsigned) S_NUMBER;

    for (i = 0; i < len; i++) {
        next = nt_number_next[state][nt_number_class[(unsigned char) p[i]]];
        if (next == N_NONE) {
            break;
        }

        state = next;
    }

    nt_json_bytes(scan, p, i);
    scan->state = (uint8_t) (S_NUMBER + state);

    if (i < len) {
        if (N_ENDS >> state & 1) {
            nt_json_value_end(scan, scan->offset + i);
        } else {
            nt_json_fail(scan, scan->offset + i, "malformed number");
        }
    }

    return i;
}


static void
nt_json_value(nt_json_scan_t *scan, const char *p)
{
    switch (*p) {
    case '"':
        nt_json_value_start(scan, NT_JSON_STRING);
        scan->state = S_STRING;
        return;
    case '{':
        nt_json_value_start(scan, NT_JSON_OBJECT);
        nt_json_open(scan, true);
        return;
    case '[':
        nt_json_value_start(scan, NT_JSON_ARRAY);
        nt_json_open(scan, false);
        return;
    case 't':
        nt_json_value_start(scan, NT_JSON_TRUE);
        scan->literal = "rue";
        break;
    case 'f':
        nt_json_value_start(scan, NT_JSON_FALSE);
        scan->literal = "alse";
        break;
    case 'n':
        nt_json_value_start(scan, NT_JSON_NULL);
        scan->literal = "ull";
        break;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        nt_json_value_start(scan, NT_JSON_NUMBER);
        nt_json_bytes(scan, p, 1);
        scan->state = (uint8_t) (S_NUMBER + (*p == '-'   ? N_MINUS
                                             : *p == '0' ? N_ZERO
                                                         : N_INT));
        return;
    default:
        nt_json_fail(scan, scan->offset, "expected a value");
        return;
    }

    nt_json_bytes(scan, p, 1);
    scan->state = S_LITERAL;
}


/* --- the document --- */

static size_t
nt_json_space(nt_json_scan_t *scan, const char *p, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (p[i] == '\n') {
            scan->line++;
            scan->line_start = scan->offset + i + 1;
        } else if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r') {
            break;
        }
    }

    return i;
}


static bool
nt_json_in_object(const nt_json_scan_t *scan)
{
    unsigned level = scan->depth - 1u;

    return scan->objects[level / 8] >> level % 8 & 1;
}


static void
nt_json_after(nt_json_scan_t *scan, char c)
{
    bool object = nt_json_in_object(scan);

    if (c == ',') {
        scan->state = object ? S_KEY : S_VALUE;
    } else if (c == (object ? '}' : ']')) {
        nt_json_close(scan, object);
    } else {
        nt_json_fail(scan, scan->offset,
                     object ? "expected \",\" or \"}\""
                            : "expected \",\" or \"]\"");
    }
}


/* White space or one mark of the structure. */
static size_t
nt_json_structure(nt_json_scan_t *scan, const char *p, size_t len)
{
    char c = *p;

    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        return nt_json_space(scan, p, len);
    }

    switch (scan->state) {
    case S_FIRST_VALUE:
        if (c == ']') {
            nt_json_close(scan, false);
            break;
        }
        /* fall through */
    case S_VALUE:
        nt_json_value(scan, p);
        break;
    case S_FIRST_KEY:
        if (c == '}') {
            nt_json_close(scan, true);
            break;
        }
        /* fall through */
    case S_KEY:
        if (c == '"') {
            nt_json_key_start(scan);
        } else {
            nt_json_fail(scan, scan->offset, "expected a name in quotes");
        }
        break;
    case S_COLON:
        if (c == ':') {
            scan->state = S_VALUE;
        } else {
            nt_json_fail(scan, scan->offset, "expected \":\"");
        }
        break;
    case S_AFTER:
        nt_json_after(scan, c);
        break;
    default:
        nt_json_fail(scan, scan->offset, "text after the end of the document");
        break;
    }

    return 1;
}


nt_rc_t
nt_json_scan_feed(nt_json_scan_t *scan, const char *data, size_t len)
{
    while (len != 0 && scan->error == NULL) {
        size_t taken;

        switch (scan->state) {
        case S_STRING:
            taken = nt_json_string(scan, data, len);
            break;
        case S_CHARACTER:
            taken = nt_json_character(scan, data);
            break;
        case S_ESCAPE:
            taken = nt_json_escape(scan, *data);
            break;
        case S_HEX:
            taken = nt_json_hex(scan, *data);
            break;
        case S_LITERAL:
            taken = nt_json_literal(scan, data);
            break;
        default:
            taken = scan->state < S_NUMBER ? nt_json_structure(scan, data, len)
                                           : nt_json_number(scan, data, len);
        }

        if (scan->error != NULL) {
            break; /* the offset stays where the error is */
        }

        scan->offset += taken;
        data += taken;
        len -= taken;
    }

    return scan->error == NULL ? NT_OK : NT_ERROR;
}


nt_rc_t
nt_json_scan_end(nt_json_scan_t *scan)
{
    if (scan->error == NULL && scan->state >= S_NUMBER &&
        (N_ENDS >> (scan->state - S_NUMBER) & 1))
    {
        nt_json_value_end(scan, scan->offset);
    }

    if (scan->error == NULL && scan->state != S_DONE) {
        nt_json_fail(scan, scan->offset,
                     scan->root == NT_JSON_ABSENT ? "the document is empty"
                                                  : "the document is cut off");
    }

    return scan->error == NULL ? NT_OK : NT_ERROR;
}


nt_json_type_t
nt_json_scan_root(const nt_json_scan_t *scan)
{
    return (nt_json_type_t) scan->root;
}


const char *
nt_json_scan_error(const nt_json_scan_t *scan, uint32_t *line, uint32_t *column)
{
    *line = scan->line;
    *column = (uint32_t) (scan->offset - scan->line_start + 1);

    return scan->error;
}
