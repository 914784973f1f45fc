/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Seqids of a connection.  The low bits count, so that the latest all differ
 * and one is found without a search; the others are random.  To guess one of
 * `n` that are in use is as hard as with 31 random bits: with those, any of the
 * `n` would do.
 */

#include "ngx_thrift.h"


ngx_int_t
ngx_thrift_seqids_init(ngx_thrift_seqids_t *seqids, ngx_pool_t *pool,
    ngx_uint_t n)
{
    uint32_t  latest;

    for (latest = 2 * NGX_THRIFT_SEQIDS;
         latest < n + NGX_THRIFT_SEQIDS;
         latest *= 2)
    {
        /* void */
    }

    seqids->total = 0;
    seqids->mask = latest - 1;
    seqids->latest = ngx_pcalloc(pool, latest * sizeof(int32_t));

    return seqids->latest ? NGX_OK : NGX_ERROR;
}


int32_t
ngx_thrift_seqids_draw(ngx_thrift_seqids_t *seqids)
{
    int32_t   seqid;
    uint32_t  place;

    seqids->total++;
    place = seqids->total & seqids->mask;

    do {
        seqid = (ngx_thrift_random() & 0x7fffffff & ~seqids->mask) | place;
    } while (seqid == 0);

    seqids->latest[place] = seqid;

    return seqid;
}


ngx_uint_t
ngx_thrift_seqids_know(ngx_thrift_seqids_t *seqids, int32_t seqid)
{
    return seqid != 0 && seqids->latest[seqid & seqids->mask] == seqid;
}
