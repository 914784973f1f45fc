/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Where a variable is written in the configuration.  nginx keeps no line of
 * variables that any module's directive may have, so the files are searched
 * again; only for a message, and never for what the configuration means.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_WHERE_DEPTH  8            /* of "include" */
#define NGX_STREAM_THRIFT_WHERE_SIZE   (1024 * 1024)    /* bytes of a file */


static ngx_int_t ngx_stream_thrift_where_file(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *name, ngx_stream_thrift_where_t *where, ngx_uint_t depth);
static ngx_int_t ngx_stream_thrift_where_read(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *text);
static ngx_int_t ngx_stream_thrift_where_include(ngx_conf_t *cf,
    ngx_str_t *line, ngx_str_t *name, ngx_stream_thrift_where_t *where,
    ngx_uint_t depth);
static ngx_int_t ngx_stream_thrift_where_pattern(ngx_conf_t *cf,
    ngx_str_t *line, ngx_str_t *file);
static ngx_str_t *ngx_stream_thrift_where_copy(ngx_conf_t *cf,
    ngx_str_t *text);
static ngx_uint_t ngx_stream_thrift_where_line(ngx_str_t *line,
    ngx_str_t *name);


ngx_int_t
ngx_stream_thrift_find_variable(ngx_conf_t *cf, ngx_str_t *name,
    ngx_stream_thrift_where_t *where)
{
    return ngx_stream_thrift_where_file(cf, &cf->cycle->conf_file, name, where,
                                        NGX_STREAM_THRIFT_WHERE_DEPTH);
}


static ngx_int_t
ngx_stream_thrift_where_file(ngx_conf_t *cf, ngx_str_t *file, ngx_str_t *name,
    ngx_stream_thrift_where_t *where, ngx_uint_t depth)
{
    u_char      *p, *last, *end;
    ngx_str_t    text, line;
    ngx_uint_t   n;

    if (ngx_stream_thrift_where_read(cf, file, &text) != NGX_OK) {
        return NGX_DECLINED;
    }

    last = text.data + text.len;

    for (n = 1, p = text.data; p < last; n++, p = end + 1) {

        end = ngx_strlchr(p, last, '\n');

        if (end == NULL) {
            end = last;
        }

        while (p < end && (*p == ' ' || *p == '\t')) {
            p++;
        }

        line.data = p;
        line.len = end - p;

        if (ngx_stream_thrift_where_line(&line, name)) {
            where->file = *file;
            where->line = n;
            return NGX_OK;
        }

        if (depth
            && ngx_stream_thrift_where_include(cf, &line, name, where,
                                               depth - 1)
               == NGX_OK)
        {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_stream_thrift_where_read(ngx_conf_t *cf, ngx_str_t *file, ngx_str_t *text)
{
    ssize_t          n;
    ngx_file_t       f;
    ngx_file_info_t  fi;

    ngx_memzero(&f, sizeof(ngx_file_t));

    f.name = *file;
    f.log = cf->log;
    f.fd = ngx_open_file(file->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (f.fd == NGX_INVALID_FILE) {
        return NGX_DECLINED;
    }

    n = NGX_ERROR;

    if (ngx_fd_info(f.fd, &fi) != NGX_FILE_ERROR && ngx_is_file(&fi)
        && ngx_file_size(&fi) <= NGX_STREAM_THRIFT_WHERE_SIZE)
    {
        text->data = ngx_pnalloc(cf->temp_pool, ngx_file_size(&fi) + 1);

        if (text->data) {
            n = ngx_read_file(&f, text->data, ngx_file_size(&fi), 0);
        }
    }

    (void) ngx_close_file(f.fd);

    text->len = (n > 0) ? n : 0;

    return (n == NGX_ERROR) ? NGX_DECLINED : NGX_OK;
}


/* The files of "include files;" at the beginning of a line, in turn. */

static ngx_int_t
ngx_stream_thrift_where_include(ngx_conf_t *cf, ngx_str_t *line,
    ngx_str_t *name, ngx_stream_thrift_where_t *where, ngx_uint_t depth)
{
    ngx_int_t    rc;
    ngx_str_t    file, *found;
    ngx_glob_t   gl;

    if (ngx_stream_thrift_where_pattern(cf, line, &file) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_memzero(&gl, sizeof(ngx_glob_t));

    gl.pattern = file.data;
    gl.log = cf->log;

    if (ngx_open_glob(&gl) != NGX_OK) {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;

    while (rc != NGX_OK && ngx_read_glob(&gl, &file) == NGX_OK) {

        found = ngx_stream_thrift_where_copy(cf, &file);

        if (found == NULL) {
            break;
        }

        rc = ngx_stream_thrift_where_file(cf, found, name, where, depth);
    }

    ngx_close_glob(&gl);

    return rc;
}


/* The full name of what is included; NGX_DECLINED: nothing is. */

static ngx_int_t
ngx_stream_thrift_where_pattern(ngx_conf_t *cf, ngx_str_t *line,
    ngx_str_t *file)
{
    u_char     *p, *end;
    ngx_str_t   text, *copy;

    if (line->len < 9 || ngx_strncmp(line->data, "include", 7) != 0
        || (line->data[7] != ' ' && line->data[7] != '\t'))
    {
        return NGX_DECLINED;
    }

    end = ngx_strlchr(line->data, line->data + line->len, ';');

    if (end == NULL) {
        return NGX_DECLINED;
    }

    for (p = line->data + 7; *p == ' ' || *p == '\t'; p++) { /* void */ }

    text.data = p;
    text.len = end - p;

    copy = ngx_stream_thrift_where_copy(cf, &text);

    if (copy == NULL || ngx_conf_full_name(cf->cycle, copy, 1) != NGX_OK) {
        return NGX_DECLINED;
    }

    *file = *copy;

    return NGX_OK;
}


/* With a zero at its end; NULL: no memory. */

static ngx_str_t *
ngx_stream_thrift_where_copy(ngx_conf_t *cf, ngx_str_t *text)
{
    ngx_str_t  *copy;

    copy = ngx_palloc(cf->temp_pool, sizeof(ngx_str_t));
    if (copy == NULL) {
        return NULL;
    }

    copy->len = text->len;
    copy->data = ngx_pnalloc(cf->temp_pool, text->len + 1);

    if (copy->data == NULL) {
        return NULL;
    }

    *ngx_cpymem(copy->data, text->data, text->len) = '\0';

    return copy;
}


/* Whether "$name" or "${name}" is in the line, and in no comment. */

static ngx_uint_t
ngx_stream_thrift_where_line(ngx_str_t *line, ngx_str_t *name)
{
    u_char      *p, *last, *start;
    ngx_uint_t   braces;

    last = line->data + line->len;

    for (p = line->data; p < last && *p != '#'; p++) {

        if (*p != '$') {
            continue;
        }

        braces = (p + 1 < last && p[1] == '{');
        start = p + 1 + braces;

        if ((size_t) (last - start) < name->len
            || ngx_strncasecmp(start, name->data, name->len) != 0)
        {
            continue;
        }

        start += name->len;

        if (start == last
            || !((*start >= 'a' && *start <= 'z')
                 || (*start >= 'A' && *start <= 'Z')
                 || (*start >= '0' && *start <= '9') || *start == '_'))
        {
            return 1;
        }
    }

    return 0;
}
