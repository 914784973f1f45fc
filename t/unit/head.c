/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/head.c: heads read, written and changed.  What Apache's library
 * writes is read in message.c; here is what no library would send, and what
 * is written.
 */

#include "wire/head.h"
#include "ways.h"


typedef struct {
    const char  *name;
    const char  *hex;
    int          rc;
    const char  *error;
} head_case_t;


static const head_case_t  head_cases[] = {

    /* binary */

    { "binary head", "80 01 00 01 00 00 00 01 61 00 00 00 01 00",
      NTHRIFT_OK, NULL },
    { "binary: empty name", "80 01 00 01 00 00 00 00 00 00 00 01 00",
      NTHRIFT_ERROR, "empty method name" },
    { "binary: negative name length",
      "80 01 00 01 ff ff ff ff 61 00 00 00 01 00",
      NTHRIFT_ERROR, "negative length of method name" },
    { "binary: too long name", "80 01 00 01 00 00 04 01 61 61",
      NTHRIFT_ERROR, "too long method name" },
    { "binary: name leaves its frame",
      "00 00 00 10 80 01 00 01 00 00 00 05 61 61 61 61 61 00 00 00 01 00",
      NTHRIFT_ERROR, "method name longer than its frame" },
    { "binary: name fills its frame",
      "00 00 00 11 80 01 00 01 00 00 00 05 61 61 61 61 61 00 00 00 01",
      NTHRIFT_OK, "frame shorter than its message" },
    { "binary: frame too short for any name",
      "00 00 00 0c 80 01 00 01 00 00 00 01 61 00 00 00 01 00",
      NTHRIFT_ERROR, "frame too short for a message" },
    { "binary: cut off", "80 01 00 01 00 00 00 04 70 69 6e 67 00 00 00",
      NTHRIFT_AGAIN, NULL },
    { "binary: type 0", "80 01 00 00 00 00 00 01 61 00 00 00 01 00",
      NTHRIFT_OK, NULL },
    { "binary: type 255", "80 01 00 ff 00 00 00 01 61 00 00 00 01 00",
      NTHRIFT_OK, NULL },

    /* binary without version */

    { "lax head", "00 00 00 04 70 69 6e 67 01 00 00 00 07 00",
      NTHRIFT_OK, NULL },
    { "framed lax head",
      "00 00 00 0e 00 00 00 04 70 69 6e 67 01 00 00 00 07 00",
      NTHRIFT_OK, NULL },
    { "lax: name leaves its frame",
      "00 00 00 0e 00 00 00 06 70 69 6e 67 01 00 00 00 07 00",
      NTHRIFT_ERROR, "method name longer than its frame" },
    { "lax: empty name", "00 00 00 0e 00 00 00 00 01 00 00 00 07 00 00 00",
      NTHRIFT_ERROR, "empty method name" },
    { "lax: too long name", "00 00 08 0e 00 00 04 01 70 69 6e 67",
      NTHRIFT_ERROR, "too long method name" },
    { "lax: frame too short for any name",
      "00 00 00 09 00 00 00 01 61 01 00 00 01 00",
      NTHRIFT_ERROR, "frame too short for a message" },

    /* compact */

    { "compact head", "82 21 01 01 61 00", NTHRIFT_OK, NULL },
    { "compact: numbers longer than need be", "82 21 81 80 00 81 00 61 00",
      NTHRIFT_OK, NULL },
    { "compact: empty name", "82 21 01 00 00", NTHRIFT_ERROR,
      "empty method name" },
    { "compact: too long name", "82 21 01 81 08 61", NTHRIFT_ERROR,
      "too long method name" },
    { "compact: negative name length", "82 21 01 ff ff ff ff 0f 61",
      NTHRIFT_ERROR, "too long method name" },
    { "compact: seqid of six bytes", "82 21 80 80 80 80 80 00 01 61 00",
      NTHRIFT_ERROR, "too long number for seqid" },
    { "compact: name length of six bytes", "82 21 01 81 80 80 80 80 00 61 00",
      NTHRIFT_ERROR, "too long number for length of method name" },
    { "compact: name leaves its frame",
      "00 00 00 06 82 21 01 03 61 61 61 00", NTHRIFT_ERROR,
      "method name longer than its frame" },
    { "compact: seqid leaves its frame",
      "00 00 00 05 82 21 80 80 80 00 01 61 00", NTHRIFT_ERROR,
      "frame too short for a message" },
    { "compact: name length leaves its frame",
      "00 00 00 06 82 21 80 80 80 00 01 61 00", NTHRIFT_ERROR,
      "frame too short for a message" },
    { "compact: cut off", "82 21 80", NTHRIFT_AGAIN, NULL },
    { "compact: type 0", "82 01 01 01 61 00", NTHRIFT_OK, NULL },
    { "compact: type 7", "82 e1 01 01 61 00", NTHRIFT_OK, NULL },

    { "bad version", "80 02 00 01 00 00 00 01 61 00 00 00 01 00",
      NTHRIFT_ERROR, "unknown version of binary protocol" }
};


static void
test_read(void)
{
    size_t              i;
    nthrift_rules_t     rules;
    const head_case_t  *c;

    rules = way_rules;
    rules.lax = 1;

    for (i = 0; i < unit_array_size(head_cases); i++) {
        c = &head_cases[i];
        way_is_hex(&rules, c->hex, c->rc, c->error, NULL, c->name);
    }
}


/* Some servers do not know what an exception answers. */

static void
test_unnamed(void)
{
    nthrift_rules_t  rules;

    rules = way_rules;
    rules.unnamed = 1;

    way_is_hex(&rules, "80 01 00 03 00 00 00 00 00 00 00 00 00", NTHRIFT_OK,
               NULL, NULL, "binary: exception without name");
    way_is_hex(&rules, "00 00 00 0d 80 01 00 03 00 00 00 00 00 00 00 00 00",
               NTHRIFT_OK, NULL, NULL, "framed: exception without name");
    way_is_hex(&rules, "82 61 00 00 00", NTHRIFT_OK, NULL, NULL,
               "compact: exception without name");
    way_is_hex(&rules, "80 01 00 02 00 00 00 00 00 00 00 00 00",
               NTHRIFT_ERROR, "empty method name", NULL,
               "binary: reply without name");
    way_is_hex(&rules, "82 41 00 00 00", NTHRIFT_ERROR, "empty method name",
               NULL, "compact: reply without name");

    rules.unnamed = 0;

    way_is_hex(&rules, "80 01 00 03 00 00 00 00 00 00 00 00 00",
               NTHRIFT_ERROR, "empty method name", NULL,
               "binary: exception without name, not allowed");
}


static void
test_values(void)
{
    way_t            way;
    nthrift_rules_t  rules;

    rules = way_rules;
    rules.lax = 1;

    way_is_hex(&rules, "80 01 00 ff 00 00 00 01 61 ff ff ff f9 00",
               NTHRIFT_OK, NULL, &way, "binary head, odd values");
    is_int(way.head.type, 255, "its type");
    is_int(way.head.seqid, -7, "its seqid");

    way_is_hex(&rules, "82 e1 f9 ff ff ff 0f 01 61 00", NTHRIFT_OK, NULL,
               &way, "compact head, odd values");
    is_int(way.head.type, 7, "its type");
    is_int(way.head.seqid, -7, "its seqid");
    is_int(way.head.size, 9, "its size");

    way_is_hex(&rules, "00 00 00 0e 00 00 00 04 70 69 6e 67 04 00 00 00 07 00",
               NTHRIFT_OK, NULL, &way, "lax head");
    is_int(way.head.type, NTHRIFT_ONEWAY, "its type");
    is_int(way.head.seqid, 7, "its seqid");
    is_int(way.head.lax, 1, "it is lax");
    is_int(way.head.size, 17, "its size");
    is_bytes(way.name, way.head.name.len, "ping", 4, "its name");
}


/* The longest head of all is as long as wire.h says, and is read. */

static void
test_longest(void)
{
    way_t    way;
    uint8_t  bytes[4 + NTHRIFT_MAX_HEAD + 1];
    size_t   n;

    n = unit_hex("00 00 04 0e 82 21 ff ff ff ff 0f 80 88 80 80 00", bytes,
                 sizeof(bytes));
    memset(bytes + n, 'n', NTHRIFT_MAX_NAME);
    n += NTHRIFT_MAX_NAME;
    bytes[n++] = 0;

    bytes[3] = (uint8_t) (n - 4);
    bytes[2] = (uint8_t) ((n - 4) >> 8);

    way_is(&way_rules, bytes, n, NTHRIFT_OK, NULL, &way,
           "longest name, longest numbers");
    ok(way.head.size <= NTHRIFT_MAX_HEAD, "not longer than the longest head");
}


static void
head_write(const char *name, unsigned transport, unsigned protocol,
    uint8_t lax, int32_t seqid, const char *expected)
{
    size_t          n, len;
    uint8_t         bytes[64], *p;
    nthrift_head_t  head;

    memset(&head, 0, sizeof(head));

    head.transport = (uint8_t) transport;
    head.protocol = (uint8_t) protocol;
    head.lax = !lax;
    head.write_lax = lax;
    head.type = NTHRIFT_REPLY;
    head.seqid = seqid;
    head.name.data = (uint8_t *) "ping";
    head.name.len = 4;

    n = unit_hex(expected, bytes, sizeof(bytes));
    len = nthrift_head_size(&head);

    is_int((long long) len, (long long) n, name);

    p = unit_guard(bytes, len);
    memset(p, 0, len);

    ok(nthrift_head_write(p, &head, 7) == p + len, "its end");
    is_bytes(p, len, bytes, n, "its bytes");
    is_int(nthrift_head_frame(&head, 7),
           transport == NTHRIFT_FRAMED ? bytes[3] : 0, "its length word");
}


static void
test_write(void)
{
    head_write("unframed binary", NTHRIFT_UNFRAMED, NTHRIFT_BINARY, 0, -2,
               "80 01 00 02 00 00 00 04 70 69 6e 67 ff ff ff fe");
    head_write("framed binary", NTHRIFT_FRAMED, NTHRIFT_BINARY, 0, 1,
               "00 00 00 17 80 01 00 02 00 00 00 04 70 69 6e 67 00 00 00 01");
    head_write("unframed compact", NTHRIFT_UNFRAMED, NTHRIFT_COMPACT, 0, -1,
               "82 41 ff ff ff ff 0f 04 70 69 6e 67");
    head_write("framed compact", NTHRIFT_FRAMED, NTHRIFT_COMPACT, 0, 128,
               "00 00 00 10 82 41 80 01 04 70 69 6e 67");

    head_write("unframed lax", NTHRIFT_UNFRAMED, NTHRIFT_BINARY, 1, -2,
               "00 00 00 04 70 69 6e 67 02 ff ff ff fe");
    head_write("framed lax", NTHRIFT_FRAMED, NTHRIFT_BINARY, 1, 1,
               "00 00 00 14 00 00 00 04 70 69 6e 67 02 00 00 00 01");
}


static void
test_most(void)
{
    nthrift_head_t   head;
    nthrift_rules_t  rules = { .max_frame = 100, .max_message = 103 };

    memset(&head, 0, sizeof(head));

    head.transport = NTHRIFT_UNFRAMED;
    is_int((long long) nthrift_head_most(&head, &rules), 103, "unframed: most");

    head.transport = NTHRIFT_FRAMED;
    is_int((long long) nthrift_head_most(&head, &rules), 103, "framed: most");

    rules.max_message = 1000;
    is_int((long long) nthrift_head_most(&head, &rules), 104,
           "framed: most of a frame");

    head.transport = NTHRIFT_HEADER;
    is_int((long long) nthrift_head_most(&head, &rules), 104,
           "THeader: most of a frame");
}


static void
head_patch(const char *name, const char *hex, int32_t seqid, int rc,
    const char *expected)
{
    size_t           n, m;
    uint8_t          bytes[64], patched[64], *p;
    nthrift_head_t   head;
    nthrift_error_t  err = { NULL };
    nthrift_rules_t  rules;

    rules = way_rules;
    rules.lax = 1;

    n = unit_hex(hex, bytes, sizeof(bytes));
    m = unit_hex(expected, patched, sizeof(patched));
    p = unit_guard(bytes, n);

    if (!ok(nthrift_head_read(&rules, p, p + n, &head, &err) == NTHRIFT_OK,
            "%s", name))
    {
        return;
    }

    is_int(nthrift_head_patch_seqid(p, &head, seqid), rc, "its patch");
    is_bytes(p, n, patched, m, "its bytes");
}


static void
test_patch(void)
{
    head_patch("binary", "80 01 00 01 00 00 00 01 61 00 00 00 01", -2,
               NTHRIFT_OK, "80 01 00 01 00 00 00 01 61 ff ff ff fe");
    head_patch("framed binary",
               "00 00 00 0e 80 01 00 01 00 00 00 01 61 00 00 00 01", 258,
               NTHRIFT_OK,
               "00 00 00 0e 80 01 00 01 00 00 00 01 61 00 00 01 02");
    head_patch("lax", "00 00 00 04 70 69 6e 67 01 00 00 00 07", 8,
               NTHRIFT_OK, "00 00 00 04 70 69 6e 67 01 00 00 00 08");
    head_patch("compact", "82 21 01 01 61", 127, NTHRIFT_OK,
               "82 21 7f 01 61");
    head_patch("framed compact", "00 00 00 07 82 21 80 01 01 61 00", 300,
               NTHRIFT_OK, "00 00 00 07 82 21 ac 02 01 61 00");
    head_patch("compact, negative", "82 21 ff ff ff ff 0f 01 61", -2,
               NTHRIFT_OK, "82 21 fe ff ff ff 0f 01 61");
    head_patch("compact, needs more", "82 21 01 01 61", 128,
               NTHRIFT_DECLINED, "82 21 01 01 61");
    head_patch("compact, needs less", "82 21 80 01 01 61", 127,
               NTHRIFT_DECLINED, "82 21 80 01 01 61");
    head_patch("compact, longer than need be", "82 21 81 00 01 61", 2,
               NTHRIFT_DECLINED, "82 21 81 00 01 61");
}


int
main(void)
{
    test_read();
    test_unnamed();
    test_values();
    test_longest();
    test_write();
    test_patch();
    test_most();

    is_str(nthrift_head_type_name(NTHRIFT_CALL), "CALL", "name of CALL");
    is_str(nthrift_head_type_name(NTHRIFT_ONEWAY), "ONEWAY",
           "name of ONEWAY");
    is_str(nthrift_head_type_name(0), "unknown", "name of 0");
    is_str(nthrift_head_type_name(5), "unknown", "name of 5");

    done();

    return unit_result();
}
