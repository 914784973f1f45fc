/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls whose payload was transformed, and the replies to them.
 */

#ifndef _NGX_THRIFT_PACKED_H_INCLUDED_
#define _NGX_THRIFT_PACKED_H_INCLUDED_


/* The step: unpacks the call. */
ngx_int_t ngx_thrift_packed_call(ngx_thrift_call_t *call);

/*
 * Packs the reply in call->out, as the call was.  NGX_AGAIN: it will be,
 * and then ngx_thrift_reply_ready() is called.
 */
ngx_int_t ngx_thrift_packed_reply(ngx_thrift_call_t *call) nthrift_noinline;

/*
 * Unpacks a reply of a server, in place: a small one; of a large one only what
 * its head has, so that head.packed stays set.  NGX_DECLINED: it is malformed,
 * `*why` says what; NGX_ERROR: there is no memory.
 */
ngx_int_t ngx_thrift_packed_answer(ngx_thrift_call_t *call,
    ngx_thrift_message_t *m, const char **why);

/* The step for the latter, and is it due? */
ngx_uint_t ngx_thrift_packed_due(ngx_thrift_call_t *call);
ngx_int_t ngx_thrift_packed_inflate(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_PACKED_H_INCLUDED_ */
