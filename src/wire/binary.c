/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/binary.c: the binary protocol: a message's head, the walk over its
 * body, and an exception's body.  head.c, skip.c and exception.c come here by
 * way of the row at the end; every number is big-endian.
 *
 * Source: doc/specs/thrift-binary-protocol.md, lib/cpp TBinaryProtocol.tcc.
 */

#include "wire/binary.h"
#include "wire/common.h"
#include "wire/protocol.h"
#include "wire/walk.h"


/* "i32 0x80010000 | type, i32 name length, name, i32 seqid" */

#define BINARY_VERSION      0x80010000
#define BINARY_STRICT_SIZE  (4 + 4 + 4)

/* "i32 name length, name, i8 type, i32 seqid" */

#define BINARY_LAX_SIZE     (4 + 1 + 4)


/* Bytes of a value that always has as many; 0 for the others. */

static const uint8_t  binary_fixed[NTHRIFT_UUID + 1] = {
    NTHRIFT_BINARY_FIXED
};


/* Bytes that a value has at least; 0 for what is no type. */

static const uint8_t  binary_least[NTHRIFT_UUID + 1] = {
    NTHRIFT_BINARY_LEAST
};


static inline uint32_t
binary_type_least(uint8_t type)
{
    return (type <= NTHRIFT_UUID) ? binary_least[type] : 0;
}


static int
binary_head_read(const uint8_t *p, const uint8_t *last,
    uint64_t limit, nthrift_head_t *head, nthrift_error_t *err)
{
    size_t    n;
    uint32_t  len, least, name;

    n = (size_t) (last - p);
    least = head->lax ? BINARY_LAX_SIZE : BINARY_STRICT_SIZE;
    name = head->lax ? 4 : 8;

    if (limit <= least) {
        return nthrift_error_set(err, "frame too short for a message");
    }

    if (n < name) {
        return NTHRIFT_AGAIN;
    }

    /* seen first, it tells whether this can be a head at all */

    len = nthrift_binary_get32(p + name - 4);

    if (len > INT32_MAX) {
        return nthrift_error_set(err, "negative length of method name");
    }

    if (nthrift_protocol_check_name(head, len, least, limit, err)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (n < least + len) {
        return NTHRIFT_AGAIN;
    }

    head->type = head->lax ? p[name + len] : p[3];
    head->seqid = (int32_t) nthrift_binary_get32(p + least + len - 4);
    head->name.len = len;
    head->name.data = (uint8_t *) p + name;

    return (int) (least + len);
}


static size_t
binary_head_size(const nthrift_head_t *head)
{
    return (head->write_lax ? BINARY_LAX_SIZE : BINARY_STRICT_SIZE)
           + head->name.len;
}


static uint8_t *
binary_head_write(uint8_t *p, const nthrift_head_t *head)
{
    if (!head->write_lax) {
        p = nthrift_binary_put32(p, BINARY_VERSION | head->type);
    }

    p = nthrift_binary_put32(p, (uint32_t) head->name.len);

    if (head->name.len != 0) {
        memcpy(p, head->name.data, head->name.len);
        p += head->name.len;
    }

    if (head->write_lax) {
        *p++ = head->type;
    }

    return nthrift_binary_put32(p, (uint32_t) head->seqid);
}


/* With a version or without one, the seqid is last. */

static int
binary_head_patch(uint8_t *p, size_t size, int32_t seqid)
{
    (void) nthrift_binary_put32(p + size - 4, (uint32_t) seqid);

    return NTHRIFT_OK;
}


/*
 * The walk.  What each token may cost is told before it is passed over: a
 * length against the bytes that can follow, a count against the bytes that so
 * many elements take at least (64 bits: INT32_MAX times 32 at most).
 */

static inline ptrdiff_t
binary_walk_string(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    size_t    n;
    uint32_t  len;

    n = (size_t) (last - p);

    if (n < 4) {
        return NTHRIFT_AGAIN;
    }

    len = nthrift_binary_get32(p);

    if (len <= n - 4 && len <= INT32_MAX) {
        return 4 + (ptrdiff_t) len;
    }

    if (len > INT32_MAX) {
        return nthrift_walk_refuse(w, 4, "negative length of string");
    }

    if (len > nthrift_walk_rest(w, p) - 4) {
        return nthrift_walk_refuse(w, 4, "string longer than its message");
    }

    w->bytes = len;

    return 4;
}


static ptrdiff_t
binary_walk_list(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    int       rc;
    uint32_t  count, least;

    if ((size_t) (last - p) < NTHRIFT_BINARY_LIST) {
        return NTHRIFT_AGAIN;
    }

    count = nthrift_binary_get32(p + 1);
    least = binary_type_least(p[0]);

    if (count > INT32_MAX) {
        return nthrift_walk_refuse(w, NTHRIFT_BINARY_LIST,
                                   "negative size of list");
    }

    if (least == 0 && count != 0) {
        return nthrift_walk_refuse(w, NTHRIFT_BINARY_LIST,
                                   "unknown type of list elements");
    }

    if ((uint64_t) count * least
        > nthrift_walk_rest(w, p) - NTHRIFT_BINARY_LIST)
    {
        return nthrift_walk_refuse(w, NTHRIFT_BINARY_LIST,
                                   "list longer than its message");
    }

    rc = nthrift_walk_enter(w, NTHRIFT_BINARY_LIST, 0, count, p[0], p[0]);

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    if (count == 0 || binary_fixed[p[0]] != 0) {
        nthrift_walk_leave(w);
        w->bytes = (uint64_t) count * least;
    }

    return NTHRIFT_BINARY_LIST;
}


static ptrdiff_t
binary_walk_map(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    int       rc;
    uint32_t  count, key, value;

    if ((size_t) (last - p) < NTHRIFT_BINARY_MAP) {
        return NTHRIFT_AGAIN;
    }

    count = nthrift_binary_get32(p + 2);
    key = binary_type_least(p[0]);
    value = binary_type_least(p[1]);

    if (count > INT32_MAX) {
        return nthrift_walk_refuse(w, NTHRIFT_BINARY_MAP,
                                   "negative size of map");
    }

    if ((key == 0 || value == 0) && count != 0) {
        return nthrift_walk_refuse(w, NTHRIFT_BINARY_MAP,
                                   "unknown type of map elements");
    }

    if ((uint64_t) count * (key + value)
        > nthrift_walk_rest(w, p) - NTHRIFT_BINARY_MAP)
    {
        return nthrift_walk_refuse(w, NTHRIFT_BINARY_MAP,
                                   "map longer than its message");
    }

    rc = nthrift_walk_enter(w, NTHRIFT_BINARY_MAP, 0, count * 2, p[0], p[1]);

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    if (count == 0 || (binary_fixed[p[0]] != 0 && binary_fixed[p[1]] != 0)) {
        nthrift_walk_leave(w);
        w->bytes = (uint64_t) count * (key + value);
    }

    return NTHRIFT_BINARY_MAP;
}


static inline ptrdiff_t
binary_walk_value(nthrift_skip_t *w, uint8_t type, const uint8_t *p,
    const uint8_t *last)
{
    uint32_t  fixed;

    fixed = binary_fixed[type];

    if (fixed != 0) {
        if (fixed <= (size_t) (last - p)) {
            return fixed;
        }

        w->bytes = fixed;
        return 0;
    }

    switch (type) {

    case NTHRIFT_STRING:
        return binary_walk_string(w, p, last);

    case NTHRIFT_STRUCT:
        return nthrift_walk_enter(w, 0, 1, 0, 0, 0);

    case NTHRIFT_MAP:
        return binary_walk_map(w, p, last);

    default: /* NTHRIFT_SET, NTHRIFT_LIST */
        return binary_walk_list(w, p, last);
    }
}


static inline ptrdiff_t
binary_walk_field(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    size_t     n;
    uint32_t   depth;
    ptrdiff_t  rc;

    n = (size_t) (last - p);

    if (n == 0) {
        return NTHRIFT_AGAIN;
    }

    if (p[0] == NTHRIFT_STOP) {
        nthrift_walk_leave(w);
        return 1;
    }

    if (binary_type_least(p[0]) == 0) {
        return nthrift_walk_refuse(w, 1, "unknown type of field");
    }

    if (n < NTHRIFT_BINARY_FIELD) {
        return NTHRIFT_AGAIN;
    }

    depth = w->depth;
    rc = binary_walk_value(w, p[0], p + NTHRIFT_BINARY_FIELD, last);

    if (rc < 0) {
        w->have += (rc == NTHRIFT_ERROR) ? NTHRIFT_BINARY_FIELD : 0;
        return rc;
    }

    if (depth == 1) {
        nthrift_walk_count_field(w, nthrift_binary_get16(p + 1));
    }

    return NTHRIFT_BINARY_FIELD + rc;
}


static inline ptrdiff_t
binary_walk_element(nthrift_skip_t *w, nthrift_skip_level_t *level,
    const uint8_t *p, const uint8_t *last)
{
    ptrdiff_t  rc;

    rc = binary_walk_value(w, level->type[level->left & 1], p, last);

    if (rc >= 0) {
        level->left--;
    }

    return rc;
}


static nthrift_walk_aligned int
binary_walk(nthrift_skip_t *w, const uint8_t **p, const uint8_t *last)
{
    return nthrift_walk_run(w, p, last, binary_walk_field,
                            binary_walk_element);
}


static size_t
binary_walk_flat(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    return nthrift_common_walk_flat(w, p, last);
}


/* "1: string message, 2: i32 type" and the stop */

static size_t
binary_exception_size(const nthrift_str_t *text, int32_t type)
{
    (void) type;

    return NTHRIFT_BINARY_FIELD + 4 + text->len + NTHRIFT_BINARY_FIELD + 4
           + 1;
}


static uint8_t *
binary_field_write(uint8_t *p, uint8_t type, uint8_t id)
{
    *p++ = type;

    return nthrift_binary_put16(p, id);
}


static uint8_t *
binary_exception_write(uint8_t *p, const nthrift_str_t *text,
    int32_t type)
{
    p = binary_field_write(p, NTHRIFT_STRING, 1);
    p = nthrift_binary_put32(p, (uint32_t) text->len);

    if (text->len != 0) {
        memcpy(p, text->data, text->len);
        p += text->len;
    }

    p = binary_field_write(p, NTHRIFT_I32, 2);
    p = nthrift_binary_put32(p, (uint32_t) type);

    *p++ = NTHRIFT_STOP;

    return p;
}


/* The length of a value when it can be passed over; NTHRIFT_ERROR if not. */

static int64_t
binary_exception_value(uint8_t type, const uint8_t *p, size_t n)
{
    if (type > NTHRIFT_UUID) {
        return NTHRIFT_ERROR;
    }

    if (binary_fixed[type] != 0) {
        return binary_fixed[type];
    }

    if (type != NTHRIFT_STRING || n < 4) {
        return NTHRIFT_ERROR;
    }

    return 4 + (int64_t) nthrift_binary_get32(p);
}


static void
binary_exception_read(const uint8_t *p, const uint8_t *last,
    nthrift_str_t *text, int32_t *type)
{
    size_t    n;
    int16_t   id;
    int64_t   size;
    uint8_t   field;

    while (last - p > NTHRIFT_BINARY_FIELD && *p != NTHRIFT_STOP) {
        field = p[0];
        id = nthrift_binary_get16(p + 1);
        p += NTHRIFT_BINARY_FIELD;
        n = (size_t) (last - p);

        size = binary_exception_value(field, p, n);

        if (size < 0) {
            return;
        }

        if (field == NTHRIFT_STRING && id == 1) {
            text->data = (uint8_t *) p + 4;
            text->len = ((uint64_t) size <= n ? (size_t) size : n) - 4;
        }

        if ((uint64_t) size > n) {
            return;
        }

        if (field == NTHRIFT_I32 && id == 2) {
            *type = (int32_t) nthrift_binary_get32(p);
        }

        p += size;
    }
}


const nthrift_protocol_t  nthrift_binary = {
    .name = "binary",

    .header_id = 0,

    .first = BINARY_VERSION >> 24,
    .version = (BINARY_VERSION >> 16) & 0xff,
    .version_mask = 0xff,
    .version_error = "unknown version of binary protocol",

    .unexpected = {
        [NTHRIFT_COMPACT] = "binary message where a compact one is expected",
        [NTHRIFT_JSON] = "binary message where a JSON one is expected"
    },

    .head_read = binary_head_read,
    .head_size = binary_head_size,
    .head_write = binary_head_write,
    .head_patch = binary_head_patch,

    .walk = binary_walk,
    .walk_flat = binary_walk_flat,

    .empty = nthrift_string("\0"),

    .exception_size = binary_exception_size,
    .exception_write = binary_exception_write,
    .exception_read = binary_exception_read
};
