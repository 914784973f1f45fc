/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Random numbers for seqids.  ngx_random() is not enough: its next value can be
 * computed from earlier ones, and a server shows seqids to whoever reads its
 * logs.  Ids of traces have to be unique, and are no secret: the kernel's own
 * numbers would be a fifth of what a span costs.
 */

#include "ngx_thrift.h"

#include <sys/random.h>


#define NGX_THRIFT_RANDOM_NUMBERS  64   /* getrandom() never gives less */

#define NGX_THRIFT_RANDOM_STATE    4    /* of 64 bits */

#define ngx_thrift_random_rotate(n, bits)                                     \
    ((n) << (bits) | (n) >> (64 - (bits)))


static uint32_t    ngx_thrift_random_numbers[NGX_THRIFT_RANDOM_NUMBERS];
static ngx_uint_t  ngx_thrift_random_left;
static ngx_pid_t   ngx_thrift_random_pid;   /* whose numbers these are */

/* Of the generator of ids.  All zeros would stay what they are. */

static uint64_t    ngx_thrift_random_state[NGX_THRIFT_RANDOM_STATE] = { 1 };


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


void
ngx_thrift_random_init(void)
{
    uint32_t  numbers[2 * NGX_THRIFT_RANDOM_STATE];

    ngx_thrift_random_get(numbers, 2 * NGX_THRIFT_RANDOM_STATE);
    ngx_memcpy(ngx_thrift_random_state, numbers, sizeof(numbers));

    ngx_thrift_random_state[0] |= 1;
}


/*
 * "xoshiro256**": D. Blackman, S. Vigna, "Scrambled linear pseudorandom number
 * generators", ACM Transactions on Mathematical Software 47 (4), 2021.
 */

uint64_t
ngx_thrift_random_id(void)
{
    uint64_t  a, b, c, d, id, *state;

    state = ngx_thrift_random_state;

    do {
        a = state[0];
        b = state[1];
        c = state[2] ^ a;
        d = state[3] ^ b;

        state[0] = a ^ d;
        state[1] = b ^ c;
        state[2] = c ^ b << 17;
        state[3] = ngx_thrift_random_rotate(d, 45);

        id = ngx_thrift_random_rotate(b * 5, 7) * 9;

    } while (id == 0);

    return id;
}
