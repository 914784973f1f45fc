/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/meet.h: what was met in walking tables, which share types and name each
 * other in circles.  Private to fingerprint.c and difference.c.
 */

#ifndef NTHRIFT_MEET_H
#define NTHRIFT_MEET_H

#include "base/map.h"


/* Something that was met; of a difference, in the handler and in the IDL. */

typedef struct nthrift_meet_memo_s  nthrift_meet_memo_t;

struct nthrift_meet_memo_s {
    const void           *met[2];   /* the key's bytes */
    nthrift_meet_memo_t  *next;     /* structs: still to be looked at */

    union {
        uint64_t          hash;     /* container */
        uint64_t          number;   /* struct: from 1 */
        const void       *other;    /* struct: on the other side */
    } u;
};


typedef struct {
    nthrift_arena_t       *arena;
    nthrift_map_t          memo;
    nthrift_meet_memo_t   *first;   /* structs, as they were met */
    nthrift_meet_memo_t  **last;
} nthrift_meet_t;


static inline void
nthrift_meet_init(nthrift_meet_t *m, nthrift_arena_t *arena)
{
    m->arena = arena;
    m->first = NULL;
    m->last = &m->first;

    /* keys are addresses: nobody outside chooses them */

    nthrift_map_init(&m->memo, arena, 0);
}


/*
 * What was kept for these two (`b` may be NULL), NTHRIFT_DECLINED; or a new
 * entry, NTHRIFT_OK; or NTHRIFT_ERROR: there is no memory.
 */

static inline int
nthrift_meet_add(nthrift_meet_t *m, const void *a, const void *b,
    nthrift_meet_memo_t **memo)
{
    const void     *met[2];
    nthrift_str_t   key;

    met[0] = a;
    met[1] = b;

    key.data = (uint8_t *) met;
    key.len = sizeof(met);

    *memo = nthrift_map_find(&m->memo, &key);

    if (*memo != NULL) {
        return NTHRIFT_DECLINED;
    }

    *memo = nthrift_arena_alloc(m->arena, sizeof(nthrift_meet_memo_t));
    if (*memo == NULL) {
        return NTHRIFT_ERROR;
    }

    (*memo)->met[0] = a;
    (*memo)->met[1] = b;
    key.data = (uint8_t *) (*memo)->met;

    return nthrift_map_add(&m->memo, &key, *memo);
}


static inline void
nthrift_meet_wait(nthrift_meet_t *m, nthrift_meet_memo_t *memo)
{
    *m->last = memo;
    m->last = &memo->next;
}


#endif /* NTHRIFT_MEET_H */
