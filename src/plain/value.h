/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/value.h: one value after the other, from bytes to JSON.  Private to
 * plain/.
 */

#ifndef NTHRIFT_PLAIN_VALUE_H
#define NTHRIFT_PLAIN_VALUE_H

#include "bind/token.h"
#include "bind/write.h"
#include "plain/plain.h"


typedef struct {
    const nthrift_plain_rules_t     *rules;
    nthrift_arena_t                 *arena;
    const nthrift_token_protocol_t  *protocol;
    const uint8_t                   *p;         /* what is not read yet */
    const uint8_t                   *last;
    uint32_t                         values;    /* that may still come */
    uint32_t                         depth;
    uint32_t                         base64;    /* strings not of UTF-8 */
    nthrift_write_t                  w;         /* the JSON */
    nthrift_plain_error_t           *err;
} nthrift_plain_value_t;


/* Reads from `p` in `protocol`, with no JSON so far; clears `err`. */
void nthrift_plain_value_start(nthrift_plain_value_t *v,
    const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    unsigned protocol, const uint8_t *p, const uint8_t *last,
    nthrift_plain_error_t *err);

/* The JSON that was written, or why it was not. */
int nthrift_plain_value_finish(nthrift_plain_value_t *v, nthrift_str_t *text);

/* A struct whose first field comes next. */
void nthrift_plain_value_open(nthrift_token_level_t *level);

/* The next token of a struct or a container. */
int nthrift_plain_value_token(nthrift_plain_value_t *v,
    nthrift_token_level_t *level, nthrift_token_t *t);

/*
 * Writes the value that the token begins.  `type` is what the IDL says of it,
 * behind typedefs; NULL: nothing.
 */
int nthrift_plain_value_write(nthrift_plain_value_t *v,
    const nthrift_token_t *t, const nthrift_idl_type_t *type);

/* The same for the next value of a container; its type may be a typedef. */
int nthrift_plain_value_element(nthrift_plain_value_t *v,
    nthrift_token_level_t *level, const nthrift_idl_type_t *type);

/* Passes over it. */
int nthrift_plain_value_skip(nthrift_plain_value_t *v,
    const nthrift_token_t *t);

/* A list, set or map whose first value comes next. */
void nthrift_plain_value_open_container(nthrift_token_level_t *level,
    const nthrift_token_t *t);

/* They say why, and return NTHRIFT_ERROR; no_room: whatever w.error is. */
int nthrift_plain_value_no_memory(nthrift_plain_value_t *v);
int nthrift_plain_value_no_room(nthrift_plain_value_t *v);
int nthrift_plain_value_too_many(nthrift_plain_value_t *v);

/* In value_map.c: writes a map whose first key comes next. */
int nthrift_plain_value_map(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type);

/* Whether the keys of a map of the IDL are strings, numbers or enums. */
int nthrift_plain_value_has_keys(const nthrift_idl_type_t *type);


/* In value_text.c */

/* Writes what is JSON already; UTF-8 as a string; bytes as base64. */
void nthrift_plain_value_put(nthrift_plain_value_t *v, const char *json);
void nthrift_plain_value_string(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len);
void nthrift_plain_value_base64(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len);

/* A string, or {"base64":...} if it is not of UTF-8; the name of a field. */
void nthrift_plain_value_text(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len);
void nthrift_plain_value_name(nthrift_plain_value_t *v,
    const nthrift_idl_field_t *field, int16_t id);


#endif /* NTHRIFT_PLAIN_VALUE_H */
