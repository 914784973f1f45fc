/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_describe.c: "nthrift list" and "nthrift describe", which show what
 * .thrift files define, to people and to completion.
 */

#include "nthrift.h"
#include "nthrift_target.h"

#include "idl/suggest.h"
#include "plain/plain.h"

#include <stdlib.h>


#define DESCRIBE_BLOCK   (256 * 1024)   /* bytes: of the arena's blocks */
#define DESCRIBE_VALUES  10000          /* of one default */

#define DESCRIBE_OK      0
#define DESCRIBE_WRONG   1
#define DESCRIBE_USAGE   2

/* Arguments of "%.*s" */

#define describe_str(s)  (int) (s)->len, (const char *) (s)->data


/* Definitions that are to be described, each once, in the order they are met */

typedef struct {
    const nthrift_idl_def_t    **defs;
    size_t                       n;
    size_t                       size;
} describe_defs_t;

/* A part of a definition: a method, a field or a value, one of them */

typedef struct {
    const nthrift_idl_method_t  *method;
    const nthrift_idl_struct_t  *st;        /* of the field */
    const nthrift_idl_field_t   *field;
    const nthrift_idl_item_t    *item;
} describe_part_t;

typedef struct {
    nthrift_target_options_t     target;
    char                        *words[1];
    nthrift_arena_t             *arena;
    nthrift_plain_rules_t        rules;
    describe_part_t              part;
    describe_defs_t              defs;
} describe_t;


static const char  list_usage[] =
    "usage: nthrift list [options] FILE...\n"
    "\n"
    "lists the methods of all services in .thrift files as Service.method\n"
    "\n"
    "-I dir          look for included files there, too\n"
    "--negative-ids  keep field ids that are not positive\n";

static const char  describe_usage[] =
    "usage: nthrift describe [options] NAME --idl FILE\n"
    "\n"
    "NAME            a service, Service.method, a type, Struct.field,\n"
    "                Enum.VALUE or a constant; shown as its file has it,\n"
    "                with its comments, and the types that it needs\n"
    "\n"
    "--idl FILE      the .thrift file that has it\n"
    "-I dir          look for included files there, too\n"
    "--negative-ids  keep field ids that are not positive\n"
    "\n"
    "Exit codes: 0, 1 the file has errors, 2 the command line is wrong.\n";


/* list */

static void
list_service(const nthrift_idl_service_t *service)
{
    const nthrift_idl_method_t   *method;
    const nthrift_idl_service_t  *parent;

    for (parent = service; parent != NULL; parent = parent->parent) {
        for (method = parent->methods; method != NULL; method = method->next) {
            printf("%.*s.%.*s\n", describe_str(&service->def.name),
                   describe_str(&method->name));
        }
    }
}


static void
list_program(const nthrift_idl_program_t *program)
{
    unsigned                  n;
    const nthrift_idl_def_t  *def;

    n = 0;

    for (def = program->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_SERVICE) {
            list_service((const nthrift_idl_service_t *) def);
            n++;
        }
    }

    if (n == 0) {
        nthrift_say("%.*s defines no service", describe_str(&program->path));
    }
}


static int
list_run(const nthrift_target_options_t *target, nthrift_arena_t *arena,
    char **files, size_t n)
{
    int                      rc;
    size_t                   i;
    nthrift_idl_program_t  **programs;

    programs = nthrift_malloc(n * sizeof(nthrift_idl_program_t *));

    rc = nthrift_load_all(arena, target->dirs.items, target->dirs.n,
                          (int) target->negative_ids, files, n, programs);

    for (i = 0; i < n && rc == 0; i++) {
        list_program(programs[i]);
    }

    free(programs);

    if (rc == 0 && fflush(stdout) != 0) {
        nthrift_say("cannot write");
        rc = -1;
    }

    return (rc == 0) ? DESCRIBE_OK : DESCRIBE_WRONG;
}


int
nthrift_list(int argc, char **argv)
{
    int                         rc, n;
    char                      **files;
    nthrift_arena_t            *arena;
    nthrift_target_options_t    target;

    nthrift_option_t  options[] = {
        nthrift_target_files(&target),
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    nthrift_target_init(&target, argc);

    files = nthrift_malloc((size_t) argc * sizeof(char *));
    arena = nthrift_arena_create(DESCRIBE_BLOCK, 0);
    n = nthrift_option_parse(options, argc, argv, files, argc);

    if (n < 0 || arena == NULL) {
        rc = DESCRIBE_USAGE;

    } else if (target.help) {
        fputs(list_usage, stdout);
        rc = DESCRIBE_OK;

    } else if (n == 0) {
        fputs(list_usage, stderr);
        rc = DESCRIBE_USAGE;

    } else {
        rc = list_run(&target, arena, files, (size_t) n);
    }

    if (arena != NULL) {
        nthrift_arena_destroy(arena);
    }

    nthrift_target_free(&target);
    free(files);

    return rc;
}


/* describe: definitions to come */

static void
describe_add(describe_t *d, const nthrift_idl_def_t *def)
{
    size_t                     i;
    const nthrift_idl_def_t  **defs;

    for (i = 0; i < d->defs.n; i++) {
        if (d->defs.defs[i] == def) {
            return;
        }
    }

    if (d->defs.n == d->defs.size) {
        d->defs.size = d->defs.size * 2 + 16;
        defs = nthrift_malloc(d->defs.size * sizeof(nthrift_idl_def_t *));

        if (d->defs.n != 0) {
            memcpy(defs, d->defs.defs,
                   d->defs.n * sizeof(nthrift_idl_def_t *));
        }

        free(d->defs.defs);
        d->defs.defs = defs;
    }

    d->defs.defs[d->defs.n++] = def;
}


/* Text */

static void
describe_doc(const nthrift_str_t *doc, const char *indent)
{
    size_t          len;
    const uint8_t  *p, *last, *end;

    p = doc->data;
    last = p + doc->len;

    while (p != last && (last[-1] == '\n' || last[-1] == ' ')) {
        last--;
    }

    while (p < last) {
        end = memchr(p, '\n', (size_t) (last - p));
        end = (end != NULL) ? end : last;
        len = (size_t) (end - p);

        printf("%s// %.*s\n", indent, (int) len, (const char *) p);
        p = end + 1;
    }
}


static void
describe_type(describe_t *d, const nthrift_idl_type_t *type)
{
    switch (type->kind) {

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
        printf("%s<", nthrift_idl_kind_word(type->kind));
        describe_type(d, type->elem);
        printf(">");
        break;

    case NTHRIFT_IDL_MAP:
        printf("map<");
        describe_type(d, type->key);
        printf(", ");
        describe_type(d, type->elem);
        printf(">");
        break;

    case NTHRIFT_IDL_ENUM:
    case NTHRIFT_IDL_STRUCT:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        printf("%.*s", describe_str(&type->def->name));
        describe_add(d, type->def);
        break;

    default:
        printf("%s", nthrift_idl_kind_word(type->kind));
    }
}


static void
describe_value(describe_t *d, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value)
{
    nthrift_str_t          text;
    nthrift_plain_error_t  err;

    if (value != NULL
        && nthrift_plain_show(&d->rules, d->arena, type, value, &text, &err)
           == NTHRIFT_OK)
    {
        printf(" = %.*s", describe_str(&text));
    }
}


/* A field; those of unions are optional, which goes without saying. */

static void
describe_field(describe_t *d, const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field)
{
    static const char *const  words[] = { "", "required ", "optional " };

    printf("%d: %s", (int) field->id,
           (st->what == NTHRIFT_IDL_KIND_UNION) ? "" : words[field->req]);
    describe_type(d, field->type);
    printf(" %.*s", describe_str(&field->name));
    describe_value(d, field->type, field->value);
}


static void
describe_field_line(describe_t *d, const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field, const char *indent)
{
    describe_doc(&field->doc, indent);
    printf("%s", indent);
    describe_field(d, st, field);
    printf("\n");
}


static void
describe_arguments(describe_t *d, const nthrift_idl_struct_t *st)
{
    const nthrift_idl_field_t  *field;

    printf("(");

    for (field = st->first; field != NULL; field = field->next) {
        describe_field(d, st, field);
        printf("%s", (field->next != NULL) ? ", " : "");
    }

    printf(")");
}


static void
describe_method(describe_t *d, const nthrift_idl_method_t *method,
    const char *indent)
{
    describe_doc(&method->doc, indent);

    printf("%s%s", indent, method->oneway ? "oneway " : "");
    describe_type(d, method->returns);
    printf(" %.*s", describe_str(&method->name));
    describe_arguments(d, method->args);

    if (method->throws->n != 0) {
        printf(" throws ");
        describe_arguments(d, method->throws);
    }

    printf("\n");
}


static void
describe_service(describe_t *d, const nthrift_idl_service_t *service)
{
    const nthrift_idl_method_t  *method;

    printf("service %.*s", describe_str(&service->def.name));

    if (service->extends.len != 0) {
        printf(" extends %.*s", describe_str(&service->extends));
    }

    printf(" {\n");

    for (method = service->methods; method != NULL; method = method->next) {
        describe_method(d, method, "    ");
    }

    printf("}\n");

    if (service->parent != NULL) {
        describe_add(d, &service->parent->def);
    }
}


static void
describe_struct(describe_t *d, const nthrift_idl_struct_t *st)
{
    const nthrift_idl_field_t  *field;

    printf("%s %.*s {\n", nthrift_idl_def_word(&st->def),
           describe_str(&st->def.name));

    for (field = st->first; field != NULL; field = field->next) {
        describe_field_line(d, st, field, "    ");
    }

    printf("}\n");
}


static void
describe_item(const nthrift_idl_item_t *item, const char *indent)
{
    describe_doc(&item->doc, indent);
    printf("%s%.*s = %d\n", indent, describe_str(&item->name),
           (int) item->number);
}


static void
describe_enum(const nthrift_idl_enum_t *en)
{
    const nthrift_idl_item_t  *item;

    printf("enum %.*s {\n", describe_str(&en->def.name));

    for (item = en->items; item != NULL; item = item->next) {
        describe_item(item, "    ");
    }

    printf("}\n");
}


static void
describe_const(describe_t *d, const nthrift_idl_const_t *constant)
{
    printf("const ");
    describe_type(d, constant->type);
    printf(" %.*s", describe_str(&constant->def.name));
    describe_value(d, constant->type, constant->value);
    printf("\n");
}


static void
describe_def(describe_t *d, const nthrift_idl_def_t *def)
{
    describe_doc(&def->doc, "");

    switch (def->kind) {

    case NTHRIFT_IDL_DEF_TYPEDEF:
        printf("typedef ");
        describe_type(d, ((const nthrift_idl_typedef_t *) def)->type);
        printf(" %.*s\n", describe_str(&def->name));
        break;

    case NTHRIFT_IDL_DEF_ENUM:
        describe_enum((const nthrift_idl_enum_t *) def);
        break;

    case NTHRIFT_IDL_DEF_STRUCT:
        describe_struct(d, (const nthrift_idl_struct_t *) def);
        break;

    case NTHRIFT_IDL_DEF_SERVICE:
        describe_service(d, (const nthrift_idl_service_t *) def);
        break;

    case NTHRIFT_IDL_DEF_CONST:
        describe_const(d, (const nthrift_idl_const_t *) def);
        break;
    }
}


/* Is it a part that is to be described? */

static int
describe_part(describe_t *d)
{
    const describe_part_t  *part;

    part = &d->part;

    if (part->method != NULL) {
        describe_method(d, part->method, "");

    } else if (part->field != NULL) {
        describe_field_line(d, part->st, part->field, "");

    } else if (part->item != NULL) {
        describe_item(part->item, "");

    } else {
        return 0;
    }

    return 1;
}


/* A service, unless a type or a constant is nearer. */

static const nthrift_str_t *
describe_nearest(const nthrift_idl_program_t *program,
    const nthrift_str_t *wrong)
{
    size_t                i;
    nthrift_suggest_t     s;
    const nthrift_str_t  *near[3];

    nthrift_suggest_init(&s, wrong);

    near[0] = nthrift_suggest_service(program, wrong);
    near[1] = nthrift_suggest_type(program, wrong);
    near[2] = nthrift_suggest_const(program, wrong);

    for (i = 0; i < 3; i++) {
        if (near[i] != NULL) {
            nthrift_suggest_try(&s, near[i]);
        }
    }

    return s.best;
}


/* "Struct.field" or "Enum.VALUE"; `type` is before the dot: 0, or -1. */

static int
describe_find_in_type(describe_t *d, const nthrift_idl_def_t *type,
    const nthrift_str_t *name)
{
    char                        what[32];
    describe_part_t            *part;
    const nthrift_str_t        *best;
    const nthrift_idl_enum_t   *en;
    const nthrift_idl_type_t   *t;
    const nthrift_idl_struct_t *st;

    part = &d->part;
    best = NULL;

    while (type->kind == NTHRIFT_IDL_DEF_TYPEDEF) {
        t = ((const nthrift_idl_typedef_t *) type)->type;

        if (t->def == NULL) {
            break;
        }

        type = t->def;
    }

    if (type->kind == NTHRIFT_IDL_DEF_STRUCT) {
        st = (const nthrift_idl_struct_t *) type;

        part->st = st;
        part->field = nthrift_idl_field_by_name(st, name);
        best = nthrift_suggest_field(st, name);

    } else if (type->kind == NTHRIFT_IDL_DEF_ENUM) {
        en = (const nthrift_idl_enum_t *) type;

        part->item = nthrift_idl_item_by_name(en, name);
        best = nthrift_suggest_item(en, name);
    }

    if (part->field != NULL || part->item != NULL) {
        return 0;
    }

    snprintf(what, sizeof(what), "%s ", nthrift_idl_def_word(type));

    nthrift_target_unknown(what, &type->name,
                           (type->kind == NTHRIFT_IDL_DEF_ENUM) ? "value"
                                                                : "field",
                           name, best);
    return -1;
}


/* A method, a field or a value: 0, or -1. */

static int
describe_find_part(describe_t *d, const nthrift_idl_program_t *program,
    const char *text)
{
    const char                   *dot;
    nthrift_str_t                 name, of;
    const nthrift_idl_def_t      *type;
    const nthrift_idl_service_t  *service;

    dot = strrchr(text, '.');

    of.data = (uint8_t *) text;
    of.len = (size_t) (dot - text);

    name.data = (uint8_t *) dot + 1;
    name.len = strlen(dot + 1);

    if (nthrift_idl_service(program, &of) != NULL) {
        return nthrift_target_method(program, text, &service,
                                     &d->part.method);
    }

    type = nthrift_idl_type(program, &of);

    if (type != NULL) {
        return describe_find_in_type(d, type, &name);
    }

    nthrift_target_unknown("", &program->path, "service or type", &of,
                           nthrift_suggest_visible(program, &of,
                                                   describe_nearest));
    return -1;
}


/* What has that name: 0, or -1. */

static int
describe_find(describe_t *d, const nthrift_idl_program_t *program)
{
    size_t               i;
    nthrift_str_t        name;
    nthrift_idl_def_t   *defs[3];

    name.data = (uint8_t *) d->words[0];
    name.len = strlen(d->words[0]);

    defs[0] = (nthrift_idl_def_t *) nthrift_idl_service(program, &name);
    defs[1] = nthrift_idl_type(program, &name);
    defs[2] = (nthrift_idl_def_t *) nthrift_idl_const(program, &name);

    for (i = 0; i < 3; i++) {
        if (defs[i] != NULL) {
            describe_add(d, defs[i]);
            return 0;
        }
    }

    if (strchr(d->words[0], '.') != NULL) {
        return describe_find_part(d, program, d->words[0]);
    }

    nthrift_target_unknown("", &program->path, "service, type or constant",
                           &name, describe_nearest(program, &name));
    return -1;
}


static int
describe_run(describe_t *d)
{
    int                     is_part;
    size_t                  i;
    nthrift_idl_program_t  *program;

    d->rules.max_depth = NTHRIFT_MAX_DEPTH;
    d->rules.max_values = DESCRIBE_VALUES;
    d->rules.max_size = SIZE_MAX / 2;
    d->rules.seed = nthrift_seed();

    if (nthrift_target_load(&d->target, d->arena, d->target.idl, &program)
        != 0)
    {
        return DESCRIBE_WRONG;
    }

    if (describe_find(d, program) != 0) {
        return DESCRIBE_USAGE;
    }

    is_part = describe_part(d);

    for (i = 0; i < d->defs.n; i++) {
        printf("%s", (i != 0 || is_part) ? "\n" : "");
        describe_def(d, d->defs.defs[i]);
    }

    if (fflush(stdout) != 0) {
        nthrift_say("cannot write");
        return DESCRIBE_WRONG;
    }

    return DESCRIBE_OK;
}


int
nthrift_describe(int argc, char **argv)
{
    int         rc, n;
    describe_t  d;

    nthrift_option_t  options[] = {
        nthrift_target_options(&d.target),
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&d, 0, sizeof(describe_t));
    nthrift_target_init(&d.target, argc);

    n = nthrift_option_parse(options, argc, argv, d.words, 1);
    d.arena = nthrift_arena_create(DESCRIBE_BLOCK, 0);

    if (n < 0 || d.arena == NULL) {
        rc = DESCRIBE_USAGE;

    } else if (d.target.help) {
        fputs(describe_usage, stdout);
        rc = DESCRIBE_OK;

    } else if (n == 0 || d.target.idl == NULL) {
        nthrift_say("%s is missing: nthrift describe NAME --idl FILE",
                    (n == 0) ? "NAME" : "--idl");
        rc = DESCRIBE_USAGE;

    } else {
        rc = describe_run(&d);
    }

    if (d.arena != NULL) {
        nthrift_arena_destroy(d.arena);
    }

    nthrift_target_free(&d.target);
    free(d.defs.defs);

    return rc;
}
