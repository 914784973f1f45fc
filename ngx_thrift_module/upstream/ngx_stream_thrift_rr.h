/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What nginx's own balancers know of a server: they begin their data with that
 * of round robin.  `us` is the upstream whose balancer has chosen a server for
 * `peer`, or NULL.
 */

#ifndef _NGX_STREAM_THRIFT_RR_H_INCLUDED_
#define _NGX_STREAM_THRIFT_RR_H_INCLUDED_


/*
 * What round robin makes of a choice's peer when a call begins, for the next
 * call that the choice is used for.
 */

typedef struct {
    ngx_stream_upstream_srv_conf_t      *upstream;  /* the peer is one of, or
                                                       NULL */
    ngx_stream_upstream_rr_peer_data_t   data;      /* the peer's */
    ngx_stream_upstream_rr_peer_data_t   first;     /* as it was at first */
    ngx_uint_t                           tries;     /* likewise */
    ngx_uint_t                           fixed;     /* they are the same for
                                                       each call */
} ngx_stream_thrift_rr_t;


/*
 * As us->peer.init(), for the choice that the session of its call has.  Sets
 * choice->rr.upstream if that is nginx's own, and then needs not be given a
 * cleared one for that upstream again.
 */
ngx_int_t ngx_stream_thrift_rr_init(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_srv_conf_t *us);

/* The same where that would make nothing else of it: see `fixed`. */
#define ngx_stream_thrift_rr_rewind(rr, peer)                                 \
    (rr)->data = (rr)->first;                                                 \
    (peer)->tries = (rr)->tries

/* Which servers a call has tried, and how many it may still try. */

#define NGX_STREAM_THRIFT_RR_TRIED  16      /* words of bits: 1024 servers */

typedef struct {
    ngx_stream_upstream_rr_peers_t  *peers;
    ngx_uint_t                       tries;
    ngx_uint_t                       n;     /* words of bits */
    uintptr_t                        bits[NGX_STREAM_THRIFT_RR_TRIED];
} ngx_stream_thrift_rr_tried_t;


/*
 * How many words of bits a call has for them; 0: it is another balancer, or
 * there are too many servers.
 */
ngx_uint_t ngx_stream_thrift_rr_words(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer);

/*
 * Keeps that before the balancer is asked, and puts it back when that is to be
 * undone; `tried->n` is set before, and not 0.
 */
void ngx_stream_thrift_rr_keep_tried(ngx_peer_connection_t *peer,
    ngx_stream_thrift_rr_tried_t *tried);
void ngx_stream_thrift_rr_put_tried(ngx_peer_connection_t *peer,
    ngx_stream_thrift_rr_tried_t *tried);

/* The server that was chosen may be chosen again: before it goes back. */
void ngx_stream_thrift_rr_untry(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer);

/* Servers have come or gone since the call began: it has to begin again. */
ngx_uint_t ngx_stream_thrift_rr_is_outdated(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer);

/* NULL: it is another balancer. */
ngx_stream_upstream_rr_peer_data_t *ngx_stream_thrift_rr_data(
    ngx_stream_upstream_srv_conf_t *us, ngx_peer_connection_t *peer);

/*
 * None could be chosen: how many calls max_conns allows to those that have not
 * failed, and only have as many.
 */
ngx_uint_t ngx_stream_thrift_rr_places(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer) nthrift_noinline;

/*
 * How many calls max_conns allows to the address of the server that was chosen,
 * which others of the upstream may have as well; 0: no limit.
 */
ngx_uint_t ngx_stream_thrift_rr_max_conns(ngx_stream_upstream_srv_conf_t *us,
    ngx_stream_upstream_rr_peer_t *server) nthrift_noinline;

/* Of an upstream of which servers were full. */
ngx_uint_t ngx_stream_thrift_rr_has_backups(
    ngx_stream_upstream_srv_conf_t *us);

/* Its servers may come and go while nginx runs, with `resolve`. */
ngx_uint_t ngx_stream_thrift_rr_changes(ngx_stream_upstream_srv_conf_t *us);

/*
 * The lines of nginx.conf that name such servers, as a list: each server begins
 * with what its line has.
 */
#if defined NGX_STREAM_UPSTREAM_MODIFY || (NGX_THRIFT_HAVE_GENERATION)
#define ngx_stream_thrift_rr_names(peers)  (peers)->resolve
#else
#define ngx_stream_thrift_rr_names(peers)  NULL
#endif

/* Is it a backup? */
ngx_uint_t ngx_stream_thrift_rr_is_backup(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer);

/*
 * Is there no other server, backups among them, that is not down and has not
 * failed max_fails times?  Of another balancer it is not known, and said to be
 * so not.
 */
ngx_uint_t ngx_stream_thrift_rr_is_last(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer);

/*
 * It has failed max_fails times, and what was sent to it is to show if it is
 * there again; meanwhile nothing else is.
 */
ngx_uint_t ngx_stream_thrift_rr_is_probe(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer);

/*
 * It has shown that the server is there again: before it goes back.  nginx's
 * balancers see it by then, Angie's only when a server takes a connection.
 */
void ngx_stream_thrift_rr_end_probe(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer);

/* Nothing has shown: before it goes back, for another call to find out. */
void ngx_stream_thrift_rr_undo_probe(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer);

/*
 * Does a server without failures have to be told that a connection was made?
 * To nginx's own it says that failures are over, to Angie's how long it took.
 */
#if (NGX_THRIFT_HAVE_RECOVER_AT)
#define ngx_stream_thrift_rr_is_told(rr)  1
#else
#define ngx_stream_thrift_rr_is_told(rr)  (!(rr)->fixed)
#endif

/* When a server that had failed was back; 0: long ago, or it is not known. */
ngx_msec_t ngx_stream_thrift_rr_started(ngx_stream_upstream_rr_peer_t *server);
void ngx_stream_thrift_rr_set_started(ngx_stream_upstream_rr_peer_t *server,
    ngx_msec_t started);


#endif /* _NGX_STREAM_THRIFT_RR_H_INCLUDED_ */
