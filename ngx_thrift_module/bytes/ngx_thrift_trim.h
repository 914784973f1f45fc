/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Memory of a burst goes back to the system once it is over.
 */

#ifndef _NGX_THRIFT_TRIM_H_INCLUDED_
#define _NGX_THRIFT_TRIM_H_INCLUDED_


/*
 * Something was freed that was taken for a burst: more than a worker keeps for
 * reuse.  Costs nothing but the note of the time.
 */
void ngx_thrift_trim(void);

/* Something is kept for reuse that may not be needed again. */
void ngx_thrift_trim_later(void);


#endif /* _NGX_THRIFT_TRIM_H_INCLUDED_ */
