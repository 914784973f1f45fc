/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * compat_fuzz.c: libFuzzer harness for comparing definitions: two documents,
 * of which one often is a mutation of the other.
 *
 * Of an input's files (idl_files.h) the first one is the old definitions, the
 * last one the new; both may include the others.  If the input's last byte is
 * not printable, it says how little memory comparing has.
 *
 * Whatever is compared: a set of definitions has no finding with itself, read
 * once or twice; and findings have all that belongs to them.
 *
 *     build/fuzz/compat -dict=fuzz/idl.dict CORPUS t/data/idl
 */

#include "idl_files.h"
#include "idl_gen.h"

#include "idl/compat.h"


#define FUZZ_MEMORY  (64 * 1024 * 1024)     /* bytes: an arena at most */


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed);


typedef struct {
    nthrift_arena_t        *arena;
    nthrift_loader_t        loader;
    nthrift_idl_program_t  *program;    /* NULL: it has errors */
} fuzz_side_t;


static void
fuzz_load(fuzz_side_t *side, fuzz_input_t *in, const nthrift_str_t *name)
{
    nthrift_loader_reader_t  reader;

    side->arena = nthrift_arena_create(1024, FUZZ_MEMORY);
    fuzz_assert(side->arena != NULL);

    reader.find = fuzz_find;
    reader.read = fuzz_read;
    reader.data = in;

    nthrift_loader_init(&side->loader, side->arena, &reader);

    if (nthrift_loader_load(&side->loader, name, &side->program)
        != NTHRIFT_OK)
    {
        side->program = NULL;
    }
}


static void
fuzz_place(const nthrift_compat_place_t *place, int whole)
{
    fuzz_assert(place->program != NULL);
    fuzz_assert(place->pos.line <= place->program->lines + 1);
    fuzz_assert(place->pos.line != 0 || whole);
    fuzz_assert((place->pos.line == 0) == (place->pos.column == 0));
}


static void
fuzz_found(void *data, const nthrift_compat_finding_t *f)
{
    size_t   i;
    size_t  *n = data;

    (*n)++;

    fuzz_assert(f->who <= (NTHRIFT_COMPAT_OLD_CLIENTS
                           | NTHRIFT_COMPAT_OLD_SERVERS));
    fuzz_assert(f->level == NTHRIFT_COMPAT_WARNING || f->who != 0);
    fuzz_assert(f->text[0] != '\0' && f->effect[0] != '\0');

    for (i = 0; f->text[i] != '\0'; i++) {
        fuzz_assert(f->text[i] >= 0x20 && f->text[i] < 0x7f);
    }

    fuzz_place(&f->was, 0);
    fuzz_place(&f->now, 1);
}


/* How many findings there are. */

static size_t
fuzz_compare(const fuzz_side_t *was, const fuzz_side_t *now, size_t limit)
{
    int                rc;
    size_t             n;
    nthrift_arena_t   *arena;
    nthrift_compat_t   compat;

    arena = nthrift_arena_create(1024, limit);
    fuzz_assert(arena != NULL);

    n = 0;
    nthrift_compat_init(&compat, arena, fuzz_found, &n);

    rc = nthrift_compat_programs(&compat, was->program, now->program);

    if (rc == NTHRIFT_OK) {
        rc = nthrift_compat_finish(&compat);
    }

    fuzz_assert(rc == NTHRIFT_OK || rc == NTHRIFT_ERROR);
    fuzz_assert(rc == NTHRIFT_OK || limit != 0);

    nthrift_arena_destroy(arena);

    return n;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t        i, limit;
    fuzz_side_t   sides[3];
    fuzz_input_t  in;

    limit = 0;

    if (size != 0 && data[size - 1] >= 0x80) {
        limit = (size_t) (data[size - 1] & 0x7f) * 256 + 1;
    }

    fuzz_split(&in, data, size);

    fuzz_load(&sides[0], &in, &in.files[0].name);
    fuzz_load(&sides[1], &in, &in.files[0].name);
    fuzz_load(&sides[2], &in, &in.files[in.n - 1].name);

    if (sides[0].program != NULL) {
        fuzz_assert(sides[1].program != NULL);
        fuzz_assert(fuzz_compare(&sides[0], &sides[0], limit) == 0);
        fuzz_assert(fuzz_compare(&sides[0], &sides[1], limit) == 0);
    }

    if (sides[0].program != NULL && sides[2].program != NULL) {
        (void) fuzz_compare(&sides[0], &sides[2], limit);
        (void) fuzz_compare(&sides[2], &sides[0], limit);
    }

    for (i = 0; i < 3; i++) {
        nthrift_arena_destroy(sides[i].arena);
    }

    return 0;
}


/* The first file once more, as the new definitions. */

static size_t
fuzz_copy_first(fuzz_gen_t *g, uint8_t *data, size_t size, size_t max)
{
    size_t        len;
    fuzz_input_t  in;

    fuzz_split(&in, data, size);

    gen_put(g, "\n//// now.thrift\n");
    len = in.files[0].text.len;

    if (len > sizeof(g->buf) - g->len) {
        return size;
    }

    memcpy(g->buf + g->len, data, len);

    return fuzz_splice(data, size, max, size, size, g->buf, g->len + len);
}


size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed)
{
    fuzz_gen_t  g;

    g.state = seed * 2654435769u + 1;
    g.len = 0;

    if (gen_random(&g, 8) == 0) {
        return fuzz_copy_first(&g, data, size, max);
    }

    return fuzz_mutate_text(&g, data, size, max);
}
