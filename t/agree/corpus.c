/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/agree/corpus.c: writes what libraries are asked about, a message a line:
 *
 *     number, protocol, message in hex, who accepts it, kind
 *
 * "schema" or "structure".  Each body comes twice, as the arguments of "call",
 * which servers know, and with an "n" behind the number as those of "nope",
 * which they pass over.
 *
 *     corpus agree.thrift                  the bodies of corpus.h
 *     corpus agree.thrift SEED COUNT       as many others that "schema"
 *                                          accepts, made of them by chance
 */

#include "corpus.h"
#include "ours.h"


#define KEPT     65536
#define CHANGES  6              /* in a body, at most */


typedef struct {
    unsigned   protocol;
    size_t     n;
    uint8_t   *bytes;
} body_t;


typedef struct {
    ours_t     ours;
    unsigned   number;
    int        quiet;           /* bodies are kept, not written */
    body_t     kept[KEPT];
    size_t     n;
    uint64_t   random;
} writer_t;


static void
write_message(const writer_t *w, const char *method, unsigned protocol,
    const uint8_t *bytes, size_t n, const char *accepted, const char *kind)
{
    size_t  i;

    printf("%u%s\t%s\t", w->number, strcmp(method, "nope") ? "" : "n",
           protocol == NTHRIFT_BINARY ? "binary" : "compact");
    printf("%s", protocol == NTHRIFT_BINARY ? "8001000100000004" : "82210104");

    for (i = 0; i < 4; i++) {
        printf("%02x", method[i]);
    }

    printf("%s", protocol == NTHRIFT_BINARY ? "00000001" : "");

    for (i = 0; i < n; i++) {
        printf("%02x", bytes[i]);
    }

    printf("\t%s\t%s\n", accepted, kind);
}


static void
keep(writer_t *w, unsigned protocol, const uint8_t *bytes, size_t n)
{
    body_t  *body;

    if (w->n == KEPT) {
        return;
    }

    body = &w->kept[w->n++];

    body->protocol = protocol;
    body->n = n;
    body->bytes = malloc(n + 1);
    memcpy(body->bytes, bytes, n);
}


static int
accepted(writer_t *w, unsigned protocol, const uint8_t *bytes, size_t n)
{
    if (ours_structure(protocol, bytes, n) != (int) n) {
        return 0;
    }

    return (ours_schema(&w->ours, protocol, bytes, n) == (int) n) ? 2 : 1;
}


static void
add(void *data, const char *kind, unsigned protocol, const uint8_t *bytes,
    size_t n)
{
    int        by;
    writer_t  *w = data;

    by = accepted(w, protocol, bytes, n);

    if (by == 2) {
        keep(w, protocol, bytes, n);
    }

    if (by == 0 || w->quiet) {
        return;
    }

    w->number++;
    write_message(w, "call", protocol, bytes, n,
                  by == 2 ? "schema" : "structure", kind);
    write_message(w, "nope", protocol, bytes, n,
                  by == 2 ? "schema" : "structure", kind);
}


/* xorshift64* */

static uint32_t
chance(writer_t *w, uint32_t below)
{
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;

    return (uint32_t) ((w->random * 0x2545f4914f6cdd1d) >> 32) % below;
}


static const body_t *
choose(writer_t *w, unsigned protocol)
{
    const body_t  *body;

    do {
        body = &w->kept[chance(w, (uint32_t) w->n)];
    } while (protocol != 0 && body->protocol != protocol);

    return body;
}


/* Bytes that mean something: types, sizes, heads, ends. */

static uint8_t
some_byte(writer_t *w)
{
    static const uint8_t  bytes[] = {
        0, 1, 2, 3, 4, 6, 8, 10, 11, 12, 13, 14, 15, 16, 0x15, 0x1c, 0x19,
        0x2b, 0x7f, 0x80, 0xff
    };

    return chance(w, 3) ? bytes[chance(w, sizeof(bytes))]
                        : (uint8_t) chance(w, 256);
}


/* Puts what is in another's Body, or a part of it, at `at`. */

static size_t
splice(writer_t *w, unsigned protocol, uint8_t *bytes, size_t n, size_t at)
{
    size_t         from, len;
    const body_t  *other;

    other = choose(w, protocol);
    from = (protocol == NTHRIFT_BINARY) ? 3 : 1;

    if (other->n < from + 3) {
        return n;
    }

    len = other->n - from - 2;

    if (chance(w, 3) == 0) {
        from += chance(w, (uint32_t) len);
        len = 1 + chance(w, (uint32_t) (other->n - from));
    }

    if (n + len > CORPUS_SIZE) {
        return n;
    }

    memmove(bytes + at + len, bytes + at, n - at);
    memcpy(bytes + at, other->bytes + from, len);

    return n + len;
}


static size_t
change(writer_t *w, unsigned protocol, uint8_t *bytes, size_t n)
{
    size_t  at, len;

    if (n == 0) {
        return n;
    }

    at = chance(w, (uint32_t) n);

    switch (chance(w, 6)) {

    case 0:
        bytes[at] = some_byte(w);
        return n;

    case 1:
        bytes[at] ^= (uint8_t) (1 << chance(w, 8));
        return n;

    case 2:
        if (n == CORPUS_SIZE) {
            return n;
        }

        memmove(bytes + at + 1, bytes + at, n - at);
        bytes[at] = some_byte(w);
        return n + 1;

    case 3:
        len = 1 + chance(w, 4);
        len = (len > n - at) ? n - at : len;
        memmove(bytes + at, bytes + at + len, n - at - len);
        return n - len;

    default:

        /* most often before Body's first field */

        if (chance(w, 3) != 0) {
            at = (protocol == NTHRIFT_BINARY) ? 3 : 1;
            at = (at > n) ? n : at;
        }

        return splice(w, protocol, bytes, n, at);
    }
}


static void
fuzz(writer_t *w, unsigned long count)
{
    size_t         n;
    unsigned       i;
    const body_t  *body;
    uint8_t        bytes[CORPUS_SIZE];

    while (w->number < count) {
        body = choose(w, 0);
        n = body->n;
        memcpy(bytes, body->bytes, n);

        for (i = 1 + chance(w, CHANGES); i != 0; i--) {
            n = change(w, body->protocol, bytes, n);
        }

        if (accepted(w, body->protocol, bytes, n) != 2) {
            continue;
        }

        /* the next ones may be made of it */

        if (chance(w, 8) == 0) {
            keep(w, body->protocol, bytes, n);
        }

        w->number++;
        write_message(w, "call", body->protocol, bytes, n, "schema", "chance");
        write_message(w, "nope", body->protocol, bytes, n, "schema", "chance");
    }
}


int
main(int argc, char **argv)
{
    nthrift_arena_t  *arena;
    static writer_t   w;

    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: corpus agree.thrift [SEED COUNT]\n");
        return 2;
    }

    arena = nthrift_arena_create(65536, 0);
    ours_init(&w.ours, arena, argv[1]);

    w.quiet = (argc == 4);
    corpus_make(add, &w);

    if (argc == 4) {
        w.random = strtoull(argv[2], NULL, 10) * 2 + 1;
        fuzz(&w, strtoul(argv[3], NULL, 10));
    }

    return 0;
}
