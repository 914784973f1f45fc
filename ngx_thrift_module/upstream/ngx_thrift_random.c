/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Random numbers for seqids.  ngx_random() is not enough: its next value can be
 * computed from earlier ones, and a server shows seqids to whoever reads its
 * logs.
 */

#include "ngx_thrift.h"

#include <sys/random.h>


#define NGX_THRIFT_RANDOM_NUMBERS  64   /* getrandom() never gives less */


static uint32_t    ngx_thrift_random_numbers[NGX_THRIFT_RANDOM_NUMBERS];
static ngx_uint_t  ngx_thrift_random_left;
static ngx_pid_t   ngx_thrift_random_pid;   /* whose numbers these are */


static void ngx_thrift_random_fill(void);


uint32_t
ngx_thrift_random(void)
{
    uint32_t  number;

    ngx_thrift_random_get(&number, 1);

    return number;
}


void
ngx_thrift_random_get(uint32_t *numbers, ngx_uint_t n)
{
    if (ngx_thrift_random_left < n || ngx_thrift_random_pid != ngx_pid) {
        ngx_thrift_random_fill();
    }

    while (n--) {
        *numbers++ = ngx_thrift_random_numbers[--ngx_thrift_random_left];
    }
}


static void
ngx_thrift_random_fill(void)
{
    ssize_t     n;
    ngx_uint_t  i;

    n = getrandom(ngx_thrift_random_numbers, sizeof(ngx_thrift_random_numbers),
                  0);

    if (n != (ssize_t) sizeof(ngx_thrift_random_numbers)) {

        for (i = 0; i < NGX_THRIFT_RANDOM_NUMBERS; i++) {
            ngx_thrift_random_numbers[i] = (uint32_t) ngx_random()
                                           ^ (uint32_t) ngx_random() << 16;
        }
    }

    ngx_thrift_random_left = NGX_THRIFT_RANDOM_NUMBERS;
    ngx_thrift_random_pid = ngx_pid;
}
