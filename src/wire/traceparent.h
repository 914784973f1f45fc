/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/traceparent.h: the header "traceparent", which says to which trace a
 * call belongs.
 *
 *     00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
 *     |  trace                            span, of the     |
 *     version                             caller           flags
 *
 * Source: W3C Trace Context, https://www.w3.org/TR/trace-context-2/, 3.2.
 */

#ifndef NTHRIFT_TRACEPARENT_H
#define NTHRIFT_TRACEPARENT_H

#include "base/base.h"


#define NTHRIFT_TRACE_SIZE        16
#define NTHRIFT_SPAN_SIZE         8

/* Bytes of one as text: of version 00, which is what is written. */

#define NTHRIFT_TRACEPARENT_SIZE  55


/* Flags; others are not known, and are not passed on. */

#define NTHRIFT_TRACE_SAMPLED     0x01
#define NTHRIFT_TRACE_RANDOM      0x02  /* the trace's number is random */


typedef struct {
    uint8_t  trace[NTHRIFT_TRACE_SIZE];
    uint8_t  span[NTHRIFT_SPAN_SIZE];
    uint8_t  flags;
} nthrift_traceparent_t;


/* NTHRIFT_DECLINED: it is none, and nothing of it may be used. */
int nthrift_traceparent_read(const nthrift_str_t *text,
    nthrift_traceparent_t *parent);

/* Returns the byte behind, of NTHRIFT_TRACEPARENT_SIZE. */
uint8_t *nthrift_traceparent_write(uint8_t *p,
    const nthrift_traceparent_t *parent);

/* The same for `n` bytes as 2 * n digits. */
uint8_t *nthrift_traceparent_write_hex(uint8_t *p, const uint8_t *bytes,
    size_t n);


#endif /* NTHRIFT_TRACEPARENT_H */
