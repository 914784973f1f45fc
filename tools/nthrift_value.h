/*
 * nthrift_value.h: one value after the other, from bytes to JSON.  Private to
 * nthrift_decode.c and nthrift_value.c.
 */

#ifndef NTHRIFT_TOOL_VALUE_H
#define NTHRIFT_TOOL_VALUE_H

#include "nthrift_decode.h"

#include "bind/token.h"


typedef struct {
    const nthrift_token_protocol_t  *protocol;
    const uint8_t                   *p;         /* what is not read yet */
    const uint8_t                   *last;
    uint32_t                         values;    /* that may still come */
    unsigned                         depth;
    nthrift_decode_t                *d;
} nthrift_value_t;


/* Begins at `p`, and clears `d`. */
void nthrift_value_start(nthrift_value_t *c, nthrift_decode_t *d,
    unsigned protocol, const uint8_t *p, const uint8_t *last);

/* Notes the first error; returns NULL. */
json_t *nthrift_value_fail(nthrift_value_t *c, const char *text);

/* A struct whose first field comes next. */
void nthrift_value_open(nthrift_token_level_t *level);

/* The next token of a struct or a container: 0, or -1. */
int nthrift_value_token(nthrift_value_t *c, nthrift_token_level_t *level,
    nthrift_token_t *t);

/*
 * The value that the token begins, or NULL: an error.  `type` is what the IDL
 * says of it, behind typedefs; NULL: nothing.
 */
json_t *nthrift_value_read(nthrift_value_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type);

/* Text as a string; if it is not UTF-8, as {"base64": ...}. */
json_t *nthrift_value_text(const uint8_t *data, size_t len);

/* Adds a field under its name or, if `field` is NULL, under "#<id>". */
void nthrift_value_add(json_t *json, const nthrift_idl_field_t *field,
    int16_t id, json_t *value);


#endif /* NTHRIFT_TOOL_VALUE_H */
