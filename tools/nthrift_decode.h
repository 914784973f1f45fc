/*
 * nthrift_decode.h: a reply's body, from bytes to JSON.  What JSON stands for
 * what is in docs/nthrift.md.
 */

#ifndef NTHRIFT_TOOL_DECODE_H
#define NTHRIFT_TOOL_DECODE_H

#include "idl/model.h"
#include "wire/wire.h"

#include <jansson.h>


/* Values in a reply, at most: each takes memory as JSON. */

#define NTHRIFT_DECODE_VALUES  4000000

/* Levels of structs and containers in it. */

#define NTHRIFT_DECODE_DEPTH   NTHRIFT_MAX_DEPTH


typedef struct {
    json_t         *json;           /* the caller's */
    int             exception;      /* 1: it is one, declared or not */
    int             precision;      /* digits that tell all doubles apart */
    char            error[512];     /* what does not fit the IDL, and where */
} nthrift_decode_t;


/*
 * Reads the result of `method` in [p, last), which a walk has found well
 * formed: a value, null for void, or {"exception": ...}.  Tables for the check
 * against the IDL are taken from `arena`.  0; or -1 and d->error.
 */
int nthrift_decode_result(nthrift_decode_t *d, nthrift_arena_t *arena,
    unsigned protocol, const nthrift_idl_method_t *method, const uint8_t *p,
    const uint8_t *last);

/* The same for a TApplicationException. */
int nthrift_decode_exception(nthrift_decode_t *d, unsigned protocol,
    const uint8_t *p, const uint8_t *last);


#endif /* NTHRIFT_TOOL_DECODE_H */
