/*
 * engine/template/format.h - Python's two ways to format, "%s" % value and
 * "{}".format(value), share the rendering of a field.
 */

#ifndef NT_TPL_FORMAT_H
#define NT_TPL_FORMAT_H

#include "engine/template/tpl.h"

#define NT_TPL_WIDTH_MAX     100000
#define NT_TPL_PRECISION_MAX 100

typedef struct {
    nt_str_t fill;
    char     align; /* < > ^ = or 0 */
    char     sign;  /* + - space or 0 */
    bool     alternate;
    char     group; /* , _ or 0 */
    size_t   width;
    int      precision; /* -1 when none is given */
    char     type;      /* 0 when none is given */
} nt_tpl_field_t;

/* Appends the value; false after a failure. */
bool nt_tpl_put_field(nt_tpl_env_t *env, nt_buf_t *out,
                      const nt_tpl_field_t *field, json_t *value);

/* Reads a whole number at *p, if there is one, into *size. */
bool nt_tpl_read_size(nt_tpl_env_t *env, const char **p, const char *end,
                      int max, int *size);

#endif
