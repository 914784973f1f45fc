/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The channel: how a descriptor and what belongs to it go from a worker to one
 * of a newer configuration.
 *
 * It is one pair of sockets, made with the first configuration and inherited by
 * all processes.  Whoever is in it waits there as a connection waits to be
 * accepted: no worker need be ready, and a letter that is still unread when the
 * next configuration comes is read by that one's workers.  A page of shared
 * memory tells which configuration is the newest.
 */

#ifndef _NGX_STREAM_THRIFT_CHANNEL_H_INCLUDED_
#define _NGX_STREAM_THRIFT_CHANNEL_H_INCLUDED_


#define NGX_STREAM_THRIFT_LETTER  (64 * 1024)   /* bytes, of any */


/* What the newest configuration says of clients of older ones. */

typedef enum {
    NGX_STREAM_THRIFT_KEEP = 0,             /* thrift_handover off */
    NGX_STREAM_THRIFT_HAND_OVER,
    NGX_STREAM_THRIFT_GONE                  /* it has no stream{} */
} ngx_stream_thrift_wish_e;


/* A connection has come; `fd` is the callee's. */
typedef void (*ngx_stream_thrift_receive_pt)(ngx_socket_t fd, u_char *letter,
    size_t size);


/*
 * In the master, once for each configuration that nginx goes on with.  What
 * fails is logged, and clients stay with their workers then.
 */
void ngx_stream_thrift_channel_configure(ngx_cycle_t *cycle, ngx_uint_t wish);

/*
 * In a worker: receives from now on, as long as its configuration is the
 * newest.  `told` is called when the worker begins to shut down.  NGX_ERROR:
 * logged.
 */
ngx_int_t ngx_stream_thrift_channel_open(ngx_cycle_t *cycle,
    ngx_stream_thrift_receive_pt receive, void (*told)(void));

/* Configurations until this process's: 1 for the first; 0: none. */
ngx_uint_t ngx_stream_thrift_channel_generation(void);

/* Configurations until now. */
ngx_uint_t ngx_stream_thrift_channel_newest(void);

/* What the newest configuration wishes; only if it is not this process's. */
ngx_uint_t ngx_stream_thrift_channel_wish(void);

/* Does the newest configuration end too: nobody is there to go to. */
ngx_uint_t ngx_stream_thrift_channel_ended(void);

/* Is there a letter that has to go first. */
ngx_uint_t ngx_stream_thrift_channel_busy(void);

/*
 * Room for a letter of NGX_STREAM_THRIFT_LETTER bytes, while the channel is not
 * busy; in use until the channel is no longer busy after _send().
 */
u_char *ngx_stream_thrift_channel_letter(void);

/*
 * Sends the letter with `fd`, which is closed then; at once, or as soon as
 * there is room in the channel.  `sent` is called when it has waited.
 */
void ngx_stream_thrift_channel_send(ngx_socket_t fd, size_t size,
    void (*sent)(void));


#endif /* _NGX_STREAM_THRIFT_CHANNEL_H_INCLUDED_ */
