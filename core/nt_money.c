#include "core/nt_money.h"


bool
nt_money_parse(nt_str_t text, int64_t *nano)
{
    size_t  i, digits = 0;
    int64_t value = 0, unit = NT_MONEY_DOLLAR;
    bool    point = false;

    for (i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c == '.' && !point) {
            point = true;
            continue;
        }

        if (c < '0' || c > '9') {
            return false;
        }

        digits++;

        if (!point) {
            if (value > NT_MONEY_MAX / 10) {
                return false;
            }

            value = value * 10 + (c - '0') * NT_MONEY_DOLLAR;
        } else {
            unit /= 10;
            if (unit == 0) {
                return false;
            }

            value += (c - '0') * unit;
        }

        if (value > NT_MONEY_MAX) {
            return false;
        }
    }

    *nano = value;

    return digits != 0;
}


void
nt_money_append(nt_buf_t *buf, int64_t nano)
{
    char     digits[9];
    size_t   len;
    uint64_t value = (uint64_t) nano, rest;

    if (nano < 0) {
        nt_buf_append_char(buf, '-');
        value = -value;
    }

    nt_buf_append_uint(buf, value / NT_MONEY_DOLLAR);

    rest = value % NT_MONEY_DOLLAR;
    if (rest == 0) {
        return;
    }

    for (size_t i = sizeof(digits); i-- > 0; rest /= 10) {
        digits[i] = (char) ('0' + rest % 10);
    }

    for (len = sizeof(digits); digits[len - 1] == '0'; len--) {
        /* void */
    }

    nt_buf_append_char(buf, '.');
    nt_buf_append(buf, digits, len);
}
