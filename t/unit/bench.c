/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/bench.c: what reading one message takes, in nanoseconds of CPU time:
 * nthrift_message_read() from the first byte to the last, all bytes at hand,
 * and, for one shape, in pieces of 1000 bytes.  "make unit-bench" prints it.
 */

#include "wire/binary.h"
#include "wire/compact.h"
#include "wire/head.h"
#include "wire/message.h"
#include "unit.h"

#include <time.h>


#define BENCH_SIZE   (32 * 1024)
#define BENCH_NS     2e8        /* for one line */
#define BENCH_ROUND  5


typedef struct {
    const char  *name;
    size_t       size;          /* of the body */
    uint8_t   *(*make)(uint8_t *p, unsigned protocol, size_t size);
} bench_t;


static uint8_t *
bench_field(uint8_t *p, unsigned protocol, uint8_t type, uint8_t compact,
    uint8_t id)
{
    if (protocol == NTHRIFT_COMPACT) {
        *p++ = (uint8_t) (1 << 4 | compact);
        return p;
    }

    *p++ = type;
    *p++ = 0;
    *p++ = id;

    return p;
}


static uint8_t *
bench_length(uint8_t *p, unsigned protocol, uint32_t n)
{
    return (protocol == NTHRIFT_COMPACT)
           ? nthrift_compact_varint_write(p, n) : nthrift_binary_put32(p, n);
}


/* { 1: string }, as an echo service has it */

static uint8_t *
bench_string(uint8_t *p, unsigned protocol, size_t size)
{
    p = bench_field(p, protocol, NTHRIFT_STRING, NTHRIFT_COMPACT_BINARY, 1);
    p = bench_length(p, protocol, (uint32_t) size - 8);
    memset(p, 'x', size - 8);
    p += size - 8;
    *p++ = 0;

    return p;
}


/* { 1: { i64, i32, string, i32, ... } }, until it is full */

static uint8_t *
bench_fields(uint8_t *p, unsigned protocol, size_t size)
{
    uint8_t  *end;

    end = p + size - 2;
    p = bench_field(p, protocol, NTHRIFT_STRUCT, NTHRIFT_COMPACT_STRUCT, 1);

    for ( ;; ) {
        if (end - p < 16) {
            break;
        }

        p = bench_field(p, protocol, NTHRIFT_I32, NTHRIFT_COMPACT_I32, 2);
        p = bench_length(p, protocol, 123456);

        if (end - p < 24) {
            break;
        }

        p = bench_field(p, protocol, NTHRIFT_STRING, NTHRIFT_COMPACT_BINARY,
                        3);
        p = bench_length(p, protocol, 12);
        p = memset(p, 'x', 12);
        p += 12;
    }

    *p++ = 0;
    *p++ = 0;

    return p;
}


/* { 1: list<i32> }, of values of one to three bytes in compact */

static uint8_t *
bench_numbers(uint8_t *p, unsigned protocol, size_t size)
{
    uint32_t  i, n;

    n = (uint32_t) (size / 4) - 2;
    p = bench_field(p, protocol, NTHRIFT_LIST, NTHRIFT_COMPACT_LIST, 1);

    *p++ = (protocol == NTHRIFT_COMPACT) ? 0xf0 | NTHRIFT_COMPACT_I32
                                         : NTHRIFT_I32;
    p = bench_length(p, protocol, n);

    for (i = 0; i < n; i++) {
        p = bench_length(p, protocol, (i * 2654435761u) % 60000);
    }

    *p++ = 0;

    return p;
}


/* { 1: list<struct { 1: i32, 2: string }> } */

static uint8_t *
bench_structs(uint8_t *p, unsigned protocol, size_t size)
{
    uint32_t  i, n;

    n = (uint32_t) size / 24;
    p = bench_field(p, protocol, NTHRIFT_LIST, NTHRIFT_COMPACT_LIST, 1);

    *p++ = (protocol == NTHRIFT_COMPACT) ? 0xf0 | NTHRIFT_COMPACT_STRUCT
                                         : NTHRIFT_STRUCT;
    p = bench_length(p, protocol, n);

    for (i = 0; i < n; i++) {
        p = bench_field(p, protocol, NTHRIFT_I32, NTHRIFT_COMPACT_I32, 1);
        p = bench_length(p, protocol, i);
        p = bench_field(p, protocol, NTHRIFT_STRING, NTHRIFT_COMPACT_BINARY,
                        2);
        p = bench_length(p, protocol, 9);
        p = memset(p, 'x', 9);
        p += 9;
        *p++ = 0;
    }

    *p++ = 0;

    return p;
}


static const bench_t  benches[] = {
    { "string", 64, bench_string },
    { "fields", 64, bench_fields },
    { "string", 16384, bench_string },
    { "fields", 16384, bench_fields },
    { "numbers", 16384, bench_numbers },
    { "structs", 16384, bench_structs },
};


static double
bench_clock(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return (double) ts.tv_sec * 1e9 + (double) ts.tv_nsec;
}


/* Reads the message once, in pieces of `piece` bytes behind the head. */

static int
bench_read(const uint8_t *bytes, size_t n, size_t piece)
{
    int                          rc;
    const uint8_t               *p, *end;
    nthrift_message_t            m;
    static nthrift_skip_level_t  levels[64];
    static nthrift_rules_t       rules = {
        .validate = 1, .max_depth = 64, .max_frame = 16384000,
        .max_message = 104857600
    };

    nthrift_message_start(&m);

    p = bytes;

    do {
        end = ((size_t) (bytes + n - p) > piece) ? p + piece : bytes + n;
        rc = nthrift_message_read(&m, &rules, levels, &p, end);
    } while (rc == NTHRIFT_AGAIN && p != bytes + n);

    return rc == NTHRIFT_OK && m.error.text == NULL && p == bytes + n;
}


static double
bench_measure(const uint8_t *bytes, size_t n, size_t piece)
{
    int     i, round, times;
    double  start, took, best;

    times = 1000;
    best = 1e18;

    for (round = 0; round < BENCH_ROUND; round++) {
        start = bench_clock();

        for (i = 0; i < times; i++) {
            if (!bench_read(bytes, n, piece)) {
                fprintf(stderr, "bench: the message is not read\n");
                exit(1);
            }

            __asm__ volatile ("" : : : "memory");
        }

        took = (bench_clock() - start) / times;
        best = (took < best) ? took : best;
        times = (int) (BENCH_NS / BENCH_ROUND / best) + 1;
    }

    return best;
}


static void
bench_run(const bench_t *b, unsigned protocol, unsigned transport)
{
    size_t          n;
    uint8_t        *body, *end;
    nthrift_head_t  head;
    static uint8_t  bytes[BENCH_SIZE];

    memset(&head, 0, sizeof(head));

    head.transport = (uint8_t) transport;
    head.protocol = (uint8_t) protocol;
    head.type = NTHRIFT_CALL;
    head.seqid = 77;
    head.name.data = (uint8_t *) "Weather:getTemperature";
    head.name.len = 22;

    body = bytes + nthrift_head_size(&head);
    end = b->make(body, protocol, b->size);
    (void) nthrift_head_write(bytes, &head, (size_t) (end - body));
    n = (size_t) (end - bytes);

    printf("%-8s %6zu bytes  %-8s %-7s %9.1f ns", b->name, n,
           transport == NTHRIFT_FRAMED ? "framed" : "unframed",
           protocol == NTHRIFT_BINARY ? "binary" : "compact",
           bench_measure(bytes, n, n));

    if (n > 1000) {
        printf("  in pieces %9.1f ns", bench_measure(bytes, n, 1000));
    }

    printf("\n");
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < unit_array_size(benches); i++) {
        bench_run(&benches[i], NTHRIFT_BINARY, NTHRIFT_FRAMED);
        bench_run(&benches[i], NTHRIFT_BINARY, NTHRIFT_UNFRAMED);
        bench_run(&benches[i], NTHRIFT_COMPACT, NTHRIFT_FRAMED);
        bench_run(&benches[i], NTHRIFT_COMPACT, NTHRIFT_UNFRAMED);
    }

    return 0;
}
