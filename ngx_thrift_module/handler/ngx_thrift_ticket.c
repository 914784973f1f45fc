/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The worker's table of tickets.  A ticket is the number of a slot and how
 * often that was used; slots are never freed, so that any number that comes
 * back from a handler can be looked up.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_TICKET_BITS   20         /* 2^20 calls at a time */
#define NGX_THRIFT_TICKET_CHUNK  1024       /* slots */
#define NGX_THRIFT_TICKET_CHUNKS                                              \
    ((1 << NGX_THRIFT_TICKET_BITS) / NGX_THRIFT_TICKET_CHUNK)
#define NGX_THRIFT_TICKET_MASK   (((uintptr_t) 1 << NGX_THRIFT_TICKET_BITS) - 1)


typedef struct ngx_thrift_slot_s  ngx_thrift_slot_t;

struct ngx_thrift_slot_s {
    uintptr_t                 ticket;       /* the next or current one */
    ngx_thrift_invocation_t  *invocation;   /* NULL: free */
    ngx_thrift_slot_t        *next;         /* in the free list */
};


static ngx_thrift_slot_t  *ngx_thrift_ticket_slot(uintptr_t ticket);
static ngx_int_t ngx_thrift_ticket_grow(void);


static ngx_thrift_slot_t  *ngx_thrift_slots[NGX_THRIFT_TICKET_CHUNKS];
static ngx_uint_t          ngx_thrift_nslots;
static ngx_thrift_slot_t  *ngx_thrift_free_slots;


nthrift_call_t *
ngx_thrift_ticket_take(ngx_thrift_invocation_t *inv)
{
    ngx_thrift_slot_t  *slot;

    if (ngx_thrift_free_slots == NULL && ngx_thrift_ticket_grow() != NGX_OK) {
        return NULL;
    }

    slot = ngx_thrift_free_slots;
    ngx_thrift_free_slots = slot->next;

    slot->invocation = inv;

    return (nthrift_call_t *) slot->ticket;
}


void
ngx_thrift_ticket_drop(nthrift_call_t *ticket)
{
    ngx_thrift_slot_t  *slot;

    slot = ngx_thrift_ticket_slot((uintptr_t) ticket);

    /* the number stays, the count above it goes on; 0 is no ticket */

    slot->ticket += (uintptr_t) 1 << NGX_THRIFT_TICKET_BITS;

    if ((slot->ticket & ~NGX_THRIFT_TICKET_MASK) == 0) {
        slot->ticket += (uintptr_t) 1 << NGX_THRIFT_TICKET_BITS;
    }

    slot->invocation = NULL;
    slot->next = ngx_thrift_free_slots;
    ngx_thrift_free_slots = slot;
}


ngx_thrift_invocation_t *
ngx_thrift_ticket_find(nthrift_call_t *ticket)
{
    ngx_thrift_slot_t  *slot;

    slot = ngx_thrift_ticket_slot((uintptr_t) ticket);

    return (slot && slot->ticket == (uintptr_t) ticket) ? slot->invocation
                                                        : NULL;
}


static ngx_thrift_slot_t *
ngx_thrift_ticket_slot(uintptr_t ticket)
{
    ngx_uint_t          n;
    ngx_thrift_slot_t  *chunk;

    n = ticket & NGX_THRIFT_TICKET_MASK;

    chunk = ngx_thrift_slots[n / NGX_THRIFT_TICKET_CHUNK];

    return chunk ? &chunk[n % NGX_THRIFT_TICKET_CHUNK] : NULL;
}


static ngx_int_t
ngx_thrift_ticket_grow(void)
{
    ngx_uint_t          i, n;
    ngx_thrift_slot_t  *chunk;

    n = ngx_thrift_nslots;

    if (n > NGX_THRIFT_TICKET_MASK) {
        return NGX_ERROR;
    }

    chunk = ngx_calloc(NGX_THRIFT_TICKET_CHUNK * sizeof(ngx_thrift_slot_t),
                       ngx_cycle->log);
    if (chunk == NULL) {
        return NGX_ERROR;
    }

    for (i = NGX_THRIFT_TICKET_CHUNK; i-- > 0; /* void */ ) {
        chunk[i].ticket = ((uintptr_t) 1 << NGX_THRIFT_TICKET_BITS) | (n + i);
        chunk[i].next = ngx_thrift_free_slots;
        ngx_thrift_free_slots = &chunk[i];
    }

    ngx_thrift_slots[n / NGX_THRIFT_TICKET_CHUNK] = chunk;
    ngx_thrift_nslots += NGX_THRIFT_TICKET_CHUNK;

    return NGX_OK;
}
