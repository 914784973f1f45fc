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

/* As many of them, 64 at most. */
void ngx_thrift_random_get(uint32_t *numbers, ngx_uint_t n);

/* Begins ids that no other process makes.  Called when a process starts. */
void ngx_thrift_random_init(void);

/*
 * A part of an id, which is not 0.  It comes from a generator that begins with
 * numbers of the kernel's: who has seen some of its numbers can find the next.
 */
uint64_t ngx_thrift_random_id(void);


#endif /* _NGX_THRIFT_RANDOM_H_INCLUDED_ */
