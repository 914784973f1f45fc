/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who chooses servers: stream's balancers today.  Functions that return
 * ngx_int_t have set the call's error when they return NGX_ERROR, or leave it
 * to be a plain internal error.
 */

#ifndef _NGX_THRIFT_BALANCER_H_INCLUDED_
#define _NGX_THRIFT_BALANCER_H_INCLUDED_


typedef struct {
    /*
     * sets ->choice, ->peer and ->pool; NGX_AGAIN: ngx_thrift_pass_balanced()
     * follows
     */
    ngx_int_t   (*balance)(ngx_thrift_attempt_t *attempt);

    /*
     * The same for an attempt beside `first`, which has a server: chooses
     * another one, and no backup.  NGX_DECLINED: there is none to be had now.
     */
    ngx_int_t   (*beside)(ngx_thrift_attempt_t *attempt,
                    ngx_thrift_attempt_t *first);

    /*
     * chooses ->peer's address; NGX_BUSY: there is none to be had, and ->full
     * says if there will be one when calls have been answered
     */
    ngx_int_t   (*get)(ngx_thrift_attempt_t *attempt);

    /* the server that was chosen is not tried, and goes back */
    void        (*untried)(ngx_thrift_attempt_t *attempt);

    /* its address is known: of a connection to the server `name` */
    ngx_int_t   (*pinned)(ngx_thrift_attempt_t *attempt, ngx_str_t *name);

    /* writes the PROXY protocol header of the call's client; NULL: it cannot */
    u_char     *(*introduce)(ngx_thrift_attempt_t *attempt, u_char *buf,
                             u_char *last);

    /* calls could go to no other server of its upstream */
    ngx_uint_t  (*is_last)(ngx_thrift_attempt_t *attempt);

    /* the attempt has a connection; its reply begins */
    void        (*connected)(ngx_thrift_attempt_t *attempt);
    void        (*first_byte)(ngx_thrift_attempt_t *attempt);

    /*
     * The server is in use for longer than the call: "free" does not give it
     * back, "let_go" does.  Memory of the call stays until then.
     */
    void       *(*keep)(ngx_thrift_attempt_t *attempt);
    void        (*let_go)(void *kept);

    /* the server, if one is held, goes back: NGX_PEER_* or 0 */
    void        (*free)(ngx_thrift_attempt_t *attempt, ngx_uint_t state);
} ngx_thrift_balancer_t;


#endif /* _NGX_THRIFT_BALANCER_H_INCLUDED_ */
