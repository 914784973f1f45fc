/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/value.h: one value after the other, from bytes to JSON, with a rest
 * behind any of them.  Private to plain/.
 *
 *     value.c       structs, lists, numbers; passing over values
 *     value_map.c   maps: objects, or pairs
 *     value_text.c  strings, long ones in parts
 */

#ifndef NTHRIFT_PLAIN_VALUE_H
#define NTHRIFT_PLAIN_VALUE_H

#include "bind/token.h"
#include "bind/utf8.h"
#include "bind/write.h"
#include "plain/plain.h"


/* A map that is written as an object, and may have to become pairs. */

typedef enum {
    NTHRIFT_PLAIN_VALUE_MEMBERS = 0,    /* they are written, ... */
    NTHRIFT_PLAIN_VALUE_TWICE,          /* ... compared, ... */
    NTHRIFT_PLAIN_VALUE_MOVE            /* ... and made pairs */
} nthrift_plain_value_object_e;

typedef struct nthrift_plain_value_member_s  nthrift_plain_value_member_t;

typedef struct {
    nthrift_plain_value_object_e   step;
    nthrift_plain_value_member_t  *members;     /* n, and their end */
    uint32_t                       n;
    uint32_t                       i;           /* the next one */
    uint32_t                      *slots;       /* 0, or 1 + which member */
    size_t                         mask;
    size_t                         more;        /* bytes that pairs need */
    size_t                         end;         /* where moved ones begin */
    unsigned                       odd;         /* 1: a key is no text that JSON
                                                   can have */
} nthrift_plain_value_object_t;


/* A struct or a container that is open. */

typedef enum {
    NTHRIFT_PLAIN_VALUE_STRUCT = 0,
    NTHRIFT_PLAIN_VALUE_LIST,
    NTHRIFT_PLAIN_VALUE_OBJECT,         /* a map */
    NTHRIFT_PLAIN_VALUE_PAIRS,          /* another one */
    NTHRIFT_PLAIN_VALUE_SKIP            /* nothing is written of it */
} nthrift_plain_value_e;

typedef struct {
    nthrift_plain_value_e          kind;
    nthrift_token_level_t          token;
    const nthrift_idl_struct_t    *st;          /* NULL: it is not declared */
    const nthrift_idl_type_t      *key;         /* of a map, or NULL */
    const nthrift_idl_type_t      *elem;        /* of a container, or NULL */
    unsigned                       begun;       /* something is in it */
    unsigned                       half;        /* a key is written */
    nthrift_plain_value_object_t   object;
} nthrift_plain_value_level_t;


/* A long string. */

typedef enum {
    NTHRIFT_PLAIN_VALUE_NONE = 0,
    NTHRIFT_PLAIN_VALUE_CHECK,          /* whether it is UTF-8 */
    NTHRIFT_PLAIN_VALUE_TEXT,
    NTHRIFT_PLAIN_VALUE_BASE64,
    NTHRIFT_PLAIN_VALUE_WRAPPED         /* {"base64":"..."} */
} nthrift_plain_value_string_e;

typedef struct {
    nthrift_plain_value_string_e   step;
    const uint8_t                 *start;
    const uint8_t                 *p;           /* what comes next */
    const uint8_t                 *last;
    nthrift_utf8_t                 utf8;
} nthrift_plain_value_string_t;


typedef struct {
    const nthrift_plain_rules_t     *rules;
    nthrift_arena_t                 *arena;
    const nthrift_token_protocol_t  *protocol;
    const uint8_t                   *p;         /* what is not read yet */
    const uint8_t                   *last;
    uint32_t                         values;    /* that may still come */
    uint32_t                         depth;
    uint32_t                         base64;    /* strings not of UTF-8 */
    unsigned                         secrets;   /* 1: fields that are secret or
                                                   not declared are left out */
    nthrift_write_t                  w;         /* the JSON */
    nthrift_plain_error_t           *err;

    nthrift_plain_value_level_t     *levels;    /* they move when they grow */
    uint32_t                         nlevels;
    uint32_t                         size;
    nthrift_plain_value_string_t     string;
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
 * Begins to write the value that the token begins, or to pass over it: it is
 * done when nthrift_plain_value_run() has returned NTHRIFT_OK.  `type` is what
 * the IDL says of it, behind typedefs; NULL: nothing.
 */
int nthrift_plain_value_write(nthrift_plain_value_t *v,
    const nthrift_token_t *t, const nthrift_idl_type_t *type);
int nthrift_plain_value_skip(nthrift_plain_value_t *v,
    const nthrift_token_t *t);

/* Begins to write {...} of the fields that come next, none of them declared. */
int nthrift_plain_value_fields(nthrift_plain_value_t *v);

/* The same, of the fields of `st`. */
int nthrift_plain_value_struct(nthrift_plain_value_t *v,
    const nthrift_idl_struct_t *st);

/*
 * Writes about `size` bytes of what was begun.  NTHRIFT_AGAIN: there is more;
 * NTHRIFT_OK: all is written, or NTHRIFT_ERROR.
 */
int nthrift_plain_value_run(nthrift_plain_value_t *v, size_t size);

/* As _write(), for the next value of a container; its type may be a typedef. */
int nthrift_plain_value_element(nthrift_plain_value_t *v,
    nthrift_token_level_t *level, const nthrift_idl_type_t *type);

/* One more level: NULL: no memory, as v->err says. */
nthrift_plain_value_level_t *nthrift_plain_value_push(
    nthrift_plain_value_t *v, nthrift_plain_value_e kind);
void nthrift_plain_value_pop(nthrift_plain_value_t *v);

/* A list, set or map whose first value comes next. */
void nthrift_plain_value_open_container(nthrift_token_level_t *level,
    const nthrift_token_t *t);

/* They say why, and return NTHRIFT_ERROR; no_room: whatever w.error is. */
int nthrift_plain_value_no_memory(nthrift_plain_value_t *v);
int nthrift_plain_value_no_room(nthrift_plain_value_t *v);
int nthrift_plain_value_too_many(nthrift_plain_value_t *v);

/* In value_map.c: begins with a map; what comes next in one. */
int nthrift_plain_value_map(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type);
int nthrift_plain_value_next_pair(nthrift_plain_value_t *v);
int nthrift_plain_value_next_member(nthrift_plain_value_t *v, size_t *size);

/* Whether the keys of a map of the IDL are strings, numbers or enums. */
int nthrift_plain_value_has_keys(const nthrift_idl_type_t *type);


/* In value_text.c */

/* Writes what is JSON already; UTF-8 as a string; bytes as base64. */
void nthrift_plain_value_put(nthrift_plain_value_t *v, const char *json);
void nthrift_plain_value_string(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len);
void nthrift_plain_value_base64(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len);

/* Begins with a long one, of text or binary; a part of it. */
void nthrift_plain_value_long(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len, unsigned binary);
void nthrift_plain_value_long_part(nthrift_plain_value_t *v, size_t *size);

/* A string, or {"base64":...} if it is not of UTF-8; the name of a field. */
void nthrift_plain_value_text(nthrift_plain_value_t *v, const uint8_t *data,
    size_t len);
void nthrift_plain_value_name(nthrift_plain_value_t *v,
    const nthrift_idl_field_t *field, int16_t id);


#endif /* NTHRIFT_PLAIN_VALUE_H */
