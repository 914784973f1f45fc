/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/compare_struct.c: what of fields and of enums' values changed.
 */

#include "idl/compare.h"

#include <stdio.h>


/* A field on both sides, with what it is called in a sentence. */

typedef struct {
    const nthrift_compare_fields_t  *fields;
    const nthrift_idl_field_t       *was;
    const nthrift_idl_field_t       *now;
    nthrift_compat_place_t           was_place;
    nthrift_compat_place_t           now_place;
} compare_field_t;


static nthrift_compat_place_t
field_place(const nthrift_idl_struct_t *st, const nthrift_idl_field_t *field)
{
    return nthrift_compare_place(st->def.program,
                                 (field != NULL) ? field->pos : st->def.pos);
}


/* "field", "argument", "exception". */

static const char *
fields_word(const nthrift_compare_fields_t *f)
{
    switch (f->now->what) {

    case NTHRIFT_IDL_KIND_ARGS:
        return "argument";

    case NTHRIFT_IDL_KIND_THROWS:
        return "exception";

    default:
        return "field";
    }
}


/* Whose they are: "Users.get", "struct User". */

static const char *
fields_owner(char place[NTHRIFT_COMPARE_PLACE],
    const nthrift_compare_fields_t *f)
{
    if (f->method != NULL) {
        (void) snprintf(place, NTHRIFT_COMPARE_PLACE, "%.*s.%.*s",
                        nthrift_report_str(&f->method->service->def.name),
                        nthrift_report_str(&f->method->name));

    } else {
        (void) snprintf(place, NTHRIFT_COMPARE_PLACE, "%s %.*s",
                        nthrift_idl_def_word(&f->now->def),
                        nthrift_report_str(&f->now->def.name));
    }

    return place;
}


static void
field_say(nthrift_compat_t *c, const compare_field_t *pair,
    nthrift_compat_level_e level, unsigned who, const char *what)
{
    char                        place[NTHRIFT_COMPARE_PLACE];
    const nthrift_idl_field_t  *field;

    field = (pair->now != NULL) ? pair->now : pair->was;

    nthrift_compare_say(c, level, who, pair->was_place, pair->now_place,
                        "%s \"%.*s\" of %s %s", fields_word(pair->fields),
                        nthrift_report_str(&field->name),
                        fields_owner(place, pair->fields), what);
}


/* It is missing in the new one. */

static void
field_removed(nthrift_compat_t *c, const compare_field_t *pair)
{
    unsigned                ways;
    nthrift_compat_level_e  level;

    ways = pair->fields->ways;
    level = NTHRIFT_COMPAT_ERROR;

    switch (pair->fields->was->what) {

    case NTHRIFT_IDL_KIND_THROWS:
    case NTHRIFT_IDL_KIND_UNION:
        field_say(c, pair, level,
                  nthrift_compare_who(ways, NTHRIFT_COMPARE_NEW_READS),
                  "is missing, it was");
        return;

    default:
        break;
    }

    if (pair->was->req == NTHRIFT_IDL_REQUIRED) {
        field_say(c, pair, level,
                  nthrift_compare_who(ways, NTHRIFT_COMPARE_OLD_READS),
                  "is missing, it was required");
        return;
    }

    field_say(c, pair, NTHRIFT_COMPAT_WARNING,
              nthrift_compare_who(ways, NTHRIFT_COMPARE_EACH_READS),
              "is missing, it was");
}


/* It was not in the old one: fine, if who does not know it skips it. */

static void
field_added(nthrift_compat_t *c, const compare_field_t *pair)
{
    unsigned  ways;

    ways = pair->fields->ways;

    switch (pair->fields->now->what) {

    case NTHRIFT_IDL_KIND_THROWS:
    case NTHRIFT_IDL_KIND_UNION:
        field_say(c, pair, NTHRIFT_COMPAT_WARNING,
                  nthrift_compare_who(ways, NTHRIFT_COMPARE_OLD_READS),
                  "is new, it was not");
        return;

    default:
        break;
    }

    if (pair->now->req == NTHRIFT_IDL_REQUIRED) {
        field_say(c, pair, NTHRIFT_COMPAT_ERROR,
                  nthrift_compare_who(ways, NTHRIFT_COMPARE_NEW_READS),
                  "is new and required, it was not");
    }
}


static void
field_moved(nthrift_compat_t *c, const compare_field_t *pair)
{
    char  what[NTHRIFT_COMPARE_PLACE];

    (void) snprintf(what, sizeof(what), "has the id %d, it was %d",
                    (int) pair->now->id, (int) pair->was->id);

    field_say(c, pair, NTHRIFT_COMPAT_ERROR, NTHRIFT_COMPAT_EVERYBODY, what);
}


/*
 * Its id is another field's now.  With a type of the same form the field may
 * have another name only; not if the name is known to the other side.
 */

static void
field_reused(nthrift_compat_t *c, const compare_field_t *pair, unsigned bits)
{
    char                    place[NTHRIFT_COMPARE_PLACE];
    char                    was[NTHRIFT_COMPARE_WORDS];
    char                    now[NTHRIFT_COMPARE_WORDS];
    nthrift_compat_level_e  level;

    level = ((bits & NTHRIFT_COMPARE_WIRE)
             || nthrift_idl_field_by_name(pair->fields->now, &pair->was->name)
                != NULL
             || nthrift_idl_field_by_name(pair->fields->was, &pair->now->name)
                != NULL)
            ? NTHRIFT_COMPAT_ERROR : NTHRIFT_COMPAT_WARNING;

    nthrift_compare_say(c, level, NTHRIFT_COMPAT_EVERYBODY, pair->was_place,
                        pair->now_place,
                        "%s %d of %s is %s \"%.*s\", it was %s \"%.*s\"",
                        fields_word(pair->fields), (int) pair->now->id,
                        fields_owner(place, pair->fields),
                        nthrift_compare_type_words(now, pair->now->type),
                        nthrift_report_str(&pair->now->name),
                        nthrift_compare_type_words(was, pair->was->type),
                        nthrift_report_str(&pair->was->name));
}


static void
field_type(nthrift_compat_t *c, const compare_field_t *pair, unsigned bits)
{
    char                    what[NTHRIFT_COMPARE_WORDS * 2 + 16];
    char                    was[NTHRIFT_COMPARE_WORDS];
    char                    now[NTHRIFT_COMPARE_WORDS];
    nthrift_compat_level_e  level;

    level = (bits & NTHRIFT_COMPARE_WIRE) ? NTHRIFT_COMPAT_ERROR
                                          : NTHRIFT_COMPAT_WARNING;

    (void) snprintf(what, sizeof(what), "is %s, it was %s",
                    nthrift_compare_type_words(now, pair->now->type),
                    nthrift_compare_type_words(was, pair->was->type));

    field_say(c, pair, level, nthrift_compare_who(pair->fields->ways, bits),
              what);
}


static void
field_requiredness(nthrift_compat_t *c, const compare_field_t *pair)
{
    unsigned           ways;
    nthrift_idl_req_e  was, now;

    ways = pair->fields->ways;
    was = pair->was->req;
    now = pair->now->req;

    if (was == now) {
        return;
    }

    if (now == NTHRIFT_IDL_REQUIRED) {
        field_say(c, pair, NTHRIFT_COMPAT_ERROR,
                  nthrift_compare_who(ways, NTHRIFT_COMPARE_NEW_READS),
                  "is required, it was not");

    } else if (was == NTHRIFT_IDL_REQUIRED) {
        field_say(c, pair, NTHRIFT_COMPAT_ERROR,
                  nthrift_compare_who(ways, NTHRIFT_COMPARE_OLD_READS),
                  "is not required, it was");

    } else if (now == NTHRIFT_IDL_OPTIONAL) {
        field_say(c, pair, NTHRIFT_COMPAT_WARNING,
                  nthrift_compare_who(ways, NTHRIFT_COMPARE_OLD_READS),
                  "is optional, it was not");
    }
}


/* What a reader puts in place of a field that was not sent. */

static void
field_default(nthrift_compat_t *c, const compare_field_t *pair)
{
    char         what[NTHRIFT_COMPARE_WORDS * 2 + 32];
    char         buf[2][NTHRIFT_COMPARE_WORDS];
    const char  *was, *now;

    if ((pair->was->req == NTHRIFT_IDL_REQUIRED
         && pair->now->req == NTHRIFT_IDL_REQUIRED)
        || nthrift_compare_values(c, pair->was->value, pair->now->value))
    {
        return;
    }

    was = nthrift_compare_value_words(buf[0], pair->was->value);
    now = nthrift_compare_value_words(buf[1], pair->now->value);

    if (was != NULL && now != NULL) {
        (void) snprintf(what, sizeof(what), "has the default %s, it was %s",
                        now, was);
    } else {
        (void) snprintf(what, sizeof(what), "has another default than it had");
    }

    field_say(c, pair, NTHRIFT_COMPAT_WARNING, NTHRIFT_COMPAT_EVERYBODY, what);
}


static int
field_compare(nthrift_compat_t *c, const compare_field_t *pair)
{
    unsigned  bits;

    bits = 0;

    if (nthrift_compare_types(c, pair->was->type, pair->now->type,
                              pair->fields->ways, &bits)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (!nthrift_str_equal(&pair->was->name, &pair->now->name)) {
        field_reused(c, pair, bits);

    } else if (bits != 0) {
        field_type(c, pair, bits);
    }

    field_requiredness(c, pair);

    if (!(bits & NTHRIFT_COMPARE_WIRE)) {
        field_default(c, pair);
    }

    return NTHRIFT_OK;
}


/* The field of that name, if its id is none of `other`'s. */

static const nthrift_idl_field_t *
field_elsewhere(const nthrift_idl_struct_t *st,
    const nthrift_idl_struct_t *other, const nthrift_idl_field_t *field)
{
    const nthrift_idl_field_t  *found;

    found = nthrift_idl_field_by_name(st, &field->name);

    return (found != NULL
            && nthrift_idl_field_by_id(other, found->id) == NULL) ? found
                                                                  : NULL;
}


static int
fields_was(nthrift_compat_t *c, const nthrift_compare_fields_t *f,
    const nthrift_idl_field_t *field)
{
    int              by_id;
    compare_field_t  pair;

    pair.fields = f;
    pair.was = field;
    pair.now = nthrift_idl_field_by_id(f->now, field->id);

    by_id = (pair.now != NULL);

    if (!by_id) {
        pair.now = field_elsewhere(f->now, f->was, field);
    }

    pair.was_place = field_place(f->was, field);
    pair.now_place = field_place(f->now, pair.now);

    if (by_id) {
        return field_compare(c, &pair);
    }

    if (pair.now != NULL) {
        field_moved(c, &pair);

    } else {
        field_removed(c, &pair);
    }

    return NTHRIFT_OK;
}


static void
fields_now(nthrift_compat_t *c, const nthrift_compare_fields_t *f,
    const nthrift_idl_field_t *field)
{
    compare_field_t  pair;

    if (nthrift_idl_field_by_id(f->was, field->id) != NULL
        || field_elsewhere(f->was, f->now, field) != NULL)
    {
        return;
    }

    pair.fields = f;
    pair.was = NULL;
    pair.now = field;
    pair.was_place = field_place(f->was, NULL);
    pair.now_place = field_place(f->now, field);

    field_added(c, &pair);
}


int
nthrift_compare_fields(nthrift_compat_t *c, const nthrift_compare_fields_t *f)
{
    size_t  i;

    for (i = 0; i < f->was->n; i++) {
        if (fields_was(c, f, f->was->fields[i]) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    for (i = 0; i < f->now->n; i++) {
        fields_now(c, f, f->now->fields[i]);
    }

    return NTHRIFT_OK;
}


/* A union has one field, and is another thing than a struct. */

int
nthrift_compare_structs(nthrift_compat_t *c, const nthrift_idl_struct_t *was,
    const nthrift_idl_struct_t *now, unsigned ways)
{
    nthrift_compare_fields_t  fields;

    if ((was->what == NTHRIFT_IDL_KIND_UNION)
        != (now->what == NTHRIFT_IDL_KIND_UNION))
    {
        nthrift_compare_say(c, NTHRIFT_COMPAT_ERROR,
                            NTHRIFT_COMPAT_EVERYBODY,
                            nthrift_compare_def(&was->def),
                            nthrift_compare_def(&now->def),
                            "type %.*s is %s, it was %s",
                            nthrift_report_str(&now->def.name),
                            nthrift_idl_def_word(&now->def),
                            nthrift_idl_def_word(&was->def));
    }

    fields.was = was;
    fields.now = now;
    fields.method = NULL;
    fields.ways = ways;

    return nthrift_compare_fields(c, &fields);
}


/* Enums */

static nthrift_compat_place_t
item_place(const nthrift_idl_enum_t *en, const nthrift_idl_item_t *item)
{
    return nthrift_compare_place(en->def.program,
                                 (item != NULL) ? item->pos : en->def.pos);
}


/*
 * A number that has another name.  An alias that is gone leaves its number to
 * the other name; a name that had another number before is no new name.
 */

static void
item_renamed(nthrift_compat_t *c, const nthrift_idl_enum_t *was,
    const nthrift_idl_item_t *item, const nthrift_idl_enum_t *now,
    const nthrift_idl_item_t *other)
{
    nthrift_compat_level_e     level;
    const nthrift_idl_item_t  *before;

    before = nthrift_idl_item_by_name(was, &other->name);

    if (before != NULL && before->number == other->number) {
        return;
    }

    level = (before != NULL) ? NTHRIFT_COMPAT_ERROR : NTHRIFT_COMPAT_WARNING;

    nthrift_compare_say(c, level, NTHRIFT_COMPAT_EVERYBODY,
                        item_place(was, item), item_place(now, other),
                        "value %d of enum %.*s is \"%.*s\", it was \"%.*s\"",
                        (int) item->number, nthrift_report_str(&now->def.name),
                        nthrift_report_str(&other->name),
                        nthrift_report_str(&item->name));
}


static void
enum_was(nthrift_compat_t *c, const nthrift_idl_enum_t *was,
    const nthrift_idl_item_t *item, const nthrift_idl_enum_t *now,
    unsigned ways)
{
    const nthrift_idl_item_t  *other;

    other = nthrift_idl_item_by_name(now, &item->name);

    if (other != NULL) {
        if (other->number != item->number) {
            nthrift_compare_say(c, NTHRIFT_COMPAT_ERROR,
                                NTHRIFT_COMPAT_EVERYBODY,
                                item_place(was, item), item_place(now, other),
                                "value \"%.*s\" of enum %.*s is %d, it was %d",
                                nthrift_report_str(&other->name),
                                nthrift_report_str(&now->def.name),
                                (int) other->number, (int) item->number);
        }

        return;
    }

    other = nthrift_idl_item_by_number(now, item->number);

    if (other != NULL) {
        item_renamed(c, was, item, now, other);
        return;
    }

    nthrift_compare_say(c, NTHRIFT_COMPAT_ERROR,
                        nthrift_compare_who(ways, NTHRIFT_COMPARE_NEW_READS),
                        item_place(was, item), item_place(now, NULL),
                        "value \"%.*s\" (%d) of enum %.*s is missing, it was",
                        nthrift_report_str(&item->name), (int) item->number,
                        nthrift_report_str(&now->def.name));
}


static void
enum_now(nthrift_compat_t *c, const nthrift_idl_enum_t *was,
    const nthrift_idl_enum_t *now, const nthrift_idl_item_t *item,
    unsigned ways)
{
    if (nthrift_idl_item_by_name(was, &item->name) != NULL
        || nthrift_idl_item_by_number(was, item->number) != NULL)
    {
        return;
    }

    nthrift_compare_say(c, NTHRIFT_COMPAT_WARNING,
                        nthrift_compare_who(ways, NTHRIFT_COMPARE_OLD_READS),
                        item_place(was, NULL), item_place(now, item),
                        "value \"%.*s\" (%d) of enum %.*s is new, it was not",
                        nthrift_report_str(&item->name), (int) item->number,
                        nthrift_report_str(&now->def.name));
}


void
nthrift_compare_enums(nthrift_compat_t *c, const nthrift_idl_enum_t *was,
    const nthrift_idl_enum_t *now, unsigned ways)
{
    const nthrift_idl_item_t  *item;

    for (item = was->items; item != NULL; item = item->next) {
        enum_was(c, was, item, now, ways);
    }

    for (item = now->items; item != NULL; item = item->next) {
        enum_now(c, was, now, item, ways);
    }
}
