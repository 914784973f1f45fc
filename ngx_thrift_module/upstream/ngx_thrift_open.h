/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How a connection to a server comes to be: from nginx's connect(), through
 * what comes before its first call (ngx_thrift_link.h), to OPEN.
 */

#ifndef _NGX_THRIFT_OPEN_H_INCLUDED_
#define _NGX_THRIFT_OPEN_H_INCLUDED_


/* One without a call has to be open, or is closed, within that time. */

#define NGX_THRIFT_OPEN_AHEAD  10000      /* milliseconds */


/*
 * Opens a connection to attempt->peer, and puts the attempt on it.  NGX_OK, or
 * it is answered at once: NGX_DECLINED: it cannot be reached; NGX_ERROR: no
 * memory, files or ports.
 *
 * An attempt without a call is needed for as long as this takes only: the
 * connection becomes idle when it is open.
 */
ngx_int_t ngx_thrift_open(ngx_thrift_attempt_t *attempt);

/*
 * connect() has failed with `err`, which ngx_socket_errno still is afterwards:
 * is it a local port that is missing?
 */
ngx_uint_t ngx_thrift_open_lacks_port(struct sockaddr *sockaddr,
    socklen_t socklen, ngx_err_t err) nthrift_cold;

/* Is it open now; NGX_ERROR: it could not be opened, and is gone. */
ngx_int_t ngx_thrift_open_test(ngx_thrift_connection_t *conn);


#endif /* _NGX_THRIFT_OPEN_H_INCLUDED_ */
