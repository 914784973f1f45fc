/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/faults/cases.c: which cases there are, what may become of the call of each,
 * and what became of it.  The rules for all calls:
 *
 *   - a call that is not idempotent is executed once at most, a oneway too;
 *   - a reply is one of its own, and somebody has executed the call;
 *   - what met no fault, and was not on a connection with one, is answered.
 */

#include "faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define MAX_CASES      (1U << 15)
#define MAX_EXECUTED   8        /* of an idempotent call; 3 servers, twice */
#define MAX_SHOWN      64       /* rows of what befell */
#define NAME          128


typedef struct {
    char        name[NAME];
    unsigned    fates[8];       /* by bit */
} row_t;


static struct {
    case_t      cases[MAX_CASES];
    unsigned    n;
    unsigned    next;
} self;


static const char  *does_names[] = {
    "good", "close", "reset", "stall", "half", "garbage", "seqid", "name",
    "twice", "later", "slow"
};

static const char  *at_names[] = {
    "0", "1", "3", "4", "5", "half", "last", "all"
};

static const char  *fate_names[] = {
    "reply", "garbled", "timeout", "closed", "malformed", "connect", "other",
    "sent"
};


static const char *
fate_name(unsigned fate)
{
    unsigned  i;

    for (i = 0; i < 8; i++) {
        if (fate & 1U << i) {
            return fate_names[i];
        }
    }

    return "none";
}


static void
fault_name(const case_t *c, char *text, size_t size)
{
    switch (c->when) {

    case WHEN_CONNECT:
        snprintf(text, size, "connect-%s%s",
                 c->place < PLACE_STALLED ? "reset" : "stall",
                 c->place == PLACE_REFUSED_ALONE
                 || c->place == PLACE_STALLED_ALONE ? "-alone" : "");
        return;

    case WHEN_ACCEPT:
        snprintf(text, size, "accept-%s", does_names[c->does]);
        return;

    case WHEN_REQUEST:
    case WHEN_REPLY:
        break;
    }

    snprintf(text, size, "%s-%s-%s%s%s",
             c->when == WHEN_REQUEST ? "request" : "reply",
             at_names[c->at], does_names[c->does],
             c->place == PLACE_LARGE ? "-large" : "",
             c->always ? "-always" : "");
}


void
case_name(const case_t *c, char *text, size_t size)
{
    char  fault[NAME];

    fault_name(c, fault, sizeof(fault));

    snprintf(text, size, "%s %s %s %s%s%s", fault, kind_name(c->kind),
             c->format.framed ? "framed" : "unframed",
             c->format.protocol == WIRE_BINARY ? "binary" : "compact",
             c->warm ? " warm" : "", c->together ? " together" : "");
}


/* --- which there are ---------------------------------------------------- */

static void
add_case(const case_t *c)
{
    char  name[NAME];

    case_name(c, name, sizeof(name));

    if (conf.only && strncmp(name, conf.only, strlen(conf.only)) != 0) {
        return;
    }

    if (self.n == MAX_CASES) {
        fprintf(stderr, "too many cases\n");
        exit(2);
    }

    self.cases[self.n++] = *c;
}


/* Large calls take time: not each of them is tried in each way. */

static int
is_large(const case_t *c)
{
    return c->warm && !c->together
           && c->format.framed == (c->format.protocol == WIRE_BINARY);
}


/* A fault for each kind of call, in each format, as a client may send it. */

static void
add_fault(case_t c)
{
    unsigned  i;

    for (i = 0; i < KIND_LAST * 16; i++) {
        c.kind = i / 16;
        c.format.protocol = i & 1 ? WIRE_COMPACT : WIRE_BINARY;
        c.format.framed = (i & 2) != 0;
        c.warm = (i & 4) != 0;
        c.together = (i & 8) != 0;

        if (c.place != PLACE_LARGE || is_large(&c)) {
            add_case(&c);
        }
    }
}


/* What does not differ from another case is left out. */

static int
is_a_case(const case_t *c)
{
    if (c->place == PLACE_LARGE && c->at != AT_BEGIN && c->at != AT_HALF) {
        return 0;
    }

    switch (c->does) {

    case DOES_SLOW:
        return c->at != AT_END;

    case DOES_LATER:
        return c->at == AT_END;

    default:
        return c->when == WHEN_REQUEST || c->at != AT_BEGIN;
    }
}


static void
add_faults(place_e place, when_e when, int always)
{
    case_t  c;

    memset(&c, 0, sizeof(case_t));
    c.place = place;
    c.when = when;
    c.always = always;

    for (c.does = DOES_CLOSE; c.does < DOES_LAST; c.does++) {
        for (c.at = AT_BEGIN; c.at < AT_LAST; c.at++) {
            if (is_a_case(&c)) {
                add_fault(c);
            }
        }
    }
}


/* A call is lost with each server that it comes to. */

static void
add_always(void)
{
    case_t  c;

    memset(&c, 0, sizeof(case_t));
    c.place = PLACE_PLAIN;
    c.when = WHEN_REQUEST;
    c.always = 1;

    for (c.does = DOES_CLOSE; c.does <= DOES_HALF; c.does++) {
        for (c.at = AT_BEGIN; c.at < AT_LAST; c.at += AT_HALF) {
            add_fault(c);
        }
    }
}


static void
add_connections(void)
{
    case_t  c;

    memset(&c, 0, sizeof(case_t));
    c.when = WHEN_CONNECT;

    for (c.place = PLACE_REFUSED; c.place <= PLACE_STALLED_ALONE; c.place++) {
        add_fault(c);
    }

    c.when = WHEN_ACCEPT;

    for (c.does = DOES_CLOSE; c.does < DOES_LAST; c.does++) {
        c.place = PLACE_ACCEPT + c.does;
        add_fault(c);
    }
}


static void
shuffle(void)
{
    case_t    c;
    unsigned  i, j;

    srandom(conf.seed);

    for (i = self.n; i > 1; i--) {
        j = (unsigned) random() % i;

        c = self.cases[i - 1];
        self.cases[i - 1] = self.cases[j];
        self.cases[j] = c;
    }
}


void
cases_init(void)
{
    add_faults(PLACE_PLAIN, WHEN_REQUEST, 0);
    add_faults(PLACE_PLAIN, WHEN_REPLY, 0);
    add_faults(PLACE_LARGE, WHEN_REQUEST, 0);
    add_always();
    add_connections();
    shuffle();

    self.n = (self.n + conf.part - 1) / conf.part;
}


const case_t *
case_next(void)
{
    return self.next < self.n ? &self.cases[self.next++] : NULL;
}


unsigned
case_count(void)
{
    return self.n;
}


uint32_t
call_new(const case_t *planned, const case_t *around, kind_e kind,
    place_e place, wire_format_t format)
{
    call_t  *call;

    if (ncalls == MAX_CALLS) {
        fprintf(stderr, "too many calls\n");
        exit(2);
    }

    call = &calls[ncalls];

    call->planned = planned;
    call->around = around;
    call->kind = kind;
    call->place = place;
    call->format = format;
    call->seqid = (int32_t) (ncalls * 7 + 1);

    return ncalls++;
}


/* --- what may become of a call ------------------------------------------ */

/* No byte of a reply has come. */

static unsigned
fates_of_lost(const case_t *c)
{
    return c->kind == KIND_GET && !c->always ? FATE_REPLY : FATE_CLOSED;
}


static unsigned
fates_in_request(const case_t *c)
{
    switch (c->does) {

    case DOES_CLOSE:
    case DOES_RESET:
        return fates_of_lost(c);

    case DOES_HALF:

        /* while a call is sent, nobody looks whether there is still a reader */

        return fates_of_lost(c) | (c->place == PLACE_LARGE ? FATE_TIMEOUT : 0);

    case DOES_STALL:
        return FATE_TIMEOUT;

    case DOES_GARBAGE:
    case DOES_SEQID:
    case DOES_NAME:
        return FATE_MALFORMED;

    default:                    /* twice, later, slow */

        /* it is answered before it was sent as a whole */

        return c->place == PLACE_LARGE && c->does == DOES_TWICE
               && c->at != AT_END ? FATE_REPLY | FATE_MALFORMED | FATE_CLOSED
               : FATE_REPLY;
    }
}


/* All of the reply has been sent; a reset can take it back. */

static unsigned
fates_behind_reply(const case_t *c)
{
    return c->does == DOES_RESET ? FATE_REPLY | fates_of_lost(c) : FATE_REPLY;
}


static unsigned
fates_in_reply(const case_t *c)
{
    if (c->at == AT_END) {
        return fates_behind_reply(c);
    }

    switch (c->does) {

    case DOES_CLOSE:
    case DOES_HALF:
        return FATE_CLOSED;

    case DOES_RESET:
        return FATE_CLOSED | fates_of_lost(c);

    case DOES_STALL:
        return FATE_TIMEOUT;

    case DOES_SLOW:
        return FATE_REPLY;

    default:

        /* what is no reply may look like the rest of one, or like its begin */

        return FATE_MALFORMED | FATE_GARBLED | FATE_TIMEOUT;
    }
}


static unsigned
fates_of_accept(const case_t *c)
{
    switch (c->does) {

    case DOES_CLOSE:
    case DOES_RESET:
    case DOES_HALF:
        return FATE_REPLY | fates_of_lost(c);

    case DOES_STALL:
        return FATE_TIMEOUT;

    case DOES_SLOW:
        return FATE_REPLY;

    default:
        return FATE_REPLY | FATE_MALFORMED;
    }
}


static unsigned
fates_of_case(const case_t *c)
{
    switch (c->when) {

    case WHEN_CONNECT:
        return c->place == PLACE_REFUSED || c->place == PLACE_STALLED
               ? FATE_REPLY : FATE_CONNECT;

    case WHEN_ACCEPT:
        return fates_of_accept(c);

    case WHEN_REQUEST:
        return fates_in_request(c);

    case WHEN_REPLY:
        break;
    }

    return fates_in_reply(c);
}


/* The calls before and behind one that meets a fault, and neighbours'. */

static unsigned
fates_of_other(const call_t *call)
{
    case_t  c;

    if (call->place == PLACE_PLAIN || call->place == PLACE_LARGE) {
        return FATE_REPLY;
    }

    memset(&c, 0, sizeof(case_t));
    c.place = call->place;
    c.kind = call->kind;
    c.when = c.place < PLACE_ACCEPT ? WHEN_CONNECT : WHEN_ACCEPT;
    c.does = c.place < PLACE_ACCEPT ? DOES_GOOD : c.place - PLACE_ACCEPT;

    return fates_of_case(&c);
}


/*
 * What another call's fault can do to one on its connection.  Where there are
 * several on one, nobody knows whose reply has begun until its seqid is there,
 * and all of them are lost with the connection.
 */

static unsigned
fates_beside(const call_t *call)
{
    unsigned  fates;

    fates = conf.pipeline && call->kind == KIND_GET && call->seen > 1
            ? FATE_REPLY : 0;

    if (call->tainted) {
        return fates | FATE_ANY_EXCEPTION;
    }

    /* it waits behind its client's oneway, of which not all is sent */

    if (call->around && call->around->place == PLACE_LARGE
        && call->around->kind == KIND_TELL)
    {
        return fates | FATE_TIMEOUT;
    }

    if (call->seen != 0 || call->kind == KIND_GET) {
        return fates;
    }

    /* its connection was closed when it came, so nobody has read it */

    return conf.shared ? FATE_CLOSED : 0;
}


static unsigned
fates_allowed(const call_t *call)
{
    unsigned  fates;

    if (call->kind == KIND_TELL) {
        return FATE_SENT;
    }

    fates = call->planned ? fates_of_case(call->planned)
                          : fates_of_other(call);

    /* garbage is no call's where there are several: the connection is lost */

    if (conf.pipeline && fates & FATE_MALFORMED) {
        fates |= FATE_CLOSED;
    }

    if (conf.pipeline && call->seen == 0) {
        fates |= FATE_ANY_EXCEPTION;
    }

    return fates | fates_beside(call);
}


static void
call_name(uint32_t id, char *text, size_t size)
{
    size_t         n;
    const call_t  *call;

    call = &calls[id];

    if (call->planned) {
        case_name(call->planned, text, size);
        return;
    }

    n = (size_t) snprintf(text, size, "good %s of a %s", kind_name(call->kind),
                          call->around ? "client of " : "neighbour");

    if (call->around) {
        case_name(call->around, text + n, size - n);
    }
}


void
call_judge(uint32_t id, fate_e fate, const wire_str_t *text)
{
    char     name[NAME];
    call_t  *call;

    call = &calls[id];
    call_name(id, name, sizeof(name));

    if (call->fate != FATE_OPEN) {
        violation("call %08x (%s) has two fates: %s and %s", id, name,
                  fate_name(call->fate), fate_name(fate));
    }

    call->fate = fate;

    if (!(fates_allowed(call) & fate)) {
        violation("call %08x (%s): %s; %u attempts seen, %u executed, %s: "
                  "%.*s", id, name, fate_name(fate), call->seen,
                  call->executed, call->tainted ? "tainted" : "not tainted",
                  text ? (int) text->len : 0,
                  text ? (const char *) text->data : "");
    }

    if (fate & (FATE_REPLY|FATE_GARBLED) && call->executed == 0) {
        violation("call %08x (%s) was answered by nobody", id, name);
    }
}


/* --- when all is over --------------------------------------------------- */

/* A oneway to a server that nothing was sent to comes to another one. */

static int
must_be_executed(const call_t *call)
{
    return call->kind == KIND_TELL
           && (call->place == PLACE_REFUSED || call->place == PLACE_STALLED);
}


static void
judge_executions(uint32_t id)
{
    char     name[NAME];
    call_t  *call;

    call = &calls[id];
    call_name(id, name, sizeof(name));

    if (call->fate == FATE_OPEN) {
        violation("call %08x (%s) has no fate", id, name);
    }

    if (call->executed > (call->kind == KIND_GET ? MAX_EXECUTED : 1)) {
        violation("call %08x (%s) was executed %u times, seen %u times", id,
                  name, call->executed, call->seen);
    }

    if (call->fate == FATE_CONNECT && call->seen != 0) {
        violation("call %08x (%s) was sent, though there was no connection",
                  id, name);
    }

    if (call->executed == 0 && must_be_executed(call)) {
        violation("call %08x (%s) was not executed", id, name);
    }
}


static void
print_row(const row_t *row)
{
    unsigned  i;

    printf("%-32s", row->name);

    for (i = 0; i < 8; i++) {
        if (row->fates[i]) {
            printf(" %s %u", fate_names[i], row->fates[i]);
        }
    }

    printf("\n");
}


/* By fault and kind; rows are few, and so the search is simple. */

static void
print_fates(void)
{
    char            name[NAME];
    static row_t    rows[1024];
    unsigned        i, n;
    uint32_t        id;

    n = 0;

    for (id = 0; id < ncalls; id++) {
        if (calls[id].planned) {
            fault_name(calls[id].planned, name, sizeof(name) - 8);
        } else {
            snprintf(name, sizeof(name), "good to %d", calls[id].place);
        }

        strcat(name, " ");
        strcat(name, kind_name(calls[id].kind));

        for (i = 0; i < n && strcmp(rows[i].name, name) != 0; i++) {
            /* void */
        }

        if (i == n) {
            if (n == sizeof(rows) / sizeof(row_t)) {
                continue;
            }

            memcpy(rows[n++].name, name, NAME);
        }

        if (calls[id].fate) {
            rows[i].fates[__builtin_ctz(calls[id].fate)]++;
        }
    }

    for (i = 0; i < n; i++) {
        print_row(&rows[i]);
    }
}


void
cases_judge(void)
{
    uint32_t  id;

    for (id = 0; id < ncalls; id++) {
        judge_executions(id);
    }

    if (conf.verbose) {
        print_fates();
    }
}
