/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/reload/load.h: the parts of the program that has clients call through
 * reloads, and looks what becomes of each call.  See load.c.
 *
 * call.c reads and writes the bytes of calls and replies, client.c is the
 * clients, backend.c the servers (a process of its own), reload.c has nginx
 * reload and watches its processes.
 */

#ifndef RELOAD_LOAD_H
#define RELOAD_LOAD_H

#include "answer.h"
#include "buf.h"
#include "measure.h"
#include "wire.h"

#include <stdint.h>
#include <sys/types.h>


#define MAX_DEPTH    6          /* calls open on one client connection */
#define MILLISECOND  1000000ULL


typedef struct {
    uint16_t     proxy;         /* ports */
    uint16_t     backend;
    unsigned     generations;   /* configurations that there are */
    unsigned     clients;
    unsigned     hosted;        /* percent of the calls */
    unsigned     delay;         /* ms that servers take, at most */
    unsigned     think;         /* ms between two bursts, at most */
    unsigned     large;         /* one of so many calls, of one of so many */
    unsigned     patience;      /* ms until a call counts as lost, or clients
                                   as left behind */
    int          idle;          /* clients call when they are asked to */
    int          stay;          /* clients need not meet new definitions */
    pid_t        master;        /* nginx's */
    const char  *dir;           /* with 1.conf, 2.conf, ... */
    const char  *counts;        /* the file of executions */
    long         seed;
} options_t;


typedef struct {
    uint64_t     calls;
    uint64_t     replies;
    uint64_t     exceptions;
    uint64_t     wrong;         /* replies that are not the open call's */
    uint64_t     back;          /* replies of older definitions than before */
    uint64_t     lost;          /* calls without any reply */
    uint64_t     closed;        /* connections, by the other side */
    uint64_t     refused;       /* connections */
} client_counts_t;


typedef struct {
    uint64_t     reloads;
    uint64_t     refused;       /* beside them */
    hist_t       met;           /* until all clients met the new definitions */
    uint64_t     unmet;         /* reloads after which not all did in time */
    hist_t       gone;          /* until an old worker was gone */
} reload_counts_t;


extern options_t         conf;
extern uint8_t          *counts;        /* by id */
extern client_counts_t   client_counts;
extern reload_counts_t   reload_counts;


/* load.c */

void violation(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
void die(const char *what)
    __attribute__((noreturn));

/* call.c */

typedef struct {
    uint32_t        id;
    int32_t         seqid;
    int             hosted;
    uint32_t        delay;      /* ms */
    uint32_t        pad;        /* bytes */
    uint32_t        size;       /* of the reply */
} call_t;

/* A call that a server has read, or a reply. */

typedef struct {
    wire_format_t   format;
    wire_head_t     head;
    wire_str_t      text;       /* its string */
    int             text_id;    /* whose field id this is; -1: it has none */
    int32_t         numbers[4]; /* its i32s with ids 0 to 3 */
    size_t          len;
} message_t;

void call_write(buf_t *b, wire_format_t format, const call_t *call);
void reply_write(buf_t *b, const message_t *call, const answer_t *answer);

/* OK, AGAIN or ERROR. */

int message_read(const uint8_t *p, size_t n, message_t *m);

/* backend.c */

void backend_main(int ready);

/* client.c */

void clients_open(void);
void clients_run(unsigned ms);

/* Latencies go there from now on, as well as to all others of its kind. */

void clients_measure(hist_t *h);

void clients_stop(void);
void clients_start(void);
unsigned clients_open_calls(void);

/* Each makes one call. */

void clients_ask(void);

/* The oldest configuration that served any client's last reply. */

unsigned clients_oldest(void);
unsigned clients_with(unsigned generation);

/* reload.c */

void reload_now(void);
void reload_bad(void);
int reload_refused(void);
void reload_tick(uint64_t now);
unsigned reload_generation(void);

/* Are only those workers left that serve. */

int reload_settled(void);

/* Descriptors and memory of the master and of all workers together. */

void reload_sample(const char *name);
void reload_kill_worker(void);


#endif /* RELOAD_LOAD_H */
