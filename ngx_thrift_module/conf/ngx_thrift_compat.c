/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What was found in comparing definitions: kept until all were compared, as
 * errors come first, and logged.  Comparing is src/idl/compat.c's; which
 * definitions, ngx_stream_thrift_compat.c's.
 */

#include "ngx_thrift.h"


static void ngx_thrift_compat_found(void *data,
    const nthrift_compat_finding_t *finding);
static u_char *ngx_thrift_compat_place(u_char *p, u_char *last,
    const nthrift_compat_place_t *place);
static ngx_int_t ngx_thrift_compat_unknown(ngx_uint_t refuse, ngx_log_t *log);


ngx_thrift_compat_t *
ngx_thrift_compat_create(ngx_pool_t *pool)
{
    nthrift_arena_t      *arena;
    ngx_thrift_compat_t  *tc;

    tc = ngx_pcalloc(pool, sizeof(ngx_thrift_compat_t));
    if (tc == NULL) {
        return NULL;
    }

    arena = ngx_thrift_arena_create(pool);
    if (arena == NULL) {
        return NULL;
    }

    tc->pool = pool;

    nthrift_compat_init(&tc->compat, arena, ngx_thrift_compat_found, tc);

    return tc;
}


static void
ngx_thrift_compat_found(void *data, const nthrift_compat_finding_t *finding)
{
    ngx_thrift_compat_t  *tc = data;

    u_char      *p, *last;
    ngx_str_t   *line;
    ngx_uint_t   n;
    u_char       buf[NGX_MAX_ERROR_STR];

    n = tc->found[finding->level]++;

    if (n >= NGX_THRIFT_COMPAT_LINES) {
        return;
    }

    last = buf + NGX_MAX_ERROR_STR;

    p = ngx_thrift_compat_place(buf, last, &finding->now);
    p = ngx_slprintf(p, last, ": %s in the old ", finding->text);
    p = ngx_thrift_compat_place(p, last, &finding->was);
    p = ngx_slprintf(p, last, "; %s", finding->effect);

    line = &tc->lines[finding->level][n];
    line->len = p - buf;
    line->data = ngx_pnalloc(tc->pool, line->len);

    if (line->data == NULL) {
        line->len = 0;
        tc->no_memory = 1;
        return;
    }

    ngx_memcpy(line->data, buf, line->len);
}


static u_char *
ngx_thrift_compat_place(u_char *p, u_char *last,
    const nthrift_compat_place_t *place)
{
    const nthrift_str_t  *path;

    path = &place->program->path;

    if (place->pos.line == 0) {
        return ngx_slprintf(p, last, "%*s", path->len, path->data);
    }

    return ngx_slprintf(p, last, "%*s:%uD:%uD", path->len, path->data,
                        place->pos.line, place->pos.column);
}


ngx_int_t
ngx_thrift_compat_finish(ngx_thrift_compat_t *tc, ngx_uint_t refuse,
    ngx_log_t *log)
{
    ngx_uint_t  i, n, kind, level, lines;

    if (tc->no_memory || nthrift_compat_finish(&tc->compat) != NTHRIFT_OK
        || tc->no_memory)
    {
        return ngx_thrift_compat_unknown(refuse, log);
    }

    lines = 0;

    for (kind = NTHRIFT_COMPAT_ERROR; kind <= NTHRIFT_COMPAT_WARNING; kind++) {

        level = (refuse && kind == NTHRIFT_COMPAT_ERROR) ? NGX_LOG_EMERG
                                                         : NGX_LOG_WARN;
        n = ngx_min(tc->found[kind], NGX_THRIFT_COMPAT_LINES - lines);

        for (i = 0; i < n; i++) {
            ngx_log_error(level, log, 0, "%V", &tc->lines[kind][i]);
        }

        lines += n;
    }

    n = tc->found[NTHRIFT_COMPAT_ERROR] + tc->found[NTHRIFT_COMPAT_WARNING];

    if (n > lines) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "and %ui more changes of definitions", n - lines);
    }

    if (!refuse || tc->found[NTHRIFT_COMPAT_ERROR] == 0) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, log, 0,
                  "definitions break old clients or servers in %ui places, "
                  "which \"thrift_idl_compat error\" refuses",
                  tc->found[NTHRIFT_COMPAT_ERROR]);

    return NGX_ERROR;
}


static ngx_int_t
ngx_thrift_compat_unknown(ngx_uint_t refuse, ngx_log_t *log)
{
    ngx_uint_t  level;

    level = refuse ? NGX_LOG_EMERG : NGX_LOG_WARN;

    ngx_log_error(level, log, 0,
                  "not enough memory to compare definitions with the old ones");

    return refuse ? NGX_ERROR : NGX_OK;
}
