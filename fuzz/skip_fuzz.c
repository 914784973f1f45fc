/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/skip_fuzz.c: the walk over a struct, whole and in pieces; the same
 * bytes then as an exception's body.  First byte: the protocol and the depth,
 * second: the bytes that can follow, third: the size of pieces.
 */

#include "fuzz.h"
#include "wire/exception.h"
#include "wire/skip.h"


typedef struct {
    int              rc;
    size_t           consumed;
    nthrift_error_t  err;
    nthrift_skip_t   walk;
} skip_result_t;


static void
skip_in_pieces(skip_result_t *r, unsigned protocol, uint32_t depth,
    uint64_t budget, const uint8_t *data, size_t size, size_t piece)
{
    size_t                 n;
    uint8_t               *copy;
    const uint8_t         *p;
    nthrift_skip_level_t  *levels;

    levels = malloc(depth * sizeof(nthrift_skip_level_t));

    r->consumed = 0;
    r->err.text = NULL;

    nthrift_skip_start(&r->walk, protocol, levels, depth, budget);

    do {
        n = (size - r->consumed < piece) ? size - r->consumed : piece;
        copy = fuzz_copy(data + r->consumed, n);
        p = copy;

        r->rc = nthrift_skip_read(&r->walk, &p, copy + n, &r->err);

        fuzz_check(p >= copy && p <= copy + n);
        fuzz_check(r->rc != NTHRIFT_AGAIN || p == copy + n);
        fuzz_check((r->rc == NTHRIFT_ERROR) == (r->err.text != NULL));

        r->consumed += (size_t) (p - copy);
        free(copy);

    } while (r->rc == NTHRIFT_AGAIN && r->consumed < size);

    free(levels);
}


static void
skip_check_exception(unsigned protocol, const uint8_t *data, size_t size)
{
    uint8_t        *p;
    int32_t         type;
    nthrift_str_t   text;

    p = fuzz_copy(data, size);
    text.data = NULL;
    text.len = 0;

    nthrift_exception_read(protocol, p, p + size, &text, &type);

    fuzz_check(text.data == NULL
               || (text.data >= p && text.len <= size
                   && text.data + text.len <= p + size));
    free(p);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t         piece;
    uint32_t       depth;
    uint64_t       budget;
    unsigned       protocol;
    skip_result_t  whole, pieces;

    if (size < 3) {
        return 0;
    }

    protocol = NTHRIFT_BINARY + data[0] % (NTHRIFT_PROTOCOLS - NTHRIFT_BINARY);
    depth = 1 + data[0] / 3;
    budget = data[1] ? (uint64_t) data[1] * data[1] * 16 : UINT64_MAX;
    piece = 1 + data[2] % 64;
    data += 3;
    size -= 3;

    skip_in_pieces(&whole, protocol, depth, budget, data, size, size + 1);

    fuzz_check(whole.consumed <= budget);

    skip_in_pieces(&pieces, protocol, depth, budget, data, size, piece);

    fuzz_check(pieces.rc == whole.rc && pieces.consumed == whole.consumed);
    fuzz_check(fuzz_same(pieces.err.text, whole.err.text));
    fuzz_check(pieces.walk.fields == whole.walk.fields);
    fuzz_check(whole.walk.fields == 0
               || pieces.walk.first == whole.walk.first);

    skip_check_exception(protocol, data, size);

    return 0;
}
