/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/agree.c: what is accepted of the systematic bodies of corpus.h.
 * "make agree" has found that no library reads those of "schema" as ending
 * elsewhere: what changes these numbers has to be shown to it.
 */

#include "corpus.h"
#include "ours.h"
#include "wire/protocol.h"


#define KINDS  64


typedef struct {
    unsigned     protocol;
    const char  *kind;
    unsigned     bodies;
    unsigned     structure;     /* accepted */
    unsigned     schema;
    uint32_t     digest;        /* of what was accepted */
} agree_kind_t;


#define BINARY   NTHRIFT_BINARY
#define COMPACT  NTHRIFT_COMPACT

static const agree_kind_t  expected[] = {
#include "agree_expected.h"
};


typedef struct {
    ours_t         ours;
    agree_kind_t   kinds[KINDS];
    size_t         n;
    unsigned       differing;   /* ends of structure and schema */
} agree_t;


static agree_kind_t *
agree_find(agree_t *a, unsigned protocol, const char *kind)
{
    size_t         i;
    agree_kind_t  *k;

    for (i = 0; i < a->n; i++) {
        k = &a->kinds[i];

        if (k->protocol == protocol && strcmp(k->kind, kind) == 0) {
            return k;
        }
    }

    k = &a->kinds[a->n++];

    k->protocol = protocol;
    k->kind = kind;
    k->digest = 0x811c9dc5;

    return k;
}


/* FNV-1a */

static void
agree_digest(uint32_t *digest, unsigned byte)
{
    *digest = (*digest ^ byte) * 0x01000193;
}


static void
agree_add(void *data, const char *kind, unsigned protocol,
    const uint8_t *bytes, size_t n)
{
    int            structure, schema;
    agree_t       *a = data;
    agree_kind_t  *k;

    k = agree_find(a, protocol, kind);
    structure = ours_structure(protocol, bytes, n);
    schema = (structure < 0) ? -1 : ours_schema(&a->ours, protocol, bytes, n);

    /* nothing may stand behind it */

    if (structure != (int) n) {
        structure = -1;
    }

    if (schema >= 0 && structure >= 0 && schema != structure) {
        a->differing++;
    }

    k->bodies++;
    k->structure += (structure >= 0);
    k->schema += (structure >= 0 && schema >= 0);

    agree_digest(&k->digest, (unsigned) n & 0xff);
    agree_digest(&k->digest, (structure >= 0) + 2 * (schema >= 0));
}


static int
agree_same(const agree_kind_t *a, const agree_kind_t *b)
{
    return a->protocol == b->protocol && strcmp(a->kind, b->kind) == 0
           && a->bodies == b->bodies && a->structure == b->structure
           && a->schema == b->schema && a->digest == b->digest;
}


int
main(void)
{
    size_t            i;
    agree_t          *a;
    agree_kind_t     *k;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(65536, 0);
    a = calloc(1, sizeof(agree_t));

    ours_init(&a->ours, arena, "t/agree/agree.thrift");
    corpus_make(agree_add, a);

    for (i = 0; i < a->n; i++) {
        k = &a->kinds[i];

        if (!ok(i < unit_array_size(expected) && agree_same(k, &expected[i]),
                "%s: %s, %u of %u", nthrift_protocol_name(k->protocol),
                k->kind, k->schema, k->bodies))
        {
            diag("    { %s, \"%s\", %u, %u, %u, 0x%08x },",
                 k->protocol == NTHRIFT_BINARY ? "BINARY" : "COMPACT",
                 k->kind, k->bodies, k->structure, k->schema, k->digest);
        }
    }

    is_int((long long) a->n, unit_array_size(expected), "kinds of bodies");
    is_int(a->differing, 0, "both end where the other does");

    nthrift_arena_destroy(arena);
    free(a);

    done();

    return unit_result();
}
