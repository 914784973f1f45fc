/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The answer to a call, in the client's transport, protocol and seqid.
 */

#ifndef _NGX_THRIFT_REPLY_H_INCLUDED_
#define _NGX_THRIFT_REPLY_H_INCLUDED_


/* The step, for calls of clients. */
ngx_int_t ngx_thrift_reply(ngx_thrift_call_t *call);

/* The answer is in call->out, or there is none. */
void ngx_thrift_reply_ready(ngx_thrift_call_t *call);

/* Sets outcome, and what belongs to it, from call->reply. */
void ngx_thrift_reply_judge(ngx_thrift_call_t *call);

/* Sets exception and text from call->reply, which is an EXCEPTION. */
void ngx_thrift_reply_read_exception(ngx_thrift_call_t *call)
    nthrift_noinline;

/* What an EXCEPTION says, as far as its first block holds it. */
void ngx_thrift_reply_parse_exception(ngx_thrift_message_t *reply,
    int32_t *type, ngx_str_t *text);


#endif /* _NGX_THRIFT_REPLY_H_INCLUDED_ */
