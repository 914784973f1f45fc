/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/check.c: whether the values of constants and defaults fit their types,
 * and what the names in them stand for.  The rules are those of
 * validate_const_rec() and resolve_const_value() of Apache's compiler; where
 * it looks at nothing (a number where a list is declared), we do.
 */

#include "idl/resolve.h"
#include "idl/suggest.h"


/* One constant or default, while it is looked at. */

typedef struct {
    nthrift_resolve_t    *r;
    const nthrift_str_t  *name;     /* for messages */
    uint32_t              order;    /* of the definition it belongs to */
    uint32_t              depth;
    nthrift_idl_pos_t     pos;      /* if set: of the name through which
                                       another constant is looked at; one
                                       error is enough then */
} check_t;


static int  check_value(check_t *c, const nthrift_idl_type_t *type,
    nthrift_idl_value_t *value);


static nthrift_idl_pos_t
check_pos(const check_t *c, const nthrift_idl_value_t *value)
{
    return (c->pos.line != 0) ? c->pos : value->pos;
}


/* "struct "User"", "list", "i32": what is declared. */

static int
check_mismatch(check_t *c, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value)
{
    static const char *const  words[] = {
        "an integer", "a double", "a string", "a list", "a map", "a constant",
        "a value of an enum", "a name"
    };

    if (type->def != NULL) {
        return nthrift_report_error(c->r->report, c->r->program,
                                    check_pos(c, value),
                                    "\"%.*s\" is declared as %s \"%.*s\": "
                                    "the value must not be %s",
                                    nthrift_report_str(c->name),
                                    nthrift_idl_def_word(type->def),
                                    nthrift_report_str(&type->def->name),
                                    words[value->kind]);
    }

    return nthrift_report_error(c->r->report, c->r->program,
                                check_pos(c, value),
                                "\"%.*s\" is declared as %s: the value must "
                                "not be %s", nthrift_report_str(c->name),
                                nthrift_idl_kind_word(type->kind),
                                words[value->kind]);
}


static int
check_undefined(check_t *c, const nthrift_idl_value_t *value)
{
    const nthrift_str_t  *best;

    best = NULL;

    if (nthrift_report_room(c->r->report)) {
        best = nthrift_suggest_visible(c->r->program, &value->u.s,
                                       nthrift_suggest_const);
    }

    return nthrift_report_error(c->r->report, c->r->program, value->pos,
                                "constant \"%.*s\" is not defined"
                                NTHRIFT_REPORT_MEAN,
                                nthrift_report_str(&value->u.s),
                                nthrift_report_mean(best));
}


/* Whether a definition stands before the value that names it. */

static int
check_order(check_t *c, const nthrift_idl_def_t *def,
    const nthrift_idl_value_t *value)
{
    if (def->program != c->r->program || def->order < c->order) {
        return NTHRIFT_OK;
    }

    return nthrift_report_error(c->r->report, c->r->program, value->pos,
                                "\"%.*s\" is used before it is defined",
                                nthrift_report_str(&value->u.s));
}


/* A name where no enum is declared: of a constant or of an enum's value. */

static int
check_resolve_name(check_t *c, nthrift_idl_value_t *value)
{
    value->ref = nthrift_idl_const(c->r->program, &value->u.s);

    if (value->ref != NULL) {
        if (check_order(c, &value->ref->def, value) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        value->kind = NTHRIFT_IDL_VALUE_CONST;
        return NTHRIFT_OK;
    }

    value->item = nthrift_idl_item(c->r->program, &value->u.s);

    if (value->item == NULL) {
        return check_undefined(c, value);
    }

    if (check_order(c, &value->item->parent->def, value) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    value->kind = NTHRIFT_IDL_VALUE_ITEM;

    return NTHRIFT_OK;
}


/*
 * Whether a constant of one type can stand for a value of another, as far as
 * the types tell.  An enum's values cannot be had through a constant.
 */

static int
check_ref_types(const nthrift_idl_type_t *type, const nthrift_idl_type_t *ref)
{
    switch (ref->kind) {

    case NTHRIFT_IDL_ENUM:
        return 0;

    case NTHRIFT_IDL_DOUBLE:
        return type->kind == NTHRIFT_IDL_DOUBLE;

    default:
        return 1;
    }
}


/*
 * The value of a constant that is named is looked at again with the type
 * that is declared here.  So constants cost what they stand for, not what
 * they are written as: there is a limit.
 */

static int
check_ref(check_t *c, const nthrift_idl_type_t *type,
    nthrift_idl_value_t *value)
{
    check_t               inner;
    nthrift_idl_const_t  *ref;

    ref = value->ref;

    if (ref->bad) {
        return NTHRIFT_ERROR;
    }

    if (!check_ref_types(type, ref->type->real)) {
        return check_mismatch(c, type, value);
    }

    inner = *c;
    inner.pos = check_pos(c, value);

    return check_value(&inner, type, ref->last->value);
}


/* The part of a name behind its last dot; all of it if there is no dot. */

static nthrift_str_t
check_last_part(const nthrift_str_t *name)
{
    size_t         n;
    nthrift_str_t  part;

    for (n = name->len; n > 0 && name->data[n - 1] != '.'; n--) {
        /* void */
    }

    part.data = name->data + n;
    part.len = name->len - n;

    return part;
}


static int
check_no_item(check_t *c, const nthrift_idl_enum_t *en,
    const nthrift_idl_value_t *value, const nthrift_str_t *name)
{
    const nthrift_str_t  *best;

    best = NULL;

    if (nthrift_report_room(c->r->report)) {
        best = nthrift_suggest_item(en, name);
    }

    return nthrift_report_error(c->r->report, c->r->program, value->pos,
                                "\"%.*s\" is not a value of enum \"%.*s\""
                                NTHRIFT_REPORT_MEAN,
                                nthrift_report_str(&value->u.s),
                                nthrift_report_str(&en->def.name),
                                nthrift_report_mean(best));
}


/*
 * An enum's value by name.  What stands before the last dot is not looked at
 * if it is not the name of this enum: so does Apache's compiler, and a
 * typedef's name may stand there.
 */

static int
check_enum_name(check_t *c, const nthrift_idl_enum_t *en,
    nthrift_idl_value_t *value)
{
    nthrift_str_t        last;
    nthrift_idl_item_t  *item;

    item = nthrift_idl_item(c->r->program, &value->u.s);

    if (item == NULL || item->parent != en) {
        last = check_last_part(&value->u.s);

        item = nthrift_idl_item_by_name(en, &last);
        if (item == NULL) {
            return check_no_item(c, en, value, &last);
        }
    }

    if (memchr(value->u.s.data, '.', value->u.s.len) == NULL) {
        return nthrift_report_error(c->r->report, c->r->program, value->pos,
                                    "\"%.*s\" must be written with the name "
                                    "of its enum: \"%.*s.%.*s\"",
                                    nthrift_report_str(&value->u.s),
                                    nthrift_report_str(&en->def.name),
                                    nthrift_report_str(&value->u.s));
    }

    value->kind = NTHRIFT_IDL_VALUE_ITEM;
    value->item = item;

    return NTHRIFT_OK;
}


static int
check_enum(check_t *c, const nthrift_idl_type_t *type,
    nthrift_idl_value_t *value)
{
    nthrift_idl_item_t        *item;
    const nthrift_idl_enum_t  *en;

    en = (const nthrift_idl_enum_t *) type->def;

    if (value->kind == NTHRIFT_IDL_VALUE_NAMED) {
        return check_enum_name(c, en, value);
    }

    if (value->kind == NTHRIFT_IDL_VALUE_ITEM) {
        return (value->item->parent == en) ? NTHRIFT_OK
                                           : check_mismatch(c, type, value);
    }

    if (value->kind != NTHRIFT_IDL_VALUE_INT) {
        return check_mismatch(c, type, value);
    }

    item = nthrift_idl_item_by_number(en, value->u.i);

    if (item == NULL) {
        return nthrift_report_error(c->r->report, c->r->program,
                                    check_pos(c, value),
                                    "enum \"%.*s\" has no value %lld",
                                    nthrift_report_str(&en->def.name),
                                    (long long) value->u.i);
    }

    if (c->pos.line == 0) {
        value->item = item;
    }

    return NTHRIFT_OK;
}


/* Numbers that the wire cannot carry are only warned about, as anywhere. */

static int
check_int(check_t *c, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value)
{
    int64_t  i, max;

    if (value->kind == NTHRIFT_IDL_VALUE_ITEM) {
        return NTHRIFT_OK;
    }

    if (value->kind != NTHRIFT_IDL_VALUE_INT) {
        return check_mismatch(c, type, value);
    }

    switch (type->kind) {

    case NTHRIFT_IDL_I8:
        max = INT8_MAX;
        break;

    case NTHRIFT_IDL_I16:
        max = INT16_MAX;
        break;

    case NTHRIFT_IDL_I32:
        max = INT32_MAX;
        break;

    default:
        return NTHRIFT_OK;
    }

    i = value->u.i;

    if (i > max || i < -max - 1) {
        nthrift_report_warning(c->r->report, c->r->program,
                               check_pos(c, value),
                               "the value %lld of \"%.*s\" does not fit in %s",
                               (long long) i, nthrift_report_str(c->name),
                               nthrift_idl_kind_word(type->kind));
    }

    return NTHRIFT_OK;
}


/* 8-4-4-4-12 hexadecimal digits, also in braces. */

static int
check_uuid_text(const nthrift_str_t *s)
{
    size_t          i;
    uint8_t         ch;
    const uint8_t  *p;

    p = s->data;

    if (s->len == 38 && p[0] == '{' && p[37] == '}') {
        p++;

    } else if (s->len != 36) {
        return NTHRIFT_DECLINED;
    }

    for (i = 0; i < 36; i++) {
        ch = p[i];

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (ch != '-') {
                return NTHRIFT_DECLINED;
            }

        } else if ((ch < '0' || ch > '9')
                   && ((ch | 0x20) < 'a' || (ch | 0x20) > 'f'))
        {
            return NTHRIFT_DECLINED;
        }
    }

    return NTHRIFT_OK;
}


static int
check_string(check_t *c, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value)
{
    if (value->kind != NTHRIFT_IDL_VALUE_STRING) {
        return check_mismatch(c, type, value);
    }

    if (type->kind == NTHRIFT_IDL_UUID
        && check_uuid_text(&value->u.s) != NTHRIFT_OK)
    {
        return nthrift_report_error(c->r->report, c->r->program,
                                    check_pos(c, value),
                                    "\"%.*s\" is not a uuid",
                                    nthrift_report_str(&value->u.s));
    }

    return NTHRIFT_OK;
}


/* "{}" is an empty list, too, and "[]" an empty map. */

static int
check_elements(check_t *c, const nthrift_idl_type_t *type,
    nthrift_idl_value_t *value)
{
    int                        rc;
    nthrift_idl_value_t       *elem;
    nthrift_idl_value_kind_e   kind;

    kind = (type->kind == NTHRIFT_IDL_MAP) ? NTHRIFT_IDL_VALUE_MAP
                                           : NTHRIFT_IDL_VALUE_LIST;

    if (value->kind != NTHRIFT_IDL_VALUE_LIST
        && value->kind != NTHRIFT_IDL_VALUE_MAP)
    {
        return check_mismatch(c, type, value);
    }

    if (value->kind != kind) {
        return (value->u.list.n == 0) ? NTHRIFT_OK
                                      : check_mismatch(c, type, value);
    }

    rc = NTHRIFT_OK;

    for (elem = value->u.list.first; elem != NULL; elem = elem->next) {
        if (rc != NTHRIFT_OK && c->pos.line != 0) {
            break;
        }

        if (kind == NTHRIFT_IDL_VALUE_MAP) {
            rc |= check_value(c, type->key, elem);
            elem = elem->next;
        }

        rc |= check_value(c, type->elem, elem);
    }

    return rc;
}


static int
check_no_field(check_t *c, const nthrift_idl_struct_t *st,
    const nthrift_idl_value_t *key)
{
    const nthrift_str_t  *best;

    best = NULL;

    if (nthrift_report_room(c->r->report)) {
        best = nthrift_suggest_field(st, &key->u.s);
    }

    return nthrift_report_error(c->r->report, c->r->program,
                                check_pos(c, key),
                                "%s \"%.*s\" has no field \"%.*s\""
                                NTHRIFT_REPORT_MEAN,
                                nthrift_idl_def_word(&st->def),
                                nthrift_report_str(&st->def.name),
                                nthrift_report_str(&key->u.s),
                                nthrift_report_mean(best));
}


static int
check_struct(check_t *c, const nthrift_idl_type_t *type,
    nthrift_idl_value_t *value)
{
    int                          rc;
    nthrift_idl_value_t         *key;
    nthrift_idl_field_t         *field;
    const nthrift_idl_struct_t  *st;

    st = (const nthrift_idl_struct_t *) type->def;

    if (value->kind != NTHRIFT_IDL_VALUE_MAP) {
        return check_mismatch(c, type, value);
    }

    rc = NTHRIFT_OK;

    for (key = value->u.list.first; key != NULL; key = key->next->next) {
        if (rc != NTHRIFT_OK && c->pos.line != 0) {
            break;
        }

        if (key->kind != NTHRIFT_IDL_VALUE_STRING) {
            return nthrift_report_error(c->r->report, c->r->program,
                                        check_pos(c, key),
                                        "the names of fields of %s \"%.*s\" "
                                        "must be in quotes",
                                        nthrift_idl_def_word(&st->def),
                                        nthrift_report_str(&st->def.name));
        }

        field = nthrift_idl_field_by_name(st, &key->u.s);

        if (field == NULL) {
            rc = check_no_field(c, st, key);
            continue;
        }

        rc |= check_value(c, field->type, key->next);
    }

    return rc;
}


static int
check_kind(check_t *c, const nthrift_idl_type_t *type,
    nthrift_idl_value_t *value)
{
    switch (type->kind) {

    case NTHRIFT_IDL_BOOL:
    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
        return check_int(c, type, value);

    case NTHRIFT_IDL_DOUBLE:
        if (value->kind == NTHRIFT_IDL_VALUE_DOUBLE) {
            return NTHRIFT_OK;
        }

        return check_int(c, type, value);

    case NTHRIFT_IDL_STRING:
    case NTHRIFT_IDL_BINARY:
    case NTHRIFT_IDL_UUID:
        return check_string(c, type, value);

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
    case NTHRIFT_IDL_MAP:
        return check_elements(c, type, value);

    case NTHRIFT_IDL_STRUCT:
        return check_struct(c, type, value);

    case NTHRIFT_IDL_ENUM:
        return check_enum(c, type, value);

    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        break;
    }

    return check_mismatch(c, type, value);
}


/* Whether a value may be looked at, of those that names lead to. */

static int
check_limits(check_t *c, const nthrift_idl_value_t *value)
{
    if (c->depth > c->r->max_nesting) {
        return nthrift_report_error(c->r->report, c->r->program,
                                    check_pos(c, value),
                                    "\"%.*s\" is nested deeper than %u levels",
                                    nthrift_report_str(c->name),
                                    (unsigned) c->r->max_nesting);
    }

    if (c->pos.line == 0) {
        return NTHRIFT_OK;
    }

    if (*c->r->n_values > c->r->max_values) {
        return NTHRIFT_ERROR;
    }

    if ((*c->r->n_values)++ < c->r->max_values) {
        return NTHRIFT_OK;
    }

    return nthrift_report_error(c->r->report, c->r->program, c->pos,
                                "\"%.*s\" and other constants stand for more "
                                "than %u values", nthrift_report_str(c->name),
                                (unsigned) c->r->max_values);
}


static int
check_value(check_t *c, const nthrift_idl_type_t *type,
    nthrift_idl_value_t *value)
{
    int  rc;

    type = type->real;

    if (check_limits(c, value) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (value->kind == NTHRIFT_IDL_VALUE_NAMED
        && type->kind != NTHRIFT_IDL_ENUM
        && check_resolve_name(c, value) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    c->depth++;

    rc = (value->kind == NTHRIFT_IDL_VALUE_CONST) ? check_ref(c, type, value)
                                                  : check_kind(c, type, value);

    c->depth--;

    return rc;
}


int
nthrift_check_const(nthrift_resolve_t *r, nthrift_idl_const_t *constant)
{
    check_t  c;

    memset(&c, 0, sizeof(check_t));

    c.r = r;
    c.name = &constant->def.name;
    c.order = constant->def.order;

    constant->last = constant;

    if (check_value(&c, constant->type, constant->value) != NTHRIFT_OK) {
        constant->bad = 1;
        return NTHRIFT_ERROR;
    }

    if (constant->value->kind == NTHRIFT_IDL_VALUE_CONST) {
        constant->last = constant->value->ref->last;
    }

    return NTHRIFT_OK;
}


int
nthrift_check_fields(nthrift_resolve_t *r, nthrift_idl_struct_t *st,
    uint32_t order)
{
    int                   rc;
    check_t               c;
    nthrift_idl_field_t  *field;

    rc = NTHRIFT_OK;

    memset(&c, 0, sizeof(check_t));

    c.r = r;
    c.order = order;

    for (field = st->first; field != NULL; field = field->next) {
        if (field->value != NULL) {
            c.name = &field->name;
            rc |= check_value(&c, field->type, field->value);
        }

        if (field->xsd_attrs != NULL) {
            rc |= nthrift_check_fields(r, field->xsd_attrs, order);
        }
    }

    return rc;
}
