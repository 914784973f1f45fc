/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A connection as ngx_event_accept() makes it, of a descriptor that came in
 * another way.
 */

#ifndef _NGX_STREAM_THRIFT_ACCEPT_H_INCLUDED_
#define _NGX_STREAM_THRIFT_ACCEPT_H_INCLUDED_


/*
 * All but c->sockaddr and c->addr_text is set; ls->handler() begins with it.
 * NULL: the descriptor is closed.
 */
ngx_connection_t *ngx_stream_thrift_accept(ngx_socket_t fd,
    ngx_listening_t *ls);

/* One that was not given to ls->handler(). */
void ngx_stream_thrift_accept_close(ngx_connection_t *c);


#endif /* _NGX_STREAM_THRIFT_ACCEPT_H_INCLUDED_ */
