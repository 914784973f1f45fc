/*
 * bind/fingerprint.c: what a method is, as one number, and in what two of the
 * same name differ.  "nthrift gen" writes the number into a handler; whoever
 * loads it compares, and asks for the difference in a process that may die:
 * the tables of a handler are not to be trusted, and are not checked here.
 *
 * Structs name each other in circles: they are numbered as they are met and
 * put on a list, not followed by recursion.  Types nest as deeply as the IDL
 * front end allows, but typedefs may share them so that there are 2^60 of
 * them: each container is looked at once.  Whether a type is shared changes
 * nothing in the number.
 */

#include "bind/fingerprint.h"

#include <stdarg.h>
#include <stdio.h>


/* Changes when the same method shall get another number. */

#define FINGERPRINT_SEED  0x6e74687269667431    /* "nthrift1" */

/* Bytes of a type in a sentence, as "map<string, list<User>>", with its end */

#define FINGERPRINT_WORDS  128

/* Bytes of "field "country" of struct Location" */

#define FINGERPRINT_PLACE  256

/* Arguments of "%.*s" */

#define fingerprint_str(s)  (int) (s)->len, (const char *) (s)->data


/* Something that was met; of a difference, in the handler and in the IDL. */

typedef struct fingerprint_memo_s  fingerprint_memo_t;

struct fingerprint_memo_s {
    const void          *met[2];    /* the key's bytes */
    fingerprint_memo_t  *next;      /* structs: still to be looked at */

    union {
        uint64_t         hash;      /* container */
        uint64_t         number;    /* struct: from 1 */
        const void      *other;     /* struct: on the other side */
    } u;
};


typedef struct {
    nthrift_arena_t      *arena;
    nthrift_map_t         memo;
    fingerprint_memo_t   *first;
    fingerprint_memo_t  **last;
    uint64_t              structs;

    /* of a difference */

    char                 *buf;
    size_t                size;
} fingerprint_t;


/* A field on both sides, and the struct that it is in. */

typedef struct {
    const nthrift_schema_t        *st;
    const nthrift_schema_field_t  *a;       /* in the handler */
    const nthrift_schema_field_t  *b;       /* in the IDL */
} fingerprint_pair_t;


static const char *const  fingerprint_whats[] = {
    [NTHRIFT_SCHEMA_STRUCT] = "struct",
    [NTHRIFT_SCHEMA_EXCEPTION] = "exception",
    [NTHRIFT_SCHEMA_ARGS] = "arguments",
    [NTHRIFT_SCHEMA_UNION] = "union",
    [NTHRIFT_SCHEMA_RESULT] = "result"
};


static const char *const  fingerprint_reqs[] = {
    [NTHRIFT_SCHEMA_DEFAULT] = "",
    [NTHRIFT_SCHEMA_REQUIRED] = "required",
    [NTHRIFT_SCHEMA_OPTIONAL] = "optional"
};


/* Types by their codes; those with a name have it from their tables. */

static const char *const  fingerprint_types[NTHRIFT_UUID + 1] = {
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


static void
fingerprint_init(fingerprint_t *f, nthrift_arena_t *arena)
{
    memset(f, 0, sizeof(fingerprint_t));

    f->arena = arena;
    f->last = &f->first;

    /* keys are addresses: nobody outside chooses them */

    nthrift_map_init(&f->memo, arena, 0);
}


/*
 * What was kept for these two (`b` may be NULL), NTHRIFT_DECLINED; or a new
 * entry, NTHRIFT_OK.
 */

static int
fingerprint_meet(fingerprint_t *f, const void *a, const void *b,
    fingerprint_memo_t **memo)
{
    const void     *met[2];
    nthrift_str_t   key;

    met[0] = a;
    met[1] = b;

    key.data = (uint8_t *) met;
    key.len = sizeof(met);

    *memo = nthrift_map_find(&f->memo, &key);

    if (*memo != NULL) {
        return NTHRIFT_DECLINED;
    }

    *memo = nthrift_arena_alloc(f->arena, sizeof(fingerprint_memo_t));
    if (*memo == NULL) {
        return NTHRIFT_ERROR;
    }

    (*memo)->met[0] = a;
    (*memo)->met[1] = b;
    key.data = (uint8_t *) (*memo)->met;

    return nthrift_map_add(&f->memo, &key, *memo);
}


static void
fingerprint_wait(fingerprint_t *f, fingerprint_memo_t *memo)
{
    *f->last = memo;
    f->last = &memo->next;
}


/*
 * The number.  What was hashed so far is the seed for what comes next; each
 * piece is hashed together with its length, so that none runs into another.
 */

static uint64_t
fingerprint_add(uint64_t hash, uint64_t value)
{
    int      i;
    uint8_t  bytes[8];

    for (i = 0; i < 8; i++) {
        bytes[i] = (uint8_t) (value >> (8 * i));
    }

    return nthrift_map_hash(hash, bytes, sizeof(bytes));
}


static uint64_t
fingerprint_add_name(uint64_t hash, const nthrift_str_t *name)
{
    return nthrift_map_hash(hash, name->data, name->len);
}


static int
fingerprint_number(fingerprint_t *f, const nthrift_schema_t *st,
    uint64_t *number)
{
    int                  rc;
    fingerprint_memo_t  *memo;

    rc = fingerprint_meet(f, st, NULL, &memo);

    if (rc == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    if (rc == NTHRIFT_OK) {
        memo->u.number = ++f->structs;
        fingerprint_wait(f, memo);
    }

    *number = memo->u.number;

    return NTHRIFT_OK;
}


static int fingerprint_container(fingerprint_t *f,
    const nthrift_schema_type_t *type, uint64_t *hash);


static int
fingerprint_type(fingerprint_t *f, const nthrift_schema_type_t *type,
    uint64_t *hash)
{
    uint64_t  number;

    if (type->elem != NULL) {
        return fingerprint_container(f, type, hash);
    }

    *hash = fingerprint_add(FINGERPRINT_SEED,
                            (uint64_t) type->type << 8 | type->flags);

    if (type->en != NULL) {
        *hash = fingerprint_add_name(*hash, &type->en->name);
    }

    if (type->st == NULL) {
        return NTHRIFT_OK;
    }

    if (fingerprint_number(f, type->st, &number) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    *hash = fingerprint_add(*hash, number);

    return NTHRIFT_OK;
}


/*
 * A container that is met again is what it was: the structs in it have their
 * numbers.
 */

static int
fingerprint_container(fingerprint_t *f, const nthrift_schema_type_t *type,
    uint64_t *hash)
{
    int                  rc;
    uint64_t             key, elem;
    fingerprint_memo_t  *memo;

    rc = fingerprint_meet(f, type, NULL, &memo);

    if (rc == NTHRIFT_DECLINED) {
        *hash = memo->u.hash;
        return NTHRIFT_OK;
    }

    key = 0;

    if (rc != NTHRIFT_OK
        || (type->key != NULL
            && fingerprint_type(f, type->key, &key) != NTHRIFT_OK)
        || fingerprint_type(f, type->elem, &elem) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    *hash = fingerprint_add(FINGERPRINT_SEED, type->type);
    *hash = fingerprint_add(*hash, key);
    *hash = fingerprint_add(*hash, elem);

    memo->u.hash = *hash;

    return NTHRIFT_OK;
}


static int
fingerprint_struct(fingerprint_t *f, const nthrift_schema_t *st,
    uint64_t *hash)
{
    uint32_t                       i;
    uint64_t                       type;
    const nthrift_schema_field_t  *field;

    *hash = fingerprint_add(*hash, st->what);
    *hash = fingerprint_add(*hash, st->n);
    *hash = fingerprint_add_name(*hash, &st->name);

    for (i = 0; i < st->n; i++) {
        field = &st->fields[i];

        if (fingerprint_type(f, &field->type, &type) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        *hash = fingerprint_add(*hash, (uint64_t) (uint16_t) field->id << 8
                                       | field->req);
        *hash = fingerprint_add(*hash, type);
        *hash = fingerprint_add_name(*hash, &field->name);
    }

    return NTHRIFT_OK;
}


uint64_t
nthrift_fingerprint(nthrift_arena_t *arena, const nthrift_str_t *name,
    const nthrift_schema_t *args, const nthrift_schema_t *result)
{
    uint64_t             hash, number;
    fingerprint_t        f;
    fingerprint_memo_t  *memo;

    fingerprint_init(&f, arena);

    hash = fingerprint_add_name(FINGERPRINT_SEED, name);
    hash = fingerprint_add(hash, result != NULL);

    if (fingerprint_number(&f, args, &number) != NTHRIFT_OK
        || (result != NULL
            && fingerprint_number(&f, result, &number) != NTHRIFT_OK))
    {
        return 0;
    }

    for (memo = f.first; memo != NULL; memo = memo->next) {
        if (fingerprint_struct(&f, memo->met[0], &hash) != NTHRIFT_OK) {
            return 0;
        }
    }

    return (hash != 0) ? hash : 1;
}


/* The difference. */

__attribute__((format(printf, 2, 3)))
static int
fingerprint_say(fingerprint_t *f, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(f->buf, f->size, fmt, args);
    va_end(args);

    return NTHRIFT_OK;
}


static char *
fingerprint_word(char *p, char *last, const nthrift_str_t *word)
{
    size_t  n;

    n = (size_t) (last - p);
    n = (word->len < n) ? word->len : n;

    memcpy(p, word->data, n);

    return p + n;
}


static char *
fingerprint_text(char *p, char *last, const char *text)
{
    nthrift_str_t  word;

    word.data = (uint8_t *) text;
    word.len = strlen(text);

    return fingerprint_word(p, last, &word);
}


/*
 * Writes a type as the IDL does, up to `last`.  Each level writes something,
 * so there are no more of them than bytes.
 */

static char *
fingerprint_write(char *p, char *last, const nthrift_schema_type_t *type)
{
    const char  *name;

    if (p == last) {
        return p;
    }

    if (type->en != NULL) {
        return fingerprint_word(p, last, &type->en->name);
    }

    if (type->st != NULL) {
        return fingerprint_word(p, last, &type->st->name);
    }

    name = (type->type <= NTHRIFT_UUID) ? fingerprint_types[type->type] : NULL;

    if (type->flags & NTHRIFT_SCHEMA_TEXT) {
        name = "string";
    }

    p = fingerprint_text(p, last, (name != NULL) ? name : "unknown");

    if (type->elem == NULL) {
        return p;
    }

    p = fingerprint_text(p, last, "<");

    if (type->key != NULL) {
        p = fingerprint_write(p, last, type->key);
        p = fingerprint_text(p, last, ", ");
    }

    p = fingerprint_write(p, last, type->elem);

    return fingerprint_text(p, last, ">");
}


/* The same into a place of its own, where what is too long ends in "...". */

static const char *
fingerprint_words(char words[FINGERPRINT_WORDS],
    const nthrift_schema_type_t *type)
{
    char  *p, *last;

    last = words + FINGERPRINT_WORDS - sizeof("...");

    /* a byte more than there may be tells whether it was too long */

    p = fingerprint_write(words, last + 1, type);

    if (p > last) {
        p = fingerprint_text(last, last + 3, "...");
    }

    *p = '\0';

    return words;
}


/* "argument "b"", "exception "missing"", "field "country" of struct ..." */

static const char *
fingerprint_place(char place[FINGERPRINT_PLACE], const nthrift_schema_t *st,
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
        (void) snprintf(place, FINGERPRINT_PLACE, "field \"%.*s\" of %s %.*s",
                        fingerprint_str(&field->name),
                        fingerprint_whats[st->what],
                        fingerprint_str(&st->name));
        return place;
    }

    (void) snprintf(place, FINGERPRINT_PLACE, "%s \"%.*s\"", kind,
                    fingerprint_str(&field->name));

    return place;
}


/* A result's value has a name that nobody has written. */

static int
fingerprint_returns(const nthrift_schema_t *st,
    const nthrift_schema_field_t *field)
{
    return st->what == NTHRIFT_SCHEMA_RESULT && field->id == 0;
}


static int
fingerprint_say_returns(fingerprint_t *f, const nthrift_schema_type_t *a,
    const nthrift_schema_type_t *b)
{
    char  words[2][FINGERPRINT_WORDS];

    return fingerprint_say(f, "returns %s in the handler and %s in the IDL",
                           (a != NULL) ? fingerprint_words(words[0], a)
                                       : "void",
                           (b != NULL) ? fingerprint_words(words[1], b)
                                       : "void");
}


static int
fingerprint_say_type(fingerprint_t *f, const fingerprint_pair_t *pair)
{
    char  words[2][FINGERPRINT_WORDS], place[FINGERPRINT_PLACE];

    if (fingerprint_returns(pair->st, pair->a)) {
        return fingerprint_say_returns(f, &pair->a->type, &pair->b->type);
    }

    return fingerprint_say(f, "%s is %s in the handler and %s in the IDL",
                           fingerprint_place(place, pair->st, pair->a),
                           fingerprint_words(words[0], &pair->a->type),
                           fingerprint_words(words[1], &pair->b->type));
}


static int
fingerprint_say_req(fingerprint_t *f, const fingerprint_pair_t *pair)
{
    char         place[FINGERPRINT_PLACE];
    const char  *a, *b;

    a = fingerprint_reqs[pair->a->req];
    b = fingerprint_reqs[pair->b->req];

    (void) fingerprint_place(place, pair->st, pair->a);

    if (*a == '\0') {
        return fingerprint_say(f, "%s is %s in the IDL and not in the handler",
                               place, b);
    }

    if (*b == '\0') {
        return fingerprint_say(f, "%s is %s in the handler and not in the IDL",
                               place, a);
    }

    return fingerprint_say(f, "%s is %s in the handler and %s in the IDL",
                           place, a, b);
}


/* A field of `st` that `other` has not: under another id, or not at all. */

static int
fingerprint_say_missing(fingerprint_t *f, const nthrift_schema_t *st,
    const nthrift_schema_field_t *field, const nthrift_schema_t *other,
    int handler)
{
    int       ids[2];
    char      place[FINGERPRINT_PLACE];
    uint32_t  i;

    if (fingerprint_returns(st, field)) {
        return fingerprint_say_returns(f, handler ? NULL : &field->type,
                                       handler ? &field->type : NULL);
    }

    (void) fingerprint_place(place, st, field);

    for (i = 0; i < other->n; i++) {
        if (nthrift_str_equal(&other->fields[i].name, &field->name)) {
            ids[handler] = field->id;
            ids[!handler] = other->fields[i].id;

            return fingerprint_say(f, "%s has the id %d in the handler and "
                                   "%d in the IDL", place, ids[0], ids[1]);
        }
    }

    return fingerprint_say(f, "%s is %s", place,
                           handler ? "missing in the handler"
                                   : "not in the IDL");
}


/*
 * Structs of both sides that stand for each other: as in the numbers, one of
 * a side stands for one of the other.
 */

static int
fingerprint_match(fingerprint_t *f, const nthrift_schema_t *a,
    const nthrift_schema_t *b)
{
    int                  rc[2];
    fingerprint_memo_t  *memo[2];

    rc[0] = fingerprint_meet(f, a, NULL, &memo[0]);

    if (rc[0] == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    rc[1] = fingerprint_meet(f, NULL, b, &memo[1]);

    if (rc[1] == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    if (rc[0] == NTHRIFT_OK && rc[1] == NTHRIFT_OK) {
        memo[0]->u.other = b;
        memo[1]->u.other = a;
        fingerprint_wait(f, memo[0]);
        return NTHRIFT_DECLINED;
    }

    if (rc[0] == NTHRIFT_DECLINED && memo[0]->u.other == b) {
        return NTHRIFT_DECLINED;
    }

    return fingerprint_say(f, "%s %.*s is one in %s and two of that name in "
                           "%s", fingerprint_whats[a->what],
                           fingerprint_str(&a->name),
                           (rc[0] == NTHRIFT_DECLINED) ? "the handler"
                                                       : "the IDL",
                           (rc[0] == NTHRIFT_DECLINED) ? "the IDL"
                                                       : "the handler");
}


static int
fingerprint_differ_struct(fingerprint_t *f, const fingerprint_pair_t *pair,
    const nthrift_schema_t *a, const nthrift_schema_t *b)
{
    if (!nthrift_str_equal(&a->name, &b->name)) {
        return fingerprint_say_type(f, pair);
    }

    if (a->what != b->what) {
        return fingerprint_say(f, "type %.*s is %s in the handler and %s in "
                               "the IDL", fingerprint_str(&a->name),
                               fingerprint_whats[a->what],
                               fingerprint_whats[b->what]);
    }

    return fingerprint_match(f, a, b);
}


static int
fingerprint_differ_type(fingerprint_t *f, const fingerprint_pair_t *pair,
    const nthrift_schema_type_t *a, const nthrift_schema_type_t *b)
{
    int                  rc;
    fingerprint_memo_t  *memo;

    if (a->type != b->type || a->flags != b->flags
        || (a->en != NULL && !nthrift_str_equal(&a->en->name, &b->en->name)))
    {
        return fingerprint_say_type(f, pair);
    }

    if (a->st != NULL) {
        return fingerprint_differ_struct(f, pair, a->st, b->st);
    }

    if (a->elem == NULL) {
        return NTHRIFT_DECLINED;
    }

    rc = fingerprint_meet(f, a, b, &memo);

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    if (a->key != NULL) {
        rc = fingerprint_differ_type(f, pair, a->key, b->key);

        if (rc != NTHRIFT_DECLINED) {
            return rc;
        }
    }

    return fingerprint_differ_type(f, pair, a->elem, b->elem);
}


static int
fingerprint_differ_field(fingerprint_t *f, const fingerprint_pair_t *pair)
{
    char                           place[FINGERPRINT_PLACE];
    const nthrift_schema_field_t  *a, *b;

    a = pair->a;
    b = pair->b;

    if (!nthrift_str_equal(&a->name, &b->name)) {
        return fingerprint_say(f, "%s is called \"%.*s\" in the IDL",
                               fingerprint_place(place, pair->st, a),
                               fingerprint_str(&b->name));
    }

    if (a->req != b->req) {
        return fingerprint_say_req(f, pair);
    }

    return fingerprint_differ_type(f, pair, &a->type, &b->type);
}


/* Fields of both by ascending ids. */

static int
fingerprint_differ_fields(fingerprint_t *f, const nthrift_schema_t *a,
    const nthrift_schema_t *b)
{
    int                 rc;
    uint32_t            i, j;
    fingerprint_pair_t  pair;

    pair.st = a;

    for (i = 0, j = 0; i < a->n || j < b->n; i++, j++) {
        pair.a = &a->fields[i];
        pair.b = &b->fields[j];

        if (j == b->n || (i < a->n && pair.a->id < pair.b->id)) {
            return fingerprint_say_missing(f, a, pair.a, b, 0);
        }

        if (i == a->n || pair.b->id < pair.a->id) {
            return fingerprint_say_missing(f, b, pair.b, a, 1);
        }

        rc = fingerprint_differ_field(f, &pair);

        if (rc != NTHRIFT_DECLINED) {
            return rc;
        }
    }

    return NTHRIFT_DECLINED;
}


/* Arguments and results have the method's name, which is not compared. */

static int
fingerprint_differ_first(fingerprint_t *f, const nthrift_schema_t *handler_args,
    const nthrift_schema_t *handler_result, const nthrift_schema_t *args,
    const nthrift_schema_t *result)
{
    int  rc;

    if ((handler_result == NULL) != (result == NULL)) {
        return fingerprint_say(f, "is oneway in %s and not in %s",
                               (result == NULL) ? "the IDL" : "the handler",
                               (result == NULL) ? "the handler" : "the IDL");
    }

    rc = fingerprint_match(f, handler_args, args);

    if (rc != NTHRIFT_DECLINED || result == NULL) {
        return rc;
    }

    return fingerprint_match(f, handler_result, result);
}


int
nthrift_fingerprint_difference(nthrift_arena_t *arena,
    const nthrift_schema_t *handler_args,
    const nthrift_schema_t *handler_result, const nthrift_schema_t *args,
    const nthrift_schema_t *result, char *buf, size_t size)
{
    int                  rc;
    fingerprint_t        f;
    fingerprint_memo_t  *memo;

    fingerprint_init(&f, arena);

    f.buf = buf;
    f.size = size;

    rc = fingerprint_differ_first(&f, handler_args, handler_result, args,
                                  result);

    for (memo = f.first; rc == NTHRIFT_DECLINED && memo != NULL;
         memo = memo->next)
    {
        rc = fingerprint_differ_fields(&f, memo->met[0], memo->u.other);
    }

    return rc;
}
