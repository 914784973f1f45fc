/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Numbers as decimal digits, in what is written of each call: ngx_sprintf()
 * would cost more than all that stands around them.
 */

#ifndef _NGX_THRIFT_DIGITS_H_INCLUDED_
#define _NGX_THRIFT_DIGITS_H_INCLUDED_


/* As "%02ui" and "%06ui", of a number below 100, or 1000000. */

u_char *ngx_thrift_digits_write_two(u_char *p, ngx_uint_t n);
u_char *ngx_thrift_digits_write_six(u_char *p, ngx_uint_t n);


#endif /* _NGX_THRIFT_DIGITS_H_INCLUDED_ */
