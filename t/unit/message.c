/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/message.c: whole messages.  Those of t/data/wire/messages.txt were
 * written by Apache's Python library; what is wrong with the others is in
 * their names.
 */

#include "wire/protocol.h"
#include "ways.h"


#define DATA       "t/data/wire/messages.txt"
#define MAX_BYTES  (64 * 1024)


/* One line of DATA. */

typedef struct {
    char     name[64];
    char     transport[16];
    char     protocol[16];
    char     method[NTHRIFT_MAX_NAME + 1];
    int      type;
    int      seqid;
    int      fields;
    int      first;
    char     hex[2 * MAX_BYTES];
    size_t   len;
    uint8_t  bytes[MAX_BYTES];
} message_case_t;


static int
case_parse(message_case_t *c, const char *line)
{
    int  n;

    n = sscanf(line, "%63s %15s %15s %d %d %1024s %d %d %131071s", c->name,
               c->transport, c->protocol, &c->type, &c->seqid, c->method,
               &c->fields, &c->first, c->hex);

    if (n != 9) {
        return 0;
    }

    c->len = unit_hex(c->hex, c->bytes, MAX_BYTES);

    return 1;
}


static unsigned
case_protocol(const message_case_t *c)
{
    unsigned  i;

    for (i = NTHRIFT_PROTOCOL_AUTO + 1; i < NTHRIFT_PROTOCOLS; i++) {
        if (strcmp(c->protocol, nthrift_protocol_name(i)) == 0) {
            return i;
        }
    }

    return NTHRIFT_PROTOCOL_AUTO;
}


/* What was told is what Python was asked to write. */

static void
case_compare(const message_case_t *c, const way_t *way)
{
    int  framed;

    framed = strcmp(c->transport, "framed") == 0;

    ok(way->consumed == c->len
       && way->head.transport == (framed ? NTHRIFT_FRAMED : NTHRIFT_UNFRAMED)
       && way->head.protocol == case_protocol(c)
       && way->head.type == c->type && way->head.seqid == c->seqid
       && way->head.lax == 0
       && way->head.frame == (framed ? c->len - 4 : 0)
       && way->head.name.len == strlen(c->method)
       && memcmp(way->name, c->method, way->head.name.len) == 0
       && way->fields == c->fields && way->first == c->first,
       "%s %s %s: what it says", c->transport, c->protocol, c->name);
}


/* The same with fixed rules, with a message behind it, and only counted. */

static void
case_vary(message_case_t *c)
{
    way_t            way;
    nthrift_rules_t  rules;

    rules = way_rules;
    rules.transport = strcmp(c->transport, "framed") == 0 ? NTHRIFT_FRAMED
                                                          : NTHRIFT_UNFRAMED;
    rules.protocol = case_protocol(c);

    memcpy(c->bytes + c->len, c->bytes, c->len < 100 ? c->len : 100);

    way_is(&rules, c->bytes, c->len + (c->len < 100 ? c->len : 100),
           NTHRIFT_OK, NULL, &way, "fixed rules, another message behind");

    rules.validate = 0;
    rules.lax = 1;

    way_is(&rules, c->bytes, c->len, NTHRIFT_OK, NULL, &way,
           "not validated");
}


static void
test_data(void)
{
    FILE                   *f;
    way_t                   way;
    char                    name[128];
    nthrift_rules_t         rules;
    static message_case_t   c;
    static char             line[2 * MAX_BYTES + 2048];

    rules = way_rules;
    rules.text = 1;

    f = fopen(DATA, "r");

    if (!ok(f != NULL, "%s can be read", DATA)) {
        return;
    }

    while (fgets(line, sizeof(line), f) != NULL) {
        if (line[0] == '#') {
            continue;
        }

        if (!case_parse(&c, line)) {
            ok(0, "%s: %.60s", DATA, line);
            continue;
        }

        snprintf(name, sizeof(name), "%s %s %s", c.transport, c.protocol,
                 c.name);

        way_is(&rules, c.bytes, c.len, NTHRIFT_OK, NULL, &way, name);
        case_compare(&c, &way);

        if (c.len < 2000) {
            case_vary(&c);
        }
    }

    fclose(f);
}


/*
 * Frames and their structs.  The head is "a", CALL, seqid 1: 13 bytes binary,
 * 5 bytes compact.
 */

#define BINARY   "80 01 00 01 00 00 00 01 61 00 00 00 01 "
#define COMPACT  "82 21 01 01 61 "


static void
test_frame_ends(void)
{
    way_t            way;
    nthrift_rules_t  rules;

    way_is_hex(&way_rules, "00 00 00 0e" BINARY "00", NTHRIFT_OK, NULL, &way,
               "frame and struct end together");
    way_is_hex(&way_rules, "00 00 00 11" BINARY "00 00 00 00", NTHRIFT_OK,
               "frame longer than its message", &way,
               "frame longer than its struct");
    is_int((long long) way.consumed, 21, "its rest is passed over");
    way_is_hex(&way_rules, "00 00 00 0d" BINARY "00", NTHRIFT_OK,
               "frame shorter than its message", &way, "frame without body");
    is_int((long long) way.consumed, 17, "the next begins behind the frame");
    way_is_hex(&way_rules, "00 00 00 11" BINARY "08 00 01 00 00 00 01 00",
               NTHRIFT_OK, "frame shorter than its message", &way,
               "frame shorter than its struct");
    is_int((long long) way.consumed, 21, "nothing behind it is read");
    way_is_hex(&way_rules, "00 00 00 05" COMPACT "00", NTHRIFT_OK,
               "frame shorter than its message", NULL,
               "compact frame without body");
    way_is_hex(&way_rules, "00 00 00 08" COMPACT "15 80 80 80 80 00",
               NTHRIFT_OK, "frame shorter than its message", NULL,
               "compact frame ends inside of a number");
    way_is_hex(&way_rules, "00 00 00 13" BINARY "63 00 01 00 00 00",
               NTHRIFT_OK, "unknown type of field", &way,
               "malformed body of a frame");
    is_int((long long) way.consumed, 23, "the frame is passed over");
    is_int(way.head.seqid, 1, "its head was read");

    rules = way_rules;
    rules.validate = 0;

    way_is_hex(&rules, "00 00 00 13" BINARY "63 00 01 00 00 00", NTHRIFT_OK,
               NULL, &way, "malformed body that is only counted");
    way_is_hex(&rules, BINARY "63 00 01 00 00 00", NTHRIFT_ERROR,
               "unknown type of field", &way,
               "malformed unframed body is never only counted");
    way_is_hex(&way_rules, BINARY "63 00 01 00 00 00", NTHRIFT_ERROR,
               "unknown type of field", &way, "malformed unframed body");
    is_int((long long) way.head.size, 13, "its head was read, too");
    way_is_hex(&way_rules, BINARY "08 00 01 00", NTHRIFT_AGAIN, NULL, NULL,
               "unframed body goes on");
    way_is_hex(&way_rules, "00 00 00 0e" BINARY, NTHRIFT_AGAIN, NULL, NULL,
               "framed body goes on");
}


static void
test_limits(void)
{
    way_t            way;
    nthrift_rules_t  rules;

    rules = way_rules;
    rules.max_frame = 20;

    way_is_hex(&rules, "00 00 00 14" BINARY "08 00 01 00 00 00", NTHRIFT_AGAIN,
               NULL, NULL, "frame as long as allowed");
    way_is_hex(&rules, "00 00 00 15" BINARY "08 00 01 00 00 00 01 00",
               NTHRIFT_OK, "frame larger than allowed", &way,
               "frame longer than allowed");
    is_int((long long) way.consumed, 25, "it is passed over");
    way_is_hex(&rules, "00 00 00 15 80 01 00 01 00 00 00 00 61 61 61",
               NTHRIFT_ERROR, "empty method name", NULL,
               "frame longer than allowed with a bad head");

    rules = way_rules;
    rules.max_message = 21;

    way_is_hex(&rules, "00 00 00 11" BINARY "03 00 01 00 00", NTHRIFT_OK,
               "frame shorter than its message", NULL,
               "framed message as long as allowed");
    way_is_hex(&rules, "00 00 00 12" BINARY "03 00 01 00 00", NTHRIFT_OK,
               "message larger than allowed", &way,
               "framed message longer than allowed");
    is_int((long long) way.consumed, 22, "it is passed over as well");
    way_is_hex(&rules, BINARY "08 00 01 00 00 00 01 00", NTHRIFT_OK, NULL,
               NULL, "unframed message as long as allowed");
    way_is_hex(&rules, BINARY "08 00 01 00 00 00 01 03 00 00 00",
               NTHRIFT_ERROR, "message larger than allowed", NULL,
               "unframed message longer than allowed");
    way_is_hex(&rules, BINARY "0b 00 01 00 00 00 02 61 61", NTHRIFT_ERROR,
               "string longer than its message", NULL,
               "unframed message with a string that is too long");

    rules.max_message = 12;

    way_is_hex(&rules, BINARY "00", NTHRIFT_ERROR,
               "message larger than allowed", &way,
               "unframed message whose head is longer than allowed");
    is_int(way.head.size, 13, "that head was read");
}


/* Pieces of a message that is passed over are of no use to anyone. */

static void
test_discards(void)
{
    uint8_t               bytes[64];
    const uint8_t        *p;
    nthrift_message_t     m;
    nthrift_skip_level_t  levels[64];

    (void) unit_hex("00 00 00 12" BINARY "63 00 01 00 00", bytes, 64);

    nthrift_message_start(&m);
    ok(!nthrift_message_discards(&m), "nothing is discarded at first");

    p = bytes;
    is_int(nthrift_message_read(&m, &way_rules, levels, &p, bytes + 17),
           NTHRIFT_AGAIN, "head of a bad message");
    ok(!nthrift_message_discards(&m), "it is not known to be bad");

    is_int(nthrift_message_read(&m, &way_rules, levels, &p, bytes + 18),
           NTHRIFT_AGAIN, "its bad byte");
    ok(nthrift_message_discards(&m), "the rest is discarded");

    is_int(nthrift_message_read(&m, &way_rules, levels, &p, bytes + 22),
           NTHRIFT_OK, "its rest");
    is_int((long long) m.length, 22, "all of it was counted");
}


/* A frame tells what is still to come, also when it is passed over. */

static void
test_left(void)
{
    uint8_t               bytes[64];
    const uint8_t        *p;
    nthrift_message_t     m;
    nthrift_skip_level_t  levels[64];

    (void) unit_hex("00 00 00 12" BINARY "63 00 01 00 00", bytes, 64);

    nthrift_message_start(&m);
    is_int((long long) nthrift_message_left(&m), 0, "unknown at first");

    p = bytes;
    is_int(nthrift_message_read(&m, &way_rules, levels, &p, bytes + 17),
           NTHRIFT_AGAIN, "head of a framed message");
    is_int((long long) nthrift_message_left(&m), 5, "the body is to come");

    is_int(nthrift_message_read(&m, &way_rules, levels, &p, bytes + 20),
           NTHRIFT_AGAIN, "a piece of its body, which is bad");
    is_int((long long) nthrift_message_left(&m), 2, "a part is to come");

    nthrift_message_start(&m);

    p = bytes + 4;
    is_int(nthrift_message_read(&m, &way_rules, levels, &p, bytes + 17),
           NTHRIFT_AGAIN, "head of an unframed message");
    is_int((long long) nthrift_message_left(&m), 0, "unknown");
}


int
main(void)
{
    test_data();
    test_frame_ends();
    test_limits();
    test_discards();
    test_left();

    done();

    return unit_result();
}
