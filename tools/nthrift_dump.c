/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_dump.c: the model as JSON, for people and for other tools.  The
 * schema is in docs/idl.md; what is added to it keeps what is there.
 *
 * Where there is no memory the program ends: dump_malloc().
 */

#include "nthrift.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>


#define DUMP_FORMAT  1


static json_t *dump_type(const nthrift_idl_type_t *type);
static json_t *dump_value(const nthrift_idl_value_t *value);


/* jansson would leave out what it cannot allocate. */

static void *
dump_malloc(size_t size)
{
    void  *p;

    p = malloc(size);

    if (p == NULL) {
        fprintf(stderr, "nthrift: not enough memory\n");
        exit(1);
    }

    return p;
}


/*
 * JSON is UTF-8, literals and comments of a .thrift file need not be: bytes
 * that are not become U+FFFD.  The longest sequence is four bytes.
 */

static size_t
dump_utf8_length(const uint8_t *p, size_t len)
{
    size_t    i, n;
    uint32_t  code;

    static const uint32_t  least[] = { 0, 0, 0x80, 0x800, 0x10000 };

    if (p[0] < 0x80) {
        return 1;
    }

    n = (p[0] >= 0xf0) ? 4 : (p[0] >= 0xe0) ? 3 : (p[0] >= 0xc2) ? 2 : 0;

    if (n == 0 || p[0] > 0xf4 || n > len) {
        return 0;
    }

    code = p[0] & (0x7fu >> n);

    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }

        code = code << 6 | (p[i] & 0x3f);
    }

    if (code < least[n] || code > 0x10ffff
        || (code >= 0xd800 && code <= 0xdfff))
    {
        return 0;
    }

    return n;
}


static json_t *
dump_str(const nthrift_str_t *s)
{
    char    *buf, *p;
    size_t   i, n;
    json_t  *json;

    json = json_stringn((const char *) s->data, s->len);
    if (json != NULL || s->len == 0) {
        return (json != NULL) ? json : json_string("");
    }

    buf = dump_malloc(s->len * 3);
    p = buf;

    for (i = 0; i < s->len; i += n) {
        n = dump_utf8_length(s->data + i, s->len - i);

        if (n == 0) {
            memcpy(p, "\xef\xbf\xbd", 3);
            p += 3;
            n = 1;

        } else {
            memcpy(p, s->data + i, n);
            p += n;
        }
    }

    json = json_stringn(buf, (size_t) (p - buf));
    free(buf);

    return json;
}


static void
dump_set_str(json_t *json, const char *key, const nthrift_str_t *s)
{
    if (s->len != 0) {
        json_object_set_new(json, key, dump_str(s));
    }
}


static void
dump_set_true(json_t *json, const char *key, int flag)
{
    if (flag) {
        json_object_set_new(json, key, json_true());
    }
}


static void
dump_set_pos(json_t *json, nthrift_idl_pos_t pos)
{
    json_object_set_new(json, "line", json_integer(pos.line));
    json_object_set_new(json, "column", json_integer(pos.column));
}


/* [ [ name, value ], ... ]: a name may occur more than once */

static void
dump_set_annotations(json_t *json, const nthrift_idl_annotation_t *a)
{
    json_t  *list, *pair;

    if (a == NULL) {
        return;
    }

    list = json_array();

    for ( /* void */ ; a != NULL; a = a->next) {
        pair = json_array();
        json_array_append_new(pair, dump_str(&a->name));
        json_array_append_new(pair, dump_str(&a->value));
        json_array_append_new(list, pair);
    }

    json_object_set_new(json, "annotations", list);
}


/* The name of a definition and the file that has it. */

static void
dump_set_ref(json_t *json, const nthrift_idl_def_t *def)
{
    json_object_set_new(json, "name", dump_str(&def->name));
    json_object_set_new(json, "path", dump_str(&def->program->path));
}


static json_t *
dump_type(const nthrift_idl_type_t *type)
{
    json_t      *json;
    const char  *word;

    json = json_object();

    word = (type->def != NULL) ? nthrift_idl_def_word(type->def)
                               : nthrift_idl_kind_word(type->kind);

    json_object_set_new(json, "kind", json_string(word));

    if (type->def != NULL) {
        dump_set_ref(json, type->def);
    }

    if (type->kind == NTHRIFT_IDL_TYPEDEF) {
        word = (type->real->def != NULL)
               ? nthrift_idl_def_word(type->real->def)
               : nthrift_idl_kind_word(type->real->kind);

        json_object_set_new(json, "real", json_string(word));
    }

    if (type->key != NULL) {
        json_object_set_new(json, "key", dump_type(type->key));
    }

    if (type->elem != NULL) {
        json_object_set_new(json, "of", dump_type(type->elem));
    }

    dump_set_str(json, "cpp_type", &type->cpp_type);
    dump_set_annotations(json, type->annotations);

    return json;
}


static json_t *
dump_item_ref(const nthrift_idl_item_t *item)
{
    json_t  *json;

    json = json_object();

    json_object_set_new(json, "enum", dump_str(&item->parent->def.name));
    json_object_set_new(json, "path",
                        dump_str(&item->parent->def.program->path));
    json_object_set_new(json, "item", dump_str(&item->name));
    json_object_set_new(json, "number", json_integer(item->number));

    return json;
}


static json_t *
dump_list(const nthrift_idl_value_t *value)
{
    json_t                     *json;
    const nthrift_idl_value_t  *elem;

    json = json_array();

    for (elem = value->u.list.first; elem != NULL; elem = elem->next) {
        json_array_append_new(json, dump_value(elem));
    }

    return json;
}


static json_t *
dump_map(const nthrift_idl_value_t *value)
{
    json_t                     *json, *list, *pair;
    const nthrift_idl_value_t  *elem;

    json = json_object();
    list = json_array();

    for (elem = value->u.list.first; elem != NULL; elem = elem->next->next) {
        pair = json_array();
        json_array_append_new(pair, dump_value(elem));
        json_array_append_new(pair, dump_value(elem->next));
        json_array_append_new(list, pair);
    }

    json_object_set_new(json, "map", list);

    return json;
}


static json_t *
dump_value(const nthrift_idl_value_t *value)
{
    json_t  *json;

    switch (value->kind) {

    case NTHRIFT_IDL_VALUE_INT:
        return (value->item != NULL) ? dump_item_ref(value->item)
                                     : json_integer(value->u.i);

    case NTHRIFT_IDL_VALUE_DOUBLE:
        return isfinite(value->u.d) ? json_real(value->u.d)
               : json_string((value->u.d > 0) ? "Infinity" : "-Infinity");

    case NTHRIFT_IDL_VALUE_STRING:
        return dump_str(&value->u.s);

    case NTHRIFT_IDL_VALUE_LIST:
        return dump_list(value);

    case NTHRIFT_IDL_VALUE_MAP:
        return dump_map(value);

    case NTHRIFT_IDL_VALUE_ITEM:
        return dump_item_ref(value->item);

    case NTHRIFT_IDL_VALUE_CONST:
        json = json_object();
        json_object_set_new(json, "const", dump_str(&value->ref->def.name));
        json_object_set_new(json, "path",
                            dump_str(&value->ref->def.program->path));
        return json;

    case NTHRIFT_IDL_VALUE_NAMED:
        break;
    }

    return json_null();
}


static json_t *
dump_fields(const nthrift_idl_struct_t *st)
{
    json_t                     *list, *json;
    const nthrift_idl_field_t  *field;

    static const char *const    req[] = { "default", "required", "optional" };

    list = json_array();

    for (field = st->first; field != NULL; field = field->next) {
        json = json_object();

        json_object_set_new(json, "id", json_integer(field->id));
        dump_set_true(json, "implicit", field->implicit);
        json_object_set_new(json, "name", dump_str(&field->name));
        dump_set_pos(json, field->pos);
        dump_set_str(json, "doc", &field->doc);
        json_object_set_new(json, "requiredness",
                            json_string(req[field->req]));
        json_object_set_new(json, "type", dump_type(field->type));

        if (field->value != NULL) {
            json_object_set_new(json, "value", dump_value(field->value));
        }

        dump_set_true(json, "reference", field->reference);
        dump_set_annotations(json, field->annotations);

        json_array_append_new(list, json);
    }

    return list;
}


static void
dump_enum(json_t *json, const nthrift_idl_enum_t *en)
{
    json_t                    *list, *value;
    const nthrift_idl_item_t  *item;

    list = json_array();

    for (item = en->items; item != NULL; item = item->next) {
        value = json_object();

        json_object_set_new(value, "name", dump_str(&item->name));
        json_object_set_new(value, "number", json_integer(item->number));
        dump_set_true(value, "implicit", item->implicit);
        dump_set_pos(value, item->pos);
        dump_set_str(value, "doc", &item->doc);
        dump_set_annotations(value, item->annotations);

        json_array_append_new(list, value);
    }

    json_object_set_new(json, "values", list);
}


static void
dump_service(json_t *json, const nthrift_idl_service_t *service)
{
    json_t                      *list, *value;
    const nthrift_idl_method_t  *method;

    if (service->parent != NULL) {
        value = json_object();
        dump_set_ref(value, &service->parent->def);
        json_object_set_new(json, "extends", value);
    }

    list = json_array();

    for (method = service->methods; method != NULL; method = method->next) {
        value = json_object();

        json_object_set_new(value, "name", dump_str(&method->name));
        dump_set_pos(value, method->pos);
        dump_set_str(value, "doc", &method->doc);
        json_object_set_new(value, "oneway", json_boolean(method->oneway));
        json_object_set_new(value, "returns", dump_type(method->returns));
        json_object_set_new(value, "arguments", dump_fields(method->args));
        json_object_set_new(value, "throws", dump_fields(method->throws));
        dump_set_annotations(value, method->annotations);

        json_array_append_new(list, value);
    }

    json_object_set_new(json, "methods", list);
}


static void
dump_const(json_t *json, const nthrift_idl_const_t *c)
{
    json_object_set_new(json, "type", dump_type(c->type));
    json_object_set_new(json, "value", dump_value(c->value));
}


static json_t *
dump_def(const nthrift_idl_def_t *def)
{
    json_t  *json;

    json = json_object();

    json_object_set_new(json, "kind", json_string(nthrift_idl_def_word(def)));
    json_object_set_new(json, "name", dump_str(&def->name));
    dump_set_pos(json, def->pos);
    dump_set_str(json, "doc", &def->doc);

    switch (def->kind) {

    case NTHRIFT_IDL_DEF_CONST:
        dump_const(json, (const nthrift_idl_const_t *) def);
        break;

    case NTHRIFT_IDL_DEF_TYPEDEF:
        json_object_set_new(json, "type",
                    dump_type(((const nthrift_idl_typedef_t *) def)->type));
        break;

    case NTHRIFT_IDL_DEF_ENUM:
        dump_enum(json, (const nthrift_idl_enum_t *) def);
        break;

    case NTHRIFT_IDL_DEF_STRUCT:
        json_object_set_new(json, "fields",
                        dump_fields((const nthrift_idl_struct_t *) def));
        break;

    case NTHRIFT_IDL_DEF_SERVICE:
        dump_service(json, (const nthrift_idl_service_t *) def);
        break;
    }

    dump_set_annotations(json, def->annotations);

    return json;
}


static json_t *
dump_headers(const nthrift_idl_program_t *program)
{
    json_t                          *list, *json;
    const nthrift_idl_include_t     *inc;
    const nthrift_idl_namespace_t   *ns;
    const nthrift_idl_annotation_t  *cpp;

    list = json_array();

    for (inc = program->includes; inc != NULL; inc = inc->next) {
        json = json_object();
        json_object_set_new(json, "include", dump_str(&inc->name));
        json_object_set_new(json, "path", dump_str(&inc->program->path));
        json_array_append_new(list, json);
    }

    for (ns = program->namespaces; ns != NULL; ns = ns->next) {
        json = json_object();
        json_object_set_new(json, "namespace", dump_str(&ns->scope));
        json_object_set_new(json, "name", dump_str(&ns->name));
        dump_set_annotations(json, ns->annotations);
        json_array_append_new(list, json);
    }

    for (cpp = program->cpp_includes; cpp != NULL; cpp = cpp->next) {
        json = json_object();
        json_object_set_new(json, "cpp_include", dump_str(&cpp->value));
        json_array_append_new(list, json);
    }

    return list;
}


static json_t *
dump_program(const nthrift_idl_program_t *program)
{
    json_t                   *json, *list;
    const nthrift_idl_def_t  *def;

    json = json_object();
    list = json_array();

    json_object_set_new(json, "path", dump_str(&program->path));
    json_object_set_new(json, "prefix", dump_str(&program->prefix));
    dump_set_str(json, "doc", &program->doc);
    json_object_set_new(json, "headers", dump_headers(program));

    for (def = program->defs; def != NULL; def = def->next) {
        json_array_append_new(list, dump_def(def));
    }

    json_object_set_new(json, "definitions", list);

    return json;
}


int
nthrift_dump(const nthrift_loader_t *loader,
    const nthrift_idl_program_t *program, FILE *out)
{
    int                           rc;
    json_t                       *json, *list;
    const nthrift_idl_program_t  *p;

    json_set_alloc_funcs(dump_malloc, free);

    json = json_object();
    list = json_array();

    json_object_set_new(json, "format", json_integer(DUMP_FORMAT));
    json_object_set_new(json, "path", dump_str(&program->path));

    for (p = loader->programs; p != NULL; p = p->next) {
        json_array_append_new(list, dump_program(p));
    }

    json_object_set_new(json, "programs", list);

    rc = json_dumpf(json, out, JSON_INDENT(2));

    json_decref(json);

    if (rc != 0 || fputc('\n', out) == EOF || fflush(out) != 0) {
        return -1;
    }

    return 0;
}
