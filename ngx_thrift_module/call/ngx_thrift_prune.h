/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Taking the fields out of a call that its definition does not have:
 * thrift_unknown_fields drop.
 */

#ifndef _NGX_THRIFT_PRUNE_H_INCLUDED_
#define _NGX_THRIFT_PRUNE_H_INCLUDED_


/*
 * A part of the step "validate", for a call that was found good but for such
 * fields: its request is another one then, before anybody else reads it.
 * Returns what the step does.
 */
ngx_int_t ngx_thrift_prune(ngx_thrift_call_t *call) nthrift_noinline;


#endif /* _NGX_THRIFT_PRUNE_H_INCLUDED_ */
