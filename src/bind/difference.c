/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/difference.c: in what two methods of the same name differ, for people;
 * asked for when their fingerprints do, in a process that may die: the tables
 * of a handler are not to be trusted, and are not checked here.
 *
 * What is compared, and in which order it is met, is as in fingerprint.c.
 */

#include "bind/fingerprint.h"

#include "bind/meet.h"

#include <stdarg.h>
#include <stdio.h>


/* Bytes of a type in a sentence, as "map<string, list<User>>", with its end */

#define DIFFERENCE_WORDS  128

/* Bytes of "field "country" of struct Location" */

#define DIFFERENCE_PLACE  256

/* Arguments of "%.*s" */

#define difference_str(s)  (int) (s)->len, (const char *) (s)->data


typedef struct {
    nthrift_meet_t   meet;
    char            *buf;       /* the sentence, `size` bytes at most */
    size_t           size;
} difference_t;


/* A field on both sides, and the struct that it is in. */

typedef struct {
    const nthrift_schema_t        *st;
    const nthrift_schema_field_t  *a;       /* in the handler */
    const nthrift_schema_field_t  *b;       /* in the IDL */
} difference_pair_t;


static const char *const  difference_whats[] = {
    [NTHRIFT_SCHEMA_STRUCT] = "struct",
    [NTHRIFT_SCHEMA_EXCEPTION] = "exception",
    [NTHRIFT_SCHEMA_ARGS] = "arguments",
    [NTHRIFT_SCHEMA_UNION] = "union",
    [NTHRIFT_SCHEMA_RESULT] = "result"
};


static const char *const  difference_reqs[] = {
    [NTHRIFT_SCHEMA_DEFAULT] = "",
    [NTHRIFT_SCHEMA_REQUIRED] = "required",
    [NTHRIFT_SCHEMA_OPTIONAL] = "optional"
};


/* Types by their codes; those with a name have it from their tables. */

static const char *const  difference_types[NTHRIFT_UUID + 1] = {
    [NTHRIFT_BOOL] = "bool",
    [NTHRIFT_I8] = "i8",
    [NTHRIFT_DOUBLE] = "double",
    [NTHRIFT_I16] = "i16",
    [NTHRIFT_I32] = "i32",
    [NTHRIFT_I64] = "i64",
    [NTHRIFT_STRING] = "binary",
    [NTHRIFT_MAP] = "map",
    [NTHRIFT_SET] = "set",
    [NTHRIFT_LIST] = "list",
    [NTHRIFT_UUID] = "uuid"
};


__attribute__((format(printf, 2, 3)))
static int
difference_say(difference_t *d, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(d->buf, d->size, fmt, args);
    va_end(args);

    return NTHRIFT_OK;
}


static char *
difference_word(char *p, char *last, const nthrift_str_t *word)
{
    size_t  n;

    n = (size_t) (last - p);
    n = (word->len < n) ? word->len : n;

    memcpy(p, word->data, n);

    return p + n;
}


static char *
difference_text(char *p, char *last, const char *text)
{
    nthrift_str_t  word;

    word.data = (uint8_t *) text;
    word.len = strlen(text);

    return difference_word(p, last, &word);
}


/*
 * Writes a type as the IDL does, up to `last`.  Each level writes something,
 * so there are no more of them than bytes.
 */

static char *
difference_write(char *p, char *last, const nthrift_schema_type_t *type)
{
    const char  *name;

    if (p == last) {
        return p;
    }

    if (type->en != NULL) {
        return difference_word(p, last, &type->en->name);
    }

    if (type->st != NULL) {
        return difference_word(p, last, &type->st->name);
    }

    name = (type->type <= NTHRIFT_UUID) ? difference_types[type->type] : NULL;

    if (type->flags & NTHRIFT_SCHEMA_TEXT) {
        name = "string";
    }

    p = difference_text(p, last, (name != NULL) ? name : "unknown");

    if (type->elem == NULL) {
        return p;
    }

    p = difference_text(p, last, "<");

    if (type->key != NULL) {
        p = difference_write(p, last, type->key);
        p = difference_text(p, last, ", ");
    }

    p = difference_write(p, last, type->elem);

    return difference_text(p, last, ">");
}


/* The same into a place of its own, where what is too long ends in "...". */

static const char *
difference_words(char words[DIFFERENCE_WORDS],
    const nthrift_schema_type_t *type)
{
    char  *p, *last;

    last = words + DIFFERENCE_WORDS - sizeof("...");

    /* a byte more than there may be tells whether it was too long */

    p = difference_write(words, last + 1, type);

    if (p > last) {
        p = difference_text(last, last + 3, "...");
    }

    *p = '\0';

    return words;
}


/* "argument "b"", "exception "missing"", "field "country" of struct ..." */

static const char *
difference_place(char place[DIFFERENCE_PLACE], const nthrift_schema_t *st,
    const nthrift_schema_field_t *field)
{
    const char  *kind;

    switch (st->what) {

    case NTHRIFT_SCHEMA_ARGS:
        kind = "argument";
        break;

    case NTHRIFT_SCHEMA_RESULT:
        kind = "exception";
        break;

    default:
        (void) snprintf(place, DIFFERENCE_PLACE, "field \"%.*s\" of %s %.*s",
                        difference_str(&field->name),
                        difference_whats[st->what],
                        difference_str(&st->name));
        return place;
    }

    (void) snprintf(place, DIFFERENCE_PLACE, "%s \"%.*s\"", kind,
                    difference_str(&field->name));

    return place;
}


/* A result's value has a name that nobody has written. */

static int
difference_returns(const nthrift_schema_t *st,
    const nthrift_schema_field_t *field)
{
    return st->what == NTHRIFT_SCHEMA_RESULT && field->id == 0;
}


static int
difference_say_returns(difference_t *d, const nthrift_schema_type_t *a,
    const nthrift_schema_type_t *b)
{
    char  words[2][DIFFERENCE_WORDS];

    return difference_say(d, "returns %s in the handler and %s in the IDL",
                          (a != NULL) ? difference_words(words[0], a)
                                      : "void",
                          (b != NULL) ? difference_words(words[1], b)
                                      : "void");
}


static int
difference_say_type(difference_t *d, const difference_pair_t *pair)
{
    char  words[2][DIFFERENCE_WORDS], place[DIFFERENCE_PLACE];

    if (difference_returns(pair->st, pair->a)) {
        return difference_say_returns(d, &pair->a->type, &pair->b->type);
    }

    return difference_say(d, "%s is %s in the handler and %s in the IDL",
                          difference_place(place, pair->st, pair->a),
                          difference_words(words[0], &pair->a->type),
                          difference_words(words[1], &pair->b->type));
}


static int
difference_say_req(difference_t *d, const difference_pair_t *pair)
{
    char         place[DIFFERENCE_PLACE];
    const char  *a, *b;

    a = difference_reqs[pair->a->req];
    b = difference_reqs[pair->b->req];

    (void) difference_place(place, pair->st, pair->a);

    if (*a == '\0') {
        return difference_say(d, "%s is %s in the IDL and not in the handler",
                              place, b);
    }

    if (*b == '\0') {
        return difference_say(d, "%s is %s in the handler and not in the IDL",
                              place, a);
    }

    return difference_say(d, "%s is %s in the handler and %s in the IDL",
                          place, a, b);
}


/* A field of `st` that `other` has not: under another id, or not at all. */

static int
difference_say_missing(difference_t *d, const nthrift_schema_t *st,
    const nthrift_schema_field_t *field, const nthrift_schema_t *other,
    int handler)
{
    int       ids[2];
    char      place[DIFFERENCE_PLACE];
    uint32_t  i;

    if (difference_returns(st, field)) {
        return difference_say_returns(d, handler ? NULL : &field->type,
                                      handler ? &field->type : NULL);
    }

    (void) difference_place(place, st, field);

    for (i = 0; i < other->n; i++) {
        if (nthrift_str_equal(&other->fields[i].name, &field->name)) {
            ids[handler] = field->id;
            ids[!handler] = other->fields[i].id;

            return difference_say(d, "%s has the id %d in the handler and "
                                  "%d in the IDL", place, ids[0], ids[1]);
        }
    }

    return difference_say(d, "%s is %s", place,
                          handler ? "missing in the handler"
                                  : "not in the IDL");
}


/*
 * Structs of both sides that stand for each other: as in the numbers, one of
 * a side stands for one of the other.
 */

static int
difference_match(difference_t *d, const nthrift_schema_t *a,
    const nthrift_schema_t *b)
{
    int                   rc[2];
    nthrift_meet_memo_t  *memo[2];

    rc[0] = nthrift_meet_add(&d->meet, a, NULL, &memo[0]);

    if (rc[0] == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    rc[1] = nthrift_meet_add(&d->meet, NULL, b, &memo[1]);

    if (rc[1] == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    if (rc[0] == NTHRIFT_OK && rc[1] == NTHRIFT_OK) {
        memo[0]->u.other = b;
        memo[1]->u.other = a;
        nthrift_meet_wait(&d->meet, memo[0]);
        return NTHRIFT_DECLINED;
    }

    if (rc[0] == NTHRIFT_DECLINED && memo[0]->u.other == b) {
        return NTHRIFT_DECLINED;
    }

    return difference_say(d, "%s %.*s is one in %s and two of that name in "
                          "%s", difference_whats[a->what],
                          difference_str(&a->name),
                          (rc[0] == NTHRIFT_DECLINED) ? "the handler"
                                                      : "the IDL",
                          (rc[0] == NTHRIFT_DECLINED) ? "the IDL"
                                                      : "the handler");
}


static int
difference_of_struct(difference_t *d, const difference_pair_t *pair,
    const nthrift_schema_t *a, const nthrift_schema_t *b)
{
    if (!nthrift_str_equal(&a->name, &b->name)) {
        return difference_say_type(d, pair);
    }

    if (a->what != b->what) {
        return difference_say(d, "type %.*s is %s in the handler and %s in "
                              "the IDL", difference_str(&a->name),
                              difference_whats[a->what],
                              difference_whats[b->what]);
    }

    return difference_match(d, a, b);
}


static int
difference_of_type(difference_t *d, const difference_pair_t *pair,
    const nthrift_schema_type_t *a, const nthrift_schema_type_t *b)
{
    int                   rc;
    nthrift_meet_memo_t  *memo;

    if (a->type != b->type || a->flags != b->flags
        || (a->en != NULL && !nthrift_str_equal(&a->en->name, &b->en->name)))
    {
        return difference_say_type(d, pair);
    }

    if (a->st != NULL) {
        return difference_of_struct(d, pair, a->st, b->st);
    }

    if (a->elem == NULL) {
        return NTHRIFT_DECLINED;
    }

    rc = nthrift_meet_add(&d->meet, a, b, &memo);

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    if (a->key != NULL) {
        rc = difference_of_type(d, pair, a->key, b->key);

        if (rc != NTHRIFT_DECLINED) {
            return rc;
        }
    }

    return difference_of_type(d, pair, a->elem, b->elem);
}


static int
difference_of_field(difference_t *d, const difference_pair_t *pair)
{
    char                           place[DIFFERENCE_PLACE];
    const nthrift_schema_field_t  *a, *b;

    a = pair->a;
    b = pair->b;

    if (!nthrift_str_equal(&a->name, &b->name)) {
        return difference_say(d, "%s is called \"%.*s\" in the IDL",
                              difference_place(place, pair->st, a),
                              difference_str(&b->name));
    }

    if (a->req != b->req) {
        return difference_say_req(d, pair);
    }

    return difference_of_type(d, pair, &a->type, &b->type);
}


/* Fields of both by ascending ids. */

static int
difference_of_fields(difference_t *d, const nthrift_schema_t *a,
    const nthrift_schema_t *b)
{
    int                rc;
    uint32_t           i, j;
    difference_pair_t  pair;

    pair.st = a;

    for (i = 0, j = 0; i < a->n || j < b->n; i++, j++) {
        pair.a = &a->fields[i];
        pair.b = &b->fields[j];

        if (j == b->n || (i < a->n && pair.a->id < pair.b->id)) {
            return difference_say_missing(d, a, pair.a, b, 0);
        }

        if (i == a->n || pair.b->id < pair.a->id) {
            return difference_say_missing(d, b, pair.b, a, 1);
        }

        rc = difference_of_field(d, &pair);

        if (rc != NTHRIFT_DECLINED) {
            return rc;
        }
    }

    return NTHRIFT_DECLINED;
}


/* Arguments and results have the method's name, which is not compared. */

static int
difference_of_method(difference_t *d, const nthrift_schema_t *handler_args,
    const nthrift_schema_t *handler_result, const nthrift_schema_t *args,
    const nthrift_schema_t *result)
{
    int  rc;

    if ((handler_result == NULL) != (result == NULL)) {
        return difference_say(d, "is oneway in %s and not in %s",
                              (result == NULL) ? "the IDL" : "the handler",
                              (result == NULL) ? "the handler" : "the IDL");
    }

    rc = difference_match(d, handler_args, args);

    if (rc != NTHRIFT_DECLINED || result == NULL) {
        return rc;
    }

    return difference_match(d, handler_result, result);
}


int
nthrift_fingerprint_difference(nthrift_arena_t *arena,
    const nthrift_schema_t *handler_args,
    const nthrift_schema_t *handler_result, const nthrift_schema_t *args,
    const nthrift_schema_t *result, char *buf, size_t size)
{
    int                   rc;
    difference_t          d;
    nthrift_meet_memo_t  *memo;

    nthrift_meet_init(&d.meet, arena);

    d.buf = buf;
    d.size = size;

    rc = difference_of_method(&d, handler_args, handler_result, args,
                              result);

    for (memo = d.meet.first; rc == NTHRIFT_DECLINED && memo != NULL;
         memo = memo->next)
    {
        rc = difference_of_fields(&d, memo->met[0], memo->u.other);
    }

    return rc;
}
