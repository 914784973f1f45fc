/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_method.c: one method: its arguments and result, its tables, and
 * the functions that a handler calls for it.
 *
 * A method belongs to the service that defines it; services that inherit it
 * have other names for the same things.
 */

#include "nthrift_gen.h"


#define METHOD_BLOCK  (16 * 1024)   /* bytes, for a fingerprint */


static const char *
method_prefix(nthrift_gen_t *gen, const nthrift_idl_service_t *service,
    const nthrift_idl_method_t *method)
{
    return nthrift_gen_format(gen, "%s_%s",
                              nthrift_gen_name(gen, &service->def),
                              nthrift_gen_plain(gen, &method->name));
}


static const char *
method_title(nthrift_gen_t *gen, const nthrift_idl_service_t *service,
    const nthrift_idl_method_t *method)
{
    return nthrift_gen_format(gen, "%.*s.%.*s",
                              nthrift_gen_str(&service->def.name),
                              nthrift_gen_str(&method->name));
}


static int
method_idempotent(const nthrift_idl_method_t *method)
{
    nthrift_annotation_t             a;
    const nthrift_idl_annotation_t  *bad;

    (void) nthrift_annotation_read(method, &a, &bad);

    return a.idempotent == 1;
}


/* Its tables were built, for they have been written. */

static uint64_t
method_fingerprint(nthrift_gen_t *gen, const nthrift_idl_method_t *method)
{
    uint64_t                 fingerprint;
    nthrift_arena_t         *arena;
    const nthrift_schema_t  *args, *result;

    args = nthrift_schema_build(&gen->schemas, method->args);
    result = (method->result != NULL)
             ? nthrift_schema_build(&gen->schemas, method->result) : NULL;

    arena = nthrift_arena_create(METHOD_BLOCK, 0);
    if (arena == NULL) {
        (void) nthrift_report_memory(gen->report);
        return 0;
    }

    fingerprint = nthrift_fingerprint(arena, &method->name, args, result);

    if (fingerprint == 0) {
        (void) nthrift_report_memory(gen->report);
    }

    nthrift_arena_destroy(arena);

    return fingerprint;
}


static void
method_structs(nthrift_gen_t *gen, const nthrift_idl_method_t *method,
    const char *base)
{
    const char  *args, *result;

    args = nthrift_gen_format(gen, "%s_args", base);
    result = nthrift_gen_format(gen, "%s_result", base);

    nthrift_gen_forward(gen, args);
    nthrift_gen_print(gen, "\n");
    nthrift_gen_struct(gen, method->args, args);

    if (method->result != NULL) {
        nthrift_gen_forward(gen, result);
        nthrift_gen_print(gen, "\n");
        nthrift_gen_struct(gen, method->result, result);
    }

    nthrift_gen_init(gen, method->args, args);
    nthrift_gen_declare_tables(gen, args);

    if (method->result != NULL) {
        nthrift_gen_declare_tables(gen, result);
    }

    nthrift_gen_print(gen, "\n");
    nthrift_gen_struct_tables(gen, method->args, args);

    if (method->result != NULL) {
        nthrift_gen_struct_tables(gen, method->result, result);
    }

    nthrift_gen_copy(gen, args);
}


/*
 * Names of a method's own for types that have none in the IDL: that of its
 * result, and those of arguments that are containers, with their elements.
 * A service that inherits it has names of its own for those.
 */

static void
method_type_name(nthrift_gen_t *gen, const char *own, const char *base,
    const char *what, const char *ctype)
{
    const char  *name;

    name = nthrift_gen_format(gen, "%s_%s_t", own, what);
    nthrift_gen_take(gen, name);

    if (base != NULL) {
        nthrift_gen_print(gen, "#define %s  %s_%s_t\n", name, base, what);

    } else {
        nthrift_gen_print(gen, "typedef %s  %s;\n", ctype, name);
    }
}


static void
method_type(nthrift_gen_t *gen, const char *own, const char *base,
    const char *what, const nthrift_idl_type_t *type)
{
    const nthrift_idl_type_t  *real;

    method_type_name(gen, own, base, what, nthrift_gen_ctype(gen, type));

    real = type->real;

    if (real->elem == NULL) {
        return;
    }

    if (real->key == NULL) {
        method_type(gen, own, base, nthrift_gen_format(gen, "%s_item", what),
                    real->elem);
        return;
    }

    method_type_name(gen, own, base, nthrift_gen_format(gen, "%s_entry", what),
                     nthrift_gen_format(gen, "nthrift_%s_entry_t",
                                        nthrift_gen_base(gen, type)));

    if (real->key->real->elem != NULL) {
        method_type(gen, own, base, nthrift_gen_format(gen, "%s_key", what),
                    real->key);
    }

    if (real->elem->real->elem != NULL) {
        method_type(gen, own, base, nthrift_gen_format(gen, "%s_value", what),
                    real->elem);
    }
}


/* `base` is NULL for the service that defines the method. */

static void
method_types(nthrift_gen_t *gen, const nthrift_idl_method_t *method,
    const char *own, const char *base)
{
    size_t                       i;
    const nthrift_idl_field_t   *field;
    const nthrift_idl_struct_t  *args;

    args = method->args;

    if (method->result != NULL && method->returns->kind != NTHRIFT_IDL_VOID) {
        method_type(gen, own, base, "success",
                    method->result->fields[0]->type);
    }

    for (i = 0; i < args->n; i++) {
        field = args->fields[i];

        if (nthrift_gen_on_wire(field) && field->type->real->elem != NULL) {
            method_type(gen, own, base,
                        nthrift_gen_format(gen, "arg_%s",
                                           nthrift_gen_member(gen, args,
                                                              field)),
                        field->type);
        }
    }
}


static void
method_table(nthrift_gen_t *gen, const nthrift_idl_method_t *method,
    const char *base)
{
    const char           *result;
    const nthrift_str_t  *service;

    service = &method->service->def.name;
    result = (method->result != NULL)
             ? nthrift_gen_format(gen, "&%s_result_layout", base) : "NULL";

    nthrift_gen_extern(gen, "nthrift_method_t",
                       nthrift_gen_format(gen, "%s_method", base));
    nthrift_gen_print(gen, "\nconst nthrift_method_t  %s_method = {\n"
                      "    \"%.*s\", \"%.*s\",\n"
                      "    &%s_args_layout,\n"
                      "    %s,\n"
                      "    UINT64_C(0x%016llx), %d, %d\n"
                      "};\n\n\n", base, nthrift_gen_str(service),
                      nthrift_gen_str(&method->name), base, result,
                      (unsigned long long) method_fingerprint(gen, method),
                      (int) method->oneway, method_idempotent(method));
}


/* "static inline int NAME(nthrift_call_t *call, ...)" */

static void
method_function(nthrift_gen_t *gen, const char *name, const char *params)
{
    nthrift_gen_take(gen, name);
    nthrift_gen_print(gen, "static inline int\n");
    nthrift_gen_wrap(gen, 4, "%s(nthrift_call_t *call%s)", name, params);
}


/* A field of the result, which is given by value whatever its type is. */

static void
method_answer(nthrift_gen_t *gen, const nthrift_idl_method_t *method,
    const char *base, const char *name, const nthrift_idl_field_t *field,
    const char *param)
{
    const char  *member;

    member = nthrift_gen_member(gen, method->result, field);

    method_function(gen, name,
                    nthrift_gen_format(gen, ", %s %s",
                                       nthrift_gen_ctype(gen, field->type),
                                       param));

    nthrift_gen_print(gen, "{\n    %s_result_t  result;\n\n"
                      "    memset(&result, 0, sizeof(result));\n\n"
                      "    result.has_%s = true;\n"
                      "    result.%s = %s%s;\n\n"
                      "    return nthrift_call_reply(call, &%s_method,"
                      " &result);\n}\n\n\n", base, member, member,
                      nthrift_gen_pointer(gen, method->result, field)
                          ? "&" : "", param, base);
}


static void
method_void(nthrift_gen_t *gen, const char *base, const char *name)
{
    method_function(gen, name, "");
    nthrift_gen_print(gen, "{\n    %s_result_t  result;\n\n"
                      "    memset(&result, 0, sizeof(result));\n\n"
                      "    return nthrift_call_reply(call, &%s_method,"
                      " &result);\n}\n\n\n", base, base);
}


static void
method_replies(nthrift_gen_t *gen, const nthrift_idl_method_t *method,
    const char *base)
{
    size_t                       i;
    const char                  *name;
    const nthrift_idl_struct_t  *result;

    i = 0;
    result = method->result;

    if (result == NULL) {
        method_function(gen, nthrift_gen_format(gen, "%s_done", base), "");
        nthrift_gen_print(gen, "{\n    return nthrift_call_done(call);\n}\n\n"
                          "\n");
        return;
    }

    name = nthrift_gen_format(gen, "%s_reply", base);

    if (method->returns->kind == NTHRIFT_IDL_VOID) {
        method_void(gen, base, name);

    } else {
        method_answer(gen, method, base, name, result->fields[i++], "success");
    }

    for ( /* void */ ; i < result->n; i++) {
        if (!nthrift_gen_on_wire(result->fields[i])) {
            continue;
        }

        name = nthrift_gen_format(gen, "%s_throw_%s", base,
                                  nthrift_gen_member(gen, result,
                                                     result->fields[i]));
        method_answer(gen, method, base, name, result->fields[i], "e");
    }
}


/*
 * A call's answer comes through a function of the type that is called, and
 * goes to one of the type that is written: no pointer is what it is not.
 */

static void
method_call(nthrift_gen_t *gen, const nthrift_idl_method_t *method,
    const char *base)
{
    const char  *result;

    result = (method->result != NULL)
             ? nthrift_gen_format(gen, "%s_result_t", base) : "void";

    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_answer_pt", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_answer_t", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_answered", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_call", base));

    nthrift_gen_wrap(gen, 4, "typedef void (*%s_answer_pt)(nthrift_call_t "
                     "*call, const nthrift_failure_t *failure, const %s "
                     "*result, void *data);", base, result);
    nthrift_gen_print(gen, "\ntypedef struct {\n"
                      "    %s_answer_pt   fn;\n"
                      "    %-*s *data;\n"
                      "} %s_answer_t;\n\n\n", base,
                      (int) (strlen(base) + sizeof("_answer_pt")), "void",
                      base);

    nthrift_gen_print(gen, "static inline void\n");
    nthrift_gen_wrap(gen, 4, "%s_answered(nthrift_call_t *call, const "
                     "nthrift_failure_t *failure, const void *result, void "
                     "*data)", base);
    nthrift_gen_print(gen, "{\n    const %s_answer_t  *answer;\n\n"
                      "    answer = (const %s_answer_t *) data;\n\n"
                      "    if (answer != NULL) {\n"
                      "        answer->fn(call, failure, (const %s *) result,\n"
                      "            answer->data);\n"
                      "    }\n}\n\n\n", base, base, result);

    nthrift_gen_print(gen, "static inline int\n");
    nthrift_gen_wrap(gen, 4, "%s_call(nthrift_call_t *call, const char "
                     "*upstream, const %s_args_t *args, %s_answer_pt fn, "
                     "const void *data)", base, base, base);
    nthrift_gen_print(gen, "{\n    %s_answer_t  *answer;\n\n"
                      "    answer = NULL;\n\n"
                      "    if (fn != NULL) {\n"
                      "        answer = (%s_answer_t *)\n"
                      "            nthrift_call_need(call,"
                      " sizeof(%s_answer_t));\n\n"
                      "        if (answer == NULL) {\n"
                      "            return (nthrift_call_info(call) == NULL)\n"
                      "                   ? NTHRIFT_DECLINED :"
                      " NTHRIFT_ERROR;\n"
                      "        }\n\n"
                      "        answer->fn = fn;\n"
                      "        answer->data = (void *) data;\n"
                      "    }\n\n", base, base, base);
    nthrift_gen_wrap(gen, 8, "    return nthrift_call_upstream(call, upstream,"
                     " &%s_method, args, %s_answered, answer);", base, base);
    nthrift_gen_print(gen, "}\n\n\n");
}


void
nthrift_gen_method(nthrift_gen_t *gen, const nthrift_idl_method_t *method)
{
    const char  *base;

    base = method_prefix(gen, method->service, method);

    nthrift_gen_at(gen, method, method->pos);
    nthrift_gen_doc(gen, 0, method_title(gen, method->service, method),
                    &method->doc);
    nthrift_gen_print(gen, "\n");

    method_structs(gen, method, base);

    nthrift_gen_at(gen, method, method->pos);
    method_types(gen, method, base, NULL);
    nthrift_gen_print(gen, "\n");
    method_table(gen, method, base);
    method_replies(gen, method, base);
    method_call(gen, method, base);
}


/* "#define OWN_reply  PARENT_reply" */

static void
method_alias(nthrift_gen_t *gen, const char *own, const char *base,
    const char *what)
{
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_%s", own, what));
    nthrift_gen_print(gen, "#define %s_%s  %s_%s\n", own, what, base, what);
}


void
nthrift_gen_method_inherited(nthrift_gen_t *gen,
    const nthrift_idl_service_t *service, const nthrift_idl_method_t *method)
{
    size_t                       i;
    const char                  *own, *base;
    const nthrift_idl_struct_t  *result;

    own = method_prefix(gen, service, method);
    base = method_prefix(gen, method->service, method);
    result = method->result;

    nthrift_gen_print(gen, "/* %s */\n\n",
                      method_title(gen, service, method));

    method_alias(gen, own, base, "args_t");
    method_alias(gen, own, base, "args_init");
    method_alias(gen, own, base, "args_copy");
    method_alias(gen, own, base, "args_free");
    method_types(gen, method, own, base);
    method_alias(gen, own, base, "method");
    method_alias(gen, own, base, "answer_pt");
    method_alias(gen, own, base, "call");

    if (result == NULL) {
        method_alias(gen, own, base, "done");
        nthrift_gen_print(gen, "\n");
        return;
    }

    method_alias(gen, own, base, "result_t");
    method_alias(gen, own, base, "reply");

    i = (method->returns->kind == NTHRIFT_IDL_VOID) ? 0 : 1;

    for ( /* void */ ; i < result->n; i++) {
        if (nthrift_gen_on_wire(result->fields[i])) {
            method_alias(gen, own, base,
                         nthrift_gen_format(gen, "throw_%s",
                             nthrift_gen_member(gen, result,
                                                result->fields[i])));
        }
    }

    nthrift_gen_print(gen, "\n");
}
