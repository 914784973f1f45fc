/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Checking bodies against the definitions, and values in them by name.
 */

#ifndef _NGX_THRIFT_VALIDATE_H_INCLUDED_
#define _NGX_THRIFT_VALIDATE_H_INCLUDED_


/* The step: the arguments of a call, where conf->validates says so. */
ngx_int_t ngx_thrift_validate(ngx_thrift_call_t *call);

/* The step for replies that are so large that they were not checked before. */
ngx_uint_t ngx_thrift_verify_due(ngx_thrift_call_t *call);
ngx_int_t ngx_thrift_verify(ngx_thrift_call_t *call);

/*
 * The same for the reply in call->reply, unless it is large.  NGX_ERROR: `*why`
 * says what is wrong and where, in the call's memory.
 */
ngx_int_t ngx_thrift_validate_reply(ngx_thrift_call_t *call, ngx_str_t *why);

/*
 * The same for a message of the call, with these rules and this table;
 * `memory` is as in bind/check.h, and so is `*told`, which is set with NGX_OK
 * (NULL: who asks does not want to know).
 */
ngx_int_t ngx_thrift_validate_check(ngx_thrift_call_t *call,
    ngx_thrift_message_t *m, const nthrift_check_rules_t *rules, void *memory,
    const nthrift_schema_t *schema, ngx_uint_t *told, ngx_str_t *why);

/* Goes on with the step "verify": `m` is what the reply says. */
ngx_int_t ngx_thrift_verify_message(ngx_thrift_call_t *call,
    ngx_thrift_message_t *m);

/* Fails a call whose arguments do not fit.  Returns NGX_ERROR. */
ngx_int_t ngx_thrift_validate_refuse(ngx_thrift_call_t *call, ngx_str_t *why)
    nthrift_cold;

/* Fails a call whose reply does not fit.  Returns NGX_ERROR. */
ngx_int_t ngx_thrift_validate_misfit(ngx_thrift_call_t *call, ngx_str_t *why)
    nthrift_cold;

/*
 * The text of an argument; NGX_DECLINED: the call has none.  Short texts are
 * put into the call's memory, strings that lie in one piece are not copied.
 */
ngx_int_t ngx_thrift_validate_argument(ngx_thrift_call_t *call,
    nthrift_find_path_t *path, ngx_str_t *text);


#endif /* _NGX_THRIFT_VALIDATE_H_INCLUDED_ */
