/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/read.h: what the files share that write the bodies of calls.  Private
 * to plain/.
 *
 *     read.c        JSON: its limits, and its parts
 *     read_walk.c   structs and containers of it
 *     read_string.c its strings, long ones in parts
 *     query.c       a query
 *     scalar.c      numbers and text of both
 *     default.c     what is not given
 */

#ifndef NTHRIFT_PLAIN_READ_H
#define NTHRIFT_PLAIN_READ_H

#include "bind/write.h"
#include "plain/json.h"


/* A struct or a container that is open. */

typedef enum {
    NTHRIFT_PLAIN_READ_STRUCT = 0,
    NTHRIFT_PLAIN_READ_LIST,
    NTHRIFT_PLAIN_READ_OBJECT,      /* a map, from an object ... */
    NTHRIFT_PLAIN_READ_PAIRS        /* ... or from [[key, value], ...] */
} nthrift_plain_read_e;

typedef struct {
    nthrift_plain_read_e          kind;
    nthrift_plain_path_t          path;     /* of what comes next in it */
    const nthrift_idl_struct_t   *st;
    const nthrift_idl_type_t     *type;     /* of a container */
    const nthrift_plain_node_t   *node;     /* that comes next */
    size_t                        i;        /* of how many ... */
    size_t                        n;        /* ... fields, elements, pairs */
    size_t                        base;     /* of a struct, in `given` */
    int16_t                       last;     /* id of the field before */
    unsigned                      half;     /* a key was written */

    /* names of an object that is a map: none may be there twice */

    nthrift_str_t                *names;
    uint32_t                     *slots;    /* 0, or 1 + which name */
    size_t                        mask;
} nthrift_plain_read_level_t;


/* A string that is being written. */

typedef struct {
    const nthrift_plain_node_t   *node;     /* NULL: none */
    const nthrift_plain_path_t   *path;
    size_t                        at;       /* bytes of its text, read */
    unsigned                      base64;   /* it is read as that */
    uint8_t                       rest[8];  /* characters of it */
    uint8_t                       nrest;
} nthrift_plain_read_string_t;


typedef struct {
    const nthrift_plain_rules_t  *rules;
    nthrift_arena_t              *arena;
    nthrift_write_t               w;
    uint32_t                      depth;    /* structs and containers open */
    uint32_t                      values;   /* that may still be written */
    nthrift_plain_error_t        *err;

    /*
     * What is given for the fields of the structs that are open: of each as
     * many as it has fields.  It moves when it grows.
     */
    const nthrift_plain_node_t  **given;
    size_t                        top;
    size_t                        size;

    /* JSON */

    nthrift_plain_json_t          json;
    nthrift_plain_read_level_t   *levels;
    uint32_t                      nlevels;
    nthrift_plain_read_string_t   string;
    char                          word[NTHRIFT_PLAIN_JSON_NUMBER + 5];
} nthrift_plain_read_t;


/* Begins a body of `protocol`, and clears `err`. */
void nthrift_plain_read_start(nthrift_plain_read_t *r,
    const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    unsigned protocol, nthrift_plain_error_t *err);

/* What was written, or why it was not: NTHRIFT_OK, or NTHRIFT_ERROR. */
int nthrift_plain_read_finish(nthrift_plain_read_t *r, nthrift_str_t *body);

/*
 * Before a value is written, and before one that has values in it:
 * NTHRIFT_ERROR, a limit is reached, or the body has no room.
 */
int nthrift_plain_read_count(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path);
int nthrift_plain_read_descend(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path);

/* A field of a struct at `up`, as a place. */
void nthrift_plain_read_path(nthrift_plain_path_t *path,
    const nthrift_plain_path_t *up, const nthrift_idl_field_t *field);

/* Fails unless a field that is missing may be. */
int nthrift_plain_read_missing(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field);

/*
 * Writes the head of a field, whose place is `path`.  Not for a bool: its head
 * and its value are one.
 */
int nthrift_plain_read_head(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field,
    int16_t *last);

/* Says that a struct has no such argument or field. */
int nthrift_plain_read_unknown(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_struct_t *st,
    const nthrift_str_t *name);


/* They say it, and return NTHRIFT_ERROR. */
int nthrift_plain_read_fail(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const char *text);
int nthrift_plain_read_no_memory(nthrift_plain_read_t *r);


/* read_walk.c */

/* Begins with the arguments of a method, of which the JSON was read. */
int nthrift_plain_read_open(nthrift_plain_read_t *r,
    const nthrift_idl_method_t *method);

/*
 * Writes the next value, and takes what that is worth of `*size`: NTHRIFT_OK,
 * or NTHRIFT_ERROR.  There are more as long as a level is open.
 */
int nthrift_plain_read_next(nthrift_plain_read_t *r, size_t *size);


/* read_string.c */

/*
 * Begins to write a string of JSON, as it is or the bytes of which it is the
 * base64; `path` has to live until it is written.
 */
int nthrift_plain_read_string(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_plain_node_t *node,
    unsigned base64);

/* Writes more of it: r->string.node is NULL when it is written. */
int nthrift_plain_read_string_part(nthrift_plain_read_t *r, size_t *size);

/* All of a string, and a 0 byte behind it; the arena's.  NULL: no memory. */
const uint8_t *nthrift_plain_read_name(nthrift_plain_read_t *r,
    const nthrift_plain_node_t *node);

/*
 * A number, or a string that is a word: with a 0 byte behind it, until the next
 * one is asked for.  NULL: it is something else, has a 0 byte itself, or is
 * longer than r->word.
 */
const char *nthrift_plain_read_word(nthrift_plain_read_t *r,
    const nthrift_plain_node_t *node);

/* Whether a string is this one, which has less than 8 characters. */
int nthrift_plain_read_is(nthrift_plain_read_t *r,
    const nthrift_plain_node_t *node, const char *word);


/* scalar.c */

/* The wire's type of a type of the IDL (nthrift_type_e). */
unsigned nthrift_plain_scalar_type(const nthrift_idl_type_t *type);

/* 1 for a type that has no values in it; it may be a typedef. */
int nthrift_plain_scalar_is(const nthrift_idl_type_t *type);

/* Writes a value whose type, behind typedefs, is a scalar. */
int nthrift_plain_scalar_read(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const nthrift_plain_node_t *node);

/*
 * The same for text without quotes around it, of which 0 ends it: a key of a
 * map that is an object, and a value of a query.
 */
int nthrift_plain_scalar_read_key(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const char *text);
int nthrift_plain_scalar_read_text(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const char *text);

/* "true" and "false": 1 and 0; -1: neither. */
int nthrift_plain_scalar_truth(const char *text);


/* default.c */

/*
 * Writes a field with its default.  The loader has checked that it fits its
 * type.
 */
int nthrift_plain_default_field(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field,
    int16_t *last);

/* Writes a value of the IDL as one of `type`. */
int nthrift_plain_default_value(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value);


#endif /* NTHRIFT_PLAIN_READ_H */
