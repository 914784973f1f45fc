/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Tickets: what a handler holds in place of a pointer to its call.  A ticket
 * is never used twice, so that one that is out of date is known for it.
 */

#ifndef _NGX_THRIFT_TICKET_H_INCLUDED_
#define _NGX_THRIFT_TICKET_H_INCLUDED_


/* A ticket for the invocation; NULL: no memory, or too many are out. */
nthrift_call_t *ngx_thrift_ticket_take(ngx_thrift_invocation_t *inv);

/* Makes a ticket invalid. */
void ngx_thrift_ticket_drop(nthrift_call_t *ticket);

/* Whose ticket it is; NULL: it is not valid any more. */
ngx_thrift_invocation_t *ngx_thrift_ticket_find(nthrift_call_t *ticket);


#endif /* _NGX_THRIFT_TICKET_H_INCLUDED_ */
