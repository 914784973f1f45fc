/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/token_binary.h: the tokens of the binary protocol.  For check.c,
 * prune.c, find.c and decode.c.
 *
 * Source: doc/specs/thrift-binary-protocol.md.
 */

#ifndef NTHRIFT_TOKEN_BINARY_H
#define NTHRIFT_TOKEN_BINARY_H

#include "bind/token.h"
#include "wire/binary.h"


static const nthrift_token_protocol_t  nthrift_token_binary;


nthrift_token_inline ptrdiff_t
nthrift_token_binary_list(const uint8_t *p, const uint8_t *last,
    nthrift_token_t *t)
{
    if (last - p < NTHRIFT_BINARY_LIST) {
        return NTHRIFT_AGAIN;
    }

    t->odd = 0;
    t->key = p[0];
    t->elem = p[0];
    t->count = nthrift_binary_get32(p + 1);

    if (t->count > INT32_MAX || (t->elem > NTHRIFT_UUID && t->count != 0)) {
        return NTHRIFT_ERROR;
    }

    return NTHRIFT_BINARY_LIST;
}


nthrift_token_inline ptrdiff_t
nthrift_token_binary_map(const uint8_t *p, const uint8_t *last,
    nthrift_token_t *t)
{
    if (last - p < NTHRIFT_BINARY_MAP) {
        return NTHRIFT_AGAIN;
    }

    t->odd = 0;
    t->key = p[0];
    t->elem = p[1];
    t->count = nthrift_binary_get32(p + 2);

    if (t->count > INT32_MAX
        || ((t->key > NTHRIFT_UUID || t->elem > NTHRIFT_UUID)
            && t->count != 0))
    {
        return NTHRIFT_ERROR;
    }

    return NTHRIFT_BINARY_MAP;
}


nthrift_token_inline ptrdiff_t
nthrift_token_binary_value(const uint8_t *p, const uint8_t *last,
    nthrift_token_t *t)
{
    ptrdiff_t  fixed;

    fixed = nthrift_token_binary.fixed[t->type];

    if (fixed != 0) {
        t->at = p;
        return (fixed <= last - p) ? fixed : NTHRIFT_AGAIN;
    }

    switch (t->type) {

    case NTHRIFT_STRING:
        if (last - p < 4) {
            return NTHRIFT_AGAIN;
        }

        t->count = nthrift_binary_get32(p);

        return (t->count <= INT32_MAX) ? 4 : NTHRIFT_ERROR;

    case NTHRIFT_STRUCT:
        return 0;

    case NTHRIFT_MAP:
        return nthrift_token_binary_map(p, last, t);

    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        return nthrift_token_binary_list(p, last, t);

    default:
        return NTHRIFT_ERROR;
    }
}


nthrift_token_inline ptrdiff_t
nthrift_token_binary_read(const nthrift_token_level_t *level, const uint8_t *p,
    const uint8_t *last, nthrift_token_t *t)
{
    ptrdiff_t  n;

    if (!level->fields) {
        t->type = level->type[level->left & 1];
        return nthrift_token_binary_value(p, last, t);
    }

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    t->type = p[0];

    if (t->type == NTHRIFT_STOP) {
        return 1;
    }

    if (t->type > NTHRIFT_UUID) {
        return NTHRIFT_ERROR;
    }

    if (last - p < NTHRIFT_BINARY_FIELD) {
        return NTHRIFT_AGAIN;
    }

    t->id = nthrift_binary_get16(p + 1);
    n = nthrift_token_binary_value(p + NTHRIFT_BINARY_FIELD, last, t);

    return (n >= 0) ? NTHRIFT_BINARY_FIELD + n : n;
}


nthrift_token_inline int64_t
nthrift_token_binary_number(const nthrift_token_t *t)
{
    uint64_t  v;

    switch (t->type) {

    case NTHRIFT_I8:
        return (int8_t) t->at[0];

    case NTHRIFT_I16:
        return nthrift_binary_get16(t->at);

    case NTHRIFT_I32:
        return (int32_t) nthrift_binary_get32(t->at);

    default: /* NTHRIFT_I64, NTHRIFT_DOUBLE */
        v = (uint64_t) nthrift_binary_get32(t->at) << 32
            | nthrift_binary_get32(t->at + 4);
        return (int64_t) v;
    }
}


/* A bool is true unless it is 0: TBinaryProtocol.tcc. */

nthrift_token_inline int
nthrift_token_binary_truth(const nthrift_token_t *t)
{
    return t->at[0] != 0;
}


static const nthrift_token_protocol_t  nthrift_token_binary = {
    .read = nthrift_token_binary_read,
    .number = nthrift_token_binary_number,
    .truth = nthrift_token_binary_truth,
    .fixed = { NTHRIFT_BINARY_FIXED }
};


#endif /* NTHRIFT_TOKEN_BINARY_H */
