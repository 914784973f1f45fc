
/*
 * The answer to a call, in the client's transport, protocol and seqid.
 */

#ifndef _NGX_THRIFT_REPLY_H_INCLUDED_
#define _NGX_THRIFT_REPLY_H_INCLUDED_


/* The step, for calls of clients. */
ngx_int_t ngx_thrift_reply(ngx_thrift_call_t *call);

/* Sets exception and text from call->reply, which is an EXCEPTION. */
void ngx_thrift_reply_read_exception(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_REPLY_H_INCLUDED_ */
