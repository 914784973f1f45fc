/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The functions that handlers call: nthrift_api_t of nthrift_handler.h.
 */

#ifndef _NGX_THRIFT_API_H_INCLUDED_
#define _NGX_THRIFT_API_H_INCLUDED_


extern const nthrift_api_t  ngx_thrift_api;


#endif /* _NGX_THRIFT_API_H_INCLUDED_ */
