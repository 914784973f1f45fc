/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_service.c: a service: its methods, the table of functions that
 * a handler has for them, and the macro that makes a handler of it.
 */

#include "nthrift_gen.h"


/* What is done for each method: parents' first, then in text order. */

typedef void (*service_method_pt)(nthrift_gen_t *gen,
    const nthrift_idl_service_t *service, const nthrift_idl_method_t *method);


static void
service_each(nthrift_gen_t *gen, const nthrift_idl_service_t *service,
    const nthrift_idl_service_t *from, service_method_pt fn)
{
    const nthrift_idl_method_t  *method;

    if (from->parent != NULL) {
        service_each(gen, service, from->parent, fn);
    }

    for (method = from->methods; method != NULL; method = method->next) {
        fn(gen, service, method);
    }
}


static const char *
service_member(nthrift_gen_t *gen, const nthrift_idl_method_t *method)
{
    const char  *word;

    word = nthrift_gen_word(gen, &method->name);

    if (strcmp(word, "on_start") == 0 || strcmp(word, "on_stop") == 0) {
        return nthrift_gen_format(gen, "%s_", word);
    }

    return word;
}


static const char *
service_args(nthrift_gen_t *gen, const nthrift_idl_method_t *method)
{
    return nthrift_gen_format(gen, "%s_%s_args_t",
                              nthrift_gen_name(gen, &method->service->def),
                              nthrift_gen_plain(gen, &method->name));
}


static void
service_method(nthrift_gen_t *gen, const nthrift_idl_service_t *service,
    const nthrift_idl_method_t *method)
{
    if (method->service == service) {
        nthrift_gen_method(gen, method);

    } else {
        nthrift_gen_method_inherited(gen, service, method);
    }
}


static void
service_pointer(nthrift_gen_t *gen, const nthrift_idl_service_t *service,
    const nthrift_idl_method_t *method)
{
    (void) service;

    nthrift_gen_print(gen, "%s", (method->doc.len != 0) ? "\n" : "");
    nthrift_gen_doc(gen, 4, NULL, &method->doc);
    nthrift_gen_wrap(gen, 8, "    void (*%s)(nthrift_call_t *call, const %s "
                     "*args) NTHRIFT_UNSET;", service_member(gen, method),
                     service_args(gen, method));
}


/*
 * The function that is called, of one type for all methods.  In parentheses a
 * name is no macro.
 */

static void
service_run(nthrift_gen_t *gen, const nthrift_idl_service_t *service,
    const nthrift_idl_method_t *method)
{
    const char  *base, *name;

    base = nthrift_gen_name(gen, &service->def);
    name = nthrift_gen_format(gen, "%s_%s_run", base,
                              nthrift_gen_plain(gen, &method->name));

    nthrift_gen_take(gen, name);
    nthrift_gen_print(gen, "static inline void\n");
    nthrift_gen_wrap(gen, 4, "%s(nthrift_call_t *call, const void *args, const "
                     "void *methods)", name);
    nthrift_gen_print(gen, "{\n    const %s_methods_t  *m;\n\n"
                      "    m = (const %s_methods_t *) methods;\n"
                      "    (m->%s)(call, (const %s *) args);\n}\n\n\n", base,
                      base, service_member(gen, method),
                      service_args(gen, method));
}


static void
service_dispatch(nthrift_gen_t *gen, const nthrift_idl_service_t *service,
    const nthrift_idl_method_t *method)
{
    const char  *base, *plain;

    base = nthrift_gen_name(gen, &service->def);
    plain = nthrift_gen_plain(gen, &method->name);

    nthrift_gen_macro(gen, "        { &%s_%s_method, %s_%s_run,",
                      nthrift_gen_name(gen, &method->service->def), plain,
                      base, plain);
    nthrift_gen_macro(gen, "          offsetof(%s_methods_t, %s) },", base,
                      service_member(gen, method));
}


static void
service_methods(nthrift_gen_t *gen, const nthrift_idl_service_t *service,
    const char *base)
{
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_methods_s", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_methods_t", base));

    nthrift_gen_doc(gen, 0,
                    nthrift_gen_format(gen, "service %.*s: the functions of a "
                                       "handler",
                                       nthrift_gen_str(&service->def.name)),
                    &service->def.doc);
    nthrift_gen_print(gen, "\ntypedef struct %s_methods_s {\n", base);
    service_each(gen, service, service, service_pointer);

    nthrift_gen_print(gen, "\n    /* hooks, or NULL */\n\n"
                      "    int (*on_start)(nthrift_worker_t *worker) "
                      "NTHRIFT_UNSET;\n"
                      "    void (*on_stop)(nthrift_worker_t *worker) "
                      "NTHRIFT_UNSET;\n"
                      "} %s_methods_t;\n\n\n", base);
}


static unsigned
service_count(const nthrift_idl_service_t *service)
{
    size_t  n;

    for (n = 0; service != NULL; service = service->parent) {
        n += service->n;
    }

    return (unsigned) n;
}


/* An array has something in it, though it were not counted. */

static void
service_macro(nthrift_gen_t *gen, const nthrift_idl_service_t *service,
    const char *base)
{
    unsigned  n;

    n = service_count(service);

    nthrift_gen_macro(gen, "#define %s_HANDLER(...)", base);
    nthrift_gen_macro(gen, "    static const %s_methods_t  %s_methods_ = { "
                      "__VA_ARGS__ };", base, base);
    nthrift_gen_macro(gen, "%s", "");
    nthrift_gen_macro(gen, "    static int");
    nthrift_gen_macro(gen, "    %s_start_(nthrift_worker_t *worker)", base);
    nthrift_gen_macro(gen, "    {");
    nthrift_gen_macro(gen, "        return (%s_methods_.on_start != NULL)",
                      base);
    nthrift_gen_macro(gen, "               ? %s_methods_.on_start(worker) : "
                      "NTHRIFT_OK;", base);
    nthrift_gen_macro(gen, "    }");
    nthrift_gen_macro(gen, "%s", "");
    nthrift_gen_macro(gen, "    static void");
    nthrift_gen_macro(gen, "    %s_stop_(nthrift_worker_t *worker)", base);
    nthrift_gen_macro(gen, "    {");
    nthrift_gen_macro(gen, "        if (%s_methods_.on_stop != NULL) {", base);
    nthrift_gen_macro(gen, "            %s_methods_.on_stop(worker);", base);
    nthrift_gen_macro(gen, "        }");
    nthrift_gen_macro(gen, "    }");
    nthrift_gen_macro(gen, "%s", "");
    nthrift_gen_macro(gen, "    static const nthrift_dispatch_t  "
                      "%s_dispatch_[] = {", base);

    if (n != 0) {
        service_each(gen, service, service, service_dispatch);

    } else {
        nthrift_gen_macro(gen, "        { NULL, NULL, 0 }");
    }

    nthrift_gen_macro(gen, "    };");
    nthrift_gen_macro(gen, "%s", "");
    nthrift_gen_macro(gen, "    const nthrift_handler_t  nthrift_handler_%.*s "
                      "= {", nthrift_gen_str(&service->def.name));
    nthrift_gen_macro(gen, "        NTHRIFT_ABI, sizeof(nthrift_handler_t),");
    nthrift_gen_macro(gen, "        \"%.*s\", &nthrift_api,",
                      nthrift_gen_str(&service->def.name));
    nthrift_gen_macro(gen, "        %s_dispatch_, %u, &%s_methods_,", base, n,
                      base);
    nthrift_gen_macro(gen, "        %s_start_, %s_stop_, NULL", base, base);
    nthrift_gen_print(gen, "    };\n\n\n");
}


static void
service(nthrift_gen_t *gen, const nthrift_idl_service_t *service)
{
    const char  *base;

    base = nthrift_gen_name(gen, &service->def);

    service_each(gen, service, service, service_method);

    nthrift_gen_at(gen, service, service->def.pos);
    service_methods(gen, service, base);
    service_each(gen, service, service, service_run);

    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_HANDLER", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_methods_", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_dispatch_", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_start_", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_stop_", base));

    nthrift_gen_print(gen, "extern NTHRIFT_EXPORT const nthrift_handler_t  "
                      "nthrift_handler_%.*s;\n\n",
                      nthrift_gen_str(&service->def.name));
    service_macro(gen, service, base);
}


void
nthrift_gen_services(nthrift_gen_t *gen)
{
    const nthrift_idl_def_t  *def;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_SERVICE) {
            nthrift_gen_at(gen, def, def->pos);
            service(gen, (const nthrift_idl_service_t *) def);
        }
    }
}
