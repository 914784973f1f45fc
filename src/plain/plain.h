/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/plain.h: plain JSON by the IDL: arguments as a person writes them, and
 * results as a program in a browser reads them, to and from the bytes of
 * bodies.  docs/json.md says which JSON stands for what.  It is not the JSON
 * protocol (wire/json.h), which has ids and types in place of names.
 *
 *     JSON, or a query ---> read.c, query.c ---> body of a call
 *     body of a reply  ---> reply.c -----------> JSON, and what it is
 *     definitions      ---> openapi.c ---------> OpenAPI 3.1
 *
 * For the command nthrift and for whoever else speaks JSON with people.  No
 * function opens, prints or waits.  All memory is taken from the arena that is
 * handed in; of JSON that is read, 16 bytes for each value and each name, and
 * what is written, together with the buffers that were too small for it.
 *
 * All return NTHRIFT_OK, or NTHRIFT_ERROR and what is wrong in `err`.
 */

#ifndef NTHRIFT_PLAIN_H
#define NTHRIFT_PLAIN_H

#include "bind/schema.h"


typedef struct {
    uint32_t   max_depth;       /* levels of structs and containers, 1 ..
                                   NTHRIFT_MAX_DEPTH; arguments and results
                                   are level 1 themselves */
    uint32_t   max_values;      /* values in JSON that is read, in defaults
                                   that are added, in a body that is shown */
    size_t     max_size;        /* bytes that are written: body or JSON */
    uint64_t   seed;            /* of tables of keys: random is best */
    uint8_t    long_strings;    /* 1: i64 is shown as a string, "1", for those
                                   who read numbers as doubles; both are read
                                   always */
} nthrift_plain_rules_t;


typedef enum {
    NTHRIFT_PLAIN_SYNTAX = 1,   /* it is no JSON, or no query */
    NTHRIFT_PLAIN_ARGUMENTS,    /* JSON or a query that does not fit the IDL */
    NTHRIFT_PLAIN_REPLY,        /* a reply that does not */
    NTHRIFT_PLAIN_SIZE,         /* more than max_size, ... */
    NTHRIFT_PLAIN_VALUES,       /* ... max_values, ... */
    NTHRIFT_PLAIN_DEPTH,        /* ... or max_depth allows */
    NTHRIFT_PLAIN_MEMORY        /* the arena or malloc() has no more */
} nthrift_plain_error_e;


#define NTHRIFT_PLAIN_TEXT  512         /* bytes of an error's text */

/*
 * The first thing that is wrong: its place and a sentence, "user.tags[3]:
 * string expected", "prices{apple}: number expected", "JSON:1:7: ...".  The
 * text ends with a 0 byte, is UTF-8 and has no control characters, whatever
 * was read; a long path is cut.
 */

typedef struct {
    nthrift_plain_error_e   kind;
    size_t                  path;       /* bytes of `text` that are the place,
                                           0: it is about all of it */
    size_t                  len;
    char                    text[NTHRIFT_PLAIN_TEXT];
} nthrift_plain_error_t;


/* A method, prepared once for all its calls. */

typedef struct {
    const nthrift_idl_method_t  *idl;
    const nthrift_schema_t      *result;        /* NULL: oneway */
    uint32_t                     max_required;
} nthrift_plain_method_t;


/*
 * Prepares a method.  Tables are taken from the set's arena; all methods of a
 * configuration should have one set.  NTHRIFT_ERROR: no memory, and the set
 * must not be used again.
 */
int nthrift_plain_method_init(nthrift_plain_method_t *m,
    nthrift_schema_set_t *set, const nthrift_idl_method_t *method);

/*
 * Writes the body of a call of `m` in `protocol` (NTHRIFT_BINARY or
 * NTHRIFT_COMPACT): `text` is JSON, an object by the names of arguments or an
 * array by their places in the IDL; empty text is an object without members.
 * What is missing gets the defaults of the IDL; null leaves out an argument or
 * field together with its default.  `*body` lives as long as `arena`.
 */
int nthrift_plain_read(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_plain_method_t *m,
    const nthrift_str_t *text, unsigned protocol, nthrift_str_t *body,
    nthrift_plain_error_t *err);

/*
 * The same in parts, of about `size` bytes of JSON or of what is written:
 * create() prepares it, and read() returns NTHRIFT_AGAIN until the last part is
 * done.  `rules`, `m`, `text` and `err` live as long as the call is read; there
 * is nothing to be freed but the arena.  NULL: no memory, as `err` says.
 */

typedef struct nthrift_plain_call_s  nthrift_plain_call_t;

nthrift_plain_call_t *nthrift_plain_call_create(
    const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, const nthrift_str_t *text,
    unsigned protocol, nthrift_plain_error_t *err);
int nthrift_plain_call_read(nthrift_plain_call_t *call, size_t size,
    nthrift_str_t *body);

/*
 * The same for the query of a URL, "id=7&name=a%20b": the text behind its
 * "?", as it was received.  "+" is a blank.  A name that occurs several times
 * gives the elements of a list or set.
 */
int nthrift_plain_read_query(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_plain_method_t *m,
    const nthrift_str_t *query, unsigned protocol, nthrift_str_t *body,
    nthrift_plain_error_t *err);

/*
 * 1 if nthrift_plain_read_query() can give all arguments of the method: they
 * are scalars, or lists and sets of scalars.
 */
int nthrift_plain_is_query(const nthrift_idl_method_t *method);


/* What a reply says. */

typedef enum {
    NTHRIFT_PLAIN_RESULT = 0,
    NTHRIFT_PLAIN_VOID,             /* "null" */
    NTHRIFT_PLAIN_DECLARED,         /* an exception that the IDL has ... */
    NTHRIFT_PLAIN_UNDECLARED,       /* ... one that the server's IDL has, and
                                       ours has not ... */
    NTHRIFT_PLAIN_APPLICATION       /* ... TApplicationException */
} nthrift_plain_reply_e;

typedef struct {
    nthrift_plain_reply_e   kind;
    nthrift_str_t           text;       /* JSON on one line; the arena's */
    nthrift_str_t           type;       /* of exceptions: "NotFound", "#5",
                                           "TApplicationException" */
    int32_t                 code;       /* TApplicationException's type */
    uint32_t                base64;     /* strings that are not UTF-8, and
                                           stand there as {"base64": ...} */
} nthrift_plain_reply_t;


/*
 * Writes the JSON of a reply of `m`, not oneway: [p, last) is the body of a
 * message of `type`, NTHRIFT_REPLY or NTHRIFT_EXCEPTION, in `protocol`.  Bytes
 * may be anything; what does not fit the IDL is an error, but for fields that
 * it does not have, which are shown under their ids.
 */
int nthrift_plain_reply(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_plain_method_t *m,
    unsigned protocol, unsigned type, const uint8_t *p, const uint8_t *last,
    nthrift_plain_reply_t *reply, nthrift_plain_error_t *err);

/*
 * The same in parts, of about `size` bytes of the body or of JSON: as for calls
 * above.  `rules`, `m`, the body, `reply` and `err` live as long as it is
 * written.
 */

typedef struct nthrift_plain_answer_s  nthrift_plain_answer_t;

nthrift_plain_answer_t *nthrift_plain_answer_create(
    const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, unsigned protocol, unsigned type,
    const uint8_t *p, const uint8_t *last, nthrift_plain_reply_t *reply,
    nthrift_plain_error_t *err);
int nthrift_plain_answer_write(nthrift_plain_answer_t *answer, size_t size);

/*
 * Writes the JSON of the arguments of a call of `method`, without those that
 * are not declared, and without fields with the annotation nthrift.secret:
 * [p, last) is a body that fits the IDL, or the beginning of one.  NTHRIFT_OK;
 * NTHRIFT_AGAIN: `*text` is the beginning, of rules->max_size bytes at most.
 */
int nthrift_plain_arguments(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_idl_method_t *method,
    unsigned protocol, const uint8_t *p, const uint8_t *last,
    nthrift_str_t *text);

/*
 * JSON as a person reads it, two blanks for each level: of text that a
 * function of this header has written.  `*out` is the arena's.  NTHRIFT_ERROR:
 * no memory.
 */
int nthrift_plain_indent(nthrift_arena_t *arena, const nthrift_str_t *text,
    nthrift_str_t *out);


/*
 * Writes the JSON of a constant or a default of the IDL, whose type is `type`.
 * A struct has the defaults of what the value does not say.
 */
int nthrift_plain_show(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value, nthrift_str_t *text,
    nthrift_plain_error_t *err);


/* A service, as the gateway or the document calls it. */

typedef struct {
    nthrift_str_t                 name;         /* in the path */
    const nthrift_idl_service_t  *idl;
} nthrift_plain_service_t;

/* What an OpenAPI document says that no definition does. */

typedef struct {
    const nthrift_plain_service_t  *services;
    size_t                          n;
    nthrift_str_t                   title;      /* empty: the first file's
                                                   name */
    nthrift_str_t                   version;    /* of the interface; empty:
                                                   "0" */
    nthrift_str_t                   server;     /* where paths begin, "/api";
                                                   empty: not said */
    uint16_t                        oneway;     /* statuses of HTTP: when a
                                                   oneway is sent, 0: 202 */
    uint16_t                        declared;   /* of declared exceptions, 0:
                                                   as of any other error */

    /*
     * Whether a method may be called by GET, if nthrift_plain_is_query() is
     * true; NULL: if its annotation nthrift.idempotent says that it may.
     */
    int                           (*is_get)(void *data,
                                        const nthrift_idl_method_t *method);
    void                           *data;
} nthrift_plain_openapi_t;

/*
 * Writes an OpenAPI 3.1 document of methods that are called by POST
 * {server}/{service}/{method} with JSON, and by GET where that is possible.
 * `*text` is JSON on one line, and the arena's.  Of the rules all but the
 * seed's and long_strings limit the document and each value of the IDL in it.
 * NTHRIFT_ERROR: NTHRIFT_PLAIN_SIZE or NTHRIFT_PLAIN_MEMORY.
 */
int nthrift_plain_openapi(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_plain_openapi_t *options,
    nthrift_str_t *text, nthrift_plain_error_t *err);


#endif /* NTHRIFT_PLAIN_H */
