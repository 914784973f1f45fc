/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call in the dialect of its server: transport, protocol, and a name with a
 * service or without one; and its reply in that of its client.
 *
 * What is in another protocol is translated once, for all attempts of a call.
 * Small messages are when they are sent, and when they are whole; large ones
 * before and afterwards, in parts, so that nobody else waits.
 */

#ifndef _NGX_THRIFT_DIALECT_H_INCLUDED_
#define _NGX_THRIFT_DIALECT_H_INCLUDED_


/* That is done; NGX_ERROR: it cannot be.  Returns what follows. */

typedef ngx_int_t (*ngx_thrift_dialect_next_pt)(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);


/* The attempt's pool is known: so is the transport and the protocol. */
void ngx_thrift_dialect_set(ngx_thrift_attempt_t *attempt);

/*
 * The attempt's server is known.  NGX_OK: so is what it speaks; NGX_AGAIN: it
 * is asked, and the step goes on with what `next` returns then.
 */
ngx_int_t ngx_thrift_dialect_detect(ngx_thrift_attempt_t *attempt,
    ngx_thrift_dialect_next_pt next);

/* It does not wait for that any more, nor until it is translated. */
void ngx_thrift_dialect_leave(ngx_thrift_attempt_t *attempt);

/* It is to go on that connection. */
void ngx_thrift_dialect_follow(ngx_thrift_attempt_t *attempt,
    ngx_thrift_connection_t *conn);

/* Its server does not answer as one that speaks that. */
void ngx_thrift_dialect_doubt(ngx_thrift_attempt_t *attempt);

/*
 * Translates a large call, if it has to be.  NGX_OK: it can be sent; NGX_AGAIN:
 * it will be, and the step goes on with what `next` returns then; NGX_ERROR:
 * it cannot be.
 */
ngx_int_t ngx_thrift_dialect_prepare(ngx_thrift_attempt_t *attempt,
    ngx_thrift_dialect_next_pt next);

/* Is it sent with the head with which it came, but for the seqid? */
ngx_uint_t ngx_thrift_dialect_is_own(ngx_thrift_attempt_t *attempt);

/* The message as it is sent, and the head that it gets. */
ngx_thrift_message_t *ngx_thrift_dialect_request(ngx_thrift_attempt_t *attempt,
    nthrift_head_t *head);

/* Nobody sends what was translated any more. */
void ngx_thrift_dialect_drop(ngx_thrift_call_t *call);

/* Puts a small reply into the client's protocol. */
ngx_int_t ngx_thrift_dialect_reply(ngx_thrift_attempt_t *attempt);

/*
 * The step for those that were not translated before: they are large, or are to
 * be text, which is not checked.
 */
ngx_uint_t ngx_thrift_dialect_due(ngx_thrift_call_t *call);
ngx_int_t ngx_thrift_dialect_translate(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_DIALECT_H_INCLUDED_ */
