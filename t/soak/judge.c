/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/judge.c: what the clients saw of a call beside what the servers did
 * with it.  The rules:
 *
 *   - no call came to a server twice, but where it may be sent again;
 *   - a reply was made by a server, and by one that meant to make it;
 *   - a call that was answered rightly was answered to its client, or timed
 *     out on the way;
 *   - an exception of the proxy says what the server really did;
 *   - a call of which no connection could be made came to nobody.
 *
 * A call may always time out: the machine may be slow.
 */

#include "chaos.h"

#include <stdarg.h>
#include <stdio.h>


#define SHOWN  20


static unsigned  violations;


void
violation(const char *fmt, ...)
{
    va_list  args;

    if (violations++ >= SHOWN) {
        return;
    }

    va_start(args, fmt);
    printf("violation: ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);

    fflush(stdout);
}


/* The fates of a call that a server may have got, or not. */

static uint32_t
allowed_fates(const plan_t *plan, unsigned seen)
{
    uint32_t  broken, fates;

    broken = 1U << FATE_CLOSED | 1U << FATE_MALFORMED;

    if ((seen & SEEN_COUNT) == 0) {
        return broken;
    }

    fates = plan_fates(plan->action);

    if (seen & SEEN_TAINTED || conf.together) {
        return fates | broken;
    }

    /*
     * one that has failed, or is not answered at all, may be tried again, with
     * a server that is killed
     */

    if (conf.repeats && (fates == 0 || fates & broken)) {
        return fates | broken;
    }

    return fates;
}


static const char *
judge_call(const plan_t *plan, fate_e fate, unsigned seen)
{
    unsigned  count;

    count = seen & SEEN_COUNT;

    if (count > 1 && !conf.repeats) {
        return "executed more than once";
    }

    switch (fate) {

    case FATE_OPEN:
        return "has no fate";

    case FATE_REPLY:
    case FATE_SERVER:
        if (count == 0) {
            return "answered by nobody";
        }
        break;

    case FATE_CONNECT:

        /* it may have been tried before, where it is tried again */

        return count && !conf.repeats
               ? "executed, though there was no connection" : NULL;

    case FATE_CLOSED:
    case FATE_MALFORMED:
        if (seen & SEEN_ANSWERED && !conf.together) {
            return "answered, but the answer was lost";
        }
        break;

    default:                    /* timed out, oneway, abandoned, noise */
        return NULL;
    }

    return allowed_fates(plan, seen) & 1U << fate
           ? NULL : "has a fate it cannot have";
}


static void
judge_id(uint32_t id)
{
    fate_e       fate;
    plan_t       plan;
    const char  *why;

    fate = (fate_e) fates[id];
    plan = plan_call(id);
    why = judge_call(&plan, fate, shared->seen[id]);

    if (why) {
        violation("call %08x: %s: action %s, executed %u, %s%sfate %s", id,
                  why, plan_action_name(plan.action),
                  shared->seen[id] & SEEN_COUNT,
                  shared->seen[id] & SEEN_ANSWERED ? "answered, " : "",
                  shared->seen[id] & SEEN_TAINTED ? "tainted, " : "",
                  plan_fate_name(fate));
    }
}


unsigned
judge(void)
{
    uint32_t  number;
    unsigned  slot;

    for (slot = 0; slot < conf.clients; slot++) {
        for (number = 0; number < 1U << CALLS_BITS; number++) {

            if (fates[plan_id(slot, number)] == FATE_NONE) {
                break;
            }

            judge_id(plan_id(slot, number));
        }
    }

    if (client_counts.lost) {
        violation("%lu calls have no fate",
                  (unsigned long) client_counts.lost);
    }

    if (shared->malformed || shared->corrupt) {
        violation("%lu malformed and %lu corrupt calls came to servers: %s",
                  (unsigned long) shared->malformed,
                  (unsigned long) shared->corrupt, shared->error);
    }

    return violations;
}
