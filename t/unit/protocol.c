/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/protocol.c: the table of the protocols: every row is whole, and what
 * one writes is told from what the others write.
 */

#include "wire/exception.h"
#include "wire/head.h"
#include "wire/protocol.h"
#include "wire/skip.h"
#include "unit.h"


static const nthrift_rules_t  rules = {
    .validate = 1, .text = 1, .max_depth = 8, .max_frame = 1000,
    .max_message = 1000
};


static void
test_row(unsigned number)
{
    unsigned                   i;
    const nthrift_protocol_t  *row;

    row = nthrift_protocols[number];

    ok(row->name != NULL && row->version_error != NULL
       && row->head_read != NULL && row->head_size != NULL
       && row->head_write != NULL && row->head_patch != NULL
       && row->walk != NULL && row->exception_size != NULL
       && row->exception_write != NULL && row->exception_read != NULL,
       "%s: whole", row->name);

    is_str(nthrift_protocol_name(number), row->name, "its name");
    ok((row->version & ~row->version_mask) == 0, "its version");

    /* what begins with a smaller byte is a length word */

    ok(row->first >= (NTHRIFT_MAX_FRAME >> 24) + 1, "its first byte");

    for (i = NTHRIFT_PROTOCOL_AUTO + 1; i < NTHRIFT_PROTOCOLS; i++) {
        ok(i == number
           || (row->unexpected[i] != NULL
               && row->first != nthrift_protocols[i]->first),
           "%s and %s", row->name, nthrift_protocol_name(i));
    }
}


/* An exception is written, told, walked over and read. */

static void
test_exception(unsigned number, unsigned transport)
{
    size_t                 n;
    uint8_t               *p, *end;
    int32_t                type;
    nthrift_str_t          text = nthrift_string("why");
    nthrift_head_t         head, again;
    nthrift_skip_t         w;
    const uint8_t         *body;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   levels[8];

    memset(&head, 0, sizeof(head));

    head.transport = (uint8_t) transport;
    head.protocol = (uint8_t) number;
    head.type = NTHRIFT_EXCEPTION;
    head.seqid = 300;
    head.name = text;

    n = nthrift_exception_size(number, &text, NTHRIFT_EXC_INTERNAL_ERROR);
    p = malloc(nthrift_head_size(&head) + n);
    end = nthrift_head_write(p, &head, n);
    end = nthrift_exception_write(end, number, &text,
                                  NTHRIFT_EXC_INTERNAL_ERROR);

    ok(nthrift_head_read(&rules, p, end, &again, &err) == NTHRIFT_OK
       && again.protocol == number && again.transport == transport
       && again.type == NTHRIFT_EXCEPTION && again.seqid == 300
       && again.name.len == text.len,
       "%s, %d: its head", nthrift_protocol_name(number), transport);

    body = p + again.size;
    nthrift_skip_start(&w, number, levels, 8, n);
    ok(nthrift_skip_read(&w, &body, end, &err) == NTHRIFT_OK && body == end,
       "its body");

    type = 0;
    memset(&text, 0, sizeof(text));
    nthrift_exception_read(number, p + again.size, end, &text, &type);
    is_bytes(text.data, text.len, "why", 3, "its text");
    is_int(type, NTHRIFT_EXC_INTERNAL_ERROR, "its type");

    free(p);
}


int
main(void)
{
    unsigned  i;

    ok(nthrift_protocols[NTHRIFT_PROTOCOL_AUTO] == NULL, "none is no protocol");
    is_str(nthrift_protocol_name(NTHRIFT_PROTOCOL_AUTO), "unknown",
           "none has no name");

    for (i = NTHRIFT_PROTOCOL_AUTO + 1; i < NTHRIFT_PROTOCOLS; i++) {
        test_row(i);
        test_exception(i, NTHRIFT_UNFRAMED);
        test_exception(i, NTHRIFT_FRAMED);
    }

    done();

    return unit_result();
}
