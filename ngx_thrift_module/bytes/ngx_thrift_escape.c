/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_escape.h.  Called for the names of calls, for texts of
 * servers, and for what variables made of either.
 */

#include "ngx_thrift.h"


u_char *
ngx_thrift_escape(u_char *p, u_char *last, const u_char *data, size_t len)
{
    size_t  i, n;

    n = ngx_min(len, NGX_THRIFT_ESCAPE_MAX);

    for (i = 0; i < n; i++) {

        if (data[i] < 0x20 || data[i] > 0x7e || data[i] == '"'
            || data[i] == '\\')
        {
            p = ngx_slprintf(p, last, "\\x%02Xi", (ngx_uint_t) data[i]);
            continue;
        }

        p = ngx_slprintf(p, last, "%c", data[i]);
    }

    return (n < len) ? ngx_slprintf(p, last, "...") : p;
}


ngx_uint_t
ngx_thrift_has_control(const u_char *data, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {

        if (data[i] < 0x20 || data[i] == 0x7f) {
            return 1;
        }
    }

    return 0;
}
