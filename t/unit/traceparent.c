/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/traceparent.c: which headers are a traceparent, as W3C Trace Context
 * has it, and how one is written.
 */

#include "wire/traceparent.h"
#include "unit.h"


#define TRACE  "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN   "00f067aa0ba902b7"


typedef struct {
    const char  *name;
    const char  *text;
    const char  *written;       /* what is written of it; NULL: it is none */
} traceparent_case_t;


static const traceparent_case_t  traceparent_cases[] = {

    { "sampled", "00-" TRACE "-" SPAN "-01", "00-" TRACE "-" SPAN "-01" },
    { "not sampled", "00-" TRACE "-" SPAN "-00", "00-" TRACE "-" SPAN "-00" },
    { "random", "00-" TRACE "-" SPAN "-03", "00-" TRACE "-" SPAN "-03" },
    { "unknown flags", "00-" TRACE "-" SPAN "-fd", "00-" TRACE "-" SPAN "-01" },

    { "later version", "01-" TRACE "-" SPAN "-01", "00-" TRACE "-" SPAN "-01" },
    { "later version, with more behind", "cc-" TRACE "-" SPAN "-00-what-ever",
      "00-" TRACE "-" SPAN "-00" },
    { "later version, with nothing behind a dash", "cc-" TRACE "-" SPAN "-00-",
      "00-" TRACE "-" SPAN "-00" },
    { "later version, without a dash", "cc-" TRACE "-" SPAN "-00.x", NULL },
    { "version ff", "ff-" TRACE "-" SPAN "-01", NULL },
    { "version FF", "FF-" TRACE "-" SPAN "-01", NULL },
    { "version that is no number", "0x-" TRACE "-" SPAN "-01", NULL },
    { "version of one digit", "0-" TRACE "-" SPAN "-01", NULL },
    { "version of three digits", "000-" TRACE "-" SPAN "-01", NULL },

    { "nothing", "", NULL },
    { "version alone", "00", NULL },
    { "one byte less", "00-" TRACE "-" SPAN "-0", NULL },
    { "one byte more", "00-" TRACE "-" SPAN "-01-", NULL },
    { "one digit more", "00-" TRACE "-" SPAN "-010", NULL },
    { "blank before", " 00-" TRACE "-" SPAN "-01", NULL },
    { "blank behind", "00-" TRACE "-" SPAN "-01 ", NULL },
    { "line feed behind", "00-" TRACE "-" SPAN "-01\n", NULL },

    { "no dash behind the version", "00_" TRACE "-" SPAN "-01", NULL },
    { "no dash behind the trace", "00-" TRACE "_" SPAN "-01", NULL },
    { "no dash behind the span", "00-" TRACE "-" SPAN "_01", NULL },

    { "trace of zeros", "00-00000000000000000000000000000000-" SPAN "-01",
      NULL },
    { "span of zeros", "00-" TRACE "-0000000000000000-01", NULL },
    { "least trace", "00-00000000000000000000000000000001-" SPAN "-01",
      "00-00000000000000000000000000000001-" SPAN "-01" },
    { "least span", "00-" TRACE "-0100000000000000-01",
      "00-" TRACE "-0100000000000000-01" },

    { "capital in the trace", "00-4Bf92f3577b34da6a3ce929d0e0e4736-" SPAN "-01",
      NULL },
    { "capital in the span", "00-" TRACE "-00f067aa0ba902B7-01", NULL },
    { "capital in the flags", "00-" TRACE "-" SPAN "-0A", NULL },
    { "no digit in the trace", "00-4bf92f3577b34da6a3ce929d0e0e473g-" SPAN
      "-01", NULL },
    { "no digit in the span", "00-" TRACE "-00f067aa0ba902b/-01", NULL },
    { "no digit in the flags", "00-" TRACE "-" SPAN "-0:", NULL },
    { "quote", "00-" TRACE "-00f067aa0ba902\"7-01", NULL },
    { "byte of UTF-8", "00-" TRACE "-00f067aa0ba90\xc3\xa4" "-01", NULL },
};


static void
test_case(const traceparent_case_t *c)
{
    int                    rc;
    char                   written[NTHRIFT_TRACEPARENT_SIZE + 1];
    uint8_t               *last;
    nthrift_str_t          text;
    nthrift_traceparent_t  parent;

    text.len = strlen(c->text);
    text.data = unit_guard(c->text, text.len);

    rc = nthrift_traceparent_read(&text, &parent);

    if (rc != NTHRIFT_OK) {
        ok(rc == NTHRIFT_DECLINED && c->written == NULL, "%s", c->name);
        return;
    }

    last = nthrift_traceparent_write((uint8_t *) written, &parent);
    *last = '\0';

    is_int(last - (uint8_t *) written, NTHRIFT_TRACEPARENT_SIZE, "its length");
    is_str(written, c->written, c->name);
}


/* A byte that is 0, or not ASCII, in each place. */

static void
test_bytes(void)
{
    int                    n;
    char                   bytes[] = "00-" TRACE "-" SPAN "-01";
    char                   kept;
    size_t                 i;
    nthrift_str_t          text;
    nthrift_traceparent_t  parent;

    n = 0;

    for (i = 0; i < NTHRIFT_TRACEPARENT_SIZE; i++) {
        kept = bytes[i];

        bytes[i] = '\0';
        text.len = NTHRIFT_TRACEPARENT_SIZE;
        text.data = unit_guard(bytes, text.len);
        n += (nthrift_traceparent_read(&text, &parent) == NTHRIFT_DECLINED);

        bytes[i] = (char) 0xe9;
        text.data = unit_guard(bytes, text.len);
        n += (nthrift_traceparent_read(&text, &parent) == NTHRIFT_DECLINED);

        bytes[i] = kept;
    }

    is_int(n, 2 * NTHRIFT_TRACEPARENT_SIZE, "other bytes in each place");

    for (n = 0, i = 0; i < NTHRIFT_TRACEPARENT_SIZE; i++) {
        text.len = i;
        text.data = unit_guard(bytes, i);
        n += (nthrift_traceparent_read(&text, &parent) == NTHRIFT_DECLINED);
    }

    is_int(n, NTHRIFT_TRACEPARENT_SIZE, "each beginning of it");
}


/* All bytes, in pieces of all lengths. */

static void
test_hex(void)
{
    int      n;
    char     expected[2 * 256 + 1];
    size_t   i, len;
    uint8_t  bytes[256], written[2 * 256 + 1];

    for (i = 0; i < 256; i++) {
        bytes[i] = (uint8_t) i;
        (void) snprintf(expected + 2 * i, 3, "%02x", (unsigned) i);
    }

    n = 0;

    for (len = 0; len <= 256; len++) {
        memset(written, '-', sizeof(written));

        n += (nthrift_traceparent_write_hex(written, bytes + 256 - len, len)
              == written + 2 * len
              && memcmp(written, expected + 2 * (256 - len), 2 * len) == 0
              && written[2 * len] == '-');
    }

    is_int(n, 257, "bytes as digits");
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < unit_array_size(traceparent_cases); i++) {
        test_case(&traceparent_cases[i]);
    }

    test_bytes();
    test_hex();

    done();

    return unit_result();
}
