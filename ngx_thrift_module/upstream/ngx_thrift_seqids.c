/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Seqids of a connection: drawn at random, but none of the latest again, which
 * their low bits tell without a search.
 */

#include "ngx_thrift.h"


/* Of seqids that are drawn, one of so many, at most, has to be drawn again. */

#define NGX_THRIFT_SEQIDS_MARKS  4


static ngx_uint_t ngx_thrift_seqids_are_marked(ngx_thrift_seqids_t *seqids,
    int32_t seqid);
static void ngx_thrift_seqids_mark(ngx_thrift_seqids_t *seqids, int32_t seqid);


ngx_int_t
ngx_thrift_seqids_init(ngx_thrift_seqids_t *seqids, ngx_pool_t *pool,
    ngx_uint_t n)
{
    uint32_t  marks;

    seqids->total = 0;
    seqids->nlatest = n + NGX_THRIFT_SEQIDS;
    seqids->latest = ngx_pcalloc(pool, seqids->nlatest * sizeof(int32_t));

    for (marks = 32;
         marks < NGX_THRIFT_SEQIDS_MARKS * seqids->nlatest;
         marks *= 2)
    {
        /* void */
    }

    seqids->nmarks = marks;
    seqids->marks = ngx_pcalloc(pool, marks / 8);

    return (seqids->latest && seqids->marks) ? NGX_OK : NGX_ERROR;
}


int32_t
ngx_thrift_seqids_draw(ngx_thrift_seqids_t *seqids)
{
    int32_t  seqid, *place;

    do {
        seqid = ngx_thrift_random() & 0x7fffffff;
    } while (seqid == 0 || ngx_thrift_seqids_are_marked(seqids, seqid));

    seqids->total++;
    place = &seqids->latest[seqids->total % seqids->nlatest];

    if (*place) {
        ngx_thrift_seqids_mark(seqids, *place);
    }

    ngx_thrift_seqids_mark(seqids, seqid);
    *place = seqid;

    return seqid;
}


ngx_uint_t
ngx_thrift_seqids_know(ngx_thrift_seqids_t *seqids, int32_t seqid)
{
    ngx_uint_t  i;

    if (!ngx_thrift_seqids_are_marked(seqids, seqid)) {
        return 0;
    }

    for (i = 0; i < seqids->nlatest; i++) {
        if (seqids->latest[i] == seqid) {
            return seqid != 0;
        }
    }

    return 0;
}


/* Has one of the latest such a one's low bits? */

static ngx_uint_t
ngx_thrift_seqids_are_marked(ngx_thrift_seqids_t *seqids, int32_t seqid)
{
    uint32_t  bit;

    bit = seqid & (seqids->nmarks - 1);

    return seqids->marks[bit / 32] >> (bit % 32) & 1;
}


/* The mark that is there goes, or else one comes. */

static void
ngx_thrift_seqids_mark(ngx_thrift_seqids_t *seqids, int32_t seqid)
{
    uint32_t  bit;

    bit = seqid & (seqids->nmarks - 1);

    seqids->marks[bit / 32] ^= (uint32_t) 1 << (bit % 32);
}
