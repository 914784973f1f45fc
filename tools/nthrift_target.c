/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_target.c: see nthrift_target.h.
 */

#include "nthrift.h"
#include "nthrift_target.h"

#include "idl/suggest.h"

#include <stdlib.h>


/* Arguments of "%.*s" */

#define target_str(s)  (int) (s)->len, (const char *) (s)->data


void
nthrift_target_init(nthrift_target_options_t *t, int argc)
{
    memset(t, 0, sizeof(nthrift_target_options_t));
    nthrift_option_list(&t->dirs, argc);
}


void
nthrift_target_free(nthrift_target_options_t *t)
{
    free(t->dirs.items);
}


int
nthrift_target_load(const nthrift_target_options_t *t, nthrift_arena_t *arena,
    char *file, nthrift_idl_program_t **program)
{
    return nthrift_load(arena, t->dirs.items, t->dirs.n, (int) t->negative_ids,
                        file, program);
}


void
nthrift_target_unknown(const char *what, const nthrift_str_t *of,
    const char *no, const nthrift_str_t *name, const nthrift_str_t *best)
{
    if (best == NULL) {
        nthrift_say("%s%.*s has no %s \"%.*s\"", what, target_str(of), no,
                    target_str(name));
        return;
    }

    nthrift_say("%s%.*s has no %s \"%.*s\" (did you mean \"%.*s\"?)", what,
                target_str(of), no, target_str(name), target_str(best));
}


static int
target_service(const nthrift_idl_program_t *program,
    const nthrift_str_t *name, const nthrift_idl_service_t **service)
{
    *service = nthrift_idl_service(program, name);

    if (*service != NULL) {
        return 0;
    }

    nthrift_target_unknown("", &program->path, "service", name,
                           nthrift_suggest_visible(program, name,
                                                   nthrift_suggest_service));
    return -1;
}


int
nthrift_target_service(const nthrift_idl_program_t *program, const char *text,
    const nthrift_idl_service_t **service)
{
    nthrift_str_t  name;

    name.data = (uint8_t *) text;
    name.len = strlen(text);

    return target_service(program, &name, service);
}


/* "get", "Users:get" and "Users/get" are meant as "Users.get". */

static void
target_no_dot(const nthrift_idl_program_t *program, const char *text)
{
    nthrift_str_t             name;
    nthrift_idl_def_t        *def;
    nthrift_idl_service_t    *service;

    name.data = (uint8_t *) text + strcspn(text, ":/");
    name.data = (name.data[0] != '\0') ? name.data + 1 : (uint8_t *) text;
    name.len = strlen((char *) name.data);

    for (def = program->defs; def != NULL; def = def->next) {
        service = (nthrift_idl_service_t *) def;

        if (def->kind == NTHRIFT_IDL_DEF_SERVICE
            && nthrift_idl_method(service, &name) != NULL)
        {
            nthrift_say("\"%s\": Service.method expected (did you mean "
                        "\"%.*s.%.*s\"?)", text, target_str(&def->name),
                        target_str(&name));
            return;
        }
    }

    nthrift_say("\"%s\": Service.method expected (nthrift list %s lists "
                "them)", text, (char *) program->path.data);
}


int
nthrift_target_method(const nthrift_idl_program_t *program, const char *text,
    const nthrift_idl_service_t **service,
    const nthrift_idl_method_t **method)
{
    const char     *dot;
    nthrift_str_t   name;

    dot = strrchr(text, '.');

    if (dot == NULL || dot == text || dot[1] == '\0') {
        target_no_dot(program, text);
        return -1;
    }

    name.data = (uint8_t *) text;
    name.len = (size_t) (dot - text);

    if (target_service(program, &name, service) != 0) {
        return -1;
    }

    name.data = (uint8_t *) dot + 1;
    name.len = strlen(dot + 1);

    *method = nthrift_idl_method(*service, &name);

    if (*method != NULL) {
        return 0;
    }

    nthrift_target_unknown("service ", &(*service)->def.name, "method", &name,
                           nthrift_suggest_method(*service, &name));
    return -1;
}
