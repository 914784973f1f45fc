/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/arguments.c: the beginning of what a call says, for people who look at
 * calls that have failed.  What is secret, or not defined, is left out.
 */

#include "plain/value.h"


/* What is done for a byte of JSON: as much as a value costs, see value.c. */

#define ARGUMENTS_WALK  64


int
nthrift_plain_arguments(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_idl_method_t *method,
    unsigned protocol, const uint8_t *p, const uint8_t *last,
    nthrift_str_t *text)
{
    int                    rc;
    nthrift_plain_value_t  v;
    nthrift_plain_error_t  err;

    nthrift_plain_value_start(&v, rules, arena, protocol, p, last, &err);

    v.secrets = 1;

    rc = nthrift_plain_value_struct(&v, method->args);

    if (rc == NTHRIFT_OK) {
        rc = nthrift_plain_value_run(&v, ARGUMENTS_WALK * rules->max_size);
    }

    text->data = v.w.data;
    text->len = v.w.len;

    return (rc == NTHRIFT_OK && v.w.error == NULL) ? NTHRIFT_OK : NTHRIFT_AGAIN;
}
