/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/load/schedule.c: see schedule.h.
 *
 * Both functions split what they multiply into whole seconds and a rest, so
 * that nothing overflows in any run.
 */

#include "measure.h"
#include "schedule.h"


uint64_t
schedule_due(const schedule_t *s, uint64_t n)
{
    return s->start + n / s->rate * SECOND + n % s->rate * SECOND / s->rate;
}


/* Call n is due at n * SECOND / rate, rounded down: the inverse of that. */

uint64_t
schedule_count(const schedule_t *s, uint64_t time)
{
    uint64_t  passed;

    if (time < s->start) {
        return 0;
    }

    passed = time - s->start + 1;

    return passed / SECOND * s->rate
           + (passed % SECOND * s->rate + SECOND - 1) / SECOND;
}
