/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The end of a connection on which a reply may still come, because its call was
 * given up.  Closing a socket that gets bytes resets the connection, and there
 * are servers that a reset ends (Apache's for Node): so the server is told that
 * nothing more comes, and what it still says is read, and dropped, for a while.
 */

#ifndef _NGX_THRIFT_LINGER_H_INCLUDED_
#define _NGX_THRIFT_LINGER_H_INCLUDED_


/*
 * Of a worker; a further one takes the place of the oldest.  What passes a
 * limit is closed as it is.
 */

#define NGX_THRIFT_LINGER_MAX    128
#define NGX_THRIFT_LINGER_TIME   30000          /* milliseconds */
#define NGX_THRIFT_LINGER_BYTES  (1024 * 1024)  /* that are read */


/* Closes `c`, whose memory is not used any more, now or later. */
void ngx_thrift_linger_close(ngx_connection_t *c);

/* Closes the oldest one: NGX_OK, or NGX_DECLINED, there is none. */
ngx_int_t ngx_thrift_linger_end(void);


#endif /* _NGX_THRIFT_LINGER_H_INCLUDED_ */
