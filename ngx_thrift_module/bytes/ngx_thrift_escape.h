/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Bytes that came over the wire, in lines of the error log.
 */

#ifndef _NGX_THRIFT_ESCAPE_H_INCLUDED_
#define _NGX_THRIFT_ESCAPE_H_INCLUDED_


#define NGX_THRIFT_ESCAPE_MAX  128      /* bytes that are shown */

/* Room for all of them. */

#define NGX_THRIFT_ESCAPE_SIZE                                                \
    (NGX_THRIFT_ESCAPE_MAX * (sizeof("\\xNN") - 1) + sizeof("...") - 1)


/*
 * Writes the beginning of these bytes, as far as there is room: what is no
 * plain ASCII, a quote or a backslash becomes \xNN, so that nothing of it looks
 * like another part of the line or like the next one.  Returns what is behind.
 */
u_char *ngx_thrift_escape(u_char *p, u_char *last, const u_char *data,
    size_t len);

/* Is a control character among them? */
ngx_uint_t ngx_thrift_has_control(const u_char *data, size_t len);


#endif /* _NGX_THRIFT_ESCAPE_H_INCLUDED_ */
