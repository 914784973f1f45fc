/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Places of calls that are answered at once: of one worker, or of all workers
 * together, in memory that they share.  Who dies leaves none behind.
 *
 * While calls wait in several workers, each has its part of the places; where
 * there are fewer places than workers, one that gives its own back leaves it to
 * the others for a moment.
 */

#ifndef _NGX_THRIFT_PLACES_H_INCLUDED_
#define _NGX_THRIFT_PLACES_H_INCLUDED_


/* How often a worker in which calls wait looks if others have given one back,
 * and how long one leaves the last one to them. */

#define NGX_THRIFT_PLACES_LOOK  5           /* milliseconds */
#define NGX_THRIFT_PLACES_TURN  10          /* milliseconds */


typedef struct {
    ngx_uint_t                   max;
    ngx_uint_t                   n;         /* that this worker has */
    ngx_thrift_shared_t         *shared;    /* NULL: it has them alone */
    ngx_thrift_shared_server_t  *counts;    /* in it; NULL: the same */
    ngx_msec_t                   yielded;   /* when one was given back while
                                               others waited */
} ngx_thrift_places_t;


/*
 * In the configuration: places of all workers, by a name of theirs.  NGX_BUSY:
 * others have that name; `tag` is the module's.
 */
ngx_int_t ngx_thrift_places_share(ngx_conf_t *cf, ngx_thrift_places_t *places,
    ngx_str_t *name, void *tag);

/* In a worker that begins, and ends. */
void ngx_thrift_places_open(ngx_thrift_places_t *places);
void ngx_thrift_places_close(ngx_thrift_places_t *places);

/* NGX_BUSY: none is free, or it is others' turn. */
ngx_int_t ngx_thrift_places_take(ngx_thrift_places_t *places);
void ngx_thrift_places_give_back(ngx_thrift_places_t *places);

/* So many calls of this worker wait for one. */
void ngx_thrift_places_tell(ngx_thrift_places_t *places, ngx_uint_t waiting);


#endif /* _NGX_THRIFT_PLACES_H_INCLUDED_ */
