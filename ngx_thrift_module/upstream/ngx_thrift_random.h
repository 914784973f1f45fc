/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Numbers that nobody outside can guess.
 */

#ifndef _NGX_THRIFT_RANDOM_H_INCLUDED_
#define _NGX_THRIFT_RANDOM_H_INCLUDED_


/*
 * 32 bits from the kernel's random source; a worker fetches many at a time, so
 * that a number costs no system call.
 */
uint32_t ngx_thrift_random(void);


#endif /* _NGX_THRIFT_RANDOM_H_INCLUDED_ */
