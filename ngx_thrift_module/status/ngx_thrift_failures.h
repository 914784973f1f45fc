/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The latest calls that have failed, and why: a ring in the zone.  Who writes
 * waits for nobody: an entry that another worker is writing is left to it.
 */

#ifndef _NGX_THRIFT_FAILURES_H_INCLUDED_
#define _NGX_THRIFT_FAILURES_H_INCLUDED_


#define NGX_THRIFT_FAILURES         100     /* entries, unless "failures" of
                                               "thrift_status_zone" says
                                               otherwise */
#define NGX_THRIFT_FAILURES_MAX     10000
#define NGX_THRIFT_FAILURES_PART    8       /* of the zone at most: 1/8 */
#define NGX_THRIFT_FAILURES_SERVER  64      /* bytes */
#define NGX_THRIFT_FAILURES_TEXT    192     /* bytes */


typedef struct {
    ngx_atomic_t              turn;     /* odd: it is being written */
    uint64_t                  number;   /* of the failure, from 0 */
    ngx_thrift_status_row_t  *row;
    time_t                    sec;
    ngx_uint_t                msec;
    uint64_t                  took;     /* microseconds */
    ngx_uint_t                outcome;
    ngx_int_t                 exception;
    ngx_thrift_call_id_t      id;
    size_t                    server_len;
    size_t                    text_len;
    size_t                    arguments_len;
    u_char                    server[NGX_THRIFT_FAILURES_SERVER];
    u_char                    text[NGX_THRIFT_FAILURES_TEXT];
} ngx_thrift_failure_t;


struct ngx_thrift_failures_s {
    ngx_atomic_t              n;        /* failures so far */
    ngx_uint_t                size;     /* entries */
    size_t                    room;     /* bytes of the arguments of each, which
                                           stand behind all entries; 0: of
                                           none */
    ngx_thrift_failure_t      entries[1];
};


/* So many entries, made of memory of the zone that is zero. */
size_t ngx_thrift_failures_size(ngx_uint_t n, size_t room);

/*
 * A call was logged: does nothing unless it has failed.  `counted` is what
 * ngx_thrift_count_end() has left, `server` the one that it was with last, or
 * NULL; of its arguments `room` bytes are kept at most.
 */
void ngx_thrift_failures_add(ngx_thrift_failures_t *failures,
    ngx_thrift_counted_t *counted, ngx_thrift_call_t *call,
    ngx_thrift_call_id_t *id, ngx_str_t *server, size_t room) nthrift_noinline;

/*
 * Copies that failure, and its arguments to NGX_THRIFT_EXCERPT_MAX bytes.
 * NGX_DECLINED: it is overwritten, or not written yet.
 */
ngx_int_t ngx_thrift_failures_get(ngx_thrift_failures_t *failures,
    uint64_t number, ngx_thrift_failure_t *failure, u_char *arguments);


#endif /* _NGX_THRIFT_FAILURES_H_INCLUDED_ */
