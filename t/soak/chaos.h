/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/chaos.h: the parts of the program that makes trouble on both sides
 * of the proxy and looks what becomes of every call.  See chaos.c.
 *
 * plan.c decides, message.c reads and writes bytes, backend.c is the servers
 * (a process of its own), client.c the clients, mutate.c those clients that
 * send what is wrong, judge.c compares what the two sides have seen.
 */

#ifndef CHAOS_H
#define CHAOS_H

#include "buf.h"
#include "wire.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>


#define MAX_BACKENDS       8
#define MAX_DEPTH         16    /* calls open on one client connection */
#define CALLS_BITS        16    /* 2^16 calls of one client at most */
#define TICK_MS            2

#define NO_ID     UINT32_MAX


/* What a backend does with a call.  ACTION_LAST is their number. */

typedef enum {
    ACTION_GOOD = 0,
    ACTION_SLOW,                /* the reply in pieces, with pauses */
    ACTION_DELAY,
    ACTION_EXCEPTION,           /* the server's own TApplicationException */
    ACTION_CLOSE,               /* without a reply */
    ACTION_RESET,
    ACTION_CLOSE_MID,           /* in the middle of the reply */
    ACTION_RESET_MID,
    ACTION_CLOSE_AFTER,         /* after the reply */
    ACTION_RESET_AFTER,
    ACTION_HALF,                /* shuts down its sending side, no reply */
    ACTION_HALF_AFTER,          /* and after the reply */
    ACTION_STALL,               /* never answers */
    ACTION_STALL_MID,
    ACTION_RANDOM,              /* random bytes are the reply */
    ACTION_HUGE,                /* a frame or string of 2 GB begins */
    ACTION_TRUNCATED,           /* a struct without its end */
    ACTION_TRAILING,            /* bytes behind the struct, in its frame */
    ACTION_SEQID,               /* a seqid that was never used */
    ACTION_NAME,                /* the reply of another method */
    ACTION_TYPE,                /* a call is the reply */
    ACTION_TTYPE,               /* a field of an unknown type */
    ACTION_DEEP,                /* structs in structs in structs */
    ACTION_BEHIND,              /* the reply, and garbage behind it */
    ACTION_TWICE,               /* the reply two times at once */
    ACTION_TWICE_LATER,         /* again, just before the next reply */
    ACTION_TWICE_DELAYED,       /* again, some ms after */
    ACTION_LAST
} action_e;


/* What a client has seen of a call. */

typedef enum {
    FATE_NONE = 0,              /* never started */
    FATE_OPEN,
    FATE_REPLY,
    FATE_SERVER,                /* the server's exception */
    FATE_TIMEOUT,               /* the proxy's, by their text */
    FATE_CLOSED,
    FATE_MALFORMED,
    FATE_CONNECT,
    FATE_OTHER,                 /* any other text */
    FATE_SENT,                  /* a oneway */
    FATE_ABANDONED,             /* this client went away */
    FATE_NOISE,                 /* a reply or exception to a call "noise" */
    FATE_LAST
} fate_e;


/* What a backend notes of a call: how often it came, 3 is "or more". */

#define SEEN_COUNT      0x03
#define SEEN_ANSWERED   0x04    /* all of a right reply is in the kernel */
#define SEEN_TAINTED    0x08    /* its connection died or was disturbed */


/* What a backend does with a connection. */

typedef enum {
    CONN_NORMAL = 0,
    CONN_CLOSE,                 /* closed at once */
    CONN_RESET,
    CONN_DEAF,                  /* never read */
    CONN_SPEAKS,                /* garbage before any call */
    CONN_IDLE_CLOSE,            /* closed at some time, call or not */
    CONN_IDLE_RESET,
    CONN_IDLE_SPEAKS
} conn_plan_e;


typedef struct {
    uint32_t        id;
    action_e        action;
    wire_format_t   format;
    int             type;       /* WIRE_CALL or WIRE_ONEWAY */
    int             noise;      /* a call that noisy backends answer */
    const char     *name;       /* as it is called */
    const char     *method;     /* as it is answered */
    int32_t         seqid;
    uint32_t        request;    /* bytes of text */
    uint32_t        reply;
    uint32_t        delay;      /* ms, for actions that wait */
    uint32_t        piece;      /* bytes, for actions that cut */
} plan_t;


/* How one connection of a client behaves; it is opened again after. */

typedef enum {
    LEAVE_HALF = 0,             /* no more calls, but reads the replies */
    LEAVE_CLOSE,
    LEAVE_RESET
} leave_e;

typedef struct {
    unsigned        depth;
    unsigned        life;       /* calls, then it leaves */
    leave_e         leave;
    int             slow;       /* it stops reading now and then */
} life_t;


typedef struct {
    uint64_t        s;
} rng_t;


/* A message that was read: strings point into the bytes. */

typedef struct {
    wire_format_t   format;
    wire_head_t     head;
    wire_str_t      text;       /* the first string field, if there is one */
    int             text_id;    /* its field id; -1: there is none */
    int             code;       /* an i32 field with id 2, else 0 */
    size_t          len;
    const char     *error;
    size_t          at;         /* where the error is */
    char            hex[100];   /* what is around it */
} message_t;


typedef struct {
    uint16_t        proxy;      /* ports on 127.0.0.1 */
    uint16_t        backends[MAX_BACKENDS];
    unsigned        nbackends;
    uint16_t        noisy;      /* 0: there is no noisy backend */
    unsigned        clients;
    unsigned        mutants;    /* clients that send what is wrong */
    unsigned        strangers;  /* clients of somebody else, that do, too */
    unsigned        seconds;
    unsigned        rate;       /* calls per second that are aimed at */
    unsigned        faults;     /* percent of the faults as planned */
    unsigned        noise;      /* per mille of calls to the noisy backend */
    int             format;     /* of all clients; -1: of each its own */
    int             repeats;    /* calls may be executed more than once */
    int             together;   /* calls share connections, or something stands
                                   before the servers: one's end is others' */
    int             forgives;   /* the proxy may close connections: a worker is
                                   killed, or a client's state is lost */
    unsigned        patience;   /* seconds until a call counts as lost */
    uint64_t        seed;
    pid_t           worker;     /* whose memory is watched, or 0 */
} options_t;


/* Between the processes; all counters are of the backends. */

typedef struct {
    int             stop;
    int             ready;
    uint64_t        accepted;
    uint64_t        executed;
    uint64_t        crashes;
    uint64_t        malformed;  /* what should never reach a server */
    uint64_t        corrupt;    /* calls whose bytes are not the plan's */
    uint64_t        strangers;  /* calls of mutants and strangers */
    uint64_t        actions[ACTION_LAST];
    char            error[2048];
    uint8_t         seen[];     /* by id */
} shared_t;


typedef struct {
    uint64_t        started;
    uint64_t        fates[FATE_LAST];
    uint64_t        wrong;      /* replies that are not the open call's */
    uint64_t        closed;     /* connections, by the proxy */
    uint64_t        lost;       /* calls without any fate */
    uint64_t        left;       /* connections, by their client */
    uint64_t        refused;    /* connections */
    uint64_t        latency;    /* the longest, ms */
} client_counts_t;

typedef struct {
    uint64_t        connections;
    uint64_t        messages;
    uint64_t        replies;
    uint64_t        exceptions;
    uint64_t        unreadable; /* answers that are no message */
    uint64_t        closed;     /* by the proxy */
} mutant_counts_t;


extern options_t         conf;
extern shared_t         *shared;
extern uint8_t          *fates;         /* by id, client's */
extern client_counts_t   client_counts;
extern mutant_counts_t   mutant_counts;


/* plan.c */

void plan_init(void);
uint32_t plan_id(unsigned slot, unsigned number);
int plan_known(uint32_t id);
plan_t plan_call(uint32_t id);
conn_plan_e plan_conn(unsigned backend, unsigned number);
life_t plan_life(unsigned slot, unsigned generation);
uint32_t plan_check(uint32_t id, int reply);
const uint8_t *plan_text(uint32_t id, int reply);
const char *plan_action_name(action_e action);
const char *plan_fate_name(fate_e fate);

/* The fates that a call may have which was executed with this action. */

uint32_t plan_fates(action_e action);

rng_t rng_init(uint64_t kind, uint64_t a, uint64_t b);
uint64_t rng_next(rng_t *r);
uint32_t rng_below(rng_t *r, uint32_t n);

/* message.c */

#define TEXT_HEAD  17           /* bytes of text that say whose it is */

/* OK, AGAIN or ERROR; reads every type, strictly. */

int message_read(const uint8_t *p, size_t n, message_t *m);

void message_text(buf_t *b, wire_format_t format, int type, const char *name,
    int32_t seqid, int16_t field, uint32_t id, int reply, uint32_t len);
void message_exception(buf_t *b, wire_format_t format, const char *name,
    int32_t seqid, const char *text);

/* A struct of everything, at random. */

void message_random(buf_t *b, wire_format_t format, int type,
    const char *name, int32_t seqid, rng_t *rng);

void message_frame(buf_t *b, size_t start);

/* Whose text is this?  NO_ID: nobody's.  With its length: is it all right? */

uint32_t message_owner(const wire_str_t *text, int reply);
int message_intact(const wire_str_t *text, uint32_t id, int reply,
    uint32_t len);

/* backend.c, client.c, mutate.c, judge.c */

void backend_main(void);

void client_main(void (*tick)(void));
int proxy_connect(int rcvbuf);
void socket_close(int fd, int reset);
uint64_t now_ms(void);

void mutate(buf_t *b, size_t start, rng_t *rng);
void mutants_open(int ep);
void mutants_event(unsigned number);
void mutants_tick(uint64_t now, int stop);
unsigned mutants_alive(void);

unsigned judge(void);
void violation(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));


#endif /* CHAOS_H */
