/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_digits.h.  Two digits cost one division, and one copy.  Called
 * by client/ and status/.
 */

#include "ngx_thrift.h"


static const u_char  ngx_thrift_digits_pairs[] =
    "00010203040506070809" "10111213141516171819"
    "20212223242526272829" "30313233343536373839"
    "40414243444546474849" "50515253545556575859"
    "60616263646566676869" "70717273747576777879"
    "80818283848586878889" "90919293949596979899";


u_char *
ngx_thrift_digits_write_two(u_char *p, ngx_uint_t n)
{
    return ngx_cpymem(p, ngx_thrift_digits_pairs + 2 * n, 2);
}


u_char *
ngx_thrift_digits_write_six(u_char *p, ngx_uint_t n)
{
    p = ngx_thrift_digits_write_two(p, n / 10000);
    p = ngx_thrift_digits_write_two(p, n / 100 % 100);

    return ngx_thrift_digits_write_two(p, n % 100);
}
