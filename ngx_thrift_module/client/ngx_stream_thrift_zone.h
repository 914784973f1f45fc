/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Zones of shared memory in which something is counted by a key of calls:
 * thrift_limit_calls_zone, thrift_limit_zone.  What stands in them is their
 * room's; a reload leaves it as it is.
 */

#ifndef _NGX_STREAM_THRIFT_ZONE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_ZONE_H_INCLUDED_


typedef struct {
    ngx_rbtree_t                     tree;      /* entries by their key */
    ngx_rbtree_node_t                sentinel;
    ngx_queue_t                      queue;     /* of them, if their room has
                                                   use for one */
} ngx_stream_thrift_zone_shared_t;


typedef struct {
    ngx_stream_thrift_zone_shared_t  *shared;
    ngx_slab_pool_t                  *slab;
    ngx_stream_complex_value_t        key;
    ngx_str_t                         name;
    ngx_str_t                         directive;
    ngx_rbtree_insert_pt              insert;
    ngx_thrift_refusals_t             refusals;
} ngx_stream_thrift_zone_t;


/*
 * Of "directive key zone=name:size": fills the zone, whose memory is of `cf`,
 * and is the data of what is returned.  `tag` says what kind it is of.  NULL:
 * an error, which is logged.
 */
ngx_shm_zone_t *ngx_stream_thrift_zone_add(ngx_conf_t *cf,
    ngx_stream_thrift_zone_t *zone, ngx_rbtree_insert_pt insert, void *tag);

/*
 * The zone `name` for a directive that uses it, and that the directive
 * `definer` defines, before or behind: as is checked when all is read.  NULL:
 * no memory, or an error, which is logged.
 */
ngx_shm_zone_t *ngx_stream_thrift_zone_use(ngx_conf_t *cf, ngx_str_t *name,
    void *tag, const char *definer);
ngx_int_t ngx_stream_thrift_check_zones(ngx_conf_t *cf);


#endif /* _NGX_STREAM_THRIFT_ZONE_H_INCLUDED_ */
