/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Values of directives: nginx's own setters, with messages that name the
 * directive, the value, and what it may be.  Used while the configuration is
 * read.
 */

#include "ngx_stream_thrift.h"


/* Milliseconds: points in time are compared by their difference. */

#define NGX_STREAM_THRIFT_MAX_TIME   (NGX_MAX_INT_T_VALUE / 2)

#define NGX_STREAM_THRIFT_TIME_FORM  "a time such as \"300ms\" or \"1m 30s\""
#define NGX_STREAM_THRIFT_SIZE_FORM  "a size such as \"4k\" or \"16m\""


static char *ngx_stream_thrift_bad(ngx_conf_t *cf, const char *noun,
    ngx_str_t *value, const char *what);
static ngx_uint_t ngx_stream_thrift_is_directive(ngx_conf_t *cf,
    ngx_str_t *name);
static char *ngx_stream_thrift_explain(ngx_conf_t *cf, char *rv,
    const char *what);


char *
ngx_stream_thrift_bad_value(ngx_conf_t *cf, ngx_str_t *value, const char *what)
{
    ngx_str_t  *directive;

    directive = cf->args->elts;

    if (ngx_strcmp(value->data, "off") == 0 && cf->args->nelts > 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" directive has \"off\" beside other "
                           "parameters", &directive[0]);
        return NGX_CONF_ERROR;
    }

    return ngx_stream_thrift_bad(cf, "value", value, what);
}


char *
ngx_stream_thrift_bad_parameter(ngx_conf_t *cf, ngx_str_t *value,
    const char *what)
{
    return ngx_stream_thrift_bad(cf, "parameter", value, what);
}


static char *
ngx_stream_thrift_bad(ngx_conf_t *cf, const char *noun, ngx_str_t *value,
    const char *what)
{
    ngx_str_t   *directive;
    const char  *or;

    directive = cf->args->elts;

    or = (value > &directive[1] && ngx_stream_thrift_is_directive(cf, value))
         ? ", or \";\" is missing before it" : "";

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid %s \"%V\" in \"%V\" directive, "
                       "it must be %s%s",
                       noun, value, &directive[0], what, or);

    return NGX_CONF_ERROR;
}


/* Is it the name of one?  Where ";" is missing, it is that of the next line. */

static ngx_uint_t
ngx_stream_thrift_is_directive(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t      i;
    ngx_module_t  **modules;
    ngx_command_t  *cmd;

    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {
        cmd = modules[i]->commands;

        for ( /* void */ ; cmd && cmd->name.len; cmd++) {
            if (cmd->name.len == name->len
                && ngx_strncmp(cmd->name.data, name->data, name->len) == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* What nginx's setter said of the only value; its own texts are constants. */

static char *
ngx_stream_thrift_explain(ngx_conf_t *cf, char *rv, const char *what)
{
    ngx_str_t  *value;

    if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR
        || ngx_strncmp(rv, "invalid ", 8) != 0)
    {
        return rv;
    }

    value = cf->args->elts;

    return ngx_stream_thrift_bad_value(cf, &value[1], what);
}


char *
ngx_stream_thrift_set_msec(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char       *rv;
    ngx_str_t  *value;

    rv = ngx_conf_set_msec_slot(cf, cmd, conf);
    value = cf->args->elts;

    if (rv == NGX_CONF_OK
        && ngx_stream_thrift_parse_time(&value[1]) == NGX_ERROR)
    {
        rv = "invalid value";
    }

    return ngx_stream_thrift_explain(cf, rv, NGX_STREAM_THRIFT_TIME_FORM);
}


ngx_int_t
ngx_stream_thrift_parse_time(ngx_str_t *value)
{
    ngx_int_t  time;

    time = ngx_parse_time(value, 0);

    return (time > NGX_STREAM_THRIFT_MAX_TIME) ? NGX_ERROR : time;
}


ngx_int_t
ngx_stream_thrift_unit(ngx_str_t *value, const char *unit)
{
    size_t  len;

    len = ngx_strlen(unit);

    if (value->len <= len
        || ngx_strncmp(value->data + value->len - len, unit, len) != 0)
    {
        return NGX_ERROR;
    }

    return ngx_atoi(value->data, value->len - len);
}


char *
ngx_stream_thrift_set_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_thrift_explain(cf, ngx_conf_set_size_slot(cf, cmd, conf),
                                     NGX_STREAM_THRIFT_SIZE_FORM);
}


char *
ngx_stream_thrift_set_num(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                   *rv;
    u_char                  what[sizeof("a number between  and ")
                                 + 2 * NGX_INT_T_LEN];
    ngx_conf_num_bounds_t  *bounds;

    rv = ngx_conf_set_num_slot(cf, cmd, conf);
    bounds = cmd->post;

    if (bounds == NULL) {
        return ngx_stream_thrift_explain(cf, rv, "a number");
    }

    ngx_sprintf(what, "a number between %i and %i%Z", bounds->low,
                bounds->high);

    return ngx_stream_thrift_explain(cf, rv, (char *) what);
}


char *
ngx_stream_thrift_check_bounds(ngx_conf_t *cf, void *post, void *data)
{
    ngx_int_t              *n = data;
    ngx_conf_num_bounds_t  *bounds = post;

    return (*n < bounds->low || *n > bounds->high) ? "invalid number"
                                                   : NGX_CONF_OK;
}


void
ngx_stream_thrift_add_choice(ngx_stream_thrift_choices_t *choices,
    ngx_str_t *name, ngx_uint_t last)
{
    u_char      *p, *end;
    const char  *before;

    before = (choices->len == 0) ? "" : last ? " or " : ", ";

    p = choices->text + choices->len;
    end = choices->text + NGX_STREAM_THRIFT_CHOICES - 1;

    p = ngx_slprintf(p, end, "%s\"%V\"", before, name);
    *p = '\0';

    choices->len = p - choices->text;
}


char *
ngx_stream_thrift_set_enum(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                    *value;
    ngx_uint_t                    i;
    ngx_conf_enum_t              *e;
    ngx_stream_thrift_choices_t   choices;

    e = cmd->post;
    value = cf->args->elts;
    choices.len = 0;

    for (i = 0; e[i].name.len; i++) {

        if (e[i].name.len == value[1].len
            && ngx_strcasecmp(e[i].name.data, value[1].data) == 0)
        {
            return ngx_conf_set_enum_slot(cf, cmd, conf);
        }

        ngx_stream_thrift_add_choice(&choices, &e[i].name,
                                     e[i + 1].name.len == 0);
    }

    return ngx_stream_thrift_bad_value(cf, &value[1], (char *) choices.text);
}


char *
ngx_stream_thrift_set_bitmask(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                    *value;
    ngx_uint_t                    i, k, found;
    ngx_conf_bitmask_t           *mask;
    ngx_stream_thrift_choices_t   choices;

    mask = cmd->post;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        found = 0;
        choices.len = 0;

        for (k = 0; mask[k].name.len; k++) {
            found |= (mask[k].name.len == value[i].len
                      && ngx_strcasecmp(mask[k].name.data, value[i].data) == 0);

            ngx_stream_thrift_add_choice(&choices, &mask[k].name,
                                         mask[k + 1].name.len == 0);
        }

        if (!found) {
            return ngx_stream_thrift_bad_value(cf, &value[i],
                                               (char *) choices.text);
        }
    }

    return ngx_conf_set_bitmask_slot(cf, cmd, conf);
}


/* Those of http have a scheme, or a path. */

ngx_int_t
ngx_stream_thrift_check_address(ngx_conf_t *cf, ngx_str_t *value)
{
    u_char      *slash;
    const char  *what;

    slash = (u_char *) ngx_strchr(value->data, '/');

    if (ngx_strstr(value->data, "://")) {
        what = "the name of an upstream, an address with a port, or a path "
               "after \"unix:\", without \"...://\"";

    } else if (slash
               && ngx_strncasecmp(value->data, (u_char *) "unix:", 5) != 0
               && (ngx_strncasecmp(value->data, (u_char *) "unix", 4) == 0
                   || slash == value->data
                   || ngx_strlchr(value->data, slash, ':')))
    {
        what = "the name of an upstream, an address with a port and without a "
               "path, or a path after \"unix:\"";

    } else {
        return NGX_OK;
    }

    (void) ngx_stream_thrift_bad_value(cf, value, what);

    return NGX_ERROR;
}


ngx_stream_complex_value_t *
ngx_stream_thrift_compile(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_stream_complex_value_t  *cv;

    cv = ngx_palloc(cf->pool, sizeof(ngx_stream_complex_value_t));

    if (cv == NULL || ngx_stream_thrift_compile_at(cf, value, cv) != NGX_OK) {
        return NULL;
    }

    return cv;
}


ngx_int_t
ngx_stream_thrift_compile_at(ngx_conf_t *cf, ngx_str_t *value,
    ngx_stream_complex_value_t *cv)
{
    ngx_stream_compile_complex_value_t  ccv;

    ngx_memzero(&ccv, sizeof(ngx_stream_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = value;
    ccv.complex_value = cv;

    return ngx_stream_compile_complex_value(&ccv);
}
