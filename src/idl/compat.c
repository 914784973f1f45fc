/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/compat.c: compares services and files with those that they replace.
 *
 * Methods are compared when they are met.  The structs and enums that they
 * name stand for each other, whatever their names are, and wait: which ways
 * they go, and so whom a change concerns, is known when all of them are met.
 * Structs name each other in circles: pairs are put on a list, not followed by
 * recursion.
 */

#include "idl/compare.h"


void
nthrift_compat_init(nthrift_compat_t *c, nthrift_arena_t *arena,
    nthrift_compat_found_pt found, void *data)
{
    memset(c, 0, sizeof(nthrift_compat_t));

    c->arena = arena;
    c->found = found;
    c->data = data;
    c->last = &c->first;
    c->last_program = &c->programs;

    /* keys are addresses: nobody outside chooses them */

    nthrift_map_init(&c->pairs, arena, 0);
}


/* Services */

static nthrift_compat_place_t
compat_method_place(const nthrift_idl_method_t *method)
{
    return nthrift_compare_place(method->service->def.program, method->pos);
}


/* "Users.get" ": is oneway, it was not". */

static void
compat_say_method(nthrift_compat_t *c, const nthrift_idl_method_t *was,
    const nthrift_idl_method_t *now, nthrift_compat_level_e level,
    unsigned who, const char *what)
{
    nthrift_compare_say(c, level, who, compat_method_place(was),
                        compat_method_place(now), "method %.*s.%.*s %s",
                        nthrift_report_str(&now->service->def.name),
                        nthrift_report_str(&now->name), what);
}


/*
 * Who does not expect a value skips it; who expects one, and gets none, takes
 * the call for failed.
 */

static unsigned
compat_void_who(const nthrift_idl_method_t *now)
{
    return (now->returns->real->kind == NTHRIFT_IDL_VOID)
           ? NTHRIFT_COMPAT_OLD_CLIENTS : NTHRIFT_COMPAT_OLD_SERVERS;
}


static int
compat_returns(nthrift_compat_t *c, const nthrift_idl_method_t *was,
    const nthrift_idl_method_t *now)
{
    char                    words[2][NTHRIFT_COMPARE_WORDS];
    unsigned                bits, who;
    nthrift_compat_level_e  level;

    bits = 0;

    if (nthrift_compare_types(c, was->returns, now->returns,
                              NTHRIFT_COMPARE_OUT, &bits)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (bits == 0) {
        return NTHRIFT_OK;
    }

    level = (bits & NTHRIFT_COMPARE_WIRE) ? NTHRIFT_COMPAT_ERROR
                                          : NTHRIFT_COMPAT_WARNING;

    who = (was->returns->real->kind == NTHRIFT_IDL_VOID
           || now->returns->real->kind == NTHRIFT_IDL_VOID)
          ? compat_void_who(now)
          : nthrift_compare_who(NTHRIFT_COMPARE_OUT, bits);

    nthrift_compare_say(c, level, who, compat_method_place(was),
                        compat_method_place(now),
                        "the result of %.*s.%.*s is %s, it was %s",
                        nthrift_report_str(&now->service->def.name),
                        nthrift_report_str(&now->name),
                        nthrift_compare_type_words(words[0], now->returns),
                        nthrift_compare_type_words(words[1], was->returns));

    return NTHRIFT_OK;
}


static int
compat_results(nthrift_compat_t *c, const nthrift_idl_method_t *was,
    const nthrift_idl_method_t *now)
{
    nthrift_compare_fields_t  fields;

    /* one side waits for a reply that is not sent, or gets one unasked */

    if (was->oneway != now->oneway) {
        compat_say_method(c, was, now, NTHRIFT_COMPAT_ERROR,
                          NTHRIFT_COMPAT_EVERYBODY,
                          now->oneway ? "is oneway, it was not"
                                      : "is not oneway, it was");
        return NTHRIFT_OK;
    }

    if (now->oneway) {
        return NTHRIFT_OK;
    }

    if (compat_returns(c, was, now) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    fields.was = was->throws;
    fields.now = now->throws;
    fields.method = now;
    fields.ways = NTHRIFT_COMPARE_OUT;

    return nthrift_compare_fields(c, &fields);
}


static int
compat_methods(nthrift_compat_t *c, const nthrift_idl_method_t *was,
    const nthrift_idl_method_t *now)
{
    int                       rc;
    nthrift_compat_pair_t    *pair;
    nthrift_compare_fields_t  fields;

    /* several services may inherit it */

    rc = nthrift_compare_meet(c, was, now, &pair);

    if (rc != NTHRIFT_OK) {
        return (rc == NTHRIFT_DECLINED) ? NTHRIFT_OK : NTHRIFT_ERROR;
    }

    fields.was = was->args;
    fields.now = now->args;
    fields.method = now;
    fields.ways = NTHRIFT_COMPARE_IN;

    if (nthrift_compare_fields(c, &fields) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    return compat_results(c, was, now);
}


int
nthrift_compat_services(nthrift_compat_t *c, const nthrift_idl_service_t *was,
    const nthrift_idl_service_t *now)
{
    int                           rc;
    nthrift_compat_pair_t        *pair;
    const nthrift_idl_method_t   *method, *other;
    const nthrift_idl_service_t  *s;

    rc = nthrift_compare_meet(c, was, now, &pair);

    if (rc != NTHRIFT_OK) {
        return (rc == NTHRIFT_DECLINED) ? NTHRIFT_OK : NTHRIFT_ERROR;
    }

    for (s = was; s != NULL; s = s->parent) {
        for (method = s->methods; method != NULL; method = method->next) {
            other = nthrift_idl_method(now, &method->name);

            if (other == NULL) {
                nthrift_compare_say(c, NTHRIFT_COMPAT_ERROR,
                                    NTHRIFT_COMPAT_OLD_CLIENTS,
                                    compat_method_place(method),
                                    nthrift_compare_def(&now->def),
                                    "method %.*s.%.*s is missing, it was",
                                    nthrift_report_str(&now->def.name),
                                    nthrift_report_str(&method->name));
                continue;
            }

            if (compat_methods(c, method, other) != NTHRIFT_OK) {
                return NTHRIFT_ERROR;
            }
        }
    }

    return NTHRIFT_OK;
}


/* The file as a whole: what is missing has no line. */

static nthrift_compat_place_t
compat_file(const nthrift_idl_program_t *program)
{
    nthrift_idl_pos_t  none;

    none.line = 0;
    none.column = 0;

    return nthrift_compare_place(program, none);
}


static void
compat_missing(nthrift_compat_t *c, nthrift_compat_level_e level,
    unsigned who, const nthrift_idl_def_t *was,
    const nthrift_idl_program_t *now)
{
    nthrift_compare_say(c, level, who, nthrift_compare_def(was),
                        compat_file(now), "%s %.*s is missing, it was",
                        nthrift_idl_def_word(was),
                        nthrift_report_str(&was->name));
}


int
nthrift_compat_no_service(nthrift_compat_t *c,
    const nthrift_idl_service_t *was, const nthrift_idl_program_t *now)
{
    int                     rc;
    nthrift_compat_pair_t  *pair;

    rc = nthrift_compare_meet(c, was, now, &pair);

    if (rc == NTHRIFT_OK) {
        compat_missing(c, NTHRIFT_COMPAT_ERROR, NTHRIFT_COMPAT_OLD_CLIENTS,
                       &was->def, now);
    }

    return (rc == NTHRIFT_ERROR) ? NTHRIFT_ERROR : NTHRIFT_OK;
}


/* Files */

static void
compat_consts(nthrift_compat_t *c, const nthrift_idl_const_t *was,
    const nthrift_idl_const_t *now)
{
    char         buf[2][NTHRIFT_COMPARE_WORDS];
    const char  *a, *b;

    if (nthrift_compare_values(c, was->value, now->value)) {
        return;
    }

    a = nthrift_compare_value_words(buf[0], was->value);
    b = nthrift_compare_value_words(buf[1], now->value);

    if (a == NULL || b == NULL) {
        a = "";
        b = "another than";
    }

    nthrift_compare_say(c, NTHRIFT_COMPAT_WARNING, 0,
                        nthrift_compare_def(&was->def),
                        nthrift_compare_def(&now->def),
                        "const %.*s is %s%s it was%s%s",
                        nthrift_report_str(&now->def.name), b,
                        (*a != '\0') ? "," : "", (*a != '\0') ? " " : "", a);
}


/* Services and constants; types wait until all services were compared. */

static int
compat_def(nthrift_compat_t *c, const nthrift_idl_def_t *was,
    const nthrift_idl_program_t *now)
{
    const nthrift_idl_const_t    *constant;
    const nthrift_idl_service_t  *service;

    switch (was->kind) {

    case NTHRIFT_IDL_DEF_SERVICE:
        service = nthrift_map_find(&now->services, &was->name);

        if (service != NULL) {
            return nthrift_compat_services(c,
                                          (const nthrift_idl_service_t *) was,
                                           service);
        }

        return nthrift_compat_no_service(c,
                                         (const nthrift_idl_service_t *) was,
                                         now);

    case NTHRIFT_IDL_DEF_CONST:
        constant = nthrift_map_find(&now->consts, &was->name);

        if (constant != NULL) {
            compat_consts(c, (const nthrift_idl_const_t *) was, constant);

        } else {
            compat_missing(c, NTHRIFT_COMPAT_WARNING, 0, was, now);
        }

        break;

    case NTHRIFT_IDL_DEF_TYPEDEF:
    case NTHRIFT_IDL_DEF_ENUM:
    case NTHRIFT_IDL_DEF_STRUCT:
        break;
    }

    return NTHRIFT_OK;
}


static int
compat_add_program(nthrift_compat_t *c, const nthrift_idl_program_t *was,
    const nthrift_idl_program_t *now)
{
    int                     rc;
    nthrift_compat_pair_t  *pair;

    rc = nthrift_compare_meet(c, was, now, &pair);

    if (rc == NTHRIFT_OK) {
        *c->last_program = pair;
        c->last_program = &pair->next;
    }

    return (rc == NTHRIFT_ERROR) ? NTHRIFT_ERROR : NTHRIFT_OK;
}


/* Included files stand for each other by the prefix of their names. */

static int
compat_includes(nthrift_compat_t *c, const nthrift_idl_program_t *was,
    const nthrift_idl_program_t *now)
{
    const nthrift_idl_include_t  *inc, *other;

    for (inc = was->includes; inc != NULL; inc = inc->next) {
        if (inc->repeated) {
            continue;
        }

        for (other = now->includes; other != NULL; other = other->next) {
            if (nthrift_str_equal(&other->name, &inc->name)) {
                break;
            }
        }

        if (other == NULL) {
            other = nthrift_map_find(&now->prefixes, &inc->program->prefix);
        }

        if (other == NULL) {
            nthrift_compare_say(c, NTHRIFT_COMPAT_WARNING, 0,
                                nthrift_compare_place(was, inc->pos),
                                compat_file(now),
                                "the include of \"%.*s\" is missing, it was",
                                nthrift_report_str(&inc->program->prefix));
            continue;
        }

        if (compat_add_program(c, inc->program, other->program)
            != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


static int
compat_program(nthrift_compat_t *c, const nthrift_compat_pair_t *pair)
{
    const nthrift_idl_def_t      *def;
    const nthrift_idl_program_t  *was, *now;

    was = pair->met[0];
    now = pair->met[1];

    for (def = was->defs; def != NULL; def = def->next) {
        if (compat_def(c, def, now) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    return compat_includes(c, was, now);
}


int
nthrift_compat_programs(nthrift_compat_t *c, const nthrift_idl_program_t *was,
    const nthrift_idl_program_t *now)
{
    nthrift_compat_pair_t  **next;

    next = c->last_program;

    if (compat_add_program(c, was, now) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    /* what is included is added behind */

    for ( /* void */ ; *next != NULL; next = &(*next)->next) {
        if (compat_program(c, *next) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


/* Types */

/* Notes what the fields of two structs name. */

static int
compat_meet_fields(nthrift_compat_t *c, const nthrift_compat_pair_t *pair)
{
    size_t                       i;
    unsigned                     bits;
    const nthrift_idl_field_t   *field, *other;
    const nthrift_idl_struct_t  *was, *now;

    was = pair->met[0];
    now = pair->met[1];

    for (i = 0; i < was->n; i++) {
        field = was->fields[i];
        other = nthrift_idl_field_by_id(now, field->id);
        bits = 0;

        if (other != NULL
            && nthrift_compare_types(c, field->type, other->type, pair->ways,
                                     &bits)
               != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


static int
compat_settle(nthrift_compat_t *c)
{
    const nthrift_idl_def_t  *def;
    nthrift_compat_pair_t    *pair;

    while (c->waiting != NULL) {
        pair = c->waiting;
        c->waiting = pair->next_waiting;
        pair->waits = 0;

        def = pair->met[0];

        if (def->kind == NTHRIFT_IDL_DEF_STRUCT
            && compat_meet_fields(c, pair) != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


/*
 * A type that no method has led to stands for the one of its name: somebody
 * else may send it.  One that stands for something may have been renamed.
 */

static int
compat_unmet(nthrift_compat_t *c, const nthrift_idl_def_t *was,
    const nthrift_idl_program_t *now)
{
    int                       rc;
    const nthrift_idl_def_t  *other;
    nthrift_compat_pair_t    *any;

    if (was->kind != NTHRIFT_IDL_DEF_ENUM
        && was->kind != NTHRIFT_IDL_DEF_STRUCT)
    {
        return NTHRIFT_OK;
    }

    rc = nthrift_compare_meet(c, was, NULL, &any);

    if (rc != NTHRIFT_OK) {
        return (rc == NTHRIFT_DECLINED) ? NTHRIFT_OK : NTHRIFT_ERROR;
    }

    other = nthrift_map_find(&now->types, &was->name);

    if (other == NULL || other->kind != was->kind) {
        compat_missing(c, NTHRIFT_COMPAT_WARNING, 0, was, now);
        return NTHRIFT_OK;
    }

    if (nthrift_compare_meet_defs(c, was, other,
                                  NTHRIFT_COMPARE_IN|NTHRIFT_COMPARE_OUT)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return compat_settle(c);
}


/*
 * By name first, then what is not there by that name: it may be what another
 * struct names.
 */

static int
compat_types(nthrift_compat_t *c, const nthrift_compat_pair_t *pair, int named)
{
    const nthrift_idl_def_t      *def, *other;
    const nthrift_idl_program_t  *was, *now;

    was = pair->met[0];
    now = pair->met[1];

    for (def = was->defs; def != NULL; def = def->next) {
        other = nthrift_map_find(&now->types, &def->name);

        if ((other != NULL && other->kind == def->kind) == named
            && compat_unmet(c, def, now) != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


static int
compat_all_types(nthrift_compat_t *c, int named)
{
    const nthrift_compat_pair_t  *pair;

    for (pair = c->programs; pair != NULL; pair = pair->next) {
        if (compat_types(c, pair, named) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


int
nthrift_compat_finish(nthrift_compat_t *c)
{
    const nthrift_idl_def_t  *def;
    nthrift_compat_pair_t    *pair;

    if (compat_settle(c) != NTHRIFT_OK
        || compat_all_types(c, 1) != NTHRIFT_OK
        || compat_all_types(c, 0) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    for (pair = c->first; pair != NULL; pair = pair->next) {
        def = pair->met[0];

        if (def->kind == NTHRIFT_IDL_DEF_ENUM) {
            nthrift_compare_enums(c, pair->met[0], pair->met[1], pair->ways);
            continue;
        }

        if (nthrift_compare_structs(c, pair->met[0], pair->met[1],
                                    pair->ways)
            != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}
