/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/service.c: services and their methods: what they inherit, what they
 * throw, and what a reply's body looks like.
 */

#include "idl/resolve.h"
#include "idl/suggest.h"


/* A service can only extend one that is defined before. */

static int
service_parent(nthrift_resolve_t *r, nthrift_idl_service_t *service)
{
    const nthrift_str_t    *best;
    nthrift_idl_service_t  *parent;

    if (service->extends.len == 0) {
        return NTHRIFT_OK;
    }

    parent = nthrift_idl_service(r->program, &service->extends);

    if (parent == NULL && nthrift_idl_type(r->program, &service->extends)) {
        return nthrift_report_error(r->report, r->program,
                                    service->extends_pos,
                                    "\"%.*s\" is a type, not a service",
                                    nthrift_report_str(&service->extends));
    }

    if (parent == NULL) {
        best = NULL;

        if (nthrift_report_room(r->report)) {
            best = nthrift_suggest_visible(r->program, &service->extends,
                                           nthrift_suggest_service);
        }

        return nthrift_report_error(r->report, r->program,
                                    service->extends_pos,
                                    "service \"%.*s\" is not defined"
                                    NTHRIFT_REPORT_MEAN,
                                    nthrift_report_str(&service->extends),
                                    nthrift_report_mean(best));
    }

    if (parent->def.program == r->program
        && parent->def.order >= service->def.order)
    {
        return nthrift_report_error(r->report, r->program,
                                    service->extends_pos,
                                    "service \"%.*s\" is extended before it "
                                    "is defined",
                                    nthrift_report_str(&service->extends));
    }

    if (parent->depth >= r->max_inheritance) {
        return nthrift_report_error(r->report, r->program,
                                    service->extends_pos,
                                    "service \"%.*s\" has more than %u "
                                    "ancestors",
                                    nthrift_report_str(&service->def.name),
                                    (unsigned) r->max_inheritance);
    }

    service->parent = parent;
    service->depth = parent->depth + 1;

    return NTHRIFT_OK;
}


static int
service_add_method(nthrift_resolve_t *r, nthrift_idl_service_t *service,
    nthrift_idl_method_t *method)
{
    int                          rc;
    const nthrift_idl_method_t  *other;

    other = (service->parent != NULL)
            ? nthrift_idl_method(service->parent, &method->name) : NULL;

    if (other == NULL) {
        rc = nthrift_map_add(&service->names, &method->name, method);

        if (rc == NTHRIFT_OK) {
            return NTHRIFT_OK;
        }

        if (rc == NTHRIFT_ERROR) {
            return nthrift_report_memory(r->report);
        }

        other = nthrift_map_find(&service->names, &method->name);
    }

    return nthrift_report_error(r->report, r->program, method->pos,
                                "method \"%.*s\" is already defined in "
                                "service \"%.*s\"",
                                nthrift_report_str(&method->name),
                                nthrift_report_str(&other->service->def.name));
}


/*
 * What is thrown must be an exception that is defined before, also if it is
 * thrown under the name of a typedef.
 */

static int
service_throws_field(nthrift_resolve_t *r, const nthrift_idl_method_t *method,
    const nthrift_idl_field_t *field)
{
    uint32_t                     order;
    const nthrift_idl_type_t    *type, *real;
    const nthrift_idl_struct_t  *st;

    type = field->type;
    real = type->real;
    st = (real->kind == NTHRIFT_IDL_STRUCT)
         ? (const nthrift_idl_struct_t *) real->def : NULL;

    if (st == NULL || st->what != NTHRIFT_IDL_KIND_EXCEPTION) {
        return nthrift_report_error(r->report, r->program, field->pos,
                                    "method \"%.*s\" throws \"%.*s\", which "
                                    "is not an exception",
                                    nthrift_report_str(&method->name),
                                    nthrift_report_str(&field->name));
    }

    order = method->service->def.order;

    if ((st->def.program == r->program && st->def.order > order)
        || (type->def->program == r->program && type->def->order > order))
    {
        return nthrift_report_error(r->report, r->program, type->pos,
                                    "exception \"%.*s\" is thrown before it "
                                    "is defined",
                                    nthrift_report_str(&type->name));
    }

    return NTHRIFT_OK;
}


static int
service_throws(nthrift_resolve_t *r, const nthrift_idl_method_t *method)
{
    int                         rc;
    const nthrift_idl_field_t  *field;

    rc = NTHRIFT_OK;

    for (field = method->throws->first; field != NULL; field = field->next) {
        if (service_throws_field(r, method, field) != NTHRIFT_OK) {
            rc = NTHRIFT_ERROR;
        }
    }

    if (!method->oneway) {
        return rc;
    }

    if (method->throws->n != 0) {
        return nthrift_report_error(r->report, r->program, method->pos,
                                    "method \"%.*s\" is oneway: it cannot "
                                    "throw", nthrift_report_str(&method->name));
    }

    if (method->returns->kind != NTHRIFT_IDL_VOID) {
        nthrift_report_warning(r->report, r->program, method->pos,
                               "method \"%.*s\" is oneway: what it returns "
                               "is never sent",
                               nthrift_report_str(&method->name));
    }

    return rc;
}


/* The field 0 of a reply's body. */

static nthrift_idl_field_t *
service_success(nthrift_resolve_t *r, const nthrift_idl_method_t *method)
{
    nthrift_idl_field_t         *success;
    static const nthrift_str_t   name = nthrift_string("success");

    success = nthrift_arena_alloc(r->arena, sizeof(nthrift_idl_field_t));

    if (success != NULL) {
        success->name = name;
        success->pos = method->pos;
        success->type = method->returns;
    }

    return success;
}


/* The result of a method: "success" and what it throws. */

static nthrift_idl_struct_t *
service_result_alloc(nthrift_resolve_t *r, const nthrift_idl_method_t *method)
{
    size_t                 i, n;
    nthrift_idl_struct_t  *result;

    result = nthrift_arena_alloc(r->arena, sizeof(nthrift_idl_struct_t));
    if (result == NULL) {
        return NULL;
    }

    n = (method->returns->kind != NTHRIFT_IDL_VOID);

    result->def = method->throws->def;
    result->what = NTHRIFT_IDL_KIND_RESULT;
    result->n = n + method->throws->n;

    result->fields = nthrift_arena_alloc(r->arena,
                                         result->n * sizeof(void *));
    if (result->fields == NULL) {
        return NULL;
    }

    if (n != 0) {
        result->fields[0] = service_success(r, method);

        if (result->fields[0] == NULL) {
            return NULL;
        }
    }

    for (i = 0; i < method->throws->n; i++) {
        result->fields[n + i] = method->throws->fields[i];
    }

    return result;
}


static int
service_result(nthrift_resolve_t *r, nthrift_idl_method_t *method)
{
    nthrift_idl_field_t  *twice, *twice_id;

    if (method->oneway) {
        return NTHRIFT_OK;
    }

    method->result = service_result_alloc(r, method);

    if (method->result == NULL
        || nthrift_idl_index_fields(r->arena, r->seed, method->result, &twice,
                                    &twice_id) != NTHRIFT_OK)
    {
        return nthrift_report_memory(r->report);
    }

    /* an exception may be called "success", too; an id of 0 may be kept */

    if (twice_id == NULL) {
        return NTHRIFT_OK;
    }

    return nthrift_report_error(r->report, r->program, twice_id->pos,
                                "the id 0 of \"%.*s\" is that of what the "
                                "method returns",
                                nthrift_report_str(&twice_id->name));
}


static int
service_method(nthrift_resolve_t *r, nthrift_idl_service_t *service,
    nthrift_idl_method_t *method)
{
    int  rc;

    rc = service_add_method(r, service, method);

    if (nthrift_resolve_fields(r, method->args) != NTHRIFT_OK
        || nthrift_resolve_fields(r, method->throws) != NTHRIFT_OK
        || service_throws(r, method) != NTHRIFT_OK
        || service_result(r, method) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return rc;
}


int
nthrift_service_resolve(nthrift_resolve_t *r, nthrift_idl_service_t *service)
{
    int                    rc;
    nthrift_idl_method_t  *method;

    rc = service_parent(r, service);

    for (method = service->methods; method != NULL; method = method->next) {
        if (service_method(r, service, method) != NTHRIFT_OK) {
            rc = NTHRIFT_ERROR;
        }
    }

    return rc;
}
