/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Random numbers for seqids and for ids of traces.  ngx_random() is not enough:
 * its next value can be computed from earlier ones, and a server shows seqids
 * to whoever reads its logs.
 */

#include "ngx_thrift.h"

#if (NGX_OPENSSL)
#include <openssl/rand.h>
#endif

#include <sys/random.h>


#define NGX_THRIFT_RANDOM_NUMBERS  1024 /* drawn at once: a draw itself costs
                                           as much as hundreds of them */

#define NGX_THRIFT_RANDOM_PIECE    256  /* bytes that getrandom() always has */


static uint32_t    ngx_thrift_random_numbers[NGX_THRIFT_RANDOM_NUMBERS];
static ngx_uint_t  ngx_thrift_random_left;
static ngx_pid_t   ngx_thrift_random_pid;   /* whose numbers these are */


static void ngx_thrift_random_fill(void) nthrift_noinline;
static ngx_int_t ngx_thrift_random_draw(u_char *p, size_t size);


uint32_t
ngx_thrift_random(void)
{
    if (ngx_thrift_random_left == 0 || ngx_thrift_random_pid != ngx_pid) {
        ngx_thrift_random_fill();
    }

    return ngx_thrift_random_numbers[--ngx_thrift_random_left];
}


uint64_t
ngx_thrift_random_id(void)
{
    uint64_t  id;

    do {
        id = (uint64_t) ngx_thrift_random() << 32 | ngx_thrift_random();
    } while (id == 0);

    return id;
}


static void
ngx_thrift_random_fill(void)
{
    ngx_uint_t  i;

    if (ngx_thrift_random_draw((u_char *) ngx_thrift_random_numbers,
                               sizeof(ngx_thrift_random_numbers))
        != NGX_OK)
    {
        for (i = 0; i < NGX_THRIFT_RANDOM_NUMBERS; i++) {
            ngx_thrift_random_numbers[i] = (uint32_t) ngx_random()
                                           ^ (uint32_t) ngx_random() << 16;
        }
    }

    ngx_thrift_random_left = NGX_THRIFT_RANDOM_NUMBERS;
    ngx_thrift_random_pid = ngx_pid;
}


/* OpenSSL's generator is seeded by the kernel, and ten times as fast. */

static ngx_int_t
ngx_thrift_random_draw(u_char *p, size_t size)
{
    u_char  *last;

#if (NGX_OPENSSL)

    if (RAND_bytes(p, size) == 1) {
        return NGX_OK;
    }

#endif

    for (last = p + size; p < last; p += NGX_THRIFT_RANDOM_PIECE) {
        if (getrandom(p, NGX_THRIFT_RANDOM_PIECE, 0)
            != NGX_THRIFT_RANDOM_PIECE)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
