/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the directives fill.  Each role has a struct of its own:
 *
 *   stream{}          main_conf      what all servers and workers share
 *   server{}          srv_conf       its clients' connections, its definitions,
 *                                    its services, its routes
 *   thrift_service{}  block          its name, where it is, its methods
 *   thrift_method{}   block          the same
 *   upstream{}        upstream_conf  its pool, the dialect of its servers
 *   a call            call_conf      who answers, times, failing over: one for
 *                                    each stream{}, server{}, service, method
 *
 * A module has one slot in nginx's array of configurations, and what is in a
 * slot has one type.  So there are three modules, in one shared object:
 *
 *   module                             its slot       levels
 *   ngx_stream_thrift_module           srv_conf       stream, server
 *   ngx_stream_thrift_call_module      call_conf      stream, server, service,
 *                                                     method
 *   ngx_stream_thrift_upstream_module  upstream_conf  upstream
 *
 * A block has the array of the server around it, with another call_conf in its
 * slot.  So nginx's own setters work at every level, and the array can be the
 * srv_conf of a call's session.
 *
 * nginx merges stream{} into each server{}, module after module: first the
 * srv_conf, with which the definitions are read; then the call_conf, which goes
 * on to services and methods, and ends with the server's routes.  A value is
 * merged into the child by ngx_conf_merge_*(); nothing is written to a parent.
 * What several directives mean together, as messages.rules, is set after that.
 */

#ifndef _NGX_STREAM_THRIFT_CONF_H_INCLUDED_
#define _NGX_STREAM_THRIFT_CONF_H_INCLUDED_


/* Levels of configuration that are ours; free bits of NGX_ANY_CONF. */

#define NGX_STREAM_THRIFT_SERVICE_CONF  0x10000000
#define NGX_STREAM_THRIFT_METHOD_CONF   0x20000000


/* Values of thrift_validate. */

typedef enum {
    NGX_STREAM_THRIFT_VALIDATE_OFF = 0,
    NGX_STREAM_THRIFT_VALIDATE_STRUCTURE,
    NGX_STREAM_THRIFT_VALIDATE_SCHEMA
} ngx_stream_thrift_validate_e;

/* Values of thrift_validate_enum and thrift_validate_utf8. */

typedef enum {
    NGX_STREAM_THRIFT_VALUES_OFF = 0,
    NGX_STREAM_THRIFT_VALUES_ON,
    NGX_STREAM_THRIFT_VALUES_ARGUMENTS
} ngx_stream_thrift_values_e;

/* A value of thrift_protocol that is no protocol of its own. */

#define NGX_STREAM_THRIFT_LAX           16


/* What all share. */

typedef struct {
    ngx_array_t                      blocks;    /* ngx_thrift_cache_t * */
    ngx_array_t                      pools;     /* ngx_stream_thrift_pool_t * */
    ngx_stream_thrift_pool_t        *addresses;
    ngx_stream_thrift_held_t        *in_use;    /* servers */
    ngx_array_t                      limit_zones;   /* ngx_shm_zone_t * */
    ngx_array_t                     *zone_uses;     /* ngx_stream_thrift_zone.c:
                                                       directives that use
                                                       zones */
    ngx_array_t                      gates;     /* ngx_thrift_gate_t *, whose
                                                   places are shared */
    ngx_array_t                      delays;    /* ngx_thrift_delays_t * */
    ngx_thrift_cache_t               calls;
    size_t                           variables; /* bytes of those of a call */
    ngx_module_t                    *js;        /* stream's, or NULL */
    ngx_flag_t                       handover;
    ngx_thrift_status_t             *status;    /* NULL: nothing is counted */
    ngx_uint_t                       nsessions;
    off_t                            held;      /* bytes, by all of them */
    ngx_array_t                      span_files;    /* ngx_open_file_t *, of
                                                   thrift_span_log */
    void                           **quiet;     /* main_conf without a log */
    ngx_stream_handler_pt            log_handler;   /* stream's own */
    ngx_array_t                     *log_handlers;  /* of the log phase */

    ngx_stream_thrift_proxy_t       *proxy;     /* while stream{} is read */

    ngx_array_t                      idls;      /* ngx_thrift_idl_t * */
    nthrift_schema_set_t             schemas;
    size_t                           check_size;    /* of the largest ... */
    void                            *check_memory;  /* ... of all checks */

    ngx_array_t                      named;     /* ngx_stream_thrift_named_t *:
                                                   servers with a name */
    ngx_array_t                      servers;   /* ngx_stream_thrift_srv_conf_t
                                                   *: with definitions */

    ngx_array_t                      targets;   /* ngx_thrift_target_t * */
    ngx_array_t                      objects;   /* ngx_thrift_object_t * */
    ngx_array_t                      handlers;  /* ngx_thrift_handler_t * */
    ngx_thrift_crash_t              *crash;     /* of them; NULL: there are
                                                   none */

    ngx_uint_t                       narguments;    /* $thrift_arg_ in use */
    ngx_uint_t                      *slots;     /* by index of a variable: 1
                                                   and more, or 0 */
    ngx_uint_t                       nslots;
} ngx_stream_thrift_main_conf_t;


/*
 * An answer as a directive says it.  What inherits it points to it: there is
 * one for each thrift_handler, thrift_pass and thrift_return.
 */

typedef struct {
    ngx_thrift_answer_t              answer;    /* must be first */

    ngx_str_t                        name;      /* as it was written */
    ngx_stream_upstream_srv_conf_t  *upstream;  /* NULL: of variables */
    ngx_stream_thrift_pool_t        *pool;
    ngx_stream_complex_value_t      *upstream_value;

    ngx_stream_complex_value_t      *return_text;
} ngx_stream_thrift_answer_t;


/* Of a call: ngx_stream_thrift_call_module's. */

typedef struct {
    ngx_thrift_conf_t                conf;      /* must be first */

    void                           **srv_conf;  /* the array it is in */
    ngx_stream_thrift_block_t       *block;     /* whose it is; NULL: stream{}'s
                                                   or an upstream{}'s */
    ngx_uint_t                       watched;   /* calls are counted, limited,
                                                   or asked for arguments */
    ngx_uint_t                       logged;    /* they have an access_log */
    ngx_array_t                     *limits;    /* ngx_stream_thrift_limit_t;
                                                   NULL: none */
    ngx_array_t                     *rates;     /* ngx_stream_thrift_rate_t;
                                                   NULL: none */
    ngx_flag_t                       rate_dry_run;
    ngx_stream_thrift_mirror_t      *mirror;    /* NULL: none */
    ngx_stream_thrift_note_t        *hedge;     /* the directive; NULL: off */
    ngx_array_t                     *headers;   /* that servers get; NULL:
                                                   those of the client */
    ngx_flag_t                       status_arguments;  /* of those that
                                                   fail */
    ngx_stream_complex_value_t      *trace_sample;  /* of a trace that begins
                                                   here; NULL: it is not */
} ngx_stream_thrift_call_conf_t;


/* A thrift_service or a thrift_method; nothing of it is inherited. */

struct ngx_stream_thrift_block_s {
    ngx_str_t                        name;      /* empty: of a server{} */
    u_char                          *file_name;
    ngx_uint_t                       line;
    ngx_uint_t                       order;     /* of a service */

    ngx_stream_thrift_call_conf_t   *conf;
    ngx_array_t                     *inner;     /* in it, or NULL */
};


/* A server{}, and what stream{} says of them: ngx_stream_thrift_module's. */

typedef struct {
    ngx_thrift_message_conf_t        messages;
    nthrift_rules_t                  door_rules;    /* of calls by http */
    ngx_stream_thrift_named_t       *named;     /* NULL: it has no name */

    ngx_array_t                     *files;     /* ngx_stream_thrift_file_t */
    ngx_array_t                     *dirs;      /* the same */
    ngx_array_t                      programs;  /* nthrift_idl_program_t * */
    ngx_array_t                      addresses; /* ngx_str_t: where it listens,
                                                   and its name there */
    ngx_array_t                     *proxy_notes;   /* or NULL */

    ngx_stream_thrift_block_t        block;     /* around its services */
    ngx_thrift_routes_t              routes;
    ngx_stream_thrift_refused_t      refused;
    ngx_stream_thrift_outbound_log_t  outbound_log;
    ngx_stream_thrift_span_log_t    *span_log;

    ngx_uint_t                       idl_compat;
    ngx_uint_t                       transport;
    ngx_uint_t                       protocol;
    ngx_uint_t                       validate;
    ngx_uint_t                       validate_enum;
    ngx_uint_t                       validate_utf8;

    ngx_msec_t                       idle_timeout;
    ngx_msec_t                       shutdown_idle; /* 0: none */

    size_t                           max_message_size;
    size_t                           max_header_size;
    ngx_uint_t                       max_depth;
    ngx_uint_t                       max_pipeline;
    ngx_uint_t                       max_calls;
    off_t                            max_memory;
    off_t                            max_worker_memory;     /* 0: no limit */
    size_t                           buffer_size;
    ngx_flag_t                       half_close;    /* 0: who sends no more
                                                       has left */
} ngx_stream_thrift_srv_conf_t;


/* An upstream{}: ngx_stream_thrift_upstream_module's. */

typedef struct {
    ngx_uint_t                       keepalive;
    ngx_uint_t                       keepalive_min;
    ngx_uint_t                       keepalive_max; /* 0: no limit */
    ngx_uint_t                       keepalive_requests;    /* the same */
    ngx_uint_t                       queue;
    ngx_uint_t                       queue_set;     /* it was written */
    ngx_msec_t                       queue_timeout; /* 0: no limit */
    ngx_msec_t                       keepalive_timeout;
    ngx_msec_t                       keepalive_lifetime;
    ngx_msec_t                       keepalive_surplus;     /* 0 if they were
                                                               counted */
    ngx_stream_thrift_where_t        keepalive_where;   /* line 0: it is
                                                           inherited */
    ngx_uint_t                       pipeline;      /* 1: off */
    ngx_uint_t                       pipeline_connections;
    ngx_msec_t                       pipeline_delay;
    ngx_thrift_budget_conf_t         retry;
    ngx_uint_t                       failure;
    ngx_thrift_health_conf_t        *health;        /* NULL: no checks */
    ngx_msec_t                       slow_start;
    ngx_flag_t                       check_seqid;
    ngx_uint_t                       transport;     /* 0: that of a call */
    ngx_uint_t                       protocol;      /* the same */
    ngx_flag_t                       detect;
    ngx_uint_t                       lax;           /* 1: without a version */
    ngx_uint_t                       multiplexed;
    ngx_str_t                        service;       /* empty: a call's own */
    ngx_stream_thrift_link_conf_t    link;      /* or that of stream{} */
#if (NGX_SSL)
    ngx_stream_thrift_ssl_conf_t     ssl;       /* likewise */
#endif
} ngx_stream_thrift_upstream_conf_t;


/* Of calls that did not come from a client: handlers', health checks. */

#define ngx_stream_thrift_own_transport(ucf)                                  \
    ((ucf)->transport ? (ucf)->transport : NTHRIFT_FRAMED)
#define ngx_stream_thrift_own_protocol(ucf)                                   \
    ((ucf)->protocol ? (ucf)->protocol : NTHRIFT_BINARY)


/* NULL: there is no stream{}. */
ngx_stream_thrift_main_conf_t *ngx_stream_thrift_cycle_conf(
    ngx_cycle_t *cycle);

void *ngx_stream_thrift_create_main_conf(ngx_conf_t *cf);
char *ngx_stream_thrift_init_main_conf(ngx_conf_t *cf, void *conf);
void *ngx_stream_thrift_create_srv_conf(ngx_conf_t *cf);
char *ngx_stream_thrift_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);

char *ngx_stream_thrift_max_memory(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* A block's is created with it; NULL: no memory. */
void *ngx_stream_thrift_create_call_conf(ngx_conf_t *cf);


#endif /* _NGX_STREAM_THRIFT_CONF_H_INCLUDED_ */
