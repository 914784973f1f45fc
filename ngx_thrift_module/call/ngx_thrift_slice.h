
/*
 * Checks of large bodies, a part in each turn of the event loop, so that
 * nobody waits for them but their own calls.
 */

#ifndef _NGX_THRIFT_SLICE_H_INCLUDED_
#define _NGX_THRIFT_SLICE_H_INCLUDED_


/*
 * A body of more is checked in parts of so many bytes.  An element of one byte
 * takes about 10 ns.
 */

#define NGX_THRIFT_SLICE  (128 * 1024)      /* bytes */


/*
 * The check has come to its end: NGX_OK, and `told` is as in bind/check.h; or
 * NGX_ERROR, and `why` says what is wrong and where, in the call's memory.
 */

typedef ngx_int_t (*ngx_thrift_slice_pt)(ngx_thrift_call_t *call,
    ngx_int_t rc, ngx_uint_t told, ngx_str_t *why);


/*
 * Begins a check for the step that the call is in, which goes on with what
 * `done` returns.  NGX_AGAIN; NGX_ERROR: no memory.
 */
ngx_int_t ngx_thrift_slice_start(ngx_thrift_call_t *call,
    ngx_thrift_message_t *m, const nthrift_check_rules_t *rules,
    const nthrift_schema_t *schema, ngx_thrift_slice_pt done);

/* Gives it up; the cancel of such steps. */
ngx_int_t ngx_thrift_slice_cancel(ngx_thrift_call_t *call, ngx_uint_t reason);


#endif /* _NGX_THRIFT_SLICE_H_INCLUDED_ */
