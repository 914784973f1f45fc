/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/exception.c: TApplicationException written, and read as far as it
 * came.
 */

#include "wire/exception.h"
#include "wire/skip.h"
#include "unit.h"


static void
exception_write(const char *name, unsigned protocol, const char *text,
    int32_t type, const char *expected)
{
    size_t         n, size;
    uint8_t        bytes[256], *p;
    nthrift_str_t  str;

    str.data = (uint8_t *) text;
    str.len = strlen(text);

    n = unit_hex(expected, bytes, sizeof(bytes));
    size = nthrift_exception_size(protocol, &str, type);

    is_int((long long) size, (long long) n, name);

    p = unit_guard(bytes, size);
    memset(p, 0xa5, size);

    ok(nthrift_exception_write(p, protocol, &str, type) == p + size,
       "its end");
    is_bytes(p, size, bytes, n, "its bytes");
}


static void
test_write(void)
{
    exception_write("binary", NTHRIFT_BINARY, "no", 1,
                    "0b 0001 00000002 6e6f 08 0002 00000001 00");
    exception_write("binary, no text", NTHRIFT_BINARY, "", -1,
                    "0b 0001 00000000 08 0002 ffffffff 00");
    exception_write("compact", NTHRIFT_COMPACT, "no", 7,
                    "18 02 6e6f 15 0e 00");
    exception_write("compact, no text", NTHRIFT_COMPACT, "", 63,
                    "18 00 15 7e 00");
    exception_write("compact, type of two bytes", NTHRIFT_COMPACT, "", 64,
                    "18 00 15 00 00");
}


/* Any text, a long one too: what is written is a struct, and is read. */

static void
test_round_trip(unsigned protocol, size_t len)
{
    int                    rc;
    size_t                 size;
    uint8_t               *p, *text;
    int32_t                type;
    const uint8_t         *pos;
    nthrift_str_t          str, got;
    nthrift_skip_t         w;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   level;

    text = malloc(len + 1);

    memset(text, 't', len);
    str.data = text;
    str.len = len;
    got.len = 0;
    got.data = NULL;
    type = 0;

    size = nthrift_exception_size(protocol, &str, 6);
    p = malloc(size);

    (void) nthrift_exception_write(p, protocol, &str, 6);

    pos = p;
    nthrift_skip_start(&w, protocol, &level, 1, size);
    rc = nthrift_skip_read(&w, &pos, p + size, &err);
    nthrift_exception_read(protocol, p, p + size, &got, &type);

    ok(rc == NTHRIFT_OK && pos == p + size && type == 6
       && nthrift_str_equal(&got, &str),
       "text of %zu bytes there and back", len);

    free(text);
    free(p);
}


typedef struct {
    const char  *name;
    unsigned     protocol;
    const char  *hex;
    const char  *text;          /* NULL: stays unset */
    int32_t      type;          /* -5: stays */
} exception_case_t;


static const exception_case_t  exception_cases[] = {
    { "binary", NTHRIFT_BINARY,
      "0b 0001 00000002 6e6f 08 0002 00000001 00", "no", 1 },
    { "binary: no type, as Node sends", NTHRIFT_BINARY,
      "0b 0001 00000002 6e6f 00", "no", -5 },
    { "binary: other order", NTHRIFT_BINARY,
      "08 0002 00000006 0b 0001 00000002 6e6f 00", "no", 6 },
    { "binary: unknown fields", NTHRIFT_BINARY,
      "02 0003 01 0b 0004 00000001 78 10 0005"
      "00112233445566778899aabbccddeeff 0b 0001 00000002 6e6f 08 0002 00000007"
      "00", "no", 7 },
    { "binary: ends at a struct", NTHRIFT_BINARY,
      "08 0002 00000006 0c 0009 00 0b 0001 00000002 6e6f 00", NULL, 6 },
    { "binary: ends at an unknown type", NTHRIFT_BINARY,
      "08 0002 00000006 63 0001 00", NULL, 6 },
    { "binary: wrong types", NTHRIFT_BINARY,
      "08 0001 00000006 0b 0002 00000002 6e6f 00", NULL, -5 },
    { "binary: text cut off", NTHRIFT_BINARY,
      "0b 0001 00000010 6e6f", "no", -5 },
    { "binary: text not begun", NTHRIFT_BINARY,
      "0b 0001 00000010", "", -5 },
    { "binary: type cut off", NTHRIFT_BINARY,
      "0b 0001 00000002 6e6f 08 0002 0000", "no", -5 },
    { "binary: empty", NTHRIFT_BINARY, "00", NULL, -5 },
    { "binary: nothing", NTHRIFT_BINARY, "", NULL, -5 },

    { "compact", NTHRIFT_COMPACT, "18 02 6e6f 15 02 00", "no", 1 },
    { "compact: no type", NTHRIFT_COMPACT, "18 02 6e6f 00", "no", -5 },
    { "compact: long ids, other order", NTHRIFT_COMPACT,
      "05 04 0c 08 02 02 6e6f 00", "no", 6 },
    { "compact: unknown fields", NTHRIFT_COMPACT,
      "18 02 6e6f 25 05 15 01 1d 00112233445566778899aabbccddeeff 11 13 ff"
      "16 8001 05 04 0e 00", "no", 7 },
    { "compact: ends at a struct", NTHRIFT_COMPACT,
      "18 02 6e6f 3c 00 05 04 0e 00", "no", -5 },
    { "compact: text cut off", NTHRIFT_COMPACT, "18 10 6e6f", "no", -5 },
    { "compact: type cut off", NTHRIFT_COMPACT, "18 02 6e6f 15 82", "no",
      -5 },
    { "compact: id cut off", NTHRIFT_COMPACT, "18 02 6e6f 05 82", "no", -5 },
    { "compact: too long number", NTHRIFT_COMPACT,
      "16 8080808080808080808000 00", NULL, -5 },
    { "compact: length of 64 bits", NTHRIFT_COMPACT,
      "18 ffffffffffffffffff01 6e6f", "no", -5 },
};


/* Reads it as it is, then every beginning: nothing behind is touched. */

static void
exception_read(const exception_case_t *c)
{
    size_t         i, n, len;
    uint8_t        bytes[256] = { 0 }, *p;
    int32_t        type;
    nthrift_str_t  text, part;

    n = unit_hex(c->hex, bytes, sizeof(bytes));

    for (i = 0; i < n; i++) {
        p = unit_guard(bytes, i);
        nthrift_exception_read(c->protocol, p, p + i, &part, &type);
    }

    p = unit_guard(bytes, n);
    text.data = NULL;
    text.len = 0;
    type = -5;

    nthrift_exception_read(c->protocol, p, p + n, &text, &type);

    len = c->text ? strlen(c->text) : 0;

    if (!ok(type == c->type && text.len == len
            && (text.data != NULL) == (c->text != NULL)
            && (len == 0 || memcmp(text.data, c->text, len) == 0),
            "%s", c->name))
    {
        diag("text of %zu bytes, type %d", text.len, type);
    }
}


static void
test_read(void)
{
    size_t  i;

    for (i = 0; i < unit_array_size(exception_cases); i++) {
        exception_read(&exception_cases[i]);
    }
}


int
main(void)
{
    test_write();

    test_round_trip(NTHRIFT_BINARY, 0);
    test_round_trip(NTHRIFT_BINARY, 70000);
    test_round_trip(NTHRIFT_COMPACT, 0);
    test_round_trip(NTHRIFT_COMPACT, 127);
    test_round_trip(NTHRIFT_COMPACT, 128);
    test_round_trip(NTHRIFT_COMPACT, 70000);

    test_read();

    is_str(nthrift_exception_type_name(NTHRIFT_EXC_PROTOCOL_ERROR),
           "PROTOCOL_ERROR", "name of 7");
    is_str(nthrift_exception_type_name(10), "UNSUPPORTED_CLIENT_TYPE",
           "name of 10");
    is_str(nthrift_exception_type_name(11), NULL, "11 has no name");
    is_str(nthrift_exception_type_name(-1), NULL, "-1 has no name");

    done();

    return unit_result();
}
