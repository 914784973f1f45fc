/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sending: a chain as send_chain() sends it, and one buffer for less.
 */

#ifndef _NGX_THRIFT_OUTPUT_H_INCLUDED_
#define _NGX_THRIFT_OUTPUT_H_INCLUDED_


/* Returns what could not be sent yet, or NGX_CHAIN_ERROR. */
ngx_chain_t *ngx_thrift_output_send(ngx_connection_t *c, ngx_chain_t *out);


#endif /* _NGX_THRIFT_OUTPUT_H_INCLUDED_ */
