/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Where something is written in the configuration, for messages about what
 * nginx keeps no line of: variables are searched for, of directives notes are
 * taken while they are read.
 */

#ifndef _NGX_STREAM_THRIFT_WHERE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_WHERE_H_INCLUDED_


typedef struct {
    ngx_str_t    file;
    ngx_uint_t   line;
} ngx_stream_thrift_where_t;


/* A directive as it was written. */

typedef struct {
    ngx_str_t    name;
    u_char      *file_name;
    ngx_uint_t   line;
    unsigned     off:1;         /* it says what we do */
    unsigned     used:1;        /* it has an effect, or was warned of */
} ngx_stream_thrift_note_t;


/*
 * The first place, in the configuration file and in those that it includes,
 * where the variable is written; NGX_DECLINED: it was not found.
 */
ngx_int_t ngx_stream_thrift_find_variable(ngx_conf_t *cf, ngx_str_t *name,
    ngx_stream_thrift_where_t *where);

/*
 * Adds the directive that is being read to the notes, which are made if there
 * are none; NULL: no memory.
 */
ngx_stream_thrift_note_t *ngx_stream_thrift_take_note(ngx_conf_t *cf,
    ngx_array_t **notes);

/* The first one of a directive; NULL: there is none, or there are no notes. */
ngx_stream_thrift_note_t *ngx_stream_thrift_find_note(ngx_array_t *notes,
    const char *name);


#endif /* _NGX_STREAM_THRIFT_WHERE_H_INCLUDED_ */
