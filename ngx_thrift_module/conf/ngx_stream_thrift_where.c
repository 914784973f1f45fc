/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Where a variable is written in the configuration.  nginx keeps no line of
 * variables that any module's directive may have, so the files are searched
 * again; only for a message, and never for what the configuration means.  And
 * notes of directives whose values are used when all of it was read.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_WHERE_DEPTH  8            /* of "include" */
#define NGX_STREAM_THRIFT_WHERE_SIZE   (1024 * 1024)    /* bytes of a file */


static ngx_int_t ngx_stream_thrift_where_file(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *name, ngx_stream_thrift_where_t *where, ngx_uint_t depth);
static ngx_int_t ngx_stream_thrift_where_read(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *text);
static u_char *ngx_stream_thrift_where_http(u_char *p, u_char *last);
static u_char *ngx_stream_thrift_where_text(u_char *p, u_char *last);
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

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        for (end = ngx_stream_thrift_where_http(p, last); p < end; p++) {
            n += (*p == '\n');
        }

        end = ngx_strlchr(p, last, '\n');

        if (end == NULL) {
            end = last;
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


/*
 * The end of "http { ... }", which has variables of its own, if it begins here;
 * else where it would begin.
 */

static u_char *
ngx_stream_thrift_where_http(u_char *p, u_char *last)
{
    u_char      *start;
    ngx_uint_t   depth;

    if (last - p < 5 || ngx_strncmp(p, "http", 4) != 0
        || (p[4] != ' ' && p[4] != '\t' && p[4] != '\n' && p[4] != '{'))
    {
        return p;
    }

    start = p;
    depth = 0;

    for (p += 4; p < last; p++) {

        p = ngx_stream_thrift_where_text(p, last);

        if (p == last || (*p == ';' && depth == 0)) {
            break;
        }

        if (*p == '{') {
            depth++;

        } else if (*p == '}' && (depth == 0 || --depth == 0)) {
            return p;
        }
    }

    return start;
}


/* The last byte of a comment, or of what is quoted, if one begins here. */

static u_char *
ngx_stream_thrift_where_text(u_char *p, u_char *last)
{
    u_char  *end;

    if ((*p != '#' && *p != '"' && *p != '\'')
        || (p[-1] != ' ' && p[-1] != '\t' && p[-1] != '\n'))
    {
        return p;
    }

    for (end = p + 1; end < last && *end != (*p == '#' ? '\n' : *p); end++) {
        if (*end == '\\' && *p != '#') {
            end++;
        }
    }

    return ngx_min(end, last);
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


ngx_stream_thrift_note_t *
ngx_stream_thrift_take_note(ngx_conf_t *cf, ngx_array_t **notes)
{
    ngx_str_t                 *value;
    ngx_stream_thrift_note_t  *note;

    if (*notes == NULL) {
        *notes = ngx_array_create(cf->pool, 4,
                                  sizeof(ngx_stream_thrift_note_t));
        if (*notes == NULL) {
            return NULL;
        }
    }

    note = ngx_array_push(*notes);
    if (note == NULL) {
        return NULL;
    }

    value = cf->args->elts;

    note->name = value[0];
    note->file_name = cf->conf_file->file.name.data;
    note->line = cf->conf_file->line;
    note->off = 0;
    note->used = 0;

    return note;
}


ngx_stream_thrift_note_t *
ngx_stream_thrift_find_note(ngx_array_t *notes, const char *name)
{
    ngx_uint_t                 i;
    ngx_stream_thrift_note_t  *note;

    note = notes ? notes->elts : NULL;

    for (i = 0; notes && i < notes->nelts; i++) {
        if (ngx_strcmp(note[i].name.data, name) == 0) {
            return &note[i];
        }
    }

    return NULL;
}
