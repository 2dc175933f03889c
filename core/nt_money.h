/*
 * core/nt_money.h - dollars, counted in nano-dollars (10^-9).
 */

#ifndef NT_MONEY_H
#define NT_MONEY_H

#include "core/nt_buf.h"

#define NT_MONEY_DOLLAR INT64_C(1000000000)

/* The most that is taken: a sum of nine of them is still an int64_t. */
#define NT_MONEY_MAX (NT_MONEY_DOLLAR * 1000000000)

NT_BEGIN_DECLS

/* A decimal number of dollars, "12", "0.25" or ".5", with at most nine digits
 * behind the point, from 0 to 10^9.  False: it is something else. */
bool nt_money_parse(nt_str_t text, int64_t *nano);

/* Appends it in decimal, "0.00125", without needless zeros. */
void nt_money_append(nt_buf_t *buf, int64_t nano);

NT_END_DECLS

#endif
