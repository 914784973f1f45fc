/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The zone of thrift_status_zone: rows of numbers, each of which is found by
 * its names.  Workers add to the numbers without a lock; a row is looked up
 * once in each worker, and stays where it is as long as the zone does, which a
 * reload leaves as it is.
 *
 *     zone: buckets --> row --> row       by a hash of kind and names
 *           others[kind]                  of names that have no row
 *           failures                      a ring
 *           history                       samples of all rows together; a row
 *                                         has its own
 *
 * What goes up and down again (calls on their way, open connections) is counted
 * by worker, in a slot that it has while it lives: nothing is left of one that
 * has died.
 */

#ifndef _NGX_THRIFT_STATUS_H_INCLUDED_
#define _NGX_THRIFT_STATUS_H_INCLUDED_


#define NGX_THRIFT_STATUS_SLOTS    64   /* workers, those that shut down
                                           included */
#define NGX_THRIFT_STATUS_NAMES    3    /* of a row */
#define NGX_THRIFT_STATUS_NAME     127  /* bytes of one */
#define NGX_THRIFT_STATUS_BUCKETS  16   /* of times; the last one has no end */
#define NGX_THRIFT_STATUS_TYPES    13   /* of TApplicationException, and one for
                                           all others */


/* What became of a call; those of servers' exceptions follow, by their type. */

typedef enum {
    NGX_THRIFT_STATUS_SUCCESS = 0,
    NGX_THRIFT_STATUS_SENT,             /* oneway */
    NGX_THRIFT_STATUS_DECLARED,
    NGX_THRIFT_STATUS_CANCELLED,
    NGX_THRIFT_STATUS_SHUTDOWN,
    NGX_THRIFT_STATUS_NOT_THRIFT,
    NGX_THRIFT_STATUS_MALFORMED,
    NGX_THRIFT_STATUS_UNKNOWN_METHOD,
    NGX_THRIFT_STATUS_OVERLOADED,
    NGX_THRIFT_STATUS_RETURNED,         /* by thrift_return */
    NGX_THRIFT_STATUS_TIMED_OUT,
    NGX_THRIFT_STATUS_UPSTREAM,         /* no server has answered */
    NGX_THRIFT_STATUS_INTERNAL,
    NGX_THRIFT_STATUS_EXCEPTION,
    NGX_THRIFT_STATUS_OUTCOMES = NGX_THRIFT_STATUS_EXCEPTION
                                 + NGX_THRIFT_STATUS_TYPES
} ngx_thrift_status_outcome_e;


/* What became of an attempt. */

typedef enum {
    NGX_THRIFT_STATUS_ANSWERED = 0,
    NGX_THRIFT_STATUS_ANSWERED_ONEWAY,  /* all of it was sent */
    NGX_THRIFT_STATUS_ANSWERED_EXCEPTION,
    NGX_THRIFT_STATUS_UNREACHABLE,      /* no byte of it left */
    NGX_THRIFT_STATUS_FAILED,           /* lost, or the reply is none */
    NGX_THRIFT_STATUS_LATE,
    NGX_THRIFT_STATUS_REFUSED,          /* it could not have a connection */
    NGX_THRIFT_STATUS_NO_SERVER,
    NGX_THRIFT_STATUS_GIVEN_UP,         /* nobody needs it any more */
    NGX_THRIFT_STATUS_RESULTS
} ngx_thrift_status_result_e;


/* Why a connection to a server was closed. */

typedef enum {
    NGX_THRIFT_STATUS_CLOSED_ERROR = 0,
    NGX_THRIFT_STATUS_CLOSED_SERVER,    /* by the server */
    NGX_THRIFT_STATUS_CLOSED_TIMEOUT,   /* it did not answer */
    NGX_THRIFT_STATUS_CLOSED_IDLE,
    NGX_THRIFT_STATUS_CLOSED_NOT_KEPT,  /* behind a call */
    NGX_THRIFT_STATUS_CLOSED_ROOM,      /* others needed its place */
    NGX_THRIFT_STATUS_CLOSED_CLIENT,    /* whose it was has left */
    NGX_THRIFT_STATUS_CLOSED_EXIT,      /* the worker ends */
    NGX_THRIFT_STATUS_CLOSED_GIVEN_UP,  /* nobody needs its call any more */
    NGX_THRIFT_STATUS_CLOSED_REASONS
} ngx_thrift_status_closed_e;


/* What became of a client's connection at a reload. */

typedef enum {
    NGX_THRIFT_STATUS_HANDED_OVER = 0,  /* to a new worker */
    NGX_THRIFT_STATUS_TOLD_TO_GO,       /* it was closed between two calls */
    NGX_THRIFT_STATUS_FATES
} ngx_thrift_status_fate_e;


typedef enum {
    NGX_THRIFT_STATUS_METHOD = 0,       /* server, service, method */
    NGX_THRIFT_STATUS_SERVER,           /* upstream, server */
    NGX_THRIFT_STATUS_KINDS
} ngx_thrift_status_kind_e;


typedef struct {
    ngx_atomic_t              buckets[NGX_THRIFT_STATUS_BUCKETS];
    ngx_atomic_t              sum;      /* microseconds */
} ngx_thrift_status_times_t;


/* By slot; only its own worker writes a number. */

typedef volatile uint32_t  ngx_thrift_status_gauge_t[NGX_THRIFT_STATUS_SLOTS];


typedef struct ngx_thrift_status_row_s     ngx_thrift_status_row_t;
typedef struct ngx_thrift_history_s        ngx_thrift_history_t;
typedef struct ngx_thrift_history_slots_s  ngx_thrift_history_slots_t;

struct ngx_thrift_status_row_s {
    ngx_thrift_status_row_t  *next;
    ngx_uint_t                kind;
    uint32_t                  hash;
    ngx_str_t                 names[NGX_THRIFT_STATUS_NAMES];
    ngx_thrift_history_slots_t  *history;   /* or NULL */

    ngx_thrift_status_gauge_t  in_flight;

    ngx_thrift_status_times_t  times;
    ngx_atomic_t              received; /* bytes: of calls from clients, of
                                           replies from servers */
    ngx_atomic_t              sent;     /* the other way */
};


typedef struct ngx_thrift_exemplar_s  ngx_thrift_exemplar_t;


typedef struct {
    ngx_thrift_status_row_t   row;      /* must be first */
    ngx_thrift_exemplar_t    *exemplars;    /* of row.times, or NULL */
    ngx_atomic_t              outcomes[NGX_THRIFT_STATUS_OUTCOMES];
    ngx_thrift_status_times_t  handler; /* how long its code ran */
    ngx_atomic_t              holds;    /* of the event loop, too long ... */
    ngx_atomic_t              held;     /* ... microseconds */
} ngx_thrift_status_method_t;


typedef struct {
    ngx_thrift_status_row_t   row;      /* must be first */
    ngx_atomic_t              results[NGX_THRIFT_STATUS_RESULTS];
    ngx_atomic_t              retries;
    ngx_atomic_t              hedges;
    ngx_atomic_t              translated;
    ngx_atomic_t              waits;
    ngx_atomic_t              waited;   /* milliseconds */
    ngx_atomic_t              opened;   /* connections */
    ngx_atomic_t              reused;
    ngx_atomic_t              closed[NGX_THRIFT_STATUS_CLOSED_REASONS];
    ngx_thrift_status_gauge_t  open;
    ngx_thrift_status_gauge_t  idle;
    ngx_thrift_status_gauge_t  waiting; /* attempts, for a connection */
} ngx_thrift_status_server_t;


typedef struct ngx_thrift_failures_s  ngx_thrift_failures_t;


typedef struct {
    ngx_pid_t                 pids[NGX_THRIFT_STATUS_SLOTS];    /* 0: free */
    u_char                   *free;     /* where the next row will be */
    u_char                   *end;
    ngx_uint_t                nrows;
    ngx_uint_t                full;     /* a row had no room */
    size_t                    marked;   /* bytes of exemplars */
    ngx_uint_t                unmarked; /* some had no room */
    ngx_thrift_status_row_t  *others[NGX_THRIFT_STATUS_KINDS];
    ngx_thrift_failures_t    *failures;
    ngx_thrift_history_t     *history;  /* NULL: the zone is small */
    ngx_atomic_t              clients[NGX_THRIFT_STATUS_FATES];
    ngx_uint_t                mask;     /* of the hash */
    ngx_thrift_status_row_t  *buckets[1];
} ngx_thrift_status_data_t;


/* A configuration's, and a worker's, view of it. */

typedef struct {
    ngx_shm_zone_t            *zone;
    ngx_slab_pool_t           *slab;
    ngx_thrift_status_data_t  *data;
    ngx_uint_t                 open;    /* this process counts */
    ngx_uint_t                 failures;    /* entries of a new zone, if there
                                               is room */
    size_t                     arguments;   /* bytes of each of them; 0: none
                                               are kept or shown */
} ngx_thrift_status_t;


/* In the configuration; `tag` is the module's.  NULL: logged, or no memory. */
ngx_thrift_status_t *ngx_thrift_status_add(ngx_conf_t *cf, ngx_str_t *name,
    size_t size, void *tag);

/* In a worker: it takes a slot, and gives it back. */
void ngx_thrift_status_open(ngx_thrift_status_t *status);
void ngx_thrift_status_close(ngx_thrift_status_t *status);

/*
 * The row of these names, added if it is new; if there is no room, or a name
 * is too long, that of all others of its kind.  An empty name is "-".
 */
ngx_thrift_status_row_t *ngx_thrift_status_row(ngx_thrift_status_t *status,
    ngx_uint_t kind, ngx_str_t *names);

/* The row behind `row` in the zone, from NULL to NULL. */
ngx_thrift_status_row_t *ngx_thrift_status_next(ngx_thrift_status_t *status,
    ngx_thrift_status_row_t *row);

/* So many bytes of the zone, whose mutex is locked; NULL: it is full. */
void *ngx_thrift_status_take(ngx_thrift_status_data_t *data, size_t size);

/* The slot of this worker; NGX_THRIFT_STATUS_SLOTS: it has none. */
extern ngx_uint_t  ngx_thrift_status_slot;

/* Which slots have a worker that lives: a bit of each. */
uint64_t ngx_thrift_status_alive(ngx_thrift_status_t *status);


#endif /* _NGX_THRIFT_STATUS_H_INCLUDED_ */
