/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/plan.c: everything that is left to chance is decided here, as a
 * function of the seed and of what it is decided for, so that both processes
 * know it and another run with this seed decides the same.  Only what happens
 * at which moment differs between runs.
 */

#include "chaos.h"

#include <stdlib.h>
#include <string.h>


#define PATTERN       (1024 * 1024 + 65536)
#define PATTERN_TURN  65536

#define EARLY         10       /* of so many clients, one leaves */
#define EARLY_CALLS   5        /* after so many calls */


enum {
    KIND_CALL = 1,
    KIND_CONN,
    KIND_LIFE,
    KIND_CHECK,
    KIND_PATTERN
};


#define F(fate)  (1U << FATE_##fate)


static const struct {
    const char  *name;
    unsigned     weight;        /* of 1000; the rest is good */
    uint32_t     fates;
} actions[ACTION_LAST] = {
    [ACTION_GOOD]          = { "good",           0, F(REPLY) },
    [ACTION_SLOW]          = { "slow",          50, F(REPLY) },
    [ACTION_DELAY]         = { "delay",         40, F(REPLY) },
    [ACTION_EXCEPTION]     = { "exception",     20, F(SERVER) },
    [ACTION_CLOSE]         = { "close",         12, F(CLOSED) },
    [ACTION_RESET]         = { "reset",         12, F(CLOSED) },
    [ACTION_CLOSE_MID]     = { "close-mid",     10, F(CLOSED) },
    [ACTION_RESET_MID]     = { "reset-mid",     10, F(CLOSED) },
    [ACTION_CLOSE_AFTER]   = { "close-after",   12, F(REPLY) },
    [ACTION_RESET_AFTER]   = { "reset-after",   10, F(REPLY)|F(CLOSED) },
    [ACTION_HALF]          = { "half",           8, F(CLOSED) },
    [ACTION_HALF_AFTER]    = { "half-after",    10, F(REPLY) },
    [ACTION_STALL]         = { "stall",          5, 0 },
    [ACTION_STALL_MID]     = { "stall-mid",      4, 0 },
    [ACTION_RANDOM]        = { "random",         8, F(MALFORMED)|F(CLOSED) },
    [ACTION_HUGE]          = { "huge",           4, F(MALFORMED)|F(CLOSED) },
    [ACTION_TRUNCATED]     = { "truncated",      6, F(MALFORMED) },
    [ACTION_TRAILING]      = { "trailing",       6, F(MALFORMED) },
    [ACTION_SEQID]         = { "seqid",          6, F(MALFORMED) },
    [ACTION_NAME]          = { "name",           6, F(MALFORMED) },
    [ACTION_TYPE]          = { "type",           6, F(MALFORMED) },
    [ACTION_TTYPE]         = { "ttype",          6, F(MALFORMED) },
    [ACTION_DEEP]          = { "deep",           6, F(MALFORMED) },
    [ACTION_BEHIND]        = { "behind",         8, F(REPLY) },
    [ACTION_TWICE]         = { "twice",         10, F(REPLY) },
    [ACTION_TWICE_LATER]   = { "twice-later",   12, F(REPLY) },
    [ACTION_TWICE_DELAYED] = { "twice-delayed", 12, F(REPLY) },
};


static const char *const fate_names[FATE_LAST] = {
    "none", "open", "reply", "server", "timeout", "closed", "malformed",
    "connect", "other", "sent", "abandoned", "noise"
};


static uint8_t  *pattern;


static uint64_t
mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebULL;

    return x ^ x >> 31;
}


rng_t
rng_init(uint64_t kind, uint64_t a, uint64_t b)
{
    rng_t  r;

    r.s = mix(mix(mix(conf.seed + kind) + a) + b);

    return r;
}


uint64_t
rng_next(rng_t *r)
{
    r->s += 0x9e3779b97f4a7c15ULL;

    return mix(r->s);
}


uint32_t
rng_below(rng_t *r, uint32_t n)
{
    return n ? (uint32_t) (rng_next(r) % n) : 0;
}


void
plan_init(void)
{
    size_t  i;
    rng_t   r;

    pattern = malloc(PATTERN);
    if (pattern == NULL) {
        abort();
    }

    r = rng_init(KIND_PATTERN, 0, 0);

    for (i = 0; i < PATTERN; i++) {
        pattern[i] = (uint8_t) ('a' + rng_below(&r, 26));
    }
}


uint32_t
plan_id(unsigned slot, unsigned number)
{
    return (uint32_t) slot << CALLS_BITS | number;
}


int
plan_known(uint32_t id)
{
    return id >> CALLS_BITS < conf.clients;
}


static uint32_t
text_size(rng_t *r)
{
    uint32_t  n;

    n = rng_below(r, 1000);

    if (n < 800) {
        return TEXT_HEAD + rng_below(r, 200);
    }

    if (n < 950) {
        return TEXT_HEAD + rng_below(r, 8000);
    }

    if (n < 996) {
        return TEXT_HEAD + rng_below(r, 64000);
    }

    return TEXT_HEAD + rng_below(r, 500000);
}


static action_e
plan_action(rng_t *r)
{
    unsigned  i, n;

    n = rng_below(r, 1000);

    if (rng_below(r, 100) >= conf.faults) {
        return ACTION_GOOD;
    }

    for (i = 1; i < ACTION_LAST; i++) {
        if (n < actions[i].weight) {
            return (action_e) i;
        }

        n -= actions[i].weight;
    }

    return ACTION_GOOD;
}


/* A client speaks one protocol and transport, or now this and now that. */

static wire_format_t
plan_format(unsigned slot, rng_t *r)
{
    unsigned       n;
    wire_format_t  format;

    n = slot % 5;

    if (n == 4) {
        n = rng_below(r, 4);
    }

    if (conf.format != -1) {
        n = (unsigned) conf.format;
    }

    format.protocol = n & 1 ? WIRE_COMPACT : WIRE_BINARY;
    format.framed = !(n & 2);

    return format;
}


/* Seqids that count, that are always 0, or anything. */

static int32_t
plan_seqid(uint32_t id, rng_t *r)
{
    switch ((id >> CALLS_BITS) % 3) {
    case 0:
        return (int32_t) (id & ((1U << CALLS_BITS) - 1));

    case 1:
        return 0;

    default:
        return (int32_t) rng_next(r);
    }
}


/* Without frames these are others. */

static action_e
plan_unframed(action_e action)
{
    return action == ACTION_TRAILING ? ACTION_BEHIND
           : action == ACTION_TRUNCATED ? ACTION_CLOSE_MID
           : action;
}


plan_t
plan_call(uint32_t id)
{
    rng_t   r;
    plan_t  plan;

    r = rng_init(KIND_CALL, id, 0);

    plan.id = id;
    plan.format = plan_format(id >> CALLS_BITS, &r);
    plan.action = plan_action(&r);
    plan.noise = rng_below(&r, 1000) < conf.noise;
    plan.type = !plan.noise && rng_below(&r, 100) < 3 ? WIRE_ONEWAY
                                                      : WIRE_CALL;
    plan.method = plan.noise ? "noise" : "echo";
    plan.name = plan.method;

    if (rng_below(&r, 5) == 0) {
        plan.name = plan.noise ? "Chaos:noise" : "Chaos:echo";
    }

    plan.seqid = plan_seqid(id, &r);

    if (!plan.format.framed) {
        plan.action = plan_unframed(plan.action);
    }

    plan.request = text_size(&r);
    plan.reply = text_size(&r);
    plan.delay = 1 + rng_below(&r, 40);
    plan.piece = 1 + rng_below(&r, 1 + plan.reply / 3);

    return plan;
}


conn_plan_e
plan_conn(unsigned backend, unsigned number)
{
    rng_t     r;
    unsigned  n;

    r = rng_init(KIND_CONN, backend, number);
    n = rng_below(&r, 1000);

    if (rng_below(&r, 100) >= conf.faults) {
        return CONN_NORMAL;
    }

    if (n < 140) {
        return (conn_plan_e) (1 + n / 20);
    }

    return CONN_NORMAL;
}


life_t
plan_life(unsigned slot, unsigned generation)
{
    rng_t     r;
    life_t    life;
    unsigned  n;

    r = rng_init(KIND_LIFE, slot, generation);

    life.depth = rng_below(&r, 2) ? 1 : 1 + rng_below(&r, MAX_DEPTH);
    life.life = 20 + rng_below(&r, 400);
    life.slow = rng_below(&r, 10) == 0;

    n = rng_below(&r, 10);
    life.leave = n < 6 ? LEAVE_HALF : n < 8 ? LEAVE_CLOSE : LEAVE_RESET;

    /* also in a run that is too short for any other client to leave */

    if (generation == 0 && slot % EARLY == 0) {
        life.life = EARLY_CALLS;
        life.leave = (slot / EARLY) % 2 ? LEAVE_RESET : LEAVE_CLOSE;
    }

    return life;
}


uint32_t
plan_check(uint32_t id, int reply)
{
    rng_t  r;

    r = rng_init(KIND_CHECK, id, (uint64_t) reply);

    return (uint32_t) rng_next(&r);
}


const uint8_t *
plan_text(uint32_t id, int reply)
{
    return pattern + plan_check(id, reply) % PATTERN_TURN;
}


const char *
plan_action_name(action_e action)
{
    return actions[action].name;
}


const char *
plan_fate_name(fate_e fate)
{
    return fate_names[fate];
}


uint32_t
plan_fates(action_e action)
{
    return actions[action].fates;
}
