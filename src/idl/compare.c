/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/compare.c: what was met on both sides, and what is said of it.
 */

#include "idl/compare.h"

#include <stdarg.h>
#include <stdio.h>


int
nthrift_compare_meet(nthrift_compat_t *c, const void *was, const void *now,
    nthrift_compat_pair_t **pair)
{
    const void     *met[2];
    nthrift_str_t   key;

    met[0] = was;
    met[1] = now;

    key.data = (uint8_t *) met;
    key.len = sizeof(met);

    *pair = nthrift_map_find(&c->pairs, &key);

    if (*pair != NULL) {
        return NTHRIFT_DECLINED;
    }

    *pair = nthrift_arena_alloc(c->arena, sizeof(nthrift_compat_pair_t));
    if (*pair == NULL) {
        return NTHRIFT_ERROR;
    }

    (*pair)->met[0] = was;
    (*pair)->met[1] = now;
    key.data = (uint8_t *) (*pair)->met;

    return nthrift_map_add(&c->pairs, &key, *pair);
}


/*
 * A pair that is met on another way than before has to wait again, as what it
 * consists of goes the same ways.
 */

int
nthrift_compare_meet_defs(nthrift_compat_t *c, const nthrift_idl_def_t *was,
    const nthrift_idl_def_t *now, unsigned ways)
{
    int                     rc;
    nthrift_compat_pair_t  *any, *pair;

    if (nthrift_compare_meet(c, was, NULL, &any) == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    rc = nthrift_compare_meet(c, was, now, &pair);

    if (rc == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    if (rc == NTHRIFT_OK) {
        *c->last = pair;
        c->last = &pair->next;
    }

    if ((pair->ways | ways) == pair->ways) {
        return NTHRIFT_OK;
    }

    pair->ways |= (uint8_t) ways;

    if (!pair->waits) {
        pair->waits = 1;
        pair->next_waiting = c->waiting;
        c->waiting = pair;
    }

    return NTHRIFT_OK;
}


unsigned
nthrift_compare_who(unsigned ways, unsigned bits)
{
    unsigned  who;

    if (bits & (NTHRIFT_COMPARE_WIRE|NTHRIFT_COMPARE_MEANING)) {
        return NTHRIFT_COMPAT_EVERYBODY;
    }

    who = 0;

    if (bits & NTHRIFT_COMPARE_NEW_READS) {
        who |= (ways & NTHRIFT_COMPARE_IN) ? NTHRIFT_COMPAT_OLD_CLIENTS : 0;
        who |= (ways & NTHRIFT_COMPARE_OUT) ? NTHRIFT_COMPAT_OLD_SERVERS : 0;
    }

    if (bits & NTHRIFT_COMPARE_OLD_READS) {
        who |= (ways & NTHRIFT_COMPARE_IN) ? NTHRIFT_COMPAT_OLD_SERVERS : 0;
        who |= (ways & NTHRIFT_COMPARE_OUT) ? NTHRIFT_COMPAT_OLD_CLIENTS : 0;
    }

    return who;
}


nthrift_compat_place_t
nthrift_compare_place(const nthrift_idl_program_t *program,
    nthrift_idl_pos_t pos)
{
    nthrift_compat_place_t  place;

    place.program = program;
    place.pos = pos;

    return place;
}


nthrift_compat_place_t
nthrift_compare_def(const nthrift_idl_def_t *def)
{
    return nthrift_compare_place(def->program, def->pos);
}


void
nthrift_compare_say(nthrift_compat_t *c, nthrift_compat_level_e level,
    unsigned who, nthrift_compat_place_t was, nthrift_compat_place_t now,
    const char *format, ...)
{
    char                      text[NTHRIFT_REPORT_TEXT];
    va_list                   args;
    nthrift_compat_finding_t  finding;

    static const char *const  effects[2][4] = {
        { "breaks code that uses it", "breaks old clients",
          "breaks old servers", "breaks old clients and old servers" },
        { "may matter to code that uses it", "may matter to old clients",
          "may matter to old servers",
          "may matter to old clients and old servers" }
    };

    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    finding.level = level;
    finding.who = who;
    finding.was = was;
    finding.now = now;
    finding.text = text;
    finding.effect = effects[level][who];

    c->found(c->data, &finding);
}
