/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/suggest.c: the distance between names, for messages only.  Works on a
 * fixed buffer and costs nothing until something is wrong.
 */

#include "idl/suggest.h"


static uint8_t
suggest_lower(uint8_t ch)
{
    return (ch >= 'A' && ch <= 'Z') ? (uint8_t) (ch | 0x20) : ch;
}


static int
suggest_same_letters(const nthrift_str_t *a, const nthrift_str_t *b)
{
    size_t  i;

    if (a->len != b->len) {
        return 0;
    }

    for (i = 0; i < a->len; i++) {
        if (suggest_lower(a->data[i]) != suggest_lower(b->data[i])) {
            return 0;
        }
    }

    return 1;
}


static unsigned
suggest_min(unsigned a, unsigned b)
{
    return (a < b) ? a : b;
}


/*
 * One row of the table: what it costs to make each beginning of `b` of the
 * first i letters of `a`.  Returns the least of them.
 */

static unsigned
suggest_row(const nthrift_str_t *a, const nthrift_str_t *b, size_t i,
    const unsigned *last2, const unsigned *last, unsigned *row)
{
    size_t    j;
    unsigned  cost, least;

    row[0] = (unsigned) i;
    least = row[0];

    for (j = 1; j <= b->len; j++) {
        cost = (a->data[i - 1] != b->data[j - 1]);

        row[j] = suggest_min(last[j - 1] + cost,
                             suggest_min(last[j], row[j - 1]) + 1);

        if (i > 1 && j > 1
            && a->data[i - 1] == b->data[j - 2]
            && a->data[i - 2] == b->data[j - 1])
        {
            row[j] = suggest_min(row[j], last2[j - 2] + 1);
        }

        least = suggest_min(least, row[j]);
    }

    return least;
}


unsigned
nthrift_suggest_distance(const nthrift_str_t *a, const nthrift_str_t *b,
    unsigned max)
{
    size_t    i, diff;
    unsigned  least, least2, rows[3][NTHRIFT_SUGGEST_LEN + 1];

    diff = (a->len > b->len) ? a->len - b->len : b->len - a->len;

    if (diff > max || a->len > NTHRIFT_SUGGEST_LEN
        || b->len > NTHRIFT_SUGGEST_LEN)
    {
        return max + 1;
    }

    for (i = 0; i <= b->len; i++) {
        rows[0][i] = (unsigned) i;
    }

    least = 0;

    for (i = 1; i <= a->len; i++) {
        least2 = least;
        least = suggest_row(a, b, i, rows[(i + 1) % 3], rows[(i + 2) % 3],
                            rows[i % 3]);

        if (least > max && least2 > max) {
            return max + 1;
        }
    }

    return suggest_min(rows[a->len % 3][b->len], max + 1);
}


void
nthrift_suggest_init(nthrift_suggest_t *s, const nthrift_str_t *wrong)
{
    s->wrong = wrong;
    s->best = NULL;
    s->distance = (unsigned) (suggest_min((unsigned) wrong->len,
                                          NTHRIFT_SUGGEST_LEN) / 3 + 1);

    if (wrong->len < 3) {
        s->distance = 1 + (wrong->len == 2);
    }
}


void
nthrift_suggest_try(nthrift_suggest_t *s, const nthrift_str_t *name)
{
    unsigned  distance;

    /* no other name is nearer */

    if (s->distance == 1) {
        return;
    }

    if (suggest_same_letters(s->wrong, name)) {
        s->best = name;
        s->distance = 1;
        return;
    }

    distance = nthrift_suggest_distance(s->wrong, name, s->distance - 1);

    if (distance < s->distance) {
        s->best = name;
        s->distance = distance;
    }
}


const nthrift_str_t *
nthrift_suggest_method(const nthrift_idl_service_t *service,
    const nthrift_str_t *wrong)
{
    nthrift_suggest_t      s;
    nthrift_idl_method_t  *method;

    nthrift_suggest_init(&s, wrong);

    for ( /* void */ ; service != NULL; service = service->parent) {
        for (method = service->methods; method != NULL; method = method->next)
        {
            nthrift_suggest_try(&s, &method->name);
        }
    }

    return s.best;
}


const nthrift_str_t *
nthrift_suggest_field(const nthrift_idl_struct_t *st,
    const nthrift_str_t *wrong)
{
    size_t             i;
    nthrift_suggest_t  s;

    nthrift_suggest_init(&s, wrong);

    for (i = 0; i < st->n; i++) {
        nthrift_suggest_try(&s, &st->fields[i]->name);
    }

    return s.best;
}


const nthrift_str_t *
nthrift_suggest_item(const nthrift_idl_enum_t *en, const nthrift_str_t *wrong)
{
    nthrift_suggest_t          s;
    const nthrift_idl_item_t  *item;

    nthrift_suggest_init(&s, wrong);

    for (item = en->items; item != NULL; item = item->next) {
        nthrift_suggest_try(&s, &item->name);
    }

    return s.best;
}


static const nthrift_str_t *
suggest_def(const nthrift_idl_program_t *program, const nthrift_str_t *wrong,
    unsigned kinds)
{
    nthrift_suggest_t         s;
    const nthrift_idl_def_t  *def;

    nthrift_suggest_init(&s, wrong);

    for (def = program->defs; def != NULL; def = def->next) {
        if (kinds & (1u << def->kind)) {
            nthrift_suggest_try(&s, &def->name);
        }
    }

    return s.best;
}


const nthrift_str_t *
nthrift_suggest_service(const nthrift_idl_program_t *program,
    const nthrift_str_t *wrong)
{
    return suggest_def(program, wrong, 1u << NTHRIFT_IDL_DEF_SERVICE);
}


const nthrift_str_t *
nthrift_suggest_type(const nthrift_idl_program_t *program,
    const nthrift_str_t *wrong)
{
    return suggest_def(program, wrong, 1u << NTHRIFT_IDL_DEF_TYPEDEF
                                       | 1u << NTHRIFT_IDL_DEF_ENUM
                                       | 1u << NTHRIFT_IDL_DEF_STRUCT);
}


const nthrift_str_t *
nthrift_suggest_base(const nthrift_str_t *wrong)
{
    size_t                      i;
    uint8_t                     lower[NTHRIFT_SUGGEST_LEN];
    nthrift_str_t               name;
    nthrift_suggest_t           s;
    static const nthrift_str_t  words[] = {
        nthrift_string("bool"), nthrift_string("byte"), nthrift_string("i8"),
        nthrift_string("i16"), nthrift_string("i32"), nthrift_string("i64"),
        nthrift_string("double"), nthrift_string("string"),
        nthrift_string("binary"), nthrift_string("uuid"),
        nthrift_string("list"), nthrift_string("set"), nthrift_string("map")
    };

    if (wrong->len > NTHRIFT_SUGGEST_LEN) {
        return NULL;
    }

    for (i = 0; i < wrong->len; i++) {
        lower[i] = suggest_lower(wrong->data[i]);
    }

    name.data = lower;
    name.len = wrong->len;

    nthrift_suggest_init(&s, &name);

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        nthrift_suggest_try(&s, &words[i]);
    }

    return s.best;
}


const nthrift_str_t *
nthrift_suggest_const(const nthrift_idl_program_t *program,
    const nthrift_str_t *wrong)
{
    return suggest_def(program, wrong, 1u << NTHRIFT_IDL_DEF_CONST);
}


const nthrift_str_t *
nthrift_suggest_visible(const nthrift_idl_program_t *program,
    const nthrift_str_t *wrong,
    const nthrift_str_t *(*find)(const nthrift_idl_program_t *program,
                                 const nthrift_str_t *wrong))
{
    size_t                        dot;
    nthrift_str_t                 prefix, name;
    const nthrift_str_t          *best;
    const nthrift_idl_include_t  *inc;

    for (dot = wrong->len; dot > 0; dot--) {
        if (wrong->data[dot - 1] == '.') {
            break;
        }
    }

    name.data = wrong->data + dot;
    name.len = wrong->len - dot;

    if (dot == 0) {
        best = find(program, &name);

    } else {
        prefix.data = wrong->data;
        prefix.len = dot - 1;

        inc = nthrift_map_find(&program->prefixes, &prefix);
        best = (inc != NULL) ? find(inc->program, &name) : NULL;
    }

    return best;
}
