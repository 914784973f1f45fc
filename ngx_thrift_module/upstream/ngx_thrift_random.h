/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Numbers that nobody outside can guess.
 */

#ifndef _NGX_THRIFT_RANDOM_H_INCLUDED_
#define _NGX_THRIFT_RANDOM_H_INCLUDED_


/*
 * 32 bits from OpenSSL's generator, or from the kernel's random source where
 * nginx has no OpenSSL; a worker fetches many at a time, so that a number costs
 * no system call.
 */
uint32_t ngx_thrift_random(void);

/* 64 of them, which are not all 0: an id, or half of one. */
uint64_t ngx_thrift_random_id(void);


#endif /* _NGX_THRIFT_RANDOM_H_INCLUDED_ */
