/*
 * Commands as Redis reads them (RESP).
 */

#include "engine/jobs/redis_int.h"

#include <stdio.h>

void
nt_redis_arg(nt_redis_args_t *args, nt_str_t value)
{
    args->args[args->n++] = value;
}


void
nt_redis_arg_text(nt_redis_args_t *args, const char *text)
{
    nt_redis_arg(args, nt_str(text ? text : ""));
}


void
nt_redis_arg_int(nt_redis_args_t *args, int64_t value)
{
    char *text = args->numbers[args->n];
    int   len =
        snprintf(text, sizeof(args->numbers[0]), "%lld", (long long) value);

    nt_redis_arg(args, (nt_str_t) { text, (size_t) len });
}


void
nt_redis_arg_flag(nt_redis_args_t *args, bool value)
{
    nt_redis_arg(args, value ? NT_STR("1") : NT_STR("0"));
}


void
nt_redis_put(nt_buf_t *buf, nt_str_t value)
{
    nt_buf_append_char(buf, '$');
    nt_buf_append_uint(buf, value.len);
    nt_buf_append_str(buf, NT_STR("\r\n"));
    nt_buf_append_str(buf, value);
    nt_buf_append_str(buf, NT_STR("\r\n"));
}


void
nt_redis_begin(nt_buf_t *buf, size_t n)
{
    nt_buf_append_char(buf, '*');
    nt_buf_append_uint(buf, n);
    nt_buf_append_str(buf, NT_STR("\r\n"));
}


void
nt_redis_format(nt_buf_t *buf, size_t n, const nt_str_t *args)
{
    nt_redis_begin(buf, n);

    for (size_t i = 0; i < n; i++) {
        nt_redis_put(buf, args[i]);
    }
}
