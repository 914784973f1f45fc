/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who made a call, and wants its answer: a client's connection, a handler, or
 * the module itself.  Functions that return ngx_int_t have set the call's error
 * when they return NGX_ERROR, or leave it to be a plain internal error.
 */

#ifndef _NGX_THRIFT_OWNER_H_INCLUDED_
#define _NGX_THRIFT_OWNER_H_INCLUDED_


typedef struct {
    /* call->conf and ->target are known now; NGX_ERROR: it is refused */
    ngx_int_t   (*routed)(ngx_thrift_call_t *call);

    /* who calls, as text */
    void        (*client)(ngx_thrift_call_t *call, ngx_str_t *text);

    /*
     * The value of a variable; its memory is the call's, or lives as long.
     * NGX_DECLINED: it has none.
     */
    ngx_int_t   (*variable)(ngx_thrift_call_t *call, ngx_str_t *name,
                    ngx_str_t *value);

    /* the text of thrift_return */
    ngx_int_t   (*return_text)(ngx_thrift_call_t *call, ngx_str_t *text);

    /*
     * The info headers for a server, whose memory is the call's: call->headers,
     * changed by thrift_set_header.
     */
    ngx_int_t   (*headers)(ngx_thrift_call_t *call, nthrift_str_t *info);

    /*
     * The call holds `n` bytes more, or fewer; may a handler take `n` for it;
     * may a handler begin with it?  If not, call->paused is set, and its step
     * is run again later.
     */
    void        (*hold)(ngx_thrift_call_t *call, off_t n);
    ngx_uint_t  (*may_hold)(ngx_thrift_call_t *call, off_t n);
    ngx_uint_t  (*may_begin)(ngx_thrift_call_t *call);

    /*
     * May it receive more than the bytes that it has?  NGX_AGAIN: not now,
     * call->paused is set, and its connection is resumed later, but never if
     * that is `shared` with others; NGX_ERROR: no, its error is set.
     */
    ngx_int_t   (*may_receive)(ngx_thrift_call_t *call, off_t received,
                               ngx_uint_t shared);

    /* it was checked, and is answered next: a copy may go elsewhere, too */
    void        (*mirror)(ngx_thrift_call_t *call);

    /*
     * The step "reply": NGX_AGAIN, ngx_thrift_call_answered() once the answer
     * was taken.
     */
    ngx_int_t   (*answer)(ngx_thrift_call_t *call);

    /* call->out is ready to be written; never does so at once */
    void        (*write)(ngx_thrift_call_t *call);

    void        (*log)(ngx_thrift_call_t *call);

    /*
     * Makes a call to an upstream{} for the handler that answers this one:
     * sets ob->call, up to its message, and ob->dialect.  NGX_DECLINED: there
     * is no upstream of that name.
     */
    ngx_int_t   (*spawn)(ngx_thrift_call_t *call, ngx_str_t *upstream,
                    ngx_thrift_outbound_t *ob);

    /* nothing refers to the call any more */
    void        (*finish)(ngx_thrift_call_t *call);
} ngx_thrift_owner_t;


#endif /* _NGX_THRIFT_OWNER_H_INCLUDED_ */
