
/*
 * Which configuration answers a call, by the name it was sent with.
 */

#ifndef _NGX_THRIFT_ROUTE_H_INCLUDED_
#define _NGX_THRIFT_ROUTE_H_INCLUDED_


/* Names are case-sensitive in Thrift, ngx_hash_t's are not. */

typedef struct {
    ngx_str_t              name;
    void                  *value;
} ngx_thrift_name_t;

typedef struct {
    ngx_uint_t             mask;        /* slots - 1 */
    ngx_thrift_name_t     *slots;       /* NULL: no names */
} ngx_thrift_names_t;


typedef struct {
    ngx_thrift_names_t     methods;     /* of ngx_thrift_conf_t */
    ngx_thrift_conf_t     *conf;        /* for the other methods */
} ngx_thrift_service_t;


/* Of one server{}. */

typedef struct {
    ngx_thrift_names_t     services;    /* of ngx_thrift_service_t */
    ngx_thrift_names_t     methods;     /* of ngx_thrift_conf_t, for calls
                                           that name no service */
    ngx_thrift_conf_t     *first;       /* of the first service, or NULL */
    ngx_thrift_conf_t     *server;
} ngx_thrift_routes_t;


/*
 * Builds a table of the ngx_thrift_name_t in `names`; of equal names the first
 * one counts.
 */
ngx_int_t ngx_thrift_names_init(ngx_thrift_names_t *table, ngx_array_t *names,
    ngx_pool_t *pool);

/* The value of a name, or NULL. */
void *ngx_thrift_names_find(ngx_thrift_names_t *table, u_char *name,
    size_t len);

/* The step. */
ngx_int_t ngx_thrift_route(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_ROUTE_H_INCLUDED_ */
