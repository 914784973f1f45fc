/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/call.h: what a call carries and what its reply must be.  Bytes in and
 * out; no socket, no allocation after call_init().
 *
 * Seqid and arguments are functions of the run's seed, the connection's number
 * and the call's number: a reply that belongs to another call differs.
 */

#ifndef BENCH_CALL_H
#define BENCH_CALL_H

#include "wire.h"


#define CALL_ERROR_LEN  256
#define CALL_ROOM       65536   /* what a reply may be longer than expected */


typedef enum {
    CALL_ECHO = 0,              /* string (1: string): what was sent */
    CALL_FIXED,                 /* string (): always the same */
    CALL_SUM,                   /* i64 (1: i32, 2: i64): their sum */
    CALL_KINDS
} call_kind_e;


typedef struct {
    wire_format_t   format;     /* this and the next seven: the caller's */
    call_kind_e     kind;
    uint32_t        payload;    /* of CALL_ECHO: bytes */
    const char     *expect;     /* of CALL_FIXED: the reply's string */
    uint32_t        seed;
    const char     *method;     /* NULL: echo, ping or add, by kind */
    const char     *service;    /* NULL: the call is not multiplexed */

    char            name[256];  /* "service:method"; the reply has "method" */
    size_t          size;       /* no call is longer, with its frame */
    size_t          reply_max;
    uint8_t        *pattern;    /* payloads are cut from it */
    char            error[CALL_ERROR_LEN];
} call_t;


/* WIRE_ERROR: no memory. */

int call_init(call_t *call);

/* Writes a call to p, where call->size bytes are free; returns its end. */

uint8_t *call_write(const call_t *call, uint8_t *p, uint32_t connection,
    uint32_t number);

/*
 * Checks the reply that begins at p: OK, then *used is its length and *type
 * is WIRE_REPLY or WIRE_EXCEPTION (whose text is in call->error); AGAIN: more
 * bytes are needed; ERROR: not the reply to this call, call->error says why.
 */

int call_check(call_t *call, uint32_t connection, uint32_t number,
    const uint8_t *p, size_t n, size_t *used, int *type);


#endif /* BENCH_CALL_H */
