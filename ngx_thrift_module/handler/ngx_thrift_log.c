/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_log.h.  Called for nthrift_call_log(), nthrift_worker_log(),
 * and for what is wrong with a handler.
 */

#include "ngx_thrift.h"


static u_char *ngx_thrift_log_escape(u_char *p, const char *text, size_t len);


void
ngx_thrift_log_text(ngx_log_t *log, int level, const char *service,
    const char *text, size_t len)
{
    u_char      line[NTHRIFT_MAX_TEXT * sizeof("\\xNN")], *last;
    ngx_uint_t  n;

    n = ngx_max(level, NGX_LOG_ERR);
    n = ngx_min(n, NGX_LOG_DEBUG);

    if (log->log_level < n) {
        return;
    }

    last = ngx_thrift_log_escape(line, text, ngx_min(len, NTHRIFT_MAX_TEXT));

    if (service) {
        ngx_log_error(n, log, 0, "service \"%s\": %*s", service, last - line,
                      line);
        return;
    }

    ngx_log_error(n, log, 0, "%*s", last - line, line);
}


static u_char *
ngx_thrift_log_escape(u_char *p, const char *text, size_t len)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < len; i++) {
        ch = text[i];

        if (ch < 0x20 || ch == 0x7f) {
            p = ngx_sprintf(p, "\\x%02Xi", (ngx_uint_t) ch);

        } else {
            *p++ = ch;
        }
    }

    return p;
}
