/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Handover: a client's connection goes from this worker to one of a newer
 * configuration, with the bytes that were read of it and not used; there it
 * begins again as one that was just accepted.
 */

#ifndef _NGX_STREAM_THRIFT_HANDOVER_H_INCLUDED_
#define _NGX_STREAM_THRIFT_HANDOVER_H_INCLUDED_


/* In a worker, when it starts. */
void ngx_stream_thrift_handover_init(ngx_cycle_t *cycle);

/*
 * Was the connection accepted where its address says: not if another module of
 * stream has passed it on.
 */
ngx_uint_t ngx_stream_thrift_handover_is_ours(ngx_stream_thrift_session_t *ts);

/* Does what was read fit into a letter. */
ngx_uint_t ngx_stream_thrift_handover_fits(ngx_stream_thrift_session_t *ts);

/*
 * The session ends here, and the connection goes.  It is plain text, has no
 * call in flight, nothing to send, and what was read fits; the channel is not
 * busy; `sent` as of ngx_stream_thrift_channel_send().  NGX_DECLINED: too many
 * open files, the session goes on.
 */
ngx_int_t ngx_stream_thrift_handover_send(ngx_stream_thrift_session_t *ts,
    void (*sent)(void));

/* A connection that has come: ngx_stream_thrift_receive_pt. */
void ngx_stream_thrift_handover_receive(ngx_socket_t fd, u_char *letter,
    size_t size);


#endif /* _NGX_STREAM_THRIFT_HANDOVER_H_INCLUDED_ */
