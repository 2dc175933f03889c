#include "core/nt_json_private.h"
#include "core/nt_utf8.h"

#define first_of(set) ((uint32_t) __builtin_ctz(set))

/* Runs over the indexes `i` of a set of fields as it is at the start. */
#define each_field(i, set)                                                     \
    for (uint32_t left_ = (set), i; left_ != 0 && (i = first_of(left_), true); \
         left_ &= left_ - 1)


void
nt_json_key_start(nt_json_scan_t *scan)
{
    scan->in_key = true;
    scan->key_start = scan->offset;
    scan->key_len = 0;
    scan->keys = 0;
    scan->state = S_STRING;

    if (scan->depth != scan->path_depth) {
        return;
    }

    for (uint32_t i = 0; i < scan->n_fields; i++) {
        if (scan->level[i] + 1 == scan->path_depth) {
            scan->keys |= (uint32_t) 1 << i;
        }
    }
}


/* More of a key; what is in it is decoded. */
static void
nt_json_key_bytes(nt_json_scan_t *scan, const char *data, size_t len)
{
    each_field(i, scan->keys)
    {
        const char *name = scan->fields[i].path + scan->segment[i];

        /* all before key_len is equal, so the name is at least that long */
        for (size_t k = 0; k < len; k++) {
            char c = name[scan->key_len + k];

            if (c != data[k] || c == '.' || c == '\0') {
                scan->keys &= ~((uint32_t) 1 << i);
                break;
            }
        }
    }

    scan->key_len = (uint16_t) (scan->key_len + len);
}


void
nt_json_key_end(nt_json_scan_t *scan)
{
    scan->in_key = false;
    scan->targets = 0;
    scan->parents = 0;
    scan->state = S_COLON;

    each_field(i, scan->keys)
    {
        nt_json_field_t *field = &scan->fields[i];
        char             c = field->path[scan->segment[i] + scan->key_len];

        if (c == '\0') {
            scan->targets |= (uint32_t) 1 << i;
        } else if (c == '.') {
            scan->parents |= (uint32_t) 1 << i;
            field->type = NT_JSON_ABSENT; /* of two members the last counts */
        }
    }
}


void
nt_json_value_start(nt_json_scan_t *scan, nt_json_type_t type)
{
    each_field(i, scan->open)
    {
        if (scan->open_depth[i] == scan->depth) {
            scan->fields[i].count++;
        }
    }

    each_field(i, scan->targets)
    {
        nt_json_field_t *field = &scan->fields[i];

        field->twice = field->type != NT_JSON_ABSENT;
        field->type = type;
        field->truncated = false;
        field->count = 0;
        field->start = scan->offset;
        field->end = 0;
        field->key_start = scan->key_start;
        field->value_len = 0;
    }

    if (scan->depth == 0) {
        scan->root = (uint8_t) type;
    }

    scan->capture = scan->targets;
    scan->targets = 0;
}


static void
nt_json_value_bytes(nt_json_scan_t *scan, const char *data, size_t len)
{
    each_field(i, scan->capture)
    {
        nt_json_field_t *field = &scan->fields[i];
        size_t           n = NT_JSON_VALUE_MAX - field->value_len;

        if (field->truncated) {
            continue;
        }

        if (len <= n) {
            n = len;
        } else {
            field->truncated = true;
        }

        memcpy(field->value + field->value_len, data, n);
        field->value_len += n;
    }
}


void
nt_json_keep(nt_json_scan_t *scan, const char *data, size_t len)
{
    if (scan->in_key) {
        nt_json_key_bytes(scan, data, len);
    } else {
        nt_json_value_bytes(scan, data, len);
    }
}


/* A cut must not leave a part of a character. */
static void
nt_json_value_trim(nt_json_field_t *field)
{
    size_t i, n = field->value_len;

    for (i = n - 1; (field->value[i] & 0xc0) == 0x80; i--) {
        /* void */
    }

    if (nt_utf8_step(field->value + i, n - i) < 0) {
        field->value_len = i;
    }
}


void
nt_json_value_end(nt_json_scan_t *scan, uint64_t end)
{
    each_field(i, scan->capture)
    {
        scan->fields[i].end = end;

        if (scan->fields[i].truncated) {
            nt_json_value_trim(&scan->fields[i]);
        }
    }

    scan->capture = 0;
    scan->state = scan->depth == 0 ? S_DONE : S_AFTER;
}


void
nt_json_open(nt_json_scan_t *scan, bool object)
{
    unsigned level = scan->depth, bit = 1u << level % 8;

    if (level == NT_JSON_DEPTH_MAX) {
        nt_json_fail(scan, scan->offset, "too deeply nested");
        return;
    }

    if (object) {
        scan->objects[level / 8] |= (uint8_t) bit;
    } else {
        scan->objects[level / 8] &= (uint8_t) ~bit;
    }

    scan->depth++;
    scan->state = object ? S_FIRST_KEY : S_FIRST_VALUE;

    each_field(i, scan->capture)
    {
        scan->open_depth[i] = scan->depth;
    }

    scan->open |= scan->capture;
    scan->capture = 0;

    if (object && (scan->depth == 1 || scan->parents != 0)) {
        scan->path_depth++;

        each_field(i, scan->parents)
        {
            scan->level[i]++;
            scan->segment[i] =
                (uint16_t) (scan->segment[i] + scan->key_len + 1);
        }
    }

    scan->parents = 0;
}


/* Leaves an object that a name of a path had led into. */
static void
nt_json_path_leave(nt_json_scan_t *scan)
{
    scan->path_depth--;

    for (uint32_t i = 0; i < scan->n_fields; i++) {
        const char *path = scan->fields[i].path;
        uint16_t    s = scan->segment[i];

        if (scan->level[i] != scan->path_depth || s == 0) {
            continue;
        }

        do {
            s--;
        } while (s != 0 && path[s - 1] != '.');

        scan->segment[i] = s;
        scan->level[i]--;
    }
}


void
nt_json_close(nt_json_scan_t *scan, bool object)
{
    if (object && scan->depth == scan->path_depth) {
        nt_json_path_leave(scan);
    }

    each_field(i, scan->open)
    {
        if (scan->open_depth[i] == scan->depth) {
            scan->fields[i].end = scan->offset + 1;
            scan->open &= ~((uint32_t) 1 << i);
        }
    }

    scan->depth--;
    scan->state = scan->depth == 0 ? S_DONE : S_AFTER;
}
