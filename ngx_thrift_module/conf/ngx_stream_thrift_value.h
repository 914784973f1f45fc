/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Setters for values of directives, as nginx has them, whose messages say
 * which directive, which value, and what it may be.
 */

#ifndef _NGX_STREAM_THRIFT_VALUE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_VALUE_H_INCLUDED_


/* In place of ngx_conf_set_..._slot(), with the same cmd->post. */

char *ngx_stream_thrift_set_enum(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_set_bitmask(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_set_msec(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_set_size(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Milliseconds, or NGX_ERROR: as ngx_parse_time(), if a timer can have them. */
ngx_int_t ngx_stream_thrift_parse_time(ngx_str_t *value);

/* A number that its unit stands behind, or NGX_ERROR. */
ngx_int_t ngx_stream_thrift_unit(ngx_str_t *value, const char *unit);

/* Where there are bounds, cmd->post is an ngx_conf_num_bounds_t. */
char *ngx_stream_thrift_set_num(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The same without cmd->post, for a post handler of ngx_conf_num_bounds_t. */
char *ngx_stream_thrift_check_bounds(ngx_conf_t *cf, void *post, void *data);

/*
 * Logs that the value, or the parameter, of the directive that is being read
 * is invalid; `what` says what it must be, unless the value is "off" and has
 * others beside it, which is said then.  Both return NGX_CONF_ERROR.
 */
char *ngx_stream_thrift_bad_value(ngx_conf_t *cf, ngx_str_t *value,
    const char *what);
char *ngx_stream_thrift_bad_parameter(ngx_conf_t *cf, ngx_str_t *value,
    const char *what);

/*
 * The text of a list of choices: starts at ngx_stream_thrift_choices_t with
 * zeros; the last choice is told by `last`.
 */

#define NGX_STREAM_THRIFT_CHOICES  512      /* bytes of the text */

typedef struct {
    u_char       text[NGX_STREAM_THRIFT_CHOICES];   /* ends with a zero */
    size_t       len;
} ngx_stream_thrift_choices_t;

void ngx_stream_thrift_add_choice(ngx_stream_thrift_choices_t *choices,
    ngx_str_t *name, ngx_uint_t last);


/* Whether it may be an address, or the name of an upstream; else: logged. */
ngx_int_t ngx_stream_thrift_check_address(ngx_conf_t *cf, ngx_str_t *value);


/*
 * Compile a value that may have variables: in memory of cf->pool, or in `cv`,
 * which need not be cleared.  NULL, NGX_ERROR: the reason was logged.
 */
ngx_stream_complex_value_t *ngx_stream_thrift_compile(ngx_conf_t *cf,
    ngx_str_t *value);
ngx_int_t ngx_stream_thrift_compile_at(ngx_conf_t *cf, ngx_str_t *value,
    ngx_stream_complex_value_t *cv);


#endif /* _NGX_STREAM_THRIFT_VALUE_H_INCLUDED_ */
