/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/query.c: from the query of a URL to the body of a call: what HTTP's
 * GET has in place of JSON.  A name is an argument's, a value is text for a
 * scalar (scalar.c); a list or a set has as many as its name is there.
 */

#include "plain/read.h"


/* One "name=value", decoded; both end with a 0 byte. */

typedef struct {
    nthrift_str_t  name;
    nthrift_str_t  value;
} query_pair_t;

typedef struct {
    query_pair_t  *pairs;
    size_t         n;
} query_t;


static int
query_is_list(const nthrift_idl_type_t *type)
{
    type = type->real;

    return (type->kind == NTHRIFT_IDL_LIST || type->kind == NTHRIFT_IDL_SET)
           && nthrift_plain_scalar_is(type->elem);
}


int
nthrift_plain_is_query(const nthrift_idl_method_t *method)
{
    const nthrift_idl_field_t  *field;

    for (field = method->args->first; field != NULL; field = field->next) {
        if (!nthrift_plain_scalar_is(field->type)
            && !query_is_list(field->type))
        {
            return 0;
        }
    }

    return 1;
}


/* The text */

static int
query_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') ? c - '0'
           : (c >= 'a' && c <= 'f') ? c - 'a' + 10
           : (c >= 'A' && c <= 'F') ? c - 'A' + 10 : -1;
}


/*
 * Decodes [p, last) in place; a "%" without two digits is a "%".  A 0 byte
 * would end the text for all that read it: NTHRIFT_ERROR.
 */

static int
query_decode(nthrift_str_t *s, uint8_t *p, const uint8_t *last)
{
    uint8_t  c, *to;

    to = p;
    s->data = p;

    for ( /* void */ ; p != last; p++) {
        c = (*p == '+') ? ' ' : *p;

        if (c == '%' && last - p > 2 && query_hex(p[1]) >= 0
            && query_hex(p[2]) >= 0)
        {
            c = (uint8_t) (query_hex(p[1]) << 4 | query_hex(p[2]));
            p += 2;
        }

        if (c == '\0') {
            return NTHRIFT_ERROR;
        }

        *to++ = c;
    }

    s->len = (size_t) (to - s->data);
    *to = '\0';

    return NTHRIFT_OK;
}


static int
query_split(query_t *q, uint8_t *p, uint8_t *last)
{
    uint8_t       *end, *equals;
    query_pair_t  *pair;

    for ( /* void */ ; p < last; p = end + 1) {
        end = memchr(p, '&', (size_t) (last - p));
        end = (end != NULL) ? end : last;

        if (end == p) {
            continue;
        }

        equals = memchr(p, '=', (size_t) (end - p));
        equals = (equals != NULL) ? equals : end;

        pair = &q->pairs[q->n++];

        if (query_decode(&pair->name, p, equals) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        equals = (equals != end) ? equals + 1 : end;

        if (query_decode(&pair->value, equals, end) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


static int
query_parse(nthrift_plain_read_t *r, query_t *q, const nthrift_str_t *text)
{
    size_t    i, n;
    uint8_t  *copy;

    n = 1;

    for (i = 0; i < text->len; i++) {
        n += (text->data[i] == '&');
    }

    if (n > r->rules->max_values) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_VALUES, NULL,
                                       "query with more than %u values",
                                       (unsigned) r->rules->max_values);
    }

    copy = nthrift_arena_copy(r->arena, text->data, text->len);
    q->pairs = nthrift_arena_alloc(r->arena, n * sizeof(query_pair_t));

    if (copy == NULL || q->pairs == NULL) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_MEMORY, NULL,
                                       "not enough memory");
    }

    if (query_split(q, copy, copy + text->len) != NTHRIFT_OK) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_SYNTAX, NULL,
                                       "query with a 0 byte");
    }

    return NTHRIFT_OK;
}


/* The arguments */

static int
query_check_names(nthrift_plain_read_t *r, const nthrift_plain_path_t *root,
    const query_t *q, const nthrift_idl_struct_t *args)
{
    size_t  i;

    for (i = 0; i < q->n; i++) {
        if (nthrift_idl_field_by_name(args, &q->pairs[i].name) == NULL) {
            return nthrift_plain_read_unknown(r, root, args,
                                              &q->pairs[i].name);
        }
    }

    return NTHRIFT_OK;
}


/* How often a name is there; `*first` is where it is first. */

static size_t
query_count(const query_t *q, const nthrift_str_t *name, size_t *first)
{
    size_t  i, n;

    n = 0;

    for (i = q->n; i-- != 0; /* void */ ) {
        if (nthrift_str_equal(&q->pairs[i].name, name)) {
            n++;
            *first = i;
        }
    }

    return n;
}


static int
query_list(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_field_t *field, const query_t *q, size_t n)
{
    size_t                     i;
    nthrift_plain_path_t       place;
    const nthrift_idl_type_t  *elem;

    elem = field->type->real->elem;

    memset(&place, 0, sizeof(nthrift_plain_path_t));

    place.up = path;
    place.kind = NTHRIFT_PLAIN_INDEX;

    nthrift_write_list(&r->w, nthrift_plain_scalar_type(elem), n);

    for (i = 0; i < q->n; i++) {
        if (!nthrift_str_equal(&q->pairs[i].name, &field->name)) {
            continue;
        }

        if (nthrift_plain_read_count(r, &place) != NTHRIFT_OK
            || nthrift_plain_scalar_read_text(r, &place, elem,
                                     (const char *) q->pairs[i].value.data)
               != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }

        place.index++;
    }

    return NTHRIFT_OK;
}


static int
query_bool(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_field_t *field, const char *text, int16_t *last)
{
    int  value;

    value = nthrift_plain_scalar_truth(text);

    if (value < 0) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "true or false expected");
    }

    nthrift_write_field_bool(&r->w, last, (int16_t) field->id, value);

    return NTHRIFT_OK;
}


/* A field that is there `n` times, first as `text`. */

static int
query_given(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_field_t *field, const query_t *q, size_t n,
    const char *text, int16_t *last)
{
    if (!query_is_list(field->type) && !nthrift_plain_scalar_is(field->type)) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "a %s, which a query cannot give",
                                       nthrift_idl_kind_word(
                                           field->type->real->kind));
    }

    if (n > 1 && !query_is_list(field->type)) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "given %zu times", n);
    }

    if (nthrift_plain_read_count(r, path) != NTHRIFT_OK
        || nthrift_plain_read_head(r, path, field, last) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (query_is_list(field->type)) {
        return query_list(r, path, field, q, n);
    }

    if (field->type->real->kind == NTHRIFT_IDL_BOOL) {
        return query_bool(r, path, field, text, last);
    }

    return nthrift_plain_scalar_read_text(r, path, field->type, text);
}


static int
query_field(nthrift_plain_read_t *r, const nthrift_plain_path_t *root,
    const nthrift_idl_field_t *field, const query_t *q, int16_t *last)
{
    size_t                n, first;
    nthrift_plain_path_t  path;

    nthrift_plain_read_path(&path, root, field);

    first = 0;
    n = query_count(q, &field->name, &first);

    if (n == 0 && field->value != NULL) {
        return nthrift_plain_default_field(r, root, field, last);
    }

    if (n == 0) {
        return nthrift_plain_read_missing(r, &path, field);
    }

    return query_given(r, &path, field, q, n,
                       (const char *) q->pairs[first].value.data, last);
}


int
nthrift_plain_read_query(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_plain_method_t *m,
    const nthrift_str_t *text, unsigned protocol, nthrift_str_t *body,
    nthrift_plain_error_t *err)
{
    size_t                       i;
    int16_t                      last;
    query_t                      q;
    nthrift_plain_path_t         root;
    nthrift_plain_read_t         r;
    const nthrift_idl_struct_t  *args;

    args = m->idl->args;
    last = 0;

    memset(&q, 0, sizeof(query_t));
    memset(&root, 0, sizeof(nthrift_plain_path_t));
    nthrift_plain_read_start(&r, rules, arena, protocol, err);

    r.depth = 1;

    if (query_parse(&r, &q, text) != NTHRIFT_OK
        || query_check_names(&r, &root, &q, args) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    for (i = 0; i < args->n; i++) {
        if (query_field(&r, &root, args->by_id[i], &q, &last) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    nthrift_write_stop(&r.w);

    return nthrift_plain_read_finish(&r, body);
}
