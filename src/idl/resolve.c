/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/resolve.c: makes the model of one file whole: names of definitions,
 * names of types, typedefs, fields.  Each step looks at every definition
 * once; a step that finds errors is the last one.
 */

#include "idl/resolve.h"

#include "idl/parser.h"
#include "idl/suggest.h"


/* States of a typedef while circles are looked for. */

enum {
    RESOLVE_NEW = 0,
    RESOLVE_OPEN,
    RESOLVE_DONE
};


/* Takes the name of a definition, unless it is taken. */

static int
resolve_add(nthrift_resolve_t *r, nthrift_idl_def_t *def)
{
    int                     rc;
    nthrift_map_t          *map;
    nthrift_idl_def_t      *other;
    nthrift_idl_program_t  *program;

    program = r->program;
    map = &program->types;
    other = NULL;

    switch (def->kind) {

    case NTHRIFT_IDL_DEF_CONST:
        map = &program->consts;
        break;

    case NTHRIFT_IDL_DEF_SERVICE:
        map = &program->services;
        other = nthrift_map_find(&program->types, &def->name);
        break;

    case NTHRIFT_IDL_DEF_TYPEDEF:
    case NTHRIFT_IDL_DEF_ENUM:
    case NTHRIFT_IDL_DEF_STRUCT:
        other = nthrift_map_find(&program->services, &def->name);
        break;
    }

    if (other == NULL) {
        rc = nthrift_map_add(map, &def->name, def);

        if (rc == NTHRIFT_OK) {
            return NTHRIFT_OK;
        }

        if (rc == NTHRIFT_ERROR) {
            return nthrift_report_memory(r->report);
        }

        other = nthrift_map_find(map, &def->name);
    }

    return nthrift_report_error(r->report, program, def->pos,
                                "%s \"%.*s\" is already defined in line %u",
                                nthrift_idl_def_word(def),
                                nthrift_report_str(&def->name),
                                (unsigned) other->pos.line);
}


/* Of namespaces for the same scope, the last one holds. */

static int
resolve_scopes(nthrift_resolve_t *r)
{
    nthrift_map_t            *map;
    nthrift_idl_namespace_t  *ns, *first;

    map = &r->program->scopes;

    for (ns = r->program->namespaces; ns != NULL; ns = ns->next) {
        first = nthrift_map_find(map, &ns->scope);

        if (first == NULL) {
            first = ns;

            if (nthrift_map_add(map, &ns->scope, ns) != NTHRIFT_OK) {
                return nthrift_report_memory(r->report);
            }
        }

        first->holds = &ns->name;
    }

    return NTHRIFT_OK;
}


/* The namespace of a program for `scope`; "*" stands for all others. */

static const nthrift_str_t *
resolve_namespace(const nthrift_idl_program_t *program,
    const nthrift_str_t *scope)
{
    const nthrift_idl_namespace_t  *ns;
    static const nthrift_str_t      any = nthrift_string("*");

    ns = nthrift_map_find(&program->scopes, scope);

    if (ns == NULL) {
        ns = nthrift_map_find(&program->scopes, &any);
    }

    return (ns != NULL) ? ns->holds : NULL;
}


/* Whether every namespace of `a` is also that of `b`. */

static int
resolve_namespaces_within(const nthrift_idl_program_t *a,
    const nthrift_idl_program_t *b)
{
    const nthrift_str_t            *other;
    const nthrift_idl_namespace_t  *ns;

    for (ns = a->namespaces; ns != NULL; ns = ns->next) {
        other = resolve_namespace(b, &ns->scope);

        if (ns->holds != NULL
            && (other == NULL || !nthrift_str_equal(ns->holds, other)))
        {
            return 0;
        }
    }

    return 1;
}


static nthrift_idl_def_t *
resolve_own(const nthrift_idl_program_t *program, const nthrift_str_t *name)
{
    nthrift_idl_def_t  *def;

    def = nthrift_map_find(&program->types, name);

    return (def != NULL) ? def : nthrift_map_find(&program->services, name);
}


/*
 * Apache's compiler refuses a type whose name an included file defines, too,
 * if both files have the same namespaces: generated code would clash.  The
 * smaller of the files is gone through.
 */

static int
resolve_clash(nthrift_resolve_t *r, const nthrift_idl_include_t *inc)
{
    nthrift_idl_def_t            *def, *own;
    const nthrift_idl_program_t  *small, *big;

    small = r->program;
    big = inc->program;

    if (big->n_defs < small->n_defs) {
        small = inc->program;
        big = r->program;
    }

    for (def = small->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_CONST
            || resolve_own(big, &def->name) == NULL)
        {
            continue;
        }

        own = resolve_own(r->program, &def->name);

        return nthrift_report_error(r->report, r->program, own->pos,
                                    "\"%.*s\" is already defined in the "
                                    "included \"%.*s\", which has the same "
                                    "namespaces",
                                    nthrift_report_str(&def->name),
                                    nthrift_report_str(&inc->name));
    }

    return NTHRIFT_OK;
}


static int
resolve_clashes(nthrift_resolve_t *r)
{
    int                           rc;
    const nthrift_idl_include_t  *inc;

    rc = NTHRIFT_OK;

    for (inc = r->program->includes; inc != NULL; inc = inc->next) {
        if (inc->repeated) {
            continue;
        }

        if (resolve_namespaces_within(r->program, inc->program)
            && resolve_namespaces_within(inc->program, r->program)
            && resolve_clash(r, inc) != NTHRIFT_OK)
        {
            rc = NTHRIFT_ERROR;
        }
    }

    return rc;
}


/* Says as well as possible why a name is no type. */

static int
resolve_no_type(nthrift_resolve_t *r, const nthrift_idl_type_t *type)
{
    const char           *hint;
    const nthrift_str_t  *best;

    if (nthrift_idl_service(r->program, &type->name) != NULL) {
        return nthrift_report_error(r->report, r->program, type->pos,
                                    "\"%.*s\" is a service, not a type",
                                    nthrift_report_str(&type->name));
    }

    hint = nthrift_hint_type(&type->name);
    if (hint != NULL) {
        return nthrift_report_error(r->report, r->program, type->pos,
                                    "type \"%.*s\" is not defined: %s",
                                    nthrift_report_str(&type->name), hint);
    }

    best = NULL;

    if (nthrift_report_room(r->report)) {
        best = nthrift_suggest_visible(r->program, &type->name,
                                       nthrift_suggest_type);

        if (best == NULL) {
            best = nthrift_suggest_base(&type->name);
        }
    }

    return nthrift_report_error(r->report, r->program, type->pos,
                                "type \"%.*s\" is not defined"
                                NTHRIFT_REPORT_MEAN,
                                nthrift_report_str(&type->name),
                                nthrift_report_mean(best));
}


static int
resolve_types(nthrift_resolve_t *r)
{
    int                  rc;
    nthrift_idl_type_t  *type;

    rc = NTHRIFT_OK;

    for (type = r->named; type != NULL; type = type->next_named) {
        type->def = nthrift_idl_type(r->program, &type->name);

        if (type->def == NULL) {
            rc = resolve_no_type(r, type);
            continue;
        }

        switch (type->def->kind) {

        case NTHRIFT_IDL_DEF_TYPEDEF:
            type->kind = NTHRIFT_IDL_TYPEDEF;
            break;

        case NTHRIFT_IDL_DEF_ENUM:
            type->kind = NTHRIFT_IDL_ENUM;
            type->real = type;
            break;

        case NTHRIFT_IDL_DEF_STRUCT:
        case NTHRIFT_IDL_DEF_CONST:
        case NTHRIFT_IDL_DEF_SERVICE:
            type->kind = NTHRIFT_IDL_STRUCT;
            type->real = type;
            break;
        }
    }

    return rc;
}


/*
 * Typedefs are walked depth first, each once, along the typedefs that they
 * name: `from` is the way back, `names` what is still to be seen.  One that
 * is met again while it is open is defined by itself.
 */

static nthrift_idl_typedef_t *
resolve_typedef_next(nthrift_idl_typedef_t *td)
{
    nthrift_idl_type_t  *type;

    while (td->names != NULL && td->names != *td->names_end) {
        type = td->names;
        td->names = type->next_named;

        if (type->kind == NTHRIFT_IDL_TYPEDEF) {
            return (nthrift_idl_typedef_t *) type->def;
        }
    }

    return NULL;
}


static void
resolve_real(nthrift_idl_type_t *type)
{
    if (type->kind == NTHRIFT_IDL_TYPEDEF) {
        type->real = ((nthrift_idl_typedef_t *) type->def)->type->real;
    }
}


/* How deep containers are, typedefs replaced by what they stand for. */

static uint32_t
resolve_depth(const nthrift_idl_type_t *type)
{
    uint32_t  key, elem;

    if (type->kind == NTHRIFT_IDL_TYPEDEF) {
        return ((nthrift_idl_typedef_t *) type->def)->depth;
    }

    if (type->elem == NULL) {
        return 0;
    }

    key = (type->key != NULL) ? resolve_depth(type->key) : 0;
    elem = resolve_depth(type->elem);

    return ((key > elem) ? key : elem) + 1;
}


static int
resolve_typedef_done(nthrift_resolve_t *r, nthrift_idl_typedef_t *td)
{
    resolve_real(td->type);

    td->state = RESOLVE_DONE;
    td->depth = resolve_depth(td->type);

    if (td->depth <= r->max_nesting) {
        return NTHRIFT_OK;
    }

    return nthrift_report_error(r->report, r->program, td->def.pos,
                                "typedef \"%.*s\" is nested deeper than %u "
                                "levels", nthrift_report_str(&td->def.name),
                                (unsigned) r->max_nesting);
}


static int
resolve_typedef(nthrift_resolve_t *r, nthrift_idl_typedef_t *td)
{
    nthrift_idl_typedef_t  *next;

    td->state = RESOLVE_OPEN;

    while (td != NULL) {
        next = resolve_typedef_next(td);

        if (next == NULL) {
            if (resolve_typedef_done(r, td) != NTHRIFT_OK) {
                return NTHRIFT_ERROR;
            }

            td = td->from;

        } else if (next->state == RESOLVE_OPEN) {
            return nthrift_report_error(r->report, r->program, next->def.pos,
                                        "typedef \"%.*s\" is defined by "
                                        "itself",
                                        nthrift_report_str(&next->def.name));

        } else if (next->state == RESOLVE_NEW) {
            next->state = RESOLVE_OPEN;
            next->from = td;
            td = next;
        }
    }

    return NTHRIFT_OK;
}


static int
resolve_typedefs(nthrift_resolve_t *r)
{
    nthrift_idl_def_t      *def;
    nthrift_idl_type_t     *type;
    nthrift_idl_typedef_t  *td;

    for (def = r->program->defs; def != NULL; def = def->next) {
        td = (nthrift_idl_typedef_t *) def;

        if (def->kind == NTHRIFT_IDL_DEF_TYPEDEF && td->state == RESOLVE_NEW
            && resolve_typedef(r, td) != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    for (type = r->named; type != NULL; type = type->next_named) {
        resolve_real(type);
    }

    return NTHRIFT_OK;
}


static int
resolve_enum(nthrift_resolve_t *r, nthrift_idl_enum_t *en)
{
    nthrift_idl_item_t  *twice;

    if (nthrift_idl_index_items(r->arena, r->seed, en, &twice) != NTHRIFT_OK) {
        return nthrift_report_memory(r->report);
    }

    if (twice == NULL) {
        return NTHRIFT_OK;
    }

    return nthrift_report_error(r->report, r->program, twice->pos,
                                "value \"%.*s\" is already defined in enum "
                                "\"%.*s\"", nthrift_report_str(&twice->name),
                                nthrift_report_str(&en->def.name));
}


/* A union may have one default. */

static int
resolve_union(nthrift_resolve_t *r, const nthrift_idl_struct_t *st)
{
    const nthrift_idl_field_t  *field, *with_default;

    with_default = NULL;

    for (field = st->first; field != NULL; field = field->next) {
        if (field->value == NULL) {
            continue;
        }

        if (with_default != NULL) {
            return nthrift_report_error(r->report, r->program, field->pos,
                                        "field \"%.*s\" is the second of union "
                                        "\"%.*s\" that has a default",
                                        nthrift_report_str(&field->name),
                                        nthrift_report_str(&st->def.name));
        }

        with_default = field;
    }

    return NTHRIFT_OK;
}


int
nthrift_resolve_fields(nthrift_resolve_t *r, nthrift_idl_struct_t *st)
{
    int                   rc;
    nthrift_idl_field_t  *twice, *twice_id, *field;

    if (nthrift_idl_index_fields(r->arena, r->seed, st, &twice, &twice_id)
        != NTHRIFT_OK)
    {
        return nthrift_report_memory(r->report);
    }

    rc = NTHRIFT_OK;

    if (twice != NULL) {
        rc = nthrift_report_error(r->report, r->program, twice->pos,
                                  "the field name \"%.*s\" is used twice",
                                  nthrift_report_str(&twice->name));
    }

    if (twice_id != NULL && twice_id != twice) {
        rc = nthrift_report_error(r->report, r->program, twice_id->pos,
                                  "the field id %d of \"%.*s\" is used twice",
                                  (int) twice_id->id,
                                  nthrift_report_str(&twice_id->name));
    }

    for (field = st->first; field != NULL; field = field->next) {
        if (field->xsd_attrs != NULL
            && nthrift_resolve_fields(r, field->xsd_attrs) != NTHRIFT_OK)
        {
            rc = NTHRIFT_ERROR;
        }
    }

    return rc;
}


static int
resolve_struct(nthrift_resolve_t *r, nthrift_idl_struct_t *st)
{
    if (nthrift_resolve_fields(r, st) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (st->what == NTHRIFT_IDL_KIND_UNION) {
        return resolve_union(r, st);
    }

    return NTHRIFT_OK;
}


/* What a definition needs to be used by others: indexes, parents, results. */

static int
resolve_index(nthrift_resolve_t *r, nthrift_idl_def_t *def)
{
    switch (def->kind) {

    case NTHRIFT_IDL_DEF_ENUM:
        return resolve_enum(r, (nthrift_idl_enum_t *) def);

    case NTHRIFT_IDL_DEF_STRUCT:
        return resolve_struct(r, (nthrift_idl_struct_t *) def);

    case NTHRIFT_IDL_DEF_SERVICE:
        return nthrift_service_resolve(r, (nthrift_idl_service_t *) def);

    case NTHRIFT_IDL_DEF_CONST:
    case NTHRIFT_IDL_DEF_TYPEDEF:
        break;
    }

    return NTHRIFT_OK;
}


static int
resolve_values(nthrift_resolve_t *r, nthrift_idl_def_t *def)
{
    int                     rc;
    nthrift_idl_method_t   *method;
    nthrift_idl_service_t  *service;

    rc = NTHRIFT_OK;

    switch (def->kind) {

    case NTHRIFT_IDL_DEF_CONST:
        return nthrift_check_const(r, (nthrift_idl_const_t *) def);

    case NTHRIFT_IDL_DEF_STRUCT:
        return nthrift_check_fields(r, (nthrift_idl_struct_t *) def,
                                    def->order);

    case NTHRIFT_IDL_DEF_SERVICE:
        service = (nthrift_idl_service_t *) def;

        for (method = service->methods; method != NULL; method = method->next)
        {
            rc |= nthrift_check_fields(r, method->args, def->order);
            rc |= nthrift_check_fields(r, method->throws, def->order);
        }

        break;

    case NTHRIFT_IDL_DEF_ENUM:
    case NTHRIFT_IDL_DEF_TYPEDEF:
        break;
    }

    return rc;
}


static int
resolve_each(nthrift_resolve_t *r,
    int (*step)(nthrift_resolve_t *r, nthrift_idl_def_t *def))
{
    int                 rc;
    nthrift_idl_def_t  *def;

    rc = NTHRIFT_OK;

    for (def = r->program->defs; def != NULL; def = def->next) {
        if (step(r, def) != NTHRIFT_OK) {
            rc = NTHRIFT_ERROR;
        }
    }

    return rc;
}


int
nthrift_resolve_program(nthrift_resolve_t *r)
{
    if (resolve_each(r, resolve_add) != NTHRIFT_OK
        || resolve_scopes(r) != NTHRIFT_OK
        || resolve_clashes(r) != NTHRIFT_OK
        || resolve_types(r) != NTHRIFT_OK
        || resolve_typedefs(r) != NTHRIFT_OK
        || resolve_each(r, resolve_index) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return resolve_each(r, resolve_values);
}
