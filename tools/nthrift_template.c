/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_template.c: "nthrift template", which writes arguments of a method
 * as JSON to be filled in: the defaults of the IDL, and else zeros, empty
 * strings, and one element in each container.
 */

#include "nthrift.h"
#include "nthrift_target.h"

#include "plain/plain.h"

#include <stdlib.h>


#define TEMPLATE_BLOCK   (256 * 1024)   /* bytes: of the arena's blocks */
#define TEMPLATE_VALUES  10000          /* of one default */
#define TEMPLATE_DEPTH   16             /* structs within structs */

#define TEMPLATE_OK      0
#define TEMPLATE_WRONG   1
#define TEMPLATE_USAGE   2


typedef struct {
    nthrift_target_options_t     target;
    char                        *words[1];      /* Service.method */
    unsigned                     required;
    nthrift_arena_t             *arena;
    FILE                        *out;
    nthrift_plain_rules_t        rules;

    /* structs that are open: none of them within itself */

    const nthrift_idl_def_t     *open[TEMPLATE_DEPTH];
    unsigned                     depth;
} template_t;


static const char  template_usage[] =
    "usage: nthrift template [options] Service.method --idl FILE\n"
    "\n"
    "writes arguments of a method as JSON to be filled in, for nthrift call:\n"
    "defaults where the .thrift file has some, else zeros, empty strings, and\n"
    "one element in each container\n"
    "\n"
    "--idl FILE      the .thrift file that has the service\n"
    "-I dir          look for included files there, too\n"
    "--negative-ids  keep field ids that are not positive\n"
    "--required      leave out what need not be given\n"
    "\n"
    "Exit codes: 0, 1 the file has errors, 2 the command line is wrong.\n";


static void template_value(template_t *t, const nthrift_idl_type_t *type);


static int
template_is_open(const template_t *t, const nthrift_idl_type_t *type)
{
    unsigned  i;

    if (type->real->kind != NTHRIFT_IDL_STRUCT) {
        return 0;
    }

    if (t->depth == TEMPLATE_DEPTH) {
        return 1;
    }

    for (i = 0; i < t->depth; i++) {
        if (t->open[i] == type->real->def) {
            return 1;
        }
    }

    return 0;
}


/* Whether a value would come back to itself. */

static int
template_is_endless(const template_t *t, const nthrift_idl_type_t *type)
{
    type = type->real;

    return template_is_open(t, type)
           || (type->key != NULL && template_is_endless(t, type->key))
           || (type->elem != NULL && template_is_endless(t, type->elem));
}


static void
template_name(template_t *t, const nthrift_str_t *name)
{
    fprintf(t->out, "\"%.*s\"", (int) name->len, (char *) name->data);
}


static void
template_enum(template_t *t, const nthrift_idl_enum_t *en)
{
    if (en->items == NULL) {
        fputs("0", t->out);
        return;
    }

    template_name(t, &en->items->name);
}


/* A key as a string: of a number that is one. */

static void
template_key(template_t *t, const nthrift_idl_type_t *type)
{
    const nthrift_idl_enum_t  *en;

    switch (type->real->kind) {

    case NTHRIFT_IDL_STRING:
        fputs("\"\"", t->out);
        break;

    case NTHRIFT_IDL_ENUM:
        en = (const nthrift_idl_enum_t *) type->real->def;

        if (en->items != NULL) {
            template_enum(t, en);
            break;
        }

        /* fall through */

    default:
        fputs("\"0\"", t->out);
    }
}


static int
template_has_keys(const nthrift_idl_type_t *type)
{
    nthrift_idl_kind_e  kind;

    kind = type->key->real->kind;

    return kind == NTHRIFT_IDL_STRING || kind == NTHRIFT_IDL_ENUM
           || (kind >= NTHRIFT_IDL_I8 && kind <= NTHRIFT_IDL_DOUBLE);
}


static void
template_map(template_t *t, const nthrift_idl_type_t *type)
{
    if (template_is_endless(t, type)) {
        fputs("[]", t->out);

    } else if (template_has_keys(type)) {
        fputc('{', t->out);
        template_key(t, type->key);
        fputc(':', t->out);
        template_value(t, type->elem);
        fputc('}', t->out);

    } else {
        fputs("[[", t->out);
        template_value(t, type->key);
        fputc(',', t->out);
        template_value(t, type->elem);
        fputs("]]", t->out);
    }
}


static void
template_list(template_t *t, const nthrift_idl_type_t *type)
{
    fputc('[', t->out);

    if (!template_is_endless(t, type)) {
        template_value(t, type->elem);
    }

    fputc(']', t->out);
}


/* The default of a field, if there is one that has an end: 0, or -1. */

static int
template_default(template_t *t, const nthrift_idl_field_t *field)
{
    nthrift_str_t          text;
    nthrift_plain_error_t  err;

    if (field->value == NULL
        || nthrift_plain_show(&t->rules, t->arena, field->type, field->value,
                              &text, &err) != NTHRIFT_OK)
    {
        return -1;
    }

    fwrite(text.data, 1, text.len, t->out);

    return 0;
}


static int
template_is_wanted(const template_t *t, const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field)
{
    if (st->what == NTHRIFT_IDL_KIND_UNION) {
        return field == st->first && !template_is_open(t, field->type);
    }

    if (field->req == NTHRIFT_IDL_REQUIRED && field->value == NULL) {
        return 1;
    }

    return !t->required && !template_is_open(t, field->type)
           && field->id >= INT16_MIN && field->id <= INT16_MAX;
}


static void
template_struct(template_t *t, const nthrift_idl_struct_t *st)
{
    const char                 *before;
    const nthrift_idl_field_t  *field;

    if (t->depth == TEMPLATE_DEPTH) {
        fputs("{}", t->out);
        return;
    }

    t->open[t->depth++] = &st->def;

    fputc('{', t->out);
    before = "";

    for (field = st->first; field != NULL; field = field->next) {
        if (!template_is_wanted(t, st, field)) {
            continue;
        }

        fputs(before, t->out);
        before = ",";

        template_name(t, &field->name);
        fputc(':', t->out);

        if (template_default(t, field) != 0) {
            template_value(t, field->type);
        }
    }

    fputc('}', t->out);

    t->depth--;
}


static void
template_value(template_t *t, const nthrift_idl_type_t *type)
{
    type = type->real;

    switch (type->kind) {

    case NTHRIFT_IDL_BOOL:
        fputs("false", t->out);
        break;

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
        fputs("0", t->out);
        break;

    case NTHRIFT_IDL_DOUBLE:
        fputs("0.0", t->out);
        break;

    case NTHRIFT_IDL_STRING:
    case NTHRIFT_IDL_BINARY:
        fputs("\"\"", t->out);
        break;

    case NTHRIFT_IDL_UUID:
        fputs("\"00000000-0000-0000-0000-000000000000\"", t->out);
        break;

    case NTHRIFT_IDL_ENUM:
        template_enum(t, (const nthrift_idl_enum_t *) type->def);
        break;

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
        template_list(t, type);
        break;

    case NTHRIFT_IDL_MAP:
        template_map(t, type);
        break;

    case NTHRIFT_IDL_STRUCT:
        template_struct(t, (const nthrift_idl_struct_t *) type->def);
        break;

    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        fputs("null", t->out);
        break;
    }
}


static int
template_write(template_t *t, const nthrift_idl_method_t *method)
{
    int            rc;
    char          *data;
    size_t         len;
    nthrift_str_t  text, out;

    data = NULL;
    t->out = open_memstream(&data, &len);

    if (t->out == NULL) {
        nthrift_say("not enough memory");
        return TEMPLATE_WRONG;
    }

    template_struct(t, method->args);

    if (fclose(t->out) != 0) {
        nthrift_say("not enough memory");
        free(data);
        return TEMPLATE_WRONG;
    }

    text.data = (uint8_t *) data;
    text.len = len;

    rc = (nthrift_plain_indent(t->arena, &text, &out) == NTHRIFT_OK
          && nthrift_print(&out) == 0) ? TEMPLATE_OK : TEMPLATE_WRONG;

    free(data);

    return rc;
}


static int
template_run(template_t *t)
{
    nthrift_idl_program_t        *program;
    const nthrift_idl_method_t   *method;
    const nthrift_idl_service_t  *service;

    t->rules.max_depth = NTHRIFT_MAX_DEPTH;
    t->rules.max_values = TEMPLATE_VALUES;
    t->rules.max_size = SIZE_MAX / 2;
    t->rules.seed = nthrift_seed();

    if (nthrift_target_load(&t->target, t->arena, t->target.idl, &program)
        != 0)
    {
        return TEMPLATE_WRONG;
    }

    if (nthrift_target_method(program, t->words[0], &service, &method) != 0) {
        return TEMPLATE_USAGE;
    }

    return template_write(t, method);
}


int
nthrift_template(int argc, char **argv)
{
    int         rc, n;
    template_t  t;

    nthrift_option_t  options[] = {
        { "--required", NTHRIFT_OPTION_SET, &t.required, 1, 0 },
        nthrift_target_options(&t.target),
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&t, 0, sizeof(template_t));
    nthrift_target_init(&t.target, argc);

    n = nthrift_option_parse(options, argc, argv, t.words, 1);
    t.arena = nthrift_arena_create(TEMPLATE_BLOCK, 0);

    if (n < 0 || t.arena == NULL) {
        rc = TEMPLATE_USAGE;

    } else if (t.target.help) {
        fputs(template_usage, stdout);
        rc = TEMPLATE_OK;

    } else if (n == 0 || t.target.idl == NULL) {
        nthrift_say("%s is missing: nthrift template Service.method --idl "
                    "FILE", (n == 0) ? "Service.method" : "--idl");
        rc = TEMPLATE_USAGE;

    } else {
        rc = template_run(&t);
    }

    if (t.arena != NULL) {
        nthrift_arena_destroy(t.arena);
    }

    nthrift_target_free(&t.target);

    return rc;
}
