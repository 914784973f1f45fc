/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the workers have to agree on about the servers of one upstream, in
 * shared memory that a reload leaves as it is: of each address, how many
 * connections all of them have to it, how many calls wait for one, and if it is
 * healthy.  Places of calls are counted in the same way: ngx_thrift_places.c.
 *
 * A worker writes only numbers of its own, in a slot that it has while it
 * lives.  The slot of one that has died is cleared by whoever notices: one that
 * starts, or that finds too few connections left, or others waiting.  A worker
 * for which none is left counts for itself, until others have ended.
 */

#ifndef _NGX_THRIFT_SHARED_H_INCLUDED_
#define _NGX_THRIFT_SHARED_H_INCLUDED_


#define NGX_THRIFT_SHARED_SIZE   524288     /* bytes, for some 400 addresses */
#define NGX_THRIFT_SHARED_SLOTS  112        /* workers, those that shut down
                                               included; so many that a server
                                               takes 1k */


/* How long after a lease has ended what came of it is worth something. */

#define NGX_THRIFT_SHARED_MEMORY  60000     /* milliseconds */


/* What checks of a server have shown: ngx_thrift_health.c, under a lease. */

typedef struct {
    ngx_uint_t            checked;      /* 0: nothing yet */
    ngx_uint_t            down;
    ngx_uint_t            fails;        /* in a row, while it is up */
    ngx_uint_t            passes;       /* in a row, while it is down */
} ngx_thrift_verdict_t;


/* Of an address.  Numbers are by slot. */

typedef struct {
    ngx_queue_t           queue;
    volatile uint16_t     nconns[NGX_THRIFT_SHARED_SLOTS];
    volatile uint16_t     waiting[NGX_THRIFT_SHARED_SLOTS];
    volatile uint16_t     calls[NGX_THRIFT_SHARED_SLOTS];
    u_char                users[NGX_THRIFT_SHARED_SLOTS];   /* that refer to
                                           it */
    ngx_uint_t            max;          /* of the latest configuration that has
                                           asked for a connection; 0: none */
    ngx_thrift_verdict_t  verdict;
    volatile ngx_uint_t   dialect;      /* ngx_thrift_detect.c; 0: unknown */
    volatile ngx_msec_t   answered;     /* a call of any worker, about then */
    socklen_t             socklen;
    ngx_sockaddr_t        sockaddr;
} ngx_thrift_shared_server_t;


typedef struct {
    ngx_pid_t             pids[NGX_THRIFT_SHARED_SLOTS];    /* 0: free */
    ngx_uint_t            generations[NGX_THRIFT_SHARED_SLOTS]; /* of workers */
    ngx_uint_t            generation;   /* of the latest configuration */
    ngx_uint_t            nslots;       /* that were ever in use */
    volatile uint16_t     full[NGX_THRIFT_SHARED_SLOTS];    /* attempts that
                                           wait for any server */
    volatile uint16_t     held[NGX_THRIFT_SHARED_SLOTS];    /* calls that
                                           servers have, of workers of which
                                           some wait */
    volatile uint16_t     kept[NGX_THRIFT_SHARED_SLOTS];    /* places there that
                                           are kept without a call */
    ngx_thrift_budget_part_t  retries[NGX_THRIFT_SHARED_SLOTS];
    ngx_thrift_budget_part_t  hedges[NGX_THRIFT_SHARED_SLOTS];
    ngx_queue_t           servers;      /* ngx_thrift_shared_server_t */
    ngx_pid_t             lease;        /* of the worker that checks servers, or
                                           0 */
    ngx_msec_t            lease_end;
} ngx_thrift_shared_data_t;


/* A worker's view of it. */

typedef struct {
    ngx_shm_zone_t            *zone;
    ngx_slab_pool_t           *slab;
    ngx_thrift_shared_data_t  *data;    /* NULL: there is none */
    ngx_uint_t                 generation;  /* of its configuration, of those
                                               that have the memory */
    ngx_uint_t                 slot;    /* NGX_THRIFT_SHARED_SLOTS: it has
                                           none */
    ngx_msec_t                 swept;  /* when it looked for the dead */
} ngx_thrift_shared_t;


/*
 * In the configuration: memory for `name`, of those that are a `kind` such as
 * "thrift_upstream"; `tag` is the module's.  NULL: no memory.  Where the name
 * was there, its zone has the data of the first one.
 */
ngx_thrift_shared_t *ngx_thrift_shared_add(ngx_conf_t *cf, const char *kind,
    ngx_str_t *name, void *tag);

/* In a worker: it takes a slot, and gives it back. */
void ngx_thrift_shared_open(ngx_thrift_shared_t *shared);
void ngx_thrift_shared_close(ngx_thrift_shared_t *shared);

/*
 * The address, added if it is new; it stays there until all who have asked for
 * it have left it, and as long as there is room.  NULL: there is none, or no
 * slot is left, which is looked for once a second: the worker counts for
 * itself.
 */
ngx_thrift_shared_server_t *ngx_thrift_shared_server(
    ngx_thrift_shared_t *shared, struct sockaddr *sockaddr, socklen_t socklen);
void ngx_thrift_shared_leave(ngx_thrift_shared_t *shared,
    ngx_thrift_shared_server_t *server);

/*
 * One more connection, if there are fewer than `max` to it in all workers;
 * NGX_BUSY: there are not.  For a worker that shuts down it is the `max` of
 * those that have followed.  And one fewer.
 */
ngx_int_t ngx_thrift_shared_connect(ngx_thrift_shared_t *shared,
    ngx_thrift_shared_server_t *server, ngx_uint_t max);
void ngx_thrift_shared_disconnect(ngx_thrift_shared_t *shared,
    ngx_thrift_shared_server_t *server);

/*
 * So many of this worker's calls wait: for an address (server->waiting), or for
 * any of the upstream (data->full); or are at the address (server->calls).
 */
void ngx_thrift_shared_tell(ngx_thrift_shared_t *shared,
    volatile uint16_t *numbers, ngx_uint_t n);

/* Of all workers. */
ngx_uint_t ngx_thrift_shared_sum(ngx_thrift_shared_data_t *data,
    volatile uint16_t *numbers);

/* Do calls of other workers wait? */
ngx_uint_t ngx_thrift_shared_others_wait(ngx_thrift_shared_t *shared,
    volatile uint16_t *numbers);

/*
 * Are there workers of another configuration, of before a reload or after it?
 * They balance by themselves.  And how many calls they have at the address.
 */
ngx_uint_t ngx_thrift_shared_has_others(ngx_thrift_shared_t *shared);
ngx_uint_t ngx_thrift_shared_elsewhere(ngx_thrift_shared_t *shared,
    ngx_thrift_shared_server_t *server);

/* How many workers there are, this one included. */
ngx_uint_t ngx_thrift_shared_workers(ngx_thrift_shared_t *shared);

/*
 * How many of `places` this worker may `have` while calls wait in others, too.
 * What cannot be shared out evenly goes to anyone, unless one whose calls wait
 * has less than its part.  0: there are fewer than workers.
 */
ngx_uint_t ngx_thrift_shared_part(ngx_thrift_shared_t *shared,
    ngx_uint_t places, volatile uint16_t *waiting, volatile uint16_t *have);

/*
 * One worker does what has to be done once: it has a lease, and renews it in
 * time; it needs no slot.  NGX_OK: this worker has it for `time`; NGX_BUSY:
 * another one has it.
 */
ngx_int_t ngx_thrift_shared_lease(ngx_thrift_shared_t *shared,
    ngx_msec_t time);
void ngx_thrift_shared_release(ngx_thrift_shared_t *shared);


#endif /* _NGX_THRIFT_SHARED_H_INCLUDED_ */
