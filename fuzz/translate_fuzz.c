/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/translate_fuzz.c: a body in another protocol, whole and in pieces, into
 * small buffers.  It ends as the walk over it does; what was written says the
 * same, and comes back.  First byte: the protocol and the depth, second: the
 * bytes that can follow, third: the size of pieces, fourth: of buffers.
 */

#include "fuzz.h"
#include "wire/translate.h"
#include "../t/unit/values.h"


#define TRANSLATE_MOST  16      /* times as long; in fact eight, and a head */


typedef struct {
    int               rc;
    size_t            consumed;
    size_t            size;
    uint8_t          *out;
    nthrift_error_t   err;
} translate_result_t;


static size_t
translate_piece(translate_result_t *r, nthrift_translate_t *t,
    const uint8_t *data, size_t n, size_t room)
{
    uint8_t        *copy, *buffer, *out;
    const uint8_t  *p;

    copy = fuzz_copy(data, n);
    p = copy;

    do {
        buffer = malloc(room);
        out = buffer;

        r->rc = nthrift_translate_read(t, &p, copy + n, &out, buffer + room,
                                       &r->err);

        fuzz_check(out >= buffer && out <= buffer + room);
        fuzz_check(p >= copy && p <= copy + n);

        memcpy(r->out + r->size, buffer, (size_t) (out - buffer));
        r->size += (size_t) (out - buffer);

        free(buffer);

    } while (r->rc == NTHRIFT_AGAIN && out == buffer + room);

    fuzz_check(r->rc != NTHRIFT_AGAIN || p == copy + n);
    fuzz_check((r->rc == NTHRIFT_ERROR) == (r->err.text != NULL));

    n = (size_t) (p - copy);
    free(copy);

    return n;
}


static void
translate(translate_result_t *r, unsigned protocol, uint32_t depth,
    uint64_t budget, const uint8_t *data, size_t size, size_t piece,
    size_t room)
{
    size_t                 n;
    nthrift_translate_t    t;
    nthrift_skip_level_t  *levels;

    levels = malloc(depth * sizeof(nthrift_skip_level_t));

    r->consumed = 0;
    r->size = 0;
    r->err.text = NULL;
    r->out = malloc(size * TRANSLATE_MOST + TRANSLATE_MOST);

    fuzz_check(nthrift_translate_start(&t, protocol, NTHRIFT_BINARY
                                       + NTHRIFT_COMPACT - protocol, levels,
                                       depth, budget)
               == NTHRIFT_OK);

    do {
        n = (size - r->consumed < piece) ? size - r->consumed : piece;
        r->consumed += translate_piece(r, &t, data + r->consumed, n, room);

        fuzz_check(r->size <= r->consumed * TRANSLATE_MOST);

    } while (r->rc == NTHRIFT_AGAIN && r->consumed < size);

    free(levels);
}


static void
translate_same(const translate_result_t *a, const translate_result_t *b)
{
    fuzz_check(a->rc == b->rc && fuzz_same(a->err.text, b->err.text));

    if (a->rc != NTHRIFT_ERROR) {
        fuzz_check(a->consumed == b->consumed && a->size == b->size);
        fuzz_check(memcmp(a->out, b->out, a->size) == 0);
    }
}


static void
translate_walk(const translate_result_t *r, unsigned protocol, uint32_t depth,
    uint64_t budget, const uint8_t *data, size_t size)
{
    int                    rc;
    const uint8_t         *p;
    nthrift_skip_t         w;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   levels[128];

    p = data;

    nthrift_skip_start(&w, protocol, levels, depth, budget);
    rc = nthrift_skip_read(&w, &p, data + size, &err);

    fuzz_check(rc == r->rc && fuzz_same(err.text, r->err.text));
    fuzz_check(rc != NTHRIFT_OK || (size_t) (p - data) == r->consumed);
}


/* What a good body says, and that it comes back. */

static void
translate_back(const translate_result_t *there, unsigned protocol,
    uint32_t depth, const uint8_t *data)
{
    size_t               n;
    unsigned             to;
    uint8_t             *values[2];
    translate_result_t   back, again;

    to = NTHRIFT_BINARY + NTHRIFT_COMPACT - protocol;
    values[0] = malloc(there->consumed * 24);
    values[1] = malloc(there->size * 24);

    n = values_read(protocol, data, there->consumed, values[0]);

    fuzz_check(n != 0 && n == values_read(to, there->out, there->size,
                                          values[1]));
    fuzz_check(memcmp(values[0], values[1], n) == 0);

    translate(&back, to, depth, there->size, there->out, there->size,
              there->size, 4096);
    fuzz_check(back.rc == NTHRIFT_OK && back.consumed == there->size);

    translate(&again, protocol, depth, back.size, back.out, back.size,
              back.size, 4096);
    fuzz_check(again.rc == NTHRIFT_OK && again.size == there->size);
    fuzz_check(memcmp(again.out, there->out, there->size) == 0);

    free(values[0]);
    free(values[1]);
    free(back.out);
    free(again.out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t              piece, room;
    uint32_t            depth;
    uint64_t            budget;
    unsigned            protocol;
    translate_result_t  whole, pieces;

    if (size < 4) {
        return 0;
    }

    protocol = (data[0] & 1) ? NTHRIFT_BINARY : NTHRIFT_COMPACT;
    depth = 1 + (data[0] >> 1);
    budget = data[1] ? (uint64_t) data[1] * data[1] * 16 : UINT64_MAX;
    piece = 1 + data[2] % 64;
    room = 1 + data[3] % 80;
    data += 4;
    size -= 4;

    translate(&whole, protocol, depth, budget, data, size, size + 1,
              (size + 1) * TRANSLATE_MOST);
    translate_walk(&whole, protocol, depth, budget, data, size);

    translate(&pieces, protocol, depth, budget, data, size, piece, room);
    translate_same(&whole, &pieces);

    if (whole.rc == NTHRIFT_OK) {
        translate_back(&whole, protocol, depth, data);
    }

    free(whole.out);
    free(pieces.out);

    return 0;
}
