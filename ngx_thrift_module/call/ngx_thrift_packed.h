/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls whose payload was transformed, and the replies to them.
 */

#ifndef _NGX_THRIFT_PACKED_H_INCLUDED_
#define _NGX_THRIFT_PACKED_H_INCLUDED_


/* The step: unpacks the call. */
ngx_int_t ngx_thrift_packed_call(ngx_thrift_call_t *call);

/*
 * Packs the reply in call->out, if the call was packed.  NGX_AGAIN: it will be,
 * and then ngx_thrift_reply_ready() is called.
 */
ngx_int_t ngx_thrift_packed_reply(ngx_thrift_call_t *call);

/*
 * Unpacks a reply of a server, in place.  NGX_DECLINED: it is malformed, `*why`
 * says what; NGX_ERROR: there is no memory, or the call's error is set.
 */
ngx_int_t ngx_thrift_packed_unpack(ngx_thrift_call_t *call,
    ngx_thrift_message_t *m, nthrift_rules_t *rules, const char **why);


#endif /* _NGX_THRIFT_PACKED_H_INCLUDED_ */
