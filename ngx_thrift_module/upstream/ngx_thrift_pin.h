/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Pins: connections that carry all calls of one client to an upstream, for
 * servers keep a state with them (thrift_balance connection, thrift_stateful).
 * Such a connection is nobody else's, and is never idle: it is closed with its
 * client, and its client with it, as the state is lost then.
 */

#ifndef _NGX_THRIFT_PIN_H_INCLUDED_
#define _NGX_THRIFT_PIN_H_INCLUDED_


/* The connection of the call's client to this pool, in its dialect, or NULL. */
ngx_thrift_connection_t *ngx_thrift_pin_find(ngx_thrift_attempt_t *attempt);

/* Is the call's client to be pinned from this call on? */
ngx_uint_t ngx_thrift_pin_wanted(ngx_thrift_call_t *call);

/*
 * Calls of a client that is pinned, or is to be, come to their connection in
 * their order: where one of them has to wait, to be checked, for its turn or
 * for a connection, the client's next one is not read.  Begins when the call is
 * routed; ends when it is on a connection, or comes to none.
 */
void ngx_thrift_pin_lead(ngx_thrift_call_t *call);
void ngx_thrift_pin_let_follow(ngx_thrift_call_t *call) nthrift_noinline;

/* Does one wait, so that the client's next call is not read now? */
ngx_uint_t ngx_thrift_pin_holds(ngx_thrift_client_t *client);

/* Is its client pinned to its connection, or was it to be? */
ngx_uint_t ngx_thrift_pin_is_due(ngx_thrift_attempt_t *attempt);

/* If the call asks for it, pins its client to the attempt's connection. */
void ngx_thrift_pin(ngx_thrift_attempt_t *attempt);

/* The connection carries its client's calls no more. */
void ngx_thrift_pin_remove(ngx_thrift_connection_t *conn);

/* Has its client had a state in servers of its upstream that is lost? */
ngx_uint_t ngx_thrift_pin_is_lost(ngx_thrift_attempt_t *attempt);

/* Then it fails: elsewhere the state would not be there.  NGX_ERROR. */
ngx_int_t ngx_thrift_pin_refuse(ngx_thrift_attempt_t *attempt) nthrift_cold;

/* The same as _remove(); tells its client if a state may have gone with it. */
void ngx_thrift_pin_lost(ngx_thrift_connection_t *conn);


#endif /* _NGX_THRIFT_PIN_H_INCLUDED_ */
