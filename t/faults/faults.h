/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/faults/faults.h: the parts of the program that has each call meet one fault
 * of a server, at one moment, and looks what becomes of it.  See faults.c.
 *
 * cases.c makes the cases and says what may become of each, message.c reads and
 * writes bytes, backend.c is the servers, client.c the clients.  All of it is
 * one process: a server finds what it is to do with a call by the call's id.
 */

#ifndef FAULTS_H
#define FAULTS_H

#include "buf.h"
#include "wire.h"

#include <stddef.h>
#include <stdint.h>


#define MAX_CALLS     (1U << 20)
#define NO_ID         UINT32_MAX


typedef enum {
    KIND_GET = 0,               /* idempotent */
    KIND_PUT,
    KIND_TELL,                  /* oneway */
    KIND_LAST
} kind_e;


/* What a server does. */

typedef enum {
    DOES_GOOD = 0,
    DOES_CLOSE,
    DOES_RESET,
    DOES_STALL,                 /* neither reads nor writes any more */
    DOES_HALF,                  /* closes its sending side */
    DOES_GARBAGE,
    DOES_SEQID,                 /* a reply of a seqid that was never used */
    DOES_NAME,                  /* a reply of another method */
    DOES_TWICE,                 /* the reply two times at once */
    DOES_LATER,                 /* and again, some ms after */
    DOES_SLOW,                  /* byte by byte */
    DOES_LAST
} does_e;


/* When it does. */

typedef enum {
    WHEN_CONNECT = 0,
    WHEN_ACCEPT,
    WHEN_REQUEST,               /* so many bytes of the call were read */
    WHEN_REPLY                  /* so many of the reply were sent */
} when_e;


/* After how many bytes of a message. */

typedef enum {
    AT_BEGIN = 0,
    AT_ONE,
    AT_THREE,
    AT_FOUR,                    /* a frame's length is there */
    AT_FIVE,
    AT_HALF,
    AT_BUT_ONE,
    AT_END,
    AT_LAST
} at_e;


/*
 * Where a call goes: an upstream{} and its server{}.  The proxy listens on
 * 127.1.0.place for calls to it, servers are on 127.2.place.number.
 */

typedef enum {
    PLACE_PLAIN = 1,            /* its servers do what the call's case says */
    PLACE_LARGE,                /* likewise, and take few bytes at once */
    PLACE_REFUSED,              /* nobody listens; with a good backup */
    PLACE_REFUSED_ALONE,
    PLACE_STALLED,              /* no connection is ever established */
    PLACE_STALLED_ALONE,
    PLACE_ACCEPT = 10           /* + does_e: that, with each connection */
} place_e;


#define PLAIN_SERVERS  3
#define LARGE_SERVERS  3
#define GOOD_SERVER    9        /* the number of a backup */


/* What a client has seen of a call; several may be allowed. */

typedef enum {
    FATE_OPEN      = 0,
    FATE_REPLY     = 1 << 0,
    FATE_GARBLED   = 1 << 1,    /* its own reply, with another text */
    FATE_TIMEOUT   = 1 << 2,    /* the proxy's exceptions, by their texts */
    FATE_CLOSED    = 1 << 3,
    FATE_MALFORMED = 1 << 4,
    FATE_CONNECT   = 1 << 5,
    FATE_OTHER     = 1 << 6,
    FATE_SENT      = 1 << 7     /* a oneway */
} fate_e;

#define FATE_ANY_EXCEPTION  (FATE_TIMEOUT | FATE_CLOSED | FATE_MALFORMED \
                             | FATE_CONNECT)


typedef struct {
    place_e         place;
    does_e          does;
    when_e          when;
    at_e            at;
    int             always;     /* with each attempt, not with the first only */
    kind_e          kind;
    wire_format_t   format;
    int             warm;       /* a good call comes before */
    int             together;   /* the good call behind does not wait */
} case_t;


typedef struct {
    const case_t   *planned;    /* NULL: it is to be answered */
    const case_t   *around;     /* its client's; NULL: a neighbour's */
    kind_e          kind;
    place_e         place;
    wire_format_t   format;
    int32_t         seqid;      /* its client's */
    uint32_t        body;       /* bytes, without head and frame */

    unsigned        seen;       /* attempts that came to a server */
    unsigned        executed;
    unsigned        tainted;    /* on a connection with a fault of another */
    fate_e          fate;
} call_t;


typedef struct {
    wire_format_t   format;
    wire_head_t     head;
    uint32_t        id;         /* of the call that its text is of, or NO_ID */
    int             intact;     /* the text is all right */
    wire_str_t      error;      /* of an exception */
    int             code;
    size_t          len;
} message_t;


typedef struct {
    uint16_t        proxy;      /* ports */
    uint16_t        backend;
    int             shared;     /* connections are everybody's */
    int             pipeline;   /* several calls are on one at once */
    unsigned        slots;      /* cases at the same time */
    unsigned        neighbours;
    unsigned        pad;        /* bytes of a large call */
    unsigned        patience;   /* ms until a call counts as lost */
    unsigned        seed;
    unsigned        part;       /* one of so many cases is tried */
    unsigned        shown;      /* violations */
    int             verbose;
    const char     *only;       /* cases whose name begins so */
} options_t;


/* Data of an event. */

typedef struct source_s  source_t;

struct source_s {
    void          (*event)(source_t *source, uint32_t events);
    int             fd;
};


extern options_t   conf;
extern call_t     *calls;       /* by id */
extern uint32_t    ncalls;
extern unsigned    violations;


/* faults.c */

void violation(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
void die(const char *what)
    __attribute__((noreturn));
uint64_t now_ms(void);
void watch(source_t *source, uint32_t events);
void socket_close(int fd, int reset);

/* Frees it when no event of this turn can refer to it any more. */

void discard(void *p);

/* cases.c */

void cases_init(void);
const case_t *case_next(void);
unsigned case_count(void);
void case_name(const case_t *c, char *text, size_t size);

uint32_t call_new(const case_t *planned, const case_t *around, kind_e kind,
    place_e place, wire_format_t format);

/* Has it the fate that it may have; the text is an exception's. */

void call_judge(uint32_t id, fate_e fate, const wire_str_t *text);

/* What cannot be said before all is over; prints what befell. */

void cases_judge(void);

/* message.c */

const char *kind_name(kind_e kind);
size_t at_bytes(at_e at, size_t size);

void call_write(buf_t *b, uint32_t id);
void reply_write(buf_t *b, uint32_t id, wire_format_t format, int32_t seqid,
    const char *name);

/*
 * OK, AGAIN or ERROR.  Of a call the first bytes are enough: len is that of all
 * of it.
 */

int request_read(const uint8_t *p, size_t n, message_t *m);
int reply_read(const uint8_t *p, size_t n, message_t *m);

/* backend.c, client.c */

void backend_init(void);
void backend_tick(uint64_t now);

void clients_init(void);

/* 1: all cases were tried, and no client has a call open. */

int clients_tick(uint64_t now);
void clients_report(void);


#endif /* FAULTS_H */
