
/*
 * Passing a call to an upstream: which attempt comes next, or what the call's
 * error is.
 */

#ifndef _NGX_THRIFT_PASS_H_INCLUDED_
#define _NGX_THRIFT_PASS_H_INCLUDED_


/* The step. */
ngx_int_t ngx_thrift_pass(ngx_thrift_call_t *call);

/* The balancer is ready after all (a name was resolved), or `rc` says no. */
void ngx_thrift_pass_balanced(ngx_thrift_call_t *call, ngx_int_t rc);

/*
 * An attempt has come to an end, and is on no connection any more:
 *
 * NGX_OK        answered: its reply is whole, well formed and the call's own;
 *               or the call is oneway and all of it was sent
 * NGX_DECLINED  the call may be sent again: no byte of it left, or it is
 *               idempotent and got no byte of a reply
 * NGX_ERROR     failed; the call's error is set
 */
void ngx_thrift_pass_event(ngx_thrift_attempt_t *attempt, ngx_int_t rc);

/* The call is given up: nobody waits for its answer any more. */
ngx_int_t ngx_thrift_pass_cancel(ngx_thrift_call_t *call, ngx_uint_t reason);


#endif /* _NGX_THRIFT_PASS_H_INCLUDED_ */
