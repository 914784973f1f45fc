/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/host/ticket.c: tickets.  A ticket is a place in a table and how often
 * that place has been taken: one that is out of date is known for it.
 */

#include "host_private.h"


#define TICKET_PLACES  (1 << 16)
#define TICKET_SHIFT   16


typedef struct {
    host_call_t  *call;         /* NULL: free */
    uint32_t      taken;        /* so many times; part of the ticket */
    uint32_t      next;         /* free place behind this one */
} ticket_place_t;


/* Place 0 is never taken: NULL is no ticket. */

static ticket_place_t  ticket_places[TICKET_PLACES];
static uint32_t        ticket_used = 1;     /* places that ever were */
static uint32_t        ticket_free;         /* the latest free one, or 0 */


/* NULL: too many calls. */

nthrift_call_t *
host_ticket_take(host_call_t *call)
{
    uint32_t  i;

    i = ticket_free;

    if (i != 0) {
        ticket_free = ticket_places[i].next;

    } else if (ticket_used < TICKET_PLACES) {
        i = ticket_used++;

    } else {
        return NULL;
    }

    ticket_places[i].call = call;
    ticket_places[i].taken++;

    return (nthrift_call_t *) ((uintptr_t) ticket_places[i].taken
                               << TICKET_SHIFT | i);
}


void
host_ticket_drop(nthrift_call_t *ticket)
{
    uint32_t  i;

    i = (uintptr_t) ticket % TICKET_PLACES;

    ticket_places[i].call = NULL;
    ticket_places[i].next = ticket_free;
    ticket_free = i;
}


/* Whose it is; NULL: it is not valid any more, or never was. */

host_call_t *
host_ticket_find(nthrift_call_t *ticket)
{
    ticket_place_t  *place;

    place = &ticket_places[(uintptr_t) ticket % TICKET_PLACES];

    if (place->taken != (uintptr_t) ticket >> TICKET_SHIFT) {
        return NULL;
    }

    return place->call;
}
