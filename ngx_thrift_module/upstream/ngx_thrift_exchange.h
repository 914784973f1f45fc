/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What goes over a connection to a server: attempts, and their replies.
 */

#ifndef _NGX_THRIFT_EXCHANGE_H_INCLUDED_
#define _NGX_THRIFT_EXCHANGE_H_INCLUDED_


/*
 * The connection is open: sends its first attempt, or goes on with it, and then
 * reads.  The connection, and the call, may be gone when it returns.
 */
void ngx_thrift_exchange_send(ngx_thrift_connection_t *conn);

/*
 * The server sends no more, or recv() has returned `n` < 0: the connection and
 * what is on it fail.
 */
void ngx_thrift_exchange_ended(ngx_thrift_connection_t *conn, ssize_t n)
    nthrift_cold;

/*
 * The server takes no more of the attempt that is half sent: it is to be read
 * as if all of it was sent.  NGX_DECLINED: nothing can have answered it.
 */
ngx_int_t ngx_thrift_exchange_curtail(ngx_thrift_connection_t *conn);

/* There may be something to read for an attempt that was sent; likewise. */
void ngx_thrift_exchange_read(ngx_thrift_connection_t *conn);

/* What cannot be sent has to be taken in time; a reply has its own. */
void ngx_thrift_exchange_arm(ngx_thrift_connection_t *conn);

/*
 * The call of the attempt fails, and its connection goes on if it can: NGX_OK;
 * NGX_DONE: it may be gone.
 */
ngx_int_t ngx_thrift_exchange_give_up(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt) nthrift_cold;


#endif /* _NGX_THRIFT_EXCHANGE_H_INCLUDED_ */
