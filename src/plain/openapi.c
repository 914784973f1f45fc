/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/openapi.c: services as an OpenAPI 3.1 document: each method is an
 * operation, arguments are its body or its query, what it returns and throws
 * are its answers.  Types are openapi_schema.c's.
 *
 * Source: OpenAPI Specification 3.1.0.
 */

#include "plain/openapi.h"

#include "bind/utf8.h"
#include "idl/annotation.h"

#include <stdio.h>


#define OPENAPI_NUMBER  16      /* bytes: of a status as text */
#define OPENAPI_ONEWAY  202     /* status: accepted */


/* How the name of TApplicationException's schema is kept from others. */

static const nthrift_str_t  openapi_application =
    nthrift_string("TApplicationException");


static const char  openapi_application_schema[] =
    "{\"type\":\"object\",\"description\":\"An exception that the service "
    "does not declare.\",\"properties\":{\"exception\":{\"type\":\"object\","
    "\"properties\":{\"type\":{\"type\":\"string\",\"const\":"
    "\"TApplicationException\"},\"code\":{\"type\":\"integer\",\"format\":"
    "\"int32\"},\"name\":{\"type\":[\"string\",\"null\"]},\"message\":"
    "{\"type\":\"string\"}},\"required\":[\"type\",\"code\",\"name\","
    "\"message\"]}},\"required\":[\"exception\"]}";


/* JSON */

static int
openapi_needs_comma(const nthrift_write_t *w)
{
    uint8_t  c;

    if (w->len == 0) {
        return 0;
    }

    c = w->data[w->len - 1];

    return c != '{' && c != '[' && c != ':';
}


void
nthrift_plain_openapi_open(nthrift_plain_document_t *d, const char *json)
{
    if (openapi_needs_comma(&d->v.w)) {
        nthrift_plain_value_put(&d->v, ",");
    }

    nthrift_plain_value_put(&d->v, json);
}


void
nthrift_plain_openapi_close(nthrift_plain_document_t *d, const char *json)
{
    nthrift_plain_value_put(&d->v, json);
}


void
nthrift_plain_openapi_name(nthrift_plain_document_t *d, const char *name)
{
    nthrift_plain_openapi_open(d, "\"");
    nthrift_plain_value_put(&d->v, name);
    nthrift_plain_value_put(&d->v, "\":");
}


void
nthrift_plain_openapi_text(nthrift_plain_document_t *d,
    const nthrift_str_t *text)
{
    uint8_t        *copy;
    const uint8_t  *bad, *last;

    nthrift_plain_openapi_open(d, "");

    last = text->data + text->len;

    if (text->len == 0 || nthrift_utf8_check(text->data, last) == last) {
        nthrift_plain_value_text(&d->v, text->data, text->len);
        return;
    }

    copy = nthrift_arena_copy(d->v.arena, text->data, text->len);

    if (copy == NULL) {
        nthrift_write_fail(&d->v.w, nthrift_write_no_memory);
        return;
    }

    last = copy + text->len;

    for (bad = copy; (bad = nthrift_utf8_check(bad, last)) != last; bad++) {
        copy[bad - copy] = '?';
    }

    nthrift_plain_value_text(&d->v, copy, text->len);
}


void
nthrift_plain_openapi_key(nthrift_plain_document_t *d,
    const nthrift_str_t *name)
{
    nthrift_plain_openapi_text(d, name);
    nthrift_plain_value_put(&d->v, ":");
}


void
nthrift_plain_openapi_pair(nthrift_plain_document_t *d, const char *name,
    const char *value)
{
    nthrift_plain_openapi_name(d, name);
    nthrift_plain_value_put(&d->v, value);
}


void
nthrift_plain_openapi_doc(nthrift_plain_document_t *d,
    const nthrift_str_t *doc)
{
    nthrift_str_t  text;

    text = *doc;

    while (text.len != 0 && (text.data[text.len - 1] == '\n'
                             || text.data[text.len - 1] == ' '))
    {
        text.len--;
    }

    if (text.len != 0) {
        nthrift_plain_openapi_name(d, "description");
        nthrift_plain_openapi_text(d, &text);
    }
}


void
nthrift_plain_openapi_deprecated(nthrift_plain_document_t *d,
    nthrift_idl_annotation_t *annotations)
{
    static const nthrift_str_t  name = nthrift_string("deprecated");

    if (nthrift_idl_annotation(annotations, &name) != NULL) {
        nthrift_plain_openapi_pair(d, "deprecated", "true");
    }
}


/* Answers */

static void
openapi_status(nthrift_plain_document_t *d, unsigned status)
{
    char  text[OPENAPI_NUMBER];

    snprintf(text, sizeof(text), "%u", status);
    nthrift_plain_openapi_name(d, text);
}


/* {"description":"...","content":{"application/json":{"schema": */

static void
openapi_open_answer(nthrift_plain_document_t *d, const char *description)
{
    nthrift_plain_openapi_open(d, "{");
    nthrift_plain_openapi_pair(d, "description", description);
    nthrift_plain_openapi_pair(d, "content",
                               "{\"application/json\":{\"schema\":");
}


static void
openapi_close_answer(nthrift_plain_document_t *d)
{
    nthrift_plain_openapi_close(d, "}}}");
}


/* {"exception":{"type":"NotFound","value":...}} */

static void
openapi_exception(nthrift_plain_document_t *d,
    const nthrift_idl_field_t *field)
{
    const nthrift_idl_def_t  *def;

    def = field->type->real->def;

    nthrift_plain_openapi_open(d, "{");
    nthrift_plain_openapi_pair(d, "type", "\"object\"");
    nthrift_plain_openapi_doc(d, (field->doc.len != 0) ? &field->doc
                                                       : &def->doc);
    nthrift_plain_openapi_pair(d, "properties",
                               "{\"exception\":{\"type\":\"object\","
                               "\"properties\":{\"type\":{\"type\":"
                               "\"string\",\"const\":");
    nthrift_plain_openapi_text(d, &def->name);
    nthrift_plain_openapi_close(d, "}");
    nthrift_plain_openapi_name(d, "value");
    nthrift_plain_openapi_type(d, field->type);
    nthrift_plain_openapi_close(d, "},\"required\":[\"type\",\"value\"]}},"
                                "\"required\":[\"exception\"]}");
}


static void
openapi_exceptions(nthrift_plain_document_t *d,
    const nthrift_idl_method_t *method)
{
    const nthrift_idl_field_t  *field;

    for (field = method->throws->first; field != NULL; field = field->next) {
        openapi_exception(d, field);
    }
}


static void
openapi_errors(nthrift_plain_document_t *d, const nthrift_idl_method_t *method)
{
    int  declared;

    declared = !method->oneway && method->throws->n != 0;

    if (declared && d->options->declared != 0) {
        openapi_status(d, d->options->declared);
        openapi_open_answer(d, "\"An exception that the method declares.\"");
        nthrift_plain_openapi_open(d, "{");
        nthrift_plain_openapi_pair(d, "oneOf", "[");
        openapi_exceptions(d, method);
        nthrift_plain_openapi_close(d, "]}");
        openapi_close_answer(d);

        declared = 0;
    }

    nthrift_plain_openapi_name(d, "default");
    openapi_open_answer(d, "\"An exception.\"");
    nthrift_plain_openapi_open(d, "{");

    if (declared) {
        nthrift_plain_openapi_pair(d, "oneOf", "[");
        openapi_exceptions(d, method);
        nthrift_plain_openapi_open(d, "{");
    }

    nthrift_plain_openapi_pair(d, "$ref", "\"#/components/schemas/"
                               "TApplicationException\"");
    nthrift_plain_openapi_close(d, declared ? "}]}" : "}");
    openapi_close_answer(d);
}


static void
openapi_answers(nthrift_plain_document_t *d,
    const nthrift_idl_method_t *method)
{
    nthrift_plain_openapi_name(d, "responses");
    nthrift_plain_openapi_open(d, "{");

    if (method->oneway) {
        openapi_status(d, (d->options->oneway != 0) ? d->options->oneway
                                                    : OPENAPI_ONEWAY);
        nthrift_plain_openapi_open(d, "{\"description\":\"The call is sent; "
                                   "it has no result.\"}");

    } else {
        openapi_status(d, 200);
        openapi_open_answer(d, (method->returns->kind == NTHRIFT_IDL_VOID)
                               ? "\"Done.\"" : "\"The result.\"");
        nthrift_plain_openapi_type(d, method->returns);
        openapi_close_answer(d);
    }

    openapi_errors(d, method);

    nthrift_plain_openapi_close(d, "}");
}


/* Operations */

static void
openapi_operation(nthrift_plain_document_t *d,
    const nthrift_plain_service_t *service,
    const nthrift_idl_method_t *method, const char *suffix)
{
    nthrift_str_t  name;

    nthrift_plain_openapi_name(d, "tags");
    nthrift_plain_openapi_open(d, "[");
    nthrift_plain_openapi_text(d, &service->name);
    nthrift_plain_openapi_close(d, "]");

    name.len = service->name.len + 1 + method->name.len + strlen(suffix);
    name.data = nthrift_arena_alloc(d->v.arena, name.len + 1);

    if (name.data == NULL) {
        nthrift_write_fail(&d->v.w, nthrift_write_no_memory);
        return;
    }

    snprintf((char *) name.data, name.len + 1, "%.*s_%.*s%s",
             (int) service->name.len, (char *) service->name.data,
             (int) method->name.len, (char *) method->name.data, suffix);

    nthrift_plain_openapi_name(d, "operationId");
    nthrift_plain_openapi_text(d, &name);
    nthrift_plain_openapi_doc(d, &method->doc);
    nthrift_plain_openapi_deprecated(d, method->annotations);
}


static void
openapi_post(nthrift_plain_document_t *d,
    const nthrift_plain_service_t *service,
    const nthrift_idl_method_t *method)
{
    nthrift_plain_openapi_name(d, "post");
    nthrift_plain_openapi_open(d, "{");

    openapi_operation(d, service, method, "");

    nthrift_plain_openapi_name(d, "requestBody");
    nthrift_plain_openapi_open(d, "{");
    nthrift_plain_openapi_pair(d, "required",
                               (method->args->n != 0) ? "true" : "false");
    nthrift_plain_openapi_pair(d, "content",
                               "{\"application/json\":{\"schema\":{");
    nthrift_plain_openapi_fields(d, method->args);
    nthrift_plain_openapi_close(d, "}}}}");

    openapi_answers(d, method);

    nthrift_plain_openapi_close(d, "}");
}


static int
openapi_is_get(const nthrift_plain_openapi_t *options,
    const nthrift_idl_method_t *method)
{
    nthrift_annotation_t             a;
    const nthrift_idl_annotation_t  *bad;

    if (!nthrift_plain_is_query(method)) {
        return 0;
    }

    if (options->is_get != NULL) {
        return options->is_get(options->data, method);
    }

    return nthrift_annotation_read(method, &a, &bad) == NTHRIFT_OK
           && a.idempotent == 1;
}


static void
openapi_parameter(nthrift_plain_document_t *d,
    const nthrift_idl_field_t *field)
{
    nthrift_plain_openapi_open(d, "{");
    nthrift_plain_openapi_name(d, "name");
    nthrift_plain_openapi_text(d, &field->name);
    nthrift_plain_openapi_pair(d, "in", "\"query\"");
    nthrift_plain_openapi_doc(d, &field->doc);

    if (field->req == NTHRIFT_IDL_REQUIRED && field->value == NULL) {
        nthrift_plain_openapi_pair(d, "required", "true");
    }

    nthrift_plain_openapi_name(d, "schema");
    nthrift_plain_openapi_field(d, field);
    nthrift_plain_openapi_close(d, "}");
}


static void
openapi_get(nthrift_plain_document_t *d,
    const nthrift_plain_service_t *service,
    const nthrift_idl_method_t *method)
{
    const nthrift_idl_field_t  *field;

    nthrift_plain_openapi_name(d, "get");
    nthrift_plain_openapi_open(d, "{");

    openapi_operation(d, service, method, "_get");

    nthrift_plain_openapi_name(d, "parameters");
    nthrift_plain_openapi_open(d, "[");

    for (field = method->args->first; field != NULL; field = field->next) {
        openapi_parameter(d, field);
    }

    nthrift_plain_openapi_close(d, "]");

    openapi_answers(d, method);

    nthrift_plain_openapi_close(d, "}");
}


static void
openapi_path(nthrift_plain_document_t *d,
    const nthrift_plain_service_t *service,
    const nthrift_idl_method_t *method)
{
    nthrift_str_t  path;

    path.len = service->name.len + method->name.len + 2;
    path.data = nthrift_arena_alloc(d->v.arena, path.len + 1);

    if (path.data == NULL) {
        nthrift_write_fail(&d->v.w, nthrift_write_no_memory);
        return;
    }

    snprintf((char *) path.data, path.len + 1, "/%.*s/%.*s",
             (int) service->name.len, (char *) service->name.data,
             (int) method->name.len, (char *) method->name.data);

    nthrift_plain_openapi_key(d, &path);
    nthrift_plain_openapi_open(d, "{");

    openapi_post(d, service, method);

    if (openapi_is_get(d->options, method)) {
        openapi_get(d, service, method);
    }

    nthrift_plain_openapi_close(d, "}");
}


/* Methods of parents are called as the service's own. */

static void
openapi_service(nthrift_plain_document_t *d,
    const nthrift_plain_service_t *service)
{
    const nthrift_idl_method_t   *method;
    const nthrift_idl_service_t  *idl;

    for (idl = service->idl; idl != NULL; idl = idl->parent) {
        for (method = idl->methods; method != NULL; method = method->next) {
            openapi_path(d, service, method);
        }
    }
}


/* The rest of the document */

static void
openapi_info(nthrift_plain_document_t *d)
{
    const nthrift_plain_openapi_t  *o;
    const nthrift_idl_program_t    *program;
    static const nthrift_str_t      none = nthrift_string("Thrift");
    static const nthrift_str_t      zero = nthrift_string("0");

    o = d->options;
    program = (o->n != 0) ? o->services[0].idl->def.program : NULL;

    nthrift_plain_openapi_name(d, "info");
    nthrift_plain_openapi_open(d, "{");
    nthrift_plain_openapi_name(d, "title");
    nthrift_plain_openapi_text(d, (o->title.len != 0) ? &o->title
                                  : (program != NULL) ? &program->prefix
                                                      : &none);
    nthrift_plain_openapi_name(d, "version");
    nthrift_plain_openapi_text(d, (o->version.len != 0) ? &o->version : &zero);

    if (program != NULL) {
        nthrift_plain_openapi_doc(d, &program->doc);
    }

    nthrift_plain_openapi_close(d, "}");

    if (o->server.len != 0) {
        nthrift_plain_openapi_pair(d, "servers", "[{\"url\":");
        nthrift_plain_openapi_text(d, &o->server);
        nthrift_plain_openapi_close(d, "}]");
    }
}


static void
openapi_tags(nthrift_plain_document_t *d)
{
    size_t  i;

    nthrift_plain_openapi_name(d, "tags");
    nthrift_plain_openapi_open(d, "[");

    for (i = 0; i < d->options->n; i++) {
        nthrift_plain_openapi_open(d, "{");
        nthrift_plain_openapi_name(d, "name");
        nthrift_plain_openapi_text(d, &d->options->services[i].name);
        nthrift_plain_openapi_doc(d, &d->options->services[i].idl->def.doc);
        nthrift_plain_openapi_close(d, "}");
    }

    nthrift_plain_openapi_close(d, "]");
}


static int
openapi_is_first(const nthrift_plain_openapi_t *o, size_t i)
{
    size_t  j;

    for (j = 0; j < i; j++) {
        if (o->services[j].idl->def.program
            == o->services[i].idl->def.program)
        {
            return 0;
        }
    }

    return 1;
}


/* Constants of the files that have services, by file. */

static void
openapi_constants(nthrift_plain_document_t *d)
{
    size_t                        i;
    const nthrift_idl_def_t      *def;
    const nthrift_idl_const_t    *c;
    const nthrift_idl_program_t  *program;

    nthrift_plain_openapi_name(d, "x-thrift-constants");
    nthrift_plain_openapi_open(d, "{");

    for (i = 0; i < d->options->n; i++) {
        if (!openapi_is_first(d->options, i)) {
            continue;
        }

        program = d->options->services[i].idl->def.program;

        nthrift_plain_openapi_key(d, &program->prefix);
        nthrift_plain_openapi_open(d, "{");

        for (def = program->defs; def != NULL; def = def->next) {
            if (def->kind == NTHRIFT_IDL_DEF_CONST) {
                c = (const nthrift_idl_const_t *) def;
                nthrift_plain_openapi_key(d, &def->name);
                nthrift_plain_openapi_value(d, c->type, c->value);
            }
        }

        nthrift_plain_openapi_close(d, "}");
    }

    nthrift_plain_openapi_close(d, "}");
}


static void
openapi_document(nthrift_plain_document_t *d)
{
    size_t  i;

    nthrift_plain_openapi_open(d, "{");
    nthrift_plain_openapi_pair(d, "openapi", "\"3.1.0\"");
    openapi_info(d);
    openapi_tags(d);

    nthrift_plain_openapi_name(d, "paths");
    nthrift_plain_openapi_open(d, "{");

    for (i = 0; i < d->options->n; i++) {
        openapi_service(d, &d->options->services[i]);
    }

    nthrift_plain_openapi_close(d, "}");

    nthrift_plain_openapi_pair(d, "components", "{\"schemas\":{");
    nthrift_plain_openapi_key(d, &openapi_application);
    nthrift_plain_value_put(&d->v, openapi_application_schema);
    nthrift_plain_openapi_components(d);
    nthrift_plain_openapi_close(d, "}}");

    openapi_constants(d);

    nthrift_plain_openapi_close(d, "}");
}


int
nthrift_plain_openapi(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_plain_openapi_t *options,
    nthrift_str_t *text, nthrift_plain_error_t *err)
{
    nthrift_plain_document_t  d;

    memset(&d, 0, sizeof(nthrift_plain_document_t));

    d.options = options;
    d.end = &d.first;

    nthrift_plain_value_start(&d.v, rules, arena, NTHRIFT_BINARY, NULL, NULL,
                              err);
    nthrift_map_init(&d.defs, arena, rules->seed);
    nthrift_map_init(&d.names, arena, rules->seed);

    if (nthrift_map_add(&d.names, &openapi_application, &d) != NTHRIFT_OK) {
        nthrift_write_fail(&d.v.w, nthrift_write_no_memory);
    }

    openapi_document(&d);

    return nthrift_plain_value_finish(&d.v, text);
}
