/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Variables that need the definitions: $thrift_arg_user_id, and
 * $thrift_reply_exception.  Where an argument stands in a method is found out
 * when the configuration is read; its value is looked for in the call's bytes
 * when somebody asks for it.  A log gets the beginning of a long one.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_ARG   (sizeof("thrift_arg_") - 1)
#define NGX_STREAM_THRIFT_NEAR  256     /* bytes of what may have been meant */


static ngx_int_t ngx_stream_thrift_init_argument(ngx_conf_t *cf,
    ngx_stream_thrift_main_conf_t *tmcf, ngx_str_t *name, ngx_uint_t k);
static void ngx_stream_thrift_near_argument(nthrift_idl_struct_t *st,
    const nthrift_str_t *wrong, nthrift_suggest_t *near, size_t *outer);
static nthrift_idl_struct_t *ngx_stream_thrift_inner_argument(
    nthrift_idl_struct_t *st, nthrift_str_t *path);
static void ngx_stream_thrift_no_argument(ngx_conf_t *cf,
    ngx_stream_thrift_main_conf_t *tmcf, ngx_str_t *name,
    const nthrift_str_t *wrong);
static ngx_int_t ngx_stream_thrift_argument(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data);
static nthrift_find_path_t *ngx_stream_thrift_argument_path(
    ngx_stream_session_t *s, ngx_thrift_call_t *call, ngx_str_t *name,
    nthrift_find_path_t *path);
static ngx_int_t ngx_stream_thrift_reply_exception(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data);


ngx_int_t
ngx_stream_thrift_add_arguments(ngx_conf_t *cf)
{
    ngx_str_t               arg = ngx_string("thrift_arg_");
    ngx_str_t               exception = ngx_string("thrift_reply_exception");
    ngx_stream_variable_t  *var;

    var = ngx_stream_add_variable(cf, &arg, NGX_STREAM_VAR_PREFIX);
    if (var == NULL) {
        return NGX_ERROR;
    }

    var->get_handler = ngx_stream_thrift_argument;

    var = ngx_stream_add_variable(cf, &exception, NGX_STREAM_VAR_NOCACHEABLE);
    if (var == NULL) {
        return NGX_ERROR;
    }

    var->get_handler = ngx_stream_thrift_reply_exception;

    return NGX_OK;
}


ngx_int_t
ngx_stream_thrift_init_arguments(ngx_conf_t *cf)
{
    ngx_uint_t                      i, k;
    ngx_thrift_target_t           **target;
    ngx_stream_variable_t          *v;
    ngx_stream_core_main_conf_t    *cmcf;
    ngx_stream_thrift_main_conf_t  *tmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);
    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    v = cmcf->variables.elts;

    tmcf->slots = ngx_pcalloc(cf->pool, (cmcf->variables.nelts + 1)
                                        * sizeof(ngx_uint_t));
    if (tmcf->slots == NULL) {
        return NGX_ERROR;
    }

    tmcf->nslots = cmcf->variables.nelts;

    for (i = 0; i < tmcf->nslots; i++) {
        if (v[i].name.len > NGX_STREAM_THRIFT_ARG
            && ngx_strncmp(v[i].name.data, "thrift_arg_",
                           NGX_STREAM_THRIFT_ARG)
               == 0)
        {
            tmcf->slots[i] = ++tmcf->narguments;
        }
    }

    if (tmcf->narguments == 0) {
        return NGX_OK;
    }

    target = tmcf->targets.elts;

    for (k = 0; k < tmcf->targets.nelts; k++) {
        target[k]->arguments = ngx_pcalloc(cf->pool,
                                           tmcf->narguments * sizeof(void *));
        if (target[k]->arguments == NULL) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < tmcf->nslots; i++) {
        if (tmcf->slots[i]
            && ngx_stream_thrift_init_argument(cf, tmcf, &v[i].name,
                                               tmcf->slots[i] - 1)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* One variable, in all methods. */

static ngx_int_t
ngx_stream_thrift_init_argument(ngx_conf_t *cf,
    ngx_stream_thrift_main_conf_t *tmcf, ngx_str_t *name, ngx_uint_t k)
{
    ngx_uint_t             i, found;
    nthrift_str_t          rest;
    ngx_thrift_target_t  **target;
    nthrift_find_path_t    path;

    found = 0;
    target = tmcf->targets.elts;

    rest.len = name->len - NGX_STREAM_THRIFT_ARG;
    rest.data = name->data + NGX_STREAM_THRIFT_ARG;

    for (i = 0; i < tmcf->targets.nelts; i++) {

        if (target[i]->args == NULL
            || nthrift_find_path(target[i]->args, &rest, &path) != NTHRIFT_OK)
        {
            continue;
        }

        found = 1;

        if (path.ambiguous) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"$%V\" may be more than one argument of method "
                          "\"%*s\", the longest names are taken", name,
                          target[i]->method->name.len,
                          target[i]->method->name.data);
        }

        target[i]->arguments[k] = ngx_palloc(cf->pool,
                                             sizeof(nthrift_find_path_t));
        if (target[i]->arguments[k] == NULL) {
            return NGX_ERROR;
        }

        *target[i]->arguments[k] = path;
    }

    if (!found) {
        ngx_stream_thrift_no_argument(cf, tmcf, name, &rest);
    }

    return NGX_OK;
}


/*
 * What is near to a path among the arguments: of each struct that its beginning
 * leads into, the fields that are near to the rest.  `outer` is the length of
 * the beginning.
 */

static void
ngx_stream_thrift_near_argument(nthrift_idl_struct_t *st,
    const nthrift_str_t *wrong, nthrift_suggest_t *near, size_t *outer)
{
    size_t             k;
    nthrift_str_t      rest;
    nthrift_suggest_t  suggest;

    rest = *wrong;

    while (st) {
        nthrift_suggest_init(&suggest, &rest);

        for (k = 0; k < st->n; k++) {
            nthrift_suggest_try(&suggest, &st->fields[k]->name);
        }

        if (suggest.best
            && (near->best == NULL || suggest.distance < near->distance))
        {
            near->best = suggest.best;
            near->distance = suggest.distance;
            *outer = wrong->len - rest.len;
        }

        st = ngx_stream_thrift_inner_argument(st, &rest);
    }
}


/* The struct that the path leads into, and what is left of it; or NULL. */

static nthrift_idl_struct_t *
ngx_stream_thrift_inner_argument(nthrift_idl_struct_t *st, nthrift_str_t *path)
{
    size_t                k;
    nthrift_str_t        *name;
    nthrift_idl_field_t  *field;

    for (k = 0; k < st->n; k++) {
        field = st->fields[k];
        name = &field->name;

        if (field->type->real->kind == NTHRIFT_IDL_STRUCT
            && path->len > name->len + 1 && path->data[name->len] == '_'
            && ngx_strncmp(path->data, name->data, name->len) == 0)
        {
            path->data += name->len + 1;
            path->len -= name->len + 1;

            return (nthrift_idl_struct_t *) field->type->real->def;
        }
    }

    return NULL;
}


/* It is empty in all calls; that is no error, as files may be shared. */

static void
ngx_stream_thrift_no_argument(ngx_conf_t *cf,
    ngx_stream_thrift_main_conf_t *tmcf, ngx_str_t *name,
    const nthrift_str_t *wrong)
{
    size_t                       outer;
    u_char                      *p, text[2 * NGX_STREAM_THRIFT_NEAR];
    ngx_uint_t                   i, defined;
    nthrift_suggest_t            near;
    ngx_thrift_target_t        **target;
    ngx_stream_thrift_where_t    where;

    defined = 0;
    outer = 0;
    target = tmcf->targets.elts;

    nthrift_suggest_init(&near, wrong);

    for (i = 0; i < tmcf->targets.nelts; i++) {
        if (target[i]->method) {
            defined = 1;
            ngx_stream_thrift_near_argument(target[i]->method->args, wrong,
                                            &near, &outer);
        }
    }

    p = text;

    if (near.best && near.best->len == wrong->len - outer
        && ngx_strncmp(near.best->data, wrong->data + outer, near.best->len)
           == 0)
    {
        p = ngx_slprintf(p, text + NGX_STREAM_THRIFT_NEAR,
                         ": it is a struct, whose fields are "
                         "\"$%V_...\", or a container", name);

    } else if (near.best) {
        p = ngx_slprintf(p, text + NGX_STREAM_THRIFT_NEAR,
                         " (did you mean \"$thrift_arg_%*s%*s\"?)",
                         outer, wrong->data, near.best->len, near.best->data);

    } else if (!defined) {
        p = ngx_slprintf(p, text + NGX_STREAM_THRIFT_NEAR,
                         ": there is no \"thrift_idl\"");
    }

    if (ngx_stream_thrift_find_variable(cf, name, &where) == NGX_OK) {
        p = ngx_slprintf(p, text + sizeof(text), " in %V:%ui", &where.file,
                         where.line);
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"$%V\" is an argument of no method that is defined%*s",
                  name, (size_t) (p - text), text);
}


static ngx_int_t
ngx_stream_thrift_argument(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    ngx_int_t             rc;
    ngx_str_t             value;
    ngx_thrift_call_t    *call;
    nthrift_find_path_t   found, *path;

    call = ngx_stream_thrift_call_of(s);

    v->not_found = 1;

    if (call == NULL || call->target == NULL || call->target->args == NULL) {
        return NGX_OK;
    }

    path = ngx_stream_thrift_argument_path(s, call, (ngx_str_t *) data,
                                           &found);
    if (path == NULL) {
        return NGX_OK;
    }

    rc = ngx_thrift_validate_argument(call, path, &value);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : NGX_ERROR;
    }

    v->len = value.len;
    v->data = value.data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    if (ngx_stream_thrift_get_call(call)->logging) {
        v->len = ngx_min(v->len, NGX_STREAM_THRIFT_MAX_VALUE);
    }

    return NGX_OK;
}


void
ngx_stream_thrift_cut_arguments(ngx_stream_thrift_call_t *tc)
{
    ngx_uint_t                      i;
    ngx_stream_variable_value_t    *v;
    ngx_stream_thrift_main_conf_t  *tmcf;

    if (tc->from) {
        return;
    }

    tmcf = tc->main;
    v = tc->session.variables;

    for (i = 0; i < tmcf->nslots; i++) {
        if (tmcf->slots[i] && v[i].valid) {
            v[i].len = ngx_min(v[i].len, NGX_STREAM_THRIFT_MAX_VALUE);
        }
    }
}


/*
 * The name is that of an indexed variable, whose path is known, or one that
 * another module asks for now.
 */

static nthrift_find_path_t *
ngx_stream_thrift_argument_path(ngx_stream_session_t *s,
    ngx_thrift_call_t *call, ngx_str_t *name, nthrift_find_path_t *path)
{
    ngx_uint_t                      i;
    nthrift_str_t                   rest;
    ngx_stream_variable_t          *v;
    ngx_stream_core_main_conf_t    *cmcf;
    ngx_stream_thrift_main_conf_t  *tmcf;

    cmcf = ngx_stream_get_module_main_conf(s, ngx_stream_core_module);
    tmcf = ngx_stream_get_module_main_conf(s, ngx_stream_thrift_module);

    v = cmcf->variables.elts;

    if ((u_char *) name >= (u_char *) v
        && (u_char *) name < (u_char *) (v + tmcf->nslots))
    {
        i = ((u_char *) name - (u_char *) v) / sizeof(ngx_stream_variable_t);

        if (tmcf->slots[i]) {
            return call->target->arguments[tmcf->slots[i] - 1];
        }
    }

    rest.len = name->len - NGX_STREAM_THRIFT_ARG;
    rest.data = name->data + NGX_STREAM_THRIFT_ARG;

    if (nthrift_find_path(call->target->args, &rest, path) != NTHRIFT_OK) {
        return NULL;
    }

    return path;
}


static ngx_int_t
ngx_stream_thrift_reply_exception(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    ngx_thrift_call_t             *call;
    const nthrift_schema_field_t  *field;

    call = ngx_stream_thrift_call_of(s);

    v->not_found = 1;

    if (call == NULL || call->outcome != NGX_THRIFT_DECLARED
        || call->target->result == NULL)
    {
        return NGX_OK;
    }

    field = nthrift_schema_field(call->target->result, call->declared);

    if (field == NULL || field->type.st == NULL) {
        return NGX_OK;
    }

    v->len = field->type.st->name.len;
    v->data = field->type.st->name.data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
