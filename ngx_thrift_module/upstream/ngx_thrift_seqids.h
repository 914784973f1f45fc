/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Seqids under which calls go over one connection to a server.  A client cannot
 * know them, none is one of the latest before it, and a late or second answer
 * to an earlier call is known for what it is.
 */

#ifndef _NGX_THRIFT_SEQIDS_H_INCLUDED_
#define _NGX_THRIFT_SEQIDS_H_INCLUDED_


#define NGX_THRIFT_SEQIDS  16       /* of calls that were answered, known */

/* Memory of a connection's pool that one at a time takes. */

#define NGX_THRIFT_SEQIDS_SIZE  (2 * NGX_THRIFT_SEQIDS * sizeof(int32_t))


typedef struct {
    uint32_t    total;              /* drawn so far */
    uint32_t    mask;               /* of the low bits, which count */
    int32_t    *latest;             /* by their low bits; 0: none */
} ngx_thrift_seqids_t;


/*
 * Up to `n` will be in use at a time; the memory is the pool's.  NGX_ERROR: no
 * memory.
 */
ngx_int_t ngx_thrift_seqids_init(ngx_thrift_seqids_t *seqids, ngx_pool_t *pool,
    ngx_uint_t n);

/* The next one: from 1 to 0x7fffffff. */
int32_t ngx_thrift_seqids_draw(ngx_thrift_seqids_t *seqids);

/* Is it one of the latest that were drawn?  0 never is. */
ngx_uint_t ngx_thrift_seqids_know(ngx_thrift_seqids_t *seqids, int32_t seqid);


#endif /* _NGX_THRIFT_SEQIDS_H_INCLUDED_ */
