/*
 * t/soak/judge.c: what the clients saw of a call beside what the servers did
 * with it.  The rules:
 *
 *   - no call came to a server twice;
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


static const char *
judge_call(const plan_t *plan, fate_e fate, unsigned seen)
{
    unsigned  count;
    uint32_t  allowed;

    count = seen & SEEN_COUNT;

    if (count > 1) {
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
        if (count != 0) {
            return "executed, though there was no connection";
        }
        return NULL;

    case FATE_CLOSED:
    case FATE_MALFORMED:
        break;

    default:                    /* timed out, oneway, abandoned, noise */
        return NULL;
    }

    if (seen & SEEN_ANSWERED && fate != FATE_REPLY && fate != FATE_SERVER) {
        return "answered, but the answer was lost";
    }

    allowed = 1U << FATE_CLOSED | 1U << FATE_MALFORMED;

    if (count != 0) {
        allowed = plan_fates(plan->action);

        if (seen & SEEN_TAINTED) {
            allowed |= 1U << FATE_CLOSED | 1U << FATE_MALFORMED;
        }
    }

    return allowed & 1U << fate ? NULL : "has a fate it cannot have";
}


unsigned
judge(void)
{
    fate_e       fate;
    plan_t       plan;
    uint32_t     id, number;
    unsigned     slot;
    const char  *why;

    for (slot = 0; slot < conf.clients; slot++) {
        for (number = 0; number < 1U << CALLS_BITS; number++) {

            id = plan_id(slot, number);
            fate = (fate_e) fates[id];

            if (fate == FATE_NONE) {
                break;
            }

            plan = plan_call(id);
            why = judge_call(&plan, fate, shared->seen[id]);

            if (why) {
                violation("call %08x: %s: action %s, executed %u, %s%s"
                          "fate %s", id, why, plan_action_name(plan.action),
                          shared->seen[id] & SEEN_COUNT,
                          shared->seen[id] & SEEN_ANSWERED ? "answered, " : "",
                          shared->seen[id] & SEEN_TAINTED ? "tainted, " : "",
                          plan_fate_name(fate));
            }
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
