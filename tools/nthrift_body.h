/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_body.h: what the bodies of a call and of its reply say, as JSON of
 * src/plain/: arguments that are given on the command line, results that are
 * printed.
 */

#ifndef NTHRIFT_TOOL_BODY_H
#define NTHRIFT_TOOL_BODY_H

#include "plain/plain.h"


typedef struct {
    nthrift_arena_t           *arena;
    const char                *where;       /* who replies, for messages */
    nthrift_plain_rules_t      rules;
    nthrift_plain_method_t     method;
} nthrift_body_t;


/* `max_size` is that of arguments, in bytes. */
void nthrift_body_init(nthrift_body_t *b, nthrift_arena_t *arena,
    const char *where, size_t max_size, unsigned long_strings);

/*
 * For a method, before its bodies.  0, or -1: it is said that there is no
 * memory.
 */
int nthrift_body_method(nthrift_body_t *b, const nthrift_idl_method_t *method);

/*
 * The body of a call, in the arena, of the JSON that a word of the command line
 * stands for: itself, "@FILE", or "-"; NULL is no arguments.  0, or -1: it is
 * said what is wrong.
 */
int nthrift_body_write(nthrift_body_t *b, char *word, unsigned protocol,
    nthrift_str_t *body);

/*
 * Prints the body of a reply of that type (NTHRIFT_REPLY, NTHRIFT_EXCEPTION).
 * Returns the exit code: NTHRIFT_CALL_OK, _EXCEPTION or _FAILED.
 */
int nthrift_body_show(nthrift_body_t *b, unsigned protocol, unsigned type,
    const nthrift_str_t *data);


#endif /* NTHRIFT_TOOL_BODY_H */
