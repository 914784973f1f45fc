/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/check.h: whether a body says what the IDL says it must.  For bodies
 * that the walk of wire/skip.h has found well formed; one that is not is
 * refused here or found good, but never read beyond its runs.
 *
 * Refused, each with its own sentence: a field, an element or a key of another
 * type than declared (an empty container may say another one, but not a uuid,
 * nor what is no type; a map, none at all); a uuid that is not declared, at
 * any depth, unless by rule; by rule, a field that is not declared and goes
 * deeper than others may; a required field that is missing; a union that
 * has not exactly one field, or, unless in a reply, one that is not declared;
 * unless in a reply, a field that is not declared and makes a body of compact
 * begin as a message does; unless in a reply, a bool in a container of compact
 * that is neither 1 nor 2,
 * or whose type there is not 1; a result with two known fields, or with none
 * at all unless the method is void; by rule, an enum's number that is not
 * declared, a field that is not declared, and a string that is not UTF-8
 * (Unicode 15, table 3-7: no surrogates, no overlong forms).  A field may
 * occur twice, except where only one may be.
 *
 * A uuid that is not declared has no length that all agree on: thriftpy and
 * thriftpy2 pass over none of its 16 bytes, and read what is in them as
 * fields.  Java's, Ruby's and Rust's servers (to Thrift 0.17) answer a type
 * that they do not know with an exception, and read the rest of the body as
 * calls.  So do Ruby's with a union whose field they do not know, and Rust's
 * with a bool that is not written as most libraries write it, and with text
 * that is not UTF-8: where they do not know a field it is text to them.
 * Rust's pass over 64 levels of a field and no more, and then do the same; and
 * they read no arguments of a method that they do not have.
 *
 * Sources: doc/specs/thrift-binary-protocol.md, thrift-compact-protocol.md,
 * lib/java TUnion.java (a second field of a union is not read by it).
 */

#ifndef NTHRIFT_CHECK_H
#define NTHRIFT_CHECK_H

#include "bind/bytes.h"
#include "bind/schema.h"


/* What is done with something that may be a mistake. */

typedef enum {
    NTHRIFT_CHECK_PASS = 0,
    NTHRIFT_CHECK_REFUSE = 1,
    NTHRIFT_CHECK_TELL = 2,         /* passed, and told in err->told */
    NTHRIFT_CHECK_DROP = 3          /* fields: the same, and as they are taken
                                       out (prune.h) what is in them need be
                                       well formed only */
} nthrift_check_e;

#define NTHRIFT_CHECK_ENUM   0x01   /* a number that its enum does not have */
#define NTHRIFT_CHECK_FIELD  0x02   /* a field that its struct does not have */
#define NTHRIFT_CHECK_TEXT   0x04   /* a string that is not UTF-8 */


typedef struct {
    uint32_t      max_depth;        /* levels of structs and containers; the
                                       outermost struct is level 1 */
    uint32_t      undeclared_depth; /* those that a field which is not declared
                                       may reach; 0: as many as others */
    uint32_t      max_required;     /* that a struct can have: from the set
                                       its table is of; 0 is 64 */
    uint8_t       enums;            /* nthrift_check_e: numbers that are not
                                       declared */
    uint8_t       fields;           /* nthrift_check_e: fields that are not
                                       declared */
    uint8_t       utf8;             /* nthrift_check_e: strings that are not
                                       UTF-8; binary may be anything, but what
                                       is not declared must be UTF-8 as well,
                                       unless in a reply */
    uint8_t       uuids;            /* 1: may be where none is declared; for
                                       who passes nothing on */
    uint8_t       reply;            /* 1: a reply, in which what only servers
                                       fail on is let pass: a union's field
                                       that is not declared, what begins as a
                                       message does, and bools of compact that
                                       are neither 1 nor 2 */
} nthrift_check_rules_t;


/*
 * What is wrong, and where: "user.address.zip", "items[3].price",
 * "prices{}.amount"; the types of a container's elements themselves are
 * "items[]" and "prices{}"; a field that is not declared is its id,
 * "user.50".  The path is empty for the body as a whole.  It is not
 * terminated; one that is too long for its place ends in "...".
 */

typedef struct {
    const char   *text;             /* constant, as in nthrift_error_t */
    uint8_t      *path;             /* the caller's place for the path ... */
    size_t        size;             /* ... its bytes; may be 0 ... */
    size_t        len;              /* ... and those in use */
    uint8_t       told;             /* NTHRIFT_CHECK_ENUM, _FIELD, _TEXT: what
                                       was met of what the rules want to be
                                       told */
} nthrift_check_error_t;


/* Bytes of memory that a check under these rules takes. */

size_t nthrift_check_size(const nthrift_check_rules_t *rules);

/*
 * Checks the struct that begins at body->p against its table.  `memory` has
 * nthrift_check_size() bytes, aligned to 8, which need not be cleared and may
 * be used for the next body; nothing is kept in it.  `protocol` is one
 * of protocol.h.
 *
 * NTHRIFT_OK: the body is good, body->p is behind its stop, and err->told is
 * set.
 * NTHRIFT_ERROR: err->text says what is wrong, err->path[0 .. err->len) where;
 * body->p is somewhere.
 */
int nthrift_check_body(const nthrift_check_rules_t *rules, void *memory,
    unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *body,
    nthrift_check_error_t *err);

/*
 * The same in parts.  nthrift_check_part() goes on for `bytes` (1 or more) and
 * then to the end of the run; NTHRIFT_AGAIN: it is to be called again.  Between
 * them memory, body, err and its place for the path are kept as they are.
 */
int nthrift_check_start(const nthrift_check_rules_t *rules, void *memory,
    unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *body,
    nthrift_check_error_t *err);
int nthrift_check_part(const nthrift_check_rules_t *rules, void *memory,
    uint64_t bytes);


#endif /* NTHRIFT_CHECK_H */
