/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_json.c: see nthrift_json.h.  What is written has room in a buffer
 * that is made for the most that it can be.
 */

#include "nthrift_json.h"

#include "bind/json_read.h"
#include "bind/json_write.h"


/*
 * Bytes of JSON for one of binary, and of binary for one of JSON, at most: a
 * control character is six, and a field of a bool is 18 of 4; an i64 is eight
 * of two.
 */

#define JSON_TIMES  8
#define JSON_MORE   4096


static const nthrift_schema_t *
json_schema(nthrift_arena_t *arena, const nthrift_idl_struct_t *st,
    const char **error)
{
    const nthrift_schema_t  *schema;
    nthrift_schema_set_t     set;

    nthrift_schema_init(&set, arena);
    schema = nthrift_schema_build(&set, st);

    if (schema == NULL) {
        *error = "not enough memory";
    }

    return schema;
}


/* Room for what becomes of a body, and memory for the way there. */

static int
json_room(nthrift_arena_t *arena, size_t size, size_t len, void **memory,
    uint8_t **out, uint8_t **end, const char **error)
{
    size_t  room;

    room = len * JSON_TIMES + JSON_MORE;

    *memory = nthrift_arena_alloc(arena, size);
    *out = nthrift_arena_alloc(arena, room);

    if (*memory == NULL || *out == NULL) {
        *error = "not enough memory";
        return -1;
    }

    *end = *out + room;

    return 0;
}


int
nthrift_json_encode(nthrift_arena_t *arena, const nthrift_idl_struct_t *st,
    nthrift_str_t *body, const char **error)
{
    int                      rc;
    void                    *memory;
    uint8_t                 *out, *start, *end;
    nthrift_error_t          err;
    nthrift_bytes_t          bytes;
    nthrift_json_write_t     w;
    const nthrift_schema_t  *schema;

    schema = json_schema(arena, st, error);

    if (schema == NULL
        || json_room(arena, nthrift_json_write_size(NTHRIFT_MAX_DEPTH),
                     body->len, &memory, &out, &end, error) != 0)
    {
        return -1;
    }

    start = out;
    err.text = NULL;

    nthrift_bytes_init(&bytes, body->data, body->data + body->len, NULL, NULL);
    nthrift_json_write_start(&w, memory, NTHRIFT_MAX_DEPTH, NTHRIFT_BINARY,
                             schema, &bytes, &err);

    do {
        rc = nthrift_json_write_part(&w, SIZE_MAX / 2, &out, end);

    } while (rc == NTHRIFT_AGAIN && end - out >= NTHRIFT_JSON_WRITE_ROOM);

    if (rc != NTHRIFT_OK) {
        *error = (err.text != NULL) ? err.text : "too large as JSON";
        return -1;
    }

    body->data = start;
    body->len = (size_t) (out - start);

    return 0;
}


int
nthrift_json_decode(nthrift_arena_t *arena, const nthrift_idl_struct_t *st,
    nthrift_str_t *body, const char **error)
{
    int                      rc;
    void                    *memory;
    uint8_t                 *out, *start, *end;
    const uint8_t           *p, *last;
    nthrift_json_read_t      r;
    nthrift_check_error_t    err;
    const nthrift_schema_t  *schema;

    schema = json_schema(arena, st, error);

    if (schema == NULL
        || json_room(arena, nthrift_json_read_size(NTHRIFT_MAX_DEPTH),
                     body->len, &memory, &out, &end, error) != 0)
    {
        return -1;
    }

    start = out;
    p = body->data;
    last = p + body->len;

    memset(&err, 0, sizeof(nthrift_check_error_t));

    nthrift_json_read_start(&r, memory, NTHRIFT_MAX_DEPTH, schema, body->len,
                            NTHRIFT_CHECK_PASS, &err);

    do {
        rc = nthrift_json_read_part(&r, &p, last, &out, end);

    } while (rc == NTHRIFT_AGAIN && p != last
             && end - out >= NTHRIFT_JSON_ROOM);

    if (rc != NTHRIFT_OK) {
        *error = (err.text != NULL) ? err.text : "malformed body";
        return -1;
    }

    body->data = start;
    body->len = (size_t) (out - start);

    return 0;
}
