/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What handlers write to the error log.
 */

#ifndef _NGX_THRIFT_LOG_H_INCLUDED_
#define _NGX_THRIFT_LOG_H_INCLUDED_


/*
 * A line of a handler's, at nthrift_log_e `level`, as far as it may: nothing
 * that it says is worse than an error, and control characters, which may be a
 * client's choice, are shown as \xNN.  `service` comes before it unless it is
 * NULL.
 */
void ngx_thrift_log_text(ngx_log_t *log, int level, const char *service,
    const char *text, size_t len);


#endif /* _NGX_THRIFT_LOG_H_INCLUDED_ */
