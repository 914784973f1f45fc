/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls in a protocol that is text: what they say is read by their definition,
 * once, into a message in binary.  That is there until the call's end, beside
 * the one that was received, which a server gets that speaks the same.
 */

#ifndef _NGX_THRIFT_TEXT_H_INCLUDED_
#define _NGX_THRIFT_TEXT_H_INCLUDED_


typedef ngx_int_t (*ngx_thrift_text_next_pt)(ngx_thrift_call_t *call);


/* Is it large, and may variables ask for its arguments? */
ngx_uint_t ngx_thrift_text_is_asked(ngx_thrift_call_t *call);

/*
 * Reads a call, if it is text, for the steps "route" and "validate", which end
 * with what `next` returns.  NGX_AGAIN: it is large, and read in parts;
 * NGX_ERROR: it does not fit its definition, and somebody wants it to.
 */
ngx_int_t ngx_thrift_text_read(ngx_thrift_call_t *call,
    ngx_thrift_text_next_pt next);

/*
 * The message that says what the call says, and is not text: read now, if it
 * was not yet.  NULL: it cannot be, and `*why` says why.
 */
ngx_thrift_message_t *ngx_thrift_text_body(ngx_thrift_call_t *call,
    ngx_str_t *why);

/* Takes the fields that are not declared out of a call that is text. */
ngx_int_t ngx_thrift_text_prune(ngx_thrift_call_t *call);

/* ngx_thrift_validate_reply(), and the step "verify", of a reply in text. */
ngx_int_t ngx_thrift_text_check(ngx_thrift_call_t *call, ngx_str_t *why);
ngx_int_t ngx_thrift_text_verify(ngx_thrift_call_t *call);

/* The step "translate", of what a handler has answered to such a call. */
ngx_uint_t ngx_thrift_text_due(ngx_thrift_call_t *call);
ngx_int_t ngx_thrift_text_answer(ngx_thrift_call_t *call);

/* The definition of such a message of the call; NULL: it has none. */
const nthrift_schema_t *ngx_thrift_text_schema(ngx_thrift_call_t *call,
    ngx_uint_t type);

/* Nobody asks what the request says any more; nor anything. */
void ngx_thrift_text_drop(ngx_thrift_call_t *call);
void ngx_thrift_text_release(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_TEXT_H_INCLUDED_ */
