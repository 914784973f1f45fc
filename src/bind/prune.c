/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/prune.c: walks over a body with the tables of its struct beside it, and
 * copies what lies between the fields that are not declared, for
 * thrift_unknown_fields drop.  It comes behind check.c, and only where that
 * has told of such a field: twice, to count and to write.
 *
 *     body   1:a 2:b 9:c 3:d      `body` reads on; where a field begins that
 *                ^   ^            goes, what is between `copy` and there is
 *              copy  body         copied, and where it ends `copy` follows
 */

#include "bind/prune.h"

#include "bind/put_compact.h"
#include "bind/token_binary.h"
#include "bind/token_compact.h"


/* A head that is written anew: one byte and an id. */

#define PRUNE_HEAD_SIZE  (1 + NTHRIFT_COMPACT_VARINT16)


/* The loop in one of the protocols. */

typedef int (*prune_pt)(nthrift_prune_t *prune);


typedef struct {
    const nthrift_token_protocol_t  *token;

    /*
     * Writes what stands in place of the first byte of a field's head when
     * the field before has the id `kept`; returns its bytes, 0: the byte may
     * stay.  NULL: a head does not depend on the field before.
     */
    size_t                         (*head)(uint8_t *to, uint8_t first,
                                         int16_t kept, int16_t id);
} prune_protocol_t;


/* Up to this offset all stays. */

static int
prune_keep(nthrift_prune_t *prune, uint64_t offset)
{
    uint64_t  n;

    n = offset - prune->from;

    prune->from = offset;
    prune->size += n;

    if (prune->copy == NULL) {
        return NTHRIFT_OK;
    }

    if (n > (uint64_t) (prune->last - prune->p)
        || nthrift_bytes_copy(prune->copy, prune->p, (size_t) n) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    prune->p += n;

    return NTHRIFT_OK;
}


/* Up to this offset all goes. */

static int
prune_omit(nthrift_prune_t *prune, uint64_t offset)
{
    uint64_t  n;

    n = offset - prune->from;
    prune->from = offset;

    if (prune->copy != NULL
        && nthrift_bytes_skip(prune->copy, n) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return NTHRIFT_OK;
}


/* What has just been read stays, or goes. */

static int
prune_follow(nthrift_prune_t *prune)
{
    uint64_t  offset;

    offset = nthrift_bytes_offset(prune->body);

    return (prune->dropping != NULL) ? prune_omit(prune, offset)
                                     : prune_keep(prune, offset);
}


/* These bytes stand in place of the one at the offset. */

static int
prune_replace(nthrift_prune_t *prune, uint64_t offset, const uint8_t *head,
    size_t n)
{
    if (prune_keep(prune, offset) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    prune->size += n;

    if (prune->copy != NULL) {

        if (n > (size_t) (prune->last - prune->p)) {
            return NTHRIFT_ERROR;
        }

        memcpy(prune->p, head, n);
        prune->p += n;
    }

    return prune_omit(prune, offset + 1);
}


/* An id that is not a step from the one before it does not change. */

nthrift_token_inline size_t
prune_compact_head(uint8_t *to, uint8_t first, int16_t kept, int16_t id)
{
    if (first < 0x10) {
        return 0;
    }

    return (size_t) (nthrift_put_compact_head(to, kept, id, first & 0x0f)
                     - to);
}


/* A field's head, which begins at the offset: `*type` is that of its value. */

nthrift_token_inline int
prune_field(nthrift_prune_t *prune, const prune_protocol_t *protocol,
    const nthrift_token_t *t, uint64_t offset, uint8_t first,
    const nthrift_schema_type_t **type)
{
    size_t                         n;
    int16_t                        before, kept;
    uint8_t                        head[PRUNE_HEAD_SIZE];
    nthrift_prune_level_t         *level;
    const nthrift_schema_field_t  *field;

    level = prune->level;
    field = (level->st != NULL) ? nthrift_schema_field(level->st, t->id)
                                : NULL;
    before = level->at.id;
    level->at.id = t->id;
    *type = NULL;

    if (prune->dropping != NULL) {
        return NTHRIFT_OK;
    }

    if (field == NULL) {
        prune->dropping = level;
        return prune_keep(prune, offset);
    }

    *type = &field->type;
    kept = level->kept;
    level->kept = t->id;

    if (protocol->head == NULL || kept == before) {
        return NTHRIFT_OK;
    }

    n = protocol->head(head, first, kept, t->id);

    return (n != 0) ? prune_replace(prune, offset, head, n) : NTHRIFT_OK;
}


static void
prune_start_struct(nthrift_prune_level_t *level, const nthrift_schema_t *st)
{
    level->at.left = 1;
    level->at.id = 0;
    level->at.fields = 1;
    level->kept = 0;
    level->st = st;
}


static int
prune_enter_struct(nthrift_prune_t *prune, const nthrift_schema_t *st)
{
    if (prune->level == prune->top) {
        return NTHRIFT_ERROR;
    }

    prune_start_struct(++prune->level, st);

    return NTHRIFT_OK;
}


/* 1: there is no struct in the container, which is passed over as a whole. */

static int
prune_pass(nthrift_prune_t *prune, const nthrift_token_protocol_t *protocol,
    const nthrift_token_t *t)
{
    uint8_t   key;
    uint64_t  keys;

    key = t->elem;
    keys = 0;

    if (t->type == NTHRIFT_MAP) {
        key = t->key;
        keys = t->count;
    }

    if (protocol->varint[key] && protocol->varint[t->elem]) {
        prune->numbers = keys + t->count;
        return 1;
    }

    if (protocol->fixed[key] != 0 && protocol->fixed[t->elem] != 0) {
        prune->bytes = keys * protocol->fixed[key]
                       + (uint64_t) t->count * protocol->fixed[t->elem];
        return 1;
    }

    return 0;
}


static int
prune_enter_values(nthrift_prune_t *prune,
    const nthrift_token_protocol_t *protocol, const nthrift_token_t *t,
    const nthrift_schema_type_t *type)
{
    nthrift_prune_level_t  *level;

    if (t->count == 0 || prune_pass(prune, protocol, t)) {
        return NTHRIFT_OK;
    }

    if (prune->level == prune->top) {
        return NTHRIFT_ERROR;
    }

    level = ++prune->level;

    level->at.left = (t->type == NTHRIFT_MAP) ? t->count * 2 : t->count;
    level->at.fields = 0;
    level->at.type[0] = t->key;
    level->at.type[1] = t->elem;
    level->type[0] = (type == NULL) ? NULL
                     : (t->type == NTHRIFT_MAP) ? type->key : type->elem;
    level->type[1] = (type == NULL) ? NULL : type->elem;

    return NTHRIFT_OK;
}


/* What comes behind the token, of this type (NULL: of any). */

static int
prune_value(nthrift_prune_t *prune, const nthrift_token_protocol_t *protocol,
    const nthrift_token_t *t, const nthrift_schema_type_t *type)
{
    switch (t->type) {

    case NTHRIFT_STRING:
        prune->bytes = t->count;
        return NTHRIFT_OK;

    case NTHRIFT_STRUCT:
        return prune_enter_struct(prune, (type != NULL) ? type->st : NULL);

    case NTHRIFT_MAP:
    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        return prune_enter_values(prune, protocol, t, type);

    default:
        return NTHRIFT_OK;
    }
}


/* Passes over what is still to come of a value that holds no struct. */

static int
prune_rest(nthrift_prune_t *prune)
{
    uint64_t  n, offset;

    if (prune->bytes != 0) {
        offset = nthrift_bytes_offset(prune->body);

        if (offset >= prune->end) {
            return NTHRIFT_AGAIN;
        }

        n = prune->end - offset;
        n = (prune->bytes < n) ? prune->bytes : n;

        if (nthrift_bytes_skip(prune->body, n) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        prune->bytes -= n;

        return prune->bytes ? NTHRIFT_AGAIN : NTHRIFT_OK;
    }

    if (prune->numbers != 0) {
        return nthrift_token_pass_numbers(prune->body, &prune->numbers,
                                          prune->end);
    }

    return NTHRIFT_OK;
}


/* Something always comes: an empty struct has its stop. */

nthrift_token_inline int
prune_read_token(nthrift_prune_t *prune,
    const nthrift_token_protocol_t *protocol, nthrift_token_t *t,
    uint8_t *first)
{
    ptrdiff_t                     n;
    nthrift_bytes_t              *b;
    const nthrift_token_level_t  *at;

    b = prune->body;
    at = &prune->level->at;

    if (b->p == b->last && nthrift_bytes_next(b) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    *first = *b->p;
    n = protocol->read(at, b->p, b->last, t);

    if (n >= 0) {
        b->p += n;
        return NTHRIFT_OK;
    }

    if (n == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    return nthrift_token_read_cut(protocol, at, b, prune->place, t);
}


/* Reads one token, and enters what it begins.  NTHRIFT_DECLINED: the end. */

nthrift_token_inline int
prune_step(nthrift_prune_t *prune, const prune_protocol_t *protocol,
    uint64_t offset)
{
    uint8_t                       first;
    nthrift_token_t               t;
    nthrift_prune_level_t        *level;
    const nthrift_schema_type_t  *type;

    level = prune->level;

    if (prune_read_token(prune, protocol->token, &t, &first) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (!level->at.fields) {
        type = level->type[level->at.left-- & 1];

    } else if (t.type == NTHRIFT_STOP) {
        if (level == prune->base) {
            return NTHRIFT_DECLINED;
        }

        prune->level--;
        return NTHRIFT_OK;

    } else if (prune_field(prune, protocol, &t, offset, first, &type)
               != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return prune_value(prune, protocol->token, &t, type);
}


nthrift_token_inline int
prune_run(nthrift_prune_t *prune, const prune_protocol_t *protocol)
{
    int       rc;
    uint64_t  offset;

    for ( ;; ) {
        rc = prune_rest(prune);

        if (rc != NTHRIFT_OK) {
            return rc;
        }

        if (prune->level->at.left == 0) {
            prune->level--;
            continue;
        }

        offset = nthrift_bytes_offset(prune->body);

        if (prune->level == prune->dropping) {

            if (prune_omit(prune, offset) != NTHRIFT_OK) {
                return NTHRIFT_ERROR;
            }

            prune->dropping = NULL;
        }

        if (offset >= prune->end) {
            return NTHRIFT_AGAIN;
        }

        rc = prune_step(prune, protocol, offset);

        if (rc != NTHRIFT_OK) {
            return (rc == NTHRIFT_DECLINED) ? NTHRIFT_OK : NTHRIFT_ERROR;
        }
    }
}


static const prune_protocol_t  prune_binary_protocol = {
    .token = &nthrift_token_binary
};


static const prune_protocol_t  prune_compact_protocol = {
    .token = &nthrift_token_compact,
    .head = prune_compact_head
};


static int
prune_binary(nthrift_prune_t *prune)
{
    return prune_run(prune, &prune_binary_protocol);
}


static int
prune_compact(nthrift_prune_t *prune)
{
    return prune_run(prune, &prune_compact_protocol);
}


static const prune_pt  prune_protocols[NTHRIFT_PROTOCOLS] = {
    [NTHRIFT_BINARY] = prune_binary,
    [NTHRIFT_COMPACT] = prune_compact
};


size_t
nthrift_prune_size(uint32_t max_depth)
{
    return max_depth * sizeof(nthrift_prune_level_t);
}


void
nthrift_prune_start(nthrift_prune_t *prune, void *memory, uint32_t max_depth,
    unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *body)
{
    prune->size = 0;
    prune->body = body;
    prune->copy = NULL;
    prune->from = 0;
    prune->bytes = 0;
    prune->numbers = 0;
    prune->base = memory;
    prune->top = prune->base + max_depth - 1;
    prune->level = prune->base;
    prune->dropping = NULL;
    prune->protocol = (uint8_t) protocol;

    prune_start_struct(prune->base, st);
}


void
nthrift_prune_write(nthrift_prune_t *prune, nthrift_bytes_t *copy, uint8_t *p,
    size_t n)
{
    prune->copy = copy;
    prune->p = p;
    prune->last = p + n;
}


int
nthrift_prune_part(nthrift_prune_t *prune, uint64_t bytes)
{
    int       rc;
    uint64_t  offset;

    offset = nthrift_bytes_offset(prune->body);
    prune->end = (bytes < UINT64_MAX - offset) ? offset + bytes : UINT64_MAX;

    rc = prune_protocols[prune->protocol](prune);

    if (rc == NTHRIFT_ERROR || prune_follow(prune) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    return rc;
}
