/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_json.h: bodies in the JSON protocol, from and to the binary one, by
 * their definition.  Not plain JSON.
 */

#ifndef NTHRIFT_TOOL_JSON_H
#define NTHRIFT_TOOL_JSON_H

#include "base/arena.h"
#include "idl/model.h"


/*
 * Replaces a body of the struct `st`: binary by JSON, with the bracket that
 * ends its message, and the other way round.  0; or -1, and `*error` is a
 * constant.  The new body is the arena's.
 */
int nthrift_json_encode(nthrift_arena_t *arena,
    const nthrift_idl_struct_t *st, nthrift_str_t *body, const char **error);
int nthrift_json_decode(nthrift_arena_t *arena,
    const nthrift_idl_struct_t *st, nthrift_str_t *body, const char **error);


#endif /* NTHRIFT_TOOL_JSON_H */
