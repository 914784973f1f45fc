/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl_fuzz.c: libFuzzer harness for the IDL front end: lexer, parser,
 * resolver, checker and lookups; and for OpenAPI documents of what it accepts.
 *
 * Of an input's files (idl_files.h) the first one is loaded and may include the
 * others.  If the input's last byte is not printable, it says how little memory
 * there is.
 *
 *     build/fuzz/idl -dict=fuzz/idl.dict CORPUS t/data/idl
 */

#include "idl_files.h"
#include "idl_gen.h"

#include "idl/annotation.h"
#include "idl/suggest.h"
#include "plain/plain.h"

#include <jansson.h>


#define FUZZ_SERVICES  8
#define FUZZ_MEMORY  (256 * 1024 * 1024)    /* bytes: an arena at most */


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed);


/* Walking: everything that is there is found again */

static void
fuzz_walk_type(const nthrift_idl_type_t *type, unsigned depth)
{
    fuzz_assert(type->kind != NTHRIFT_IDL_NAMED);
    fuzz_assert(type->real != NULL);
    fuzz_assert(type->real->kind != NTHRIFT_IDL_TYPEDEF);
    fuzz_assert(type->real->real == type->real);
    fuzz_assert(depth <= NTHRIFT_LOADER_NESTING);

    if (type->key != NULL) {
        fuzz_walk_type(type->key, depth + 1);
    }

    if (type->elem != NULL) {
        fuzz_walk_type(type->elem, depth + 1);
    }
}


static void
fuzz_walk_value(const nthrift_idl_value_t *value)
{
    const nthrift_idl_value_t  *v;

    fuzz_assert(value->kind != NTHRIFT_IDL_VALUE_NAMED);

    if (value->kind == NTHRIFT_IDL_VALUE_CONST) {
        fuzz_assert(value->ref != NULL);
    }

    if (value->kind == NTHRIFT_IDL_VALUE_ITEM) {
        fuzz_assert(value->item != NULL);
    }

    if (value->kind == NTHRIFT_IDL_VALUE_LIST
        || value->kind == NTHRIFT_IDL_VALUE_MAP)
    {
        for (v = value->u.list.first; v != NULL; v = v->next) {
            fuzz_walk_value(v);
        }
    }
}


static void
fuzz_walk_struct(const nthrift_idl_struct_t *st)
{
    size_t                      i;
    const nthrift_idl_field_t  *field;

    for (i = 0; i < st->n; i++) {
        field = st->fields[i];

        fuzz_assert(nthrift_idl_field_by_id(st, field->id) == field);
        fuzz_assert(nthrift_idl_field_by_name(st, &field->name) != NULL);
        fuzz_assert(i == 0 || st->by_id[i - 1]->id < st->by_id[i]->id);
        fuzz_walk_type(field->type, 0);

        if (field->value != NULL) {
            fuzz_walk_value(field->value);
        }
    }
}


static void
fuzz_walk_service(const nthrift_idl_service_t *service)
{
    nthrift_str_t                  wrong;
    const nthrift_idl_method_t    *method;
    const nthrift_idl_service_t   *s;

    for (s = service; s != NULL; s = s->parent) {
        for (method = s->methods; method != NULL; method = method->next) {
            fuzz_assert(nthrift_idl_method(service, &method->name) == method);

            if (s != service) {
                continue;
            }

            fuzz_walk_type(method->returns, 0);
            fuzz_walk_struct(method->args);
            fuzz_walk_struct(method->throws);
            fuzz_assert(method->oneway == (method->result == NULL));

            if (method->result != NULL) {
                fuzz_walk_struct(method->result);
            }

            wrong = method->name;
            wrong.len -= (wrong.len > 1);
            nthrift_suggest_method(service, &wrong);
        }
    }
}


static void
fuzz_walk_enum(const nthrift_idl_enum_t *en)
{
    const nthrift_idl_item_t  *item;

    for (item = en->items; item != NULL; item = item->next) {
        fuzz_assert(nthrift_idl_item_by_name(en, &item->name) == item);
        fuzz_assert(nthrift_idl_item_by_number(en, item->number)->number
                    == item->number);
    }
}


static void
fuzz_walk(const nthrift_idl_program_t *program)
{
    const nthrift_idl_def_t  *def;

    for (def = program->defs; def != NULL; def = def->next) {
        switch (def->kind) {

        case NTHRIFT_IDL_DEF_CONST:
            fuzz_assert(nthrift_idl_const(program, &def->name) != NULL);
            fuzz_walk_type(((const nthrift_idl_const_t *) def)->type, 0);
            fuzz_walk_value(((const nthrift_idl_const_t *) def)->value);
            break;

        case NTHRIFT_IDL_DEF_TYPEDEF:
            fuzz_assert(nthrift_idl_type(program, &def->name) == def);
            fuzz_walk_type(((const nthrift_idl_typedef_t *) def)->type, 0);
            break;

        case NTHRIFT_IDL_DEF_ENUM:
            fuzz_assert(nthrift_idl_type(program, &def->name) == def);
            fuzz_walk_enum((const nthrift_idl_enum_t *) def);
            break;

        case NTHRIFT_IDL_DEF_STRUCT:
            fuzz_assert(nthrift_idl_type(program, &def->name) == def);
            fuzz_walk_struct((const nthrift_idl_struct_t *) def);
            break;

        case NTHRIFT_IDL_DEF_SERVICE:
            fuzz_walk_service((const nthrift_idl_service_t *) def);
            break;
        }
    }
}


static void
fuzz_walk_report(const nthrift_report_t *report)
{
    size_t                         i;
    uint32_t                       n;
    const nthrift_report_entry_t  *entry;

    n = 0;

    for (entry = report->first; entry != NULL; entry = entry->next) {
        n++;
        fuzz_assert(entry->program != NULL);
        fuzz_assert(entry->text.len != 0);

        for (i = 0; i < entry->text.len; i++) {
            fuzz_assert(entry->text.data[i] >= 0x20
                        && entry->text.data[i] < 0x7f);
        }
    }

    fuzz_assert(n <= report->max_errors + report->max_warnings);
}


/* Other settings than the defaults, told by the input's length. */

static void
fuzz_settings(nthrift_loader_t *loader, size_t size)
{
    static nthrift_str_t  dirs[] = { nthrift_string("d"),
                                     nthrift_string("d/") };

    loader->dirs = dirs;
    loader->n_dirs = 2;
    loader->seed = size;

    if (size & 1) {
        loader->negative_ids = 1;
    }

    if ((size & 0x0e) == 0) {
        loader->limits.files = 3;
        loader->limits.nesting = 3;
        loader->limits.inheritance = 1;
        loader->limits.values = 20;
        loader->report.max_errors = 1;
    }

    if ((size & 0x0e) == 2) {
        loader->limits.includes = 2;
    }

    if ((size & 0x7e) == 4) {
        loader->limits.file_size = 50;
        loader->limits.name = 3;
    }
}


/* A document of a file's services is JSON, but for what a limit refuses. */

static void
fuzz_openapi(nthrift_arena_t *arena, nthrift_idl_program_t *program)
{
    int                       rc;
    json_t                   *json;
    json_error_t              error;
    nthrift_str_t             text;
    nthrift_idl_def_t        *def;
    nthrift_plain_rules_t     rules;
    nthrift_plain_error_t     err;
    nthrift_plain_service_t   services[FUZZ_SERVICES];
    nthrift_plain_openapi_t   options;

    memset(&rules, 0, sizeof(nthrift_plain_rules_t));
    memset(&options, 0, sizeof(nthrift_plain_openapi_t));

    rules.max_depth = 16;
    rules.max_values = 100;
    rules.max_size = 256 * 1024;
    options.services = services;

    for (def = program->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_SERVICE
            && options.n != FUZZ_SERVICES)
        {
            services[options.n].name = def->name;
            services[options.n].idl = (nthrift_idl_service_t *) def;
            options.n++;
        }
    }

    rc = nthrift_plain_openapi(&rules, arena, &options, &text, &err);

    if (rc != NTHRIFT_OK) {
        fuzz_assert(err.kind == NTHRIFT_PLAIN_SIZE
                    || err.kind == NTHRIFT_PLAIN_MEMORY);
        return;
    }

    json = json_loadb((char *) text.data, text.len,
                      JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

    fuzz_assert(json != NULL);
    json_decref(json);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                       rc;
    size_t                    limit;
    fuzz_input_t              in;
    nthrift_arena_t          *arena;
    nthrift_loader_t          loader;
    nthrift_idl_program_t    *program;
    nthrift_loader_reader_t   reader;

    limit = FUZZ_MEMORY;

    if (size != 0 && data[size - 1] >= 0x80) {
        limit = (size_t) (data[size - 1] & 0x7f) * 1024;
    }

    fuzz_split(&in, data, size);

    arena = nthrift_arena_create(1024, limit);
    fuzz_assert(arena != NULL);

    reader.find = fuzz_find;
    reader.read = fuzz_read;
    reader.data = &in;

    nthrift_loader_init(&loader, arena, &reader);

    fuzz_settings(&loader, size);

    rc = nthrift_loader_load(&loader, &in.files[0].name, &program);

    fuzz_assert((rc == NTHRIFT_OK) == (program != NULL));
    fuzz_assert(rc == NTHRIFT_OK || loader.report.errors != 0
                || loader.report.no_memory);
    fuzz_assert(rc != NTHRIFT_OK || loader.report.errors == 0);

    fuzz_walk_report(&loader.report);

    for (program = loader.programs; program != NULL; program = program->next) {
        if (program->state == NTHRIFT_IDL_LOADED) {
            fuzz_walk(program);
            fuzz_openapi(arena, program);
        }
    }

    if (rc == NTHRIFT_OK) {
        rc = nthrift_annotation_check(loader.programs, &loader.report);

        fuzz_assert((rc == NTHRIFT_OK) == (loader.report.errors == 0));
        fuzz_walk_report(&loader.report);
    }

    nthrift_arena_destroy(arena);

    return 0;
}


size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed)
{
    fuzz_gen_t  g;

    g.state = seed * 2654435769u + 1;
    g.len = 0;

    return fuzz_mutate_text(&g, data, size, max);
}
